//! The files of a zip archive that are an export, each unpacked as far as a file may be long.

use std::borrow::Cow;
use std::io::{Cursor, Read as _, Write as _};

use zip::result::ZipError;
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

use crate::export::damage_kinds::{Damage, Shown};
use crate::export::damage_places::Fault;
use crate::export::text_pattern::Pattern;
use crate::reconcile::model::display_text::quoted;

/// A vendor's archive has a handful of files.
const FILES_MAX: usize = 4096;
/// What files are called that may be exports; of as many of two kinds the last one is proposed.
const KINDS: [&str; 7] = ["txt", "xml", "ndjson", "json", "xlsx", "tsv", "csv"];
/// How many an error names.
const LISTED: usize = 8;

/// Which of an archive's files are meant.
#[derive(Debug, Clone, Copy)]
pub(in crate::export) struct Members<'a> {
    /// By their name, or the last part of it; else the only one.
    pub(in crate::export) wanted: Option<&'a Pattern>,
    /// Whether several are one export.
    pub(in crate::export) all: bool,
}

/// A file of an archive.
#[derive(Debug)]
pub(in crate::export) struct Member {
    pub(in crate::export) name: String,
    /// Its name with its folders.
    pub(in crate::export) path: String,
    pub(in crate::export) bytes: Vec<u8>,
}

/// Whether a zip archive is a workbook: those say what their parts are.
pub(in crate::export) fn is_workbook(bytes: &[u8]) -> bool {
    let Ok(archive) = ZipArchive::new(Cursor::new(bytes)) else {
        // What is damaged is told by the reader of workbooks: most zip archives that are exports are workbooks.
        return true;
    };
    archive.index_for_name("[Content_Types].xml").is_some()
}

