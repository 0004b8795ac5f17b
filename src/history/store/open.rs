//! The history's file: found, checked, brought up to date. Never silently an empty one.

use std::fs::{OpenOptions, Permissions};
use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{fs, io};

use chrono::{DateTime, Utc};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};

use crate::atomic_files::sync_folder;
use crate::history::store::column_values::time_text;
use crate::history::store::error::StoreError;
use crate::history::store::history_head::forget;
use crate::history::store::migrations;
use crate::history::store::migrations::MIGRATIONS;
use crate::history::store::state_folder::{create_private_dir, dangling_link, owners_alone};
use crate::reconcile::model::ids::RunId;

/// What recount did so far: runs, plans, lines, findings, and the journal of writes.
#[derive(Debug)]
pub struct History {
    pub(crate) connection: Connection,
    /// The folder it lies in.
    pub(crate) state: PathBuf,
    /// The run that this process is in.
    pub(crate) current: Option<RunId>,
}

impl History {
    /// Opens the history of a state folder for a run, under its lock: creates it on first use, checks it, and brings it
    /// up to this version, keeping a copy of the older one.
    ///
    /// # Errors
    /// Above all [`StoreError::Gone`]: a history that was there before is never replaced by an empty one.
    pub fn open(state: &Path, now: DateTime<Utc>) -> Result<Self, StoreError> {
        let files = Files::of(state);
        create_private_dir(state).map_err(|error| StoreError::file(state, error))?;
        if files.is_marked()? && files.is_empty()? {
            return Err(files.gone());
        }
        files.create_database()?;
        let mut connection = connect(&files.database, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        if files.version(&connection)?.is_none() && files.is_marked()? {
            return Err(files.gone());
        }
        if files.version(&connection)?.is_none() {
            // Only a database without a table takes it: what is pruned later goes back to the system.
            connection.pragma_update(None, "auto_vacuum", INCREMENTAL)?;
        }
        connection.pragma_update(None, "journal_mode", "WAL")?;
        quick_check(&connection)?;
        migrations::migrate(&mut connection, &files.database, MIGRATIONS)?;
        files.mark(&connection, now)?;
        let history = Self { connection, state: state.to_owned(), current: None };
        history.is_newest()?;
        Ok(history)
    }

    /// Opens the history of a state folder for reading; `None` when there never was one.
    ///
    /// # Errors
    /// Like [`History::open`]; and [`StoreError::Older`], since reading does not upgrade.
    pub fn open_existing(state: &Path) -> Result<Option<Self>, StoreError> {
        let files = Files::of(state);
        if let Some(link) = dangling_link(state) {
            return Err(StoreError::Unmounted { link });
        }
        if state.is_dir() {
            shared(owners_alone(state), state)?;
        }
        if files.is_empty()? {
            return if files.is_marked()? { Err(files.gone()) } else { Ok(None) };
        }
        let connection = connect(&files.database, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        let known = migrations::known(MIGRATIONS);
        match files.version(&connection)? {
            None if files.is_marked()? => Err(files.gone()),
            None => Ok(None),
            Some(found) if found < known => Err(StoreError::Older { found, known }),
            Some(_) => Ok(Some(Self { connection, state: state.to_owned(), current: None })),
        }
    }

    /// Opens the history of a state folder to write beside a run: people, sessions and events of the desk. `None` when
    /// there never was one.
    pub fn open_beside(state: &Path) -> Result<Option<Self>, StoreError> {
        let Some(found) = Self::open_existing(state)? else { return Ok(None) };
        let connection = connect(&Files::of(state).database, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        Ok(Some(Self { connection, ..found }))
    }

    /// Opens a copy of a history for reading, wherever it lies.
    ///
    /// # Errors
    /// [`StoreError::Foreign`] when it is none.
    pub fn copy_at(file: &Path) -> Result<Self, StoreError> {
        fs::metadata(file).map_err(|error| StoreError::file(file, error))?;
        let state = file.parent().unwrap_or(Path::new("")).to_owned();
        let files = Files { state: state.clone(), database: file.to_owned(), marker: state.join("history.created") };
        let folder = if state.as_os_str().is_empty() { Path::new(".") } else { state.as_path() };
        let connection = connect(&folder.join(file.file_name().unwrap_or_default()), OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        match files.version(&connection)? {
            Some(_) => Ok(Self { connection, state, current: None }),
            None => Err(StoreError::Foreign { path: file.to_owned() }),
        }
    }

    /// Looks whether the database is sound.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] says what SQLite found.
    pub fn check(&self) -> Result<(), StoreError> {
        quick_check(&self.connection)
    }

    /// Reads one state of the history, whatever a run writes meanwhile.
    pub(crate) fn read<T>(&self, body: impl FnOnce(&Connection) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let snapshot = self.connection.unchecked_transaction()?;
        body(&snapshot)
    }

    /// Writes all or nothing. When it returns, it is on the disk.
    pub(crate) fn write<T>(
        &mut self,
        body: impl FnOnce(&Transaction<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        // IMMEDIATE: a deferred one that reads first fails at once when it meets another writer, without waiting.
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let value = body(&transaction)?;
        transaction.commit()?;
        Ok(value)
    }
}

/// Whether the folder is its owner's alone.
fn shared(looked: io::Result<()>, state: &Path) -> Result<(), StoreError> {
    looked.map_err(|error| StoreError::Shared(format!("{}: {error}", state.display()).into()))
}

/// `PRAGMA auto_vacuum`: pages are given back when they are asked for.
pub(crate) const INCREMENTAL: i64 = 2;

/// How long another program may keep the database before it counts as busy.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// A run uses some forty statements, most of them for every line it writes.
const STATEMENTS_KEPT: usize = 64;
/// What is left of a grown write-ahead log.
const WAL_BYTES_KEPT: i64 = 64 * 1024 * 1024;

pub(crate) fn connect(database: &Path, mode: OpenFlags) -> Result<Connection, StoreError> {
    // The folder may be reached by links, but no file in it is one: SQLite refuses any link in the name that it is given.
    let folder = database.parent().unwrap_or(Path::new("."));
    let folder = fs::canonicalize(folder).map_err(|error| StoreError::file(folder, error))?;
    let database = folder.join(database.file_name().unwrap_or_default());
    let mode = mode | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    let connection = Connection::open_with_flags(database, mode)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
    // Else SQLite draws a statement's plan anew each time its parameters change, which costs more than it gains here.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    // In WAL mode only FULL keeps the last commits through a power cut, and an intent has to survive one.
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    connection.pragma_update(None, "journal_size_limit", WAL_BYTES_KEPT)?;
    Ok(connection)
}

fn quick_check(connection: &Connection) -> Result<(), StoreError> {
    let detail: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if detail == "ok" { Ok(()) } else { Err(StoreError::Corrupt { detail }) }
}

/// The files of the history in a state folder.
struct Files {
    state: PathBuf,
    database: PathBuf,
    /// Says that there is a database. Without it nobody could tell a lost history from a first run.
    marker: PathBuf,
}

impl Files {
    fn of(state: &Path) -> Self {
        let marker = state.join("history.created");
        Self { state: state.to_owned(), database: state.join("history.db"), marker }
    }

    fn gone(&self) -> StoreError {
        StoreError::Gone { path: self.database.clone() }
    }

    fn is_marked(&self) -> Result<bool, StoreError> {
        self.marker.try_exists().map_err(|error| StoreError::file(&self.marker, error))
    }

    /// Whether no byte of a database is there.
    fn is_empty(&self) -> Result<bool, StoreError> {
        match fs::metadata(&self.database) {
            Ok(metadata) => Ok(metadata.len() == 0),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
            Err(error) => Err(StoreError::file(&self.database, error)),
        }
    }

    /// Creates the file before SQLite does, so that nobody else may ever read it. An existing one is not opened: to
    /// close it would drop the locks that this process has on it.
    fn create_database(&self) -> Result<(), StoreError> {
        let created = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&self.database);
        match created {
            Ok(_) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => self.make_private(),
            Err(error) => Err(StoreError::file(&self.database, error)),
        }
    }

    fn make_private(&self) -> Result<(), StoreError> {
        let failed = |error| StoreError::file(&self.database, error);
        let metadata = fs::symlink_metadata(&self.database).map_err(failed)?;
        if metadata.is_symlink() {
            return Err(failed(io::Error::other("it is a link; put the file itself there")));
        }
        if metadata.permissions().mode() & 0o077 == 0 {
            return Ok(());
        }
        fs::set_permissions(&self.database, Permissions::from_mode(0o600)).map_err(failed)
    }

    /// The version of our database; `None` if it has no content yet.
    fn version(&self, connection: &Connection) -> Result<Option<i64>, StoreError> {
        let application = migrations::application_id(connection)?;
        let found = migrations::version(connection)?;
        let objects: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
        let known = migrations::known(MIGRATIONS);
        match (application, found, objects) {
            (0, 0, 0) => Ok(None),
            (migrations::APPLICATION_ID, 1.., 1..) if found > known => Err(StoreError::Newer { found, known }),
            (migrations::APPLICATION_ID, 1.., 1..) => Ok(Some(found)),
            _ => Err(StoreError::Foreign { path: self.database.clone() }),
        }
    }

    /// Notes that there is a history from now on, once that is safely on the disk.
    fn mark(&self, connection: &Connection, now: DateTime<Utc>) -> Result<(), StoreError> {
        if self.is_marked()? {
            return Ok(());
        }
        connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        // Who begins anew removes the marker; the head of the old history would stop them.
        forget(&self.state)?;
        self.sync_folder()?;
        let mut new = OpenOptions::new();
        new.write(true).create(true).truncate(true).mode(0o600).custom_flags(libc::O_NOFOLLOW);
        let written = new.open(&self.marker).and_then(|mut marker| {
            writeln!(marker, "{}", time_text(now))?;
            marker.sync_all()
        });
        written.map_err(|error| StoreError::file(&self.marker, error))?;
        self.sync_folder()
    }

    fn sync_folder(&self) -> Result<(), StoreError> {
        sync_folder(&self.state).map_err(|error| StoreError::file(&self.state, error))
    }
}

/// Whether there is a sound history of this version.
pub(crate) fn is_readable(database: &Path) -> Result<bool, StoreError> {
    let history = History::copy_at(database)?;
    history.check()?;
    Ok(migrations::version(&history.connection)? == migrations::known(MIGRATIONS))
}
