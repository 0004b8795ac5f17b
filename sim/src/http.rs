//! HTTP/1.1 by hand: requests read whole, answers written head and body in one piece, so that a fault can cut at any byte.

use std::borrow::Cow;
use std::io;

use serde_json::Value;
use tokio::io::{AsyncRead, AsyncReadExt};

use crate::refusal::Refusal;

/// A larger head is refused by closing the connection.
const HEAD_MAX: usize = 64 * 1024;
/// Likewise a larger body.
const BODY_MAX: usize = 16 * 1024 * 1024;

/// One request, read whole.
#[derive(Debug, Clone, Default)]
pub(super) struct Request {
    pub(super) method: String,
    /// Path without query, as sent.
    pub(super) path: String,
    /// Query without `?`, as sent.
    pub(super) query: String,
    /// Names in lower case.
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
    /// `http` or `https`.
    pub(super) scheme: &'static str,
}

/// One answer, before it is cut or slowed down.
#[derive(Debug, Clone)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) content_type: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Request {
    /// The next request on a connection; none when the peer has closed it. `buffer` keeps what was read beyond.
    ///
    /// # Errors
    /// When the peer is gone in the middle of a request, or sends something that is none.
    pub(super) async fn read(
        stream: &mut (impl AsyncRead + Unpin),
        buffer: &mut Vec<u8>,
        scheme: &'static str,
    ) -> io::Result<Option<Self>> {
        let Some(end) = read_head(stream, buffer).await? else {
            return Ok(None);
        };
        let head = String::from_utf8(buffer.drain(..end).collect()).map_err(|_| invalid("the head is not text"))?;
        let mut request = Self::parse_head(&head, scheme)?;
        if request.header("transfer-encoding").is_some() {
            return Err(invalid("a chunked request body is not supported"));
        }
        let length = request.header("content-length").map_or(Ok(0), str::parse);
        let length: usize = length.map_err(|_| invalid("content-length is no number"))?;
        if length > BODY_MAX {
            return Err(invalid("the body is too long"));
        }
        while buffer.len() < length {
            if stream.read_buf(buffer).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        request.body = buffer.drain(..length).collect();
        Ok(Some(request))
    }

    fn parse_head(head: &str, scheme: &'static str) -> io::Result<Self> {
        let mut lines = head.split("\r\n");
        let mut words = lines.next().unwrap_or_default().split(' ');
        let (Some(method), Some(target), Some("HTTP/1.1"), None) =
            (words.next(), words.next(), words.next(), words.next())
        else {
            return Err(invalid("the request line is not HTTP/1.1"));
        };
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let mut headers = Vec::new();
        for line in lines.filter(|line| !line.is_empty()) {
            let (name, value) = line.split_once(':').ok_or_else(|| invalid("a header has no colon"))?;
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        let (method, path, query) = (method.to_owned(), path.to_owned(), query.to_owned());
        Ok(Self { method, path, query, headers, body: Vec::new(), scheme })
    }

    /// A header by its lower-case name.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    /// A query parameter, decoded; names are not case-sensitive.
    pub(super) fn parameter(&self, name: &str) -> Option<Cow<'_, str>> {
        let mut pairs = url::form_urlencoded::parse(self.query.as_bytes());
        pairs.find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// Path and query together.
    pub(super) fn target(&self) -> String {
        if self.query.is_empty() { self.path.clone() } else { format!("{}?{}", self.path, self.query) }
    }

    /// The address of this request with some parameters replaced.
    pub(super) fn url_with(&self, parameters: &[(&str, String)]) -> String {
        let replaced = |name: &str| {
            let paging = ["page", "pageid", "pagesize"].contains(&name.to_ascii_lowercase().as_str());
            paging || parameters.iter().any(|(found, _)| name.eq_ignore_ascii_case(found))
        };
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(url::form_urlencoded::parse(self.query.as_bytes()).filter(|(name, _)| !replaced(name)));
        query.extend_pairs(parameters);
        format!("{}://{}{}?{}", self.scheme, self.header("host").unwrap_or_default(), self.path, query.finish())
    }

    /// Whether the connection stays open after the answer.
    pub(super) fn keeps_alive(&self) -> bool {
        !self.header("connection").is_some_and(|value| value.eq_ignore_ascii_case("close"))
    }

    /// Whether it is one of the methods that change something, and no bundle of reads.
    pub(super) fn is_write(&self) -> bool {
        matches!(self.method.as_str(), "POST" | "PATCH" | "PUT" | "DELETE") && !self.path.ends_with("/system/bundles")
    }
}

impl Reply {
    /// A JSON answer.
    pub(super) fn json(status: u16, body: &impl serde::Serialize) -> Self {
        let body = serde_json::to_vec(body).expect("a JSON value with text keys can be written");
        Self { status, content_type: "application/json; charset=utf-8".to_owned(), headers: Vec::new(), body }
    }

    /// An answer without content.
    pub(super) fn empty(status: u16) -> Self {
        Self { status, content_type: String::new(), headers: Vec::new(), body: Vec::new() }
    }

    /// A plain text answer.
    pub(super) fn text(status: u16, text: &str) -> Self {
        Self { content_type: "text/plain".to_owned(), body: text.as_bytes().to_vec(), ..Self::empty(status) }
    }

    pub(super) fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// The bytes of the head. `framing` is the header that says how long the body is.
    pub(super) fn head(&self, framing: &str) -> Vec<u8> {
        let code = http::StatusCode::from_u16(self.status).ok();
        let reason = code.and_then(|code| code.canonical_reason()).unwrap_or("Unknown");
        let mut head = format!("HTTP/1.1 {} {reason}\r\n", self.status);
        if !self.content_type.is_empty() {
            head.push_str(&format!("content-type: {}\r\n", self.content_type));
        }
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        if self.status != 204 && self.status != 304 {
            head.push_str(framing);
            head.push_str("\r\n");
        }
        head.push_str("\r\n");
        head.into_bytes()
    }

    /// The usual framing: the length of the body.
    pub(super) fn length(&self) -> String {
        format!("content-length: {}", self.body.len())
    }
}

impl From<Refusal> for Reply {
    fn from(refusal: Refusal) -> Self {
        Self::json(refusal.status, &refusal.body())
    }
}

/// The JSON body of a write.
pub(super) fn json_body(request: &Request) -> Result<Value, Refusal> {
    let kind = request.header("content-type").unwrap_or_default();
    if !kind.contains("json") {
        return Err(Refusal::new(415, "UnsupportedMediaType", "The request's media type is not supported."));
    }
    serde_json::from_slice(&request.body)
        .map_err(|cause| Refusal::binder(format!("The body is not valid JSON: {cause}")))
}

async fn read_head(stream: &mut (impl AsyncRead + Unpin), buffer: &mut Vec<u8>) -> io::Result<Option<usize>> {
    loop {
        if let Some(place) = memchr::memmem::find(buffer, b"\r\n\r\n") {
            return Ok(Some(place + 4));
        }
        if buffer.len() > HEAD_MAX {
            return Err(invalid("the head is too long"));
        }
        if stream.read_buf(buffer).await? == 0 {
            return if buffer.is_empty() { Ok(None) } else { Err(io::ErrorKind::UnexpectedEof.into()) };
        }
    }
}

fn invalid(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}
