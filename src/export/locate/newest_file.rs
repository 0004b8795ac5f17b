//! Which file of a pattern is tonight's.

use std::ffi::OsStr;
use std::io;
use std::path::{Component, Path, PathBuf};
use std::time::{Duration, SystemTime};

use glob::MatchOptions;

use crate::export::error::ExportError;
use crate::export::settings::DELIVERY;
use crate::reconcile::model::export::partial_export::UnreadPart;

/// The newest file that matches, by modification time; of equally new ones with the same bytes the last by name. A path that
/// stands there as it is written is taken as it is.
///
/// # Errors
/// If the pattern is none, a folder cannot be listed, nothing matches, or several are the newest and differ: after a copy of the
/// whole folder the order of names says nothing.
pub fn newest(pattern: &Path) -> Result<PathBuf, ExportError> {
    if pattern.symlink_metadata().is_ok() {
        return Ok(pattern.to_owned());
    }
    let mut all = all(pattern)?;
    let Some((at, path)) = all.pop() else { return Err(no_match(pattern)) };
    let mut as_new = all.into_iter().rev().take_while(|(of, _)| *of == at).map(|(_, other)| other);
    match as_new.find(|other| !is_same(other, &path)) {
        Some(other) => Err(ExportError::SeveralNewest { path, other }),
        None => Ok(path),
    }
}

/// Whether two files hold the same bytes, as far as both can be read.
fn is_same(one: &Path, other: &Path) -> bool {
    let bytes = |path: &Path| path.metadata().map(|metadata| metadata.len()).ok();
    bytes(one) == bytes(other) && std::fs::read(one).ok() == std::fs::read(other).ok()
}

/// What is read instead of the pattern: the newest file that a person has kept for this integration, where it is newer
/// than every file of the pattern; else the pattern itself.
pub fn or_kept(pattern: &Path, kept: Option<&Path>) -> Result<PathBuf, ExportError> {
    let Some((at, file)) = kept.and_then(|kept| kept_files(kept).pop()) else { return Ok(pattern.to_owned()) };
    let delivered = match newest(pattern) {
        Ok(delivered) => modified(&delivered)?,
        Err(ExportError::NoMatch { .. }) => None,
        Err(error) => return Err(error),
    };
    Ok(if delivered.is_none_or(|delivered| delivered < at) { file } else { pattern.to_owned() })
}

/// What the folder of a kept file that was taken back begins with. Nothing in a hidden folder is a candidate.
pub const TAKEN_BACK: &str = ".taken-back-";

/// The regular files of a folder and of the folders in it, hidden ones aside, oldest first: each kept file is in one of its
/// own, under the name that it was brought by. Older versions wrote the time before the name, into the folder itself.
pub fn kept_files(folder: &Path) -> Vec<(SystemTime, PathBuf)> {
    let own = shown_entries(folder).unwrap_or_default();
    let within = own.iter().filter(|path| is_folder(path)).filter_map(|path| shown_entries(path)).flatten();
    let files = own.iter().cloned().chain(within);
    let mut files: Vec<_> = files.filter_map(|path| Some((modified(&path).ok()??, path))).collect();
    files.sort();
    files
}

fn shown_entries(folder: &Path) -> Option<Vec<PathBuf>> {
    let is_shown = |path: &PathBuf| !path.file_name().unwrap_or_default().to_string_lossy().starts_with('.');
    let entries = std::fs::read_dir(folder).ok()?.flatten();
    Some(entries.map(|entry| entry.path()).filter(is_shown).collect())
}

/// Whether it is a folder, and no link to one.
fn is_folder(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|metadata| metadata.is_dir())
}

/// That nothing matches.
pub(super) fn no_match(pattern: &Path) -> ExportError {
    ExportError::NoMatch { path: pattern.to_owned(), folder: folder(pattern) }
}

/// What a file of a pattern is called: by its name, with the folders that the pattern leaves open (`exports/*/usage.csv`).
pub(super) fn name_below(pattern: &Path, file: &Path) -> String {
    // The folder of the configuration is no pattern, and is written so that it is none.
    let escaped = ["[*]", "[?]", "[[]", "[]]"];
    let is_open = |part: Component<'_>| {
        let plain =
            escaped.iter().fold(part.as_os_str().to_string_lossy().into_owned(), |text, mark| text.replace(mark, ""));
        plain.contains(['*', '?', '['])
    };
    let fixed = pattern.components().position(is_open).unwrap_or(usize::MAX);
    let below: Vec<_> = file.components().skip(fixed).map(|part| part.as_os_str().to_string_lossy()).collect();
    if below.is_empty() {
        return file.file_name().unwrap_or(file.as_os_str()).to_string_lossy().into_owned();
    }
    below.join("/")
}

