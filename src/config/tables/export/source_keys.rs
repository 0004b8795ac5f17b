//! `path`, or `url` and `requests` with what signs in; `files`, `expect_files` and `delivery`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::config::tables::export::auth_keys::{auth, headers};
use crate::config::tables::export::over_profile::Layered;
use crate::config::tables::export::place_keys::{is_place, place};
use crate::config::tables::export::request_keys::{Common, requests, single};
use crate::config::toml_document::{Field, Section};
use crate::config::values::optional;
use crate::export::locate::link_settings::Link;
use crate::export::settings::{DELIVERY, ExportLocation, Files};

/// Where the export comes from. What is given here wins over the profile, also by being something else.
pub(in crate::config) fn source(keys: &Layered<'_>, folder: &Path) -> Option<ExportLocation> {
    let (path, url, lists) = (keys.own("path"), keys.get("url"), keys.get("requests"));
    let of_link = [keys.get("headers"), keys.get("pages"), keys.get("on"), keys.get("auth")];
    let (own_url, own_lists) = (keys.has_own("url"), keys.has_own("requests"));
    if let Some(path) = path {
        let own = |key: &'static str| keys.own(key);
        if let Some(other) = own("url").or_else(|| own("requests")) {
            other.error_unseen("an export has a `path` or a `url`, not both");
            return None;
        }
        let is_place = path.value().as_str().is_some_and(|path| is_place(path.trim()));
        let of_url = ["headers", "pages", "on", "auth"].into_iter().filter(|key| !is_place || *key != "auth");
        if let Some(of_link) = of_url.into_iter().find_map(own) {
            of_link.error_unseen(format!("`{}` belong to a `url`, and here is a `path`", of_link.key));
            return None;
        }
        if is_place {
            return place(&path, own("auth"), folder).map(|place| ExportLocation::Place(Box::new(place)));
        }
        return match path.text()? {
            "-" => Some(ExportLocation::Stdin),
            _ => pattern(&path, folder).map(ExportLocation::Path),
        };
    }
    if own_url && own_lists {
        url?.error_unseen("an export has a `url` or `requests`, not both");
        return None;
    }
    let [header_table, pages, on, _] = of_link;
    let common = Common { pages, records: keys.get("records"), on };
    let list = match (url, lists) {
        (Some(url), _) if own_url || !own_lists => single(&url, &common).map(|list| vec![list]),
        (_, Some(lists)) => requests(&lists, &common),
        _ => {
            keys.required_own("path");
            return None;
        }
    };
    let headers = header_table.map_or(Some(Vec::new()), |field| headers(&field.table()?, folder));
    let auth = auth(keys, folder);
    Some(ExportLocation::Url(Link { requests: list?, headers: headers?, auth: auth? }))
}

/// Which files of a pattern are one export.
pub(in crate::config) fn files(section: &Section<'_>) -> Option<Files> {
    const WORDS: &[(&str, bool)] = &[("newest", false), ("all", true)];
    const EXPECTED_MOST: i64 = 10_000;
    let all = section.get("files").map_or(Some(false), |field| field.word(WORDS));
    let (expected_field, delivery_field) = (section.get("expect_files"), section.get("delivery"));
    let expected = optional(expected_field, |field| field.whole(1, EXPECTED_MOST));
    let delivery = delivery_field.map_or(Some(DELIVERY), |field| field.duration(Duration::from_secs(1)));
    let (all, expected, delivery) = (all?, expected?, delivery?);
    if !all && (expected.is_some() || delivery != DELIVERY) {
        section.error("`expect_files` and `delivery` have no effect without files = \"all\"");
        return None;
    }
    Some(if all { Files::All { delivery, expected } } else { Files::Newest })
}

/// The folder's own name is no pattern, whatever characters it holds.
fn pattern(field: &Field<'_>, folder: &Path) -> Option<PathBuf> {
    let text = field.text()?;
    if let Err(error) = glob::Pattern::new(text) {
        field.error(format!("`path` is not a pattern: {error}"));
        return None;
    }
    let plain = !text.contains(['*', '?', '[']);
    let escaped = || PathBuf::from(glob::Pattern::escape(&folder.to_string_lossy()));
    Some(field.naming(if plain { folder.join(text) } else { escaped().join(text) }))
}
