//! The session of a request.

use axum::http::{HeaderMap, header};
use axum::response::Response;
use chrono::{DateTime, TimeDelta, Utc};

use crate::history::desk::people::{Digest, Role};
use crate::history::store::open::History;
use crate::web::access::browser_tokens;
use crate::web::access::cookies::CookieKind;
use crate::web::site::{Door, PageError};

/// How long a session lasts.
pub(crate) const LASTS: TimeDelta = TimeDelta::hours(12);

/// Who asks.
#[derive(Clone)]
pub(crate) struct SignedIn {
    /// Who they are to the store of people.
    pub(crate) name: String,
    /// Who they are in the history and on pages.
    pub(crate) called: String,
    pub(crate) role: Role,
    /// What their forms carry.
    pub(crate) form_token: String,
    pub(crate) digest: Digest,
}

impl SignedIn {
    /// Whose session the request carries, as this door knows them; `None` for none that is good now. Waits for the disk.
    pub(crate) fn at(door: &Door, headers: &HeaderMap, now: DateTime<Utc>) -> Result<Option<Self>, PageError> {
        let Some(history) = History::open_existing(&door.people)? else { return Ok(None) };
        let Some(secret) = cookie(headers, &door.cookies.name(CookieKind::Session)) else { return Ok(None) };
        let digest = browser_tokens::digest(secret);
        let Some(owner) = history.session_owner(&digest, now)? else { return Ok(None) };
        let form_token = browser_tokens::form_token(secret);
        Ok(Some(Self { name: owner.name, called: owner.called, role: owner.role, form_token, digest }))
    }

    /// What they may do at a tenant's desk; `None` where they have no business. Waits for the disk.
    pub(crate) fn role_at(&self, door: &Door, tenant: &str) -> Result<Option<Role>, PageError> {
        let history = History::open_existing(&door.people)?.ok_or(PageError::Nothing)?;
        Ok(history.tenant_roles(&self.name)?.at(tenant))
    }
}

/// The value of a cookie. Of several of one name none is taken: one of them is not ours.
pub(crate) fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let all = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let each = all.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let mut found = each.filter(|(known, _)| *known == name).map(|(_, value)| value);
    let first = found.next()?;
    found.next().is_none().then_some(first)
}

/// Takes the session's cookie away.
pub(crate) fn without_session(mut response: Response, door: &Door) -> Response {
    if let Ok(gone) = set(&door.cookies.name(CookieKind::Session), "", None).parse() {
        response.headers_mut().append(header::SET_COOKIE, gone);
    }
    response
}

/// A cookie that lasts this long; none takes it away.
pub(crate) fn set(name: &str, value: &str, lasts: Option<TimeDelta>) -> String {
    let seconds = lasts.map_or(0, |lasts| lasts.num_seconds());
    format!("{name}={value}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age={seconds}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const COOKIE: &str = "__Host-desk";

    /// Otherwise a cookie that somebody else planted could stand in front of the own one.
    #[test]
    fn a_cookie_that_comes_twice_is_none() {
        let headers = |values: &[&str]| {
            let mut headers = HeaderMap::new();
            values.iter().for_each(|value| _ = headers.append(header::COOKIE, value.parse().expect("a value")));
            headers
        };
        assert_eq!(cookie(&headers(&["a=1; __Host-desk=x; b=2"]), COOKIE), Some("x"));
        assert_eq!(cookie(&headers(&["__Host-desk=x; __Host-desk=y"]), COOKIE), None);
        assert_eq!(cookie(&headers(&["__Host-desk=x", "__Host-desk=y"]), COOKIE), None);
        assert_eq!(cookie(&headers(&["x__Host-desk=x"]), COOKIE), None);
    }
}
