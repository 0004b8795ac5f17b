//! What the tab shows: one company, and no other.

use std::collections::BTreeSet;

use maud::{Markup, html};

use crate::history::run_record::LineRecord;
use crate::reconcile::model::display_text::{escaped, shown};
use crate::reconcile::model::ids::{CompanyId, CustomerName, RunId};
use crate::report::command_output::held_output::Waiting;
use crate::report::open_items::OpenItems;
use crate::report::report_model::sign as sign_of;
use crate::report::{display_names, lines, numbers_and_dates, sparkline};
use crate::web::desk::host::member_claim::MemberVerification;
use crate::web::desk::visit::Overview;
use crate::web::html_head::document;
use crate::web::pages::{page_pieces, today};
use crate::web::site::{PageError, TabRules};

/// Before anything is known of who is looking.
pub(super) fn asking(rules: &TabRules, id: &str, screen: &str) -> Markup {
    document(
        "Tab",
        &html! { script src="/tab.js" defer {} },
        &html! {
            body { main.tab data-origins=(rules.origins.join(" ")) data-id=(id) data-screen=(screen) {
                h1 { "recount" }
                p role="status" { "ConnectWise is asked who you are." }
                noscript { p { "This tab needs script. The desk itself works without." } }
                (desk())
            } }
        },
    )
}

fn desk() -> Markup {
    html! { p { a href="/" target="_blank" rel="noopener" { "Open the desk" } } }
}

fn message_page(title: &str, said: &str) -> Markup {
    document(title, &html! {}, &html! { body { main.tab { h1 { (title) } p role="status" { (said) } (desk()) } } })
}

/// ConnectWise does not vouch for whoever is looking.
pub(super) fn nothing(why: MemberVerification) -> Markup {
    message_page("Nothing is shown", why.sentence())
}

/// The tab stands on another screen than a company's.
pub(super) fn elsewhere() -> Markup {
    message_page("No company", "This tab belongs on the company screen. docs/hosted-tab.md says how it is set up.")
}

/// One company's lines and open items.
pub(super) fn company(overview: &Overview, company: CompanyId, member: &str) -> Result<Markup, PageError> {
    let own = |line: &LineRecord| line.company == Some(company);
    let of_all = || overview.plans.iter().flat_map(|plan| lines(&plan.run)).filter(|line| own(line));
    let customers: BTreeSet<&CustomerName> = of_all().flat_map(display_names::customers).collect();
    // An item about the customer as a whole has no line, and an agreement at fault no company of its own.
    let about = |one: &&Waiting| match (&one.line, &one.finding.customer) {
        (Some(line), _) if line.company.is_some() => own(line),
        (_, Some(customer)) => customers.contains(customer),
        _ => false,
    };
    let open: Vec<&Waiting> = overview.waiting.iter().filter(about).collect();
    let mut rows = Vec::new();
    for plan in &overview.plans {
        let of_it: Vec<&LineRecord> = lines(&plan.run).iter().filter(|line| own(line)).collect();
        rows.extend(table_rows(overview, plan, &of_it)?);
    }
    let title = format!("{} to decide", open.len());
    Ok(document(
        "Company",
        &html! {},
        &html! {
            body { main.tab {
                header.head {
                    div { div.headline {
                        h1 { "Billed by recount" }
                        span.verdict.(if open.is_empty() { "good" } else { "ask" }) { (title) }
                    } p.lead.small { (numbers_and_dates::plural(rows.len(), "line")) ", as the newest plans have them" (drawn_at(overview)) ". Nothing is decided here." } }
                    p.small.soft { (shown(member)) br; "verified by ConnectWise" }
                }
                @for one in open { (card(one)) }
                @if rows.is_empty() { (page_pieces::empty("No line of this company", "No integration has a customer mapped to it.")) }
                @else { (table(&rows)) }
                footer.foot { p { "Quantities only." } (desk()) }
            } }
        },
    ))
}

/// `, drawn Sun 29 Nov 2026 01:15 EST; next night Mon 30 Nov 2026 01:15 EST`, as far as it is known.
fn drawn_at(overview: &Overview) -> String {
    let minute = |at| numbers_and_dates::minute(overview.zone.local(at));
    let drawn = overview.plans.iter().map(|plan| plan.run.started_at.to_utc()).max();
    let drawn = drawn.map(|at| format!(", drawn {}", minute(at))).unwrap_or_default();
    let next = overview.next_night().map(|at| format!("; next night {}", minute(at))).unwrap_or_default();
    drawn + &next
}

fn card(one: &Waiting) -> Markup {
    let handle = one.finding.handle.as_deref().unwrap_or_default();
    html! {
        article.card {
            header { (page_pieces::sign("ask", sign_of(one.finding.code))) h2 { (one.title()) } (page_pieces::step(one.line.as_ref())) }
            p { (escaped(&one.finding.message)) }
            p.meta { span { (shown(one.integration.as_str())) }
                @if !handle.is_empty() { span.end { a href={ "/items/" (handle) } target="_blank" rel="noopener" { "Answer on the desk" span.sr { " " (handle) } } } } }
        }
    }
}

fn table(rows: &[Markup]) -> Markup {
    html! {
        section aria-labelledby="lines" {
            div.sec { h2 id="lines" { "Lines " span.count { (rows.len()) } } }
            div.sheet { table.mid {
                thead { tr { th scope="col" { "line" } th.n scope="col" { "billed" } th.n scope="col" { "wanted" } th.wide scope="col" { "30 nights" } th scope="col" { "state" } } }
                tbody { @for row in rows { (row) } }
            } }
        }
    }
}

fn table_rows(overview: &Overview, plan: &OpenItems, of_it: &[&LineRecord]) -> Result<Vec<Markup>, PageError> {
    let history = overview.history()?;
    let nights = history.nights(&plan.run.integration, plan.run.run, sparkline::NIGHTS)?;
    let runs: Vec<RunId> = nights.iter().map(|run| run.run).collect();
    let handles: BTreeSet<&str> = of_it.iter().map(|line| line.handle.as_str()).collect();
    let drawn = history.line_nights(&runs, &handles)?;
    let row = |line: &&LineRecord| {
        html! { tr {
            th scope="row" { (display_names::product(line)) span.rest { (shown(plan.run.integration.as_str())) } }
            td.n { (page_pieces::quantity(line.now.or(line.was))) } td.n { (page_pieces::quantity(line.wanted)) }
            td.wide { @if let Some(nights) = drawn.get(line.handle.as_str()) { (today::drawing(&runs, nights)) } }
            td { (line.outcome) ", " (page_pieces::words_of(line.reason.as_str())) }
        } }
    };
    Ok(of_it.iter().map(row).collect())
}
