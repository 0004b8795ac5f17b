//! Signs of numbers in text, and what stands around a number without being a part of it.

use crate::export::read::normalized_names::has_no_width;

/// A hyphen, and the signs that a word processor writes.
const MINUS: [char; 3] = ['-', '\u{2212}', '\u{2013}'];

pub(super) fn unsigned(text: &str, may_have_sign: bool) -> (bool, &str) {
    match text.strip_prefix(MINUS) {
        Some(rest) if may_have_sign => (true, rest),
        _ => (false, text),
    }
}

/// `-3`, and what accountants write: `3-` and `(3)`.
pub(super) fn credit(text: &str, may_have_sign: bool) -> (bool, &str) {
    let around = || text.strip_prefix('(').and_then(|rest| rest.strip_suffix(')'));
    match around().or_else(|| text.strip_suffix(MINUS)).filter(|_| may_have_sign) {
        Some(rest) => (true, rest.trim_matches(is_space)),
        None => unsigned(text, may_have_sign),
    }
}

/// What stands around a number without being a part of it, also where nobody sees it.
pub(super) fn is_space(c: char) -> bool {
    c.is_whitespace() || has_no_width(c)
}
