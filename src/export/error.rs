//! Why an export is refused. Nothing of a refused file is used.

use std::fmt;
use std::io;
use std::path::Path;
use std::path::PathBuf;

pub use crate::export::fault::Fault;
pub use crate::export::fault::Faults;
pub use crate::export::fault::Place;
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

    fn place(&self) -> Option<&Place> {
        match self {
            Self::Damaged { faults, .. } => faults.first.first().map(|fault| &fault.place),
            _ => None,
        }
    }
}

/// A path, escaped.
pub(in crate::export) struct Name<'a>(pub(in crate::export) &'a Path);

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
