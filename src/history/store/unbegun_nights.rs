//! Nights that failed where nothing could be stored: noted in the state folder's file `unbegun-nights`, until the history can
//! be written again and takes them in.
//!
//! The file has its room while there is some, and is written in place: a full disk can still take a note. On a file system
//! that copies what is written (btrfs, ZFS) that may fail; then the night was told, and is in no history.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::{fs, io};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::atomic_files::replace;

/// Bytes of the file: about 60 nights, which is weeks on which nobody looked.
const ROOM: usize = 16 * 1024;

/// A night that is in no history yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnbegunNight {
    /// When it ended.
    pub at: DateTime<Utc>,
    /// The integration.
    pub integration: String,
    /// In which mode, by its word.
    pub mode: String,
    /// How it ended.
    pub exit_code: u8,
    /// Why.
    pub message: String,
    /// The run that the history knows, where its end alone could not be stored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<i64>,
}

/// Takes the room for notes, once.
pub fn reserve(state: &Path) -> io::Result<()> {
    let path = file(state);
    let is_there = fs::metadata(&path).is_ok_and(|known| known.len() >= ROOM as u64);
    if is_there { Ok(()) } else { replace(&path, &drawn(&noted(state)?)) }
}

/// Notes nights behind those that are noted. Without room the oldest are forgotten.
pub fn note(state: &Path, nights: &[UnbegunNight]) -> io::Result<()> {
    let known = noted(state)?.into_iter().chain(nights.iter().cloned()).collect::<Vec<_>>();
    keep_only(state, &known)
}

/// Those that are noted, oldest first. A line that was torn when the power went is none.
///
/// # Errors
/// The system's: notes that cannot be read are still there.
pub fn noted(state: &Path) -> io::Result<Vec<UnbegunNight>> {
    let mut text = Vec::new();
    match File::options().read(true).custom_flags(libc::O_NOFOLLOW).open(file(state)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        file => file?.read_to_end(&mut text)?,
    };
    Ok(String::from_utf8_lossy(&text).lines().filter_map(|line| serde_json::from_str(line).ok()).collect())
}

/// Forgets all but these: the history has taken in the others.
pub fn keep_only(state: &Path, nights: &[UnbegunNight]) -> io::Result<()> {
    let path = file(state);
    let mut file = match File::options().write(true).custom_flags(libc::O_NOFOLLOW).open(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return replace(&path, &drawn(nights)),
        file => file?,
    };
    file.write_all(&drawn(nights))?;
    file.sync_data()
}

/// A line for each, and blanks up to the end of the room.
fn drawn(nights: &[UnbegunNight]) -> Vec<u8> {
    let lines: Vec<String> = nights.iter().filter_map(|night| serde_json::to_string(night).ok()).collect();
    let mut text = Vec::with_capacity(ROOM);
    let mut first = 0;
    while lines[first..].iter().map(|line| line.len() + 1).sum::<usize>() > ROOM - 1 {
        first += 1;
    }
    for line in &lines[first..] {
        text.extend_from_slice(line.as_bytes());
        text.push(b'\n');
    }
    text.resize(ROOM - 1, b' ');
    text.push(b'\n');
    text
}

fn file(state: &Path) -> PathBuf {
    state.join("unbegun-nights")
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt as _;

    use super::*;

    fn night(hour: u32, message: &str) -> UnbegunNight {
        let at = format!("2026-11-24T{hour:02}:00:00Z").parse().expect("a time");
        let (integration, mode, message) = ("mail".to_owned(), "apply".to_owned(), message.to_owned());
        UnbegunNight { at, integration, mode, exit_code: 14, message, run: None }
    }

    /// A full disk has no room for another file, and none for a longer one.
    #[test]
    fn a_note_needs_no_room_that_was_not_taken_before() {
        let state = tempfile::tempdir().expect("a folder");
        reserve(state.path()).expect("room");
        let at = |state: &Path| fs::metadata(file(state)).map(|known| (known.ino(), known.len(), known.blocks()));
        let before = at(state.path()).expect("the file");
        assert!(before.2 > 0, "room that is only promised is none");
        note(state.path(), &[night(3, "full"), night(4, "full\nstill")]).expect("noted");
        reserve(state.path()).expect("room");
        assert_eq!(at(state.path()).expect("the file"), before);
        let both = [night(3, "full"), night(4, "full\nstill")];
        assert_eq!(noted(state.path()).expect("read"), both);
        for left in [&both[1..], &[]] {
            keep_only(state.path(), left).expect("forgotten");
            assert_eq!(noted(state.path()).expect("read"), left);
        }
        assert_eq!(at(state.path()).expect("the file"), before);
    }

    /// Notes that could not be read were taken for none, and the next one was written over them.
    #[test]
    fn what_cannot_be_read_is_written_over_by_nothing() {
        let state = tempfile::tempdir().expect("a folder");
        let elsewhere = state.path().join("elsewhere");
        fs::write(&elsewhere, "theirs").expect("written");
        std::os::unix::fs::symlink(&elsewhere, file(state.path())).expect("a link");
        assert!(noted(state.path()).is_err() && note(state.path(), &[night(3, "full")]).is_err());
        assert!(reserve(state.path()).is_err() && keep_only(state.path(), &[]).is_err());
        assert_eq!(fs::read(&elsewhere).expect("there"), b"theirs");
    }

    /// A disk that is full for months ends no note of last night.
    #[test]
    fn the_newest_nights_have_their_room() {
        let state = tempfile::tempdir().expect("a folder");
        let long = "x".repeat(1000);
        for hour in 0..20 {
            note(state.path(), &[night(hour, &long)]).expect("noted");
        }
        let noted = noted(state.path()).expect("read");
        assert_eq!(noted.last(), Some(&night(19, &long)));
        assert!(noted.len() > 5 && fs::metadata(file(state.path())).expect("the file").len() == ROOM as u64);
    }
}
