//! Faults: rules that say which requests go wrong, and how.
//!
//! ```json
//! [
//!   {"when": {"method": "POST", "path": "/additions", "nth": 1}, "then": {"status": 502, "body": "html", "applied": true}},
//!   {"when": {"from": 3, "times": 2}, "then": {"status": 429, "headers": {"Retry-After": "2"}}},
//!   {"when": {"request_index": 7}, "then": {"connection": "reset", "applied": true}}
//! ]
//! ```
//!
//! The first rule that fires decides. An unknown key is an error.

use std::collections::BTreeMap;
use std::io;

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::http::Request;

/// A list of rules; the default is none, a ConnectWise that works.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Faults(pub Vec<Rule>);

/// One rule.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rule {
    /// Which requests; without any condition, every one.
    pub when: When,
    /// What happens to them.
    pub then: Then,
}

/// Which requests a rule is about. Every condition given must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct When {
    /// `GET`, `POST`, `PATCH`, `DELETE`.
    pub method: Option<String>,
    /// A part of path and query; with a `*` in it, a pattern for the whole path without query.
    pub path: Option<String>,
    /// A part of the request's body.
    pub body: Option<String>,
    /// Only the nth of the requests that match, from 1.
    pub nth: Option<u64>,
    /// From the nth of the requests that match on, from 1.
    pub from: Option<u64>,
    /// At most so many times.
    pub times: Option<u64>,
    /// Only the nth request of all, from 1, as the ledger counts.
    pub request_index: Option<u64>,
}

/// What happens to a request.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Then {
    /// Whether the request is carried out. Default: not when `status`, `redirect`, `connection` or `apply_late_ms` is given.
    pub applied: Option<bool>,
    /// Answer with this status instead.
    pub status: Option<u16>,
    /// Answer with such a body; default: the vendor's error for a status of 400 or more, else the real body.
    pub body: Option<Body>,
    /// Answer with exactly this body.
    pub raw: Option<String>,
    /// Repeat `raw` so many times.
    pub repeat: Option<u64>,
    /// Answer with this content type.
    pub content_type: Option<String>,
    /// Further headers, such as `Retry-After`; one of the same name is replaced.
    pub headers: BTreeMap<String, String>,
    /// Answer 302, or `status`, with this `Location`.
    pub redirect: Option<String>,
    /// What happens to the connection instead of an answer, or after a cut one.
    pub connection: Option<Connection>,
    /// Wait so long before the request is carried out.
    pub delay_before_ms: u64,
    /// Wait so long before the answer.
    pub delay_after_ms: u64,
    /// Carry the request out so long after its answer was due, whatever that was.
    pub apply_late_ms: Option<u64>,
    /// Carry the request out twice, as a proxy does that delivers it again.
    pub deliver_twice: bool,
    /// Answer a PATCH 200 with the record unchanged.
    pub ignore_patch: bool,
    /// Carry a write of one addition out with these members in the place of what was sent; `agreementId` is where it is created.
    pub stored: BTreeMap<String, serde_json::Value>,
    /// Send so many bytes of the body, then close; the head still announces all of them.
    pub truncate_at: Option<usize>,
    /// Send the body as one chunk that breaks off in the middle, then close.
    pub cut_chunk: bool,
    /// Send head and body at this pace.
    pub bytes_per_second: Option<u32>,
    /// Send the head at once and the body at this pace.
    pub body_bytes_per_second: Option<u32>,
    /// Read from a replica that does not see the latest writes.
    pub stale: Option<Stale>,
    /// Answer a list with 25 made-up rows behind the one that was asked for, and never with fewer.
    pub endless: bool,
    /// A bundle is answered 200, and wrong.
    pub bundle: Option<BundleLie>,
    /// A person edits an addition just before the request is carried out.
    pub edit: Option<Edit>,
}

/// How the answer to a bundle is wrong. Everything given happens.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BundleLie {
    /// Only its first so many lists are there.
    pub results: Option<usize>,
    /// Each list ends after so many rows.
    pub rows: Option<usize>,
    /// All of them together end after so many rows; those behind are empty.
    pub rows_in_all: Option<usize>,
    /// This addition is in none of the lists.
    pub without: Option<i64>,
    /// The list of this agreement is empty.
    pub empty: Option<i64>,
    /// This addition is shown with quantity 0.
    pub at_zero: Option<i64>,
    /// Quantities are one too many.
    pub quantities: bool,
    /// No row bears a `cancelledDate`.
    pub endless_lines: bool,
    /// Lists come under each other's numbers.
    pub swapped: bool,
}

/// The kind of a body that is made up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Body {
    /// The vendor's error object.
    Json,
    /// A gateway's page.
    Html,
    /// Nothing.
    Empty,
    /// A line of text.
    Text,
}

/// What happens to a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Connection {
    /// It is reset (a real RST).
    Reset,
    /// It is closed in order.
    Close,
    /// It stays open, and nothing is ever answered.
    Hold,
}

/// How far a replica is behind; both may be given, then the larger lag counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Stale {
    /// The last so many writes are not seen.
    pub writes: usize,
    /// Writes younger than this are not seen.
    pub ms: u64,
}

