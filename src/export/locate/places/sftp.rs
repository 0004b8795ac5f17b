//! SFTP to a host that is known by its key.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{DateTime, Utc};
use russh::client;
use russh::keys::{HashAlg, PrivateKey, PrivateKeyWithHashAlg, PublicKeyOrCertificate};
use russh_sftp::client::SftpSession as Sftp;
use russh_sftp::client::error::Error as SftpError;
use russh_sftp::protocol::{FileAttributes, StatusCode};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::io::AsyncReadExt as _;

use crate::export::locate::fetch::error::{FetchError, PlaceFault};
use crate::export::locate::fetch::vendor_sign_in::PlaceSecrets;
use crate::export::locate::place_settings::SftpPlace;
use crate::export::locate::places::remote_file::RemoteFile;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Between two packets.
const IDLE: Duration = Duration::from_secs(30);
/// The whole of one call.
const TIMEOUT: Duration = Duration::from_secs(600);

/// A session of one user.
pub(super) struct SftpSession {
    sftp: Sftp,
    /// Kept, because the session ends with it.
    _ssh: client::Handle<Pinned>,
}

/// Lets in the one host whose key this is.
struct Pinned {
    host_key: String,
    seen: Arc<Mutex<Option<String>>>,
}

impl client::Handler for Pinned {
    type Error = russh::Error;

    async fn check_server_key(&mut self, key: &PublicKeyOrCertificate) -> Result<bool, Self::Error> {
        let PublicKeyOrCertificate::PublicKey { key, .. } = key else { return Ok(false) };
        let now = key.fingerprint(HashAlg::Sha256).to_string();
        let known = now == self.host_key;
        if let Ok(mut seen) = self.seen.lock() {
            *seen = Some(now);
        }
        Ok(known)
    }
}

impl SftpSession {
    pub(super) async fn open(place: &SftpPlace, secrets: &PlaceSecrets) -> Result<Self, FetchError> {
        let mut ssh = connected(place).await?;
        signed_in(&mut ssh, place, secrets).await?;
        let opened = async {
            let channel = ssh.channel_open_session().await.ok()?;
            channel.request_subsystem(true, "sftp").await.ok()?;
            Sftp::new(channel.into_stream()).await.ok()
        };
        let sftp = in_time(opened).await?.ok_or(FetchError::Place { fault: PlaceFault::NoAnswer })?;
        Ok(Self { sftp, _ssh: ssh })
    }

    pub(super) async fn list(&self, folder: &str) -> Result<Vec<RemoteFile>, FetchError> {
        let at = if folder.is_empty() { "." } else { folder };
        let entries = in_time(self.sftp.read_dir(at)).await?.map_err(fault)?;
        let before = if folder.is_empty() || folder.ends_with('/') { folder.to_owned() } else { format!("{folder}/") };
        let named = |name: &str| format!("{before}{name}");
        let files = entries.filter(|entry| entry.file_type().is_file());
        files.map(|entry| file(named(&entry.file_name()), &entry.metadata())).collect()
    }

    pub(super) async fn look(&self, name: &str) -> Result<Option<RemoteFile>, FetchError> {
        // Links are not followed, as on this host.
        match in_time(self.sftp.symlink_metadata(name)).await? {
            Ok(of) if of.is_regular() => file(name.to_owned(), &of).map(Some),
            Ok(_) => Err(FetchError::Place { fault: PlaceFault::NotAFile }),
            Err(SftpError::Status(status)) if status.status_code == StatusCode::NoSuchFile => Ok(None),
            Err(error) => Err(fault(error)),
        }
    }

    pub(super) async fn read(&self, of: &RemoteFile) -> Result<Vec<u8>, FetchError> {
        let mut opened = in_time(self.sftp.open(of.name.as_str())).await?.map_err(fault)?;
        let mut bytes = Vec::new();
        let mut limited = (&mut opened).take(of.bytes.saturating_add(1));
        let read = in_time(limited.read_to_end(&mut bytes)).await?;
        read.map_err(|_| FetchError::Place { fault: PlaceFault::NoAnswer })?;
        Ok(bytes)
    }
}

