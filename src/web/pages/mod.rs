//! The pages of the desk: escaped by construction, one style sheet, no script.

pub(crate) mod audit;
pub(crate) mod customers;
pub(crate) mod export;
pub(crate) mod find;
pub(crate) mod frame;
pub(crate) mod guards;
pub(crate) mod integrations;
pub(crate) mod invoices;
pub(crate) mod item;
pub(crate) mod live;
pub(crate) mod next_step;
pub(crate) mod night;
pub(crate) mod nights;
pub(crate) mod pieces;
pub(crate) mod plan;
pub(crate) mod services;
pub(crate) mod several;
pub(crate) mod today;
