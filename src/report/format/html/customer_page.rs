//! The page of one customer: all its lines of a run, each with its last nights.

use maud::{Markup, html};
use sha2::{Digest as _, Sha256};

use crate::history::lines_over_nights::LineNight;
use crate::history::run_record::LineRecord;
use crate::reconcile::model::display_text::{escaped, shown};
use crate::reconcile::model::ids::{CustomerName, IntegrationName};
use crate::reconcile::model::plan::outcome::Outcome;
use crate::reconcile::model::quantity::or_dash;
use crate::report::format::html::{Links, Place, RunPageInputs, document, html_pieces};
use crate::report::numbers_and_dates::ExportReadability;
use crate::report::report_model::ReportSection;
use crate::report::{display_names, numbers_and_dates, sparkline};

/// Lines that a page lists.
pub const LINES: usize = 300;

/// The page of a customer and its lines.
pub fn page(material: &RunPageInputs<'_>, customer: &CustomerName, of_it: &[&LineRecord]) -> String {
    let run = material.run;
    let name = shown(customer.as_str());
    let open = of_it
        .iter()
        .filter(|line| matches!(ReportSection::of(line), ReportSection::Held | ReportSection::Drift))
        .count();
    let main = html! {
        header.head { div {
            div.headline {
                h1 { (name) }
                span.verdict.big.(if open == 0 { "good" } else { "ask" }) { (numbers_and_dates::plural(of_it.len(), "line")) ", " (open) " open" }
            }
            p.lead { (shown(run.integration.as_str())) " · as of "
                a href={ "../" (run.run) ".html" } { "run " (run.run) } ", " (numbers_and_dates::day(run.started_at))
                (html_pieces::set_back(material.undos, Links::KEPT_ABOVE)) }
        } }
        section aria-labelledby="lines" {
            h2 #lines { "LINES" span.count { (of_it.len()) } }
            (table(of_it, material))
        }
        section aria-labelledby="nights" {
            h2 #nights { "WHAT HAPPENED" }
            @for line in of_it.iter().filter(|line| !events(material.of_line(&line.handle)).is_empty()) {
                (happened(line, material))
            }
            p.small.soft { "Nights on which nothing changed are left out. "
                "The pages of customers are drawn again when something of theirs changes or is held; "
                code { "recount report --customer NAME" } " draws one now." }
        }
    };
    document(Place::Customer, &format!("{name} · {} · recount", shown(run.integration.as_str())), &main)
}

/// The file of a customer's page: letters and digits of its name for the eye, a hash for the rest. Nothing of a name
/// can lead out of the folder or stand for another customer.
pub fn file(integration: &IntegrationName, customer: &CustomerName) -> String {
    let mut hash = Sha256::new();
    hash.update(integration.as_str());
    hash.update([0]);
    hash.update(customer.as_str());
    let hash = hex::encode(&hash.finalize()[..6]);
    let name = customer.as_str().chars().take(40);
    let letters: String = name.map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).collect();
    let parts = letters.split('-').filter(|part| !part.is_empty()).chain(std::iter::once(hash.as_str()));
    format!("{}.html", parts.collect::<Vec<_>>().join("-"))
}

fn table(of_it: &[&LineRecord], material: &RunPageInputs<'_>) -> Markup {
    let (runs, reading) = (material.runs(), ExportReadability::of_run(material.run));
    html! {
        div.sheet tabindex="0" { table {
            thead { tr {
                th scope="col" { "line" } th.n scope="col" { "billed" } th.n scope="col" { "counted" }
                th.wide scope="col" { "billed, 30 nights" } th scope="col" { "state" }
            } }
            tbody { @for line in of_it {
                tr id=(html_pieces::anchor(&line.handle)) {
                    th scope="row" { (display_names::product(line)) (html_pieces::why(line, &reading, material.records)) }
                    td.n { (or_dash(line.now.or(line.was))) } td.n { (or_dash(line.wanted)) }
                    td.wide { (html_pieces::spark(&sparkline::billed_since(&runs, material.of_line(&line.handle)))) }
                    td { (line.outcome) br; span.soft.small { (line.reason.as_str().replace('-', " ")) } }
                }
            } }
        } }
    }
}

