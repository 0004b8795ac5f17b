//! "Ready to invoice": once a month, one page that says whether the bills can go out.

use maud::{Markup, html};
use rust_decimal::Decimal;

use crate::history::past::owned_lines::UnwatchedLine;
use crate::history::run_lookup::RunSummary;
use crate::history::run_record::LineRecord;
use crate::reconcile::model::display_text::{escaped, shown};
use crate::reconcile::model::ids::RunId;
use crate::reconcile::model::plan::finding::Finding;
use crate::reconcile::model::plan::outcome::{Mode, RunVerdict};
use crate::reconcile::model::plan::reason_code::{Code, Severity};
use crate::reconcile::model::quantity::or_dash;
use crate::report::format::html::{Links, Place, document, html_pieces};
use crate::report::outdated::Outdated;
use crate::report::report_model::{ReportEntry, ReportVerdict};
use crate::report::{display_names, numbers_and_dates};

/// What helps where the lines of an integration that is not on bill still.
pub const NOT_ON: &str = "switch it on again, let another integration bill them, or end them in ConnectWise";

/// What the lines of an integration that is not on do: one that nobody has seen in ConnectWise only may bill.
pub fn billed_unwatched(unwatched: &UnwatchedLine) -> String {
    let UnwatchedLine { integration: _, lines, in_doubt, units } = unwatched;
    let (units, line) = (units.normalize(), |many: usize| numbers_and_dates::plural(many, "line"));
    match (lines.saturating_sub(*in_doubt), *in_doubt) {
        (seen, 0) => format!("{} that it owned still bill {units} units", line(seen)),
        (0, sent) => {
            format!("{} that it sent may bill {units} units: nobody knows yet what became of the creation", line(sent))
        }
        (seen, sent) => {
            format!(
                "{} that it owned, and {} whose creation is in doubt, may bill {units} units",
                line(seen),
                line(sent)
            )
        }
    }
}

/// Changes that the page lists of each integration.
pub const CHANGES: usize = 500;

/// What the page asks of one integration.
#[derive(Debug)]
pub struct InvoiceStanding {
    /// Its newest run.
    pub run: RunSummary,
    /// Whether anything is still expected of it.
    pub is_on: bool,
    /// What that run found.
    pub findings: Vec<Finding>,
    /// What recount changed since the first of the month, newest first; at most one more than [`CHANGES`].
    pub changes: Vec<(RunId, LineRecord)>,
    /// Lines of that run that somebody ignored.
    pub ignored: Vec<LineRecord>,
    /// Lines of that run that are left as they are for now, or bill in advance, and bill otherwise than counted.
    pub left_for_now: Vec<LineRecord>,
    /// Undos that were carried out since that run, oldest first.
    pub undos: Vec<RunSummary>,
    /// Lines that are not billed as that run counted them, because of these undos.
    pub uncounted: usize,
}

/// One condition, and whether it holds.
struct Check {
    holds: bool,
    what: String,
    then: Markup,
}

/// What stands on the page where it is of the desk.
#[derive(Debug, Default)]
pub struct MonthMore {
    /// The way to other months.
    pub switch: Option<Markup>,
    /// The items that are in the way.
    pub open: Option<Markup>,
    /// Whether the month is over.
    pub is_over: bool,
    /// Whether the history is not how things stand: then nobody knows what was billed since.
    pub is_outdated: bool,
}

/// The page; `month` in words.
pub fn page(
    integrations: &[InvoiceStanding],
    unwatched: &[UnwatchedLine],
    month: &str,
    outdated: Option<&Outdated>,
) -> String {
    let more = MonthMore { is_outdated: outdated.is_some(), ..MonthMore::default() };
    let main = html! {
        @if let Some(why) = outdated { (html_pieces::outdated(why)) }
        (main(integrations, unwatched, month, (Links::KEPT, &more)))
    };
    document(Place::Ready, "Ready to invoice · recount", &main)
}

