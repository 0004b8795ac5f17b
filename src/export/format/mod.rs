//! Bytes into rows, one file for each format.

pub(crate) mod archive;
pub mod csv;
pub mod encoding;
pub(crate) mod json;
pub(crate) mod lines;
pub(crate) mod packed;
pub mod quotes;
pub(crate) mod raw;
pub(crate) mod workbook;
pub(crate) mod xml;
