//! Results of formulas that nothing has computed yet, and that stand there as 0.

use std::io::{Cursor, Read as _};

use calamine::DataRef;
use zip::ZipArchive;

/// Says that whoever opens the workbook is to compute it: its writer did not.
const DECLARED: &str = "fullCalcOnLoad";

/// Whether the workbook says that its formulas are to be computed when it is opened.
pub(super) fn are_declared(bytes: &[u8]) -> bool {
    let mut text = String::new();
    let read = ZipArchive::new(Cursor::new(bytes))
        .ok()
        .and_then(|mut archive| archive.by_name("xl/workbook.xml").ok()?.read_to_string(&mut text).ok());
    let said = read.and_then(|_| text.split_once(DECLARED)).map(|(_, said)| said.trim_start());
    let said =
        said.and_then(|said| said.strip_prefix('=')).map(|said| said.trim_start().trim_start_matches(['"', '\'']));
    said.is_some_and(|said| said.starts_with('1') || said.starts_with("true"))
}

/// Whether a result is what such a writer puts there: a 0.
pub(super) fn is_placeholder(result: &DataRef<'_>) -> bool {
    match result {
        DataRef::Int(whole) => *whole == 0,
        DataRef::Float(float) => *float == 0.0,
        DataRef::DateTime(moment) => moment.as_f64() == 0.0,
        _ => false,
    }
}
