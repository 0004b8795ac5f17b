//! Copies of the history on another host, and the lease that keeps two hosts apart.
//!
//! `lease` and `numbered` decide, purely; `store` keeps objects and knows conditional writes; `owner` takes and renews the
//! lease; `transfer` brings copies there and back. Whose turn it is, is told by the store's clock alone: the time that it gave
//! to the lease against the time that it gives to what is written just now.

pub mod copy_names;
pub mod error;
pub mod lease_marks;
pub mod lease_owner;
pub mod lease_turn;
pub mod settings;
pub mod store;
pub mod transfer;
