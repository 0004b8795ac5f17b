//! A service that nobody has any more: the lines that wait for it, which are answered together.

use maud::{Markup, html};

use crate::reconcile::model::plan::outcome::AnswerVerb;
use crate::report::display_names;
use crate::report::numbers_and_dates::plural;
use crate::report::open_items::Item;
use crate::web::desk::role_permissions::DeskAction;
use crate::web::desk::visit::Visit;
use crate::web::pages::frame::token;
use crate::web::pages::page_pieces;

/// Lines that are listed here; the page on which they are answered lists each of them.
const LISTED: usize = 200;

/// Each line with its step, and the buttons that lead to the page on which all of them are answered.
pub(super) fn lines(visit: &Visit, item: Item<'_>, lines: &[Item<'_>]) -> Markup {
    let count = plural(lines.len(), "line");
    let these = if lines.len() == 1 { "this line" } else { "these lines" };
    html! {
        div.sheet #lines { table {
            caption { "What waits for it " small { (count) } }
            thead { tr { th scope="col" { "line" } th.n scope="col" { "billed" } th.n scope="col" { "wanted" } } }
            tbody { @for one in lines.iter().take(LISTED) { @if let Some(line) = one.line { tr {
                th scope="row" { a href={ "/items/" (one.handle) } { (display_names::line(line)) } }
                td.n { (page_pieces::quantity(line.was)) }
                td.n { b { (page_pieces::quantity(line.wanted)) } }
            } } } }
        } }
        @if lines.len() > LISTED { p.small.soft { "and " (lines.len() - LISTED) " more: the next page lists each of them" } }
        @if visit.may(DeskAction::Several) {
            form.addition method="post" action=(DeskAction::Several.path()) {
                (token(visit)) input type="hidden" name="item" value=(item.handle);
                p { span.small.soft { "Nothing is answered yet: the next page lists every step, and takes a note. A line that is to go another way is answered on its own page first." } }
                div.do {
                    @if item.takes(AnswerVerb::Accept) { button.b name="answer" value="accept" { "Accept " (these) "…" } }
                    @if item.takes(AnswerVerb::Keep) { button.b name="answer" value="keep" { "Keep " (these) "…" } }
                    @if item.takes(AnswerVerb::Ignore) { button.b name="answer" value="ignore" { "Ignore…" } }
                }
            }
        }
    }
}
