//! A list as it comes, page after page: nothing twice, nothing missing, and an end.

use std::collections::HashSet;

use sha2::{Digest as _, Sha256};
use url::Url;

use crate::export::format::json::json_value::Object;
use crate::export::format::json::more_pages::{self, ReadOfList};
use crate::export::locate::fetch::error::FetchError;
use crate::export::locate::fetch::paging_headers::PagingHeaders;
use crate::export::locate::link_settings::{ListRequest, NextPage};
use crate::export::locate::paging::page_addresses;
use crate::export::locate::paging::said_totals::SaidTotals;
use crate::export::locate::paging::vendor_page::VendorPage;
use crate::reconcile::model::export::partial_export::UnreadPart;

/// What was read of a list.
pub(super) struct VendorList {
    request: ListRequest,
    max_bytes: u64,
    bytes: u64,
    /// Every record, in the order of the pages.
    pub(super) rows: Vec<String>,
    /// Signs that there is more.
    pub(super) unread: Vec<UnreadPart>,
    asked: HashSet<Url>,
    seen: HashSet<[u8; 32]>,
    /// Records of earlier pages that have an identifier.
    known: HashSet<[u8; 32]>,
    pages: usize,
    /// How many records the first page has, and the newest one.
    first: usize,
    newest: usize,
    total: Option<u64>,
    total_pages: Option<u64>,
    /// What pages say of how much there is, whether or not it is declared.
    said: SaidTotals,
    /// How many pages have records.
    with_records: usize,
    /// The pages so far that say of themselves that they are not whole.
    not_whole: Vec<UnreadPart>,
    /// Those that say that they were cut off, which every page but the last does at many a vendor.
    cut: Vec<UnreadPart>,
    /// A sign that the list changed while it was read.
    moved: Option<UnreadPart>,
    /// A page had what should lead to the next one.
    may_lead: bool,
    /// What the headers of the last page with records say.
    headers: PagingHeaders,
    last: Option<VendorPage>,
}

impl VendorList {
    pub(super) fn new(request: &ListRequest, max_bytes: u64) -> Self {
        Self {
            request: request.clone(),
            max_bytes,
            bytes: 0,
            rows: Vec::new(),
            unread: Vec::new(),
            asked: HashSet::new(),
            seen: HashSet::new(),
            known: HashSet::new(),
            pages: 0,
            first: 0,
            newest: 0,
            total: None,
            total_pages: None,
            said: SaidTotals::default(),
            with_records: 0,
            not_whole: Vec::new(),
            cut: Vec::new(),
            moved: None,
            may_lead: false,
            headers: PagingHeaders::default(),
            last: None,
        }
    }

    /// A sign that it changed while it was read, though nobody declared what says so.
    pub(super) fn has_moved(&self) -> bool {
        self.moved.is_some()
    }

    /// Tells that, where it stays so.
    pub(super) fn with_its_move_told(mut self) -> Self {
        self.unread.extend(self.moved.take());
        self
    }

    /// How many pages there are so far.
    pub(super) fn pages(&self) -> usize {
        self.pages
    }

    /// Takes the page that came from this address; says where the next one is.
    pub(super) fn take(&mut self, asked: &Url, mut page: VendorPage) -> Result<Option<Url>, FetchError> {
        self.pages += 1;
        let (number, max) = (self.pages, self.max_pages());
        if number > max {
            return Err(FetchError::TooManyPages { max });
        }
        let is_last = page.is_last(&self.request);
        let rows = std::mem::take(&mut page.rows);
        let fresh = self.asked.insert(asked.clone()) && (rows.is_empty() || self.seen.insert(digest(&rows)));
        if !fresh {
            return Err(FetchError::Repeats { page: number });
        }
        self.counts(&rows)?;
        self.says(&page)?;
        if let Some(total) = self.total_pages.filter(|total| rows.is_empty() && self.is_one_of(number, *total)) {
            return Err(FetchError::Hole { page: number, total });
        }
        let own: Vec<[u8; 32]> = rows.iter().filter(|row| has_identifier(row)).map(|row| digest([row])).collect();
        if own.iter().any(|row| self.known.contains(row)) {
            return Err(FetchError::Shifted { page: number });
        }
        self.known.extend(own);
        self.may_lead |= page.may_lead;
        self.newest = rows.len();
        if number == 1 {
            self.first = self.newest;
        }
        // A cursor that stays where it is has come to the end, if nothing else is said.
        let next = self.next(asked, &page, rows.len())?.filter(|next| !(is_last && next == asked));
        self.said.take(page.totals(&self.request), rows.len());
        if !rows.is_empty() {
            self.headers = page.headers.clone();
            self.with_records += 1;
        }
        self.rows.extend(rows);
        if let Some(earlier) = self.last.replace(page) {
            self.stands_before_the_last(&earlier, number - 1);
        }
        Ok(next)
    }

