//! The desk, through the real program: who comes in, what they may do, and what others cannot make them do.

mod answers;
mod break_in;
mod client;
mod mapping;
mod pages;
mod runs;
mod services;
mod uploads;
