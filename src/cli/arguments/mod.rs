//! What several commands take on their command line.

pub(crate) mod global_options;
pub(crate) mod typed_handle;
pub(crate) mod typed_integration;
