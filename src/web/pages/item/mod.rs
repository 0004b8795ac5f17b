//! One item, with its evidence: where mails, tickets and chat lead.

pub(crate) mod evidence;
mod line_by_line;
mod settled;

use maud::{Markup, html};

use crate::history::run_record::LineRecord;
use crate::reconcile::model::display_text::{escaped, shown};
use crate::reconcile::model::ids::AdditionId;
use crate::reconcile::model::plan::outcome::AnswerVerb;
use crate::report::numbers_and_dates::ExportReadability;
use crate::report::open_items::Item;
use crate::report::report_model::sign as sign_of;
use crate::report::{display_names, numbers_and_dates};
use crate::web::desk::role_permissions::DeskAction;
use crate::web::desk::visit::Visit;
use crate::web::pages::frame::{RailEntry, frame, token};
use crate::web::pages::today::answered;
use crate::web::pages::{next_step, page_pieces, today};
use crate::web::site::PageError;

pub(crate) fn page(visit: &Visit) -> Result<Markup, PageError> {
    let handle = visit.part("handle");
    let Some(item) = visit.desk.item(handle) else { return settled::page(visit, handle) };
    let open = visit.desk.waiting.iter().find(|one| one.finding.handle.as_deref() == Some(handle));
    let title = item.sentence();
    let main = html! {
        header.head { div {
            p.over { a href="/" { "Today" } " · " code { (handle) } " · " (shown(item.of.run.integration.as_str())) }
            h1 { (title) }
            p.lead { @match open {
                Some(one) if one.nights > 1 => { "open for " (one.nights) " nights, since " (numbers_and_dates::day(visit.desk.zone.local(one.since.1))) },
                Some(one) if visit.desk.is_new(one) => "new",
                Some(_) => "open since today",
                None if visit.desk.is_open(&item) => (listed_by(visit, item)),
                None => @match visit.desk.mapped(handle) {
                    Some(mapped) => (answered::mapped_by(visit, mapped)),
                    None => "not open",
                },
            } }
        } }
        div.two {
            div.stack { (card(visit, item)) (answered::standing(visit, handle)) @if item.line.is_some() { (evidence::nights(visit, handle, &item.of.run.integration)?) } }
            div.stack { (why(visit, item)?) (evidence::answers(&visit.desk.history()?.answers_to(handle, evidence::ANSWERS)?)) }
        }
    };
    Ok(frame(visit, RailEntry::Today, &title, &main))
}

/// Whether a handle has a page: in the newest plans, or because an earlier run asked about it.
pub(crate) fn is_known(visit: &Visit, handle: &str) -> Result<bool, PageError> {
    match &visit.desk.history {
        Some(history) => Ok(visit.desk.item(handle).is_some() || settled::is_known(history, handle)?),
        None => Ok(false),
    }
}

/// Lines that are listed of an item that lists several.
const LISTED: usize = 200;

/// What the answers mean.
const MEANT: [(AnswerVerb, &str, &str); 3] = [
    (AnswerVerb::Accept, "Accept", "follows the export."),
    (AnswerVerb::Keep, "Keep", "leaves what ConnectWise bills."),
    (AnswerVerb::Ignore, "Ignore", "stops asking."),
];

fn card(visit: &Visit, item: Item<'_>) -> Markup {
    let finding = item.finding;
    html! {
        section.card aria-labelledby="ch" {
            header {
                @if let Some(finding) = finding { (page_pieces::sign(if visit.desk.is_open(&item) { "ask" } else { "plain" }, sign_of(finding.code))) }
                h2 id="ch" { @match (finding, item.line) {
                    (Some(finding), _) => (page_pieces::words_of(finding.code.as_str())),
                    (None, Some(line)) => { (line.outcome) ", " (page_pieces::words_of(line.reason.as_str())) },
                    (None, None) => "",
                } }
                (page_pieces::step(item.line))
            }
            @if let Some(finding) = finding { p { (escaped(&finding.message)) (page_pieces::ticket(visit, &item.of.run.integration, finding)) } }
            @if let Some(line) = item.line { dl.counts {
                div { dt { "billed" } dd { (page_pieces::quantity(line.was)) } }
                div { dt { "counted" } dd { (page_pieces::quantity(numbers_and_dates::counted(line))) } }
                div { dt { "wanted" } dd { (page_pieces::quantity(line.wanted)) } }
                div { dt { "now" } dd { (page_pieces::quantity(line.now)) } }
            } }
            @if visit.desk.is_open(&item) {
                @let (lines, of_service) = (visit.desk.listed(&item), item.open_lines());
                @if !of_service.is_empty() { (line_by_line::lines(visit, item, &of_service)) }
                @else if lines.is_empty() || !visit.may(DeskAction::Several) { (today::answers(visit, item.handle)) } @else { (let_be(visit, &lines)) }
                @if let Some(line) = item.line { (choose_addition(visit, item, line)) }
                @if let Some(finding) = finding.filter(|_| of_service.is_empty() && !item.line.is_some_and(display_names::is_ambiguous)) { p.do { (next_step::link(visit, &item.of.run.integration, finding, "")) } }
                p.meta { span {
                    @for (verb, word, what) in MEANT { @if item.takes(verb) { b { (word) } " " (what) " " } }
                } }
            } @else if visit.desk.mapped(item.handle).is_some() {
                @if let Some(line) = item.line { (choose_addition(visit, item, line)) }
                @if let Some(finding) = finding.filter(|_| !item.line.is_some_and(display_names::is_ambiguous)) { p.do { (next_step::link(visit, &item.of.run.integration, finding, "")) } }
            }
        }
    }
}

