//! On which file system the state folder lies.

use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStringExt as _;
use std::path::{Path, PathBuf};

/// The network file system that the state folder lies on; `None` for a local one, and where nobody can tell. SQLite's
/// log needs memory that all its readers share, and locks that hold: over a network there is neither.
pub fn network_file_system(state: &Path) -> Option<String> {
    let mounts = fs::read("/proc/self/mountinfo").ok()?;
    let there = state.ancestors().find_map(|folder| fs::canonicalize(folder).ok())?;
    let kind = file_system_of(&mounts, &there)?;
    is_network(&kind).then_some(kind)
}

const NETWORK: [&str; 13] =
    ["nfs", "nfs4", "cifs", "smb3", "smbfs", "ncpfs", "afs", "ceph", "9p", "glusterfs", "lustre", "gpfs", "ocfs2"];

fn is_network(kind: &str) -> bool {
    let fuse = ["sshfs", "glusterfs", "ceph", "s3fs", "rclone", "smbnetfs", "davfs"];
    NETWORK.contains(&kind) || kind.strip_prefix("fuse.").is_some_and(|kind| fuse.contains(&kind))
}

/// The kind of the deepest mount that holds a folder; of several at one place the last one is seen.
fn file_system_of(mounts: &[u8], folder: &Path) -> Option<String> {
    let mounts = mounts.split(|byte| *byte == b'\n').filter_map(mount);
    let holding = mounts.filter(|(place, _)| folder.starts_with(place));
    holding.max_by_key(|(place, _)| place.components().count()).map(|(_, kind)| kind)
}

/// `36 35 98:0 /root /place options… - kind source options`, proc(5).
fn mount(line: &[u8]) -> Option<(PathBuf, String)> {
    let mut words = line.split(|byte| *byte == b' ');
    let place = unescaped(words.nth(4)?);
    let kind = words.skip_while(|word| *word != b"-").nth(1)?;
    Some((PathBuf::from(OsString::from_vec(place)), String::from_utf8_lossy(kind).into_owned()))
}

/// Blanks, tabs, line breaks and backslashes stand there as `\040`, in octal.
fn unescaped(word: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(word.len());
    let mut rest = word;
    while let Some((first, behind)) = rest.split_first() {
        let octal = behind.get(..3).filter(|_| *first == b'\\');
        let escaped = octal.and_then(|octal| u8::from_str_radix(std::str::from_utf8(octal).ok()?, 8).ok());
        bytes.push(escaped.unwrap_or(*first));
        rest = if escaped.is_some() { &behind[3..] } else { behind };
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOUNTS: &[u8] = b"22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n\
        30 22 0:40 / /srv rw - nfs4 nas:/srv rw\n\
        31 30 8:2 / /srv/local\\040disk rw shared:2 master:3 - xfs /dev/sdb1 rw\n\
        32 22 0:41 / /home/me/far rw - fuse.sshfs me@far: rw\n";

    #[test]
    fn a_state_folder_on_a_network_file_system_is_known() {
        for (folder, kind, network) in [
            ("/var/lib/recount", "ext4", false),
            ("/srv/recount/state", "nfs4", true),
            ("/srv/local disk/state", "xfs", false),
            ("/srvx", "ext4", false),
            ("/home/me/far/state", "fuse.sshfs", true),
        ] {
            let found = file_system_of(MOUNTS, Path::new(folder)).unwrap();
            assert_eq!((found.as_str(), is_network(&found)), (kind, network), "{folder}");
        }
    }

    #[test]
    fn where_tests_run_no_network_is_seen() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(network_file_system(&dir.path().join("not/yet/there")), None);
    }
}
