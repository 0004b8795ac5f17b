//! `pages` and `requests`: lists of a vendor's API.

use crate::config::tables::export::auth_keys::{self, address};
use crate::config::toml_document::{Field, Section};
use crate::config::values::optional;
use crate::export::locate::link_settings::{ListRequest, MAX_PAGES, NextPage, Pages};

/// Nobody has more pages of customers.
const PAGES_MOST: i64 = 100_000;
/// Two lists, names and counts; some vendors give a third, of products.
const LISTS_MOST: usize = 5;

/// What the lists of one export have in common, where they say nothing else.
pub(super) struct Common<'a> {
    pub(super) pages: Option<Field<'a>>,
    pub(super) records: Option<Field<'a>>,
    pub(super) on: Option<Field<'a>>,
}

/// The keys of a profile that say what is asked for; their values are read when somebody takes the profile.
pub(in crate::config) fn of_profile(section: &Section<'_>) {
    let common = Common { pages: section.get("pages"), records: section.get("records"), on: section.get("on") };
    common.pages.as_ref().and_then(pages);
    section.get("url").and_then(|field| single(&field, &common));
    section.get("requests").and_then(|field| requests(&field, &common));
    if let Some(headers) = section.get("headers").and_then(|field| field.table()) {
        auth_keys::headers(&headers, std::path::Path::new(""));
    }
    auth_keys::of_profile(section);
}

/// `url`, with `pages` where it has them.
pub(super) fn single(field: &Field<'_>, common: &Common<'_>) -> Option<ListRequest> {
    let url = address(field);
    let pages = optional(common.pages.clone(), pages);
    let (url, pages) = (url?, pages?);
    // A file that comes in one answer is read as its format says.
    let records = if pages.is_some() { list_path(common.records.as_ref())? } else { Vec::new() };
    Some(ListRequest { url, pages, records, on: None, name: None })
}

/// `requests = [{ url = "…", on = "id" }, …]`, all of one host.
pub(super) fn requests(field: &Field<'_>, common: &Common<'_>) -> Option<Vec<ListRequest>> {
    let items = field.list()?;
    if items.is_empty() || items.len() > LISTS_MOST {
        field.error_unseen(format!("`requests` has from 1 to {LISTS_MOST} lists"));
        return None;
    }
    let joins = items.len() > 1;
    let lists: Vec<_> = items.iter().enumerate().map(|(at, item)| request(item, common, (at, joins))).collect();
    let lists: Vec<ListRequest> = lists.into_iter().collect::<Option<_>>()?;
    // The key goes to one server.
    if lists.iter().any(|list| list.url.origin() != lists[0].url.origin()) {
        field.error_unseen("the lists of `requests` are of one host");
        return None;
    }
    Some(lists)
}

fn request(field: &Field<'_>, common: &Common<'_>, (at, joins): (usize, bool)) -> Option<ListRequest> {
    let section = field.table()?;
    let url = section.required("url").and_then(|field| address(&field));
    let own = section.get("pages");
    let pages = optional(own.or_else(|| common.pages.clone()), pages);
    let records = section.get("records");
    let records = list_path(records.as_ref().or(common.records.as_ref()));
    let on = section.get("on");
    let on = optional(on.or_else(|| common.on.clone()), |field| field.text().map(str::to_owned));
    let name_field = section.get("as");
    let name = optional(name_field.clone(), |field| field.text().map(str::to_owned));
    section.finish(&[]);
    let (on, name) = (on?, name?);
    if joins && on.is_none() {
        field.error_unseen("lists that are joined say by which key: `on`");
        return None;
    }
    if at == 0 && name.is_some() {
        name_field?.error("the first list's keys stand where they are; `as` is for those of the others");
        return None;
    }
    Some(ListRequest { url: url?, pages: pages?, records: records?, on, name })
}

/// One of the five forms.
fn pages(field: &Field<'_>) -> Option<Pages> {
    let section = field.table()?;
    let member = |key| optional(section.get(key), path);
    let text = |key| optional(section.get(key), |field| field.text().map(str::to_owned));
    let (next, cursor, query) = (member("next"), member("cursor"), text("query"));
    let link = section.get("link").map_or(Some(false), |field| field.boolean());
    let (page, offset) = (text("page"), text("offset"));
    let size = optional(section.get("size"), size);
    let (total, total_pages) = (member("total"), member("total_pages"));
    let max_pages = section.get("max_pages").map_or(Some(MAX_PAGES), |field| field.whole(1, PAGES_MOST));
    section.finish(&[]);
    let (query, size) = (query?, size?);
    let (led, sized) = (query.is_some(), size.is_some());
    let mut turns: Vec<(NextPage, bool)> = Vec::new();
    turns.extend(next?.map(|member| (NextPage::Next { member, query: query.clone() }, !sized)));
    turns.extend(cursor?.map(|member| (NextPage::Next { member, query: query.clone() }, led && !sized)));
    turns.extend(link?.then_some((NextPage::Header, !led && !sized)));
    turns.extend(page?.map(|page| (NextPage::Numbered { page, size: size.clone() }, !led)));
    turns.extend(offset?.map(|offset| (NextPage::Offset { offset, size }, !led)));
    let (total, total_pages, max_pages) = (total?, total_pages?, max_pages?);
    let counted = |turn: &NextPage| total_pages.is_none() || matches!(turn, NextPage::Numbered { .. });
    match turns.pop() {
        Some((turn, true)) if turns.is_empty() && counted(&turn) => Some(Pages { turn, total, total_pages, max_pages }),
        _ => {
            field.error_unseen(
                "`pages` is one of { next = \"path\", query = \"name\" }, { link = true }, \
                 { cursor = \"path\", query = \"name\" }, { page = \"name\", size = { name = 100 } } and \
                 { offset = \"name\", size = { name = 100 } }; `total_pages` is of numbered ones",
            );
            None
        }
    }
}

/// `{ limit = 100 }`.
fn size(field: &Field<'_>) -> Option<(String, u64)> {
    let entries = field.table()?.entries();
    let [only] = entries.as_slice() else {
        field.error("`size` is one parameter with its number, such as { limit = 100 }");
        return None;
    };
    Some((only.key.clone(), only.whole(1, 1_000_000)?))
}

/// `meta.cursor`. A key with a dot in it stands alone: `@odata.nextLink`.
fn path(field: &Field<'_>) -> Option<Vec<String>> {
    let text = field.text()?;
    if text.starts_with('@') {
        return Some(vec![text.to_owned()]);
    }
    let keys: Vec<String> = text.split('.').map(|key| key.trim().to_owned()).collect();
    if keys.iter().any(String::is_empty) {
        field.error(format!("`{}` is a path of keys, such as \"meta.next\"", field.key));
        return None;
    }
    Some(keys)
}

/// What leads to the first list of `records`: `data.sites`, `items[].licenses[]` up to the first `[]`.
fn list_path(field: Option<&Field<'_>>) -> Option<Vec<String>> {
    let Some(field) = field else { return Some(Vec::new()) };
    let text = field.text()?;
    let list = text.split("[]").next().unwrap_or_default().trim();
    if list.contains("{}") {
        field.error("pages are lists, and here `records` says an object by key");
        return None;
    }
    if list.is_empty() { Some(Vec::new()) } else { Some(list.split('.').map(|key| key.trim().to_owned()).collect()) }
}
