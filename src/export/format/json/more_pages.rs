//! What a JSON document says around its records: whether there are more than these.

use serde_json::value::RawValue;

use crate::export::format::json::json_value::{Object, value};
use crate::reconcile::model::export::partial_export::UnreadPart;

/// Members that lead to more records, in their plain form.
const NEXT: [&str; 16] = [
    "next",
    "nextpage",
    "nexturl",
    "nexturi",
    "nextlink",
    "odata.nextlink",
    "nextcursor",
    "nexttoken",
    "nextpagetoken",
    "continuationtoken",
    "hasmore",
    "hasnext",
    "hasnextpage",
    "hasmoreitems",
    "istruncated",
    "truncated",
];
/// Members that say how many records there are in all.
const TOTAL: [&str; 6] = ["total", "totalcount", "totalrecords", "totalitems", "totalresults", "odata.count"];
/// Members that say how many pages there are in all.
const PAGES: [&str; 3] = ["totalpages", "pagecount", "lastpage"];

/// Members by which an answer says that it is none, or not whole.
const ERRORS: [&str; 4] = ["error", "errors", "Error", "Errors"];
/// Members by which an answer says whether all went well, in their plain form.
const WENT_WELL: [&str; 2] = ["success", "ok"];
/// Members with a word or a number for how it went.
const STATUS: [&str; 3] = ["status", "code", "statuscode"];
/// The least number of those that means a failure.
const FAILED: u64 = 400;

/// The members at the top of an answer that say that it failed, but for the one that leads to the records.
pub(in crate::export) fn failures(document: &str, records: Option<&String>) -> Vec<String> {
    let members = object(document.trim()).into_iter().flat_map(|top| top.0);
    let others = members.filter(|(key, _)| records.is_none_or(|records| key.0 != records.as_str()));
    let failed = others.filter(|(key, raw)| says_failed(&key.0, raw.get()));
    failed.map(|(key, _)| key.0.into_owned()).collect()
}

fn says_failed(key: &str, raw: &str) -> bool {
    let plain = plain(key);
    let text = value(raw).map(|value| value.text.trim().to_lowercase()).unwrap_or_default();
    if WENT_WELL.contains(&plain.as_str()) {
        return text == "false";
    }
    if STATUS.contains(&plain.as_str()) {
        let said = matches!(text.as_str(), "error" | "failed" | "failure");
        return (said && plain == "status") || whole(raw).is_some_and(|code| code >= FAILED);
    }
    let harmless = matches!(text.as_str(), "0" | "200" | "ok" | "success");
    (ERRORS.contains(&key) || plain == "errorcode") && says_something(raw) && !harmless
}

/// Every sign in the objects that lead to the records, and in the objects beside those, that there are more records.
pub(in crate::export) fn signs(text: &str, path: &[String], read: usize) -> Vec<UnreadPart> {
    let read = u64::try_from(read).unwrap_or(u64::MAX);
    let failed = path.first().map(|key| failures(text, Some(key))).unwrap_or_default();
    let failed = failed.into_iter().filter(|member| !ERRORS.contains(&member.as_str()));
    let mut found: Vec<UnreadPart> = failed.map(|member| UnreadPart::Error { member }).collect();
    let mut at = text.trim();
    for key in path {
        let Some(object) = object(at) else { return found };
        beside(&object, "", Some(key), read, &mut found);
        let Some((_, inner)) = object.0.iter().find(|(name, _)| name.0 == key.as_str()) else { return found };
        at = inner.get();
    }
    found
}

fn object(text: &str) -> Option<Object<'_>> {
    text.starts_with('{').then(|| serde_json::from_str(text).ok()).flatten()
}

/// The members of one object, and of the objects in it, but for the one that leads on.
fn beside(of: &Object<'_>, prefix: &str, on: Option<&String>, read: u64, found: &mut Vec<UnreadPart>) {
    for (key, raw) in of.0.iter().filter(|(key, _)| on.is_none_or(|on| key.0 != on.as_str())) {
        let member = format!("{prefix}{}", key.0);
        let plain = plain(&key.0);
        let raw = raw.get();
        if NEXT.contains(&plain.as_str()) && says_something(raw) {
            found.push(UnreadPart::Next { is_address: is_address(raw), member: reached(member, raw) });
        } else if plain == "links" && leads_on(raw) {
            found.push(UnreadPart::Linked { member });
        } else if prefix.is_empty() && ERRORS.contains(&&*key.0) && says_failed(&key.0, raw) {
            found.push(UnreadPart::Error { member });
        } else if let Some(total) = whole(raw).filter(|total| TOTAL.contains(&plain.as_str()) && *total > read) {
            found.push(UnreadPart::Total { member, total, read });
        } else if let Some(total) = whole(raw).filter(|total| PAGES.contains(&plain.as_str()) && *total > 1) {
            found.push(UnreadPart::Total { member, total, read: 1 });
        } else if let Some(inner) = object(raw).filter(|_| prefix.matches('.').count() < DEPTH) {
            beside(&inner, &format!("{member}."), None, read, found);
        }
    }
}

/// Of a link that is an object (`{"href": "…"}`) the member that is the address.
fn reached(member: String, raw: &str) -> String {
    let hrefs = object(raw).into_iter().flat_map(|link| link.0).find(|(name, _)| matches!(&*name.0, "href" | "url"));
    match hrefs {
        Some((name, _)) => format!("{member}.{}", name.0),
        None => member,
    }
}

