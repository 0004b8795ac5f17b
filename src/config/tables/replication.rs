//! `replicate`, and `[replication]`: where copies of the history go, and how long the lease holds.

use std::path::{Path, PathBuf};
use std::time::Duration;

use url::Url;

use crate::config::tables::export::place_keys::{azure, s3};
use crate::config::toml_document::{Field, Section};
use crate::replication::settings::{ReplicaPlace, ReplicaSettings};

/// A daemon renews it all the time.
const LEASE_OF_DAEMON: Duration = Duration::from_secs(15 * 60);
/// From one night to the end of the next, where nobody renews it by day.
const LEASE_OF_NIGHTS: Duration = Duration::from_secs(36 * 60 * 60);
/// A run renews it three times within this.
const LEASE_LEAST: Duration = Duration::from_secs(60);

/// `Some(None)` where nothing is copied.
#[expect(clippy::option_option, reason = "None is an error that was told, as of every table")]
pub(in crate::config) fn replica(
    root: &Section<'_>,
    folder: &Path,
    has_daemon: bool,
) -> Option<Option<ReplicaSettings>> {
    let table = root.get("replication").map(|field| field.table());
    let Some(field) = root.get("replicate") else {
        if let Some(Some(table)) = table {
            table.error("[replication] needs `replicate = \"s3://bucket/recount\"` at the top of the file");
        }
        return Some(None);
    };
    let table = match table {
        Some(table) => Some(table?),
        None => None,
    };
    let usual = if has_daemon { LEASE_OF_DAEMON } else { LEASE_OF_NIGHTS };
    let lease = table.as_ref().and_then(|table| table.get("lease"));
    let lease = lease.map_or(Some(usual), |field| field.duration(LEASE_LEAST));
    let auth = table.as_ref().and_then(|table| table.get("auth"));
    let placed = place(&field, auth, folder);
    if let Some(table) = table {
        table.finish(&[]);
    }
    let (place, prefix) = placed?;
    Some(Some(ReplicaSettings { shown: field.text()?.to_owned(), place, prefix, lease: lease? }))
}

fn place(field: &Field<'_>, auth: Option<Field<'_>>, folder: &Path) -> Option<(ReplicaPlace, String)> {
    let text = field.text()?;
    let said = "`replicate` is s3://BUCKET/PREFIX, az://CONTAINER/PREFIX or file:///FOLDER";
    if text.starts_with("file://") {
        let path = Url::parse(text).ok().and_then(|url| url.to_file_path().ok());
        // `file:///X/` is `file:///X`.
        let path = path.map(|path| path.components().collect::<PathBuf>());
        if path.is_none() {
            field.error(said);
        }
        return Some((ReplicaPlace::Folder(path?), String::new()));
    }
    let Some((scheme, rest)) = text.split_once("://").filter(|(scheme, _)| matches!(*scheme, "s3" | "az")) else {
        field.error(said);
        return None;
    };
    let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
    if bucket.is_empty() {
        field.error(said);
        return None;
    }
    let Some(auth) = auth else {
        field.error(format!("`replicate` to {scheme}:// needs [replication] with `auth`: docs/recovery.md has it"));
        return None;
    };
    let auth = auth.table()?;
    let own = auth.required(if scheme == "s3" { "s3" } else { "azure" }).and_then(|field| field.table());
    auth.finish(&[]);
    let place = match scheme {
        "s3" => ReplicaPlace::S3(s3(own?, bucket, folder)?),
        _ => ReplicaPlace::Azure(azure(own?, bucket, folder)?),
    };
    // `s3://bucket//x/./` is `s3://bucket/x`.
    let parts: Vec<&str> = prefix.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    Some((place, parts.join("/")))
}