/// What some programs call a spreadsheet, and what is one for them alone.
fn other_kind(archive: &Archive<'_>) -> Option<&'static str> {
    match () {
        () if archive.index_for_name("META-INF/manifest.xml").is_some() => Some("an OpenDocument spreadsheet"),
        () if archive.index_for_name("Index/Document.iwa").is_some() => Some("a spreadsheet of Apple's Numbers"),
        () => None,
    }
}

/// Unpacks the files that are meant; what the archive says about their sizes may be a lie. A portal may wrap the vendor's archive
/// in one of its own: one that is all that is meant, or the only one where no file beside it is, is unpacked in its place.
///
/// # Errors
/// If it is damaged, unpacks to more than `max` bytes, both archives together, or the file that is meant is none of its, or one
/// of several.
pub(in crate::export) fn members(bytes: &[u8], of: Members<'_>, max: u64) -> Result<Vec<Member>, Fault> {
    let mut room = Room { max, left: max };
    let mut archive = open(bytes, of)?;
    let files = files(&mut archive)?;
    let mut meant = of.meant(&files);
    let wrapping = wrapping(&files).filter(|_| meant.is_empty());
    meant.extend(wrapping);
    if meant.is_empty() || (meant.len() > 1 && !of.all) {
        return Err(Fault::new(of.not_one(&files, meant.len())));
    }
    let mut members = Vec::new();
    for (index, name) in &meant {
        members.push(unpack(&mut archive, *index, name, &mut room)?);
    }
    let is_within = |member: &Member| is_archive(&member.bytes);
    match members.as_slice() {
        [one] if is_within(one) => unwrapped(one, of, wrapping.is_some(), room),
        _ if wrapping.is_some() => Err(Fault::new(of.not_one(&files, 0))),
        _ if members.iter().any(is_within) => {
            Err(Fault::new(Damage::OtherKind("a zip archive within a zip archive, beside other files")))
        }
        _ => Ok(members),
    }
}

/// The files that are meant of the one archive within another. What that one is called by may be said of it or of its files;
/// where it was taken because nothing beside it is meant, of its files.
fn unwrapped(outer: &Member, of: Members<'_>, by_files: bool, mut room: Room) -> Result<Vec<Member>, Fault> {
    let mut archive = open(&outer.bytes, of)?;
    let files = files(&mut archive)?;
    let wanted = of.wanted.filter(|_| by_files || !of.meant(&files).is_empty());
    let of = Members { wanted, ..of };
    let meant = of.meant(&files);
    if meant.is_empty() || (meant.len() > 1 && !of.all) {
        return Err(Fault::new(of.not_one(&files, meant.len())));
    }
    let mut members = Vec::new();
    for (index, name) in meant {
        let member = unpack(&mut archive, *index, name, &mut room)?;
        if is_archive(&member.bytes) {
            return Err(Fault::new(Damage::OtherKind("a zip archive within another one within a third")));
        }
        members.push(Member { path: format!("{}/{}", outer.path, member.path), ..member });
    }
    Ok(members)
}

/// How much may still be unpacked.
#[derive(Debug, Clone, Copy)]
struct Room {
    max: u64,
    left: u64,
}

type Archive<'a> = ZipArchive<Cursor<&'a [u8]>>;

fn open<'a>(bytes: &'a [u8], of: Members<'_>) -> Result<Archive<'a>, Fault> {
    let archive = ZipArchive::new(Cursor::new(bytes)).map_err(|error| broken(&error))?;
    // The reader keeps the last of several that have one name, and the others would be lost without a word.
    if files_said(bytes).is_some_and(|said| said != archive.len()) {
        return Err(Fault::new(Damage::Zip { why: Shown::of("several of its files have one name") }));
    }
    if let Some(kind) = other_kind(&archive).filter(|_| of.wanted.is_none()) {
        return Err(Fault::new(Damage::OtherKind(kind)));
    }
    if archive.len() > FILES_MAX {
        return Err(Fault::new(Damage::Zip { why: Shown::of(&format!("it has {} files", archive.len())) }));
    }
    Ok(archive)
}

/// Its files with their places, without what stands beside them.
fn files(archive: &mut Archive<'_>) -> Result<Vec<(usize, String)>, Fault> {
    let mut files = Vec::new();
    for index in 0..archive.len() {
        let Some(name) = archive.name_for_index(index) else { continue };
        let name = name.map_err(|error| broken(&error))?.into_owned();
        if !is_beside(&name) {
            files.push((index, name));
        }
    }
    Ok(files)
}

fn unpack(archive: &mut Archive<'_>, index: usize, name: &str, room: &mut Room) -> Result<Member, Fault> {
    if archive.by_index_raw(index).is_ok_and(|file| file.encrypted()) {
        return Err(Fault::new(Damage::OtherKind("a zip archive with a password")));
    }
    let file = archive.by_index(index).map_err(|error| broken(&error))?;
    let mut bytes = Vec::new();
    let read = file.take(room.left.saturating_add(1)).read_to_end(&mut bytes);
    read.map_err(|error| Fault::new(Damage::Zip { why: Shown::of(&format!("{name}: {error}")) }))?;
    let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    let too_big = || Fault::new(Damage::GzipTooBig { max: room.max });
    room.left = room.left.checked_sub(length).ok_or_else(too_big)?;
    Ok(Member { name: last(name).to_owned(), path: name.to_owned(), bytes })
}

/// The one file that is called an archive, if there is one.
fn wrapping(files: &[(usize, String)]) -> Option<&(usize, String)> {
    let mut archives = files.iter().filter(|(_, name)| name.to_lowercase().ends_with(".zip"));
    archives.next().filter(|_| archives.next().is_none())
}

/// A workbook is a zip archive. One without files begins with its end.
pub(crate) fn is_zip(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06")
}

/// How many files a zip archive says that it has, in the record at its end; `None` where that says nothing.
pub(in crate::export) fn files_said(bytes: &[u8]) -> Option<usize> {
    const END: &[u8] = b"PK\x05\x06";
    // Behind the record stands a comment of at most 64 KiB.
    let tail = &bytes[bytes.len().saturating_sub(22 + usize::from(u16::MAX))..];
    let at = memchr::memmem::rfind(tail, END)?;
    let number = u16::from_le_bytes([*tail.get(at + 10)?, *tail.get(at + 11)?]);
    // Beyond that another record counts.
    (number != u16::MAX).then(|| usize::from(number))
}

fn is_archive(bytes: &[u8]) -> bool {
    is_zip(bytes) && !is_workbook(bytes)
}

/// An archive of these files, to be kept.
///
/// # Errors
/// If a name is none, or stands twice.
pub(in crate::export) fn packed<'f>(
    files: impl IntoIterator<Item = (Cow<'f, str>, &'f [u8])>,
) -> Result<Vec<u8>, ZipError> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        writer.start_file(name, SimpleFileOptions::default())?;
        writer.write_all(bytes)?;
    }
    Ok(writer.finish()?.into_inner())
}

