//! A vendor's export file into counts.
//!
//! A file is read whole or refused whole: what is damaged in its structure may have lost rows without a sign, and a lost
//! row bills nothing. A row that is whole but no count is rejected alone, and holds its customer's lines.

mod ends;
pub mod error;
pub mod fetch;
pub mod file;
pub mod names;
pub mod newest;
pub mod settings;

mod content;
mod csv;
mod damage;
mod encoding;
mod fault;
mod header;
mod json;
mod lines;
mod obtain;
mod packed;
mod quotes;
mod raw;
mod reading;
mod rows;
#[cfg(test)]
mod shape_tests;
#[cfg(test)]
mod tests;
mod workbook;

pub use content::Misfit;
pub use content::fit;
pub use content::read_bytes;
pub(crate) use encoding::text;
pub use error::Damage;
pub use error::ExportError;
pub use file::Export;
pub use file::raw;
pub use newest::newest;
pub use obtain::Way;
pub use obtain::obtain;
pub use obtain::standard_input;
pub(crate) use quotes::cells;
pub use settings::ExportSettings;
