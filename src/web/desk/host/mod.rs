//! The trait by which the desk reaches the commands: runs, answers, modes, and what only the configuration knows.

pub mod mapping_host;
pub mod member_claim;
pub mod not_done;
pub mod services_host;
pub mod trial_host;
pub mod upload_host;

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use crate::reconcile::model::ids::IntegrationName;
use crate::reconcile::model::plan::outcome::{AnswerVerb, Mode};
use crate::reconcile::model::record_links::RecordLinks;
use crate::report::health::Health;
use crate::report::invoices::invoice_moment::InvoiceMoment;
use crate::report::outdated::StandingBy;
use crate::web::desk::host::mapping_host::MappingHost;
use crate::web::desk::host::member_claim::{MemberClaim, MemberVerification};
use crate::web::desk::host::not_done::NotDone;
use crate::web::desk::host::services_host::ServicesHost;
use crate::web::desk::host::trial_host::TrialHost;
use crate::web::desk::host::upload_host::UploadHost;
use crate::zone::Zone;

/// The functions of the command line that the desk's actions come down to. They may wait for the disk.
pub trait DeskHost: MappingHost + ServicesHost + TrialHost + UploadHost + Send + Sync {
    /// What every page is drawn from, as of now: the configuration is read once for it.
    fn ground(&self) -> Result<DeskGround, String>;

    /// What is expected of each integration now, and what was changed that a run follows: by this the invoices are ready or not.
    fn invoice_moment(&self, now: DateTime<Utc>) -> InvoiceMoment;

    /// The last night of an integration that still writes before an invoice of this day.
    fn last_night(&self, integration: &IntegrationName, invoice: NaiveDate, now: DateTime<Utc>) -> LastNight;

    /// Forgets what pickers keep of an integration's ConnectWise for some minutes, so that they read it again.
    fn read_again(&self, integration: &IntegrationName);

    /// Stores the answers of a person: all of them, or none. While a run is under way they wait for its end.
    fn answer(&self, who: &str, answers: &[DeskAnswer]) -> Result<(), NotDone>;

    /// Begins a run in the background.
    fn start(&self, who: &str, asked: &DeskRun) -> Result<(), NotDone>;

    /// Lets the run that this desk began stop after the line in flight, if it is the one that was shown.
    ///
    /// # Errors
    /// That it began none that is under way, or another one by now.
    fn stop(&self, shown: &str) -> Result<(), NotDone>;

    /// Who began the run that is under way, if it was begun here; and how the last one that could not begin failed.
    fn background(&self) -> Background;

    /// Whether ConnectWise vouches for somebody who looks at the tab, and the configuration lets them.
    fn vouched(&self, claim: &MemberClaim) -> MemberVerification;

    /// Switches an integration.
    fn set_mode(&self, name: &str, mode: Mode) -> Result<(), NotDone>;
}

/// What the configuration and the history say of every page.
#[derive(Debug)]
pub struct DeskGround {
    /// How each integration stands.
    pub standings: Vec<IntegrationStanding>,
    /// The host that does the nights in this one's place, if one does.
    pub standing_by: Option<StandingBy>,
    /// The zone whose days and times the desk shows.
    pub zone: Zone,
    /// Where records open in ConnectWise, by integration.
    pub records: BTreeMap<IntegrationName, RecordLinks>,
}

/// How one integration stands.
#[derive(Debug, Clone)]
pub struct IntegrationStanding {
    /// Which.
    pub name: IntegrationName,
    /// Its mode.
    pub mode: Mode,
    /// How it is.
    pub health: Health,
    /// When it runs next, where recount keeps the time itself.
    pub next: Option<DateTime<Utc>>,
    /// Customers that are mapped, and those that are skipped on purpose; `None` if the mapping is at fault.
    pub customers: Option<(usize, usize)>,
    /// Services that have a product.
    pub services: usize,
    /// The ConnectWise it bills in: host and company.
    pub connectwise: String,
    /// How long after a plan was drawn it may be approved.
    pub approval_life: TimeDelta,
}

impl IntegrationStanding {
    /// Whether it is not off.
    pub fn is_on(&self) -> bool {
        self.mode != Mode::Off
    }
}

/// The last night that writes before an invoice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LastNight {
    /// The night of this time.
    At(DateTime<Utc>),
    /// One on this day or before: only the host's timer knows when.
    Until(NaiveDate),
    /// None is left.
    Over,
}

/// One answer, for what was shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeskAnswer {
    /// What.
    pub verb: AnswerVerb,
    /// To what.
    pub handle: String,
    /// What the page showed of it; to take an answer back, which answer it showed.
    pub shown: Option<String>,
    /// The last day on which it holds.
    pub until: Option<NaiveDate>,
    /// Why.
    pub note: String,
}

/// What is to be run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeskRun {
    /// A night of one integration, or of all that are on.
    Night(Option<String>),
    /// A dry run.
    Dry(Option<String>),
    /// The plan of this fingerprint.
    Approved(String),
    /// The plan that sets this run back.
    Undo(i64),
}

/// What this desk has in the background.
#[derive(Debug, Clone, Default)]
pub struct Background {
    /// Who began the run that is under way.
    pub by: Option<String>,
    /// When.
    pub began_at: Option<DateTime<Utc>>,
    /// Whether it was asked to stop.
    pub is_stopping: bool,
    /// Which one that is, as a form carries it; empty if there is none.
    pub shown: String,
    /// Why the last one ended before its report.
    pub failed: Option<NotDone>,
}