impl Members<'_> {
    fn meant<'f>(&self, files: &'f [(usize, String)]) -> Vec<&'f (usize, String)> {
        files.iter().filter(|(_, name)| self.is_meant(name)).collect()
    }

    fn is_meant(&self, name: &str) -> bool {
        self.wanted.is_none_or(|wanted| wanted.regex.is_match(name) || wanted.regex.is_match(last(name)))
    }

    fn not_one(&self, files: &[(usize, String)], found: usize) -> Damage {
        let found = if found == 0 { "none".to_owned() } else { format!("{found}") };
        let wanted = match self.wanted {
            Some(pattern) => format!("match member = {:?}, and one is read", pattern.written),
            None => "could be meant, and one is read".to_owned(),
        };
        let mut names: Vec<String> =
            files.iter().take(LISTED).map(|(_, name)| format!("{:?}", Shown::of(name))).collect();
        if files.len() > LISTED {
            names.push(format!("and {} more", files.len() - LISTED));
        }
        let present = if names.is_empty() { "no file".to_owned() } else { names.join(", ") };
        let [found, wanted, present, keys] = [found, wanted, present, self.keys(files)].map(String::into_boxed_str);
        Damage::Member { found, wanted, present, keys }
    }

    /// What would read one of these files, or all that are alike.
    fn keys(&self, files: &[(usize, String)]) -> String {
        let Some((pattern, first, alike)) = self.alike(files) else {
            return "`member` as the file is called that is meant,".to_owned();
        };
        let one = format!("member = {}", quoted(last(first)));
        match alike {
            1 => format!("member = {pattern:?}, or as the one file is called that is meant,"),
            _ if self.wanted.is_some_and(|wanted| wanted.written == pattern) => {
                format!(
                    "files = \"all\" where all of them are the export, else {one}, as the one is called that is meant,"
                )
            }
            _ => format!(
                "member = {pattern:?} and files = \"all\" where all of them are the export, else {one}, as the one is \
                 called that is meant,"
            ),
        }
    }

    /// The pattern of the files that may be exports and are the most of one kind, the first of them, and how many there are.
    fn alike<'f>(&self, files: &'f [(usize, String)]) -> Option<(String, &'f str, usize)> {
        let several = self.meant(files);
        if let Some(wanted) = self.wanted.filter(|_| several.len() > 1) {
            return Some((wanted.written.clone(), &several.first()?.1, several.len()));
        }
        let of = |kind: &str| {
            let is_one = |(_, name): &&(usize, String)| name.to_lowercase().ends_with(&format!(".{kind}"));
            let first = files.iter().find(is_one)?;
            Some((format!("*.{kind}"), first.1.as_str(), files.iter().filter(is_one).count()))
        };
        KINDS.iter().filter_map(|kind| of(kind)).max_by_key(|(.., alike)| *alike)
    }
}

/// What Windows leaves in folders.
const OF_WINDOWS: [&str; 3] = ["thumbs.db", "desktop.ini", "ehthumbs.db"];

/// Folders, hidden files, and what an Apple or Windows leaves beside each file.
fn is_beside(name: &str) -> bool {
    let own = last(name);
    let of_apple = name.starts_with("__MACOSX/") || name.contains("/__MACOSX/");
    let of_windows = OF_WINDOWS.iter().any(|left| own.eq_ignore_ascii_case(left));
    name.ends_with('/') || of_apple || of_windows || own.starts_with('.') || own.starts_with("~$")
}

fn last(name: &str) -> &str {
    name.rsplit(['/', '\\']).next().unwrap_or(name)
}

