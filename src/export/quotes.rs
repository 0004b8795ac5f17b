//! RFC 4180's rules for quotes, strictly: the reader behind this forgives what would move cells or swallow rows.

use crate::export::lines::Lines;

/// A quote where none may be, or none where one must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::export) struct QuoteFault<'a> {
    /// Line of the cell.
    pub(in crate::export) line: u64,
    /// The cell's number in its row, from 0.
    pub(in crate::export) cell: usize,
    /// The offset its row begins at.
    pub(in crate::export) row: usize,
    /// The cell from its quote on, or what follows the closing quote.
    pub(in crate::export) text: &'a str,
    /// Whether it is the closing quote that is missing.
    pub(in crate::export) open: bool,
}

/// Every quoted cell is closed, and nothing but a delimiter or a line end follows the closing quote. A quote inside an
/// unquoted cell is text.
pub(in crate::export) fn check(text: &str, delimiter: u8) -> Result<(), QuoteFault<'_>> {
    let bytes = text.as_bytes();
    let (mut at, mut row, mut cell) = (0, 0, 0);
    if memchr::memchr(b'"', bytes).is_none() {
        return Ok(());
    }
    while at < bytes.len() {
        let fault = |from: usize, open| QuoteFault {
            line: Lines::new(bytes).at(from),
            cell,
            row,
            text: text.get(from..).unwrap_or_default(),
            open,
        };
        if bytes[at] == b'"' {
            let closed = closing(bytes, at + 1).ok_or_else(|| fault(at, true))?;
            at = closed + 1;
            if bytes.get(at).is_some_and(|&byte| byte != delimiter && byte != b'\r' && byte != b'\n') {
                return Err(fault(at, false));
            }
        } else {
            at += memchr::memchr3(delimiter, b'\r', b'\n', &bytes[at..]).unwrap_or(bytes.len() - at);
        }
        if bytes.get(at) == Some(&delimiter) {
            cell += 1;
        } else {
            (row, cell) = (at + 1, 0);
        }
        at += 1;
    }
    Ok(())
}

/// Where a quoted cell's closing quote stands; doubled quotes are text.
fn closing(bytes: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        at += memchr::memchr(b'"', bytes.get(at..)?)?;
        if bytes.get(at + 1) != Some(&b'"') {
            return Some(at);
        }
        at += 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_are_closed_and_nothing_follows_them() {
        for good in ["a,b\n", "\"a\",\"b\"\r\n", "\"a\"\"b\",c", "a\"b,c\"\n", "\"a\nb\",c\n", "\"\"", "", "\"a\"\r"] {
            assert_eq!(check(good, b','), Ok(()), "{good:?}");
        }
        let faults = [
            ("a,b\nc,\"d", (2, 1, 4, true)),
            ("\"a\"b,c\n", (1, 0, 0, false)),
            ("a,b\n\"c\nd\",\"e\" \n", (3, 1, 4, false)),
            ("\"a\"\"", (1, 0, 0, true)),
        ];
        for (bad, (line, cell, row, open)) in faults {
            let fault = check(bad, b',').expect_err(bad);
            assert_eq!((fault.line, fault.cell, fault.row, fault.open), (line, cell, row, open), "{bad:?}");
        }
    }
}
