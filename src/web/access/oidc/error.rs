//! Why the provider let nobody in.

/// Why the provider let nobody in.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "its messages say it")]
pub enum OidcError {
    #[error("the provider cannot be reached: {0}")]
    Unreachable(String),
    #[error("the provider's answer cannot be used: {0}")]
    Answer(&'static str),
    /// Its token is not for us, not from it, not for this sign-in, or over.
    #[error("the provider's token is refused")]
    Token(#[source] jsonwebtoken::errors::Error),
    #[error("the provider's token is refused: {0}")]
    Claim(&'static str),
    #[error("none of {name}'s groups has a role on this desk")]
    NoRole { subject: String, name: String },
}