/// What stands on it, wherever the pages of runs are.
pub fn main(
    integrations: &[InvoiceStanding],
    unwatched: &[UnwatchedLine],
    month: &str,
    (links, more): (Links, &MonthMore),
) -> Markup {
    let checked: Vec<(&InvoiceStanding, Vec<Check>)> =
        integrations.iter().map(|standing| (standing, checks_of(standing, links))).collect();
    let open = checked.iter().flat_map(|(_, checks)| checks).filter(|check| !check.holds).count();
    let open = open + unwatched.len() + usize::from(more.is_outdated);
    let (tone, words) = match (open, integrations.is_empty()) {
        (_, true) => ("ask", "NO RUN YET".to_owned()),
        (0, _) => ("good", "READY".to_owned()),
        (open, _) => ("ask", format!("NOT YET: {} open", numbers_and_dates::plural(open, "point"))),
    };
    html! {
        header.head {
            div {
            div.headline { h1 { "Ready to invoice?" } span.verdict.big.(tone) { (words) } }
            p.lead { (month) ", as of the newest run of each integration" @if more.is_over { " in it" } }
            }
            @if let Some(switch) = &more.switch { (switch) }
        }
        @if let Some(open) = &more.open { (open) }
        @for (at, (standing, checks)) in checked.iter().enumerate() { (integration(at, standing, checks, (month, links))) }
        @if !unwatched.is_empty() { (nobody_looks(unwatched)) }
    }
}

/// Of one that is off, or has another name by now, nothing is looked at that could hold.
fn checks_of(standing: &InvoiceStanding, links: Links) -> Vec<Check> {
    if standing.is_on { checks(standing, links) } else { Vec::new() }
}

fn checks(standing: &InvoiceStanding, links: Links) -> Vec<Check> {
    let InvoiceStanding { run, is_on: _, findings, changes: _, ignored: _, left_for_now: _, undos, uncounted } =
        standing;
    let Some(end) = &run.end else {
        let what = "the newest run is not finished".to_owned();
        let then = html! { "it is running, or was cut off" @if links.held.is_none() { "; recount status" } };
        return vec![Check { holds: false, what, then }];
    };
    let totals = end.totals;
    let read = matches!(end.verdict, RunVerdict::Ok | RunVerdict::Decide | RunVerdict::Partial);
    let age = run.planned.as_ref().map(|planned| numbers_and_dates::age(run.started_at, &planned.export));
    let fresh = match (read, age) {
        (true, Some(age)) => format!("the night went through, on an export {age} old"),
        _ => format!("the newest run did not go through: {}", ReportVerdict::of_summary(run).words),
    };
    let unmapped = count(findings, |finding| matches!(finding.code, Code::CustomerUnmapped | Code::ServiceUnmapped));
    let open = totals.to_decide.saturating_sub(unmapped);
    let undone = undos.iter().filter_map(|undo| undo.end.as_ref()).map(|end| end.totals.failed + end.totals.unknown);
    let doubt = totals.failed + totals.unknown + undone.sum::<usize>();
    let check = |holds: bool, what: String, then: Markup| Check { holds, what, then };
    let held = || step(links.held, "answer them", "recount held");
    let again = || step(links.run, "run it", "recount run");
    let said = |said: &str| html! { (said) };
    let mut checks = vec![
        check(read, fresh, html! { "fix it, then " (again()) }),
        check(
            unmapped == 0,
            format!("customers or services not mapped: {unmapped}"),
            html! { "they bill nothing: " (held()) },
        ),
        check(open == 0, format!("other open items: {open}"), held()),
        check(
            doubt == 0,
            format!("lines refused or in doubt: {doubt}"),
            html! { "the next run looks again: " (again()) },
        ),
        check(totals.would_change == 0, format!("changes not written yet: {}", totals.would_change), again()),
        check(run.mode == Mode::Apply, format!("{} mode", run.mode), said("nothing is written until it is apply")),
    ];
    if !undos.is_empty() {
        let what = format!("lines set back, and not billed as counted: {uncounted}");
        let then = said("the next run bills the counts again, but for lines that are kept");
        checks.push(check(*uncounted == 0, what, then));
    }
    checks
}

