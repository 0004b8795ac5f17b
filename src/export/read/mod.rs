//! Rows into cells: which column is what.

pub mod alike_names;
pub mod bytes_to_counts;
mod cells;
pub(in crate::export) mod date_columns;
pub(crate) mod derived_columns;
pub(crate) mod header;
pub(crate) mod layout;
pub(crate) mod newest_date;
mod rejected_row;
mod row_damage;
pub(crate) mod row_date;
pub(crate) mod rows;
pub(in crate::export) mod saying_no;
pub(crate) mod sheet_or_file;
mod total_rows;
