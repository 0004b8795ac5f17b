//! What a status means: try another night, mend a key, or turn a switch in a security role.

use std::fmt;

use http::StatusCode;

use crate::connectwise::client::answer_text::Sign;
use crate::connectwise::client::unreachable_cause::UnreachableCause;
use crate::connectwise::{ReadError, WriteError};
use crate::reconcile::model::ids::AgreementId;

/// Something that the API member's security role has to allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Right {
    /// Reading companies.
    Companies,
    /// Reading agreements.
    Agreements,
    /// Reading the catalog.
    Catalog,
    /// Reading how often agreements are invoiced.
    BillingCycles,
    /// Reading the additions of one agreement.
    Additions(AgreementId),
    /// Reading the additions of many agreements at once. Nothing depends on it.
    Bundles,
    /// Reading service boards with their statuses and types, priorities and sources.
    Boards,
    /// Reading service tickets.
    Tickets,
}

impl Right {
    /// Where ConnectWise keeps the switch (vendors' published roles; unverified on a live tenant).
    fn switch(self) -> &'static str {
        match self {
            Right::Companies => "Companies > Company Maintenance > Inquire Level = All",
            Right::Agreements | Right::Additions(_) | Right::Bundles => "Finance > Agreements > Inquire Level = All",
            Right::Catalog => "Procurement > Product Catalog > Inquire Level = All",
            Right::Boards | Right::BillingCycles => "System > Table Setup > Inquire Level = All",
            Right::Tickets => "Service Desk > Service Tickets > Inquire Level = All",
        }
    }
}

impl fmt::Display for Right {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Right::Companies => f.write_str("companies"),
            Right::Agreements => f.write_str("agreements"),
            Right::Catalog => f.write_str("the catalog"),
            Right::BillingCycles => f.write_str("billing cycles"),
            Right::Bundles => f.write_str("additions in bundles"),
            Right::Boards => f.write_str("the service boards"),
            Right::Tickets => f.write_str("service tickets"),
            Right::Additions(agreement) => write!(f, "the additions of agreement {agreement}"),
        }
    }
}

/// Which write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WriteKind {
    Set,
    Create,
    OpenTicket,
    NoteTicket,
    CloseTicket,
}

impl WriteKind {
    /// Where ConnectWise keeps the switch (vendors' published roles; unverified on a live tenant).
    pub(crate) fn switch(self) -> &'static str {
        match self {
            WriteKind::Set => "Finance > Agreements > Edit Level = All",
            WriteKind::Create => "Finance > Agreements > Add Level = All",
            WriteKind::OpenTicket => "Service Desk > Service Tickets > Add Level = All",
            WriteKind::NoteTicket => "Service Desk > Service Tickets > Add and Edit Level = All",
            WriteKind::CloseTicket => "Service Desk > Service Tickets and Close Service Tickets > Edit Level = All",
        }
    }
}

const CHECK_KEYS: &str = "check company (the login company id), public_key, private_key and client_id";

fn turn(switch: &str) -> String {
    format!("turn this on for the API member: System > Security Roles > (its role) > {switch}; then check client_id")
}

const HTTPS: &str =
    "write url with https and the API's host: https://api-REGION.myconnectwise.net, or your server's own";
const PASS: &str =
    "a web page answered instead of ConnectWise: let the proxy or the firewall pass this host's requests untouched";

/// The error of a read. What concerns the additions of one agreement alone is told apart.
pub(crate) fn failed(right: Right, cause: UnreachableCause, why: &str) -> ReadError {
    let why = why.to_owned();
    match (right, cause) {
        (
            Right::Additions(agreement),
            UnreachableCause::Server | UnreachableCause::Refused | UnreachableCause::Answer,
        ) => ReadError::Additions { agreement, why, denied: false, fix: cause.remedy().to_owned() },
        _ => ReadError::Unreachable { what: right.to_string(), why, cause },
    }
}

/// The error of a list that was answered with something else than 2xx, 429 or 5xx. `said` is ConnectWise's reason, fit
/// to be shown.
pub(crate) fn of_read(right: Right, status: StatusCode, sign: Sign, said: &str) -> ReadError {
    let why = format!("{}: {said}", status.as_u16());
    let fix = match (status, sign) {
        (_, Sign::Unroutable) => format!("check url and codebase; {CHECK_KEYS}"),
        (_, Sign::NeedsTls) => HTTPS.to_owned(),
        (StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::NOT_FOUND, Sign::Page) => {
            format!("{PASS}; else check url and codebase, and {CHECK_KEYS}")
        }
        (StatusCode::UNAUTHORIZED, Sign::NotAuthenticated) => {
            format!("{CHECK_KEYS}; if they are right, the member's role is too small: {}", turn(right.switch()))
        }
        (StatusCode::UNAUTHORIZED, _) => CHECK_KEYS.to_owned(),
        (StatusCode::FORBIDDEN, _) => turn(right.switch()),
        (StatusCode::NOT_FOUND, _) => not_found(right),
        (_, Sign::Page) => return failed(right, UnreachableCause::Page, &why),
        _ => return failed(right, UnreachableCause::Refused, &why),
    };
    match (right, status, sign) {
        (Right::Additions(agreement), StatusCode::FORBIDDEN | StatusCode::NOT_FOUND, Sign::Plain) => {
            ReadError::Additions { agreement, why, denied: true, fix }
        }
        _ => {
            let by_role = matches!(sign, Sign::Plain | Sign::NotAuthenticated);
            ReadError::Denied { what: right.to_string(), why, fix, by_role }
        }
    }
}

/// The cloud answers a wrong company or key with 404 as well (ConnectWise developer guide), so a 404 never means that
/// there is nothing.
fn not_found(right: Right) -> String {
    match right {
        Right::Additions(agreement) => format!(
            "check that agreement {agreement} is still there and that the role may see it; if other reads fail too, \
             check url and codebase, and {CHECK_KEYS}"
        ),
        _ => format!("check url and codebase; {CHECK_KEYS}"),
    }
}

/// The error of a write that was answered with something else than 2xx.
pub(crate) fn of_write(kind: WriteKind, status: StatusCode, sign: Sign, said: String) -> WriteError {
    let why = said;
    match status {
        StatusCode::FORBIDDEN if sign == Sign::NeedsTls => WriteError::RightMissing { why, fix: HTTPS.to_owned() },
        StatusCode::FORBIDDEN if sign == Sign::Page => WriteError::RightMissing { why, fix: PASS.to_owned() },
        StatusCode::UNAUTHORIZED => WriteError::KeyRefused { why: format!("{why}; {CHECK_KEYS}") },
        StatusCode::FORBIDDEN => WriteError::RightMissing { why, fix: turn(kind.switch()) },
        StatusCode::TOO_MANY_REQUESTS => WriteError::Busy { why },
        // A gateway that timed out cannot know what the server behind it did.
        StatusCode::REQUEST_TIMEOUT => WriteError::Unclear { why: format!("408: {why}"), server_error: false },
        _ if status.is_redirection() || status.is_client_error() => {
            WriteError::Refused { status: status.as_u16(), why }
        }
        _ => WriteError::Unclear { why: format!("{}: {why}", status.as_u16()), server_error: status.is_server_error() },
    }
}
