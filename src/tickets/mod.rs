//! Service tickets: what one is about, its text, what is due, and the service board that they are written to.

pub mod board;
pub mod board_client;
pub(crate) mod board_requests;
pub(crate) mod board_wire;
pub(crate) mod open_ticket;
pub mod round_inputs;
pub mod settings;
pub mod text_template;
pub(crate) mod ticket_plan;
pub mod ticket_sync;
pub mod ticket_text;
pub mod ticket_topic;
