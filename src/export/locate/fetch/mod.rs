//! A vendor's report link: the export is fetched over https, kept, and read like any file.

pub(in crate::export) mod error;
mod kept_downloads;
pub(in crate::export::locate) mod paging_headers;
pub mod time_limits;
pub(in crate::export::locate) mod vendor_answer;
pub(in crate::export::locate) mod vendor_session;
pub mod vendor_sign_in;

use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::{DateTime, Utc};
use url::Url;

use crate::export::locate::fetch::error::FetchError;
use crate::export::locate::fetch::paging_headers::PagingHeaders;
use crate::export::locate::fetch::vendor_answer::VendorAnswer;
use crate::export::locate::fetch::vendor_session::{SessionOf, VendorSession};
use crate::export::locate::fetch::vendor_sign_in::LinkSecrets;

/// What a link needs beside its settings, and where the answer is kept.
#[derive(Clone, Copy)]
pub struct FetchRequest<'a> {
    /// Its secrets, read.
    pub secrets: &'a LinkSecrets,
    /// More than this is refused.
    pub max_bytes: u64,
    /// The folder that keeps what was fetched.
    pub folder: &'a Path,
    /// Whose it is: the beginning of its file name.
    pub name: &'a str,
    /// The clock.
    pub clock: &'a dyn Fn() -> DateTime<Utc>,
    /// Before the second try of a request; it doubles.
    pub pause: Duration,
}

/// What was fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// Where it is kept.
    pub path: PathBuf,
    /// What it says.
    pub bytes: Vec<u8>,
    /// When it was last modified: as the server says, else now.
    pub modified_at: DateTime<Utc>,
    /// What the server's headers say of pages.
    pub(in crate::export::locate) paging: PagingHeaders,
}

impl<'a> FetchRequest<'a> {
    /// What asks this address's host.
    pub(in crate::export::locate) fn session(&self, home: &'a Url) -> Result<VendorSession<'a>, FetchError> {
        let Self { secrets, name, clock, pause, .. } = *self;
        VendorSession::open(&SessionOf { home, secrets, name, clock, pause })
    }

    /// Keeps a file, as of this time.
    pub(in crate::export::locate) fn keep(
        &self,
        bytes: Vec<u8>,
        modified_at: Option<DateTime<Utc>>,
    ) -> Result<Fetched, FetchError> {
        let ending = kept_downloads::ending(&bytes);
        self.keep_as(ending, bytes, modified_at)
    }

    /// The same, of a kind that is known.
    pub(in crate::export::locate) fn keep_as(
        &self,
        ending: &str,
        bytes: Vec<u8>,
        modified_at: Option<DateTime<Utc>>,
    ) -> Result<Fetched, FetchError> {
        let now = (self.clock)();
        let modified_at = modified_at.filter(|modified| *modified <= now).unwrap_or(now);
        let path = kept_downloads::keep(self.folder, self.name, (&bytes, ending), now)
            .map_err(|error| FetchError::Keep { folder: self.folder.to_owned(), why: error.to_string() })?;
        Ok(Fetched { path, bytes, modified_at, paging: PagingHeaders::default() })
    }
}

/// Fetches the file, and keeps it. Tries again where that may help, and waits as long as the server says.
///
/// # Errors
/// If there is no whole file in the end.
pub async fn fetch(url: &Url, order: &FetchRequest<'_>) -> Result<Fetched, FetchError> {
    let answer = order.session(url)?.get(url, order.max_bytes, Ok::<VendorAnswer, _>).await?;
    Ok(Fetched { paging: answer.paging, ..order.keep(answer.bytes, answer.modified_at)? })
}

/// The link without what may be a secret in it.
pub fn shown(url: &Url) -> String {
    format!("{}{}", url.origin().ascii_serialization(), url.path())
}

#[cfg(test)]
mod tests;
