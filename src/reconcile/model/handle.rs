//! Handles and fingerprints: short names that hold from night to night, and the name of a plan.

use std::collections::HashMap;
use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use crate::reconcile::model::ids::IntegrationName;
use crate::reconcile::model::plan::{Creation, Line, LineKey, Live, Plan, QuantityChange, Source, Subject, Verdict};
use crate::reconcile::model::quantity::Quantity;

/// Letters of a handle: easily read out over the telephone, never a word.
const LETTERS: &[u8; 30] = b"23456789bcdfghjkmnpqrstvwxyzae";
/// 30⁵ handles: enough for an MSP's lines, and short enough to type.
const LENGTH: usize = 5;
/// Where two subjects share a short handle, all of them get the long one.
const LENGTH_LONG: usize = 9;

/// Gives every line its handle: the same subject of the same integration has the same one every night.
pub fn assign(integration: &IntegrationName, lines: &mut [Line]) {
    let digests: Vec<Letters> = lines.iter().map(|line| digest_of(integration, &subject_text(&line.subject))).collect();
    let mut seen: HashMap<&[u8], usize> = HashMap::with_capacity(lines.len());
    for digest in &digests {
        *seen.entry(&digest[..LENGTH]).or_default() += 1;
    }
    for (line, digest) in lines.iter_mut().zip(&digests) {
        let alone = seen.get(&digest[..LENGTH]) == Some(&1);
        line.handle = text(&digest[..if alone { LENGTH } else { LENGTH_LONG }]);
    }
}

/// The handle of a matter that is not a line: a customer, a service, a product.
pub fn of_matter(integration: &IntegrationName, kind: &str, name: &str) -> String {
    text(&digest_of(integration, &format!("{kind}\u{1f}{name}"))[..LENGTH])
}

/// A long handle, before it is text: a hundred thousand of them are compared.
type Letters = [u8; LENGTH_LONG];

fn digest_of(integration: &IntegrationName, text: &str) -> Letters {
    let digest = Sha256::new().chain_update(integration.as_str()).chain_update("\u{1e}").chain_update(text).finalize();
    std::array::from_fn(|at| LETTERS[usize::from(digest[at]) % LETTERS.len()])
}

fn text(letters: &[u8]) -> String {
    letters.iter().copied().map(char::from).collect()
}

fn subject_text(subject: &Subject) -> String {
    match subject {
        Subject::Line(LineKey { agreement, product, item: None }) => format!("line\u{1f}{agreement}\u{1f}{product}"),
        Subject::Line(LineKey { agreement, product, item: Some(item) }) => {
            format!("item\u{1f}{agreement}\u{1f}{}\u{1f}{product}\u{1f}{item}", product.as_str().len())
        }
        // The length, because names are a vendor's, and may hold whatever stands between two of them here.
        Subject::Unplaced { customer, service } => {
            format!("count\u{1f}{}\u{1f}{customer}\u{1f}{service}", customer.as_str().len())
        }
    }
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
    text.push('\n');
    text.push_str(&subject_text(subject));
    write_all(text, format_args!("\u{1f}{:?}\u{1f}", company.map(|id| id.0)));
    canonical_count(text, *wanted);
    write_all(text, format_args!("\u{1f}{:?} ", live.map(|live| live.addition.0)));
    canonical_count(text, live.map(|Live { addition: _, quantity }| quantity));
    text.push('\u{1f}');
    canonical_verdict(text, verdict);
    for Source { customer, service, count, lines: _, how: _, items: _ } in sources {
        let lengths = (customer.as_str().len(), service.as_str().len());
        write_all(text, format_args!("\u{1e}{lengths:?}\u{1f}{customer}\u{1f}{service}\u{1f}"));
        canonical_count(text, *count);
    }
}

/// Nothing is not zero.
fn canonical_count(text: &mut String, count: Option<Quantity>) {
    match count {
        Some(count) => write_all(text, format_args!("{count}")),
        None => text.push('-'),
    }
}

fn canonical_verdict(text: &mut String, verdict: &Verdict) {
    match verdict {
        Verdict::Unchanged(code) => write_all(text, format_args!("unchanged {code}")),
        Verdict::Held(code) => write_all(text, format_args!("held {code}")),
        Verdict::Skipped(code) => write_all(text, format_args!("skipped {code}")),
        Verdict::Update(QuantityChange { addition, from, to }) => {
            write_all(text, format_args!("set {addition} {from} {to}"));
        }
        // The day it takes effect is the day it is applied, not a part of what was approved.
        Verdict::Create(Creation { product, quantity, effective_on: _, bill }) => {
            write_all(text, format_args!("create {product} {quantity} {}", bill.as_str()));
        }
    }
}

fn write_all(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    text.write_fmt(arguments).expect("a String takes all text");
}
