//! Links that are good once, for a day.

use chrono::{DateTime, TimeDelta, Utc};

use crate::history::store::error::StoreError;
use crate::history::store::open::History;
use crate::web::access::browser_tokens::Token;

/// How long a link is good.
pub const GOOD: TimeDelta = TimeDelta::days(1);

/// Why there is no link.
#[derive(Debug, thiserror::Error)]
pub enum InvitationError {
    /// The history could not be written.
    #[error("cannot store the link")]
    Store(#[from] StoreError),
    /// The system has no random bytes.
    #[error("cannot make a link: the system has no random bytes")]
    Random(#[from] getrandom::Error),
}

/// Makes the link that is the person's only way in from now on, as a path of the desk; `None` if nobody is called so, or if a
/// provider lets them in.
pub fn invite(history: &mut History, name: &str, now: DateTime<Utc>) -> Result<Option<String>, InvitationError> {
    let token = Token::random()?;
    let found = history.invite(name, token.digest(), now + GOOD)?;
    Ok(found.then(|| format!("/welcome/{}", token.reveal())))
}
