//! The newest plan, line by line, and its approval.

mod approval;
mod moved;
pub(crate) mod plan_pieces;

use std::collections::BTreeSet;

use maud::{Markup, html};
use rust_decimal::Decimal;

use crate::history::run_record::{LineRecord, RunRecord};
use crate::reconcile::model::display_text::shown;
use crate::reconcile::model::ids::RunId;
use crate::reconcile::model::plan::fingerprint::short;
use crate::reconcile::model::plan::outcome::Outcome;
use crate::report::open_items::OpenItems;
use crate::report::{display_names, lines, numbers_and_dates};
use crate::web::desk::role_permissions::DeskAction;
use crate::web::desk::visit::Visit;
use crate::web::pages::frame::{RailEntry, frame};
use crate::web::pages::{guard_measurements, kept_uploads, page_pieces, today};
use crate::web::site::PageError;

/// Lines of a page.
const LINES: usize = 100;

pub(crate) fn page(visit: &Visit) -> Result<Markup, PageError> {
    if let Ok(run) = visit.query.get("run").parse::<i64>() {
        let run = visit.desk.history()?.run(RunId(run))?.ok_or(PageError::Nothing)?;
        return approval_page(visit, &run, None);
    }
    let asked = visit.query.get("i");
    let plan = visit.desk.plans.iter().find(|plan| plan.run.integration.as_str() == asked).or(visit.desk.plans.first());
    match plan {
        Some(plan) => match held_since(plan) {
            Some(held) => {
                let run = visit.desk.history()?.run(held)?.ok_or(PageError::Nothing)?;
                approval_page(visit, &run, None)
            }
            None => approval_page(visit, &plan.run, None),
        },
        None => Ok(frame(
            visit,
            RailEntry::Plan,
            "Plan",
            &html! {
                header.head { div { h1 { "Plan" } } @if visit.may(DeskAction::Start) { div.do { (today::start(visit, "dry", None, "Draw a plan")) } } }
                (page_pieces::empty("No plan yet", "A dry run reads, compares and shows every line with its reason. It cannot write."))
            },
        )),
    }
}

/// A newer run whose plan is held because its export looks like a part: that is what there is to decide.
fn held_since(plan: &OpenItems) -> Option<RunId> {
    let (refused, _) = plan.refused.as_ref()?;
    (refused.planned.is_some() && refused.run > plan.run.run).then_some(refused.run)
}

/// The plan of a run, with what was wrong with its approval.
pub(crate) fn approval_page(visit: &Visit, run: &RunRecord, wrong: Option<&str>) -> Result<Markup, PageError> {
    if let Some(newest) = newer(visit, run) {
        return moved::page(visit, run, newest);
    }
    let fingerprint = run.planned.as_ref().map(|planned| planned.fingerprint.as_str()).unwrap_or_default();
    let pending = lines(run).iter().filter(|line| plan_pieces::would_change(line)).count();
    let main = html! {
        header.head {
            div {
                p.over { (shown(run.integration.as_str())) " · " (run.mode) " · drawn " (numbers_and_dates::minute(run.started_at)) ", run " (run.run) }
                div.headline {
                    h1 { "Plan " span.mono { (short(fingerprint)) } }
                    (page_pieces::record_verdict(visit, run))
                }
                p.lead { @if let Some(undone) = run.undoes { "It sets back run " (undone) ". " } (lead(run, pending)) }
            }
            (plan_pieces::switch(visit, run))
            @if visit.may(DeskAction::Start) { div.do {
                (today::start(visit, "dry", Some(&run.integration), "Dry run")) (today::start(visit, "night", Some(&run.integration), "Run now"))
            } }
        }
        (kept_uploads::said(visit, Some(&run.integration)))
        (page_pieces::numbers(run))
        @if let Some(end) = &run.end { (page_pieces::stops(visit, run, end)) }
        (moved::since_approval(run))
        (table(visit, run))
        (guard_measurements::fold(run))
        (approval::bar(visit, run, wrong)?)
    };
    Ok(frame(
        visit,
        RailEntry::Plan,
        &format!("Plan {} · {}", short(fingerprint), shown(run.integration.as_str())),
        &main,
    ))
}

