//! Where copies go, as the configuration says it.

use std::path::PathBuf;
use std::time::Duration;

use url::Url;

use crate::export::locate::place_settings::{AzurePlace, S3Place};

/// `replicate`, with `[replication]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplicaSettings {
    /// As it is written.
    pub shown: String,
    /// Whom to ask.
    pub place: ReplicaPlace,
    /// What stands before each name there, without slashes at its ends; may be empty.
    pub prefix: String,
    /// How long the lease holds after it was renewed.
    pub lease: Duration,
}

/// Whom to ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReplicaPlace {
    /// S3, or a store that speaks as it does.
    S3(S3Place),
    /// Azure Blob Storage.
    Azure(AzurePlace),
    /// A folder that several hosts see, and on which locks hold.
    Folder(PathBuf),
}

impl ReplicaSettings {
    /// The one place that is meant, however it is written: two installations that name the same share a history.
    #[must_use]
    pub fn address(&self) -> String {
        let served = |endpoint: &Option<Url>, usual: &str| {
            endpoint.as_ref().map_or(usual, Url::as_str).trim_end_matches('/').to_owned()
        };
        let place = match &self.place {
            ReplicaPlace::S3(s3) => format!("s3 {} {}", served(&s3.endpoint, ""), s3.bucket),
            ReplicaPlace::Azure(azure) => {
                format!("az {} {}", served(&azure.endpoint, &azure.account), azure.container)
            }
            ReplicaPlace::Folder(folder) => format!("file {}", folder.display()),
        };
        format!("{place}/{}", self.prefix)
    }
}
