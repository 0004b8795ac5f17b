//! What a command asks of each integration: a plan, a night, an approved plan, or an undo.

use crate::daemon::schedule::{Due, MissedSlots};
use crate::history::run_lookup::StoredPlan;
use crate::nightly::read_export::SharedExport;
use crate::nightly::unbegun_night::MissedNights;
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
    /// The nights before it that nobody began.
    pub(super) missed: Option<MissedNights>,
}

impl RunRequest<'_> {
    /// A dry run.
    pub(crate) const PLAN: RunRequest<'static> = RunRequest::of(RunCommand::Plan);
    /// The nightly run.
    pub(crate) const RUN: RunRequest<'static> = RunRequest::of(RunCommand::Run);

    const fn of(command: RunCommand) -> RunRequest<'static> {
        RunRequest { command, approved: None, undoes: None, shared: None, missed: None }
    }

    /// The night of a slot, which makes up for those that were missed.
    pub(crate) fn night_of(due: &Due) -> RunRequest<'static> {
        RunRequest { missed: missed(due), ..RunRequest::RUN }
    }

    /// The plan that sets a run back.
    pub(crate) fn undo(run: RunId) -> RunRequest<'static> {
        RunRequest { undoes: Some(run), ..RunRequest::of(RunCommand::Undo) }
    }
}

/// The nights before a slot that nobody began.
pub(super) fn missed(due: &Due) -> Option<MissedNights> {
    due.missed.map(|MissedSlots { count, first, last }| MissedNights { count, first, last })
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
