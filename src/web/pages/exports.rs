//! What the vendors sent, and a file that somebody brings: what it would come to, before anybody keeps it.

use std::collections::{BTreeMap, BTreeSet};

use maud::{Markup, html};
use rust_decimal::Decimal;

use crate::history::run_record::{ExportRecord, LineRecord, RunRecord};
use crate::reconcile::model::display_text::{escaped, shown};
use crate::reconcile::model::export::counts::{Cell, Counts};
use crate::reconcile::model::ids::{CustomerName, IntegrationName, ServiceName};
use crate::reconcile::model::plan::finding::Finding;
use crate::reconcile::model::plan::guard_measurement::GuardLook;
use crate::reconcile::model::plan::outcome::Outcome;
use crate::report::report_model::{Report, ReportEntry};
use crate::report::{display_names, lines, numbers_and_dates};
use crate::web::desk::host::not_done::NotDone;
use crate::web::desk::host::upload_host::{ReadUpload, StagedUpload};
use crate::web::desk::role_permissions::DeskAction;
use crate::web::desk::visit::Visit;
use crate::web::pages::frame::{RailEntry, frame, token};
use crate::web::pages::plan::plan_pieces;
use crate::web::pages::{guard_measurements, kept_uploads, page_pieces};
use crate::web::site::PageError;

/// Rows of a table, at most.
const LISTED: usize = 100;

pub(crate) fn page(visit: &Visit) -> Result<Markup, PageError> {
    let may = visit.may(DeskAction::Upload);
    let staged = if may { visit.site.host.staged(&visit.person.called) } else { None };
    let main = html! {
        header.head { div { p.over { "What the vendors sent" } h1 { "Export" } p.lead { "A file that you bring here is read and compared; nothing is written." } } }
        (kept_uploads::done(visit))
        (newest(visit)?)
        (kept_uploads::list(visit))
        @if may { (drop_here(visit)) } @else { (page_pieces::note("plain", "You may read.", html! { "Bringing files is for operators." })) }
        @if let Some(staged) = &staged { (looked_at(visit, staged)) }
    };
    Ok(frame(visit, RailEntry::Export, "Export", &main))
}

/// The newest export of each integration that was read whole, refused or not, and what its guards measured: known from its run, so
/// ConnectWise is not asked.
fn newest(visit: &Visit) -> Result<Markup, PageError> {
    let (mut rows, mut guards) = (Vec::new(), Vec::new());
    for plan in &visit.desk.plans {
        let refused = plan.refused.as_ref().map(|(run, _)| run);
        let run = refused.filter(|run| run.planned.is_some()).unwrap_or(&plan.run);
        let Some(planned) = &run.planned else { continue };
        let before = visit.desk.history()?.plan_before(&run.integration, run.run)?;
        let before = before.and_then(|run| run.planned).map(|planned| planned.export.units);
        rows.push(newest_row(visit, run, (&planned.export, before), refused));
        guards.push(guard_measurements::of_export(run));
    }
    Ok(html! {
        @if rows.is_empty() { (page_pieces::empty("No export was read yet", "")) } @else { div.sheet { table {
            caption.sr { "Newest exports" }
            thead { tr { th scope="col" { "integration" } th scope="col" { "newest export" } th.n.wide scope="col" { "rows" } th.n.wide scope="col" { "customers" } th.n scope="col" { "units" } th.n.wide scope="col" { "against the night before" } th.wide scope="col" { "findings" } } }
            tbody { @for row in rows { (row) } }
        } } }
        @for looks in guards { (looks) }
    })
}

