//! Dates of a file that nobody asked for: whether a filter leaves out newer ones than it keeps, and whether a column of
//! dates tells rows apart that look doubled.

use std::collections::BTreeSet;

use crate::export::format::raw_rows::RawRows;
use crate::export::read::header::Header;
use crate::export::read::layout::CellFilter;
use crate::export::read::row_date::{RowDate, without_time};
use crate::export::settings::Latest;
use crate::reconcile::model::export::counts::{DateColumn, NewerDate};

/// Rows of data that are looked at for a column of dates. A vendor writes its days one below the other.
const LOOKED_AT: usize = 1000;

/// Forms of dates that vendors write beside ISO 8601; of two that differ in the order of day and month alone both are told.
pub(in crate::export) const FORMATS: [&str; 22] = [
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d.%m.%Y",
    "%d-%m-%Y",
    "%m-%d-%Y",
    "%d/%m/%y",
    "%m/%d/%y",
    "%d.%m.%y",
    "%d-%m-%y",
    "%m-%d-%y",
    "%Y/%m/%d",
    "%Y.%m.%d",
    "%d-%b-%Y",
    "%d-%b-%y",
    "%d %b %Y",
    "%d %B %Y",
    "%b %d, %Y",
    "%B %d, %Y",
    "%m/%Y",
    "%b %Y",
    "%B %Y",
    "%Y%m%d",
];

/// Different dates of a filter's column that are looked at.
const DATES_MAX: usize = 400;

/// What is known of dates so far.
pub(super) struct Dates {
    /// For each filter that keeps by a column: the column, and the dates that it leaves out and keeps.
    kept_by: Vec<Option<FilterDates>>,
    /// Columns of which every cell so far is a date.
    columns: Vec<DatedCells>,
    looked: usize,
}

struct FilterDates {
    index: usize,
    left_out: BTreeSet<String>,
    kept: BTreeSet<String>,
}

struct DatedCells {
    index: usize,
    first: String,
    differs: bool,
    /// The forms that each of them is written in; none is ISO 8601.
    forms: Vec<Option<&'static str>>,
}

