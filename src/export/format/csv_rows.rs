//! The rows of a CSV file. The csv crate reads them; what it forgives and RFC 4180 does not is refused where it stands
//! (see [`csv_quotes`]).

use std::ops::Range;

use csv::{Reader, ReaderBuilder, StringRecord};

use crate::export::damage_kinds::{Damage, Shown};
use crate::export::damage_places::Fault;
use crate::export::format::csv_quotes;
use crate::export::format::csv_quotes::QuoteFault;
use crate::export::format::line_numbers::line_ends;
use crate::export::format::raw_rows::RawRows;
use crate::export::read::header::shown_delimiter;

/// The rows of a text, but for its empty lines.
#[derive(Debug)]
pub(in crate::export) struct CsvRows<'a> {
    text: &'a str,
    delimiter: u8,
    escape: Option<u8>,
    reader: Reader<&'a [u8]>,
    /// The first quote at fault. What stands before its row is sound.
    fault: Option<QuoteFault>,
    has_quotes: bool,
    record: StringRecord,
    /// Where the record stands, and the line that it begins on.
    row: Range<usize>,
    line: u64,
}

impl<'a> CsvRows<'a> {
    pub(in crate::export) fn new(text: &'a str, delimiter: u8, escape: Option<u8>) -> Self {
        let has_quotes = memchr::memchr(b'"', text.as_bytes()).is_some();
        let fault = if has_quotes { csv_quotes::check(text, delimiter, escape).err() } else { None };
        let (reader, record) = (reader(text, delimiter, escape), StringRecord::new());
        Self { text, delimiter, escape, reader, fault, has_quotes, record, row: 0..0, line: 1 }
    }

    /// Where the reader stands. Behind a CRLF that is between its two characters.
    fn stands(&self) -> usize {
        usize::try_from(self.reader.position().byte()).unwrap_or(usize::MAX).min(self.text.len())
    }

    /// Goes to where the next row begins: over the line end and the empty lines that the reader itself passes over.
    fn begin_row(&mut self) {
        let bytes = self.text.as_bytes();
        let stands = self.stands();
        let passed = bytes[stands..].iter().take_while(|byte| is_line_end(**byte)).count();
        // Only quoted cells hold line ends of their own.
        let from = if self.has_quotes { self.row.start } else { self.row.end };
        self.line += line_ends(&bytes[from..stands + passed]);
        self.row = stands + passed..stands + passed;
    }

    /// The fault of a quote, with its place. The line that it stands on is shown, which may be a later one than its row's
    /// first.
    fn fault(&self, fault: QuoteFault) -> Fault {
        let QuoteFault { row, cell, at, open, separated } = fault;
        let bytes = self.text.as_bytes();
        let shown = Shown::of(self.text.get(at..).unwrap_or_default());
        let begins = bytes[..at].iter().rposition(|byte| is_line_end(*byte)).map_or(0, |end| end + 1);
        let ends = bytes[at..].iter().position(|byte| is_line_end(*byte)).map_or(bytes.len(), |length| at + length);
        let line = self.text.get(begins..ends).unwrap_or_default();
        let damage = match bytes.get(at).map_or("", |byte| shown_delimiter(char::from(*byte))) {
            _ if open => Damage::OpenQuote { text: shown },
            "" => Damage::TextAfterQuote { text: shown },
            _ if separated => Damage::TextAfterQuote { text: shown },
            delimiter => Damage::QuotedOtherwise { delimiter, text: Shown::of(line) },
        };
        let marked = if open { at - begins..at - begins + 1 } else { at - begins..ends - begins };
        let number = self.line + line_ends(&bytes[row..begins.max(row)]);
        Fault::new(damage).on_line(number).in_cell(cell).marked(line, marked)
    }
}

impl RawRows for CsvRows<'_> {
    fn advance(&mut self) -> Result<bool, Fault> {
        self.begin_row();
        if let Some(fault) = self.fault.filter(|fault| fault.row <= self.row.start) {
            return Err(self.fault(fault));
        }
        // It fails only where the delimiter is half a letter.
        let offset = self.row.start;
        let letters = |_| Fault::new(Damage::NotInEncoding { encoding: "UTF-8", offset });
        let read = self.reader.read_record(&mut self.record).map_err(letters)?;
        let ends = self.stands();
        let ended = ends.checked_sub(1).is_some_and(|last| is_line_end(self.text.as_bytes()[last]));
        self.row.end = if ended { ends - 1 } else { ends }.max(self.row.start);
        Ok(read)
    }

    fn len(&self) -> usize {
        self.record.len()
    }

    fn cell(&self, index: usize) -> &str {
        self.record.get(index).unwrap_or_default()
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
        let row = self.text.get(self.row.clone())?;
        let span = csv_quotes::spans(row, self.delimiter, self.escape).nth(index)?;
        let inside = match row[span.clone()].strip_prefix('"').and_then(|cell| cell.strip_suffix('"')) {
            Some(cell) => span.start + 1..span.start + 1 + cell.len(),
            None => span,
        };
        // A cell with doubled quotes does not stand there as it is read.
        (row.get(inside.clone()) == self.record.get(index)).then_some(inside)
    }

    fn open_end(&self) -> bool {
        !self.text.ends_with(['\n', '\r'])
    }
}

/// The cells of one line, each with the offset it begins at.
pub(crate) type LineCells = Vec<(usize, String)>;

