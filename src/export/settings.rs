//! What an export looks like: where it comes from, and how its rows become counts.

use std::path::PathBuf;
use std::time::Duration;

use crate::export::column::{Column, CountMark, DerivedColumn, NamedColumn};
use crate::export::count::duplicate_rows::Duplicates;
use crate::export::count::number_notation::Notation;
use crate::export::locate::link_settings::Link;
use crate::export::locate::place_settings::RemotePlace;
use crate::export::row_condition::RowCondition;
use crate::export::text_pattern::Pattern;

/// `[integration.NAME.export]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportSettings {
    /// Where it comes from.
    pub source: ExportLocation,
    /// Which files of a pattern are tonight's.
    pub files: Files,
    /// How it is read: everything that a profile may hold.
    pub layout: Layout,
    /// The folder of the files that people kept on the desk: candidates like those of the pattern.
    pub kept: Option<PathBuf>,
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

/// How long a vendor takes to deliver one night's files, unless that is declared.
pub const DELIVERY: Duration = Duration::from_secs(3600);

/// Which files of a pattern are one export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Files {
    /// The newest.
    Newest,
    /// Every one that is at most so much older than the newest.
    All {
        /// How long a vendor takes to deliver one night's files.
        delivery: Duration,
        /// How many there have to be, where that is declared.
        expected: Option<usize>,
    },
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
    /// Stands before a quote that is text, in a CSV file that does not double it.
    pub quote_escape: Option<u8>,
    /// Which sheet of a workbook; else the first.
    pub sheet: Option<Sheet>,
    /// Which file of a zip archive; else the only one.
    pub member: Option<Pattern>,
    /// Whether several files of one archive are read as one export, as `files = "all"` says.
    pub all_members: bool,
    /// The keys that lead to the records of a JSON or XML document, each perhaps with `[]` (each of the list) or `{}`
    /// (each by its key) behind it; none when the document is the array.
    pub records: Vec<String>,
    /// What names the columns.
    pub header: HeaderRow,
    /// Columns whose blank cells take the value above, the outer ones first.
    pub fill_down: Vec<String>,
    /// Only rows of this column's newest date count.
    pub latest: Option<Latest>,
    /// The first row that passes this test, and every row after it, is no data.
    pub stop: Option<RowCondition>,
    /// Whose row it is.
    pub customer: Column,
    /// Which counts a row holds.
    pub shape: Shape,
    /// Which cells of the wide columns are one unit each; else they hold numbers.
    pub wide_mark: Option<CountMark>,
    /// What a cell of the wide columns says that holds nothing, beside a blank one; in their one form.
    pub wide_blank: Vec<String>,
    /// What several counts of one customer and service mean.
    pub duplicates: Duplicates,
    /// Whether a row may be negative. A total may not.
    pub signed: bool,
    /// The file is whole although it looks like a part.
    pub whole: bool,
    /// A row is data only if it passes all of these.
    pub keep: Vec<RowCondition>,
    /// A row that passes one of these is no data.
    pub drop: Vec<RowCondition>,
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
    /// Elements of an XML document.
    Xml,
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
    /// Every one that is not hidden, all of them one export.
    All,
}

/// What names the columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HeaderRow {
    /// The first row that is not blank.
    First,
    /// The first row with this cell.
    Cell(String),
    /// Nothing: the first row is data already, and columns go by their number.
    Absent,
    /// So many rows from the first that is not blank, or that has a cell, joined column by column.
    Joined {
        /// What the first of them has.
        cell: Option<String>,
        /// How many.
        rows: usize,
        /// What stands between their texts.
        join: String,
    },
}

/// Only rows of the newest day or month of a column count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Latest {
    /// The column, in its one form.
    pub column: String,
    /// How its dates are written (chrono's strftime); else ISO 8601, days or months.
    pub format: Option<String>,
}

/// Which counts a row holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shape {
    /// Of the service that it names.
    Long(LongLayout),
    /// One in each of several columns, which are named like their services.
    Wide(WideLayout),
    /// Both; then a row that names no service counts in its wide columns only.
    Both(LongLayout, WideLayout),
}

/// A row that names its service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LongLayout {
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
pub enum WideLayout {
    /// Those of these names.
    Names(Vec<String>),
    /// All from this one on, counted from 1, but for those that mean something else.
    From(usize),
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
        let shape = Shape::Long(LongLayout { service: Column::named(service), count });
        Self {
            source: ExportLocation::Path(path),
            files: Files::Newest,
            layout: Layout::new(Column::named(customer), shape),
            kept: None,
        }
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
            quote_escape: None,
            sheet: None,
            member: None,
            all_members: false,
            records: Vec::new(),
            header: HeaderRow::First,
            fill_down: Vec::new(),
            latest: None,
            stop: None,
            customer,
            shape,
            wide_mark: None,
            wide_blank: Vec::new(),
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
            Some(WideLayout::Names(names)) => names.as_slice(),
            _ => &[],
        };
        let own = self.read_columns().into_iter().flat_map(Column::names);
        let latest = self.latest.iter().map(|latest| latest.column.as_str());
        let other = wide.iter().chain(&self.fill_down).map(String::as_str);
        for name in own.chain(other).chain(latest).chain(tests) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }

    /// Every column that the file does not have by a name of its own, each once.
    pub fn made(&self) -> Vec<(&str, &DerivedColumn)> {
        let mut made: Vec<(&str, &DerivedColumn)> = Vec::new();
        for column in self.read_columns() {
            if let Column::Named(NamedColumn { name, made: Some(of), .. }) = column
                && !made.iter().any(|(known, _)| known == name)
            {
                made.push((name, of));
            }
        }
        made
    }

    /// What is looked for in a file's name, if any column is taken from it.
    pub fn file_names(&self) -> Option<Vec<&Pattern>> {
        let is_of_it = |named: &&NamedColumn| named.made == Some(DerivedColumn::FileName);
        let named = self.read_columns().into_iter().filter_map(|column| match column {
            Column::Named(named) => Some(named),
            Column::Fixed(_) => None,
        });
        let of_it: Vec<&NamedColumn> = named.filter(is_of_it).collect();
        (!of_it.is_empty()).then(|| of_it.iter().filter_map(|named| named.matching.as_ref()).collect())
    }

    fn read_columns(&self) -> Vec<&Column> {
        std::iter::once(&self.customer).chain(self.shape.columns()).collect()
    }
}

impl Shape {
    /// The rows that name their service.
    pub fn long(&self) -> Option<&LongLayout> {
        match self {
            Self::Long(long) | Self::Both(long, _) => Some(long),
            Self::Wide(_) => None,
        }
    }

    /// The columns that are services.
    pub fn wide(&self) -> Option<&WideLayout> {
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
            Some(Count::Column { count: Column::Named(NamedColumn { mark: Some(_), .. }), .. }) => Duplicates::Sum,
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