/// `38 of 73 lines would change, 26 are held.`
fn lead(run: &RunRecord, pending: usize) -> String {
    let held = lines(run).iter().filter(|line| is_held(line)).count();
    let held = match held {
        0 => "none is held".to_owned(),
        1 => "1 is held".to_owned(),
        held => format!("{held} are held"),
    };
    format!("{pending} of {} would change, {held}.", numbers_and_dates::plural(all_lines(run), "line"))
}

/// How many lines the plan has. Of an older night those that were as they should be are only counted.
fn all_lines(run: &RunRecord) -> usize {
    run.end.as_ref().map_or(0, |end| end.totals.lines).max(lines(run).len())
}

/// Whether it waits for a person by itself: approving the plan leaves it.
fn is_held(line: &LineRecord) -> bool {
    line.outcome == Outcome::Held && !plan_pieces::would_change(line)
}

/// The plan that stands in the place of this one, if it says something else.
pub(crate) fn newer<'a>(visit: &'a Visit, run: &RunRecord) -> Option<&'a RunRecord> {
    let newest = &visit.desk.plan(&run.integration).filter(|_| run.undoes.is_none())?.run;
    let print = |run: &RunRecord| run.planned.as_ref().map(|planned| planned.fingerprint.clone());
    (newest.run > run.run && print(newest) != print(run)).then_some(newest)
}

/// Whether a line is shown.
type Fits = fn(&LineRecord) -> bool;

/// Which lines are shown.
const ONLY: [(&str, &str, Fits); 6] = [
    ("change", "Would change", plan_pieces::would_change),
    ("up", "Up", |line| plan_pieces::would_change(line) && numbers_and_dates::delta(line) > Decimal::ZERO),
    ("down", "Down", |line| plan_pieces::would_change(line) && numbers_and_dates::delta(line) < Decimal::ZERO),
    ("held", "Held", is_held),
    ("equal", "Unchanged", |line| line.outcome == Outcome::Unchanged),
    ("all", "All", |_| true),
];

/// The filter that was asked for; else the first of these that shows something.
fn chosen(run: &RunRecord, asked: &str) -> (&'static str, &'static str, Fits) {
    let first = ["change", "held", "all"].into_iter().find(|word| {
        let of_word = ONLY.iter().find(|(known, ..)| known == word);
        of_word.is_some_and(|(.., fits)| lines(run).iter().any(fits))
    });
    let word = if ONLY.iter().any(|(word, ..)| *word == asked) { asked } else { first.unwrap_or("change") };
    ONLY.into_iter().find(|(known, ..)| *known == word).unwrap_or(ONLY[0])
}

fn table(visit: &Visit, run: &RunRecord) -> Markup {
    let (only, title, fits) = chosen(run, visit.query.get("only"));
    let (typed, reason) = (visit.query.get("q").trim().to_lowercase(), visit.query.get("reason"));
    let product = visit.query.get("product");
    let named = |line: &&LineRecord| typed.is_empty() || display_names::line(line).to_lowercase().contains(&typed);
    let because = |line: &&LineRecord| reason.is_empty() || line.reason.as_str() == reason;
    let of_product = |line: &&LineRecord| product.is_empty() || display_names::product(line) == product;
    let shown = lines(run).iter().filter(|line| fits(line)).filter(named).filter(because).filter(of_product);
    let found: Vec<&LineRecord> = shown.collect();
    let page = page_pieces::asked_page(visit);
    let shown_lines = found.iter().skip((page - 1) * LINES).take(LINES);
    html! {
        section aria-labelledby="lines" {
            div.sec { h2 id="lines" { "Lines " span.count { (found.len()) } } p { (units(run)) } }
            (filters(visit, run, only))
            @if found.is_empty() { (page_pieces::empty(if only == "change" { "No line would change" } else { "No line fits this filter" }, "")) } @else {
                div.sheet { table {
                    caption.sr { (title) }
                    (plan_pieces::columns())
                    tbody { @for line in shown_lines { (plan_pieces::row(line)) } }
                    tfoot { tr { th scope="row" { (numbers_and_dates::plural(found.len(), "line")) } td.n {} td.n.wide {} td.n {} td.n.nb { (plan_pieces::sums(&found)) } td.wide { (kinds(&found)) } } }
                } }
                (pager(visit, run, only, page, found.len()))
            }
        }
    }
}

