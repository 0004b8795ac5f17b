//! Today: how each integration stands, what waits for a person, and what was answered.

pub(crate) mod answered;
mod first_day;
mod groups;
mod integration_standings;
mod quiet_morning;
mod refused_exports;

use std::collections::{BTreeMap, BTreeSet};

use maud::{Markup, html};

use crate::history::lines_over_nights::LineNight;
use crate::reconcile::model::display_text::{escaped, shown};
use crate::reconcile::model::ids::{IntegrationName, RunId};
use crate::reconcile::model::plan::outcome::AnswerVerb;
use crate::reconcile::model::plan::reason_code::Code;
use crate::reconcile::model::quantity::or_dash;
use crate::report::command_output::held_output::Waiting;
use crate::report::open_items::Item;
use crate::report::report_model::sign as sign_of;
use crate::report::{display_names, numbers_and_dates, sparkline};
use crate::web::desk::host::mapping_host::CompanyGuess;
use crate::web::desk::role_permissions::DeskAction;
use crate::web::desk::visit::Visit;
use crate::web::pages::frame::{RailEntry, frame, token};
use crate::web::pages::{kept_uploads, next_step, page_pieces};
use crate::web::site::PageError;

/// Items that stand each by itself, the new ones as cards; more of them are grouped by what they ask.
const CARDS: usize = 12;

pub(crate) fn page(visit: &Visit) -> Result<Markup, PageError> {
    let open = &visit.desk.waiting;
    let title = match open.len() {
        0 if is_first_day(visit) => "First day".to_owned(),
        0 if visit.desk.outdated.is_some() => "What there is to decide is not known".to_owned(),
        0 if !visit.desk.undos.is_empty() => "An undo waits for approval".to_owned(),
        0 => "Nothing to decide".to_owned(),
        _ if !refused_exports::whose(visit).is_empty() => format!("Export refused: {}", refused_exports::whose(visit)),
        open => format!("{open} to decide"),
    };
    let ordinary = open.iter().filter(|one| !refused_exports::is_one(one));
    let (new, mut still): (Vec<&Waiting>, Vec<&Waiting>) = ordinary.partition(|one| visit.desk.is_new(one));
    still.sort_by_cached_key(|one| !has_answer(visit, one));
    if let Some(one_kind) = groups::asked_for(visit, row) {
        let main = html! { (head(visit, &title, new.len(), still.len())) (one_kind) @if visit.may(DeskAction::Several) { (several(visit)) } };
        return Ok(frame(visit, RailEntry::Today, &format!("{title} · Today"), &main));
    }
    let may_start = visit.may(DeskAction::Start);
    let draw = if may_start { start(visit, "dry", None, "Draw a plan") } else { Markup::default() };
    let main = html! {
        (head(visit, &title, new.len(), still.len()))
        @if is_first_day(visit) { (first_day::steps(visit, draw)) }
        @if visit.desk.history.is_some() {
            (undos(visit))
            (refused_exports::notes(visit))
            (integration_standings::table(visit)?)
            (kept_uploads::said(visit, None))
            @if !visit.may(DeskAction::Answer) { (page_pieces::note("plain", "You may read.", html! { "Answering is for operators." })) }
            @if !new.is_empty() { (section("new", "New", &next_uses(visit), &items(visit, &new, true)?, new.len())) }
            @if !still.is_empty() { (section("still", "Still open", "What can be answered here comes first, then what has to be mended; of each the longest first.", &items(visit, &still, false)?, still.len())) }
            (answered::section(visit, &start(visit, "dry", None, "See what they would do")))
            (answered::in_force(visit))
            @if open.is_empty() && visit.desk.outdated.is_none() && !is_first_day(visit) { (quiet_morning::sections(visit)?) }
            @if visit.may(DeskAction::Several) && open.len() > 1 { (several(visit)) }
        }
    };
    Ok(frame(visit, RailEntry::Today, &format!("{title} · Today"), &main))
}

/// Undos that somebody drew, and nobody has approved.
fn undos(visit: &Visit) -> Markup {
    html! { @for undo in &visit.desk.undos {
        (page_pieces::note("ask", "An undo waits for approval.", html! {
            "It sets back " @if let Some(undone) = undo.undoes { a href={ "/nights/" (undone) } { "run " (undone) } }
            " of " (shown(undo.integration.as_str())) ". Nothing is written by it yet: "
            a href={ "/plan?run=" (undo.run) } { "look at its plan" } "."
        }))
    } }
}

/// Before there is any plan.
fn is_first_day(visit: &Visit) -> bool {
    visit.desk.plans.is_empty() && visit.desk.outdated.is_none()
}

