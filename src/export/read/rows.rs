//! Takes the rows of a file, each once and in order, and tells a [`Tally`] what each of them counts, or why it does
//! not.

use std::borrow::Cow;

use crate::export::column::{DerivedColumn, NamedColumn};
use crate::export::count::duplicate_rows::Duplicates;
use crate::export::count::fast_table::Customer;
use crate::export::count::tally::Tally;
use crate::export::damage_kinds::Damage;
use crate::export::damage_places::{Fault, Faults};
use crate::export::excerpt::Excerpt;
use crate::export::format::raw_rows::{RawRows, Without};
use crate::export::read::cells::{says_nothing, tell_unclear};
use crate::export::read::date_columns::Dates;
use crate::export::read::derived_columns::MadeRows;
use crate::export::read::header::{Header, header, header_below};
use crate::export::read::layout::{CellFilter, ColumnValue, Counting, FoundColumns, NewestDate, Values};
use crate::export::read::rejected_row::Rejection;
use crate::export::read::row_damage::{damage, fault};
use crate::export::read::row_date::RowDate;
use crate::export::read::sheet_or_file::ExportPart;
use crate::export::read::total_rows::{TotalRows, filled};
use crate::export::settings::{HeaderRow, Layout};
use crate::reconcile::model::export::count_error::CountError;
use crate::reconcile::model::export::counts::RejectedRow;
use crate::reconcile::model::export::normalized_names::{is_blank, normalized};
use crate::reconcile::model::export::rows_behind_end::RowsBehindEnd;
use crate::reconcile::model::ids::CustomerName;

/// Rejected rows that are kept as they stand.
const MARKED: usize = 20;

/// What is counted in a file whose rows these are.
///
/// # Errors
/// Everything about its structure that is wrong, up to where nobody can say any more where rows begin.
pub(in crate::export) fn tally<R: RawRows>(
    mut rows: R,
    layout: &Layout,
    part: ExportPart<'_>,
    tally: Tally,
) -> Result<Tally, Faults> {
    let mut header = header(&mut rows, layout)?;
    if !is_made(layout) {
        return counted(rows, &header, layout, part, tally);
    }
    let rows = MadeRows::of(rows, &mut header, layout, part)?;
    counted(rows, &header, layout, part, tally)
}

/// Whether rows have to be more than the file has.
pub(super) fn is_made(layout: &Layout) -> bool {
    layout.header == HeaderRow::Absent || !layout.fill_down.is_empty() || !layout.made().is_empty()
}

