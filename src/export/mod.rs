//! A vendor's export file into counts.
