//! `recount status`: is everything well? Its exit code says it, too.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use clap::Args;
use serde::Serialize;

use crate::cli::arguments::global_options::Global;
use crate::cli::arguments::typed_integration;
use crate::cli::commands::fleet::fleet_options::FleetOptions;
use crate::cli::console::Console;
use crate::cli::error::CommandError;
use crate::cli::wiring::configured_health;
use crate::cli::wiring::health_json::HealthJson;
use crate::cli::wiring::outdated_history;
use crate::cli::wiring::replication::replica_standing::ReplicaStanding;
use crate::cli::wiring::upkeep::StateSize;
use crate::cli::{clock, session};
use crate::config::settings::Config;
use crate::history::alert_records::{AlertOutcome, AlertRecord};
use crate::history::past::owned_lines::UnwatchedLine;
use crate::history::run_record::RunSummary;
use crate::history::store::error::StoreError;
use crate::history::store::open::History;
use crate::reconcile::model::display_text::shown;
use crate::reconcile::model::ids::IntegrationName;
use crate::reconcile::model::plan::outcome::Mode;
use crate::report::exit_codes::Exit;
use crate::report::format::html::ready_to_invoice::{NOT_ON, billed_unwatched};
use crate::report::format::json::time;
use crate::report::format::paint::Paint;
use crate::report::format::text::wrapped;
use crate::report::health::{Health, HostPart, State};
use crate::report::numbers_and_dates::minute;
use crate::zone::Zone;

/// Arguments of `status`.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Integrations; none means all that are not off
    integrations: Vec<String>,
    #[command(flatten)]
    pub(crate) fleet: FleetOptions,
}

pub(crate) fn run(global: &Global, options: &Options, console: &Console) -> Exit {
    let status = match gather(global, &options.integrations) {
        Ok(status) => status,
        Err(error) => return error.tell(console),
    };
    let exit = status.exit();
    if console.json {
        status.older.iter().for_each(|error| console.complain(&outdated_history::notice(error, Paint::PLAIN)));
        console.document(exit, &Document::of(&status));
    } else if !(console.quiet && exit == Exit::Done) {
        console.print(&status.text(console.paint));
    }
    exit
}

struct Status {
    /// The history is older than its last run.
    older: Option<StoreError>,
    integrations: Vec<(IntegrationName, Health, Zone)>,
    /// Who holds the run lock.
    running: Option<String>,
    alerts: BTreeMap<String, AlertRecord>,
    /// What lines of integrations that are off, renamed or removed bill still.
    unwatched: Vec<UnwatchedLine>,
    size: StateSize,
    /// Where copies go: what this host knew last of the lease and of them.
    replica: Option<ReplicaStanding>,
    host: HostPart,
}

/// How everything that is on stands, and what `recount status` would end with.
pub(crate) fn standing(config: &Config) -> Result<(Exit, Vec<(IntegrationName, Health)>), CommandError> {
    let status = gathered(config, &[])?;
    Ok((status.exit(), status.integrations.into_iter().map(|(name, health, _)| (name, health)).collect()))
}

fn gather(global: &Global, names: &[String]) -> Result<Status, CommandError> {
    gathered(&session::configuration(global)?, names)
}

