//! Where a value of a row comes from.

use crate::export::text_pattern::Pattern;

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