/// The cells of each of these lines, which are rows by themselves: no quote reaches into the next one. A blank line has
/// none.
///
/// # Errors
/// As for a whole file, line by line: see [`csv_quotes::check`].
pub(crate) fn cells_of_lines(lines: &[&str], delimiter: u8) -> Vec<Result<LineCells, QuoteFault>> {
    let sound = |line: &&str| csv_quotes::check(line, delimiter, None).map(|()| !line.is_empty());
    let checked: Vec<Result<bool, QuoteFault>> = lines.iter().map(sound).collect();
    let rows = lines.iter().zip(&checked).filter(|(_, checked)| matches!(checked, Ok(true))).map(|(line, _)| *line);
    // One reader for all of them: to make one takes longer than to read a line.
    let text = rows.collect::<Vec<_>>().join("\n");
    let mut reader = reader(&text, delimiter, None);
    let mut records = reader.records();
    let cells = |(line, checked): (&&str, Result<bool, QuoteFault>)| {
        let record = if checked? { records.next().and_then(Result::ok) } else { None };
        let starts = csv_quotes::spans(line, delimiter, None).map(|span| span.start);
        Ok(starts.zip(record.iter().flatten().map(str::to_owned)).collect())
    };
    lines.iter().zip(checked).map(cells).collect()
}

fn reader(text: &str, delimiter: u8, escape: Option<u8>) -> Reader<&[u8]> {
    let mut builder = ReaderBuilder::new();
    builder.has_headers(false).flexible(true).delimiter(delimiter).escape(escape).from_reader(text.as_bytes())
}

fn is_line_end(byte: u8) -> bool {
    byte == b'\n' || byte == b'\r'
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// `customers.csv` is read line by line, so that a quote that is left open costs one customer and not all below it.
    #[test]
    fn each_line_falls_into_its_own_cells() {
        let owned =
            |cells: &[(usize, &str)]| Ok(cells.iter().map(|(at, c)| (*at, (*c).to_owned())).collect::<Vec<_>>());
        let lines = ["a,\"b \"\"c\"\", d\",,e", "a,\"b", "", "\"\",", "x\"y\",z"];
        let cells = cells_of_lines(&lines, b',');
        assert_eq!(cells[0], owned(&[(0, "a"), (2, "b \"c\", d"), (15, ""), (16, "e")]));
        assert!(cells[1].as_ref().is_err_and(|fault| fault.open && fault.at == 2), "{:?}", cells[1]);
        assert_eq!(cells[2..], [owned(&[]), owned(&[(0, ""), (3, "")]), owned(&[(0, "x\"y\""), (5, "z")])]);
    }

    /// A row's line, its text, its cells, and those of them that stand in the text as they are read.
    type Told = (u64, String, Vec<String>, Vec<Option<String>>);

    fn told(text: &str) -> Vec<Told> {
        let mut rows = CsvRows::new(text, b',', None);
        let mut told = Vec::new();
        while rows.advance().expect("whole") {
            let row = rows.text();
            let cells = (0..rows.len()).map(|index| rows.cell(index).to_owned()).collect();
            let marked = (0..rows.len()).map(|index| Some(row[rows.range(index)?].to_owned())).collect();
            assert_eq!(rows.bytes(), row.len());
            told.push((rows.line(), row, cells, marked));
        }
        told
    }

    /// A file's cells, and whether each is quoted.
    fn rows() -> impl Strategy<Value = Vec<Vec<(String, bool)>>> {
        let cell = proptest::sample::select(vec!["a", "", "b c", "x\"y", "x,y", "one\ntwo", "\"", "é", "\n"]);
        let cell = (cell, any::<bool>()).prop_map(|(cell, quoted)| {
            let needs = cell.starts_with('"') || cell.contains([',', '\n']);
            (cell.to_owned(), quoted || needs)
        });
        proptest::collection::vec(proptest::collection::vec(cell, 1..4), 0..6)
    }

    proptest! {
        /// What a person is told about a row, its line and the place of a cell, is worked out beside the csv crate. A row
        /// that is told by another line sends somebody to another customer.
        #[test]
        fn every_row_is_told_by_its_own_line_and_text(
            rows in rows(),
            end in proptest::sample::select(vec!["\n", "\r\n", "\r"]),
            gaps in proptest::collection::vec(0_usize..3, 6),
        ) {
            let (mut text, mut line, mut expected) = (String::new(), 1, Vec::new());
            for (row, gap) in rows.iter().zip(gaps) {
                text.push_str(&end.repeat(gap));
                line += u64::try_from(gap).expect("few");
                let spelled = |(cell, quoted): &(String, bool)| match quoted {
                    true => format!("\"{}\"", cell.replace('"', "\"\"").replace('\n', end)),
                    false => cell.clone(),
                };
                let written = row.iter().map(spelled).collect::<Vec<_>>().join(",");
                text.push_str(&written);
                text.push_str(end);
                if !written.is_empty() {
                    let cells: Vec<String> = row.iter().map(|(cell, _)| cell.replace('\n', end)).collect();
                    let whole = |(cell, (_, quoted)): (&String, &(String, bool))| {
                        (!quoted || !cell.contains('"')).then(|| cell.clone())
                    };
                    let marked = cells.iter().zip(row).map(whole).collect();
                    expected.push((line, written, cells, marked));
                }
                let inside: usize = row.iter().map(|(cell, _)| cell.matches('\n').count()).sum();
                line += 1 + u64::try_from(inside).expect("few");
            }
            prop_assert_eq!(told(&text), expected);
        }
    }
}
