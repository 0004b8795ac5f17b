//! Several files that are one export: `files = "all"`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::{DateTime, Utc};
use sha2::{Digest as _, Sha256};

use crate::export::error::ExportError;
use crate::export::locate::newest_file::{Delivered, delivered, name_below, no_match};
use crate::export::locate::one_file::{Export, one};
use crate::export::read::bytes_to_counts::read_named;
use crate::export::read::sheet_or_file::NamedFile;
use crate::export::settings::{Files, Layout};
use crate::reconcile::model::export::partial_export::UnreadPart;

/// A file of a delivery, read: of this host in room of its own.
pub(super) struct ReadFile<Bytes = Vec<u8>> {
    pub(super) path: PathBuf,
    pub(super) modified_at: DateTime<Utc>,
    pub(super) bytes: Bytes,
}

/// Reads every file of the newest one's delivery as one export.
pub(super) fn read_all(
    pattern: &Path,
    delivery: Duration,
    layout: &Layout,
    now: DateTime<Utc>,
) -> Result<Export, ExportError> {
    let (mut left, mut files) = (layout.max_bytes, Vec::new());
    let Delivered { files: paths, outside } = delivered(pattern, delivery)?;
    for path in paths {
        let (path, modified_at, bytes) = one(path, left, now)?;
        left = left.saturating_sub(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        files.push(ReadFile { path, modified_at, bytes });
    }
    Ok(and_outside(together(files, pattern, layout, now)?, outside, layout))
}

/// The same, with the files of the same night that it was not read from.
pub(super) fn and_outside(mut export: Export, outside: Vec<UnreadPart>, layout: &Layout) -> Export {
    if !layout.whole {
        export.counts.unread.extend(outside);
    }
    export
}

/// What the files come to together. The path is the newest one's; the digest is that of the names and digests of all of
/// them, and of a single file its own.
pub(super) fn together(
    files: Vec<ReadFile<impl AsRef<[u8]>>>,
    pattern: &Path,
    layout: &Layout,
    now: DateTime<Utc>,
) -> Result<Export, ExportError> {
    let newest = files.iter().map(|file| (file.modified_at, file.path.clone())).max();
    let (modified_at, path) = newest.ok_or_else(|| no_match(pattern))?;
    let digests: Vec<String> = files.iter().map(|file| hex::encode(Sha256::digest(file.bytes.as_ref()))).collect();
    let sha256 = match digests.as_slice() {
        [only] => only.clone(),
        _ => {
            let mut all = Sha256::new();
            for (file, digest) in files.iter().zip(&digests) {
                all.update(format!("{digest}  {}\n", name_below(pattern, &file.path)));
            }
            hex::encode(all.finalize())
        }
    };
    let named = files.into_iter().map(|ReadFile { path, bytes, .. }| {
        let name = name_below(pattern, &path);
        NamedFile { path, name, bytes }
    });
    let counts = read_named(named.collect(), layout)?;
    Export { sha256, modified_at, counts, path }.dated(now)
}

/// The export, if it has as many files as it has to have.
///
/// # Errors
/// If it has not.
pub(super) fn complete(files: Files, pattern: &Path, mut export: Export) -> Result<Export, ExportError> {
    let found = export.counts.files.len();
    export.counts.files_expected = matches!(files, Files::All { expected: Some(_), .. });
    match files {
        Files::All { expected: Some(expected), .. } if expected != found => {
            Err(ExportError::FileCount { path: pattern.to_owned(), found, expected })
        }
        Files::All { .. } | Files::Newest => Ok(export),
    }
}
