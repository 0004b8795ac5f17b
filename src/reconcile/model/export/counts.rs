//! What an export says, once it is read: one number for each customer and service.

use std::borrow::Borrow;
use std::collections::BTreeMap;

use chrono::NaiveDate;
use rust_decimal::Decimal;

use crate::reconcile::model::display_text::quoted;
use crate::reconcile::model::export::cell_items::CellItems;
use crate::reconcile::model::export::count_error::CountError;
use crate::reconcile::model::export::delivered_file::DeliveredFile;
use crate::reconcile::model::export::file_parts::ExportParts;
use crate::reconcile::model::export::partial_export::UnreadPart;
use crate::reconcile::model::export::repeated_part::RepeatedPart;
use crate::reconcile::model::export::row_lines::RowLines;
use crate::reconcile::model::export::rows_behind_end::RowsBehindEnd;
use crate::reconcile::model::ids::{CustomerName, ItemName, ServiceName};
use crate::reconcile::model::quantity::Quantity;

/// What an export says: per customer and service one count, and every row that could not be one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    /// Every customer of the export, whether or not anything of it is counted.
    pub customers: BTreeMap<CustomerName, CustomerCounts>,
    /// Customers of whom every row was left out by the operator's filters: they are in the export, and use nothing.
    pub left_out: BTreeMap<CustomerName, CustomerCounts>,
    /// Rows that could not be read as a count, in the file's order.
    pub rejected: Vec<RejectedRow>,
    /// Lines of rows that name no customer. A blank customer is no customer: reported, never counted.
    pub nameless: Vec<u64>,
    /// What the operator's filters left out on purpose, in the order of the configuration.
    pub excluded: Vec<FilteredRows>,
    /// Cells of columns of marks whose words are not understood.
    pub unclear_marks: Vec<UnclearMarks>,
    /// Rows of data, rejected and excluded ones included; blank rows are none.
    pub rows: usize,
    /// Those of them that passed the filters.
    pub kept: usize,
    /// No line break ends the last row. That is allowed (RFC 4180), and it is also what a file looks like that was cut
    /// off: the last `1` may have been `15`.
    pub open_end: bool,
    /// What the row that ends the data looks like, where one is declared and none came.
    pub end_missing: Option<String>,
    /// What stands behind the row that ends the data, where anything does.
    pub behind_end: Option<RowsBehindEnd>,
    /// A column of different dates: rows that look doubled are of different days.
    pub dated: Option<DateColumn>,
    /// The files that it was read from, where several may be one export.
    pub files: Vec<DeliveredFile>,
    /// Whether their number is the one that the configuration says.
    pub files_expected: bool,
    /// The files or sheets of an export that is several: its lines are numbered through all of them.
    pub parts: ExportParts,
    /// The one of them that says once more what others say, where those add up.
    pub repeated: Option<RepeatedPart>,
    /// Why the file looks like a part of the export, and not like the whole of it.
    pub unread: Vec<UnreadPart>,
    /// The last day that it speaks of, where only the newest rows of a file count.
    pub newest_day: Option<NaiveDate>,
    /// The first day of that day or month.
    pub newest_day_began: Option<NaiveDate>,
    /// What was passed over in it and is no count, in words; said once each.
    pub passed_over: Vec<String>,
    /// Which cells take the one above them where they are blank.
    pub filled: FilledColumns,
}

/// Columns whose blank cells take the value above (`fill_down`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FilledColumns {
    /// That of the customer.
    pub customer: bool,
    /// That of the service.
    pub service: bool,
}

/// The counts of one customer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CustomerCounts {
    /// In the order of their services, each once. A list, because a map of twenty takes three times its room.
    cells: Vec<(ServiceName, Cell)>,
    rejected_lines: Vec<u64>,
    nameless_lines: RowLines,
}

/// What the rows of one customer and service come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    /// A count, and the lines of the file it was read from.
    Counted {
        /// The units.
        count: Quantity,
        /// Where they stand.
        lines: RowLines,
        /// What is counted, in order, each once; none when the export has no column of items.
        items: CellItems,
    },
    /// Several rows where the export may hold one. Which of them is right nobody knows.
    Duplicate {
        /// Where they stand.
        lines: RowLines,
        /// What they say.
        counts: Vec<Decimal>,
    },
    /// A sum that no quantity can be.
    OutOfRange {
        /// Where its rows stand.
        lines: RowLines,
        /// Below zero; `None` where it has more digits than an exact quantity.
        total: Option<Decimal>,
    },
}

/// A row that is no count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RejectedRow {
    /// Line of the export, from 1: [`Counts::parts`] says where that is.
    pub line: u64,
    /// The column at fault, by name.
    pub column: String,
    /// What stands there.
    pub value: String,
    /// Whose row it is; `None` when the customer is blank.
    pub customer: Option<CustomerName>,
    /// Its service, where everything else of the row was read.
    pub service: Option<ServiceName>,
    /// What is wrong.
    pub why: CountError,
    /// The row as it stands, with the cell marked; only of the first few.
    pub mark: Option<Box<MarkedText>>,
}

/// A piece of a row, safe to show, and the part of it that is at fault.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct MarkedText {
    /// What stands before it.
    pub before: String,
    /// What is at fault.
    pub at: String,
    /// What stands behind it.
    pub after: String,
}

/// Cells of a column of marks that say neither what is listed nor no, in any word that is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnclearMarks {
    /// The column.
    pub column: String,
    /// Whether each of them counts one; else none does.
    pub counted: bool,
    /// How many.
    pub cells: usize,
    /// What they say: the first few words, each once.
    pub words: Vec<String>,
    /// Whether there are more words than those.
    pub more: bool,
}

