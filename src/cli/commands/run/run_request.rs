//! What a command asks of each integration: a plan, a night, an approved plan, or an undo.

use crate::history::run_lookup::StoredPlan;
use crate::reconcile::model::ids::RunId;
use crate::reconcile::model::plan::outcome::RunCommand;

/// What is asked of each integration.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RunRequest<'a> {
    pub(super) command: RunCommand,
    pub(super) approved: Option<&'a str>,
    pub(super) undoes: Option<RunId>,
}

impl RunRequest<'_> {
    /// A dry run.
    pub(crate) const PLAN: RunRequest<'static> = RunRequest { command: RunCommand::Plan, approved: None, undoes: None };
    /// The nightly run.
    pub(crate) const RUN: RunRequest<'static> = RunRequest { command: RunCommand::Run, approved: None, undoes: None };

    /// The plan that sets a run back.
    pub(crate) fn undo(run: RunId) -> RunRequest<'static> {
        RunRequest { command: RunCommand::Undo, approved: None, undoes: Some(run) }
    }
}

impl<'a> RunRequest<'a> {
    /// A plan that a person approved.
    pub(crate) fn apply(plan: &'a StoredPlan) -> Self {
        Self { command: RunCommand::Apply, approved: Some(&plan.fingerprint), undoes: plan.undoes }
    }
}
