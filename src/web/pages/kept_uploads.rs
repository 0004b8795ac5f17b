//! The files that people kept as an integration's export: named wherever somebody looks before the night, and taken back.

use maud::{Markup, html};

use crate::reconcile::model::display_text::{escaped, shown};
use crate::reconcile::model::ids::IntegrationName;
use crate::report::numbers_and_dates;
use crate::web::desk::host::upload_host::KeptUpload;
use crate::web::desk::role_permissions::DeskAction;
use crate::web::desk::visit::Visit;
use crate::web::pages::frame::token;
use crate::web::pages::page_pieces;

/// Files of the list, at most.
const LISTED: usize = 100;

/// What was pressed on the page before, if a file was kept or taken back there.
pub(crate) fn done(visit: &Visit) -> Markup {
    let known = |name: &str| visit.desk.standings.iter().any(|standing| standing.name.as_str() == name);
    let (kept, back) = (visit.query.get("kept"), visit.query.get("back"));
    let next = |name: &str| {
        visit.site.host.kept_uploads().into_iter().find(|one| one.is_next && one.integration.as_str() == name)
    };
    html! {
        @if known(kept) { @match next(kept) {
            Some(one) => (page_pieces::note("good", "Kept.", html! { (shown(&one.name)) " is read by the next night of " (shown(kept)) ", unless a newer file has come by then. It can be taken back below." })),
            None => (page_pieces::note("ask", "Kept.", html! { "But a newer file of " (shown(kept)) " has come: the next night reads that one." })),
        } }
        @if known(back) { (page_pieces::note("good", "Taken back.", match next(back) {
            Some(one) => html! { "The next night of " (shown(back)) " reads " (shown(&one.name)) ", which was kept before." },
            None => html! { "The next night of " (shown(back)) " reads the newest file where its exports come." },
        })) }
    }
}

/// That the next night reads a file that somebody kept, where the export of these is spoken of: of one integration, or of all.
pub(crate) fn said(visit: &Visit, integration: Option<&IntegrationName>) -> Markup {
    // What a night of an integration that is off would read is nobody's question.
    let is_on = |name: &IntegrationName| visit.desk.standings.iter().any(|one| one.name == *name && one.is_on());
    let of_it = |one: &KeptUpload| {
        one.is_next && integration.is_none_or(|name| one.integration == *name) && is_on(&one.integration)
    };
    html! { @for one in visit.site.host.kept_uploads().iter().filter(|one| of_it(one)) {
        (page_pieces::note("plain", "The next export was brought by hand.", html! {
            (shown(one.integration.as_str())) " reads " b { (shown(&one.name)) } ", " (by_whom(visit, one)) (read_by(visit, one)) ". "
            a href="/export#kept" { "Look at it, or take it back" }
        }))
    } }
}

/// Every kept file, and the button that takes it back.
pub(crate) fn list(visit: &Visit) -> Markup {
    let all = visit.site.host.kept_uploads();
    let (next, other): (Vec<&KeptUpload>, Vec<&KeptUpload>) = all.iter().partition(|one| one.is_next);
    html! { @if !all.is_empty() {
        section aria-labelledby="kept" {
            div.sec { h2 id="kept" { "Brought by hand and kept " span.count { (all.len()) } } p { "The newest file of all is the next export, whether it was brought here or came by itself." } }
            @if !next.is_empty() { div.rows { @for one in next { (row(visit, one)) } } }
            @if !other.is_empty() { details.fold { summary { (other.len()) " that no night would read now" } div.in { div.rows {
                @for one in other.iter().take(LISTED) { (row(visit, one)) }
                @if other.len() > LISTED { p.small.soft { "and " (other.len() - LISTED) " more" } }
            } } } }
        }
    } }
}

fn row(visit: &Visit, one: &KeptUpload) -> Markup {
    html! {
        div.slip {
            (page_pieces::sign(if one.is_next { "ask" } else { "plain" }, if one.is_next { '!' } else { '·' }))
            p { b { (shown(&one.name)) } @if one.is_next { " is the next export of " } @else { " for " } (shown(one.integration.as_str())) br;
                span.small.soft { (by_whom(visit, one)) (read_by(visit, one)) @if one.is_next { (comes_to(visit, one)) } } }
            @if visit.may(DeskAction::TakeBackUpload) {
                form method="post" action=(DeskAction::TakeBackUpload.path()) {
                    (token(visit))
                    input type="hidden" name="integration" value=(one.integration.as_str());
                    input type="hidden" name="shown" value=(one.as_shown());
                    button.b { "Take it back" span.sr { " " (shown(&one.name)) } }
                }
            }
        }
    }
}

/// `57 bytes, kept by ada, Sun 29 Nov 18:20`.
fn by_whom(visit: &Visit, one: &KeptUpload) -> Markup {
    html! {
        (one.bytes) " bytes, kept" @if let Some(who) = &one.who { " by " (shown(who)) } ", "
        (numbers_and_dates::minute(visit.desk.zone.local(one.at)))
    }
}

/// Which run has read it already: what that one wrote is not set back by taking the file back.
fn read_by(visit: &Visit, one: &KeptUpload) -> Markup {
    let plan = visit.desk.plan(&one.integration).map(|plan| &plan.run);
    let path = one.path.display().to_string();
    let read = plan.filter(|run| run.planned.as_ref().is_some_and(|planned| planned.export.path == path));
    html! { @if let Some(run) = read { "; " a href={ "/nights/" (run.run) } { "run " (run.run) } " has read it" } }
}

fn comes_to(visit: &Visit, one: &KeptUpload) -> Markup {
    html! { @match visit.site.host.read_kept(one) {
        None => {},
        Some(Ok(read)) => { " · " (numbers_and_dates::plural(read.counts.kept, "row")) ", "
            (numbers_and_dates::plural(read.counts.customers.len(), "customer")) ", " (read.counts.units().normalize()) " units" },
        Some(Err(why)) => { " · it cannot be read: " (escaped(&why.message)) },
    } }
}
