//! What every answer says to a browser of what its page may do, and who may frame and keep it.

use axum::http::{HeaderName, HeaderValue, header};
use axum::response::Response;

use crate::web::response::MayBeFramed;

/// Sets them all. What a page says of itself stays.
pub(super) fn set(response: &mut Response) {
    let framed = response.extensions_mut().remove::<MayBeFramed>().is_some();
    let headers = response.headers_mut();
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(POLICY));
    // What names its own version may be kept.
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    for (name, value) in SAID {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if framed {
        // Its policy says who may; this header knows only all or none.
        headers.remove(header::X_FRAME_OPTIONS);
    }
}

/// Pages load the style sheet and the scripts of this site, ask it and send forms to it, and nothing else at all.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

const SAID: [(HeaderName, &str); 6] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    // Not `no-referrer`: with that a browser hides from which page a form comes.
    (header::REFERRER_POLICY, "same-origin"),
    // A browser heeds it over https alone.
    (header::STRICT_TRANSPORT_SECURITY, "max-age=31536000"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];
