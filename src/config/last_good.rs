//! The configuration of the last good night: it says whom to tell when a later one cannot be read.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{fs, io};

use sha2::{Digest as _, Sha256};
use toml::de::DeTable;
use toml_edit::{DocumentMut, Item, Value, value};

use crate::atomic_files::replace;
use crate::config::load::{load, of_text};
use crate::config::settings::{Config, IntegrationConfig};
use crate::reconcile::model::plan::outcome::Mode;

/// In the state folder.
const KEPT: &str = "recount.toml.last-good";
/// Beside it: a digest of what the last nights followed, by integration.
const FOLLOWED: &str = "settings.last-good";
/// Where the installed service keeps its history.
const SERVICE_STATE: &str = "/var/lib/recount";
/// What stands for a client id: it is treated like a password (ConnectWise developer guide).
const NOT_KEPT: &str = "not-kept";

/// Keeps the configuration that a night was run with, if the file is still good; without its client ids and without the
/// queries of its links.
pub fn keep(config: &Config) -> io::Result<()> {
    keep_followed(config)?;
    if load(&config.path).is_err() {
        return Ok(());
    }
    let text = fs::read_to_string(&config.path)?;
    let Ok(mut document) = text.parse::<DocumentMut>() else { return Ok(()) };
    let sites = document.get_mut("connectwise").and_then(Item::as_table_like_mut);
    for (_, site) in sites.into_iter().flat_map(|sites| sites.iter_mut()) {
        if let Some(id) = site.get_mut("client_id") {
            *id = value(NOT_KEPT);
        }
    }
    for (_, item) in document.iter_mut().filter(|(name, _)| name != "alert") {
        without_queries(item);
    }
    let (kept, text) = (config.state.join(KEPT), document.to_string());
    if fs::read_to_string(&kept).is_ok_and(|before| before == text) { Ok(()) } else { replace(&kept, text.as_bytes()) }
}

/// Notes what the nights of a command followed: each integration's configuration with its mapping, as they were read.
fn keep_followed(config: &Config) -> io::Result<()> {
    let followed = config.integrations.values().map(|one| (one.name.as_str(), digest(one)));
    let text = serde_json::to_string(&followed.collect::<BTreeMap<_, _>>())?;
    replace(&config.state.join(FOLLOWED), text.as_bytes())
}

/// Whether the last nights followed what is configured of an integration now, its mode aside: then a file of it that was
/// written since says the same.
pub fn was_followed(config: &Config, one: &IntegrationConfig) -> bool {
    let kept = fs::read(config.state.join(FOLLOWED)).unwrap_or_default();
    let followed: BTreeMap<String, String> = serde_json::from_slice(&kept).unwrap_or_default();
    followed.get(one.name.as_str()).is_some_and(|followed| *followed == digest(one))
}

fn digest(one: &IntegrationConfig) -> String {
    let followed = IntegrationConfig { mode: Mode::Off, ..one.clone() };
    hex::encode(Sha256::digest(format!("{followed:?}")))
}

/// Leaves out what stands behind the question mark of links: there it may be a signature, which is nobody's but the vendor's.
/// Nothing is fetched with what is kept.
fn without_queries(item: &mut Item) {
    match item {
        Item::Value(inner) => value_without_queries(inner),
        Item::Table(table) => table.iter_mut().for_each(|(_, item)| without_queries(item)),
        Item::ArrayOfTables(all) => {
            all.iter_mut().for_each(|table| table.iter_mut().for_each(|(_, item)| without_queries(item)));
        }
        Item::None => {}
    }
}

fn value_without_queries(found: &mut Value) {
    if let Some((link, _)) = found.as_str().filter(|text| text.contains("://")).and_then(|text| text.split_once('?')) {
        *found = link.into();
        return;
    }
    match found {
        Value::Array(all) => all.iter_mut().for_each(value_without_queries),
        Value::InlineTable(table) => table.iter_mut().for_each(|(_, inner)| value_without_queries(inner)),
        _ => {}
    }
}

/// The configuration of the last good night, where this one cannot be read: the state folder is what the file says of it as
/// far as it can be read, else the usual one. Nothing can be asked of ConnectWise with it.
pub fn last_good(path: &Path) -> Option<Config> {
    let folder = path.parent().unwrap_or(Path::new(""));
    let broken = fs::read_to_string(path).unwrap_or_default();
    let (table, _) = DeTable::parse_recoverable(&broken);
    let said = table.get_ref().get("state").and_then(|state| state.get_ref().as_str().map(str::to_owned));
    let state = folder.join(said.as_deref().unwrap_or("state"));
    let states = [state, PathBuf::from(SERVICE_STATE)];
    let text = states.iter().find_map(|state| fs::read_to_string(state.join(KEPT)).ok())?;
    of_text(path, &text)
}
