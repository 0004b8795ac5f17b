//! Every version of the files that people edit on the desk or by commands, and who made each.

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};

use chrono::{DateTime, Utc};
use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;
use rusqlite::{OptionalExtension as _, Row, Transaction, params};
use sha2::{Digest as _, Sha256};

use crate::history::store::column_values::{integer, time, time_text};
use crate::history::store::error::StoreError;
use crate::history::store::open::History;
use crate::history::store::rows::first;

/// One version of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileVersion {
    /// Its number, over all files.
    pub number: i64,
    /// When.
    pub at: DateTime<Utc>,
    /// Who made it; empty for one that was found there, made by hand.
    pub who: String,
    /// The file.
    pub file: String,
    /// Its bytes.
    pub content: Vec<u8>,
}

/// Versions that are looked through for who mapped a customer.
const EDITS: usize = 50;

/// A file before and after an edit.
#[derive(Debug, Clone, Copy)]
pub struct FileEdit<'a> {
    /// The file.
    pub file: &'a str,
    /// Its bytes before.
    pub before: &'a [u8],
    /// Its bytes after.
    pub after: &'a [u8],
}

/// What one edit made otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileVersionChange {
    /// When it was made, or found.
    pub at: DateTime<Utc>,
    /// Who made it; empty for an edit by hand.
    pub who: String,
    /// The file.
    pub file: String,
    /// Lines that only one of the two versions has.
    lines: Vec<String>,
    /// Where its rows have their note, if it has any.
    note: Option<usize>,
}

impl FileVersionChange {
    fn between(before: &[u8], after: FileVersion) -> Self {
        let FileVersion { at, who, file, content, .. } = after;
        let (before, after) = (String::from_utf8_lossy(before), String::from_utf8_lossy(&content));
        let [had, has] = [&before, &after].map(|text| text.lines().collect::<BTreeSet<_>>());
        let lines = had.symmetric_difference(&has).map(|line| (*line).to_owned()).collect();
        let header = after.lines().find(|line| !line.trim_start().starts_with('#')).map(cells).unwrap_or_default();
        let note = header.iter().position(|column| column == "note");
        Self { at, who, file, lines, note }
    }

    /// Whether a line that it made otherwise is that of this name: a row that begins with it, or its key. What only begins like
    /// it is somebody else.
    pub fn names(&self, name: &str) -> bool {
        self.lines_of(name).next().is_some()
    }

    /// Whether it made otherwise what follows from the line of this name: more than its note.
    pub fn says_otherwise_of(&self, name: &str) -> bool {
        let without_note = |line: &String| {
            let cells = cells(line).into_iter().enumerate().filter(|(at, _)| Some(*at) != self.note);
            cells.map(|(_, cell)| cell).collect::<Vec<_>>()
        };
        let lines: Vec<Vec<String>> = self.lines_of(name).map(without_note).collect();
        match lines.as_slice() {
            [] => false,
            [before, after] => before != after,
            _ => true,
        }
    }

    fn lines_of<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a String> {
        let is_its = move |line: &&String| {
            let line = line.trim_start();
            let bare = line.strip_prefix(name).is_some_and(|rest| rest.trim_start().starts_with([',', '=']));
            bare || line
                .strip_prefix('"')
                .and_then(|line| line.strip_prefix(name))
                .is_some_and(|rest| rest.starts_with('"'))
        };
        self.lines.iter().filter(move |line| !name.is_empty() && is_its(line))
    }
}

/// The cells of one line of a file of rows. What is read of another file by this is only ever compared with itself.
fn cells(line: &str) -> Vec<String> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(line.as_bytes());
    let record = reader.records().next().and_then(Result::ok);
    record.map(|record| record.iter().map(|cell| cell.trim().to_owned()).collect()).unwrap_or_default()
}

impl History {
    /// What edits of any file made otherwise between two instants, newest first: of the last [`EDITS`] versions. Of the first
    /// version of a file that is known, nobody knows what it made otherwise.
    pub fn file_changes_between(
        &self,
        (since, until): (DateTime<Utc>, DateTime<Utc>),
    ) -> Result<Vec<FileVersionChange>, StoreError> {
        self.read(|connection| {
            let sql = "SELECT * FROM file_versions WHERE at >= ?1 AND at <= ?2 ORDER BY version DESC LIMIT ?3";
            let mut statement = connection.prepare_cached(sql)?;
            let rows =
                statement.query_and_then(params![time_text(since), time_text(until), integer(EDITS)], version)?;
            let sql = "SELECT * FROM file_versions WHERE file = ?1 AND version < ?2 ORDER BY version DESC LIMIT 1";
            let mut changes = Vec::new();
            for after in rows {
                let after = after?;
                let before = first(connection, sql, params![after.file, after.number], version)?;
                changes.extend(before.map(|before| FileVersionChange::between(&before.content, after)));
            }
            Ok(changes)
        })
    }