/// The files of one delivery.
#[derive(Debug, Default)]
pub(super) struct Delivered<P> {
    /// Those that are read, in the order of their names.
    pub(super) files: Vec<P>,
    /// Those of the same night that came before its hours.
    pub(super) outside: Vec<UnreadPart>,
}

/// Every file of the newest one's delivery, and of its extension.
pub(super) fn delivered(pattern: &Path, delivery: Duration) -> Result<Delivered<PathBuf>, ExportError> {
    if pattern.symlink_metadata().is_ok() {
        return Ok(Delivered { files: vec![pattern.to_owned()], outside: Vec::new() });
    }
    let all = all(pattern)?;
    let Some((newest, last)) = all.last() else { return Err(no_match(pattern)) };
    let mut of_night = Delivered { files: Vec::new(), outside: Vec::new() };
    for (of, path) in all.iter().filter(|(_, path)| is_of_kind(path, last)) {
        let before = newest.duration_since(*of).unwrap_or_default();
        if before <= delivery {
            of_night.files.push(path.clone());
        } else {
            of_night.outside.extend(outside(path, before));
        }
    }
    of_night.files.sort();
    Ok(of_night)
}

/// A file of the same night that no hour of its delivery has: nights are further apart.
pub(super) fn outside(path: &Path, before: Duration) -> Option<UnreadPart> {
    const NIGHT: Duration = Duration::from_secs(12 * 3600);
    let hours = before.as_secs().div_ceil(3600);
    (before <= NIGHT).then(|| UnreadPart::Earlier { path: path.to_owned(), hours })
}

/// The other files of the newest one's delivery: of the pattern, and at most an hour older.
pub(super) fn beside_newest(pattern: &Path) -> Result<Vec<PathBuf>, ExportError> {
    if pattern.symlink_metadata().is_ok() {
        return Ok(Vec::new());
    }
    let mut all = all(pattern)?;
    let Some((newest, last)) = all.pop() else { return Ok(Vec::new()) };
    let is_of_it = |of: SystemTime| newest.duration_since(of).is_ok_and(|before| before <= DELIVERY);
    let beside = all.into_iter().rev().filter(|(of, path)| is_of_it(*of) && is_of_kind(path, &last));
    Ok(beside.map(|(_, path)| path).take(BESIDE_MAX).collect())
}

/// More files than this are not looked into.
const BESIDE_MAX: usize = 50;

/// Every regular file of a pattern, oldest first, and every link to something that is none of them: to pass over the newest one
/// would bill by an older file.
fn all(pattern: &Path) -> Result<Vec<(SystemTime, PathBuf)>, ExportError> {
    let text = pattern.to_string_lossy();
    let matches = glob::glob(&text).map_err(|source| ExportError::Pattern { path: pattern.to_owned(), source })?;
    let (mut all, mut links) = (Vec::new(), Vec::new());
    for found in matches {
        let found = found.map_err(|error| ExportError::List {
            path: error.path().to_owned(),
            source: io::Error::from(error.error().kind()),
        })?;
        if is_candidate(&found, &text) {
            match modified(&found)? {
                Some(modified) => all.push((modified, found)),
                None if found.is_symlink() && !found.is_dir() => links.push(found),
                None => {}
            }
        }
    }
    let canonical = |path: &Path| std::fs::canonicalize(path).ok();
    let known: Vec<PathBuf> = match links.is_empty() {
        true => Vec::new(),
        false => all.iter().filter_map(|(_, path)| canonical(path)).collect(),
    };
    for link in links.into_iter().filter(|link| canonical(link).is_none_or(|target| !known.contains(&target))) {
        let metadata = link.metadata().or_else(|_| link.symlink_metadata());
        all.extend(metadata.and_then(|metadata| metadata.modified()).ok().map(|modified| (modified, link)));
    }
    all.sort();
    Ok(all)
}

