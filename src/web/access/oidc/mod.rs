//! Sign-in by an OpenID Connect provider: the code flow with PKCE, state and nonce.
//!
//! State, nonce and verifier are hashes of one secret that only the browser's cookie holds, so nothing is stored between
//! the two halves, and an answer for another browser fits nothing here.

mod claims;
pub mod error;
pub(crate) mod flow;
mod provider;
pub mod settings;
