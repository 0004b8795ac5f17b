//! What an export looks like: where it comes from, and how its rows become counts.

use std::fmt;
use std::path::PathBuf;

use regex::Regex;

use crate::export::count::duplicate_rows::Duplicates;
use crate::export::count::notation::Notation;
use crate::export::locate::link::Link;
use crate::export::locate::place::RemotePlace;

/// `[integration.NAME.export]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportSettings {
    /// Where it comes from.
    pub source: ExportLocation,
    /// How it is read: everything that a profile may hold.
    pub layout: Layout,
}

/// Where an export comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExportLocation {
    /// A pattern; its newest match is read. Already joined to the configuration's folder.
    Path(PathBuf),
    /// A pattern on another host: `s3://`, `az://`, `sftp://`.
    Place(Box<RemotePlace>),
    /// `path = "-"`.
    Stdin,
    /// `url` or `requests`, with what signs in.
    Url(Link),
}

/// How a file's rows are read: every key that does not say where the file is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// As declared; else the content tells.
    pub format: Option<Format>,
    /// As declared; a byte order mark decides, and UTF-8 is meant where neither says anything.
    pub encoding: Option<Encoding>,
    /// What stands between two cells of a CSV file, as declared; else a comma.
    pub delimiter: Option<u8>,
    /// How numbers in text are written. Numbers of JSON and of workbooks are numbers already.
    pub notation: Notation,
    /// Which sheet of a workbook; else the first.
    pub sheet: Option<Sheet>,
    /// The keys that lead to the array in a JSON document; none when the document is the array.
    pub records: Vec<String>,
    /// A cell of the header row; else the header is the first row that is not blank.
    pub header: Option<String>,
    /// The first row that passes this test, and every row after it, is no data.
    pub stop: Option<Test>,
    /// Whose row it is.
    pub customer: Column,
    /// Which counts a row holds.
    pub shape: Shape,
    /// What several counts of one customer and service mean.
    pub duplicates: Duplicates,
    /// Whether a row may be negative. A total may not.
    pub signed: bool,
    /// The file is whole although it looks like a part.
    pub whole: bool,
    /// A row is data only if it passes all of these.
    pub keep: Vec<Test>,
    /// A row that passes one of these is no data.
    pub drop: Vec<Test>,
    /// Bytes above which a file is refused, also after it is unpacked. Default 64 MiB.
    pub max_bytes: u64,
    /// Rows of data above which a file is refused. Default 1,000,000.
    pub max_rows: usize,
}

/// A kind of file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Cells with something between them.
    Csv,
    /// An Excel workbook.
    Xlsx,
    /// One JSON document with an array of objects.
    Json,
    /// One JSON object a line.
    Ndjson,
}

/// How letters are written as bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8.
    Utf8,
    /// UTF-16, little or big endian: by the byte order mark, else by where the zeros stand.
    Utf16,
    /// Windows' Western European code page.
    Windows1252,
    /// Latin 1. Means the same (WHATWG Encoding: a label of windows-1252): what calls itself Latin 1 is written by
    /// Windows.
    Iso8859_1,
}

/// A sheet of a workbook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sheet {
    /// By its name.
    Name(String),
    /// By its place, from 1.
    Number(usize),
}

/// Which counts a row holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shape {
    /// Of the service that it names.
    Long(Long),
    /// One in each of several columns, which are named like their services.
    Wide(Wide),
    /// Both; then a row that names no service counts in its wide columns only.
    Both(Long, Wide),
}

/// A row that names its service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Long {
    /// Holds the service.
    pub service: Column,
    /// What is counted.
    pub count: Count,
}

/// How rows of one customer and service become a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Count {
    /// Each row says a number, and perhaps what it counts.
    Column {
        /// Holds the number.
        count: Column,
        /// Names what is counted.
        item: Option<Column>,
    },
    /// Each row is one unit.
    Rows {
        /// Names it.
        item: Option<Column>,
    },
    /// Each item is one unit, however many rows name it.
    Distinct {
        /// Names it.
        item: Column,
    },
}

/// Columns that are services.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wide {
    /// Those of these names.
    Names(Vec<String>),
    /// All from this one on, counted from 1, but for those that mean something else.
    From(usize),
}

/// Where a value comes from, and what of it is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Column {
    /// The same for every row.
    Fixed(String),
    /// A cell.
    Named(NamedColumn),
}

/// A column of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedColumn {
    /// Its name in the header, in its one form.
    pub name: String,
    /// Cuts a cell into several values. Comes first.
    pub split: Option<String>,
    /// Takes the group, or the whole match, out of each value.
    pub matching: Option<Pattern>,
    /// Folds case. Comes last.
    pub lower: bool,
}

/// A question to one cell of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Test {
    /// The column's name, in its one form.
    pub column: String,
    /// The cell is one of these; `""` is an empty cell. In their one form.
    pub is: Vec<String>,
    /// The cell looks like one of these: `*` is any text, `?` any character; upper and lower case differ.
    pub like: Vec<Pattern>,
}

/// A regular expression that compares by its text.
#[derive(Debug, Clone)]
pub struct Pattern {
    /// As the operator wrote it.
    pub written: String,
    /// As it is tried.
    pub regex: Regex,
}

/// 64 MiB: a million rows of ordinary length. A larger file is the wrong file, and is not read into memory.
pub const MAX_BYTES: u64 = 64 * 1024 * 1024;
/// A million rows are the devices of the largest provider there is.
pub const MAX_ROWS: usize = 1_000_000;

