//! Whether the invoices of a month can go out, and what they stand on: as data, for whatever shows it.

pub mod asked_at_end;
pub mod invoice_conditions;
pub mod invoice_moment;
pub mod invoice_month;
pub mod invoice_standing;
pub mod left_on_purpose;
pub mod month_lines;
pub mod month_units;
pub mod night_in_time;
pub mod unwritten_lines;
