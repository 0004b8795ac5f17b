//! What the pages show.

use std::path::PathBuf;
use std::sync::Arc;

/// What is shown: a state folder, and what only the caller can tell of the configuration.
#[derive(Clone)]
pub struct Site {
    /// The folder of the history.
    pub state: PathBuf,
    /// The metrics, now.
    pub metrics: CurrentData<String>,
}

/// What is asked of the caller at each request; an error is a sentence for the log.
pub type CurrentData<T> = Arc<dyn Fn() -> Result<T, String> + Send + Sync>;

/// Why there is no page.
#[derive(Debug)]
pub enum Missing {
    /// There is no such thing.
    Nothing,
    /// It cannot be read.
    Broken(String),
}
