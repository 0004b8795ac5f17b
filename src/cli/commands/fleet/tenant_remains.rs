//! What a folder beside others is: a tenant, what is left of one, or nothing of ours.

use std::fs::{metadata, symlink_metadata};
use std::io;
use std::path::Path;

/// What `init` calls the state folder, and what is in one.
pub(super) const STATE: &str = "state";
const HISTORY: [&str; 2] = ["history.db", "history.created"];
pub(super) const CONFIGURATION: &str = "recount.toml";

/// A tenant was here, or may be, and its configuration cannot be had: left out in silence, nobody would bill it, and nobody
/// would be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum TenantRemains {
    /// A link whose target is not there: a disk that is not mounted.
    DanglingLink,
    /// A state folder with a history.
    State,
    /// Nobody can tell what is in it; what the system says.
    Closed(String),
}

impl TenantRemains {
    /// Why its command is not begun.
    pub(super) fn sentence(&self) -> String {
        match self {
            Self::DanglingLink => {
                "its folder is a link that leads to nothing: mount what it leads to, or remove the link".to_owned()
            }
            Self::State => "its recount.toml is gone, and its history is there: put it back, or rename the folder so that its name \
                            begins with a dot"
                .to_owned(),
            Self::Closed(why) => format!(
                "its folder cannot be looked into ({why}): let the user that recount runs as read it, or rename it so that its name \
                 begins with a dot"
            ),
        }
    }
}

/// What was found in a folder.
pub(super) enum FolderLook {
    Tenant,
    Remains(TenantRemains),
    Nothing,
}

impl FolderLook {
    /// Only "it is not there" means that it is not there.
    pub(super) fn at(folder: &Path) -> Self {
        looked(folder).unwrap_or_else(|error| Self::Remains(TenantRemains::Closed(error.to_string())))
    }
}

fn looked(folder: &Path) -> io::Result<FolderLook> {
    let entry = symlink_metadata(folder)?;
    if !entry.is_symlink() && !entry.is_dir() {
        return Ok(FolderLook::Nothing);
    }
    match metadata(folder) {
        Ok(found) if !found.is_dir() => return Ok(FolderLook::Nothing),
        Ok(_) => {}
        Err(error) if is_nowhere(&error) => return Ok(FolderLook::Remains(TenantRemains::DanglingLink)),
        Err(error) => return Err(error),
    }
    if is_there(&folder.join(CONFIGURATION))? {
        return Ok(FolderLook::Tenant);
    }
    let state = folder.join(STATE);
    for file in HISTORY {
        if is_there(&state.join(file))? {
            return Ok(FolderLook::Remains(TenantRemains::State));
        }
    }
    Ok(FolderLook::Nothing)
}

fn is_there(file: &Path) -> io::Result<bool> {
    match symlink_metadata(file) {
        Ok(_) => Ok(true),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(false),
        Err(error) => Err(error),
    }
}

/// A link to what is not there, or to itself.
fn is_nowhere(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::NotFound || error.raw_os_error() == Some(libc::ELOOP)
}
