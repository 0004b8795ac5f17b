//! What single commands show: one line, two nights, open items, the counts of a file.

pub mod diff_output;
pub mod held_output;
pub mod read_output;
pub mod why_output;
