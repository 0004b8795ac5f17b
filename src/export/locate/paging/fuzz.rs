//! A way in for the fuzz target `paging`: only it compiles this (`--cfg fuzzing`).

use url::Url;

use crate::export::locate::fetch::error::FetchError;
use crate::export::locate::fetch::vendor_answer::VendorAnswer;
use crate::export::locate::link_settings::{ListRequest, NextPage, Pages};
use crate::export::locate::paging::joined_lists::joined;
use crate::export::locate::paging::page_addresses;
use crate::export::locate::paging::vendor_list::VendorList;
use crate::export::locate::paging::vendor_page::VendorPage;
use crate::reconcile::model::export::partial_export::UnreadPart;

/// Reads a list whose pages are these answers, one after another, in one of the five forms; and joins it with itself.
///
/// # Errors
/// As [`fetch_lists`](super::fetch_lists) has it; where the answers are too few there is none for the next page.
pub fn read(answers: &[&[u8]], form: u8) -> Result<(Vec<String>, Vec<UnreadPart>), FetchError> {
    let request = request(form);
    let mut list = VendorList::new(&request, 1 << 20);
    let (mut asked, mut answers) = (page_addresses::first(&request), answers.iter());
    loop {
        let number = list.pages() + 1;
        let Some(bytes) = answers.next() else { return Err(FetchError::NotJson { page: number }) };
        let page = VendorPage::of(&VendorAnswer::of_bytes(bytes), &request, number)?;
        let Some(next) = list.take(&asked, page)? else { break };
        asked = next;
    }
    let mut list = list.finished()?;
    let unread = std::mem::take(&mut list.unread);
    let rows = list.rows.clone();
    let mut other = VendorList::new(&request, 1 << 20);
    other.rows.clone_from(&rows);
    if let Ok(records) = joined(vec![list, other], &[request.clone(), request]) {
        assert_eq!(records.rows.len(), rows.len(), "a record was lost by joining");
    }
    Ok((rows, unread))
}

fn request(form: u8) -> ListRequest {
    let keys = |path: &str| path.split('.').map(str::to_owned).collect::<Vec<_>>();
    let size = Some(("limit".to_owned(), 2));
    let turn = match form % 5 {
        0 => NextPage::Next { member: keys("next"), query: None },
        1 => NextPage::Next { member: keys("meta.cursor"), query: Some("cursor".to_owned()) },
        2 => NextPage::Header,
        3 => NextPage::Numbered { page: "page".to_owned(), size },
        _ => NextPage::Offset { offset: "skip".to_owned(), size },
    };
    let total_pages = (form % 5 == 3 && form & 0x40 != 0).then(|| keys("pages"));
    let total = (form & 0x80 != 0).then(|| keys("total"));
    let pages = Some(Pages { turn, total, total_pages, max_pages: 50 });
    let url = Url::parse("https://vendor.example/list?page=1").expect("a URL");
    ListRequest { url, pages, records: keys("items"), on: Some("id".to_owned()), name: None }
}
