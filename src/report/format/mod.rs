//! The forms of a report.

pub mod ascii;
pub(crate) mod brief_html;
pub mod csv;
pub(crate) mod digest_html;
pub mod html;
pub mod json;
pub mod markdown;
pub mod paint;
pub mod prometheus;
pub mod text;
pub(crate) mod unlinked_names;
