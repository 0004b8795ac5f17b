//! RFC 4180's rules for quotes, strictly: the reader behind this forgives what would move cells or swallow rows.

use std::borrow::Cow;

use crate::export::format::lines::Lines;

/// A quote where none may be, or none where one must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct QuoteFault<'a> {
    /// Line of the cell.
    pub(crate) line: u64,
    /// The cell's number in its row, from 0.
    pub(in crate::export) cell: usize,
    /// The offset its row begins at.
    pub(in crate::export) row: usize,
    /// The cell from its quote on, or what follows the closing quote.
    pub(crate) text: &'a str,
    /// Whether it is the closing quote that is missing.
    pub(crate) open: bool,
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
pub(in crate::export) fn closing(bytes: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        at += memchr::memchr(b'"', bytes.get(at..)?)?;
        if bytes.get(at + 1) != Some(&b'"') {
            return Some(at);
        }
        at += 2;
    }
}

/// The cells of one line, each with the offset it begins at.
///
/// # Errors
/// As for a whole file: see [`check`].
pub(crate) fn cells(line: &str, delimiter: u8) -> Result<Vec<(usize, Cow<'_, str>)>, QuoteFault<'_>> {
    check(line, delimiter)?;
    let (bytes, mut cells, mut at) = (line.as_bytes(), Vec::new(), 0);
    loop {
        let (ends, text) = if bytes.get(at) == Some(&b'"') {
            let ends = closing(bytes, at + 1).unwrap_or(bytes.len());
            let inner = line.get(at + 1..ends).unwrap_or_default();
            let inner = if inner.contains('"') { inner.replace("\"\"", "\"").into() } else { Cow::Borrowed(inner) };
            (ends + 1, inner)
        } else {
            let ends = memchr::memchr(delimiter, &bytes[at..]).map_or(bytes.len(), |length| at + length);
            (ends, Cow::Borrowed(line.get(at..ends).unwrap_or_default()))
        };
        cells.push((at, text));
        if bytes.get(ends) != Some(&delimiter) {
            return Ok(cells);
        }
        at = ends + 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_falls_into_its_cells() {
        let cells = |line| cells(line, b',').map(|cells| cells.iter().map(|(at, c)| (*at, c.to_string())).collect());
        let owned =
            |cells: &[(usize, &str)]| Ok(cells.iter().map(|(at, c)| (*at, (*c).to_owned())).collect::<Vec<_>>());
        assert_eq!(cells("a,\"b \"\"c\"\", d\",,e"), owned(&[(0, "a"), (2, "b \"c\", d"), (15, ""), (16, "e")]));
        assert_eq!(cells(""), owned(&[(0, "")]));
        assert_eq!(cells("\"\","), owned(&[(0, ""), (3, "")]));
        assert!(cells("a,\"b").is_err());
    }

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