impl Dates {
    pub(super) fn new(filters: &[(bool, CellFilter<'_>)], header: &Header) -> Self {
        let of = |index| FilterDates { index, left_out: BTreeSet::new(), kept: BTreeSet::new() };
        let kept_by = filters.iter().map(|(keep, filter)| keep.then(|| of(filter.index))).collect();
        let column = |index| DatedCells { index, first: String::new(), differs: false, forms: Vec::new() };
        Self { kept_by, columns: (0..header.names().len()).map(column).collect(), looked: 0 }
    }

    /// The row is left out by this filter.
    pub(super) fn left_out<R: RawRows>(&mut self, rows: &R, filter: usize) {
        if let Some(of) = self.kept_by.get_mut(filter).and_then(Option::as_mut) {
            remember(&mut of.left_out, rows.cell(of.index));
        }
    }

    /// The row counts.
    pub(super) fn kept<R: RawRows>(&mut self, rows: &R) {
        for of in self.kept_by.iter_mut().flatten() {
            remember(&mut of.kept, rows.cell(of.index));
        }
        if self.looked == LOOKED_AT {
            return;
        }
        self.looked += 1;
        self.columns.retain_mut(|column| column.is_date(rows.cell(column.index)));
    }

    /// For each filter the newer date that it leaves out, if it does.
    pub(super) fn newer(&self) -> Vec<Option<NewerDate>> {
        self.kept_by.iter().map(|of| of.as_ref().and_then(FilterDates::newer)).collect()
    }

    /// The first column whose cells are all dates, and not all the same.
    pub(super) fn column(&self, header: &Header) -> Option<DateColumn> {
        let column = self.columns.iter().find(|column| column.differs)?;
        let name = header.names().get(column.index).filter(|name| !name.is_empty())?.clone();
        let formats =
            if column.forms.contains(&None) { Vec::new() } else { column.forms.iter().flatten().copied().collect() };
        let formats = in_short(formats);
        Some(DateColumn { name, formats })
    }
}

/// Without the form of whole names of months where the one of three letters says the same.
pub(in crate::export) fn in_short(formats: Vec<&'static str>) -> Vec<&'static str> {
    let is_said = |form: &&str| form.contains("%B") && formats.contains(&form.replace("%B", "%b").as_str());
    formats.iter().filter(|form| !is_said(form)).copied().collect()
}

impl DatedCells {
    fn is_date(&mut self, cell: &str) -> bool {
        let Some(date) = day_of(cell) else { return false };
        if self.first.is_empty() {
            date.clone_into(&mut self.first);
            self.forms = forms_of(date);
        } else {
            self.differs |= self.first != date;
            self.forms.retain(|form| read(date, *form).is_some());
        }
        !self.forms.is_empty()
    }
}

impl FilterDates {
    /// In any form that all of them are written in.
    fn newer(&self) -> Option<NewerDate> {
        let forms = forms_of(self.left_out.first()?);
        forms.into_iter().find_map(|form| {
            let newest = |of: &BTreeSet<String>| {
                let dates: Option<Vec<_>> = of.iter().map(|date| Some((read(date, form)?, date.clone()))).collect();
                dates?.into_iter().max()
            };
            let ((left_out, said), (kept, stays)) = (newest(&self.left_out)?, newest(&self.kept)?);
            (left_out > kept).then_some(NewerDate { left_out: said, kept: stays })
        })
    }
}

fn remember(dates: &mut BTreeSet<String>, cell: &str) {
    if let Some(date) = day_of(cell)
        && dates.len() < DATES_MAX
        && !dates.contains(date)
    {
        dates.insert(date.to_owned());
    }
}

/// The part of a cell that may be a day or a month, without the time behind it.
fn day_of(cell: &str) -> Option<&str> {
    const LONGEST: usize = 40;
    let cell = cell.trim();
    let may_be =
        (6..=LONGEST).contains(&cell.len()) && cell.is_ascii() && cell.bytes().any(|byte| byte.is_ascii_digit());
    may_be.then(|| without_time(cell))
}

fn forms_of(date: &str) -> Vec<Option<&'static str>> {
    let forms = std::iter::once(None).chain(FORMATS.into_iter().map(Some));
    forms.filter(|form| read(date, *form).is_some()).collect()
}

fn read(date: &str, form: Option<&'static str>) -> Option<RowDate> {
    // Eight digits are a date, and six may be anything.
    RowDate::read(date, &Latest { column: String::new(), format: form.map(str::to_owned) })
        .filter(|_| form.is_some() || date.len() <= 10)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::export::column::Column;
    use crate::export::read::bytes_to_counts::read_bytes;
    use crate::export::row_condition::RowCondition;
    use crate::export::settings::{Count, Layout, LongLayout, Shape};
    use crate::reconcile::model::export::counts::Counts;

    fn read(text: &str, day: Option<&str>) -> Counts {
        let count = Count::Column { count: Column::named("N"), item: None };
        let shape = Shape::Long(LongLayout { service: Column::named("S"), count });
        let keep = day.map(|day| RowCondition {
            column: "Day".to_owned(),
            is: vec![day.to_owned()],
            like: Vec::new(),
            range: None,
        });
        let layout = Layout { keep: keep.into_iter().collect(), ..Layout::new(Column::named("C"), shape) };
        read_bytes(Path::new("x.csv"), text.as_bytes(), &layout).expect(text)
    }

    /// A day that stands in the configuration is the same day next month.
    #[test]
    fn a_filter_that_keeps_an_older_day_than_the_newest_is_noticed() {
        let text = "C,S,N,Day\nA,x,1,2026-10-31\nA,x,2,2026-11-01T08:00:00Z\nA,x,3,\n";
        let newer = |day| read(text, Some(day)).excluded[0].newer.clone();
        let said = NewerDate { left_out: "2026-11-01".to_owned(), kept: "2026-10-31".to_owned() };
        assert_eq!(newer("2026-10-31"), Some(said));
        assert_eq!(newer("2026-11-01T08:00:00Z"), None);
    }

    /// The same where the vendor does not write ISO 8601.
    #[test]
    fn an_older_day_in_another_form_is_noticed() {
        let text = "C,S,N,Day\nA,x,1,24/11/2026\nA,x,2,25/11/2026\nA,x,3,03/12/2026\n";
        let newer = read(text, Some("25/11/2026")).excluded[0].newer.clone().expect("newer");
        assert_eq!((newer.left_out.as_str(), newer.kept.as_str()), ("03/12/2026", "25/11/2026"));
        assert_eq!(read(text, Some("03/12/2026")).excluded[0].newer, None);
    }

    #[test]
    fn a_column_of_different_days_tells_rows_apart_and_one_of_numbers_does_not() {
        let column = |text: &str| read(text, None).dated.map(|column| column.keys());
        assert_eq!(column("C,S,N,Day\nA,x,1,2026-10\nA,x,2,2026-11\n").as_deref(), Some("latest = \"Day\""));
        let german = "C,S,N,Day\nA,x,1,24.11.2026 08:00\nA,x,2,25.11.2026 08:00\n";
        assert_eq!(column(german).as_deref(), Some("latest = \"Day\" and date_format = \"%d.%m.%Y\""));
        let either = column("C,S,N,Day\nA,x,1,01/10/2026\nA,x,2,01/11/2026\n").expect("dates");
        assert!(either.contains("%d/%m/%Y") && either.contains("%m/%d/%Y"), "{either}");
        let short = column("C,S,N,Day\nA,x,1,01/10/26\nA,x,2,01/11/26\n").expect("dates");
        assert!(short.contains("%d/%m/%y") && short.contains("%m/%d/%y"), "{short}");
        let only = column("C,S,N,Day\nA,x,1,01/10/2026\nA,x,2,01/13/2026\n");
        assert_eq!(only.as_deref(), Some("latest = \"Day\" and date_format = \"%m/%d/%Y\""));
        assert_eq!(column("C,S,N,Day\nA,x,1,2026-11-01\nA,x,2,2026-11-01\n"), None);
        assert_eq!(column("C,S,N,Day\nA,x,1,2026-10-31\nA,x,2,n/a\n"), None);
        assert_eq!(column("C,S,N,Site\nA,x,1,2026-10-317\nA,x,2,2026-1-1\n"), None);
    }
}