/// What helps: a page of the desk, or a command.
fn step(page: Option<&str>, does: &str, command: &str) -> Markup {
    html! { @match page { Some(page) => a href=(page) { (does) }, None => (command) } }
}

fn count(findings: &[Finding], is: impl Fn(&&Finding) -> bool) -> usize {
    findings.iter().filter(|finding| finding.severity == Severity::Decide).filter(is).count()
}

fn integration(at: usize, standing: &InvoiceStanding, checks: &[Check], (month, links): (&str, Links)) -> Markup {
    let InvoiceStanding { run, is_on, findings, changes, ignored, left_for_now, undos, uncounted: _ } = standing;
    let of = |codes: &[Code]| findings.iter().filter(|found| codes.contains(&found.code)).collect::<Vec<_>>();
    let (by_hand, kept) = (of(&[Code::HumanEdit, Code::TugOfWar]), of(&[Code::Kept]));
    html! {
        section aria-labelledby={ "i" (at) } {
            h2 id={ "i" (at) } { (shown(run.integration.as_str())) }
            p.soft { a href={ (links.before) (run.run) (links.after) } { "run " (run.run) } ", " (numbers_and_dates::minute(run.started_at)) (html_pieces::set_back(undos, links)) }
            @if *is_on { ul.checks.sheet { @for check in checks { (line(check)) } } }
            @else { p { "It is not on any more: this is what it changed while it was." } }
        }
        @if !ignored.is_empty() { (left_unbilled(at, ignored)) }
        @if !left_for_now.is_empty() { (otherwise_than_counted(at, left_for_now)) }
        @if !by_hand.is_empty() { (findings_list(&format!("h{at}"), "CHANGED BY HAND", &by_hand)) }
        @if !kept.is_empty() { (findings_list(&format!("k{at}"), "KEPT, AND NOT BILLED AS COUNTED", &kept)) }
        section aria-labelledby={ "c" (at) } {
            h2 id={ "c" (at) } { "CHANGED IN " (month) span.count { (changes.len().min(CHANGES)) } @if changes.len() <= CHANGES { (sums(changes)) } }
            @if changes.is_empty() { p { "Nothing was changed this month." } } @else { (changed(changes, links)) }
        }
    }
}

/// Findings about lines that go on the invoice otherwise than counted.
fn findings_list(id: &str, title: &str, findings: &[&Finding]) -> Markup {
    html! {
        section aria-labelledby=(id) {
            h2 id=(id) { (title) span.count { (findings.len()) } }
            div.sheet tabindex="0" { table {
                thead { tr { th scope="col" { "line" } th scope="col" { "what" } th scope="col" { "handle" } } }
                tbody { @for finding in findings { tr {
                    th.long scope="row" { (ReportEntry { finding, line: None }.title()) } td { (escaped(&finding.message)) }
                    td { code { (finding.handle.as_deref().unwrap_or_default()) } }
                } } }
            } }
        }
    }
}

/// Lines of integrations that are off, renamed or removed: they go on the invoice, and nobody counts them.
fn nobody_looks(unwatched: &[UnwatchedLine]) -> Markup {
    let then = NOT_ON;
    let check = |one: &UnwatchedLine| {
        let name = shown(one.integration.as_str());
        let what = format!("{name} is not on: {}", billed_unwatched(one));
        Check { holds: false, what, then: html! { (then) } }
    };
    html! {
        section aria-labelledby="unwatched" {
            h2 id="unwatched" { "BILLED, AND NOT LOOKED AT" span.count { (unwatched.len()) } }
            ul.checks.sheet { @for one in unwatched { (line(&check(one))) } }
        }
    }
}

