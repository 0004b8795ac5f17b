//! The files that people kept as an integration's export: each in a folder of its own, with who kept it beside it.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::{fs, io};

use crate::atomic_files::sync_folder;
use crate::cli::clock;
use crate::config::settings::{Config, IntegrationConfig};
use crate::export::locate::newest_file::{TAKEN_BACK, kept_files, or_kept};
use crate::export::settings::{ExportLocation, Files};
use crate::web::desk::host::upload_host::KeptUpload;

/// Who kept the file beside it. A hidden file is no candidate.
const WHO: &str = ".kept-by";

/// Makes it a candidate of the exports that are kept in this folder.
pub(super) fn keep(file: &Path, kept: &Path, who: &str) -> io::Result<()> {
    let folder = folder_of_now(kept)?;
    fs::write(folder.join(WHO), who)?;
    // The night takes the newest: it counts from when it was kept.
    File::options().write(true).open(file)?.set_modified(clock::now().into())?;
    // By the name that it was brought by: columns may be taken from it.
    fs::rename(file, folder.join(file.file_name().unwrap_or_default()))?;
    sync_folder(&folder)?;
    sync_folder(kept)
}

/// Whether a single file of this host can be its export.
pub(super) fn takes_files(integration: &IntegrationConfig) -> bool {
    matches!(integration.export.source, ExportLocation::Path(_)) && integration.export.files == Files::Newest
}

/// Of each integration whose export can be such a file, the newest first.
pub(super) fn all(config: &Config) -> Vec<KeptUpload> {
    config.integrations.values().filter(|one| takes_files(one)).flat_map(of_one).collect()
}

fn of_one(integration: &IntegrationConfig) -> Vec<KeptUpload> {
    let (Some(kept), ExportLocation::Path(pattern)) = (&integration.export.kept, &integration.export.source) else {
        return Vec::new();
    };
    // Where the pattern's files cannot be listed the night says so; no kept file is read then.
    let next = or_kept(pattern, Some(kept)).ok();
    let each = kept_files(kept).into_iter().rev().filter_map(|(at, path)| {
        let metadata = fs::symlink_metadata(&path).ok()?;
        Some(KeptUpload {
            integration: integration.name.clone(),
            name: path.file_name()?.to_string_lossy().into_owned(),
            bytes: metadata.len(),
            at: at.into(),
            who: path.parent().and_then(|folder| fs::read_to_string(folder.join(WHO)).ok()),
            is_next: next.as_ref() == Some(&path),
            path,
        })
    });
    each.collect()
}

/// It is no candidate any more. It stays on the disk until it is older than `keep`, as a run may have read it.
pub(super) fn take_back(file: &Path) -> io::Result<()> {
    let (Some(folder), Some(name)) = (file.parent(), file.file_name()) else {
        return Err(io::ErrorKind::NotFound.into());
    };
    let kept = folder.parent().ok_or(io::ErrorKind::NotFound)?;
    let beside = |folder: &Path| format!("{TAKEN_BACK}{}", folder.file_name().unwrap_or_default().to_string_lossy());
    if folder.join(WHO).exists() {
        fs::rename(folder, kept.join(beside(folder)))?;
        return sync_folder(kept);
    }
    // An older version kept it without a word of who, or without a folder of its own.
    let own = folder_of_now(folder)?;
    fs::rename(file, own.join(name))?;
    fs::rename(&own, folder.join(beside(&own)))?;
    sync_folder(folder)
}

/// A new folder, called by the time.
fn folder_of_now(kept: &Path) -> io::Result<PathBuf> {
    fs::create_dir_all(kept)?;
    let now = clock::now().format("%Y%m%dT%H%M%SZ").to_string();
    let names = [now.clone()].into_iter().chain((2..).map(|number| format!("{now}-{number}")));
    for folder in names.map(|name| kept.join(name)) {
        match fs::create_dir(&folder) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            made => return made.map(|()| folder),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}
