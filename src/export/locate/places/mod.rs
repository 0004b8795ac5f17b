//! Files of another host: the newest one of a pattern, read whole, and proved not to have changed meanwhile.

pub(crate) mod object_storage;
mod remote_file;
mod sftp;

use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::TimeDelta;
use glob::{MatchOptions, Pattern};

use crate::export::error::ExportError;
use crate::export::locate::fetch::FetchRequest;
use crate::export::locate::fetch::error::FetchError;
use crate::export::locate::fetch::vendor_sign_in::PlaceSecrets;
use crate::export::locate::newest_file::{Delivered, is_candidate, is_of_kind, outside};
use crate::export::locate::place_settings::{PlaceStore, RemotePlace};
use crate::export::locate::places::object_storage::ObjectPlace;
use crate::export::locate::places::remote_file::RemoteFile;
use crate::export::locate::places::sftp::SftpSession;
use crate::export::locate::several_files::ReadFile;

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
pub(super) async fn read_place(place: &RemotePlace, order: &FetchRequest<'_>) -> Result<ReadFile, ExportError> {
    let opened = Opened::open(place, order.secrets.place.as_ref()).await.map_err(refused(place, &place.pattern))?;
    let file = newest(place, &opened).await.map_err(refused(place, &place.pattern))?;
    let file = file.ok_or_else(|| no_match(place))?;
    one(place, &opened, file, order).await
}

/// Reads every file that matches and was delivered with the newest, in the order of their names.
pub(super) async fn read_delivery(
    place: &RemotePlace,
    delivery: Duration,
    order: &FetchRequest<'_>,
) -> Result<Delivered<ReadFile>, ExportError> {
    let opened = Opened::open(place, order.secrets.place.as_ref()).await.map_err(refused(place, &place.pattern))?;
    let (mut left, mut files) = (order.max_bytes, Vec::new());
    let of_night = delivered(place, &opened, delivery).await.map_err(refused(place, &place.pattern))?;
    for name in of_night.files {
        let file = opened.look(&name).await.map_err(refused(place, &name))?;
        let gone = || ExportError::StillWritten { path: place.shown(&name).into() };
        let read = one(place, &opened, file.ok_or_else(gone)?, &FetchRequest { max_bytes: left, ..*order }).await?;
        left = left.saturating_sub(u64::try_from(read.bytes.len()).unwrap_or(u64::MAX));
        files.push(read);
    }
    if files.is_empty() { Err(no_match(place)) } else { Ok(Delivered { files, outside: of_night.outside }) }
}

fn refused(place: &RemotePlace, name: &str) -> impl FnOnce(FetchError) -> ExportError + use<> {
    let path = place.shown(name).into();
    move |why| ExportError::Fetch { path, why }
}

fn no_match(place: &RemotePlace) -> ExportError {
    ExportError::NoMatch { path: place.shown(&place.pattern).into(), folder: place.shown(place.folder()).into() }
}

/// One file, whole and unchanged while it was read.
async fn one(
    place: &RemotePlace,
    opened: &Opened,
    file: RemoteFile,
    order: &FetchRequest<'_>,
) -> Result<ReadFile, ExportError> {
    let path = PathBuf::from(place.shown(&file.name));
    if file.bytes > order.max_bytes {
        return Err(ExportError::TooBig { path, bytes: file.bytes, max: order.max_bytes });
    }
    if (order.clock)().signed_duration_since(file.modified_at) < FRESH {
        tokio::time::sleep(WATCHED).await;
    }
    let bytes = opened.read(&file).await.map_err(refused(place, &file.name))?;
    let after = opened.look(&file.name).await.map_err(refused(place, &file.name))?;
    let whole = u64::try_from(bytes.len()) == Ok(file.bytes);
    if !whole || after.is_none_or(|after| after != file) {
        return Err(ExportError::StillWritten { path });
    }
    Ok(ReadFile { path, bytes, modified_at: file.modified_at })
}

async fn newest(place: &RemotePlace, opened: &Opened) -> Result<Option<RemoteFile>, FetchError> {
    if !place.pattern.contains(['*', '?', '[']) {
        return opened.look(&place.pattern).await;
    }
    match matching(place, opened).await?.pop() {
        // A list writes a tag otherwise than the file's own answer (Azure: without quotes).
        Some(newest) => opened.look(&newest.name).await,
        None => Ok(None),
    }
}

/// The names of the files that were delivered with the newest, and are of its extension.
async fn delivered(place: &RemotePlace, opened: &Opened, delivery: Duration) -> Result<Delivered<String>, FetchError> {
    let mut of_night = Delivered { files: Vec::new(), outside: Vec::new() };
    if !place.pattern.contains(['*', '?', '[']) {
        of_night.files.extend(opened.look(&place.pattern).await?.map(|file| file.name));
        return Ok(of_night);
    }
    let files = matching(place, opened).await?;
    let Some(last) = files.last() else { return Ok(of_night) };
    for file in files.iter().filter(|file| is_of_kind(Path::new(&file.name), Path::new(&last.name))) {
        match last.modified_at.signed_duration_since(file.modified_at).to_std() {
            Ok(before) if before <= delivery => of_night.files.push(file.name.clone()),
            Ok(before) => of_night.outside.extend(outside(Path::new(&file.name), before)),
            Err(_) => {}
        }
    }
    of_night.files.sort();
    Ok(of_night)
}

/// Every file of the pattern, the newest last.
async fn matching(place: &RemotePlace, opened: &Opened) -> Result<Vec<RemoteFile>, FetchError> {
    let pattern = Pattern::new(&place.pattern).map_err(|error| FetchError::Client { why: error.to_string() })?;
    let files = opened.list(place.folder()).await?;
    if files.len() > LISTED_MAX {
        return Err(FetchError::Client { why: format!("more than {LISTED_MAX} files lie there") });
    }
    // As on this host: a wildcard stays within its folder.
    let options = MatchOptions { require_literal_separator: true, ..MatchOptions::new() };
    let is_of_it = |file: &RemoteFile| {
        pattern.matches_with(&file.name, options) && is_candidate(Path::new(&file.name), &place.pattern)
    };
    let mut files: Vec<RemoteFile> = files.into_iter().filter(is_of_it).collect();
    files.sort();
    Ok(files)
}
