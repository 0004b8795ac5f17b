//! The rows of one sheet of an Excel workbook (.xlsx), one at a time.
//!
//! Hidden rows, columns and sheets are read like all others: hiding is a matter of looks. The value of merged cells stands
//! in each of them whose column holds anything else. A formula counts with the value that was stored when it was last computed;
//! without one it is unreadable, and not empty, and so is a 0 in a workbook that says that it is still to be computed.

mod cell_value;
mod merged_cells;
mod percent_cells;
mod stale_results;
mod zip_check;

use std::io::Cursor;
use std::ops::Range;

use calamine::{DataRef, Reader as _, SheetType, SheetVisible, Xlsx, XlsxCellReader, XlsxError};

use crate::export::damage_kinds::{Damage, Shown};
use crate::export::damage_places::{Fault, Faults};
use crate::export::format::raw_rows::RawRows;
use crate::export::format::workbook::cell_value::{COLUMNS_MAX, SheetValue};
use crate::export::format::workbook::merged_cells::MergedCells;
use crate::export::format::workbook::percent_cells::Percents;
use crate::export::read::alike_names::alike;
use crate::export::settings::Sheet;
use crate::reconcile::model::export::normalized_names::normalized;
use crate::reconcile::model::export::partial_export::UnreadPart;

type Bytes<'a> = Cursor<&'a [u8]>;

/// Between two cells of a row that is shown.
const BETWEEN: &str = " | ";

/// A sheet, for whoever reads it.
pub(in crate::export) enum SheetRead<'a, 'b> {
    /// Its rows, and why there may be more than it.
    Rows { rows: Box<Rows<'a, 'b>>, name: &'a str, unread: Vec<UnreadPart> },
    /// It has nothing of what is read.
    PassedOver { name: &'a str },
}

/// Gives the rows of a sheet, with its name, to `read`: of the first that is not hidden, unless another is wanted, or
/// one after another of all that are not hidden. Numbers of sheets include hidden ones.
///
/// # Errors
/// If the bytes are no whole workbook of a bearable size, the sheet is not there, or whatever `read` finds.
pub(in crate::export) fn with_rows(
    bytes: &[u8],
    beside: Beside<'_>,
    max_bytes: u64,
    read: &mut dyn FnMut(SheetRead<'_, '_>) -> Result<(), Faults>,
) -> Result<(), Faults> {
    zip_check::check(bytes, max_bytes)?;
    let stale = stale_results::are_declared(bytes);
    let mut workbook = Xlsx::new(Cursor::new(bytes)).map_err(|error| damaged(&error))?;
    if beside.wanted == Some(&Sheet::All) {
        let shown = shown(&workbook);
        for name in shown {
            if (beside.belongs)(Rows::open(&mut workbook, &name, stale)?) {
                read(SheetRead::Rows {
                    rows: Box::new(Rows::open(&mut workbook, &name, stale)?),
                    name: &name,
                    unread: Vec::new(),
                })?;
            } else {
                read(SheetRead::PassedOver { name: &name })?;
            }
        }
        return Ok(());
    }
    let name = sheet(&workbook, beside.wanted)?;
    let unread = others(&workbook, bytes, &name, beside.has_more);
    read(SheetRead::Rows { rows: Box::new(Rows::open(&mut workbook, &name, stale)?), name: &name, unread })
}

/// The sheets that are not hidden.
fn shown(workbook: &Xlsx<Bytes<'_>>) -> Vec<String> {
    let sheets = workbook.sheets_metadata().iter();
    let shown = sheets.filter(|sheet| sheet.typ == SheetType::WorkSheet && sheet.visible == SheetVisible::Visible);
    shown.map(|sheet| sheet.name.clone()).collect()
}

/// Which sheet is read, and what is asked about the others.
#[derive(Clone, Copy)]
pub(in crate::export) struct Beside<'a> {
    pub(in crate::export) wanted: Option<&'a Sheet>,
    /// Of several sheets, whether one is a part of the export.
    pub(in crate::export) belongs: &'a dyn Fn(Rows<'_, '_>) -> bool,
    /// Whether a sheet holds more of the same.
    pub(in crate::export) has_more: &'a dyn Fn(Rows<'_, '_>) -> bool,
}

/// The other sheets that show and hold more of the same. One that cannot be read holds nothing that could be counted.
fn others(
    workbook: &Xlsx<Bytes<'_>>,
    bytes: &[u8],
    read: &str,
    has_more: &dyn Fn(Rows<'_, '_>) -> bool,
) -> Vec<UnreadPart> {
    let names = shown(workbook).into_iter().filter(|name| name != read);
    // A reader keeps its workbook to itself; a second sheet that shows is rare.
    let more = |name: &String| {
        let Ok(mut workbook) = Xlsx::new(Cursor::new(bytes)) else { return false };
        let stale = stale_results::are_declared(bytes);
        Rows::open(&mut workbook, name, stale).is_ok_and(has_more)
    };
    names.filter(more).map(|name| UnreadPart::Sheet { name }).collect()
}

/// The rows of a sheet that hold anything.
pub(in crate::export) struct Rows<'a, 'b> {
    cells: XlsxCellReader<'a, Bytes<'b>>,
    /// The first cell of the row after this one: its row and column from 0.
    next: Option<(u32, usize, SheetValue)>,
    row: Vec<SheetValue>,
    /// How many of them are this row's.
    len: usize,
    number: u64,
    /// The reader takes an end that it is asked for twice for damage.
    ended: bool,
    merged: MergedCells,
    percents: Percents,
    /// The workbook is still to be computed: a formula's 0 is none.
    stale: bool,
}

impl RawRows for Rows<'_, '_> {
    /// Goes to the next row that holds anything.
    fn advance(&mut self) -> Result<bool, Fault> {
        let first = match self.next.take() {
            Some(first) => Some(first),
            None => self.cell()?,
        };
        let Some((row, column, value)) = first else {
            return Ok(false);
        };
        if u64::from(row) < self.number {
            return Err(Fault::new(Damage::RowsOutOfOrder { row: row + 1 }).on_line(self.number));
        }
        (self.len, self.number) = (0, u64::from(row) + 1);
        self.put(column, value)?;
        while let Some((of, column, value)) = self.cell()? {
            if of != row {
                self.next = Some((of, column, value));
                break;
            }
            self.put(column, value)?;
        }
        for (column, value) in self.merged.of_row(row, &self.row[..self.len]) {
            self.merge(column, value);
        }
        Ok(true)
    }

