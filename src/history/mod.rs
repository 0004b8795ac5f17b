//! SQLite: runs, plans, lines, findings and the journal of writes; the run lock.
//!
//! Everything else speaks to it in domain types. SQL stands here and nowhere else.

pub mod alerts;
pub mod chain;
mod chained;
mod columns;
mod days;
pub mod decisions;
pub mod error;
mod head;
pub mod journal;
mod lines;
pub mod lock;
pub mod lookup;
mod migrations;
mod mount;
pub mod nights;
mod past;
pub mod record;
pub mod runs;
mod slots;
pub mod store;
#[cfg(test)]
mod tests;
pub mod tickets;
mod written;

pub use alerts::AlertOutcome;
pub use alerts::AlertRecord;
pub use days::DayCount;
pub use error::StoreError;
pub use journal::Intent;
pub use journal::IntentKind;
pub use journal::OpenWrite;
pub use journal::WriteId;
pub use journal::WriteOutcome;
pub use journal::WriteRecord;
pub use lock::LockError;
pub use lock::RunLock;
pub use mount::network_file_system;
pub use runs::NewRun;
pub use store::History;