fn head(visit: &Visit, title: &str, new: usize, still: usize) -> Markup {
    html! {
        header.head {
            div {
                p.over { (numbers_and_dates::day(visit.desk.zone.local(visit.now))) }
                h1 { (title) }
                p.lead {
                    @let refused = refused_exports::whose(visit);
                    @if !refused.is_empty() { "Nothing was written for " (refused) ". " @if new + still > 0 { (new) " new since the last night, " (still) " still open." } }
                    @else if is_first_day(visit) { "Nothing is written to ConnectWise before somebody approves a plan by its fingerprint. Until then recount only looks." }
                    @else if new + still == 0 { @if visit.desk.outdated.is_some() { "No item waited when this history was the newest." } @else { "No item waits for a person." } }
                    @else { (new) " new since the last night, " (still) " still open." }
                    " " (health(visit))
                }
            }
            @if visit.may(DeskAction::Start) { div.do { (start(visit, "dry", None, "Dry run")) (start(visit, "night", None, "Run now")) } }
        }
    }
}

/// How the nights go, in a sentence.
fn health(visit: &Visit) -> String {
    let standings = &visit.desk.standings;
    let bad = standings.iter().filter(|standing| !standing.health.is_healthy()).count();
    match (bad, standings.len()) {
        (0, _) if visit.desk.outdated.is_some() => String::new(),
        (0, 0..=1) => String::new(),
        (0, _) => "Every integration is healthy or off.".to_owned(),
        (1, 1) => "It needs a look: see its verdict.".to_owned(),
        (bad, all) => format!("{bad} of {all} integrations need a look: see the verdicts."),
    }
}

/// A button that begins a run.
pub(crate) fn start(visit: &Visit, kind: &str, integration: Option<&IntegrationName>, label: &str) -> Markup {
    html! {
        form method="post" action=(DeskAction::Start.path()) {
            (token(visit))
            input type="hidden" name="kind" value=(kind);
            @if let Some(integration) = integration { input type="hidden" name="integration" value=(integration.as_str()); }
            button.b { (label) }
        }
    }
}

/// What becomes of an answer, and when.
fn next_uses(visit: &Visit) -> String {
    let at = visit.desk.next_night().map(|at| format!(" on {}", numbers_and_dates::minute(visit.desk.zone.local(at))));
    format!("An answer writes nothing now. The next night{} uses it.", at.unwrap_or_default())
}

fn section(id: &str, title: &str, said: &str, body: &Markup, count: usize) -> Markup {
    html! {
        section aria-labelledby=(id) {
            div.sec { h2 id=(id) { (title) " " span.count { (count) } } p { (said) } }
            (body)
        }
    }
}

fn items(visit: &Visit, open: &[&Waiting], cards: bool) -> Result<Markup, PageError> {
    if open.len() > CARDS {
        return Ok(groups::of_kinds(visit, open, row));
    }
    if !cards {
        return Ok(html! { div.rows.items { @for one in open { (row(visit, one, false)) } } });
    }
    self::cards(visit, open)
}

/// What is known already of the companies of unmapped customers; nobody asks ConnectWise for this page.
fn guesses(visit: &Visit, open: &[&Waiting]) -> Vec<CompanyGuess> {
    let any = open.iter().any(|one| one.finding.code == Code::CustomerUnmapped);
    let known = any.then(|| visit.site.host.guesses(false).ok().flatten());
    known.flatten().unwrap_or_default()
}

/// Whether accepting or keeping would settle it.
fn has_answer(visit: &Visit, one: &Waiting) -> bool {
    let item = visit.desk.item(handle(one));
    item.is_some_and(|item| item.takes(AnswerVerb::Accept) || item.takes(AnswerVerb::Keep))
}

fn handle(one: &Waiting) -> &str {
    one.finding.handle.as_deref().unwrap_or_default()
}

/// The last nights of lines: what was billed, and what was wanted.
type Trends = BTreeMap<String, Markup>;

fn trends(visit: &Visit, open: &[&Waiting]) -> Result<Trends, PageError> {
    let history = visit.desk.history()?;
    let mut drawn = Trends::new();
    let integrations: BTreeSet<&IntegrationName> = open.iter().map(|one| &one.integration).collect();
    for integration in integrations {
        let of_it: Vec<&&Waiting> =
            open.iter().filter(|one| one.integration == *integration && one.line.is_some()).collect();
        let Some(last) = of_it.iter().map(|one| one.run).max() else { continue };
        let runs: Vec<RunId> =
            history.nights(integration, last, sparkline::NIGHTS)?.iter().map(|run| run.run).collect();
        let handles: BTreeSet<&str> = of_it.iter().map(|one| handle(one)).collect();
        for (handle, nights) in history.line_nights(&runs, &handles)? {
            drawn.insert(handle, drawing(&runs, &nights));
        }
    }
    Ok(drawn)
}

