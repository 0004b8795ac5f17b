//! The trait behind files that people bring: looked at first, and kept as tonight's export if somebody says so.

use chrono::{DateTime, Utc};
use tempfile::NamedTempFile;

use crate::history::run_record::RunRecord;
use crate::reconcile::model::export::counts::Counts;
use crate::reconcile::model::ids::IntegrationName;
use crate::reconcile::model::plan::finding::Finding;
use crate::reconcile::model::plan::guard_measurement::GuardLook;
use crate::web::desk::host::not_done::NotDone;

/// The functions of `recount read`, for files that come by a browser. A browser names no path: each person has one file
/// that is looked at, for a day.
pub trait UploadHost {
    /// An empty file in the state folder, for what is received. Dropped, it is gone.
    ///
    /// # Errors
    /// Why there is none.
    fn new_upload(&self) -> Result<NamedTempFile, NotDone>;

    /// The file that this person looks at from now on, under a name that is made harmless.
    ///
    /// # Errors
    /// Why not.
    fn stage(&self, who: &str, name: &str, file: NamedTempFile) -> Result<(), NotDone>;

    /// The file that this person looks at, read.
    fn staged(&self, who: &str) -> Option<StagedUpload>;

    /// The plan that would be drawn now with this person's file as an integration's export. It is stored nowhere.
    ///
    /// # Errors
    /// Why it cannot be drawn.
    fn try_upload(&self, who: &str, integration: &IntegrationName) -> Result<RunRecord, NotDone>;

    /// Makes this person's file a candidate like any other of an integration's export.
    ///
    /// # Errors
    /// Why not.
    fn keep_upload(&self, who: &str, integration: &IntegrationName) -> Result<(), NotDone>;

    /// Forgets this person's file.
    ///
    /// # Errors
    /// Why not.
    fn forget_upload(&self, who: &str) -> Result<(), NotDone>;
}

/// A file that somebody looks at.
#[derive(Debug)]
pub struct StagedUpload {
    /// Its name, made harmless.
    pub name: String,
    /// When it came.
    pub at: DateTime<Utc>,
    /// Its length.
    pub bytes: u64,
    /// What it comes to, or why it cannot be read.
    pub read: Result<ReadUpload, NotDone>,
    /// What the guards of the integration that it fits would measure of it, without ConnectWise.
    pub guards: Vec<GuardLook>,
}

/// What a file comes to.
#[derive(Debug, Clone)]
pub struct ReadUpload {
    /// The integration as whose export it was read; `None` if it fits none.
    pub integration: Option<IntegrationName>,
    /// Whether it may be kept as that one's export.
    pub may_keep: bool,
    /// The profile that it was read with, where it fits no integration.
    pub profile: Option<String>,
    /// What it says.
    pub counts: Counts,
    /// What is to be said of it.
    pub findings: Vec<Finding>,
}