/// Nothing is to be decided about these, and yet the invoice does not say what was counted.
fn otherwise_than_counted(at: usize, lines: &[LineRecord]) -> Markup {
    html! {
        section aria-labelledby={ "f" (at) } {
            h2 id={ "f" (at) } { "LEFT FOR NOW, AND NOT BILLED AS COUNTED" span.count { (lines.len()) } }
            div.sheet tabindex="0" { table {
                thead { tr {
                    th scope="col" { "line" } th.n scope="col" { "billed" } th.n scope="col" { "counted" }
                    th scope="col" { "why" }
                } }
                tbody { @for line in lines.iter().take(CHANGES) { tr {
                    th.long scope="row" { (display_names::line(line)) }
                    td.n { (or_dash(line.was)) } td.n { (or_dash(line.wanted)) } td { (escaped(&line.detail)) }
                } } }
            } }
            @if lines.len() > CHANGES { p.small { "… and more: " code { "recount report --format csv" } } }
        }
    }
}

/// Nobody asks about these any more, so they are named where the bills are about to go out.
fn left_unbilled(at: usize, ignored: &[LineRecord]) -> Markup {
    let counted = |line: &LineRecord| -> Decimal {
        line.sources.iter().filter_map(|source| source.count).map(|count| count.as_decimal()).sum()
    };
    let unbilled: Decimal = ignored.iter().filter(|line| line.addition.is_none()).map(counted).sum();
    html! {
        section aria-labelledby={ "g" (at) } {
            h2 id={ "g" (at) } { "IGNORED" span.count { (ignored.len()) } }
            p { (ignored.len()) " ignored, " (unbilled.normalize()) " units: counted, but not billed." }
            div.sheet tabindex="0" { table {
                thead { tr {
                    th scope="col" { "line" } th.n scope="col" { "counted" } th scope="col" { "what" }
                    th scope="col" { "handle" }
                } }
                tbody { @for line in ignored.iter().take(CHANGES) { tr {
                    th.long scope="row" { (display_names::line(line)) } td.n { (counted(line).normalize()) }
                    td { (escaped(&line.detail)) } td { code { (line.handle) } }
                } } }
            } }
            @if ignored.len() > CHANGES { p.small { "… and more: " code { "recount report --format csv" } } }
        }
    }
}

fn line(check: &Check) -> Markup {
    let (tone, sign, said) = if check.holds { ("good", "✓", "Good") } else { ("ask", "!", "Open") };
    html! {
        li.(tone) {
            span.sign.(tone) aria-hidden="true" { (sign) }
            p { b { (said) ": " } (check.what) @if !check.holds { span.soft { " → " (check.then) } } }
        }
    }
}

/// By how much all of it moved: `+82 −1`.
fn sums(changes: &[(RunId, LineRecord)]) -> Markup {
    let moved = changes.iter().map(|(_, line)| numbers_and_dates::delta(line));
    let (up, down): (Vec<Decimal>, Vec<Decimal>) = moved.partition(|delta| *delta > Decimal::ZERO);
    let [up, down] = [up, down].map(|deltas| deltas.into_iter().fold(Decimal::ZERO, Decimal::saturating_add));
    html! { @if !changes.is_empty() { span.count { "+" (up.normalize()) " −" (down.abs().normalize()) } } }
}

fn changed(changes: &[(RunId, LineRecord)], links: Links) -> Markup {
    html! {
        div.sheet tabindex="0" { table {
            thead { tr {
                th scope="col" { "line" } th.n scope="col" { "billed" } th.n scope="col" { "now" }
                th.n scope="col" { "by" } th.n scope="col" { "run" }
            } }
            tbody { @for (run, line) in changes.iter().take(CHANGES) { tr {
                th.long scope="row" { (display_names::line(line)) }
                td.n { (or_dash(line.was)) } td.n { (or_dash(line.now)) } td.n { (html_pieces::delta(line)) }
                td.n { a href=(html_pieces::line_address(links, *run, &line.handle)) { (run) } }
            } } }
        } }
        @if changes.len() > CHANGES { p.small { "… and more: " code { "recount history --customer NAME" } } }
    }
}
