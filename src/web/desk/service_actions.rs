//! What a service is billed as: what was pressed, checked for sense, tried out, and handed on.

use axum::http::StatusCode;

use crate::history::desk::events::DeskEvent;
use crate::reconcile::model::display_text::escaped;
use crate::reconcile::model::ids::ProductCode;
use crate::web::desk::action_outcome::{ActionOutcome, FormResponse};
use crate::web::desk::host::not_done::{NotDone, NotDoneKind};
use crate::web::desk::host::services_host::{KnownService, PressedChoice, ServiceChange};
use crate::web::desk::posted_fields::PostedFields;
use crate::web::desk::role_permissions::DeskAction;
use crate::web::desk::visit::Visit;
use crate::web::pages::services::tried_choice;
use crate::web::site::PageError;

/// Products of one service, at most.
const PRODUCTS_MOST: usize = 20;

/// The page with what the choice would change; nothing is stored.
pub(crate) fn try_out(visit: &Visit, fields: &PostedFields) -> Result<ActionOutcome, PageError> {
    let service = meant(visit)?;
    let event = visit.event(DeskAction::TryService.as_str(), &about(&service));
    let choice = match pressed(fields) {
        Ok(choice) => choice,
        Err(why) => return Ok(ActionOutcome::refused(visit, event, &why)),
    };
    match visit.site.host.try_service(&service, &choice) {
        Ok(drawn) => {
            let page = tried_choice::page(visit, &service, &choice, &drawn);
            Ok(ActionOutcome { acted: FormResponse::Page(StatusCode::OK, Box::new(page)), events: Vec::new() })
        }
        Err(why) => Ok(ActionOutcome::refused(visit, event, &why)),
    }
}

/// The choice is written into the services' file.
pub(crate) fn save(visit: &Visit, fields: &PostedFields) -> Result<ActionOutcome, PageError> {
    let service = meant(visit)?;
    let event = visit.event(DeskAction::SaveService.as_str(), &about(&service));
    let choice = match pressed(fields) {
        Ok(choice) => choice,
        Err(why) => return Ok(ActionOutcome::refused(visit, event, &why)),
    };
    let lost = service.lost_by(&choice);
    let lost = if lost.is_empty() { String::new() } else { format!(", without {}", escaped(&lost.join(", "))) };
    let event =
        DeskEvent { about: format!("{} → {}{lost}", event.about, tried_choice::choice_text(&choice)), ..event };
    let change = ServiceChange { handle: service.handle.clone(), shown: fields.get("shown").to_owned(), choice };
    match visit.site.host.set_service(&visit.person.called, &change) {
        Ok(()) => Ok(ActionOutcome::done(format!("/services?i={}&saved=1", service.integration), event)),
        Err(why) => Ok(ActionOutcome::refused(visit, event, &why)),
    }
}

fn meant(visit: &Visit) -> Result<KnownService, PageError> {
    let services = visit.site.host.services().map_err(PageError::Broken)?;
    services.into_iter().find(|one| one.handle == visit.part("handle")).ok_or(PageError::Nothing)
}

fn about(service: &KnownService) -> String {
    format!("{} of {}", service.name, service.integration)
}

fn pressed(fields: &PostedFields) -> Result<PressedChoice, NotDone> {
    match fields.get("state") {
        "not-assigned" => return Ok(PressedChoice::NotAssigned),
        "deprecated" => return Ok(PressedChoice::Deprecated),
        _ => {}
    }
    let products: Vec<&str> = fields.all("product").map(str::trim).filter(|one| !one.is_empty()).collect();
    match products.len() {
        0 => Err(wrong("no product was chosen")),
        some if some > PRODUCTS_MOST => Err(wrong("too many products were chosen")),
        _ => Ok(PressedChoice::Products(products.into_iter().map(ProductCode::new).collect())),
    }
}

fn wrong(message: &str) -> NotDone {
    NotDone { kind: NotDoneKind::Wrong, message: message.to_owned(), fix: "go back and choose again".into() }
}