fn gathered(config: &Config, names: &[String]) -> Result<Status, CommandError> {
    let history = History::open_existing(&config.state)?;
    let running = configured_health::running(&config.state);
    for name in names {
        typed_integration::named(config, name)?;
    }
    let chosen = config.integrations.values().filter(|one| match names {
        [] => one.mode != Mode::Off,
        names => names.iter().any(|name| name == one.name.as_str()),
    });
    let health = chosen.map(|one| {
        let health = configured_health::of(config, one, history.as_ref(), running.is_some())?;
        Ok((one.name.clone(), health, one.zone.clone()))
    });
    let health = health.collect::<Result<Vec<_>, StoreError>>()?;
    let alerts = history.as_ref().map(History::latest_alerts).transpose();
    let mut alerts = alerts?.unwrap_or_default();
    // What is no longer configured is nobody's business.
    alerts.retain(|name, _| config.alerts.contains_key(name));
    let unwatched =
        history.as_ref().filter(|_| names.is_empty()).map(|history| configured_health::unwatched(config, history));
    let unwatched = unwatched.transpose()?.unwrap_or_default();
    let replica = config.replica.as_ref().map(|_| ReplicaStanding::read(&config.state));
    let host = configured_health::host_part(config);
    let older = history.as_ref().and_then(|history| history.is_current().err());
    Ok(Status { older, integrations: health, running, alerts, unwatched, size: StateSize::of(config), replica, host })
}

impl Status {
    fn exit(&self) -> Exit {
        let host = match self.host {
            // A host that stands by has no nights of its own.
            HostPart::StandsBy => return Exit::Done,
            HostPart::NoLease => Exit::Store,
            HostPart::NotCopied => Exit::Partial,
            HostPart::Works => Exit::Done,
        };
        // Somebody has to decide what becomes of lines that bill and that nobody looks at.
        let unwatched = (!self.unwatched.is_empty()).then_some(Exit::Decide);
        let older = self.older.as_ref().map(|_| Exit::Store);
        let integrations = self.integrations.iter().map(|(_, health, _)| health.exit());
        integrations.chain(older).chain(unwatched).fold(host, Exit::worst)
    }

    fn text(&self, paint: Paint) -> String {
        let mut text =
            self.older.as_ref().map_or_else(String::new, |error| outdated_history::notice(error, paint) + "\n");
        if self.integrations.is_empty() {
            text.push_str("No integration is on.\n");
        }
        for (name, health, zone) in &self.integrations {
            entry(&mut text, name, (health, zone), paint);
        }
        for unwatched in &self.unwatched {
            let name = shown(unwatched.integration.as_str());
            let sentence = format!("{name} is not on, and {}", billed_unwatched(unwatched));
            wrapped(&mut text, &sentence, &format!("{} ", paint.bad("✗")), "  ");
            wrapped(&mut text, NOT_ON, "  → ", "    ");
        }
        if let Some(holder) = &self.running {
            let _ = writeln!(text, "\nA run is in progress ({holder}).");
        }
        let StateSize { history, files, keep } = self.size;
        let days = keep.as_secs() / (24 * 60 * 60);
        let (history, files) = (megabytes(history), megabytes(files));
        let _ = writeln!(text, "\nhistory {history} · reports and fetched files {files}, kept {days} days");
        if let Some(replica) = &self.replica {
            text.push_str(&replica.text(clock::now(), paint));
        }
        for AlertRecord { alert, run, outcome, detail, .. } in self.alerts.values() {
            if !detail.is_empty() {
                let what =
                    if *outcome == AlertOutcome::Failed { "was not delivered" } else { "did not reach everybody" };
                let sentence = format!("alert {alert} of run {run} {what}: {detail}");
                wrapped(&mut text, &sentence, &format!("\n{} ", paint.bad("✗")), "  ");
                text.push_str("  → recount alerts test\n");
            }
        }
        text
    }
}

fn megabytes(bytes: u64) -> String {
    match bytes / 1_000_000 {
        0 => "under 1 MB".to_owned(),
        many => format!("{many} MB"),
    }
}

