//! Where the steps of a sign-in stand.

use chrono::TimeDelta;

/// How long a code may take to come.
pub(crate) const HALF_LASTS: TimeDelta = TimeDelta::minutes(10);

/// Where a code is asked for.
pub(crate) fn of_code(next: &str) -> String {
    format!("/signin/code?{}", query(next))
}

/// Where the sign-in by the provider begins.
pub(crate) fn of_provider(next: &str) -> String {
    format!("/signin/provider?{}", query(next))
}

fn query(next: &str) -> String {
    url::form_urlencoded::Serializer::new(String::new()).append_pair("next", next).finish()
}
