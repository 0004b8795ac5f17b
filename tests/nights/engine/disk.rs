//! What a process that died leaves on its disk.
//!
//! SQLite cannot be given a file system of ours without unsafe code. So the files are taken as they stand when the
//! process dies, and changed into what could have been left at any moment since its last request:
//!
//! - Killed: all that was written is there, in the order in which it was written, and nothing was closed. The
//!   write-ahead log ends anywhere inside a commit.
//! - Power cut: what was synced is there. The history syncs every commit (WAL, `synchronous = FULL`), so the log is
//!   there up to one of its commits; of the commit behind it any sectors are there, and where one is missing stands what
//!   stood there before, or zeros, or the file ends.
//! - Power cut after the last word, while the history is closed: the log is whole, and of the pages that are copied from
//!   it into the database any sectors are there.
//!
//! Not modelled: a disk that says "synced" and lies, bits that rot, folders that forget a file which was synced (SQLite
//! and recount sync the folder), the very first opening of a new history, and the reports.
//!
//! [`Disk::Forgetful`] is the control: a history that does not sync its commits. The checker has to notice.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::sync::OnceLock;

use chrono::DateTime;

use super::chance::Chance;
use recount::history::store::open::History;

/// What a commit is worth when the power goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Disk {
    /// Commits are synced.
    Sound,
    /// They are synced only when the log is copied into the database, as with `synchronous = NORMAL`.
    Forgetful,
    /// They are, and between two nights it loses which lines it owned.
    LosesOwned,
    /// They are, and it takes the counts of a wrong night for accepted ones.
    LearnsWrong,
    /// They are, and it takes any ConnectWise for the one that was approved.
    IgnoresAnother,
    /// They are, and an answer is applied although its question moved.
    StaleAnswers,
    /// They are, and nobody looks at agreements on which nothing is wanted.
    BlindElsewhere,
    /// They are, and between two nights it loses which lines it saw, owned and created.
    LosesSeen,
}

/// The history's files at one moment; what is not there is empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Files {
    database: Vec<u8>,
    log: Vec<u8>,
    /// It is written behind the commit that it tells of, and so may be that of an earlier one.
    head: Vec<u8>,
}

const SECTOR: usize = 512;

impl Files {
    pub(crate) fn of(state: &Path) -> Self {
        Self { database: bytes(&state.join(DATABASE)), log: bytes(&state.join(LOG)), head: bytes(&state.join(HEAD)) }
    }

    /// A history that holds nothing yet: to create one takes longer than to live through a night.
    pub(crate) fn of_a_new_history() -> &'static Self {
        static NEW: OnceLock<Files> = OnceLock::new();
        NEW.get_or_init(|| {
            let folder = tempfile::tempdir().expect("a folder");
            drop(History::open(folder.path(), DateTime::UNIX_EPOCH).expect("a new history"));
            Self::of(folder.path())
        })
    }

    /// Puts them where the next process finds them.
    pub(crate) fn put(&self, state: &Path) {
        fs::create_dir_all(state).expect("the state folder");
        fs::write(state.join("history.created"), "").expect("the marker is written");
        fs::write(state.join(DATABASE), &self.database).expect("the database is written");
        fs::write(state.join(LOG), &self.log).expect("the log is written");
        let head = if self.head.is_empty() { Some(HEAD) } else { None };
        if head.is_none() {
            fs::write(state.join(HEAD), &self.head).expect("the head is written");
        }
        for gone in head.into_iter().chain([SHARED_MEMORY]) {
            match fs::remove_file(state.join(gone)) {
                Err(error) if error.kind() != ErrorKind::NotFound => panic!("{gone} stays: {error}"),
                _ => {}
            }
        }
    }

    /// What is left of them when the process dies at any moment since `before`.
    pub(crate) fn after_death(self, before: &Self, disk: Disk, chance: &mut Chance) -> Self {
        // The log was copied into the database meanwhile: what is in there is synced, and the log may not fall behind.
        if self.database != before.database {
            return self;
        }
        let power_cut = disk == Disk::Forgetful || chance.coin();
        let same_log = before.log.get(..HEADER) == self.log.get(..HEADER);
        let known = if same_log && disk != Disk::Forgetful { commits(&before.log) } else { Vec::new() };
        let synced = known.last().copied().unwrap_or(if same_log { HEADER.min(self.log.len()) } else { 0 });
        let mut ends = vec![synced];
        ends.extend(commits(&self.log).into_iter().filter(|end| *end > synced));
        let last = *ends.last().unwrap_or(&synced);
        let at = usize::try_from(chance.below(ends.len() as u64)).unwrap_or(0);
        let synced = ends[at];
        let written = if disk == Disk::Forgetful { last } else { ends.get(at + 1).copied().unwrap_or(synced) };
        let old = if same_log && disk != Disk::Forgetful { before.log.as_slice() } else { &[] };
        let log = if power_cut {
            torn(&self.log, old, synced, written, chance)
        } else {
            cut(&self.log, old, synced, written, chance)
        };
        Self { log, head: before.head.clone(), ..self }
    }

    /// What is left when the power goes while the history is closed, which led to `closed`.
    pub(crate) fn after_power_cut_at_the_end(self, closed: &Self, chance: &mut Chance) -> Self {
        let new = &closed.database;
        let mut database = self.database;
        let length = if chance.coin() { new.len() } else { database.len() };
        database.resize(length.max(database.len()), 0);
        for at in (0..database.len().min(new.len())).step_by(SECTOR) {
            if chance.coin() {
                let end = (at + SECTOR).min(database.len()).min(new.len());
                database[at..end].copy_from_slice(&new[at..end]);
            }
        }
        Self { database, ..self }
    }
}

