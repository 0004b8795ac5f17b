//! A vendor's export file into counts.
//!
//! A file is read whole or refused whole: what is damaged in its structure may have lost rows without a sign, and a lost
//! row bills nothing. A row that is whole but no count is rejected alone, and holds its customer's lines.

pub mod error;
pub mod file;
pub mod names;
pub mod newest;
pub mod settings;

mod csv;
mod encoding;
mod fault;
mod header;
mod lines;
mod quotes;
mod raw;
mod reading;
mod rows;
#[cfg(test)]
mod shape_tests;
#[cfg(test)]
mod tests;

pub(crate) use encoding::text;
pub use error::Damage;
pub use error::ExportError;
pub use file::Export;
pub use file::read;
pub use file::read_bytes;
pub use newest::newest;
pub(crate) use quotes::cells;
pub use settings::ExportSettings;
