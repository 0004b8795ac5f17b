//! One customer: all its lines, each with its last nights and its why.

use std::collections::{BTreeMap, BTreeSet};

use maud::{Markup, html};

use crate::history::lines_over_nights::LineNight;
use crate::history::past::last_writes::LastWrite;
use crate::history::run_record::{LineRecord, RunSummary};
use crate::reconcile::model::display_text::shown;
use crate::reconcile::model::ids::{CustomerName, IntegrationName, RunId};
use crate::reconcile::model::plan::line::LineKey;
use crate::reconcile::model::plan::outcome::Outcome;
use crate::reconcile::model::quantity::Quantity;
use crate::reconcile::model::record_links::OpenedRecord;
use crate::report::command_output::held_output::Waiting;
use crate::report::current_lines::Current;
use crate::report::numbers_and_dates::ExportReadability;
use crate::report::open_items::OpenItems;
use crate::report::{display_names, lines, numbers_and_dates, sparkline};
use crate::web::desk::visit::Visit;
use crate::web::pages::customers::customer_terms;
use crate::web::pages::frame::{RailEntry, frame};
use crate::web::pages::item::evidence;
use crate::web::pages::{page_pieces, today};
use crate::web::site::PageError;

/// Lines of a customer that are listed of one integration.
const LINES: usize = 200;

pub(crate) fn page(visit: &Visit) -> Result<Markup, PageError> {
    let name = visit.part("customer");
    let mut parts = Vec::new();
    for plan in &visit.desk.plans {
        parts.extend(of_integration(visit, plan, name)?);
    }
    let customer = CustomerName::new(name);
    if parts.is_empty() {
        return gone(visit, &customer);
    }
    let of_it = |one: &&Waiting| {
        one.finding.customer.as_ref() == Some(&customer)
            || one.line.as_ref().is_some_and(|line| display_names::customers(line).contains(&&customer))
    };
    let open: Vec<&Waiting> = visit.desk.waiting.iter().filter(of_it).collect();
    let main = html! {
        header.head { div {
            p.over { a href="/customers" { "Customers" } }
            div.headline { h1 { (shown(name)) } @if !open.is_empty() { span.verdict.ask { (open.len()) " TO DECIDE" } } @else if visit.desk.outdated.is_some() { span.verdict.bad { "NOT KNOWN SINCE" } } @else { span.verdict.good { "OK" } } }
            (lead(visit, &customer))
        } (in_connectwise(visit, &customer)) }
        @if !open.is_empty() { section aria-labelledby="open" { h2.sr id="open" { "Open items" } (today::cards(visit, &open)?) } }
        @for (lines, _) in &parts { (lines) }
        (customer_terms::panels(visit, &customer)?)
        @for (_, happened) in &parts { (happened) }
    };
    Ok(frame(visit, RailEntry::Customers, &shown(name), &main))
}

/// The lines of a customer in the newest plans.
fn lines_of<'v>(visit: &'v Visit, customer: &CustomerName) -> Vec<(&'v IntegrationName, &'v LineRecord)> {
    let is_own = |line: &LineRecord| line.sources.iter().any(|source| source.customer == *customer);
    let each = visit.desk.plans.iter().flat_map(|plan| {
        lines(&plan.run).iter().filter(move |line| is_own(line)).map(|line| (&plan.run.integration, line))
    });
    each.collect()
}

/// `6 lines of 2 integrations on 2 agreements.`
fn lead(visit: &Visit, customer: &CustomerName) -> Markup {
    let own = lines_of(visit, customer);
    let integrations: BTreeSet<_> = own.iter().map(|(integration, _)| *integration).collect();
    let agreements: BTreeSet<_> = own.iter().filter_map(|(_, line)| line.agreement).collect();
    let [lines, integrations] = [(own.len(), "line"), (integrations.len(), "integration")];
    html! { p.lead {
        (numbers_and_dates::plural(lines.0, lines.1)) " of " (numbers_and_dates::plural(integrations.0, integrations.1))
        @if !agreements.is_empty() { " on " (numbers_and_dates::plural(agreements.len(), "agreement")) }
        "."
    } }
}

