//! Real parts put together for several commands.

pub(crate) mod health;
