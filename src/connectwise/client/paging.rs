//! Lists, read whole or not at all: page by page by key, ids in batches, failures again.

use futures_util::future::try_join_all;
use http::header::{CONTENT_TYPE, LINK, LOCATION};
use http::{HeaderMap, Method, StatusCode};

use crate::connectwise::ReadError;
use crate::connectwise::client::denial::Right;
use crate::connectwise::client::transport::{Answer, Cut, NoAnswer};
use crate::connectwise::client::{Client, denial, retry};
use crate::connectwise::urls::api_url;
use crate::connectwise::wire::Row;

/// A list of ConnectWise.
#[derive(Debug, Clone, Copy)]
pub(crate) struct List<'a> {
    pub(crate) path: &'a str,
    pub(crate) right: Right,
}

/// ConnectWise's largest page (ConnectWise developer guide).
const PAGE_SIZE: usize = 1000;
/// ConnectWise advises to stay within 2,000 characters (ConnectWise developer guide).
const URL_MAX: usize = 1900;
/// What ` and id>9223372036854775807` adds to a URL.
const KEY_ROOM: usize = "%20and%20id%3E9223372036854775807".len();

/// The rows of one answer.
struct Page<R> {
    rows: Vec<R>,
    more: bool,
}

/// How one try of a read ended.
enum Try<R> {
    Done(Page<R>),
    /// Worth another try; what happened.
    Again(String),
    /// 429.
    Busy(String),
    Failed(ReadError),
}

impl Client {
    /// Every record of a list.
    ///
    /// Paging is by key and not by page number: a row that shifts between two pages would be missed, or read twice.
    pub(crate) async fn read_all<R: Row>(
        &self,
        list: List<'_>,
        condition: Option<&str>,
    ) -> Result<Vec<R::Record>, ReadError> {
        let mut records = Vec::new();
        let mut last = 0;
        loop {
            let conditions = match (condition, last) {
                (None, 0) => None,
                (None, last) => Some(format!("id>{last}")),
                (Some(condition), 0) => Some(condition.to_owned()),
                (Some(condition), last) => Some(format!("{condition} and id>{last}")),
            };
            let url = list_url::<R>(self.api_root().await, list.path, conditions.as_deref(), PAGE_SIZE);
            let page: Page<R> = self.read_page(list.right, &url).await?;
            if page.rows.is_empty() && page.more {
                return Err(unreachable(list.right, "an empty page that says there is more"));
            }
            let is_last = page.rows.len() < PAGE_SIZE && !page.more;
            for row in page.rows {
                if row.id() <= last {
                    return Err(unreachable(list.right, &format!("paging did not advance at id {}", row.id())));
                }
                last = row.id();
                let record = row.into_record().map_err(|why| unreachable(list.right, &format!("record {last} {why}")));
                records.push(record?);
            }
            if is_last {
                return Ok(records);
            }
        }
    }

    /// Every record whose `key` is one of these ids, read in as few requests as the length of a URL allows.
    pub(crate) async fn read_by_ids<R: Row>(
        &self,
        list: List<'_>,
        key: &str,
        ids: impl Iterator<Item = i64>,
    ) -> Result<Vec<R::Record>, ReadError> {
        let bare = list_url::<R>(self.api_root().await, list.path, Some(&in_list(key, "")), PAGE_SIZE);
        let conditions: Vec<String> =
            batches(ids, URL_MAX.saturating_sub(bare.len() + KEY_ROOM)).iter().map(|ids| in_list(key, ids)).collect();
        let reads = conditions.iter().map(|condition| self.read_all::<R>(list, Some(condition)));
        Ok(try_join_all(reads).await?.into_iter().flatten().collect())
    }

    /// Reads the first record of a list, to see whether it may be read.
    pub(crate) async fn read_one<R: Row>(&self, list: List<'_>) -> Result<(), ReadError> {
        let url = list_url::<R>(self.api_root().await, list.path, None, 1);
        self.read_page::<R>(list.right, &url).await.map(drop)
    }

    async fn read_page<R: Row>(&self, right: Right, url: &str) -> Result<Page<R>, ReadError> {
        let (mut failed, mut busy) = (0, 0);
        loop {
            match self.try_page(right, url).await {
                Try::Done(page) => return Ok(page),
                Try::Failed(error) => return Err(error),
                // The pause that every request makes after a 429 is the wait.
                Try::Busy(_) if busy < retry::BUSY_MAX => busy += 1,
                Try::Busy(why) => return Err(unreachable(right, &format!("{why} ({busy} times in a row)"))),
                Try::Again(why) => {
                    failed += 1;
                    busy = 0;
                    if failed == retry::TRIES {
                        return Err(unreachable(right, &format!("{why} ({failed} tries)")));
                    }
                    tracing::debug!(%right, failed, why, "a read failed and is tried again");
                    tokio::time::sleep(self.backoff.pause(failed)).await;
                }
            }
            self.count_retry();
        }
    }

