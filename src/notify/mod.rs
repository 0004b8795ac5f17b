//! Who is told of what waits: for now, tickets on a service board of ConnectWise.

pub mod matters;
pub mod template;
pub mod ticket_settings;
pub mod ticket_text;
pub mod tickets;
