//! `--tenants`: the same command for every tenant, each in a process of its own, and what came of all of them.

mod billed_twice;
pub(crate) mod daemon;
pub(crate) mod desk;
pub(crate) mod fleet_options;
pub(crate) mod known_tenants;
mod metrics;
mod summary;
mod tenant_process;
mod tenant_remains;
mod tenant_roster;
pub(crate) mod tenants;

use std::ffi::OsString;
use std::path::Path;

use futures_util::StreamExt as _;

use crate::apply::stop_signal::Stop;
use crate::cli::commands::fleet::fleet_options::FleetOptions;
use crate::cli::commands::fleet::known_tenants::KnownTenants;
use crate::cli::commands::fleet::tenant_process::{TenantEnd, TenantRequest, run_tenant};
use crate::cli::commands::fleet::tenants::{Tenant, tenants};
use crate::cli::console::Console;
use crate::cli::error::CommandError;
use crate::cli::{session, signals};
use crate::reconcile::model::display_text::shown;
use crate::report::exit_codes::Exit;
use crate::report::metrics_file;

/// What `check` looks at beside each tenant.
pub(crate) struct FleetCheck {
    /// What is wrong with the desk of all of them.
    pub(crate) desk: Option<CommandError>,
}

/// Runs the command that was typed for each tenant.
pub(crate) fn run(of: &Path, (options, check): (&FleetOptions, Option<&FleetCheck>), console: &Console) -> Exit {
    match each(of, (options, check), console) {
        Ok(ends) => summary::tell(ends, check.and_then(|check| check.desk.as_ref()), console),
        Err(error) => error.tell(console),
    }
}

fn each(
    of: &Path,
    (options, check): (&FleetOptions, Option<&FleetCheck>),
    console: &Console,
) -> Result<Vec<TenantEnd>, CommandError> {
    let mut known = KnownTenants::default();
    let found = found(of, options, &mut known)?;
    let order = TenantRequest { words: words(std::env::args_os().skip(1)), limit: options.limit() };
    let runtime = session::runtime()?;
    let (mut refused, mut twice) = (known.refused(), known.billed_twice());
    twice.retain(|tenant, _| found.contains(tenant) && !refused.contains_key(tenant));
    // `check` says that it is wrong. A night says it, and goes on.
    match check {
        Some(_) => refused.append(&mut twice),
        None => twice.iter().for_each(|(tenant, why)| console.complain(&format!("{}: {why}\n", shown(&tenant.name)))),
    }
    let (not_begun, begun): (Vec<_>, Vec<_>) = found.into_iter().partition(|tenant| refused.contains_key(tenant));
    let not_begun = not_begun.into_iter().map(|tenant| {
        let why = refused.remove(&tenant).unwrap_or_default();
        TenantEnd::not_begun(tenant, why)
    });
    let mut ends: Vec<TenantEnd> = not_begun.collect();
    ends.extend(runtime.block_on(async {
        let stop = stop()?;
        // Once the others are through, so that no two write the same line at a time.
        let (later, first): (Vec<_>, Vec<_>) = begun.into_iter().partition(|tenant| twice.contains_key(tenant));
        let mut ended = Vec::new();
        for (tenants, at_once) in [(first, options.at_once.get()), (later, 1)] {
            let work = tenants.into_iter().map(|tenant| run_tenant(tenant, &order, &stop));
            ended.extend(futures_util::stream::iter(work).buffer_unordered(at_once).collect::<Vec<_>>().await);
        }
        Ok::<Vec<TenantEnd>, CommandError>(ended)
    })?);
    let exits: Vec<_> = ends.iter().map(|end| (&end.tenant, end.exit)).collect();
    keep_metrics(options, &known, metrics_of(&exits, &known));
    Ok(ends)
}

fn stop() -> Result<Stop, CommandError> {
    signals::stop_on_signals()
        .map_err(|error| CommandError::new(Exit::Unexpected, format!("cannot listen for signals: {error}"), ""))
}

/// The tenants of the shard; `known` gets to know those of the others, too.
fn found(of: &Path, options: &FleetOptions, known: &mut KnownTenants) -> Result<Vec<Tenant>, CommandError> {
    let mut all = tenants(of).map_err(|error| {
        let message = format!("{}: {error}", of.display());
        CommandError::new(Exit::Config, message, "--tenants names a folder of folders with a recount.toml each")
    })?;
    known.look(&all);
    if let Some((file, why)) =
        options.fleet_metrics.as_deref().and_then(|file| Some((file, known.would_overwrite(file)?)))
    {
        let message = format!("--fleet-metrics {}: it {why}", shown(&file.to_string_lossy()));
        return Err(CommandError::new(Exit::Config, message, "name a file of its own, such as fleet.prom"));
    }
    all.retain(|tenant| options.has(tenant));
    Ok(all)
}

/// Options of ours that a tenant's process is not given, and whether a value follows.
const OURS: &[&str] = &["--tenants", "--at-once", "--shard", "--tenant-seconds", "--fleet-metrics", "--config"];

/// What was typed, without what only several tenants need.
fn words(typed: impl Iterator<Item = OsString>) -> Vec<OsString> {
    let mut kept = Vec::new();
    let mut is_value = false;
    for word in typed {
        let text = word.to_string_lossy();
        let name = text.split('=').next().unwrap_or_default();
        if std::mem::take(&mut is_value) {
            continue;
        }
        if OURS.contains(&name) {
            is_value = !text.contains('=');
            continue;
        }
        kept.push(word);
    }
    kept
}

/// That they cannot be written changes nothing else.
fn keep_metrics(options: &FleetOptions, known: &KnownTenants, text: String) {
    let Some(file) = &options.fleet_metrics else { return };
    // A tenant may have come since whose file it is.
    if let Some(why) = known.would_overwrite(file) {
        tracing::warn!("the metrics are not written to {}: it {why}", file.display());
    } else if let Err(error) = metrics_file::replace(file, &text) {
        tracing::warn!("the metrics cannot be written to {}: {error}", file.display());
    }
}

/// What each tenant's last night wrote for its exporter, and how its last command ended.
fn metrics_of(ended: &[(&Tenant, Exit)], known: &KnownTenants) -> String {
    metrics::together(ended.iter().map(|(tenant, exit)| {
        let file = known.metrics_file(tenant).and_then(|file| std::fs::read_to_string(file).ok());
        (tenant.name.as_str(), metrics::exit(*exit) + &file.unwrap_or_default())
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A tenant's process that was given another tenant's file would bill in its name.
    #[test]
    fn a_tenants_process_is_given_what_was_typed_and_nothing_of_the_fleet() {
        let typed =
            ["run", "--tenants", "/t", "--json", "--shard=1/3", "--config", "x.toml", "mail", "-v", "--at-once", "4"];
        let kept: Vec<_> = words(typed.into_iter().map(OsString::from));
        assert_eq!(kept, ["run", "--json", "mail", "-v"]);
    }
}
