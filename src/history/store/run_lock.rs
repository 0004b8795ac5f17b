//! One run per state folder, by a lock that the kernel drops with the process.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::{fs, io, process};

use chrono::{DateTime, SecondsFormat, Utc};

use crate::history::store::state_folder::{create_private_dir, dangling_link};

/// The right to run, and to write to ConnectWise. It ends with this value, or with the process, however that ends;
/// there is no stale lock to be removed by hand.
#[derive(Debug)]
pub struct RunLock {
    directory: File,
    pid_file: PathBuf,
}

/// Why there is no lock.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "its messages say it")]
pub enum LockError {
    #[error("another run holds the lock{}", holder(*.pid, *.since))]
    Held { pid: Option<u32>, since: Option<DateTime<Utc>> },
    #[error("the state folder is not there: {link} is a link that leads to nothing")]
    Unmounted { link: PathBuf },
    #[error("the state folder {path} cannot be locked")]
    Io { path: PathBuf, source: io::Error },
}

impl RunLock {
    /// Takes the lock of a state folder, which is created with mode 0700 if it is not there. Never waits.
    ///
    /// The lock is on the folder itself: deleting a file in it does not let a second run in.
    ///
    /// # Errors
    /// [`LockError::Held`] while another run has it.
    pub fn take(state: &Path, now: DateTime<Utc>) -> Result<Self, LockError> {
        let failed = |source| LockError::Io { path: state.to_owned(), source };
        if state.is_file() {
            let why = "it is a file; `state` names a folder";
            return Err(failed(io::Error::new(io::ErrorKind::NotADirectory, why)));
        }
        if let Some(link) = dangling_link(state) {
            return Err(LockError::Unmounted { link });
        }
        create_private_dir(state).map_err(failed)?;
        let directory = File::open(state).map_err(failed)?;
        let pid_file = state.join(PID_FILE);
        match directory.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(held(&pid_file)),
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
        // It only serves the message to a second run. If the disk is full, the history says so next, and better.
        let text = format!("{} {}\n", process::id(), now.to_rfc3339_opts(SecondsFormat::Secs, true));
        let _ = write_unlinked(&pid_file, &text);
        Ok(Self { directory, pid_file })
    }
}

impl RunLock {
    /// Who holds the lock of a state folder right now: `process 12, since …`; `None` if nobody does.
    pub fn holder(state: &Path) -> Option<String> {
        let pid_file = state.join(PID_FILE);
        // Without the file nobody runs, so that asking does not get in the way of a run that begins.
        if !pid_file.exists() {
            return None;
        }
        let directory = File::open(state).ok()?;
        match directory.try_lock_shared() {
            Err(TryLockError::WouldBlock) => match held(&pid_file) {
                LockError::Held { pid, since } => Some(holder(pid, since).trim_matches([' ', '(', ')']).to_owned()),
                LockError::Unmounted { .. } | LockError::Io { .. } => None,
            },
            _ => None,
        }
    }
}

/// Names the holder of the lock: `PID START`.
const PID_FILE: &str = "run.pid";

impl Drop for RunLock {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.pid_file);
        // Unlocked by name, not only by closing: a child that is just being started may still share the handle.
        let _ = self.directory.unlock();
    }
}

/// Writes a small file whole, and never through a link.
fn write_unlinked(path: &Path, text: &str) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600).custom_flags(libc::O_NOFOLLOW);
    options.open(path)?.write_all(text.as_bytes())
}

fn held(pid_file: &Path) -> LockError {
    let text = fs::read_to_string(pid_file).unwrap_or_default();
    let mut words = text.split_whitespace();
    LockError::Held {
        pid: words.next().and_then(|word| word.parse().ok()),
        since: words.next().and_then(|word| word.parse().ok()),
    }
}

