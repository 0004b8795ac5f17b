//! From what was typed to the page that it means: a handle, a customer, or a product.

use maud::{Markup, html};

use crate::history::run_record::LineRecord;
use crate::report::{display_names, lines, numbers_and_dates};
use crate::web::desk::visit::Visit;
use crate::web::pages::frame::{RailEntry, frame};
use crate::web::pages::{item, page_pieces};
use crate::web::site::PageError;

/// Lines that are listed.
const LISTED: usize = 100;

pub(crate) fn page(visit: &Visit) -> Result<Markup, PageError> {
    let typed = visit.query.get("q").trim();
    let folded = typed.to_lowercase();
    let fits = |line: &&LineRecord| {
        !folded.is_empty()
            && (line.handle.starts_with(&folded) || display_names::line(line).to_lowercase().contains(&folded))
    };
    let found: Vec<&LineRecord> = visit.desk.plans.iter().flat_map(|plan| lines(&plan.run)).filter(fits).collect();
    let main = html! {
        header.head { div { h1 { "Find" } p.lead { (numbers_and_dates::plural(found.len(), "line")) " of the newest plans." } } }
        @if item::is_known(visit, &folded)? { p { a.b.act href={ "/items/" (folded) } { "Open " (folded) } } }
        @if found.is_empty() { (page_pieces::empty("No line fits", "")) } @else {
            div.sheet { table {
                thead { tr { th scope="col" { "line" } th.wide scope="col" { "handle" } th.n scope="col" { "billed" } th.n scope="col" { "wanted" } th scope="col" { "state" } } }
                tbody { @for line in found.iter().take(LISTED) { tr {
                    th scope="row" { (page_pieces::line_name(line)) span.rest.narrow { a href={ "/items/" (line.handle) } { "Open " (line.handle) } } } td.wide { a href={ "/items/" (line.handle) } { code { (line.handle) } } }
                    td.n { (page_pieces::quantity(line.was)) } td.n { (page_pieces::quantity(line.wanted)) } td.fit { (line.outcome) }
                } } }
            } }
        }
    };
    Ok(frame(visit, RailEntry::None, "Find", &main))
}
