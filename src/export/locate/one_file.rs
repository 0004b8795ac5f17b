//! One file, opened once, read whole, and proved not to have changed meanwhile.

use std::collections::BTreeSet;
use std::fs::{File, FileType, Metadata, OpenOptions};
use std::io::Read as _;
use std::os::unix::fs::{FileTypeExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, SystemTime};

use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest as _, Sha256};

use crate::export::error::ExportError;
use crate::export::locate::file_bytes::FileBytes;
use crate::export::locate::newest_file::{beside_newest, newest};
use crate::export::locate::paging::FetchedLists;
use crate::export::read::bytes_to_counts::read_bytes;
use crate::export::settings::{Format, Layout};
use crate::reconcile::model::export::counts::{Counts, CustomerCounts};
use crate::reconcile::model::export::partial_export::UnreadPart;
use crate::reconcile::model::ids::ServiceName;
use crate::reconcile::model::past::ExportStamp;

/// One night's export.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Export {
    /// The file.
    pub path: PathBuf,
    /// SHA-256 of its bytes, in hex.
    pub sha256: String,
    /// Its modification time.
    pub modified_at: DateTime<Utc>,
    /// What it says.
    pub counts: Counts,
}

impl Export {
    /// Which export it is, for the guards.
    pub fn stamp(&self) -> ExportStamp {
        let (path, sha256) = (self.path.display().to_string(), self.sha256.clone());
        ExportStamp { path, sha256, modified_at: self.modified_at }
    }
}

/// A file touched more recently than this may still be growing: long enough for a slow copy's pauses between blocks.
const FRESH: TimeDelta = TimeDelta::seconds(5);
/// How long a fresh file is watched. A copy in progress writes many blocks in this time.
const WATCHED: Duration = Duration::from_millis(250);
/// How far local clocks are ahead of UTC.
const AHEAD: TimeDelta = TimeDelta::hours(14);

impl Export {
    /// What these bytes come to.
    pub(in crate::export) fn of(
        path: PathBuf,
        bytes: impl AsRef<[u8]>,
        modified_at: DateTime<Utc>,
        layout: &Layout,
    ) -> Result<Self, ExportError> {
        let sha256 = hex::encode(Sha256::digest(bytes.as_ref()));
        let counts = read_bytes(&path, bytes, layout)?;
        Self { sha256, modified_at, counts, path }.dated(modified_at)
    }

    /// Where only the newest rows count, the last day that they speak of is the export's date; the file may be younger.
    pub(in crate::export) fn dated(self, now: DateTime<Utc>) -> Result<Self, ExportError> {
        let Some(day) = self.counts.newest_day else { return Ok(self) };
        // Somewhere on earth it is tomorrow already.
        if self.counts.newest_day_began > now.checked_add_signed(AHEAD).map(|now| now.date_naive()) {
            return Err(ExportError::Future { path: self.path, day });
        }
        let ends = day.succ_opt().and_then(|next| next.and_hms_opt(0, 0, 0)).map(|ends| ends.and_utc());
        let modified_at = ends.map_or(self.modified_at, |ends| ends.min(self.modified_at));
        Ok(Self { modified_at, ..self })
    }

    /// What the lists of an API come to. The digest is that of what is kept.
    pub(in crate::export) fn of_lists(lists: FetchedLists, layout: &Layout) -> Result<Self, ExportError> {
        let FetchedLists { kept, document, unread, unasked } = lists;
        let sha256 = hex::encode(Sha256::digest(&kept.bytes));
        let layout = Layout { format: Some(Format::Json), encoding: None, ..layout.clone() };
        let mut counts = read_bytes(&kept.path, document.into_bytes(), &layout)?;
        counts.passed_over.extend(unasked);
        if !layout.whole {
            counts.unread.extend(unread);
        }
        Self { path: kept.path, sha256, modified_at: kept.modified_at, counts }.dated(kept.modified_at)
    }
}

/// Reads the newest file of a pattern. Waits a quarter of a second if it was modified in the last 5 s, to
/// see whether it grows.
///
/// # Errors
/// Whatever makes the export no sound ground for a bill; nothing of it is used then.
pub fn read(pattern: &Path, layout: &Layout, now: DateTime<Utc>) -> Result<Export, ExportError> {
    let (path, modified_at, bytes) = raw(pattern, layout.max_bytes, now)?;
    let sha256 = hex::encode(Sha256::digest(&bytes));
    let counts = read_bytes(&path, bytes, layout)?;
    let mut export = Export { sha256, modified_at, counts, path }.dated(now)?;
    if !layout.whole {
        let beside = beside_newest(pattern)?;
        let more = |path| more_in(path, &export.counts, layout);
        let parts: Vec<UnreadPart> = beside.into_iter().filter_map(more).collect();
        export.counts.unread.extend(parts);
    }
    Ok(export)
}

