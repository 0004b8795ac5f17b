//! Each integration: mode, health, last and next run.

use maud::{Markup, html};

use crate::history::desk::events::DeskEvent;
use crate::reconcile::model::display_text::{escaped, shown};
use crate::reconcile::model::plan::outcome::Mode;
use crate::report::health::{Health, State};
use crate::report::numbers_and_dates;
use crate::web::desk::host::IntegrationStanding;
use crate::web::desk::host::trial_host::TrialKind;
use crate::web::desk::role_permissions::DeskAction;
use crate::web::desk::visit::Visit;
use crate::web::pages::frame::{RailEntry, frame, token};
use crate::web::pages::{page_pieces, today};
use crate::web::site::PageError;

pub(crate) fn page(visit: &Visit) -> Result<Markup, PageError> {
    let standings = &visit.desk.standings;
    let well = standings.iter().filter(|standing| standing.health.is_healthy()).count();
    let tests: Result<Vec<Markup>, PageError> = standings.iter().map(|standing| tests(visit, standing)).collect();
    let tests = tests?;
    let main = html! {
        header.head { div { h1 { "Integrations" } p.lead {
            @if visit.desk.outdated.is_some() { "How they stand now is not known here." }
            @else { (well) " of " (standings.len()) " healthy or off." }
        } } }
        @for (standing, tests) in standings.iter().zip(&tests) { (integration(visit, standing, tests)) }
    };
    Ok(frame(visit, RailEntry::Integrations, "Integrations", &main))
}

fn integration(visit: &Visit, standing: &IntegrationStanding, tests: &Markup) -> Markup {
    let IntegrationStanding { name, mode, health, next, customers, services, connectwise, approval_life: _ } = standing;
    let id = format!("i-{}", name.as_str());
    html! {
        section.panel.integ aria-labelledby=(id) {
            div.sec {
                div.headline {
                    h2 id=(id) { (shown(name.as_str())) }
                    (state(visit, health))
                }
                @if visit.may(DeskAction::Mode) { (switch(visit, name.as_str(), *mode)) } @else { p { "mode " b { (mode) } } }
            }
            div.half { dl.facts {
                dt { "last run" } dd { @match &health.last {
                    Some(run) => { a href={ "/nights/" (run.run) } { (run.run) } ", " (numbers_and_dates::minute(run.started_at)) ", " (page_pieces::run_verdict(visit, run)) },
                    None => "none yet",
                } }
                dt { "last good run" } dd { (health.last_success.map_or_else(|| "none yet".to_owned(), |at| numbers_and_dates::minute(visit.desk.zone.local(at)))) }
                dt { "next run" } dd { (next.map_or_else(|| "when the host's timer says".to_owned(), |at| numbers_and_dates::minute(visit.desk.zone.local(at)))) }
                dt { "customers" } dd { @match customers {
                    Some((mapped, skipped)) => { a href={ "/customers?i=" (name.as_str()) } { (mapped) " mapped, " (skipped) " skipped on purpose" } },
                    None => { "the customers or the services cannot be read: " (page_pieces::typed_there(visit.site.tenant.as_deref(), "recount check")) },
                } }
                dt { "services" } dd { a href={ "/services?i=" (name.as_str()) } { (services) " mapped" } }
                @if let Some(totals) = visit.desk.plan(name).and_then(|plan| plan.run.end.as_ref()).map(|end| end.totals) {
                    dt { "lines" } dd { a href={ "/plan?i=" (name.as_str()) "&only=all" } { (totals.lines) } @if totals.would_change > 0 { ", " (totals.would_change) " would change" } }
                }
                dt { "ConnectWise" } dd { (shown(connectwise)) }
            } (tests) }
            @if visit.may(DeskAction::Start) && *mode != Mode::Off { div.do { (today::start(visit, "dry", Some(name), "Dry run")) (today::start(visit, "night", Some(name), "Run now")) } }
        }
    }
}

/// Where another host does the nights, or an older history was put back, nobody knows here that all is well.
fn state(visit: &Visit, health: &Health) -> Markup {
    let is_known = visit.desk.outdated.is_none() || health.state != State::Healthy;
    let is_good = health.is_healthy() && visit.desk.outdated.is_none();
    html! { span.tag.(if is_good { "good" } else { "bad" }) { (if is_known { health.sentence() } else { "not known since" }) } }
}

/// What was tried of it, when, by whom, and how it went.
fn tests(visit: &Visit, standing: &IntegrationStanding) -> Result<Markup, PageError> {
    let name = standing.name.as_str();
    let mut rows = Vec::new();
    for kind in visit.site.host.trials(&standing.name) {
        let last = match &visit.desk.history {
            Some(history) => history.last_desk_event(kind.deed(), name)?,
            None => None,
        };
        rows.push((kind, last));
    }
    let tone = |last: &Option<DeskEvent>| match last {
        None => ("plain", '–'),
        Some(event) if event.refused => ("bad", '!'),
        Some(_) => ("good", '✓'),
    };
    let absent = TrialKind::ALL.iter().copied().filter(|kind| !rows.iter().any(|(tried, _)| tried == kind));
    Ok(html! { ul.tests {
    @for (kind, last) in &rows { li {
        @let (tone, sign) = tone(last);
        (page_pieces::sign(tone, sign))
        p { (kind.title()) span.rest { @match last {
            Some(event) => { (escaped(&event.said)) " · " (numbers_and_dates::minute(visit.desk.zone.local(event.at))) ", " (shown(&event.person)) },
            None => "not tested yet",
        } } }
        @if visit.may(DeskAction::Test) {
            form method="post" action=(DeskAction::Test.path().replace("{name}", name)) { (token(visit)) input type="hidden" name="what" value=(kind.as_str());
                button.b { "Test" span.sr { " " (kind.title()) " of " (shown(name)) } } }
        }
    } }
    @for kind in absent { li { (page_pieces::sign("plain", '–')) p { (kind.title()) span.rest { "not set up" } } } }
    } })
}

fn switch(visit: &Visit, name: &str, mode: Mode) -> Markup {
    html! {
        form.do method="post" action=(DeskAction::Mode.path().replace("{name}", name)) {
            (token(visit)) input type="hidden" name="shown" value=(mode.as_str());
            label for={ "m-" (name) } { "Mode" }
            select id={ "m-" (name) } name="mode" { @for one in [Mode::Off, Mode::Observe, Mode::Apply] {
                option value=(one.as_str()) selected[one == mode] { (one) }
            } }
            button.b { "Change" span.sr { " mode of " (shown(name)) } }
        }
    }
}
