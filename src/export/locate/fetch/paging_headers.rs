//! What the headers of an answer say of pages: that another one follows, and how many records or pages there are.

use http::HeaderMap;
use http::header::{CONTENT_RANGE, LINK};
use serde_json::{Map, Value};

use crate::export::format::json::more_pages::{ReadOfList, SaidTotal, TotalOf};
use crate::reconcile::model::export::partial_export::UnreadPart;

/// Headers that say how many records there are, as vendors write them.
const TOTALS: [&str; 5] = ["x-total-count", "x-total", "x-total-records", "x-total-results", "total-count"];
/// Headers that say how many pages there are.
const PAGES: [&str; 4] = ["x-total-pages", "x-page-count", "x-pages", "x-pagination-page-count"];
/// Headers that lead to the next page, or say that there is one; with nothing in them there is none.
const LEADING: [&str; 6] =
    ["x-next-page", "x-next-cursor", "x-next-token", "x-has-more", "x-continuation-token", "x-ms-continuation"];

/// Headers that hold a JSON object about the pages: `{"totalCount": 120, "totalPages": 5, "hasNext": true}`.
const OBJECTS: [&str; 3] = ["x-pagination", "pagination", "paging-headers"];
/// Its members, in lower case without `_` and `-`.
const OBJECT_TOTALS: [&str; 6] = ["total", "totalcount", "totalitems", "totalrecords", "totalresults", "totalentries"];
const OBJECT_PAGES: [&str; 4] = ["totalpages", "pagecount", "totalpagecount", "lastpage"];
const OBJECT_LEADING: [&str; 8] =
    ["next", "nextpage", "nextpagelink", "nextlink", "nextpageurl", "hasnext", "hasnextpage", "hasmore"];

/// What the headers of one answer say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::export::locate) struct PagingHeaders {
    /// Where the next page is (RFC 8288), as it is written.
    pub(in crate::export::locate) link: Option<String>,
    leading: Option<&'static str>,
    total: Option<(&'static str, u64)>,
    pages: Option<(&'static str, u64)>,
}

impl PagingHeaders {
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let text = |name: &'static str| Some((name, headers.get(name)?.to_str().ok()?.trim()));
        let number = |name| text(name).and_then(|(name, value)| Some((name, value.parse().ok()?)));
        let leads = |(_, value): &(&str, &str)| {
            !["", "0", "false", "null", "none"].iter().any(|end| value.eq_ignore_ascii_case(end))
        };
        let object = OBJECTS.into_iter().filter_map(text).find_map(|(name, value)| ObjectHeader::of(name, value));
        let of_object = |names: &[&str]| object.as_ref().and_then(|object| object.number(names));
        Self {
            link: next_of(headers),
            leading: LEADING
                .into_iter()
                .filter_map(text)
                .find(leads)
                .map(|(name, _)| name)
                .or_else(|| object.as_ref().and_then(ObjectHeader::leads)),
            total: TOTALS.into_iter().find_map(number).or_else(|| range_total(headers)).or(of_object(&OBJECT_TOTALS)),
            pages: PAGES.into_iter().find_map(number).or(of_object(&OBJECT_PAGES)),
        }
    }

    /// What they say of how many records or pages there are.
    pub(in crate::export::locate) fn totals(&self) -> Vec<SaidTotal> {
        let said = [(self.total, TotalOf::Records), (self.pages, TotalOf::Pages)];
        let said = said.into_iter().filter_map(|(said, counted)| said.map(|(name, number)| (name, number, counted)));
        said.map(|(name, number, counted)| SaidTotal { member: shown_name(name), number, counted, in_header: true })
            .collect()
    }

    /// Where they lead on, or say that there is more.
    pub(in crate::export::locate) fn leads(&self) -> Vec<UnreadPart> {
        let link = self.link.as_ref().map(|_| UnreadPart::Header);
        let leading = self.leading.map(|name| UnreadPart::HeaderLeads { name: shown_name(name) });
        link.into_iter().chain(leading).collect()
    }

    /// What they say of more than was read; `records` is `None` where what is counted is not what a server counts.
    pub(in crate::export::locate) fn unread(&self, records: Option<usize>, pages: usize) -> Vec<UnreadPart> {
        let is_counted = |said: &SaidTotal| said.counted == TotalOf::Pages || records.is_some();
        let read = ReadOfList::on(records.unwrap_or_default(), pages);
        let totals = self.totals().into_iter().filter(is_counted);
        self.leads().into_iter().chain(totals.filter_map(|said| said.more_than(read))).collect()
    }
}

/// A header that holds an object about the pages.
struct ObjectHeader {
    name: &'static str,
    members: Map<String, Value>,
}

impl ObjectHeader {
    fn of(name: &'static str, value: &str) -> Option<Self> {
        let members: Map<String, Value> = serde_json::from_str(value).ok()?;
        let plain = |key: &str| key.replace(['_', '-'], "").to_lowercase();
        Some(Self { name, members: members.into_iter().map(|(key, value)| (plain(&key), value)).collect() })
    }