fn newest_row(
    visit: &Visit,
    run: &RunRecord,
    (export, before): (&ExportRecord, Option<Decimal>),
    refused: Option<&RunRecord>,
) -> Markup {
    let by = before.and_then(|before| export.units.checked_sub(before)).unwrap_or_default().normalize();
    let asked = run.end.as_ref().map_or(0, |end| end.totals.to_decide);
    let said = match refused {
        // One that could not be read to its end has no numbers: those of the row are of the one before.
        Some(newer) if newer.run != run.run => Some(
            html! { span.hot.bad { "a newer one was not read" } ", " a href={ "/nights/" (newer.run) } { "run " (newer.run) } },
        ),
        Some(_) => Some(html! { span.hot.bad { "refused" } }),
        None if asked > 0 => Some(html! { (asked) " to decide" }),
        None => None,
    };
    html! { tr {
        th.fit scope="row" {
            a href={ "/nights/" (run.run) } { (shown(run.integration.as_str())) }
            @if let Some(said) = &said { span.rest.narrow { (said) } }
        }
        td { (numbers_and_dates::minute(visit.desk.zone.local(export.modified_at))) span.rest { (numbers_and_dates::file(export)) } }
        td.n.wide { (export.rows) } td.n.wide { (export.customers) } td.n { (export.units.normalize()) }
        td.n.wide { @match before { None => "–", Some(_) if by.is_zero() => span.soft { "the same" }, Some(_) => (numbers_and_dates::signed(by)) } }
        td.wide { @match said { Some(said) => (said), None => span.soft { "none" } } }
    } }
}

/// A native field takes a dropped file without any script.
fn drop_here(visit: &Visit) -> Markup {
    html! {
        section aria-labelledby="drop" {
            h2.sr id="drop" { "Read a file" }
            form.drop method="post" action=(DeskAction::Upload.path()) enctype="multipart/form-data" {
                (token(visit))
                b { label for="file" { "Drop a vendor's file here" } }
                span.small.soft { "csv, xlsx, json, xml or zip, up to 64 MiB. recount finds out whose it is." }
                div.do { input id="file" name="file" type="file" required; button.b { "Read it" } }
            }
        }
    }
}

fn looked_at(visit: &Visit, staged: &StagedUpload) -> Markup {
    let StagedUpload { name, at, bytes, read, guards, sha256: _ } = staged;
    let verdict = if read.is_ok() { ("good", "READ") } else { ("bad", "NOT READ") };
    html! {
        section aria-labelledby="pre" {
            div.sec {
                div.headline { h2 id="pre" { (shown(name)) } span.verdict.(verdict.0) { (verdict.1) } }
                p { "brought by you, " (numbers_and_dates::minute(visit.desk.zone.local(*at))) ", " (usize::try_from(*bytes).unwrap_or(usize::MAX)) " bytes · forgotten in a day unless kept" }
            }
            @match read {
                Ok(read) => (come_to(visit, (staged, read), guards)),
                Err(why) => (unread(visit, why)),
            }
            @if !read.as_ref().is_ok_and(|read| read.integration.is_some()) { (forget(visit, staged)) }
        }
    }
}

/// Which file a button is about: what the page shows, and none that came since.
fn carried(staged: &StagedUpload) -> Markup {
    html! { input type="hidden" name="shown" value=(staged.as_shown()); }
}

fn forget(visit: &Visit, staged: &StagedUpload) -> Markup {
    html! { form.do method="post" action=(DeskAction::ForgetUpload.path()) { (token(visit)) (carried(staged)) button.b.quiet { "Forget it" } } }
}

fn unread(visit: &Visit, why: &NotDone) -> Markup {
    page_pieces::note(
        "bad",
        "It cannot be read.",
        html! { (escaped(&why.message)) (page_pieces::ways(visit, &why.fix)) },
    )
}

