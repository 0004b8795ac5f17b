//! What only the caller can do and tell: the desk's side of the command line.

use chrono::{DateTime, NaiveDate, Utc};

use crate::reconcile::model::ids::IntegrationName;
use crate::reconcile::model::mapping::CustomerTarget;
use crate::reconcile::model::plan::outcome::{Mode, Verb};
use crate::reconcile::model::plan::remedy::Remedy;
use crate::report::health::Health;
use crate::zone::Zone;

/// The functions of the command line that the desk's actions come down to. They may wait for the disk.
pub trait DeskHost: Send + Sync {
    /// How each integration stands.
    ///
    /// # Errors
    /// A sentence for the log.
    fn standings(&self) -> Result<Vec<IntegrationStanding>, String>;

    /// The zone whose days and times the desk shows.
    fn zone(&self) -> Zone;

    /// Stores the answers of a person: all of them, or none.
    ///
    /// # Errors
    /// Why not.
    fn answer(&self, who: &str, answers: &[DeskAnswer]) -> Result<(), NotDone>;

    /// Begins a run in the background.
    ///
    /// # Errors
    /// Why none was begun.
    fn start(&self, who: &str, asked: &DeskRun) -> Result<(), NotDone>;

    /// Lets the run that this desk began stop after the line in flight; `false` if it began none.
    fn stop(&self) -> bool;

    /// Who began the run that is under way, if it was begun here; and how the last one that could not begin failed.
    fn background(&self) -> Background;

    /// Says which company a customer is, or that it is skipped on purpose: one row of customers.csv more. The company is
    /// looked up in ConnectWise first.
    ///
    /// # Errors
    /// Why not.
    fn map(&self, handle: &str, target: &CustomerTarget, note: &str) -> Result<(), NotDone>;

    /// Whether ConnectWise vouches for somebody who looks at the tab, and the configuration lets them.
    fn vouched(&self, claim: &MemberClaim) -> Vouched;

    /// Switches an integration.
    ///
    /// # Errors
    /// Why not.
    fn set_mode(&self, name: &str, mode: Mode) -> Result<(), NotDone>;
}

/// What the window around the tab said of who is looking: a browser's word.
#[derive(Debug, Clone)]
pub struct MemberClaim {
    /// The company that they are logged in to.
    pub company: String,
    /// The member's id.
    pub member: String,
    /// What ConnectWise gave to prove it.
    pub hash: String,
    /// Which session of the member it is.
    pub context: String,
}

/// Whether somebody may see the tab.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Vouched {
    /// ConnectWise vouches for them, and they are named.
    Yes,
    /// ConnectWise does not know them.
    No,
    /// The configuration does not name them.
    NotNamed,
    /// ConnectWise could not be asked, or its answer proves nothing.
    Unknown,
}

impl Vouched {
    /// A sentence.
    pub fn said(self) -> &'static str {
        match self {
            Vouched::Yes => "verified by ConnectWise",
            Vouched::No => "ConnectWise does not vouch for you.",
            Vouched::NotNamed => "You are not among the members of [desk.tab].",
            Vouched::Unknown => "ConnectWise could not be asked who you are.",
        }
    }
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
}

impl IntegrationStanding {
    /// Whether it is not off.
    pub fn is_on(&self) -> bool {
        self.mode != Mode::Off
    }
}

/// One answer, for what was shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeskAnswer {
    /// What.
    pub verb: Verb,
    /// To what.
    pub handle: String,
    /// What the page showed of it; nothing to take an answer back.
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
    /// Why the last one ended before its report.
    pub failed: Option<NotDone>,
}

/// Why something was not done. Nothing was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotDone {
    /// How it is told to a browser.
    pub kind: NotDoneKind,
    /// What happened.
    pub message: String,
    /// What helps.
    pub fix: Remedy,
}

/// How it is told to a browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotDoneKind {
    /// It is not what was shown any more, or somebody was faster.
    Moved,
    /// Another run is under way.
    Busy,
    /// It cannot be answered like this.
    Wrong,
    /// The store or the configuration failed.
    Failed,
}
