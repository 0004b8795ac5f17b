//! Who asks, and whether the member's role lets them.

use base64::Engine;

use crate::http::Request;
use crate::refusal::Refusal;
use crate::store::Table;
use crate::world::{Key, Module, Right, World};

/// The key that a request was made with.
///
/// # Errors
/// 401 without a `clientId` (401 or 403 in the field), and for wrong keys (404 on some clouds, see the options).
pub(super) fn key<'a>(request: &Request, world: &'a World) -> Result<&'a Key, Refusal> {
    let client = request.header("clientid").unwrap_or_default();
    let known = world.client_id.as_ref().map_or(!client.is_empty(), |wanted| wanted.eq_ignore_ascii_case(client));
    if !known {
        return Err(Refusal::new(401, "ClientId", "A valid clientId header is required for every request."));
    }
    let wrong = || match world.options.bad_key_status {
        404 => Refusal::new(404, "NotFound", "The requested resource was not found."),
        status => Refusal::new(status, "Unauthorized", "Username or password is incorrect."),
    };
    let (user, private) = credentials(request).ok_or_else(wrong)?;
    let (company, public) = user.split_once('+').ok_or_else(wrong)?;
    if !company.eq_ignore_ascii_case(&world.company) {
        return Err(wrong());
    }
    world.keys.iter().find(|key| key.public == public && key.private == private).ok_or_else(wrong)
}

/// # Errors
/// 403 when the role lacks the right that this method needs on this table.
pub(super) fn permit(key: &Key, method: &str, table: Table) -> Result<(), Refusal> {
    let right = match method {
        "POST" => Right::Add,
        "PATCH" | "PUT" => Right::Edit,
        "DELETE" => Right::Delete,
        _ => Right::Inquire,
    };
    require(key, module(table), right)
}

/// # Errors
/// 403 when the role lacks this right.
pub(super) fn require(key: &Key, module: Module, right: Right) -> Result<(), Refusal> {
    if key.may(module, right) {
        return Ok(());
    }
    let message = format!("You do not have security permission to {} {module:?}.", right.word());
    Err(Refusal::new(403, "Security", message))
}

fn module(table: Table) -> Module {
    match table {
        Table::Companies | Table::CompanyTypes | Table::CompanyStatuses => Module::Companies,
        Table::Agreements | Table::AgreementTypes | Table::Additions => Module::Agreements,
        Table::Catalog => Module::Catalog,
        Table::BillingCycles
        | Table::Boards
        | Table::BoardStatuses
        | Table::BoardTypes
        | Table::BoardSubTypes
        | Table::BoardItems
        | Table::BoardAssociations
        | Table::Priorities
        | Table::Sources => Module::Setup,
        Table::Tickets | Table::Notes => Module::Tickets,
        Table::Members => Module::Members,
    }
}

/// User and password of Basic authorization.
fn credentials(request: &Request) -> Option<(String, String)> {
    let encoded = request.header("authorization")?.strip_prefix("Basic ")?;
    let bytes = base64::engine::general_purpose::STANDARD.decode(encoded).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    text.split_once(':').map(|(user, password)| (user.to_owned(), password.to_owned()))
}
