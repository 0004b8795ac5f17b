//! Why an export is refused. Nothing of a refused file is used.

use std::fmt;
use std::io;
use std::ops::Range;
use std::path::Path;
use std::path::PathBuf;

use crate::export::fetch::FetchError;
use crate::reconcile::mark::Mark;
use crate::reconcile::shown::escaped;

/// An export that is refused. `Display` is one line, and safe to print whatever the file holds.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The pattern is none.
    #[error("the export's pattern {} is not valid", Name(.path))]
    Pattern {
        /// The pattern.
        path: PathBuf,
        /// Why.
        source: glob::PatternError,
    },
    /// Nothing matches.
    #[error("there is no export: no regular file matches {} in {}", Name(.path), Name(.folder))]
    NoMatch {
        /// The pattern.
        path: PathBuf,
        /// The folder that was looked into.
        folder: PathBuf,
    },
    /// A folder could not be listed. A folder that cannot be read is not an empty one.
    #[error("cannot look for the export in {}", Name(.path))]
    List {
        /// What could not be listed.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It could not be opened.
    #[error("cannot open the export {}", Name(.path))]
    Open {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It could not be read.
    #[error("cannot read the export {}", Name(.path))]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A pipe, a device, a folder or a link.
    #[error("the export {} is {kind}, and only a regular file is read", Name(.path))]
    NotAFile {
        /// What it was called.
        path: PathBuf,
        /// What it is, with its article.
        kind: &'static str,
    },
    /// A report link that gave no file.
    #[error("the export {} was not fetched: {why}", Name(.path))]
    Fetch {
        /// The link, without its query.
        path: PathBuf,
        /// Why.
        why: FetchError,
    },
    /// Larger than `max_bytes`.
    #[error("the export {} has {bytes} bytes, more than max_bytes = {max}", Name(.path))]
    TooBig {
        /// The file.
        path: PathBuf,
        /// Its size.
        bytes: u64,
        /// The limit.
        max: u64,
    },
    /// Its size or time changed.
    #[error("the export {} was still being written while it was read", Name(.path))]
    StillWritten {
        /// The file.
        path: PathBuf,
    },
    /// What it holds is damaged, or not what was configured.
    #[error("the export {}{faults}", Name(.path))]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it, and where.
        faults: Box<Faults>,
    },
}

/// Where in a file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Place {
    /// The physical line, from 1.
    pub line: Option<u64>,
    /// The column in words: by its name where that is known (`column Quantity`), else by number.
    pub column: Option<String>,
}

/// Everything that was found wrong with one file. Never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Faults {
    /// The first of them, in the file's order; at most [`Faults::KEPT`].
    pub first: Vec<Fault>,
    /// How many others there are.
    pub more: usize,
}

/// One thing that is wrong with a file, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Where.
    pub place: Place,
    /// What.
    pub damage: Box<Damage>,
    /// The cell of its row, from 0, while its name is not known.
    pub(in crate::export) cell: Option<usize>,
    /// The line with the text at fault.
    pub mark: Option<Mark>,
}

