//! Cells in which a spreadsheet could not say what it ought to.

/// What a spreadsheet shows where a formula went wrong.
const ERRORS: [&str; 7] = ["#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NULL!", "#NUM!"];

/// Whether a cell holds an error: whose name belongs there nobody knows.
pub(super) fn is_error(cell: &str) -> bool {
    let cell = cell.trim();
    cell.starts_with('#') && ERRORS.iter().any(|error| error.eq_ignore_ascii_case(cell))
}
