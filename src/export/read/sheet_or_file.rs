//! Which of several sheets or files of one export is read.

use crate::export::damage_kinds::Damage;
use crate::export::damage_places::Fault;
use crate::export::format::raw_rows::RawRows;
use crate::export::read::header::{Header, header};
use crate::export::read::row_date::RowDate;
use crate::export::settings::{Layout, Sheet};

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

impl ExportPart<'_> {
    /// Whether it may hold only a header: of several sheets one may well have nothing to say, and of several files one that
    /// was declared to.
    pub(in crate::export) fn may_be_empty(self, layout: &Layout) -> bool {
        layout.whole || (layout.sheet == Some(Sheet::All) && !self.sheet.is_empty())
    }
}

/// Whether a sheet has every column of the layout, and a row below them.
pub(super) fn holds_more<R: RawRows>(mut rows: R, layout: &Layout) -> bool {
    let found = header(&mut rows, layout);
    let has_all =
        |header: Header| layout.columns().iter().all(|wanted| header.names().iter().any(|name| name == wanted));
    found.is_ok_and(has_all) && rows.advance() == Ok(true)
}

/// Whether a sheet has any column of the layout, or cannot be read as far as that.
pub(super) fn has_some<R: RawRows>(mut rows: R, layout: &Layout) -> bool {
    let wanted = layout.columns();
    match header(&mut rows, layout) {
        Ok(header) => wanted.is_empty() || wanted.iter().any(|wanted| header.names().iter().any(|name| name == wanted)),
        Err(faults) => {
            let blank = |fault: &Fault| matches!(*fault.damage, Damage::Empty | Damage::HeaderMissing(_));
            !faults.first.iter().all(blank)
        }
    }
}
