//! Rows with the columns that the file does not have by a name of its own behind those that it has, and with blank cells
//! filled from above. Files that need neither are read without it.

use std::ops::Range;

use crate::export::column::DerivedColumn;
use crate::export::damage_kinds::Damage;
use crate::export::damage_places::{Fault, Faults};
use crate::export::format::raw_rows::{RawRows, Without};
use crate::export::read::header::Header;
use crate::export::read::sheet_or_file::ExportPart;
use crate::export::settings::{HeaderRow, Layout};
use crate::reconcile::model::export::normalized_names::is_blank;

/// Rows, and what is made of them.
pub(in crate::export) struct MadeRows<'a, R> {
    rows: R,
    /// How many columns the header has.
    own: usize,
    cells: Vec<MadeCell<'a>>,
    joined: Vec<String>,
    /// Columns that take the value above, the outer ones first, each with that value.
    filled: Vec<(usize, String)>,
    /// The row that was looked at to find out how many columns there are is data.
    again: bool,
}

#[derive(Debug)]
enum MadeCell<'a> {
    /// The same for all rows.
    Same(&'a str),
    /// Another column.
    Copy(usize),
    /// Several of them.
    Joined(Vec<usize>, &'a str),
}

impl<'a, R: RawRows> MadeRows<'a, R> {
    /// Finds the columns that others are made of, and names what is made in the header.
    pub(in crate::export) fn of(
        rows: R,
        header: &mut Header,
        layout: &'a Layout,
        part: ExportPart<'a>,
    ) -> Result<Self, Faults> {
        let own = header.names().len();
        let (mut faults, mut cells) = (Faults::none(), Vec::new());
        for (name, made) in layout.made() {
            match cell(made, header, own, part, rows.is_grid()) {
                Ok(cell) => cells.push((name.to_owned(), cell)),
                Err(fault) => faults.push(|| fault),
            }
        }
        let mut filled = Vec::new();
        for name in &layout.fill_down {
            match header.position(name, "fill_down") {
                Ok(index) => filled.push((index, String::new())),
                Err(fault) => faults.push(|| fault),
            }
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        let copied = cells.iter().filter_map(|(_, cell)| if let MadeCell::Copy(at) = cell { Some(*at) } else { None });
        let copied = copied.collect();
        let (names, cells): (Vec<String>, Vec<MadeCell<'a>>) = cells.into_iter().unzip();
        header.add(names, copied);
        let again = layout.header == HeaderRow::Absent;
        Ok(Self { rows, own, cells, joined: Vec::new(), filled, again })
    }

    fn made(&self, index: usize) -> Option<&MadeCell<'a>> {
        index.checked_sub(self.own).and_then(|made| self.cells.get(made))
    }

    /// The cell of the file that a cell is.
    fn copied(&self, index: usize) -> Option<usize> {
        match self.made(index) {
            None => Some(index),
            Some(MadeCell::Copy(of)) => Some(*of),
            Some(MadeCell::Same(_) | MadeCell::Joined(..)) => None,
        }
    }

    fn filled_cell(&self, index: usize) -> &str {
        let cell = self.rows.cell(index);
        match self.filled.iter().find(|(of, _)| *of == index && is_blank(cell)) {
            Some((_, above)) => above,
            None => cell,
        }
    }

    fn fill(&mut self) {
        let mut outer_is_new = false;
        for (index, above) in &mut self.filled {
            let cell = self.rows.cell(*index).trim();
            if !is_blank(cell) {
                outer_is_new |= cell != above;
                cell.clone_into(above);
            } else if outer_is_new {
                // What stood below another customer is not below this one.
                above.clear();
            }
        }
    }

    fn join(&mut self) {
        let mut joined = Vec::with_capacity(self.cells.len());
        for cell in &self.cells {
            let MadeCell::Joined(of, join) = cell else {
                joined.push(String::new());
                continue;
            };
            let parts = of.iter().map(|index| self.filled_cell(*index).trim()).filter(|part| !is_blank(part));
            joined.push(parts.collect::<Vec<_>>().join(join));
        }
        self.joined = joined;
    }
}

fn cell<'a>(
    made: &'a DerivedColumn,
    header: &Header,
    own: usize,
    part: ExportPart<'a>,
    is_grid: bool,
) -> Result<MadeCell<'a>, Fault> {
    Ok(match made {
        DerivedColumn::FileName => MadeCell::Same(part.file),
        DerivedColumn::SheetName => MadeCell::Same(part.sheet),
        // A sheet's row ends with its last cell that holds anything.
        DerivedColumn::Number(number) if *number > own && !is_grid => {
            let (what, why) = (format!("column number {number}"), format!("there are {own}"));
            return Err(Fault::new(Damage::NoSuchColumn { what, why }));
        }
        DerivedColumn::Number(number) => MadeCell::Copy(number.saturating_sub(1)),
        DerivedColumn::Nth(name, nth) => {
            let found: Vec<usize> = header.positions(name).collect();
            match found.get(nth.saturating_sub(1)) {
                Some(index) => MadeCell::Copy(*index),
                None => {
                    let what = format!("column {name:?} number {nth}");
                    let why = format!("there are {} of this name", found.len());
                    return Err(Fault::new(Damage::NoSuchColumn { what, why }));
                }
            }
        }
        DerivedColumn::Joined { columns, join } => {
            let found: Result<Vec<usize>, Fault> =
                columns.iter().map(|name| header.position(name, "columns")).collect();
            MadeCell::Joined(found?, join)
        }
    })
}

