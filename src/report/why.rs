//! `recount why`: one line's whole chain, from the export's row to what ConnectWise holds.

use std::fmt::Write as _;

use crate::history::lookup::RunSummary;
use crate::history::record::LineRecord;
use crate::history::record::RunRecord;
use crate::reconcile::counts::RowLines;
use crate::reconcile::ids::CustomerName;
use crate::reconcile::ids::ServiceName;
use crate::reconcile::outcome::Outcome;
use crate::reconcile::plan::Finding;
use crate::reconcile::plan::Source;
use crate::reconcile::quantity::Quantity;
use crate::reconcile::shown::escaped;
use crate::reconcile::shown::shown;
use crate::report::json::time;
use crate::report::names;
use crate::report::text::wrapped;

/// One night of a line: which run, and what it made of it.
#[derive(Debug, Clone)]
pub struct Night {
    /// The run.
    pub run: RunSummary,
    /// The line.
    pub line: LineRecord,
}

/// The chain of the newest night, and the nights before it, newest first.
pub fn render(nights: &[Night]) -> String {
    let Some((Night { run, line }, earlier)) = nights.split_first() else { return String::new() };
    let mut text = format!("{}   {}: {}\n", names::line(line), line.outcome, line.reason);
    if !line.detail.is_empty() {
        let _ = writeln!(text, "  {}", escaped(&line.detail));
    }
    row(&mut text, "handle", &line.handle);
    row(
        &mut text,
        "run",
        &format!("{} of {}, {} ({}, {})", run.run, run.integration, time(run.started_at), run.command, run.mode),
    );
    if let Some(planned) = &run.planned {
        let sha: String = planned.export.sha256.chars().take(12).collect();
        row(&mut text, "export", &format!("{}, sha {sha}…", escaped(&planned.export.path)));
    }
    sources(&mut text, line);
    row(&mut text, "ConnectWise", &place(line));
    row(
        &mut text,
        "quantity",
        &format!("was {}, wanted {}, now {}", units(line.was), units(line.wanted), units(line.now)),
    );
    if let Some(request) = request(line) {
        row(&mut text, request.0, &request.1);
    }
    for night in earlier {
        row(&mut text, "before", &earlier_row(night));
    }
    text
}

/// A matter that is not one line: what was found of a customer, a service or a product, and the lines that it is about.
pub fn render_matter(run: &RunRecord, finding: &Finding) -> String {
    let about =
        [finding.customer.as_ref().map(|name| name.as_str()), finding.service.as_ref().map(|name| name.as_str())];
    let about: Vec<String> = about.into_iter().flatten().map(shown).collect();
    let title = if about.is_empty() { finding.code.as_str().replace('-', " ") } else { about.join(" · ") };
    let mut text = format!("{title}   {}: {}\n", finding.severity.as_str(), finding.code);
    let run_row =
        format!("{} of {}, {} ({}, {})", run.run, run.integration, time(run.started_at), run.command, run.mode);
    row(&mut text, "run", &run_row);
    wrapped(&mut text, &finding.message, "  ", "  ");
    if !finding.fix.is_empty() {
        wrapped(&mut text, &format!("→ {}", finding.fix), "  ", "    ");
    }
    for line in crate::report::lines(run).iter().filter(|line| concerns(finding, line)) {
        let quantity = format!("was {}, wanted {}", units(line.was), units(line.wanted));
        let _ =
            writeln!(text, "  {:<6} {}: {quantity}, {}: {}", line.handle, names::line(line), line.outcome, line.reason);
        sources(&mut text, line);
    }
    text
}

/// Each count, how it became units, and what is counted.
fn sources(text: &mut String, line: &LineRecord) {
    for source in &line.sources {
        row(text, "", &source_row(source));
        if let Some(how) = &source.how {
            wrapped(text, how, "                 ", "                 ");
        }
    }
    let items = names::items(line);
    if !items.is_empty() {
        wrapped(text, &format!("items        {}", names::listed(&items)), "  ", "               ");
    }
}

fn concerns(finding: &Finding, line: &LineRecord) -> bool {
    let of_customer = |customer: &CustomerName| line.sources.iter().any(|source| source.customer == *customer);
    let of_service = |service: &ServiceName| line.sources.iter().any(|source| source.service == *service);
    match (&finding.customer, &finding.service) {
        (None, None) => line.reason == finding.code,
        (customer, service) => customer.as_ref().is_none_or(of_customer) && service.as_ref().is_none_or(of_service),
    }
}

fn row(text: &mut String, name: &str, value: &str) {
    let _ = writeln!(text, "  {name:<12} {value}");
}

fn source_row(source: &Source) -> String {
    let Source { customer, service, count, lines, how: _, items: _ } = source;
    let name = format!("{} · {}", shown(customer.as_str()), shown(service.as_str()));
    let numbers = numbers(lines);
    match (count, lines.as_slice()) {
        (Some(count), []) => format!("no row for {name}: the customer is in the export, so that means {count}"),
        (None, []) => format!("no row for {name}: the customer is not in the export, and that means nothing"),
        (Some(count), _) => format!("line {numbers}: {name} = {count}"),
        (None, _) => format!("line {numbers}: {name}, which could not be counted"),
    }
}

/// As many lines as are kept may be the first of more.
fn numbers(lines: &[u64]) -> String {
    let whole = lines.len() < RowLines::KEPT;
    let shown = if whole { lines } else { &lines[..RowLines::KEPT - 1] };
    let shown: Vec<String> = shown.iter().map(u64::to_string).collect();
    format!("{}{}", shown.join(", "), if whole { "" } else { " and more" })
}

fn place(line: &LineRecord) -> String {
    let part = |name: &str, id: Option<i64>| id.map(|id| format!("{name} {id}"));
    let parts = [
        part("company", line.company.map(|id| id.0)),
        part("agreement", line.agreement.map(|id| id.0)),
        part("addition", line.addition.map(|id| id.0)),
        line.product.as_ref().map(|product| format!("product {}", shown(product.as_str()))),
        line.item.as_ref().map(|item| format!("item {}", shown(item.as_str()))),
    ];
    let known: Vec<String> = parts.into_iter().flatten().collect();
    if known.is_empty() { "no line there".to_owned() } else { known.join(", ") }
}

fn request(line: &LineRecord) -> Option<(&'static str, String)> {
    let patch = || format!("PATCH quantity {} → {}", units(line.was), units(line.wanted));
    let post = || format!("POST one addition, quantity {}", units(line.wanted));
    Some(match line.outcome {
        Outcome::WouldUpdate => ("would send", patch()),
        Outcome::WouldCreate => ("would send", post()),
        Outcome::Updated => ("sent", patch()),
        Outcome::Created => ("sent", post()),
        Outcome::Held if line.was.is_some() && line.wanted.is_some() && line.was != line.wanted => {
            ("would send", patch())
        }
        _ => return None,
    })
}

fn earlier_row(night: &Night) -> String {
    let Night { run, line } = night;
    let day = run.started_at.format("%Y-%m-%d");
    let quantity = format!("{} → {}", units(line.was), units(line.now));
    format!("run {} on {day}: {quantity}, {}: {}", run.run, line.outcome, line.reason)
}

fn units(quantity: Option<Quantity>) -> String {
    quantity.map_or_else(|| "–".to_owned(), |quantity| quantity.to_string())
}