async fn connected(place: &SftpPlace) -> Result<client::Handle<Pinned>, FetchError> {
    let seen = Arc::new(Mutex::new(None));
    let config = client::Config { inactivity_timeout: Some(IDLE), nodelay: true, ..client::Config::default() };
    let pinned = Pinned { host_key: place.host_key.clone(), seen: Arc::clone(&seen) };
    let connect = client::connect(Arc::new(config), (place.host.as_str(), place.port), pinned);
    let connected = tokio::time::timeout(CONNECT_TIMEOUT, connect).await;
    let seen = || seen.lock().ok().and_then(|seen| seen.clone());
    match connected {
        Ok(Ok(ssh)) => Ok(ssh),
        Ok(Err(_)) => Err(FetchError::Place {
            fault: match seen() {
                Some(seen) if seen != place.host_key => PlaceFault::OtherHost { seen },
                _ => PlaceFault::NoAnswer,
            },
        }),
        Err(_) => Err(FetchError::Place { fault: PlaceFault::NoAnswer }),
    }
}

async fn signed_in(
    ssh: &mut client::Handle<Pinned>,
    place: &SftpPlace,
    secrets: &PlaceSecrets,
) -> Result<(), FetchError> {
    let denied = || FetchError::Place { fault: PlaceFault::Denied };
    let done = match secrets {
        PlaceSecrets::Password { password } => {
            in_time(ssh.authenticate_password(place.user.as_str(), password.expose_secret())).await?
        }
        PlaceSecrets::PrivateKey { key, passphrase } => {
            let key = private_key(key, passphrase.as_ref())?;
            let key = PrivateKeyWithHashAlg::new(Arc::new(key), None);
            in_time(ssh.authenticate_publickey(place.user.as_str(), key)).await?
        }
        PlaceSecrets::Keys { .. } | PlaceSecrets::Account { .. } => return Err(denied()),
    };
    match done {
        Ok(done) if done.success() => Ok(()),
        _ => Err(denied()),
    }
}

/// An RSA key would need a library with an open advisory (RUSTSEC-2023-0071), so it is not taken.
fn private_key(key: &SecretString, passphrase: Option<&SecretString>) -> Result<PrivateKey, FetchError> {
    let passphrase = passphrase.map(|passphrase| passphrase.expose_secret());
    let key = russh::keys::decode_secret_key(key.expose_secret(), passphrase);
    let unusable = FetchError::Place { fault: PlaceFault::Key };
    match key {
        Ok(key) if !key.algorithm().is_rsa() => Ok(key),
        _ => Err(unusable),
    }
}

async fn in_time<T>(call: impl Future<Output = T>) -> Result<T, FetchError> {
    tokio::time::timeout(TIMEOUT, call).await.map_err(|_| FetchError::Place { fault: PlaceFault::NoAnswer })
}

/// A file without a size or a time cannot be told from one that still grows.
fn file(name: String, of: &FileAttributes) -> Result<RemoteFile, FetchError> {
    let modified_at = of.mtime.and_then(|mtime| DateTime::<Utc>::from_timestamp(i64::from(mtime), 0));
    let (Some(bytes), Some(modified_at)) = (of.size, modified_at) else {
        return Err(FetchError::Place { fault: PlaceFault::NoAnswer });
    };
    Ok(RemoteFile { modified_at, name, bytes, tag: None })
}

fn fault(error: SftpError) -> FetchError {
    let fault = match error {
        SftpError::Status(status) => match status.status_code {
            StatusCode::NoSuchFile => PlaceFault::Missing,
            StatusCode::PermissionDenied => PlaceFault::Denied,
            _ => PlaceFault::NoAnswer,
        },
        _ => PlaceFault::NoAnswer,
    };
    FetchError::Place { fault }
}
