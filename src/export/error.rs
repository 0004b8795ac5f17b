//! Why an export is refused. Nothing of a refused file is used.

use std::io;
use std::path::{Path, PathBuf};

use crate::export::damage_kinds::{Damage, Name};
use crate::export::damage_places::{FaultPlace, Faults};
use crate::export::locate::fetch::error::FetchError;
use crate::reconcile::model::display_text::{self, quoted};

/// An export that is refused. `Display` is one line, and safe to print whatever the file holds.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "its messages say it")]
pub enum ExportError {
    #[error("the export's pattern {} is not valid", Name(.path))]
    Pattern { path: PathBuf, source: glob::PatternError },
    #[error("there is no export: no regular file matches {} in {}", Name(.path), Name(.folder))]
    NoMatch { path: PathBuf, folder: PathBuf },
    #[error("{} and {} are equally new and differ: nobody knows which is tonight's", Name(.path), Name(.other))]
    SeveralNewest { path: PathBuf, other: PathBuf },
    /// A folder could not be listed. A folder that cannot be read is not an empty one.
    #[error("cannot look for the export in {}", Name(.path))]
    List { path: PathBuf, source: io::Error },
    #[error("cannot open the export {}", Name(.path))]
    Open { path: PathBuf, source: io::Error },
    #[error("cannot read the export {}", Name(.path))]
    Read { path: PathBuf, source: io::Error },
    #[error("the export {} is {kind}, and only a regular file is read", Name(.path))]
    NotAFile { path: PathBuf, kind: &'static str },
    #[error("the export {} was not fetched: {why}", Name(.path))]
    Fetch { path: PathBuf, why: FetchError },
    #[error("the export {} has {bytes} bytes, more than max_bytes = {max}", Name(.path))]
    TooBig { path: PathBuf, bytes: u64, max: u64 },
    /// Files too few or too many, where several are one export.
    #[error("{found} file{} of the delivery of {}, and expect_files = {expected}", are(*.found), Name(.path))]
    FileCount { path: PathBuf, found: usize, expected: usize },
    #[error("the export {} has rows of {}, which has not come yet", Name(.path), display_text::day(*.day))]
    Future { path: PathBuf, day: chrono::NaiveDate },
    #[error("the export {} was still being written while it was read", Name(.path))]
    StillWritten { path: PathBuf },
    /// What it holds is damaged, or not what was configured.
    #[error("the export {}{faults}", Name(.path))]
    Damaged { path: PathBuf, faults: Box<Faults> },
}

fn are(found: usize) -> &'static str {
    if found == 1 { " is" } else { "s are" }
}

impl ExportError {
    /// The file or the pattern.
    pub fn path(&self) -> &Path {
        match self {
            Self::Pattern { path, .. }
            | Self::NoMatch { path, .. }
            | Self::SeveralNewest { path, .. }
            | Self::List { path, .. }
            | Self::Open { path, .. }
            | Self::Read { path, .. }
            | Self::NotAFile { path, .. }
            | Self::Fetch { path, .. }
            | Self::TooBig { path, .. }
            | Self::FileCount { path, .. }
            | Self::Future { path, .. }
            | Self::StillWritten { path }
            | Self::Damaged { path, .. } => path,
        }
    }

    /// The line of the file, where one is at fault.
    pub fn line(&self) -> Option<u64> {
        self.place().and_then(|place| place.line)
    }

    /// The column in words, where one is at fault.
    pub fn column(&self) -> Option<&str> {
        self.place().and_then(|place| place.column.as_deref())
    }

    /// What is wrong in the file, fault by fault, with the text at fault marked; several lines, each safe to print.
    /// `None` where there is nothing to add to the error itself.
    pub fn diagnosis(&self) -> Option<String> {
        match self {
            Self::Damaged { path, faults } => Some(faults.diagnosis(path)),
            _ => None,
        }
    }

    /// Whether the diagnosis marks the text at fault.
    pub fn is_marked(&self) -> bool {
        matches!(self, Self::Damaged { faults, .. } if faults.first.iter().any(|fault| fault.mark.is_some()))
    }

