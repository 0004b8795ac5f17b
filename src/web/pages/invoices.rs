//! Whether the invoices of a month can go out: the page that is kept beside the reports, within the desk.

use std::collections::BTreeSet;

use chrono::{NaiveDate, TimeDelta};
use maud::{Markup, html};

use crate::history::run_record::LineRecord;
use crate::history::store::open::History;
use crate::reconcile::model::display_text::{day, shown};
use crate::reconcile::model::ids::IntegrationName;
use crate::reconcile::model::plan::invoice_day::InvoiceDay;
use crate::reconcile::model::plan::line::Source;
use crate::reconcile::model::plan::reason_code::Code;
use crate::reconcile::model::quantity::Quantity;
use crate::report::command_output::held_output::Waiting;
use crate::report::format::html::Links;
use crate::report::format::html::month_tables::FewLines;
use crate::report::format::html::ready_to_invoice;
use crate::report::format::html::ready_to_invoice::MonthMore;
use crate::report::invoices::invoice_conditions::open_conditions;
use crate::report::invoices::invoice_month::InvoiceMonth;
use crate::report::{display_names, lines, numbers_and_dates};
use crate::web::desk::host::LastNight;
use crate::web::desk::visit::Visit;
use crate::web::pages::frame::{RailEntry, frame};
use crate::web::pages::page_pieces;
use crate::web::site::PageError;

/// Months that can be chosen.
const MONTHS: usize = 24;
/// Changed lines of each integration that are listed at first.
const CHANGED: usize = 25;
/// Items that are listed.
const LISTED: usize = 100;

pub(crate) fn page(visit: &Visit) -> Result<Markup, PageError> {
    let main = match &visit.desk.history {
        None => html! { header.head { div { h1 { "Invoices" } } } (page_pieces::empty("No night has run yet", "")) },
        Some(history) => of_month(visit, history)?,
    };
    Ok(frame(visit, RailEntry::Invoices, "Invoices", &main))
}

/// The same of this month in a few words, for a morning on which nothing else waits.
pub(crate) fn in_short(visit: &Visit) -> Result<Markup, PageError> {
    let Some(history) = &visit.desk.history else { return Ok(Markup::default()) };
    let today = visit.desk.zone.day(visit.now);
    let (month, on) = (InvoiceMonth::of(today), on(visit));
    let standings = month.standings(history, today, &visit.site.host.invoice_moment(visit.now))?;
    let open = standings.iter().map(open_conditions).sum::<usize>() + history.unwatched(&on)?.len();
    Ok(html! {
        section.panel aria-labelledby="invoices" {
            h2 id="invoices" { "Invoices of " (month.said()) }
            p {
                @if open == 0 { b { "Ready so far." } " Everybody is mapped, nothing is open, no line is in doubt. " }
                @else { b { "Not yet:" } " " (numbers_and_dates::plural(open, "condition")) (if open == 1 { " does" } else { " do" }) " not hold. " }
                (until_when(visit, history, &on)?)
            }
            p.do { a.b href="/invoices" { "Look at " (month.said()) } }
        }
    })
}

fn on(visit: &Visit) -> BTreeSet<IntegrationName> {
    visit.desk.standings.iter().filter(|standing| standing.is_on()).map(|standing| standing.name.clone()).collect()
}

fn of_month(visit: &Visit, history: &History) -> Result<Markup, PageError> {
    let today = visit.desk.zone.day(visit.now);
    let this = InvoiceMonth::of(today);
    let mut months: Vec<InvoiceMonth> = history.months(MONTHS)?.into_iter().map(InvoiceMonth::of).collect();
    if !months.contains(&this) {
        months.insert(0, this);
    }
    let asked = InvoiceMonth::parse(visit.query.get("month")).filter(|asked| months.contains(asked)).unwrap_or(this);
    let is_over = asked < this;
    let on = on(visit);
    // What is billed and not looked at is known of today alone.
    let unwatched = if is_over { Vec::new() } else { history.unwatched(&on)? };
    let open = (!is_over && !visit.desk.waiting.is_empty()).then(|| in_the_way(visit));
    let few = FewLines { most: CHANGED, whole: visit.query.get("all").to_owned(), month: asked.key() };
    let (switch, is_outdated) = (Some(switch(&months, asked)), visit.desk.outdated.is_some());
    let until = if is_over { None } else { Some(until_when(visit, history, &on)?) };
    let more = MonthMore { switch, until, open, few: Some(few), is_over, is_outdated };
    let standings = asked.standings(history, today, &visit.site.host.invoice_moment(visit.now))?;
    Ok(html! {
        div.kept { (ready_to_invoice::main(&standings, &unwatched, &asked.said(), (Links::DESK, &more))) }
        div.print-only.signoff { p { "Checked by" } p { "Date" } }
    })
}

/// How long ago an invoice date may be that is still taken for one by which invoices are made.
const DUE: TimeDelta = TimeDelta::days(62);

