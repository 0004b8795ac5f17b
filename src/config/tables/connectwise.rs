//! `[connectwise.NAME]`: its address, keys and limits.

use std::path::Path;
use std::time::Duration;

use url::Url;

use crate::config::secret_source::secret;
use crate::config::settings::ConnectWiseConfig;
use crate::config::toml_document::{Field, Section};
use crate::config::values::{ca_file, optional};
use crate::connectwise::client::settings::ConnectWiseSettings;
use crate::http_client::is_loopback;
use crate::reconcile::model::record_links::RecordAddress;

/// Whether they are tried.
const BUNDLED_READS: &[(&str, bool)] = &[("auto", true), ("off", false)];
/// The path under which the cloud shows records, whatever release it runs (seen in public integrations of many hosts).
const CODEBASE: &str = "v4_6_release";
const SETTLE: Duration = Duration::from_secs(15 * 60);
/// More would only be told to wait (ConnectWise limits requests per minute; the number is not published).
const IN_FLIGHT_MOST: i64 = 32;

/// Reads one table.
pub(in crate::config) fn config(section: Section<'_>, folder: &Path) -> Option<ConnectWiseConfig> {
    let url = section.required("url").and_then(|field| url(&field));
    let company = section.required("company").and_then(|field| company(&field));
    let client_id = section.required("client_id").and_then(|field| client_id(&field));
    let public_key = section.required("public_key").and_then(|field| secret(&field, folder));
    let private_key = section.required("private_key").and_then(|field| secret(&field, folder));
    let codebase = optional(section.get("codebase"), codebase);
    let api_version = optional(section.get("api_version"), api_version);
    let ca_file = optional(section.get("ca_file"), |field| ca_file(field, folder));
    let max_in_flight = optional(section.get("max_in_flight"), |field| field.whole(1, IN_FLIGHT_MOST));
    let requests_per_minute = optional(section.get("requests_per_minute"), |field| field.whole(1, 100_000));
    let bundled_reads = optional(section.get("bundled_reads"), |field| field.word(BUNDLED_READS));
    let duration = |key, least| optional(section.get(key), |field| field.duration(least));
    let request_timeout = duration("request_timeout", Duration::from_millis(1));
    let retry_pause_max = duration("retry_pause_max", Duration::ZERO);
    let settle = duration("settle", Duration::ZERO);
    let records = section.get("record_link").map(|field| record_link(&field));
    section.finish(&[]);
    let (url, company) = (url?, company?);
    let records = match records {
        Some(written) => written?,
        None => usual_record_links(&url, &company, codebase.as_ref()?.as_deref()),
    };
    let usual = ConnectWiseSettings::new(url, company, client_id?);
    let client = ConnectWiseSettings {
        codebase: codebase?,
        api_version: api_version?.unwrap_or(usual.api_version),
        ca_file: ca_file?,
        max_in_flight: max_in_flight?.unwrap_or(usual.max_in_flight),
        requests_per_minute: requests_per_minute?.unwrap_or(usual.requests_per_minute),
        bundled_reads: bundled_reads?.unwrap_or(usual.bundled_reads),
        request_timeout: request_timeout?.unwrap_or(usual.request_timeout),
        retry_pause_max: retry_pause_max?.unwrap_or(usual.retry_pause_max),
        ..usual
    };
    let (folder, settle) = (folder.to_owned(), settle?.unwrap_or(SETTLE));
    Some(ConnectWiseConfig { folder, client, public_key: public_key?, private_key: private_key?, settle, records })
}

/// Where the same ConnectWise shows a record, by its record type and id. The cloud's pages are on the host of its API
/// without `api-`; a server of one's own serves both. A simulated one on this host shows none.
fn usual_record_links(url: &Url, company: &str, codebase: Option<&str>) -> Option<RecordAddress> {
    if is_loopback(url) {
        return None;
    }
    let host = url.host_str()?;
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    let company: String = url::form_urlencoded::byte_serialize(company.as_bytes()).collect();
    Some(RecordAddress::new(format!(
        "{}://{}{port}/{}/services/system_io/router/openrecord.rails?locale=en_US&companyName={company}\
         &recordType={{type}}&recid={{id}}",
        url.scheme(),
        host.strip_prefix("api-").unwrap_or(host),
        codebase.unwrap_or(CODEBASE),
    )))
}