    /// What a page with one behind it says of itself.
    fn stands_before_the_last(&mut self, earlier: &VendorPage, page: usize) {
        let (not_whole, cut) = earlier.not_whole(&self.request);
        let sign = |member: String| UnreadPart::IncompletePage { page, member };
        self.not_whole.extend(not_whole.into_iter().map(sign));
        self.cut.extend(cut.into_iter().map(sign));
    }

    /// Signs of pages before the last one that they are not whole.
    fn not_whole(&mut self) -> Vec<UnreadPart> {
        let mut signs = std::mem::take(&mut self.not_whole);
        if self.cut.len() + 1 < self.with_records {
            signs.append(&mut self.cut);
        }
        signs
    }

    /// How much was read. Pages that lead on may be empty; a numbered one that is stands behind the last one.
    fn listed(&self) -> ReadOfList {
        let pages = match self.request.pages.as_ref().map(|pages| &pages.turn) {
            Some(NextPage::Numbered { .. } | NextPage::Offset { .. }) => self.with_records,
            _ => self.pages,
        };
        ReadOfList::on(self.rows.len(), pages)
    }

    /// Whether the page with this number is one of several numbered ones, as is said: none of them is without records, unless
    /// they are counted from 0.
    fn is_one_of(&self, number: usize, total: u64) -> bool {
        let turn = self.request.pages.as_ref().map(|pages| &pages.turn);
        let is_it = u64::try_from(number).is_ok_and(|number| number <= total) && total > 1;
        is_it && matches!(turn, Some(NextPage::Numbered { .. }))
    }

    /// Where a page may stand before the first one that was read, and nothing says how many there are.
    pub(super) fn zeroth(&self) -> Option<Url> {
        let is_known = self.total.is_some() || self.total_pages.is_some();
        page_addresses::zeroth(&self.request).filter(|_| !is_known).map(|(url, _)| url)
    }

    /// Where a page would stand behind the last one, where that one is full and only the total says that it is the last: a
    /// vendor may call the number of a page's records so.
    pub(super) fn beyond(&self, last: &Url) -> Option<Url> {
        u64::try_from(self.rows.len()).ok().filter(|read| self.total == Some(*read) && *read > 0)?;
        let newest = u64::try_from(self.newest).unwrap_or(u64::MAX);
        let is_full = |size: &Option<(String, u64)>| size.as_ref().is_some_and(|(_, size)| newest >= *size);
        match &self.request.pages.as_ref()?.turn {
            NextPage::Numbered { page, size } if is_full(size) => Some(page_addresses::numbered(last, page)),
            NextPage::Offset { offset, size } if is_full(size) => {
                Some(page_addresses::passing(&self.request, last, (offset, self.rows.len())))
            }
            _ => None,
        }
    }

    /// What stands there: nothing, or what was read before, where servers give their last page again.
    pub(super) fn is_behind_all(&self, page: &VendorPage) -> Result<(), FetchError> {
        let known: HashSet<&String> = self.rows.iter().collect();
        let more = page.rows.iter().filter(|row| !known.contains(row)).count();
        let read = u64::try_from(self.rows.len().saturating_add(more)).unwrap_or(u64::MAX);
        match self.total.filter(|_| more > 0) {
            Some(total) => Err(FetchError::Total { member: self.request.total_member(), total, read }),
            None => Ok(()),
        }
    }

    /// What stands there: many a server gives its first page again, or the whole list.
    pub(super) fn is_before_all(&self, page: &VendorPage) -> Result<(), FetchError> {
        let known: HashSet<&String> = self.rows.iter().collect();
        if page.rows.is_empty() || page.rows.iter().any(|row| known.contains(row)) {
            return Ok(());
        }
        let query = page_addresses::zeroth(&self.request).map_or("", |(_, query)| query).to_owned();
        Err(FetchError::FromZero { query })
    }

    /// Where nothing of what should lead on was ever there, and its name is none that vendors leave out at the end.
    fn unled(&self) -> Option<UnreadPart> {
        match self.request.pages.as_ref().map(|pages| &pages.turn) {
            Some(NextPage::Next { member, .. })
                if !self.may_lead && !member.last().is_some_and(|key| more_pages::leads_on_by(key)) =>
            {
                Some(UnreadPart::Unled { member: member.join(".") })
            }
            _ => None,
        }
    }

    fn max_pages(&self) -> usize {
        self.request.pages.as_ref().map_or(1, |pages| pages.max_pages)
    }

    fn counts(&mut self, rows: &[String]) -> Result<(), FetchError> {
        let length: usize = rows.iter().map(|row| row.len() + 1).sum();
        self.bytes = self.bytes.saturating_add(u64::try_from(length).unwrap_or(u64::MAX));
        if self.bytes > self.max_bytes {
            return Err(FetchError::TooBig { max: self.max_bytes });
        }
        Ok(())
    }

