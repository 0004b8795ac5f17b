//! recount: a nightly billing reconciler for managed service providers.
//!
//! Every night it reads how many units of each service a vendor says every customer uses, compares that with what
//! ConnectWise PSA bills on its agreement additions, and makes the billed quantity follow. It changes quantities only.
//!
//! The folders are the stages of the data's way:
//!
//! ```text
//!  export file ─ export ─► Export ─ counts ─► Counts ─ mapping ─► wanted lines ┐
//!                             └► rejected, unmapped, skipped (reported)        ├─ diff ─► Plan (every line: outcome, reason)
//!  ConnectWise ─ client ─► wire ─ TryFrom ─► live lines ───────────────────────┘           │
//!                                                                                  print · hash · store
//!               config: guards ─────────► guard::clear(plan, last good run, decisions) ◄──┘
//!                                             │                 │
//!                                           Held             ClearedPlan ─ apply (+ RunLock): intent → re-read == from →
//!                                             │                 │          write → answer == to → outcome
//!                                             └──────► Report ◄─┘ ─► history, terminal, files, exit code
//! ```
//!
//! Gather everything, decide in one pure function, show the decision, check it, carry it out without deciding
//! anything, and write down what really happened. ARCHITECTURE.md walks through three nights.

pub mod alerts;
pub mod apply;
pub mod atomic_files;
pub mod cli;
pub mod config;
pub mod connectwise;
pub mod daemon;
pub mod error_chain;
pub mod export;
pub mod history;
pub mod http_client;
pub mod nightly;
pub mod reconcile;
pub mod replication;
pub mod report;
pub mod suggest;
pub mod tickets;
pub mod web;
pub mod zone;