const DATABASE: &str = "history.db";
const LOG: &str = "history.db-wal";
const HEAD: &str = "history.head";
const SHARED_MEMORY: &str = "history.db-shm";

fn bytes(path: &Path) -> Vec<u8> {
    match fs::read(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
        read => read.expect("the history's files can be read"),
    }
}

/// The log, written in its order up to some byte between `synced` and `written`.
fn cut(log: &[u8], old: &[u8], synced: usize, written: usize, chance: &mut Chance) -> Vec<u8> {
    let end = synced + usize::try_from(chance.below((written - synced + 1) as u64)).unwrap_or(0);
    let behind = old.get(end..).unwrap_or_default();
    [&log[..end], behind].concat()
}

/// The log, synced up to `synced`, and some sectors of what was written behind it.
fn torn(log: &[u8], old: &[u8], synced: usize, written: usize, chance: &mut Chance) -> Vec<u8> {
    let mut left = [&log[..synced], old.get(synced..).unwrap_or_default()].concat();
    let kept = chance.below(4);
    for at in (synced..written).step_by(SECTOR) {
        if chance.below(4) < kept {
            let end = (at + SECTOR).min(written);
            left.resize(left.len().max(end), 0);
            left[at..end].copy_from_slice(&log[at..end]);
        }
    }
    left
}

/// <https://www.sqlite.org/fileformat2.html#the_write_ahead_log>
const HEADER: usize = 32;
const FRAME_HEADER: usize = 24;

/// Where the commits of a write-ahead log end that a recovery accepts.
fn commits(log: &[u8]) -> Vec<usize> {
    let Some(header) = log.get(..HEADER) else { return Vec::new() };
    let big = word(header, 0, true) & 1 == 1;
    let page = usize::try_from(word(header, 8, true)).unwrap_or(usize::MAX);
    let mut sum = checksum((0, 0), &header[..24], big);
    let mut ends = Vec::new();
    let mut at = HEADER;
    while let Some(frame) = log.get(at..at + FRAME_HEADER + page) {
        sum = checksum(checksum(sum, &frame[..8], big), &frame[FRAME_HEADER..], big);
        let of_this_log = frame[8..16] == header[16..24];
        if !of_this_log || sum != (word(frame, 16, true), word(frame, 20, true)) {
            break;
        }
        at += FRAME_HEADER + page;
        if word(frame, 4, true) != 0 {
            ends.push(at);
        }
    }
    ends
}

fn checksum(before: (u32, u32), data: &[u8], big: bool) -> (u32, u32) {
    data.chunks_exact(8).fold(before, |(first, second), eight| {
        let first = first.wrapping_add(word(eight, 0, big)).wrapping_add(second);
        (first, second.wrapping_add(word(eight, 4, big)).wrapping_add(first))
    })
}

fn word(data: &[u8], at: usize, big: bool) -> u32 {
    let bytes: [u8; 4] = data[at..at + 4].try_into().expect("four bytes");
    if big { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Else the simulation would tear nothing, and prove nothing.
    #[test]
    fn the_commits_of_a_real_log_are_found() {
        let folder = tempfile::tempdir().unwrap();
        let connection = rusqlite::Connection::open(folder.path().join(DATABASE)).unwrap();
        connection.pragma_update(None, "journal_mode", "WAL").unwrap();
        connection.execute_batch("CREATE TABLE t (x)").unwrap();
        for commit in 1..=20 {
            connection.execute("INSERT INTO t VALUES (?1)", [commit]).unwrap();
        }
        let log = Files::of(folder.path()).log;
        let ends = commits(&log);
        assert_eq!((ends.len(), ends.last().copied()), (21, Some(log.len())));
        assert_eq!(commits(&log[..log.len() - 1]).len(), 20, "a torn commit is none");
    }
}
