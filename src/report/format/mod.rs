//! The forms of a report.

pub mod ascii;
pub(crate) mod brief_html;
pub mod csv;
pub mod html;
pub mod json;
pub mod markdown;
pub mod paint;
pub mod prometheus;
pub mod text;
pub(crate) mod unlinked;
pub(crate) mod week_html;
