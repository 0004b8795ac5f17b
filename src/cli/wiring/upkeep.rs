//! After the last run of a night: what is older than `keep` goes, in small steps.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use chrono::TimeDelta;
use serde::Serialize;

use crate::cli::session::Session;
use crate::cli::{clock, session};
use crate::config::last_good;
use crate::config::settings::Config;
use crate::error_chain::error_chain;
use crate::history::store::error::StoreError;

/// Files that go in one night.
const FILES_AT_ONCE: usize = 200;
/// An empty folder that is younger is one in which somebody is keeping a file now.
const BEGUN: Duration = Duration::from_secs(3600);

/// Prunes the state folder. That it cannot be done changes no run.
pub(crate) fn after_runs(config: &Config, session: &mut Session) {
    if let Err(error) = last_good::keep(config) {
        tracing::warn!("the configuration of this night cannot be kept: {error}");
    }
    if let Err(error) = prune_history(config, session) {
        tracing::warn!("the history cannot be pruned: {}", error_chain(&error));
    }
    let now: SystemTime = clock::now().into();
    let Some(before) = now.checked_sub(config.keep) else { return };
    let folders = folders(config);
    let old = folders.iter().flat_map(|folder| old_files(folder, before)).take(FILES_AT_ONCE);
    for file in old {
        if let Err(error) = fs::remove_file(&file) {
            tracing::warn!("{} is old and cannot be removed: {error}", file.display());
        }
    }
    for emptied in kept(config).flat_map(|kept| folders_of(&kept)) {
        // One that is not empty stays.
        let _ = if is_older(&emptied, now.checked_sub(BEGUN)) { fs::remove_dir(&emptied) } else { Ok(()) };
    }
}

fn prune_history(config: &Config, session: &mut Session) -> Result<(), StoreError> {
    let keep = TimeDelta::from_std(config.keep).unwrap_or(TimeDelta::MAX);
    let Some(before) = clock::now().checked_sub_signed(keep) else { return Ok(()) };
    let pruned = session.history.prune_lines(&session.lock, before)?;
    if pruned > 0 {
        tracing::info!(plans = pruned, "the lines of {pruned} old plans are dropped; their writes and decisions stay");
    }
    session.history.compact(&session.lock)
}

/// The folders of reports, of fetched files, and of those that people kept on the desk.
fn folders(config: &Config) -> Vec<PathBuf> {
    let reports = config.state.join("reports");
    let kept = kept(config).flat_map(|kept| folders_of(&kept).into_iter().chain([kept]));
    [reports.join("customers"), reports, session::fetched(&config.state)].into_iter().chain(kept).collect()
}

/// Where people's files are kept. Each is in a folder of its own.
fn kept(config: &Config) -> impl Iterator<Item = PathBuf> {
    config.integrations.values().filter_map(|integration| integration.export.kept.clone())
}

/// The folders in a folder, and never what a link leads to.
fn folders_of(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir())).map(|entry| entry.path()).collect()
}

fn is_older(path: &Path, than: Option<SystemTime>) -> bool {
    let at = fs::symlink_metadata(path).and_then(|metadata| metadata.modified()).ok();
    at.zip(than).is_some_and(|(at, than)| at < than)
}

/// Files of ours alone, and never what a link leads to.
fn old_files(folder: &Path, before: SystemTime) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let is_old = |entry: &fs::DirEntry| {
        let metadata = entry.metadata().ok().filter(fs::Metadata::is_file);
        metadata.and_then(|metadata| metadata.modified().ok()).is_some_and(|at| at < before)
    };
    entries.filter(is_old).map(|entry| entry.path()).collect()
}

/// How many bytes the history takes, and how many its reports and fetched files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct StateSize {
    pub(crate) history: u64,
    pub(crate) files: u64,
    #[serde(skip)]
    pub(crate) keep: Duration,
}

impl StateSize {
    pub(crate) fn of(config: &Config) -> Self {
        let folders = folders(config);
        let of_history = |name: &str| name.starts_with("history.db");
        let history = bytes(&config.state, of_history);
        Self { history, files: folders.iter().map(|folder| bytes(folder, |_| true)).sum(), keep: config.keep }
    }
}

fn bytes(folder: &Path, counts: impl Fn(&str) -> bool) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let counted = entries.filter(|entry| counts(&entry.file_name().to_string_lossy()));
    counted.filter_map(|entry| entry.metadata().ok()).filter(fs::Metadata::is_file).map(|metadata| metadata.len()).sum()
}
