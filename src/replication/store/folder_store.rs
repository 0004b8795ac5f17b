//! A folder as a store: for tests, and for a file system of several hosts on which locks hold.

use std::fs::{DirBuilder, File, OpenOptions};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::{fs, io};

use chrono::{DateTime, Utc};
use sha2::{Digest as _, Sha256};

use crate::atomic_files::replace;
use crate::replication::error::CopyStoreError;

/// Files below a folder; a state is the digest of its content.
#[derive(Debug, Clone)]
pub(super) struct FolderStore {
    root: PathBuf,
}

/// A file as it was read.
pub(super) struct KeptFile {
    pub(super) bytes: Vec<u8>,
    pub(super) digest: String,
    pub(super) written_at: DateTime<Utc>,
}

impl FolderStore {
    pub(super) fn new(root: PathBuf) -> Self {
        Self { root }
    }

    pub(super) fn create(&self, name: &str, bytes: &[u8]) -> Result<String, CopyStoreError> {
        self.write_if(name, bytes, |found| found.is_none())
    }

    pub(super) fn replace(&self, name: &str, digest: &str, bytes: &[u8]) -> Result<String, CopyStoreError> {
        self.write_if(name, bytes, |found| found == Some(digest))
    }

    /// Everybody who writes holds the lock from the look to the end of the write. It ends with its process.
    fn write_if(
        &self,
        name: &str,
        bytes: &[u8],
        fits: impl FnOnce(Option<&str>) -> bool,
    ) -> Result<String, CopyStoreError> {
        let failed = |error: io::Error| unanswered(name, &error);
        let path = self.root.join(name);
        make(path.parent().unwrap_or(&self.root)).map_err(failed)?;
        let lock = self.lock().map_err(failed)?;
        let found = self.read(name)?.map(|found| found.digest);
        if !fits(found.as_deref()) {
            return Err(CopyStoreError::Conflict { name: name.to_owned() });
        }
        replace(&path, bytes).map_err(failed)?;
        drop(lock);
        Ok(digest(bytes))
    }

    fn lock(&self) -> io::Result<File> {
        let mut options = OpenOptions::new();
        let file = options.write(true).create(true).truncate(false).mode(0o600).open(self.root.join(".lock"))?;
        file.lock()?;
        Ok(file)
    }

    pub(super) fn read(&self, name: &str) -> Result<Option<KeptFile>, CopyStoreError> {
        let failed = |error: io::Error| unanswered(name, &error);
        let path = self.root.join(name);
        let bytes = match fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            read => read.map_err(failed)?,
        };
        let written_at = fs::metadata(&path).and_then(|found| found.modified()).map_err(failed)?;
        let digest = digest(&bytes);
        Ok(Some(KeptFile { bytes, digest, written_at: written_at.into() }))
    }

    pub(super) fn list(&self, of: &str) -> Result<Vec<String>, CopyStoreError> {
        let failed = |error: io::Error| unanswered(of, &error);
        let entries = match fs::read_dir(self.root.join(of)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(failed)?,
        };
        let name = |entry: io::Result<fs::DirEntry>| Ok(entry?.file_name().to_string_lossy().into_owned());
        let names = entries.map(name).collect::<io::Result<Vec<String>>>().map_err(failed)?;
        // What is on its way there is hidden.
        Ok(names.into_iter().filter(|name| !name.starts_with('.')).collect())
    }

    pub(super) fn delete(&self, name: &str) -> Result<(), CopyStoreError> {
        match fs::remove_file(self.root.join(name)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(unanswered(name, &error)),
            _ => Ok(()),
        }
    }
}

fn make(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

fn digest(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

fn unanswered(name: &str, error: &io::Error) -> CopyStoreError {
    CopyStoreError::Unanswered { name: name.to_owned(), why: error.to_string() }
}
