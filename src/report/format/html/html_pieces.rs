//! Pieces that several pages share.

use std::cell::RefCell;
use std::collections::BTreeSet;

use maud::{Markup, html};
use rust_decimal::Decimal;

use crate::history::run_record::{LineRecord, RunSummary};
use crate::reconcile::model::display_text::escaped;
use crate::reconcile::model::ids::RunId;
use crate::reconcile::model::plan::remedy::{Remedy, RemedyLine};
use crate::reconcile::model::quantity::Quantity;
use crate::reconcile::model::record_links::RecordLinks;
use crate::report::format::html::Links;
use crate::report::numbers_and_dates::ExportReadability;
use crate::report::outdated::Outdated;
use crate::report::report_model::{ReportVerdict, Tone};
use crate::report::{numbers_and_dates, sparkline};

pub(super) fn tone(tone: Tone) -> &'static str {
    match tone {
        Tone::Good => "good",
        Tone::Ask => "ask",
        Tone::Bad => "bad",
    }
}

pub(super) fn chip(verdict: &ReportVerdict) -> Markup {
    html! { span.verdict.big.(tone(verdict.tone)) { (verdict.words) } }
}

/// Above a page that leads to the runs: what it shows is not how things stand.
pub(super) fn outdated(why: &Outdated) -> Markup {
    html! { div.note.bad { div { b { (why.title()) } " " (why.sentence()) } } }
}

/// The bar of the last nights. Height and words tell what colour tells.
pub(super) fn nights(nights: &[RunSummary], current: Option<RunId>, up: &str) -> Markup {
    html! {
        ol.nights aria-label="The last nights, oldest first" {
            @for night in nights.iter().filter(|night| is_night(night, current)) {
                @let verdict = ReportVerdict::of_summary(night);
                @let said = format!("run {}, {}: {}", night.run, numbers_and_dates::day(night.started_at), verdict.words);
                li.(tone(verdict.tone)) aria-current=[(current == Some(night.run)).then_some("true")] {
                    a href={ (up) (night.run) ".html" } title=(said) aria-label=(said) {}
                }
            }
        }
    }
}

/// An undo is none; the run that a page is about is one, whatever it is.
pub(super) fn is_night(run: &RunSummary, current: Option<RunId>) -> bool {
    run.undoes.is_none() || current == Some(run.run)
}

/// `, and run 8, which set back run 3`: what came after the run that a page is about.
pub(super) fn set_back(undos: &[RunSummary], links: Links) -> Markup {
    html! { @for undo in undos {
        ", and " a href={ (links.before) (undo.run) (links.after) } { "run " (undo.run) } ", which set back"
        @if let Some(undone) = undo.undoes { " run " (undone) }
    } }
}

/// A line through what was billed night after night, with its ends in words.
pub(super) fn spark(values: &[Option<Quantity>]) -> Markup {
    let points = sparkline::points(&sparkline::decimals(values), 120, 22);
    let (first, last) = (values.iter().flatten().next(), values.iter().flatten().last());
    let said = match (first, last) {
        (Some(first), Some(last)) => {
            format!("{first} at first, {last} at last, over {}", numbers_and_dates::plural(values.len() - 1, "night"))
        }
        _ => return html! { span.soft { "–" } },
    };
    html! {
        svg.spark viewBox="-2 -2 124 26" preserveAspectRatio="none" role="img" aria-label=(said) {
            title { (said) }
            polyline points=(points) {}
        }
    }
}

/// A chart of one number over time, with its lowest and highest value written beside it.
pub(super) fn chart(values: &[Option<Decimal>], from: &str, to: &str, said: &str) -> Markup {
    let known = || values.iter().flatten();
    let (low, high) = (known().min().copied().unwrap_or_default(), known().max().copied().unwrap_or_default());
    let points = sparkline::points(values, 620, 130);
    html! {
        svg.chart viewBox="0 0 720 190" role="img" aria-label=(said) {
            title { (said) }
            line x1="80" y1="20" x2="700" y2="20" {}
            line x1="80" y1="150" x2="700" y2="150" {}
            g transform="translate(80 20)" { polyline points=(points) {} }
            @if low == high {
                text x="70" y="89" text-anchor="end" { (high.normalize()) }
            } @else {
                text x="70" y="24" text-anchor="end" { (high.normalize()) }
                text x="70" y="154" text-anchor="end" { (low.normalize()) }
            }
            text x="80" y="176" { (from) }
            text x="700" y="176" text-anchor="end" { (to) }
        }
    }
}

/// Each command in a box of its own, each sentence behind an arrow.
pub(super) fn ways(remedy: &Remedy) -> Markup {
    let lines = remedy.lines();
    let (commands, words): (Vec<_>, Vec<_>) = lines.iter().partition(|line| matches!(line, RemedyLine::Command(_)));
    html! {
        @if !commands.is_empty() { p.do { @for command in commands { code { (escaped(&command.to_string())) } } } }
        @for sentence in words { p.soft { "→ " (escaped(&sentence.to_string())) } }
    }
}

/// The change of a line, with its sign.
pub(super) fn delta(line: &LineRecord) -> Markup {
    let delta = numbers_and_dates::delta(line);
    let class = if delta > Decimal::ZERO { "up" } else { "down" };
    html! { span.(class) { (numbers_and_dates::signed(delta)) } }
}

/// What stands behind a line: rows of the export, place in ConnectWise, reason.
pub(super) fn why(line: &LineRecord, reading: &ExportReadability<'_>, records: Option<&RecordLinks>) -> Markup {
    html! {
        details {
            summary { "why" }
            ul {
                @for source in line.sources.iter().take(SOURCES) { li { (reading.source(line, source)) } }
                @if line.sources.len() > SOURCES { li { "… " (line.sources.len() - SOURCES) " more counts" } }
                li { (place(line, records)) }
                @if !line.detail.is_empty() { li { (escaped(&line.detail)) } }
                li { code { "recount why " (line.handle) } }
            }
        }
    }
}

/// Where a line stands in ConnectWise, and links that open it there.
pub(crate) fn place(line: &LineRecord, records: Option<&RecordLinks>) -> Markup {
    html! { (numbers_and_dates::place(line)) (opened(&numbers_and_dates::records(line, records))) }
}

/// Links to records of ConnectWise.
pub(crate) fn opened(records: &[(String, String)]) -> Markup {
    html! { @if !records.is_empty() {
        span.soft { " · in ConnectWise: " }
        @for (at, (name, address)) in records.iter().enumerate() {
            @if at > 0 { " · " }
            a href=(address) rel="noreferrer" { (name) }
        }
    } }
}

/// Counts behind one line that are listed.
const SOURCES: usize = 12;

/// Where things stand in a page: `l-c9`. A handle is letters and digits; the first one that bears it gets the place.
#[derive(Debug, Default)]
pub(crate) struct Anchors(RefCell<BTreeSet<String>>);

impl Anchors {
    pub(crate) fn first(&self, handle: &str) -> Option<String> {
        let anchor = anchor(handle);
        (!handle.is_empty() && self.0.borrow_mut().insert(anchor.clone())).then_some(anchor)
    }
}

/// Where a line stands on the page of a run.
pub(super) fn line_address(links: Links, run: RunId, handle: &str) -> String {
    let asked = links.line.map(|asks| format!("{asks}{handle}")).unwrap_or_default();
    format!("{}{run}{}{asked}#{}", links.before, links.after, anchor(handle))
}

/// Where a line stands in a page: `l-c9`. A handle is letters and digits.
pub(super) fn anchor(handle: &str) -> String {
    let safe: String = handle.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
    format!("l-{safe}")
}
