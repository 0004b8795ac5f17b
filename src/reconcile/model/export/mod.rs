//! What an export says, as plain data.

pub mod cell_items;
pub mod count_error;
pub mod counts;
pub mod delivered_file;
pub mod file_parts;
pub mod partial_export;
pub mod row_lines;
pub(crate) mod spreadsheet_damage;
