//! Which keys of an export's table would make a file readable that is not, or not wholly.
//!
//! Each of them was tried on the file, and reads more of it. None is ever applied by itself: what a file means its vendor
//! knows, and whoever asked it.

mod document_proposals;
mod heading_proposals;
pub mod proposal;
mod row_proposals;

use std::path::{Path, PathBuf};

use rust_decimal::Decimal;

use crate::export::count::duplicate_rows::Duplicates;
use crate::export::count::number_notation::Notation;
use crate::export::error::ExportError;
use crate::export::format::zip_archive::is_zip;
use crate::export::propose::proposal::{Proposal, TriedKeys};
use crate::export::read::bytes_to_counts::{column_names, read_files};
use crate::export::read::date_columns::in_short;
use crate::export::settings::{HeaderRow, Layout, Sheet};
use crate::reconcile::model::display_text::quoted;
use crate::reconcile::model::export::count_error::CountError;
use crate::reconcile::model::export::counts::{Cell, Counts, CustomerCounts, date_format_keys};

/// The files of an export, read once more.
#[derive(Clone, Copy)]
struct Tried<'a> {
    files: &'a [(PathBuf, Vec<u8>)],
}

/// What could be asked one after another until the file is read.
const STEPS_MAX: usize = 4;
/// Files above this are not read several times over.
const BYTES_MAX: usize = 16 * 1024 * 1024;

/// What would make these files readable, in the order in which it would have to be set; nothing where they are read, or
/// nothing known helps.
pub fn proposals(files: &[(PathBuf, Vec<u8>)], layout: &Layout) -> Vec<Proposal> {
    let (tried, mut layout, mut proposed) = (Tried { files }, layout.clone(), Vec::new());
    if files.iter().map(|(_, bytes)| bytes.len()).sum::<usize>() > BYTES_MAX {
        return proposed;
    }
    let mut read = tried.read(&layout);
    while trouble(&read) > 0 && proposed.len() < STEPS_MAX {
        let better = tried.candidates(&layout, &read).into_iter().find_map(|candidate| {
            let now = tried.read(&candidate.layout);
            let is_better = trouble(&now) < trouble(&read) && is_sound(&now);
            is_better.then_some((candidate, now))
        });
        let Some((candidate, now)) = better else { break };
        proposed.push(candidate.proposal);
        (layout, read) = (candidate.layout, now);
    }
    proposed
}

/// Whether the counts are of bytes, and what would make gigabytes of them.
pub fn bytes_counted(counts: &Counts) -> Option<Proposal> {
    const BYTES_MIN: u32 = 1_000_000_000;
    let cells = counts.customers.values().flat_map(CustomerCounts::cells);
    let (service, _) =
        cells.max_by_key(|(_, cell)| cell.units()).filter(|(_, cell)| cell.units() >= BYTES_MIN.into())?;
    let question = format!("Are the units of {} bytes?", quoted(service.as_str()));
    Some(Proposal { question, keys: "divide = 1073741824 in its service's table, and GiB are billed".to_owned() })
}

/// Whether every point of the counts may stand between thousands, in a file that is written as where it does: `1.250`.
pub fn points_of_thousands(files: &[(PathBuf, Vec<u8>)], layout: &Layout, counts: &Counts) -> Option<Proposal> {
    let is_small = files.iter().map(|(_, bytes)| bytes.len()).sum::<usize>() <= BYTES_MAX;
    if files.is_empty() || !is_small || layout.delimiter != Some(b';') || layout.notation != Notation::default() {
        return None;
    }
    let cells = || counts.customers.values().flat_map(CustomerCounts::cells).map(|(_, cell)| cell.units());
    // Nobody writes a group of thousands behind a zero.
    let is_below_one = |units: Decimal| !units.is_zero() && units.abs() < Decimal::ONE;
    let whole = cells().all(|units| units.fract().is_zero());
    if whole || cells().any(is_below_one) {
        return None;
    }
    let notation = Notation { decimal: ',', thousands: Some('.') };
    let read = Tried { files }.read(&Layout { notation, ..layout.clone() }).ok()?;
    let reads_all = read.rejected.len() <= counts.rejected.len() && read.customers != counts.customers;
    let keys = "decimal = \",\" and thousands = \".\"".to_owned();
    reads_all.then(|| Proposal { question: "Do its points stand between thousands, as in 1.250?".to_owned(), keys })
}

/// A workbook may begin with a cover.
fn later_sheets(layout: &Layout) -> impl Iterator<Item = TriedKeys> {
    const SHEETS_TRIED: usize = 6;
    let numbers = (2..=SHEETS_TRIED).filter(|_| layout.sheet.is_none());
    numbers.map(|number| {
        let with = Layout { sheet: Some(Sheet::Number(number)), ..layout.clone() };
        TriedKeys::new(format!("Is the export on sheet {number}?"), format!("sheet = {number}"), with)
    })
}

/// How much of the file is not read.
fn trouble(read: &Result<Counts, ExportError>) -> usize {
    let Ok(counts) = read else { return usize::MAX };
    let cells = counts.customers.values().flat_map(CustomerCounts::cells);
    let doubled = cells.filter(|(_, cell)| !matches!(cell, Cell::Counted { .. })).count();
    counts.rejected.len() + counts.nameless.len() + doubled
}

/// Rows of which no date can be read.
fn undated(counts: &Counts) -> usize {
    counts.rejected.iter().filter(|row| row.why == CountError::NoDate).count()
}

/// Whether anything is counted at all.
fn is_sound(read: &Result<Counts, ExportError>) -> bool {
    read.as_ref().is_ok_and(|counts| counts.customers.values().any(|customer| customer.cells().next().is_some()))
}

