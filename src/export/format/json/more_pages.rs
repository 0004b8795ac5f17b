//! What a JSON document says around its records: whether there are more than these.

use serde_json::value::RawValue;

use crate::export::format::json::json_value::{Object, value};
use crate::export::format::json::nested_path::PathStep;
use crate::export::format::json::page_words::{Says, is_about_pages, says};
use crate::reconcile::model::export::partial_export::UnreadPart;

/// Members by which an answer says that it is none, or not whole.
const ERRORS: [&str; 4] = ["error", "errors", "Error", "Errors"];
/// Members by which an answer says whether all went well, in their plain form.
const WENT_WELL: [&str; 2] = ["success", "ok"];
/// Members with a word or a number for how it went.
const STATUS: [&str; 3] = ["status", "code", "statuscode"];
/// The least number of those that means a failure.
const FAILED: u64 = 400;
/// The number that means a part of what there is.
const PARTIAL: u64 = 206;

/// The members at the top of an answer that say that it failed, but for the one that leads to the records.
pub(in crate::export) fn failures(document: &str, records: Option<&String>) -> Vec<String> {
    let members = object(document.trim()).into_iter().flat_map(|top| top.0);
    let others = members.filter(|(key, _)| records.is_none_or(|records| key.0 != records.as_str()));
    let failed = others.filter(|(key, raw)| says_failed(&key.0, raw.get()));
    failed.map(|(key, _)| key.0.into_owned()).collect()
}

fn says_failed(key: &str, raw: &str) -> bool {
    let plain = plain(key);
    let text = text(raw);
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

/// How much was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::export) struct ReadOfList {
    pub(in crate::export) records: u64,
    pub(in crate::export) pages: u64,
}

impl ReadOfList {
    /// What stands in one document.
    pub(in crate::export) fn in_one(records: usize) -> Self {
        Self::on(records, 1)
    }

    /// What stands on so many pages; an empty list is one.
    pub(in crate::export) fn on(records: usize, pages: usize) -> Self {
        let number = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        Self { records: number(records), pages: number(pages.max(1)) }
    }

    /// As much as there can be.
    const ALL: Self = Self { records: u64::MAX, pages: 1 };
    /// Nothing yet: whatever is said is more.
    const NOTHING: Self = Self { records: 0, pages: 0 };

    fn of(self, counted: TotalOf) -> u64 {
        if counted == TotalOf::Pages { self.pages } else { self.records }
    }
}

/// What a number of an answer counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::export) enum TotalOf {
    /// Records of the whole list.
    Records,
    /// Records of the whole list, or of this page, or something else: `count`.
    SomeRecords,
    /// Pages.
    Pages,
}

/// A member that says how many there are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::export) struct SaidTotal {
    /// Its name, with what it stands in.
    pub(in crate::export) member: String,
    pub(in crate::export) number: u64,
    pub(in crate::export) counted: TotalOf,
    /// A header of the server says it, and no member.
    pub(in crate::export) in_header: bool,
}

impl SaidTotal {
    /// The sign that there are more than these.
    pub(in crate::export) fn more_than(&self, read: ReadOfList) -> Option<UnreadPart> {
        let (name, total, read) = (self.member.clone(), self.number, read.of(self.counted));
        let sign = match self.in_header {
            true => UnreadPart::HeaderTotal { name, total, read },
            false => UnreadPart::Total { member: name, total, read },
        };
        (total > read).then_some(sign)
    }
}

/// What an answer says of how many records or pages there are, wherever it says so.
pub(in crate::export) fn totals(text: &str, path: &[String]) -> Vec<SaidTotal> {
    let kind = |member: &str| {
        let key = member.rsplit('.').next().unwrap_or(member);
        match says(&plain(key)).or_else(|| says(&plain(member))) {
            Some(Says::Pages) => TotalOf::Pages,
            Some(Says::TotalOfPages) => TotalOf::SomeRecords,
            _ => TotalOf::Records,
        }
    };
    let said = signs(text, path, ReadOfList::NOTHING).into_iter().filter_map(|sign| match sign {
        UnreadPart::Total { member, total, .. } => Some((member, total)),
        _ => None,
    });
    said.map(|(member, number)| SaidTotal { counted: kind(&member), member, number, in_header: false }).collect()
}

