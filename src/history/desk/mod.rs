//! The desk: who may come in, sessions, and what was done there.
//!
//! It is written while a run may be under way, so nothing here needs the run lock; a run's own tables are not touched.

pub mod answer_queue;
pub mod authenticators;
pub mod desk_key;
pub mod events;
pub mod file_versions;
pub mod oidc_people;
pub mod password_attempts;
pub mod people;
pub mod people_kept_by_restore;
pub mod sessions;
pub mod tenant_roles;
