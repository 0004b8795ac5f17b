//! Cells that say that there is nothing, where any that says something would count one.

use crate::export::count::number_sign::is_minus;
use crate::export::read::normalized_names::has_no_width;

/// What a cell in a column of licences says where it says no.
const NO: [&str; 46] = [
    "no",
    "n",
    "false",
    "f",
    "0",
    "-",
    "–",
    "—",
    "−",
    "none",
    "n/a",
    "na",
    "nil",
    "null",
    "nan",
    "off",
    "never",
    "nein",
    "non",
    "nee",
    "nej",
    "não",
    "disabled",
    "inactive",
    "unlicensed",
    "unassigned",
    "uninstalled",
    "absent",
    "missing",
    "removed",
    "ko",
    "✗",
    "✘",
    "❌",
    "☐",
    "⬜",
    "□",
    "○",
    "◯",
    "☒",
    "✖",
    "✕",
    "×",
    "⨯",
    "🚫",
    "⛔",
];

/// Whether a cell says no, in a word or in several, or by a date that never was.
pub(in crate::export) fn says_no(cell: &str) -> bool {
    let seen: String = cell.chars().filter(|c| !has_no_width(*c)).collect();
    let cell = seen.to_lowercase();
    let bare = cell.trim_matches(|c: char| "()[]<>{}".contains(c)).trim();
    let zero = bare.contains('0') && bare.chars().all(|c| "0.,: /-".contains(c));
    let nothing = bare.chars().all(|c| is_minus(c) || " \u{2014}_.?/".contains(c));
    let word = NO.contains(&bare) || NO.contains(&bare.replace(['.', ' '], "").as_str());
    zero || nothing || word || bare.starts_with("not ") || bare.starts_with("no ") || never_was(bare)
}

/// What programs write for a date that is not set: the first day of their calendar (1 January 0001 of .NET, 1601 of
/// Windows, 1753 and 1900 of SQL Server, 1970 of Unix, in America the evening before; 1899 and `1900-01-00` of Excel).
/// Nothing that is billed was there in 1970.
fn never_was(cell: &str) -> bool {
    if cell.contains("-62135596800") {
        return true;
    }
    if let (8, Ok(date)) = (cell.len(), cell.parse::<u32>()) {
        return date / 10_000 <= LAST_YEAR && is_first_or_last(date / 100 % 100, date % 100);
    }
    let mut parts = cell.split(|c: char| !c.is_alphanumeric()).filter(|part| !part.is_empty()).peekable();
    // A weekday may stand before the date.
    parts.next_if(|part| part.chars().all(char::is_alphabetic) && month(part).is_none());
    let date: Vec<&str> = parts.take(3).collect();
    let is_year = |part: &str| part.len() == 4 && part.parse().is_ok_and(|year: u32| year <= LAST_YEAR);
    let others = date.iter().filter(|part| !is_year(part));
    let others: Vec<Option<u32>> = others.map(|part| month(part).or_else(|| leading_number(part))).collect();
    match others.as_slice() {
        [Some(one), Some(other)] if date.len() == 3 => is_first_or_last(*one, *other) || is_first_or_last(*other, *one),
        _ => false,
    }
}

/// Whether a month and a day are where a calendar begins, or the days before.
fn is_first_or_last(month: u32, day: u32) -> bool {
    matches!((month, day), (1, 0 | 1) | (12, 30 | 31))
}

/// The last year in which nothing was there.
const LAST_YEAR: u32 = 1970;

/// January or December by name, in the languages of vendors.
fn month(part: &str) -> Option<u32> {
    let is_any = |names: &[&str]| names.iter().any(|name| part.starts_with(name));
    match part {
        _ if is_any(&["jan", "ene", "gen"]) => Some(1),
        _ if is_any(&["dec", "dez", "dic", "d\u{e9}c"]) => Some(12),
        _ => None,
    }
}

/// `1` of `01t00`, where the time follows.
fn leading_number(part: &str) -> Option<u32> {
    let digits: String = part.chars().take_while(char::is_ascii_digit).collect();
    let rest = part.get(digits.len()..).unwrap_or_default();
    (rest.is_empty() || rest.starts_with('t')).then(|| digits.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each of these was one unit more for every device that has none.
    #[test]
    fn a_date_that_never_was_says_no() {
        let no = [
            "0001-01-01",
            "0001-01-01T00:00:00Z",
            "1/1/0001 12:00:00 AM",
            "01.01.0001 00:00:00",
            "1970-01-01T00:00:00Z",
            "1/1/1970",
            "19700101",
            "1969-12-31T19:00:00-05:00",
            "12/31/1969 7:00:00 PM",
            "Thu, 01 Jan 1970 00:00:00 GMT",
            "Jan 1, 0001",
            "1900-01-00",
            "1/0/1900",
            "1900-01-01 00:00:00.000",
            "30.12.1899",
            "1601-01-01T00:00:00Z",
            "0000-00-00",
            "/Date(-62135596800000)/",
            "-",
            "--",
            "\u{2014}\u{2014}",
            "(none)",
            "[None]",
            "N.A.",
            "n. a.",
            "N/A",
            "?",
            "...",
            "not installed",
            "No license",
            "(not set)",
            "<null>",
            "☐",
            "⬜",
            "○",
            "☒",
            "✖\u{fe0f}",
            "×",
            "🚫",
            "⛔\u{fe0f}",
        ];
        for cell in no {
            assert!(says_no(cell), "{cell}");
        }
    }

    /// And each of these is a unit that would not be billed.
    #[test]
    fn what_says_something_is_taken_for_it() {
        let yes = [
            "2026-10-03",
            "10/3/2026 1:02:03 AM",
            "2001-01-01",
            "1/1/01",
            "20261003",
            "Yes",
            "x",
            "\u{2713}",
            "✔\u{fe0f}",
            "☑",
            "✅",
            "*",
            "+",
            "v4.12.1970",
            "10.0.1900.1",
            "Acme 1900 Server",
            "srv-01",
            "1971-01-01",
            "1 Jan 2026",
            "Nora",
            "12345678",
            "4",
            "\u{25cf}",
            "1.2.3",
        ];
        for cell in yes {
            assert!(!says_no(cell), "{cell}");
        }
    }
}