/// Every sign in the objects that lead to the records, and in the objects beside those, that there are more records.
pub(in crate::export) fn signs(text: &str, path: &[String], read: ReadOfList) -> Vec<UnreadPart> {
    let failed = path.first().map(|key| failures(text, Some(key))).unwrap_or_default();
    let failed = failed.into_iter().filter(|member| !ERRORS.contains(&member.as_str()));
    let mut found: Vec<UnreadPart> = failed.map(|member| UnreadPart::Error { member }).collect();
    let mut at = text.trim();
    for key in path {
        let Some(object) = object(at) else { return found };
        beside(&object, "", Some(key), read, &mut found);
        let Some((_, inner)) = object.0.iter().find(|(name, _)| name.0 == key.as_str()) else { return found };
        at = only(inner.get());
    }
    found
}

/// Signs in the objects that lead from a record to a list inside it, that such a list is the first page of several. A total is
/// none: it may be one of seats.
pub(in crate::export) fn signs_inside(document: &str, steps: &[PathStep<'_>]) -> Vec<UnreadPart> {
    let mut found = Vec::new();
    follow(document.trim(), steps, Place::Outside, &mut found);
    found
}

/// Where a value stands on the way to the records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Before the first list.
    Outside,
    /// One of a list: what it says is about itself.
    Record,
    /// Between a record and a list inside it.
    Inside,
}

fn follow(value: &str, steps: &[PathStep<'_>], place: Place, found: &mut Vec<UnreadPart>) {
    let Some((step, rest)) = steps.split_first().filter(|_| found.is_empty()) else { return };
    match step {
        PathStep::Key(key) => {
            let Some(of) = object(value) else { return };
            if place == Place::Inside {
                beside(&of, "", Some(&(*key).to_owned()), ReadOfList::ALL, found);
                found.retain(|sign| !matches!(sign, UnreadPart::Total { .. }));
            }
            let next = if place == Place::Outside { Place::Outside } else { Place::Inside };
            let inner = of.0.iter().find(|(name, _)| name.0 == *key);
            inner.into_iter().for_each(|(_, inner)| follow(inner.get(), rest, next, found));
        }
        PathStep::Each => {
            let items: Vec<&RawValue> = serde_json::from_str(value).unwrap_or_default();
            items.into_iter().for_each(|item| follow(item.get(), rest, Place::Record, found));
        }
        PathStep::Entry => {
            let entries = object(value).into_iter().flat_map(|of| of.0);
            entries.for_each(|(_, entry)| follow(entry.get(), rest, Place::Record, found));
        }
    }
}

/// The one object of a list, as an element of XML is written that stands once; else the value itself.
fn only(value: &str) -> &str {
    let list: Vec<&RawValue> =
        if value.starts_with('[') { serde_json::from_str(value).unwrap_or_default() } else { Vec::new() };
    match list.as_slice() {
        [one] => one.get(),
        _ => value,
    }
}

fn object(text: &str) -> Option<Object<'_>> {
    text.starts_with('{').then(|| serde_json::from_str(text).ok()).flatten()
}

/// The members of one object, and of the objects in it, but for the one that leads on.
fn beside(of: &Object<'_>, prefix: &str, on: Option<&String>, read: ReadOfList, found: &mut Vec<UnreadPart>) {
    for (key, raw) in of.0.iter().filter(|(key, _)| on.is_none_or(|on| key.0 != on.as_str())) {
        let member = format!("{prefix}{}", key.0);
        let raw = raw.get();
        if let Some(sign) = sign(&member, raw, read) {
            found.push(sign);
        } else if let Some(inner) = object(raw).filter(|_| prefix.matches('.').count() < DEPTH) {
            beside(&inner, &format!("{member}."), None, read, found);
        }
    }
}

