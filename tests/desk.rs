//! The desk, through the real program: who comes in, what they may do, and what others cannot make them do.

mod answers;
mod break_in;
pub(crate) mod client;
mod hostile;
mod invoices;
mod large;
pub(crate) mod links;
mod mapping;
mod missing_service;
mod nights;
mod oidc;
pub(crate) mod own_account;
mod pages;
mod ready;
mod runs;
mod second_step;
mod services;
mod standing_answers;
mod tab;
mod uploads;
