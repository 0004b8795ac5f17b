//! `recount backup FILE` and `recount restore FILE`: the history as one file.

use std::path::{Path, PathBuf};

use chrono::NaiveDate;
use clap::Args;
use serde::Serialize;

use crate::cli::arguments::global_options::Global;
use crate::cli::console::Console;
use crate::cli::error::CommandError;
use crate::cli::wiring::replication::Replica;
use crate::cli::wiring::{configured_health, keep_report, outdated_history};
use crate::cli::{clock, session};
use crate::error_chain::error_chain;
use crate::history::backup::RestoredHistory;
use crate::history::desk::people_kept_by_restore::PeopleOf;
use crate::history::past::days_kept_by_restore::KeptDays;
use crate::history::store::error::StoreError;
use crate::history::store::open::History;
use crate::history::store::run_lock::RunLock;
use crate::report::exit_codes::Exit;

/// Arguments of `backup`.
#[derive(Debug, Args)]
pub(crate) struct BackupOptions {
    /// Where it is written; it must not be there yet
    file: PathBuf,
}

/// Arguments of `restore`.
#[derive(Debug, Args)]
pub(crate) struct RestoreOptions {
    /// What `recount backup` wrote
    file: PathBuf,
}

#[derive(Serialize)]
struct Document<'a> {
    file: &'a Path,
    /// The journal's head in it.
    head: &'a str,
    last_run: Option<i64>,
    set_aside: Option<&'a Path>,
    /// Of `restore`: whose people it has, `what-stood` or `copy`.
    #[serde(skip_serializing_if = "Option::is_none")]
    people: Option<&'static str>,
    /// Of `restore`: the first and the last day whose counts are kept from what stood there.
    #[serde(skip_serializing_if = "Option::is_none")]
    days_kept: Option<(NaiveDate, NaiveDate)>,
    /// Of `restore`: the first and the last day whose counts nobody knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    days_unknown: Option<(NaiveDate, NaiveDate)>,
}

pub(crate) fn backup(global: &Global, options: &BackupOptions, console: &Console) -> Exit {
    let file = &options.file;
    let BackedUp { last_run, head, exit } = match back_up(global, file, console) {
        Err(error) => return error.tell(console),
        Ok(done) => done,
    };
    match console.json {
        true => {
            let (set_aside, people, days_kept, days_unknown) = Default::default();
            let head = &head;
            console.document(exit, &Document { file, head, last_run, set_aside, people, days_kept, days_unknown });
        }
        false => {
            let until = last_run.map_or("no run yet".to_owned(), |run| format!("up to run {run}"));
            console.print(&format!("the history, {until}, is in {}\nhead {head}\n", file.display()));
        }
    }
    exit
}

struct BackedUp {
    last_run: Option<i64>,
    head: String,
    /// Whether the history can be believed.
    exit: Exit,
}

fn back_up(global: &Global, file: &Path, console: &Console) -> Result<BackedUp, CommandError> {
    let config = session::configuration(global)?;
    if file.as_os_str() == "-" {
        let fix = "name a file: recount backup FILE";
        return Err(CommandError::new(Exit::Usage, "a history is not written to standard output", fix));
    }
    if file.symlink_metadata().is_ok() {
        let message = format!("{} is there already", file.display());
        return Err(CommandError::new(Exit::Usage, message, "name a file that is not there yet"));
    }
    let history = session::existing_history(&config.state)?;
    let exit = outdated_history::told_beside(&config, &history, console);
    history.back_up(file)?;
    let copied = History::copy_at(file)?;
    copied.check()?;
    let chain = copied.verify_journal()?;
    let last_run = copied.runs(1)?.first().map(|run| run.run.0);
    Ok(BackedUp { last_run, head: chain.head, exit })
}