/// The invoices that come next, the last night before them, and those that are not made yet.
fn until_when(visit: &Visit, history: &History, on: &BTreeSet<IntegrationName>) -> Result<Markup, PageError> {
    let today = visit.desk.zone.day(visit.now);
    let (mut ahead, mut due) = (Vec::new(), Vec::new());
    for name in on {
        for InvoiceDay { on, agreements } in history.invoice_days(name)? {
            let list = if on > today { &mut ahead } else { &mut due };
            list.push((on, name, agreements));
        }
    }
    due.retain(|(on, ..)| today.signed_duration_since(*on) <= DUE);
    let next = ahead.iter().map(|(on, ..)| *on).min();
    let mut nights: Vec<(LastNight, String)> = Vec::new();
    for (on, name, agreements) in ahead.iter().filter(|(on, ..)| Some(*on) == next) {
        let night = visit.site.host.last_night(name, *on, visit.now);
        let of_it = format!("{} of {}", numbers_and_dates::plural(*agreements, "agreement"), shown(name.as_str()));
        match nights.iter_mut().find(|(known, _)| *known == night) {
            Some((_, all)) => all.push_str(&format!(", {of_it}")),
            None => nights.push((night, of_it)),
        }
    }
    Ok(html! {
        @if let Some(next) = next { @for (night, of_it) in &nights { (last_night(visit, next, *night)) " (" (of_it) ".) " } }
        @for (on, name, agreements) in &due { "ConnectWise says that the invoices of " (day(*on)) " are not made yet (" (numbers_and_dates::plural(*agreements, "agreement")) " of " (shown(name.as_str())) "). " }
    })
}

fn last_night(visit: &Visit, invoice: NaiveDate, night: LastNight) -> Markup {
    let invoice = day(invoice);
    html! { @match night {
        LastNight::At(at) => { "The last night before the invoices of " (invoice) " is " b { (numbers_and_dates::minute(visit.desk.zone.local(at))) } ". What is answered until then is on them." },
        LastNight::Until(on) if on <= visit.desk.zone.day(visit.now) => { "The last night before the invoices of " (invoice) " is " b { "today's" } ", unless the host's timer has begun it already: after the last answer, Run now." },
        LastNight::Until(on) => { "The last night before the invoices of " (invoice) " begins on " b { (day(on)) } " at the latest. What is answered before it is on them." },
        LastNight::Over => { "No night is left that writes before the invoices of " (invoice) ": what is answered now is on later ones." },
    } }
}

fn switch(months: &[InvoiceMonth], asked: InvoiceMonth) -> Markup {
    html! {
        form.do.no-print method="get" action="/invoices" {
            label for="month" { "Month" }
            select id="month" name="month" { @for month in months {
                option value=(month.key()) selected[*month == asked] { (month.said()) }
            } }
            button.b { "Show" }
        }
    }
}

/// What is open now, as far as it fits.
fn in_the_way(visit: &Visit) -> Markup {
    let open = &visit.desk.waiting;
    html! {
        section aria-labelledby="way" {
            div.sec { h2 id="way" { "In the way" span.count { (open.len()) } } p.no-print { a href="/" { "Answer them" } } }
            div.sheet { table {
                thead { tr { th scope="col" { "line" } th scope="col" { "why" } th.n scope="col" { "billed" } th.n scope="col" { "wanted" } th.wide scope="col" { "open" } } }
                tbody { @for one in open.iter().take(LISTED) { (item(visit, one)) } }
            } }
            @if open.len() > LISTED { p.small.soft { "and " (open.len() - LISTED) " more" } }
        }
    }
}

fn item(visit: &Visit, one: &Waiting) -> Markup {
    let handle = one.finding.handle.as_deref().unwrap_or_default();
    let title = one.line.as_ref().map_or_else(|| one.title(), display_names::whose);
    let (billed, wanted) = units_of(visit, one);
    html! { tr {
        th scope="row" { span.line {
            @if handle.is_empty() { (title) } @else { a href={ "/items/" (handle) } { (title) } }
            @if let Some(line) = &one.line { " " span.rest { (display_names::product(line)) } }
        } }
        td.fit { (page_pieces::words_of(one.finding.code.as_str())) }
        td.n { (page_pieces::quantity(billed)) } td.n { b { (page_pieces::quantity(wanted)) } }
        td.wide { @if visit.desk.is_new(one) { "new" } @else if one.nights <= 1 { "today" } @else { (numbers_and_dates::plural(usize::try_from(one.nights).unwrap_or_default(), "night")) } }
    } }
}

/// What is billed and wanted of an open item: of its line, else of all lines that its customer is held with
/// for the same reason, or that wait for its service.
fn units_of(visit: &Visit, one: &Waiting) -> (Option<Quantity>, Option<Quantity>) {
    if let Some(line) = &one.line {
        return (line.was, line.wanted);
    }
    let Waiting { finding, integration, .. } = one;
    let plan = visit.desk.plan(integration).map(|plan| &plan.run);
    let is_of_it = |line: &&LineRecord| {
        let is_whose = |source: &Source| match &finding.customer {
            Some(customer) => source.customer == *customer,
            None => finding.code == Code::ServiceMissing && Some(&source.service) == finding.service.as_ref(),
        };
        line.reason == finding.code && line.sources.iter().any(is_whose)
    };
    let of_it: Vec<&LineRecord> = plan.map(lines).unwrap_or_default().iter().filter(is_of_it).collect();
    // One that is not known is no 0: there is no sum then.
    let sum = |units: fn(&LineRecord) -> Option<Quantity>| {
        let mut each = of_it.iter().map(|line| units(line));
        let first = each.next()??;
        each.try_fold(first, |sum, units| sum.checked_add(units?))
    };
    (sum(|line| line.was), sum(|line| line.wanted))
}
