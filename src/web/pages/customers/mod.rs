//! Every customer: those whom nobody has mapped, with guesses, and what the rows of customers.csv say.

pub(crate) mod company_picker;
mod customer_numbers;
mod customer_terms;
pub(crate) mod one_customer;
pub(crate) mod unmapped;
pub(crate) mod versions;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use maud::{Markup, html};

use crate::reconcile::model::decision::DecisionSubject;
use crate::reconcile::model::display_text::{escaped, shown};
use crate::reconcile::model::mapping::CustomerTarget;
use crate::reconcile::model::plan::handle;
use crate::report::numbers_and_dates;
use crate::report::open_items::decided;
use crate::web::desk::host::mapping_host::MappedCustomer;
use crate::web::desk::role_permissions::DeskAction;
use crate::web::desk::visit::Visit;
use crate::web::pages::customers::customer_numbers::{AllNumbers, CustomerNumbers};
use crate::web::pages::frame::{RailEntry, frame};
use crate::web::pages::page_pieces;
use crate::web::site::PageError;

/// Customers of a page.
const LISTED: usize = 100;

/// Whether a customer is shown.
type Fits = fn(&MappedCustomer, CustomerNumbers) -> bool;

const STATES: [(&str, &str, Fits); 6] = [
    ("", "All", |_, _| true),
    ("mapped", "Mapped", |one, _| matches!(one.target, Some(CustomerTarget::Company { .. }))),
    ("skipped", "Skipped", |one, _| one.target == Some(CustomerTarget::Skip)),
    ("unmapped", "Not mapped", |one, _| one.is_unmapped),
    ("missing", "Not in the export", |one, _| !one.is_counted),
    ("open", "With open items", |_, numbers| numbers.open > 0),
];

pub(crate) fn page(visit: &Visit) -> Result<Markup, PageError> {
    if visit.query.get("again") == "1" && visit.may(DeskAction::Map) {
        visit.desk.standings.iter().for_each(|standing| visit.site.host.read_again(&standing.name));
    }
    // What is looked up for the guesses has the names of the others, too.
    let guesses = visit.site.host.guesses(visit.query.get("look") == "1");
    let customers = visit.site.host.customers().map_err(PageError::Broken)?;
    let unmapped: Vec<&MappedCustomer> = customers.iter().filter(|one| one.is_unmapped).collect();
    let count = |fits: Fits| customers.iter().filter(|one| fits(one, CustomerNumbers::default())).count();
    let main = html! {
        header.head { div {
            p.over { "From customers.csv and the newest plans" } h1 { "Customers" }
            p.lead { (numbers_and_dates::plural(customers.len(), "customer")) ": " (count(STATES[1].2)) " mapped, " (count(STATES[2].2)) " skipped on purpose, " (unmapped.len()) " not mapped and billed nothing." }
        } }
        @if let Ok(mapped) = visit.query.get("mapped").parse::<usize>() { (page_pieces::note("good", "Mapped.", html! { (numbers_and_dates::plural(mapped, "row")) " of customers.csv added under your name. The next plan uses them." })) }
        @if !unmapped.is_empty() { (unmapped::sections(visit, &unmapped, &guesses)) }
        (all(visit, &customers)?)
        p.small { "Versions of customers.csv: " @for (at, standing) in visit.desk.standings.iter().enumerate() { @if at > 0 { ", " } a href={ "/versions/" (standing.name.as_str()) } { (shown(standing.name.as_str())) } } }
    };
    Ok(frame(visit, RailEntry::Customers, "Customers", &main))
}

fn all(visit: &Visit, customers: &[MappedCustomer]) -> Result<Markup, PageError> {
    let (asked, typed) = (visit.query.get("s"), visit.query.get("q").trim().to_lowercase());
    let of = visit.query.get("i");
    let (state, _, fits) = STATES.iter().find(|(word, ..)| *word == asked).unwrap_or(&STATES[0]);
    let numbers = AllNumbers::of(&visit.desk);
    let row = |one: &MappedCustomer| numbers.of_customer(one);
    let of_it = || customers.iter().filter(|one| of.is_empty() || one.integration.as_str() == of);
    let named = |one: &MappedCustomer| {
        let company = one.company.as_deref().unwrap_or_default().to_lowercase();
        typed.is_empty() || one.name.as_str().to_lowercase().contains(&typed) || company.contains(&typed)
    };
    let found: Vec<(&MappedCustomer, CustomerNumbers)> =
        of_it().map(|one| (one, row(one))).filter(|(one, row)| fits(one, *row) && named(one)).collect();
    let page = page_pieces::asked_page(visit);
    let shown_rows: Vec<_> = found.iter().skip((page - 1) * LISTED).take(LISTED).copied().collect();
    let rows = table(visit, &shown_rows)?;
    Ok(html! {
        section aria-labelledby="all" {
            div.sec { h2 id="all" { "All customers " span.count { (found.len()) } } }
            form.filters role="search" aria-label="Filter" action="/customers" {
                input type="hidden" name="s" value=(state);
                label.sr for="cf" { "Customer or company" } input id="cf" type="search" name="q" placeholder="Customer or company" value=(visit.query.get("q"));
                @if visit.desk.standings.len() > 1 {
                    label.sr for="ci" { "Integration" }
                    select id="ci" name="i" { option value="" { "All integrations" } @for standing in &visit.desk.standings {
                        option value=(standing.name.as_str()) selected[standing.name.as_str() == of] { (shown(standing.name.as_str())) }
                    } }
                }
                button.b { "Filter" }
                ul.seg aria-label="State" { @for (word, title, fits) in STATES {
                    li { a href={ "/customers?" (query(&[("s", word), ("i", of), ("q", visit.query.get("q"))])) } aria-current=[(word == *state).then_some("true")] { (title) " " small { (of_it().filter(|one| fits(one, row(one))).count()) } } }
                } }
            }
            @if found.is_empty() { (page_pieces::empty("No customer fits this filter", "")) } @else { (rows) (pager(visit, state, page, found.len())) }
        }
    })
}

