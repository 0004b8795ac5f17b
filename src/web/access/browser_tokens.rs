//! Secrets that only a browser or a link holds.

use sha2::{Digest as _, Sha256};

use crate::history::desk::people::Digest;

/// 32 random bytes, in hex.
pub struct Token(String);

impl Token {
    /// A new one.
    ///
    /// # Errors
    /// When the system has no random bytes; then nothing is let in.
    pub fn random() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes)?;
        Ok(Self(hex::encode(bytes)))
    }

    /// What the cookie or the link holds.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What the store may know of it.
    pub fn digest(&self) -> Digest {
        digest(&self.0)
    }
}

/// What the store knows of a secret that came from outside.
pub fn digest(secret: &str) -> Digest {
    Sha256::digest(secret.as_bytes()).into()
}

/// What every form of a session carries. It says nothing about the cookie, nor about what is stored.
pub(crate) fn form_token(secret: &str) -> String {
    let mut hash = Sha256::new();
    hash.update(b"form of the desk\0");
    hash.update(secret.as_bytes());
    hex::encode(hash.finalize())
}

/// Whether a form carries the token that it should. Hashes are compared, so that time tells nothing about the token.
pub(crate) fn is_form_token(expected: &str, carried: &str) -> bool {
    digest(expected) == digest(carried)
}