/// Its company, where ConnectWise opens it.
fn in_connectwise(visit: &Visit, customer: &CustomerName) -> Markup {
    let own = lines_of(visit, customer);
    let company = |(integration, line): &(&IntegrationName, &LineRecord)| {
        Some(visit.desk.records.get(*integration)?.company(line.company?))
    };
    let companies: BTreeSet<OpenedRecord> = own.iter().filter_map(company).collect();
    html! { @if !companies.is_empty() { div.do { @for (said, address) in &companies {
        a.b href=(address) rel="noreferrer" { "Open " (said) " in ConnectWise" }
    } } } }
}

/// A customer of an earlier night, whom no newest plan has a line of: an old night's page leads here.
fn gone(visit: &Visit, customer: &CustomerName) -> Result<Markup, PageError> {
    let last = visit.desk.history()?.last_run_of(customer)?.ok_or(PageError::Nothing)?;
    let name = shown(customer.as_str());
    let main = html! {
        header.head { div {
            p.over { a href="/customers" { "Customers" } }
            div.headline { h1 { (name) } span.verdict.ask { "NO LINES NOW" } }
            p.lead { "No newest plan has a line of this customer. The last run that had one is " a href={ "/nights/" (last.run) } { "run " (last.run) } " of " (shown(last.integration.as_str())) ", " (numbers_and_dates::day(visit.desk.zone.local(last.started_at.to_utc()))) "." }
        } }
        (customer_terms::panels(visit, customer)?)
    };
    Ok(frame(visit, RailEntry::Customers, &name, &main))
}

/// Its lines, and what happened to them.
type OfIntegration = (Markup, Markup);

fn of_integration(visit: &Visit, plan: &OpenItems, name: &str) -> Result<Option<OfIntegration>, PageError> {
    let history = visit.desk.history()?;
    let own = |line: &&LineRecord| line.sources.iter().any(|source| source.customer.as_str() == name);
    if !lines(&plan.run).iter().any(|line| own(&line)) {
        return Ok(None);
    }
    // What undos left of the lines since is what is billed.
    let current = Current::of(history, plan.run.clone())?;
    let of_it: Vec<&LineRecord> = lines(&current.run).iter().filter(own).take(LINES).collect();
    let last = current.undos.last().map_or(plan.run.run, |undo| undo.run);
    let known = history.nights(&plan.run.integration, last, sparkline::NIGHTS)?;
    let runs: Vec<RunId> = known.iter().map(|run| run.run).collect();
    let handles: BTreeSet<&str> = of_it.iter().map(|line| line.handle.as_str()).collect();
    let nights = history.line_nights(&runs, &handles)?;
    let agreements = of_it.iter().filter_map(|line| line.agreement).collect();
    let changed = history.last_writes(&plan.run.integration, &agreements)?;
    let reading = ExportReadability::of_run(&current.run);
    let records = visit.desk.records.get(&plan.run.integration);
    let title = plan.run.integration.as_str();
    let lines = html! {
        section aria-label=(title) {
            div.sec { h2 { (shown(title)) " " span.count { (of_it.len()) } } p { "as of " a href={ "/nights/" (plan.run.run) } { "run " (plan.run.run) } ", " (numbers_and_dates::day(plan.run.started_at)) " " span.key { span { i {} "wanted" } span { i.l {} "billed" } } } }
            (table(visit, &of_it, (&runs, &nights), &changed))
            @for line in &of_it { details.fold id={ "why-" (line.handle) } {
                summary { "Why " (display_names::product(line)) " " small { (numbers_and_dates::step(line)) } }
                div.in { (evidence::chain(visit, line, last_of(line, &changed), (&reading, records))) }
            } }
        }
    };
    Ok(Some((lines, happened(visit, &of_it, (&known, &nights)))))
}

fn last_of<'w>(line: &LineRecord, changed: &'w BTreeMap<LineKey, LastWrite>) -> Option<&'w LastWrite> {
    line.key().and_then(|key| changed.get(&*key.folded()))
}

