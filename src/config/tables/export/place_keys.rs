//! `path = "s3://…"`, `"az://…"` and `"sftp://…"`, with the `auth` that opens them.

use std::path::Path;

use url::Url;

use crate::config::tables::export::auth_keys::{address, value};
use crate::config::toml_document::{Field, Section};
use crate::config::values::optional;
use crate::export::locate::place_settings::{AzurePlace, PlaceStore, RemotePlace, S3Place, SftpPlace, SftpSignIn};

/// The schemes of paths on other hosts.
const SCHEMES: [&str; 3] = ["s3://", "az://", "sftp://"];

/// Whether a path lies on another host.
pub(super) fn is_place(path: &str) -> bool {
    SCHEMES.iter().any(|scheme| path.starts_with(scheme))
}

/// Where it lies, and what opens it.
pub(super) fn place(path: &Field<'_>, auth: Option<Field<'_>>, folder: &Path) -> Option<RemotePlace> {
    let text = path.text()?;
    let (scheme, rest) = text.split_once("://")?;
    let (root, pattern) = rest.split_once('/').unwrap_or((rest, ""));
    if root.is_empty() || pattern.is_empty() || pattern.ends_with('/') {
        path.error("`path` names a bucket, container or host, and a file or a pattern below it");
        return None;
    }
    if let Err(error) = glob::Pattern::new(pattern) {
        path.error(format!("`path` is not a pattern: {error}"));
        return None;
    }
    let Some(auth) = auth else {
        path.error(format!("a `path` of {scheme}:// needs `auth`: docs/exports.md has it"));
        return None;
    };
    let section = auth.table()?;
    let key = match scheme {
        "s3" => "s3",
        "az" => "azure",
        _ => "sftp",
    };
    let inner = section.required(key).and_then(|field| field.table());
    section.finish(&[]);
    let inner = inner?;
    let store = match scheme {
        "s3" => PlaceStore::S3(s3(inner, root, folder)?),
        "az" => PlaceStore::Azure(azure(inner, root, folder)?),
        _ => PlaceStore::Sftp(sftp(path, inner, root, folder)?),
    };
    // On a host the path begins at its root, unless it begins with `/./`: then where the user is put.
    let pattern = match scheme {
        "sftp" => pattern.strip_prefix("./").map_or_else(|| format!("/{pattern}"), str::to_owned),
        _ => pattern.to_owned(),
    };
    Some(RemotePlace { root: format!("{scheme}://{root}"), pattern, store })
}

/// The keys of a bucket.
pub(in crate::config) fn s3(section: Section<'_>, bucket: &str, folder: &Path) -> Option<S3Place> {
    let region = section.get("region").map_or(Some("us-east-1".to_owned()), |field| field.text().map(str::to_owned));
    let endpoint = optional(section.get("endpoint"), address);
    let access_key = section.required("access_key").and_then(|field| value(&field, folder));
    let secret_key = section.required("secret_key").and_then(|field| value(&field, folder));
    section.finish(&[]);
    let bucket = bucket.to_owned();
    Some(S3Place { bucket, region: region?, endpoint: endpoint?, access_key: access_key?, secret_key: secret_key? })
}

/// The keys of a container.
pub(in crate::config) fn azure(section: Section<'_>, container: &str, folder: &Path) -> Option<AzurePlace> {
    let account = section.required("account").and_then(|field| field.text().map(str::to_owned));
    let endpoint = optional(section.get("endpoint"), address);
    let key = section.required("key").and_then(|field| value(&field, folder));
    section.finish(&[]);
    Some(AzurePlace { container: container.to_owned(), account: account?, endpoint: endpoint?, key: key? })
}

fn sftp(path: &Field<'_>, section: Section<'_>, host: &str, folder: &Path) -> Option<SftpPlace> {
    let url = Url::parse(&format!("sftp://{host}")).ok().filter(|url| url.username().is_empty());
    let named = url.as_ref().and_then(Url::host_str).map(|host| host.trim_matches(['[', ']']).to_owned());
    if named.is_none() {
        path.error_unseen("`path` is sftp://HOST/… or sftp://HOST:PORT/…; the user stands in `auth`");
    }
    let user = section.required("user").and_then(|field| field.text().map(str::to_owned));
    let host_key = section.required("host_key").and_then(|field| host_key(&field));
    let password = optional(section.get("password"), |field| value(field, folder));
    let key = optional(section.get("key"), |field| value(field, folder));
    let passphrase = optional(section.get("passphrase"), |field| value(field, folder));
    let sign_in = match (password?, key?, passphrase?) {
        (Some(password), None, None) => Some(SftpSignIn::Password(password)),
        (None, Some(key), passphrase) => Some(SftpSignIn::Key { key, passphrase }),
        _ => {
            section.error("`sftp` takes a `password`, or a `key` that a `passphrase` may open");
            None
        }
    };
    section.finish(&[]);
    let port = url.and_then(|url| url.port()).unwrap_or(22);
    Some(SftpPlace { host: named?, port, user: user?, host_key: host_key?, sign_in: sign_in? })
}

/// `SHA256:…`, as `ssh-keygen -lf` prints it.
fn host_key(field: &Field<'_>) -> Option<String> {
    let text = field.text()?;
    let digest = text.strip_prefix("SHA256:").unwrap_or_default().trim_end_matches('=');
    let good = digest.len() == 43 && digest.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/".contains(&byte));
    if !good {
        field.error("`host_key` is SHA256:… as ssh-keygen -lf prints it for the host's public key");
        return None;
    }
    Some(format!("SHA256:{digest}"))
}
