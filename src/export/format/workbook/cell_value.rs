//! What a cell of a workbook says, as text.

use calamine::{DataRef, ExcelDateTime, XlsxFormulaMetadata};
use rust_decimal::Decimal;

/// Columns that are looked at. A sheet may have 16,384, and one stray cell in the last of them is no reason to hold a
/// row of that width a million times.
pub(super) const COLUMNS_MAX: usize = 4096;

/// One cell.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::export) struct SheetValue {
    /// Text as it stands; a number as an exact decimal; a date as `2026-07-01` or `2026-07-01 12:00:00`; `TRUE` and
    /// `FALSE`; an error by its sign (`#REF!`).
    pub(in crate::export) text: String,
    /// Whether it is a number and not text that looks like one.
    pub(in crate::export) number: bool,
    /// Whether it is a formula without a result; then that is its text.
    pub(in crate::export) uncomputed: bool,
    /// Whether it holds nothing of its own: it is merged with the one that does.
    pub(in crate::export) merged: bool,
}

impl SheetValue {
    /// `None` for a cell that holds nothing.
    pub(super) fn of(cell: &DataRef<'_>) -> Option<Self> {
        let text = |text: String| Some(Self { text, ..Self::default() });
        let number = |text: String| Some(Self { text, number: true, ..Self::default() });
        match cell {
            DataRef::Empty => None,
            DataRef::String(said) if said.is_empty() => None,
            DataRef::SharedString("") => None,
            DataRef::String(said) => text(said.clone()),
            DataRef::SharedString(said) => text((*said).to_owned()),
            DataRef::Int(whole) => number(whole.to_string()),
            DataRef::Float(float) if is_exact(*float) => number(exact(*float)),
            DataRef::Float(float) => text(exact(*float)),
            DataRef::Bool(yes) => text(if *yes { "TRUE" } else { "FALSE" }.to_owned()),
            DataRef::DateTime(moment) => text(date(moment)),
            DataRef::DateTimeIso(said) | DataRef::DurationIso(said) => text(said.clone()),
            DataRef::Error(error) => text(error.to_string()),
        }
    }

    /// A formula whose result the workbook does not hold: a program wrote it, and no spreadsheet has computed it.
    pub(super) fn uncomputed(formula: &XlsxFormulaMetadata) -> Self {
        let text = match formula {
            XlsxFormulaMetadata::Normal { formula } | XlsxFormulaMetadata::Shared { formula, .. } => formula.as_str(),
            _ => "",
        };
        Self { text: format!("={text}"), uncomputed: true, ..Self::default() }
    }
}

/// Beyond this a workbook holds no whole number exactly: of eighteen digits the last three are lost.
const WHOLE_MAX: f64 = 9_007_199_254_740_992.0;

fn is_exact(number: f64) -> bool {
    number.abs() <= WHOLE_MAX
}

/// A workbook stores binary floating point and shows 15 digits of it at most: those are what was meant (0.1 + 0.2 is
/// stored as 0.30000000000000004, and shown as 0.3). A whole number is exact up to 2^53, and all its digits are meant.
fn exact(number: f64) -> String {
    if number.fract() == 0.0 && number.abs() <= WHOLE_MAX {
        // A zero below zero is a zero.
        return format!("{:.0}", number + 0.0);
    }
    let digits = format!("{number:.14e}");
    if !is_exact(number) {
        return digits.replace('e', "E+");
    }
    Decimal::from_scientific(&digits).map_or(digits, |exact| exact.normalize().to_string())
}

fn date(moment: &ExcelDateTime) -> String {
    let (year, month, day, hour, minute, second, milli) = moment.to_ymd_hms_milli();
    let date = format!("{year:04}-{month:02}-{day:02}");
    match (hour, minute, second, milli) {
        _ if moment.is_duration() => exact(moment.as_f64()),
        (0, 0, 0, 0) => date,
        (_, _, _, 0) => format!("{date} {hour:02}:{minute:02}:{second:02}"),
        _ => format!("{date} {hour:02}:{minute:02}:{second:02}.{milli:03}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_what_the_sheet_shows_and_nothing_of_the_noise_behind_it() {
        for (stored, shown) in [
            (0.1 + 0.2, "0.3"),
            (0.154_171_000_000_000_03, "0.154171"),
            (25.0, "25"),
            (-2.5, "-2.5"),
            (-0.0, "0"),
            (-10.0, "-10"),
            (1e15, "1000000000000000"),
            (9_007_199_254_740_992.0, "9007199254740992"),
            (3.25e-5, "0.0000325"),
            (1e300, "1.00000000000000E+300"),
            (123_456_789_012_345_678.0, "1.23456789012346E+17"),
            (1.0 / 3.0, "0.333333333333333"),
        ] {
            assert_eq!(exact(stored), shown);
        }
    }
}
