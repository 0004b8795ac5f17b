//! "Ready to invoice": once a month, one page that says whether the bills can go out.

use chrono::{DateTime, FixedOffset};
use maud::{Markup, html};

use crate::history::past::owned_lines::UnwatchedLine;
use crate::history::run_record::LineRecord;
use crate::reconcile::model::display_text::{escaped, shown};
use crate::reconcile::model::ids::RunId;
use crate::reconcile::model::plan::finding::Finding;
use crate::reconcile::model::plan::reason_code::Code;
use crate::report::format::html::month_tables::{self, FewLines};
use crate::report::format::html::{Links, Place, document, html_pieces};
use crate::report::invoices::invoice_conditions::{
    ConditionRemedy, ConditionState, InvoiceCondition, is_settled_since, open_conditions,
};
use crate::report::invoices::invoice_standing::InvoiceStanding;
use crate::report::invoices::month_units::{MonthSum, MonthUnits, NoSum, UnitsMoved};
use crate::report::invoices::night_in_time::NightInTime;
use crate::report::invoices::unwritten_lines::Unwritten;
use crate::report::numbers_and_dates;
use crate::report::outdated::Outdated;
use crate::report::report_model::ReportEntry;

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

/// What stands on the page where it is of the desk.
#[derive(Debug, Default)]
pub struct MonthMore {
    /// The way to other months.
    pub switch: Option<Markup>,
    /// Until when an answer is on the invoices.
    pub until: Option<Markup>,
    /// The items that are in the way.
    pub open: Option<Markup>,
    /// How few of the changed lines are listed at first.
    pub few: Option<FewLines>,
    /// Whether the month is over.
    pub is_over: bool,
    /// Whether the history is not how things stand: then nobody knows what was billed since.
    pub is_outdated: bool,
}

/// The page as it is kept; `month` in words. Nothing draws it anew where no night runs, so it says how long it can be believed.
pub fn page(
    integrations: &[InvoiceStanding],
    unwatched: &[UnwatchedLine],
    (month, drawn_at): (&str, DateTime<FixedOffset>),
    outdated: Option<&Outdated>,
) -> String {
    let until = Some(holds_until(integrations, drawn_at));
    let more = MonthMore { until, is_outdated: outdated.is_some(), ..MonthMore::default() };
    let main = html! {
        @if let Some(why) = outdated { (html_pieces::outdated(why)) }
        (main(integrations, unwatched, month, (Links::KEPT, &more)))
    };
    document(Place::Ready, "Ready to invoice · recount", &main)
}

fn holds_until(integrations: &[InvoiceStanding], drawn_at: DateTime<FixedOffset>) -> Markup {
    let until = |standing: &InvoiceStanding| match standing.in_time {
        Some(NightInTime::InTime(until)) => until,
        _ => None,
    };
    let until = integrations.iter().filter(|standing| standing.is_on).filter_map(until).min();
    html! {
        "Drawn " (numbers_and_dates::minute(drawn_at)) "."
        @if let Some(until) = until { " Where no night has run by " (numbers_and_dates::minute(until)) ", it is not ready any more." }
    }
}

/// What stands on it, wherever the pages of runs are.
pub fn main(
    integrations: &[InvoiceStanding],
    unwatched: &[UnwatchedLine],
    month: &str,
    (links, more): (Links, &MonthMore),
) -> Markup {
    let open =
        integrations.iter().map(open_conditions).sum::<usize>() + unwatched.len() + usize::from(more.is_outdated);
    let is_settled = more.is_over && !more.is_outdated && is_settled_since(integrations);
    let (tone, words) = match (open, integrations.is_empty()) {
        (_, true) => ("ask", "NO RUN YET".to_owned()),
        (0, _) => ("good", "READY".to_owned()),
        (open, _) if is_settled => {
            ("good", format!("SETTLED SINCE: {} open at its end", numbers_and_dates::plural(open, "condition")))
        }
        (open, _) => ("ask", format!("NOT YET: {} open", numbers_and_dates::plural(open, "condition"))),
    };
    html! {
        header.head {
            div {
            div.headline { h1 { "Invoices of " (month) } span.verdict.big.(tone) { (words) } }
            p.lead { "As of the newest run of each integration" @if more.is_over { " in " (month) } "." @if let Some(until) = &more.until { " " (until) }
                @if is_settled { " What was open when the month ended is settled by now: each item says by which run." } }
            }
            @if let Some(switch) = &more.switch { (switch) }
        }
        (conditions(integrations, links))
        @if let Some(open) = &more.open { (open) }
        @for (at, standing) in integrations.iter().enumerate() { (integration(&at.to_string(), standing, month, (links, more.few.as_ref()))) }
        @if !unwatched.is_empty() { (nobody_looks(unwatched)) }
    }
}

