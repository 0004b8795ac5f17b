//! One run: what it changed, what it held, its facts, and the way to set it back.

use std::collections::BTreeMap;

use maud::{Markup, html};

use crate::history::run_record::{LineRecord, RunRecord, RunSummary};
use crate::history::store::open::History;
use crate::reconcile::model::display_text::shown;
use crate::reconcile::model::ids::RunId;
use crate::reconcile::model::plan::fingerprint::short;
use crate::report::command_output::diff_output::Difference;
use crate::report::format::html::html_pieces::Anchors;
use crate::report::report_files::Reports;
use crate::report::report_model::{Report, ReportEntry};
use crate::report::{Change, LINES_DROPPED, LinesKept, lines, numbers_and_dates, sparkline};
use crate::web::desk::role_permissions::DeskAction;
use crate::web::desk::visit::Visit;
use crate::web::pages::frame::{RailEntry, frame, token};
use crate::web::pages::nights::{held_items, night_diff, night_links};
use crate::web::pages::plan::plan_pieces;
use crate::web::pages::{page_pieces, today};
use crate::web::site::PageError;

/// Changed lines that are drawn over the nights.
const TRENDS: usize = 60;
/// Lines of a section.
const LINES: usize = 200;

pub(crate) fn page(visit: &Visit) -> Result<Markup, PageError> {
    let number = visit.part("run").parse::<i64>().map_err(|_| PageError::Nothing)?;
    let history = visit.desk.history()?;
    let run = history.run(RunId(number))?.ok_or(PageError::Nothing)?;
    let report = Report::of(&run);
    let nights = history.nights(&run.integration, run.run, sparkline::NIGHTS)?;
    let places = Anchors::default();
    let trends = trends(history, &report, &nights)?;
    let main = html! {
        (head(visit, &run, &report, night_links::switch(history, &run)?))
        (page_pieces::numbers(&run))
        (night_links::strip(visit, &run, &nights)?)
        @if let Some(end) = &run.end { (page_pieces::stops(visit, &run, end)) }
        @if LinesKept::of(&run) == LinesKept::Nothing { p { (LINES_DROPPED) "." } }
        @for (kind, lines) in &report.changes { (changes(*kind, lines, (&places, visit.query.get("line")), &trends)) }
        (entries(("Held", "held"), "Nothing of these was written", &report.asked, |entry| held_items::asked(visit, &run, (entry, &places))))
        (entries(("Worth a look", "odd"), "", &report.odd, |entry| held_items::row(entry, "info", (&places, None))))
        (entries(("For completeness", "told"), "", &report.told, |entry| held_items::row(entry, "plain", (&places, None))))
        section.stack {
            @if let Some(before) = night_before(&nights, &run) { (against(&run, &history.run(before)?.ok_or(PageError::Nothing)?)) }
            (facts(visit, &run))
        }
        (next(visit, &run, history.set_back_by(&run.integration, run.run)?))
    };
    Ok(frame(visit, RailEntry::Nights, &format!("Run {} · {}", run.run, shown(run.integration.as_str())), &main))
}

/// The last nights of the changed lines, the first of them: a line is looked up night by night.
fn trends(
    history: &History,
    report: &Report<'_>,
    nights: &[RunSummary],
) -> Result<BTreeMap<String, Markup>, PageError> {
    let runs: Vec<RunId> = nights.iter().map(|night| night.run).collect();
    // A single night is no trend.
    if runs.len() < 2 {
        return Ok(BTreeMap::new());
    }
    let changed = report.changes.iter().flat_map(|(_, lines)| lines).take(TRENDS);
    let lines = history.line_nights(&runs, &changed.map(|line| line.handle.as_str()).collect())?;
    Ok(lines.into_iter().map(|(handle, nights)| (handle, today::drawing(&runs, &nights))).collect())
}