impl Tried<'_> {
    fn read(self, layout: &Layout) -> Result<Counts, ExportError> {
        let files = self.files.iter().map(|(path, bytes)| (path.clone(), bytes.as_slice()));
        read_files(files.collect(), layout)
    }

    fn candidates(self, layout: &Layout, read: &Result<Counts, ExportError>) -> Vec<TriedKeys> {
        match read {
            Ok(counts) => {
                let dates = if undated(counts) > 0 { self.date_formats(layout) } else { None };
                let first = dates.into_iter().chain(self.two_columns(layout, counts));
                first.chain(row_proposals::candidates(layout, counts)).collect()
            }
            Err(ExportError::Damaged { .. }) => self.of_structure(layout),
            Err(_) => Vec::new(),
        }
    }

    /// For a file that is refused as a whole.
    fn of_structure(self, layout: &Layout) -> Vec<TriedKeys> {
        let (mut found, text) = (Vec::new(), self.text());
        if self.files.iter().any(|(_, bytes)| is_zip(bytes)) {
            found.extend(self.sheet_per_customer(layout));
            found.extend(later_sheets(layout));
        }
        if let Some(text) = text {
            found.extend(document_proposals::candidates(text, layout));
            if text.contains("\\\"") && layout.quote_escape.is_none() {
                let with = Layout { quote_escape: Some(b'\\'), ..layout.clone() };
                let keys = "quote_escape = \"\\\\\"";
                found.push(TriedKeys::new("Does a backslash stand before a quote that is text?", keys, with));
            }
        }
        if layout.header == HeaderRow::First {
            let header = HeaderRow::Joined { cell: None, rows: 2, join: " ".to_owned() };
            let with = Layout { header, ..layout.clone() };
            found.push(TriedKeys::new("Has the heading two rows?", "header = { rows = 2, join = \" \" }", with));
            found.extend(heading_proposals::no_heading(&self.names(layout), layout));
        }
        found.extend(self.date_formats(layout));
        found
    }

    /// The forms that read most of the dates. Of two that read as many only a person knows which is meant.
    fn date_formats(self, layout: &Layout) -> Option<TriedKeys> {
        let read = row_proposals::date_formats(layout).into_iter().filter_map(|(format, with)| {
            let read = self.read(&with);
            let left = undated(read.as_ref().ok().filter(|_| is_sound(&read))?);
            Some((left, trouble(&read), format, with))
        });
        let mut read: Vec<(usize, usize, &'static str, Layout)> = read.collect();
        let least = read.iter().map(|(left, ..)| *left).min()?;
        read.retain(|(left, ..)| *left == least);
        let keys = date_format_keys(&in_short(read.iter().map(|(_, _, format, _)| *format).collect()));
        let (.., layout) = read.into_iter().min_by_key(|(_, trouble, ..)| *trouble)?;
        Some(TriedKeys::new("Are the dates written so?", keys, layout))
    }

    /// A sheet alone is no sheet for each.
    fn sheet_per_customer(self, layout: &Layout) -> Option<TriedKeys> {
        let with = row_proposals::of_sheets(layout)?;
        let read = self.read(&with).ok()?;
        let keys = "sheet = \"*\", and as a column customer = { sheet = '(.+)' }";
        (read.customers.len() > 1).then(|| TriedKeys::new("Is there a sheet for each customer?", keys, with))
    }

    /// Where rows of one customer and service are several, the column that would make most of them one service each.
    fn two_columns(self, layout: &Layout, read: &Counts) -> Option<TriedKeys> {
        let doubled = read.customers.values().flat_map(CustomerCounts::cells);
        let doubled = doubled.filter(|(_, cell)| matches!(cell, Cell::Duplicate { .. })).count();
        if doubled == 0 || layout.duplicates != Duplicates::Error || read.dated.is_some() {
            return None;
        }
        let (names, used) = (self.names(layout), layout.columns());
        let others = names.iter().filter(|name| !name.is_empty() && !used.contains(&name.as_str()));
        let tried = others.take(heading_proposals::TRIED).filter_map(|other| {
            let with = heading_proposals::two_columns(layout, other)?;
            let services = heading_proposals::services(&self.read(&with.layout).ok()?)?;
            Some((services, with))
        });
        tried.min_by_key(|(services, _)| *services).map(|(_, with)| with)
    }

    /// What the columns of the first file are called.
    fn names(self, layout: &Layout) -> Vec<String> {
        self.files.first().map(|(_, bytes)| column_names(bytes, layout)).unwrap_or_default()
    }

    /// The text of a single file that is one.
    fn text(&self) -> Option<&str> {
        let [(_, bytes)] = self.files else { return None };
        std::str::from_utf8(bytes).ok()
    }
}

/// The files that an export was read from, as they lie there now; none where they are not on this host any more.
pub fn files_of(path: &Path, counts: &Counts) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = path.parent().unwrap_or(path);
    let mut paths: Vec<PathBuf> =
        counts.files.iter().filter_map(|file| Some(folder.join(file.name.split('/').next()?))).collect();
    if paths.is_empty() {
        paths.push(path.to_owned());
    }
    paths.dedup();
    let is_small = |path: &Path| path.metadata().is_ok_and(|file| file.len() <= BYTES_MAX as u64 && file.is_file());
    let read = |path: PathBuf| is_small(&path).then(|| std::fs::read(&path).ok().map(|bytes| (path, bytes))).flatten();
    paths.into_iter().map(read).collect::<Option<Vec<_>>>().unwrap_or_default()
}
