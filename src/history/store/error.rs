//! How the history can fail, and what to do then.

use std::error::Error;
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

use crate::history::run_record::WriteId;
use crate::history::store::state_folder::MOUNT;
use crate::reconcile::model::ids::RunId;
use crate::reconcile::model::plan::line::LineKey;

/// What a failure underneath said.
pub type StoreCause = Box<dyn Error + Send + Sync>;

/// Why the history could not be opened, read or written. None of these may be taken for an empty history: that would
/// disarm every guard that compares with the past.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "its messages say it")]
pub enum StoreError {
    /// It was created once, and is missing or empty now.
    #[error("the history {path} existed before, and is missing or empty now")]
    Gone { path: PathBuf },
    #[error("the state folder is not there: {link} is a link that leads to nothing")]
    Unmounted { link: PathBuf },
    #[error("{path} is a database, but not one that recount made")]
    Foreign { path: PathBuf },
    #[error("the history is of version {found}, and this recount knows version {known} at most")]
    Newer { found: i64, known: i64 },
    /// An older recount made it, and it was opened for reading only.
    #[error("the history is of version {found}, and the next night, or plan, brings it up to version {known}")]
    Older { found: i64, known: i64 },
    #[error("the history is damaged: {detail}")]
    Corrupt { detail: String },
    #[error("the disk that holds the history is full")]
    Full(#[source] StoreCause),
    /// The database, its folder or its disk cannot be written.
    #[error("the history cannot be written: it, its folder or its disk is read-only")]
    ReadOnly(#[source] StoreCause),
    #[error("the state folder is not recount's alone")]
    Shared(#[source] StoreCause),
    #[error("another program kept the history locked for 5 seconds")]
    Busy(#[source] StoreCause),
    #[error("the history's files could not be read or written")]
    Io(#[source] StoreCause),
    /// SQLite refused something that it should not have to refuse.
    #[error("the history refused an operation")]
    Refused(#[source] rusqlite::Error),
    /// A value that no version of this program wrote, or a word of a newer one.
    #[error("the history holds a value of `{column}` that this recount cannot read: {value:?}")]
    Unreadable { column: &'static str, value: String },
    #[error("run {run} cannot take its {step}: it is not in the history, or has it already")]
    OutOfTurn { run: RunId, step: &'static str },
    /// An outcome for a line that the plan does not have.
    #[error("the plan of run {run} has no line {handle}")]
    NoSuchLine { run: RunId, handle: String },
    /// An outcome for a write that has one, or that was never meant.
    #[error("write {write} takes no outcome: it is not in the journal, or is settled")]
    Settled { write: WriteId },
    #[error("{} on agreement {} is not created: an earlier creation of it is still open", .key.product, .key.agreement)]
    CreationOpen { key: LineKey },
    #[error("the history {path} is older than its last run: it does not know run {run} with the head {head}")]
    Restored {
        path: PathBuf,
        run: i64,
        /// The head of the journal by then, in hex.
        head: String,
    },
    /// A night, or a run's end, is noted beside it, and not in it.
    #[error("{what} could not be recorded: {why}")]
    Unrecorded { what: String, why: String },
    /// What is noted beside it of nights that failed cannot be read: whether it lacks one is not known.
    #[error("unbegun-nights, where nights are noted that could not be recorded, cannot be read: {why}")]
    NotesUnreadable { why: String },
    #[error("the decision that row {row} of the journal keeps was changed or removed")]
    DecisionChanged { row: i64 },
    #[error("decision {decision} is not in the journal: it was not added by recount")]
    DecisionUnchained { decision: i64 },
    #[error("row {row} of the journal does not match its hash: it, or a row before it, was changed")]
    ChainBroken { row: i64 },
}

impl StoreError {
    /// What to do about it.
    pub fn advice(&self) -> &'static str {
        match self {
            Self::Gone { .. } => {
                "restore history.db from a backup. To begin anew on purpose, remove history.created from the state \
                 folder: then the first apply asks for approval again."
            }
            Self::Unmounted { .. } => MOUNT,
            Self::Foreign { .. } => "let `state` in recount.toml name a folder of recount's own.",
            Self::Newer { .. } => "use the newer recount again, or restore the copy that it made before it upgraded.",
            Self::Older { .. } => {
                "the next night upgrades the history, and keeps a copy of the old one; `recount plan` does so at once."
            }
            Self::Corrupt { .. } => {
                "keep the file, check the disk, and restore history.db from a backup. To begin anew on purpose, move \
                 history.db away and remove history.created: then the first apply asks for approval again."
            }
            Self::Full(_) => {
                "make room on the disk that holds the state folder. The next run settles what this one left open."
            }
            Self::ReadOnly(_) => "make the state folder writable for the user that recount runs as.",
            Self::Shared(_) => "let nobody else write in the state folder: chmod go-w, and look at what lies in it.",
            Self::Busy(_) => "close the program that has history.db open, and run again.",
            Self::Io(_) => "check the disk, whether it has room, and the rights of the state folder; then run again.",
            Self::Unreadable { .. } => "use the newest recount that ever wrote this history.",
            Self::Restored { .. } => {
                "put the newest history.db back; `recount verify --against HEAD` tells which one it is, HEAD being that of \
                 the last report. To go on with this older one on purpose, remove history.head from the state folder: \
                 then look at `recount plan` first."
            }
            Self::Unrecorded { .. } => {
                "Mend what is said there: make room on the disk, or make the state folder writable. The next run, and the next \
                 command that looks, record it first."
            }
            Self::NotesUnreadable { .. } => {
                "Make the file in the state folder readable for whoever runs this; where it is a link, remove the link."
            }
            Self::ChainBroken { .. } | Self::DecisionChanged { .. } | Self::DecisionUnchained { .. } => {
                "keep the file and compare it with a backup and with the heads in earlier reports."
            }
            Self::Refused(_)
            | Self::OutOfTurn { .. }
            | Self::NoSuchLine { .. }
            | Self::Settled { .. }
            | Self::CreationOpen { .. } => "this should not happen; please report it with the line above.",
        }
    }

    /// A failure of the files beside the database.
    pub(crate) fn file(path: &Path, source: io::Error) -> Self {
        let kind = source.kind();
        let cause = StoreCause::from(format!("{}: {source}", path.display()));
        match kind {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::Full(cause),
            io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied => Self::ReadOnly(cause),
            _ => Self::Io(cause),
        }
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Corrupt { detail: error.to_string() },
            Some(ErrorCode::DiskFull) => Self::Full(error.into()),
            Some(ErrorCode::SystemIoFailure) if is_without_room(&error) => Self::Full(error.into()),
            Some(ErrorCode::ReadOnly) => Self::ReadOnly(error.into()),
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy(error.into()),
            Some(ErrorCode::SystemIoFailure | ErrorCode::CannotOpen) => Self::Io(error.into()),
            _ => Self::Refused(error),
        }
    }
}

/// Whether SQLite could not make its shared index (`history.db-shm`) larger: it says that a disk is full so, and of its other
/// files with a code of its own.
fn is_without_room(error: &rusqlite::Error) -> bool {
    error.sqlite_error().is_some_and(|error| error.extended_code == rusqlite::ffi::SQLITE_IOERR_SHMSIZE)
}

#[cfg(test)]
mod tests {
    use rusqlite::ffi;

    use super::*;

    /// Whoever reads "Error code 4874" looks at rights and cables, and the nights go on failing.
    #[test]
    fn a_full_disk_is_called_so_whichever_file_has_no_room() {
        for (code, is_full) in
            [(ffi::SQLITE_FULL, true), (4874, true), (ffi::SQLITE_IOERR_READ, false), (ffi::SQLITE_IOERR_FSYNC, false)]
        {
            let error = StoreError::from(rusqlite::Error::SqliteFailure(ffi::Error::new(code), None));
            assert_eq!(matches!(error, StoreError::Full(_)), is_full, "{code}: {error:?}");
            assert!(error.advice().contains("room"), "{}", error.advice());
        }
    }
}
