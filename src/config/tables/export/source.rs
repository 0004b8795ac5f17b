//! `path`, or `url` with `headers`; `files`, `expect_files` and `delivery`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use http::HeaderName;
use url::Url;

use crate::config::document::{Field, Section};
use crate::config::secret_source::secret;
use crate::config::secrets::SecretSource;
use crate::config::values::optional;
use crate::export::settings::{ExportLocation, Files, HeaderValue, Link};
use crate::http_client::is_loopback;

/// Where the export comes from.
pub(in crate::config) fn source(section: &Section<'_>, folder: &Path) -> Option<ExportLocation> {
    let headers = section.get("headers");
    match (section.get("path"), section.get("url")) {
        (Some(path), None) if headers.is_none() => match path.text()? {
            "-" => Some(ExportLocation::Stdin),
            _ => pattern(&path, folder).map(ExportLocation::Path),
        },
        (Some(_), None) => {
            headers?.error_unseen("`headers` belong to a `url`, and here is a `path`");
            None
        }
        (None, Some(url)) => {
            let headers = headers.map_or(Some(Vec::new()), |field| self::headers(field.table()?, folder));
            Some(ExportLocation::Url(Link { url: link(&url)?, headers: headers? }))
        }
        (Some(_), Some(url)) => {
            url.error_unseen("an export has a `path` or a `url`, not both");
            None
        }
        (None, None) => {
            section.required("path");
            None
        }
    }
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

/// How long a vendor takes to deliver one night's files, unless that is declared.
const DELIVERY: Duration = Duration::from_secs(3600);

/// The folder's own name is no pattern, whatever characters it holds.
fn pattern(field: &Field<'_>, folder: &Path) -> Option<PathBuf> {
    let text = field.text()?;
    if let Err(error) = glob::Pattern::new(text) {
        field.error(format!("`path` is not a pattern: {error}"));
        return None;
    }
    let plain = !text.contains(['*', '?', '[']);
    let escaped = || PathBuf::from(glob::Pattern::escape(&folder.to_string_lossy()));
    Some(if plain { folder.join(text) } else { escaped().join(text) })
}

/// Never shown: a report link may hold a key.
fn link(field: &Field<'_>) -> Option<Url> {
    let Some(text) = field.value().as_str() else {
        field.mistyped("a string");
        return None;
    };
    let url = match Url::parse(text.trim()) {
        Ok(url) => url,
        Err(_) => {
            field.error_unseen("`url` is not an address; one begins with https://");
            return None;
        }
    };
    let fault = if !url.username().is_empty() || url.password().is_some() {
        "`url` holds a user name or a password; keys stand in `headers`"
    } else if url.host_str().is_none_or(str::is_empty) || !matches!(url.scheme(), "http" | "https") {
        "`url` must begin with https://"
    } else if url.scheme() == "http" && !is_loopback(&url) {
        "`url` must begin with https://; http:// is for this host alone"
    } else {
        return Some(url);
    };
    field.error_unseen(fault);
    None
}

fn headers(section: Section<'_>, folder: &Path) -> Option<Vec<(String, HeaderValue)>> {
    section.entries().iter().map(|field| header(field, folder)).collect::<Vec<_>>().into_iter().collect()
}

fn header(field: &Field<'_>, folder: &Path) -> Option<(String, HeaderValue)> {
    if HeaderName::from_bytes(field.key.as_bytes()).is_err() {
        field.error_unseen("`headers` has a name that no header may have");
        return None;
    }
    let value = match field.value().as_str() {
        Some(text) if http::HeaderValue::from_str(text).is_ok() => HeaderValue::Plain(text.to_owned()),
        Some(_) => {
            field.error_unseen(format!("`{}` holds a character that no header may have", field.key));
            return None;
        }
        None => match secret(field, folder)? {
            SecretSource::Credential(name) => HeaderValue::Credential(name),
            SecretSource::File(path) => HeaderValue::File(path),
            SecretSource::Env(name) => HeaderValue::Env(name),
        },
    };
    Some((field.key.clone(), value))
}