/// An edit that a person makes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Edit {
    /// The addition's id.
    pub addition: i64,
    /// Its new quantity.
    #[serde(default, with = "rust_decimal::serde::arbitrary_precision_option")]
    pub quantity: Option<Decimal>,
    /// The day it is cancelled.
    #[serde(default)]
    pub cancelled: Option<NaiveDate>,
    /// Who does it.
    #[serde(default = "Edit::somebody")]
    pub by: String,
}

impl Faults {
    /// Reads a faults file's text.
    ///
    /// # Errors
    /// When it is not JSON, or has an unknown key or a wrong value; the message names line and column.
    pub fn parse(text: &str) -> io::Result<Self> {
        serde_json::from_str(text).map_err(|cause| io::Error::new(io::ErrorKind::InvalidData, cause))
    }
}

impl Then {
    /// Whether the request is carried out when it arrives.
    pub(super) fn applies(&self) -> bool {
        let answered_otherwise = self.status.is_some() || self.redirect.is_some() || self.connection.is_some();
        self.applied.unwrap_or(!answered_otherwise && self.apply_late_ms.is_none())
    }
}

impl Edit {
    fn somebody() -> String {
        "jdoe".to_owned()
    }
}

/// The rules in force, and how often each has met a request.
#[derive(Debug, Default)]
pub(super) struct Armed {
    rules: Vec<Counted>,
}

#[derive(Debug)]
struct Counted {
    rule: Rule,
    met: u64,
    fired: u64,
}

impl Armed {
    pub(super) fn new(faults: Faults) -> Self {
        Self { rules: faults.0.into_iter().map(|rule| Counted { rule, met: 0, fired: 0 }).collect() }
    }

    /// The place and consequence of the rule that fires for the request with this index. Every rule that is met counts it.
    pub(super) fn fire(&mut self, request: &Request, index: u64) -> Option<(usize, Then)> {
        let mut found = None;
        for (place, counted) in self.rules.iter_mut().enumerate() {
            if counted.meets(request, index) && found.is_none() {
                counted.fired += 1;
                found = Some((place, counted.rule.then.clone()));
            }
        }
        found
    }
}

impl Counted {
    /// Whether the rule fires for this request; counts it when it matches.
    fn meets(&mut self, request: &Request, index: u64) -> bool {
        let when = &self.rule.when;
        if !when.matches(request) {
            return false;
        }
        self.met += 1;
        when.request_index.is_none_or(|wanted| wanted == index)
            && when.nth.is_none_or(|nth| nth == self.met)
            && when.from.is_none_or(|from| from <= self.met)
            && when.times.is_none_or(|times| self.fired < times)
    }
}

impl When {
    fn matches(&self, request: &Request) -> bool {
        let path = |pattern: &String| match pattern.contains('*') {
            true => glob::Pattern::new(pattern).is_ok_and(|glob| glob.matches(&request.path)),
            false => request.target().contains(pattern.as_str()),
        };
        let body = |part: &String| String::from_utf8_lossy(&request.body).contains(part.as_str());
        self.method.as_ref().is_none_or(|method| method.eq_ignore_ascii_case(&request.method))
            && self.path.as_ref().is_none_or(path)
            && self.body.as_ref().is_none_or(body)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn get(path: &str) -> Request {
        Request { method: "GET".to_owned(), path: path.to_owned(), ..Request::default() }
    }

    #[test]
    fn a_rule_fires_for_the_request_it_names_and_for_no_other() {
        let faults = Faults::parse(
            r#"[{"when": {"method": "get", "path": "/a", "nth": 2}, "then": {"status": 500}},
                {"when": {"path": "*/b/*/c", "from": 2, "times": 1}, "then": {"connection": "reset"}}]"#,
        );
        let mut armed = Armed::new(faults.expect("faults"));
        let mut fired = |path: &str| armed.fire(&get(path), 1).map(|(place, _)| place);
        assert_eq!([fired("/x/a"), fired("/x/a"), fired("/x/a")], [None, Some(0), None]);
        assert_eq!([fired("/b/1/c"), fired("/b/2/c"), fired("/b/3/c")], [None, Some(1), None]);
    }

    #[test]
    fn a_typing_error_in_a_faults_file_is_refused() {
        assert!(Faults::parse(r#"[{"when": {"metod": "GET"}, "then": {}}]"#).is_err());
        assert!(Faults::parse(r#"[{"then": {"stauts": 500}}]"#).is_err());
    }

    #[test]
    fn a_fault_that_only_spoils_the_answer_leaves_the_request_carried_out() {
        let then = |text: &str| serde_json::from_str::<Then>(text).expect(text).applies();
        assert!(
            then(r#"{"truncate_at": 5}"#) && then(r#"{"body": "html"}"#) && then(r#"{"status": 502, "applied": true}"#)
        );
        assert!(!then(r#"{"status": 502}"#) && !then(r#"{"connection": "reset"}"#) && !then(r#"{"apply_late_ms": 9}"#));
    }
}
