//! Service tickets: what one is about, its text, what is due, and the service board that they are written to.

pub mod board_client;
pub(crate) mod board_wire;
pub(crate) mod due_work;
pub(crate) mod opening;
pub(crate) mod requests;
pub mod settings;
pub mod subject;
pub mod subjects;
pub mod sync;
pub mod template;
pub mod text;
