//! Members who are logged in in a browser: what the window around a hosted page hands over, as cookies.

use crate::http::Request;
use crate::refusal::Refusal;
use crate::world::World;

/// The proof of a member's session, as this simulated ConnectWise makes it.
#[must_use]
pub fn member_hash(member: &str, context: &str) -> String {
    let sum = member.bytes().chain(context.bytes()).fold(7_u64, |sum, byte| sum.wrapping_mul(131) ^ u64::from(byte));
    format!("{sum:016x}")
}

/// Whether a request comes with cookies instead of a key.
pub(super) fn is_asked(request: &Request) -> bool {
    request.header("authorization").is_none() && request.header("cookie").is_some()
}

/// The member of these cookies.
///
/// # Errors
/// 401 for a member who is not there, another company, or a wrong proof.
pub(super) fn member(request: &Request, world: &World) -> Result<String, Refusal> {
    let cookies = request.header("cookie").unwrap_or_default();
    let said = |name: &str| {
        let pairs = cookies.split(';').filter_map(|pair| pair.trim().split_once('='));
        pairs.filter(|(known, _)| *known == name).map(|(_, value)| value).next().unwrap_or_default()
    };
    let (member, context) = (said("memberId"), said("memberContext"));
    let known = world.members.iter().any(|known| known.identifier.eq_ignore_ascii_case(member));
    let right =
        said("companyName").eq_ignore_ascii_case(&world.company) && said("memberHash") == member_hash(member, context);
    if known && right && !context.is_empty() {
        return Ok(member.to_owned());
    }
    Err(Refusal::new(401, "UserNotAuthenticated", "You are not authenticated."))
}
