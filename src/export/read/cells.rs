//! What one row's cells come to: its services, its counts, and whether it is data at all.

use std::borrow::Cow;

use crate::export::column::{CountMark, NamedColumn};
use crate::export::count::count_parser::Units;
use crate::export::count::fast_table::{Customer, Service};
use crate::export::count::tally::Tally;
use crate::export::format::raw_rows::RawRows;
use crate::export::read::layout::{CellFilter, ColumnValue, Counting, FoundColumns, LongReading};
use crate::export::read::rejected_row::Rejection;
use crate::export::read::saying_no::OtherMark;
use crate::export::settings::Layout;
use crate::reconcile::model::export::count_error::CountError;
use crate::reconcile::model::export::normalized_names::normalized;
use crate::reconcile::model::export::spreadsheet_damage::is_error;

/// Counts that a file may come to for each row that it may have, where cells are split: several split columns of one row
/// multiply, and a small file could fill the memory.
const COUNTS_PER_ROW: usize = 4;

impl LongReading<'_> {
    pub(super) fn count<R: RawRows>(
        &self,
        rows: &R,
        customer: Customer,
        tally: &mut Tally,
        reading: &FoundColumns<'_>,
    ) -> Result<(), Box<Rejection>> {
        // Mostly it is the service that came next the last time, too.
        let expected = self.service.plain(rows).and_then(|name| Some((name, tally.expected_service(name)?)));
        if let Some((name, service)) = expected {
            let counted = self.count_of(&[service], rows, customer, tally, reading);
            return counted.map_err(|rejection| rejection.of_service(name));
        }
        let services = self.service.values(rows).map_err(|no| Rejection::no_match(self.service, &no))?;
        if let Some(error) = services.as_slice().iter().find(|name| is_error(name)) {
            return Err(Rejection::of(self.service.index(), error, CountError::ErrorName));
        }
        match services.as_slice() {
            [] if reading.wide.is_empty() => Err(Rejection::of(self.service.index(), "", CountError::NoService)),
            [] => Ok(()),
            [name] => {
                let service = tally.service(name);
                let counted = self.count_of(&[service], rows, customer, tally, reading);
                counted.map_err(|rejection| rejection.of_service(name))
            }
            services => {
                let services: Vec<Service> = services.iter().map(|service| tally.service(service)).collect();
                self.count_of(&services, rows, customer, tally, reading)
            }
        }
    }

    #[expect(clippy::too_many_arguments, reason = "one row, and what it is counted into")]
    fn count_of<R: RawRows>(
        &self,
        services: &[Service],
        rows: &R,
        customer: Customer,
        tally: &mut Tally,
        reading: &FoundColumns<'_>,
    ) -> Result<(), Box<Rejection>> {
        let items = match self.item {
            Some(item) => Some((item, item.values(rows).map_err(|no| Rejection::no_match(item, &no))?)),
            None => None,
        };
        let items = items.as_ref();
        let named = items.map_or(&[][..], |(_, items)| items.as_slice());
        let most = reading.layout.max_rows.saturating_mul(COUNTS_PER_ROW);
        if services.len() * named.len().max(1) > 1 && tally.written_down() > most {
            let why = CountError::TooManyCounts { most, per_row: COUNTS_PER_ROW };
            return Err(Rejection::of(self.item.unwrap_or(self.service).index(), "", why));
        }
        let units = match self.counting {
            Counting::Rows => Units::ONE,
            Counting::Column(count) => {
                let units = reading.number(rows, count)?;
                if let ColumnValue::MadeColumn(index, NamedColumn { mark: Some(mark), name, .. }) = count {
                    tell_unclear(mark, (name, rows.cell(index)), tally);
                }
                units
            }
            Counting::Distinct => match items {
                Some((item, items)) if items.as_slice().is_empty() => {
                    return Err(Rejection::of(item.index(), "", CountError::NoItem));
                }
                _ => Units::default(),
            },
        };
        for &service in services {
            let items = named.iter().map(Cow::as_ref);
            match self.counting {
                Counting::Distinct => tally.distinct(rows.line(), customer, service, items),
                _ => tally.add(rows.line(), customer, service, units, items),
            }
        }
        Ok(())
    }
}

/// Whether a cell of a wide column says that there is nothing, as declared.
pub(super) fn says_nothing(layout: &Layout, cell: &str) -> bool {
    !layout.wide_blank.is_empty() && layout.wide_blank.iter().any(|blank| *blank == normalized(cell))
}

/// Has a mark told that is not understood.
pub(super) fn tell_unclear(mark: &CountMark, (column, cell): (&str, &str), tally: &mut Tally) {
    if let Some(other) = mark.other(cell) {
        tally.unclear_mark(column, &normalized(cell), other == OtherMark::Counted);
    }
}

