//! The pages of the desk: escaped by construction, one style sheet, no script.

pub(crate) mod audit;
pub(crate) mod customers;
pub(crate) mod exports;
pub(crate) mod find;
pub(crate) mod frame;
pub(crate) mod guard_measurements;
pub(crate) mod integrations;
pub(crate) mod invoices;
pub(crate) mod item;
pub(crate) mod kept_uploads;
pub(crate) mod live_run;
pub(crate) mod next_step;
pub(crate) mod nights;
pub(crate) mod one_night;
pub(crate) mod page_pieces;
pub(crate) mod plan;
pub(crate) mod services;
pub(crate) mod several_answers;
pub(crate) mod today;
