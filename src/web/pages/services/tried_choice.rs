//! What a choice for a service would change, before it is saved: the whole plan as it is beside the plan with the choice.

use std::collections::{BTreeMap, BTreeSet};

use maud::{Markup, html};

use crate::history::run_record::{LineRecord, RunRecord};
use crate::reconcile::model::display_text::{escaped, shown};
use crate::reconcile::model::ids::{CustomerName, ServiceName};
use crate::reconcile::model::plan::finding::Finding;
use crate::reconcile::model::plan::reason_code::Code;
use crate::report::command_output::diff_output::Difference;
use crate::report::numbers_and_dates;
use crate::web::desk::host::services_host::{KnownService, PressedChoice, TriedPlans};
use crate::web::desk::role_permissions::DeskAction;
use crate::web::desk::visit::Visit;
use crate::web::pages::frame::{RailEntry, frame, token};
use crate::web::pages::page_pieces;
use crate::web::pages::plan::plan_pieces;
use crate::web::pages::services::product_picker::head;

/// Lines that are listed; how many there are of each kind is always said.
const LINES: usize = 1000;
/// Other findings that are listed.
const FINDINGS: usize = 20;

/// A line as it is, and with the choice.
type Pair<'a> = (Option<&'a LineRecord>, Option<&'a LineRecord>);

/// The page, and the button that saves it.
pub(crate) fn page(visit: &Visit, service: &KnownService, choice: &PressedChoice, tried: &TriedPlans) -> Markup {
    let TriedPlans { as_it_is, as_chosen } = tried;
    let is_drawn = as_it_is.planned.is_some() && as_chosen.planned.is_some();
    let difference = Difference::of(as_it_is, as_chosen);
    let main = html! {
        (head(service))
        @if let Some(end) = &as_chosen.end { (page_pieces::stops(visit, as_chosen, end)) }
        section aria-labelledby="eff" {
            div.sec { h2 id="eff" { "What it would change" } p { "The whole plan, drawn now from the newest export as it is and with this choice; nothing was written." } }
            @if !is_drawn { (page_pieces::empty("Nobody can say", "No plan can be drawn now, so what it would change is not known.")) }
            @else if difference.lines().is_empty() { (page_pieces::empty("No line would differ", "Nobody has this service tonight, or nothing else is billed for it.")) }
            @else { (changes(difference.lines())) }
            @if is_drawn { (new_findings(tried, difference.lines())) }
        }
        (save(visit, service, choice))
    };
    frame(visit, RailEntry::Services, &shown(service.name.as_str()), &main)
}