/// `21 updates, 2 creations`, of these lines.
fn kinds(lines: &[&LineRecord]) -> String {
    let pending: Vec<&&LineRecord> = lines.iter().filter(|line| plan_pieces::would_change(line)).collect();
    let created = pending.iter().filter(|line| line.addition.is_none()).count();
    let counted = [(pending.len() - created, "update"), (created, "creation")];
    let said =
        counted.into_iter().filter(|(count, _)| *count > 0).map(|(count, noun)| numbers_and_dates::plural(count, noun));
    said.collect::<Vec<_>>().join(", ")
}

/// `Units billed 1642, +38 −9, then 1671`, of the whole plan.
fn units(run: &RunRecord) -> Markup {
    let pending: Vec<&LineRecord> = lines(run).iter().filter(|line| plan_pieces::would_change(line)).collect();
    let placed = lines(run).iter().filter(|line| line.agreement.is_some() && !line.is_found());
    let billed =
        placed.filter_map(|line| line.was).fold(Decimal::ZERO, |sum, was| sum.saturating_add(was.as_decimal()));
    let then = pending.iter().map(|line| numbers_and_dates::delta(line)).fold(billed, Decimal::saturating_add);
    let is_whole = all_lines(run) == lines(run).len();
    html! { @if is_whole { "Units billed " (billed.normalize()) @if !pending.is_empty() { ", " (plan_pieces::sums(&pending)) ", then " (then.normalize()) } ". " } "A filter narrows what is shown, not what is approved." }
}

/// How an address names the plan of a run: the newest of an integration by that, so that a link kept leads to what is newest
/// then; any other one, such as an undo, by its run.
fn named(visit: &Visit, run: &RunRecord) -> (&'static str, String) {
    let newest = visit.desk.plan(&run.integration).map(|plan| held_since(plan).unwrap_or(plan.run.run));
    if newest == Some(run.run) { ("i", run.integration.to_string()) } else { ("run", run.run.to_string()) }
}

/// The address of the same plan, of these lines, with what is typed and chosen.
fn address(visit: &Visit, run: &RunRecord, only: &str, page: Option<usize>) -> String {
    let (key, plan) = named(visit, run);
    let page = page.map(|page| page.to_string()).unwrap_or_default();
    let mut pairs = vec![(key, plan.as_str()), ("only", only)];
    let chosen = ["q", "product", "reason"].map(|name| (name, visit.query.get(name)));
    pairs.extend(chosen.into_iter().chain([("page", page.as_str())]).filter(|(_, value)| !value.is_empty()));
    format!("/plan?{}", plan_pieces::query(&pairs))
}

fn filters(visit: &Visit, run: &RunRecord, only: &str) -> Markup {
    let (key, plan) = named(visit, run);
    let reasons: BTreeSet<&str> = lines(run).iter().map(|line| line.reason.as_str()).collect();
    let products: BTreeSet<String> = lines(run).iter().map(display_names::product).collect();
    let count = |fits: Fits| lines(run).iter().filter(|line| fits(line)).count();
    html! {
        form.filters role="search" aria-label="Filter" action="/plan" {
            input type="hidden" name=(key) value=(plan); input type="hidden" name="only" value=(only);
            label.sr for="pf" { "Customer or product" } input id="pf" type="search" name="q" placeholder="Customer or product" value=(visit.query.get("q"));
            label.sr for="pp" { "Product" }
            select id="pp" name="product" { option value="" { "All products" } @for product in products {
                option value=(product) selected[product == visit.query.get("product")] { (product) }
            } }
            label.sr for="pr" { "Reason" }
            select id="pr" name="reason" { option value="" { "All reasons" } @for reason in reasons {
                option value=(reason) selected[reason == visit.query.get("reason")] { (page_pieces::words_of(reason)) }
            } }
            button.b { "Filter" }
            ul.seg aria-label="Which lines" { @for (word, title, fits) in ONLY {
                li { a href=(address(visit, run, word, None)) aria-current=[(word == only).then_some("true")] { (title) " " small { (count(fits)) } } }
            } }
        }
    }
}

fn pager(visit: &Visit, run: &RunRecord, only: &str, page: usize, found: usize) -> Markup {
    let to = |page: usize| address(visit, run, only, Some(page));
    html! { @if found > LINES { nav.pager aria-label="Pages" {
        span { "page " (page) " of " (found.div_ceil(LINES)) }
        @if page > 1 { a href=(to(page - 1)) { "Back" } }
        @if page * LINES < found { a href=(to(page + 1)) { "On" } }
    } } }
}