/// What is wrong with a file. Texts are escaped and cut already.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// It is no text file.
    #[error("it is {0}; save it as a CSV file in UTF-8")]
    OtherKind(&'static str),
    /// UTF-16.
    #[error("it looks like UTF-16; save it as UTF-8")]
    Utf16,
    /// Another encoding, or damage.
    #[error("it is not UTF-8: byte 0x{byte:02x} at offset {offset}; save the file as UTF-8")]
    NotUtf8 {
        /// The byte.
        byte: u8,
        /// Where it stands, from 0.
        offset: usize,
    },
    /// UTF-16 without a byte order mark, in a file of which nothing was declared.
    #[error("it looks like UTF-16 without a byte order mark; if it is, set encoding = \"utf-16\"")]
    Utf16Undeclared,
    /// Not UTF-8, in a file of which nothing was declared.
    #[error(
        "it is not UTF-8: byte 0x{byte:02x} at offset {offset}; if Windows wrote it, set encoding = \"windows-1252\", \
         else save it as UTF-8"
    )]
    Undeclared {
        /// The byte.
        byte: u8,
        /// Where it stands, from 0.
        offset: usize,
    },
    /// UTF-16 whose byte order shows nowhere.
    #[error("it has no byte order mark, and nothing in it tells its byte order; save it with a mark, or as UTF-8")]
    NoByteOrder,
    /// Bytes that mean nothing in the encoding that was declared, or that the byte order mark names.
    #[error("it is damaged, or not {encoding}: the bytes at offset {offset} stand for no letter there")]
    NotInEncoding {
        /// The encoding.
        encoding: &'static str,
        /// Where they stand, from 0.
        offset: usize,
    },
    /// A gzip that does not come to its end.
    #[error("its gzip is damaged or cut off: {why:?}")]
    Gzip {
        /// What the decompression says.
        why: Shown,
    },
    /// A gzip bomb, or a very long file.
    #[error("uncompressed it has more bytes than max_bytes = {max}")]
    GzipTooBig {
        /// The limit.
        max: u64,
    },
    /// A JSON text that is none.
    #[error("it is no JSON: {why:?}")]
    NotJson {
        /// What the parser says.
        why: Shown,
    },
    /// JSON, but no list.
    #[error(
        "it is {kind} and no list of records: set records = to one of its lists; there are lists of records {present}"
    )]
    NoArray {
        /// What it is, with its article.
        kind: &'static str,
        /// Where there are lists.
        present: String,
    },
    /// Nothing at `records`, or no list.
    #[error("there is no list of records at {path:?}{}; there are lists of records {present}", DidYouMean(.meant))]
    NoArrayAt {
        /// As configured.
        path: Shown,
        /// The list that looks like it.
        meant: Option<Shown>,
        /// Where there are lists.
        present: String,
    },
    /// An empty list.
    #[error("it holds no record; an export without rows says nothing about anybody")]
    NoRecords,
    /// Something in the list that is no object.
    #[error("expected a record, an object, and found {kind}")]
    NotARecord {
        /// What it is, with its article.
        kind: &'static str,
    },
    /// One of them is wrong.
    #[error("the key {name:?} stands there twice, and only one can be meant")]
    KeyDoubled {
        /// The key.
        name: Shown,
    },
    /// Nested beyond any export.
    #[error("it has objects inside objects, more than {max} deep")]
    TooDeep {
        /// The limit.
        max: usize,
    },
    /// A workbook that is none, or damaged.
    #[error("it is no whole workbook: {why:?}")]
    Workbook {
        /// What its reader says.
        why: Shown,
    },
    /// A zip bomb, or a very long workbook.
    #[error("unpacked it is far longer than max_bytes = {max}")]
    WorkbookTooBig {
        /// The limit.
        max: u64,
    },
    /// The sheet is not there.
    #[error("there is no sheet {wanted:?}{}; the sheets are {present}", DidYouMean(.meant))]
    NoSheet {
        /// As configured.
        wanted: Shown,
        /// The sheet that looks like it.
        meant: Option<Shown>,
        /// The sheets there are.
        present: String,
    },
    /// Nobody but a damaged or hostile writer does that.
    #[error("the sheet's row {row} follows it")]
    RowsOutOfOrder {
        /// The row, from 1.
        row: u32,
    },
    /// Nobody but a damaged or hostile writer does that.
    #[error("the row's cells are not in order")]
    CellsOutOfOrder,
    /// A NUL byte.
    #[error("it holds a NUL byte at offset {offset}, so it is damaged")]
    Nul {
        /// Where it stands, from 0.
        offset: usize,
    },
    /// Nothing, or only blanks.
    #[error("it is empty")]
    Empty,
    /// No row holds the cell that the header has.
    #[error("no row holds the cell {0:?}, which the header is known by")]
    HeaderMissing(Shown),
    /// A header and no row of data.
    #[error("it holds only a header; an export without rows says nothing about anybody")]
    HeaderOnly,
    /// A needed column is not there.
    #[error("there is no column {wanted:?}{}{}", DidYouMean(.meant), Columns(.present))]
    ColumnMissing {
        /// As configured.
        wanted: Shown,
        /// The column that looks like it.
        meant: Option<Shown>,
        /// The columns there are; nothing where they were listed before.
        present: String,
    },
    /// The whole header is one cell, with another delimiter in it.
    #[error("the header is one cell, {text:?}: set delimiter = {delimiter:?}")]
    OtherDelimiter {
        /// The one that is probably meant.
        delimiter: &'static str,
        /// The header.
        text: Shown,
    },
    /// A needed column is there twice.
    #[error("the column {name:?} stands there {times} times, and only one can be meant")]
    ColumnDoubled {
        /// Its name.
        name: Shown,
        /// How often.
        times: usize,
    },
    /// `wide = { from = … }` begins behind the last column.
    #[error("wide begins at column {first}, and none of the {found} columns from there on is left for a service")]
    NoWideColumn {
        /// As configured, from 1.
        first: usize,
        /// How many columns there are.
        found: usize,
    },
    /// More columns than any export has.
    #[error("it has {found} columns, more than {max}")]
    TooManyColumns {
        /// How many.
        found: usize,
        /// The limit.
        max: usize,
    },
    /// More rows than `max_rows`.
    #[error("it has more rows than max_rows = {max}")]
    TooManyRows {
        /// The limit.
        max: usize,
    },
    /// A cell beyond any name.
    #[error("a cell of {bytes} bytes, more than {max}, begins with {text:?}")]
    CellTooLong {
        /// Its length.
        bytes: usize,
        /// The limit.
        max: usize,
        /// Its beginning.
        text: Shown,
    },
    /// Cells too few or too many.
    #[error("expected {expected} cells as in the header, found {found}: {text:?}")]
    Ragged {
        /// The header's.
        expected: usize,
        /// The row's.
        found: usize,
        /// The row.
        text: Shown,
    },
    /// A quoted cell that nothing closes.
    #[error("a quote opens here and is never closed: {text:?}")]
    OpenQuote {
        /// From the quote on.
        text: Shown,
    },
    /// A closing quote that closes nothing.
    #[error("text follows a closing quote: {text:?}")]
    TextAfterQuote {
        /// What follows.
        text: Shown,
    },
}

