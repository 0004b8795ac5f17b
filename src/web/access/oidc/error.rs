//! Why the provider let nobody in.

/// Why the provider let nobody in.
#[derive(Debug, thiserror::Error)]
pub enum OidcError {
    /// It could not be asked.
    #[error("the provider cannot be reached: {0}")]
    Unreachable(String),
    /// It answered something else than the protocol says.
    #[error("the provider's answer cannot be used: {0}")]
    Answer(&'static str),
    /// Its token is not for us, not from it, not for this sign-in, or over.
    #[error("the provider's token is refused")]
    Token(#[source] jsonwebtoken::errors::Error),
    /// The token says something that does not fit.
    #[error("the provider's token is refused: {0}")]
    Claim(&'static str),
    /// None of the person's groups has a role here.
    #[error("none of {name}'s groups has a role on this desk")]
    NoRole {
        /// Issuer and subject.
        subject: String,
        /// What the provider calls them.
        name: String,
    },
}