fn come_to(visit: &Visit, (staged, read): (&StagedUpload, &ReadUpload), guards: &[GuardLook]) -> Markup {
    let ReadUpload { integration, may_keep, profile, counts, findings } = read;
    html! {
        div.half {
        div.panel { dl.facts {
            dt { "integration" } dd { @match integration { Some(name) => b { (shown(name.as_str())) }, None => "none reads such a file" } }
            @if let Some(profile) = profile { dt { "profile" } dd { (shown(profile)) } }
            @if let Some(day) = counts.newest_day { dt { "of the day" } dd { (day) } }
            dt { "read" } dd { (counts.kept) " of " (counts.rows) " rows" }
            dt { "customers" } dd { (counts.customers.len()) }
            dt { "units" } dd { (counts.units().normalize()) }
        } }
        @if !guards.is_empty() { div {
            (guard_measurements::list(guards, "rows checks"))
            p.small.soft { "Beside the last accepted export as a whole. The night compares count by count." }
        } }
        }
        @if !findings.is_empty() { (found(findings)) }
        @match integration {
            Some(name) => { (differences(visit, name, counts)) (next(visit, (staged, name), *may_keep)) },
            None => (page_pieces::note("plain", "It cannot be kept.", html! { "No integration reads a file with these columns." })),
        }
    }
}

fn found(findings: &[Finding]) -> Markup {
    html! {
        ul.rows.checks aria-label="Findings" { @for finding in findings.iter().take(LISTED) {
            li { (page_pieces::sign("ask", '!')) p { (page_pieces::words_of(finding.code.as_str())) ": "
                @if let Some(customer) = &finding.customer { (shown(customer.as_str())) ": " }
                (escaped(&finding.message)) } }
        } }
        @if findings.len() > LISTED { p.small.soft { "and " (findings.len() - LISTED) " more" } }
    }
}

/// What a customer has of a service.
type Counted<'a> = BTreeMap<(&'a CustomerName, &'a ServiceName), Option<Decimal>>;

/// The counts of the newest plan, in which a bundle's lines repeat theirs.
fn of_plan(run: &RunRecord) -> Counted<'_> {
    let sources = lines(run).iter().flat_map(|line| &line.sources).filter(|source| !source.lines.is_empty());
    sources.map(|one| ((&one.customer, &one.service), one.count.map(|count| count.as_decimal().normalize()))).collect()
}

fn of_file(counts: &Counts) -> Counted<'_> {
    let each = counts.customers.iter().flat_map(|(customer, of)| of.cells().map(move |cell| (customer, cell)));
    let count = |cell: &Cell| match cell {
        Cell::Counted { count, .. } => Some(count.as_decimal().normalize()),
        _ => None,
    };
    each.map(|(customer, (service, cell))| ((customer, service), count(cell))).collect()
}

fn differences(visit: &Visit, integration: &IntegrationName, counts: &Counts) -> Markup {
    let Some(plan) = visit.desk.plan(integration) else {
        return page_pieces::empty("There is nothing to compare it with", "No night of this integration has run yet.");
    };
    let (then, now) = (of_plan(&plan.run), of_file(counts));
    let all: BTreeSet<_> = then.keys().chain(now.keys()).copied().collect();
    let of = |counted: &Counted<'_>, key| counted.get(&key).copied().flatten();
    let differing: Vec<_> = all.iter().copied().filter(|key| of(&then, *key) != of(&now, *key)).collect();
    let number = |count: Option<Decimal>| match count {
        Some(count) => html! { (count) },
        None => page_pieces::quantity(None),
    };
    html! {
        div.sheet { table {
            caption { "Counts that differ from the newest plan " small { (differing.len()) " of " (all.len()) } }
            thead { tr { th scope="col" { "customer and service" } th.n scope="col" { "newest plan" } th.n scope="col" { "this file" } th.n scope="col" { "by" } } }
            tbody { @for key in differing.iter().take(LISTED) { @let (before, after) = (of(&then, *key), of(&now, *key)); tr {
                th scope="row" { span.line { (shown(key.0.as_str())) " " span.rest { (shown(key.1.as_str())) } } }
                td.n { (number(before)) } td.n { b { (number(after)) } }
                td.n { @if let (Some(before), Some(after)) = (before, after) { (numbers_and_dates::signed(after - before)) } }
            } } }
        } }
        @if differing.len() > LISTED { p.small.soft { "and " (differing.len() - LISTED) " more" } }
    }
}

