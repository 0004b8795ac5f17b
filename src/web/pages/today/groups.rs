//! Many items: grouped by what they ask, and a page of each kind.

use maud::{Markup, html};

use crate::reconcile::model::plan::reason_code::Code;
use crate::report::command_output::held_output::Waiting;
use crate::web::desk::role_permissions::DeskAction;
use crate::web::desk::visit::Visit;
use crate::web::pages::page_pieces;

/// Rows of all groups of a section together, and of a page of one kind.
const ROWS: usize = 60;
/// Rows of a group, at least.
const FEWEST: usize = 3;

/// How one item is drawn, and whether it is ticked.
type DrawRow = fn(&Visit, &Waiting, bool) -> Markup;

/// The items of a page, the kinds in the order in which their first items stand.
pub(super) fn of_kinds(visit: &Visit, open: &[&Waiting], row: DrawRow) -> Markup {
    let mut kinds: Vec<(Code, Vec<&Waiting>)> = Vec::new();
    for one in open {
        match kinds.iter_mut().find(|(code, _)| *code == one.finding.code) {
            Some((_, of_it)) => of_it.push(one),
            None => kinds.push((one.finding.code, vec![one])),
        }
    }
    let each = (ROWS / kinds.len().max(1)).max(FEWEST);
    html! { div.rows.items { @for (code, of_it) in &kinds {
        div.group {
            h3 { (page_pieces::words_of(code.as_str())) " " span.count { (of_it.len()) } }
            @if of_it.len() > each { p { (each) " of them here" } }
            a href={ "/?ask=" (code.as_str()) } { @if visit.may(DeskAction::Several) { "Select among these" } @else { "All of these" } span.sr { " " (page_pieces::words_of(code.as_str())) } }
        }
        @for one in of_it.iter().take(each) { (row(visit, one, false)) }
    } } }
}

/// The items of the kind that was asked for.
pub(super) fn asked_for(visit: &Visit, row: DrawRow) -> Option<Markup> {
    let asked = visit.query.get("ask");
    let of_it: Vec<&Waiting> = visit.desk.waiting.iter().filter(|one| one.finding.code.as_str() == asked).collect();
    let page = page_pieces::asked_page(visit);
    let listed: Vec<&Waiting> = of_it.iter().skip((page - 1) * ROWS).take(ROWS).copied().collect();
    let is_ticked = visit.query.get("select") == "1";
    let to = |page: usize, ticked: bool| format!("/?ask={asked}&page={page}{}", if ticked { "&select=1" } else { "" });
    (!of_it.is_empty()).then(|| html! {
        section aria-labelledby="kind" {
            div.sec {
                h2 id="kind" { (page_pieces::words_of(asked)) " " span.count { (of_it.len()) } }
                p { @if visit.may(DeskAction::Several) && !listed.is_empty() { a href=(to(page, true)) { "Select these " (listed.len()) } " · " } a href="/" { "All open items" } }
            }
            @if listed.is_empty() { (page_pieces::empty("There is no such page", "")) } @else { div.rows {
                div.items { @for one in &listed { (row(visit, one, is_ticked)) } }
                @if of_it.len() > ROWS { nav.pager aria-label="Pages" {
                    span { "page " (page) " of " (of_it.len().div_ceil(ROWS)) }
                    @if page > 1 { a href=(to(page - 1, false)) { "Back" } }
                    @if page * ROWS < of_it.len() { a href=(to(page + 1, false)) { "On" } }
                } }
            } }
        }
    })
}