    /// Up to the last cell that holds anything.
    fn len(&self) -> usize {
        self.len
    }

    fn cell(&self, index: usize) -> &str {
        self.values().get(index).map_or("", |value| &value.text)
    }

    fn is_number(&self, index: usize) -> bool {
        self.values().get(index).is_some_and(|value| value.number)
    }

    fn is_uncomputed(&self, index: usize) -> bool {
        self.values().get(index).is_some_and(|value| value.uncomputed)
    }

    fn is_percent(&self, index: usize) -> bool {
        self.is_number(index) && self.percents.holds(self.number, index)
    }

    fn is_merged(&self, index: usize) -> bool {
        self.values().get(index).is_some_and(|value| value.merged)
    }

    fn is_grid(&self) -> bool {
        true
    }

    fn line(&self) -> u64 {
        self.number
    }

    fn text(&self) -> String {
        self.values().iter().map(|value| value.text.as_str()).collect::<Vec<_>>().join(BETWEEN)
    }

    fn range(&self, index: usize) -> Option<Range<usize>> {
        let before: usize = self.values().get(..index)?.iter().map(|value| value.text.len() + BETWEEN.len()).sum();
        Some(before..before + self.values().get(index)?.text.len())
    }
}

impl<'a, 'b> Rows<'a, 'b> {
    fn open(workbook: &'a mut Xlsx<Bytes<'b>>, name: &str, stale: bool) -> Result<Rows<'a, 'b>, Fault> {
        let merged = workbook.merge_cells_by_sheet_name(name).map_err(|error| damaged(&error))?;
        let percents = Percents::of(workbook.worksheet_cells_reader(name)).map_err(|error| damaged(&error))?;
        let merged = MergedCells::of(merged, workbook.worksheet_cells_reader(name)).map_err(|error| damaged(&error))?;
        let cells = workbook.worksheet_cells_reader(name).map_err(|error| damaged(&error))?;
        Ok(Rows { cells, next: None, row: Vec::new(), len: 0, number: 0, ended: false, merged, percents, stale })
    }