/// Text of a file, escaped and cut by [`crate::reconcile::shown::shown`]; its `Debug` adds only the quotation marks.
#[derive(Clone, PartialEq, Eq)]
pub struct Shown(String);

impl Shown {
    /// Escapes and cuts.
    pub fn of(text: &str) -> Self {
        Self(crate::reconcile::shown::shown(text))
    }
}

impl fmt::Debug for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", self.0)
    }
}

impl Place {
    /// The file as a whole.
    pub const NOWHERE: Place = Place { line: None, column: None };
}

impl ExportError {
    /// The file or the pattern.
    pub fn path(&self) -> &Path {
        match self {
            Self::Pattern { path, .. }
            | Self::NoMatch { path, .. }
            | Self::List { path, .. }
            | Self::Open { path, .. }
            | Self::Read { path, .. }
            | Self::NotAFile { path, .. }
            | Self::Fetch { path, .. }
            | Self::TooBig { path, .. }
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

    /// What to write into the export's table of recount.toml, where that is likely to be all that is wrong.
    pub fn remedy(&self) -> Option<String> {
        let Self::Damaged { faults, .. } = self else { return None };
        let key = faults.first.iter().find_map(|fault| match &*fault.damage {
            Damage::OtherDelimiter { delimiter, .. } => Some(format!("delimiter = {delimiter:?}")),
            Damage::Utf16Undeclared => Some("encoding = \"utf-16\"".to_owned()),
            Damage::Undeclared { .. } => Some("encoding = \"windows-1252\"".to_owned()),
            _ => None,
        })?;
        Some(format!("if that is how the vendor writes it, set {key} in the export's table of recount.toml"))
    }

    fn place(&self) -> Option<&Place> {
        match self {
            Self::Damaged { faults, .. } => faults.first.first().map(|fault| &fault.place),
            _ => None,
        }
    }
}

impl Faults {
    /// How many are kept: enough to see a pattern, and to mend a few by hand.
    pub const KEPT: usize = 20;
    /// How many are said in one line.
    const SAID: usize = 3;

    pub(in crate::export) fn none() -> Self {
        Self { first: Vec::new(), more: 0 }
    }

    pub(in crate::export) fn is_empty(&self) -> bool {
        self.first.is_empty()
    }

    pub(in crate::export) fn push(&mut self, fault: impl FnOnce() -> Fault) {
        if self.first.len() < Self::KEPT { self.first.push(fault()) } else { self.more += 1 }
    }

    fn diagnosis(&self, path: &Path) -> String {
        use fmt::Write as _;
        let mut text = String::new();
        for fault in &self.first {
            let _ = writeln!(text, "{}{}: {}", Name(path), fault.place, fault.damage);
            if let (Some(line), Some(mark)) = (fault.place.line, &fault.mark) {
                text.push_str(&mark.drawn(line));
            }
        }
        if self.more > 0 {
            let _ = writeln!(text, "and {} more", self.more);
        }
        text
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, fault) in self.first.iter().take(Self::SAID).enumerate() {
            let before = if number > 0 { ";" } else { "" };
            let place = fault.place.to_string();
            let place = if number > 0 { place.trim_start_matches(',') } else { &place };
            write!(f, "{before}{place}: {}", fault.damage)?;
        }
        match self.first.len().saturating_sub(Self::SAID) + self.more {
            0 => Ok(()),
            more => write!(f, "; and {more} more"),
        }
    }
}

impl Fault {
    /// A fault of the file as a whole.
    pub(in crate::export) fn new(damage: Damage) -> Self {
        Self { place: Place::NOWHERE, damage: Box::new(damage), cell: None, mark: None }
    }

