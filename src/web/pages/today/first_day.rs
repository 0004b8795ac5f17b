//! Before there is any plan: the way to the first night, step by step.

use maud::{Markup, html};

use crate::report::numbers_and_dates;
use crate::web::desk::role_permissions::DeskAction;
use crate::web::desk::visit::Visit;
use crate::web::pages::page_pieces;

/// `draw`: the button that begins a dry run, for whoever may.
pub(super) fn steps(visit: &Visit, draw: Markup) -> Markup {
    let standings = &visit.desk.standings;
    let mapped: usize = standings.iter().filter_map(|one| one.customers).map(|(mapped, _)| mapped).sum();
    let services: usize = standings.iter().map(|one| one.services).sum();
    let link = |may: DeskAction, address: &str, words: &str| {
        let words = if visit.may(may) { words } else { "Look" };
        html! { a.b href=(address) { (words) span.sr { ": " (address.trim_start_matches('/')) } } }
    };
    let steps = [
        (
            "See that ConnectWise answers.",
            "The test says which rights the key has.".to_owned(),
            link(DeskAction::Test, "/integrations", "Test…"),
        ),
        (
            "See that the export is read.",
            "A file that you bring is read and compared; nothing is written.".to_owned(),
            link(DeskAction::Upload, "/export", "Bring a file…"),
        ),
        (
            "Say who is which company.",
            format!("{} mapped so far.", are(mapped, "customer")),
            link(DeskAction::Map, "/customers", "Map customers…"),
        ),
        (
            "Say what each service is billed as.",
            format!("{} known so far.", are(services, "service")),
            link(DeskAction::TryService, "/services", "Look at the services"),
        ),
        (
            "Draw the first plan.",
            "It reads, compares and shows every line with its reason. It cannot write.".to_owned(),
            draw,
        ),
        ("Watch a few nights in mode observe.", "Each of them draws a plan and writes nothing.".to_owned(), html! {}),
        (
            "Approve the first plan.",
            "From then on each night goes on by itself, and asks about what its guards hold.".to_owned(),
            html! {},
        ),
    ];
    html! {
        ol.rows.checks aria-label="From here to the first night" {
            @for (number, (title, said, button)) in ('1'..='7').zip(&steps) { li {
                (page_pieces::sign("plain", number)) p { b { (title) } " " span.soft { (said) } } (button)
            } }
        }
        section aria-labelledby="empty" {
            div.sec { h2 id="empty" { "Open items" } }
            (page_pieces::empty("No night has run yet", "Here will be what waits for a person, the new ones first."))
        }
    }
}

/// `1 customer is`, `2 customers are`.
fn are(many: usize, noun: &str) -> String {
    format!("{} {}", numbers_and_dates::plural(many, noun), if many == 1 { "is" } else { "are" })
}
