//! Takes the rows of a file, each once and in order, and tells a [`Tally`] what each of them counts, or why it does
//! not.

use std::borrow::Cow;

use crate::export::count::fast_table::{Customer, Service};
use crate::export::count::number::Units;
use crate::export::count::tally::Tally;
use crate::export::damage::{Damage, Shown};
use crate::export::excerpt::Excerpt;
use crate::export::fault::{Fault, Faults};
use crate::export::format::raw::RawRows;
use crate::export::read::dates::Dates;
use crate::export::read::header::Header;
use crate::export::read::layout::{CellFilter, ColumnValue, Counting, FoundColumns, LongReading};
use crate::export::read::names::normalized;
use crate::export::read::rejection::Rejection;
use crate::export::settings::Layout;
use crate::reconcile::model::export::count_error::CountError;
use crate::reconcile::model::export::counts::RejectedRow;
use crate::reconcile::model::ids::CustomerName;

/// Names are shorter by far; a longer cell is a swallowed file or an attack.
const CELL_BYTES_MAX: usize = 4096;
/// Counts that a file may come to for each row that it may have, where cells are split: several split columns of one row
/// multiply, and a small file could fill the memory.
const COUNTS_PER_ROW: usize = 4;
/// Rows above a header; a vendor writes a handful.
const TITLES_MAX: usize = 30;
/// Rejected rows that are kept as they stand.
const MARKED: usize = 20;

/// What is counted in a file whose rows these are.
///
/// # Errors
/// Everything about its structure that is wrong, up to where nobody can say any more where rows begin.
pub(in crate::export) fn tally<R: RawRows>(mut rows: R, layout: &Layout) -> Result<Tally, Faults> {
    let header = header(&mut rows, layout)?;
    let reading = match FoundColumns::of(layout, &header) {
        Ok(reading) => reading,
        Err(faults) => return Err(header_below(rows, layout).map_or(faults, Faults::from)),
    };
    let dates = Dates::new(&reading.filters, &header);
    let mut reader = Reader { tally: Tally::new(layout.duplicates, reading.rules()), reading, dates, rejected: 0 };
    let (mut faults, mut rows_read, mut end_missing) = (Faults::none(), 0, reader.reading.end());
    loop {
        match rows.advance() {
            Ok(true) if is_blank(&rows) => continue,
            Ok(true) if reader.reading.stop.as_ref().is_some_and(|stop| stop.passes(&rows)) => {
                end_missing = None;
                break;
            }
            Ok(true) => {}
            Ok(false) => break,
            Err(fault) => {
                faults.push(|| fault.named(|cell| header.column(cell)));
                break;
            }
        }
        rows_read += 1;
        if rows_read > layout.max_rows {
            let damage = Damage::TooManyRows { max: layout.max_rows };
            faults.push(|| Fault::new(damage).on_line(rows.line()));
            break;
        }
        match damage(&rows, header.names().len()) {
            None if faults.is_empty() => reader.row(&rows, &header),
            None => {}
            Some(damage) => faults.push(|| fault(&rows, damage, &header)),
        }
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    if rows_read == 0 {
        return Err(Fault::new(Damage::HeaderOnly).into());
    }
    reader.tally.end(rows.open_end(), end_missing);
    reader.tally.dates(reader.dates.newer(), reader.dates.column(&header));
    Ok(reader.tally)
}

/// Goes to the header.
pub(in crate::export) fn header<R: RawRows>(rows: &mut R, layout: &Layout) -> Result<Header, Faults> {
    let column = |cell: usize| format!("column {}", cell + 1);
    let mut empty = true;
    while rows.advance().map_err(|fault| fault.named(column))? {
        if is_blank(rows) {
            continue;
        }
        empty = false;
        let is_header = |cell: &String| (0..rows.len()).any(|index| normalized(rows.cell(index)) == *cell);
        if layout.header.as_ref().is_none_or(is_header) {
            return Ok(Header::of(rows)?);
        }
    }
    let missing = layout.header.as_deref().filter(|_| !empty).map(|cell| Damage::HeaderMissing(Shown::of(cell)));
    Err(Fault::new(missing.unwrap_or(Damage::Empty)).into())
}

/// Titles above the header: whether one of the rows below has every column, where nothing says how to know the header.
fn header_below<R: RawRows>(mut rows: R, layout: &Layout) -> Option<Fault> {
    let wanted = layout.columns();
    let cell = (*wanted.first()?).to_owned();
    for _ in 0..TITLES_MAX {
        let is_row = layout.header.is_none() && rows.advance().ok()?;
        let has = |name: &&str| (0..rows.len()).any(|index| normalized(rows.cell(index)) == **name);
        if !is_row {
            return None;
        } else if wanted.iter().all(has) {
            return Some(Fault::new(Damage::HeaderBelow { line: rows.line(), cell }));
        }
    }
    None
}

fn is_blank<R: RawRows>(rows: &R) -> bool {
    // Most rows begin with a letter or a digit: their first cell settles it.
    (0..rows.len()).all(|index| rows.cell(index).trim_start().is_empty())
}

/// What is wrong with a row's structure, and the cell at fault where it is one.
fn damage<R: RawRows>(rows: &R, columns: usize) -> Option<(Damage, Option<usize>)> {
    if rows.len() != columns && !rows.is_grid() {
        let text = Shown::of(&rows.text());
        return Some((Damage::Ragged { expected: columns, found: rows.len(), text }, None));
    }
    if rows.bytes() <= CELL_BYTES_MAX {
        return None;
    }
    let index = (0..rows.len()).find(|index| rows.cell(*index).len() > CELL_BYTES_MAX)?;
    let cell = rows.cell(index);
    Some((Damage::CellTooLong { bytes: cell.len(), max: CELL_BYTES_MAX, text: Shown::of(cell) }, Some(index)))
}

fn fault<R: RawRows>(rows: &R, (damage, cell): (Damage, Option<usize>), header: &Header) -> Fault {
    let fault = Fault::new(damage).on_line(rows.line());
    let text = rows.text();
    match cell {
        Some(index) => fault.in_cell(index).named(|cell| header.column(cell)),
        None => {
            // What is too much is marked, and where it is too little the end.
            let extra = rows.range(header.names().len()).map(|range| range.start..text.len());
            let at = extra.unwrap_or(text.len()..text.len());
            fault.marked(&text, at)
        }
    }
}

/// Takes whole rows.
struct Reader<'a> {
    reading: FoundColumns<'a>,
    tally: Tally,
    dates: Dates,
    rejected: usize,
}

