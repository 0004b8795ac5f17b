//! Why a report link gave no file, and whether to ask again.

use std::path::PathBuf;
use std::time::Duration;

use http::StatusCode;

use crate::export::locate::fetch::time_limits::{PAUSE_MAX, REDIRECTS_MAX};

/// Why nothing was fetched. No text of it holds a header's value or the link's query, which may be secrets.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    #[error("the header {name} cannot be sent: it holds characters that no header may")]
    Header { name: String },
    #[error("no request can be made: {why}")]
    Client { why: String },
    #[error("no answer: {why}")]
    NoAnswer { why: String },
    #[error("the server answers {status}{}", advice(*.status))]
    Refused { status: StatusCode },
    /// The server asks for more patience than a night has.
    #[error("the server answers {status}, and asks to wait {} s", .pause.as_secs())]
    Throttled { status: StatusCode, pause: Duration },
    #[error(
        "the server redirects to {to}, and a redirect to another host is not followed; set `url` to it if it is right"
    )]
    OffHost { to: String },
    #[error("the server redirects more than {REDIRECTS_MAX} times")]
    Redirects,
    #[error("it has more bytes than max_bytes = {max}")]
    TooBig { max: u64 },
    #[error("signing in is refused: the token's address answers {status}")]
    SignIn { status: StatusCode },
    #[error("the token's address answers {status} without an `access_token`")]
    NoToken { status: StatusCode },
    #[error("page {page} is no whole JSON document")]
    NotJson { page: usize },
    #[error("page {page} has no list {}", place(.path))]
    NoList { page: usize, path: String },
    /// An answer that comes as if all were well, and says that something is not.
    #[error("page {page} says in {member:?} that something went wrong")]
    SaysError { page: usize, member: String },
    #[error("page {page} of {total} has no records")]
    Hole { page: usize, total: u64 },
    #[error("what page {page} says in {member:?} leads to no page")]
    NoWay { page: usize, member: String },
    /// Pages are counted from 0, and were read from 1.
    #[error("{query:?} counts from 0: the page of that number has records that no other page has")]
    FromZero { query: String },
    #[error("page {page} is one that was read already")]
    Repeats { page: usize },
    /// One record on two pages: what stood behind it was missed.
    #[error("page {page} has a record that an earlier page has as well: the list changed while it was read")]
    Shifted { page: usize },
    #[error("there are more pages than max_pages = {max}")]
    TooManyPages { max: usize },
    #[error("its {member:?} says {total}, and its pages hold {read}")]
    Total { member: String, total: u64, read: u64 },
    #[error("its {member:?} says {total} pages, and {read} came")]
    Pages { member: String, total: u64, read: u64 },
    /// A numbered page that is refused, and the ones before it were not: it may be behind the last one.
    #[error("page {page}: the server answers {status}")]
    NoPage { page: usize, status: StatusCode },
    #[error("no page says in {member:?} how many there are")]
    NoTotal { member: String },
    #[error("its {member:?} said {before}, and then {after}: the list changed while it was read")]
    Moved { member: String, before: u64, after: u64 },
    #[error("list {list} has two records of one {on:?}")]
    JoinTwice { list: usize, on: String },
    #[error("a record of list {list} has no {on:?}, by which lists are joined")]
    JoinKey { list: usize, on: String },
    #[error("{fault}")]
    Place { fault: PlaceFault },
    #[error("it cannot be kept in {}: {why}", .folder.display())]
    Keep { folder: PathBuf, why: String },
}

/// What is wrong with files of another host.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlaceFault {
    #[error("the host gives no whole answer")]
    NoAnswer,
    #[error("the host knows no such bucket, container or folder")]
    Missing,
    #[error("the host refuses the key or the password, or what it may read")]
    Denied,
    #[error("it is no regular file")]
    NotAFile,
    #[error("no file there can have this name")]
    Name,
    #[error("the private key cannot be read: it is of OpenSSH's form, ed25519 or ECDSA, and opened by its passphrase")]
    Key,
    #[error("the host shows the key {seen}, and not the one that `host_key` says")]
    OtherHost { seen: String },
}

