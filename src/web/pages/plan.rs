//! The newest plan, line by line, and its approval.

use std::collections::BTreeSet;

use maud::{Markup, html};
use rust_decimal::Decimal;

use crate::history::run_record::{LineRecord, RunRecord};
use crate::reconcile::model::display_text::shown;
use crate::reconcile::model::ids::RunId;
use crate::reconcile::model::plan::fingerprint::short;
use crate::reconcile::model::plan::outcome::{Mode, Outcome, RunCommand, RunVerdict};
use crate::reconcile::model::plan::reason_code::Code;
use crate::report::command_output::diff_output::Difference;
use crate::report::open_items::OpenItems;
use crate::report::report_model::ReportVerdict;
use crate::report::{Change, display_names, lines, numbers_and_dates};
use crate::web::desk::role_permissions::DeskAction;
use crate::web::desk::visit::Visit;
use crate::web::pages::frame::{RailEntry, frame, token};
use crate::web::pages::nights::night_diff;
use crate::web::pages::{guard_measurements, page_pieces, today};
use crate::web::site::PageError;

/// Lines of a page.
const LINES: usize = 100;

pub(crate) fn page(visit: &Visit) -> Result<Markup, PageError> {
    if let Ok(run) = visit.query.get("run").parse::<i64>() {
        let run = visit.desk.history()?.run(RunId(run))?.ok_or(PageError::Nothing)?;
        return Ok(approval_page(visit, &run, None));
    }
    let asked = visit.query.get("i");
    let plan = visit.desk.plans.iter().find(|plan| plan.run.integration.as_str() == asked).or(visit.desk.plans.first());
    match plan {
        Some(plan) => match held_since(plan) {
            Some(held) => {
                let run = visit.desk.history()?.run(held)?.ok_or(PageError::Nothing)?;
                Ok(approval_page(visit, &run, None))
            }
            None => Ok(approval_page(visit, &plan.run, None)),
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

/// Whether a guard stopped the whole plan, and nobody has approved it: also where no line would change by it, as its export is
/// believed by that.
fn is_stopped(run: &RunRecord) -> bool {
    run.planned.as_ref().is_some_and(|planned| !planned.accepted)
        && run.end.as_ref().is_some_and(|end| matches!(end.verdict, RunVerdict::Held | RunVerdict::Refused))
}

/// Whether nights are refused by the clock until a plan is applied: this one may be, also where no line changes by it.
fn ends_clock_refusals(run: &RunRecord) -> bool {
    let findings = run.end.iter().flat_map(|end| &end.findings);
    run.command == RunCommand::Plan
        && run.planned.is_some()
        && findings.into_iter().any(|finding| finding.code == Code::ConfigInvalid)
}

/// Whether approving the plan writes this line.
pub(crate) fn would_change(line: &LineRecord) -> bool {
    matches!(Change::of(line), Some(Change::Would | Change::WithPlan | Change::NotReached)) || line.is_large()
}

/// The plan of a run, with what was wrong with its approval.
pub(crate) fn approval_page(visit: &Visit, run: &RunRecord, wrong: Option<&str>) -> Markup {
    let fingerprint = run.planned.as_ref().map(|planned| planned.fingerprint.as_str()).unwrap_or_default();
    let pending = lines(run).iter().filter(|line| would_change(line)).count();
    let newest = newer(visit, run);
    let main = html! {
        header.head {
            div {
                p.over { (shown(run.integration.as_str())) " · " (run.mode) " · drawn " (numbers_and_dates::minute(run.started_at)) ", run " (run.run) }
                div.headline {
                    h1 { "Plan " span.mono { (short(fingerprint)) } }
                    @if newest.is_some() { span.verdict.bad { "HAS MOVED" } } @else { (page_pieces::verdict(&ReportVerdict::of(run))) }
                }
                p.lead { @if let Some(undone) = run.undoes { "It sets back run " (undone) ". " } (lead(run, pending)) }
            }
            (switch(visit, run))
            @if visit.may(DeskAction::Start) { div.do {
                (today::start(visit, "dry", Some(&run.integration), "Dry run")) (today::start(visit, "night", Some(&run.integration), "Run now"))
            } }
        }
        (page_pieces::numbers(run))
        @if let Some(end) = &run.end { (page_pieces::stops(visit, run, end)) }
        @if let Some(newest) = newest { (moved(run, newest)) }
        (table(visit, run))
        (guard_measurements::fold(run))
        @if newest.is_some() {}
        @else if pending > 0 || is_stopped(run) || ends_clock_refusals(run) { (approval(visit, run, fingerprint, pending, wrong)) }
    };
    frame(visit, RailEntry::Plan, &format!("Plan {} · {}", short(fingerprint), shown(run.integration.as_str())), &main)
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
    line.outcome == Outcome::Held && !would_change(line)
}

/// The plan that stands in the place of this one, if it says something else.
pub(crate) fn newer<'a>(visit: &'a Visit, run: &RunRecord) -> Option<&'a RunRecord> {
    let newest = &visit.desk.plan(&run.integration).filter(|_| run.undoes.is_none())?.run;
    let print = |run: &RunRecord| run.planned.as_ref().map(|planned| planned.fingerprint.clone());
    (newest.run > run.run && print(newest) != print(run)).then_some(newest)
}

fn moved(run: &RunRecord, newest: &RunRecord) -> Markup {
    let difference = Difference::of(run, newest);
    html! {
        (page_pieces::note("bad", "It has moved.", html! { "A newer plan stands in its place, so this one cannot be approved. " a href={ "/plan?run=" (newest.run) } { "The plan as it is now" } }))
        @if !difference.lines().is_empty() { (night_diff::table(difference.lines(), ("this plan", "now"))) }
    }
}

fn switch(visit: &Visit, run: &RunRecord) -> Markup {
    html! { @if visit.desk.plans.len() > 1 { ul.seg aria-label="Integration" { @for plan in &visit.desk.plans {
        @let name = plan.run.integration.as_str();
        li { a href={ "/plan?" (query(&[("i", name)])) } aria-current=[(plan.run.integration == run.integration).then_some("true")] { (shown(name)) } }
    } } } }
}

fn query(pairs: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

/// Whether a line is shown.
type Fits = fn(&LineRecord) -> bool;

/// Which lines are shown.
const ONLY: [(&str, &str, Fits); 6] = [
    ("change", "Would change", would_change),
    ("up", "Up", |line| would_change(line) && numbers_and_dates::delta(line) > Decimal::ZERO),
    ("down", "Down", |line| would_change(line) && numbers_and_dates::delta(line) < Decimal::ZERO),
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
                    thead { tr { th scope="col" { "line" } th.n scope="col" { "billed" } th.n.wide scope="col" { "counted" } th.n scope="col" { "wanted" } th.n scope="col" { "by" } th.wide scope="col" { "reason" } } }
                    tbody { @for line in shown_lines { (row(line)) } }
                    tfoot { tr { th scope="row" { (numbers_and_dates::plural(found.len(), "line")) } td.n {} td.n.wide {} td.n {} td.n.nb { (sums(&found)) } td.wide { (kinds(&found)) } } }
                } }
                (pager(visit, run, only, page, found.len()))
            }
        }
    }
}

