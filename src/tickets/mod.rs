//! Service tickets: what one is about, its text, what is due, and the service board that they are written to.

pub mod board;
pub mod board_client;
pub(crate) mod board_wire;
pub(crate) mod opening;
pub(crate) mod round;
pub mod settings;
pub mod subjects;
pub mod sync;
pub mod sync_round;
pub mod template;
pub mod text;
pub(crate) mod ticket_plan;
