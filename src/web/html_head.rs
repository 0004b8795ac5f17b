//! The head of every page of this site.

use maud::{DOCTYPE, Markup, html};

/// The sign and the name.
pub(crate) fn brand() -> Markup {
    html! {
        svg viewBox="0 0 20 18" aria-hidden="true" {
            path d="M3.5 2.5v13M8 2.5v13M12.5 2.5v13M17 2.5v13" {}
            path.slash d="M1.5 13 18.5 5" {}
        }
        "recount"
    }
}

/// A page that is one sentence, for whoever came to where nothing is.
pub(crate) fn message_page(title: &str, said: &str) -> Markup {
    let body = html! {
        body.door { main {
            p.brand { (brand()) }
            div.panel.stack { h1 { (title) } p { (said) } p { a.b href="/" { "To the desk" } } }
        } }
    };
    document(title, &html! {}, &body)
}

/// A whole page: its title, what its head has beside that of the others, and its body.
pub(crate) fn document(title: &str, more: &Markup, body: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="robots" content="noindex";
                title { (title) " · recount" }
                link rel="stylesheet" href="/style.css";
                (more)
            }
            (body)
        }
    }
}
