//! `recount why`: one line's whole chain, from the export's row to what ConnectWise holds.

use std::fmt::Write as _;

use chrono::{DateTime, FixedOffset};

use crate::history::run_record::{LineRecord, RunRecord, RunSummary};
use crate::reconcile::model::display_text::shown;
use crate::reconcile::model::ids::{CustomerName, IntegrationName, RunId, ServiceName};
use crate::reconcile::model::plan::finding::Finding;
use crate::reconcile::model::plan::outcome::{Mode, Outcome, RunCommand};
use crate::reconcile::model::plan::reason_code::Code;
use crate::reconcile::model::quantity::{Quantity, or_dash};
use crate::report::command_output::held_output::AnsweredItem;
use crate::report::format::text::{ways, wrapped};
use crate::report::numbers_and_dates::ExportReadability;
use crate::report::sparkline::blocks;
use crate::report::{display_names, lines, numbers_and_dates};

/// One night of a line: which run, and what it made of it.
#[derive(Debug, Clone)]
pub struct Night {
    /// The run.
    pub run: RunSummary,
    /// The line.
    pub line: LineRecord,
}

/// What a line went through, for the last row of its chain.
#[derive(Debug, Default)]
pub struct Trend {
    /// Of which runs: the last one may be a dry run.
    pub of: Vec<RunCommand>,
    /// What ConnectWise billed, night after night, oldest first.
    pub billed: Vec<Option<Quantity>>,
    /// What the export asked for.
    pub wanted: Vec<Option<Quantity>>,
}

/// The chain of the newest night, and the nights before it, newest first. `findings` are all that this night found, and
/// `answer` is what was answered to the line since.
pub fn render(nights: &[Night], trend: &Trend, findings: &[Finding], answer: Option<&AnsweredItem>) -> String {
    let Some((Night { run, line }, earlier)) = nights.split_first() else { return String::new() };
    let mut text = format!("{}   {}: {}\n", display_names::line(line), line.outcome, line.reason);
    if !line.detail.is_empty() {
        wrapped(&mut text, &line.detail, "  ", "  ");
    }
    row(&mut text, "handle", &line.handle);
    row(&mut text, "run", &run_row(run.run, &run.integration, run.started_at, run.command, run.mode));
    if let Some(undone) = run.undoes {
        row(&mut text, "export", &format!("none was read: it sets back run {undone}"));
    } else if let Some(planned) = &run.planned {
        let sha: String = planned.export.sha256.chars().take(12).collect();
        row(&mut text, "export", &format!("{}, sha {sha}…", planned.export.path));
    }
    sources(&mut text, line, &ExportReadability::of(run.undoes, findings));
    unread(&mut text, line, findings);
    row(&mut text, "mapping", &mapping(line));
    row(&mut text, "ConnectWise", &numbers_and_dates::place(line));
    row(
        &mut text,
        "quantity",
        &format!("billed {}, wanted {}, now {}", or_dash(line.was), or_dash(line.wanted), or_dash(line.now)),
    );
    row(&mut text, "rule", &rule(line));
    if let Some(AnsweredItem { decision, holds, .. }) = answer {
        let until = if *holds { "the next night uses it" } else { "no longer in force" };
        row(&mut text, "answered", &format!("{}; {until}", decision.sentence()));
    }
    if let Some(request) = request(line) {
        row(&mut text, request.0, &request.1);
    }
    if matches!(line.outcome, Outcome::Updated | Outcome::Created) {
        row(&mut text, "read back", &format!("{}, the answer of ConnectWise", or_dash(line.now)));
    }
    for night in earlier {
        row(&mut text, "before", &earlier_row(night));
    }
    drawing(&mut text, trend);
    if answer.is_some_and(|answer| answer.holds) {
        row(&mut text, "you can", &format!("recount held --reopen {}", line.handle));
        return text;
    }
    let about = findings.iter().find(|finding| finding.handle.as_ref() == Some(&line.handle));
    for (at, line) in about.iter().flat_map(|finding| finding.fix.lines()).enumerate() {
        row(&mut text, if at == 0 { "you can" } else { "or" }, &line.to_string());
    }
    text
}

/// The lines of a customer, each with its handle: what to ask next.
pub fn render_customer(typed: &str, nights: &[Night]) -> String {
    let mut text = format!("{}\n", shown(typed.trim()));
    for Night { run, line } in nights {
        let quantity = format!("billed {}, wanted {}", or_dash(line.was), or_dash(line.wanted));
        let said = format!(
            "{}: {quantity}, {}: {} ({})",
            display_names::line(line),
            line.outcome,
            line.reason,
            run.integration
        );
        wrapped(&mut text, &said, &format!("  {:<6} ", line.handle), "         ");
    }
    if let Some(Night { line, .. }) = nights.first() {
        let _ = writeln!(text, "\nNext: recount why {}", line.handle);
    }
    text
}

/// The rows of the line's customers that could not be read.
fn unread(text: &mut String, line: &LineRecord, findings: &[Finding]) {
    let customers = display_names::customers(line);
    let of_them = |finding: &&Finding| {
        finding.code == Code::RowMalformed && finding.customer.as_ref().is_some_and(|name| customers.contains(&name))
    };
    findings.iter().filter(of_them).take(UNREAD_SHOWN).for_each(|finding| row(text, "unreadable", &finding.message));
}

/// Unreadable rows that are listed of a line's customers.
const UNREAD_SHOWN: usize = 5;

