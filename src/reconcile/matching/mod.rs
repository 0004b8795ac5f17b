//! Counts matched with what ConnectWise bills: where a customer is billed, and what each line ought to be.

pub mod catalog;
pub mod counts_to_lines;
pub mod inherited_days;
pub mod item_marker;
pub mod line_claims;
pub mod line_peak;
pub mod look_back;
pub mod names_of_counts;
pub mod per_item;
pub mod placement;
pub mod renamed_counts;
pub mod sent_write;
pub mod spellings;
pub(crate) mod stored_decimals;
pub mod wanted_line;
