//! What the reader of each format gives: raw rows, one after another, before any column of them means anything.

use std::ops::Range;

use crate::export::damage_places::Fault;
use crate::reconcile::model::export::normalized_names::is_blank;

/// Why a row that names a customer has no record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::export) enum Without {
    /// It says that there is none: an empty list, a heading.
    Nothing,
    /// It does not say anything: there is no list.
    Unsaid,
}

/// A file's rows, one after another, as they stand: title lines, the header and blank rows too. A JSON document's first
/// row is the names of its records' keys, and every record is a row.
///
/// The reader of rows is made for each format of its own by the compiler: a million rows pay for no indirection.
pub(in crate::export) trait RawRows {
    /// Goes to the next row; false behind the last one.
    ///
    /// # Errors
    /// Damage after which nobody can say where rows begin.
    fn advance(&mut self) -> Result<bool, Fault>;

    /// How many cells the row has.
    fn len(&self) -> usize;

    /// One of its cells, unescaped and otherwise as it stands; empty where there is none.
    fn cell(&self, index: usize) -> &str;

    /// Whether a cell is a number of the format itself (JSON's, a workbook's) and not text that looks like one. Its
    /// text is then a JSON number, perhaps with an exponent.
    fn is_number(&self, _index: usize) -> bool {
        false
    }

    /// Whether a cell is a formula that nothing has computed: then its text is the formula, and no value.
    fn is_uncomputed(&self, _index: usize) -> bool {
        false
    }

    /// Whether a cell is a list of the format itself, and not text that looks like one.
    fn is_list(&self, _index: usize) -> bool {
        false
    }

    /// Whether a cell is a number that is shown as a percentage.
    fn is_percent(&self, _index: usize) -> bool {
        false
    }

    /// Whether a cell holds nothing of its own, and has its value from the first of several merged ones.
    fn is_merged(&self, _index: usize) -> bool {
        false
    }

    /// Whether a cell is blank, and has its value from the row above.
    fn is_filled_down(&self, _index: usize) -> bool {
        false
    }

    /// Whether rows may be shorter or longer than the header without anything being wrong: a workbook's are.
    fn is_grid(&self) -> bool {
        false
    }

    /// Whether the row holds nothing.
    fn is_blank(&self) -> bool {
        self.is_blank_from(0)
    }

    /// Whether nothing stands in its cells from this one on.
    fn is_blank_from(&self, index: usize) -> bool {
        (index..self.len()).all(|index| is_blank(self.cell(index)))
    }

    /// Why the row is no record, where it only names whom records would be of.
    fn without(&self) -> Option<Without> {
        None
    }

    /// The line of the file that it begins on, from 1; of a workbook the row's number, of a JSON document on one line the
    /// record's.
    fn line(&self) -> u64;

    /// The row as the file has it, for a person to look at.
    fn text(&self) -> String;

    /// Where the cell stands in [`RawRows::text`], as a range of bytes; `None` if it is not there as such.
    fn range(&self, _index: usize) -> Option<Range<usize>> {
        None
    }

    /// How long the row is, where a row could have swallowed others: a quote that was never meant to open closes in
    /// another row. 0 where no row can.
    fn bytes(&self) -> usize {
        0
    }

    /// Asked at the end: whether the last row is one that may have been cut off, because nothing ends it.
    fn open_end(&self) -> bool {
        false
    }
}
