//! What an edit made of a file, kept with who made it.

use std::path::Path;

use crate::cli::clock;
use crate::config::edit::in_place::FileChange;
use crate::config::settings::Config;
use crate::error_chain::error_chain;
use crate::history::desk::file_versions::FileEdit;
use crate::history::store::error::StoreError;
use crate::history::store::open::History;

/// Keeps it. The edit stands whether or not it can be kept; before the first run there is no history to keep it in.
pub(crate) fn keep(config: &Config, change: &FileChange, who: &str) {
    let FileChange { path, before, after } = change;
    let file = name_of(path);
    let kept = || -> Result<(), StoreError> {
        let Some(mut history) = History::open_beside(&config.state)? else { return Ok(()) };
        history.keep_file_edit(FileEdit { file: &file, before, after }, who, clock::now())
    };
    if let Err(error) = kept() {
        tracing::warn!("the version of {file} before this edit is not kept: {}", error_chain(&error));
    }
}

/// The name that a file's versions are kept under: where links lead to.
pub(crate) fn name_of(path: &Path) -> String {
    std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned()).display().to_string()
}
