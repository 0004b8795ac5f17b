//! Objects by name, written on condition: only if they are not there, or only if they are still what was read.

mod folder_store;

use std::sync::Arc;

use chrono::{DateTime, Utc};
use futures_util::TryStreamExt as _;
use object_store::path::Path;
use object_store::{Error, ObjectStore, ObjectStoreExt as _, PutMode, PutOptions, UpdateVersion};
use sha2::{Digest as _, Sha256};

use crate::export::locate::fetch::vendor_sign_in::PlaceSecrets;
use crate::export::locate::places::object_storage;
use crate::replication::error::{CopyStoreError, ReplicaError};
use crate::replication::settings::{ReplicaPlace, ReplicaSettings};
use crate::replication::store::folder_store::{FolderStore, KeptFile};

/// A bucket, a container or a folder, below a prefix.
#[derive(Clone)]
pub struct CopyStore {
    kept: Kept,
}

#[derive(Clone)]
enum Kept {
    Objects(Arc<dyn ObjectStore>, Path),
    Folder(FolderStore),
}

/// Which state of an object was read or written.
#[derive(Debug, Clone)]
pub struct ObjectState(UpdateVersion);

/// An object as it was read.
#[derive(Debug, Clone)]
pub struct StoredObject {
    /// What it says.
    pub bytes: Vec<u8>,
    /// Which state of it.
    pub state: ObjectState,
    /// When it was written, by the store's clock.
    pub written_at: DateTime<Utc>,
}

impl CopyStore {
    /// The store of these settings; nothing is asked of it yet.
    pub fn of(settings: &ReplicaSettings, secrets: Option<&PlaceSecrets>) -> Result<Self, CopyStoreError> {
        let failed = |error: Error| fault(&settings.shown, error);
        let store = match (&settings.place, secrets) {
            (ReplicaPlace::Folder(folder), _) => {
                return Ok(Self { kept: Kept::Folder(FolderStore::new(folder.join(&settings.prefix))) });
            }
            (ReplicaPlace::S3(s3), Some(PlaceSecrets::Keys { access_key, secret_key })) => {
                object_storage::s3_store(s3, access_key, secret_key).map_err(failed)?
            }
            (ReplicaPlace::Azure(azure), Some(PlaceSecrets::Account { key })) => {
                object_storage::azure_store(azure, key).map_err(failed)?
            }
            _ => return Err(CopyStoreError::Denied),
        };
        Ok(Self { kept: Kept::Objects(store, Path::from(settings.prefix.as_str())) })
    }

    /// Writes an object that is not there. What it says is this host's alone: if the answer is lost, what lies there tells
    /// whether it was written.
    ///
    /// # Errors
    /// [`CopyStoreError::Conflict`] if it is.
    pub async fn create(&self, name: &str, bytes: Vec<u8>) -> Result<ObjectState, CopyStoreError> {
        let sent = Sha256::digest(&bytes);
        let written = self.create_once(name, bytes).await;
        self.unless_there(name, &sent, written).await
    }

    async fn create_once(&self, name: &str, bytes: Vec<u8>) -> Result<ObjectState, CopyStoreError> {
        match &self.kept {
            Kept::Folder(folder) => folder.create(name, &bytes).map(of_digest),
            Kept::Objects(..) => self.put(name, bytes, PutMode::Create).await,
        }
    }

    /// Writes an object that is still what was read. A lost answer is looked up, as by [`CopyStore::create`].
    ///
    /// # Errors
    /// [`CopyStoreError::Conflict`] if it is not.
    pub async fn replace(&self, name: &str, read: &ObjectState, bytes: Vec<u8>) -> Result<ObjectState, CopyStoreError> {
        let sent = Sha256::digest(&bytes);
        let written = self.replace_once(name, read, bytes).await;
        self.unless_there(name, &sent, written).await
    }

    /// A write whose answer was lost is sent again, and refused for what it wrote itself.
    async fn unless_there(
        &self,
        name: &str,
        sent: &[u8],
        written: Result<ObjectState, CopyStoreError>,
    ) -> Result<ObjectState, CopyStoreError> {
        let error = match written {
            Err(error @ (CopyStoreError::Conflict { .. } | CopyStoreError::Unanswered { .. })) => error,
            other => return other,
        };
        match self.read(name).await {
            Ok(Some(found)) if Sha256::digest(&found.bytes).as_slice() == sent => Ok(found.state),
            _ => Err(error),
        }
    }

    async fn replace_once(
        &self,
        name: &str,
        read: &ObjectState,
        bytes: Vec<u8>,
    ) -> Result<ObjectState, CopyStoreError> {
        match &self.kept {
            Kept::Folder(folder) => {
                folder.replace(name, read.0.e_tag.as_deref().unwrap_or_default(), &bytes).map(of_digest)
            }
            Kept::Objects(..) => self.put(name, bytes, PutMode::Update(read.0.clone())).await,
        }
    }