/// Whether a file of this path would be one of a pattern's.
pub fn is_matched(pattern: &Path, file: &Path) -> bool {
    let text = pattern.to_string_lossy();
    let options = MatchOptions { require_literal_separator: true, ..MatchOptions::new() };
    let matches = glob::Pattern::new(&text).is_ok_and(|pattern| pattern.matches_path_with(file, options));
    matches && is_candidate(file, &text)
}

/// What Excel, a browser or a copy leaves beside a file while it is open or not yet whole is none, and no hidden file is,
/// unless the pattern asks for just that.
pub(in crate::export) fn is_candidate(path: &Path, pattern: &str) -> bool {
    const UNFINISHED: [&str; 6] = [".tmp", ".part", ".partial", ".crdownload", ".filepart", ".download"];
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    let asked = pattern.rsplit('/').next().unwrap_or_default().to_lowercase();
    let is_own = |begins: &str| name.starts_with(begins) && !asked.starts_with(begins);
    let is_unfinished = |ends: &&str| name.ends_with(*ends) && !asked.ends_with(*ends);
    !is_own("~$") && !is_own(".") && !UNFINISHED.iter().any(is_unfinished)
}

/// Whether two files have one extension: `.CSV` is `.csv`.
pub(in crate::export) fn is_of_kind(file: &Path, other: &Path) -> bool {
    let extension = |path: &Path| path.extension().map(OsStr::to_ascii_lowercase);
    extension(file) == extension(other)
}

/// When a regular file was modified; `None` for anything else, and for a file that was removed in between.
fn modified(path: &Path) -> Result<Option<SystemTime>, ExportError> {
    let metadata = match path.symlink_metadata() {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(ExportError::List { path: path.to_owned(), source }),
    };
    if !metadata.is_file() {
        return Ok(None);
    }
    metadata.modified().map(Some).map_err(|source| ExportError::List { path: path.to_owned(), source })
}

