//! The desk: who may come in, sessions, and what was done there.
//!
//! It is written while a run may be under way, so nothing here needs the run lock; a run's own tables are not touched.

pub mod attempts;
pub mod authenticators;
pub mod desk_key;
pub mod events;
pub mod kept;
pub mod people;
pub mod provided;
pub mod queue;
pub mod sessions;
pub mod tenant_roles;
pub mod versions;
