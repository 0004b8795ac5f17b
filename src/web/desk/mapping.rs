//! Which company a customer is: what was typed, checked for sense, and handed on.

use crate::history::desk::events::DeskEvent;
use crate::reconcile::model::display_text::escaped;
use crate::reconcile::model::ids::{AgreementId, CompanyId};
use crate::reconcile::model::mapping::CustomerTarget;
use crate::web::desk::deed::Deed;
use crate::web::desk::fields::PostedFields;
use crate::web::desk::host::{NotDone, NotDoneKind};
use crate::web::desk::roles::DeskAction;
use crate::web::desk::visit::Visit;
use crate::web::site::Missing;

/// One row of customers.csv more.
pub(crate) fn map(visit: &Visit, fields: &PostedFields) -> Result<Deed, Missing> {
    let handle = visit.part("handle");
    let item = visit.desk.item(handle).ok_or(Missing::Nothing)?;
    let note = fields.get("note").trim();
    let event = DeskEvent { said: escaped(note), ..visit.event(DeskAction::Map.as_str(), &item.said()) };
    let target = match target(fields) {
        Ok(target) => target,
        Err(why) => return Ok(Deed::refused(visit, event, &why)),
    };
    let about = match &target {
        CustomerTarget::Skip => format!("{}: skipped on purpose", event.about),
        CustomerTarget::Company { company, agreement } => {
            let agreement = agreement.map(|id| format!(", agreement {id}")).unwrap_or_default();
            format!("{} → company {company}{agreement}", event.about)
        }
    };
    let event = DeskEvent { about, ..event };
    match visit.site.host.map(handle, &target, note) {
        Ok(()) => Ok(Deed::done(format!("/items/{handle}?mapped=1"), event)),
        Err(why) => Ok(Deed::refused(visit, event, &why)),
    }
}

fn target(fields: &PostedFields) -> Result<CustomerTarget, NotDone> {
    if fields.get("what") == "skip" {
        return Ok(CustomerTarget::Skip);
    }
    let number = |name: &str| fields.get(name).trim().parse::<i64>().ok().filter(|id| *id > 0);
    let company = number("company").ok_or_else(|| wrong("the company's record id is a whole number above 0"))?;
    let agreement = match fields.get("agreement").trim() {
        "" => None,
        _ => Some(number("agreement").ok_or_else(|| wrong("the agreement's record id is a whole number above 0"))?),
    };
    Ok(CustomerTarget::Company { company: CompanyId(company), agreement: agreement.map(AgreementId) })
}

fn wrong(message: &str) -> NotDone {
    NotDone { kind: NotDoneKind::Wrong, message: message.to_owned(), fix: "go back and type it again".into() }
}