    /// What to do: what to write into the export's table of recount.toml, where that is likely to be all that is wrong.
    pub fn remedy(&self) -> String {
        match self {
            Self::Damaged { faults, .. } => {
                let known = faults.first.iter().find_map(|fault| fault.damage.remedy());
                known.unwrap_or_else(|| {
                    "fetch the export again and run again; if the vendor writes it so, ask for another format"
                        .to_owned()
                })
            }
            Self::Pattern { .. } | Self::NotAFile { .. } => format!("correct `path` {TABLE}"),
            Self::NoMatch { .. } => format!("put the vendor's export there, or correct `path` {TABLE}"),
            Self::SeveralNewest { .. } => {
                format!("take the older ones away, or set files = \"all\" {TABLE} if together they are one export")
            }
            Self::Open { source, .. } | Self::List { source, .. } if source.kind() == io::ErrorKind::NotFound => {
                format!("put the vendor's export there, or correct `path` {TABLE}")
            }
            Self::Open { .. } | Self::List { .. } | Self::Read { .. } => {
                "give the user that recount runs as read access, then run again".to_owned()
            }
            Self::Fetch { why, .. } => why.remedy().to_owned(),
            Self::TooBig { .. } => format!("if it is the vendor's export, raise max_bytes {TABLE}"),
            Self::FileCount { .. } => format!("wait for the whole delivery, or correct expect_files {TABLE}"),
            Self::Future { .. } => format!("if days and months are the wrong way round, correct date_format {TABLE}"),
            Self::StillWritten { .. } => "run again when it is whole".to_owned(),
        }
    }

    fn place(&self) -> Option<&FaultPlace> {
        match self {
            Self::Damaged { faults, .. } => faults.first.first().map(|fault| &fault.place),
            _ => None,
        }
    }
}

/// Where what is advised is written.
const TABLE: &str = "in the export's table of recount.toml";

impl Damage {
    /// What to write where, if that is likely to be all that is wrong.
    fn remedy(&self) -> Option<String> {
        let set = |key: &str| format!("if that is how the vendor writes it, set {key} {TABLE}");
        let correct =
            |key: &str| format!("if the export is right, correct `{key}` {TABLE}, or the profile that it names");
        Some(match self {
            Self::OtherDelimiter { delimiter, .. } | Self::QuotedOtherwise { delimiter, .. } => {
                set(&format!("delimiter = {delimiter:?}"))
            }
            Self::Utf16Undeclared => set("encoding = \"utf-16\""),
            Self::Undeclared { .. } => set("encoding = \"windows-1252\""),
            Self::HeaderBelow { cell, .. } => set(&format!("header = {{ cell = {} }}", quoted(cell))),
            Self::SeparatorLine { delimiter: Some(delimiter), cell } => {
                set(&format!("delimiter = {delimiter:?} and header = {{ cell = {} }}", quoted(cell)))
            }
            Self::SeparatorLine { delimiter: None, cell } => set(&format!("header = {{ cell = {} }}", quoted(cell))),
            Self::ColumnMissing { key, .. } => correct(key),
            Self::ColumnDoubled { name, times, .. } => format!(
                "if that is how the vendor writes it, name the one that is meant: {{ column = {}, nth = {times} }} is the last {TABLE}",
                quoted(name.text())
            ),
            Self::NoSuchColumn { .. } => correct("columns"),
            Self::XmlBeyond { .. } => "ask the vendor for XML without it, or for CSV or JSON".to_owned(),
            Self::Empty | Self::HeaderOnly | Self::NoRecords => {
                "fetch the export again when the vendor has written it, and run again".to_owned()
            }
            Self::PartHeaderOnly => format!(
                "fetch the export again when the vendor has written it; if one of several may be empty, set whole = true {TABLE}"
            ),
            Self::OtherKind(_) => "ask the vendor for CSV, JSON or .xlsx".to_owned(),
            Self::Ragged { .. } => format!(
                "fetch the export again; if such lines stand there every night, leave out those behind the data with `stop`, \
                 and those before it with `header` {TABLE}"
            ),
            Self::Member { keys, .. } => set(keys),
            Self::NoSheetFits => correct("sheet"),
            Self::NoDates { .. } => format!(
                "set date_format as the vendor writes its dates, \"%d/%m/%Y\" where the day comes first and \"%m/%d/%Y\" \
                 where the month does, and see whether `keep` and `drop` leave a row at all, {TABLE}"
            ),
            Self::TextAfterQuote { text } if text.text().contains("\\\"") => set("quote_escape = \"\\\\\""),
            Self::NoWideColumn { .. } => correct("wide"),
            Self::HeaderMissing(_) => correct("header"),
            Self::NoArray { .. } | Self::NotAList { .. } | Self::NotARecord { .. } | Self::NoArrayAt { .. } => {
                correct("records")
            }
            Self::SameBytes { .. } => {
                let taken = "take a column from their names by { file = '(.+)' }";
                format!("take one of them away; if they are of two customers or services, {taken} {TABLE}")
            }
            Self::NoSheet { .. } => correct("sheet"),
            Self::GzipTooBig { .. } | Self::WorkbookTooBig { .. } => correct("max_bytes"),
            Self::TooManyRows { .. } => correct("max_rows"),
            _ => return None,
        })
    }
}