    fn number(&self, names: &[&str]) -> Option<(&'static str, u64)> {
        let value = names.iter().find_map(|name| self.members.get(*name))?;
        let number = value.as_u64().or_else(|| value.as_str()?.trim().parse().ok())?;
        Some((self.name, number))
    }

    fn leads(&self) -> Option<&'static str> {
        let leading = |value: &Value| match value {
            Value::Null => false,
            Value::Bool(leads) => *leads,
            Value::String(text) => !["", "0", "false", "null", "none"].contains(&text.trim().to_lowercase().as_str()),
            other => other.as_u64() != Some(0),
        };
        OBJECT_LEADING.iter().filter_map(|name| self.members.get(*name)).any(leading).then_some(self.name)
    }
}

/// `X-Total-Count`, as the documentation of vendors writes it.
fn shown_name(name: &str) -> String {
    let word = |word: &str| word[..1].to_uppercase() + &word[1..];
    name.split('-').map(word).collect::<Vec<_>>().join("-")
}

/// The total of `items 0-7/12`. Of bytes it is the file's length, and says nothing of records.
fn range_total(headers: &HeaderMap) -> Option<(&'static str, u64)> {
    let (unit, range) = headers.get(CONTENT_RANGE)?.to_str().ok()?.trim().split_once(' ')?;
    let total = range.rsplit_once('/')?.1.trim().parse().ok()?;
    (!unit.eq_ignore_ascii_case("bytes")).then_some(("content-range", total))
}

/// The address that a `Link` header calls the next one.
fn next_of(headers: &HeaderMap) -> Option<String> {
    let links = headers.get_all(LINK).iter().filter_map(|value| value.to_str().ok());
    links.flat_map(|links| links.split('<').skip(1)).find_map(|link| {
        let (address, about) = link.split_once('>')?;
        is_next(about).then(|| address.trim().to_owned())
    })
}

/// `; rel="next"`, of any case, and among others.
fn is_next(about: &str) -> bool {
    about.split(';').filter_map(|part| part.split_once('=')).any(|(name, value)| {
        let words = value.trim().trim_end_matches(',').trim().trim_matches('"');
        name.trim().eq_ignore_ascii_case("rel")
            && words.split_whitespace().any(|word| word.eq_ignore_ascii_case("next"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A link that is not seen is a list that ends after its first page.
    #[test]
    fn the_next_page_is_found_among_other_links() {
        for (link, next) in [
            ("<https://v/2>; rel=\"next\"", Some("https://v/2")),
            ("<https://v/1>; rel=\"first\", </l?page=2,3>; title=x; rel=next", Some("/l?page=2,3")),
            ("<https://v/9>; REL=\"last Next\"", Some("https://v/9")),
            ("<https://v/9>; rel=\"last\"", None),
            ("nonsense; rel=next", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(LINK, link.parse().expect("a value"));
            assert_eq!(next_of(&headers).as_deref(), next, "{link}");
        }
    }

    /// A list of which a part is billed, because its server says in a header alone how many there are.
    #[test]
    fn what_headers_say_of_more_is_told() {
        let said = |name: &'static str, value: &'static str| {
            let headers =
                HeaderMap::from_iter([(http::HeaderName::from_static(name), value.parse().expect("a value"))]);
            PagingHeaders::of(&headers).unread(Some(8), 1).iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        for (name, value, told) in [
            ("x-total-count", "12", "the server's header X-Total-Count says 12, and there are 8"),
            ("x-total-pages", "2", "the server's header X-Total-Pages says 2, and there are 1"),
            ("x-next-page", "2", "the server's header X-Next-Page says that there is more"),
            ("x-has-more", "True", "the server's header X-Has-More says that there is more"),
            ("content-range", "items 0-7/12", "the server's header Content-Range says 12, and there are 8"),
            (
                "x-pagination",
                r#"{"total": 12, "total_pages": 1}"#,
                "the server's header X-Pagination says 12, and there are 8",
            ),
            ("x-pagination", r#"{"TotalPages": "2"}"#, "the server's header X-Pagination says 2, and there are 1"),
            ("x-pagination", r#"{"hasNext": true}"#, "the server's header X-Pagination says that there is more"),
            ("pagination", r#"{"next_page": 2}"#, "the server's header Pagination says that there is more"),
        ] {
            assert_eq!(said(name, value), [told], "{name}");
        }
        for (name, value) in [
            ("x-total-count", "8"),
            ("x-total-pages", "1"),
            ("x-next-page", ""),
            ("x-has-more", "false"),
            ("content-range", "bytes 0-999/1000"),
            ("content-range", "items 0-7/*"),
            ("x-pagination", r#"{"total": 8, "total_pages": 1, "next_page": null, "hasNext": false}"#),
            ("x-pagination", "12"),
        ] {
            assert!(said(name, value).is_empty(), "{name}: {value}");
        }
    }
}
