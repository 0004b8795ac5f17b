//! Where tonight's export is, and its bytes.

mod delivery;
pub mod fetch;
pub mod file;
pub mod link;
pub mod newest;
pub mod obtain;
pub mod paging;
pub mod place;
pub mod places;
