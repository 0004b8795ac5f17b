//! What differed between two nights, or between a plan and the one that stands in its place.

use maud::{Markup, html};

use crate::history::run_record::{LineRecord, RunRecord};
use crate::reconcile::model::display_text::shown;
use crate::reconcile::model::ids::RunId;
use crate::report::command_output::diff_output::Difference;
use crate::report::{LINES_DROPPED, numbers_and_dates};
use crate::web::desk::visit::Visit;
use crate::web::pages::frame::{RailEntry, frame};
use crate::web::pages::page_pieces;
use crate::web::site::PageError;

/// Lines that are listed.
const LINES: usize = 100;

pub(crate) fn page(visit: &Visit) -> Result<Markup, PageError> {
    let [one, other] = ["a", "b"].map(|name| visit.query.get(name).parse::<i64>());
    let (Ok(one), Ok(other)) = (one, other) else { return Err(PageError::Nothing) };
    let history = visit.desk.history()?;
    let run = |number: i64| history.run(RunId(number))?.ok_or(PageError::Nothing);
    let (earlier, later) = (run(one.min(other))?, run(one.max(other))?);
    if earlier.integration != later.integration {
        return Err(PageError::Nothing);
    }
    let difference = Difference::of(&earlier, &later);
    let without = difference.without_lines();
    let main = html! {
        header.head { div {
            p.over { a href={ "/nights?i=" (earlier.integration) } { "Nights" } " · " (shown(earlier.integration.as_str())) }
            h1 { "Run " (earlier.run) " and run " (later.run) }
            @match without.as_slice() {
                [] => p.lead { "They differ in " (numbers_and_dates::plural(difference.lines().len(), "line")) "." },
                [run, ..] => p.lead { "The lines of run " (run) " are kept no more." },
            }
        } }
        (both(&earlier, &later))
        @if !without.is_empty() { p { (LINES_DROPPED) "." } }
        @else if difference.lines().is_empty() { (page_pieces::empty("No line differs", "")) } @else { (table(difference.lines(), ("earlier", "later"))) }
    };
    Ok(frame(visit, RailEntry::Nights, &format!("Run {} and run {}", earlier.run, later.run), &main))
}

fn both(earlier: &RunRecord, later: &RunRecord) -> Markup {
    html! { div.sheet { table {
        thead { tr { th scope="col" { "run" } th scope="col" { "when" } th.n scope="col" { "rows" } th.n scope="col" { "customers" } th.n scope="col" { "units" } } }
        tbody { @for run in [earlier, later] { tr {
            th scope="row" { a href={ "/nights/" (run.run) } { (run.run) } span.rest { (run.command) } }
            td { (numbers_and_dates::minute(run.started_at)) }
            @match &run.planned {
                Some(planned) => { td.n { (planned.export.rows) } td.n { (planned.export.customers) } td.n { (planned.export.units.normalize()) } },
                None => { td.n { "–" } td.n { "–" } td.n { "–" } },
            }
        } } }
    } } }
}

/// A line on both sides.
type Pair<'a> = (Option<&'a LineRecord>, Option<&'a LineRecord>);

/// The lines that differ, with what each side says of them.
pub(crate) fn table(pairs: &[Pair<'_>], (before, after): (&str, &str)) -> Markup {
    html! {
        div.sheet { table {
            caption { (differing(pairs.len())) }
            thead { tr { th scope="col" { "line" } th.n scope="col" { (before) } th.n scope="col" { (after) } th.wide scope="col" { (before) " it was" } th.wide scope="col" { (after) " it is" } } }
            tbody { @for (one, other) in pairs.iter().take(LINES) { tr {
                th scope="row" { @if let Some(line) = other.or(*one) { (page_pieces::line_name(line)) } }
                td.n.nb { (step(*one)) } td.n.nb { b { (step(*other)) } }
                td.wide { (outcome(*one)) } td.wide { (outcome(*other)) }
            } } }
        } }
        @if pairs.len() > LINES { p.small.soft { "and " (pairs.len() - LINES) " more" } }
    }
}

/// `1 line differs`, `2 lines differ`.
pub(crate) fn differing(lines: usize) -> String {
    format!("{} {}", numbers_and_dates::plural(lines, "line"), if lines == 1 { "differs" } else { "differ" })
}

fn step(line: Option<&LineRecord>) -> String {
    line.map(numbers_and_dates::step).unwrap_or_default()
}

fn outcome(line: Option<&LineRecord>) -> String {
    match line {
        Some(line) => format!("{}, {}", line.outcome, page_pieces::words_of(line.reason.as_str())),
        // Or of an older night, whose unchanged lines are not kept.
        None => "not listed".to_owned(),
    }
}
