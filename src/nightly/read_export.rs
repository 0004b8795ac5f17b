//! Reads tonight's export, with the secrets of its link.

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Utc};

use crate::config::secrets;
use crate::config::secrets::SecretError;
use crate::export::error::ExportError;
use crate::export::locate::fetch::FetchRequest;
use crate::export::locate::fetch::time_limits::PAUSE;
use crate::export::locate::fetch::vendor_sign_in::LinkSecrets;
use crate::export::locate::one_file::Export;
use crate::export::locate::tonights_export::obtain;
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

/// A delivery on which two plans are drawn, with the mapping as it is and as it would be: it is read once, as a vendor who is
/// asked twice may answer twice.
#[derive(Debug, Default)]
pub struct SharedExport(Mutex<Option<(ExportSettings, Export)>>);

impl SharedExport {
    /// What was read for another plan, by the same settings. It is there once.
    pub(super) fn take(&self, settings: &ExportSettings) -> Option<Export> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner).take()?;
        (known.0 == *settings).then_some(known.1)
    }

    /// Leaves it for another plan.
    pub(super) fn leave(&self, settings: &ExportSettings, export: &Export) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((settings.clone(), export.clone()));
    }
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
    let secrets = match &settings.source {
        ExportLocation::Url(link) => secrets::of_link(link)?,
        ExportLocation::Place(place) => secrets::of_place(place)?,
        ExportLocation::Path(_) | ExportLocation::Stdin => LinkSecrets::default(),
    };
    let (max_bytes, name) = (settings.layout.max_bytes, integration.as_str());
    let order = FetchRequest { secrets: &secrets, max_bytes, folder: fetched, name, clock, pause: PAUSE };
    Ok(obtain(settings, &order).await?)
}
