//! Why a row of an export is no count.

/// Why a row is no count. In words it follows the value that stands there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CountError {
    /// Nothing stands there. Nothing is not zero.
    #[error("is empty, and an empty cell is not zero")]
    Empty,
    /// A sign before the digits.
    #[error("has a sign; declare signed = true if rows of this export may be negative")]
    Sign,
    /// `5.` or `1,23,4`.
    #[error("has a separator in it; a count is digits, and at most one point between digits")]
    Separator,
    /// `3,5`, and nothing declares the comma.
    #[error("has a separator in it; if this vendor writes numbers so, declare {}", .0.declares)]
    Undeclared(Reading),
    /// `1,050`: two things could be declared, and they make different numbers of it.
    #[error(
        "has a separator in it: {} reads it as {}, {} as {}; declare what this vendor means",
        .0.declares, .0.number, .1.declares, .1.number
    )]
    TwoReadings(Reading, Reading),
    /// `1E+05`.
    #[error("is in scientific notation; it looks as if a spreadsheet saved this file")]
    Scientific,
    /// `3-Jan`.
    #[error("is a date; it looks as if a spreadsheet saved this file")]
    Date,
    /// `########`, `#REF!`.
    #[error("is what a spreadsheet shows instead of a number that it cannot show")]
    ErrorValue,
    /// `="12"`.
    #[error("is a spreadsheet's formula, and not its number")]
    Formula,
    /// `12 %`, or a number that a workbook shows so.
    #[error("is a percentage, and no count")]
    Percent,
    /// `$12`.
    #[error("is an amount of money, and no count")]
    Money,
    /// A number in merged cells: once, or in each of them?
    #[error("stands in merged cells, and nobody can say which of them it counts")]
    Merged,
    /// A formula in a workbook that nothing has computed.
    #[error("is a formula whose result the workbook does not hold; open it in a spreadsheet program and save it")]
    Uncomputed,
    /// More digits than a count can have.
    #[error("is longer than a count can be")]
    TooLong,
    /// Several values in one cell: a list of a JSON document, an element that stands several times.
    #[error("is a list, and no count")]
    List,
    /// The same where a name ought to stand.
    #[error("is a list, and no name")]
    ListName,
    /// `#N/A` where a name ought to stand.
    #[error("is what a spreadsheet shows where a formula went wrong, and no name")]
    ErrorName,
    /// Any other text.
    #[error("is not a plain decimal number")]
    NotANumber,
    /// The cell of the service is blank.
    #[error("names no service")]
    NoService,
    /// A record without the list of what it counts.
    #[error("is not there, and a list that is not there is not an empty one")]
    NoList,
    /// A date, by which the newest rows are told, that is none in the form that is declared.
    #[error("is no date in the form that `date_format` says, or ISO 8601")]
    NoDate,
    /// A row without a date, by which the newest rows are told.
    #[error("is blank, and nobody can say whether the row is one of the newest")]
    BlankDate,
    /// `No` in a column where every cell that says anything counts.
    #[error("says no, and `present = true` counts every cell that says anything; use `is`")]
    SaysNo,
    /// `Enabled` in a column where `Yes` is listed.
    #[error("says yes in a word that `is` does not list")]
    OtherYes,
    /// A row that says what the rows above it come to.
    #[error("is what the rows above come to: the row looks like a total, and added up it would count them twice")]
    Total,
    /// The cell of the item is blank, and items are what is counted.
    #[error("names no item")]
    NoItem,
    /// A number in a column of services whose header is blank.
    #[error("stands in a column without a name")]
    NoColumnName,
    /// A cell behind the last column that has a name: the row was cut before it.
    #[error(
        "stands behind the last column that has a name, so a separator without quotes, as in 1,250, may have cut the row"
    )]
    BehindHeading,
    /// The part of the cell that is meant is not there.
    #[error("does not match '{pattern}'{}", if *.lost_zeros { LOST_ZEROS } else { "" })]
    NoMatch {
        /// As configured.
        pattern: String,
        /// Whether it would match with zeros before it.
        lost_zeros: bool,
    },
    /// The part of the cell that is meant is a part of a longer number: `1` of `1,250 users`.
    #[error("holds a number of which `match` takes only \"{taken}\"")]
    CutNumber {
        /// What it takes.
        taken: String,
    },
    /// Cells that are split multiply, and a small file could fill the memory.
    #[error("splits, and the file comes to more than {most} counts ({per_row} times max_rows)")]
    TooManyCounts {
        /// The limit.
        most: usize,
        /// How many counts there may be for each row of `max_rows`.
        per_row: usize,
    },
}

impl CountError {
    /// Whether a number stands there all the same, in a form that is not declared.
    pub fn is_of_a_number(&self) -> bool {
        matches!(self, Self::Separator | Self::Sign | Self::TooLong | Self::TwoReadings(..) | Self::Undeclared(_))
    }
}

const LOST_ZEROS: &str = "; it looks as if a spreadsheet took its leading zeros";

/// What a text would be if something were declared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// What is declared, as it is written into recount.toml.
    pub declares: &'static str,
    /// What the text is then.
    pub number: String,
}

impl CountError {
    /// Whether it is no fault of the row if the vendor writes numbers so: then that is declared in the export's table.
    pub fn may_be_declared(&self) -> bool {
        matches!(self, Self::Sign | Self::Undeclared(_) | Self::TwoReadings(..))
    }
}
