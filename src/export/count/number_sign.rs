//! Signs of numbers in text, and what stands around a number without being a part of it.

use crate::reconcile::model::export::normalized_names::has_no_width;

/// A hyphen, those that do not break or are wide, and the signs that a word processor writes.
pub(in crate::export) fn is_minus(c: char) -> bool {
    matches!(c, '-' | '\u{2010}' | '\u{2011}' | '\u{2012}' | '\u{2013}' | '\u{2212}' | '\u{fe63}' | '\u{ff0d}')
}

pub(super) fn unsigned(text: &str, may_have_sign: bool) -> (bool, &str) {
    match text.strip_prefix(is_minus) {
        Some(rest) if may_have_sign => (true, rest.trim_start_matches(is_space)),
        _ => (false, text),
    }
}

/// `-3` and `- 3`, and what accountants write: `3-` and `(3)`.
pub(super) fn credit(text: &str, may_have_sign: bool) -> (bool, &str) {
    let around = || text.strip_prefix(['(', '\u{ff08}']).and_then(|rest| rest.strip_suffix([')', '\u{ff09}']));
    match around().or_else(|| text.strip_suffix(is_minus)).filter(|_| may_have_sign) {
        Some(rest) => (true, rest.trim_matches(is_space)),
        None => unsigned(text, may_have_sign),
    }
}

/// What stands around a number without being a part of it, also where nobody sees it.
pub(super) fn is_space(c: char) -> bool {
    c.is_whitespace() || has_no_width(c)
}
