//! What several fuzz targets hold to be true.

use unicode_width::UnicodeWidthStr as _;

use recount::export::count::duplicate_rows::Duplicates;
use recount::export::error::ExportError;
use recount::reconcile::model::export::counts::{Cell, Counts};

/// Widest line that a terminal is trusted with.
const WIDTH: usize = 80;

/// Fails if a text could move the cursor, turn the direction of writing, or hide a part of itself.
pub fn assert_harmless(text: &str) {
    let hostile = text.chars().find(|c| c.is_control() || is_direction(*c) || is_unseen(*c));
    assert!(hostile.is_none(), "{hostile:?} in {text:?}");
}

/// The same for a text of several lines, none of which may be wrapped by the terminal.
pub fn assert_fits(text: &str) {
    for line in text.lines() {
        assert_harmless(line);
        assert!(line.width() <= WIDTH, "{} columns: {line:?}", line.width());
    }
}

/// Fails if a row of an export, of one count each and without filters, got lost on its way into the counts.
pub fn assert_complete(counts: &Counts, duplicates: Duplicates) {
    let cells = counts.customers.values().flat_map(|customer| customer.cells().map(|(_, cell)| cell));
    let counted: usize = cells.clone().map(|cell| cell.lines().number()).sum();
    assert!(counts.rows > 0);
    assert_eq!(counts.kept, counts.rows, "nothing was to be left out");
    assert_eq!(counted + counts.rejected.len() + counts.nameless.len(), counts.rows, "a row was lost");
    for row in &counts.rejected {
        let lines =
            row.customer.as_ref().and_then(|name| counts.customers.get(name)).map(|counts| counts.rejected_lines());
        let held = lines.is_some_and(|lines| lines.contains(&row.line));
        assert!(held || row.customer.is_none(), "a rejected row holds nobody's lines");
    }
    for cell in cells {
        match cell {
            Cell::Counted { lines, .. } => {
                assert!(duplicates != Duplicates::Error || lines.number() == 1, "rows were merged unasked");
            }
            Cell::OutOfRange { total, .. } => assert_eq!(*total, None, "no row is negative"),
            Cell::Duplicate { lines, counts } => assert_eq!(lines.number(), counts.len()),
        }
    }
    assert!(!counts.units().is_sign_negative());
}

/// Fails if what a refused export is told about is not harmless.
pub fn assert_explained(error: &ExportError) {
    assert_harmless(&error.to_string());
    error.diagnosis().iter().flat_map(|text| text.lines()).for_each(assert_harmless);
}

/// The value of a decimal number in one form, for comparing without any arithmetic of the product: sign, digits without
/// zeros around them, and the power of ten of the last digit. `None` if it is no such number, or its exponent is huge.
pub fn value(text: &str) -> Option<(bool, String, i64)> {
    let (negative, text) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (whole, places) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{places}");
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let exponent = i64::from(exponent.parse::<i32>().ok()?) - i64::try_from(places.len()).ok()?;
    let significant = digits.trim_end_matches('0');
    let zeros = i64::try_from(digits.len() - significant.len()).ok()?;
    match significant.trim_start_matches('0') {
        "" => Some((false, String::new(), 0)),
        digits => Some((negative, digits.to_owned(), exponent + zeros)),
    }
}

fn is_direction(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Unicode's `Default_Ignorable_Code_Point`, the line and paragraph separators, and the marks of annotations.
fn is_unseen(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200d}' | '\u{2028}'..='\u{2029}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}
