//! Merged cells: the first holds the value, and it is meant in all of them.

use std::collections::VecDeque;

use calamine::Dimensions;

use crate::export::format::workbook::cell_value::{COLUMNS_MAX, SheetValue};

/// The merged cells of a sheet, of which the rows are asked for in order.
#[derive(Debug)]
pub(super) struct MergedCells {
    /// Those that begin below, the next first.
    below: VecDeque<Region>,
    /// Those that reach into this row, with the value of their first cell.
    here: Vec<(Region, SheetValue)>,
}

#[derive(Debug, Clone, Copy)]
struct Region {
    rows: (u32, u32),
    columns: (usize, usize),
}

impl MergedCells {
    pub(super) fn of(regions: Vec<Dimensions>) -> Self {
        let column = |column: u32| usize::try_from(column).unwrap_or(usize::MAX).min(COLUMNS_MAX - 1);
        let region =
            |of: Dimensions| Region { rows: (of.start.0, of.end.0), columns: (column(of.start.1), column(of.end.1)) };
        let mut regions: Vec<Region> = regions.into_iter().map(region).collect();
        regions.sort_by_key(|region| (region.rows, region.columns));
        Self { below: regions.into(), here: Vec::new() }
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
        let columns = |(region, value): &(Region, SheetValue)| {
            let value = SheetValue { merged: region.rows.0 < region.rows.1, ..value.clone() };
            (region.columns.0..=region.columns.1).map(move |column| (column, value.clone()))
        };
        self.here.iter().flat_map(columns).collect()
    }
}
