//! The key of the desk: a file beside the history, so that a copy of the history alone holds no secret of anybody.

use std::fs;
use std::io;
use std::path::Path;

use crate::atomic_files;

/// What secrets of people are made of, together with what the history knows of them.
#[derive(Clone)]
pub struct DeskKey([u8; 32]);

impl DeskKey {
    /// The key of this state folder; a new one if there is none.
    ///
    /// # Errors
    /// When it cannot be read, is no key, or cannot be made.
    pub fn of(state: &Path) -> io::Result<Self> {
        let path = state.join("desk.key");
        match fs::read(&path) {
            Ok(bytes) => {
                let damaged = |_| io::Error::new(io::ErrorKind::InvalidData, "desk.key is not 32 bytes");
                bytes.try_into().map(Self).map_err(damaged)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let mut bytes = [0; 32];
                getrandom::fill(&mut bytes).map_err(io::Error::other)?;
                atomic_files::replace(&path, &bytes)?;
                Ok(Self(bytes))
            }
            Err(error) => Err(error),
        }
    }

    /// Its bytes.
    pub fn reveal(&self) -> &[u8; 32] {
        &self.0
    }
}
