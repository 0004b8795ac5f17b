//! The folder that is written into: each file once, none over another, all or nothing.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::{fs, io};

use crate::atomic_files;
use crate::cli::error::CommandError;
use crate::report::exit_codes::Exit;

/// Where the systemd units look for the configuration.
pub(super) const HOME: &str = "/etc/recount";
/// What `init` writes.
pub(super) const FILES: [&str; 4] = ["recount.toml", "customers.csv", SERVICE, TIMER];
/// Drop-ins, under the names that they have beside the units.
pub(super) const SERVICE: &str = "systemd/recount.service.d/recount.conf";
pub(super) const TIMER: &str = "systemd/recount.timer.d/schedule.conf";

/// A folder, and what was made in it so far.
#[derive(Debug)]
pub(super) struct Folder {
    /// Absolute.
    pub(super) path: PathBuf,
    made: Vec<PathBuf>,
}

impl Folder {
    /// Nothing is written yet.
    ///
    /// # Errors
    /// If one of the files is there already.
    pub(super) fn new(dir: &Path) -> Result<Self, CommandError> {
        let path = std::path::absolute(dir).map_err(|error| failed(dir, &error))?;
        let there: Vec<&str> = FILES.into_iter().filter(|name| path.join(name).symlink_metadata().is_ok()).collect();
        if there.is_empty() {
            return Ok(Self { path, made: Vec::new() });
        }
        let message = format!("{} is there already in {}", there.join(", "), path.display());
        Err(CommandError::new(Exit::Usage, message, "edit what is there, or choose another folder with --dir"))
    }

    /// A new file of this name, which the service may read: where the secrets are is nobody else's business. Gives its path.
    ///
    /// # Errors
    /// If it cannot be made; what was made before is taken back.
    pub(super) fn write(&mut self, name: &str, text: &str) -> Result<PathBuf, CommandError> {
        let path = self.path.join(name);
        match within_folder(&path).and_then(|()| atomic_files::create_for_group(&path, text.as_bytes())) {
            Ok(()) => {
                self.made.push(path.clone());
                Ok(path)
            }
            Err(error) => Err(self.taken_back(failed(&path, &error))),
        }
    }

    /// A new file that its owner alone may read; gives its path.
    pub(super) fn write_secret(&mut self, name: &str, secret: &str) -> Result<PathBuf, CommandError> {
        let path = self.path.join(name);
        let made = within_folder(&path).and_then(|()| create_secret(&path, secret));
        made.map_err(|error| self.taken_back(failed(&path, &error)))?;
        self.made.push(path.clone());
        Ok(path)
    }

    /// More text for a file that was made.
    pub(super) fn append(&mut self, path: &Path, text: &str) -> Result<(), CommandError> {
        let file = OpenOptions::new().append(true).open(path);
        let appended = file.and_then(|mut file| file.write_all(text.as_bytes()));
        appended.map_err(|error| self.taken_back(failed(path, &error)))
    }

    /// Removes what was made; the folder is as before.
    pub(super) fn taken_back(&mut self, error: CommandError) -> CommandError {
        for path in self.made.drain(..) {
            // What cannot be removed was said to be in the way by the next `init`.
            let _ = fs::remove_file(path);
        }
        error
    }
}

fn within_folder(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), fs::create_dir_all)
}

fn create_secret(path: &Path, secret: &str) -> io::Result<()> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?.write_all(secret.as_bytes())
}

fn failed(path: &Path, error: &io::Error) -> CommandError {
    let message = format!("cannot write {}: {error}", path.display());
    CommandError::new(Exit::Unexpected, message, "choose a folder that you may write to with --dir")
}
