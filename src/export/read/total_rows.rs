//! Rows that say what the rows above come to: a total of the file, a subtotal of a customer. Added up they would bill
//! everything twice.

use crate::export::count::count_parser::Units;
use crate::export::count::duplicate_rows::Duplicates;
use crate::export::format::raw_rows::RawRows;
use crate::export::read::layout::{ColumnValue, Counting, FoundColumns};
use crate::export::settings::Layout;
use crate::reconcile::model::export::normalized_names::{is_blank, normalized};

/// What the rows so far come to, where rows add up or are filled from above.
#[derive(Debug)]
pub(super) struct TotalRows {
    counts: Vec<usize>,
    group: Vec<String>,
    of_group: Sum,
    of_file: Sum,
    /// How many cells the emptiest row fills beside its counts.
    least: usize,
    /// Whether a total was seen: then there may be one below a single row, too.
    seen: bool,
}

/// Rows, added up column by column.
#[derive(Debug, Default)]
struct Sum {
    rows: usize,
    units: Vec<Units>,
}

impl Sum {
    fn is(&self, units: &[Units]) -> bool {
        self.units == units
    }

    fn add(&mut self, units: &[Units]) {
        self.rows += 1;
        self.units.resize(units.len(), Units::default());
        self.units.iter_mut().zip(units).for_each(|(sum, units)| *sum = sum.plus(*units));
    }
}

impl TotalRows {
    /// `None` where no row could be added to others unseen.
    pub(super) fn of(layout: &Layout, reading: &FoundColumns<'_>) -> Option<Self> {
        let adds_up = layout.duplicates == Duplicates::Sum || !layout.fill_down.is_empty();
        let long = reading.long.as_ref().and_then(|long| match long.counting {
            Counting::Column(ColumnValue::Cell(index)) => Some(index),
            _ => None,
        });
        let wide = reading.wide.iter().map(|(index, _)| *index).filter(|_| layout.wide_mark.is_none());
        let counts: Vec<usize> = long.into_iter().chain(wide).collect();
        (adds_up && !layout.whole && !counts.is_empty()).then(|| Self {
            counts,
            group: Vec::new(),
            of_group: Sum::default(),
            of_file: Sum::default(),
            least: usize::MAX,
            seen: false,
        })
    }

    /// Takes the next row; says which of its cells holds what the rows above come to, if the row is a total: nothing else
    /// stands in it than in each of them, or neither a customer nor a service does.
    pub(super) fn take<R: RawRows>(&mut self, rows: &R, reading: &FoundColumns<'_>) -> Option<usize> {
        let unit = |index: &usize| match is_blank(rows.cell(*index)) {
            true => Some(Units::default()),
            false => reading.of_count(rows, *index).ok(),
        };
        let units: Vec<Units> = self.counts.iter().map(unit).collect::<Option<_>>()?;
        let says = |index: &usize| !self.counts.contains(index) && !is_blank(rows.cell(*index));
        let filled = (0..rows.len()).filter(says).count();
        let service = reading.long.as_ref().and_then(|long| long.service.index());
        let names = [reading.customer.index(), service].into_iter().flatten();
        let group: Vec<String> = names.map(|index| normalized(rows.cell(index)).into_owned()).collect();
        if group != self.group {
            (self.group, self.of_group) = (group, Sum::default());
        }
        // A row below its customer's is a total only where it names no service either, and by chance three rows seldom fit.
        let names_nothing = service.is_none_or(|service| is_blank(rows.cell(service)) || rows.is_filled_down(service));
        let is_filled = reading.customer.index().is_some_and(|customer| rows.is_filled_down(customer));
        let is_unnamed = is_filled && names_nothing && self.of_file.rows >= 3;
        let least_of_group = if self.seen { 1 } else { 2 };
        let is_of_group = self.of_group.rows >= least_of_group && self.of_group.is(&units);
        let is_of_file = self.of_file.rows >= 2 && self.of_file.is(&units);
        let is_bare = filled < self.least;
        let several = self.of_file.rows > self.of_group.rows;
        let is_nothing = units.iter().all(|units| *units == Units::default());
        let is_total = is_bare && (is_of_group || is_of_file) || is_unnamed && several && is_of_file;
        if is_total && !is_nothing {
            self.seen = true;
            return self.counts.iter().copied().find(|index| !is_blank(rows.cell(*index)));
        }
        self.least = self.least.min(filled);
        self.of_group.add(&units);
        self.of_file.add(&units);
        None
    }
}

/// How many of its cells hold anything.
pub(super) fn filled<R: RawRows>(rows: &R) -> usize {
    (0..rows.len()).filter(|index| !is_blank(rows.cell(*index))).count()
}
