//! Where a value of a row comes from, and what is asked of a cell.

use std::fmt;

use regex::Regex;

use crate::export::count::count_parser::Units;

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
    /// What it is made of, where no column of the file has its name.
    pub made: Option<DerivedColumn>,
    /// Which of its cells are one unit each, where it is a count; else they hold numbers.
    pub mark: Option<CountMark>,
}

/// What a column that the file does not have by a name of its own is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DerivedColumn {
    /// The file's name.
    FileName,
    /// The sheet's name.
    SheetName,
    /// The column at this place, from 1.
    Number(usize),
    /// The so many-th column of this name, from 1.
    Nth(String, usize),
    /// Several columns, in their order; blank cells are left out.
    Joined {
        /// Their names.
        columns: Vec<String>,
        /// What stands between them.
        join: String,
    },
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
    /// The cell is a number, and between these.
    pub range: Option<Range>,
}

/// Numbers that are not too small and not too large.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Range {
    /// `at_least`.
    pub least: Option<Units>,
    /// `at_most`.
    pub most: Option<Units>,
}

/// A regular expression that compares by its text.
#[derive(Debug, Clone)]
pub struct Pattern {
    /// As the operator wrote it.
    pub written: String,
    /// As it is tried.
    pub regex: Regex,
}

/// Which cells are one unit each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CountMark {
    /// Every one that is not blank.
    Present,
    /// Those that say one of these, in their one form.
    Is(Vec<String>),
}

impl Column {
    /// A column, taken as it is.
    pub fn named(name: &str) -> Self {
        Self::Named(NamedColumn {
            name: name.to_owned(),
            split: None,
            matching: None,
            lower: false,
            made: None,
            mark: None,
        })
    }

    /// The names that the file has to have for it.
    pub fn names(&self) -> Vec<&str> {
        match self {
            Self::Fixed(_) => Vec::new(),
            Self::Named(named) => match &named.made {
                None => vec![&named.name],
                Some(DerivedColumn::Nth(name, _)) => vec![name],
                Some(DerivedColumn::Joined { columns, .. }) => columns.iter().map(String::as_str).collect(),
                Some(DerivedColumn::FileName | DerivedColumn::SheetName | DerivedColumn::Number(_)) => Vec::new(),
            },
        }
    }
}

impl Pattern {
    /// A regular expression.
    pub fn regex(written: &str) -> Result<Self, regex::Error> {
        Ok(Self { written: written.to_owned(), regex: Regex::new(written)? })
    }

    /// A text in which `*` is any text and `?` any character. Everything else is meant as it stands, brackets too:
    /// products are called `Business [Annual]`.
    pub fn glob(written: &str) -> Self {
        Self::globbed(written, "(?s)")
    }

    /// The same for a file's name, where `.CSV` is `.csv`.
    pub fn file_glob(written: &str) -> Self {
        Self::globbed(written, "(?si)")
    }

    fn globbed(written: &str, flags: &str) -> Self {
        let any = regex::escape(written).replace("\\*", ".*").replace("\\?", ".");
        let regex = Regex::new(&format!("{flags}\\A{any}\\z")).expect("an escaped text is a regular expression");
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
        let range = self.range.as_ref();
        let bound = |word: &str, units: Option<Units>| Some(format!("{word} {}", units?.decimal()?.normalize()));
        let words = [
            (!is.is_empty()).then(|| format!("is {is}")),
            (!like.is_empty()).then(|| format!("like {like}")),
            range.and_then(|range| bound("at least", range.least)),
            range.and_then(|range| bound("at most", range.most)),
        ];
        let words: Vec<String> = words.into_iter().flatten().collect();
        write!(f, "{:?} {}", self.column, words.join(if range.is_some() { " and " } else { " or " }))
    }
}
