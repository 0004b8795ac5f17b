//! Reads tonight's export, with the secrets of its link.

use std::path::Path;

use chrono::{DateTime, Utc};

use crate::config::secrets;
use crate::config::secrets::SecretError;
use crate::export::error::ExportError;
use crate::export::locate::file::Export;
use crate::export::locate::obtain::{Way, obtain};
use crate::export::settings::{ExportLocation, ExportSettings};
use crate::reconcile::model::ids::IntegrationName;

/// Why there is no export tonight.
#[derive(Debug, thiserror::Error)]
pub enum ReadExportError {
    /// A secret of its link.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// Everything else.
    #[error(transparent)]
    Export(#[from] ExportError),
}

/// Reads an integration's export; `fetched` is the folder that keeps what comes from a link.
///
/// # Errors
/// A secret that is not there, or whatever makes the export no sound ground for a bill.
pub async fn read_export(
    settings: &ExportSettings,
    integration: &IntegrationName,
    fetched: &Path,
    clock: &dyn Fn() -> DateTime<Utc>,
) -> Result<Export, ReadExportError> {
    let headers = match &settings.source {
        ExportLocation::Url(link) => secrets::headers(link)?,
        ExportLocation::Path(_) | ExportLocation::Stdin => Vec::new(),
    };
    let way = Way { headers: &headers, folder: fetched, name: integration.as_str(), clock };
    Ok(obtain(settings, &way).await?)
}
