//! Nothing: what this package has are its tests.
