//! Why a report link gave no file, and whether to ask again.

use std::path::PathBuf;
use std::time::Duration;

use http::StatusCode;

/// The longest pause that is obeyed: one vendor's link answers once in 5 minutes (Hornetsecurity's documentation).
const PAUSE_MAX: Duration = Duration::from_secs(310);
/// Round and round beyond this.
pub(super) const REDIRECTS_MAX: u32 = 5;

/// Why nothing was fetched. No text of it holds a header's value or the link's query, which may be secrets.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The link has no such header.
    #[error("the header {name} cannot be sent: it holds characters that no header may")]
    Header {
        /// Its name.
        name: String,
    },
    /// No client could be made.
    #[error("no request can be made: {why}")]
    Client {
        /// Why.
        why: String,
    },
    /// Nothing came back, also when asked again.
    #[error("no answer: {why}")]
    NoAnswer {
        /// Why.
        why: String,
    },
    /// Another answer than the file.
    #[error("the server answers {status}{}", advice(*.status))]
    Refused {
        /// The status.
        status: StatusCode,
    },
    /// The server asks for more patience than a night has.
    #[error("the server answers {status}, and asks to wait {} s", .pause.as_secs())]
    Throttled {
        /// The status.
        status: StatusCode,
        /// The pause it names.
        pause: Duration,
    },
    /// The headers would go to somebody else.
    #[error(
        "the server redirects to {to}, and a redirect to another host is not followed; set `url` to it if it is right"
    )]
    OffHost {
        /// The host.
        to: String,
    },
    /// Round and round.
    #[error("the server redirects more than {REDIRECTS_MAX} times")]
    Redirects,
    /// More than `max_bytes`.
    #[error("it has more bytes than max_bytes = {max}")]
    TooBig {
        /// The limit.
        max: u64,
    },
    /// It could not be kept.
    #[error("it cannot be kept in {}: {why}", .folder.display())]
    Keep {
        /// The folder.
        folder: PathBuf,
        /// Why.
        why: String,
    },
}

impl FetchError {
    /// Whether the next try may go better, and after which pause if the server named one.
    pub(super) fn worth_another_try(&self) -> Option<Option<Duration>> {
        match self {
            Self::NoAnswer { .. } => Some(None),
            Self::Refused { status } => {
                (status.is_server_error() || *status == StatusCode::REQUEST_TIMEOUT).then_some(None)
            }
            Self::Throttled { pause, .. } => (*pause <= PAUSE_MAX).then_some(Some(*pause)),
            _ => None,
        }
    }

    /// What to do about it.
    pub(in crate::export) fn remedy(&self) -> &'static str {
        match self {
            Self::Header { .. } => "correct `headers` in the export's table of recount.toml",
            Self::Client { .. } | Self::NoAnswer { .. } => {
                "look at `url` in the export's table of recount.toml, and at the network; then run again"
            }
            Self::Refused { status } if matches!(status.as_u16(), 401 | 403) => {
                "look at the key in `headers`, and at its rights with the vendor; then run again"
            }
            Self::Refused { status } if status.is_server_error() => "run again later; if it stays so, ask the vendor",
            Self::Refused { .. } | Self::OffHost { .. } | Self::Redirects => {
                "look at `url` in the export's table of recount.toml; then run again"
            }
            Self::Throttled { .. } => "run again later",
            Self::TooBig { .. } => {
                "if it is the vendor's export, raise max_bytes in the export's table of recount.toml"
            }
            Self::Keep { .. } => "give the user that recount runs as write access, then run again",
        }
    }
}

fn advice(status: StatusCode) -> &'static str {
    match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => ": look at the key in `headers`, and at its rights",
        StatusCode::NOT_FOUND | StatusCode::GONE => ": look at `url`; report links expire",
        _ => "",
    }
}