fn noted(one: &MappedCustomer) -> Markup {
    html! { @if !one.note.is_empty() { span.rest { (shown(&one.note)) } } }
}

/// What was said of customers that somebody ignores, by handle: who, until when and why.
fn ignored(visit: &Visit) -> BTreeMap<String, String> {
    let today = visit.desk.zone.day(visit.now);
    let holds = decided(&visit.desk.plans, |_| today).into_iter().filter(|one| one.holds);
    let by_handle = holds.filter_map(|one| match &one.matter {
        DecisionSubject::Customer(name) => {
            let handle = handle::of_customer(&one.integration, name);
            Some((handle, escaped(&one.decision.sentence())))
        }
        _ => None,
    });
    by_handle.collect()
}

/// What is not chosen is left out; the state is not, as "all" is one.
fn query(pairs: &[(&str, &str)]) -> String {
    let pairs = pairs.iter().filter(|(name, value)| *name == "s" || !value.is_empty());
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

fn table(visit: &Visit, rows: &[(&MappedCustomer, CustomerNumbers)]) -> Result<Markup, PageError> {
    let shown_customers: Vec<&MappedCustomer> = rows.iter().map(|(one, _)| *one).collect();
    let (ignored, changed) = (ignored(visit), customer_numbers::last_changes(visit, &shown_customers)?);
    let day = |at: DateTime<Utc>| numbers_and_dates::day(visit.desk.zone.local(at));
    Ok(html! { div.sheet { table {
        caption.sr { "Customers" }
        thead { tr { th scope="col" { "customer" } th.wide scope="col" { "company" } th.wide scope="col" { "agreement" } th.wide scope="col" { "integration" } th.n.wide scope="col" { "lines" } th.n scope="col" { "units" } th.n scope="col" { "open" } th.wide.nb scope="col" { "last change" } th scope="col" { span.sr { "change" } } } }
        tbody { @for (one, row) in rows { @let (company, agreement) = billed_to(one, &ignored); tr {
            th scope="row" { @if row.lines > 0 { a href=(page_pieces::customer_address(one.name.as_str())) { (shown(one.name.as_str())) } } @else { (shown(one.name.as_str())) } span.rest.narrow { (company) } }
            td.wide { (company) } td.wide.nb { (agreement) }
            td.wide.small { (shown(one.integration.as_str())) }
            td.n.wide { (row.lines) }
            td.n { @match row.units { Some(units) => (units.normalize()), None => (page_pieces::quantity(None)) } }
            td.n { @if row.open > 0 { span.hot.ask { (row.open) } } @else { span.zero { "0" } } }
            td.wide.nb { @match changed.get(one.handle.as_str()) { Some(at) => (day(*at)), None => (page_pieces::quantity(None)) } }
            td.nb { a href={ "/mapping/" (one.handle) } { "Change" span.sr { " " (shown(one.name.as_str())) } } }
        } } }
    } } })
}

/// The company of a customer, or why it has none, and the agreement.
fn billed_to(one: &MappedCustomer, ignored: &BTreeMap<String, String>) -> (Markup, Markup) {
    let none = || html! {};
    match &one.target {
        Some(CustomerTarget::Company { company, agreement }) => (
            html! { @if let Some(name) = &one.company { (shown(name)) " " } small { (company) } },
            html! { @match agreement { Some(agreement) => (agreement), None => span.soft { "the default" } } },
        ),
        Some(CustomerTarget::Skip) => (html! { span.tag { "skipped" } (noted(one)) }, none()),
        None if ignored.contains_key(&one.handle) => {
            (html! { span.tag { "ignored" } span.rest { (ignored[&one.handle]) } }, none())
        }
        None if one.is_unmapped => (html! { span.tag.ask { "not mapped" } }, none()),
        None => (html! { span.soft { "by its name" } }, none()),
    }
}

fn pager(visit: &Visit, state: &str, page: usize, found: usize) -> Markup {
    let to = |page: usize| {
        format!(
            "/customers?{}",
            query(&[
                ("s", state),
                ("i", visit.query.get("i")),
                ("q", visit.query.get("q")),
                ("page", &page.to_string())
            ])
        )
    };
    html! { @if found > LISTED { nav.pager aria-label="Pages" {
        span { "page " (page) " of " (found.div_ceil(LISTED)) }
        @if page > 1 { a href=(to(page - 1)) { "Back" } }
        @if page * LISTED < found { a href=(to(page + 1)) { "On" } }
    } } }
}
