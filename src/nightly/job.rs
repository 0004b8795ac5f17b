//! What is asked of a run, and what its plan is drawn from.

use std::path::Path;

use chrono::{DateTime, TimeDelta, Utc};

use crate::apply::lease_guard::LeaseGuard;
use crate::apply::stop_signal::Stop;
use crate::export::settings::ExportSettings;
use crate::nightly::read_export::SharedExport;
use crate::nightly::unbegun_night::MissedNights;
use crate::reconcile::guard::guard_policy::GuardPolicy;
use crate::reconcile::matching::line_claims::OtherIntegration;
use crate::reconcile::model::ids::{IntegrationName, RunId};
use crate::reconcile::model::mapping::Mapping;
use crate::reconcile::model::plan::outcome::{Mode, RunCommand};
use crate::zone::Zone;

/// One run of one integration.
#[derive(Clone, Copy)]
pub struct Job<'a> {
    /// The integration.
    pub integration: &'a IntegrationName,
    /// In which mode.
    pub mode: Mode,
    /// By which command.
    pub command: RunCommand,
    /// What the plan is drawn from.
    pub source: PlanSource<'a>,
    /// The fingerprint that a person approved.
    pub approved: Option<&'a str>,
    /// How long after the newest run that drew it a plan can be approved.
    pub approval_life: TimeDelta,
    /// Which ConnectWise it is: its host, and the login company.
    pub site: &'a str,
    /// How long a creation in doubt is left alone.
    pub settle: TimeDelta,
    /// Whose days and months count.
    pub zone: &'a Zone,
    /// The host that wrote before this one, if there ever was another.
    pub host_change: Option<&'a HostChange>,
    /// The nights before it that nobody began.
    pub missed: Option<MissedNights>,
    /// The clock, and the wish to stop.
    pub control: RunControl<'a>,
}

/// This host took the work over from another, whose last requests may be on their way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostChange {
    /// The host before.
    pub from: String,
    /// When its lease ran out: nothing left it later.
    pub ran_out_at: DateTime<Utc>,
    /// When this host took over.
    pub at: DateTime<Utc>,
}

/// What a plan is drawn from, beside what ConnectWise holds.
#[derive(Clone, Copy)]
pub enum PlanSource<'a> {
    /// Tonight's export, by the operator's mapping.
    Export(ExportSource<'a>),
    /// The writes of an earlier run, which are set back, by the mapping as it is now; no export is read. It passes by a
    /// person's approval alone.
    Undo(RunId, ExportSource<'a>),
}

/// An export, and where its counts are billed.
#[derive(Clone, Copy)]
pub struct ExportSource<'a> {
    /// Where the counts come from.
    pub export: &'a ExportSettings,
    /// The folder that keeps what was fetched from a link.
    pub fetched: &'a Path,
    /// Where another plan on the same delivery finds it.
    pub shared: Option<&'a SharedExport>,
    /// Where they are billed.
    pub mapping: &'a Mapping,
    /// Who else bills in the same ConnectWise.
    pub neighbours: &'a [OtherIntegration<'a>],
    /// What stops a plan.
    pub guards: &'a GuardPolicy,
}

/// What a run is given of its host.
#[derive(Clone, Copy)]
pub struct RunControl<'a> {
    /// The clock.
    pub clock: &'a dyn Fn() -> DateTime<Utc>,
    /// The wish to stop.
    pub stop: &'a Stop,
    /// Whether this host is still the one that writes.
    pub lease: &'a LeaseGuard,
}

impl PlanSource<'_> {
    /// The run that is set back, if one is.
    pub fn undoes(self) -> Option<RunId> {
        match self {
            Self::Export(_) => None,
            Self::Undo(run, _) => Some(run),
        }
    }
}