impl Reader<'_> {
    fn row<R: RawRows>(&mut self, rows: &R, header: &Header) {
        self.tally.row();
        if let Some(filter) = self.excluded(rows) {
            self.dates.left_out(rows, filter);
            return self.exclude(rows, filter);
        }
        self.dates.kept(rows);
        if let Some(index) = self.reading.uncomputed(rows) {
            return self.uncomputed(rows, header, index);
        }
        // Mostly the row is about the same customer as the one before it, spelled in the same way.
        let expected = self.reading.customer.plain(rows).and_then(|name| self.tally.expected_customer(name));
        let rejection = expected.map(|customer| self.count(rows, customer));
        if let Some(Ok(())) = rejection {
            return;
        }
        let customers = match self.reading.customer.values(rows) {
            Ok(customers) => customers,
            Err(no_match) => {
                let customer = CustomerName::new(&no_match.value);
                let rejection = *Rejection::no_match(self.reading.customer, &no_match);
                let row = self.rejected(rows, header, Some(customer), rejection);
                return self.tally.reject_unnamed(row);
            }
        };
        let customers = customers.as_slice();
        if customers.is_empty() {
            return self.tally.nameless(rows.line());
        }
        if let Some(Err(rejection)) = rejection {
            return self.reject(rows, header, customers, *rejection);
        }
        for name in customers {
            let customer = self.tally.customer(name);
            if let Err(rejection) = self.count(rows, customer) {
                return self.reject(rows, header, customers, *rejection);
            }
        }
    }

    /// A cell that says whose the row is, what it counts or whether it is data is a formula without a result.
    fn uncomputed<R: RawRows>(&mut self, rows: &R, header: &Header, index: usize) {
        let named = self.reading.customer.index().is_none_or(|customer| !rows.is_uncomputed(customer));
        let customers = self.reading.customer.values(rows).ok().filter(|_| named);
        let customers = customers.as_ref().map_or(&[][..], |customers| customers.as_slice());
        let rejection = *Rejection::of(Some(index), rows.cell(index), CountError::Uncomputed);
        self.reject(rows, header, customers, rejection);
    }

    /// The first filter that does not let the row pass.
    fn excluded<R: RawRows>(&self, rows: &R) -> Option<usize> {
        let fails = |(keep, asked): &(bool, CellFilter<'_>)| asked.passes(rows) != *keep;
        self.reading.filters.iter().position(|filter| !rows.is_uncomputed(filter.1.index) && fails(filter))
    }

    fn exclude<R: RawRows>(&mut self, rows: &R, filter: usize) {
        let item = self.reading.long.as_ref().and_then(|long| long.item).and_then(ColumnValue::index);
        let looked_at = self.reading.filters[filter].1.index;
        let index = item.filter(|index| !rows.cell(*index).trim().is_empty()).unwrap_or(looked_at);
        self.tally.exclude(filter, &normalized(rows.cell(index)));
        let names = self.reading.customer.index().is_none_or(|customer| !rows.is_uncomputed(customer));
        if let (true, Ok(customers)) = (names, self.reading.customer.values(rows)) {
            customers.as_slice().iter().for_each(|name| self.tally.left_out(name));
        }
    }

    fn count<R: RawRows>(&mut self, rows: &R, customer: Customer) -> Result<(), Box<Rejection>> {
        let Self { reading, tally, .. } = self;
        if let Some(long) = &reading.long {
            let counted = long.count(rows, customer, tally, reading);
            // The columns behind it are not read.
            counted.map_err(|rejection| if reading.wide.is_empty() { rejection } else { rejection.of_all() })?;
        }
        let mut first: Option<Box<Rejection>> = None;
        for (index, service) in &reading.wide {
            let cell = rows.cell(*index);
            if cell.trim().is_empty() {
                continue;
            }
            if service.is_empty() {
                return Err(Rejection::of(Some(*index), cell, CountError::NoColumnName));
            }
            match (reading.units(rows, *index), first.take()) {
                (Ok(units), before) => {
                    first = before;
                    let service = tally.service(service);
                    tally.add(rows.line(), customer, service, units, std::iter::empty());
                }
                (Err(rejection), None) => first = Some(rejection.of_service(service)),
                (Err(_), Some(before)) => first = Some(before.of_all()),
            }
        }
        first.map_or(Ok(()), Err)
    }

    fn reject<R: RawRows>(&mut self, rows: &R, header: &Header, customers: &[Cow<'_, str>], rejection: Rejection) {
        let (customer, others) = customers.split_first().map_or((None, customers), |(one, rest)| (Some(one), rest));
        let rejection = if others.is_empty() { rejection } else { Rejection { service: None, ..rejection } };
        let row = self.rejected(rows, header, customer.map(|name| CustomerName::new(name)), rejection);
        self.tally.reject(row);
        others.iter().for_each(|name| self.tally.incomplete(name, rows.line()));
    }

    fn rejected<R: RawRows>(
        &mut self,
        rows: &R,
        header: &Header,
        customer: Option<CustomerName>,
        rejection: Rejection,
    ) -> RejectedRow {
        let Rejection { service, index, value, why } = rejection;
        self.rejected += 1;
        let column = index.and_then(|index| header.names().get(index)).cloned().unwrap_or_default();
        let range = index.and_then(|index| rows.range(index)).filter(|_| self.rejected <= MARKED);
        let mark = range.map(|range| Excerpt::of(&rows.text(), range).into_marked());
        RejectedRow { line: rows.line(), column, value, customer, service, why, mark }
    }
}

impl LongReading<'_> {
    fn count<R: RawRows>(
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
            Counting::Column(count) => reading.number(rows, count)?,
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

impl FoundColumns<'_> {
    /// The first cell of those that say what a row is about, and whether it is data, that holds a formula without a
    /// result.
    fn uncomputed<R: RawRows>(&self, rows: &R) -> Option<usize> {
        let long = self.long.iter().flat_map(|long| [Some(long.service), long.item]).flatten();
        let about = std::iter::once(self.customer).chain(long).filter_map(ColumnValue::index);
        about.chain(self.filters.iter().map(|(_, asked)| asked.index)).find(|index| rows.is_uncomputed(*index))
    }

    /// The number in a column, or in a part of its cell.
    fn number<R: RawRows>(&self, rows: &R, taken: ColumnValue<'_>) -> Result<Units, Box<Rejection>> {
        if let ColumnValue::Cell(index) = taken {
            return self.units(rows, index);
        }
        if let Some(index) = taken.index().filter(|index| rows.is_uncomputed(*index)) {
            return Err(Rejection::of(Some(index), rows.cell(index), CountError::Uncomputed));
        }
        let values = taken.values(rows).map_err(|no| Rejection::no_match(taken, &no))?;
        let value = values.as_slice().first().map(Cow::as_ref).unwrap_or_default();
        let units = Units::parse(value, self.layout.notation, self.layout.signed);
        units.map_err(|why| Rejection::of(taken.index(), value, why))
    }

    fn units<R: RawRows>(&self, rows: &R, index: usize) -> Result<Units, Box<Rejection>> {
        let cell = rows.cell(index);
        let Layout { notation, signed, .. } = *self.layout;
        let units = match rows.is_number(index) {
            true => Units::of_number(cell, signed),
            false if rows.is_uncomputed(index) => Err(CountError::Uncomputed),
            false => Units::parse(cell, notation, signed),
        };
        units.map_err(|why| Rejection::of(Some(index), cell, why))
    }
}