    /// Keeps what an edit made, and what it found if nobody has kept that yet.
    pub fn keep_file_edit(&mut self, edit: FileEdit<'_>, who: &str, at: DateTime<Utc>) -> Result<(), StoreError> {
        self.write(|transaction| {
            let newest = "SELECT sha256 FROM file_versions WHERE file = ?1 ORDER BY version DESC LIMIT 1";
            let newest: Option<String> = transaction.query_row(newest, [edit.file], |row| row.get(0)).optional()?;
            if newest.as_deref() != Some(digest(edit.before).as_str()) {
                insert(transaction, (edit.file, edit.before), "", at)?;
            }
            insert(transaction, (edit.file, edit.after), who, at)
        })
    }

    /// What people made of any file since an instant, oldest first: at most [`EDITS`] versions.
    pub fn file_edits_since(&self, since: DateTime<Utc>) -> Result<Vec<FileVersion>, StoreError> {
        let sql = "SELECT * FROM file_versions WHERE at >= ?1 AND who <> '' ORDER BY version LIMIT ?2";
        self.rows(sql, params![time_text(since), integer(EDITS)], version)
    }

    /// The last versions of a file, newest first.
    pub fn file_versions(&self, file: &str, limit: usize) -> Result<Vec<FileVersion>, StoreError> {
        let sql = "SELECT * FROM file_versions WHERE file = ?1 ORDER BY version DESC LIMIT ?2";
        self.rows(sql, params![file, integer(limit)], version)
    }
}

fn insert(
    transaction: &Transaction<'_>,
    (file, content): (&str, &[u8]),
    who: &str,
    at: DateTime<Utc>,
) -> Result<(), StoreError> {
    transaction.execute(
        "INSERT INTO file_versions (at, who, file, sha256, content) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![time_text(at), who, file, digest(content), packed(content)],
    )?;
    Ok(())
}

fn digest(content: &[u8]) -> String {
    hex::encode(Sha256::digest(content))
}

fn packed(content: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    // Writing into memory cannot fail.
    let _ = encoder.write_all(content);
    encoder.finish().unwrap_or_default()
}

fn version(row: &Row<'_>) -> Result<FileVersion, StoreError> {
    let (number, packed): (i64, Vec<u8>) = (row.get("version")?, row.get("content")?);
    let mut content = Vec::new();
    let unpacked = ZlibDecoder::new(packed.as_slice()).read_to_end(&mut content);
    unpacked.map_err(|_| StoreError::Unreadable { column: "content", value: format!("version {number}") })?;
    Ok(FileVersion { number, at: time(row, "at")?, who: row.get("who")?, file: row.get("file")?, content })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Otherwise somebody is named for an edit of another customer, whose name begins alike.
    #[test]
    fn an_edit_names_whose_row_it_changed_and_nobody_else() {
        let before = "customer,company_id,agreement_id,note\nAcme Dental,1,,\nBorealis,2,,\n";
        let after =
            "customer,company_id,agreement_id,note\nAcme Dental,7,,\nBorealis,2,,\n\"Cedar, Law\",3,,like Acme\n";
        let (at, who, file) = ("2026-11-22T09:12:00Z".parse().unwrap(), "dana".to_owned(), "customers.csv".to_owned());
        let version = FileVersion { number: 2, at, who, file, content: after.as_bytes().to_vec() };
        let change = FileVersionChange::between(before.as_bytes(), version);
        for (name, is_named) in [
            ("Acme Dental", true),
            ("Cedar, Law", true),
            ("Acme", false),
            ("Borealis", false),
            ("Cedar", false),
            ("", false),
        ] {
            assert_eq!(change.names(name), is_named, "{name:?}");
        }
        let table = |product: &str| {
            format!("\"CloudFilter\" = {{ product = \"{product}\" }}\nArchive = {{ product = \"A\" }}\n")
        };
        let version =
            FileVersion { number: 3, at, who: String::new(), file: "services.toml".into(), content: table("B").into() };
        let change = FileVersionChange::between(table("A").as_bytes(), version);
        assert!(change.names("CloudFilter") && !change.names("Archive") && !change.names("Cloud"));
        assert!(change.says_otherwise_of("CloudFilter") && !change.says_otherwise_of("Archive"));
    }

    /// Otherwise a note in a row passes for an answer to what is asked about its customer.
    #[test]
    fn another_note_says_nothing_otherwise() {
        let before = "# ours\ncustomer,company_id,agreement_id,note\n\"Acme, Law\",1,,\nBorealis,2,,old\nCedar,3,,\n";
        let after = "# ours\ncustomer,company_id,agreement_id,note\n\"Acme, Law\",1,,new\nBorealis,7,,old\nDelta,4,,\n";
        let (at, who, file) = ("2026-11-22T09:12:00Z".parse().unwrap(), "dana".to_owned(), "customers.csv".to_owned());
        let version = FileVersion { number: 2, at, who, file, content: after.as_bytes().to_vec() };
        let change = FileVersionChange::between(before.as_bytes(), version);
        for (name, otherwise) in [("Acme, Law", false), ("Borealis", true), ("Cedar", true), ("Delta", true)] {
            assert!(change.names(name), "{name}");
            assert_eq!(change.says_otherwise_of(name), otherwise, "{name}");
        }
    }
}