fn head(visit: &Visit, run: &RunRecord, report: &Report<'_>, switch: Markup) -> Markup {
    let asked = report.asked.len();
    let is_open = |entry: &&ReportEntry<'_>| {
        let handle = entry.handle();
        visit.desk.waiting.iter().any(|one| !handle.is_empty() && one.finding.handle.as_deref() == Some(handle))
    };
    let open = report.asked.iter().filter(is_open).count();
    html! {
        header.head {
            div {
            p.over { (numbers_and_dates::minute(run.started_at)) " · run " (run.run) " · " (run.command) " in " (run.mode) " mode" }
            div.headline { h1 { (shown(run.integration.as_str())) } (page_pieces::record_verdict(visit, run)) }
            p.lead { "As it was recorded." @if asked > 0 { " Of " (numbers_and_dates::plural(asked, "held item")) ", " (open) (if open == 1 { " is" } else { " are" }) " still open." } @if let Some(undone) = run.undoes { " It sets back " a href={ "/nights/" (undone) } { "run " (undone) } "." } }
            }
            (switch)
        }
    }
}

/// The night before it that has a plan to compare with.
fn night_before(nights: &[RunSummary], run: &RunRecord) -> Option<RunId> {
    let planned = nights.iter().rev().filter(|night| night.undoes.is_none() && night.planned.is_some());
    let mut before = planned.filter(|night| night.run < run.run).map(|night| night.run);
    before.next().filter(|_| run.planned.is_some() && run.undoes.is_none())
}

/// What differs from the night before.
fn against(run: &RunRecord, before: &RunRecord) -> Markup {
    let difference = Difference::of(before, run);
    let rows = |run: &RunRecord| run.planned.as_ref().map_or(0, |planned| planned.export.rows);
    let more = match (rows(before), rows(run)) {
        (then, now) if now > then => format!("{} more", numbers_and_dates::plural(now - then, "row")),
        (then, now) if now < then => format!("{} fewer", numbers_and_dates::plural(then - now, "row")),
        _ => "as many rows".to_owned(),
    };
    html! { @if difference.without_lines().is_empty() {
        details.fold {
            summary { "Against the night before " small { "run " (before.run) ": " (more) ", " (night_diff::differing(difference.lines().len())) } }
            @if difference.lines().is_empty() { div.in { p { "No line differs." } } }
            @else { (night_diff::table(difference.lines(), ("night before", "this night"))) }
        }
    } }
}

/// Those that are listed: the first ones, and the one that was asked for.
fn listed<'a>(lines: &'a [&LineRecord], asked: &'a str) -> impl Iterator<Item = &'a LineRecord> {
    let is_listed = move |(at, line): &(usize, &LineRecord)| *at < LINES || line.handle == asked;
    lines.iter().copied().enumerate().filter(is_listed).map(|(_, line)| line)
}

fn changes(
    kind: Change,
    lines: &[&LineRecord],
    (places, asked): (&Anchors, &str),
    trends: &BTreeMap<String, Markup>,
) -> Markup {
    let title = match kind {
        Change::Done => "Changed",
        Change::Would => "Would change",
        Change::WithPlan => "Held with the plan",
        Change::NotReached => "Not reached",
    };
    html! {
        section aria-labelledby=(title.replace(' ', "-")) {
            div.sec { h2 id=(title.replace(' ', "-")) { (title) " " span.count { (lines.len()) } } p { (plan_pieces::sums(lines)) } }
            div.sheet { table.mid {
                thead { tr { th scope="col" { "line" } th.n scope="col" { "billed" } th.n scope="col" { "wanted" } th.n scope="col" { "now" } th.n scope="col" { "by" } @if !trends.is_empty() { th.wide.wider scope="col" { "30 nights" } } th.wide scope="col" { "state" } } }
                tbody { @for line in listed(lines, asked) { tr id=[places.first(&line.handle)] {
                    th scope="row" { (page_pieces::line_name(line)) }
                    td.n { (page_pieces::quantity(line.was)) } td.n { (page_pieces::quantity(line.wanted)) } td.n { b { (page_pieces::quantity(line.now)) } }
                    td.n { (numbers_and_dates::signed(numbers_and_dates::delta(line))) }
                    @if !trends.is_empty() { td.wide.wider { @if let Some(trend) = trends.get(&line.handle) { (trend) } } }
                    td.wide { (line.outcome) }
                } } }
            } }
            @if lines.len() > LINES { p.small.soft { "and " (lines.len() - LINES) " more: the report of the run has all of them" } }
        }
    }
}

