//! The HTML part of a mail: what needs somebody and what changed. Inline style, nothing loaded, escaped by construction.

use maud::{DOCTYPE, Markup, html};

use crate::history::run_record::{LineRecord, RunRecord};
use crate::reconcile::model::display_text::{escaped, shown};
use crate::reconcile::model::plan::remedy::RemedyLine;
use crate::reconcile::model::quantity::or_dash;
use crate::reconcile::model::record_links::RecordLinks;
use crate::report::brief::needs::Need;
use crate::report::report_model::Report;
use crate::report::{Change, display_names, numbers_and_dates, short_head};

/// More would be cut by mail programs; the report has them all.
const CHANGES_SHOWN: usize = 100;
const NEEDS_SHOWN: usize = 100;
const HEADING: &str = "font-size:18px;margin:16px 0 8px 0";
pub(super) const CELL: &str =
    "padding:4px 12px 4px 0;border-bottom:1px solid #d0d7de;text-align:left;vertical-align:top";
pub(super) const NUMBER: &str =
    "padding:4px 12px 4px 0;border-bottom:1px solid #d0d7de;text-align:right;vertical-align:top;white-space:nowrap";

/// What the document of a run shows.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BriefPage<'a> {
    /// The run.
    pub(crate) run: &'a RunRecord,
    /// What is new since yesterday.
    pub(crate) news: &'a [String],
    /// What needs a person.
    pub(crate) needs: &'a [Need],
    /// What explains the night.
    pub(crate) odd: &'a [Need],
    /// Where the whole report is.
    pub(crate) link: Option<&'a str>,
    /// Where records open.
    pub(crate) records: Option<&'a RecordLinks>,
}

/// The document of a run.
pub(crate) fn of(page: BriefPage<'_>) -> String {
    let BriefPage { run, news, needs, odd, link, records } = page;
    let report = Report::of(run);
    document(html! {
        h1 style="font-size:20px;margin:0 0 4px 0" {
            (shown(run.integration.as_str())) " · " (report.verdict.words)
        }
        p style="color:#57606a;margin:0 0 8px 0" { (numbers_and_dates::day(run.started_at)) " · run " (run.run) }
        (sentences(news))
        p { strong { (report.numbers.sentence()) } }
        (cards("Open items", needs))
        @for (kind, lines) in &report.changes { (table(*kind, lines, records)) }
        (cards("Worth a look", odd))
        (kept(&report.kept))
        @if let Some(link) = link { p { a href=(link) style="display:inline-block;padding:8px 0" { "The whole report" } } }
        @if let Some(head) = run.end.as_ref().and_then(|end| end.head.as_deref()) {
            p style="color:#57606a;font-size:12px" { "head " (short_head(head)) " · replies are not read" }
        }
    })
}

/// A text that is about no single run.
pub(crate) fn plain(text: &str) -> String {
    document(
        html! { pre style="font-family:ui-monospace,Menlo,Consolas,monospace;font-size:13px;white-space:pre-wrap" { (text) } },
    )
}

/// Each sentence with a bar beside it.
pub(super) fn sentences(said: &[String]) -> Markup {
    html! { @for sentence in said {
        p style="border-left:4px solid #9a6700;padding-left:8px;margin:0 0 6px 0" { (escaped(sentence)) }
    } }
}

/// Items under their heading; nothing where there are none.
pub(super) fn cards(heading: &str, needs: &[Need]) -> Markup {
    html! { @if !needs.is_empty() {
        h2 style=(HEADING) { (heading) " (" (needs.len()) ")" }
        @for need in needs.iter().take(NEEDS_SHOWN) { (card(need)) }
        (left_out(needs.len(), NEEDS_SHOWN))
    } }
}

/// Lines that an answer leaves as they are: who, and until when.
fn kept(lines: &[&LineRecord]) -> Markup {
    html! { @if !lines.is_empty() {
        h2 style=(HEADING) { "Kept by an answer (" (lines.len()) ")" }
        @for line in lines.iter().take(NEEDS_SHOWN) {
            p style="margin:0 0 6px 0" {
                (display_names::line(line)) " · " span style="white-space:nowrap" { (numbers_and_dates::step(line)) }
                " · " code { (line.handle) } br; small { (escaped(&line.detail)) }
            }
        }
        (left_out(lines.len(), NEEDS_SHOWN))
    } }
}

pub(super) fn document(body: Markup) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head { meta charset="utf-8"; meta name="viewport" content="width=device-width, initial-scale=1"; title { "recount" } }
            body style="font-family:system-ui,Segoe UI,Helvetica,Arial,sans-serif;color:#1f2328;background:#ffffff;max-width:640px;overflow-wrap:anywhere" { (body) }
        }
    };
    page.into_string()
}

fn card(need: &Need) -> Markup {
    let Need { handle, title, step, message, fix, records } = need;
    html! {
        div style="border:1px solid #d0d7de;border-radius:6px;padding:8px 12px;margin:0 0 8px 0" {
            strong { (title) }
            @if !step.is_empty() { " · " span style="white-space:nowrap" { (step) } }
            @if !handle.is_empty() { " · " code { (handle) } }
            br; (escaped(message))
            @for line in fix.lines() { br; "→ " (way(&line)) }
            (in_connectwise(records))
        }
    }
}

/// Where its records open in ConnectWise.
fn in_connectwise(records: &[(String, String)]) -> Markup {
    html! { @if !records.is_empty() {
        br; span style="color:#57606a" { "in ConnectWise: " }
        @for (at, (name, address)) in records.iter().enumerate() { @if at > 0 { " · " } a href=(address) { (name) } }
    } }
}

/// A command is set apart: it is copied as it stands.
fn way(line: &RemedyLine<'_>) -> Markup {
    let text = escaped(&line.to_string());
    html! { @if matches!(line, RemedyLine::Command(_)) { code { (text) } } @else { (text) } }
}

fn table(kind: Change, lines: &[&LineRecord], records: Option<&RecordLinks>) -> Markup {
    let each = numbers_and_dates::of_each(lines);
    html! {
        h2 style=(HEADING) { (sentence(kind)) " (" (lines.len()) ")" }
        table style="border-collapse:collapse;width:100%" {
            thead { tr {
                th scope="col" style=(CELL) { "Line" }
                th scope="col" style=(NUMBER) { "billed" }
                th scope="col" style=(NUMBER) { @if kind == Change::Done { "now" } @else { "wanted" } }
            } }
            tbody { @for line in lines.iter().take(CHANGES_SHOWN) {
                tr {
                    td style=(CELL) {
                        (display_names::line(line)) (in_connectwise(&numbers_and_dates::records(line, records)))
                        @if each.is_none() && !line.detail.is_empty() { br; small { (escaped(&line.detail)) } }
                    }
                    td style=(NUMBER) { (or_dash(line.was)) }
                    td style=(NUMBER) { (or_dash(numbers_and_dates::reached(line))) }
                }
            } }
        }
        @if let Some(each) = each { p { "Each: " (escaped(each)) } }
        (left_out(lines.len(), CHANGES_SHOWN))
    }
}

pub(super) fn left_out(all: usize, shown: usize) -> Markup {
    html! { @if all > shown { p { "… " (all - shown) " more in the report" } } }
}

fn sentence(kind: Change) -> &'static str {
    match kind {
        Change::Done => "Changed",
        Change::Would => "Would change",
        Change::WithPlan => "Held with the plan",
        Change::NotReached => "Not reached",
    }
}