    async fn put(&self, name: &str, bytes: Vec<u8>, mode: PutMode) -> Result<ObjectState, CopyStoreError> {
        let Kept::Objects(store, prefix) = &self.kept else { return Err(CopyStoreError::Denied) };
        let options = PutOptions { mode, ..PutOptions::default() };
        let put = store.put_opts(&below(prefix, name), bytes.into(), options).await;
        put.map(|put| ObjectState(UpdateVersion { e_tag: put.e_tag, version: put.version }))
            .map_err(|error| fault(name, error))
    }

    /// An object; `None` if it is not there.
    pub async fn read(&self, name: &str) -> Result<Option<StoredObject>, CopyStoreError> {
        let (store, prefix) = match &self.kept {
            Kept::Folder(folder) => {
                let object = |KeptFile { bytes, digest, written_at }: KeptFile| StoredObject {
                    bytes,
                    state: of_digest(digest),
                    written_at,
                };
                return Ok(folder.read(name)?.map(object));
            }
            Kept::Objects(store, prefix) => (store, prefix),
        };
        let got = match store.get(&below(prefix, name)).await {
            Err(Error::NotFound { .. }) => return Ok(None),
            got => got.map_err(|error| fault(name, error))?,
        };
        let meta = got.meta.clone();
        let bytes = got.bytes().await.map_err(|error| fault(name, error))?.to_vec();
        let state = ObjectState(UpdateVersion { e_tag: meta.e_tag, version: meta.version });
        Ok(Some(StoredObject { bytes, state, written_at: meta.last_modified }))
    }

    /// The names in a folder, without the folder.
    pub async fn list(&self, of: &str) -> Result<Vec<String>, CopyStoreError> {
        let (store, prefix) = match &self.kept {
            Kept::Folder(folder) => return folder.list(of),
            Kept::Objects(store, prefix) => (store, prefix),
        };
        let listed: Result<Vec<_>, Error> = store.list(Some(&below(prefix, of))).try_collect().await;
        let listed = listed.map_err(|error| fault(of, error))?;
        Ok(listed.into_iter().filter_map(|meta| meta.location.filename().map(str::to_owned)).collect())
    }

    /// Takes an object away, if it is there.
    pub async fn delete(&self, name: &str) -> Result<(), CopyStoreError> {
        match &self.kept {
            Kept::Folder(folder) => folder.delete(name),
            Kept::Objects(store, prefix) => match store.delete(&below(prefix, name)).await {
                Ok(()) | Err(Error::NotFound { .. }) => Ok(()),
                Err(error) => Err(fault(name, error)),
            },
        }
    }

    /// Tries whether conditions hold, with an object of this name, which goes again. Gives the store's time.
    ///
    /// # Errors
    /// [`ReplicaError::NoConditions`] if they do not.
    pub async fn probe(&self, mark: &str) -> Result<DateTime<Utc>, ReplicaError> {
        let name = format!("probes/{mark}");
        let first = self.create(&name, format!("1 {mark}").into_bytes()).await?;
        let probed = self.probe_conditions(&name, mark, &first).await;
        self.delete(&name).await?;
        probed
    }

    async fn probe_conditions(
        &self,
        name: &str,
        mark: &str,
        first: &ObjectState,
    ) -> Result<DateTime<Utc>, ReplicaError> {
        let refused = |written: Result<ObjectState, CopyStoreError>, what| match written {
            Err(CopyStoreError::Conflict { .. }) => Ok(()),
            Err(error) => Err(ReplicaError::from(error)),
            Ok(_) => Err(ReplicaError::NoConditions { what }),
        };
        refused(self.create_once(name, b"again".to_vec()).await, "it creates an object that is there")?;
        self.replace(name, first, format!("2 {mark}").into_bytes()).await?;
        refused(self.replace_once(name, first, b"stale".to_vec()).await, "it replaces an object that has changed")?;
        let gone = || CopyStoreError::Unanswered { name: name.to_owned(), why: "it is gone".to_owned() };
        Ok(self.read(name).await?.ok_or_else(gone)?.written_at)
    }
}

fn below(prefix: &Path, name: &str) -> Path {
    let parts = prefix.parts().map(|part| part.as_ref().to_owned()).chain(name.split('/').map(str::to_owned));
    parts.collect()
}

fn of_digest(digest: String) -> ObjectState {
    ObjectState(UpdateVersion { e_tag: Some(digest), version: None })
}

/// The kind of the error alone: its text may hold what a server said.
fn fault(name: &str, error: Error) -> CopyStoreError {
    let name = name.to_owned();
    let why = match error {
        Error::AlreadyExists { .. } | Error::Precondition { .. } | Error::NotModified { .. } => {
            return CopyStoreError::Conflict { name };
        }
        Error::PermissionDenied { .. } | Error::Unauthenticated { .. } => return CopyStoreError::Denied,
        Error::NotFound { .. } => "there is no such bucket or container",
        Error::NotImplemented { .. } | Error::NotSupported { .. } => "it does not know conditional writes",
        Error::InvalidPath { .. } => "its name cannot be used there",
        _ => "no answer that could be used",
    };
    CopyStoreError::Unanswered { name, why: why.to_owned() }
}
