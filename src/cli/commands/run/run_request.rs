//! What a command asks of each integration: a plan, a night, an approved plan, or an undo.

use crate::history::run_lookup::StoredPlan;
use crate::nightly::read_export::SharedExport;
use crate::reconcile::model::ids::RunId;
use crate::reconcile::model::plan::outcome::RunCommand;

/// What is asked of each integration.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RunRequest<'a> {
    pub(super) command: RunCommand,
    pub(super) approved: Option<&'a str>,
    pub(super) undoes: Option<RunId>,
    /// Where the plans of one command find one delivery.
    pub(super) shared: Option<&'a SharedExport>,
}

impl RunRequest<'_> {
    /// A dry run.
    pub(crate) const PLAN: RunRequest<'static> = RunRequest::of(RunCommand::Plan);
    /// The nightly run.
    pub(crate) const RUN: RunRequest<'static> = RunRequest::of(RunCommand::Run);

    const fn of(command: RunCommand) -> RunRequest<'static> {
        RunRequest { command, approved: None, undoes: None, shared: None }
    }

    /// The plan that sets a run back.
    pub(crate) fn undo(run: RunId) -> RunRequest<'static> {
        RunRequest { undoes: Some(run), ..RunRequest::of(RunCommand::Undo) }
    }
}

impl<'a> RunRequest<'a> {
    /// A plan that a person approved.
    pub(crate) fn apply(plan: &'a StoredPlan) -> Self {
        Self { approved: Some(&plan.fingerprint), undoes: plan.undoes, ..RunRequest::of(RunCommand::Apply) }
    }

    /// Dry runs of one integration that are drawn on one delivery.
    pub(crate) fn plans_on(shared: &'a SharedExport) -> Self {
        Self { shared: Some(shared), ..RunRequest::PLAN }
    }
}
