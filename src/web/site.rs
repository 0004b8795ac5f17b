//! What the pages show.

use std::path::PathBuf;
use std::sync::Arc;

use crate::reconcile::model::ids::IntegrationName;
use crate::report::health::Health;

/// What is shown: a state folder, and what only the caller can tell of the configuration.
#[derive(Clone)]
pub struct Site {
    /// The folder of the history.
    pub state: PathBuf,
    /// The health of every integration, now.
    pub health: CurrentData<Vec<(IntegrationName, Health)>>,
    /// The metrics, now.
    pub metrics: CurrentData<String>,
}

/// What is asked of the caller at each request; an error is a sentence for the log.
pub type CurrentData<T> = Arc<dyn Fn() -> Result<T, String> + Send + Sync>;
