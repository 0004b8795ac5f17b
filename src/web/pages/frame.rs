//! What stands around every page: the rail with its counts, who is signed in, and the foot.

use maud::{Markup, html};

use crate::reconcile::model::display_text::shown;
use crate::reconcile::model::plan::reason_code::Code;
use crate::report::numbers_and_dates;
use crate::web::assets::scripts;
use crate::web::desk::role_permissions::DeskAction;
use crate::web::desk::visit::Visit;
use crate::web::fleet::tenant_addresses::LIST;
use crate::web::html_head::{brand, document};
use crate::web::pages::page_pieces;

/// Which entry of the rail the page is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RailEntry {
    Today,
    Plan,
    Invoices,
    Customers,
    Services,
    Export,
    Nights,
    Integrations,
    Audit,
    /// A page that no entry leads to.
    None,
}

const ENTRIES: [&[(RailEntry, &str, &str)]; 3] = [
    &[
        (RailEntry::Today, "/", "Today"),
        (RailEntry::Plan, "/plan", "Plan"),
        (RailEntry::Invoices, "/invoices", "Invoices"),
    ],
    &[(RailEntry::Customers, "/customers", "Customers"), (RailEntry::Services, "/services", "Services")],
    &[
        (RailEntry::Export, "/export", "Export"),
        (RailEntry::Nights, "/nights", "Nights"),
        (RailEntry::Integrations, "/integrations", "Integrations"),
        (RailEntry::Audit, "/audit", "Audit"),
    ],
];

/// The page of this visit.
pub(crate) fn frame(visit: &Visit, place: RailEntry, title: &str, main: &Markup) -> Markup {
    frame_with(visit, place, title, None, main)
}

/// The same; a browser asks for it again after so many seconds.
pub(crate) fn frame_with(visit: &Visit, place: RailEntry, title: &str, again: Option<u32>, main: &Markup) -> Markup {
    let more = html! {
        (scripts())
        // With a script the page is told; without one a browser asks again.
        @if let Some(seconds) = again { noscript { meta http-equiv="refresh" content=(seconds); } }
    };
    let body = html! {
        body {
            a.skip href="#main" { "Skip to the page" }
            div.shell {
                header.rail {
                    a.brand href="/" { (brand()) }
                    button.b.menu-button type="button" popovertarget="menu" { "Menu" }
                    (rail_menu(visit, place, false))
                }
                main.main #main {
                    (outdated(visit))
                    (main)
                    footer.foot {
                        p { "Quantities only: no page of this desk holds an amount of money. Times are " (visit.desk.zone.name()) "." }
                        // Without script there are no keys.
                        p.no-print #keys-button hidden { button.b.quiet type="button" popovertarget="keys" { "Keys " kbd { "?" } } }
                    }
                    (keys())
                }
            }
        }
    };
    match &visit.site.tenant {
        Some(tenant) => document(&format!("{title} · {}", shown(tenant)), &more, &body),
        None => document(title, &more, &body),
    }
}

/// Above every page: what it shows is not how things stand.
fn outdated(visit: &Visit) -> Markup {
    html! {
        @if let Some(why) = &visit.desk.outdated { (page_pieces::note("bad", why.title(), html! { (why.sentence()) })) }
    }
}

const KEYS: [(&[&str], &str); 7] = [
    (&["j", "k"], "next, previous item"),
    (&["a"], "go to its Accept button; Enter presses it"),
    (&["o"], "open the item"),
    (&["x"], "select it"),
    (&["u"], "go to the newest Undo"),
    (&["/"], "find"),
    (&["?"], "this list"),
];

fn keys() -> Markup {
    html! {
        div.pop #keys popover aria-labelledby="keys-title" {
            h2 #keys-title { "Keys" }
            dl { @for (keys, what) in KEYS { dt { @for key in keys.iter() { kbd { (key) } " " } } dd { (what) } } }
            p.small.soft { "Keys act only outside of fields. " button.b.quiet type="button" #keys-switch { "Turn them off" } }
        }
    }
}

/// The menu again for a page that is open, where what it counts has changed.
pub(crate) fn menu_anew(visit: &Visit, place: RailEntry) -> Markup {
    rail_menu(visit, place, true)
}

fn rail_menu(visit: &Visit, place: RailEntry, anew: bool) -> Markup {
    html! { div #menu popover hx-swap-oob=[anew.then_some("true")] { (menu(visit, place)) } }
}

fn menu(visit: &Visit, place: RailEntry) -> Markup {
    html! {
        @if let Some(tenant) = &visit.site.tenant { p.small { a href=(LIST) { "All tenants" } " · " b { (shown(tenant)) } } }
        form.find role="search" aria-label="Find" action="/find" {
            label.sr for="find" { "Find a customer, product or handle" }
            input id="find" name="q" type="search" placeholder="Customer or handle";
        }
        nav aria-label="Desk" { @for group in ENTRIES { ul {
            @for (entry, address, name) in group { li {
                a href=(address) aria-current=[(*entry == place).then_some("page")] {
                    (name) @if let Some(count) = count(visit, *entry) { " " b { (count) span.sr { " open" } } }
                }
            } }
        } } }
        (next(visit))
        div.me {
            a href="/account" { b { (visit.person.name) } } (visit.person.role)
            form method="post" action=(DeskAction::SignOut.path()) { (token(visit)) button.b.quiet { "Sign out" } }
        }
    }
}

/// What is open: everything, and what is settled on a page of its own.
fn count(visit: &Visit, entry: RailEntry) -> Option<usize> {
    let waiting = &visit.desk.waiting;
    let of = |code: Code| waiting.iter().filter(|one| one.finding.code == code).count();
    let open = match entry {
        RailEntry::Today => waiting.len(),
        RailEntry::Customers => of(Code::CustomerUnmapped),
        RailEntry::Services => of(Code::ServiceUnmapped),
        _ => 0,
    };
    (open > 0).then_some(open)
}

fn next(visit: &Visit) -> Markup {
    let waits = visit.desk.answered.len() + visit.desk.queued.len();
    html! {
        p.next {
            @if visit.desk.running.is_some() { a href="/live" { b { "A run is under way" } } }
            @else if let Some(at) = visit.desk.next_night() { "Next night " b { (numbers_and_dates::minute(visit.desk.zone.local(at))) } }
            @else { "Next night " b { "when the host's timer says" } }
            @if waits > 0 { " " (numbers_and_dates::plural(waits, "answer")) " wait" @if waits == 1 { "s" } " for it" }
        }
    }
}

/// What every form carries.
pub(crate) fn token(visit: &Visit) -> Markup {
    html! { input type="hidden" name="csrf" value=(visit.person.form_token); }
}
