//! Where tenants are.

use axum::http::Uri;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// The list of tenants; each tenant's desk is under it. No page of a desk has such an address.
pub(crate) const LIST: &str = "/t/";

const IN_PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.');

/// Where a tenant's desk is.
pub(crate) fn base(tenant: &str) -> String {
    format!("{LIST}{}", utf8_percent_encode(tenant, IN_PATH))
}

/// The tenant that an address names, and the page of its desk; `None` for the address without its last slash.
pub(super) fn parted(uri: &Uri) -> Option<(String, Option<Uri>)> {
    let rest = uri.path().strip_prefix(LIST)?;
    let (tenant, page) = rest.split_once('/').map_or((rest, None), |(tenant, page)| (tenant, Some(page)));
    let tenant = percent_decode_str(tenant).decode_utf8().ok().filter(|tenant| !tenant.is_empty())?.into_owned();
    let Some(page) = page else { return Some((tenant, None)) };
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    Some((tenant, Some(format!("/{page}{query}").parse().ok()?)))
}
