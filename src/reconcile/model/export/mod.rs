//! What an export says, as plain data.

pub mod count_error;
pub mod counts;
pub mod delivered_file;
pub mod parts;
pub mod row_lines;
pub(crate) mod spreadsheet;
pub mod unread;