/// `"off"`, or an address with both holes.
fn record_link(field: &Field<'_>) -> Option<Option<RecordAddress>> {
    let text = field.text()?;
    let links = RecordAddress::new(text);
    match text {
        "off" => Some(None),
        address if links.is_whole() && address.starts_with("https://") && Url::parse(address).is_ok() => {
            Some(Some(links))
        }
        _ => {
            field.error("`record_link` is \"off\", or an address that begins with https:// and holds {type} and {id}");
            None
        }
    }
}

fn url(field: &Field<'_>) -> Option<Url> {
    let url = match Url::parse(field.text()?) {
        Ok(url) => url,
        Err(_) => {
            field.error_unseen("`url` is not an address; one begins with https://");
            return None;
        }
    };
    match url_fault(&url) {
        // Not shown: an address may hold a password.
        Some(fault) => field.error_unseen(fault),
        None => return Some(url),
    }
    None
}

fn url_fault(url: &Url) -> Option<String> {
    let host = url.host_str().unwrap_or_default();
    if !url.username().is_empty() || url.password().is_some() {
        Some("`url` holds a user name or a password; keys stand in `public_key` and `private_key`".to_owned())
    } else if url.scheme() == "http" && !is_loopback(url) {
        Some("`url` must begin with https://; http:// is for this host alone".to_owned())
    } else if !matches!(url.scheme(), "http" | "https") || host.is_empty() {
        Some("`url` must begin with https://".to_owned())
    } else if url.query().is_some() || url.fragment().is_some() || url.path().contains("/apis/") {
        Some("`url` is the base address alone, such as https://api-na.myconnectwise.net".to_owned())
    } else {
        None
    }
}

/// It is joined to the public key by a `+`, and the user name ends at a colon.
fn company(field: &Field<'_>) -> Option<String> {
    let text = field.text()?;
    if text.contains(['+', ':']) || text.contains(char::is_whitespace) {
        field.error("`company` is the login company id: no blank, `+` or `:` in it");
        return None;
    }
    Some(text.to_owned())
}

/// Not shown: ConnectWise asks to treat it like a password (developer guide).
fn client_id(field: &Field<'_>) -> Option<String> {
    let text = field.value().as_str().map(str::trim).unwrap_or_default();
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        field.error_unseen("`client_id` is the id that developer.connectwise.com gave: one word, in quotes");
        return None;
    }
    Some(text.to_owned())
}

fn codebase(field: &Field<'_>) -> Option<String> {
    let text = field.text()?.trim_matches('/');
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte)) {
        field.error("`codebase` is one part of a path, such as \"v4_6_release\"");
        return None;
    }
    Some(text.to_owned())
}

fn api_version(field: &Field<'_>) -> Option<String> {
    let text = field.text()?;
    if !text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
        field.error("`api_version` is a version such as \"2025.1\"");
        return None;
    }
    Some(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reconcile::model::ids::AgreementId;

    /// Otherwise every link of a report would lead to the API, or to another company's sign-in.
    #[test]
    fn records_open_on_the_host_of_the_pages() {
        for (url, codebase, expected) in [
            ("https://api-na.myconnectwise.net", None, "https://na.myconnectwise.net/v4_6_release"),
            ("https://api-eu.myconnectwise.net/", None, "https://eu.myconnectwise.net/v4_6_release"),
            ("https://psa.example.com:8443", Some("v2025_1"), "https://psa.example.com:8443/v2025_1"),
        ] {
            let url = Url::parse(url).expect("an address");
            let links = usual_record_links(&url, "a&b", codebase).expect("links");
            let rest = "/services/system_io/router/openrecord.rails?locale=en_US&companyName=a%26b&recordType=AgreementFV&recid=7";
            assert_eq!(links.agreement(AgreementId(7)), format!("{expected}{rest}"));
        }
        assert_eq!(usual_record_links(&Url::parse("http://127.0.0.1:80").expect("an address"), "x", None), None);
    }
}
