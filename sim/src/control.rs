//! `/sim/…`: how another process reads the state back and sets faults. Not recorded, never spoiled, no key needed.

use crate::faults::{Armed, Faults};
use crate::http::{Reply, Request};
use crate::state::State;

/// The answer to a control request; none when the path is not one of these.
///
/// `GET /sim/world`, `GET /sim/requests`, `GET /sim/writes`, `POST /sim/reset-requests`, `POST /sim/faults`.
pub(super) fn answer(state: &State, request: &Request) -> Option<Reply> {
    let path = request.path.strip_prefix("/sim/")?;
    let reply = match (request.method.as_str(), path) {
        ("GET", "world") => Reply::json(200, &state.read().snapshot()),
        ("GET", "requests") => Reply::json(200, &state.ledger().requests()),
        ("GET", "writes") => Reply::json(200, &state.ledger().writes()),
        ("POST", "reset-requests") => {
            state.ledger().clear();
            Reply::empty(204)
        }
        ("POST", "faults") => faults(state, &request.body),
        _ => Reply::text(404, "no such control"),
    };
    Some(reply)
}

fn faults(state: &State, body: &[u8]) -> Reply {
    match serde_json::from_slice::<Faults>(body) {
        Ok(faults) => {
            *state.faults() = Armed::new(faults);
            Reply::empty(204)
        }
        Err(cause) => Reply::text(400, &cause.to_string()),
    }
}
