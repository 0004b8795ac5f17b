//! What is wrong with the structure of one row: too few cells, too many, or one that has swallowed others.

use crate::export::damage_kinds::{Damage, Shown};
use crate::export::damage_places::Fault;
use crate::export::format::raw_rows::RawRows;
use crate::export::read::header::Header;

/// Names are shorter by far; a longer cell is a swallowed file or an attack.
const CELL_BYTES_MAX: usize = 4096;
/// What is wrong with a row's structure, and the cell at fault where it is one. Empty cells beyond the heading are not:
/// many a vendor ends each row with a comma, or the heading alone.
pub(super) fn damage<R: RawRows>(rows: &R, header: &Header, surplus: &mut bool) -> Option<(Damage, Option<usize>)> {
    let (found, columns) = (rows.len(), header.names().len());
    let ends_before = || found < columns && found + header.unnamed_at_the_end() >= columns;
    if found > columns && !rows.is_grid() && rows.is_blank_from(columns) {
        *surplus = true;
    } else if found != columns && !rows.is_grid() && !ends_before() {
        let text = Shown::of(&rows.text());
        return Some((Damage::Ragged { expected: columns, found, text }, None));
    }
    if rows.bytes() <= CELL_BYTES_MAX {
        return None;
    }
    let index = (0..rows.len()).find(|index| rows.cell(*index).len() > CELL_BYTES_MAX)?;
    let cell = rows.cell(index);
    Some((Damage::CellTooLong { bytes: cell.len(), max: CELL_BYTES_MAX, text: Shown::of(cell) }, Some(index)))
}

pub(super) fn fault<R: RawRows>(rows: &R, (damage, cell): (Damage, Option<usize>), header: &Header) -> Fault {
    let fault = Fault::new(damage).on_line(rows.line());
    let text = rows.text();
    match cell {
        Some(index) => fault.in_cell(index).named(|cell| header.column(cell)),
        None => {
            // What is too much is marked, and where it is too little the end.
            let extra = rows.range(header.names().len()).map(|range| range.start..text.len());
            let at = extra.unwrap_or(text.len()..text.len());
            fault.marked(&text, at)
        }
    }
}
