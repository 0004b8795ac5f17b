//! What a month's invoices are judged by: the days they are made on, and the units that moved before them.

mod invoice_days;
pub mod units_of_month;