/// A row for each condition, a column for each integration that something is expected of.
fn conditions(integrations: &[InvoiceStanding], links: Links) -> Markup {
    let on: Vec<&InvoiceStanding> = integrations.iter().filter(|standing| standing.is_on).collect();
    let states = |condition: InvoiceCondition| -> Vec<Option<ConditionState>> {
        on.iter().map(|standing| condition.of(standing)).collect()
    };
    let rows = InvoiceCondition::ALL.map(|condition| (condition, states(condition)));
    let asked = rows.iter().filter(|(_, states)| states.iter().any(Option::is_some));
    html! { @if !on.is_empty() { div.sheet tabindex="0" { table {
        caption.sr { "What has to hold before the invoices go out" }
        thead { tr { th scope="col" { "condition" } @for standing in &on { th scope="col" { (shown(standing.integration.as_str())) } } } }
        tbody { @for (condition, states) in asked { tr {
            th scope="row" { (condition.said()) }
            @for state in states { td.fit { (cell(state.as_ref(), links)) } }
        } } }
        tfoot { tr { th scope="row" { "ready" } @for standing in &on {
            td { @if open_conditions(standing) == 0 { span.yes { "ready" } } @else { "not yet" } }
        } } }
    } } } }
}

fn cell(state: Option<&ConditionState>, links: Links) -> Markup {
    html! { @match state {
        None | Some(ConditionState::NotKnown) => span.soft { span aria-hidden="true" { "–" } span.sr { @if state.is_some() { "not known yet" } @else { "not asked" } } },
        Some(ConditionState::Holds(beside)) => {
            span.yes { "✓ " span.sr { "yes" } } @if !beside.is_empty() { span.rest { (beside) } }
        },
        Some(ConditionState::Open(said, helps)) => (open(said, *helps, links)),
    } }
}

/// What is in the way, and what helps: a page of the desk, or a command.
fn open(said: &str, helps: ConditionRemedy, links: Links) -> Markup {
    let (page, command, words) = match helps {
        ConditionRemedy::Answer => (links.held, Some("recount held"), ""),
        ConditionRemedy::MendAndRun => (links.run, Some("recount run"), "mend it, and run it again"),
        ConditionRemedy::Run => (links.run, Some("recount run"), "the next run looks again"),
        ConditionRemedy::Night => (links.run, Some("recount status"), "a night brings the invoices up to date"),
        ConditionRemedy::Wait => (None, Some("recount status"), "it is running, or was cut off"),
        ConditionRemedy::Apply => (None, None, "nothing is written until it is apply"),
        ConditionRemedy::NextRun => (None, None, "the next run bills the counts again, but for lines that are kept"),
    };
    html! {
        @match page { Some(page) => a.hot.ask href=(page) { (said) }, None => span.hot.ask { (said) } }
        @if !words.is_empty() { span.rest { (words) } }
        @if let (None, Some(command), None) = (page, command, links.held) { span.rest { code { (command) } } }
    }
}

