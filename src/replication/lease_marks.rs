//! The marks of a lease that this state folder wrote: a second machine that bears the same name and a copy of the folder
//! is not taken for this one, nor is a folder that was put back to an earlier day.

use std::fs::{self, File};
use std::io;
use std::path::PathBuf;

use crate::atomic_files::replace;
use crate::replication::error::ReplicaError;

/// Draws marks, and knows those that it drew last. Several processes of a host share one.
#[derive(Debug, Clone)]
pub struct LeaseMarks {
    /// The file that keeps them, one a line.
    pub file: PathBuf,
    /// Draws what tells one write of the lease from every other.
    pub draw: fn() -> String,
}

/// A process writes the lease once in some minutes, and what was overtaken is in no lease any more.
const KEPT: usize = 64;

impl LeaseMarks {
    /// A new mark. It is on disk before it can be in a lease: who is killed between the two is known again.
    pub fn draw(&self) -> Result<String, ReplicaError> {
        let mark = (self.draw)();
        self.keep(&mark).map_err(failed)?;
        Ok(mark)
    }

    /// Whether this state folder wrote the lease that bears the mark. One that kept no marks yet knows every mark: it is of
    /// the version before.
    pub fn knows(&self, mark: &str) -> Result<bool, ReplicaError> {
        let kept = self.kept().map_err(failed)?;
        Ok(kept.is_none_or(|kept| kept.lines().any(|one| one == mark)))
    }

    fn keep(&self, mark: &str) -> io::Result<()> {
        // Another process of this host may draw one at the same time.
        let alone = File::options().create(true).append(true).open(self.file.with_extension("lock"))?;
        alone.lock()?;
        let kept = self.kept()?.unwrap_or_default();
        let lines: Vec<&str> = kept.lines().chain([mark]).collect();
        let mut text = lines[lines.len().saturating_sub(KEPT)..].join("\n");
        text.push('\n');
        replace(&self.file, text.as_bytes())
    }

    fn kept(&self) -> io::Result<Option<String>> {
        match fs::read_to_string(&self.file) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            read => read.map(Some),
        }
    }
}

fn failed(source: io::Error) -> ReplicaError {
    ReplicaError::Local { what: "the marks of the lease cannot be kept".to_owned(), source }
}
