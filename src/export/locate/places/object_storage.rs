//! S3 and Azure, by the same calls.

use std::sync::Arc;
use std::time::Duration;

use futures_util::TryStreamExt as _;
use object_store::aws::AmazonS3Builder;
use object_store::azure::MicrosoftAzureBuilder;
use object_store::path::Path;
use object_store::{Error, GetOptions, ObjectMeta, ObjectStore, ObjectStoreExt as _, RetryConfig};
use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

use crate::export::locate::fetch::error::{FetchError, PlaceFault};
use crate::export::locate::place_settings::{AzurePlace, S3Place};
use crate::export::locate::places::remote_file::RemoteFile;

/// A bucket or a container.
pub(super) struct ObjectPlace {
    store: Arc<dyn ObjectStore>,
}

/// Three tries, as of any link.
fn retry() -> RetryConfig {
    RetryConfig { max_retries: 2, retry_timeout: Duration::from_secs(300), ..RetryConfig::default() }
}

fn plain(endpoint: Option<&Url>) -> bool {
    endpoint.is_some_and(|endpoint| endpoint.scheme() == "http")
}

fn written(endpoint: &Url) -> String {
    endpoint.as_str().trim_end_matches('/').to_owned()
}

/// A bucket, opened by its key; nothing is asked of it yet.
pub(crate) fn s3_store(
    place: &S3Place,
    access: &SecretString,
    secret: &SecretString,
) -> Result<Arc<dyn ObjectStore>, Error> {
    let mut builder = AmazonS3Builder::new()
        .with_bucket_name(&place.bucket)
        .with_region(&place.region)
        .with_access_key_id(access.expose_secret())
        .with_secret_access_key(secret.expose_secret())
        .with_allow_http(plain(place.endpoint.as_ref()))
        .with_retry(retry());
    if let Some(endpoint) = &place.endpoint {
        builder = builder.with_endpoint(written(endpoint));
    }
    Ok(Arc::new(builder.build()?))
}

/// A container, opened by its account's key; nothing is asked of it yet.
pub(crate) fn azure_store(place: &AzurePlace, key: &SecretString) -> Result<Arc<dyn ObjectStore>, Error> {
    let mut builder = MicrosoftAzureBuilder::new()
        .with_account(&place.account)
        .with_container_name(&place.container)
        .with_access_key(key.expose_secret())
        .with_allow_http(plain(place.endpoint.as_ref()))
        .with_retry(retry());
    if let Some(endpoint) = &place.endpoint {
        builder = builder.with_endpoint(written(endpoint));
    }
    Ok(Arc::new(builder.build()?))
}

impl ObjectPlace {
    pub(super) fn s3(place: &S3Place, access: &SecretString, secret: &SecretString) -> Result<Self, FetchError> {
        Ok(Self { store: s3_store(place, access, secret).map_err(fault)? })
    }

    pub(super) fn azure(place: &AzurePlace, key: &SecretString) -> Result<Self, FetchError> {
        Ok(Self { store: azure_store(place, key).map_err(fault)? })
    }

    pub(super) async fn list(&self, folder: &str) -> Result<Vec<RemoteFile>, FetchError> {
        let folder = as_listed(folder)?;
        let prefix = Some(&folder).filter(|folder| !folder.as_ref().is_empty());
        let listed: Result<Vec<RemoteFile>, Error> = self.store.list(prefix).map_ok(file).try_collect().await;
        match listed {
            Ok(files) => self.without_folders(files).await,
            // The library does not say why a list is refused, but of a file it does.
            Err(error @ Error::Generic { .. }) => match self.store.head(&folder.join("x")).await {
                Err(Error::NotFound { .. }) => Err(FetchError::Place { fault: PlaceFault::Missing }),
                Err(why) => Err(fault(why)),
                Ok(_) => Err(fault(error)),
            },
            Err(error) => Err(fault(error)),
        }
    }

    /// Some programs mark a folder by an empty object `name/`, which is listed as `name`, and is none.
    async fn without_folders(&self, files: Vec<RemoteFile>) -> Result<Vec<RemoteFile>, FetchError> {
        let mut kept = Vec::with_capacity(files.len());
        for file in files {
            if file.bytes > 0 || self.look(&file.name).await?.is_some() {
                kept.push(file);
            }
        }
        Ok(kept)
    }

    pub(super) async fn look(&self, name: &str) -> Result<Option<RemoteFile>, FetchError> {
        match self.store.head(&as_listed(name)?).await {
            Ok(meta) => Ok(Some(file(meta))),
            Err(Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(fault(error)),
        }
    }

    /// The file that was listed, and no other: the store refuses it if it has changed.
    pub(super) async fn read(&self, of: &RemoteFile) -> Result<Vec<u8>, FetchError> {
        let options = GetOptions { if_match: of.tag.clone(), ..GetOptions::default() };
        let got = self.store.get_opts(&as_listed(&of.name)?, options).await;
        match got {
            // Seen as a change by whoever looks at it again.
            Err(Error::Precondition { .. } | Error::NotFound { .. }) => Ok(Vec::new()),
            Err(error) => Err(fault(error)),
            // No more than was listed is read into memory.
            Ok(got) if got.meta.size != of.bytes => Ok(Vec::new()),
            Ok(got) => Ok(got.bytes().await.map_err(fault)?.to_vec()),
        }
    }
}

/// The path of a key as it is. `Path::from` would encode what the request encodes once more: `ü`, `#`, `%`.
fn as_listed(key: &str) -> Result<Path, FetchError> {
    Path::parse(key).map_err(|_| FetchError::Place { fault: PlaceFault::Name })
}

fn file(meta: ObjectMeta) -> RemoteFile {
    RemoteFile { modified_at: meta.last_modified, name: meta.location.to_string(), bytes: meta.size, tag: meta.e_tag }
}

/// The kind of the error alone: its text may hold what a server said.
fn fault(error: Error) -> FetchError {
    let fault = match error {
        Error::NotFound { .. } => PlaceFault::Missing,
        Error::PermissionDenied { .. } | Error::Unauthenticated { .. } => PlaceFault::Denied,
        Error::InvalidPath { .. } => PlaceFault::Name,
        _ => PlaceFault::NoAnswer,
    };
    FetchError::Place { fault }
}
