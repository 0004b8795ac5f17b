//! A run that was asked for at the desk: the same as the commands begin, with a wish to stop of its own.

use crate::apply::stop_signal::Stop;
use crate::cli::commands::run::run_request::RunRequest;
use crate::cli::commands::run::{approvable, chosen, until_stopped};
use crate::cli::error::CommandError;
use crate::cli::wiring::stored_plans::{stored_plan, undone};
use crate::config::settings::{Config, IntegrationConfig};
use crate::history::run_record::RunRecord;
use crate::reconcile::model::ids::RunId;
use crate::report::exit_codes::Exit;
use crate::web::desk::host::DeskRun;

/// What was asked for at the desk.
pub(super) fn run(config: &Config, asked: &DeskRun, stop: &Stop) -> Result<Vec<RunRecord>, CommandError> {
    let told =
        |integrations: &[&IntegrationConfig], order| until_stopped(config, integrations, order, (stop, &mut |_| ()));
    match asked {
        DeskRun::Night(name) => told(&chosen(config, name.as_slice())?, RunRequest::RUN),
        DeskRun::Dry(name) => told(&chosen(config, name.as_slice())?, RunRequest::PLAN),
        DeskRun::Approved(fingerprint) => {
            let plan = stored_plan(config, fingerprint)?;
            told(&approvable(config, &plan)?, RunRequest::apply(&plan))
        }
        DeskRun::Undo(run) => told(&chosen(config, &[undone(config, RunId(*run))?])?, RunRequest::undo(RunId(*run))),
    }
}

/// Whether that can be begun.
pub(super) fn check(config: &Config, asked: &DeskRun) -> Result<(), CommandError> {
    match asked {
        DeskRun::Night(name) | DeskRun::Dry(name) => match chosen(config, name.as_slice())?.is_empty() {
            true => Err(CommandError::new(
                Exit::Config,
                "every integration is off; nothing was started",
                "an administrator switches them on under Integrations",
            )),
            false => Ok(()),
        },
        DeskRun::Approved(fingerprint) => approvable(config, &stored_plan(config, fingerprint)?).map(drop),
        DeskRun::Undo(run) => chosen(config, &[undone(config, RunId(*run))?]).map(drop),
    }
}
