//! From a path to a validated configuration.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Duration;

use toml::de::DeTable;

use crate::config::config_file;
use crate::config::error::{ConfigError, ConfigErrors};
use crate::config::settings::{Config, ConnectWiseConfig, DaemonConfig, IntegrationConfig};
use crate::config::tables::{alerts, connectwise, desk, integration, metrics, replication};
use crate::config::toml_document::{Document, Field, Section};
use crate::config::values::{is_name, optional};
use crate::reconcile::model::ids::IntegrationName;
use crate::zone::Zone;

/// Where the configuration is looked for when none is named.
const USUAL: [&str; 2] = ["recount.toml", "/etc/recount/recount.toml"];
/// How late a missed run may still begin, unless configured.
const CATCH_UP: Duration = Duration::from_secs(12 * 60 * 60);

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// How long lines, reports and fetched files are kept, unless configured: last year's invoice of the same month can be
/// explained.
const KEEP: Duration = DAY.saturating_mul(400);
/// The month that is invoiced, and the one before it.
const KEEP_LEAST: Duration = DAY.saturating_mul(62);
const KEEP_MOST: (Duration, &str) = (DAY.saturating_mul(36_600), "a hundred years");

/// The configuration of this file, with every file that it names.
pub fn load(path: &Path) -> Result<Config, ConfigErrors> {
    // Where exports are is written as text: with such a folder in front nothing would be found, night after night.
    if path.to_str().is_none() {
        let message = "the path of this file is not UTF-8, as the paths of its exports have to be; rename its folder";
        return Err(ConfigErrors(vec![ConfigError::of_file(path.to_owned(), message.to_owned())]));
    }
    let (config, errors) = walked(path, config)?;
    match config {
        Some(mut config) if errors.iter().all(|error| error.path != path) => {
            config.integrations.values_mut().for_each(|integration| blame(integration, &errors));
            Ok(config)
        }
        _ => Err(ConfigErrors(errors)),
    }
}

