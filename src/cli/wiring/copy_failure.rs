//! A history that was not copied after a run: its report says so, and whoever is told of runs is told.

use crate::alerts::engine::{Alerts, AnnouncedRun};
use crate::cli::clock;
use crate::cli::wiring::replication::NotCopied;
use crate::cli::wiring::{configured_health, keep_report};
use crate::config::settings::{Config, IntegrationConfig};
use crate::error_chain::error_chain;
use crate::history::run_record::RunRecord;
use crate::history::store::open::History;
use crate::reconcile::model::display_text::shown;
use crate::reconcile::model::plan::finding::{Finding, finding};
use crate::reconcile::model::plan::reason_code::{Code, Severity};
use crate::reconcile::model::plan::remedy::Remedy;
use crate::report::brief::Brief;
use crate::report::exit_codes::Exit;

/// Notes it of a run that has its end: in the history, in the report that is kept, and in its exit code.
pub(crate) fn note(config: &Config, history: &mut History, run: &mut RunRecord, why: &NotCopied) {
    let Some(end) = &mut run.end else { return };
    let found = Finding { fix: fix(why), ..finding(Severity::Warning, Code::CopyFailed, message(why)) };
    if let Err(error) = history.add_finding(run.run, &found, end.findings.len()) {
        tracing::warn!(
            run.id = run.run.0,
            "that run {} was not copied cannot be noted: {}",
            run.run,
            error_chain(&error)
        );
    }
    end.findings.push(found);
    end.exit_code = Exit::of_code(end.exit_code).worst(Exit::Partial).code();
    keep_report::keep_again(config, history, run);
    configured_health::keep(config, history);
}

/// Tells of it, after the `last` run of a command: the copy of a later one holds all that an earlier one did.
pub(crate) async fn tell(
    alerts: &Alerts<'_>,
    integration: &IntegrationConfig,
    (announced, last): (&AnnouncedRun, bool),
    why: &NotCopied,
) {
    if last {
        let brief = Brief::of_trouble(&integration.name, Exit::Partial, &message(why), &fix(why), clock::now());
        alerts.unrecorded(&integration.name, announced, &brief).await;
    }
}

fn message(NotCopied { why, other }: &NotCopied) -> String {
    let what = match other {
        None => "and would be lost with this host",
        Some(_) => "and another host goes on without what is new in it",
    };
    format!("the history was not copied after the run, {what}: {why}")
}

fn fix(NotCopied { other, .. }: &NotCopied) -> Remedy {
    match other {
        None => Remedy::command("recount check").noting("the next command that writes sends a copy"),
        Some((host, _)) => Remedy::Words(
            format!(
                "nothing: {} goes on from the newest copy, and holds what this host wrote after it as changed by somebody else",
                shown(host)
            )
            .into(),
        ),
    }
}