/// What happened in a night, or in several one after another: a line that is held for a month is one event.
struct Event<'n> {
    first: &'n LineNight,
    newest: &'n LineNight,
}

/// The newest first, without nights on which nothing changed.
fn events(nights: &[LineNight]) -> Vec<Event<'_>> {
    let goes_on = |one: &LineNight, next: &LineNight| {
        let same = (one.outcome, one.reason, one.undoes) == (next.outcome, next.reason, next.undoes);
        // A line that waits may be asked about with another count each night.
        same && (next.outcome == Outcome::Held || (one.was, one.wanted, one.now) == (next.was, next.wanted, next.now))
    };
    let changed = nights.chunk_by(goes_on).rev().filter(|nights| nights[0].outcome != Outcome::Unchanged);
    changed.filter_map(|nights| Some(Event { first: nights.first()?, newest: nights.last()? })).collect()
}

fn happened(line: &LineRecord, material: &RunPageInputs<'_>) -> Markup {
    let day = |night: &LineNight| {
        material.nights.iter().find(|one| one.run == night.run).map(|one| numbers_and_dates::day(one.started_at))
    };
    html! {
        div.sheet tabindex="0" { table {
            caption { (display_names::product(line)) " " small { (escaped(&line.handle)) } }
            thead { tr {
                th scope="col" { "run" } th.n.wide scope="col" { "billed" } th.n scope="col" { "wanted" }
                th.n scope="col" { "now" } th scope="col" { "what" }
            } }
            tbody { @for Event { first, newest: night } in events(material.of_line(&line.handle)) {
                tr {
                    th scope="row" { a href={ "../" (night.run) ".html" } { (night.run) } " " span.soft { (day(night).unwrap_or_default()) } }
                    td.n.wide { (or_dash(night.was)) }
                    td.n { (or_dash(night.wanted.filter(|_| night.undoes.is_none()))) }
                    td.n { (or_dash(night.now)) }
                    td { (night.outcome) ": " (night.reason.as_str().replace('-', " "))
                        @if let Some(undone) = night.undoes { ", sets back run " (undone) }
                        @if first.run != night.run { ", since run " (first.run) ", " (day(first).unwrap_or_default()) } }
                }
            } }
        } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reconcile::model::ids::RunId;
    use crate::reconcile::model::plan::reason_code::Code;

    /// A line that nobody answered for a month was thirty rows, and nobody saw since when.
    #[test]
    fn a_line_that_is_held_stands_once_with_since_when() {
        let night = |run: i64, outcome: Outcome, reason: Code, wanted: u32| LineNight {
            run: RunId(run),
            was: Some(5_u32.into()),
            wanted: Some(wanted.into()),
            now: Some(5_u32.into()),
            outcome,
            reason,
            undoes: None,
        };
        let nights = [
            night(1, Outcome::Updated, Code::CountChanged, 5),
            night(2, Outcome::Unchanged, Code::Equal, 5),
            night(3, Outcome::Held, Code::HumanEdit, 7),
            night(4, Outcome::Held, Code::HumanEdit, 8),
            night(5, Outcome::Held, Code::ToZero, 0),
            night(6, Outcome::Held, Code::ToZero, 0),
            night(7, Outcome::Unchanged, Code::Equal, 5),
            night(8, Outcome::Held, Code::ToZero, 0),
        ];
        let told: Vec<_> = events(&nights).iter().map(|event| (event.newest.run.0, event.first.run.0)).collect();
        assert_eq!(told, [(8, 8), (6, 5), (4, 3), (1, 1)]);
    }

    /// A name from an export must neither leave the folder nor take another customer's page.
    #[test]
    fn a_page_is_found_by_any_name_and_stays_in_its_folder() {
        let integration = IntegrationName::new("mail");
        let file = |name: &str| file(&integration, &CustomerName::new(name));
        for name in ["../../etc/passwd", "a/b", "", "株式会社", "con", "x\u{0}y", &"long ".repeat(99)] {
            let file = file(name);
            assert!(file.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.'), "{name:?}: {file}");
            assert!(!file.starts_with('.') && !file.contains("..") && file.len() < 80, "{name:?}: {file}");
        }
        assert!(file("Acme Dental, Ltd.").starts_with("acme-dental-ltd-"));
        assert_ne!(file("A-B"), file("A B"));
    }
}
