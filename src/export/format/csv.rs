//! The rows of a CSV file: RFC 4180, strictly, in one pass.
//!
//! The csv crate forgives what moves cells or swallows rows (text behind a closing quote, a quote that is never closed),
//! so a file that it reads has to be looked through once more before it; this reader refuses such a file as it goes.

use std::ops::Range;

use crate::export::damage::{Damage, Shown};
use crate::export::fault::Fault;
use crate::export::format::ends::Ends;
use crate::export::format::lines::line_ends;
use crate::export::format::quotes::closing;
use crate::export::format::raw::RawRows;
use crate::export::read::header::shown_delimiter;

/// Stands for a cell that is no text: a delimiter that is no ASCII character would cut letters in two.
const NOT_TEXT: &str = "\u{fffd}";

/// The rows of a text, the empty lines among them.
#[derive(Debug)]
pub(in crate::export) struct CsvRows<'a> {
    text: &'a str,
    delimiter: u8,
    ends: Ends,
    /// Where the next row begins, and on which line.
    at: usize,
    next_line: u64,
    /// The row, and the line that it begins on.
    row: Range<usize>,
    line: u64,
    /// Whether a row has had two cells, so that the delimiter is right.
    separated: bool,
    /// Its cells; one that had doubled quotes lies behind the text, in `unquoted`.
    cells: Vec<Range<usize>>,
    unquoted: String,
}

impl<'a> CsvRows<'a> {
    pub(in crate::export) fn new(text: &'a str, delimiter: u8) -> Self {
        let (cells, unquoted) = (Vec::new(), String::new());
        let ends = Ends::new([delimiter, b'\n', b'\r']);
        Self { text, delimiter, ends, at: 0, next_line: 1, row: 0..0, line: 1, separated: false, cells, unquoted }
    }

    /// A quoted cell; stands behind its closing quote afterwards.
    fn quoted(&mut self) -> Result<Range<usize>, Fault> {
        let bytes = self.text.as_bytes();
        let opens = self.at;
        let Some(closes) = closing(bytes, opens + 1) else { return Err(self.fault(opens, true)) };
        let inner = opens + 1..closes;
        self.at = closes + 1;
        let follows = bytes.get(self.at).is_some_and(|&byte| byte != self.delimiter && byte != b'\r' && byte != b'\n');
        if follows {
            return Err(self.fault(self.at, false));
        }
        self.next_line += line_ends(&bytes[inner.clone()]);
        if memchr::memchr(b'"', &bytes[inner.clone()]).is_none() {
            return Ok(inner);
        }
        let begins = self.text.len() + self.unquoted.len();
        let text = self.text.get(inner).unwrap_or(NOT_TEXT);
        self.unquoted.push_str(&text.replace("\"\"", "\""));
        Ok(begins..self.text.len() + self.unquoted.len())
    }

    fn unquoted(&mut self) -> Range<usize> {
        let begins = self.at;
        self.at = self.ends.next_from(self.text.as_bytes(), begins);
        begins..self.at
    }

    /// What is wrong from a place on. The line that it stands on is shown, which in a row with quotes may be a later one
    /// than the row's first.
    fn fault(&self, from: usize, open: bool) -> Fault {
        let shown = Shown::of(self.text.get(from..).unwrap_or_default());
        let bytes = self.text.as_bytes();
        let line_begins = memchr::memrchr2(b'\n', b'\r', &bytes[..from]).map_or(0, |at| at + 1);
        let rest = &bytes[from..];
        let ends = memchr::memchr2(b'\n', b'\r', rest).map_or(bytes.len(), |length| from + length);
        let line = self.text.get(line_begins..ends).unwrap_or_default();
        let other = bytes.get(from).map_or("", |byte| shown_delimiter(char::from(*byte)));
        let damage = match other {
            _ if open => Damage::OpenQuote { text: shown },
            "" => Damage::TextAfterQuote { text: shown },
            _ if self.separated => Damage::TextAfterQuote { text: shown },
            delimiter => Damage::QuotedOtherwise { delimiter, text: Shown::of(line) },
        };
        let at = from - line_begins;
        let marked = if open { at..at + 1 } else { at..ends - line_begins };
        let number = self.line + line_ends(&bytes[self.row.start..line_begins]);
        Fault::new(damage).on_line(number).in_cell(self.cells.len()).marked(line, marked)
    }
}

impl RawRows for CsvRows<'_> {
    fn advance(&mut self) -> Result<bool, Fault> {
        let bytes = self.text.as_bytes();
        if self.at >= bytes.len() {
            return Ok(false);
        }
        self.cells.clear();
        self.unquoted.clear();
        (self.row, self.line) = (self.at..self.at, self.next_line);
        loop {
            let cell = if bytes.get(self.at) == Some(&b'"') { self.quoted()? } else { self.unquoted() };
            self.cells.push(cell);
            match bytes.get(self.at) {
                Some(&byte) if byte == self.delimiter => (self.at, self.separated) = (self.at + 1, true),
                end => {
                    self.row.end = self.at;
                    let pair = end == Some(&b'\r') && bytes.get(self.at + 1) == Some(&b'\n');
                    self.at += if pair { 2 } else { 1 };
                    self.next_line += 1;
                    return Ok(true);
                }
            }
        }
    }

    fn len(&self) -> usize {
        self.cells.len()
    }

    fn cell(&self, index: usize) -> &str {
        let Some(range) = self.cells.get(index) else { return "" };
        let behind = self.text.len();
        let cell = match range.start.checked_sub(behind) {
            Some(start) if range.end > behind => self.unquoted.get(start..range.end - behind),
            _ => self.text.get(range.clone()),
        };
        cell.unwrap_or(NOT_TEXT)
    }

    fn line(&self) -> u64 {
        self.line
    }

    fn bytes(&self) -> usize {
        self.row.len()
    }

    fn text(&self) -> String {
        self.text.get(self.row.clone()).unwrap_or_default().to_owned()
    }

    fn range(&self, index: usize) -> Option<Range<usize>> {
        let range = self.cells.get(index).filter(|range| range.end <= self.text.len())?;
        Some(range.start - self.row.start..range.end - self.row.start)
    }

    fn open_end(&self) -> bool {
        !self.text.ends_with(['\n', '\r'])
    }
}