/// What another file of the delivery has of customers and services that the newest lacks. One that is read in another
/// way is another vendor's.
fn more_in(path: PathBuf, newest: &Counts, layout: &Layout) -> Option<UnreadPart> {
    let mut bytes = Vec::new();
    let limit = layout.max_bytes.saturating_add(1);
    open(&path).ok()?.take(limit).read_to_end(&mut bytes).ok()?;
    let counts = read_bytes(&path, bytes, layout).ok()?;
    let customer = counts.customers.keys().find(|name| newest.of(name).is_none()).map(|name| name.as_str().to_owned());
    let services: BTreeSet<&ServiceName> = newest.customers.values().flat_map(CustomerCounts::services).collect();
    let mut named = counts.customers.values().flat_map(CustomerCounts::services);
    let service = || named.find(|name| !services.contains(name)).map(|name| name.as_str().to_owned());
    let lacking = customer.or_else(service)?;
    Some(UnreadPart::File { path, lacking })
}

/// The newest file's name, modification time and bytes.
///
/// # Errors
/// As for [`read`], but for what the bytes say.
pub fn raw(
    pattern: &Path,
    max_bytes: u64,
    now: DateTime<Utc>,
) -> Result<(PathBuf, DateTime<Utc>, FileBytes), ExportError> {
    one(newest(pattern)?, max_bytes, now)
}

/// One file's name, modification time and bytes.
pub(super) fn one(
    path: PathBuf,
    max_bytes: u64,
    now: DateTime<Utc>,
) -> Result<(PathBuf, DateTime<Utc>, FileBytes), ExportError> {
    let mut file = open(&path)?;
    let before = State::of(&file, &path)?;
    if before.bytes > max_bytes {
        return Err(ExportError::TooBig { path, bytes: before.bytes, max: max_bytes });
    }
    let modified_at = DateTime::<Utc>::from(before.modified);
    if now.signed_duration_since(modified_at) < FRESH {
        thread::sleep(WATCHED);
    }
    let read = FileBytes::of_file(&mut file, before.bytes);
    let bytes = read.map_err(|source| ExportError::Read { path: path.clone(), source })?;
    if State::of(&file, &path)? != before || u64::try_from(bytes.len()) != Ok(before.bytes) {
        return Err(ExportError::StillWritten { path });
    }
    Ok((path, modified_at, bytes))
}

/// What must not change while a file is read.
#[derive(Debug, PartialEq, Eq)]
struct State {
    bytes: u64,
    modified: SystemTime,
}

impl State {
    fn of(file: &File, path: &Path) -> Result<Self, ExportError> {
        let unreadable = |source| ExportError::Read { path: path.to_owned(), source };
        let metadata: Metadata = file.metadata().map_err(unreadable)?;
        if !metadata.is_file() {
            return Err(ExportError::NotAFile { path: path.to_owned(), kind: kind(metadata.file_type()) });
        }
        Ok(Self { bytes: metadata.len(), modified: metadata.modified().map_err(unreadable)? })
    }
}

/// Neither follows a link nor waits for a pipe's other end.
fn open(path: &Path) -> Result<File, ExportError> {
    let flags = libc::O_NOFOLLOW | libc::O_NONBLOCK | libc::O_CLOEXEC;
    let opened = OpenOptions::new().read(true).custom_flags(flags).open(path);
    opened.map_err(|source| match source.raw_os_error() {
        Some(libc::ELOOP) => ExportError::NotAFile { path: path.to_owned(), kind: "a symbolic link" },
        Some(libc::ENXIO) => ExportError::NotAFile { path: path.to_owned(), kind: "a socket" },
        _ => ExportError::Open { path: path.to_owned(), source },
    })
}

fn kind(found: FileType) -> &'static str {
    match found {
        _ if found.is_dir() => "a folder",
        _ if found.is_fifo() => "a named pipe",
        _ if found.is_socket() => "a socket",
        _ if found.is_block_device() || found.is_char_device() => "a device",
        _ => "no regular file",
    }
}
