//! Who did what, and what was refused.

use chrono::NaiveDate;
use maud::{Markup, html};

use crate::history::desk::events::{DeskEvent, EventFilter};
use crate::reconcile::model::display_text::escaped;
use crate::web::desk::visit::Visit;
use crate::web::pages::frame::{RailEntry, frame};
use crate::web::pages::page_pieces;
use crate::web::site::PageError;
use crate::zone::Zone;

/// What asks for refusals alone.
const REFUSED: &str = "refused";
/// Entries of a page.
pub(crate) const LISTED: usize = 100;

pub(crate) fn page(visit: &Visit) -> Result<Markup, PageError> {
    let typed = visit.query.get("q").trim();
    let before = visit.query.get("before").parse::<i64>().ok();
    let (what, day) = (visit.query.get("what"), visit.query.get("day"));
    let zone = &visit.desk.zone;
    // The days behind it are asked for: the newest of the day that was chosen stands first.
    let until = day.parse::<NaiveDate>().ok().and_then(|day| day.succ_opt()).and_then(|next| zone.begin_of(next));
    let filter = EventFilter { text: typed, refused: what == REFUSED, until };
    let events = match &visit.desk.history {
        Some(history) => history.desk_events(&filter, before, LISTED)?,
        None => Vec::new(),
    };
    let main = html! {
        header.head { div { p.over { @if visit.site.tenant.is_none() { "Sign-ins and everything" } @else { "Everything" } " that was done on the desk" } h1 { "Audit" } p.lead { "Nothing here can be changed or taken out by recount." } } }
        form.filters role="search" aria-label="Filter" action="/audit" {
            label.sr for="aq" { "Person, customer or handle" } input id="aq" type="search" name="q" placeholder="Person, customer or handle" value=(typed);
            label.sr for="aw" { "What" }
            select id="aw" name="what" {
                option value="" { "Everything" }
                option value=(REFUSED) selected[filter.refused] { "Refused" }
            }
            label.sr for="ad" { "Up to the day" } input id="ad" type="date" name="day" value=(until.map_or("", |_| day));
            button.b { "Filter" }
        }
        @if events.is_empty() { (page_pieces::empty("Nothing fits this filter", "")) } @else { (table(zone, &events, &[("q", typed), ("what", if filter.refused { REFUSED } else { "" }), ("day", until.map_or("", |_| day))])) }
    };
    Ok(frame(visit, RailEntry::Audit, "Audit", &main))
}

/// `asked`: the filter, as an address carries it.
pub(crate) fn table(zone: &Zone, events: &[(i64, DeskEvent)], asked: &[(&str, &str)]) -> Markup {
    let last = events.last().map(|(number, _)| *number).filter(|_| events.len() == LISTED);
    html! {
        div.sheet {
            table {
                caption.sr { "Who did what" }
                thead { tr { th.when scope="col" { "when" } th.when scope="col" { "who" } th scope="col" { "did what" } th.wide.n scope="col" { "from" } } }
                tbody { @for (_, event) in events { tr {
                    td { (zone.local(event.at).format("%-d %b %Y %H:%M:%S")) } td { (event.person) }
                    td {
                        @if event.refused { span.tag.bad { "refused" } " " (event.deed) } @else { b { (event.deed) } }
                        " " (escaped(&event.about))
                        @if !event.said.is_empty() { " " q.soft { (escaped(&event.said)) } }
                    }
                    td.wide.nb.n { (event.address) }
                } } }
            }
            @if let Some(last) = last {
                nav.pager aria-label="Pages" { a href={ "/audit?" (url::form_urlencoded::Serializer::new(String::new()).extend_pairs(asked.iter().filter(|(_, value)| !value.is_empty())).append_pair("before", &last.to_string()).finish()) } { "Older" } }
            }
        }
    }
}
