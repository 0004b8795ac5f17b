//! Everything that may be wrong with the bytes of an export, kind by kind, in words. Where it stands is said beside it, by
//! a [`Fault`](crate::export::damage_places::Fault).

use std::fmt;
use std::path::Path;

use crate::reconcile::model::display_text::{escaped, shown};

/// What is wrong with a file. Texts are escaped and cut already.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// It is no text file.
    #[error("it is {0}, which recount does not read; save it as a CSV file in UTF-8, or as .xlsx")]
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
    #[error("it has no byte order mark, and its byte order is unknown; save it with a mark, or as UTF-8")]
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
    #[error("it is not JSON: {why:?}")]
    NotJson {
        /// What the parser says.
        why: Shown,
    },
    /// JSON, but no list.
    #[error("it is {kind} and no list of records: set records = to one of its lists; {present}")]
    NoArray {
        /// What it is, with its article.
        kind: &'static str,
        /// Where there are lists, in words.
        present: String,
    },
    /// Nothing at `records`, or no list.
    #[error("there is no list of records at {path:?}{}; {present}", DidYouMean(.meant))]
    NoArrayAt {
        /// As configured.
        path: Shown,
        /// The list that looks like it.
        meant: Option<Shown>,
        /// Where there are lists, in words.
        present: String,
    },
    /// An empty list.
    #[error("it holds no record; an export without rows is never taken for zero")]
    NoRecords,
    /// Something in the list that is no object.
    #[error("expected a record, an object, and found {kind}")]
    NotARecord {
        /// What it is, with its article.
        kind: &'static str,
    },
    /// Another thing where a list ought to be.
    #[error("expected a list of records, and found {kind}")]
    NotAList {
        /// What it is, with its article.
        kind: &'static str,
    },
    /// Two files of one delivery with the same bytes.
    #[error("{other:?} of the same delivery has the same bytes, and both would count")]
    SameBytes {
        /// The other one.
        other: Shown,
    },
    /// One of them is wrong.
    #[error("the key {name:?} appears twice")]
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
    #[error("it is not a complete workbook: {why:?}")]
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
    #[error("no row holds the cell {0:?}, by which the header is found")]
    HeaderMissing(Shown),
    /// A header and no row of data.
    #[error("it holds only a header; an export without rows is never taken for zero")]
    HeaderOnly,
    /// The same of one file or sheet of several.
    #[error("it holds only a header; an export without rows is never taken for zero")]
    PartHeaderOnly,
    /// A title stands above the header, and no `header` was declared.
    #[error("the header is not the first row: the columns stand on line {line}")]
    HeaderBelow {
        /// Where they stand.
        line: u64,
        /// A cell that the header can be known by: a configured column.
        cell: String,
    },
    /// `sep=;`, which Excel reads, and does not show.
    #[error("it begins with Excel's line that names the separator, and the header stands below it")]
    SeparatorLine {
        /// What it names, unless that is what is read by already.
        delimiter: Option<&'static str>,
        /// A cell that the header can be known by: a configured column.
        cell: String,
    },
    /// A needed column is not there.
    #[error("there is no column {wanted:?}{}{}", DidYouMean(.meant), Columns(.present))]
    ColumnMissing {
        /// As configured.
        wanted: Shown,
        /// The column that looks like it.
        meant: Option<Shown>,
        /// The columns there are; nothing where they were listed before.
        present: Box<str>,
        /// The key that names it.
        key: &'static str,
    },
    /// The whole header is one cell, with another delimiter in it.
    #[error("the header is one cell, {text:?}: set delimiter = {delimiter:?}")]
    OtherDelimiter {
        /// The one that is probably meant.
        delimiter: &'static str,
        /// The header.
        text: Shown,
    },
    /// The same with quotes around its cells.
    #[error("{delimiter:?} follows a closing quote, in {text:?}: set delimiter = {delimiter:?}")]
    QuotedOtherwise {
        /// The one that is probably meant.
        delimiter: &'static str,
        /// The row.
        text: Shown,
    },
    /// A needed column is there twice.
    #[error("the column {name:?} appears {times} times")]
    ColumnDoubled {
        /// Its name.
        name: Shown,
        /// How often.
        times: usize,
        /// The key that names it.
        key: &'static str,
    },
    /// `wide = { from = … }` begins behind the last column.
    #[error("wide begins at column {first}, and none of the {found} columns from there on is left for a service")]
    NoWideColumn {
        /// As configured, from 1.
        first: usize,
        /// How many columns there are.
        found: usize,
    },
    /// A column that goes by its number or by its place among others of its name, and is not there.
    #[error("there is no {what}: {why}")]
    NoSuchColumn {
        /// The column in words.
        what: String,
        /// How many there are.
        why: String,
    },
    /// XML that is none.
    #[error("it is not XML: {why:?}")]
    NotXml {
        /// What the parser says.
        why: Shown,
    },
    /// XML that can make other text of itself, or name other files.
    #[error("it has {what}, which no export needs and recount does not follow")]
    XmlBeyond {
        /// What, with its article.
        what: &'static str,
    },
    /// A zip archive that is none.
    #[error("it is not a whole zip archive: {why:?}")]
    Zip {
        /// What its reader says.
        why: Shown,
    },
    /// No file of the archive, or several.
    #[error("{found} of the archive's files {wanted}; it holds {present}")]
    Member {
        /// `none`, or how many.
        found: Box<str>,
        /// What is asked for.
        wanted: Box<str>,
        /// Its files.
        present: Box<str>,
        /// What to set so that it is read.
        keys: Box<str>,
    },
    /// None of several sheets has the columns.
    #[error("none of its sheets has the columns")]
    NoSheetFits,
    /// Only rows of the newest date count, and there is none.
    #[error("no row of the column {column:?} has a date")]
    NoDates {
        /// The column.
        column: Shown,
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
