//! What a statement finds, read row by row.

use rusqlite::types::FromSql;
use rusqlite::{Connection, Params, Row};

use crate::history::store::error::StoreError;
use crate::history::store::open::History;

impl History {
    /// All that a statement finds.
    pub(crate) fn rows<T, C: FromIterator<T>>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl FnMut(&Row<'_>) -> Result<T, StoreError>,
    ) -> Result<C, StoreError> {
        self.read(|connection| rows(connection, sql, params, read))
    }

    /// The first that a statement finds.
    pub(crate) fn first<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl FnMut(&Row<'_>) -> Result<T, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        self.read(|connection| first(connection, sql, params, read))
    }

    /// The one value of a statement that always finds one.
    pub(crate) fn value<T: FromSql>(&self, sql: &str, params: impl Params) -> Result<T, StoreError> {
        self.read(|connection| Ok(connection.prepare_cached(sql)?.query_row(params, |row| row.get(0))?))
    }
}

/// All that a statement finds.
pub(crate) fn rows<T, C: FromIterator<T>>(
    connection: &Connection,
    sql: &str,
    params: impl Params,
    read: impl FnMut(&Row<'_>) -> Result<T, StoreError>,
) -> Result<C, StoreError> {
    connection.prepare_cached(sql)?.query_and_then(params, read)?.collect()
}

/// The first that a statement finds.
pub(crate) fn first<T>(
    connection: &Connection,
    sql: &str,
    params: impl Params,
    read: impl FnMut(&Row<'_>) -> Result<T, StoreError>,
) -> Result<Option<T>, StoreError> {
    connection.prepare_cached(sql)?.query_and_then(params, read)?.next().transpose()
}
