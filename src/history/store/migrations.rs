//! The schema's versions. A migration that was released is never edited.

use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, TransactionBehavior};

use crate::atomic_files::Replacement;
use crate::history::store::error::StoreError;

/// Every migration there is; the n-th leads to version n.
pub(crate) const MIGRATIONS: &[&str] = &[
    include_str!("migrations/0001_runs.sql"),
    include_str!("migrations/0002_journal.sql"),
    include_str!("migrations/0003_decisions.sql"),
    include_str!("migrations/0004_chained_decisions.sql"),
    include_str!("migrations/0005_items.sql"),
    include_str!("migrations/0006_alerts.sql"),
    include_str!("migrations/0007_tickets.sql"),
    include_str!("migrations/0008_owned_lines.sql"),
    include_str!("migrations/0009_accepted_counts.sql"),
    include_str!("migrations/0010_answers.sql"),
    include_str!("migrations/0011_zone.sql"),
    include_str!("migrations/0012_people.sql"),
    include_str!("migrations/0013_desk_events.sql"),
    include_str!("migrations/0014_export_files.sql"),
    include_str!("migrations/0015_ticket_places.sql"),
    include_str!("migrations/0016_file_versions.sql"),
    include_str!("migrations/0017_identity.sql"),
    include_str!("migrations/0018_waits.sql"),
    include_str!("migrations/0019_sites.sql"),
    include_str!("migrations/0020_named.sql"),
    include_str!("migrations/0021_tenant_roles.sql"),
    include_str!("migrations/0022_guards.sql"),
    include_str!("migrations/0023_ticket_told.sql"),
    include_str!("migrations/0024_first_billed.sql"),
    include_str!("migrations/0025_changed_at.sql"),
    include_str!("migrations/0026_names_on_lines.sql"),
    include_str!("migrations/0027_counts_of_runs.sql"),
    include_str!("migrations/0028_billed_units.sql"),
    include_str!("migrations/0029_edited.sql"),
    include_str!("migrations/0030_set_back.sql"),
    include_str!("migrations/0031_invoice_days.sql"),
    include_str!("migrations/0032_export_counts.sql"),
];

/// `reco`: tells our database from anybody else's.
pub(crate) const APPLICATION_ID: i64 = 0x7265_636F;

/// Brings a database to the newest version, in one transaction. Before it touches one that holds something, it puts a
/// copy beside it: `history.db.before-vN`.
pub(crate) fn migrate(connection: &mut Connection, database: &Path, migrations: &[&str]) -> Result<(), StoreError> {
    let known = known(migrations);
    let found = version(connection)?;
    if found >= known {
        return Ok(());
    }
    if found > 0 {
        copy(connection, database, known)?;
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let applied = usize::try_from(version(&transaction)?).unwrap_or(usize::MAX);
    for migration in migrations.iter().skip(applied) {
        transaction.execute_batch(migration)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", known)?;
    transaction.commit()?;
    Ok(())
}

/// The version that these migrations lead to.
pub(crate) fn known(migrations: &[&str]) -> i64 {
    i64::try_from(migrations.len()).unwrap_or(i64::MAX)
}

/// The version of a database; 0 before its first migration.
pub(crate) fn version(connection: &Connection) -> Result<i64, StoreError> {
    Ok(connection.pragma_query_value(None, "user_version", |row| row.get(0))?)
}

/// Whose database it is; 0 if nobody says so.
pub(crate) fn application_id(connection: &Connection) -> Result<i64, StoreError> {
    Ok(connection.pragma_query_value(None, "application_id", |row| row.get(0))?)
}

fn copy(connection: &Connection, database: &Path, next: i64) -> Result<(), StoreError> {
    copy_into(connection, &beside(database, &format!(".before-v{next}")))
}

/// The database in one piece, without its log, in a file for its owner alone.
pub(crate) fn copy_into(connection: &Connection, file: &Path) -> Result<(), StoreError> {
    let failed = |error| StoreError::file(file, error);
    let new = Replacement::of(file).map_err(failed)?;
    // The connection follows no link, and the way to the folder may have one: /var/lib/recount is one to a dynamic user.
    let part = fs::canonicalize(new.part()).map_err(failed)?;
    connection.execute("VACUUM INTO ?1", [part.to_string_lossy()])?;
    new.put_in_place().map_err(failed)
}

fn beside(database: &Path, suffix: &str) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}