fn row(line: &LineRecord) -> Markup {
    html! { tr {
        th scope="row" { (page_pieces::line_name(line)) }
        td.n { (page_pieces::quantity(line.was)) } td.n.wide { (page_pieces::quantity(numbers_and_dates::counted(line))) } td.n { b { (page_pieces::quantity(line.wanted)) } }
        td.n { @if let Some(delta) = known_delta(line).filter(|delta| !delta.is_zero()) { (numbers_and_dates::signed(delta)) } }
        td.wide { @if line.addition.is_none() && would_change(line) { span.tag.info { "new line" } " " } (reason(line)) }
    } }
}

/// Why a line moves; that the plan is held stands above, and is no reason of the line.
fn reason(line: &LineRecord) -> String {
    match line.reason {
        Code::PlanHeld if line.addition.is_none() => String::new(),
        Code::PlanHeld => page_pieces::words_of(Code::CountChanged.as_str()),
        other => page_pieces::words_of(other.as_str()),
    }
}

/// `21 updates, 2 creations`, of these lines.
fn kinds(lines: &[&LineRecord]) -> String {
    let pending: Vec<&&LineRecord> = lines.iter().filter(|line| would_change(line)).collect();
    let created = pending.iter().filter(|line| line.addition.is_none()).count();
    let counted = [(pending.len() - created, "update"), (created, "creation")];
    let said =
        counted.into_iter().filter(|(count, _)| *count > 0).map(|(count, noun)| numbers_and_dates::plural(count, noun));
    said.collect::<Vec<_>>().join(", ")
}