fn next(visit: &Visit, (staged, integration): (&StagedUpload, &IntegrationName), may_keep: bool) -> Markup {
    let own =
        html! { (token(visit)) (carried(staged)) input type="hidden" name="integration" value=(integration.as_str()); };
    html! {
        div.bar {
            p { b { "Keep this as tonight's export of " (shown(integration.as_str())) "?" } " "
                span.small { @if may_keep { "The next night reads it, unless a newer file has come by then." } @else { "It cannot be kept: this export is no single file of this host." } } }
            div.do {
                @if may_keep { form method="post" action=(DeskAction::KeepUpload.path()) { (own) button.b.act { "Keep it" } } }
                form method="post" action=(DeskAction::TryUpload.path()) { (own) button.b { "What would it come to?" } }
                (forget(visit, staged))
            }
        }
    }
}

/// The plan that would be drawn with the file.
pub(crate) fn tried(visit: &Visit, integration: &IntegrationName, drawn: &RunRecord) -> Markup {
    let changes: Vec<&LineRecord> = lines(drawn).iter().filter(|line| plan_pieces::would_change(line)).collect();
    let main = html! {
        header.head { div { p.over { a href="/export" { "Export" } " · " (shown(integration.as_str())) } h1 { "What it would come to" } p.lead { "Drawn now with your file; nothing was written, and nothing is kept of it." } } }
        (page_pieces::numbers(drawn))
        @if let Some(end) = &drawn.end { (page_pieces::stops(visit, drawn, end)) }
        @if changes.is_empty() { (page_pieces::empty("No line would change", "")) } @else { div.sheet { table {
            thead { tr { th scope="col" { "line" } th.n scope="col" { "billed" } th.n scope="col" { "wanted" } th.n scope="col" { "by" } th scope="col" { "it would" } } }
            tbody { @for line in changes.iter().take(LISTED) { tr {
                th scope="row" { (display_names::line(line)) } td.n { (page_pieces::quantity(line.was)) } td.n { b { (page_pieces::quantity(line.wanted)) } }
                td.n { (numbers_and_dates::signed(numbers_and_dates::delta(line))) } td { (line.outcome) ", " (page_pieces::words_of(line.reason.as_str())) }
            } } }
            tfoot { tr { th scope="row" { (numbers_and_dates::plural(changes.len(), "line")) } td.n {} td.n {} td.n.nb { (plan_pieces::sums(&changes)) } td {} } }
        } } @if changes.len() > LISTED { p.small.soft { "and " (changes.len() - LISTED) " more" } } }
        (asked(drawn))
        p.do { a.b href="/export#pre" { "Back to the file" } }
    };
    frame(visit, RailEntry::Export, "What it would come to", &main)
}

/// What would be held, and why: what waits for a person first, then lines that wait for something else.
fn asked(drawn: &RunRecord) -> Markup {
    let report = Report::of(drawn);
    let is_held = |entry: &&ReportEntry<'_>| entry.line.is_some_and(|line| line.outcome == Outcome::Held);
    let held: Vec<&ReportEntry<'_>> = report.asked.iter().chain(report.odd.iter().filter(is_held)).collect();
    html! {
        @if !held.is_empty() { div.sheet { table {
            caption { "Would be held " small { (held.len()) @if held.len() > report.asked.len() { ", of which " (report.asked.len()) " wait for a decision" } } }
            thead { tr { th scope="col" { "what" } th.n scope="col" { "billed → wanted" } th scope="col" { "why" } } }
            tbody { @for entry in held.iter().take(LISTED) { tr {
                th scope="row" { (entry.title()) } td.n { (entry.step()) }
                td { (page_pieces::words_of(entry.finding.code.as_str())) ": " (escaped(&entry.finding.message)) }
            } } }
        } } }
        @if held.len() > LISTED { p.small.soft { "and " (held.len() - LISTED) " more" } }
    }
}
