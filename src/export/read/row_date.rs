//! Days and months that rows are of, where only the newest of a file count.

use std::fmt;

use chrono::{DateTime, Datelike as _, Months, NaiveDate};

use crate::export::settings::Latest;

/// What a row is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::export) struct RowDate {
    /// Of a month its first day.
    first: NaiveDate,
    is_month: bool,
}

/// No export is older.
const YEAR_MIN: i32 = 1990;

/// strftime's ways to say which day of a month it is.
const DAYS: [&str; 12] = ["%d", "%e", "%j", "%D", "%F", "%x", "%v", "%c", "%s", "%a", "%-d", "%+"];

impl RowDate {
    /// The date in a cell; `None` if it is none in the form that is declared, or ISO 8601.
    pub(in crate::export) fn read(cell: &str, latest: &Latest) -> Option<Self> {
        let cell = cell.trim();
        // A workbook's dates are ISO 8601 whatever the sheet shows.
        let declared = |format| formatted(cell, format).or_else(|| formatted(without_time(cell), format));
        let date = latest.format.as_deref().and_then(declared).or_else(|| iso(cell));
        // `26` read as a whole year is one of the first century.
        date.filter(|date| date.first.year() >= YEAR_MIN)
    }

    /// Whether it is a month.
    pub(in crate::export) fn is_month(self) -> bool {
        self.is_month
    }

    /// The last day that it speaks of.
    pub(in crate::export) fn last_day(self) -> NaiveDate {
        let next = self.first.checked_add_months(Months::new(1)).filter(|_| self.is_month);
        next.and_then(|next| next.pred_opt()).unwrap_or(self.first)
    }

    /// The first day that it speaks of.
    pub(in crate::export) fn first_day(self) -> NaiveDate {
        self.first
    }
}

/// A cell without the time of day behind its date, if there is one.
pub(in crate::export) fn without_time(cell: &str) -> &str {
    let time = cell.find(':').and_then(|colon| cell.get(..colon)?.rfind(['T', ' ']));
    time.and_then(|at| cell.get(..at)).unwrap_or(cell)
}

fn formatted(cell: &str, format: &str) -> Option<RowDate> {
    if format == "%s" {
        return since_1970(cell).map(|first| RowDate { first, is_month: false });
    }
    if DAYS.iter().any(|day| format.contains(day)) {
        return NaiveDate::parse_from_str(cell, format).ok().map(|first| RowDate { first, is_month: false });
    }
    let first = NaiveDate::parse_from_str(&format!("1 {cell}"), &format!("%d {format}")).ok()?;
    Some(RowDate { first, is_month: true })
}

/// Seconds since 1970, or milliseconds where there are too many digits for seconds: the day in UTC.
fn since_1970(cell: &str) -> Option<NaiveDate> {
    const SECONDS_DIGITS: usize = 11;
    if !cell.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number: i64 = cell.parse().ok()?;
    let seconds = if cell.len() > SECONDS_DIGITS { number / 1000 } else { number };
    DateTime::from_timestamp(seconds, 0).map(|moment| moment.date_naive())
}

/// `2026-11-26`, with or without a time behind it, and `2026-11`.
fn iso(cell: &str) -> Option<RowDate> {
    let (date, behind) = cell.split_at_checked(10).unwrap_or((cell, ""));
    let is_time = behind.is_empty() || behind.starts_with(['T', 't', ' ']);
    match date.len() {
        10 if is_time => formatted(date, "%Y-%m-%d"),
        7 => formatted(date, "%Y-%m").filter(|_| date.as_bytes()[4] == b'-'),
        _ => None,
    }
}

impl fmt::Display for RowDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_month {
            return write!(f, "{:04}-{:02}", self.first.year(), self.first.month());
        }
        write!(f, "{}", self.first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Day and month the wrong way round would make an old day the newest.
    #[test]
    fn a_date_is_read_as_declared_and_no_other_way() {
        let told = |cell, format: Option<&str>| {
            let latest = Latest { column: "Day".into(), format: format.map(str::to_owned) };
            RowDate::read(cell, &latest).map(|date| format!("{date} to {}", date.last_day()))
        };
        for (cell, format, date) in [
            ("2026-11-26", None, Some("2026-11-26 to 2026-11-26")),
            (" 2026-11-26T10:00:00Z", None, Some("2026-11-26 to 2026-11-26")),
            ("2026-02", None, Some("2026-02 to 2026-02-28")),
            ("26/11/2026", None, None),
            ("2026-11-261", None, None),
            ("03/11/2026", Some("%d/%m/%Y"), Some("2026-11-03 to 2026-11-03")),
            ("11/2026", Some("%m/%Y"), Some("2026-11 to 2026-11-30")),
            ("Nov 2026", Some("%b %Y"), Some("2026-11 to 2026-11-30")),
            ("11/2/2026 3:04:05 PM", Some("%m/%d/%Y %I:%M:%S %p"), Some("2026-11-02 to 2026-11-02")),
            ("03/11/2026 23:04", Some("%d/%m/%Y"), Some("2026-11-03 to 2026-11-03")),
            ("3 Nov 2026 3:04:05 PM", Some("%d %b %Y"), Some("2026-11-03 to 2026-11-03")),
            ("03/11/2026 or so", Some("%d/%m/%Y"), None),
            ("13/13/2026", Some("%d/%m/%Y"), None),
            ("30/10/26", Some("%d/%m/%Y"), None),
            ("30/10/26", Some("%d/%m/%y"), Some("2026-10-30 to 2026-10-30")),
            ("", Some("%d/%m/%Y"), None),
            ("1795824000", Some("%s"), Some("2026-11-28 to 2026-11-28")),
            ("1795824000123", Some("%s"), Some("2026-11-28 to 2026-11-28")),
            ("-5", Some("%s"), None),
        ] {
            assert_eq!(told(cell, format).as_deref(), date, "{cell}");
        }
    }
}
