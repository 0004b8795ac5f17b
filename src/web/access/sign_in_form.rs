//! What the pages before the sign-in are made of.

use maud::{Markup, html};

use crate::web::html_head::{brand, document};
use crate::web::site::Door;

/// What stands under every form of the door but the one for codes.
pub(crate) const NO_ACCOUNT: &str =
    "No account, or a forgotten password? An administrator makes a link that is good once, for a day: ";

/// A page before the sign-in, with what an administrator can do for somebody who cannot come in.
pub(crate) fn door_page(door: &Door, title: &str, panel: &Markup, help: &str) -> Markup {
    let reset = if door.is_of_many { "recount users reset NAME --tenants DIR" } else { "recount users reset NAME" };
    let body = html! {
        body.door {
            main {
                p.brand { (brand()) }
                div.panel { (panel) }
                p.small.soft.under-door {
                    (help)
                    code { (reset) }
                }
            }
        }
    };
    document(title, &html! {}, &body)
}

/// What was wrong with the last try; the fields are described by it.
pub(crate) fn wrong(said: Option<&str>) -> Markup {
    html! { @if let Some(said) = said { div.note.bad role="alert" id="err" { div { b { (said) } } } } }
}

/// A step of the sign-in, for whom the page was made (`csrf`), that leads on to `next`.
pub(crate) fn step(action: &str, (csrf, next): (&str, &str), said: Option<&str>, fields: &Markup) -> Markup {
    html! {
        (wrong(said))
        form method="post" action=(action) {
            input type="hidden" name="csrf" value=(csrf);
            input type="hidden" name="next" value=(next);
            (fields)
        }
    }
}
