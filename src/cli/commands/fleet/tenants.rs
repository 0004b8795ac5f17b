//! Which folders are tenants, and which shard each belongs to.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::str::{FromStr, Utf8Chunk};
use std::{fs, io};

use sha2::{Digest as _, Sha256};

use crate::cli::commands::fleet::tenant_remains::{CONFIGURATION, FolderLook, STATE, TenantRemains};
use crate::config::desk_toml;

/// One tenant: a folder with a `recount.toml`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Tenant {
    /// The folder's name, as text.
    pub(crate) name: String,
    /// The folder.
    pub(super) folder: PathBuf,
}

impl Tenant {
    pub(super) fn configuration(&self) -> PathBuf {
        self.folder.join(CONFIGURATION)
    }

    /// What is left of a tenant whose configuration is gone.
    pub(super) fn remains(&self) -> Option<TenantRemains> {
        match FolderLook::at(&self.folder) {
            FolderLook::Remains(remains) => Some(remains),
            FolderLook::Tenant | FolderLook::Nothing => None,
        }
    }

    /// Whether its folder is there, whatever is in it.
    pub(super) fn is_there(&self) -> bool {
        self.folder.symlink_metadata().is_ok()
    }
}

/// What mkfs makes, and nobody but root may enter.
const OF_THE_FILE_SYSTEM: &str = "lost+found";

/// The tenants of a folder, by name; with them what is left of those whose configuration is gone.
///
/// # Errors
/// When the folder cannot be read, or holds no tenant at all. What is wrong within a tenant is that tenant's matter.
pub(crate) fn tenants(of: &Path) -> io::Result<Vec<Tenant>> {
    let of = fs::canonicalize(of)?;
    // Where it may be listed and not entered, no folder in it would be seen to be one.
    fs::metadata(of.join("."))?;
    let people = desk_toml::load(&of).ok().map(|desk| fs::canonicalize(&desk.state).unwrap_or(desk.state));
    let mut found = Vec::new();
    for entry in fs::read_dir(of)? {
        let folder = entry?.path();
        let name = folder.file_name().map(text).unwrap_or_default();
        // The people of the desk are no tenant, wherever they are kept.
        let is_of_people = || {
            let is = |people: &PathBuf| {
                people.starts_with(&folder) || fs::canonicalize(folder.join(STATE)).is_ok_and(|state| state == *people)
            };
            people.as_ref().is_some_and(is)
        };
        let is_tenant = || match FolderLook::at(&folder) {
            FolderLook::Tenant => true,
            FolderLook::Remains(TenantRemains::Closed(_)) if name == OF_THE_FILE_SYSTEM => false,
            FolderLook::Remains(_) => !is_of_people(),
            FolderLook::Nothing => false,
        };
        if !name.starts_with('.') && is_tenant() {
            found.push(Tenant { name, folder });
        }
    }
    // A disk that is not mounted looks like a fleet without tenants.
    if found.is_empty() {
        return Err(io::Error::new(io::ErrorKind::NotFound, "no folder in it holds a recount.toml"));
    }
    found.sort();
    Ok(found)
}

/// A folder's name; what is no text in it stands as `\xff`, so that no two names are the same.
fn text(name: &OsStr) -> String {
    let parts = name.as_bytes().utf8_chunks();
    let part = |part: Utf8Chunk<'_>| {
        let odd: String = part.invalid().iter().map(|byte| format!("\\x{byte:02x}")).collect();
        part.valid().to_owned() + &odd
    };
    parts.map(part).collect()
}

/// One of several processes that share the tenants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shard {
    index: u32,
    of: u32,
}

impl Shard {
    /// Whether a tenant is this one's. By rendezvous hashing: with one shard more only the tenants move that go to it.
    pub(super) fn has(self, tenant: &str) -> bool {
        (0..self.of).max_by_key(|shard| weight(tenant, *shard)) == Some(self.index)
    }
}

fn weight(tenant: &str, shard: u32) -> [u8; 32] {
    Sha256::new().chain_update(shard.to_be_bytes()).chain_update(tenant).finalize().into()
}

impl FromStr for Shard {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let said = "a shard is I/N, with I from 0 to N-1: 0/4";
        let (index, of) = text.split_once('/').ok_or(said)?;
        let (index, of) = (index.parse().map_err(|_| said)?, of.parse().map_err(|_| said)?);
        if index < of && of <= SHARDS_MOST { Ok(Self { index, of }) } else { Err(said) }
    }
}

/// More processes than this share nothing.
const SHARDS_MOST: u32 = 10_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn shard_of(tenant: &str, of: u32) -> u32 {
        let mut having = (0..of).filter(|index| Shard { index: *index, of }.has(tenant));
        let one = having.next().expect("a shard");
        assert_eq!(having.next(), None, "no tenant is two shards' work");
        one
    }

    /// A tenant that moves is restored elsewhere and has its new lines held for a night: as few as possible may move.
    #[test]
    fn with_one_shard_more_only_those_move_that_go_to_it() {
        let tenants: Vec<String> = (0..2000).map(|number| format!("tenant-{number}")).collect();
        let moved = tenants.iter().filter(|name| shard_of(name, 4) != shard_of(name, 5)).collect::<Vec<_>>();
        assert!(moved.iter().all(|name| shard_of(name, 5) == 4));
        assert!((320..480).contains(&moved.len()), "a fifth of 2000, not {}", moved.len());
    }

    #[test]
    fn a_shard_is_one_of_those_that_there_are() {
        assert_eq!("0/4".parse(), Ok(Shard { index: 0, of: 4 }));
        for wrong in ["4/4", "1", "-1/4", "0/0", "a/b", ""] {
            assert!(wrong.parse::<Shard>().is_err(), "{wrong}");
        }
    }
}
