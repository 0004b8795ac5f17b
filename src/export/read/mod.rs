//! Rows into cells: which column is what.

mod cells;
pub mod content;
pub(in crate::export) mod dates;
pub(crate) mod derived_columns;
pub(crate) mod header;
pub(crate) mod layout;
pub mod names;
pub(crate) mod part;
mod rejection;
pub(crate) mod row_date;
pub(crate) mod rows;