/// Lines that would be written first; then those that ask, then the others.
fn changes(pairs: &[Pair<'_>]) -> Markup {
    let mut pairs: Vec<Pair<'_>> = pairs.to_vec();
    pairs.sort_by_key(|(_, then)| !then.is_some_and(plan_pieces::would_change));
    let written: Vec<&LineRecord> =
        pairs.iter().filter_map(|pair| pair.1).filter(|line| plan_pieces::would_change(line)).collect();
    html! {
        ul.rows.checks aria-label="Lines of each kind" { @for (kind, count) in kinds(&pairs) {
            li { p { b { (numbers_and_dates::plural(count, "line")) } ": " (kind) } }
        } }
        div.sheet { table {
            thead { tr { th scope="col" { "line" } th.n scope="col" { "billed" } th.n scope="col" { "wanted as it is" } th.n scope="col" { "wanted then" } th.wide scope="col" { "as it is" } th scope="col" { "it would then" } } }
            tbody { @for pair in pairs.iter().take(LINES) { (row(*pair)) } }
            tfoot { tr { th scope="row" { (numbers_and_dates::plural(pairs.len(), "line")) } td.n {} td.n {} td.n.nb { (plan_pieces::sums(&written)) } td.wide {} td {} } }
        } }
        @if pairs.len() > LINES { p.small.soft { "and " (pairs.len() - LINES) " more" } }
    }
}

fn row((now, then): Pair<'_>) -> Markup {
    let wanted = |line: Option<&LineRecord>| page_pieces::quantity(line.and_then(|line| line.wanted));
    html! { tr {
        th scope="row" { @if let Some(line) = then.or(now) { (page_pieces::line_name(line)) } }
        td.n { (page_pieces::quantity(then.or(now).and_then(|line| line.was))) } td.n { (wanted(now)) } td.n { b { (wanted(then)) } }
        td.wide { (now.map_or_else(|| "no line yet".to_owned(), kind)) }
        td { @if then.is_some_and(|line| plan_pieces::would_change(line) && !line.is_large()) { b { (outcome((now, then))) } } @else { (outcome((now, then))) } }
    } }
}

fn outcome((now, then): Pair<'_>) -> String {
    let bills = now.and_then(|line| line.was).is_some_and(|billed| !billed.is_zero());
    match then {
        Some(line) => kind(line),
        None if bills => "no line any more: what it bills stays".to_owned(),
        None => "not listed any more: it bills nothing".to_owned(),
    }
}

fn kind(line: &LineRecord) -> String {
    format!("{}, {}", line.outcome, page_pieces::words_of(line.reason.as_str()))
}

/// How many lines would come to what, in the order of the table.
fn kinds(pairs: &[Pair<'_>]) -> Vec<(String, usize)> {
    let (mut order, mut counts) = (Vec::new(), BTreeMap::new());
    for pair in pairs {
        let kind = outcome(*pair);
        let count = counts.entry(kind.clone()).or_insert(0_usize);
        *count += 1;
        if *count == 1 {
            order.push(kind);
        }
    }
    order.into_iter().map(|kind| (kind.clone(), counts[&kind])).collect()
}

/// What would be said then, is not said as it is, and is about none of the lines above.
fn new_findings(tried: &TriedPlans, pairs: &[Pair<'_>]) -> Markup {
    let listed: BTreeSet<&str> = pairs.iter().filter_map(|pair| pair.1).map(|line| line.handle.as_str()).collect();
    let known: BTreeSet<_> = findings(&tried.as_it_is).iter().map(about).collect();
    let is_listed = |finding: &Finding| finding.handle.as_deref().is_some_and(|handle| listed.contains(handle));
    let is_new = |finding: &&Finding| !is_listed(finding) && !known.contains(&about(finding));
    let new: Vec<&Finding> = findings(&tried.as_chosen).iter().filter(is_new).collect();
    html! {
        @if !new.is_empty() { ul.rows.checks aria-label="What would be told as well" { @for finding in new.iter().take(FINDINGS) {
            li { (page_pieces::sign("ask", '!')) p { (page_pieces::words_of(finding.code.as_str())) ": " (escaped(&finding.message)) } }
        } } }
        @if new.len() > FINDINGS { p.small.soft { "and " (new.len() - FINDINGS) " more" } }
    }
}

fn findings(run: &RunRecord) -> &[Finding] {
    run.end.as_ref().map(|end| end.findings.as_slice()).unwrap_or_default()
}

fn about(finding: &Finding) -> (Code, Option<&CustomerName>, Option<&ServiceName>, Option<&str>) {
    (finding.code, finding.customer.as_ref(), finding.service.as_ref(), finding.handle.as_deref())
}

fn save(visit: &Visit, service: &KnownService, choice: &PressedChoice) -> Markup {
    let lost = service.lost_by(choice);
    html! {
        @if !lost.is_empty() { (page_pieces::note("bad", "What was agreed of it goes.", html! { "The services' file says of it: " (escaped(&lost.join(", "))) ". That is not there any more then, also if it is billed again later; the version before it keeps it." })) }
        @if let PressedChoice::Products(_) = choice {} @else { p.small { "What is billed for it now stays on the agreements: recount asks about each such line." } }
        form.bar method="post" action=(DeskAction::SaveService.path().replace("{handle}", &service.handle)) { (token(visit))
            input type="hidden" name="shown" value=(service.as_shown());
            @match choice {
                PressedChoice::Products(products) => { @for product in products { input type="hidden" name="product" value=(product); } },
                PressedChoice::NotAssigned => input type="hidden" name="state" value="not-assigned";,
                PressedChoice::Deprecated => input type="hidden" name="state" value="deprecated";,
            }
            p { b { (shown(service.name.as_str())) ": " (choice_text(choice)) "." } " " span.small { "Changes what the services' file says of it, under your name; the version before it is kept." } }
            div.do { button.b.act { "Save" } a.b href={ "/services/" (service.handle) } { "Back" } }
        }
    }
}

/// A choice in words.
pub(crate) fn choice_text(choice: &PressedChoice) -> String {
    match choice {
        PressedChoice::NotAssigned => "not assigned".to_owned(),
        PressedChoice::Deprecated => "deprecated".to_owned(),
        PressedChoice::Products(products) => {
            products.iter().map(|product| shown(product.as_str())).collect::<Vec<_>>().join(", ")
        }
    }
}