/// What one member says, by its name with what it stands in.
fn sign(member: &str, raw: &str, read: ReadOfList) -> Option<UnreadPart> {
    let (inside, key) = member.rsplit_once('.').map_or((None, member), |(inside, key)| (Some(inside), key));
    let (whole_key, key) = (plain(member), plain(key));
    // Of what stands deeper only what is about pages is asked what may be about anything: `remaining` is one of a quota.
    let is_of_pages = inside.is_none_or(|inside| is_about_pages(&plain(inside)));
    let member = || member.to_owned();
    let number = || whole(raw);
    let more = |total: u64, counted: TotalOf| {
        let read = read.of(counted);
        (total > read).then(|| UnreadPart::Total { member: member(), total, read })
    };
    match says(&key).or_else(|| says(&whole_key))? {
        Says::Next if says_something(raw) && text(raw) != "-1" => {
            Some(UnreadPart::Next { is_address: is_address(raw), member: reached(member(), raw) })
        }
        Says::Links if leads_on(raw) => Some(UnreadPart::Linked { member: member() }),
        Says::More if says_something(raw) => Some(UnreadPart::More { member: member() }),
        Says::MoreOfPages if is_of_pages && says_something(raw) => Some(UnreadPart::More { member: member() }),
        Says::Last if is_of_pages && says_no(raw) => Some(UnreadPart::More { member: member() }),
        Says::Part if is_of_pages && says_something(raw) => Some(UnreadPart::Incomplete { member: member() }),
        Says::Whole if is_of_pages && says_no(raw) => Some(UnreadPart::Incomplete { member: member() }),
        Says::Status if inside.is_none() && says_a_part(raw) => Some(UnreadPart::Incomplete { member: member() }),
        Says::Total => {
            let total = number().or_else(|| object(raw)?.0.iter().find_map(|(key, raw)| value_of(&key.0, raw)))?;
            more(total, TotalOf::Records)
        }
        Says::TotalOfPages if is_of_pages => more(number()?, TotalOf::SomeRecords),
        // `lastPage` is a number, or says whether this is it.
        Says::Pages if says_no(raw) && key == "lastpage" => Some(UnreadPart::More { member: member() }),
        Says::Pages => more(number()?, TotalOf::Pages),
        Says::Errors if inside.is_none() && says_failed(&member(), raw) => Some(UnreadPart::Error { member: member() }),
        _ => None,
    }
}

/// `{"value": 45, "relation": "eq"}`.
fn value_of(key: &str, raw: &RawValue) -> Option<u64> {
    (key == "value").then(|| whole(raw.get())).flatten()
}

fn says_a_part(raw: &str) -> bool {
    const PARTS: [&str; 5] = ["partial", "incomplete", "truncated", "partial_success", "partial_content"];
    whole(raw) == Some(PARTIAL) || PARTS.contains(&text(raw).as_str())
}

/// Whether a member says no.
fn says_no(raw: &str) -> bool {
    matches!(text(raw).as_str(), "false" | "no")
}

/// What a value says, in small letters.
fn text(raw: &str) -> String {
    value(raw).map(|value| value.text.trim().to_lowercase()).unwrap_or_default()
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
    let is_next = |said: &RawValue| text(said.get()) == "next";
    let links = links.into_iter().filter_map(|link| object(link.get()));
    links
        .into_iter()
        .any(|link| link.0.iter().any(|(name, said)| matches!(&*name.0, "rel" | "relation") && is_next(said)))
}

