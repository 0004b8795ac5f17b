//! What an export looks like.

use std::path::PathBuf;

use crate::reconcile::counts::ColumnNames;
use crate::reconcile::counts::Duplicates;

/// `[integration.NAME.export]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportSettings {
    /// A pattern; its newest match is read. Already joined to the configuration's folder.
    pub path: PathBuf,
    /// What stands between two cells. Default a comma.
    pub delimiter: u8,
    /// The names of the three columns.
    pub columns: ColumnNames,
    /// What several rows of one customer and service mean.
    pub duplicates: Duplicates,
    /// Bytes above which a file is refused. Default 64 MiB.
    pub max_bytes: u64,
    /// Rows of data above which a file is refused. Default 1,000,000.
    pub max_rows: usize,
}

/// 64 MiB: a million rows of ordinary length. A larger file is the wrong file, and is not read into memory.
pub const MAX_BYTES: u64 = 64 * 1024 * 1024;
/// A million rows are the devices of the largest provider there is.
pub const MAX_ROWS: usize = 1_000_000;

impl ExportSettings {
    /// The defaults of the contract for a file with these columns.
    pub fn new(path: PathBuf, columns: ColumnNames) -> Self {
        Self { path, delimiter: b',', columns, duplicates: Duplicates::Error, max_bytes: MAX_BYTES, max_rows: MAX_ROWS }
    }
}
