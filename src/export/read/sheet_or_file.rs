//! Which of several sheets or files of one export is read.

use crate::export::read::row_date::RowDate;

/// A sheet or a file.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::export) struct ExportPart<'a> {
    /// The file's name, without its folder.
    pub(in crate::export) file: &'a str,
    /// The sheet's name; empty where there are none.
    pub(in crate::export) sheet: &'a str,
    /// How a message calls it, where there are several.
    pub(in crate::export) label: Option<&'a str>,
    /// The newest date of all of them, where only its rows count.
    pub(in crate::export) newest: Option<RowDate>,
}
