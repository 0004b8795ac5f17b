//! Who comes in: sign-in, sessions, links to choose a password.
//!
//! A cookie holds 32 random bytes; the store their hash. Forms carry another hash of them, so a page of another site can
//! neither read nor guess it. A session is new at each sign-in, so nobody can be given one that is known already.

pub(crate) mod account_change;
pub(crate) mod account_page;
pub mod browser_tokens;
pub(crate) mod cookies;
pub mod invitation;
pub(crate) mod left_page;
pub mod oidc;
pub mod password;
pub(crate) mod second_step;
pub(crate) mod sign_in;
pub(crate) mod sign_in_addresses;
pub(crate) mod sign_in_form;
pub(crate) mod signed_in;
pub(crate) mod totp_codes;
mod wrong_guesses;
