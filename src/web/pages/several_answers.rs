//! What several answers would do, step by step; nothing is answered by looking.

use maud::{Markup, html};
use rust_decimal::Decimal;

use crate::reconcile::model::plan::outcome::AnswerVerb;
use crate::report::numbers_and_dates;
use crate::report::open_items::Item;
use crate::web::desk::role_permissions::DeskAction;
use crate::web::desk::visit::Visit;
use crate::web::pages::frame::{RailEntry, frame, token};
use crate::web::pages::page_pieces;

pub(crate) fn page(visit: &Visit, verb: AnswerVerb, handles: &[&str]) -> Markup {
    let items: Vec<Item<'_>> = handles.iter().filter_map(|handle| visit.desk.item(handle)).collect();
    let (mut taken, left): (Vec<_>, Vec<_>) =
        items.into_iter().partition(|item| visit.desk.is_open(item) && item.takes(verb));
    // Ticked beside the item that stands for it, a line is answered once.
    let of_others: Vec<Item<'_>> =
        taken.iter().filter(|item| stands_for_lines(item, verb)).flat_map(|item| item.targets(verb)).collect();
    taken.retain(|item| of_others.iter().all(|line| line.handle != item.handle));
    let title = format!("{} {}?", name(verb), counted(&taken, verb));
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
    let wanted = |one: &Item<'_>| one.line.and_then(|line| line.wanted);
    item.targets(AnswerVerb::Accept).iter().filter_map(wanted).any(|wanted| wanted.is_zero())
}

/// Whether an answer to it is one to each of its lines.
fn stands_for_lines(item: &Item<'_>, verb: AnswerVerb) -> bool {
    item.targets(verb).iter().all(|one| one.handle != item.handle)
}

/// `2 items`, `1 item with 10 lines`.
fn counted(taken: &[Item<'_>], verb: AnswerVerb) -> String {
    let lines: usize =
        taken.iter().filter(|item| stands_for_lines(item, verb)).map(|item| item.targets(verb).len()).sum();
    let items = numbers_and_dates::plural(taken.len(), "item");
    if lines == 0 { items } else { format!("{items} with {}", numbers_and_dates::plural(lines, "line")) }
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
    let rows: Vec<(&Item<'_>, Vec<Item<'_>>)> = taken.iter().map(|item| (item, item.targets(verb))).collect();
    let lines = rows.iter().flat_map(|(_, lines)| lines).filter_map(|one| one.line);
    let sum: Decimal = lines.map(numbers_and_dates::delta).sum();
    let sum = if verb == AnswerVerb::Accept && !sum.is_zero() {
        format!(", {} units", numbers_and_dates::signed(sum))
    } else {
        String::new()
    };
    let count = counted(taken, verb);
    let label = format!("{} {count}", name(verb));
    html! {
        form method="post" action=(DeskAction::AnswerSeveral.path()) {
            (token(visit))
            div.sheet { table {
                caption { "Answered by this " small { (count) (sum) } }
                thead { tr { th scope="col" { "line" } th.n scope="col" { "billed" } th.n scope="col" { "wanted" } th.wide scope="col" { "reason" } } }
                tbody { @for (item, lines) in &rows { @for (at, one) in lines.iter().enumerate() { tr {
                    th scope="row" { (one.sentence()) @if at == 0 {
                        input type="hidden" name="item" value=(item.handle);
                        input type="hidden" name="shown" value=(item.as_shown()); } }
                    td.n { (page_pieces::quantity(one.line.and_then(|line| line.was))) }
                    td.n { b { (page_pieces::quantity(one.line.and_then(|line| line.wanted))) } }
                    td.wide { (why(item, one)) }
                } } } }
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

fn why(item: &Item<'_>, one: &Item<'_>) -> String {
    let code = item.finding.map(|finding| finding.code).or(one.line.map(|line| line.reason));
    code.map(|code| page_pieces::words_of(code.as_str())).unwrap_or_default()
}

fn left_out(verb: AnswerVerb, left: &[Item<'_>]) -> Markup {
    html! {
        div.sheet { table {
            caption { "Left out " small { "they stay as they are" } }
            tbody { @for item in left { tr {
                th scope="row" { (item.sentence()) }
                td { @if item.takes(verb) { "was answered meanwhile" } @else { "cannot be answered so: " a href={ "/items/" (item.handle) } { "look at it" } } }
            } } }
        } }
    }
}
