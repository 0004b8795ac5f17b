//! The customers whom nobody has mapped: exact names together, then guesses with their reasons.

use maud::{Markup, html};

use crate::reconcile::model::display_text::{escaped, shown};
use crate::reconcile::model::ids::CompanyId;
use crate::web::desk::host::mapping_host::{CompanyGuess, MappedCustomer};
use crate::web::desk::host::not_done::NotDone;
use crate::web::desk::role_permissions::DeskAction;
use crate::web::desk::visit::Visit;
use crate::web::pages::frame::token;
use crate::web::pages::page_pieces;

/// Customers that are listed at once.
const LISTED: usize = 100;

/// What is known of them: guesses, that nobody looked yet, or why nobody can say.
pub(crate) type Guesses = Result<Option<Vec<CompanyGuess>>, NotDone>;

pub(crate) fn sections(visit: &Visit, unmapped: &[&MappedCustomer], guesses: &Guesses) -> Markup {
    let known = match guesses {
        Ok(Some(guesses)) => guesses.as_slice(),
        Ok(None) | Err(_) => &[],
    };
    let exact: Vec<(&CompanyGuess, CompanyId)> = known.iter().filter_map(|guess| Some((guess, guess.exact?))).collect();
    let is_exact = |one: &MappedCustomer| exact.iter().any(|(guess, _)| guess.customer.handle == one.handle);
    let others: Vec<&MappedCustomer> = unmapped.iter().copied().filter(|one| !is_exact(one)).collect();
    html! {
        div #unmapped.stack {
            @if let Err(why) = guesses {
                (page_pieces::note("bad", "ConnectWise was not asked.", html! { (escaped(&why.message)) " Customers can still be skipped." (page_pieces::ways(visit, &why.fix)) }))
            }
            @if matches!(guesses, Ok(None)) { (look()) }
            @if !exact.is_empty() { (exact_names(visit, &exact)) }
            @if !others.is_empty() { (others_of(visit, &others, known)) }
            @if matches!(guesses, Ok(Some(_))) && visit.may(DeskAction::Map) { (page_pieces::read_again("/customers", &[("look", "1")])) }
        }
    }
}

/// A look into ConnectWise takes a while, so the page does not wait for it.
fn look() -> Markup {
    html! {
        p.do hx-get="/customers?look=1" hx-trigger="load" hx-select="#unmapped" hx-target="#unmapped" hx-swap="outerHTML" {
            a.b href="/customers?look=1" { "Look in ConnectWise for their companies" }
        }
    }
}

fn exact_names(visit: &Visit, exact: &[(&CompanyGuess, CompanyId)]) -> Markup {
    let may = visit.may(DeskAction::MapExact);
    html! {
        section aria-labelledby="exact" {
            div.sec { h2 id="exact" { "Exactly one company of the same name " span.count { (exact.len()) } } p { "Nobody else is billed there" } }
            @if may {
                form method="post" action=(DeskAction::MapExact.path()) { (token(visit)) (exact_table(exact, may))
                    div.bar { p { "One row of customers.csv for each, with the default agreement. A row can be taken out again." } div.do { button.b.act { "Map those that are ticked" } } }
                }
            } @else { (exact_table(exact, may)) }
        }
    }
}

fn exact_table(exact: &[(&CompanyGuess, CompanyId)], may: bool) -> Markup {
    html! { div.sheet { table.mid {
        thead { tr { @if may { th.tight scope="col" { span.sr { "select" } } } th scope="col" { "customer" } th scope="col" { "company" } } }
        tbody { @for (guess, company) in exact.iter().take(LISTED) { tr {
            @let customer = &guess.customer;
            @if may { td { label.pick { input type="checkbox" name="map" value={ (customer.handle) ":" (company) } checked; span.sr { "Map " (shown(customer.name.as_str())) } } } }
            th scope="row" { (shown(customer.name.as_str())) span.rest { (shown(customer.integration.as_str())) } }
            td { @for one in guess.candidates.iter().filter(|one| one.company == *company) { (shown(&one.name)) } span.rest { (company) } }
        } } }
    } } }
}

fn others_of(visit: &Visit, others: &[&MappedCustomer], known: &[CompanyGuess]) -> Markup {
    html! {
        section aria-labelledby="un" {
            div.sec { h2 id="un" { "Not mapped " span.count { (others.len()) } } p { "Nothing is billed for them" } }
            div.rows { div.items.nopick { @for one in others.iter().take(LISTED) {
                (row(visit, one, known.iter().find(|guess| guess.customer.handle == one.handle)))
            } } }
            @if others.len() > LISTED { p.small.soft { "and " (others.len() - LISTED) " more: filter below" } }
        }
    }
}

fn row(visit: &Visit, one: &MappedCustomer, guess: Option<&CompanyGuess>) -> Markup {
    let name = shown(one.name.as_str());
    let best = guess.filter(|guess| !guess.is_ambiguous).and_then(|guess| guess.candidates.first());
    let why = match (guess, best) {
        (_, Some(best)) => format!("{}, company {}: {}.", shown(&best.name), best.company, escaped(&best.why)),
        (Some(guess), None) if !guess.candidates.is_empty() => {
            "Several companies fit as well as each other.".to_owned()
        }
        (Some(_), None) => "No company has a name like it.".to_owned(),
        (None, None) => String::new(),
    };
    html! {
        article.row id={ "i-" (one.handle) } aria-labelledby={ "t-" (one.handle) } {
            (page_pieces::sign("ask", '?'))
            h3 id={ "t-" (one.handle) } { a href={ "/mapping/" (one.handle) } { (name) } span.rest { (shown(one.integration.as_str())) } }
            p.why { (why) }
            p.since { code { (one.handle) } } p.step {}
            @if visit.may(DeskAction::Map) {
                @if let Some(best) = best {
                    form.do method="post" action=(DeskAction::Map.path().replace("{handle}", &one.handle)) {
                        (token(visit)) input type="hidden" name="shown" value=(one.as_shown()); input type="hidden" name="company" value=(best.company);
                        button.b name="what" value="map" { "Map to " (best.company) span.sr { ", " (name) } }
                        a.b.quiet href={ "/mapping/" (one.handle) } { "More" span.sr { ": " (name) } }
                    }
                } @else { p.do { a.b href={ "/mapping/" (one.handle) } { "Choose company…" span.sr { " for " (name) } } } }
            } @else { p.do { a.b.quiet href={ "/mapping/" (one.handle) } { "More" span.sr { ": " (name) } } } }
        }
    }
}
