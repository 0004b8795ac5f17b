//! Lists, read whole or not at all: page by page by key, ids in batches, failures again.

use futures_util::future::try_join_all;
use http::HeaderMap;
use http::header::LINK;
use tokio::time::Instant;

use crate::connectwise::ReadError;
use crate::connectwise::client::read_attempt::{AttemptResult, Unanswered};
use crate::connectwise::client::status_meaning::{Right, failed};
use crate::connectwise::client::unreachable_cause::UnreachableCause;
use crate::connectwise::client::{Client, backoff};
use crate::connectwise::urls::{api_url, encoded_len};
use crate::connectwise::wire::{Row, json_fields};
use crate::reconcile::model::connectwise_records::Listed;

/// A list of ConnectWise.
#[derive(Debug, Clone, Copy)]
pub(crate) struct List<'a> {
    pub(crate) path: &'a str,
    pub(crate) right: Right,
}

/// ConnectWise's largest page (ConnectWise developer guide), and smaller ones: "pageSize 1–100" was seen in the field, and
/// 25 is what a server gives that is not asked for more.
pub(crate) const PAGE_SIZES: [usize; 3] = [1000, 100, 25];
/// A page of so many rows may have been cut by a server that caps it and says so nowhere (seen in the field).
pub(crate) const CUT_MIN: usize = 25;
/// More pages than the largest list has. A server may go on for ever.
const PAGES_MAX: usize = 1000;
/// ConnectWise advises to stay within 2,000 characters (ConnectWise developer guide).
const URL_MAX: usize = 1900;
/// What ` and id>9223372036854775807` adds to a URL.
const KEY_ROOM: usize = "%20and%20id%3E9223372036854775807".len();

/// The rows of one answer.
struct Page<R> {
    rows: Vec<R>,
    /// When it was asked for.
    asked_at: Instant,
    /// Whether a `Link` says that there are more; `None` without any `Link`.
    more: Option<bool>,
}

impl<R> Page<R> {
    fn goes_on(&self, asked: usize) -> bool {
        match self.more {
            Some(true) => true,
            Some(false) => self.rows.len() >= asked,
            None => self.rows.len() >= CUT_MIN.min(asked),
        }
    }
}

impl Client {
    /// Every record of a list, the unreadable ones beside the others.
    ///
    /// Paging is by key and not by page number: a row that shifts between two pages would be missed, or read twice.
    pub(crate) async fn read_all<R: Row>(
        &self,
        list: List<'_>,
        condition: Option<&str>,
    ) -> Result<Listed<R::Record, R::Known>, ReadError> {
        Ok(self.read_timed::<R>(list, condition, usize::MAX).await?.0)
    }

    /// The same, and when the first of its requests left that brought an answer: no older is what it holds. After `most`
    /// records there cannot be others, and none is asked for unless ConnectWise says that there are.
    async fn read_timed<R: Row>(
        &self,
        list: List<'_>,
        condition: Option<&str>,
        most: usize,
    ) -> Result<(Listed<R::Record, R::Known>, Instant), ReadError> {
        let mut listed = Listed::default();
        let mut last = 0;
        let mut asked_at = None;
        for _ in 0..PAGES_MAX {
            let conditions = match (condition, last) {
                (None, 0) => None,
                (None, last) => Some(format!("id>{last}")),
                (Some(condition), 0) => Some(condition.to_owned()),
                (Some(condition), last) => Some(format!("{condition} and id>{last}")),
            };
            let (page, asked) = self.page::<R>(list, conditions.as_deref()).await?;
            if page.rows.is_empty() && page.more == Some(true) {
                return Err(failed(list.right, UnreachableCause::Answer, "an empty page that says there is more"));
            }
            let all = listed.records.len() + listed.unreadable.len() + page.rows.len() == most;
            let goes_on = page.more == Some(true) || page.goes_on(asked) && !all;
            let asked_at = *asked_at.get_or_insert(page.asked_at);
            for row in page.rows {
                last = next_id(&row, last).map_err(|why| failed(list.right, UnreachableCause::Answer, &why))?;
                match row.read(last) {
                    Ok(record) => listed.records.push(record),
                    Err(unreadable) => listed.unreadable.push(unreadable),
                }
            }
            if !goes_on {
                return Ok((listed, asked_at));
            }
        }
        Err(failed(list.right, UnreachableCause::Answer, &format!("no end of the list after {PAGES_MAX} pages")))
    }

    /// The same for lists in which every record counts.
    pub(crate) async fn read_whole<R: Row>(
        &self,
        list: List<'_>,
        condition: Option<&str>,
    ) -> Result<Vec<R::Record>, ReadError> {
        Ok(self.read_whole_timed::<R>(list, condition).await?.0)
    }

    /// The same, and when it was asked for.
    pub(crate) async fn read_whole_timed<R: Row>(
        &self,
        list: List<'_>,
        condition: Option<&str>,
    ) -> Result<(Vec<R::Record>, Instant), ReadError> {
        let (Listed { records, unreadable }, asked_at) = self.read_timed::<R>(list, condition, usize::MAX).await?;
        match unreadable.first() {
            None => Ok((records, asked_at)),
            Some(record) => {
                Err(failed(list.right, UnreachableCause::Answer, &format!("record {}: {}", record.id, record.why)))
            }
        }
    }

