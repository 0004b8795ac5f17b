//! `UploadHost` by the functions of `recount read`: a file that somebody brings.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};
use std::{fs, io};

use sha2::{Digest as _, Sha256};
use tempfile::NamedTempFile;

use crate::cli::clock;
use crate::cli::commands::answer::desk_answers::not_done;
use crate::cli::commands::profiles;
use crate::cli::commands::serve::command_host::{CommandHost, kept_uploads};
use crate::cli::commands::serve::what_if;
use crate::cli::error::CommandError;
use crate::config::settings::{Config, IntegrationConfig};
use crate::export::locate::one_file::raw;
use crate::export::read::bytes_to_counts::{fit, read_bytes};
use crate::export::settings::{ExportLocation, Files, Layout, MAX_BYTES};
use crate::history::run_record::{ExportRecord, RunRecord};
use crate::history::store::open::History;
use crate::nightly::night_failure::Failure;
use crate::reconcile::decide::findings::row_findings::of_export;
use crate::reconcile::guard::accepted_counts::Size;
use crate::reconcile::guard::export_guards::part_unread;
use crate::reconcile::guard::file_looks::file_looks;
use crate::reconcile::model::display_text::escaped;
use crate::reconcile::model::export::counts::Counts;
use crate::reconcile::model::ids::IntegrationName;
use crate::reconcile::model::plan::finding::Finding;
use crate::reconcile::model::plan::guard_measurement::GuardLook;
use crate::report::exit_codes::Exit;
use crate::web::desk::host::not_done::{NotDone, NotDoneKind};
use crate::web::desk::host::upload_host::{KeptUpload, PressedUpload, ReadUpload, StagedUpload, UploadHost};

/// How long a file that nobody keeps is there.
const STAGED_FOR: Duration = Duration::from_secs(24 * 60 * 60);
/// Bytes of a name, at most: what file systems take.
const NAME_MOST: usize = 255;

/// What the files said that are looked at now. They are read one at a time, and once: the longest takes a good part of what
/// this process may have, and a page is asked for as often as somebody likes.
static READ: Mutex<BTreeMap<PathBuf, Reading>> = Mutex::new(BTreeMap::new());

/// What one file said, and when; and the SHA-256 of its bytes.
type Reading = (Stamp, String, Result<ReadUpload, NotDone>);

/// A person's file is not exchanged while one is kept, tried or forgotten: what was pressed is about the one that was shown.
static STAGING: Mutex<()> = Mutex::new(());

/// What a reading depends on: when the file and the configuration were written, and how long the file is.
type Stamp = (Option<SystemTime>, Option<SystemTime>, u64);

impl UploadHost for CommandHost {
    fn new_upload(&self) -> Result<NamedTempFile, NotDone> {
        let staged = staging(&self.config()?);
        forget_old(&staged);
        let made = fs::create_dir_all(&staged);
        made.and_then(|()| tempfile::Builder::new().prefix(".upload-").tempfile_in(&staged)).map_err(unwritable)
    }

    fn stage(&self, who: &str, name: &str, file: NamedTempFile) -> Result<(), NotDone> {
        let folder = folder_of(&self.config()?, who);
        let _alone = STAGING.lock().unwrap_or_else(PoisonError::into_inner);
        let staged = || -> io::Result<()> {
            remove_if_there(&folder)?;
            fs::create_dir_all(&folder)?;
            file.persist(folder.join(harmless(name))).map_err(|error| error.error)?;
            Ok(())
        };
        staged().map_err(unwritable)
    }

    fn staged(&self, who: &str) -> Option<StagedUpload> {
        let config = self.config().ok()?;
        let (path, metadata) = file_of(&config, who)?;
        let (sha256, read) = known(&config, &path, &metadata);
        let guards = read.as_ref().map(|read| guards(&config, read)).unwrap_or_default();
        let name = name_of(&path);
        Some(StagedUpload { name, at: metadata.modified().ok()?.into(), bytes: metadata.len(), sha256, read, guards })
    }

