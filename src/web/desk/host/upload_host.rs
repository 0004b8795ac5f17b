//! The trait behind files that people bring: looked at first, and kept as tonight's export if somebody says so.

use std::path::PathBuf;

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
    fn new_upload(&self) -> Result<NamedTempFile, NotDone>;

    /// The file that this person looks at from now on, under a name that is made harmless.
    fn stage(&self, who: &str, name: &str, file: NamedTempFile) -> Result<(), NotDone>;

    /// The file that this person looks at, read.
    fn staged(&self, who: &str) -> Option<StagedUpload>;

    /// The plan that would be drawn now with this person's file as an integration's export. It is stored nowhere.
    ///
    /// # Errors
    /// Why it cannot be drawn; that the file is another one by now.
    fn try_upload(&self, file: &PressedUpload<'_>, integration: &IntegrationName) -> Result<RunRecord, NotDone>;

    /// Makes this person's file a candidate like any other of an integration's export. Gives its name.
    ///
    /// # Errors
    /// Why not; that the file is another one by now.
    fn keep_upload(&self, file: &PressedUpload<'_>, integration: &IntegrationName) -> Result<String, NotDone>;

    /// Forgets this person's file. Gives its name.
    ///
    /// # Errors
    /// Why not; that the file is another one by now.
    fn forget_upload(&self, file: &PressedUpload<'_>) -> Result<String, NotDone>;

    /// The files that people kept, of each integration the newest first. None of them is read.
    fn kept_uploads(&self) -> Vec<KeptUpload>;

    /// What a kept file comes to; `None` if it is not there any more.
    fn read_kept(&self, kept: &KeptUpload) -> Option<Result<ReadUpload, NotDone>>;

    /// Takes a kept file back: it is no candidate any more, and stays on the disk as long as any other.
    ///
    /// # Errors
    /// Why not; that there is no such file any more.
    fn take_back_upload(&self, integration: &IntegrationName, shown: &str) -> Result<KeptUpload, NotDone>;
}

/// Whose file was pressed, and which one the page showed.
#[derive(Debug, Clone, Copy)]
pub struct PressedUpload<'a> {
    /// Who looks at it.
    pub who: &'a str,
    /// What the form carried of it.
    pub shown: &'a str,
}

/// A file that somebody kept as an integration's export.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptUpload {
    /// Whose export.
    pub integration: IntegrationName,
    /// Its name, as it was brought.
    pub name: String,
    /// Its length.
    pub bytes: u64,
    /// When it was kept.
    pub at: DateTime<Utc>,
    /// Who kept it; `None` where an older version noted it in the audit alone.
    pub who: Option<String>,
    /// Whether the next night would read it: no newer file has come.
    pub is_next: bool,
    /// Where it lies: what a run says that it has read. It is shown nowhere.
    pub path: PathBuf,
}

impl KeptUpload {
    /// What a form carries of it.
    pub fn as_shown(&self) -> String {
        format!("{}:{}:{}", self.at.timestamp_micros(), self.bytes, self.name)
    }
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
    /// SHA-256 of its bytes, in hex.
    pub sha256: String,
    /// What it comes to, or why it cannot be read.
    pub read: Result<ReadUpload, NotDone>,
    /// What the guards of the integration that it fits would measure of it, without ConnectWise.
    pub guards: Vec<GuardLook>,
}

impl StagedUpload {
    /// What a page shows of it, and a form carries: another file is never kept, tried or forgotten in its place.
    pub fn as_shown(&self) -> String {
        format!("{}:{}:{}", self.sha256, self.bytes, self.name)
    }
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
