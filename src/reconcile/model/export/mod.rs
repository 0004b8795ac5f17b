//! What an export says, as plain data.

pub mod count_error;
pub mod counts;
pub(crate) mod spreadsheet;
pub mod unread;