/// Whether it is an address, or an object with one.
fn is_address(raw: &str) -> bool {
    raw.starts_with('{') || ["\"http:", "\"https:", "\"/", "\"?"].iter().any(|begin| raw.starts_with(begin))
}

/// `[{"rel": "next", "href": "…"}]`: links in a list, one of them to the next page.
fn leads_on(raw: &str) -> bool {
    let links: Vec<&RawValue> = serde_json::from_str(raw).unwrap_or_default();
    let is_next = |said: &RawValue| value(said.get()).is_ok_and(|said| said.text.eq_ignore_ascii_case("next"));
    let links = links.into_iter().filter_map(|link| object(link.get()));
    links.into_iter().any(|link| link.0.iter().any(|(name, said)| name.0 == "rel" && is_next(said)))
}

/// Whether it says that nothing follows: `"has_more": false`.
pub(in crate::export) fn says_no_more(text: &str, path: &[String]) -> bool {
    const MORE: [&str; 6] = ["hasmore", "hasnext", "hasnextpage", "hasmoreitems", "istruncated", "truncated"];
    let (mut at, mut keys) = (text.trim(), path.iter());
    loop {
        let Some(of) = object(at) else { return false };
        let says =
            |of: &Object<'_>| of.0.iter().any(|(key, raw)| MORE.contains(&&*plain(&key.0)) && raw.get() == "false");
        let inner = of.0.iter().filter_map(|(_, raw)| object(raw.get()));
        if says(&of) || inner.into_iter().any(|inner| says(&inner)) {
            return true;
        }
        let Some((_, next)) = keys.next().and_then(|key| of.0.iter().find(|(name, _)| name.0 == key.as_str())) else {
            return false;
        };
        at = next.get();
    }
}

/// A key without what tells spellings of it apart.
fn plain(key: &str) -> String {
    key.to_lowercase().chars().filter(|c| !matches!(c, '_' | '-' | '@' | ' ')).collect()
}

/// `meta.pagination.next`.
const DEPTH: usize = 2;

/// Whether a member holds anything.
pub(in crate::export) fn says_something(raw: &str) -> bool {
    let nothing = ["null", "false", "0", "[]", "{}"];
    !nothing.contains(&raw) && value(raw).is_ok_and(|value| !value.text.trim().is_empty())
}

/// A whole number, also one that is written as a text.
fn whole(raw: &str) -> Option<u64> {
    raw.trim_matches('"').parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> String {
        let path = ["data".to_owned()];
        signs(text, &path, 2).iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
    }

    /// The first page of three is a third of every bill.
    #[test]
    fn a_document_that_says_there_is_more_is_a_part() {
        for (text, said) in [
            (r#"{"data":[{},{}],"next":"https://v/2"}"#, "its \"next\" says that there is more"),
            (r#"{"data":[{},{}],"has_more":true}"#, "its \"has_more\" says that there is more"),
            (r#"{"@odata.nextLink":"x","data":[{},{}]}"#, "its \"@odata.nextLink\" says that there is more"),
            (r#"{"data":[{},{}],"meta":{"total":9}}"#, "its \"meta.total\" says 9, and there are 2"),
            (
                r#"{"data":[{},{}],"paging":{"cursors":{"next_page":"b"}}}"#,
                "its \"paging.cursors.next_page\" says that there is more",
            ),
            (r#"{"data":[{},{}],"error":"quota exceeded"}"#, "its \"error\" says that something went wrong"),
            (r#"{"data":[{},{}],"IsTruncated":true}"#, "its \"IsTruncated\" says that there is more"),
            (r#"{"data":[{},{}],"_links":{"next":{"href":"/2"}}}"#, "its \"_links.next.href\" says that there is more"),
            (
                r#"{"data":[{},{}],"links":[{"rel":"self","href":"a"},{"rel":"Next","href":"b"}]}"#,
                "its \"links\" lead to a next page",
            ),
            (r#"{"data":[{},{}],"success":false}"#, "its \"success\" says that something went wrong"),
            (r#"{"data":[{},{}],"status":"Failed"}"#, "its \"status\" says that something went wrong"),
            (r#"{"data":[{},{}],"statusCode":503}"#, "its \"statusCode\" says that something went wrong"),
            (r#"{"data":[{},{}],"error_code":"E1"}"#, "its \"error_code\" says that something went wrong"),
            (r#"{"data":[{},{}],"totalPages":3}"#, "its \"totalPages\" says 3, and there are 1"),
        ] {
            assert_eq!(told(text), said, "{text}");
        }
        for text in [
            r#"{"data":[{},{}],"next":null,"has_more":false,"total":2,"total_pages":1,"errors":[]}"#,
            r#"{"data":[{"next":"x","total":9},{}],"links":{"self":"x","next":""}}"#,
            r#"{"data":[{},{}],"success":true,"ok":"","status":"success","code":200,"errorCode":"0","error":{}}"#,
            r#"{"data":[{},{}],"status":"ok","code":0,"statusCode":null,"errorCode":"","errors":[],"error":"success"}"#,
            "[{},{}]",
        ] {
            assert_eq!(told(text), "", "{text}");
        }
    }
}
