//! `[desk]`: where the desk is, and how it is reached.

use std::net::{IpAddr, SocketAddr};
use std::path::Path;

use url::Url;

use crate::config::document::{Field, Section};
use crate::config::settings::DeskConfig;
use crate::config::values::optional;

/// Reads the table.
pub(in crate::config) fn config(section: Section<'_>, folder: &Path) -> Option<DeskConfig> {
    let listen = optional(section.get("listen"), listen);
    let url = optional(section.get("url"), url);
    let cert = optional(section.get("cert"), |field| field.path(folder));
    let key = optional(section.get("key"), |field| field.path(folder));
    let trusted_proxy = optional(section.get("trusted_proxy"), proxy);
    let (cert, key) = (cert?, key?);
    if cert.is_some() != key.is_some() {
        section.error("`cert` and `key` go together");
        return None;
    }
    section.finish(&[]);
    Some(DeskConfig { listen: listen?, url: url?, tls: cert.zip(key), trusted_proxy: trusted_proxy? })
}

fn listen(field: &Field<'_>) -> Option<SocketAddr> {
    let address = field.text()?.parse().ok();
    if address.is_none() {
        field.error("`listen` is an address and a port, such as \"127.0.0.1:8080\"");
    }
    address
}

fn url(field: &Field<'_>) -> Option<Url> {
    let url = Url::parse(field.text()?).ok();
    let url =
        url.filter(|url| matches!(url.scheme(), "http" | "https") && url.host_str().is_some() && url.path() == "/");
    if url.is_none() {
        field.error("`url` is the address that browsers know, such as \"https://recount.example.com/\"");
    }
    url
}

fn proxy(field: &Field<'_>) -> Option<IpAddr> {
    let address = field.text()?.parse().ok();
    if address.is_none() {
        field.error("`trusted_proxy` is the address of the proxy in front, such as \"127.0.0.1\"");
    }
    address
}
