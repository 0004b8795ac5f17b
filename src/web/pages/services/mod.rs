//! What each service of an export is billed as.

pub(crate) mod product_picker;
pub(crate) mod tried_choice;

use maud::{Markup, html};

use crate::reconcile::model::display_text::{escaped, shown};
use crate::reconcile::model::ids::ProductCode;
use crate::reconcile::model::mapping::ServiceRule;
use crate::report::numbers_and_dates;
use crate::web::desk::host::services_host::KnownService;
use crate::web::desk::visit::Visit;
use crate::web::pages::frame::{RailEntry, frame};
use crate::web::pages::page_pieces;
use crate::web::site::PageError;

/// Services that are listed.
const LISTED: usize = 300;

pub(crate) fn page(visit: &Visit) -> Result<Markup, PageError> {
    let all = visit.site.host.services().map_err(PageError::Broken)?;
    let standings = &visit.desk.standings;
    let asked = visit.query.get("i");
    let chosen = standings.iter().map(|one| one.name.as_str()).find(|name| *name == asked);
    let chosen = chosen.or(standings.first().map(|one| one.name.as_str())).unwrap_or_default();
    let own: Vec<&KnownService> = all.iter().filter(|one| one.integration.as_str() == chosen).collect();
    let (new, known): (Vec<&KnownService>, Vec<&KnownService>) = own.iter().partition(|one| one.rule.is_none());
    let main = html! {
        header.head {
            div {
                p.over { "What each service of an export is billed as" } h1 { "Services" }
                p.lead { (numbers_and_dates::plural(own.len(), "service")) " of " (shown(chosen)) (kinds(&own)) "." }
            }
            @if standings.len() > 1 { ul.seg aria-label="Integration" { @for standing in standings {
                @let name = standing.name.as_str();
                li { a href={ "/services?i=" (name) } aria-current=[(name == chosen).then_some("true")] { (shown(name)) } }
            } } }
        }
        @if visit.query.get("saved") == "1" { (page_pieces::note("good", "Saved.", html! { "The services' file was changed under your name, and the version before it is kept. The next plan uses it." })) }
        @if own.first().is_some_and(|one| !one.has_file) { (page_pieces::note("plain", "Its services stand in recount.toml.", html! { "The desk does not change that file: with services_file = \"services.toml\" in its place they are edited here. Until then each choice shows the line to write." })) }
        @if !new.is_empty() { (section("new", "Without a product", "Nothing is billed for them", &new)) }
        @if known.is_empty() { (page_pieces::empty("No service is mapped", "")) } @else { (section("all", "All services", "", &known)) }
        p.small { a href={ "/versions/" (chosen) } { "Versions of its files" } }
    };
    Ok(frame(visit, RailEntry::Services, "Services", &main))
}

fn section(id: &str, title: &str, said: &str, services: &[&KnownService]) -> Markup {
    html! {
        section aria-labelledby=(id) {
            div.sec { h2 id=(id) { (title) " " span.count { (services.len()) } } p { (said) } }
            div.sheet { table {
                thead { tr { th scope="col" { "service" } th scope="col" { "billed as" } th.n.wide scope="col" { "customers" } th.n.wide scope="col" { "units" } th.wide scope="col" { "state" } th scope="col" { span.sr { "change" } } } }
                tbody { @for one in services.iter().take(LISTED) { tr {
                    th scope="row" { (shown(one.name.as_str())) }
                    td { (products(one)) @if !is_billed(one) { span.rest.narrow { (state(one)) } } }
                    td.n.wide { (one.customers) } td.n.wide { (one.units.normalize()) }
                    td.wide { (state(one)) @if !one.beside.is_empty() { span.rest { (escaped(&one.beside.join(", "))) } } }
                    td.nb { a href={ "/services/" (one.handle) } { @if one.rule.is_none() { "Choose…" } @else { "Change" } span.sr { " " (shown(one.name.as_str())) } } }
                } } }
            } }
        }
    }
}

fn is_billed(service: &KnownService) -> bool {
    matches!(service.rule, Some(ServiceRule::Billed(_)))
}

/// `: 4 with a product, 1 without`: how many there are of each kind.
fn kinds(services: &[&KnownService]) -> String {
    let kind = |service: &KnownService| match &service.rule {
        Some(ServiceRule::Billed(_)) => 0,
        Some(ServiceRule::Deprecated { .. }) => 1,
        Some(ServiceRule::NotAssigned) => 2,
        None => 3,
    };
    let words = ["with a product", "deprecated", "not assigned on purpose", "without a product and billed nothing"];
    let counts = words.iter().enumerate().map(|(at, words)| {
        let many = services.iter().filter(|service| kind(service) == at).count();
        (many, words)
    });
    let told: Vec<String> =
        counts.filter(|(many, _)| *many > 0).map(|(many, words)| format!("{many} {words}")).collect();
    if told.is_empty() { String::new() } else { format!(": {}", told.join(", ")) }
}

fn products(service: &KnownService) -> Markup {
    if is_billed(service) {
        billed_as(service)
    } else {
        html! { span.soft { "nothing" } }
    }
}

/// How it stands: what is to be looked at has a colour.
fn state(service: &KnownService) -> Markup {
    match &service.rule {
        Some(ServiceRule::Billed(billed)) if billed.products.len() > 1 => html! { "mapped, a bundle" },
        Some(ServiceRule::Billed(_)) => html! { "mapped" },
        Some(_) => billed_as(service),
        None => html! { span.tag.ask { "no product" } },
    }
}

pub(crate) fn billed_as(service: &KnownService) -> Markup {
    match &service.rule {
        None => html! { span.tag.ask { "nothing" } },
        Some(ServiceRule::NotAssigned) => html! { span.tag { "not assigned" } span.rest { "on purpose" } },
        Some(ServiceRule::Deprecated { .. }) if service.customers > 0 => {
            html! { span.tag.ask { "deprecated, still used" } }
        }
        Some(ServiceRule::Deprecated { .. }) => html! { span.tag { "deprecated" } },
        Some(ServiceRule::Billed(billed)) => {
            let products: Vec<String> = billed.products.iter().map(ProductCode::as_str).map(shown).collect();
            html! { (products.join(", ")) @if products.len() > 1 { span.rest { "a bundle: a line for each, with one count" } } }
        }
    }
}
