//! The schedule of `recount daemon`: which slot is due, and the shutdown.
