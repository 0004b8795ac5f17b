//! Why an export is refused. Nothing of a refused file is used.

use std::fmt;
use std::io;
use std::ops::Range;
use std::path::Path;
use std::path::PathBuf;

pub use crate::export::damage::Damage;
pub use crate::export::damage::Shown;
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
