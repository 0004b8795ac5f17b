//! Every customer of the newest plans, and those that bill nothing because nobody has mapped them.

use std::collections::BTreeMap;

use maud::{Markup, html};

use crate::reconcile::model::display_text::{escaped, shown};
use crate::reconcile::model::plan::code::Code;
use crate::reconcile::model::plan::outcome::Outcome;
use crate::report::commands::held::Waiting;
use crate::report::{lines, names, words};
use crate::web::desk::visit::Visit;
use crate::web::pages::frame::{RailEntry, frame};
use crate::web::pages::pieces;
use crate::web::site::Missing;

/// Customers that are listed at once.
const LISTED: usize = 500;

/// What is said of a customer in the list.
#[derive(Default)]
struct Row {
    lines: usize,
    held: usize,
}

pub(crate) fn page(visit: &Visit) -> Result<Markup, Missing> {
    let typed = visit.query.get("q").trim().to_lowercase();
    let mut customers: BTreeMap<&str, Row> = BTreeMap::new();
    for line in visit.desk.plans.iter().flat_map(|plan| lines(&plan.run)) {
        for customer in names::customers(line) {
            let row = customers.entry(customer.as_str()).or_default();
            row.lines += 1;
            row.held += usize::from(line.outcome == Outcome::Held);
        }
    }
    customers.retain(|name, _| typed.is_empty() || name.to_lowercase().contains(&typed));
    let of_mapping = |one: &&Waiting| matches!(one.finding.code, Code::CustomerUnmapped | Code::ServiceUnmapped);
    let unmapped: Vec<&Waiting> = visit.desk.waiting.iter().filter(of_mapping).collect();
    let main = html! {
        header.head { div { h1 { "Customers" } p.lead { (words::plural(customers.len(), "customer")) " in the newest plans." } } }
        @if !unmapped.is_empty() { (not_mapped(&unmapped)) }
        form.filters role="search" aria-label="Filter" action="/customers" {
            label.sr for="cf" { "Customer" } input id="cf" type="search" name="q" placeholder="Customer" value=(visit.query.get("q"));
            button.b { "Filter" }
        }
        @if customers.is_empty() { (pieces::empty("No customer fits this filter", "")) } @else { (table(&customers)) }
    };
    Ok(frame(visit, RailEntry::Customers, "Customers", &main))
}

fn not_mapped(unmapped: &[&Waiting]) -> Markup {
    html! {
        section aria-labelledby="un" {
            div.sec { h2 id="un" { "Not mapped " span.count { (unmapped.len()) } } p { "Nothing is billed for them." } }
            div.rows { div.items.nopick { @for one in unmapped {
                @let handle = one.finding.handle.as_deref().unwrap_or_default();
                article.row {
                    (pieces::sign("ask", '?'))
                    h3 { a href={ "/items/" (handle) } { (one.title()) } span.rest { (shown(one.integration.as_str())) } }
                    p.why { (escaped(&one.finding.message)) }
                    p.since { code { (handle) } } p.step {}
                    div { (pieces::ways(&one.finding.fix)) }
                }
            } } }
        }
    }
}

fn table(customers: &BTreeMap<&str, Row>) -> Markup {
    html! {
        div.sheet { table {
            caption.sr { "Customers" }
            thead { tr { th scope="col" { "customer" } th.n scope="col" { "lines" } th.n scope="col" { "held" } } }
            tbody { @for (name, row) in customers.iter().take(LISTED) { tr {
                th scope="row" { a href=(pieces::customer_address(name)) { (shown(name)) } }
                td.n { (row.lines) }
                td.n { @if row.held > 0 { span.hot.ask { (row.held) } } @else { span.zero { "0" } } }
            } } }
        } }
        @if customers.len() > LISTED { p.small.soft { "and " (customers.len() - LISTED) " more: type a part of the name" } }
    }
}
