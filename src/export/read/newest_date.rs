//! The newest date of a file's rows, of which alone the rows count where `latest` is declared.

use crate::export::damage_places::Faults;
use crate::export::format::raw_rows::RawRows;
use crate::export::read::derived_columns::MadeRows;
use crate::export::read::header::{Header, header, header_below};
use crate::export::read::layout::FoundColumns;
use crate::export::read::row_date::RowDate;
use crate::export::read::rows::is_made;
use crate::export::read::sheet_or_file::ExportPart;
use crate::export::settings::Layout;

/// The newest date of the rows that the filters keep.
///
/// # Errors
/// As for [`tally`](crate::export::read::rows::tally), as far as the file has to be read for it.
pub(in crate::export) fn newest<R: RawRows>(
    mut rows: R,
    layout: &Layout,
    part: ExportPart<'_>,
) -> Result<Option<RowDate>, Faults> {
    let mut header = header(&mut rows, layout)?;
    if !is_made(layout) {
        return newest_of(rows, &header, layout, part);
    }
    let rows = MadeRows::of(rows, &mut header, layout, part)?;
    newest_of(rows, &header, layout, part)
}

fn newest_of<R: RawRows>(
    mut rows: R,
    header: &Header,
    layout: &Layout,
    part: ExportPart<'_>,
) -> Result<Option<RowDate>, Faults> {
    let reading = match FoundColumns::of(layout, header, part) {
        Ok(reading) => reading,
        Err(faults) => return Err(header_below(rows, layout).map_or(faults, Faults::from)),
    };
    let Some(of) = reading.latest else { return Ok(None) };
    let mut newest = None;
    while rows.advance().map_err(|fault| fault.named(|cell| header.column(cell)))? {
        if reading.stop.as_ref().is_some_and(|stop| stop.passes(&rows)) {
            break;
        }
        if !rows.is_blank() && reading.excluded(&rows).is_none() {
            newest = newest.max(RowDate::read(rows.cell(of.index), of.latest));
        }
    }
    Ok(newest)
}
