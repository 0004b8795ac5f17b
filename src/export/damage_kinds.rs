//! Everything that may be wrong with the bytes of an export, kind by kind, in words. Where it stands is said beside it, by
//! a [`Fault`](crate::export::damage_places::Fault).

use std::fmt;
use std::path::Path;

use crate::reconcile::model::display_text::{escaped, shown};

/// What is wrong with a file. Texts are escaped and cut already.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "its messages say it")]
pub enum Damage {
    #[error("it is {0}, which recount does not read; save it as a CSV file in UTF-8, or as .xlsx")]
    OtherKind(&'static str),
    #[error("it looks like UTF-16; save it as UTF-8")]
    Utf16,
    #[error("it is not UTF-8: byte 0x{byte:02x} at offset {offset}; save the file as UTF-8")]
    NotUtf8 { byte: u8, offset: usize },
    /// UTF-16 without a byte order mark, in a file of which nothing was declared.
    #[error("it looks like UTF-16 without a byte order mark; if it is, set encoding = \"utf-16\"")]
    Utf16Undeclared,
    /// Not UTF-8, in a file of which nothing was declared.
    #[error(
        "it is not UTF-8: byte 0x{byte:02x} at offset {offset}; if Windows wrote it, set encoding = \"windows-1252\", \
         else save it as UTF-8"
    )]
    Undeclared { byte: u8, offset: usize },
    #[error("it has no byte order mark, and its byte order is unknown; save it with a mark, or as UTF-8")]
    NoByteOrder,
    /// Bytes that mean nothing in the encoding that was declared, or that the byte order mark names.
    #[error("it is damaged, or not {encoding}: the bytes at offset {offset} stand for no letter there")]
    NotInEncoding { encoding: &'static str, offset: usize },
    #[error("its gzip is damaged or cut off: {why:?}")]
    Gzip { why: Shown },
    #[error("uncompressed it has more bytes than max_bytes = {max}")]
    GzipTooBig { max: u64 },
    #[error("it is not JSON: {why:?}")]
    NotJson { why: Shown },
    #[error("it is {kind} and no list of records: set records = to one of its lists; {present}")]
    NoArray { kind: &'static str, present: String },
    #[error("there is no list of records at {path:?}{}; {present}", DidYouMean(.meant))]
    NoArrayAt { path: Shown, meant: Option<Shown>, present: String },
    #[error("it holds no record; an export without rows is never taken for zero")]
    NoRecords,
    #[error("expected a record, an object, and found {kind}")]
    NotARecord { kind: &'static str },
    #[error("expected a list of records, and found {kind}")]
    NotAList { kind: &'static str },
    #[error("{other:?} of the same delivery has the same bytes, and both would count")]
    SameBytes { other: Shown },
    #[error("the key {name:?} appears twice")]
    KeyDoubled { name: Shown },
    #[error("it has objects inside objects, more than {max} deep")]
    TooDeep { max: usize },
    #[error("it is not a complete workbook: {why:?}")]
    Workbook { why: Shown },
    #[error("unpacked it is far longer than max_bytes = {max}")]
    WorkbookTooBig { max: u64 },
    #[error("there is no sheet {wanted:?}{}; the sheets are {present}", DidYouMean(.meant))]
    NoSheet { wanted: Shown, meant: Option<Shown>, present: String },
    #[error("the sheet's row {row} follows it")]
    RowsOutOfOrder { row: u32 },
    #[error("the row's cells are not in order")]
    CellsOutOfOrder,
    #[error("it holds a NUL byte at offset {offset}, so it is damaged")]
    Nul { offset: usize },
    #[error("it is empty")]
    Empty,
    #[error("no row holds the cell {0:?}, by which the header is found")]
    HeaderMissing(Shown),
    #[error("it holds only a header; an export without rows is never taken for zero")]
    HeaderOnly,
    #[error("it holds only a header; an export without rows is never taken for zero")]
    PartHeaderOnly,
    /// A title stands above the header, and no `header` was declared.
    #[error("the header is not the first row: the columns stand on line {line}")]
    HeaderBelow {
        line: u64,
        /// A cell that the header can be known by: a configured column.
        cell: String,
    },
    #[error("it begins with Excel's line that names the separator, and the header stands below it")]
    SeparatorLine {
        /// What it names, unless that is what is read by already.
        delimiter: Option<&'static str>,
        /// A cell that the header can be known by: a configured column.
        cell: String,
    },
    #[error("there is no column {wanted:?}{}{}", DidYouMean(.meant), Columns(.present))]
    ColumnMissing {
        wanted: Shown,
        meant: Option<Shown>,
        /// The columns there are; nothing where they were listed before.
        present: Box<str>,
        key: &'static str,
    },
    /// The whole header is one cell, with another delimiter in it.
    #[error("the header is one cell, {text:?}: set delimiter = {delimiter:?}")]
    OtherDelimiter { delimiter: &'static str, text: Shown },
    #[error("{delimiter:?} follows a closing quote, in {text:?}: set delimiter = {delimiter:?}")]
    QuotedOtherwise { delimiter: &'static str, text: Shown },
    #[error("the column {name:?} appears {times} times")]
    ColumnDoubled { name: Shown, times: usize, key: &'static str },
    /// `wide = { from = … }` begins behind the last column.
    #[error("wide begins at column {first}, and none of the {found} columns from there on is left for a service")]
    NoWideColumn { first: usize, found: usize },
    /// A column that goes by its number or by its place among others of its name, and is not there.
    #[error("there is no {what}: {why}")]
    NoSuchColumn { what: String, why: String },
    #[error("it is not XML: {why:?}")]
    NotXml { why: Shown },
    /// XML that can make other text of itself, or name other files.
    #[error("it has {what}, which no export needs and recount does not follow")]
    XmlBeyond { what: &'static str },
    #[error("it is not a whole zip archive: {why:?}")]
    Zip { why: Shown },
    #[error("{found} of the archive's files {wanted}; it holds {present}")]
    Member {
        found: Box<str>,
        wanted: Box<str>,
        present: Box<str>,
        /// What to set so that it is read.
        keys: Box<str>,
    },
    #[error("none of its sheets has the columns")]
    NoSheetFits,
    /// Only rows of the newest date count, and there is none.
    #[error("no row that is read has a date in the column {column:?}")]
    NoDates { column: Shown },
    #[error("it has {found} columns, more than {max}")]
    TooManyColumns { found: usize, max: usize },
    #[error("it has more rows than max_rows = {max}")]
    TooManyRows { max: usize },
    #[error("a cell of {bytes} bytes, more than {max}, begins with {text:?}")]
    CellTooLong { bytes: usize, max: usize, text: Shown },
    #[error("expected {expected} cells as in the header, found {found}: {text:?}")]
    Ragged { expected: usize, found: usize, text: Shown },
    #[error("a quote opens here and is never closed: {text:?}")]
    OpenQuote { text: Shown },
    #[error("text follows a closing quote: {text:?}")]
    TextAfterQuote { text: Shown },
}

/// Text of a file, escaped and cut by [`crate::reconcile::model::display_text::shown`]; its `Debug` adds only the quotation marks.
#[derive(Clone, PartialEq, Eq)]
pub struct Shown(String);

impl Shown {
    /// As it is shown.
    pub fn text(&self) -> &str {
        &self.0
    }

    /// Escapes and cuts.
    pub fn of(text: &str) -> Self {
        Self(shown(text))
    }
}

impl fmt::Debug for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", self.0)
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

struct Columns<'a>(&'a str);

impl fmt::Display for Columns<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() { Ok(()) } else { write!(f, "; the columns are {}", self.0) }
    }
}

/// A path, escaped.
pub(in crate::export) struct Name<'a>(pub(in crate::export) &'a Path);

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&escaped(&self.0.to_string_lossy()))
    }
}
