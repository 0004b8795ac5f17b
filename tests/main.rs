//! One test binary; one module per theme.

mod connectwise;
