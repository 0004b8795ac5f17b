//! Plain data: names, numbers, what an export, a mapping and ConnectWise say, and the plan itself.

pub mod bill;
pub mod decision;
pub mod display_text;
pub mod export;
pub mod ids;
pub mod last_change;
pub mod mapping;
pub mod owned;
pub mod past;
pub mod plan;
pub mod quantity;
pub mod quantity_policy;
pub mod record_links;
pub mod records;
pub mod ticket_subject;
