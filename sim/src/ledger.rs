//! What was asked of the simulated ConnectWise, request by request.

use serde::{Deserialize, Serialize};

use crate::http::Request;

/// One request as it came in, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recorded {
    /// Its number among all requests, from 1.
    pub index: u64,
    /// Milliseconds since the server started.
    pub at_ms: u64,
    /// `GET`, `POST`, …
    pub method: String,
    /// Path and query, as sent.
    pub target: String,
    /// The names of its headers, in lower case; never their values.
    pub headers: Vec<String>,
    /// Its body.
    pub body: String,
    /// The status that was answered; none when nothing was.
    pub status: Option<u16>,
    /// The API member it was made by; none when it was not let in, or not carried out.
    pub member: Option<String>,
    /// The rule that spoiled it, by its place in the list, from 0.
    pub fault: Option<usize>,
    /// How often it changed something: 0 for a read or a refused write, 2 for one delivered twice.
    pub applied: u32,
}

impl Recorded {
    /// The path without query.
    #[must_use]
    pub fn path(&self) -> &str {
        self.target.split_once('?').map_or(self.target.as_str(), |(path, _)| path)
    }

    /// Whether it asked for a change, whatever became of it. A bundle only reads.
    #[must_use]
    pub fn is_write(&self) -> bool {
        self.method != "GET" && !self.path().ends_with("/system/bundles")
    }
}

/// All requests since the start, or since they were cleared.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    entries: Vec<Recorded>,
    /// Rises with each clearing, so that an answer to an older request is not written into a newer one.
    age: u64,
}

/// Where a request stands in the ledger.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    pub(super) index: u64,
    place: usize,
    age: u64,
}

impl Ledger {
    pub(super) fn open(&mut self, request: &Request, at_ms: u64) -> Entry {
        let place = self.entries.len();
        let index = place as u64 + 1;
        self.entries.push(Recorded {
            index,
            at_ms,
            method: request.method.clone(),
            target: request.target(),
            headers: request.headers.iter().map(|(name, _)| name.clone()).collect(),
            body: String::from_utf8_lossy(&request.body).into_owned(),
            status: None,
            member: None,
            fault: None,
            applied: 0,
        });
        Entry { index, place, age: self.age }
    }

    /// Writes down what became of a request.
    pub(super) fn note(&mut self, entry: Entry, note: impl FnOnce(&mut Recorded)) {
        if entry.age == self.age {
            self.entries.get_mut(entry.place).map(note);
        }
    }

    pub(super) fn requests(&self) -> Vec<Recorded> {
        self.entries.clone()
    }

    pub(super) fn writes(&self) -> Vec<Recorded> {
        self.entries.iter().filter(|entry| entry.is_write()).cloned().collect()
    }

    pub(super) fn clear(&mut self) {
        self.entries.clear();
        self.age += 1;
    }
}
