//! What several answers would do, step by step; nothing is answered by looking.

use maud::{Markup, html};
use rust_decimal::Decimal;

use crate::reconcile::model::plan::outcome::AnswerVerb;
use crate::report::numbers_and_dates;
use crate::report::open_items::Item;
use crate::web::desk::role_permissions::DeskAction;
use crate::web::desk::visit::Visit;
use crate::web::pages::frame::{RailEntry, frame, token};
use crate::web::pages::{page_pieces, today};

pub(crate) fn page(visit: &Visit, verb: AnswerVerb, handles: &[&str]) -> Markup {
    let items: Vec<Item<'_>> = handles.iter().filter_map(|handle| visit.desk.item(handle)).collect();
    let open =
        |item: &Item<'_>| visit.desk.waiting.iter().any(|one| one.finding.handle.as_deref() == Some(item.handle));
    let (taken, left): (Vec<_>, Vec<_>) =
        items.into_iter().partition(|item| open(item) && today::takes(Some(*item), verb));
    let title = format!("{} {}?", name(verb), numbers_and_dates::plural(taken.len(), "item"));
    let asks_note = verb == AnswerVerb::Accept && taken.iter().any(|item| to_zero(*item));
    let main = html! {
        header.head { div {
            p.over { a href="/" { "Today" } " · " (handles.len()) " selected" }
            h1 { (title) }
            p.lead { "Nothing is answered yet. Each step below is the one of the newest plan; if one moves before you press, none is answered." }
        } }
        @if taken.is_empty() { (page_pieces::empty("None of them can be answered so", "They stay open.")) }
        @if !left.is_empty() { (left_out(verb, &left)) }
        @if !taken.is_empty() { (form(visit, verb, &taken, asks_note)) }
    };
    frame(visit, RailEntry::Today, &title, &main)
}

/// Whether accepting it sets a line to zero.
pub(crate) fn to_zero(item: Item<'_>) -> bool {
    item.line.is_some_and(|line| line.wanted.is_some_and(|wanted| wanted.is_zero()))
}

fn name(verb: AnswerVerb) -> &'static str {
    match verb {
        AnswerVerb::Accept => "Accept",
        AnswerVerb::Keep => "Keep",
        AnswerVerb::Ignore => "Ignore",
        AnswerVerb::Reopen => "Ask again about",
    }
}

fn form(visit: &Visit, verb: AnswerVerb, taken: &[Item<'_>], asks_note: bool) -> Markup {
    let sum: Decimal = taken.iter().filter_map(|item| item.line).map(numbers_and_dates::delta).sum();
    let sum = if verb == AnswerVerb::Accept && !sum.is_zero() {
        format!(", {} units", numbers_and_dates::signed(sum))
    } else {
        String::new()
    };
    let label = format!("{} {}", name(verb), numbers_and_dates::plural(taken.len(), "item"));
    html! {
        form method="post" action=(DeskAction::AnswerSeveral.path()) {
            (token(visit))
            div.sheet { table {
                caption { "Answered by this " small { (numbers_and_dates::plural(taken.len(), "item")) (sum) } }
                thead { tr { th scope="col" { "line" } th.n scope="col" { "billed" } th.n scope="col" { "wanted" } th.wide scope="col" { "reason" } } }
                tbody { @for item in taken { tr {
                    th scope="row" { (item.sentence())
                        input type="hidden" name="item" value=(item.handle);
                        input type="hidden" name="shown" value=(item.as_shown()); }
                    td.n { (page_pieces::quantity(item.line.and_then(|line| line.was))) }
                    td.n { b { (page_pieces::quantity(item.line.and_then(|line| line.wanted))) } }
                    td.wide { (item.finding.map(|finding| page_pieces::words_of(finding.code.as_str())).unwrap_or_default()) }
                } } }
            } }
            section.panel.stack aria-labelledby="n" {
                h2 id="n" { "One note for all" }
                div.field { label for="note" { "Why is it right? " @if asks_note { span.hint { "Asked for because a line goes to zero." } } }
                    textarea id="note" name="note" rows="2" maxlength="500" required[asks_note] {} }
                @if verb != AnswerVerb::Accept { div.field { label for="until" { "Until" } input id="until" name="until" type="date"; } }
            }
            div.bar {
                p { b { (label) (sum) "." } " " span.small { "The next night uses it. Until then each can be undone." } }
                div.do { button.b.act name="answer" value=(verb.as_str()) { (label) } a.b href="/" { "Back" } }
            }
        }
    }
}

fn left_out(verb: AnswerVerb, left: &[Item<'_>]) -> Markup {
    html! {
        div.sheet { table {
            caption { "Left out " small { "they stay as they are" } }
            tbody { @for item in left { tr {
                th scope="row" { (item.sentence()) }
                td { @if today::takes(Some(*item), verb) { "was answered meanwhile" } @else { "cannot be answered so: " a href={ "/items/" (item.handle) } { "look at it" } } }
            } } }
        } }
    }
}