fn holder(pid: Option<u32>, since: Option<DateTime<Utc>>) -> String {
    match (pid, since) {
        (Some(pid), Some(since)) => {
            format!(" (process {pid}, since {})", since.to_rfc3339_opts(SecondsFormat::Secs, true))
        }
        (Some(pid), None) => format!(" (process {pid})"),
        (None, _) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader, Read};
    use std::os::unix::fs::PermissionsExt;
    use std::process::{Command, Stdio};

    use super::*;

    const STATE: &str = "held-by-another-process";

    fn noon() -> DateTime<Utc> {
        "2026-03-04T12:00:00Z".parse().unwrap()
    }

    #[test]
    fn a_second_run_is_told_who_holds_the_lock_and_gets_it_afterwards() {
        let dir = tempfile::tempdir().unwrap();
        let state = dir.path().join("state");
        let first = RunLock::take(&state, noon()).unwrap();

        let refusal = RunLock::take(&state, noon()).unwrap_err();
        let said = refusal.to_string();
        assert_eq!(said, format!("another run holds the lock (process {}, since 2026-03-04T12:00:00Z)", process::id()));

        drop(first);
        assert!(RunLock::take(&state, noon()).is_ok());
    }

    #[test]
    fn deleting_files_does_not_let_a_second_run_in() {
        let dir = tempfile::tempdir().unwrap();
        let _first = RunLock::take(dir.path(), noon()).unwrap();
        fs::remove_file(dir.path().join(PID_FILE)).unwrap();

        let refusal = RunLock::take(dir.path(), noon()).unwrap_err();
        assert!(matches!(refusal, LockError::Held { pid: None, since: None }), "{refusal}");
        assert_eq!(refusal.to_string(), "another run holds the lock");
    }

    #[test]
    fn nobody_else_can_look_into_the_state_folder() {
        let dir = tempfile::tempdir().unwrap();
        let state = dir.path().join("a/state");
        let _lock = RunLock::take(&state, noon()).unwrap();
        assert_eq!(fs::metadata(&state).unwrap().permissions().mode() & 0o777, 0o700);
    }

    /// Otherwise whoever shares the folder decides which history the guards compare with, and into which file we write.
    #[test]
    fn a_folder_that_others_may_write_in_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        for mode in [0o770, 0o777, 0o1777, 0o702] {
            fs::set_permissions(dir.path(), fs::Permissions::from_mode(mode)).unwrap();
            let Err(LockError::Io { source, .. }) = RunLock::take(dir.path(), noon()) else { panic!("{mode:o}") };
            assert!(source.to_string().contains("others may write in it"), "{source}");
        }
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let elsewhere = dir.path().join("elsewhere");
        fs::write(&elsewhere, "mine").unwrap();
        std::os::unix::fs::symlink(&elsewhere, dir.path().join(PID_FILE)).unwrap();
        drop(RunLock::take(dir.path(), noon()).unwrap());
        assert_eq!(fs::read(&elsewhere).unwrap(), b"mine", "a link is not written through");
    }

    #[test]
    fn a_state_path_that_is_a_file_is_an_error_and_not_a_lock() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("state");
        fs::write(&file, "").unwrap();
        let Err(LockError::Io { source, .. }) = RunLock::take(&file, noon()) else { panic!("it is no folder") };
        assert_eq!(source.to_string(), "it is a file; `state` names a folder");
    }

    #[test]
    fn a_killed_run_leaves_no_lock_behind() {
        let dir = tempfile::tempdir().unwrap();
        let state = dir.path().join(STATE);
        fs::create_dir(&state).unwrap();
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "history::store::run_lock::tests::the_other_process", "--ignored", "--nocapture"])
            .current_dir(dir.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        assert!(lines.any(|line| line.unwrap().contains("lock taken")), "the other process got no lock");

        let refusal = RunLock::take(&state, noon()).unwrap_err();
        assert!(matches!(refusal, LockError::Held { pid: Some(pid), .. } if pid == child.id()), "{refusal}");

        child.kill().unwrap();
        child.wait().unwrap();
        assert!(RunLock::take(&state, noon()).is_ok());
    }

    #[test]
    #[ignore = "the other process of the test above; does nothing by itself"]
    fn the_other_process() {
        if !Path::new(STATE).is_dir() {
            return;
        }
        let _lock = RunLock::take(Path::new(STATE), noon()).unwrap();
        println!("lock taken");
        let _ = io::stdin().read_to_end(&mut Vec::new());
    }
}
