//! What several commands take on their command line.

pub(crate) mod global;
pub(crate) mod typed_handle;
pub(crate) mod typed_integration;
