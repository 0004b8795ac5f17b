//! Runs that are begun on the desk: nights, dry runs, approved plans, undos; and the modes of integrations.

use axum::http::StatusCode;

use crate::history::desk::events::DeskEvent;
use crate::reconcile::model::plan::fingerprint::short;
use crate::reconcile::model::plan::outcome::Mode;
use crate::report::lines;
use crate::web::desk::action_outcome::{ActionOutcome, FormResponse};
use crate::web::desk::host::DeskRun;
use crate::web::desk::host::not_done::{NotDone, NotDoneKind};
use crate::web::desk::posted_fields::PostedFields;
use crate::web::desk::role_permissions::DeskAction;
use crate::web::desk::visit::Visit;
use crate::web::pages::plan;
use crate::web::pages::plan::plan_pieces;
use crate::web::site::PageError;

/// Begins the run that carries out the plan of a fingerprint, if the person has typed how many lines it changes.
pub(crate) fn approve(visit: &Visit, fields: &PostedFields) -> Result<ActionOutcome, PageError> {
    let fingerprint = visit.part("fingerprint");
    let event = visit.event(DeskAction::Approve.as_str(), short(fingerprint));
    let history = visit.desk.history()?;
    let plans = history.plans_like(fingerprint)?;
    let run = match plans.as_slice() {
        [plan] if plan.fingerprint == fingerprint => history.run(plan.run)?,
        _ => None,
    };
    let Some(run) = run else {
        let message = "there is no plan of this fingerprint".to_owned();
        let why = NotDone { kind: NotDoneKind::Moved, message, fix: "look at the newest plan".into() };
        return Ok(ActionOutcome::refused(visit, event, &why));
    };
    if plan::newer(visit, &run).is_some() {
        let page = plan::approval_page(visit, &run, None)?;
        let event = DeskEvent { refused: true, said: "it has moved".to_owned(), ..event };
        return Ok(ActionOutcome {
            acted: FormResponse::Page(StatusCode::CONFLICT, Box::new(page)),
            events: vec![event],
        });
    }
    let changes = lines(&run).iter().filter(|line| plan_pieces::would_change(line)).count();
    if fields.get("lines").trim() != changes.to_string() {
        let page = plan::approval_page(visit, &run, Some("Type how many lines the plan changes."))?;
        let event = DeskEvent { refused: true, said: "wrong number".to_owned(), ..event };
        let acted = FormResponse::Page(StatusCode::UNPROCESSABLE_ENTITY, Box::new(page));
        return Ok(ActionOutcome { acted, events: vec![event] });
    }
    begin(visit, event, &DeskRun::Approved(fingerprint.to_owned()))
}

/// Begins a night or a dry run.
pub(crate) fn start(visit: &Visit, fields: &PostedFields) -> Result<ActionOutcome, PageError> {
    let name = Some(fields.get("integration")).filter(|name| !name.is_empty()).map(str::to_owned);
    let known = |name: &String| visit.desk.standings.iter().any(|standing| standing.name.as_str() == name);
    if name.as_ref().is_some_and(|name| !known(name)) {
        return Err(PageError::Nothing);
    }
    let about = name.clone().unwrap_or_else(|| "all that are on".to_owned());
    let (what, run) = match fields.get("kind") {
        "night" => ("started a night", DeskRun::Night(name)),
        "dry" => ("started a dry run", DeskRun::Dry(name)),
        _ => return Err(PageError::Nothing),
    };
    begin(visit, visit.event(what, &about), &run)
}

/// Lets the run stop after the line in flight.
pub(crate) fn stop(visit: &Visit, fields: &PostedFields) -> ActionOutcome {
    let event = visit.event(DeskAction::Stop.as_str(), "");
    match visit.site.host.stop(fields.get("shown")) {
        Ok(()) => ActionOutcome::done("/live", event),
        Err(why) => ActionOutcome::refused(visit, event, &why),
    }
}

/// Draws the plan that sets a run back.
pub(crate) fn undo(visit: &Visit) -> Result<ActionOutcome, PageError> {
    let run = visit.part("run").parse::<i64>().map_err(|_| PageError::Nothing)?;
    begin(visit, visit.event(DeskAction::UndoRun.as_str(), &format!("run {run}")), &DeskRun::Undo(run))
}

/// Switches an integration.
pub(crate) fn mode(visit: &Visit, fields: &PostedFields) -> Result<ActionOutcome, PageError> {
    let name = visit.part("name");
    let known = visit.desk.standings.iter().find(|standing| standing.name.as_str() == name);
    let (standing, mode) = known.zip(Mode::from_word(fields.get("mode"))).ok_or(PageError::Nothing)?;
    let event = visit.event(DeskAction::Mode.as_str(), &format!("{name}: {} → {mode}", standing.mode));
    if fields.get("shown") != standing.mode.as_str() {
        let message = match Mode::from_word(fields.get("shown")) {
            Some(shown) => {
                format!("the page showed that {name} is in mode {shown}; by now it is in mode {}", standing.mode)
            }
            None => format!("the page did not say which mode {name} is in; it is in mode {}", standing.mode),
        };
        let why =
            NotDone { kind: NotDoneKind::Moved, message, fix: "look at Integrations, and change it there".into() };
        return Ok(ActionOutcome::refused(visit, event, &why));
    }
    match visit.site.host.set_mode(name, mode) {
        Ok(()) => Ok(ActionOutcome::done("/integrations", event)),
        Err(why) => Ok(ActionOutcome::refused(visit, event, &why)),
    }
}

fn begin(visit: &Visit, event: DeskEvent, run: &DeskRun) -> Result<ActionOutcome, PageError> {
    match visit.site.host.start(&visit.person.called, run) {
        Ok(()) => Ok(ActionOutcome::done("/live", event)),
        Err(why) => Ok(ActionOutcome::refused(visit, event, &why)),
    }
}
