//! Products for one service, and what they would change before they are saved.

use maud::{Markup, html};

use crate::history::run_record::{LineRecord, RunRecord};
use crate::reconcile::model::display_text::{escaped, shown};
use crate::reconcile::model::ids::ProductCode;
use crate::reconcile::model::mapping::ServiceRule;
use crate::report::{display_names, lines, numbers_and_dates};
use crate::web::desk::host::services_host::{KnownService, PressedChoice, ProductChoice};
use crate::web::desk::role_permissions::DeskAction;
use crate::web::desk::visit::Visit;
use crate::web::pages::frame::{RailEntry, frame, token};
use crate::web::pages::services::billed_as;
use crate::web::pages::{page_pieces, plan};
use crate::web::site::PageError;

/// Lines that are listed of a trial.
const LINES: usize = 100;

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

fn head(service: &KnownService) -> Markup {
    html! { header.head { div {
        p.over { a href={ "/services?i=" (service.integration) } { "Services" } " · " code { (service.handle) } " · " (shown(service.integration.as_str())) }
        h1 { (shown(service.name.as_str())) }
        p.lead { "Billed as " (billed_as(service)) ", " (numbers_and_dates::plural(service.customers, "customer")) ", " (service.units.normalize()) " units." }
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

fn choices(
    visit: &Visit,
    service: &KnownService,
    found: &Result<Vec<ProductChoice>, crate::web::desk::host::not_done::NotDone>,
    typed: &str,
) -> Markup {
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

/// A choice in words.
pub(crate) fn choice_text(choice: &PressedChoice) -> String {
    match choice {
        PressedChoice::NotAssigned => "not assigned".to_owned(),
        PressedChoice::Deprecated => "deprecated".to_owned(),
        PressedChoice::Products(products) => {
            products.iter().map(|product| shown(product.as_str())).collect::<Vec<_>>().join(", ")
        }
    }
}

/// What a choice would change, and the button that saves it.
pub(crate) fn tried(visit: &Visit, service: &KnownService, choice: &PressedChoice, drawn: &RunRecord) -> Markup {
    let of_it = |line: &&LineRecord| {
        line.sources.iter().any(|source| source.service == service.name && !source.lines.is_empty())
    };
    let of_it: Vec<&LineRecord> = lines(drawn).iter().filter(of_it).collect();
    let main = html! {
        (head(service))
        @if let Some(end) = &drawn.end { (page_pieces::stops(visit, drawn, end)) }
        section aria-labelledby="eff" {
            div.sec { h2 id="eff" { "What it would change" } p { "Drawn now from the newest export; nothing was written." } }
            @if of_it.is_empty() { (page_pieces::empty("No line of it", "Nobody has this service tonight, or nothing is billed for it.")) } @else { div.sheet { table {
                thead { tr { th scope="col" { "line" } th.n scope="col" { "billed" } th.n scope="col" { "wanted" } th scope="col" { "it would" } } }
                tbody { @for line in of_it.iter().take(LINES) { tr {
                    th scope="row" { (display_names::line(line)) }
                    td.n { (page_pieces::quantity(line.was)) } td.n { b { (page_pieces::quantity(line.wanted)) } }
                    td { @if plan::would_change(line) && !line.is_large() { b { (line.outcome) } } @else { (line.outcome) } ", " (page_pieces::words_of(line.reason.as_str())) }
                } } }
            } } @if of_it.len() > LINES { p.small.soft { "and " (of_it.len() - LINES) " more" } } }
        }
        @if let PressedChoice::Products(_) = choice {} @else { p.small { "What is billed for it now stays on the agreements: recount asks about each such line." } }
        form.bar method="post" action=(DeskAction::SaveService.path().replace("{handle}", &service.handle)) { (token(visit))
            input type="hidden" name="shown" value=(service.as_shown());
            @match choice {
                PressedChoice::Products(products) => { @for product in products { input type="hidden" name="product" value=(product); } },
                PressedChoice::NotAssigned => input type="hidden" name="state" value="not-assigned";,
                PressedChoice::Deprecated => input type="hidden" name="state" value="deprecated";,
            }
            p { b { (shown(service.name.as_str())) ": " (choice_text(choice)) "." } " " span.small { "Changes one line of the services' file under your name; the version before it is kept." } }
            div.do { button.b.act { "Save" } a.b href={ "/services/" (service.handle) } { "Back" } }
        }
    };
    frame(visit, RailEntry::Services, &shown(service.name.as_str()), &main)
}