    fn try_upload(&self, file: &PressedUpload<'_>, integration: &IntegrationName) -> Result<RunRecord, NotDone> {
        let config = self.config()?;
        let path = self.pressed(file)?;
        let mut own = config.integrations.get(integration).ok_or_else(gone)?.clone();
        (own.export.source, own.export.files, own.export.kept) = (ExportLocation::Path(path), Files::Newest, None);
        let [drawn] = what_if::drawn(&self.trial, config, [&own]).map_err(not_done)?;
        // Another file may have come while it was drawn.
        self.pressed(file)?;
        Ok(drawn)
    }

    fn keep_upload(&self, file: &PressedUpload<'_>, integration: &IntegrationName) -> Result<String, NotDone> {
        let config = self.config()?;
        let _alone = STAGING.lock().unwrap_or_else(PoisonError::into_inner);
        let path = self.pressed(file)?;
        let own = config.integrations.get(integration).ok_or_else(gone)?;
        let Some(kept) = own.export.kept.as_ref().filter(|_| kept_uploads::takes_files(own)) else {
            let message = "its export is no single file of this host".to_owned();
            let fix = "set `path` of its export to a pattern of files".into();
            return Err(NotDone { kind: NotDoneKind::Wrong, message, fix });
        };
        kept_uploads::keep(&path, kept, file.who).map_err(unwritable)?;
        Ok(name_of(&path))
    }

    fn forget_upload(&self, file: &PressedUpload<'_>) -> Result<String, NotDone> {
        let config = self.config()?;
        let _alone = STAGING.lock().unwrap_or_else(PoisonError::into_inner);
        let path = self.pressed(file)?;
        remove_if_there(&folder_of(&config, file.who)).map_err(unwritable)?;
        Ok(name_of(&path))
    }

    fn kept_uploads(&self) -> Vec<KeptUpload> {
        self.config().map(|config| kept_uploads::all(&config)).unwrap_or_default()
    }

    fn read_kept(&self, kept: &KeptUpload) -> Option<Result<ReadUpload, NotDone>> {
        let config = self.config().ok()?;
        let metadata = fs::symlink_metadata(&kept.path).ok()?;
        Some(known(&config, &kept.path, &metadata).1)
    }

    fn take_back_upload(&self, integration: &IntegrationName, shown: &str) -> Result<KeptUpload, NotDone> {
        let config = self.config()?;
        let all = kept_uploads::all(&config).into_iter().filter(|one| one.integration == *integration);
        let (meant, others): (Vec<_>, Vec<_>) = all.partition(|one| one.as_shown() == shown);
        let Some(meant) = meant.into_iter().next() else {
            let now = match others.iter().find(|one| one.is_next) {
                Some(next) => format!("the next night of {integration} reads {}", escaped(&next.name)),
                None => format!("the next night of {integration} reads no file that was kept here"),
            };
            let message = format!("the file that the page showed is not kept any more; {now}");
            return Err(NotDone { kind: NotDoneKind::Moved, message, fix: "look at Export".into() });
        };
        kept_uploads::take_back(&meant.path).map_err(unwritable)?;
        Ok(meant)
    }
}

