//! Dates of a file that nobody asked for: whether a filter leaves out newer ones than it keeps, and whether a column of
//! dates tells rows apart that look doubled.

use crate::export::format::raw::RawRows;
use crate::export::read::header::Header;
use crate::export::read::layout::CellFilter;
use crate::reconcile::model::export::counts::NewerDate;

/// Rows of data that are looked at for a column of dates. A vendor writes its days one below the other.
const LOOKED_AT: usize = 1000;

/// What is known of dates so far.
pub(super) struct Dates {
    /// For each filter that keeps by a column: the column, the newest date left out, and the newest kept.
    kept_by: Vec<Option<Newest>>,
    /// Columns of which every cell so far is a date.
    columns: Vec<DateColumn>,
    looked: usize,
}

struct Newest {
    index: usize,
    left_out: String,
    kept: String,
}

struct DateColumn {
    index: usize,
    first: String,
    differs: bool,
}

impl Dates {
    pub(super) fn new(filters: &[(bool, CellFilter<'_>)], header: &Header) -> Self {
        let newest = |index| Newest { index, left_out: String::new(), kept: String::new() };
        let kept_by = filters.iter().map(|(keep, filter)| keep.then(|| newest(filter.index))).collect();
        let column = |index| DateColumn { index, first: String::new(), differs: false };
        Self { kept_by, columns: (0..header.names().len()).map(column).collect(), looked: 0 }
    }

    /// The row is left out by this filter.
    pub(super) fn left_out<R: RawRows>(&mut self, rows: &R, filter: usize) {
        if let Some(newest) = self.kept_by.get_mut(filter).and_then(Option::as_mut) {
            later(&mut newest.left_out, rows.cell(newest.index));
        }
    }

    /// The row counts.
    pub(super) fn kept<R: RawRows>(&mut self, rows: &R) {
        for newest in self.kept_by.iter_mut().flatten() {
            later(&mut newest.kept, rows.cell(newest.index));
        }
        if self.looked == LOOKED_AT {
            return;
        }
        self.looked += 1;
        self.columns.retain_mut(|column| match date(rows.cell(column.index)) {
            Some(date) if column.first.is_empty() => {
                column.first = date.to_owned();
                true
            }
            Some(date) => {
                column.differs |= column.first != date;
                true
            }
            None => false,
        });
    }

    /// For each filter the newer date that it leaves out, if it does.
    pub(super) fn newer(&self) -> Vec<Option<NewerDate>> {
        let newer = |newest: &Newest| {
            let Newest { left_out, kept, .. } = newest;
            let is_newer = !kept.is_empty() && left_out.len() == kept.len() && left_out > kept;
            is_newer.then(|| NewerDate { left_out: left_out.clone(), kept: kept.clone() })
        };
        self.kept_by.iter().map(|newest| newest.as_ref().and_then(newer)).collect()
    }

    /// The first column whose cells are all dates, and not all the same.
    pub(super) fn column(&self, header: &Header) -> Option<String> {
        let column = self.columns.iter().find(|column| column.differs)?;
        header.names().get(column.index).cloned()
    }
}

fn later(newest: &mut String, cell: &str) {
    if let Some(date) = date(cell).filter(|date| *date > newest.as_str()) {
        date.clone_into(newest);
    }
}

/// A day or a month of ISO 8601, which compares as text; other forms are declared, or no dates here.
fn date(cell: &str) -> Option<&str> {
    let cell = cell.trim();
    let is_like = |text: &str, form: &str| {
        text.len() == form.len()
            && text
                .bytes()
                .zip(form.bytes())
                .all(|(byte, form)| if form == b'0' { byte.is_ascii_digit() } else { byte == form })
    };
    let day = cell.get(..10).filter(|day| is_like(day, "0000-00-00"));
    let ends = |rest: &str| rest.is_empty() || rest.starts_with(['T', ' ']);
    match day {
        Some(day) if ends(&cell[10..]) => Some(day),
        _ => Some(cell).filter(|month| is_like(month, "0000-00")),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::export::read::content::read_bytes;
    use crate::export::settings::{Column, Count, Layout, Long, Shape, Test};
    use crate::reconcile::model::export::counts::Counts;

    fn read(text: &str, day: Option<&str>) -> Counts {
        let count = Count::Column { count: Column::named("N"), item: None };
        let shape = Shape::Long(Long { service: Column::named("S"), count });
        let keep = day.map(|day| Test { column: "Day".to_owned(), is: vec![day.to_owned()], like: Vec::new() });
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

    #[test]
    fn a_column_of_different_days_tells_rows_apart_and_one_of_numbers_does_not() {
        let column = |text: &str| read(text, None).dated;
        assert_eq!(column("C,S,N,Day\nA,x,1,2026-10\nA,x,2,2026-11\n").as_deref(), Some("Day"));
        assert_eq!(column("C,S,N,Day\nA,x,1,2026-11-01\nA,x,2,2026-11-01\n"), None);
        assert_eq!(column("C,S,N,Day\nA,x,1,2026-10-31\nA,x,2,n/a\n"), None);
        assert_eq!(column("C,S,N,Site\nA,x,1,2026-10-317\nA,x,2,2026-1-1\n"), None);
    }
}
