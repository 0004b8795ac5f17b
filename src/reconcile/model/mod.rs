//! Plain data: names, numbers, what an export, a mapping and ConnectWise say, and the plan itself.

pub mod bill_customer;
pub mod connectwise_records;
pub mod decision;
pub mod display_text;
pub mod export;
pub mod ids;
pub mod kept_decimals;
pub mod known_lines;
pub mod last_change;
pub mod line_owners;
pub mod mapping;
pub mod past;
pub mod plan;
pub mod quantity;
pub mod quantity_policy;
pub mod record_links;
pub mod ticket_kind;
