//! A cleared plan and the run lock in, what really happened out: the write protocol.
//!
//! For each line: its agreement was seen a minute ago at most, its additions two seconds ago at most, and only if they
//! still hold what the plan shows: intent on disk, one request, the answer compared with what was sent, outcome on
//! disk. A quantity is absolute, so setting it may be repeated after a look. A creation is sent once: after an unclear
//! answer it is looked up, and if it is not there it is left in doubt, because "not in the listing" is no proof that it
//! will not be.
//!
//! Writes of different agreements go side by side, those of one agreement one after another. The first write, and every
//! one after an answer that is not clear, goes alone until an answer is clear: so as few as possible are in doubt.
//!
//! Known gap: ConnectWise has no compare-and-set, so a hand edit in the milliseconds between the re-read and the write
//! can be overwritten. The answer and the next night's `human_edit` guard show it.

mod agreement_windows;
mod agreement_writes;
mod breakers;
pub mod execute;
pub mod execution_context;
pub mod expected_owners;
mod journal_queue;
pub mod lease_guard;
mod look_before_write;
mod one_write;
mod other_agreements;
pub mod recovery;
pub mod stop_signal;
mod write_attempts;
pub mod write_result;