/// One line over time: `recount history --customer`.
pub fn over_time(nights: &[Night], trend: &Trend) -> String {
    let Some(Night { line, .. }) = nights.first() else { return String::new() };
    let mut text = format!("{}   {}\n", display_names::line(line), line.handle);
    drawing(&mut text, trend);
    for night in nights {
        let _ = writeln!(text, "  {}", earlier_row(night));
    }
    text
}

fn drawing(text: &mut String, trend: &Trend) {
    let Trend { of, billed, wanted } = trend;
    if billed.len() < 2 {
        return;
    }
    let last = |values: &[Option<Quantity>]| or_dash(values.last().copied().flatten());
    let is_dry = |command: &RunCommand| *command == RunCommand::Plan;
    let name = numbers_and_dates::plural(of.iter().filter(|command| !is_dry(command)).count(), "run");
    let dry = if of.last().is_some_and(is_dry) { "; the last bar is the newest plan" } else { "" };
    row(text, &name, &format!("{}  billed, now {}{dry}", blocks(billed), last(billed)));
    if wanted != billed {
        row(text, "", &format!("{}  wanted, now {}", blocks(wanted), last(wanted)));
    }
}

fn run_row(
    run: RunId,
    integration: &IntegrationName,
    at: DateTime<FixedOffset>,
    command: RunCommand,
    mode: Mode,
) -> String {
    format!("{run} of {integration}, {} ({command}, {mode})", numbers_and_dates::minute(at))
}

/// By which the counts came to this line: services by their products, customers by their agreement.
fn mapping(line: &LineRecord) -> String {
    let services: Vec<String> =
        display_names::services(line).into_iter().map(|name| format!("\"{}\"", shown(name.as_str()))).collect();
    let customers: Vec<String> =
        display_names::customers(line).into_iter().map(|name| format!("\"{}\"", shown(name.as_str()))).collect();
    let product = line.product.as_ref().map_or("no product".to_owned(), |product| shown(product.as_str()));
    let agreement = line.agreement.map_or("no agreement".to_owned(), |id| format!("agreement {id}"));
    format!("{} → {product}; {} → {agreement}", services.join(" + "), customers.join(" + "))
}

fn rule(line: &LineRecord) -> String {
    let what = match line.outcome {
        Outcome::Unchanged => "nothing to do",
        Outcome::WouldUpdate | Outcome::WouldCreate => "to be written, if the guards let it pass",
        Outcome::Updated | Outcome::Created => "written",
        Outcome::Held => "held until somebody decides, or its cause is gone",
        Outcome::Skipped => "left out on purpose",
        Outcome::Conflict => "not written: the value was another one than in the plan",
        Outcome::Failed => "refused by ConnectWise; the next run tries again",
        Outcome::Unknown => "in doubt; the next run looks",
    };
    format!("{}: {what}", line.reason)
}

/// A matter that is not one line: what was found of a customer, a service or a product, and the lines that it is about.
pub fn render_matter(run: &RunRecord, finding: &Finding) -> String {
    let about =
        [finding.customer.as_ref().map(|name| name.as_str()), finding.service.as_ref().map(|name| name.as_str())];
    let about: Vec<String> = about.into_iter().flatten().map(shown).collect();
    let title = if about.is_empty() { finding.code.as_str().replace('-', " ") } else { about.join(" · ") };
    let (mut text, reading) =
        (format!("{title}   {}: {}\n", finding.severity.as_str(), finding.code), ExportReadability::of_run(run));
    row(&mut text, "run", &run_row(run.run, &run.integration, run.started_at, run.command, run.mode));
    wrapped(&mut text, &finding.message, "  ", "  ");
    ways(&mut text, &finding.fix, "  ", "    ");
    for line in lines(run).iter().filter(|line| concerns(finding, line)) {
        let quantity = format!("billed {}, wanted {}", or_dash(line.was), or_dash(line.wanted));
        let _ = writeln!(
            text,
            "  {:<6} {}: {quantity}, {}: {}",
            line.handle,
            display_names::line(line),
            line.outcome,
            line.reason
        );
        sources(&mut text, line, &reading);
    }
    text
}

/// Each count, how it became units, and what is counted.
fn sources(text: &mut String, line: &LineRecord, reading: &ExportReadability<'_>) {
    for source in &line.sources {
        row(text, "", &reading.source(line, source));
        if let Some(how) = &source.how {
            wrapped(text, how, "                 ", "                 ");
        }
    }
    let items = display_names::items(line);
    if !items.is_empty() {
        wrapped(text, &format!("items        {}", display_names::listed(&items)), "  ", "               ");
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

const INDENT: &str = "               ";

fn row(text: &mut String, name: &str, value: &str) {
    wrapped(text, value, &format!("  {name:<12} "), INDENT);
}

fn request(line: &LineRecord) -> Option<(&'static str, String)> {
    let patch = || format!("PATCH quantity {} → {}", or_dash(line.was), or_dash(line.wanted));
    let post = || format!("POST one addition, quantity {}", or_dash(line.wanted));
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
    let day = numbers_and_dates::day(run.started_at);
    let quantity = format!("{} → {}", or_dash(line.was), or_dash(line.now));
    let undone = run.undoes.map(|undone| format!(", sets back run {undone}")).unwrap_or_default();
    let kind = if run.command == RunCommand::Run { String::new() } else { format!(" ({})", run.command) };
    format!("run {}{kind} on {day}: {quantity}, {}: {}{undone}", run.run, line.outcome, line.reason)
}