fn entry(text: &mut String, name: &IntegrationName, (health, zone): (&Health, &Zone), paint: Paint) {
    let sign = match health.state {
        State::Healthy => paint.good("✓"),
        State::Off | State::StandsBy => "·".to_owned(),
        _ => paint.bad("✗"),
    };
    let _ = writeln!(text, "{sign} {name}  {}", health.sentence());
    if let Some(run) = health.running {
        let _ = writeln!(text, "    run {run} is in progress");
    }
    if let Some((last, end)) = health.last.as_ref().and_then(|last| Some((last, last.end.as_ref()?))) {
        let totals = end.totals;
        let _ = writeln!(
            text,
            "    run {} {}, {}\n    to decide {} · changed {} · failed {} · unknown {} · explained {}/{}",
            last.run,
            end.verdict,
            minute(zone.local(end.finished_at)),
            totals.to_decide,
            totals.changed,
            totals.failed,
            totals.unknown,
            totals.explained,
            totals.lines,
        );
    }
    if let Some(undo) = &health.undo {
        text.push_str(&undone(undo));
    }
    if health.is_healthy() {
        return;
    }
    match health.last_success {
        Some(at) => _ = writeln!(text, "    last good run {}", minute(zone.local(at))),
        None => text.push_str("    there was no good run yet\n"),
    }
    let next = match (health.state, health.worst()) {
        (State::Bad, Some(bad)) => format!("recount report {}", bad.run),
        (State::Older, _) => "recount verify".to_owned(),
        (State::Unrecorded | State::NoLease | State::NotCopied, _) => "recount check".to_owned(),
        (State::Overdue, _) => "check the timer, then: recount run".to_owned(),
        _ => "recount run".to_owned(),
    };
    let _ = writeln!(text, "    → {next}");
}

/// What is open is what the run before it says.
fn undone(undo: &RunSummary) -> String {
    let verdict = undo.end.as_ref().map_or("not finished", |end| end.verdict.as_str());
    let set_back = undo.undoes.map(|run| format!("run {run}")).unwrap_or_default();
    format!("    run {} set back {set_back} since: {verdict}\n", undo.run)
}

#[derive(Serialize)]
struct Document<'a> {
    running: Option<&'a str>,
    integrations: Vec<HealthJson<'a>>,
    alerts: Vec<AlertJson<'a>>,
    /// Integrations that are off, renamed or removed, and whose lines bill still.
    unwatched: Vec<UnwatchedJson<'a>>,
    /// Bytes of the history, and of reports and fetched files.
    size: StateSize,
    /// The lease and the newest copy, where copies go.
    #[serde(skip_serializing_if = "Option::is_none")]
    replica: Option<&'a ReplicaStanding>,
}

#[derive(Serialize)]
struct UnwatchedJson<'a> {
    integration: &'a IntegrationName,
    lines: usize,
    /// Of these, how many nobody has seen: their creation is in doubt.
    in_doubt: usize,
    #[serde(with = "rust_decimal::serde::arbitrary_precision")]
    units: rust_decimal::Decimal,
}

#[derive(Serialize)]
struct AlertJson<'a> {
    alert: &'a str,
    run: i64,
    at: String,
    outcome: &'static str,
    detail: &'a str,
}

impl<'a> Document<'a> {
    fn of(status: &'a Status) -> Self {
        // Said on stderr, by the exit code and by each integration's state.
        let Status { older: _, integrations, running, alerts, unwatched, size, replica, host: _ } = status;
        let alert = |record: &'a AlertRecord| {
            let AlertRecord { alert, run, digest: _, at, outcome, detail } = record;
            AlertJson { alert, run: run.0, at: time(*at), outcome: outcome.as_str(), detail }
        };
        Self {
            running: running.as_deref(),
            integrations: integrations.iter().map(|(name, health, _)| HealthJson::of(name, health)).collect(),
            alerts: alerts.values().map(alert).collect(),
            unwatched: unwatched.iter().map(UnwatchedJson::of).collect(),
            size: *size,
            replica: replica.as_ref(),
        }
    }
}

impl<'a> UnwatchedJson<'a> {
    fn of(unwatched: &'a UnwatchedLine) -> Self {
        let UnwatchedLine { integration, lines, in_doubt, units } = unwatched;
        Self { integration, lines: *lines, in_doubt: *in_doubt, units: units.normalize() }
    }
}
