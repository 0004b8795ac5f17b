//! What the configuration expects of each integration now, and what of it was changed: what a page of invoices is drawn by.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use chrono::{DateTime, TimeDelta, Utc};

use crate::cli::clock;
use crate::cli::wiring::configured_health;
use crate::config::last_good;
use crate::config::settings::{Config, IntegrationConfig};
use crate::export::locate::newest_file::TAKEN_BACK;
use crate::report::invoices::invoice_moment::{IntegrationNow, InvoiceMoment, SettingsEdit};

/// As of now.
pub(crate) fn now(config: &Config) -> InvoiceMoment {
    let (host, is_running) =
        (configured_health::host_part(config), configured_health::running(&config.state).is_some());
    let each = config.integrations.values().map(|one| IntegrationNow {
        name: one.name.clone(),
        mode: one.mode,
        every: TimeDelta::from_std(one.expected_every).unwrap_or(TimeDelta::MAX),
        host,
        is_running,
        edits: edits(config, one),
    });
    InvoiceMoment { now: clock::now(), integrations: Some(each.collect()) }
}

/// What its next run reads, each with when it was changed last.
fn edits(config: &Config, one: &IntegrationConfig) -> Vec<SettingsEdit> {
    let of_file = |path: &Path| {
        let what = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Some(SettingsEdit { what, at: changed_at(path)? })
    };
    let own = [Some(&config.path), Some(&one.customers_path), one.services_path.as_ref()].into_iter().flatten();
    let is_followed = last_good::was_followed(config, one);
    let mut edits: Vec<SettingsEdit> = own.filter(|_| !is_followed).filter_map(|path| of_file(path)).collect();
    let kept = one.export.kept.as_deref().and_then(newest_upload);
    edits.extend(kept.map(|at| SettingsEdit { what: "another export was kept".to_owned(), at }));
    let taken_back = one.export.kept.as_deref().and_then(last_taken_back);
    edits.extend(taken_back.map(|at| SettingsEdit { what: "an export was taken back".to_owned(), at }));
    edits
}

/// When the newest file was kept that somebody brought; each is in a folder of its own.
fn newest_upload(folder: &Path) -> Option<DateTime<Utc>> {
    let folders = fs::read_dir(folder).into_iter().flatten().flatten();
    let files = folders.flat_map(|entry| fs::read_dir(entry.path()).into_iter().flatten().flatten());
    files.filter_map(|file| changed_at(&file.path())).max()
}

/// When a file was taken back last that somebody had brought: its folder got another name then.
fn last_taken_back(folder: &Path) -> Option<DateTime<Utc>> {
    let folders = fs::read_dir(folder).into_iter().flatten().flatten();
    let taken_back = folders.filter(|entry| entry.file_name().to_string_lossy().starts_with(TAKEN_BACK));
    let at = |entry: fs::DirEntry| {
        let of = entry.metadata().ok()?;
        DateTime::from_timestamp(of.ctime(), u32::try_from(of.ctime_nsec()).ok()?)
    };
    taken_back.filter_map(at).max()
}

fn changed_at(path: &Path) -> Option<DateTime<Utc>> {
    fs::metadata(path).and_then(|metadata| metadata.modified()).ok().map(DateTime::from)
}
