//! The HTTP request of a webhook or a ping: its client, its certificates, and whether it arrived.

use std::path::{Path, PathBuf};

use reqwest::{Certificate, Client, RequestBuilder};
use url::Url;

use crate::alerts::error::NotifyError;
use crate::http_client;
use crate::http_client::{authorities, failure};

/// A client for this address.
pub(crate) fn client(url: &Url, ca_file: Option<&PathBuf>) -> Result<Client, NotifyError> {
    let authorities = ca_file.map(|path| authority(path)).transpose()?;
    http_client::client(url, authorities).build().map_err(|error| failed(url, error))
}

/// Sends a request; an answer of 2xx means that it arrived.
pub(crate) async fn send(url: &Url, request: RequestBuilder) -> Result<(), NotifyError> {
    let answer = request.send().await.map_err(|error| failed(url, error))?;
    let status = answer.status();
    if status.is_success() {
        return Ok(());
    }
    let redirected = if status.is_redirection() { "; redirects are not followed" } else { "" };
    Err(NotifyError::Failed { host: host(url), why: format!("answered {}{redirected}", status.as_u16()) })
}

/// All that may be shown of an address: a token stands in the path, the query or the user's name.
pub(crate) fn host(url: &Url) -> String {
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    format!("{}{port}", url.host_str().unwrap_or_default())
}

fn authority(path: &Path) -> Result<Vec<Certificate>, NotifyError> {
    let failed = |why: String| NotifyError::CaFile { path: path.to_owned(), why };
    let found = authorities(path).map_err(|error| failed(error.to_string()))?;
    if found.is_empty() { Err(failed("it holds no certificate".to_owned())) } else { Ok(found) }
}

fn failed(url: &Url, error: reqwest::Error) -> NotifyError {
    NotifyError::Failed { host: host(url), why: failure(error) }
}
