//! The head of every page of this site.

use maud::{DOCTYPE, Markup, html};

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