    /// The value of merged cells in one of them, if that holds nothing of its own.
    fn merge(&mut self, column: usize, value: SheetValue) {
        for blank in self.len..=column {
            self.set(blank, SheetValue::default());
        }
        self.len = self.len.max(column + 1);
        let cell = &mut self.row[column];
        if cell.text.is_empty() {
            *cell = SheetValue { merged: true, ..value };
        } else if cell.text == value.text {
            // A count that several rows share is none of theirs, the first's neither.
            cell.merged = value.merged;
        }
    }

    fn values(&self) -> &[SheetValue] {
        &self.row[..self.len]
    }

    fn put(&mut self, column: usize, value: SheetValue) -> Result<(), Fault> {
        if column < self.len {
            return Err(Fault::new(Damage::CellsOutOfOrder).on_line(self.number).in_cell(column));
        }
        for blank in self.len..column {
            self.set(blank, SheetValue::default());
        }
        self.set(column, value);
        self.len = column + 1;
        Ok(())
    }

    fn set(&mut self, column: usize, value: SheetValue) {
        match self.row.get_mut(column) {
            Some(cell) => *cell = value,
            None => self.row.push(value),
        }
    }

    /// The next cell that holds anything and is looked at.
    fn cell(&mut self) -> Result<Option<(u32, usize, SheetValue)>, Fault> {
        while !self.ended {
            let cell = self.cells.next_cell_with_formula_metadata().map_err(|error| self.damaged_below(&error))?;
            let Some(cell) = cell else {
                self.ended = true;
                break;
            };
            let (row, column) = cell.pos;
            let column = usize::try_from(column).unwrap_or(usize::MAX);
            let uncomputed = || cell.formula.as_ref().map(SheetValue::uncomputed);
            let is_stale = self.stale && cell.formula.is_some() && stale_results::is_placeholder(&cell.value);
            let none = is_stale || cell.value == DataRef::Empty;
            let value = if none { uncomputed() } else { SheetValue::of(&cell.value) };
            match value {
                Some(value) if column < COLUMNS_MAX => return Ok(Some((row, column, value))),
                _ => {}
            }
        }
        Ok(None)
    }

    fn damaged_below(&self, error: &XlsxError) -> Fault {
        let fault = damaged(error);
        if self.number > 0 { fault.on_line(self.number) } else { fault }
    }
}

fn damaged(error: &XlsxError) -> Fault {
    Fault::new(match error {
        XlsxError::Password => Damage::OtherKind("a workbook with a password"),
        _ => Damage::Workbook { why: Shown::of(&error.to_string()) },
    })
}

fn sheet(workbook: &Xlsx<Bytes<'_>>, wanted: Option<&Sheet>) -> Result<String, Fault> {
    let sheets: Vec<_> = workbook.sheets_metadata().iter().filter(|sheet| sheet.typ == SheetType::WorkSheet).collect();
    let found = match wanted {
        None => sheets.iter().find(|sheet| sheet.visible == SheetVisible::Visible).or(sheets.first()),
        Some(Sheet::Name(name)) => sheets.iter().find(|sheet| normalized(&sheet.name) == normalized(name)),
        Some(Sheet::Number(number)) => number.checked_sub(1).and_then(|index| sheets.get(index)),
        Some(Sheet::All) => None,
    };
    if let Some(sheet) = found {
        return Ok(sheet.name.clone());
    }
    let names = sheets.iter().map(|sheet| sheet.name.as_str());
    let (wanted, meant) = match wanted {
        Some(Sheet::Name(name)) => (Shown::of(name), alike(name, names.clone()).map(Shown::of)),
        Some(Sheet::Number(number)) => (Shown::of(&format!("number {number}")), None),
        None | Some(Sheet::All) => (Shown::of("at all"), None),
    };
    let present: Vec<String> = names.map(|name| format!("{:?}", Shown::of(name))).collect();
    Err(Fault::new(Damage::NoSheet { wanted, meant, present: present.join(", ") }))
}

#[cfg(test)]
mod tests;
