//! One customer: all its lines, each with its last nights and its why.

use std::collections::{BTreeMap, BTreeSet};

use maud::{Markup, html};

use crate::history::nights::LineNight;
use crate::history::record::LineRecord;
use crate::reconcile::model::display_text::shown;
use crate::reconcile::model::ids::{CustomerName, RunId};
use crate::reconcile::model::plan::outcome::Outcome;
use crate::report::commands::held::Waiting;
use crate::report::current::Current;
use crate::report::open_items::OpenItems;
use crate::report::words::ExportReadability;
use crate::report::{lines, names, trend, words};
use crate::web::desk::visit::Visit;
use crate::web::pages::frame::{RailEntry, frame};
use crate::web::pages::{item, pieces, today};
use crate::web::site::Missing;

/// Lines of a customer that are listed of one integration.
const LINES: usize = 200;

pub(crate) fn page(visit: &Visit) -> Result<Markup, Missing> {
    let name = visit.part("customer");
    let mut parts = Vec::new();
    for plan in &visit.desk.plans {
        parts.extend(of_integration(visit, plan, name)?);
    }
    if parts.is_empty() {
        return Err(Missing::Nothing);
    }
    let customer = CustomerName::new(name);
    let of_it = |one: &&Waiting| {
        one.finding.customer.as_ref() == Some(&customer)
            || one.line.as_ref().is_some_and(|line| names::customers(line).contains(&&customer))
    };
    let open: Vec<&Waiting> = visit.desk.waiting.iter().filter(of_it).collect();
    let main = html! {
        header.head { div {
            p.over { a href="/customers" { "Customers" } }
            div.headline { h1 { (shown(name)) } @if open.is_empty() { span.verdict.good { "OK" } } @else { span.verdict.ask { (open.len()) " TO DECIDE" } } }
        } }
        @if !open.is_empty() { ul { @for one in &open {
            @let handle = one.finding.handle.as_deref().unwrap_or_default();
            li { a href={ "/items/" (handle) } { (one.title()) } ": " (pieces::words_of(one.finding.code.as_str())) }
        } } }
        @for part in parts { (part) }
    };
    Ok(frame(visit, RailEntry::Customers, &shown(name), &main))
}

fn of_integration(visit: &Visit, plan: &OpenItems, name: &str) -> Result<Option<Markup>, Missing> {
    let history = visit.desk.history()?;
    let own = |line: &&LineRecord| line.sources.iter().any(|source| source.customer.as_str() == name);
    if !lines(&plan.run).iter().any(|line| own(&line)) {
        return Ok(None);
    }
    // What undos left of the lines since is what is billed.
    let current = Current::of(history, plan.run.clone())?;
    let of_it: Vec<&LineRecord> = lines(&current.run).iter().filter(own).take(LINES).collect();
    let last = current.undos.last().map_or(plan.run.run, |undo| undo.run);
    let runs: Vec<RunId> =
        history.nights(&plan.run.integration, last, trend::NIGHTS)?.iter().map(|run| run.run).collect();
    let handles: BTreeSet<&str> = of_it.iter().map(|line| line.handle.as_str()).collect();
    let nights = history.line_nights(&runs, &handles)?;
    let reading = ExportReadability::of_run(&current.run);
    let records = visit.desk.records.get(&plan.run.integration);
    let title = plan.run.integration.as_str();
    Ok(Some(html! {
        section aria-label=(title) {
            div.sec { h2 { (shown(title)) " " span.count { (of_it.len()) } } p { "as of " a href={ "/nights/" (plan.run.run) } { "run " (plan.run.run) } ", " (words::day(plan.run.started_at)) } }
            (table(&of_it, &runs, &nights))
            @for line in &of_it { details.fold id={ "why-" (line.handle) } {
                summary { "Why " (names::product(line)) " " small { (words::step(line)) } }
                div.in { (item::chain(line, &reading, records)) }
            } }
        }
        (happened(&of_it, &nights))
    }))
}

fn table(of_it: &[&LineRecord], runs: &[RunId], nights: &BTreeMap<String, Vec<LineNight>>) -> Markup {
    html! { div.sheet { table.mid {
        thead { tr { th scope="col" { "product" } th.n scope="col" { "billed" } th.n scope="col" { "wanted" } th.wide scope="col" { "30 nights" } th scope="col" { "state" } th.wide scope="col" { span.sr { "why" } } } }
        tbody { @for line in of_it { tr {
            th scope="row" { (names::product(line)) }
            td.n { (pieces::quantity(line.now.or(line.was))) } td.n { (pieces::quantity(line.wanted)) }
            td.wide { @if let Some(nights) = nights.get(&line.handle) { (today::drawing(runs, nights)) } }
            td { (line.outcome) span.rest { (pieces::words_of(line.reason.as_str())) } }
            td.wide { a href={ "#why-" (line.handle) } { "Why" span.sr { " " (names::product(line)) } } }
        } } }
    } } }
}

fn happened(of_it: &[&LineRecord], nights: &BTreeMap<String, Vec<LineNight>>) -> Markup {
    let each = of_it.iter().filter_map(|line| Some((line, nights.get(&line.handle)?)));
    let mut events: Vec<(&LineRecord, &LineNight)> =
        each.flat_map(|(line, nights)| nights.iter().map(|night| (*line, night))).collect();
    events.retain(|(_, night)| night.outcome != Outcome::Unchanged);
    events.sort_by_key(|(_, night)| std::cmp::Reverse(night.run));
    html! { @if !events.is_empty() {
        div.sheet { table {
            caption { "What happened " small { "nights on which nothing changed are left out" } }
            thead { tr { th scope="col" { "run" } th scope="col" { "line" } th.n scope="col" { "billed" } th.n scope="col" { "now" } th scope="col" { "what" } } }
            tbody { @for (line, night) in events.iter().take(LINES) { tr {
                td { a href={ "/nights/" (night.run) } { (night.run) } } td { (names::product(line)) }
                td.n { (pieces::quantity(night.was)) } td.n { (pieces::quantity(night.now)) }
                td { (night.outcome) ", " (pieces::words_of(night.reason.as_str())) }
            } } }
        } }
    } }
}
