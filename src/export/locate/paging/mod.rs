//! Lists of a vendor's API: every page or none, joined where names and counts come apart, and kept as one record a line.

#[cfg(fuzzing)]
#[doc(hidden)]
pub mod fuzz;
mod joined_lists;
mod money_removed;
mod page_addresses;
mod said_totals;
mod vendor_list;
mod vendor_page;

use futures_util::stream::{StreamExt as _, TryStreamExt as _, iter};
use http::StatusCode;

use crate::export::locate::fetch::error::FetchError;
use crate::export::locate::fetch::vendor_session::VendorSession;
use crate::export::locate::fetch::{FetchRequest, Fetched};
use crate::export::locate::link_settings::{Link, ListRequest, NextPage};
use crate::export::locate::paging::joined_lists::{JoinedRecords, joined};
use crate::export::locate::paging::vendor_list::VendorList;
use crate::export::locate::paging::vendor_page::VendorPage;
use crate::reconcile::model::export::partial_export::UnreadPart;

/// Requests of one list at once, where its pages are numbered and their number is known. Vendors throttle more.
const AT_ONCE: usize = 4;
/// Readings of a list that others change meanwhile.
const READINGS: usize = 3;

/// Lists, as they were kept and as they are read.
pub struct FetchedLists {
    /// A record a line, as it is kept.
    pub kept: Fetched,
    /// The same as one JSON document, its list where an answer has it; a record a line.
    pub document: String,
    /// Signs that there is more than was read.
    pub unread: Vec<UnreadPart>,
    /// Records that stand in no row, in words.
    pub unasked: Vec<String>,
}

/// Fetches all pages of all lists, joins the lists, and keeps the records.
///
/// # Errors
/// If there is any doubt whether that is all, and all of it once.
pub async fn fetch_lists(link: &Link, order: &FetchRequest<'_>) -> Result<FetchedLists, FetchError> {
    let Some(first) = link.requests.first() else {
        return Err(FetchError::Client { why: "there is nothing to ask for".to_owned() });
    };
    let session = order.session(&first.url)?;
    let mut lists = Vec::new();
    for request in &link.requests {
        lists.push(settled(&session, request, order.max_bytes).await?);
    }
    let unread = lists.iter_mut().flat_map(|list| std::mem::take(&mut list.unread)).collect();
    let JoinedRecords { rows, unasked } = joined(lists, &link.requests)?;
    let document = document(&first.records, &rows);
    let mut lines = rows.join("\n");
    lines.push('\n');
    Ok(FetchedLists { kept: order.keep_as("ndjson", lines.into_bytes(), None)?, document, unread, unasked })
}

/// A list that nobody changed while it was read.
async fn settled(session: &VendorSession<'_>, request: &ListRequest, max_bytes: u64) -> Result<VendorList, FetchError> {
    let mut readings = 1;
    loop {
        match whole(session, request, max_bytes).await {
            Err(failure) if failure.is_moved() && readings < READINGS => readings += 1,
            Ok(list) if list.has_moved() && readings < READINGS => readings += 1,
            read => return read.map(VendorList::with_its_move_told),
        }
    }
}

/// One reading, page after page; several at once where their number is known.
async fn whole(session: &VendorSession<'_>, request: &ListRequest, max_bytes: u64) -> Result<VendorList, FetchError> {
    let mut list = VendorList::new(request, max_bytes);
    let mut asked = page_addresses::first(request);
    loop {
        let number = list.pages() + 1;
        let page = session.get(&asked, max_bytes, |answer| VendorPage::of(&answer, request, number)).await;
        let page = page.or_else(|why| behind_the_last(why, request, number))?;
        let next = list.take(&asked, page)?;
        let Some(next) = next else { break };
        let others = list.numbered()?;
        if !others.is_empty() {
            let first = list.pages() + 1;
            let reads = others.iter().enumerate().map(|(index, url)| async move {
                let made = |answer| VendorPage::of(&answer, request, first + index);
                let page = session.get(url, max_bytes, made).await;
                let page = page.or_else(|why| behind_the_last(why, request, first + index))?;
                Ok::<_, FetchError>((url.clone(), page))
            });
            let mut reads = iter(reads).buffered(AT_ONCE);
            while let Some((url, page)) = reads.try_next().await? {
                list.take(&url, page)?;
                asked = url;
            }
            break;
        }
        asked = next;
    }
    if let Some(url) = list.beyond(&asked) {
        let behind = session.get(&url, max_bytes, |answer| VendorPage::of(&answer, request, list.pages() + 1)).await;
        looked_at(behind)?.map_or(Ok(()), |page| list.is_behind_all(&page))?;
    }
    if let Some(url) = list.zeroth() {
        // Most servers refuse it, or know no such page.
        let before = session.get(&url, max_bytes, |answer| VendorPage::of(&answer, request, 0)).await;
        looked_at(before)?.map_or(Ok(()), |page| list.is_before_all(&page))?;
    }
    list.finished()
}

/// A page that may not be there at all. Whatever the server answers but a list says that it is not; no answer says nothing.
fn looked_at(page: Result<VendorPage, FetchError>) -> Result<Option<VendorPage>, FetchError> {
    match page {
        Ok(page) => Ok(Some(page)),
        Err(why @ (FetchError::NoAnswer { .. } | FetchError::Throttled { .. })) => Err(why),
        Err(_) => Ok(None),
    }
}

/// Numbered pages are asked for until one has no records: no content at all is such a page, too.
fn behind_the_last(why: FetchError, request: &ListRequest, number: usize) -> Result<VendorPage, FetchError> {
    let turn = request.pages.as_ref().map(|pages| &pages.turn);
    let counted = matches!(turn, Some(NextPage::Numbered { .. } | NextPage::Offset { .. })) && number > 1;
    match why {
        FetchError::Refused { status: StatusCode::NO_CONTENT } if counted => Ok(VendorPage::nothing()),
        FetchError::Refused { status } if counted && status.is_client_error() => {
            Err(FetchError::NoPage { page: number, status })
        }
        why => Err(why),
    }
}

/// The list where an answer of the vendor has it.
fn document(keys: &[String], records: &[String]) -> String {
    let mut text = String::new();
    for key in keys {
        text.push('{');
        text.push_str(&serde_json::Value::from(key.as_str()).to_string());
        text.push(':');
    }
    text.push('[');
    text.push_str(&records.join(",\n"));
    text.push(']');
    text.push_str(&"}".repeat(keys.len()));
    text
}

#[cfg(test)]
mod tests;
