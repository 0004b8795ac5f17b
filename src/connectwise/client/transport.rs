//! One request, sent once: in its turn, with limits on time and size.

use std::error::Error;
use std::path::Path;
use std::time::Duration;

use http::{HeaderMap, StatusCode};
use reqwest::{Certificate, Request, Response};
use tokio::time::Instant;
use url::Url;

use crate::connectwise::client::certificates;
use crate::connectwise::client::settings::{ClientError, ConnectWiseSettings};
use crate::connectwise::client::unreachable_cause::CertificateFault;
use crate::connectwise::urls::Sites;
use crate::http_client::{authorities, client, failure};

/// Servers and gateways close idle connections after a minute or two; a request into one that closes is in doubt.
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Between two pieces of a body. Not for the first byte: a list takes up to half a minute (seen in the field).
const STALL_TIMEOUT: Duration = Duration::from_secs(20);
/// A thousand records of the fields asked for are far below 1 MiB. Counted after decompression.
const BODY_MAX: usize = 16 * 1024 * 1024;
/// Of an error body only a few fields are looked at.
const ERROR_BODY_MAX: usize = 2 * 1024;

/// What came back.
#[derive(Debug)]
pub(crate) struct HttpAnswer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
    /// When its request left.
    pub(crate) sent_at: Instant,
    /// Why `body` is not whole, if it is not.
    pub(crate) cut: Option<BodyCut>,
}

/// Why a body is not whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum BodyCut {
    /// The connection broke or stood still.
    Broken(String),
    /// It is larger than anything that can be right.
    TooLarge,
}

/// Why nothing came back.
#[derive(Debug)]
pub(crate) enum NoAnswer {
    /// No request was sent: ConnectWise asked for more patience than a run has.
    Throttled(String),
    /// No request was sent: its turn came after the instant that it was allowed until.
    TooLate,
    /// No request was sent: there was no connection.
    NotSent(String),
    /// No request was sent: the server could not prove who it is, and will not the next time.
    Untrusted(CertificateFault, String),
    /// Nobody knows how far it got.
    Lost(String),
}

/// The connection pool.
pub(crate) fn pool(settings: &ConnectWiseSettings, sites: &Sites) -> Result<reqwest::Client, ClientError> {
    let authorities = settings.ca_file.as_deref().map(own_authorities).transpose()?;
    client(sites.base(), authorities)
        .pool_idle_timeout(IDLE_TIMEOUT)
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(settings.request_timeout)
        .build()
        .map_err(|source| ClientError::Tls { source })
}

fn own_authorities(path: &Path) -> Result<Vec<Certificate>, ClientError> {
    let found = authorities(path).map_err(|source| ClientError::CaFile { path: path.to_owned(), source })?;
    if found.is_empty() { Err(ClientError::CaFileForm { path: path.to_owned() }) } else { Ok(found) }
}

/// Sends a request and reads its answer.
pub(crate) async fn exchange(
    pool: &reqwest::Client,
    request: Request,
    sent_at: Instant,
) -> Result<HttpAnswer, NoAnswer> {
    let url = request.url().clone();
    let mut response = match pool.execute(request).await {
        Ok(response) => response,
        Err(error) => return Err(no_answer(error, &url).await),
    };
    let (status, headers) = (response.status(), response.headers().clone());
    let (body, cut) = read_body(&mut response).await;
    Ok(HttpAnswer { status, headers, body, sent_at, cut })
}

async fn read_body(response: &mut Response) -> (Vec<u8>, Option<BodyCut>) {
    let good = response.status().is_success();
    let mut body = Vec::new();
    loop {
        let chunk = match tokio::time::timeout(STALL_TIMEOUT, response.chunk()).await {
            Ok(Ok(Some(chunk))) => chunk,
            Ok(Ok(None)) => return (body, None),
            Ok(Err(error)) => return (body, Some(BodyCut::Broken(failure(error)))),
            Err(_) => return (body, Some(BodyCut::Broken("the answer was cut off".to_owned()))),
        };
        let room = if good { BODY_MAX } else { ERROR_BODY_MAX } - body.len();
        body.extend_from_slice(&chunk[..chunk.len().min(room)]);
        if chunk.len() > room {
            return (body, Some(BodyCut::TooLarge));
        }
    }
}

async fn no_answer(error: reqwest::Error, url: &Url) -> NoAnswer {
    if let Some(refused) = refused_handshake(&error) {
        let fault = certificates::fault(refused, url).await;
        NoAnswer::Untrusted(fault, format!("no trusted connection: {}", failure(error)))
    } else if error.is_connect() || error.is_builder() {
        NoAnswer::NotSent(format!("no connection: {}", failure(error)))
    } else if error.is_timeout() {
        NoAnswer::Lost("no answer in time".to_owned())
    } else {
        NoAnswer::Lost(failure(error))
    }
}

/// Why a TLS handshake was refused, if it was, and not merely broken off.
fn refused_handshake(error: &reqwest::Error) -> Option<&tokio_rustls::rustls::Error> {
    let mut source = error.source();
    while let Some(cause) = source {
        if let Some(refused) = in_tls(cause) {
            return error.is_connect().then_some(refused);
        }
        source = cause.source();
    }
    None
}

/// An `io::Error` shows the cause of what it wraps, but not what it wraps; and it may wrap another.
fn in_tls<'a>(cause: &'a (dyn Error + 'static)) -> Option<&'a tokio_rustls::rustls::Error> {
    match cause.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
        Some(wrapped) => in_tls(wrapped),
        None => cause.downcast_ref(),
    }
}