    async fn try_page<R: Row>(&self, right: Right, url: &str) -> Try<R> {
        let answer = match self.call(Method::GET, url, None).await {
            Ok(answer) => answer,
            Err(NoAnswer::Throttled(why)) => return Try::Failed(unreachable(right, &why)),
            Err(NoAnswer::Untrusted(why)) => {
                return Try::Failed(unreachable(right, &self.censor.one_line(&why)));
            }
            Err(NoAnswer::NotSent(why) | NoAnswer::Lost(why)) => return Try::Again(self.censor.one_line(&why)),
        };
        let status = answer.status;
        if status.is_success() {
            return self.page_of(right, answer);
        }
        let said = || self.censor.said(&answer.body);
        if status == StatusCode::TOO_MANY_REQUESTS {
            Try::Busy(format!("429: {}", said()))
        } else if status.is_server_error() {
            Try::Again(format!("{}: {}", status.as_u16(), said()))
        } else if status.is_redirection() {
            let why = self.censor.one_line(&redirection(&answer.headers));
            Try::Failed(unreachable(right, &format!("{}: {why}", status.as_u16())))
        } else {
            Try::Failed(denial::of_read(right, status, &said(), is_unroutable(&answer.body)))
        }
    }

    fn page_of<R: Row>(&self, right: Right, answer: Answer) -> Try<R> {
        match &answer.cut {
            Some(Cut::Broken(why)) => return Try::Again(self.censor.one_line(why)),
            Some(Cut::TooLarge) => return Try::Failed(unreachable(right, "the answer is larger than 16 MiB")),
            None => {}
        }
        if let Some(other) = other_content(&answer.headers) {
            let why = format!("an answer of {other} instead of ConnectWise's JSON; is there a login page or a proxy?");
            return Try::Failed(unreachable(right, &self.censor.one_line(&why)));
        }
        match serde_json::from_slice(&answer.body) {
            Ok(rows) => Try::Done(Page { rows, more: has_next(&answer.headers) }),
            Err(error) if error.is_eof() => Try::Again("the answer ends half way".to_owned()),
            Err(error) => {
                let why = format!("an answer that is not a list of records: {error}");
                Try::Failed(unreachable(right, &self.censor.one_line(&why)))
            }
        }
    }
}

fn unreachable(right: Right, why: &str) -> ReadError {
    ReadError::Unreachable { what: right.to_string(), why: why.to_owned() }
}

fn list_url<R: Row>(root: &str, path: &str, conditions: Option<&str>, page_size: usize) -> String {
    let page_size = page_size.to_string();
    let mut query = vec![("fields", R::FIELDS), ("pageSize", page_size.as_str()), ("orderBy", "id asc")];
    query.extend(conditions.map(|conditions| ("conditions", conditions)));
    api_url(root, path, &query)
}

fn in_list(key: &str, ids: &str) -> String {
    format!("{key} in ({ids})")
}

/// Ids joined by commas, each text at most `room` long, or of a single id.
fn batches(ids: impl Iterator<Item = i64>, room: usize) -> Vec<String> {
    let mut batches: Vec<String> = Vec::new();
    for id in ids {
        let id = id.to_string();
        match batches.last_mut() {
            Some(batch) if batch.len() + 1 + id.len() <= room => {
                batch.push(',');
                batch.push_str(&id);
            }
            _ => batches.push(id),
        }
    }
    batches
}

/// `Link: <...>; rel="next"`: a server that caps the page below what was asked for says so here.
fn has_next(headers: &HeaderMap) -> bool {
    headers.get_all(LINK).iter().filter_map(|value| value.to_str().ok()).any(|value| {
        let value = value.to_ascii_lowercase();
        value.contains("rel=\"next\"") || value.contains("rel=next")
    })
}

/// The content type, if it says that this is no JSON.
fn other_content(headers: &HeaderMap) -> Option<String> {
    let kind = headers.get(CONTENT_TYPE)?;
    let kind = String::from_utf8_lossy(kind.as_bytes()).to_ascii_lowercase();
    (!kind.contains("json")).then(|| kind.split(';').next().unwrap_or_default().trim().to_owned())
}

/// Where a redirect leads: the host only, the rest may hold a ticket.
pub(crate) fn redirection(headers: &HeaderMap) -> String {
    let target = headers.get(LOCATION).and_then(|value| value.to_str().ok());
    let host = target.and_then(|target| url::Url::parse(target).ok()).and_then(|url| url.host_str().map(str::to_owned));
    match host {
        Some(host) => {
            format!("a redirect to {host}, which is never followed; if that is the right host, set url to it")
        }
        None => "a redirect on the same host, which is never followed; check url and codebase".to_owned(),
    }
}

/// A plain text that looks like bad keys and is not: the codebase or company in the URL is wrong (seen in the field).
fn is_unroutable(body: &[u8]) -> bool {
    String::from_utf8_lossy(body).to_ascii_lowercase().contains("cannot route")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_hold_every_id_once_and_fit() {
        let batches = batches(1..=2000, 100);
        assert!(batches.iter().all(|batch| batch.len() <= 100));
        let ids: Vec<i64> = batches.join(",").split(',').map(|id| id.parse().expect("an id")).collect();
        assert_eq!(ids, (1..=2000).collect::<Vec<_>>());
        assert_eq!(super::batches([1, 2].into_iter(), 0), ["1", "2"]);
        assert!(super::batches(std::iter::empty(), 100).is_empty());
    }

    #[test]
    fn redirects_show_the_host_alone() {
        let mut headers = HeaderMap::new();
        headers.insert(LOCATION, "https://login.example.com/x?ticket=s3cret".parse().expect("a value"));
        let text = redirection(&headers);
        assert!(text.contains("login.example.com") && !text.contains("s3cret"), "{text}");
    }
}
