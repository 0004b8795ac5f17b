//! A file's bytes into counts: picks the reader of its format, as declared, else by what the bytes are.

use std::borrow::Cow;
use std::path::Path;

use crate::export::count::tally::Tally;
use crate::export::error::ExportError;
use crate::export::fault::Faults;
use crate::export::format::csv::CsvRows;
use crate::export::format::json::records::RecordsShape;
use crate::export::format::json::{Records, unread};
use crate::export::format::packed::{is_zip, unpacked};
use crate::export::format::raw::RawRows;
use crate::export::format::{encoding, workbook};
use crate::export::read::header::Header;
use crate::export::read::rows;
use crate::export::settings::{Format, Layout};
use crate::reconcile::model::export::counts::Counts;
use crate::reconcile::model::export::unread::UnreadPart;

/// The counts that these bytes hold; `path` only names them in an error. Bytes that are given away are gone before the
/// counts are put in order, so that a large file and all its counts are never in memory together.
///
/// # Errors
/// [`ExportError::Damaged`], naming lines and columns, if anything about the file's structure is wrong.
pub fn read_bytes<'b>(path: &Path, bytes: impl Into<Cow<'b, [u8]>>, layout: &Layout) -> Result<Counts, ExportError> {
    let bytes = bytes.into();
    let tally = with_rows(&bytes, layout, CountAll(layout))
        .map_err(|faults| ExportError::Damaged { path: path.to_owned(), faults: Box::new(faults) })?;
    drop(bytes);
    Ok(tally.finish())
}

/// How a file fails to be what a layout is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Misfit {
    /// Columns that it lacks, in the layout's order, and how many the layout asks for.
    Lacks {
        /// Their names.
        columns: Vec<String>,
        /// How many there should be.
        of: usize,
    },
    /// It is of another format, or its header is not found, in words.
    Other(String),
}

/// Whether the file's header has every column of the layout, and these others. Of the rows below nothing is looked at,
/// except in JSON, where any record may bring a column.
///
/// # Errors
/// What does not fit.
pub fn fit(bytes: &[u8], layout: &Layout, others: &[String]) -> Result<(), Misfit> {
    let wanted: Vec<&str> = layout.columns().into_iter().chain(others.iter().map(String::as_str)).collect();
    match with_rows(bytes, layout, FindHeader(layout)) {
        Ok(header) => lacking(&wanted, header.names()),
        Err(faults) => Err(Misfit::Other(faults.to_string().trim_start_matches([':', ',', ' ']).to_owned())),
    }
}

fn lacking(wanted: &[&str], names: &[String]) -> Result<(), Misfit> {
    let lacks = wanted.iter().filter(|wanted| !names.iter().any(|name| name == *wanted));
    let columns: Vec<String> = lacks.map(ToString::to_string).collect();
    if columns.is_empty() { Ok(()) } else { Err(Misfit::Lacks { columns, of: wanted.len() }) }
}

/// What is done with a file's rows. The compiler makes one for each format.
trait Visit {
    type Seen;

    /// `unread` is why the file looks like a part of the export.
    fn visit<R: RawRows>(self, rows: R, unread: Vec<UnreadPart>) -> Result<Self::Seen, Faults>;
}

struct CountAll<'a>(&'a Layout);

impl Visit for CountAll<'_> {
    type Seen = Tally;

    fn visit<R: RawRows>(self, rows: R, unread: Vec<UnreadPart>) -> Result<Tally, Faults> {
        let mut tally = rows::tally(rows, self.0)?;
        tally.unread(unread);
        Ok(tally)
    }
}

struct FindHeader<'a>(&'a Layout);

impl Visit for FindHeader<'_> {
    type Seen = Header;

    fn visit<R: RawRows>(self, mut rows: R, _unread: Vec<UnreadPart>) -> Result<Header, Faults> {
        rows::header(&mut rows, self.0)
    }
}

fn with_rows<V: Visit>(bytes: &[u8], layout: &Layout, visit: V) -> Result<V::Seen, Faults> {
    let bytes = unpacked(bytes, layout.max_bytes)?;
    if layout.format == Some(Format::Xlsx) || (is_zip(&bytes) && layout.format.is_none()) {
        let has_more = |rows: workbook::Rows<'_>| !layout.whole && holds_more(rows, layout);
        let beside = workbook::Beside { wanted: layout.sheet.as_ref(), has_more: &has_more };
        return workbook::with_rows(&bytes, beside, layout.max_bytes, |rows, unread| visit.visit(rows, unread));
    }
    let text = encoding::decoded(&bytes, layout.encoding)?;
    // Only a decoded text begins with its mark: a marked UTF-8 text is borrowed without it.
    let text: Cow<'_, str> = text;
    let path = layout.records.join(".");
    let shape = match format(&text, layout) {
        Format::Csv | Format::Xlsx => {
            return visit.visit(CsvRows::new(&text, layout.delimiter.unwrap_or(b',')), Vec::new());
        }
        Format::Ndjson => RecordsShape::Lines,
        Format::Json if path.is_empty() && layout.format.is_none() => RecordsShape::Undeclared,
        Format::Json => RecordsShape::Array(Some(path.as_str()).filter(|path| !path.is_empty())),
    };
    let records = Records::open(&text, shape)?;
    let unread = if layout.whole { Vec::new() } else { unread::signs(&text, &layout.records, records.number()) };
    visit.visit(records, unread)
}

/// Whether a sheet has every column of the layout, and a row below them.
fn holds_more<R: RawRows>(mut rows: R, layout: &Layout) -> bool {
    let header = rows::header(&mut rows, layout);
    header.is_ok_and(|header| lacking(&layout.columns(), header.names()).is_ok()) && rows.advance() == Ok(true)
}

/// What a text is. A key that only one format has declares it.
fn format(text: &str, layout: &Layout) -> Format {
    let first = text.trim_start().as_bytes().first();
    match layout.format {
        Some(format) => format,
        None if !layout.records.is_empty() => Format::Json,
        None if layout.delimiter.is_some() => Format::Csv,
        None if matches!(first, Some(b'[' | b'{')) => Format::Json,
        None => Format::Csv,
    }
}
