//! A simulated ConnectWise over a real socket. It shares no code with the client, so it cannot share its mistakes.
//!
//! The demo, `recount sim`, the tests and the benches all use this one. It must not be kinder than the real one: it
//! caps pages without a word, answers 200 to a patch it ignores, and sends money unless `fields` leaves it out.
//! [`World`] says what it holds, [`Faults`] what goes wrong, [`Recorded`] what was asked of it.
//!
//! ```text
//! socket ─ http ─► delivery ─ faults ─► routes ─ auth ─► conditions, paging, fields ◄─ store ◄─ world
//!                      │                   └─► writes, tickets ─► store
//!                      └─► ledger
//! ```

mod auth;
mod bundles;
mod conditions;
mod control;
mod delivery;
mod faults;
mod fields;
mod hosted;
mod http;
mod ledger;
mod paging;
mod patch;
mod refusal;
mod render;
mod routes;
mod schema;
mod server;
mod state;
mod store;
mod tickets;
mod world;
mod writes;

pub use self::faults::{Body, BundleLie, Connection, Edit, Faults, Rule, Stale, Then, When};
pub use self::hosted::member_hash;
pub use self::ledger::Recorded;
pub use self::server::{Sim, Tls};
pub use self::world::{
    Addition, Agreement, BillingCycle, Board, BoardStatus, Company, FieldsOnWrites, Key, Member, Module, Options,
    Product, Right, Rights, UnknownPatchPath, Unset, Wire, World,
};

#[cfg(test)]
mod tests;