impl FetchError {
    /// Whether the next try may go better, and after which pause if the server named one.
    pub(super) fn worth_another_try(&self) -> Option<Option<Duration>> {
        match self {
            Self::NoAnswer { .. } | Self::SaysError { .. } => Some(None),
            // It came at once, and was cut.
            Self::NotJson { .. } => Some(Some(Duration::ZERO)),
            Self::Refused { status } => {
                (status.is_server_error() || *status == StatusCode::REQUEST_TIMEOUT).then_some(None)
            }
            Self::Throttled { pause, .. } => (*pause <= PAUSE_MAX).then_some(Some(*pause)),
            _ => None,
        }
    }

    /// Whether the whole list is worth another reading: somebody changed it meanwhile.
    pub(in crate::export::locate) fn is_moved(&self) -> bool {
        matches!(self, Self::Moved { .. } | Self::Shifted { .. })
            || matches!(self, Self::Total { total, read, .. } if read > total)
    }

    /// What to do about it.
    pub(in crate::export) fn remedy(&self) -> &'static str {
        match self {
            Self::Header { .. } => "correct `headers` or `auth` in the export's table of recount.toml",
            Self::Client { .. } | Self::NoAnswer { .. } => {
                "look at `url` in the export's table of recount.toml, and at the network; then run again"
            }
            Self::Refused { status } if matches!(status.as_u16(), 401 | 403) => {
                "look at the key in `auth` or `headers`, and at its rights with the vendor; then run again"
            }
            Self::SignIn { .. } | Self::NoToken { .. } => {
                "look at `auth` in the export's table of recount.toml, and at the client's rights; then run again"
            }
            Self::NoList { .. } | Self::JoinKey { .. } | Self::JoinTwice { .. } => {
                "look at `records`, and at `on` of lists that are joined, in the export's table of recount.toml"
            }
            Self::NoWay { .. } | Self::Repeats { .. } => {
                "look at `pages` in the export's table of recount.toml; `total` or `total_pages` in it says where a numbered list \
                 ends"
            }
            Self::FromZero { .. } => {
                "write ?page=0, as the vendor calls it, into `url` of the export's table; if it counts from 1 all the same, ?page=1"
            }
            Self::TooManyPages { .. } => "if the list is that long, raise max_pages in `pages` of the export's table",
            Self::SaysError { .. } | Self::Hole { .. } => "run again; if it stays so, ask the vendor",
            Self::NoPage { .. } => {
                "say in `pages` of the export's table where the list ends: by `total`, the number of records, or `total_pages`"
            }
            Self::Total { .. } | Self::NoTotal { .. } | Self::Pages { .. } => {
                "run again; if it stays so, look at `pages` in the export's table of recount.toml"
            }
            Self::NotJson { .. } | Self::Moved { .. } | Self::Shifted { .. } => {
                "run again later; if it stays so, ask the vendor"
            }
            Self::Refused { status } if status.is_server_error() => "run again later; if it stays so, ask the vendor",
            Self::Refused { .. } | Self::OffHost { .. } | Self::Redirects => {
                "look at `url` in the export's table of recount.toml; then run again"
            }
            Self::Throttled { .. } => "run again later",
            Self::TooBig { .. } => {
                "if it is the vendor's export, raise max_bytes in the export's table of recount.toml"
            }
            Self::Place { fault } => fault.remedy(),
            Self::Keep { .. } => "give the user that recount runs as write access, then run again",
        }
    }
}

fn advice(status: StatusCode) -> &'static str {
    match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => ": look at the key, and at its rights",
        StatusCode::NOT_FOUND | StatusCode::GONE => ": look at `url`; report links expire",
        _ => "",
    }
}

fn place(path: &str) -> String {
    if path.is_empty() { "at its top".to_owned() } else { format!("at {path:?}") }
}

impl PlaceFault {
    fn remedy(&self) -> &'static str {
        match self {
            Self::NoAnswer => "look at `path` and `auth` in the export's table of recount.toml, and at the network",
            Self::Missing | Self::Name | Self::NotAFile => "correct `path` in the export's table of recount.toml",
            Self::Denied => "look at `auth` in the export's table of recount.toml, and at the rights of that user",
            Self::Key => "make a key by ssh-keygen -t ed25519, and give its public half to the host",
            Self::OtherHost { .. } => {
                "ask whoever runs the host whether this is its key, and only then write it into `host_key`"
            }
        }
    }
}