/// The part of the pattern that names one folder.
fn folder(pattern: &Path) -> PathBuf {
    let parent = pattern.parent().unwrap_or(pattern);
    let is_plain = |part: &Component<'_>| !part.as_os_str().to_string_lossy().contains(['*', '?', '[']);
    let folder: PathBuf = parent.components().take_while(is_plain).collect();
    if folder.as_os_str().is_empty() { PathBuf::from(".") } else { folder }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::fs::File;

    use super::*;

    #[test]
    fn folders_that_a_pattern_leaves_open_are_a_part_of_the_name() {
        for (pattern, file, name) in [
            ("/x/u.*.csv", "/x/u.east.csv", "u.east.csv"),
            ("/x/*/u.csv", "/x/Alder/u.csv", "Alder/u.csv"),
            ("/x/**/u.csv", "/x/a/b/u.csv", "a/b/u.csv"),
            ("/a[[]1]/*.csv", "/a[1]/u.csv", "u.csv"),
            ("/x/u.csv", "/x/u.csv", "u.csv"),
            ("s3://bucket/*.csv", "s3://bucket/u.csv", "u.csv"),
        ] {
            assert_eq!(name_below(Path::new(pattern), Path::new(file)), name, "{pattern}");
        }
    }

    fn touch(path: &Path, seconds: u64) {
        let file = File::create(path).expect("created");
        file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)).expect("dated");
    }

    #[test]
    fn the_newest_regular_file_is_tonights_export() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        touch(&at("vendor-2.csv"), 2_000);
        touch(&at("vendor-1.csv"), 3_000);
        touch(&at("vendor-0.csv"), 3_000);
        touch(&at("other.csv"), 9_000);
        fs::create_dir(at("vendor-9.csv")).expect("a folder");
        std::os::unix::fs::symlink(at("vendor-1.csv"), at("vendor-8.csv")).expect("a link");
        assert_eq!(newest(&at("vendor-*.csv")).expect("found"), at("vendor-1.csv"));
        assert_eq!(newest(&at("vendor-2.csv")).expect("found"), at("vendor-2.csv"));
    }

    /// A copy of a whole folder gives all nights one time, and the last by name is any of them.
    #[test]
    fn of_several_newest_files_that_differ_none_is_tonights() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        for (name, text) in [("u-30-11.csv", "old"), ("u-02-12.csv", "new")] {
            fs::write(at(name), text).expect("written");
            let file = File::options().write(true).open(at(name)).expect("opened");
            file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(3_000)).expect("dated");
        }
        let error = newest(&at("u-*.csv")).expect_err("nobody knows");
        let told = error.to_string();
        assert!(told.contains("u-30-11.csv") && told.contains("u-02-12.csv"), "{told}");
    }

    /// Otherwise the file of the night before bills once more, and nobody is told.
    #[test]
    fn a_newest_file_that_is_a_link_is_not_passed_over() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        touch(&at("vendor-1.csv"), 3_000);
        touch(&at("elsewhere"), 9_000);
        std::os::unix::fs::symlink(at("elsewhere"), at("vendor-2.csv")).expect("a link");
        assert_eq!(
            newest(&at("vendor-*.csv")).expect("found"),
            at("vendor-2.csv"),
            "and it is refused when it is read"
        );
        touch(&at("elsewhere"), 2_000);
        assert_eq!(newest(&at("vendor-*.csv")).expect("found"), at("vendor-1.csv"));
    }

    /// The lock file that Excel leaves beside an open workbook is newer than the workbook.
    #[test]
    fn what_is_left_beside_a_file_is_no_candidate() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        touch(&at("usage-1.xlsx"), 1_000);
        for (name, age) in [("~$usage-1.xlsx", 5_000), (".usage-2.xlsx", 6_000), ("usage-3.xlsx.part", 7_000)] {
            touch(&at(name), age);
        }
        assert_eq!(newest(&at("*usage*")).expect("found"), at("usage-1.xlsx"));
        assert_eq!(newest(&at(".usage*")).expect("asked for"), at(".usage-2.xlsx"));
        touch(&at("usage-0.csv"), 900);
        touch(&at("usage-2.xlsx"), 800);
        let files = |seconds| delivered(&at("usage*"), Duration::from_secs(seconds)).expect("found").files;
        let both = files(3600);
        assert_eq!(both, [at("usage-1.xlsx"), at("usage-2.xlsx")]);
        assert_eq!(files(60), [at("usage-1.xlsx")]);
        // One customer of a delivery was left out without a word.
        touch(&at("usage-3.XLSX"), 800);
        let all = files(3600);
        assert_eq!(all, [at("usage-1.xlsx"), at("usage-2.xlsx"), at("usage-3.XLSX")]);
    }

    /// Otherwise a file that was downloaded by hand is never read, or is read for ever after.
    #[test]
    fn what_a_person_keeps_is_read_until_something_newer_comes() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        let (pattern, kept) = (at("usage-*.csv"), at("uploads"));
        assert_eq!(or_kept(&pattern, Some(&kept)).expect("found"), pattern, "nobody kept anything");
        fs::create_dir(&kept).expect("a folder");
        touch(&kept.join("by-hand.csv"), 2_000);
        touch(&kept.join(".part"), 9_000);
        assert_eq!(or_kept(&pattern, Some(&kept)).expect("found"), kept.join("by-hand.csv"));
        touch(&at("usage-1.csv"), 1_000);
        assert_eq!(or_kept(&pattern, Some(&kept)).expect("found"), kept.join("by-hand.csv"));
        touch(&at("usage-2.csv"), 3_000);
        assert_eq!(or_kept(&pattern, Some(&kept)).expect("found"), pattern);
        let folder = kept.join("20261129T003758Z");
        fs::create_dir(&folder).expect("a folder");
        touch(&folder.join("usage.[A] *.csv"), 4_000);
        let brought = or_kept(&pattern, Some(&kept)).expect("found");
        assert_eq!(brought, folder.join("usage.[A] *.csv"), "under the name that it was brought by");
        assert_eq!(newest(&brought).expect("as it is written"), brought);
        touch(&kept.join("20261129T003759Z-usage.csv"), 5_000);
        assert_eq!(or_kept(&pattern, Some(&kept)).expect("found"), kept.join("20261129T003759Z-usage.csv"));
        touch(&kept.join("20261129T003759Z-usage.csv"), 1_000);
        assert_eq!(or_kept(&pattern, None).expect("found"), pattern);
    }

    #[test]
    fn no_match_names_the_pattern_and_the_folder() {
        let folder = tempfile::tempdir().expect("a folder");
        let pattern = folder.path().join("none-*.csv");
        let error = newest(&pattern).expect_err("nothing there");
        assert!(matches!(&error, ExportError::NoMatch { path, folder: at } if *path == pattern && at == folder.path()));
        assert!(error.to_string().contains("none-*.csv"), "{error}");
        assert!(matches!(newest(&folder.path().join("a***")), Err(ExportError::Pattern { .. })));
    }
}