/// That it is open as a line of another item.
fn listed_by(visit: &Visit, item: Item<'_>) -> Markup {
    let list = visit.desk.listing(&item).and_then(|one| one.finding.handle.as_deref());
    html! { "one of the lines that " @match list {
        Some(list) => a href={ "/items/" (list) "#lines" } { "one open item" },
        None => "one open item",
    } " lists" }
}

/// The lines that one open item lists: each is let be by itself, several in one go.
fn let_be(visit: &Visit, lines: &[Item<'_>]) -> Markup {
    html! {
        form.addition #lines method="post" action=(DeskAction::Several.path()) {
            (token(visit))
            p { b { "Which of these lines are right as they are?" } " " span.small.soft { "The next page asks for a note. The others stay open." } }
            @for one in lines.iter().take(LISTED) {
                label.choice { input type="checkbox" name="item" value=(one.handle);
                    @if let Some(line) = one.line { span { b { (display_names::line(line)) } span.rest { (escaped(&line.detail)) } } }
                    span.small.soft { code { (one.handle) } } }
            }
            @if lines.len() > LISTED { p.small.soft { "and " (lines.len() - LISTED) " more, once these are answered" } }
            div.do { button.b name="answer" value="ignore" { "Ignore…" } }
        }
    }
}

/// Which of several additions is meant: nothing chooses one by itself.
fn choose_addition(visit: &Visit, item: Item<'_>, line: &LineRecord) -> Markup {
    let asked = line.named.iter().filter(|_| display_names::is_ambiguous(line) && visit.may(DeskAction::Pin));
    let asked: Vec<AdditionId> = asked.flat_map(|named| named.0.keys().copied()).collect();
    let chosen = visit.query.get("chosen").parse::<i64>().ok().map(AdditionId).filter(|chosen| asked.contains(chosen));
    html! {
        @if let Some(chosen) = chosen {
            (page_pieces::note("plain", "Chosen.", html! { "Addition " (chosen) " is meant. It takes effect with the next plan or night; nothing was written to ConnectWise." }))
        }
        @if !asked.is_empty() {
            form.addition #addition method="post" action=(DeskAction::Pin.path().replace("{handle}", item.handle)) {
                (token(visit)) input type="hidden" name="shown" value=(visit.desk.addition_shown(&item));
                p { b { "Which addition is meant?" } " " span.small.soft { "It is written into customers.csv under your name; the others are left as they are." } }
                div.do { @for addition in &asked {
                    button.b name="addition" value=(addition) { "Choose addition " (addition) }
                } }
            }
        }
    }
}

fn why(visit: &Visit, item: Item<'_>) -> Result<Markup, PageError> {
    let integration = &item.of.run.integration;
    let last = item.line.map(|line| evidence::last_write(visit, integration, line)).transpose()?.flatten();
    let takes_one = MEANT.iter().any(|(verb, ..)| item.takes(*verb));
    let can_be_pressed = visit.may(DeskAction::Answer) && (takes_one || !visit.desk.listed(&item).is_empty());
    Ok(html! {
        section.panel aria-labelledby="why" {
            h2 id="why" { @if item.line.is_some() { "Why" } @else { "What helps" } }
            @if let Some(line) = item.line { (evidence::chain(visit, line, last.as_ref(), (&ExportReadability::of_run(&item.of.run), visit.desk.records.get(&item.of.run.integration)))) }
            @if let Some(finding) = item.finding.filter(|finding| !finding.fix.is_empty()) {
                @if item.line.is_some() && !can_be_pressed { h3 { "What helps" } }
                @if can_be_pressed { (page_pieces::beside_buttons(visit, &finding.fix)) } @else { (page_pieces::ways(visit, &finding.fix)) }
            }
        }
    })
}