    /// The line it stands on, from 1.
    pub(in crate::export) fn on_line(mut self, line: u64) -> Self {
        self.place.line = Some(line);
        self
    }

    /// The column it stands in, by its place in the row, from 0.
    pub(in crate::export) fn in_cell(mut self, cell: usize) -> Self {
        self.cell = Some(cell);
        self
    }

    /// The text of its line, and the bytes of it that are at fault.
    pub(in crate::export) fn marked(mut self, line: &str, at: Range<usize>) -> Self {
        self.mark = Some(Mark::of(line, at));
        self
    }

    /// With its column in words.
    pub(in crate::export) fn named(mut self, column: impl FnOnce(usize) -> String) -> Self {
        if let (None, Some(cell)) = (&self.place.column, self.cell) {
            self.place.column = Some(column(cell));
        }
        self
    }
}

impl From<Fault> for Faults {
    fn from(fault: Fault) -> Self {
        Self { first: vec![fault], more: 0 }
    }
}

impl From<(Place, Damage)> for Fault {
    fn from((place, damage): (Place, Damage)) -> Self {
        Self { place, ..Self::new(damage) }
    }
}

impl From<(Place, Damage)> for Faults {
    fn from(fault: (Place, Damage)) -> Self {
        Fault::from(fault).into()
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(f, ", line {line}")?;
        }
        if let Some(column) = &self.column {
            write!(f, ", {column}")?;
        }
        Ok(())
    }
}

/// A path, escaped.
struct Name<'a>(&'a Path);

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&escaped(&self.0.to_string_lossy()))
    }
}

struct Columns<'a>(&'a str);

impl fmt::Display for Columns<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() { Ok(()) } else { write!(f, "; the columns are {}", self.0) }
    }
}

struct DidYouMean<'a>(&'a Option<Shown>);

impl fmt::Display for DidYouMean<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(name) => write!(f, " (did you mean {name:?}?)"),
            None => Ok(()),
        }
    }
}
