//! Bytes into rows, one file for each format.

pub mod csv_quotes;
pub mod csv_rows;
pub mod encoding;
pub(crate) mod gzip;
pub(crate) mod json;
pub(crate) mod line_numbers;
pub(crate) mod raw_rows;
pub(crate) mod workbook;
pub(crate) mod xml;
pub(crate) mod zip_archive;
