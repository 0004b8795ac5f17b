//! The cells of a CSV text in which nothing is quoted: a delimiter ends a cell and a line end the row, and nothing else means
//! anything. Nearly every large export is such a text, and is cut five times as fast as the csv crate does it, against which a
//! property holds it.

use std::ops::Range;

/// The rows of such a text, one after another.
#[derive(Debug)]
pub(super) struct PlainCells<'a> {
    marks: Marks<'a>,
    /// Where each cell of the row ends.
    ends: Vec<usize>,
    /// Where the next row may begin.
    next: usize,
}

impl<'a> PlainCells<'a> {
    pub(super) fn new(text: &'a str, delimiter: u8) -> Self {
        Self { marks: Marks::new(text.as_bytes(), delimiter), ends: Vec::new(), next: 0 }
    }

    /// Goes to the next row that is no empty line: where it stands, without its line end; `None` behind the last one.
    pub(super) fn row(&mut self) -> Option<Range<usize>> {
        self.ends.clear();
        let mut begins = self.next;
        while let Some(mark) = self.marks.next() {
            let is_end = self.marks.bytes[mark] != self.marks.delimiter;
            if is_end && mark == begins && self.ends.is_empty() {
                begins = mark + 1;
                continue;
            }
            self.ends.push(mark);
            if is_end {
                self.next = mark + 1;
                return Some(begins..mark);
            }
        }
        let length = self.marks.bytes.len();
        self.next = length;
        if begins == length && self.ends.is_empty() {
            return None;
        }
        self.ends.push(length);
        Some(begins..length)
    }

    /// How many cells the row has.
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// Where a cell of this row stands in the text.
    pub(super) fn cell(&self, row: &Range<usize>, index: usize) -> Option<Range<usize>> {
        let ends = *self.ends.get(index)?;
        Some(index.checked_sub(1).map_or(row.start, |before| self.ends[before] + 1)..ends)
    }
}

/// Where delimiters and line ends stand. Eight bytes are looked at together, each of them in its own eighth of a number.
#[derive(Debug)]
struct Marks<'a> {
    bytes: &'a [u8],
    delimiter: u8,
    /// Where the eight bytes begin that are looked at next.
    seen: usize,
    /// The highest bit of each eighth in which a mark stands that was not told yet.
    found: u64,
}

/// Bytes in a number.
const EIGHT: usize = 8;
const LOWEST: u64 = u64::from_le_bytes([0x01; EIGHT]);
const HIGHEST: u64 = u64::from_le_bytes([0x80; EIGHT]);

impl<'a> Marks<'a> {
    fn new(bytes: &'a [u8], delimiter: u8) -> Self {
        Self { bytes, delimiter, seen: 0, found: 0 }
    }

    fn next(&mut self) -> Option<usize> {
        while self.found == 0 {
            let rest = self.bytes.get(self.seen..).filter(|rest| !rest.is_empty())?;
            let mut eight = [0; EIGHT];
            match rest.first_chunk::<EIGHT>() {
                Some(whole) => eight = *whole,
                // Behind the end are zeros, and no mark is one.
                None => eight[..rest.len()].copy_from_slice(rest),
            }
            let eight = u64::from_le_bytes(eight);
            self.found = equal(eight, self.delimiter) | equal(eight, b'\n') | equal(eight, b'\r');
            self.seen += EIGHT;
        }
        // The first byte is the lowest one.
        let place = usize::try_from(self.found.trailing_zeros()).unwrap_or_default() / EIGHT;
        self.found &= self.found - 1;
        Some(self.seen - EIGHT + place)
    }
}

/// The highest bit of each eighth that is this byte: what differs is not 0, so its seven lower bits carry into the highest, or
/// that one is set.
fn equal(eight: u64, byte: u8) -> u64 {
    let differs = eight ^ (LOWEST * u64::from(byte));
    !(((differs & !HIGHEST) + !HIGHEST) | differs) & HIGHEST
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// The crate is what everybody else reads such a file with.
        #[test]
        fn a_text_without_quotes_is_cut_as_the_csv_crate_cuts_it(
            text in "[ab é+,-;\\n\\r\\t\u{fffd}]{0,40}",
            delimiter in proptest::sample::select(vec![b',', b';', b'\t']),
        ) {
            let mut plain = PlainCells::new(&text, delimiter);
            let mut builder = csv::ReaderBuilder::new();
            let reader = builder.has_headers(false).flexible(true).delimiter(delimiter).from_reader(text.as_bytes());
            let mut records = reader.into_records();
            while let Some(row) = plain.row() {
                let cells: Vec<&str> =
                    (0..plain.len()).map(|index| &text[plain.cell(&row, index).expect("a cell")]).collect();
                let record = records.next().expect("a row").expect("whole");
                prop_assert_eq!(&cells, &record.iter().collect::<Vec<_>>());
                prop_assert_eq!(&text[row.clone()], cells.join(&char::from(delimiter).to_string()));
                prop_assert_eq!(plain.cell(&row, cells.len()), None);
            }
            prop_assert!(records.next().is_none());
        }
    }

    /// A byte that is taken for a mark beside it moves a count into another column.
    #[test]
    fn each_byte_is_told_from_every_other() {
        for wanted in 0..=u8::MAX {
            for byte in 0..=u8::MAX {
                let eight = u64::from_le_bytes([byte, wanted, byte, byte, wanted, byte, byte, byte]);
                let expected = if byte == wanted { HIGHEST } else { HIGHEST & 0x0000_00ff_0000_ff00 };
                assert_eq!(equal(eight, wanted), expected, "{byte} {wanted}");
            }
        }
    }
}
