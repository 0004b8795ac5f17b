//! Whether the invoices of the month can go out: the page that is kept beside the reports, within the desk.

use maud::{Markup, html};

use crate::report::files::standings_of_month;
use crate::report::format::html::{Links, ready};
use crate::web::desk::visit::Visit;
use crate::web::pages::frame::{RailEntry, frame};
use crate::web::pages::pieces;
use crate::web::site::PageError;

pub(crate) fn page(visit: &Visit) -> Result<Markup, PageError> {
    let main = match &visit.desk.history {
        None => html! { header.head { div { h1 { "Invoices" } } } (pieces::empty("No night has run yet", "")) },
        Some(history) => {
            let on =
                visit.desk.standings.iter().filter(|standing| standing.is_on()).map(|standing| standing.name.clone());
            let on = on.collect();
            let (month, standings) = standings_of_month(history, visit.desk.zone.day(visit.now))?;
            html! { div.kept { (ready::main(&standings, &history.unwatched(&on)?, &month, Links::DESK)) } }
        }
    };
    Ok(frame(visit, RailEntry::Invoices, "Invoices", &main))
}