    /// A page, and how many rows were asked for. Where ConnectWise does not take the request, another one is tried that
    /// asks the same: with fewer fields, or with smaller pages, which it then keeps to.
    async fn page<R: Row>(&self, list: List<'_>, conditions: Option<&str>) -> Result<(Page<R>, usize), ReadError> {
        let now = self.page_size().min(PAGE_SIZES[0]);
        let fewer = (R::FEWER != R::FIELDS).then_some((R::FEWER, now));
        let smaller = PAGE_SIZES.into_iter().filter(|size| *size < now).map(|size| (R::FIELDS, size));
        let mut refused = None;
        for (fields, size) in std::iter::once((R::FIELDS, now)).chain(fewer).chain(smaller) {
            let url = list_url(self.api_root().await, list.path, fields, conditions, size);
            match self.read_page(list.right, &url).await {
                Ok(page) => {
                    self.keep_to_pages_of(size);
                    return Ok((page, size));
                }
                Err(Unanswered::Refused(error)) => _ = refused.get_or_insert(error),
                Err(Unanswered::Failed(error)) => return Err(refused.unwrap_or(error)),
            }
        }
        Err(refused.unwrap_or_else(|| failed(list.right, UnreachableCause::Refused, "no request was taken")))
    }

    /// Every record whose `key` is one of these ids, read in as few requests as the length of a URL allows.
    pub(crate) async fn read_by_ids<R: Row>(
        &self,
        list: List<'_>,
        key: &str,
        ids: impl Iterator<Item = i64>,
    ) -> Result<Listed<R::Record, R::Known>, ReadError> {
        self.read_by_values::<R>(list, key, ids.map(|id| id.to_string())).await
    }

    /// The same by values that stand in `conditions` as they are.
    pub(crate) async fn read_by_values<R: Row>(
        &self,
        list: List<'_>,
        key: &str,
        values: impl Iterator<Item = String>,
    ) -> Result<Listed<R::Record, R::Known>, ReadError> {
        let bare = list_url(self.api_root().await, list.path, R::FIELDS, Some(&in_list(key, "")), PAGE_SIZES[0]);
        let conditions: Vec<String> = batches(values, URL_MAX.saturating_sub(bare.len() + KEY_ROOM))
            .iter()
            .map(|ids| in_list(key, ids))
            .collect();
        // A record has an id of its own: of so many ids there are no more records.
        let most = |condition: &str| if key == "id" { 1 + condition.matches(',').count() } else { usize::MAX };
        let reads = conditions.iter().map(|one| self.read_timed::<R>(list, Some(one), most(one)));
        let mut all = Listed::default();
        try_join_all(reads).await?.into_iter().for_each(|(some, _)| all.append(some));
        Ok(all)
    }

    /// Reads the first record of a list, to see whether it may be read.
    pub(crate) async fn read_one<R: Row>(&self, list: List<'_>) -> Result<(), ReadError> {
        let url = list_url(self.api_root().await, list.path, R::FIELDS, None, 1);
        match self.read_page::<R>(list.right, &url).await {
            Ok(_) => Ok(()),
            Err(Unanswered::Refused(error) | Unanswered::Failed(error)) => Err(error),
        }
    }

    async fn read_page<R: Row>(&self, right: Right, url: &str) -> Result<Page<R>, Unanswered> {
        self.tried(right, backoff::TRIES, async || self.try_page(right, url).await).await
    }

    async fn try_page<R: Row>(&self, right: Right, url: &str) -> AttemptResult<Page<R>> {
        let answer = match self.good(right, self.get(url).await) {
            Ok(answer) => answer,
            Err(ended) => return ended.into(),
        };
        let (asked_at, more) = (answer.sent_at, has_next(&answer.headers));
        self.parsed(right, &answer, "a list of records").map(|rows| Page { rows, asked_at, more })
    }
}

pub(crate) fn next_id(row: &impl Row, last: i64) -> Result<i64, String> {
    let id = json_fields::id(row.id()).ok_or("a record whose id cannot be read")?;
    if id > last { Ok(id) } else { Err(format!("paging did not advance at id {id}")) }
}

fn list_url(root: &str, path: &str, fields: &str, conditions: Option<&str>, page_size: usize) -> String {
    let page_size = page_size.to_string();
    let mut query = vec![("fields", fields), ("pageSize", page_size.as_str()), ("orderBy", "id asc")];
    query.extend(conditions.map(|conditions| ("conditions", conditions)));
    api_url(root, path, &query)
}

fn in_list(key: &str, ids: &str) -> String {
    format!("{key} in ({ids})")
}

/// Values joined by commas, each text at most `room` long as it stands in a URL, or of a single value.
fn batches(values: impl Iterator<Item = String>, room: usize) -> Vec<String> {
    let (mut batches, mut taken) = (Vec::<String>::new(), 0);
    for value in values {
        let long = 1 + encoded_len(&value);
        match batches.last_mut() {
            Some(batch) if taken + long <= room => {
                batch.push(',');
                batch.push_str(&value);
                taken += long;
            }
            _ => {
                taken = encoded_len(&value);
                batches.push(value);
            }
        }
    }
    batches
}

/// `Link: <...>; rel="next"` says that there is more; a `Link` without it, that there is not.
fn has_next(headers: &HeaderMap) -> Option<bool> {
    let links: Vec<String> = headers
        .get_all(LINK)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .filter(|value| !value.trim().is_empty())
        .map(str::to_ascii_lowercase)
        .collect();
    let next = |link: &String| link.contains("rel=\"next\"") || link.contains("rel=next");
    (!links.is_empty()).then(|| links.iter().any(next))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_hold_every_id_once_and_fit() {
        let batches = batches((1..=2000).map(|id| id.to_string()), 100);
        assert!(batches.iter().all(|batch| batch.len() <= 100));
        let ids: Vec<i64> = batches.join(",").split(',').map(|id| id.parse().expect("an id")).collect();
        assert_eq!(ids, (1..=2000).collect::<Vec<_>>());
        assert_eq!(super::batches(["1", "2"].map(str::to_owned).into_iter(), 0), ["1", "2"]);
        assert!(super::batches(std::iter::empty(), 100).is_empty());
    }
}
