//! Plain data: names, numbers, what an export, a mapping and ConnectWise say, and the plan itself.

pub mod code;
pub mod count_error;
pub mod counts;
pub mod decision;
pub mod display_text;
pub mod finding;
pub mod fingerprint;
pub mod handle;
pub mod ids;
pub mod mapping;
pub mod outcome;
pub mod past;
pub mod plan;
pub mod quantity;
pub mod quantity_policy;
pub mod records;
pub mod remedy;
pub(crate) mod spreadsheet;
pub mod ticket_subject;
