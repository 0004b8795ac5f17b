//! Files that are replaced as a whole: whoever reads one at any moment sees the old one or the new one, never half of one.

use std::fs::{File, OpenOptions, Permissions};
use std::io::Write as _;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _, fchown};
use std::path::{Path, PathBuf};
use std::{fs, io};

use tempfile::NamedTempFile;

/// The new content of a file, beside it and not yet in its place. Dropped, it leaves nothing behind.
#[derive(Debug)]
pub struct Replacement {
    part: NamedTempFile,
    path: PathBuf,
}

impl Replacement {
    /// An empty file for its owner alone, in the folder of `path`.
    pub fn of(path: &Path) -> io::Result<Self> {
        let mut name = std::ffi::OsString::from(".");
        name.push(path.file_name().unwrap_or_default());
        name.push(".");
        // No pattern of exports or metrics takes a hidden file with this ending for one of its own.
        let part = tempfile::Builder::new().prefix(&name).suffix(".part").tempfile_in(folder_of(path))?;
        give_to_owner(part.as_file(), folder_of(path))?;
        Ok(Self { part, path: path.to_owned() })
    }

    /// Where it is until it is put in its place.
    #[must_use]
    pub fn part(&self) -> &Path {
        self.part.path()
    }

    /// The file, to be written.
    pub fn file(&mut self) -> &mut File {
        self.part.as_file_mut()
    }

    /// Puts it in its place. After a power cut there is the old one or the new one.
    ///
    /// # Errors
    /// When it cannot: then the old one is there, unless it was the folder that could not be synced.
    pub fn put_in_place(self) -> io::Result<()> {
        self.part.as_file().sync_all()?;
        self.part.persist(&self.path).map_err(|error| error.error)?;
        sync_folder(folder_of(&self.path))
    }
}

/// Replaces a file by one for its owner alone. After a power cut there is the old one or the new one.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut new = Replacement::of(path)?;
    new.file().write_all(bytes)?;
    new.put_in_place()
}

/// Replaces a file that can be made again, so it is not waited until it is on the disk; with these permissions, whatever
/// the process's mask is.
pub fn replace_unsynced(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let mut new = Replacement::of(path)?;
    new.file().write_all(bytes)?;
    new.file().set_permissions(Permissions::from_mode(mode))?;
    new.part.persist(path).map(drop).map_err(|error| error.error)
}

/// A new file that its owner writes, the folder's group reads, and nobody else sees, whatever the process's mask is. A file
/// that root makes is given that group: the service reads its configuration by it, and root's own group has nobody in it.
///
/// # Errors
/// The system's; then there is no file, or the one that was there before.
pub fn create_for_group(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut new = OpenOptions::new().write(true).create_new(true).mode(0o640).open(path)?;
    let made = give_to_group(&new, folder_of(path)).and_then(|()| new.write_all(bytes));
    made.inspect_err(|_| _ = fs::remove_file(path))
}

fn give_to_group(file: &File, folder: &Path) -> io::Result<()> {
    let (own, group) = (file.metadata()?, fs::metadata(folder)?.gid());
    if own.uid() == 0 && own.gid() != group {
        fchown(file, None, Some(group))?;
    }
    file.set_permissions(Permissions::from_mode(0o640))
}

/// Waits until the names in a folder are on the disk.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// What root makes in somebody's folder is that person's, as SQLite does it: otherwise one command of root would be the
/// last that its owner could give.
pub fn give_to_owner(file: &File, folder: &Path) -> io::Result<()> {
    let owner = fs::metadata(folder)?;
    if file.metadata()?.uid() == 0 && owner.uid() != 0 {
        fchown(file, Some(owner.uid()), Some(owner.gid()))?;
    }
    Ok(())
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").file_name());
        entries.map(|name| name.into_string().expect("UTF-8")).collect()
    }

    /// Otherwise a disk that fills up at the wrong moment would cost an operator the mapping.
    #[test]
    fn what_is_not_put_in_place_leaves_the_old_one_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("customers.csv");
        fs::write(&path, "old").expect("written");
        let mut new = Replacement::of(&path).expect("made");
        new.file().write_all(b"half").expect("written");
        assert_eq!(fs::read(&path).expect("there"), b"old");
        drop(new);
        assert_eq!(names(folder.path()), ["customers.csv"]);
        replace(&path, b"new").expect("replaced");
        assert_eq!((fs::read(&path).expect("there"), names(folder.path()).len()), (b"new".to_vec(), 1));
    }

    /// Otherwise the service could not read what `sudo recount init` wrote, and no night would run. Only root can give a file
    /// away, so for others its group is left as it is made.
    #[test]
    fn a_file_for_the_group_of_its_folder_is_readable_by_it_and_by_nobody_else() {
        let folder = tempfile::tempdir().expect("a folder");
        let group = if rustix::process::geteuid().is_root() { Some(65_534) } else { None };
        std::os::unix::fs::chown(folder.path(), None, group).expect("given");
        let path = folder.path().join("recount.toml");
        create_for_group(&path, b"state = 1").expect("made");
        let made = fs::metadata(&path).expect("there");
        assert_eq!(
            (made.permissions().mode() & 0o777, fs::read(&path).expect("there")),
            (0o640, b"state = 1".to_vec())
        );
        assert_eq!(made.gid(), group.unwrap_or(made.gid()));
        assert!(create_for_group(&path, b"other").is_err(), "what is there was written over");
        assert_eq!(fs::read(&path).expect("there"), b"state = 1");
    }

    /// The mask of the shipped units would keep the exporter from reading the numbers, and alerts would stay silent.
    #[test]
    fn a_file_for_everybody_can_be_read_by_everybody_and_others_by_their_owner_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let mode = |path: &Path| fs::metadata(path).expect("there").permissions().mode() & 0o777;
        let (numbers, notes) = (folder.path().join("recount.prom"), folder.path().join("history.head"));
        replace_unsynced(&numbers, b"1", 0o644).expect("replaced");
        replace(&notes, b"1").expect("replaced");
        assert_eq!((mode(&numbers), mode(&notes)), (0o644, 0o600));
    }
}
