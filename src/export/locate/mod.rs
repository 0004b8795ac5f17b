//! Where tonight's export is, and its bytes.

pub mod fetch;
pub mod file_bytes;
pub mod link_settings;
pub mod newest_file;
pub mod one_file;
pub mod paging;
pub mod place_settings;
pub mod places;
mod several_files;
pub mod tonights_export;