fn entries(
    (title, id): (&str, &str),
    said: &str,
    entries: &[ReportEntry<'_>],
    row: impl Fn(&ReportEntry<'_>) -> Markup,
) -> Markup {
    html! { @if !entries.is_empty() {
        section aria-labelledby=(id) {
            div.sec { h2 id=(id) { (title) " " span.count { (entries.len()) } } @if !said.is_empty() { p { (said) } } }
            div.rows { div.items.nopick { @for entry in entries.iter().take(LINES) { (row(entry)) } } }
            @if entries.len() > LINES { p.small.soft { "and " (entries.len() - LINES) " more" } }
        }
    } }
}

fn facts(visit: &Visit, run: &RunRecord) -> Markup {
    let unchanged = lines(run).iter().filter(|line| Change::of(line).is_none()).count();
    html! {
        details.fold {
            summary { "Run facts " small { (facts_in_short(run)) } }
            div.in { dl.facts {
                @if let Some(planned) = &run.planned {
                    dt { "plan" } dd.mono { (short(&planned.fingerprint)) }
                    @if run.undoes.is_none() {
                        dt { "export" } dd { (numbers_and_dates::file(&planned.export)) ", " (numbers_and_dates::plural(planned.export.rows, "row")) ", " (numbers_and_dates::plural(planned.export.customers, "customer")) ", " (numbers_and_dates::age(run.started_at, &planned.export)) " old" }
                    }
                    dt { "lines" } dd { (unchanged) " neither changed nor to be changed" }
                }
                @if let Some(end) = &run.end {
                    dt { "took" } dd { (numbers_and_dates::took(run)) }
                    dt { "requests" } dd { (end.requests.sent) ", " (end.requests.retried) " sent again" }
                    dt { "waited" } dd { (numbers_and_dates::waits(&end.requests)) }
                    @if let Some(head) = &end.head { dt { "journal's head" } dd.mono { (short(head)) } }
                }
                @if Reports::of(&visit.site.site.state).page(run.run).exists() {
                    dt { "report" } dd { a href={ "/reports/" (run.run) } { "as it was kept" } }
                }
            } }
        }
    }
}

/// `2 min, 641 requests, plan 8b2041ce`.
fn facts_in_short(run: &RunRecord) -> String {
    let end = run.end.iter().map(|end| {
        let requests = usize::try_from(end.requests.sent).unwrap_or(usize::MAX);
        format!("{}, {}", numbers_and_dates::took(run), numbers_and_dates::plural(requests, "request"))
    });
    let plan = run.planned.iter().map(|planned| format!("plan {}", short(&planned.fingerprint)));
    end.chain(plan).collect::<Vec<_>>().join(", ")
}

/// `set_back`: the undo that set it back.
fn next(visit: &Visit, run: &RunRecord, set_back: Option<RunId>) -> Markup {
    let written = run.end.as_ref().is_some_and(|end| end.totals.changed + end.totals.unknown > 0);
    let pending = lines(run).iter().any(plan_pieces::would_change);
    html! {
        @if pending && !written { p.do { a.b href={ "/plan?run=" (run.run) } { "Look at its plan" } } }
        @if let Some(undo) = set_back {
            section.panel aria-labelledby="un" {
                h2 id="un" { "It was set back" }
                p { "By " a href={ "/nights/" (undo) } { "run " (undo) } ", whose page has the lines, and those that it left as they were." }
            }
        } @else if written && visit.may(DeskAction::UndoRun) { (undo(visit, run)) }
    }
}

fn undo(visit: &Visit, run: &RunRecord) -> Markup {
    let drawn = visit.desk.undos.iter().find(|undo| undo.undoes == Some(run.run));
    html! {
        section.panel aria-labelledby="un" {
            h2 id="un" { "Was this night wrong?" }
            p { "Undo draws a plan that sets its lines back to what was billed before, where ConnectWise still holds what this run wrote. It names the lines where it does not. Nothing is written until you approve that plan." }
            @if let Some(drawn) = drawn {
                p { b { "It is drawn already: " } a href={ "/plan?run=" (drawn.run) } { "the plan of run " (drawn.run) } " waits for approval." }
            }
            form.do method="post" action=(DeskAction::UndoRun.path().replace("{run}", &run.run.to_string())) {
                (token(visit)) button.b { "Draw the undo of run " (run.run) @if drawn.is_some() { " again" } }
            }
        }
    }
}