/// What one filter left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilteredRows {
    /// The filter in words: `drop "Status" is "Trial"`.
    pub rule: String,
    /// How many rows.
    pub rows: usize,
    /// What they are about: their items where the export names any, else the cell that the filter looked at. The first
    /// few, each once.
    pub names: Vec<String>,
    /// Whether there are more names than those.
    pub more: bool,
    /// Where it keeps by a column of dates: the newer one that it leaves out.
    pub newer: Option<NewerDate>,
}

/// A column of dates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DateColumn {
    /// Its name.
    pub name: String,
    /// The forms that its dates may be written in (chrono's strftime); none where they are ISO 8601.
    pub formats: Vec<&'static str>,
}

impl DateColumn {
    /// The keys by which only the rows of its newest date count; safe to show. Where the dates may be read in two ways,
    /// both are named: a wrong one would make an old day the newest.
    pub fn keys(&self) -> String {
        let latest = format!("latest = {}", quoted(&self.name));
        match self.formats.as_slice() {
            [] => latest,
            formats => format!("{latest} and {}", date_format_keys(formats)),
        }
    }
}

/// The key that says how dates are written; of several forms that fit, each, and that a person has to choose.
pub fn date_format_keys(formats: &[&str]) -> String {
    let keys: Vec<String> = formats.iter().map(|format| format!("date_format = {format:?}")).collect();
    match keys.as_slice() {
        [only] => only.clone(),
        several => format!("{} (every date fits each of them: choose as the vendor means them)", several.join(" or ")),
    }
}

/// A filter that keeps yesterday.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewerDate {
    /// The newest date that it leaves out.
    pub left_out: String,
    /// The newest that it keeps.
    pub kept: String,
}

impl CustomerCounts {
    /// Cells in the order of their services, each once; and the lines of rejected rows.
    pub fn of_ordered(cells: Vec<(ServiceName, Cell)>, rejected_lines: Vec<u64>) -> Self {
        debug_assert!(cells.is_sorted_by(|(one, _), (next, _)| one < next), "each service once, and in order");
        Self { cells, rejected_lines, nameless_lines: RowLines::default() }
    }

    /// What the rows of a service come to; `None` if there is none.
    pub fn get<N: Borrow<str> + ?Sized>(&self, service: &N) -> Option<&Cell> {
        let found = self.cells.binary_search_by(|(known, _)| known.as_str().cmp(service.borrow())).ok()?;
        self.cells.get(found).map(|(_, cell)| cell)
    }

    /// Its services, in order.
    pub fn services(&self) -> impl Iterator<Item = &ServiceName> + Clone {
        self.cells.iter().map(|(service, _)| service)
    }

    /// Its services, and what their rows come to.
    pub fn cells(&self) -> impl Iterator<Item = (&ServiceName, &Cell)> + Clone {
        self.cells.iter().map(|(service, cell)| (service, cell))
    }

    /// Lines of its rows that were rejected.
    pub fn rejected_lines(&self) -> &[u64] {
        &self.rejected_lines
    }

    /// Lines of rows that name nobody, and that may be its own.
    pub fn nameless_lines(&self) -> &RowLines {
        &self.nameless_lines
    }

    /// Whether its counts are the whole truth: each row that is or may be its own was read.
    pub fn is_whole(&self) -> bool {
        self.rejected_lines.is_empty() && self.nameless_lines.number() == 0
    }

    /// One more row that names nobody, and that may be its own.
    pub fn doubt(&mut self, line: u64) {
        self.nameless_lines.add(line);
    }
}

impl Cell {
    /// What is counted, by name.
    pub fn items(&self) -> &[ItemName] {
        match self {
            Self::Counted { items, .. } => items,
            Self::Duplicate { .. } | Self::OutOfRange { .. } => &[],
        }
    }

    /// Its units, for a sum over many: duplicates count once, with their first number.
    pub fn units(&self) -> Decimal {
        match self {
            Self::Counted { count, .. } => count.as_decimal(),
            Self::Duplicate { counts, .. } => counts.first().copied().unwrap_or_default(),
            Self::OutOfRange { total, .. } => total.unwrap_or_default(),
        }
    }

    /// The lines of the file behind it.
    pub fn lines(&self) -> &RowLines {
        match self {
            Self::Counted { lines, .. } | Self::Duplicate { lines, .. } | Self::OutOfRange { lines, .. } => lines,
        }
    }
}

impl Counts {
    /// What the export says of a customer; `None` if it does not name it at all.
    pub fn of(&self, customer: &CustomerName) -> Option<&CustomerCounts> {
        self.customers.get(customer).or_else(|| self.left_out.get(customer))
    }

    /// The same, with nobody held for a count that nothing is billed by: one of a service that is ignored on purpose.
    #[must_use]
    pub fn ignoring(mut self, is_ignored: impl Fn(&ServiceName) -> bool) -> Self {
        for row in &self.rejected {
            if row.service.as_ref().is_some_and(&is_ignored)
                && let Some(counted) = row.customer.as_ref().and_then(|customer| self.customers.get_mut(customer))
            {
                counted.rejected_lines.retain(|line| *line != row.line);
            }
        }
        self
    }

    /// All units of all customers and services.
    pub fn units(&self) -> Decimal {
        let cells = self.customers.values().flat_map(CustomerCounts::cells);
        cells.map(|(_, cell)| cell.units()).fold(Decimal::ZERO, Decimal::saturating_add)
    }
}
