//! What people do with their own account, from the page that a desk has of it.

use axum::http::StatusCode;

use crate::web::access::account_change::{AccountChange, changed};
use crate::web::access::account_page;
use crate::web::desk::action_outcome::{ActionOutcome, FormResponse};
use crate::web::desk::posted_fields::PostedFields;
use crate::web::desk::role_permissions::DeskAction;
use crate::web::desk::visit::Visit;
use crate::web::site::PageError;

pub(super) fn change(visit: &Visit, fields: &PostedFields, action: DeskAction) -> Result<ActionOutcome, PageError> {
    let to = || FormResponse::To(account_page::ADDRESS.to_owned());
    Ok(match changed(action, (&visit.site.door, &visit.person), fields, visit.now)? {
        AccountChange::Done => ActionOutcome { acted: to(), events: vec![visit.event(action.as_str(), "")] },
        AccountChange::AsBefore => ActionOutcome { acted: to(), events: Vec::new() },
        AccountChange::NotTheirs => {
            let page = Box::new(account_page::not_theirs(visit));
            ActionOutcome { acted: FormResponse::Page(StatusCode::CONFLICT, page), events: Vec::new() }
        }
        AccountChange::Wrong(said) => {
            let mut event = visit.event(action.as_str(), "");
            (event.refused, event.said) = (true, said.clone());
            let page = Box::new(account_page::drawn(visit, Some((action, &said)))?);
            ActionOutcome { acted: FormResponse::Page(StatusCode::UNPROCESSABLE_ENTITY, page), events: vec![event] }
        }
    })
}