fn counted<R: RawRows>(
    mut rows: R,
    header: &Header,
    layout: &Layout,
    part: ExportPart<'_>,
    tally: Tally,
) -> Result<Tally, Faults> {
    let reading = match FoundColumns::of(layout, header, part) {
        Ok(reading) => reading,
        Err(faults) => return Err(header_below(rows, layout).map_or(faults, Faults::from)),
    };
    let read_before = tally.rows();
    let dates = Dates::new(&reading.filters, header);
    let is_wide = |at: &usize| reading.wide.iter().any(|(wide, _)| wide == at);
    let nameless = header.nameless_at_the_end().filter(|at| !is_wide(at)).collect();
    let totals = TotalRows::of(layout, &reading);
    let mut reader = Reader { totals, tally, reading, dates, rejected: 0, part, nameless, least_filled: usize::MAX };
    let (mut faults, mut rows_read, mut ended) = (Faults::none(), 0, false);
    let mut surplus = false;
    loop {
        match rows.advance() {
            Ok(true) if rows.is_blank() => continue,
            Ok(true) if reader.ends(&rows) => {
                ended = true;
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
        if read_before + rows_read > layout.max_rows {
            let damage = Damage::TooManyRows { max: layout.max_rows };
            faults.push(|| Fault::new(damage).on_line(rows.line()));
            break;
        }
        match damage(&rows, header, &mut surplus) {
            None if faults.is_empty() => reader.row(&rows, header),
            None => {}
            Some(damage) => faults.push(|| fault(&rows, damage, header)),
        }
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    if rows_read == 0 && !reader.is_named_by_the_sheet() {
        match part.label {
            Some(name) if part.may_be_empty(layout) => {
                reader.tally.passed_over(&format!("{name} holds only a header"));
            }
            Some(_) => return Err(Fault::new(Damage::PartHeaderOnly).into()),
            None => return Err(Fault::new(Damage::HeaderOnly).into()),
        }
    }
    if surplus {
        reader.tally.passed_over("its rows have empty cells beyond the heading");
    }
    reader.tally.end(rows.open_end(), reader.reading.end().filter(|_| !ended));
    reader.tally.dates(reader.dates.newer(), reader.dates.column(header));
    if ended {
        reader.read_behind_end(rows, header);
    }
    Ok(reader.tally)
}

/// Takes whole rows.
struct Reader<'a> {
    totals: Option<TotalRows>,
    reading: FoundColumns<'a>,
    tally: Tally,
    dates: Dates,
    rejected: usize,
    part: ExportPart<'a>,
    /// Columns in which nothing ought to stand.
    nameless: Vec<usize>,
    /// How many cells the emptiest row of data fills, where that is what tells data from a remark.
    least_filled: usize,
}

impl Reader<'_> {
    /// Whether the row ends the data.
    fn ends<R: RawRows>(&mut self, rows: &R) -> bool {
        let Some(stop) = &self.reading.stop else { return false };
        if stop.passes(rows) {
            return true;
        }
        if self.counts_rows() {
            self.least_filled = self.least_filled.min(filled(rows));
        }
        false
    }

    /// Whether any row that names somebody is a count, also without a number.
    fn counts_rows(&self) -> bool {
        let counting = self.reading.long.as_ref().map(|long| &long.counting);
        matches!(counting, Some(Counting::Rows | Counting::Distinct))
    }

    /// Reads on to the file's end, and tells what stands there: a row that ends only a part of the data would hide the
    /// rest of it. Nothing of it counts, and nothing that is wrong with it is of any account.
    fn read_behind_end<R: RawRows>(&mut self, mut rows: R, header: &Header) {
        let Some(end) = self.reading.end() else { return };
        let mut behind = RowsBehindEnd::of(end);
        let aside = std::mem::replace(&mut self.tally, Tally::new(Duplicates::Sum, Vec::new()));
        let least = if self.counts_rows() { self.least_filled } else { 0 };
        while rows.advance() == Ok(true) {
            if rows.is_blank() || self.reading.stop.as_ref().is_some_and(|stop| stop.passes(&rows)) {
                continue;
            }
            let (counts, rejected) = (self.tally.written_rows(), self.tally.rejected().len());
            self.row(&rows, header);
            let unread = self.tally.rejected().get(rejected);
            let unread = unread.is_some_and(|row| row.service.is_some() && row.why.is_of_a_number());
            let is_count = (self.tally.written_rows() > counts || unread) && filled(&rows) >= least;
            let names = self.reading.customer.names(&rows).ok().filter(|_| is_count);
            behind
                .add(rows.line(), names.and_then(|names| names.as_slice().first().map(|name| CustomerName::new(name))));
        }
        self.tally = aside;
        self.tally.behind_end(behind);
    }

    fn row<R: RawRows>(&mut self, rows: &R, header: &Header) {
        self.tally.row();
        if let Some(without) = rows.without() {
            return match self.reading.dropped(rows).filter(|_| without == Without::Unsaid) {
                Some(filter) => self.exclude(rows, filter),
                None => self.without(rows, header, without),
            };
        }
        if let Some(index) = self.cut(rows).filter(|_| self.reading.dropped(rows).is_none()) {
            return self.reject_cell(rows, header, index, CountError::BehindHeading);
        }
        if let Some(filter) = self.reading.excluded(rows) {
            self.dates.left_out(rows, filter);
            return self.exclude(rows, filter);
        }
        if let Some(rejection) = self.reading.unreadable_filter(rows) {
            let customers = self.reading.customer.names(rows);
            let customers = customers.as_ref().map_or(&[][..], Values::as_slice);
            return self.reject(rows, header, customers, *rejection);
        }
        if self.reading.latest.is_some() && self.is_older(rows, header) {
            return;
        }
        self.dates.kept(rows);
        if let Some(index) = self.reading.uncomputed(rows) {
            return self.uncomputed(rows, header, index);
        }
        if let Some(index) = self.reading.list_for_name(rows) {
            return self.list_for_name(rows, header, index);
        }
        if let Some(index) = self.totals.as_mut().and_then(|totals| totals.take(rows, &self.reading)) {
            return self.reject_cell(rows, header, index, CountError::Total);
        }
        // Mostly the row is about the same customer as the one before it, spelled in the same way.
        let expected = self.reading.customer.plain(rows).and_then(|name| self.tally.expected_customer(name));
        let rejection = expected.map(|customer| self.count(rows, customer));
        if let Some(Ok(())) = rejection {
            return;
        }
        let customers = match self.reading.customer.names(rows) {
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

    /// A cell behind the last column with a name: where `1,250` has no quotes, what stands before it is 1. Only a text with
    /// separators is cut so.
    fn cut<R: RawRows>(&self, rows: &R) -> Option<usize> {
        let mut nameless = self.nameless.iter().copied();
        nameless.find(|index| !is_blank(rows.cell(*index)) && rows.bytes() > 0)
    }

    fn reject_cell<R: RawRows>(&mut self, rows: &R, header: &Header, index: usize, why: CountError) {
        let customers = self.reading.customer.names(rows);
        let customers = customers.as_ref().map_or(&[][..], Values::as_slice);
        self.reject(rows, header, customers, *Rejection::of(Some(index), rows.cell(index), why));
    }

    /// A cell that says whose the row is, what it counts or whether it is data is a formula without a result.
    fn uncomputed<R: RawRows>(&mut self, rows: &R, header: &Header, index: usize) {
        let named = self.reading.customer.index().is_none_or(|customer| !rows.is_uncomputed(customer));
        let customers = self.reading.customer.names(rows).ok().filter(|_| named);
        let customers = customers.as_ref().map_or(&[][..], |customers| customers.as_slice());
        let rejection = *Rejection::of(Some(index), rows.cell(index), CountError::Uncomputed);
        self.reject(rows, header, customers, rejection);
    }

    /// A list names neither a customer nor a service.
    fn list_for_name<R: RawRows>(&mut self, rows: &R, header: &Header, index: usize) {
        let named = self.reading.customer.list(rows).is_none();
        let customers = self.reading.customer.names(rows).ok().filter(|_| named);
        let customers = customers.as_ref().map_or(&[][..], Values::as_slice);
        self.reject(rows, header, customers, *Rejection::of(Some(index), rows.cell(index), CountError::ListName));
    }

    /// Whether the row is of an older date than the newest, or of none: then it is said. Whoever has older rows alone is
    /// missing from the export, and not in it with nothing.
    fn is_older<R: RawRows>(&mut self, rows: &R, header: &Header) -> bool {
        let Some(NewestDate { index, latest, newest }) = self.reading.latest else { return false };
        let cell = rows.cell(index);
        match RowDate::read(cell, latest) {
            Some(date) if Some(date) == newest => false,
            // Of a month nobody can say whether it is newer than one of its days.
            Some(date) if newest.is_some_and(|newest| newest.is_month() != date.is_month()) => {
                self.reject_date(rows, header, cell, index)
            }
            Some(date) => {
                self.tally.exclude(self.reading.filters.len(), &date.to_string());
                true
            }
            None => self.reject_date(rows, header, cell, index),
        }
    }

    fn reject_date<R: RawRows>(&mut self, rows: &R, header: &Header, cell: &str, index: usize) -> bool {
        let why = if cell.trim().is_empty() { CountError::BlankDate } else { CountError::NoDate };
        self.reject_cell(rows, header, index, why);
        true
    }

    /// A row that names a customer, and nothing that it has.
    fn without<R: RawRows>(&mut self, rows: &R, header: &Header, without: Without) {
        let Ok(customers) = self.reading.customer.names(rows) else { return };
        match without {
            Without::Nothing => customers.as_slice().iter().for_each(|name| self.tally.left_out(name)),
            Without::Unsaid => {
                let rejection = *Rejection::of(None, "the list", CountError::NoList);
                self.reject(rows, header, customers.as_slice(), rejection);
            }
        }
    }

    /// Whether the customer is known without any row: a sheet of its own, on which nothing stands, says that it has
    /// nothing.
    fn is_named_by_the_sheet(&mut self) -> bool {
        let ColumnValue::MadeColumn(_, NamedColumn { made: Some(DerivedColumn::SheetName), .. }) =
            self.reading.customer
        else {
            return false;
        };
        let Some(name) = self.reading.customer.of_text(self.part.sheet) else { return false };
        self.tally.left_out(&name);
        true
    }

    fn exclude<R: RawRows>(&mut self, rows: &R, filter: usize) {
        let (is_keep, CellFilter { index: looked_at, .. }) = self.reading.filters[filter];
        // What is dropped the rule says already; what is not kept says another word.
        let item = self.reading.long.as_ref().and_then(|long| long.item).filter(|_| !is_keep);
        let item = item.and_then(ColumnValue::index);
        let index = item.filter(|index| !rows.cell(*index).trim().is_empty()).unwrap_or(looked_at);
        self.tally.exclude(filter, &normalized(rows.cell(index)));
        let names = self.reading.customer.index().is_none_or(|customer| !rows.is_uncomputed(customer));
        if let (true, Ok(customers)) = (names, self.reading.customer.names(rows)) {
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
            if is_blank(cell) || says_nothing(reading.layout, cell) {
                continue;
            }
            if service.is_empty() {
                return Err(Rejection::of(Some(*index), cell, CountError::NoColumnName));
            }
            let units = match &reading.layout.wide_mark {
                None => reading.of_count(rows, *index),
                Some(_) if rows.is_uncomputed(*index) => Err(Rejection::of(Some(*index), cell, CountError::Uncomputed)),
                Some(mark) => {
                    tell_unclear(mark, (service, cell), tally);
                    mark.units(cell).map_err(|why| Rejection::of(Some(*index), cell, why))
                }
            };
            match (units, first.take()) {
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