impl CommandHost {
    /// This person's file, if it is the one that the page showed.
    fn pressed(&self, file: &PressedUpload<'_>) -> Result<PathBuf, NotDone> {
        let config = self.config()?;
        let (path, metadata) = file_of(&config, file.who).ok_or_else(gone)?;
        let bytes = metadata.len();
        let sha256 = digest(&path).map_err(unwritable)?;
        if format!("{sha256}:{bytes}:{}", name_of(&path)) == file.shown {
            return Ok(path);
        }
        let mut shown = file.shown.splitn(3, ':').skip(1);
        let was = match shown.next().zip(shown.next()) {
            Some((bytes, name)) => format!("this page showed {} ({} bytes)", escaped(name), escaped(bytes)),
            None => "the page showed another file".to_owned(),
        };
        let message = format!("{was}; the file that you look at now is {} ({bytes} bytes)", name_of(&path));
        Err(NotDone { kind: NotDoneKind::Moved, message, fix: "look at Export, and press again there".into() })
    }
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn digest(path: &Path) -> io::Result<String> {
    let (mut file, mut hasher, mut piece) = (File::open(path)?, Sha256::new(), [0_u8; 16 * 1024]);
    loop {
        match file.read(&mut piece)? {
            0 => return Ok(hex::encode(hasher.finalize())),
            length => hasher.update(&piece[..length]),
        }
    }
}

fn unwritable(error: io::Error) -> NotDone {
    let message = format!("the file cannot be kept: {error}");
    NotDone { kind: NotDoneKind::Failed, message, fix: "look at the state folder and its rights".into() }
}

fn gone() -> NotDone {
    let message = "the file is not there any more".to_owned();
    NotDone { kind: NotDoneKind::Moved, message, fix: "bring it again".into() }
}

fn staging(config: &Config) -> PathBuf {
    config.state.join("uploads").join(".staged")
}

/// A folder for each person, whatever the person is called.
fn folder_of(config: &Config, who: &str) -> PathBuf {
    let digest = hex::encode(Sha256::digest(who));
    staging(config).join(&digest[..32])
}

/// The name as it was brought, without folders and without what nobody sees: a column may be taken from it. Of one that is
/// too long the end is kept, because it may say what kind of file it is.
fn harmless(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let is_seen = |c: char| escaped(c.encode_utf8(&mut [0; 4])).starts_with(c);
    let plain: String = last.chars().map(|c| if is_seen(c) { c } else { '_' }).collect();
    let plain = plain.trim_start_matches('.');
    let from = (plain.len().saturating_sub(NAME_MOST)..).find(|at| plain.is_char_boundary(*at)).unwrap_or_default();
    let end = plain[from..].trim_start_matches('.');
    if end.is_empty() { "file".to_owned() } else { end.to_owned() }
}

fn remove_if_there(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn is_old(metadata: &fs::Metadata) -> bool {
    let now: SystemTime = clock::now().into();
    let age = metadata.modified().ok().and_then(|at| now.duration_since(at).ok());
    age.is_some_and(|age| age > STAGED_FOR)
}

/// What nobody kept within a day.
fn forget_old(staging: &Path) {
    for entry in fs::read_dir(staging).into_iter().flatten().flatten() {
        let Ok(metadata) = entry.metadata() else { continue };
        if is_old(&metadata) {
            // What cannot be removed now is tried again with the next file.
            let _ = if metadata.is_dir() { fs::remove_dir_all(entry.path()) } else { fs::remove_file(entry.path()) };
        }
    }
}

fn file_of(config: &Config, who: &str) -> Option<(PathBuf, fs::Metadata)> {
    let entry = fs::read_dir(folder_of(config, who)).ok()?.flatten().next()?;
    let metadata = entry.metadata().ok().filter(|metadata| metadata.is_file() && !is_old(metadata))?;
    Some((entry.path(), metadata))
}

/// What the file says, read now if it was not before; and the SHA-256 of its bytes.
fn known(config: &Config, path: &Path, metadata: &fs::Metadata) -> (String, Result<ReadUpload, NotDone>) {
    let configured = fs::metadata(&config.path).and_then(|file| file.modified()).ok();
    let stamp = (metadata.modified().ok(), configured, metadata.len());
    let mut all = READ.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, sha256, known)) = all.get(path).filter(|(known, ..)| *known == stamp) {
        return (sha256.clone(), known.clone());
    }
    let (sha256, read) = (digest(path).unwrap_or_default(), read(config, path).map_err(not_done));
    all.retain(|path, _| path.exists());
    all.insert(path.to_owned(), (stamp, sha256.clone(), read.clone()));
    (sha256, read)
}

