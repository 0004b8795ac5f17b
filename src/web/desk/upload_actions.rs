//! A file that somebody brought: looked at, tried, kept or forgotten; and taken back.

use axum::http::StatusCode;

use crate::history::desk::events::DeskEvent;
use crate::reconcile::model::display_text::shown;
use crate::reconcile::model::ids::IntegrationName;
use crate::web::desk::action_outcome::{ActionOutcome, FormResponse};
use crate::web::desk::host::not_done::{NotDone, NotDoneKind};
use crate::web::desk::host::upload_host::PressedUpload;
use crate::web::desk::posted_fields::PostedFields;
use crate::web::desk::role_permissions::DeskAction;
use crate::web::desk::visit::Visit;
use crate::web::pages::exports;
use crate::web::site::PageError;

/// It was received; what it comes to is on the page.
pub(crate) fn received(visit: &Visit, fields: &PostedFields) -> ActionOutcome {
    let event = visit.event(DeskAction::Upload.as_str(), &shown(fields.get("file")));
    if fields.get("file").is_empty() && visit.site.host.staged(&visit.person.called).is_none() {
        let message = "no file was chosen".to_owned();
        let why = NotDone { kind: NotDoneKind::Wrong, message, fix: "go back and choose one".into() };
        return ActionOutcome::refused(visit, event, &why);
    }
    ActionOutcome::done("/export#pre", event)
}

/// The page with what it would come to tonight; nothing is stored.
pub(crate) fn try_out(visit: &Visit, fields: &PostedFields) -> Result<ActionOutcome, PageError> {
    let integration = meant(visit, fields)?;
    match visit.site.host.try_upload(&pressed(visit, fields), &integration) {
        Ok(drawn) => {
            let page = exports::tried(visit, &integration, &drawn);
            Ok(ActionOutcome { acted: FormResponse::Page(StatusCode::OK, Box::new(page)), events: Vec::new() })
        }
        Err(why) => {
            let event = visit.event(DeskAction::TryUpload.as_str(), integration.as_str());
            Ok(ActionOutcome::refused(visit, event, &why))
        }
    }
}

/// It is a candidate for the next night from now on.
pub(crate) fn keep(visit: &Visit, fields: &PostedFields) -> Result<ActionOutcome, PageError> {
    let integration = meant(visit, fields)?;
    let event = visit.event(DeskAction::KeepUpload.as_str(), integration.as_str());
    match visit.site.host.keep_upload(&pressed(visit, fields), &integration) {
        Ok(name) => {
            let event = DeskEvent { about: format!("{} for {integration}", shown(&name)), ..event };
            Ok(ActionOutcome::done(format!("/export?kept={integration}"), event))
        }
        Err(why) => Ok(ActionOutcome::refused(visit, event, &why)),
    }
}

/// It is not there any more.
pub(crate) fn forget(visit: &Visit, fields: &PostedFields) -> ActionOutcome {
    let event: DeskEvent = visit.event(DeskAction::ForgetUpload.as_str(), "");
    match visit.site.host.forget_upload(&pressed(visit, fields)) {
        Ok(name) => ActionOutcome::done("/export", DeskEvent { about: shown(&name), ..event }),
        Err(why) => ActionOutcome::refused(visit, event, &why),
    }
}

/// A kept file is no candidate for the next night any more.
pub(crate) fn take_back(visit: &Visit, fields: &PostedFields) -> Result<ActionOutcome, PageError> {
    let integration = meant(visit, fields)?;
    let event = visit.event(DeskAction::TakeBackUpload.as_str(), integration.as_str());
    match visit.site.host.take_back_upload(&integration, fields.get("shown")) {
        Ok(kept) => {
            let who = kept.who.map(|who| format!(", kept by {}", shown(&who))).unwrap_or_default();
            let event = DeskEvent { about: format!("{} for {integration}{who}", shown(&kept.name)), ..event };
            Ok(ActionOutcome::done(format!("/export?back={integration}"), event))
        }
        Err(why) => Ok(ActionOutcome::refused(visit, event, &why)),
    }
}

/// This person's file, as the form has it.
fn pressed<'a>(visit: &'a Visit, fields: &'a PostedFields) -> PressedUpload<'a> {
    PressedUpload { who: &visit.person.called, shown: fields.get("shown") }
}

fn meant(visit: &Visit, fields: &PostedFields) -> Result<IntegrationName, PageError> {
    let named = visit.desk.standings.iter().map(|standing| &standing.name);
    let mut meant = named.filter(|name| name.as_str() == fields.get("integration"));
    meant.next().cloned().ok_or(PageError::Nothing)
}
