//! Products for one service.

use maud::{Markup, html};

use crate::reconcile::model::display_text::{escaped, shown};
use crate::reconcile::model::ids::ProductCode;
use crate::reconcile::model::mapping::ServiceRule;
use crate::report::numbers_and_dates;
use crate::web::desk::host::not_done::NotDone;
use crate::web::desk::host::services_host::{KnownService, ProductChoice};
use crate::web::desk::role_permissions::DeskAction;
use crate::web::desk::visit::Visit;
use crate::web::pages::frame::{RailEntry, frame, token};
use crate::web::pages::page_pieces;
use crate::web::pages::services::billed_as;
use crate::web::site::PageError;

pub(crate) fn page(visit: &Visit) -> Result<Markup, PageError> {
    let services = visit.site.host.services().map_err(PageError::Broken)?;
    let service = services.into_iter().find(|one| one.handle == visit.part("handle")).ok_or(PageError::Nothing)?;
    let main = html! {
        (head(&service))
        @if visit.may(DeskAction::TryService) { (picker(visit, &service)) }
        @else { (page_pieces::note("plain", "You may read.", html! { "Choosing products is for operators." })) }
    };
    Ok(frame(visit, RailEntry::Services, &shown(service.name.as_str()), &main))
}

pub(crate) fn head(service: &KnownService) -> Markup {
    html! { header.head { div {
        p.over { a href={ "/services?i=" (service.integration) } { "Services" } " · " code { (service.handle) } " · " (shown(service.integration.as_str())) }
        h1 { (shown(service.name.as_str())) }
        p.lead { "Billed as " (billed_as(service)) ", " (numbers_and_dates::plural(service.customers, "customer")) ", " (service.units.normalize()) " units." @if !service.beside.is_empty() { " Beside it its file says: " (escaped(&service.beside.join(", "))) "." } }
    } } }
}

fn picker(visit: &Visit, service: &KnownService) -> Markup {
    let typed = visit.query.get("q");
    if visit.query.get("again") == "1" {
        visit.site.host.read_again(&service.integration);
    }
    let (address, found) = (format!("/services/{}", service.handle), visit.site.host.products(service, typed));
    html! {
        div.panel.stack {
            form.filters role="search" method="get" action=(address) {
                label.sr for="sq" { "Identifier or description" }
                input id="sq" type="search" name="q" placeholder="Identifier or description" value=(typed) autocomplete="off"
                    hx-get=(address) hx-trigger="input changed delay:250ms" hx-select="#found" hx-target="#found" hx-swap="outerHTML";
                button.b { "Search" }
            }
            form.stack method="post" action=(DeskAction::TryService.path().replace("{handle}", &service.handle)) { (token(visit))
                fieldset { legend { "Products of the catalog" } (current(service)) (choices(visit, service, &found, typed))
                    p.hint { "Several products are a bundle: each is a line of its own with the same count." } }
                div.do { button.b.act { "What would it change?" } button.b name="state" value="not-assigned" { "Not assigned…" } button.b.quiet name="state" value="deprecated" { "Deprecated…" } }
                p.small.soft { "It reads the export and ConnectWise as a dry run does, and stores nothing." }
            }
        }
    }
}

fn billed(service: &KnownService) -> &[ProductCode] {
    match &service.rule {
        Some(ServiceRule::Billed(billed)) => &billed.products,
        _ => &[],
    }
}

/// What it is billed as now stays ticked, whatever is searched for.
fn current(service: &KnownService) -> Markup {
    html! { @for product in billed(service) {
        label.choice { input type="checkbox" name="product" value=(product) checked; span { b { (shown(product.as_str())) } span.rest { "as it is billed now" } } span {} }
    } }
}

fn choices(visit: &Visit, service: &KnownService, found: &Result<Vec<ProductChoice>, NotDone>, typed: &str) -> Markup {
    let found = match found {
        Ok(found) => found,
        Err(why) => {
            let told = html! { (escaped(&why.message)) (page_pieces::ways(visit, &why.fix)) };
            return html! { div #found { (page_pieces::note("bad", "ConnectWise cannot be asked.", told)) } };
        }
    };
    let others = found.iter().filter(|one| !billed(service).contains(&one.product));
    html! { div #found {
        @if found.is_empty() { p.hint { "No product fits: search by another word." } }
        @for one in others { @match one.off {
            Some(off) => div.choice.off { span {} span { b { (shown(one.product.as_str())) } span.rest { (off) } } },
            None => label.choice { input type="checkbox" name="product" value=(one.product);
                span { b { (shown(one.product.as_str())) } span.rest { (shown(&one.description)) } } span.small.soft { (escaped(&one.why)) } },
        } }
        (page_pieces::read_again(&format!("/services/{}", service.handle), &[("q", typed)]))
    } }
}
