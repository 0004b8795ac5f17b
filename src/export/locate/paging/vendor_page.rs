//! One answer of an API: its records as they are written, and what it says of itself.

use serde_json::value::RawValue;

use crate::export::format::json::json_value::{Object, value};
use crate::export::format::json::more_pages::{self, ReadOfList, SaidTotal};
use crate::export::locate::fetch::error::FetchError;
use crate::export::locate::fetch::paging_headers::PagingHeaders;
use crate::export::locate::fetch::vendor_answer::VendorAnswer;
use crate::export::locate::link_settings::{ListRequest, NextPage};
use crate::export::locate::paging::money_removed::without_money;
use crate::reconcile::model::export::partial_export::UnreadPart;

/// One page of a list.
pub(super) struct VendorPage {
    /// Each record on one line.
    pub(super) rows: Vec<String>,
    /// What leads to the next page, if anything does.
    pub(super) next: Option<String>,
    /// Whether the member is there that should lead to it, also where it leads nowhere.
    pub(super) may_lead: bool,
    /// How many records there are, as it says.
    pub(super) total: Option<u64>,
    /// How many pages there are, as it says.
    pub(super) total_pages: Option<u64>,
    /// The answer around its records.
    around: String,
    /// What its headers say of pages.
    pub(super) headers: PagingHeaders,
}

impl VendorPage {
    /// Reads an answer; `number` only names it.
    pub(super) fn of(answer: &VendorAnswer, request: &ListRequest, number: usize) -> Result<Self, FetchError> {
        let bytes = answer.bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&answer.bytes);
        let document: &RawValue = serde_json::from_slice(bytes).map_err(|_| FetchError::NotJson { page: number })?;
        let document = document.get();
        if let Some(member) = more_pages::failures(document, request.records.first()).into_iter().next() {
            return Err(FetchError::SaysError { page: number, member });
        }
        let list = at(document, &request.records).filter(|list| list.starts_with('['));
        let list = list.ok_or_else(|| FetchError::NoList { page: number, path: request.records.join(".") })?;
        let records: Vec<&RawValue> = serde_json::from_str(list).map_err(|_| FetchError::NotJson { page: number })?;
        let member = |keys: &[String]| at(document, keys);
        let next = match request.pages.as_ref().map(|pages| &pages.turn) {
            Some(NextPage::Next { member: keys, .. }) => text_member(member(keys), keys, number)?,
            Some(NextPage::Header) => answer.paging.link.clone(),
            _ => None,
        };
        let may_lead = match request.pages.as_ref().map(|pages| &pages.turn) {
            Some(NextPage::Next { member: keys, .. }) => member(keys).is_some(),
            _ => true,
        };
        let number_at = |keys: Option<&Vec<String>>| keys.and_then(|keys| whole(at(document, keys)?));
        let total = number_at(request.pages.as_ref().and_then(|pages| pages.total.as_ref()));
        let total_pages = number_at(request.pages.as_ref().and_then(|pages| pages.total_pages.as_ref()));
        let around = around(document, list);
        let rows = records.iter().map(|record| without_money(record.get())).collect();
        let headers = answer.paging.clone();
        Ok(Self { rows, next, may_lead, total, total_pages, around, headers })
    }

    /// A page without records, of which the vendor says nothing.
    pub(super) fn nothing() -> Self {
        let (rows, around, headers) = (Vec::new(), String::new(), PagingHeaders::default());
        Self { rows, next: None, may_lead: true, total: None, total_pages: None, around, headers }
    }

    /// Whether what leads on from here leads nowhere: there are no records, or it says itself that nothing follows.
    pub(super) fn is_last(&self, request: &ListRequest) -> bool {
        self.rows.is_empty() || more_pages::says_no_more(&self.around, &request.records)
    }

    /// What it says of more records than these, where it is the last page.
    pub(super) fn unread(&self, request: &ListRequest, read: ReadOfList) -> Vec<UnreadPart> {
        let leads = leads(request);
        let of_records = |sign: &UnreadPart| match sign {
            // What leads on was followed to where it leads nowhere any more.
            UnreadPart::Next { member, .. } => Some(member) != leads.as_ref(),
            _ => true,
        };
        more_pages::signs(&self.around, &request.records, read).into_iter().filter(of_records).collect()
    }

    /// Members that say that it is not whole, wherever it stands; and those that say so of every page but the last at many a
    /// vendor.
    pub(super) fn not_whole(&self, request: &ListRequest) -> (Vec<String>, Vec<String>) {
        let signs = more_pages::signs(&self.around, &request.records, ReadOfList::in_one(usize::MAX));
        let (mut not_whole, mut cut) = (Vec::new(), Vec::new());
        for sign in signs {
            match sign {
                UnreadPart::Incomplete { member } => not_whole.push(member),
                UnreadPart::More { member } if more_pages::is_of_cut_pages(&member) => cut.push(member),
                _ => {}
            }
        }
        (not_whole, cut)
    }

    /// What it and its headers say of how many there are.
    pub(super) fn totals(&self, request: &ListRequest) -> Vec<SaidTotal> {
        let mut said = more_pages::totals(&self.around, &request.records);
        said.extend(self.headers.totals());
        said
    }
}

/// The member that leads from page to page, where one does.
fn leads(request: &ListRequest) -> Option<String> {
    match &request.pages.as_ref()?.turn {
        NextPage::Next { member, .. } => Some(member.join(".")),
        _ => None,
    }
}

/// A whole number, also one that is written as a text or with places: `12.0`.
fn whole(raw: &str) -> Option<u64> {
    let text = raw.trim_matches('"');
    let (whole, places) = text.split_once('.').unwrap_or((text, ""));
    whole.parse().ok().filter(|_| places.bytes().all(|place| place == b'0'))
}

/// The value that these keys lead to, as it is written; a key that stands twice leads nowhere.
pub(super) fn at<'a>(document: &'a str, keys: &[String]) -> Option<&'a str> {
    keys.iter().try_fold(document, |value, key| {
        let object: Object<'a> = serde_json::from_str(value).ok().filter(|_| value.starts_with('{'))?;
        let mut found = object.0.iter().filter(|(name, _)| name.0 == key.as_str());
        let (_, value) = found.next()?;
        found.next().is_none().then(|| value.get())
    })
}

/// What leads on: a text that is not blank, or a number. Null, false, 0, blank and nothing are the end.
fn text_member(raw: Option<&str>, keys: &[String], number: usize) -> Result<Option<String>, FetchError> {
    let Some(raw) = raw.filter(|raw| !matches!(*raw, "null" | "false" | "0")) else { return Ok(None) };
    let no_way = || FetchError::NoWay { page: number, member: keys.join(".") };
    if !raw.starts_with(['"', '-']) && !raw.starts_with(|first: char| first.is_ascii_digit()) {
        return Err(no_way());
    }
    let text = value(raw).map_err(|_| no_way())?.text.trim().to_owned();
    Ok(Some(text).filter(|text| !text.is_empty()))
}

/// The document with an empty list.
fn around(document: &str, list: &str) -> String {
    let begins = list.as_ptr().addr() - document.as_ptr().addr();
    format!("{}[]{}", &document[..begins], &document[begins + list.len()..])
}