impl FoundColumns<'_> {
    /// The first filter that does not let the row pass.
    pub(super) fn excluded<R: RawRows>(&self, rows: &R) -> Option<usize> {
        let fails = |(keep, asked): &(bool, CellFilter<'_>)| match asked.range() {
            None => asked.passes(rows) != *keep,
            Some(range) => self.bounded(rows, asked.index).is_ok_and(|units| range.holds(units) != *keep),
        };
        self.filters.iter().position(|filter| !rows.is_uncomputed(filter.1.index) && fails(filter))
    }

    /// The first filter of `drop` that leaves the row out.
    pub(super) fn dropped<R: RawRows>(&self, rows: &R) -> Option<usize> {
        self.filters.iter().position(|(keep, asked)| !keep && asked.range().is_none() && asked.passes(rows))
    }

    /// A filter that asks for a number where there is none: whether the row is data nobody can say.
    pub(super) fn unreadable_filter<R: RawRows>(&self, rows: &R) -> Option<Box<Rejection>> {
        let asked = self.filters.iter().filter(|(_, asked)| asked.range().is_some());
        asked.filter_map(|(_, asked)| self.bounded(rows, asked.index).err()).next()
    }

    /// The first cell of those that say what a row is about, and whether it is data, that holds a formula without a
    /// result.
    pub(super) fn uncomputed<R: RawRows>(&self, rows: &R) -> Option<usize> {
        let long = self.long.iter().flat_map(|long| [Some(long.service), long.item]).flatten();
        let about = std::iter::once(self.customer).chain(long).filter_map(ColumnValue::index);
        about.chain(self.filters.iter().map(|(_, asked)| asked.index)).find(|index| rows.is_uncomputed(*index))
    }

    /// The cell of the customer or the service that holds a list.
    pub(super) fn list_for_name<R: RawRows>(&self, rows: &R) -> Option<usize> {
        let service = || self.long.as_ref().and_then(|long| long.service.list(rows));
        self.customer.list(rows).or_else(service)
    }

    /// The number in a column, or in a part of its cell.
    fn number<R: RawRows>(&self, rows: &R, taken: ColumnValue<'_>) -> Result<Units, Box<Rejection>> {
        if let ColumnValue::Cell(index) = taken {
            return self.of_count(rows, index);
        }
        if let Some(index) = taken.index().filter(|index| rows.is_uncomputed(*index)) {
            return Err(Rejection::of(Some(index), rows.cell(index), CountError::Uncomputed));
        }
        if let ColumnValue::MadeColumn(index, NamedColumn { mark: Some(mark), .. }) = taken {
            let cell = rows.cell(index);
            return mark.units(cell).map_err(|why| Rejection::of(Some(index), cell, why));
        }
        if let ColumnValue::MadeColumn(index, NamedColumn { matching: None, .. }) = taken {
            return self.of_count(rows, index);
        }
        if let ColumnValue::MadeColumn(index, named) = taken
            && let Some(taken) = named.cut_number(rows.cell(index))
        {
            return Err(Rejection::of(Some(index), rows.cell(index), CountError::CutNumber { taken }));
        }
        let values = taken.values(rows).map_err(|no| Rejection::no_match(taken, &no))?;
        let value = values.as_slice().first().map(Cow::as_ref).unwrap_or_default();
        let units = Units::parse(value, self.layout.notation, self.layout.signed);
        units.map_err(|why| Rejection::of(taken.index(), value, why))
    }

    /// The number in a cell that counts: no share of anything, and said once.
    pub(super) fn of_count<R: RawRows>(&self, rows: &R, index: usize) -> Result<Units, Box<Rejection>> {
        let why = match (rows.is_percent(index), rows.is_merged(index)) {
            (false, false) => return self.units(rows, index),
            (true, _) => CountError::Percent,
            (false, true) => CountError::Merged,
        };
        Err(Rejection::of(Some(index), rows.cell(index), why))
    }

    fn units<R: RawRows>(&self, rows: &R, index: usize) -> Result<Units, Box<Rejection>> {
        self.of_cell(rows, index, self.layout.signed)
    }

    /// The number that a bound is asked about: it may be negative without the counts being so.
    fn bounded<R: RawRows>(&self, rows: &R, index: usize) -> Result<Units, Box<Rejection>> {
        self.of_cell(rows, index, true)
    }

    fn of_cell<R: RawRows>(&self, rows: &R, index: usize, signed: bool) -> Result<Units, Box<Rejection>> {
        let cell = rows.cell(index);
        let Layout { notation, .. } = *self.layout;
        let units = match rows.is_number(index) {
            true => Units::of_number(cell, signed),
            false if rows.is_uncomputed(index) => Err(CountError::Uncomputed),
            false => Units::parse(cell, notation, signed),
        };
        units.map_err(|why| Rejection::of(Some(index), cell, why))
    }
}
