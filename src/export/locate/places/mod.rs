//! Files of another host: the newest one of a pattern, read whole, and proved not to have changed meanwhile.

pub(crate) mod object;
mod remote_file;
mod sftp;

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use glob::{MatchOptions, Pattern};

use crate::export::error::ExportError;
use crate::export::locate::fetch::Order;
use crate::export::locate::fetch::error::FetchError;
use crate::export::locate::fetch::sign_in::PlaceSecrets;
use crate::export::locate::place::{PlaceStore, RemotePlace};
use crate::export::locate::places::object::ObjectPlace;
use crate::export::locate::places::remote_file::RemoteFile;
use crate::export::locate::places::sftp::SftpSession;

/// The newest file of a place.
pub struct RemoteExport {
    /// Its name with its place.
    pub path: String,
    /// What it says.
    pub bytes: Vec<u8>,
    /// When it was last modified.
    pub modified_at: DateTime<Utc>,
}

/// A file touched more recently than this may still be growing, as of a file on this host.
const FRESH: TimeDelta = TimeDelta::seconds(5);
const WATCHED: Duration = Duration::from_millis(250);
/// A folder of more files than this is none of exports.
const LISTED_MAX: usize = 100_000;

enum Opened {
    Object(ObjectPlace),
    Sftp(Box<SftpSession>),
}

impl Opened {
    async fn open(place: &RemotePlace, secrets: Option<&PlaceSecrets>) -> Result<Self, FetchError> {
        match (&place.store, secrets) {
            (PlaceStore::S3(s3), Some(PlaceSecrets::Keys { access_key, secret_key })) => {
                ObjectPlace::s3(s3, access_key, secret_key).map(Self::Object)
            }
            (PlaceStore::Azure(azure), Some(PlaceSecrets::Account { key })) => {
                ObjectPlace::azure(azure, key).map(Self::Object)
            }
            (PlaceStore::Sftp(sftp), Some(secrets)) => {
                SftpSession::open(sftp, secrets).await.map(|session| Self::Sftp(Box::new(session)))
            }
            _ => Err(FetchError::Client { why: "it has no key".to_owned() }),
        }
    }

    async fn list(&self, folder: &str) -> Result<Vec<RemoteFile>, FetchError> {
        match self {
            Self::Object(place) => place.list(folder).await,
            Self::Sftp(session) => session.list(folder).await,
        }
    }

    /// The file as it is now; `None` if it is gone.
    async fn look(&self, name: &str) -> Result<Option<RemoteFile>, FetchError> {
        match self {
            Self::Object(place) => place.look(name).await,
            Self::Sftp(session) => session.look(name).await,
        }
    }

    /// Everything, and one byte more than expected, so that growth is seen.
    async fn read(&self, file: &RemoteFile) -> Result<Vec<u8>, FetchError> {
        match self {
            Self::Object(place) => place.read(file).await,
            Self::Sftp(session) => session.read(file).await,
        }
    }
}

/// Reads the newest file that matches; of equally new ones the last by name.
///
/// # Errors
/// Whatever makes the file no sound ground for a bill.
pub async fn read_place(place: &RemotePlace, order: &Order<'_>) -> Result<RemoteExport, ExportError> {
    let shown = |name: &str| place.shown(name);
    let refused = |name: &str| {
        let path = shown(name).into();
        move |why| ExportError::Fetch { path, why }
    };
    let opened = Opened::open(place, order.secrets.place.as_ref()).await.map_err(refused(&place.pattern))?;
    let file = newest(place, &opened).await.map_err(refused(&place.pattern))?;
    let no_match = || ExportError::NoMatch { path: shown(&place.pattern).into(), folder: shown(place.folder()).into() };
    let file = file.ok_or_else(no_match)?;
    let path = shown(&file.name);
    if file.bytes > order.max_bytes {
        return Err(ExportError::TooBig { path: path.into(), bytes: file.bytes, max: order.max_bytes });
    }
    if (order.clock)().signed_duration_since(file.modified_at) < FRESH {
        tokio::time::sleep(WATCHED).await;
    }
    let bytes = opened.read(&file).await.map_err(refused(&file.name))?;
    let after = opened.look(&file.name).await.map_err(refused(&file.name))?;
    let whole = u64::try_from(bytes.len()) == Ok(file.bytes);
    if !whole || after.is_none_or(|after| after != file) {
        return Err(ExportError::StillWritten { path: path.into() });
    }
    Ok(RemoteExport { path, bytes, modified_at: file.modified_at })
}

async fn newest(place: &RemotePlace, opened: &Opened) -> Result<Option<RemoteFile>, FetchError> {
    if !place.pattern.contains(['*', '?', '[']) {
        return opened.look(&place.pattern).await;
    }
    let pattern = Pattern::new(&place.pattern).map_err(|error| FetchError::Client { why: error.to_string() })?;
    let files = opened.list(place.folder()).await?;
    if files.len() > LISTED_MAX {
        return Err(FetchError::Client { why: format!("more than {LISTED_MAX} files lie there") });
    }
    let name = |file: &RemoteFile| file.name.rsplit('/').next().unwrap_or_default().to_owned();
    // As on this host: a wildcard stays within its folder, and what begins with a dot is hidden.
    let options = MatchOptions { require_literal_separator: true, ..MatchOptions::new() };
    let matching = files.into_iter().filter(|file| pattern.matches_with(&file.name, options));
    match matching.filter(|file| !name(file).starts_with(['.', '~'])).max() {
        // A list writes a tag otherwise than the file's own answer (Azure: without quotes).
        Some(newest) => opened.look(&newest.name).await,
        None => Ok(None),
    }
}
