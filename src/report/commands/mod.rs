//! What single commands show: one line, two nights, open items, the counts of a file.

pub mod counted;
pub mod diff;
pub mod held;
pub mod why;
