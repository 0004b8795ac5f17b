//! Bytes into rows, one file for each format.

pub(crate) mod csv;
pub mod encoding;
pub(crate) mod ends;
pub(crate) mod json;
pub(crate) mod lines;
pub(crate) mod packed;
pub mod quotes;
pub(crate) mod raw;
pub(crate) mod workbook;