    /// What the page says of all of them, which is what the others say.
    fn says(&mut self, page: &VendorPage) -> Result<(), FetchError> {
        let said = [
            (&mut self.total, page.total, self.request.total_member()),
            (&mut self.total_pages, page.total_pages, self.request.total_pages_member()),
        ];
        for (known, now, member) in said {
            match (*known, now) {
                (Some(before), Some(after)) if before != after => {
                    return Err(FetchError::Moved { member, before, after });
                }
                _ => *known = known.or(now),
            }
        }
        Ok(())
    }

    fn next(&self, asked: &Url, page: &VendorPage, came: usize) -> Result<Option<Url>, FetchError> {
        let Some(pages) = &self.request.pages else { return Ok(None) };
        let read = self.rows.len() + came;
        let reached = |said: Option<u64>, come: usize| {
            said.is_some_and(|said| u64::try_from(come).is_ok_and(|come| come >= said))
        };
        let all = reached(self.total, read) || reached(self.total_pages, self.pages);
        match &pages.turn {
            NextPage::Next { member, query } => {
                let no_way = || FetchError::NoWay { page: self.pages, member: member.join(".") };
                let Some(said) = page.next.as_deref() else { return Ok(None) };
                page_addresses::led(asked, said, query.as_deref()).map(Some).ok_or_else(no_way)
            }
            NextPage::Header => {
                let no_way = || FetchError::NoWay { page: self.pages, member: "Link".to_owned() };
                let Some(said) = page.next.as_deref() else { return Ok(None) };
                page_addresses::led(asked, said, None).map(Some).ok_or_else(no_way)
            }
            // Without a total, only a page without records is behind the last one: a vendor's own limit may be smaller
            // than the size that is asked for.
            NextPage::Numbered { .. } | NextPage::Offset { .. } if all || came == 0 => Ok(None),
            NextPage::Numbered { page, .. } => Ok(Some(page_addresses::numbered(asked, page))),
            NextPage::Offset { offset, .. } => Ok(Some(page_addresses::passing(&self.request, asked, (offset, read)))),
        }
    }

    /// The addresses of all pages after the first, where their number follows from the total.
    pub(super) fn numbered(&self) -> Result<Vec<Url>, FetchError> {
        let turn = self.request.pages.as_ref().map(|pages| &pages.turn);
        let (Some(NextPage::Numbered { page, .. }), 1) = (turn, self.pages) else { return Ok(Vec::new()) };
        let by_records = || Some(self.total?.div_ceil(u64::try_from(self.first.max(1)).ok()?));
        let Some(pages) = self.total_pages.or_else(by_records) else { return Ok(Vec::new()) };
        let pages = usize::try_from(pages).unwrap_or(usize::MAX);
        if pages > self.max_pages() {
            return Err(FetchError::TooManyPages { max: self.max_pages() });
        }
        let mut url = page_addresses::first(&self.request);
        let mut others = Vec::new();
        for _ in 1..pages {
            url = page_addresses::numbered(&url, page);
            others.push(url.clone());
        }
        Ok(others)
    }

    /// All of it, or an error.
    pub(super) fn finished(mut self) -> Result<Self, FetchError> {
        let read = u64::try_from(self.rows.len()).unwrap_or(u64::MAX);
        let said = self.request.pages.as_ref().and_then(|pages| pages.total.as_ref());
        if self.total.is_none() && said.is_some() {
            return Err(FetchError::NoTotal { member: self.request.total_member() });
        }
        if let Some(total) = self.total.filter(|total| *total != read) {
            return Err(FetchError::Total { member: self.request.total_member(), total, read });
        }
        let counted = self.request.pages.as_ref().and_then(|pages| pages.total_pages.as_ref());
        if self.total_pages.is_none() && counted.is_some() {
            return Err(FetchError::NoTotal { member: self.request.total_pages_member() });
        }
        // An empty list may be said to have no page.
        let came = u64::try_from(self.pages).unwrap_or(u64::MAX);
        if let Some(total) = self.total_pages.filter(|total| came != (*total).max(1)) {
            return Err(FetchError::Pages { member: self.request.total_pages_member(), total, read: came });
        }
        let listed = self.listed();
        self.unread = self.not_whole();
        self.unread.extend(self.last.take().iter().flat_map(|last| last.unread(&self.request, listed)));
        let more = self.said.unread(listed, &self.unread);
        self.unread.extend(more);
        self.unread.extend(self.unled());
        self.unread.extend(self.headers.leads());
        self.moved = self.said.moved();
        Ok(self)
    }
}

/// Whether nothing else can be the same record: of two rows that only say `E3` each may be one.
fn has_identifier(row: &str) -> bool {
    let record: Option<Object<'_>> = serde_json::from_str(row).ok();
    let names = record.into_iter().flat_map(|record| record.0).map(|(name, _)| name.0.to_lowercase());
    names.into_iter().any(|name| matches!(name.trim_start_matches('_'), "id" | "uuid" | "guid"))
}

fn digest<'r>(rows: impl IntoIterator<Item = &'r String>) -> [u8; 32] {
    let mut digest = Sha256::new();
    for row in rows {
        digest.update(row.as_bytes());
        digest.update(b"\n");
    }
    digest.finalize().into()
}