/// `Units billed 1642, +38 −9, then 1671`, of the whole plan.
fn units(run: &RunRecord) -> Markup {
    let pending: Vec<&LineRecord> = lines(run).iter().filter(|line| would_change(line)).collect();
    let placed = lines(run).iter().filter(|line| line.agreement.is_some() && !line.is_found());
    let billed =
        placed.filter_map(|line| line.was).fold(Decimal::ZERO, |sum, was| sum.saturating_add(was.as_decimal()));
    let then = pending.iter().map(|line| numbers_and_dates::delta(line)).fold(billed, Decimal::saturating_add);
    let is_whole = all_lines(run) == lines(run).len();
    html! { @if is_whole { "Units billed " (billed.normalize()) @if !pending.is_empty() { ", " (sums(&pending)) ", then " (then.normalize()) } ". " } "A filter narrows what is shown, not what is approved." }
}

/// By how much it would move; nothing where nobody knows what is wanted of it.
fn known_delta(line: &LineRecord) -> Option<Decimal> {
    numbers_and_dates::reached(line).map(|_| numbers_and_dates::delta(line))
}

/// `+38 −9` over these lines.
pub(crate) fn sums(lines: &[&LineRecord]) -> Markup {
    let deltas: Vec<Decimal> = lines.iter().filter_map(|line| known_delta(line)).collect();
    let up: Decimal = deltas.iter().filter(|delta| **delta > Decimal::ZERO).sum();
    let down: Decimal = deltas.iter().filter(|delta| **delta < Decimal::ZERO).sum();
    page_pieces::ups_and_downs(up.normalize(), down.abs().normalize())
}

fn filters(visit: &Visit, run: &RunRecord, only: &str) -> Markup {
    let name = run.integration.as_str();
    let reasons: BTreeSet<&str> = lines(run).iter().map(|line| line.reason.as_str()).collect();
    let products: BTreeSet<String> = lines(run).iter().map(display_names::product).collect();
    let count = |fits: Fits| lines(run).iter().filter(|line| fits(line)).count();
    html! {
        form.filters role="search" aria-label="Filter" action="/plan" {
            input type="hidden" name="i" value=(name); input type="hidden" name="only" value=(only);
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
                li { a href={ "/plan?" (query(&[("i", name), ("only", word)])) } aria-current=[(word == only).then_some("true")] { (title) " " small { (count(fits)) } } }
            } }
        }
    }
}

fn pager(visit: &Visit, run: &RunRecord, only: &str, page: usize, found: usize) -> Markup {
    let to = |page: usize| {
        let page = page.to_string();
        let pairs = [
            ("i", run.integration.as_str()),
            ("only", only),
            ("q", visit.query.get("q")),
            ("product", visit.query.get("product")),
            ("reason", visit.query.get("reason")),
            ("page", &page),
        ];
        format!("/plan?{}", query(&pairs))
    };
    html! { @if found > LINES { nav.pager aria-label="Pages" {
        span { "page " (page) " of " (found.div_ceil(LINES)) }
        @if page > 1 { a href=(to(page - 1)) { "Back" } }
        @if page * LINES < found { a href=(to(page + 1)) { "On" } }
    } } }
}

fn approval(visit: &Visit, run: &RunRecord, fingerprint: &str, pending: usize, wrong: Option<&str>) -> Markup {
    let changes: Vec<&LineRecord> = lines(run).iter().filter(|line| would_change(line)).collect();
    if run.mode != Mode::Apply {
        return page_pieces::note(
            "plain",
            "It cannot be approved.",
            html! { "The integration is in " (run.mode) " mode, which never writes. An administrator switches it under Integrations." },
        );
    }
    if !visit.may(DeskAction::Approve) {
        return page_pieces::note("plain", "You may read.", html! { "Approving is for operators." });
    }
    html! {
        form.bar method="post" action=(DeskAction::Approve.path().replace("{fingerprint}", fingerprint)) {
            (token(visit))
            p {
                b { "Approve " (short(fingerprint)) ": " (numbers_and_dates::plural(pending, "line")) @if pending > 0 { ", " (sums(&changes)) } "." } " "
                @if pending == 0 { span.small { "No line changes by it. Its export, and the clock of now, are believed: the nights go on, and what is held is asked about line by line. " } }
                span.small { "All of them, also those that a filter hides. Everything is read again first: if the plan has moved, nothing is written and the new one is shown. Each line is read again before it is written." }
            }
            div.do {
                div.field {
                    label for="type" { "Type " (pending) }
                    input id="type" name="lines" inputmode="numeric" autocomplete="off" required aria-invalid=[wrong.map(|_| "true")] aria-describedby=[wrong.map(|_| "type-e")];
                    @if let Some(wrong) = wrong { small.wrong id="type-e" { (wrong) } }
                }
                button.b.act { "Approve and write" }
            }
        }
    }
}