/// Whether it says that nothing follows: `"has_more": false`, `"last": true`.
pub(in crate::export) fn says_no_more(text: &str, path: &[String]) -> bool {
    let (mut at, mut keys) = (text.trim(), path.iter());
    let ends = |key: &str, raw: &str| match says(&plain(key)) {
        Some(Says::More | Says::MoreOfPages) => says_no(raw),
        Some(Says::Last) => raw == "true",
        _ => false,
    };
    loop {
        let Some(of) = object(at) else { return false };
        let says = |of: &Object<'_>| of.0.iter().any(|(key, raw)| ends(&key.0, raw.get()));
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

/// Whether a member of this name says of every page but the last that more follows, and of others that they were cut off.
pub(in crate::export) fn is_of_cut_pages(member: &str) -> bool {
    matches!(plain(member.rsplit('.').next().unwrap_or(member)).as_str(), "truncated" | "istruncated")
}

/// Whether a member of this name leads from page to page at many a vendor; such members may be left out at the end.
pub(in crate::export) fn leads_on_by(key: &str) -> bool {
    says(&plain(key)) == Some(Says::Next)
}

/// A key without what tells spellings of it apart.
fn plain(key: &str) -> String {
    key.to_lowercase().chars().filter(|c| !matches!(c, '_' | '-' | '@' | ' ')).collect()
}

/// `meta.pagination.next`.
const DEPTH: usize = 2;

/// Whether a member holds anything but a word or a number for nothing.
pub(in crate::export) fn says_something(raw: &str) -> bool {
    !matches!(raw, "[]" | "{}") && !matches!(text(raw).as_str(), "" | "null" | "none" | "false" | "no" | "0")
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
        signs(text, &path, ReadOfList::in_one(2)).iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
    }

    /// Each customer's list has pages of its own where a vendor answers by GraphQL.
    #[test]
    fn a_list_in_a_record_that_says_there_is_more_is_a_part() {
        let steps =
            [PathStep::Key("items"), PathStep::Each, PathStep::Key("seats"), PathStep::Key("nodes"), PathStep::Each];
        let told = |seats: &str| {
            let text =
                format!(r#"{{"items":[{{"more":true,"last":false,"seats":{{"nodes":[]}}}},{{"seats":{seats}}}]}}"#);
            signs_inside(&text, &steps).iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
        };
        let more = r#"{"nodes":[{}],"pageInfo":{"hasNextPage":true}}"#;
        assert_eq!(told(more), "its \"pageInfo.hasNextPage\" says that there is more");
        assert_eq!(told(r#"{"nodes":[{}],"pageInfo":{"hasNextPage":false},"total":25,"count":9}"#), "");
        assert_eq!(told(r#"{"nodes":[{}]}"#), "");
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
            (r#"{"data":[{},{}],"last":false,"number":0}"#, "its \"last\" says that there is more"),
            (r#"{"data":[{},{}],"isLast":"False"}"#, "its \"isLast\" says that there is more"),
            (r#"{"data":[{},{}],"lastPage":false}"#, "its \"lastPage\" says that there is more"),
            (r#"{"data":[{},{}],"done":false}"#, "its \"done\" says that there is more"),
            (r#"{"data":[{},{}],"nextPageUrl":"https://v/2"}"#, "its \"nextPageUrl\" says that there is more"),
            (r#"{"data":[{},{}],"page":{"hasNext":true}}"#, "its \"page.hasNext\" says that there is more"),
            (r#"{"data":[{},{}],"meta":{"remaining":7}}"#, "its \"meta.remaining\" says that there is more"),
            (r#"{"data":[{},{}],"recordsTotal":45}"#, "its \"recordsTotal\" says 45, and there are 2"),
            (r#"{"numFound":45,"start":0,"data":[{},{}]}"#, "its \"numFound\" says 45, and there are 2"),
            (r#"{"count":45,"data":[{},{}]}"#, "its \"count\" says 45, and there are 2"),
            (r#"{"d":1,"__count":"45","data":[{},{}]}"#, "its \"__count\" says 45, and there are 2"),
            (r#"{"data":[{},{}],"total":{"value":45,"relation":"eq"}}"#, "its \"total\" says 45, and there are 2"),
            (r#"{"data":[{},{}],"partial":true}"#, "its \"partial\" says that it is not whole"),
            (r#"{"data":[{},{}],"incomplete_results":true}"#, "its \"incomplete_results\" says that it is not whole"),
            (r#"{"data":[{},{}],"complete":false}"#, "its \"complete\" says that it is not whole"),
            (r#"{"data":[{},{}],"status":"PARTIAL"}"#, "its \"status\" says that it is not whole"),
            (
                r#"{"data":[{},{}],"exceededTransferLimit":true}"#,
                "its \"exceededTransferLimit\" says that there is more",
            ),
            (r#"{"data":[{},{}],"link":[{"relation":"next","url":"b"}]}"#, "its \"link\" lead to a next page"),
            (r#"{"data":[{},{}],"totalPages":3}"#, "its \"totalPages\" says 3, and there are 1"),
        ] {
            assert_eq!(told(text), said, "{text}");
        }
        assert_eq!(told(r#"{"data":[{},{}],"error_code":-1}"#), "its \"error_code\" says that something went wrong");
        for text in [
            r#"{"data":[{},{}],"next":null,"has_more":false,"total":2,"total_pages":1,"errors":[]}"#,
            r#"{"data":[{"next":"x","total":9},{}],"links":{"self":"x","next":""}}"#,
            r#"{"data":[{},{}],"success":true,"ok":"","status":"success","code":200,"errorCode":"0","error":{}}"#,
            r#"{"data":[{},{}],"status":"ok","code":0,"statusCode":null,"errorCode":"","errors":[],"error":"success"}"#,
            r#"{"data":[{},{}],"last":true,"first":false,"number":2,"size":20,"numberOfElements":2,"complete":"true"}"#,
            r#"{"data":[{},{}],"has_more":"false","nextPage":-1,"truncated":"no","partial":false,"count":2,"remaining":0}"#,
            r#"{"data":[{},{}],"rateLimit":{"remaining":4999,"limit":5000},"job":{"done":false,"count":9,"complete":false}}"#,
            "[{},{}]",
        ] {
            assert_eq!(told(text), "", "{text}");
        }
    }
}
