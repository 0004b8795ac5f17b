//! Which of several sheets or files of one export is read.

use std::path::PathBuf;

use crate::export::damage_kinds::Damage;
use crate::export::damage_places::Fault;
use crate::export::format::raw_rows::RawRows;
use crate::export::read::header::{Header, header};
use crate::export::read::row_date::RowDate;
use crate::export::settings::{Layout, Sheet};

/// A sheet or a file.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::export) struct ExportPart<'a> {
    /// The file's name, with the folders that a pattern finds it in.
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

/// A file of an export.
pub(in crate::export) struct NamedFile<Bytes> {
    pub(in crate::export) path: PathBuf,
    /// What it is called, and a column may take a value from.
    pub(in crate::export) name: String,
    pub(in crate::export) bytes: Bytes,
}

impl<Bytes> NamedFile<Bytes> {
    /// By its name without its folder.
    pub(in crate::export) fn of(path: PathBuf, bytes: Bytes) -> Self {
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
        Self { path, name, bytes }
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
