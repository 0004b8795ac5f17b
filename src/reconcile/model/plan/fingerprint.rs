//! The fingerprint of a plan: the name by which a person approves it.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use crate::reconcile::model::plan::Plan;
use crate::reconcile::model::plan::handle::subject_text;
use crate::reconcile::model::plan::line::{Creation, FirstBilled, Line, LiveAddition, QuantityChange, Source, Verdict};
use crate::reconcile::model::quantity::Quantity;

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
        hex::encode(hasher.finalize())
    }
}

pub(crate) fn canonical(text: &mut String, line: &Line) {
    let Line {
        handle: _,
        subject,
        company,
        sources,
        wanted,
        live,
        carried: _,
        verdict,
        billed,
        detail: _,
        named: _,
        changed_at: _,
        edited: _,
    } = line;
    text.push('\n');
    text.push_str(&subject_text(subject));
    write_all(text, format_args!("\u{1f}{:?}\u{1f}", company.map(|id| id.0)));
    canonical_count(text, *wanted);
    write_all(text, format_args!("\u{1f}{:?} ", live.map(|live| live.addition.0)));
    canonical_count(text, live.map(|LiveAddition { addition: _, quantity }| quantity));
    text.push('\u{1f}');
    canonical_verdict(text, verdict);
    // The same units on another invoice, or of another month, are another bill.
    let FirstBilled { invoice, month } = billed;
    for (what, day) in [("invoice", invoice), ("month", month)] {
        if let Some(day) = day {
            write_all(text, format_args!("\u{1f}{what} {day}"));
        }
    }
    for Source { customer, service, count, lines: _, place: _, how: _, items: _, is_former: _ } in sources {
        let lengths = (customer.as_str().len(), service.as_str().len());
        write_all(text, format_args!("\u{1e}{lengths:?}\u{1f}{customer}\u{1f}{service}\u{1f}"));
        canonical_count(text, *count);
    }
}

/// Nothing is not zero.
pub(crate) fn canonical_count(text: &mut String, count: Option<Quantity>) {
    match count {
        Some(count) => write_all(text, format_args!("{count}")),
        None => text.push('-'),
    }
}

pub(crate) fn canonical_verdict(text: &mut String, verdict: &Verdict) {
    match verdict {
        Verdict::Unchanged(code) => write_all(text, format_args!("unchanged {code}")),
        Verdict::Held(code) => write_all(text, format_args!("held {code}")),
        Verdict::Skipped(code) => write_all(text, format_args!("skipped {code}")),
        Verdict::Update(QuantityChange { addition, from, to }) => {
            write_all(text, format_args!("set {addition} {from} {to}"));
        }
        // The day it takes effect is the day it is applied, not a part of what was approved. A line that is held for its
        // size is created by approving the plan, as one that is not.
        Verdict::Create(Creation { product, quantity, effective_on: _, bill, names_item })
        | Verdict::Large(Creation { product, quantity, effective_on: _, bill, names_item }) => {
            write_all(text, format_args!("create {product} {quantity} {}", bill.as_str()));
            if *names_item {
                text.push_str(" named");
            }
        }
    }
}

pub(crate) fn write_all(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    text.write_fmt(arguments).expect("a String takes all text");
}

/// The part of a fingerprint that is shown and typed.
pub fn short(fingerprint: &str) -> &str {
    fingerprint.get(..8).unwrap_or(fingerprint)
}
