//! A cleared plan and the run lock in, what really happened out: the write protocol.
//!
//! For each line: read its agreement and the additions again, and only if ConnectWise still holds what the plan shows:
//! intent on disk, one request, the answer compared with what was sent, outcome on disk. A quantity is
//! absolute, so setting it may be repeated after a look. A creation is sent once: after an unclear answer it is looked
//! up, and if it is not there it is left in doubt, because "not in the listing" is no proof that it will not be.
//!
//! One write is in flight at a time: parallel writes would only multiply the unknowns of a bad night.
//!
//! Known gap: ConnectWise has no compare-and-set, so a hand edit in the milliseconds between the re-read and the write
//! can be overwritten. The answer and the next night's `human_edit` guard show it.

pub mod execute;
pub mod execution_context;
mod one_write;
pub mod recovery;
pub mod stop;
pub mod write_result;
