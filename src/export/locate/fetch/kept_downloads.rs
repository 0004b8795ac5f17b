//! What was fetched, kept beside the runs: a bill must be explicable a month later.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::{fs, io};

use chrono::{DateTime, Utc};

use crate::atomic_files::replace;
use crate::export::format::gzip::is_gzip;
use crate::export::format::zip_archive::is_zip;

/// How many files of one integration are kept: two months of nights.
const KEPT: usize = 62;

/// Writes `NAME.20260701T020000Z.csv`, readable by its owner alone, whole or not at all; removes the oldest beyond
/// those that are kept.
pub(super) fn keep(
    folder: &Path,
    name: &str,
    (bytes, ending): (&[u8], &str),
    now: DateTime<Utc>,
) -> io::Result<PathBuf> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let path = folder.join(format!("{name}.{}.{}", now.format("%Y%m%dT%H%M%SZ"), ending));
    replace(&path, bytes)?;
    let mut own: Vec<PathBuf> = fs::read_dir(folder)?.filter_map(|entry| Some(entry.ok()?.path())).collect();
    own.retain(|path| is_of(path, name));
    // The time stands in the name, and there sorts as text.
    own.sort();
    for old in own.iter().take(own.len().saturating_sub(KEPT)) {
        fs::remove_file(old)?;
    }
    Ok(path)
}

fn is_of(path: &Path, name: &str) -> bool {
    let mut parts = path.file_name().and_then(|name| name.to_str()).unwrap_or_default().rsplitn(3, '.');
    let (_, time, of) = (parts.next(), parts.next(), parts.next());
    of == Some(name) && time.is_some_and(|time| time.len() == 16 && time.ends_with('Z'))
}

/// The ending of a file's name that says what it is.
pub(super) fn ending(bytes: &[u8]) -> &'static str {
    match bytes.iter().find(|byte| !byte.is_ascii_whitespace()) {
        _ if is_zip(bytes) => "xlsx",
        _ if is_gzip(bytes) => "gz",
        Some(b'{' | b'[') => "json",
        _ => "csv",
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use chrono::TimeDelta;

    use super::*;

    #[test]
    fn two_months_of_each_integration_are_kept_for_its_owner_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let folder = folder.path().join("state/fetched");
        let now = DateTime::UNIX_EPOCH;
        keep(&folder, "a.b", (b"{}", "json"), now).expect("kept");
        for night in 0..70 {
            keep(&folder, "a", (b"x", ending(b"x")), now + TimeDelta::days(night)).expect("kept");
        }
        let mut names: Vec<String> = fs::read_dir(&folder)
            .expect("a folder")
            .map(|entry| entry.expect("an entry").file_name().into_string().expect("UTF-8"))
            .collect();
        names.sort();
        assert_eq!(names.len(), 63, "{names:?}");
        assert_eq!((names[0].as_str(), names[62].as_str()), ("a.19700109T000000Z.csv", "a.b.19700101T000000Z.json"));
        let mode = |path: &Path| fs::metadata(path).expect("there").permissions().mode() & 0o777;
        assert_eq!((mode(&folder), mode(&folder.join(&names[0]))), (0o700, 0o600));
    }
}
