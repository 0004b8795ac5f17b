//! The health of one integration, as documents give it.

use serde::Serialize;

use crate::reconcile::model::ids::IntegrationName;
use crate::report::exit_codes::Exit;
use crate::report::format::json::time;
use crate::report::health::{Health, State};

/// The health of one integration, as `status --json` and `integrations --json` give it.
#[derive(Serialize)]
pub(crate) struct HealthJson<'a> {
    integration: &'a IntegrationName,
    /// `None` for one that is off: nothing is expected of it.
    healthy: Option<bool>,
    state: &'static str,
    running: Option<i64>,
    last_run: Option<i64>,
    last_verdict: Option<&'static str>,
    last_exit_code: Option<u8>,
    last_finished_at: Option<String>,
    last_success_at: Option<String>,
    to_decide: Option<usize>,
    changed: Option<usize>,
    failed: Option<usize>,
    unknown: Option<usize>,
    explained: Option<usize>,
    lines: Option<usize>,
    /// The undo that was carried out since the last run.
    undo_run: Option<i64>,
}

impl<'a> HealthJson<'a> {
    pub(crate) fn of(integration: &'a IntegrationName, health: &Health) -> Self {
        let end = health.last.as_ref().and_then(|last| last.end.as_ref());
        let totals = end.map(|end| end.totals);
        Self {
            integration,
            healthy: (health.state != State::Off).then(|| health.is_healthy()),
            state: state(health.state),
            running: health.running.map(|run| run.0),
            last_run: health.last.as_ref().map(|last| last.run.0),
            last_verdict: end.map(|end| end.verdict.as_str()),
            last_exit_code: health.last_exit.map(Exit::code),
            last_finished_at: end.map(|end| time(end.finished_at)),
            last_success_at: health.last_success.map(time),
            to_decide: totals.map(|totals| totals.to_decide),
            changed: totals.map(|totals| totals.changed),
            failed: totals.map(|totals| totals.failed),
            unknown: totals.map(|totals| totals.unknown),
            explained: totals.map(|totals| totals.explained),
            lines: totals.map(|totals| totals.lines),
            undo_run: health.undo.as_ref().map(|undo| undo.run.0),
        }
    }
}

fn state(state: State) -> &'static str {
    match state {
        State::Healthy => "healthy",
        State::Off => "off",
        State::Never | State::PlansOnly => "never-ran",
        State::Bad => "bad",
        State::CutOff => "cut-off",
        State::Overdue => "overdue",
        State::Older => "older-history",
        State::Unrecorded => "unrecorded-night",
        State::StandsBy => "stands-by",
        State::NoLease => "no-lease",
        State::NotCopied => "not-copied",
    }
}
