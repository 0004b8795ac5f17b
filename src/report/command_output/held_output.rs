//! `recount held`: what waits for a person, longest first, and what was answered.

use std::fmt::Write as _;

use serde::Serialize;
use unicode_width::UnicodeWidthStr;

use crate::history::newest_plan::OpenSince;
use crate::history::run_record::LineRecord;
use crate::reconcile::model::decision::{Decision, DecisionSubject};
use crate::reconcile::model::display_text::shown;
use crate::reconcile::model::ids::{CustomerName, IntegrationName, ProductCode, RunId, ServiceName};
use crate::reconcile::model::plan::finding::Finding;
use crate::reconcile::model::quantity::{Quantity, or_dash};
use crate::report::display_names;
use crate::report::format::json::time;
use crate::report::format::text::{WIDTH, middle_cut, ways, wrapped};
use crate::report::numbers_and_dates::step;
use crate::report::report_model::sign;

/// One matter that waits.
#[derive(Debug, Clone)]
pub struct Waiting {
    /// The integration.
    pub integration: IntegrationName,
    /// The run whose plan asks.
    pub run: RunId,
    /// What is asked.
    pub finding: Finding,
    /// The line, if it is about one.
    pub line: Option<LineRecord>,
    /// From when it waits.
    pub since: OpenSince,
    /// For how many nights, the first and the last counted.
    pub nights: i64,
}

/// One matter that was answered.
#[derive(Debug, Clone)]
pub struct AnsweredItem {
    /// The integration.
    pub integration: IntegrationName,
    /// What it is about.
    pub matter: DecisionSubject,
    /// The answer.
    pub decision: Decision,
    /// The line in the newest plan, if it is about one.
    pub line: Option<LineRecord>,
    /// Whether it still holds.
    pub holds: bool,
}

/// The list as text.
pub fn render(waiting: &[Waiting], decided: &[AnsweredItem]) -> String {
    let mut text = match waiting.len() {
        0 => "No open items.\n".to_owned(),
        1 => "1 open item.\n".to_owned(),
        several => format!("{several} open items, oldest first.\n"),
    };
    for one in waiting {
        entry(&mut text, one);
    }
    if !decided.is_empty() {
        text.push_str("\nDECIDED\n");
    }
    for one in decided {
        let handle = &one.decision.handle;
        let _ = writeln!(text, "  ✓ {handle:<6} {}", middle_cut(&one.title(), WIDTH - 11));
        let over = if one.holds { "" } else { "; no longer in force" };
        wrapped(&mut text, &format!("{}{over}", one.decision.sentence()), INDENT, INDENT);
    }
    text
}

const INDENT: &str = "           ";

fn entry(text: &mut String, waiting: &Waiting) {
    let Waiting { integration, run: _, finding, line: _, since: (since, _), nights } = waiting;
    let handle = finding.handle.as_deref().unwrap_or_default();
    let step = waiting.step();
    let title = middle_cut(&waiting.title(), WIDTH - 13 - step.width());
    let gap = WIDTH - 11 - title.width() - step.width();
    let row = format!("  {} {handle:<6} {title}{}{step}", sign(finding.code), " ".repeat(gap));
    let _ = writeln!(text, "{}", row.trim_end());
    let nights = if *nights == 1 { "first night".to_owned() } else { format!("{nights} nights") };
    let name = shown(integration.as_str());
    let why = format!("{}: {}", finding.code, finding.message);
    wrapped(text, &format!("{nights}, since run {since} of {name} · {why}"), INDENT, INDENT);
    ways(text, &finding.fix, INDENT, INDENT);
}

impl Waiting {
    /// What it is called.
    pub fn title(&self) -> String {
        display_names::matter(&self.finding, self.line.as_ref())
    }

    fn step(&self) -> String {
        self.line.as_ref().map(step).unwrap_or_default()
    }
}

impl AnsweredItem {
    /// What it is about, and the step that was answered.
    pub fn about(&self) -> String {
        let seen = self.decision.seen.map(|seen| format!(" {} → {}", or_dash(seen.was), or_dash(seen.wanted)));
        format!("{}{}", self.title(), seen.unwrap_or_default())
    }

