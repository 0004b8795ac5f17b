//! Which company a customer is: what was pressed, checked for sense, and handed on.

use crate::history::desk::events::DeskEvent;
use crate::reconcile::model::display_text::{escaped, shown};
use crate::reconcile::model::ids::{AdditionId, AgreementId, CompanyId};
use crate::reconcile::model::mapping::CustomerTarget;
use crate::report::display_names;
use crate::web::desk::action_outcome::ActionOutcome;
use crate::web::desk::host::mapping_host::RowChange;
use crate::web::desk::host::not_done::{NotDone, NotDoneKind};
use crate::web::desk::posted_fields::PostedFields;
use crate::web::desk::role_permissions::DeskAction;
use crate::web::desk::visit::Visit;
use crate::web::site::PageError;

/// Characters of a note, at most.
const NOTE_MOST: usize = 500;

/// One row of customers.csv: added, changed, or taken out.
pub(crate) fn map(visit: &Visit, fields: &PostedFields) -> Result<ActionOutcome, PageError> {
    let handle = visit.part("handle");
    let customers = visit.site.host.customers().map_err(PageError::Broken)?;
    let customer = customers.iter().find(|one| one.handle == handle).ok_or(PageError::Nothing)?;
    let note = fields.get("note").trim();
    let about = format!("{} of {}", customer.name, customer.integration);
    let event = DeskEvent { said: escaped(note), ..visit.event(DeskAction::Map.as_str(), &about) };
    let target = match target(fields) {
        Ok(target) => target,
        Err(why) => return Ok(ActionOutcome::refused(visit, event, &why)),
    };
    let (deed, to) = match &target {
        None => ("took out a row", String::new()),
        Some(CustomerTarget::Skip) => ("skipped on purpose", String::new()),
        Some(CustomerTarget::Company { company, agreement }) => {
            let agreement = agreement.map(|id| format!(", agreement {id}")).unwrap_or_default();
            ("mapped", format!(" → company {company}{agreement}"))
        }
    };
    let event = DeskEvent { deed: deed.to_owned(), about: format!("{about}{to}"), ..event };
    let note = fields.all("note").next().map(|note| note.trim().to_owned());
    let change = RowChange { handle: handle.to_owned(), shown: fields.get("shown").to_owned(), target, note };
    match visit.site.host.map(&visit.person.called, &change) {
        Ok(()) => Ok(ActionOutcome::done(format!("/mapping/{handle}?saved=1"), event)),
        Err(why) => Ok(ActionOutcome::refused(visit, event, &why)),
    }
}

/// A row for each customer who was ticked, with the company that stood beside it.
pub(crate) fn map_exact(visit: &Visit, fields: &PostedFields) -> Result<ActionOutcome, PageError> {
    let pair = |ticked: &str| {
        let (handle, company) = ticked.split_once(':')?;
        Some((handle.to_owned(), CompanyId(company.parse().ok().filter(|id| *id > 0)?)))
    };
    let chosen: Option<Vec<(String, CompanyId)>> = fields.all("map").map(pair).collect();
    let event = visit.event(DeskAction::MapExact.as_str(), "");
    let chosen = match chosen {
        Some(chosen) if !chosen.is_empty() => chosen,
        _ => return Ok(ActionOutcome::refused(visit, event, &wrong("no customer was chosen"))),
    };
    let said: Vec<String> = chosen.iter().map(|(handle, company)| format!("{handle} → company {company}")).collect();
    let event = DeskEvent { about: said.join(", "), ..event };
    match visit.site.host.map_exact(&visit.person.called, &chosen) {
        Ok(()) => Ok(ActionOutcome::done(format!("/customers?mapped={}", chosen.len()), event)),
        Err(why) => Ok(ActionOutcome::refused(visit, event, &why)),
    }
}

/// Which of several additions a line means.
pub(crate) fn pin(visit: &Visit, fields: &PostedFields) -> Result<ActionOutcome, PageError> {
    let handle = visit.part("handle");
    let item = visit.desk.item(handle).ok_or(PageError::Nothing)?;
    let about = item.line.map(display_names::line).unwrap_or_default();
    let event = visit.event(DeskAction::Pin.as_str(), &about);
    let chosen = fields.get("addition").trim().parse::<i64>().ok().filter(|id| *id > 0);
    let Some(addition) = chosen.map(AdditionId) else {
        return Ok(ActionOutcome::refused(visit, event, &wrong("no addition was chosen")));
    };
    let event = DeskEvent { about: format!("{about} → addition {addition}"), ..event };
    if fields.get("shown") != visit.desk.addition_shown(&item) {
        let message = match visit.desk.mapped(handle) {
            Some(first) => format!("{} has chosen one since the page was drawn", shown(&first.who)),
            None => format!("the newest plan says {}", item.sentence()),
        };
        let why = NotDone { kind: NotDoneKind::Moved, message, fix: "look at the item, and choose again there".into() };
        return Ok(ActionOutcome::refused(visit, event, &why));
    }
    match visit.site.host.pin(&visit.person.called, handle, addition) {
        Ok(()) => Ok(ActionOutcome::done(format!("/items/{handle}?chosen={addition}"), event)),
        Err(why) => Ok(ActionOutcome::refused(visit, event, &why)),
    }
}

fn target(fields: &PostedFields) -> Result<Option<CustomerTarget>, NotDone> {
    if fields.get("note").trim().chars().count() > NOTE_MOST {
        return Err(wrong("the note is longer than 500 characters"));
    }
    match fields.get("what") {
        "skip" => return Ok(Some(CustomerTarget::Skip)),
        "remove" => return Ok(None),
        "map" => {}
        _ => return Err(wrong("it was not said what to do")),
    }
    let number = |name: &str| fields.get(name).trim().parse::<i64>().ok().filter(|id| *id > 0);
    let company = number("company").ok_or_else(|| wrong("the company's record id is a whole number above 0"))?;
    let agreement = match fields.get("agreement").trim() {
        "" => None,
        _ => Some(number("agreement").ok_or_else(|| wrong("the agreement's record id is a whole number above 0"))?),
    };
    let (company, agreement) = (CompanyId(company), agreement.map(AgreementId));
    Ok(Some(CustomerTarget::Company { company, agreement }))
}

fn wrong(message: &str) -> NotDone {
    NotDone { kind: NotDoneKind::Wrong, message: message.to_owned(), fix: "go back and choose again".into() }
}
