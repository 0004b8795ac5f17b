//! A tenant's desk is the same as any other, and its pages name each other from the root. Here the tenant's address is
//! put before each address in what it answers, as a proxy in front of it would.

use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, header};
use axum::response::Response;
use futures_util::StreamExt as _;

use crate::web::access::account_page;
use crate::web::assets::is_asset;
use crate::web::fleet::tenant_addresses::LIST;

/// Addresses that are those of all tenants.
const SHARED: [&str; 3] = [LIST, "/signin", account_page::ADDRESS];

/// The answer of a desk that stands at `base`, such as `/t/acme`.
pub(crate) fn moved(mut response: Response, base: &str) -> Response {
    let to = response.headers().get(header::LOCATION).and_then(|to| to.to_str().ok());
    if let Some(to) = to.and_then(|to| HeaderValue::from_str(&address(to, base)).ok()) {
        response.headers_mut().insert(header::LOCATION, to);
    }
    let kind = response.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if !kind.starts_with("text/html") && !kind.starts_with("text/event-stream") {
        return response;
    }
    response.headers_mut().remove(header::CONTENT_LENGTH);
    let base = base.to_owned();
    // A page is one piece, and so is an event.
    response.map(|body| {
        let pieces = body.into_data_stream().map(move |piece| piece.map(|piece| page(&piece, &base)));
        Body::from_stream(pieces)
    })
}

/// An address of the desk, from the root.
fn address(of_desk: &str, base: &str) -> String {
    let is_own = of_desk.starts_with('/') && !of_desk.starts_with("//");
    if !is_own || is_asset(of_desk) || SHARED.iter().any(|shared| of_desk.starts_with(shared)) {
        return of_desk.to_owned();
    }
    format!("{base}{of_desk}")
}

/// Attributes that hold an address.
const ADDRESSES: [&str; 6] = ["href", "action", "src", "hx-get", "hx-post", "hx-sse:connect"];
/// What stands before an attribute's value. In a text it cannot stand: there a quotation mark is written as `&quot;`.
const BEFORE: &str = "=\"";

fn page(piece: &Bytes, base: &str) -> Bytes {
    let Ok(text) = std::str::from_utf8(piece) else { return piece.clone() };
    let (mut whole, mut rest) = (String::with_capacity(text.len()), text);
    while let Some((before, after)) = rest.split_once(BEFORE) {
        let is_address = before.rsplit([' ', '\n']).next().is_some_and(|name| ADDRESSES.contains(&name));
        let Some((value, behind)) = after.split_once('"') else { break };
        whole.push_str(before);
        whole.push_str(BEFORE);
        whole.push_str(&if is_address { address(value, base) } else { value.to_owned() });
        whole.push('"');
        rest = behind;
    }
    whole.push_str(rest);
    whole.into()
}

#[cfg(test)]
mod tests {
    use maud::html;

    use super::page;

    fn of(markup: maud::Markup) -> String {
        String::from_utf8(page(&markup.into_string().into(), "/t/acme").to_vec()).expect("a page")
    }

    /// Otherwise a link or a form of one tenant's page would lead to nowhere, or to another tenant's desk.
    #[test]
    fn every_address_of_a_page_leads_to_the_same_tenant() {
        let page = html! {
            a href="/" { "x" } a href="/items/a?b=1#c" { "x" } a href="#main" { "x" } a href="https://cw.example/x" { "x" }
            form action="/several/answer" { input value="1/2"; } div hx-get="/customers?look=1" hx-sse:connect="/live/events" {}
            link href="/style.css"; script src="/keys.js" {} a href="/customers?s=" { "all" } a href="/t/" { "All" } a href="/signin?next=%2F" { "in" } a href="//evil.example" { "x" }
        };
        assert_eq!(
            of(page),
            "<a href=\"/t/acme/\">x</a><a href=\"/t/acme/items/a?b=1#c\">x</a><a href=\"#main\">x</a>\
             <a href=\"https://cw.example/x\">x</a><form action=\"/t/acme/several/answer\"><input value=\"1/2\"></form>\
             <div hx-get=\"/t/acme/customers?look=1\" hx-sse:connect=\"/t/acme/live/events\"></div><link href=\"/style.css\">\
             <script src=\"/keys.js\"></script><a href=\"/t/acme/customers?s=\">all</a><a href=\"/t/\">All</a><a href=\"/signin?next=%2F\">in</a><a href=\"//evil.example\">x</a>"
        );
    }

    /// A customer may have any name, and is shown by it.
    #[test]
    fn what_people_wrote_stays_as_it_is() {
        let page = html! { p { "href=\"/items/x\" Co" } input value="/items/x"; input value="a href="; p { "/b\"" } };
        assert_eq!(of(page.clone()), page.into_string());
    }
}
