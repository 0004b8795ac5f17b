//! A vendor's export file into counts.
//!
//! A file is read whole or refused whole: what is damaged in its structure may have lost rows without a sign, and a lost
//! row bills nothing. A row that is whole but no count is rejected alone, and holds its customer's lines.

pub mod column;
pub mod count;
pub mod error;
pub mod excerpt;
pub mod format;
pub mod locate;
pub mod propose;
pub mod read;
pub mod row_condition;
pub mod settings;
pub mod text_pattern;

pub mod damage_kinds;
pub mod damage_places;
#[cfg(test)]
mod shape_tests;
#[cfg(test)]
mod tests;
