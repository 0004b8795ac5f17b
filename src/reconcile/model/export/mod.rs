//! What an export says, as plain data.

pub mod cell_items;
pub mod count_error;
pub mod counts;
pub mod counts_digest;
pub mod delivered_file;
pub mod file_parts;
pub mod normalized_names;
pub mod partial_export;
pub mod repeated_part;
pub mod row_lines;
pub mod rows_behind_end;
pub(crate) mod spreadsheet_damage;
