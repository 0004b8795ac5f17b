//! Conditions of rows (`keep`, `drop`, `stop`), by one cell of each.

use std::fmt;

use crate::export::count::count_parser::Units;
use crate::export::text_pattern::Pattern;

/// What one cell of a row has to be, for the row to be kept, left out, or the end of the data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowCondition {
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

impl fmt::Display for RowCondition {
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