    fn title(&self) -> String {
        match (&self.line, &self.matter) {
            (Some(line), DecisionSubject::LeftBehind(.., Some(addition))) => {
                format!("{}, addition {addition} left behind", display_names::line(line))
            }
            (Some(line), _) => display_names::line(line),
            (
                None,
                DecisionSubject::Line(agreement, product, item)
                | DecisionSubject::LeftBehind(agreement, product, item, _),
            ) => {
                let item = item.as_ref().map(|item| format!(" ({})", shown(item))).unwrap_or_default();
                format!("{}{item} on agreement {agreement}", shown(product))
            }
            (None, DecisionSubject::Customer(customer)) => shown(customer.as_str()),
            (None, DecisionSubject::Service(service)) => format!("service {}", shown(service.as_str())),
            (None, DecisionSubject::Product(product)) => format!("product {}", shown(product)),
            (None, DecisionSubject::Duplicate(customer, service)) => {
                format!("{} · {}", shown(customer.as_str()), shown(service.as_str()))
            }
            (None, DecisionSubject::Nameless) => "rows without a customer".to_owned(),
        }
    }
}

/// The list as one document.
#[derive(Debug, Serialize)]
pub struct Document<'a> {
    waiting: Vec<WaitingJson<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    decided: Option<Vec<AnswerJson<'a>>>,
}

#[derive(Debug, Serialize)]
struct WaitingJson<'a> {
    integration: &'a IntegrationName,
    run: RunId,
    handle: Option<&'a str>,
    code: &'static str,
    customers: Vec<&'a CustomerName>,
    services: Vec<&'a ServiceName>,
    product: Option<&'a ProductCode>,
    was: Option<Quantity>,
    wanted: Option<Quantity>,
    message: &'a str,
    fix: String,
    commands: Vec<&'a str>,
    since_run: RunId,
    since: String,
    nights: i64,
}

/// An answer that is in force or was, as a document shows it.
#[derive(Debug, Serialize)]
pub struct AnswerJson<'a> {
    integration: &'a IntegrationName,
    handle: &'a str,
    verb: &'static str,
    about: String,
    code: &'static str,
    until: Option<String>,
    note: &'a str,
    who: &'a str,
    at: String,
    holds: bool,
}

impl<'a> Document<'a> {
    /// The document of these matters; `decided` only where it was asked for.
    pub fn new(waiting: &'a [Waiting], decided: Option<&'a [AnsweredItem]>) -> Self {
        let decided = decided.map(|decided| decided.iter().map(AnswerJson::of).collect());
        Self { waiting: waiting.iter().map(WaitingJson::of).collect(), decided }
    }
}

impl<'a> WaitingJson<'a> {
    fn of(waiting: &'a Waiting) -> Self {
        let Waiting { integration, run, finding, line, since: (since_run, since), nights } = waiting;
        let line = line.as_ref();
        Self {
            integration,
            run: *run,
            handle: finding.handle.as_deref(),
            code: finding.code.as_str(),
            customers: line.map_or_else(|| finding.customer.iter().collect(), display_names::customers),
            services: line.map_or_else(|| finding.service.iter().collect(), display_names::services),
            product: line.and_then(|line| line.product.as_ref()),
            was: line.and_then(|line| line.was),
            wanted: line.and_then(|line| line.wanted),
            message: &finding.message,
            fix: finding.fix.to_string(),
            commands: finding.fix.commands(),
            since_run: *since_run,
            since: time(*since),
            nights: *nights,
        }
    }
}

impl<'a> AnswerJson<'a> {
    /// Of what was answered.
    pub fn of(decided: &'a AnsweredItem) -> Self {
        let AnsweredItem { integration, matter: _, decision, line: _, holds } = decided;
        let Decision {
            handle,
            verb,
            until,
            note,
            who,
            at,
            reason,
            seen: _,
            named: _,
            within: _,
            spent: _,
            unmapped: _,
        } = decision;
        Self {
            integration,
            handle,
            verb: verb.as_str(),
            about: decided.title(),
            code: reason.as_str(),
            until: until.map(|day| day.to_string()),
            note,
            who,
            at: time(at.to_utc()),
            holds: *holds,
        }
    }
}
