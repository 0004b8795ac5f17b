//! Tests of an integration: who tried what, and how it went, is kept in the audit.

use crate::history::desk::events::DeskEvent;
use crate::reconcile::model::display_text::escaped;
use crate::web::desk::action_outcome::ActionOutcome;
use crate::web::desk::host::trial_host::{TrialKind, TrialResult};
use crate::web::desk::posted_fields::PostedFields;
use crate::web::desk::visit::Visit;
use crate::web::site::PageError;

/// Tries it.
pub(crate) fn test(visit: &Visit, fields: &PostedFields) -> Result<ActionOutcome, PageError> {
    let name = visit.part("name");
    let known = visit.desk.standings.iter().map(|standing| &standing.name).find(|known| known.as_str() == name);
    let name = known.ok_or(PageError::Nothing)?;
    let mut kinds = visit.site.host.trials(name).into_iter();
    let kind: TrialKind = kinds.find(|kind| kind.as_str() == fields.get("what")).ok_or(PageError::Nothing)?;
    let TrialResult { is_good, said } = visit.site.host.test(name, kind);
    let event = visit.event(kind.deed(), name.as_str());
    let event = DeskEvent { refused: !is_good, said: escaped(&said), ..event };
    Ok(ActionOutcome::done(format!("/integrations#i-{name}"), event))
}