/// What this walk makes of a file, and everything that is wrong with it.
pub(in crate::config) fn walked<T>(
    path: &Path,
    walk: impl FnOnce(&Path, Section<'_>) -> Option<T>,
) -> Result<(Option<T>, Vec<ConfigError>), ConfigErrors> {
    let bytes = config_file::read(path).map_err(|error| ConfigErrors(vec![error]))?;
    let text = config_file::decoded(path, &bytes).map_err(|error| ConfigErrors(vec![error]))?;
    let document = Document::new(path, text);
    let (table, faults) = DeTable::parse_recoverable(text);
    for fault in &faults {
        // Without the text at fault: a line that does not parse may hold a secret.
        let (span, message) = malformed(text, fault.span().unwrap_or_default(), fault.message());
        document.error(span, message, None);
    }
    let made = if faults.is_empty() { walk(path, document.root(&table)) } else { None };
    let mut errors = document.into_errors();
    errors
        .sort_by(|a, b| (a.path != path, &a.path, a.line, a.column).cmp(&(b.path != path, &b.path, b.line, b.column)));
    errors.dedup_by(|a, b| (&a.path, a.line, a.column, &a.message) == (&b.path, b.line, b.column, &b.message));
    Ok((made, errors))
}

/// The configuration of a text that was good once, as if it were the file's.
pub(in crate::config) fn of_text(path: &Path, text: &str) -> Option<Config> {
    let document = Document::new(path, text);
    let table = DeTable::parse(text).ok()?;
    config(path, document.root(&table))
}

/// Why a text is no TOML, and where: what word processors and Windows' paths do to it is told as such.
fn malformed(text: &str, span: Range<usize>, message: &str) -> (Range<usize>, String) {
    let begins = text.get(..span.start).and_then(|before| before.rfind('\n')).map_or(0, |at| at + 1);
    let line = text.get(begins..).and_then(|rest| rest.lines().next()).unwrap_or_default();
    let is_curly = |c: char| matches!(c, '\u{201c}'..='\u{201f}' | '\u{2018}'..='\u{201b}');
    // Within straight quotes, or in a comment, they are text.
    let outside = |at: &usize| !line[..*at].contains('#') && line[..*at].matches('"').count() % 2 == 0;
    if let Some(at) = line.find(is_curly).filter(outside) {
        let message = "a curly quote, as word processors write it; write straight ones (\") in its line";
        return (begins + at..begins + at, message.to_owned());
    }
    let message = message.replace('\n', " ");
    // Whatever follows a backslash within straight quotes is an escape to TOML.
    let read = text.get(..span.end).unwrap_or(text).chars().rev().take_while(|c| *c != '\n');
    let escapes = read.take(ESCAPE_MAX).any(|c| c == '\\');
    let advice =
        if escapes { "; write a text with backslashes in single quotes: 'C:\\exports\\usage.csv'" } else { "" };
    (span, format!("{message}{advice}"))
}

/// The longest escape that TOML knows (`\UXXXXXXXX`), and what follows it.
const ESCAPE_MAX: usize = 11;

/// An integration whose `customers.csv` or `services_file` has faults has no mapping; the others go on.
fn blame(integration: &mut IntegrationConfig, errors: &[ConfigError]) {
    let files = [Some(&integration.customers_path), integration.services_path.as_ref()];
    let own = errors.iter().filter(|error| files.contains(&Some(&error.path)));
    let faults: Vec<ConfigError> = own.cloned().collect();
    if !faults.is_empty() {
        integration.mapping = Err(ConfigErrors(faults));
    }
}

/// Where the configuration is: as named, else `./recount.toml`, else `/etc/recount/recount.toml`.
///
/// # Errors
/// If none was named and there is none.
pub fn find(explicit: Option<&Path>) -> Result<PathBuf, ConfigErrors> {
    if let Some(path) = explicit {
        return Ok(path.to_owned());
    }
    let usual = USUAL.iter().map(Path::new).find(|path| path.exists());
    usual.map(Path::to_owned).ok_or_else(|| {
        let message = format!("no configuration was found here or at {}; name it with --config", USUAL[1]);
        ConfigErrors(vec![ConfigError::of_file(PathBuf::from(USUAL[0]), message)])
    })
}

fn config(path: &Path, root: Section<'_>) -> Option<Config> {
    let folder = path.parent().unwrap_or(Path::new(""));
    let state = root.get("state").map_or(Some(folder.join("state")), |field| field.path(folder));
    let connectwise = root.get("connectwise").and_then(|field| field.table());
    let integrations = root.get("integration").and_then(|field| field.table());
    let daemon = optional(root.get("daemon"), daemon);
    let connectwise = connectwises(&root, connectwise.as_ref(), folder);
    let sites: Vec<&str> = connectwise.keys().map(String::as_str).collect();
    let desk =
        optional(root.get("desk"), |field| field.table().and_then(|section| desk::config(section, folder, &sites)));
    // One that is wrong is said where the daemon reads it.
    let usual = daemon.iter().flatten().find_map(|daemon| Zone::named(&daemon.zone).ok()).unwrap_or_else(Zone::utc);
    let context = integration::Context { folder, connectwise: &known(&connectwise), zone: &usual };
    let integrations = integration_tables(&root, integrations.as_ref(), context);
    let names: Vec<&str> = integrations.keys().map(IntegrationName::as_str).collect();
    let alerts = root.get("alert").map_or(Some(BTreeMap::new()), |field| alerts::tables(&field, folder, &names));
    let alerts_within = root.get("alerts_within").map_or(Some(alerts::WITHIN_MOST), |field| alerts::within(&field));
    let replica = replication::replica(&root, folder, !matches!(daemon, Some(None)));
    let keep = root.get("keep").map_or(Some(KEEP), |field| field.duration_within(KEEP_LEAST, KEEP_MOST));
    let paths = root.paths_of_the_file();
    let metrics_file = root.get("metrics_file");
    let metrics_file = state.as_ref().and_then(|state| metrics::metrics_file(metrics_file.as_ref(), path, state));
    root.finish(&[]);
    let (daemon, desk) = (daemon?, desk?);
    let connectwise = connectwise.into_iter().filter_map(|(name, config)| Some((name, config?))).collect();
    let state = state?;
    let metrics_file = metrics_file?;
    let (alerts, alerts_within, keep, replica) = (alerts?, alerts_within?, keep?, replica?);
    let mut integrations = integrations;
    for (name, integration) in &mut integrations {
        integration.export.kept = Some(state.join("uploads").join(name.as_str()));
    }
    let (path, zone) = (path.to_owned(), usual);
    let config = Config {
        path,
        state,
        connectwise,
        integrations,
        daemon,
        desk,
        alerts,
        alerts_within,
        zone,
        metrics_file,
        paths,
        replica,
        keep,
    };
    Some(config)
}

/// By name; `None` for one that is there and wrong, so that no integration is told that it is missing.
fn connectwises(
    root: &Section<'_>,
    table: Option<&Section<'_>>,
    folder: &Path,
) -> BTreeMap<String, Option<ConnectWiseConfig>> {
    let entries = table.map(Section::entries).unwrap_or_default();
    if entries.is_empty() {
        root.error("there is no [connectwise.NAME]");
    }
    let read = |field: &Field<'_>| (field.key.clone(), field.table().and_then(|one| connectwise::config(one, folder)));
    entries.iter().filter(|field| is_name(field)).map(read).collect()
}

fn known(connectwise: &BTreeMap<String, Option<ConnectWiseConfig>>) -> Vec<&str> {
    connectwise.keys().map(String::as_str).collect()
}

fn integration_tables(
    root: &Section<'_>,
    table: Option<&Section<'_>>,
    context: integration::Context<'_>,
) -> BTreeMap<IntegrationName, IntegrationConfig> {
    let entries = table.map(Section::entries).unwrap_or_default();
    if entries.is_empty() {
        root.error("there is no [integration.NAME]");
    }
    let read = |field: &Field<'_>| {
        let name = IntegrationName::new(&field.key);
        Some((name.clone(), integration::config(name, field.table()?, context)?))
    };
    entries.iter().filter(|field| is_name(field)).filter_map(read).collect()
}

fn daemon(field: &Field<'_>) -> Option<DaemonConfig> {
    let section = field.table()?;
    let schedule = section.required("schedule").and_then(|field| field.text());
    let zone = section.get("zone").map_or(Some(Zone::utc()), |field| integration::zone(&field));
    let listen = optional(section.get("listen"), listen);
    let catch_up = section.get("catch_up").map_or(Some(CATCH_UP), |field| field.duration(Duration::ZERO));
    section.finish(&[]);
    let (schedule, zone) = (schedule?.to_owned(), zone?.name().to_owned());
    Some(DaemonConfig { schedule, zone, catch_up: catch_up?, listen: listen? })
}

/// An address and a port: numbers are not known to be secret, so anywhere is the operator's choice.
fn listen(field: &Field<'_>) -> Option<SocketAddr> {
    let address = field.text()?.parse().ok();
    if address.is_none() {
        field.error("`listen` is an address and a port, such as \"127.0.0.1:9464\"");
    }
    address
}
