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
mod conditions;
mod control;
mod delivery;
mod faults;
mod fields;
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

pub use self::faults::Body;
pub use self::faults::Connection;
pub use self::faults::Edit;
pub use self::faults::Faults;
pub use self::faults::Rule;
pub use self::faults::Stale;
pub use self::faults::Then;
pub use self::faults::When;
pub use self::ledger::Recorded;
pub use self::server::Sim;
pub use self::server::Tls;
pub use self::world::Addition;
pub use self::world::Agreement;
pub use self::world::Board;
pub use self::world::BoardStatus;
pub use self::world::Company;
pub use self::world::Key;
pub use self::world::Member;
pub use self::world::Module;
pub use self::world::Options;
pub use self::world::Product;
pub use self::world::Right;
pub use self::world::Rights;
pub use self::world::UnknownPatchPath;
pub use self::world::Wire;
pub use self::world::World;

#[cfg(test)]
mod tests;