impl<R: RawRows> RawRows for MadeRows<'_, R> {
    fn advance(&mut self) -> Result<bool, Fault> {
        if !std::mem::take(&mut self.again) && !self.rows.advance()? {
            return Ok(false);
        }
        self.fill();
        self.join();
        Ok(true)
    }

    fn len(&self) -> usize {
        self.rows.len().max(if self.is_grid() { self.own } else { 0 }) + self.cells.len()
    }

    fn cell(&self, index: usize) -> &str {
        match self.made(index) {
            None if index >= self.own => "",
            None => self.filled_cell(index),
            Some(MadeCell::Same(text)) => text,
            Some(MadeCell::Copy(of)) => self.filled_cell(*of),
            Some(MadeCell::Joined(..)) => self.joined.get(index - self.own).map_or("", String::as_str),
        }
    }

    fn is_number(&self, index: usize) -> bool {
        self.copied(index).is_some_and(|of| self.rows.is_number(of))
    }

    fn is_list(&self, index: usize) -> bool {
        match self.made(index) {
            Some(MadeCell::Joined(of, _)) => of.iter().any(|of| self.rows.is_list(*of)),
            _ => self.copied(index).is_some_and(|of| self.rows.is_list(of)),
        }
    }

    fn is_percent(&self, index: usize) -> bool {
        self.copied(index).is_some_and(|of| self.rows.is_percent(of))
    }

    fn is_merged(&self, index: usize) -> bool {
        self.copied(index).is_some_and(|of| self.rows.is_merged(of))
    }

    fn is_filled_down(&self, index: usize) -> bool {
        let is_filled = |of: usize| self.filled.iter().any(|(filled, _)| *filled == of) && is_blank(self.rows.cell(of));
        self.copied(index).is_some_and(is_filled)
    }

    fn is_uncomputed(&self, index: usize) -> bool {
        match self.made(index) {
            Some(MadeCell::Joined(of, _)) => of.iter().any(|of| self.rows.is_uncomputed(*of)),
            _ => self.copied(index).is_some_and(|of| self.rows.is_uncomputed(of)),
        }
    }

    fn is_grid(&self) -> bool {
        self.rows.is_grid()
    }

    fn is_blank(&self) -> bool {
        self.rows.is_blank()
    }

    fn is_blank_from(&self, index: usize) -> bool {
        self.rows.is_blank_from(index.saturating_sub(self.cells.len()))
    }

    /// A row that names the group alone is what the rows below it are filled with.
    fn without(&self) -> Option<Without> {
        let is_filled = |index: usize| self.filled.iter().any(|(of, _)| *of == index);
        let is_of_it = |cell: &str| self.filled.iter().any(|(of, _)| self.rows.cell(*of) == cell);
        // Merged across the row, the group's name stands in every cell of it.
        let is_empty = |index: usize| {
            let cell = self.rows.cell(index);
            is_blank(cell) || (self.rows.is_merged(index) && is_of_it(cell))
        };
        let is_heading =
            !self.filled.is_empty() && (0..self.rows.len()).all(|index| is_filled(index) || is_empty(index));
        if is_heading { Some(Without::Nothing) } else { self.rows.without() }
    }

    fn line(&self) -> u64 {
        self.rows.line()
    }

    fn text(&self) -> String {
        self.rows.text()
    }

    fn range(&self, index: usize) -> Option<Range<usize>> {
        self.copied(index).and_then(|of| self.rows.range(of))
    }

    fn bytes(&self) -> usize {
        self.rows.bytes()
    }

    fn open_end(&self) -> bool {
        self.rows.open_end()
    }
}
