//! Prometheus' text format: one set of numbers for the node exporter's text files and for `/metrics`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use chrono::{DateTime, Utc};

use crate::history::past::owned_lines::UnwatchedLine;
use crate::history::run_record::{RunEnd, RunSummary};
use crate::history::store::error::StoreError;
use crate::history::store::open::History;
use crate::reconcile::model::ids::IntegrationName;
use crate::reconcile::model::plan::outcome::Outcome;
use crate::report::health::{Expected, Health};

/// What is measured of one integration.
#[derive(Debug, Clone)]
pub struct IntegrationMetrics {
    /// The integration.
    pub integration: IntegrationName,
    /// Its health, and its last run.
    pub health: Health,
    /// Lines of its last run by outcome.
    pub outcomes: BTreeMap<Outcome, usize>,
}

/// What the history knows of these integrations.
pub fn measured<'e>(
    expected: impl Iterator<Item = Expected<'e>>,
    history: Option<&History>,
    is_running: bool,
    now: DateTime<Utc>,
) -> Result<Vec<IntegrationMetrics>, StoreError> {
    let measured = expected.map(|one| {
        let health = one.health(history, is_running, now)?;
        let outcomes = match (history, &health.last) {
            (Some(history), Some(last)) => history.outcomes(last.run)?,
            _ => BTreeMap::new(),
        };
        Ok(IntegrationMetrics { integration: one.integration.clone(), health, outcomes })
    });
    measured.collect()
}

/// The whole text. Every metric is a gauge: it is about the last run, not about a process.
pub fn render(measured: &[IntegrationMetrics], unwatched: &[UnwatchedLine]) -> String {
    let mut text = String::new();
    let version = label("version", env!("CARGO_PKG_VERSION"));
    head(&mut text, "recount_build_info", "The version that wrote this.");
    let _ = writeln!(text, "recount_build_info{{{version}}} 1");
    for gauge in GAUGES {
        let mut samples = measured.iter().filter_map(|one| Some((one, (gauge.of)(one)?))).peekable();
        if samples.peek().is_some() {
            head(&mut text, gauge.name, gauge.help);
        }
        for (one, value) in samples {
            let _ = writeln!(text, "{}{{{}}} {value}", gauge.name, label("integration", one.integration.as_str()));
        }
    }
    outcomes(&mut text, measured);
    still_billed(&mut text, unwatched);
    text
}

/// Lines of integrations that are off, renamed or removed.
fn still_billed(text: &mut String, unwatched: &[UnwatchedLine]) {
    if unwatched.is_empty() {
        return;
    }
    head(text, "recount_unwatched_lines", "Lines that bill still and that no integration which is on looks at.");
    for UnwatchedLine { integration, lines, .. } in unwatched {
        let _ = writeln!(text, "recount_unwatched_lines{{{}}} {lines}", label("integration", integration.as_str()));
    }
    head(text, "recount_unwatched_units", "Units of these lines, as last seen.");
    for UnwatchedLine { integration, units, .. } in unwatched {
        let name = label("integration", integration.as_str());
        let _ = writeln!(text, "recount_unwatched_units{{{name}}} {}", units.normalize());
    }
}

struct Gauge {
    name: &'static str,
    help: &'static str,
    /// The value as text; `None` while there is none.
    of: fn(&IntegrationMetrics) -> Option<String>,
}

