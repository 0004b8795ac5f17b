//! Where somebody was, and what they had typed there, when a form came without a session: both go through the sign-in, and are
//! shown again behind it. Nothing is sent by itself.

use chrono::{DateTime, NaiveDate, Utc};
use maud::{Markup, html};

use crate::reconcile::model::display_text::shown;
use crate::web::access::sign_in_form::{NO_ACCOUNT, door_page};
use crate::web::desk::posted_fields::PostedFields;
use crate::web::site::Door;
use crate::web::typed_notes::TypedNotes;

/// Characters of a note that are carried.
const NOTE_MOST: usize = 500;

/// The field of an address by which the page finds the note that was typed.
pub(crate) const TYPED: &str = "typed";

/// The page on which a form stood, and what was typed into it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LeftPage {
    /// Its address, with what was typed.
    pub(crate) address: String,
    /// The note; may be empty.
    pub(crate) note: String,
}

impl LeftPage {
    /// Of a form that was sent to this address of a desk; `base` is where that desk stands. The note itself is in no address.
    pub(crate) fn of(
        base: &str,
        sent_to: &str,
        fields: &PostedFields,
        (notes, now): (&TypedNotes, DateTime<Utc>),
    ) -> Self {
        let note: String = fields.get("note").trim().chars().take(NOTE_MOST).collect();
        let page = page_of_form(sent_to);
        let takes = page.starts_with("/items/") || page.starts_with("/mapping/");
        let company = fields.get("company").parse::<i64>().ok().map(|company| company.to_string());
        let until = fields.get("until").parse::<NaiveDate>().ok().map(|until| until.to_string());
        let kept = if takes { notes.keep(&note, now) } else { None };
        let typed = [("company", company), ("until", until), (TYPED, kept)];
        let typed = typed.into_iter().filter_map(|(name, text)| Some((name, text.filter(|_| takes)?)));
        let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(typed).finish();
        let query = if query.is_empty() { query } else { format!("?{query}") };
        Self { address: format!("{base}{page}{query}"), note }
    }

    /// Of a form with nothing that a person types.
    pub(crate) fn at(sent_to: &str) -> Self {
        Self { address: page_of_form(sent_to), note: String::new() }
    }

    /// Where to sign in, and back.
    fn door(&self) -> String {
        let next: String = url::form_urlencoded::byte_serialize(self.address.as_bytes()).collect();
        if self.address == "/" { "/signin".to_owned() } else { format!("/signin?next={next}") }
    }

    /// What was typed, for whoever has to type it again.
    pub(crate) fn typed(&self) -> Markup {
        html! { @if !self.note.is_empty() { p { "You had typed: " q { (shown(&self.note)) } } } }
    }
}

/// The page of each form.
fn page_of_form(sent_to: &str) -> String {
    let parts: Vec<&str> = sent_to.split('/').skip(1).collect();
    match parts.as_slice() {
        ["items" | "answers", handle, ..] => format!("/items/{handle}"),
        ["mapping", handle] => format!("/mapping/{handle}"),
        ["mapping"] => "/customers".to_owned(),
        ["services", handle, ..] => format!("/services/{handle}"),
        ["export", ..] => "/export".to_owned(),
        ["plans", ..] => "/plan".to_owned(),
        ["nights", run, ..] => format!("/nights/{run}"),
        ["runs", ..] => "/live".to_owned(),
        ["integrations", ..] => "/integrations".to_owned(),
        ["account", ..] => "/account".to_owned(),
        _ => "/".to_owned(),
    }
}

/// Somebody pressed a button after their session ended.
pub(crate) fn signed_out_page(door: &Door, left: &LeftPage) -> Markup {
    door_page(
        door,
        "Signed out",
        &html! {
            h1.sr { "Signed out" }
            div.note.ask { div { b { "You are not signed in." } " Nothing was saved." } }
            (left.typed())
            p { a.b href=(left.door()) { "Sign in" } }
            p.small.soft { "Behind it is the page on which you were; nothing is sent by itself." }
        },
        NO_ACCOUNT,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Otherwise whoever is signed out while typing types it again, and looks for the item first.
    #[test]
    fn what_was_typed_and_where_goes_through_the_sign_in() {
        let fields = PostedFields::parse("note=by+hand+%26+%22more%22&until=2026-12-31&answer=keep".as_bytes());
        let (notes, now) = (TypedNotes::default(), "2026-11-29T20:00:00Z".parse().unwrap());
        let left = LeftPage::of("", "/items/a7kx/answer", &fields, (&notes, now));
        let key = left.address.strip_prefix("/items/a7kx?until=2026-12-31&typed=").expect("a key");
        assert_eq!(notes.of(key, now).as_deref(), Some("by hand & \"more\""));
        assert_eq!(crate::web::access::sign_in::next_page(&left.address), left.address);
        assert_eq!(LeftPage::of("/t/acme", "/several/answer", &fields, (&notes, now)).address, "/t/acme/");
        for (sent_to, page) in [
            ("/answers/a7kx/undo", "/items/a7kx"),
            ("/mapping/k2", "/mapping/k2"),
            ("/mapping", "/customers"),
            ("/services/k3/try", "/services/k3"),
            ("/export/keep", "/export"),
            ("/plans/8b20/approve", "/plan"),
            ("/nights/7/undo", "/nights/7"),
            ("/integrations/mail/mode", "/integrations"),
        ] {
            assert_eq!(LeftPage::at(sent_to).address, page);
        }
    }
}
