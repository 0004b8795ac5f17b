//! The addresses of pages.

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use url::Url;

use crate::export::locate::link_settings::{ListRequest, NextPage};

/// What would end a parameter, or mean something else in it.
const IN_QUERY: &AsciiSet =
    &CONTROLS.add(b' ').add(b'"').add(b'#').add(b'<').add(b'>').add(b'&').add(b'+').add(b'%').add(b'=').add(b'\'');

/// The first page.
pub(super) fn first(request: &ListRequest) -> Url {
    let mut url = request.url.clone();
    match request.pages.as_ref().map(|pages| &pages.turn) {
        Some(NextPage::Numbered { page, size }) => {
            let from = number(&url, page).unwrap_or(1);
            sized(&mut url, size.as_ref());
            set(&mut url, page, &from.to_string());
        }
        Some(NextPage::Offset { offset, size }) => {
            let from = number(&url, offset).unwrap_or(0);
            sized(&mut url, size.as_ref());
            set(&mut url, offset, &from.to_string());
        }
        _ => {}
    }
    url
}

/// The page before the first of a list that is read from 1 because nothing says otherwise, and the parameter.
pub(super) fn zeroth(request: &ListRequest) -> Option<(Url, &str)> {
    let NextPage::Numbered { page, .. } = &request.pages.as_ref()?.turn else { return None };
    let mut url = first(request);
    number(&request.url, page).is_none().then(|| set(&mut url, page, "0"))?;
    Some((url, page))
}

fn sized(url: &mut Url, size: Option<&(String, u64)>) {
    if let Some((name, records)) = size {
        set(url, name, &records.to_string());
    }
}

/// The page after this one.
pub(super) fn numbered(asked: &Url, page: &str) -> Url {
    let mut url = asked.clone();
    set(&mut url, page, &number(asked, page).unwrap_or(1).saturating_add(1).to_string());
    url
}

/// The page that passes over so many records, counted on from the first page's number: some vendors begin at 1.
pub(super) fn passing(request: &ListRequest, asked: &Url, (offset, read): (&str, usize)) -> Url {
    let from = number(&request.url, offset).unwrap_or(0);
    let mut url = asked.clone();
    set(&mut url, offset, &from.saturating_add(u64::try_from(read).unwrap_or(u64::MAX)).to_string());
    url
}

/// The page that an answer leads to: an address, or the value of a parameter.
pub(super) fn led(asked: &Url, said: &str, query: Option<&str>) -> Option<Url> {
    // Without a parameter to put it into, a text with a query of its own is an address too: `sites?page=2`.
    let is_relative = query.is_none() && said.contains('?') && !said.contains(':');
    let address = said.starts_with("https://") || said.starts_with("http://") || said.starts_with(['/', '?']);
    let address = address || is_relative;
    match query {
        Some(query) if !address => {
            let mut url = asked.clone();
            set(&mut url, query, said);
            Some(url)
        }
        None if !address => None,
        _ => asked.join(said).ok(),
    }
}

fn number(url: &Url, name: &str) -> Option<u64> {
    url.query_pairs().find(|(key, _)| key == name)?.1.parse().ok()
}

/// Sets one parameter, and leaves the others as they are written.
fn set(url: &mut Url, name: &str, value: &str) {
    let is_it = |part: &&str| url::form_urlencoded::parse(part.as_bytes()).next().is_some_and(|(key, _)| key == name);
    let before = url.query().unwrap_or_default().to_owned();
    let parts: Vec<&str> = before.split('&').filter(|part| !part.is_empty() && !is_it(part)).collect();
    let own = format!("{}={}", utf8_percent_encode(name, IN_QUERY), utf8_percent_encode(value, IN_QUERY));
    let query = parts.into_iter().chain([own.as_str()]).collect::<Vec<_>>().join("&");
    url.set_query(Some(&query));
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A cursor that is sent otherwise than it was given leads to other records, or to none.
    #[test]
    fn one_parameter_is_set_and_the_others_stay() {
        let url = Url::parse("https://v/l?$filter=a%20eq%201&page=1&x=%2B").expect("a URL");
        let next = led(&url, "a+b/c==&d", Some("page")).expect("a page");
        assert_eq!(next.as_str(), "https://v/l?$filter=a%20eq%201&x=%2B&page=a%2Bb/c%3D%3D%26d");
        assert_eq!(next.query_pairs().last().expect("there").1, "a+b/c==&d");
        assert_eq!(led(&url, "/m?after=7", Some("page")).expect("a page").as_str(), "https://v/m?after=7");
        assert_eq!(led(&url, "7", None), None);
        let below = Url::parse("https://v/api/l?page=1").expect("a URL");
        assert_eq!(led(&below, "l?page=2", None).expect("a page").as_str(), "https://v/api/l?page=2");
        assert_eq!(numbered(&url, "page").query(), Some("$filter=a%20eq%201&x=%2B&page=2"));
    }
}