fn integration(at: &str, standing: &InvoiceStanding, month: &str, (links, few): (Links, Option<&FewLines>)) -> Markup {
    let InvoiceStanding { integration, run, is_on, units, changes, left_on_purpose, undos, .. } = standing;
    let is_by_hand = |found: &&Finding| matches!(found.code, Code::HumanEdit | Code::TugOfWar);
    let by_hand: Vec<&Finding> = standing.findings.iter().filter(is_by_hand).collect();
    let waits: Vec<&LineRecord> =
        standing.unwritten(Unwritten::ByARun).chain(standing.unwritten(Unwritten::InDoubt)).collect();
    let named: Vec<&LineRecord> = standing.unwritten(Unwritten::Named).collect();
    html! {
        section aria-labelledby={ "i" (at) } {
            div.sec {
                h2 id={ "i" (at) } { (shown(integration.as_str())) }
                p { @match run {
                    Some(run) => { a href={ (links.before) (run.run) (links.after) } { "run " (run.run) } ", " (numbers_and_dates::minute(run.started_at)) (html_pieces::set_back(undos, links)) },
                    None => "no run",
                } }
            }
            @if !is_on { p { "It is not on any more: this is what it changed while it was." } }
            @if run.is_some() { p.units { (month_sum(units, links)) } } @else { p { "Nothing of it is billed by recount in this month." } }
        }
        @if !standing.asked_at_end.is_empty() { (month_tables::asked_at_end((&format!("a{at}"), month), &standing.asked_at_end, links)) }
        @if !waits.is_empty() { (month_tables::as_counted(&format!("w{at}"), "Counted, and not written", &waits)) }
        @if !left_on_purpose.is_empty() { (month_tables::left(&format!("g{at}"), left_on_purpose)) }
        @if !named.is_empty() { (month_tables::as_counted(&format!("f{at}"), "Left for now, and not billed as counted", &named)) }
        @if !by_hand.is_empty() { (findings_list(&format!("h{at}"), "Changed by hand", &by_hand)) }
        @if run.is_some() { (month_tables::changed((&format!("c{at}"), month), integration, changes, (links, few))) }
    }
}

/// `1083 units when run 2 began on Sun 29 Nov 2026, +82 −1 by recount, −5 otherwise, then 1159`; or why nobody knows.
fn month_sum(units: &MonthUnits, links: Links) -> Markup {
    let MonthUnits { sum, written, beside } = units;
    let of_run = |run: RunId| html! { a href={ (links.before) (run) (links.after) } { "run " (run) } };
    let doubt = written.map_or(0, |written| written.in_doubt);
    match (sum, written) {
        (Ok(MonthSum { run, at, start, otherwise, end }), Some(written)) => html! {
            b { (start.normalize()) } " units when " (of_run(*run)) " began on " (numbers_and_dates::day(*at))
            ", " @if (written.up + written.down).is_zero() { "nothing" } @else { (up_and_down(*written)) } " by recount"
            @if !otherwise.is_zero() {
                ", " (numbers_and_dates::signed(otherwise.normalize())) " otherwise (changed in ConnectWise, or lines that came or went"
                @if doubt > 0 { ", or a write in doubt" } ")"
            }
            ", then " b { (end.normalize()) } "."
            @if doubt > 0 { " Not counted as recount's: " (numbers_and_dates::plural(doubt, "write")) " in doubt." }
            @if beside.lines > 0 { " Not in it, and billed by ConnectWise as well: " (numbers_and_dates::units(beside.units)) " of " (numbers_and_dates::plural(beside.lines, "line")) " that nobody counts." }
        },
        (Err(NoSum::NotNoted(run)), _) => html! {
            "How many units the month began with is not known: what was billed was not noted when " (of_run(*run)) " began."
        },
        (Err(NoSum::NoRun), _) => {
            html! { "How many units the month began with is not known: no run of this month was accepted." }
        }
        (Err(NoSum::TooLarge) | Ok(_), _) => html! { "The units of the month are too many to be added up exactly." },
    }
}

/// `+82 −1`.
fn up_and_down(written: UnitsMoved) -> String {
    format!("+{} −{}", written.up.normalize(), written.down.normalize())
}

/// Findings about lines that go on the invoice otherwise than counted.
fn findings_list(id: &str, title: &str, findings: &[&Finding]) -> Markup {
    html! {
        section aria-labelledby=(id) {
            div.sec { h2 id=(id) { (title) span.count { (findings.len()) } } }
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
    let said = |one: &UnwatchedLine| {
        let name = shown(one.integration.as_str());
        format!("{name} is not on: {}", billed_unwatched(one))
    };
    html! {
        section aria-labelledby="unwatched" {
            div.sec { h2 id="unwatched" { "Billed, and not looked at" span.count { (unwatched.len()) } } }
            ul.checks.sheet { @for one in unwatched {
                li.ask { span.sign.ask aria-hidden="true" { "!" } p { b { "Open: " } (said(one)) span.soft { " → " (NOT_ON) } } }
            } }
        }
    }
}
