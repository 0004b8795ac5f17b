//! What the csv crate forgives and RFC 4180 does not: a quote that nothing closes, and text behind a closing quote. It
//! would swallow rows, or move text from one cell into another.

use std::ops::Range;

/// A quote where none may be, or none where one must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct QuoteFault {
    /// The offset its row begins at.
    pub(in crate::export) row: usize,
    /// The cell's number in its row, from 0.
    pub(in crate::export) cell: usize,
    /// The offset of the quote that is never closed, or of what follows the closing quote.
    pub(crate) at: usize,
    /// Whether it is the closing quote that is missing.
    pub(crate) open: bool,
    /// Whether a delimiter stood between two cells before, so that the delimiter is right.
    pub(in crate::export) separated: bool,
}

/// Every quoted cell is closed, and nothing but a delimiter or a line end follows the closing quote. A quote inside an
/// unquoted cell is text.
///
/// It goes from quote to quote: a text without any costs one search.
pub(in crate::export) fn check(text: &str, delimiter: u8, escape: Option<u8>) -> Result<(), QuoteFault> {
    let bytes = text.as_bytes();
    let (mut seen, mut row, mut separated) = (0, 0, false);
    while let Some(found) = memchr::memchr(b'"', &bytes[seen..]) {
        let opens = seen + found;
        let passed = &bytes[seen..opens];
        separated = separated || memchr::memchr(delimiter, passed).is_some();
        row = memchr::memrchr2(b'\n', b'\r', passed).map_or(row, |end| seen + end + 1);
        let fault = |at, open| {
            let before = text.get(row..opens).unwrap_or_default();
            QuoteFault { row, cell: spans(before, delimiter, escape).count() - 1, at, open, separated }
        };
        if opens > 0 && !ends_cell(bytes[opens - 1], delimiter) {
            seen = opens + 1;
            continue;
        }
        let closes = closing(bytes, opens + 1, escape).ok_or_else(|| fault(opens, true))?;
        seen = closes + 1;
        if bytes.get(seen).is_some_and(|&byte| !ends_cell(byte, delimiter)) {
            return Err(fault(seen, false));
        }
    }
    Ok(())
}

fn ends_cell(byte: u8, delimiter: u8) -> bool {
    byte == delimiter || byte == b'\r' || byte == b'\n'
}

/// Where a quoted cell's closing quote stands; doubled quotes are text, and whatever the escape stands before.
fn closing(bytes: &[u8], from: usize, escape: Option<u8>) -> Option<usize> {
    let mut at = from;
    loop {
        at += memchr::memchr2(b'"', escape.unwrap_or(b'"'), bytes.get(at..)?)?;
        if escape == Some(bytes[at]) {
            at += 2;
            continue;
        }
        if bytes.get(at + 1) != Some(&b'"') {
            return Some(at);
        }
        at += 2;
    }
}

/// Where the cells of one whole row stand in it, as they are spelled, with their quotes.
pub(crate) fn spans(row: &str, delimiter: u8, escape: Option<u8>) -> impl Iterator<Item = Range<usize>> {
    let bytes = row.as_bytes();
    let mut next = Some(0);
    std::iter::from_fn(move || {
        let begins = next?;
        let quoted = bytes.get(begins) == Some(&b'"');
        let from = if quoted { closing(bytes, begins + 1, escape).map_or(bytes.len(), |at| at + 1) } else { begins };
        let ends = memchr::memchr(delimiter, &bytes[from..]).map_or(bytes.len(), |length| from + length);
        next = (ends < bytes.len()).then_some(ends + 1);
        Some(begins..ends)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_are_closed_and_nothing_follows_them() {
        for good in ["a,b\n", "\"a\",\"b\"\r\n", "\"a\"\"b\",c", "a\"b,c\"\n", "\"a\nb\",c\n", "\"\"", "", "\"a\"\r"] {
            assert_eq!(check(good, b',', None), Ok(()), "{good:?}");
        }
        let faults = [
            ("a,b\nc,\"d", (4, 1, 6, true, true)),
            ("\"a\"b,c\n", (0, 0, 3, false, false)),
            ("a,b\n\"c\nd\",\"e\" \n", (4, 1, 13, false, true)),
            ("\"a\"\"", (0, 0, 0, true, false)),
            ("\"a;b\";\"c\"\r\n", (0, 0, 5, false, false)),
            ("x\n\"a\"\n\"b\" c", (6, 0, 9, false, false)),
        ];
        for (bad, (row, cell, at, open, separated)) in faults {
            assert_eq!(check(bad, b',', None), Err(QuoteFault { row, cell, at, open, separated }), "{bad:?}");
        }
    }

    #[test]
    fn cells_are_found_where_they_stand() {
        let spelled = |row: &'static str| spans(row, b',', None).map(|span| &row[span]).collect::<Vec<_>>();
        assert_eq!(spelled("a,\"b \"\"c\"\", d\",,e"), ["a", "\"b \"\"c\"\", d\"", "", "e"]);
        assert_eq!(spelled("\"\","), ["\"\"", ""]);
        assert_eq!(spelled(""), [""]);
    }
}
