//! What must be nowhere: money on the wire and on the disk, and secrets anywhere but in their files.

use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use recount_sim::Recorded;

use crate::support::night::{CLIENT_ID, PRIVATE, PUBLIC};
use crate::support::process::Said;

/// Looks over all that one installation sent, stored and said.
pub(super) fn look_over(folder: &Path, requests: &[Recorded], said: &[Said]) {
    for request in requests {
        let (method, target) = (&request.method, &request.target);
        for (what, text) in [("URL", target), ("body", &request.body)] {
            no_money(text.as_bytes(), &format!("the {what} of {method} {target}"));
            no_secret(text.as_bytes(), &format!("the {what} of {method} {target}"));
        }
    }
    for Said { arguments, out, err, .. } in said {
        for (stream, text) in [("stdout", out), ("stderr", err)] {
            let place = format!("{stream} of recount {arguments}");
            no_money(without_style(text.as_bytes()), &place);
            no_secret(text.as_bytes(), &place);
            no_client_id(text.as_bytes(), &place);
            assert!(!text.contains("panicked at"), "{place}: {text}");
        }
    }
    for path in files(folder) {
        let Ok(bytes) = fs::read(&path) else { continue };
        let place = path.display().to_string();
        if !path.starts_with(folder.join("keys")) {
            no_secret(&bytes, &place);
        }
        if path.starts_with(folder.join("state")) {
            no_money(without_style(&bytes), &place);
            no_client_id(&bytes, &place);
        }
    }
}

/// A page begins with its style, in which a margin is a distance.
fn without_style(bytes: &[u8]) -> &[u8] {
    let end = bytes.starts_with(b"<!DOCTYPE html>").then(|| memchr::memmem::find(bytes, b"</style>")).flatten();
    end.map_or(bytes, |end| &bytes[end..])
}

/// `price`, `cost`, `margin`, or `ext` as in `extPrice`.
fn no_money(bytes: &[u8], place: &str) {
    for word in ["price", "cost", "margin"] {
        assert!(!holds(bytes, word), "\"{word}\" in {place}");
    }
    // Not within a word, as in `nextInvoiceDate`.
    let begins = |at: usize| at == 0 || !bytes[at - 1].is_ascii_alphabetic();
    let extended = |window: &[u8]| window.starts_with(b"ext") && window[3].is_ascii_uppercase();
    let ext = bytes.windows(4).enumerate().any(|(at, window)| extended(window) && begins(at));
    assert!(!ext, "\"ext…\" in {place}");
}

fn no_secret(bytes: &[u8], place: &str) {
    let basic = format!("examplemsp+{PUBLIC}:{PRIVATE}");
    let encoded = base64::engine::general_purpose::STANDARD.encode(basic);
    for secret in [PUBLIC, PRIVATE, encoded.as_str()] {
        assert!(!holds(bytes, secret), "a secret in {place}");
    }
}

/// It stands in the configuration, and nowhere else.
fn no_client_id(bytes: &[u8], place: &str) {
    assert!(!holds(bytes, CLIENT_ID), "the client id in {place}");
}

fn holds(bytes: &[u8], word: &str) -> bool {
    memchr::memmem::find(bytes, word.as_bytes()).is_some()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => found.extend(files(&entry.path())),
            _ => found.push(entry.path()),
        }
    }
    found
}

/// Without this the two checks could look for nothing.
#[test]
fn what_is_looked_for_is_found() {
    for planted in ["{\"unitPrice\": 1, \"price\": 2}", "extCost", "a_margin_b", "extX", ",extPrice", "cost"] {
        assert!(std::panic::catch_unwind(|| no_money(planted.as_bytes(), "a test")).is_err(), "{planted}");
    }
    no_money(b"next, text, extra, quantity, nextInvoiceDate", "a test");
    assert!(std::panic::catch_unwind(|| no_secret(format!("x{PRIVATE}y").as_bytes(), "a test")).is_err());
}
