//! The HTML part of Monday's mail: how the nights went, what waits, and what moved most.

use maud::{Markup, html};

use crate::history::run_record::RunSummary;
use crate::reconcile::model::display_text::{day, shown};
use crate::report::brief::digest_week::{LinesMoved, Week, WeekNights};
use crate::report::brief::needs::Need;
use crate::report::format::brief_html::{CELL, NUMBER, cards, document};
use crate::report::report_model::ReportVerdict;
use crate::report::{display_names, numbers_and_dates};

/// The document of a week; `title` is what the subject says of it.
pub(crate) fn of(title: &str, nights: &[WeekNights<'_>], open: &[Need], moved: &[LinesMoved<'_>]) -> String {
    document(html! {
        h1 style="font-size:20px;margin:0 0 8px 0" { (title) }
        @for nights in nights { (integration(nights)) }
        @if open.is_empty() { p { "No open items." } }
        (cards("Open items", open))
        (table(moved))
        p style="color:#57606a;font-size:12px" { "replies are not read" }
    })
}

fn integration(nights: &WeekNights<'_>) -> Markup {
    let WeekNights { week: Week { integration, .. }, good, bad, missed, link } = nights;
    html! {
        p style="margin:0 0 6px 0" {
            strong { (shown(integration.as_str())) } ": " (numbers_and_dates::plural(*good, "good night")) ", " (bad.len()) " bad"
            @if let Some(link) = link { " · " a href=(link) { "newest report" } }
            @for night in bad { br; "✗ " (night_row(night)) }
            @for without in missed { br; "✗ " (day(*without)) " · no run" }
        }
    }
}

fn night_row(night: &RunSummary) -> String {
    let verdict = ReportVerdict::of_summary(night);
    format!("{} · run {} · {}", numbers_and_dates::day(night.started_at), night.run, verdict.words)
}

fn table(moved: &[LinesMoved<'_>]) -> Markup {
    html! { @if !moved.is_empty() {
        h2 style="font-size:18px;margin:16px 0 8px 0" { "Moved most" }
        table style="border-collapse:collapse;width:100%" {
            thead { tr { th scope="col" style=(CELL) { "Line" } th scope="col" style=(NUMBER) { "by" } } }
            tbody { @for LinesMoved { line, by } in moved {
                tr { td style=(CELL) { (display_names::line(line)) } td style=(NUMBER) { (numbers_and_dates::signed(*by)) } }
            } }
        }
    } }
}
