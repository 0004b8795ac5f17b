//! The rows of a CSV file, each read once, in order.

use std::path::Path;

use csv::ByteRecord;
use csv::Reader;
use csv::ReaderBuilder;

use crate::export::encoding;
use crate::export::error::Damage;
use crate::export::error::ExportError;
use crate::export::error::Place;
use crate::export::error::Shown;
use crate::export::header;
use crate::export::header::Header;
use crate::export::lines::Lines;
use crate::export::lines::skip_line_ends;
use crate::export::names::normalized;
use crate::export::quotes;
use crate::export::quotes::QuoteFault;
use crate::export::settings::ExportSettings;
use crate::reconcile::counts::Counts;
use crate::reconcile::counts::Tally;

/// Names are shorter by far; a longer cell is a swallowed file or an attack.
const CELL_BYTES_MAX: usize = 4096;

/// Stands for a cell that is no text: a delimiter that is no ASCII character would cut letters in two.
const NOT_TEXT: &str = "\u{fffd}";

type Fault = (Place, Damage);

/// The counts that these bytes hold; `path` only names them in an error.
///
/// # Errors
/// [`ExportError::Damaged`], naming line and column, if anything about the file's structure is wrong.
pub fn read_bytes(path: &Path, bytes: &[u8], settings: &ExportSettings) -> Result<Counts, ExportError> {
    counts(bytes, settings).map_err(|(place, damage)| ExportError::Damaged {
        path: path.to_owned(),
        place,
        damage: Box::new(damage),
    })
}

fn counts(bytes: &[u8], settings: &ExportSettings) -> Result<Counts, Fault> {
    let text = encoding::text(bytes)?;
    quotes::check(text, settings.delimiter).map_err(|fault| quote_damage(text, settings.delimiter, &fault))?;
    let mut rows = Rows::new(text, settings.delimiter);
    if !rows.next() {
        return Err((Place::NOWHERE, Damage::Empty));
    }
    let line = rows.line();
    let header = Header::find(&rows.record, line, &settings.columns)?;
    let mut tally = Tally::new(settings.columns.clone(), settings.duplicates);
    let mut count = 0;
    while rows.next() {
        count += 1;
        if count > settings.max_rows {
            return Err((rows.place(), Damage::TooManyRows { max: settings.max_rows }));
        }
        rows.check(&header)?;
        rows.tally(&header, &mut tally);
    }
    if count == 0 {
        return Err((Place::NOWHERE, Damage::HeaderOnly));
    }
    Ok(Counts { open_end: !text.ends_with(['\n', '\r']), ..tally.finish() })
}

/// The file's rows that are not blank, one at a time.
struct Rows<'a> {
    text: &'a str,
    reader: Reader<&'a [u8]>,
    lines: Lines<'a>,
    record: ByteRecord,
    begins: usize,
}

impl<'a> Rows<'a> {
    fn new(text: &'a str, delimiter: u8) -> Self {
        // Flexible, because the rows are compared with the header here: a blank row may have any number of cells.
        let reader =
            ReaderBuilder::new().delimiter(delimiter).has_headers(false).flexible(true).from_reader(text.as_bytes());
        Self { text, reader, lines: Lines::new(text.as_bytes()), record: ByteRecord::new(), begins: 0 }
    }

    /// Goes to the next row that is not blank. False at the end of the file.
    fn next(&mut self) -> bool {
        loop {
            let begins = usize::try_from(self.reader.position().byte()).unwrap_or(usize::MAX);
            let more = self.reader.read_byte_record(&mut self.record);
            if !more.expect("memory can be read, and flexible rows are never unequal") {
                return false;
            }
            self.begins = skip_line_ends(self.text.as_bytes(), begins);
            if !is_blank(&self.record) {
                return true;
            }
        }
    }

    fn line(&mut self) -> u64 {
        self.lines.at(self.begins)
    }

    fn place(&mut self) -> Place {
        Place { line: Some(self.line()), column: None }
    }

    fn check(&mut self, header: &Header) -> Result<(), Fault> {
        if self.record.len() != header.len() {
            let (expected, found) = (header.len(), self.record.len());
            return Err((self.place(), Damage::Ragged { expected, found, text: self.shown() }));
        }
        if self.record.as_slice().len() > CELL_BYTES_MAX {
            let long = self.record.iter().enumerate().find(|(_, cell)| cell.len() > CELL_BYTES_MAX);
            if let Some((index, cell)) = long {
                let (bytes, text) = (cell.len(), Shown::of(&String::from_utf8_lossy(cell)));
                let place = Place { column: Some(header.column(index)), ..self.place() };
                return Err((place, Damage::CellTooLong { bytes, max: CELL_BYTES_MAX, text }));
            }
        }
        Ok(())
    }

    fn tally(&mut self, header: &Header, tally: &mut Tally) {
        let line = self.line();
        let cell = |index| std::str::from_utf8(&self.record[index]).unwrap_or(NOT_TEXT);
        let (customer, service) = (normalized(cell(header.customer)), normalized(cell(header.service)));
        tally.row(line, &customer, &service, cell(header.count));
    }

    fn shown(&self) -> Shown {
        let end = usize::try_from(self.reader.position().byte()).unwrap_or(usize::MAX).min(self.text.len());
        Shown::of(self.text.get(self.begins..end).unwrap_or_default().trim_end_matches(['\r', '\n']))
    }
}

fn is_blank(record: &ByteRecord) -> bool {
    let cells = record.as_slice();
    // Most rows begin with a letter or a digit, and are settled by it.
    match cells.first() {
        Some(byte) if byte.is_ascii_graphic() => false,
        _ => std::str::from_utf8(cells).is_ok_and(|cells| cells.trim().is_empty()),
    }
}

/// The line is the fault's own; the column's name comes from the header, if the rows before the fault hold one.
fn quote_damage(text: &str, delimiter: u8, fault: &QuoteFault<'_>) -> Fault {
    let mut before = Rows::new(text.get(..fault.row).unwrap_or_default(), delimiter);
    let names = if before.next() { header::names(&before.record) } else { Vec::new() };
    let place = Place { line: Some(fault.line), column: Some(header::column(&names, fault.cell)) };
    let text = Shown::of(fault.text);
    (place, if fault.open { Damage::OpenQuote { text } } else { Damage::TextAfterQuote { text } })
}
