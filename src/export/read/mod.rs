//! Rows into cells: which column is what.

pub mod content;
mod dates;
pub(crate) mod header;
pub(crate) mod layout;
pub mod names;
mod rejection;
pub(crate) mod rows;
