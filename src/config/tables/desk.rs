//! `[desk]`: where the desk is, how it is reached, and who else lets people in.

use std::net::{IpAddr, SocketAddr};
use std::path::Path;

use url::Url;

use crate::config::desk_settings::{DeskConfig, OidcConfig, TabConfig, TabMembers};
use crate::config::secret_source::secret;
use crate::config::toml_document::{Field, Section};
use crate::config::values::optional;
use crate::http_client::is_loopback;

/// Reads the table. `connectwise` are the names of the tables of ConnectWise.
pub(in crate::config) fn config(section: Section<'_>, folder: &Path, connectwise: &[&str]) -> Option<DeskConfig> {
    let listen = optional(section.get("listen"), listen);
    let url = optional(section.get("url"), url);
    let cert = optional(section.get("cert"), |field| field.path(folder));
    let key = optional(section.get("key"), |field| field.path(folder));
    let trusted_proxy = optional(section.get("trusted_proxy"), proxy);
    let totp = optional(section.get("totp"), |field| field.word(&[("optional", false), ("required", true)]));
    let oidc = optional(section.get("oidc"), |field| oidc(field.table()?, folder));
    let tab = optional(section.get("tab"), |field| tab(field.table()?, connectwise));
    let (cert, key) = (cert?, key?);
    if cert.is_some() != key.is_some() {
        section.error("`cert` and `key` go together");
        return None;
    }
    let (url, oidc, tab) = (url?, oidc?, tab?);
    if url.is_none() && (oidc.is_some() || tab.is_some()) {
        section.error("with [desk.oidc] or [desk.tab] it needs `url`, the address that browsers know");
        return None;
    }
    section.finish(&[]);
    let totp_required = totp?.unwrap_or(false);
    Some(DeskConfig {
        listen: listen?,
        url,
        tls: cert.zip(key),
        trusted_proxy: trusted_proxy?,
        totp_required,
        oidc,
        tab,
    })
}

fn listen(field: &Field<'_>) -> Option<SocketAddr> {
    let address = field.text()?.parse().ok();
    if address.is_none() {
        field.error("`listen` is an address and a port, such as \"127.0.0.1:8080\"");
    }
    address
}

/// A desk stands at the root; a tenant's, among those of many, under `/t/NAME`.
fn url(field: &Field<'_>) -> Option<Url> {
    let is_place = |path: &str| match path.strip_prefix("/t/") {
        Some(tenant) => !tenant.is_empty() && !tenant.trim_end_matches('/').contains('/'),
        None => path == "/",
    };
    let is_whole = |url: &Url| matches!(url.scheme(), "http" | "https") && url.host_str().is_some();
    let url = Url::parse(field.text()?).ok().filter(|url| is_whole(url) && is_place(url.path()));
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

/// `[desk.oidc]`.
fn oidc(section: Section<'_>, folder: &Path) -> Option<OidcConfig> {
    let issuer = section.required("issuer").and_then(|field| issuer(&field));
    let client_id = section.required("client_id").and_then(|field| field.text().map(str::to_owned));
    let client_secret = section.required("client_secret").and_then(|field| secret(&field, folder));
    let roles = section.required("roles").and_then(|field| {
        let known = [("viewer", "viewer"), ("operator", "operator"), ("admin", "admin")];
        let groups = field.table()?.entries();
        groups.into_iter().map(|field| Some((field.key.clone(), field.word(&known)?))).collect()
    });
    let text = |field: &Field<'_>| field.text().map(str::to_owned);
    let groups_claim = optional(section.get("groups_claim"), text);
    let scope = optional(section.get("scope"), scope);
    section.finish(&[]);
    Some(OidcConfig {
        issuer: issuer?,
        client_id: client_id?,
        client_secret: client_secret?,
        roles: roles?,
        groups_claim: groups_claim?.unwrap_or_else(|| "groups".to_owned()),
        scope: scope?.unwrap_or_else(|| "openid profile email".to_owned()),
    })
}

fn issuer(field: &Field<'_>) -> Option<String> {
    let text = field.text()?;
    let url = Url::parse(text).ok().filter(|url| url.scheme() == "https" || url.scheme() == "http" && is_loopback(url));
    if url.is_none_or(|url| url.query().is_some() || url.fragment().is_some()) {
        field.error("`issuer` is the provider's address as it calls itself, such as \"https://login.example.com\"");
        return None;
    }
    Some(text.to_owned())
}

fn scope(field: &Field<'_>) -> Option<String> {
    let text = field.text()?;
    if !text.split(' ').any(|word| word == "openid") {
        field.error("`scope` has the word openid among others, such as \"openid profile groups\"");
        return None;
    }
    Some(text.to_owned())
}

/// `[desk.tab]`.
fn tab(section: Section<'_>, known: &[&str]) -> Option<TabConfig> {
    let origins = section.required("origins").and_then(|field| {
        let origins = field.list()?.iter().map(origin).collect::<Option<Vec<String>>>()?;
        if origins.is_empty() {
            field.error("`origins` names the pages that may frame the tab, such as \"https://na.myconnectwise.net\"");
            return None;
        }
        Some(origins)
    });
    let members = section.required("members").and_then(|field| members(&field));
    let connectwise = match (section.get("connectwise"), known) {
        (Some(field), _) => field.text().and_then(|name| {
            if !known.contains(&name) {
                field.error("there is no table [connectwise] of this name");
            }
            known.contains(&name).then(|| name.to_owned())
        }),
        (None, [only]) => Some((*only).to_owned()),
        (None, _) => {
            section.error("with several ConnectWise it needs `connectwise`, the one that has the tab");
            None
        }
    };
    section.finish(&[]);
    Some(TabConfig { origins: origins?, members: members?, connectwise: connectwise? })
}

/// An origin, as browsers write it: what is not exactly one could let other pages in.
fn origin(field: &Field<'_>) -> Option<String> {
    let text = field.text()?;
    let url = Url::parse(text).ok();
    let fits = |url: &Url| url.scheme() == "https" || url.scheme() == "http" && is_loopback(url);
    let origin = url.filter(fits).map(|url| url.origin().ascii_serialization());
    if origin.as_deref() != Some(text) || text.contains(['*', ';', ',', ' ', '\'']) {
        field.error("an origin is https:// and a host, without a path or a pattern: \"https://na.myconnectwise.net\"");
        return None;
    }
    origin
}

fn members(field: &Field<'_>) -> Option<TabMembers> {
    if field.value().as_str() == Some("all") {
        return Some(TabMembers::All);
    }
    if field.value().as_str().is_some() {
        field.error("`members` is a list of member ids, such as [\"jdoe\"], or \"all\"");
        return None;
    }
    let names = field.list()?.iter().map(|name| name.text().map(str::to_lowercase)).collect::<Option<Vec<_>>>()?;
    Some(TabMembers::Named(names))
}
