//! Whether a text that was taken out of a cell is only a part of the number that stands there.

use std::ops::Range;

use crate::export::count::number_notation::{is_apostrophe, is_gap};
use crate::export::count::number_sign::is_minus;

/// `1` of `1,250 users`, `12` of `12.5 GB`, `3` of `-3 users`: something of the number stands beside it.
pub(in crate::export) fn is_part_of_number(text: &str, taken: Range<usize>, matched: Range<usize>) -> bool {
    let (Some(before), Some(behind)) = (text.get(..taken.start), text.get(taken.end..)) else { return false };
    let in_brackets = before.trim() == "(" && behind.trim_start().starts_with(')') && matched == taken;
    let has_sign = is_negative(before) || is_credit(behind) || in_brackets;
    !taken.is_empty()
        && (goes_on(before.chars().rev()) || goes_on(behind.chars()) || has_sign || is_scientific(before, behind))
}

/// `1e3`, of which one side is taken.
fn is_scientific(before: &str, behind: &str) -> bool {
    let is_exponent = |rest: &str| rest.trim_start_matches(['+', '-']).starts_with(|c: char| c.is_ascii_digit());
    let up = behind.strip_prefix(['e', 'E']).is_some_and(is_exponent);
    let mantissa = before.trim_end_matches(['+', '-']).strip_suffix(['e', 'E']);
    up || mantissa.is_some_and(|rest| rest.ends_with(|c: char| c.is_ascii_digit()))
}

/// A digit, or one behind what stands between the digits of a number.
fn goes_on(mut beside: impl Iterator<Item = char>) -> bool {
    match beside.next() {
        Some(c) if c.is_ascii_digit() => true,
        Some(c) if matches!(c, '.' | ',') || is_apostrophe(c) || is_gap(c) => {
            beside.next().is_some_and(|c| c.is_ascii_digit())
        }
        _ => false,
    }
}

/// A minus, which is none within a word: `E-3`.
fn is_negative(before: &str) -> bool {
    let Some(rest) = before.trim_end().strip_suffix(is_minus) else { return false };
    let beside = before.ends_with(is_minus) && !rest.ends_with(char::is_alphabetic);
    beside || rest.trim().is_empty()
}

/// A minus behind all of it, or right behind it and before its unit: `3-`, `3- users`.
fn is_credit(behind: &str) -> bool {
    let is_before_unit = behind.strip_prefix(is_minus).is_some_and(|rest| rest.starts_with(char::is_whitespace));
    is_before_unit || behind.trim().strip_prefix(is_minus).is_some_and(str::is_empty)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each of these was billed by a part of what the vendor counts.
    #[test]
    fn a_part_of_a_number_is_told_from_a_whole_one() {
        let part = |text: &str, taken: &str| {
            let at = text.find(taken).expect("in it");
            is_part_of_number(text, at..at + taken.len(), at..at + taken.len())
        };
        let parts = [
            ("1,250 users", "1"),
            ("1,250 users", "250"),
            ("12.5 GB", "12"),
            ("1'250 users", "1"),
            ("1\u{2019}250 users", "1"),
            ("1 250 users", "1"),
            ("1250 users", "12"),
            ("-3 users", "3"),
            ("- 3 users", "3"),
            ("\u{2212}3 users", "3"),
            ("\u{ff0d}3 users", "3"),
            ("\u{2011}3 users", "3"),
            ("3-", "3"),
            ("3 \u{2212}", "3"),
            ("users: -3", "3"),
            ("(3) users", "3"),
            ("( 3 ) users", "3"),
            ("(12)", "12"),
            ("3- users", "3"),
            ("1e3 users", "1"),
            ("1e3 users", "3"),
            ("1E-3 users", "1"),
        ];
        for (text, taken) in parts {
            assert!(part(text, taken), "{text}");
        }
        let whole = [
            ("10 of 25", "10"),
            ("10 of 25", "25"),
            ("1,250 users", "1,250"),
            ("-3 users", "-3"),
            ("12, of which 3 are free", "12"),
            ("Total: 12.", "12"),
            ("Plan E-12", "12"),
            ("seats - 12", "12"),
            ("12 - E3", "12"),
            ("Premium (12)", "12"),
            ("3-year plan", "3"),
            ("12 each", "12"),
            ("12e", "12"),
        ];
        for (text, taken) in whole {
            assert!(!part(text, taken), "{text}");
        }
        // A pattern that names the brackets means them.
        assert!(!is_part_of_number("(12)", 1..3, 0..4));
    }
}
