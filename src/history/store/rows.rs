//! Statements that stand alone: what one finds, read row by row, and what one changes.

use rusqlite::types::FromSql;
use rusqlite::{Connection, Params, Row};

use crate::history::store::error::StoreError;
use crate::history::store::open::History;

impl History {
    /// All that a statement finds.
    pub(in crate::history) fn rows<T, C: FromIterator<T>>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl FnMut(&Row<'_>) -> Result<T, StoreError>,
    ) -> Result<C, StoreError> {
        self.read(|connection| rows(connection, sql, params, read))
    }

    /// The first that a statement finds.
    pub(in crate::history) fn first<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl FnMut(&Row<'_>) -> Result<T, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        self.read(|connection| first(connection, sql, params, read))
    }

    /// Carries out one statement; how many rows it changed.
    pub(in crate::history) fn execute(&mut self, sql: &str, params: impl Params) -> Result<usize, StoreError> {
        self.write(|transaction| Ok(transaction.prepare_cached(sql)?.execute(params)?))
    }

    /// The one value of a statement that always finds one.
    pub(in crate::history) fn value<T: FromSql>(&self, sql: &str, params: impl Params) -> Result<T, StoreError> {
        self.read(|connection| Ok(connection.prepare_cached(sql)?.query_row(params, |row| row.get(0))?))
    }
}

/// All that a statement finds.
pub(in crate::history) fn rows<T, C: FromIterator<T>>(
    connection: &Connection,
    sql: &str,
    params: impl Params,
    read: impl FnMut(&Row<'_>) -> Result<T, StoreError>,
) -> Result<C, StoreError> {
    connection.prepare_cached(sql)?.query_and_then(params, read)?.collect()
}

/// The first that a statement finds.
pub(in crate::history) fn first<T>(
    connection: &Connection,
    sql: &str,
    params: impl Params,
    read: impl FnMut(&Row<'_>) -> Result<T, StoreError>,
) -> Result<Option<T>, StoreError> {
    connection.prepare_cached(sql)?.query_and_then(params, read)?.next().transpose()
}
