//! Merged cells: the first holds the value, and it is meant in all of them, but for columns that hold nothing else: they
//! are the width of the column to their left, and no columns of their own.

use std::collections::{BTreeSet, VecDeque};
use std::io::{Read, Seek};

use calamine::{DataRef, Dimensions, XlsxCellReader, XlsxError};

use crate::export::format::workbook::cell_value::{COLUMNS_MAX, SheetValue};

/// The merged cells of a sheet, of which the rows are asked for in order.
#[derive(Debug)]
pub(super) struct MergedCells {
    /// Those that begin below, the next first.
    below: VecDeque<Region>,
    /// Those that reach into this row, with the value of their first cell.
    here: Vec<(Region, SheetValue)>,
    /// Columns in which some cell holds a value of its own; `None` where nothing is merged across columns.
    own: Option<BTreeSet<usize>>,
}

#[derive(Debug, Clone, Copy)]
struct Region {
    rows: (u32, u32),
    columns: (usize, usize),
}

impl MergedCells {
    /// Looks through the sheet where cells of several columns are merged.
    pub(super) fn of<R: Read + Seek>(
        regions: Vec<Dimensions>,
        cells: Result<XlsxCellReader<'_, R>, XlsxError>,
    ) -> Result<Self, XlsxError> {
        let across = regions.iter().any(|region| region.start.1 < region.end.1);
        let own = across.then(|| own_columns(cells)).transpose()?;
        let column = |column: u32| usize::try_from(column).unwrap_or(usize::MAX).min(COLUMNS_MAX - 1);
        let region =
            |of: Dimensions| Region { rows: (of.start.0, of.end.0), columns: (column(of.start.1), column(of.end.1)) };
        let mut regions: Vec<Region> = regions.into_iter().map(region).collect();
        regions.sort_by_key(|region| (region.rows, region.columns));
        Ok(Self { below: regions.into(), here: Vec::new(), own })
    }

    /// What stands in this row by being merged: columns and values, which say whether several rows share them.
    pub(super) fn of_row(&mut self, row: u32, cells: &[SheetValue]) -> Vec<(usize, SheetValue)> {
        self.here.retain(|(region, _)| region.rows.1 >= row);
        while let Some(region) = self.below.front().copied().filter(|region| region.rows.0 <= row) {
            self.below.pop_front();
            // Where its first row holds nothing at all there is no value.
            let value = cells.get(region.columns.0).filter(|_| region.rows.0 == row).cloned();
            if region.rows.1 >= row
                && let Some(value) = value.filter(|value| !value.text.is_empty())
            {
                self.here.push((region, value));
            }
        }
        let own = self.own.as_ref();
        let columns = |(region, value): &(Region, SheetValue)| {
            let value = SheetValue { merged: region.rows.0 < region.rows.1, ..value.clone() };
            let first = region.columns.0;
            let is_meant = move |column: &usize| *column == first || own.is_none_or(|own| own.contains(column));
            (first..=region.columns.1).filter(is_meant).map(move |column| (column, value.clone()))
        };
        self.here.iter().flat_map(columns).collect()
    }
}

/// The columns in which a cell holds anything: a formula that is still to be computed, too.
fn own_columns<R: Read + Seek>(cells: Result<XlsxCellReader<'_, R>, XlsxError>) -> Result<BTreeSet<usize>, XlsxError> {
    let (mut cells, mut own) = (cells?, BTreeSet::new());
    while let Some(cell) = cells.next_cell_with_formula_metadata()? {
        let is_blank = match &cell.value {
            DataRef::Empty => true,
            DataRef::String(text) => text.trim().is_empty(),
            DataRef::SharedString(text) => text.trim().is_empty(),
            _ => false,
        };
        if !is_blank || cell.formula.is_some() {
            own.insert(usize::try_from(cell.pos.1).unwrap_or(usize::MAX));
        }
    }
    Ok(own)
}
