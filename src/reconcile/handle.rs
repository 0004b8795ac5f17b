//! Handles and fingerprints: short names that hold from night to night, and the name of a plan.

use std::collections::HashMap;
use std::fmt::Write as _;

use sha2::Digest;
use sha2::Sha256;

use crate::reconcile::ids::IntegrationName;
use crate::reconcile::plan::Creation;
use crate::reconcile::plan::Line;
use crate::reconcile::plan::LineKey;
use crate::reconcile::plan::Live;
use crate::reconcile::plan::Plan;
use crate::reconcile::plan::QuantityChange;
use crate::reconcile::plan::Source;
use crate::reconcile::plan::Subject;
use crate::reconcile::plan::Verdict;

/// Letters of a handle: easily read out over the telephone, never a word.
const LETTERS: &[u8; 30] = b"23456789bcdfghjkmnpqrstvwxyzae";
/// 30⁵ handles: enough for an MSP's lines, and short enough to type.
const LENGTH: usize = 5;
/// Where two subjects share a short handle, all of them get the long one.
const LENGTH_LONG: usize = 9;

/// Gives every line its handle: the same subject of the same integration has the same one every night.
pub fn assign(integration: &IntegrationName, lines: &mut [Line]) {
    let digests: Vec<[u8; 32]> =
        lines.iter().map(|line| digest_of(integration, &subject_text(&line.subject))).collect();
    let mut seen: HashMap<String, usize> = HashMap::with_capacity(lines.len());
    for digest in &digests {
        *seen.entry(letters(digest, LENGTH)).or_default() += 1;
    }
    for (line, digest) in lines.iter_mut().zip(&digests) {
        let short = letters(digest, LENGTH);
        line.handle = if seen.get(&short) == Some(&1) { short } else { letters(digest, LENGTH_LONG) };
    }
}

/// The handle of a matter that is not a line: a customer, a service, a product.
pub fn of_matter(integration: &IntegrationName, kind: &str, name: &str) -> String {
    letters(&digest_of(integration, &format!("{kind}\u{1f}{name}")), LENGTH)
}

fn digest_of(integration: &IntegrationName, text: &str) -> [u8; 32] {
    Sha256::new().chain_update(integration.as_str()).chain_update("\u{1e}").chain_update(text).finalize().into()
}

fn subject_text(subject: &Subject) -> String {
    match subject {
        Subject::Line(LineKey { agreement, product }) => format!("line\u{1f}{agreement}\u{1f}{product}"),
        // The length, because names are a vendor's, and may hold whatever stands between two of them here.
        Subject::Unplaced { customer, service } => {
            format!("count\u{1f}{}\u{1f}{customer}\u{1f}{service}", customer.as_str().len())
        }
    }
}

fn letters(digest: &[u8; 32], length: usize) -> String {
    digest.iter().take(length).map(|byte| char::from(LETTERS[usize::from(*byte) % LETTERS.len()])).collect()
}

impl Plan {
    /// SHA-256 over every line and what is to happen to it, in hex: approving it approves exactly these.
    ///
    /// Only what is decided counts. Line numbers of the export and sentences are left out on purpose: a row that moved
    /// within the file moves no bill.
    pub fn fingerprint(&self) -> String {
        let Plan { integration, lines, findings: _ } = self;
        let mut hasher = Sha256::new();
        hasher.update(integration.as_str());
        let mut text = String::new();
        for line in lines {
            text.clear();
            canonical(&mut text, line);
            hasher.update(&text);
        }
        hasher.finalize().iter().fold(String::with_capacity(64), |mut hex, byte| {
            // Writing to a String cannot fail.
            let _ = write!(hex, "{byte:02x}");
            hex
        })
    }
}

fn canonical(text: &mut String, line: &Line) {
    let Line { handle: _, subject, company, sources, wanted, live, verdict, detail: _ } = line;
    let company = company.map(|id| id.0);
    let live = live.map(|Live { addition, quantity }| (addition.0, quantity.to_string()));
    let wanted = wanted.map(|quantity| quantity.to_string());
    let verdict = canonical_verdict(verdict);
    // Writing to a String cannot fail.
    let _ = write!(text, "\n{}\u{1f}{company:?}\u{1f}{wanted:?}\u{1f}{live:?}\u{1f}{verdict}", subject_text(subject));
    for Source { customer, service, count, lines: _ } in sources {
        let count = count.map(|quantity| quantity.to_string());
        let lengths = (customer.as_str().len(), service.as_str().len());
        let _ = write!(text, "\u{1e}{lengths:?}\u{1f}{customer}\u{1f}{service}\u{1f}{count:?}");
    }
}

fn canonical_verdict(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Unchanged(code) => format!("unchanged {code}"),
        Verdict::Held(code) => format!("held {code}"),
        Verdict::Skipped(code) => format!("skipped {code}"),
        Verdict::Update(QuantityChange { addition, from, to }) => format!("set {addition} {from} {to}"),
        // The day it takes effect is the day it is applied, not a part of what was approved.
        Verdict::Create(Creation { product, quantity, effective_on: _ }) => format!("create {product} {quantity}"),
    }
}