/// Beside the last accepted export of the integration that it fits. Without a history that can be read there is nothing to compare
/// with, and the page says that by itself.
fn guards(config: &Config, read: &ReadUpload) -> Vec<GuardLook> {
    let Some(own) = read.integration.as_ref().and_then(|name| config.integrations.get(name)) else { return Vec::new() };
    let accepted = || {
        let history = History::open_existing(&config.state).ok()??;
        let run = history.last_good_export(&own.name).ok()??.run;
        let ExportRecord { rows, customers, units, .. } = history.summary(run).ok()??.planned?.export;
        Some((run, Size { rows, customers, units }))
    };
    file_looks(&read.counts, accepted(), &own.guards)
}

/// As the export of the integration that it fits, else with the profile that fits.
fn read(config: &Config, path: &Path) -> Result<ReadUpload, CommandError> {
    let (path, _, bytes) = raw(path, MAX_BYTES, clock::now()).map_err(Failure::from)?;
    let fits = |one: &&IntegrationConfig| fit(&bytes, &one.export.layout, &[]).is_ok();
    let fitting: Vec<&IntegrationConfig> = config.integrations.values().filter(fits).collect();
    if fitting.len() > 1 {
        let names: Vec<&str> = fitting.iter().map(|one| one.name.as_str()).collect();
        let message = format!("it fits several integrations: {}", names.join(", "));
        return Err(CommandError::new(Exit::Usage, message, "put it where the export of the right one is looked for"));
    }
    if let Some(one) = fitting.first() {
        let may_keep = kept_uploads::takes_files(one);
        return read_as(path, bytes, &one.export.layout).map(|(counts, findings)| ReadUpload {
            integration: Some(one.name.clone()),
            may_keep,
            profile: None,
            counts,
            findings,
        });
    }
    let known = crate::config::profiles::all(config.path.parent().unwrap_or(Path::new("")))
        .map_err(|errors| CommandError::new(Exit::Config, errors.to_string(), "correct the profile, or remove it"))?;
    let name = PathBuf::from(path.file_name().unwrap_or_default());
    let profile = profiles::fitting(&known, &name, &bytes)?;
    let (counts, findings) = read_as(path, bytes, &profile.layout)?;
    Ok(ReadUpload { integration: None, may_keep: false, profile: Some(profile.name.clone()), counts, findings })
}

type CountsAndFindings = (Counts, Vec<Finding>);

fn read_as(path: PathBuf, bytes: impl AsRef<[u8]>, layout: &Layout) -> Result<CountsAndFindings, CommandError> {
    // Nobody is told where the state folder lies.
    let name = PathBuf::from(path.file_name().unwrap_or_default());
    let counts = read_bytes(&name, bytes, layout).map_err(|error| CommandError::from(Failure::from(error)))?;
    let mut findings = of_export(&counts, &IntegrationName::new("upload"));
    findings.extend(part_unread(&counts));
    Ok((counts, findings))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Otherwise a browser could write over another file of the host.
    #[test]
    fn no_name_leads_anywhere() {
        for (name, safe) in [
            ("usage-2026.csv", "usage-2026.csv"),
            ("../../etc/cron.d/x", "x"),
            ("C:\\Users\\dana\\usage 1.xlsx", "usage 1.xlsx"),
            ("Nutzung (Müller & Söhne) *[A].csv", "Nutzung (Müller & Söhne) *[A].csv"),
            ("..", "file"),
            ("", "file"),
            (".hidden.csv", "hidden.csv"),
            ("a\u{202e}\0b\n.csv", "a__b_.csv"),
        ] {
            assert_eq!(harmless(name), safe, "{name:?}");
        }
        assert_eq!(harmless(&format!("{}.csv", "x".repeat(500))).len(), NAME_MOST);
        assert!(harmless(&format!("{}.csv", "ü".repeat(500))).ends_with("ü.csv"));
    }
}