/// The open items of one page, each as a card.
pub(crate) fn cards(visit: &Visit, open: &[&Waiting]) -> Result<Markup, PageError> {
    let guesses = guesses(visit, open);
    let lines = trends(visit, open)?;
    Ok(html! { div.cards { @for one in open { (card(visit, one, lines.get(handle(one)), &guesses)) } } })
}

pub(crate) fn drawing(runs: &[RunId], nights: &[LineNight]) -> Markup {
    page_pieces::trend(&sparkline::billed(runs, nights), &sparkline::wanted(runs, nights))
}

fn since(visit: &Visit, one: &Waiting) -> Markup {
    html! {
        @if visit.desk.is_new(one) { span.tag.info { "new" } }
        @else if one.nights <= 1 { b { "today" } " since " (visit.desk.zone.local(one.since.1).format("%H:%M")) }
        @else { b { (one.nights) " nights" } " since " (numbers_and_dates::day(visit.desk.zone.local(one.since.1))) }
    }
}

fn card(visit: &Visit, one: &Waiting, trend: Option<&Markup>, guesses: &[CompanyGuess]) -> Markup {
    let (handle, line) = (handle(one), one.line.as_ref());
    html! {
        article.card id={ "i-" (place(one)) } aria-labelledby={ "t-" (place(one)) } {
            header {
                (page_pieces::sign("ask", sign_of(one.finding.code)))
                h3 id={ "t-" (place(one)) } { (title(one)) @if let Some(line) = line { span.rest { (display_names::product(line)) } } }
                (page_pieces::step(line))
            }
            p { (escaped(&one.finding.message)) }
            @if let Some(line) = line { dl.counts {
                div { dt { "billed" } dd { (page_pieces::quantity(line.was)) } }
                div { dt { "counted" } dd { (page_pieces::quantity(numbers_and_dates::counted(line))) } }
                div { dt { "wanted" } dd { (page_pieces::quantity(line.wanted)) } }
                @if let Some(trend) = trend { div.over-time { dt.sr { "30 nights" } dd { (trend) } } }
            } }
            (next_step::way_on(visit, one, guesses))
            (answers(visit, handle))
            p.meta {
                @if visit.may(DeskAction::Several) && !handle.is_empty() { label { input type="checkbox" name="item" value=(handle) form="several"; "Select" } }
                (since(visit, one)) span { (shown(one.integration.as_str())) (page_pieces::ticket(visit, &one.integration, &one.finding)) }
                @if handle.is_empty() { span.end { a href={ "/plan?run=" (one.run) } { "Look at the plan" } } }
                @else { span.end { a href={ "/items/" (handle) } { "Why" span.sr { " " (handle) } } " " code { (handle) } } }
            }
        }
    }
}

/// Where it stands in the page; a whole plan has no handle.
fn place(one: &Waiting) -> String {
    let handle = handle(one);
    if handle.is_empty() { format!("run-{}", one.run) } else { handle.to_owned() }
}

fn title(one: &Waiting) -> Markup {
    let handle = handle(one);
    let title = one.line.as_ref().map_or_else(|| one.title(), display_names::whose);
    html! { @if handle.is_empty() { (title) } @else { a href={ "/items/" (handle) } { (title) } } }
}

/// Why it is asked; of what has no customer and no service the title says so already.
fn beside_title(one: &Waiting) -> String {
    let why = page_pieces::words_of(one.finding.code.as_str());
    if why == one.title() { "of the whole integration".to_owned() } else { why }
}

fn row(visit: &Visit, one: &Waiting, is_ticked: bool) -> Markup {
    let handle = handle(one);
    html! {
        article.row id={ "i-" (place(one)) } aria-labelledby={ "t-" (place(one)) } {
            @if visit.may(DeskAction::Several) && !handle.is_empty() {
                label.pick { input type="checkbox" name="item" value=(handle) form="several" checked[is_ticked]; span.sr { "Select " (one.title()) } }
            } @else { span.pick {} }
            (page_pieces::sign("ask", sign_of(one.finding.code)))
            h3 id={ "t-" (place(one)) } { (title(one)) span.rest {
                @match &one.line { Some(line) => { (display_names::product(line)) }, None => { (beside_title(one)) } }
                @if visit.desk.standings.len() > 1 { " · " (shown(one.integration.as_str())) }
            } }
            p.why { (escaped(&one.finding.message)) }
            p.since { (since(visit, one)) }
            (page_pieces::step(one.line.as_ref()))
            (row_answers(visit, one, None))
        }
    }
}