/// In the order of a report: health, the four numbers, then the rest.
const GAUGES: &[Gauge] = &[
    Gauge {
        name: "recount_healthy",
        help: "1 if healthy; 0 stays until a run succeeds.",
        of: |one| Some(u8::from(one.health.is_healthy()).to_string()),
    },
    Gauge {
        name: "recount_running",
        help: "1 while a run is under way.",
        of: |one| Some(u8::from(one.health.running.is_some()).to_string()),
    },
    Gauge {
        name: "recount_last_success_timestamp_seconds",
        help: "When the last good run ended.",
        of: |one| Some(one.health.last_success?.timestamp().to_string()),
    },
    Gauge {
        name: "recount_last_run_timestamp_seconds",
        help: "When the last run ended.",
        of: |one| Some(end(one)?.finished_at.timestamp().to_string()),
    },
    Gauge { name: "recount_last_run_duration_seconds", help: "How long the last run took.", of: duration },
    Gauge {
        name: "recount_last_run_number",
        help: "The number of the last run.",
        of: |one| Some(one.health.last.as_ref()?.run.to_string()),
    },
    Gauge {
        name: "recount_last_run_exit_code",
        help: "The exit code of the last run.",
        of: |one| Some(one.health.last_exit?.code().to_string()),
    },
    Gauge {
        name: "recount_to_decide",
        help: "Open items of the last run: what a person has to decide.",
        of: |one| Some(end(one)?.totals.to_decide.to_string()),
    },
    Gauge {
        name: "recount_lines_changed",
        help: "Lines that the last run updated or created.",
        of: |one| Some(end(one)?.totals.changed.to_string()),
    },
    Gauge {
        name: "recount_lines_failed",
        help: "Lines of the last run that ConnectWise refused.",
        of: |one| Some(end(one)?.totals.failed.to_string()),
    },
    Gauge {
        name: "recount_lines_unknown",
        help: "Lines of the last run that are in doubt.",
        of: |one| Some(end(one)?.totals.unknown.to_string()),
    },
    Gauge {
        name: "recount_lines_explained",
        help: "Lines of the last run with an outcome and a reason.",
        of: |one| Some(end(one)?.totals.explained.to_string()),
    },
    Gauge { name: "recount_lines", help: "Lines of the last run.", of: |one| Some(end(one)?.totals.lines.to_string()) },
    Gauge {
        name: "recount_requests",
        help: "Requests that the last run sent to ConnectWise, repeats included.",
        of: |one| Some(end(one)?.requests.sent.to_string()),
    },
    Gauge {
        name: "recount_requests_retried",
        help: "Repeated requests of the last run.",
        of: |one| Some(end(one)?.requests.retried.to_string()),
    },
    Gauge {
        name: "recount_throttled_seconds",
        help: "How long the last run waited because ConnectWise asked for it.",
        of: |one| Some(seconds(end(one)?.requests.throttled_ms)),
    },
];

fn outcomes(text: &mut String, measured: &[IntegrationMetrics]) {
    let ran: Vec<&IntegrationMetrics> = measured.iter().filter(|one| end(one).is_some()).collect();
    if ran.is_empty() {
        return;
    }
    let name = "recount_lines_by_outcome";
    head(text, name, "Lines of the last run by what became of them.");
    for one in ran {
        let integration = label("integration", one.integration.as_str());
        for outcome in Outcome::ALL {
            let lines = one.outcomes.get(outcome).copied().unwrap_or_default();
            let _ = writeln!(text, "{name}{{{integration},{}}} {lines}", label("outcome", outcome.as_str()));
        }
    }
}

fn head(text: &mut String, name: &str, help: &str) {
    let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} gauge");
}

fn label(name: &str, value: &str) -> String {
    let value = value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    format!("{name}=\"{value}\"")
}

fn end(one: &IntegrationMetrics) -> Option<&RunEnd<()>> {
    one.health.last.as_ref()?.end.as_ref()
}

fn duration(one: &IntegrationMetrics) -> Option<String> {
    let RunSummary { started_at, end, .. } = one.health.last.as_ref()?;
    let finished: DateTime<Utc> = end.as_ref()?.finished_at;
    // A clock that was set back meanwhile would make it negative.
    let passed = finished.signed_duration_since(*started_at).num_milliseconds();
    Some(seconds(u64::try_from(passed).unwrap_or_default()))
}

fn seconds(milliseconds: u64) -> String {
    format!("{}.{:03}", milliseconds / 1000, milliseconds % 1000)
}