fn broken(error: &ZipError) -> Fault {
    Fault::new(Damage::Zip { why: Shown::of(&error.to_string()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zipped(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, bytes) in files {
            writer.start_file(*name, SimpleFileOptions::default()).expect("begun");
            writer.write_all(bytes).expect("written");
        }
        writer.finish().expect("whole").into_inner()
    }

    fn read(bytes: &[u8], wanted: Option<&str>, all: bool) -> Result<Vec<String>, String> {
        let wanted = wanted.map(Pattern::glob);
        let members = members(bytes, Members { wanted: wanted.as_ref(), all }, 1000);
        let told = |member: Member| format!("{}: {}", member.name, String::from_utf8_lossy(&member.bytes));
        members.map(|members| members.into_iter().map(told).collect()).map_err(|fault| fault.damage.to_string())
    }

    /// The wrong file of an archive is the wrong bill.
    #[test]
    fn the_one_file_that_is_meant_is_read() {
        let one = zipped(&[
            ("out/usage.csv", b"a,b"),
            ("__MACOSX/out/._usage.csv", b"x"),
            ("out/.hidden", b"x"),
            ("out/Thumbs.db", b"x"),
        ]);
        assert_eq!(read(&one, None, false), Ok(vec!["usage.csv: a,b".to_owned()]));
        let two = zipped(&[("a.csv", b"1"), ("b.csv", b"2"), ("readme.txt", b"3")]);
        assert!(
            read(&two, None, false).is_err_and(|error| error.starts_with("3 of the archive's files could be meant"))
        );
        assert!(
            read(&two, Some("*.csv"), false).is_err_and(|error| error.starts_with("2 of the archive's files match"))
        );
        assert_eq!(read(&two, Some("b*"), false), Ok(vec!["b.csv: 2".to_owned()]));
        for (files, wanted, keys) in [
            (&two, None, "member = \"*.csv\" and files = \"all\" where all"),
            (&two, Some("*.csv"), "files = \"all\" where all of them are the export, else member = \"a.csv\""),
            (&two, Some("*.json"), "member = \"*.csv\" and files"),
            (&zipped(&[("a.json", b"1"), ("readme.txt", b"2")]), None, "member = \"*.json\", or"),
            (&zipped(&[("a", b"1"), ("b", b"2")]), None, "`member` as the file is called"),
        ] {
            let wanted = wanted.map(Pattern::glob);
            let fault = members(files, Members { wanted: wanted.as_ref(), all: false }, 1000).expect_err("several");
            let Damage::Member { keys: said, .. } = *fault.damage else { panic!("{:?}", fault.damage) };
            assert!(said.starts_with(keys), "{said}");
        }
        assert_eq!(read(&two, Some("*.csv"), true).map(|read| read.len()), Ok(2));
        assert!(read(&two, Some("*.json"), false).is_err_and(|error| error.starts_with("none of the archive's files")));
    }

    /// A portal wraps the vendor's archive in one of its own: the file had to be unpacked by hand every night.
    #[test]
    fn an_archive_within_an_archive_is_unpacked_once() {
        let inner = zipped(&[("usage.csv", b"a,b")]);
        let told = Ok(vec!["usage.csv: a,b".to_owned()]);
        let wrapped = zipped(&[("out/inner.zip", &inner)]);
        for wanted in [None, Some("*.zip"), Some("*.csv"), Some("inner*")] {
            assert_eq!(read(&wrapped, wanted, false), told, "{wanted:?}");
            assert_eq!(read(&wrapped, wanted, true), told, "{wanted:?}");
        }
        assert!(
            read(&wrapped, Some("*.json"), false).is_err_and(|error| error.starts_with("none of the archive's files"))
        );
        let beside = zipped(&[("inner.zip", &inner), ("readme.txt", b"1")]);
        assert!(read(&beside, None, false).is_err_and(|error| error.starts_with("2 of the archive's files could be")));
        assert_eq!(read(&beside, Some("*.zip"), false), told);
        assert_eq!(read(&beside, Some("usage*"), false), told);
        assert!(read(&beside, None, true).is_err_and(|error| error.contains("beside other files")));
        let several = zipped(&[("in.zip", &zipped(&[("a.csv", b"1"), ("b.csv", b"2"), ("c.txt", b"3")]))]);
        assert!(read(&several, None, false).is_err_and(|error| error.starts_with("3 of the archive's files could be")));
        assert_eq!(read(&several, Some("b*"), false), Ok(vec!["b.csv: 2".to_owned()]));
        assert_eq!(read(&several, Some("*.csv"), true).map(|read| read.len()), Ok(2));
        let third = zipped(&[("out.zip", &wrapped)]);
        assert!(read(&third, None, false).is_err_and(|error| error.contains("within a third")));
        let no_archive = zipped(&[("in.zip", b"a,b"), ("b.csv", b"1")]);
        assert!(read(&no_archive, Some("*.json"), false).is_err());
    }

    /// What both archives unpack to counts together.
    #[test]
    fn a_bomb_within_an_archive_is_refused() {
        let bomb = zipped(&[("in.zip", &zipped(&[("a.csv", &vec![b'0'; 1 << 20])]))]);
        assert!(bomb.len() < 10_000 && read(&bomb, None, false).is_err_and(|error| error.contains("max_bytes")));
        let stored = |bytes: &[u8]| {
            let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
            let plain = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
            writer.start_file("a.csv", plain).expect("begun");
            writer.write_all(bytes).expect("written");
            writer.finish().expect("whole").into_inner()
        };
        let halves = zipped(&[("in.zip", &stored(&[b'0'; 450]))]);
        assert!(read(&halves, None, false).is_err_and(|error| error.contains("max_bytes")));
        assert!(read(&zipped(&[("in.zip", &stored(&[b'0'; 300]))]), None, false).is_ok());
    }

    #[test]
    fn a_bomb_and_a_cut_are_refused() {
        let bomb = zipped(&[("a.csv", &vec![b'0'; 1 << 20])]);
        assert!(bomb.len() < 10_000 && read(&bomb, None, false).is_err_and(|error| error.contains("max_bytes")));
        let halves = zipped(&[("a.csv", &[b'0'; 600]), ("b.csv", &[b'0'; 600])]);
        assert!(read(&halves, None, true).is_err_and(|error| error.contains("max_bytes")));
        let whole = zipped(&[("a.csv", b"Account,Product\nAcme,EDR\n")]);
        for cut in 4..whole.len() {
            assert!(read(&whole[..cut], None, false).is_err(), "{cut}");
        }
    }
}