/// `changed`: when recount last wrote each line.
fn table(
    visit: &Visit,
    of_it: &[&LineRecord],
    (runs, nights): (&[RunId], &BTreeMap<String, Vec<LineNight>>),
    changed: &BTreeMap<LineKey, LastWrite>,
) -> Markup {
    html! { div.sheet { table.mid {
        thead { tr { th scope="col" { "product" } th.n scope="col" { "billed" } th.n.wide scope="col" { "counted" } th.n scope="col" { "wanted" } th.wide scope="col" { "30 nights" } th scope="col" { "state" } th.wide.wider scope="col" { "last change" } th.wide scope="col" { span.sr { "why" } } } }
        tbody { @for line in of_it { tr {
            th.name scope="row" { (display_names::product(line)) }
            td.n { (page_pieces::quantity(line.now.or(line.was))) } td.n.wide { (page_pieces::quantity(numbers_and_dates::counted(line))) } td.n { (page_pieces::quantity(line.wanted)) }
            td.wide { @if let Some(nights) = nights.get(&line.handle) { (today::drawing(runs, nights)) } }
            td.fit { (line.outcome) span.rest { (page_pieces::words_of(line.reason.as_str())) } }
            td.wide.wider.nb { @match last_of(line, changed) { Some(last) => (numbers_and_dates::day(visit.desk.zone.local(last.at))), None => (page_pieces::quantity(None)) } }
            td.wide { a href={ "#why-" (line.handle) } { "Why" span.sr { " " (display_names::product(line)) } } }
        } } }
    } } }
}

fn happened(
    visit: &Visit,
    of_it: &[&LineRecord],
    (known, nights): (&[RunSummary], &BTreeMap<String, Vec<LineNight>>),
) -> Markup {
    let day = |run: RunId| {
        let of_it = known.iter().find(|one| one.run == run);
        of_it.map_or_else(
            || run.to_string(),
            |one| numbers_and_dates::day(visit.desk.zone.local(one.started_at.to_utc())),
        )
    };
    let each = of_it.iter().filter_map(|line| Some((line, nights.get(&line.handle)?)));
    let mut events: Vec<(&LineRecord, &LineNight)> =
        each.flat_map(|(line, nights)| changed(nights).map(|night| (*line, night))).collect();
    events.sort_by_key(|(_, night)| std::cmp::Reverse(night.run));
    html! { @if !events.is_empty() {
        div.sheet { table {
            caption { "What happened " small { "nights that were as the one before are left out" } }
            thead { tr { th scope="col" { "night" } th scope="col" { "line" } th.n scope="col" { "step" } th scope="col" { "what" } } }
            tbody { @for (line, night) in events.iter().take(LINES) { tr {
                td { a href={ "/nights/" (night.run) } { (day(night.run)) } } td.name { (display_names::product(line)) }
                td.n.nb { (page_pieces::quantity(night.was)) " → " (page_pieces::quantity(step_to(night))) }
                td.fit { (night.outcome) span.rest { (page_pieces::words_of(night.reason.as_str())) } }
            } } }
        } }
    } }
}

/// Where a line went that night; of one that was not written, where it would go.
fn step_to(night: &LineNight) -> Option<Quantity> {
    match night.outcome {
        Outcome::Updated | Outcome::Created => night.now.or(night.wanted),
        _ => night.wanted,
    }
}

/// Those of a line's nights that were otherwise than the night before and not simply unchanged.
fn changed(nights: &[LineNight]) -> impl Iterator<Item = &LineNight> {
    let same = |one: &LineNight, before: &LineNight| {
        (one.outcome, one.reason, one.was, step_to(one)) == (before.outcome, before.reason, before.was, step_to(before))
    };
    let is_told = move |one: &&LineNight| {
        let before = nights.iter().filter(|night| night.run < one.run).max_by_key(|night| night.run);
        one.outcome != Outcome::Unchanged && before.is_none_or(|before| !same(one, before))
    };
    nights.iter().filter(is_told)
}