impl Layout {
    /// The column that names what is counted, if there is one.
    pub fn item(&self) -> Option<&Column> {
        match &self.shape {
            Shape::Long(long) | Shape::Both(long, _) => match &long.count {
                Count::Column { item, .. } | Count::Rows { item } => item.as_ref(),
                Count::Distinct { item } => Some(item),
            },
            Shape::Wide(_) => None,
        }
    }
}

impl ExportSettings {
    /// The defaults of the contract for a file of one row for each customer and service.
    pub fn new(path: PathBuf, customer: &str, service: &str, count: &str) -> Self {
        let count = Count::Column { count: Column::named(count), item: None };
        let shape = Shape::Long(Long { service: Column::named(service), count });
        Self { source: ExportLocation::Path(path), layout: Layout::new(Column::named(customer), shape) }
    }
}

impl Layout {
    /// The defaults of the contract.
    pub fn new(customer: Column, shape: Shape) -> Self {
        let duplicates = shape.duplicates();
        Self {
            format: None,
            encoding: None,
            delimiter: None,
            notation: Notation::default(),
            sheet: None,
            records: Vec::new(),
            header: None,
            stop: None,
            customer,
            shape,
            duplicates,
            signed: false,
            whole: false,
            keep: Vec::new(),
            drop: Vec::new(),
            max_bytes: MAX_BYTES,
            max_rows: MAX_ROWS,
        }
    }

    /// The names of all columns that must be there, each once, in the order in which a person would look for them.
    pub fn columns(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        let tests = self.stop.iter().chain(&self.keep).chain(&self.drop).map(|test| test.column.as_str());
        let wide = match self.shape.wide() {
            Some(Wide::Names(names)) => names.as_slice(),
            _ => &[],
        };
        let own = self.shape.columns().into_iter().filter_map(Column::name);
        for name in self.customer.name().into_iter().chain(own).chain(wide.iter().map(String::as_str)).chain(tests) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }
}

impl Shape {
    /// The rows that name their service.
    pub fn long(&self) -> Option<&Long> {
        match self {
            Self::Long(long) | Self::Both(long, _) => Some(long),
            Self::Wide(_) => None,
        }
    }

    /// The columns that are services.
    pub fn wide(&self) -> Option<&Wide> {
        match self {
            Self::Wide(wide) | Self::Both(_, wide) => Some(wide),
            Self::Long(_) => None,
        }
    }

    /// What several counts of one customer and service mean where nothing is declared: rows that are units themselves
    /// add up, and counts that the vendor made are asked about, in a wide file as in its long form.
    pub fn duplicates(&self) -> Duplicates {
        match self.long().map(|long| &long.count) {
            Some(Count::Rows { .. } | Count::Distinct { .. }) => Duplicates::Sum,
            Some(Count::Column { .. }) | None => Duplicates::Error,
        }
    }

    fn columns(&self) -> Vec<&Column> {
        let Some(long) = self.long() else { return Vec::new() };
        [Some(&long.service), long.count.number(), long.count.item()].into_iter().flatten().collect()
    }
}

impl Count {
    /// The column that holds a number.
    pub fn number(&self) -> Option<&Column> {
        match self {
            Self::Column { count, .. } => Some(count),
            Self::Rows { .. } | Self::Distinct { .. } => None,
        }
    }

    /// The column that names what is counted.
    pub fn item(&self) -> Option<&Column> {
        match self {
            Self::Column { item, .. } | Self::Rows { item } => item.as_ref(),
            Self::Distinct { item } => Some(item),
        }
    }
}

impl Column {
    /// A column, taken as it is.
    pub fn named(name: &str) -> Self {
        Self::Named(NamedColumn { name: name.to_owned(), split: None, matching: None, lower: false })
    }

    /// Its name, where the file has to have it.
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Fixed(_) => None,
            Self::Named(named) => Some(&named.name),
        }
    }
}

impl Pattern {
    /// A regular expression.
    ///
    /// # Errors
    /// If it is none.
    pub fn regex(written: &str) -> Result<Self, regex::Error> {
        Ok(Self { written: written.to_owned(), regex: Regex::new(written)? })
    }

    /// A text in which `*` is any text and `?` any character. Everything else is meant as it stands, brackets too:
    /// products are called `Business [Annual]`.
    pub fn glob(written: &str) -> Self {
        let any = regex::escape(written).replace("\\*", ".*").replace("\\?", ".");
        let regex = Regex::new(&format!("(?s)\\A{any}\\z")).expect("an escaped text is a regular expression");
        Self { written: written.to_owned(), regex }
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.regex.as_str() == other.regex.as_str()
    }
}

impl Eq for Pattern {}

impl fmt::Display for Test {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let listed = |texts: Vec<&str>| texts.iter().map(|text| format!("{text:?}")).collect::<Vec<_>>().join(", ");
        let is = listed(self.is.iter().map(String::as_str).collect());
        let like = listed(self.like.iter().map(|pattern| pattern.written.as_str()).collect());
        write!(f, "{:?}", self.column)?;
        match (is.is_empty(), like.is_empty()) {
            (false, true) => write!(f, " is {is}"),
            (true, _) => write!(f, " like {like}"),
            (false, false) => write!(f, " is {is} or like {like}"),
        }
    }
}