pub(crate) fn restore(global: &Global, options: &RestoreOptions, console: &Console) -> Exit {
    let file = &options.file;
    match put_back(global, file) {
        Err(error) => return error.tell(console),
        Ok(restored) if console.json => {
            let RestoredHistory { last_run, head, set_aside, people, days } = &restored;
            let (last_run, set_aside, people) = (*last_run, set_aside.as_deref(), Some(people.as_str()));
            let KeptDays { kept: days_kept, unknown: days_unknown } = *days;
            console
                .document(Exit::Done, &Document { file, head, last_run, set_aside, people, days_kept, days_unknown });
        }
        Ok(restored) => console.print(&said(file, &restored)),
    }
    Exit::Done
}

fn said(file: &Path, restored: &RestoredHistory) -> String {
    let RestoredHistory { last_run, head, set_aside, people, days } = restored;
    let until = last_run.map_or("no run yet".to_owned(), |run| format!("up to run {run}"));
    let aside = set_aside.as_ref().map(|aside| format!("what stood there is in {}\n", aside.display()));
    let people = match people {
        PeopleOf::WhatStood => "people, and what was done on the desk, are those of what stood there",
        PeopleOf::TheCopy => {
            "people are those of the backup: who was removed or locked since may sign in again: recount users"
        }
    };
    format!(
        "the history is that of {}, {until}\n{}{people}; everybody signs in anew\n{}head {head}\n\nNext: recount plan: what was \
         written since is held as changed by somebody else, and steps that were accepted are asked anew\n",
        file.display(),
        aside.unwrap_or_default(),
        of_days(days)
    )
}

fn of_days(days: &KeptDays) -> String {
    let kept = days.kept.map(|(first, last)| {
        format!("what was counted from {first} to {last} is kept from what stood there, for peaks and averages\n")
    });
    let unknown = days.unknown.map(|(first, last)| {
        format!(
            "what was counted from {first} to {last} is not known: peaks and averages of that time may come to less than was \
             used, and each night of their period says so\n"
        )
    });
    kept.into_iter().chain(unknown).collect()
}

fn put_back(global: &Global, file: &Path) -> Result<RestoredHistory, CommandError> {
    let config = session::configuration(global)?;
    let lock = RunLock::take(&config.state, clock::now())?;
    // SQLite follows no link in a name, and whoever typed this one may mean what it leads to.
    let file = &std::fs::canonicalize(file).unwrap_or_else(|_| file.to_owned());
    // Before the lease: what cannot be put back makes this host no writer.
    sound_copy(file)?;
    let replica = config.replica.as_ref().map(|settings| Replica::of_lease(&config, settings)).transpose()?;
    let restored = History::restore(&lock, &config.state, file, PeopleOf::WhatStood, clock::now())?;
    // A copy that a host takes over from is the newest there is; this one may be of any day.
    let mut history = History::open(&config.state, clock::now())?;
    history.ask_anew(&lock)?;
    // Numbers and pages are of what stood there.
    configured_health::keep(&config, &history);
    keep_report::keep_overviews(&config);
    if let Some(replica) = replica {
        // Else a newer copy would take its place again.
        let copied = replica.copy(&config, &history);
        copied.map_err(|why| not_copied(file, &why.why))?;
    }
    Ok(restored)
}

/// Whatever is wrong with what was named is no fault of the history that is in use.
fn sound_copy(file: &Path) -> Result<(), CommandError> {
    let error = match History::copy_at(file).and_then(|copy| copy.check()) {
        Ok(()) => return Ok(()),
        Err(error @ StoreError::Newer { .. }) => return Err(error.into()),
        Err(StoreError::Corrupt { detail }) => detail,
        Err(StoreError::Foreign { .. }) => "it is empty, or another program's".to_owned(),
        Err(_) if file.is_dir() => "it is a folder".to_owned(),
        Err(error) => error_chain(&error),
    };
    let message = format!("{} is no sound copy of a history: {error}", file.display());
    Err(CommandError::new(Exit::Store, message, "name a file that `recount backup` wrote"))
}

fn not_copied(file: &Path, why: &str) -> CommandError {
    let message = format!(
        "the history is that of {}, but it was not copied, and the next command takes the newest copy instead: {why}",
        file.display()
    );
    let fix = "restore it once more when the store answers: recount check";
    CommandError { written: "the history was put back", ..CommandError::new(Exit::Store, message, fix) }
}
