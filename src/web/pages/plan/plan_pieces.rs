//! Pieces that the pages of plans share: what would be written, its sums, and its rows.

use maud::{Markup, html};
use rust_decimal::Decimal;

use crate::history::run_record::LineRecord;
use crate::history::run_record::RunRecord;
use crate::reconcile::model::display_text::shown;
use crate::reconcile::model::plan::reason_code::Code;
use crate::report::{Change, numbers_and_dates};
use crate::web::desk::visit::Visit;
use crate::web::pages::page_pieces;

/// Whether approving the plan writes this line.
pub(crate) fn would_change(line: &LineRecord) -> bool {
    matches!(Change::of(line), Some(Change::Would | Change::WithPlan | Change::NotReached)) || line.is_large()
}

/// By how much it would move; nothing where nobody knows what is wanted of it.
pub(crate) fn known_delta(line: &LineRecord) -> Option<Decimal> {
    numbers_and_dates::reached(line).map(|_| numbers_and_dates::delta(line))
}

/// `+38 −9` over these lines.
pub(crate) fn sums(lines: &[&LineRecord]) -> Markup {
    let deltas: Vec<Decimal> = lines.iter().filter_map(|line| known_delta(line)).collect();
    let up: Decimal = deltas.iter().filter(|delta| **delta > Decimal::ZERO).sum();
    let down: Decimal = deltas.iter().filter(|delta| **delta < Decimal::ZERO).sum();
    page_pieces::ups_and_downs(up.normalize(), down.abs().normalize())
}

/// The way to the plans of the other integrations.
pub(crate) fn switch(visit: &Visit, run: &RunRecord) -> Markup {
    html! { @if visit.desk.plans.len() > 1 { ul.seg aria-label="Integration" { @for plan in &visit.desk.plans {
        @let name = plan.run.integration.as_str();
        li { a href={ "/plan?" (query(&[("i", name)])) } aria-current=[(plan.run.integration == run.integration).then_some("true")] { (shown(name)) } }
    } } } }
}

/// An address's query.
pub(crate) fn query(pairs: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

/// The head of its rows.
pub(crate) fn columns() -> Markup {
    html! { thead { tr { th scope="col" { "line" } th.n scope="col" { "billed" } th.n.wide scope="col" { "counted" } th.n scope="col" { "wanted" } th.n scope="col" { "by" } th.wide scope="col" { "reason" } } } }
}

/// One line of a plan.
pub(crate) fn row(line: &LineRecord) -> Markup {
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
        // The tag beside it says so.
        Code::PlanHeld | Code::NewLine if line.addition.is_none() => String::new(),
        Code::PlanHeld => page_pieces::words_of(Code::CountChanged.as_str()),
        other => page_pieces::words_of(other.as_str()),
    }
}
