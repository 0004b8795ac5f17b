//! What a customer's lines follow from: its row, what was agreed, and what people answered.

use std::collections::BTreeSet;

use maud::{Markup, html};

use crate::reconcile::model::decision::DecisionSubject;
use crate::reconcile::model::display_text::{escaped, shown};
use crate::reconcile::model::ids::{CustomerName, IntegrationName, ServiceName};
use crate::report::command_output::held_output::AnsweredItem;
use crate::report::lines;
use crate::report::open_items::decided;
use crate::web::desk::host::mapping_host::{AgreedPolicy, MappedCustomer};
use crate::web::desk::role_permissions::DeskAction;
use crate::web::desk::visit::Visit;
use crate::web::pages::customers::company_picker;
use crate::web::pages::today::answered::slip;
use crate::web::site::PageError;

/// The panels of this customer.
pub(super) fn panels(visit: &Visit, customer: &CustomerName) -> Result<Markup, PageError> {
    let customers = visit.site.host.customers().map_err(PageError::Broken)?;
    let rows: Vec<&MappedCustomer> = customers.iter().filter(|one| one.name == *customer).collect();
    let agreed = visit.site.host.agreed(customer).map_err(PageError::Broken)?;
    let counted = counted(visit, customer);
    let of_it = |one: &&AgreedPolicy| match &one.service {
        Some(service) => one.is_own || counted.contains(&(&one.integration, service)),
        None => rows.iter().any(|row| row.integration == one.integration),
    };
    let agreed: Vec<&AgreedPolicy> = agreed.iter().filter(of_it).collect();
    Ok(html! {
        div.half { (mapping(visit, &rows)) (policies(&agreed)) }
        (answers(visit, customer))
    })
}

/// The services that the newest plans have of it.
fn counted<'a>(visit: &'a Visit, customer: &CustomerName) -> BTreeSet<(&'a IntegrationName, &'a ServiceName)> {
    let each = visit.desk.plans.iter().flat_map(|plan| {
        let sources = lines(&plan.run).iter().flat_map(|line| &line.sources);
        let own = sources.filter(|source| source.customer == *customer);
        own.map(|source| (&plan.run.integration, &source.service))
    });
    each.collect()
}

fn mapping(visit: &Visit, rows: &[&MappedCustomer]) -> Markup {
    html! {
        section.panel aria-labelledby="mp" {
            h2 id="mp" { "Mapping" }
            dl.facts { @for row in rows {
                dt { (shown(row.integration.as_str())) }
                dd {
                    (company_picker::standing(row)) @if !row.note.is_empty() { " “" (shown(&row.note)) "”" } " "
                    a href={ "/mapping/" (row.handle) } { @if visit.may(DeskAction::Map) { "Change…" } @else { "Its row" } span.sr { " " (shown(row.integration.as_str())) } }
                    " · " a href={ "/versions/" (row.integration.as_str()) } { "versions" span.sr { " of " (shown(row.integration.as_str())) } }
                }
            } }
        }
    }
}

fn policies(agreed: &[&AgreedPolicy]) -> Markup {
    html! {
        section.panel aria-labelledby="po" {
            h2 id="po" { "Policies" }
            @if agreed.is_empty() { p { "None: what is counted is billed." } }
            @else { dl.facts { @for one in agreed {
                dt { @match &one.service { Some(service) => { (shown(service.as_str())) }, None => "every line" } }
                dd { (escaped(&one.said)) span.rest { (shown(one.integration.as_str())) @if one.is_own { ", with this customer alone" } } }
            } } }
            p.small.soft { "Policies stand in recount.toml; an administrator changes them." }
        }
    }
}

fn answers(visit: &Visit, customer: &CustomerName) -> Markup {
    let today = visit.desk.zone.day(visit.now);
    let about = |one: &AnsweredItem| match (&one.line, &one.matter) {
        (Some(line), _) => line.sources.iter().any(|source| source.customer == *customer),
        (None, DecisionSubject::Customer(name) | DecisionSubject::Duplicate(name, _)) => name == customer,
        _ => false,
    };
    let given: Vec<AnsweredItem> = decided(&visit.desk.plans, |_| today).into_iter().filter(about).collect();
    html! { @if !given.is_empty() {
        section aria-labelledby="an" {
            div.sec { h2 id="an" { "Answers " span.count { (given.len()) } } }
            div.rows { @for one in &given { (slip(visit, one, None)) } }
        }
    } }
}