/// Whether this would be an answer to it, and to it alone: what stands for several lines is answered where they are listed.
pub(crate) fn takes(item: Option<Item<'_>>, verb: AnswerVerb) -> bool {
    item.is_some_and(|item| item.answer(verb).is_ok())
}

/// The hidden fields of an answer.
fn carried(visit: &Visit, item: Option<Item<'_>>) -> Markup {
    html! { (token(visit)) input type="hidden" name="shown" value=(item.map(|item| item.as_shown()).unwrap_or_default()); }
}

fn address(handle: &str) -> String {
    DeskAction::Answer.path().replace("{handle}", handle)
}

/// `night`: the page of a run from which it is answered.
pub(crate) fn row_answers(visit: &Visit, one: &Waiting, night: Option<RunId>) -> Markup {
    let handle = handle(one);
    let item = visit.desk.item(handle);
    let (accept, keep) = (takes(item, AnswerVerb::Accept), takes(item, AnswerVerb::Keep));
    let said = item.map(|item| item.sentence()).unwrap_or_default();
    html! {
        @if visit.may(DeskAction::Answer) && (accept || keep) {
            form.do method="post" action=(address(handle)) {
                (carried(visit, item)) (answered::way_back(night))
                @if accept { button.b name="answer" value="accept" { "Accept" span.sr { " " (said) } } }
                @if keep { button.b name="answer" value="keep" { "Keep" span.sr { " " (said) } } }
                a.b.quiet href={ "/items/" (handle) } { "More" span.sr { ": " (said) } }
            }
        } @else if !handle.is_empty() { p.do { (next_step::link(visit, &one.integration, &one.finding, &said)) a.b.quiet href={ "/items/" (handle) } { "More" span.sr { ": " (said) } } } }
        @else { p.do { a.b href={ "/plan?run=" (one.run) } { "Look at the plan" } } }
    }
}

/// The answers that it takes, with the step on the button.
pub(crate) fn answers(visit: &Visit, handle: &str) -> Markup {
    let item = visit.desk.item(handle);
    let line = item.and_then(|item| item.line);
    let [accept, keep, ignore] =
        [AnswerVerb::Accept, AnswerVerb::Keep, AnswerVerb::Ignore].map(|verb| takes(item, verb));
    let (was, wanted) = line.map(|line| (or_dash(line.was), or_dash(line.wanted))).unwrap_or_default();
    if !visit.may(DeskAction::Answer) || !(accept || keep || ignore) {
        return html! { @if let Some(finding) = item.and_then(|item| item.finding) { div { (page_pieces::ways(visit, &finding.fix)) } } };
    }
    // What was typed before somebody was signed out is shown again on the item's own page, in sight, and never sent by itself.
    let typed =
        |name: &str| Some(visit.query.get(name)).filter(|text| visit.part("handle") == handle && !text.is_empty());
    let (note, until) = (typed("note"), typed("until"));
    html! {
        form.answers.do method="post" action=(address(handle)) {
            (carried(visit, item))
            @if accept { button.b name="answer" value="accept" { "Accept " (was) " → " (wanted) } }
            @if keep { button.b name="answer" value="keep" { "Keep " (was) } }
            details open[note.is_some() || until.is_some()] {
                summary { "With a note" @if keep || ignore { ", until a day" } @if ignore { ", or ignore" } }
                div.more {
                    div.field { label for={ "note-" (handle) } { "Note" } input id={ "note-" (handle) } name="note" maxlength="500" value=[note]; }
                    @if keep || ignore { div.field { label for={ "until-" (handle) } { "Until (keep, ignore)" } input id={ "until-" (handle) } name="until" type="date" value=[until]; } }
                    @if ignore { button.b name="answer" value="ignore" { "Ignore" } }
                }
            }
        }
    }
}

fn several(visit: &Visit) -> Markup {
    html! {
        form.bar.several #several method="post" action=(DeskAction::Several.path()) aria-label="Answer several" {
            (token(visit))
            p { b.count { "selected" } br; span.small { "Nothing is answered yet: the next page lists every step." } }
            div.do {
                @for (verb, label) in [("accept", "Accept…"), ("keep", "Keep…"), ("ignore", "Ignore…")] {
                    button.b name="answer" value=(verb) { (label) }
                }
                button.b.quiet type="reset" { "Clear" }
            }
        }
    }
}
