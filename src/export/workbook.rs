//! The rows of one sheet of an Excel workbook (.xlsx), one at a time.
//!
//! Hidden rows, columns and sheets are read like all others: hiding is a matter of looks. Of merged cells the first
//! holds the value and the others are empty. A formula counts with the value that was stored when it was last computed.

mod archive;
mod value;

use std::io::Cursor;

use calamine::Reader as _;
use calamine::SheetType;
use calamine::SheetVisible;
use calamine::Xlsx;
use calamine::XlsxCellReader;
use calamine::XlsxError;

use crate::export::error::Damage;
use crate::export::error::Place;
use crate::export::error::Shown;
use crate::export::names::alike;
use crate::export::names::normalized;
use crate::export::workbook::value::Value;

/// Columns that are looked at. A sheet may have 16,384, and one stray cell in the last of them is no reason to hold a
/// row of that width a million times.
const COLUMNS_MAX: usize = 4096;

type Fault = (Place, Damage);
type Bytes<'a> = Cursor<&'a [u8]>;

/// Which sheet is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::export) enum Wanted<'a> {
    /// The first that is not hidden.
    First,
    /// By its name.
    Name(&'a str),
    /// By its place, from 1, hidden ones included.
    Number(usize),
}

/// Gives the rows of a sheet to `read`.
///
/// # Errors
/// If the bytes are no whole workbook of a bearable size, the sheet is not there, or whatever `read` finds.
pub(in crate::export) fn with_rows<T>(
    bytes: &[u8],
    wanted: Wanted<'_>,
    max_bytes: u64,
    read: impl FnOnce(Rows<'_>) -> Result<T, Fault>,
) -> Result<T, Fault> {
    archive::check(bytes, max_bytes)?;
    let mut workbook = Xlsx::new(Cursor::new(bytes)).map_err(|error| damaged(&error))?;
    let name = sheet(&workbook, wanted)?;
    let cells = workbook.worksheet_cells_reader(&name).map_err(|error| damaged(&error))?;
    read(Rows { cells, next: None, row: Vec::new(), len: 0, number: 0, ended: false })
}

/// The rows of a sheet that hold anything.
pub(in crate::export) struct Rows<'a> {
    cells: XlsxCellReader<'a, Bytes<'a>>,
    /// The first cell of the row after this one: its row and column from 0.
    next: Option<(u32, usize, Value)>,
    row: Vec<Value>,
    /// How many of them are this row's.
    len: usize,
    number: u64,
    /// The reader takes an end that it is asked for twice for damage.
    ended: bool,
}

impl Rows<'_> {
    /// Goes to the next row that holds anything. False after the last.
    pub(in crate::export) fn advance(&mut self) -> Result<bool, Fault> {
        let first = match self.next.take() {
            Some(first) => Some(first),
            None => self.cell()?,
        };
        let Some((row, column, value)) = first else {
            return Ok(false);
        };
        if u64::from(row) + 1 <= self.number {
            return Err((Place { line: Some(self.number), column: None }, Damage::RowsOutOfOrder { row: row + 1 }));
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
        Ok(true)
    }

    /// The cells, up to the last that holds anything.
    pub(in crate::export) fn values(&self) -> &[Value] {
        &self.row[..self.len]
    }

    /// The row's number in the sheet, from 1.
    pub(in crate::export) fn number(&self) -> u64 {
        self.number
    }

    fn put(&mut self, column: usize, value: Value) -> Result<(), Fault> {
        if column < self.len {
            let place = Place { line: Some(self.number), column: Some(format!("column {}", column + 1)) };
            return Err((place, Damage::CellsOutOfOrder));
        }
        for blank in self.len..column {
            self.set(blank, Value::default());
        }
        self.set(column, value);
        self.len = column + 1;
        Ok(())
    }

    fn set(&mut self, column: usize, value: Value) {
        match self.row.get_mut(column) {
            Some(cell) => *cell = value,
            None => self.row.push(value),
        }
    }

    /// The next cell that holds anything and is looked at.
    fn cell(&mut self) -> Result<Option<(u32, usize, Value)>, Fault> {
        while !self.ended {
            let cell = self.cells.next_cell().map_err(|error| self.damaged_below(&error))?;
            let Some(cell) = cell else {
                self.ended = true;
                break;
            };
            let (row, column) = cell.get_position();
            let column = usize::try_from(column).unwrap_or(usize::MAX);
            match Value::of(cell.get_value()) {
                Some(value) if column < COLUMNS_MAX => return Ok(Some((row, column, value))),
                _ => {}
            }
        }
        Ok(None)
    }

    fn damaged_below(&self, error: &XlsxError) -> Fault {
        let (_, damage) = damaged(error);
        (Place { line: (self.number > 0).then_some(self.number), column: None }, damage)
    }
}

fn damaged(error: &XlsxError) -> Fault {
    let damage = match error {
        XlsxError::Password => Damage::OtherKind("a workbook with a password"),
        _ => Damage::Workbook { why: Shown::of(&error.to_string()) },
    };
    (Place::NOWHERE, damage)
}

fn sheet(workbook: &Xlsx<Bytes<'_>>, wanted: Wanted<'_>) -> Result<String, Fault> {
    let sheets: Vec<_> = workbook.sheets_metadata().iter().filter(|sheet| sheet.typ == SheetType::WorkSheet).collect();
    let found = match wanted {
        Wanted::First => sheets.iter().find(|sheet| sheet.visible == SheetVisible::Visible).or(sheets.first()),
        Wanted::Name(name) => sheets.iter().find(|sheet| normalized(&sheet.name) == normalized(name)),
        Wanted::Number(number) => number.checked_sub(1).and_then(|index| sheets.get(index)),
    };
    if let Some(sheet) = found {
        return Ok(sheet.name.clone());
    }
    let names = sheets.iter().map(|sheet| sheet.name.as_str());
    let (wanted, meant) = match wanted {
        Wanted::Name(name) => (Shown::of(name), alike(name, names.clone()).map(Shown::of)),
        Wanted::Number(number) => (Shown::of(&format!("number {number}")), None),
        Wanted::First => (Shown::of("at all"), None),
    };
    let present: Vec<String> = names.map(|name| format!("{:?}", Shown::of(name))).collect();
    Err((Place::NOWHERE, Damage::NoSheet { wanted, meant, present: present.join(", ") }))
}

#[cfg(test)]
mod tests;
