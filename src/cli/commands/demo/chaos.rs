//! `recount demo --chaos`: the worst night there is, and the morning after.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use recount_sim::{Faults, Recorded, Sim};

use crate::cli::commands::demo::tour::Tour;
use crate::cli::commands::run;
use crate::cli::commands::run::run_request::RunRequest;
use crate::cli::session;
use crate::history::journal::{IntentKind, WriteOutcome, WriteRecord};
use crate::history::run_record::RunRecord;
use crate::history::store::open::History;
use crate::report::numbers_and_dates::plural;

/// A busy server, a write that is done and answered with an error, and a creation whose answer never comes.
const BAD_NIGHT: &str = r#"[
    {"when": {"method": "GET", "nth": 3}, "then": {"status": 429, "headers": {"Retry-After": "1"}}},
    {"when": {"method": "PATCH", "nth": 2}, "then": {"status": 502, "body": "html", "applied": true}},
    {"when": {"method": "POST"}, "then": {"connection": "hold", "applied": true}}
]"#;
/// How long the program may take to reach its creation.
const PATIENCE: Duration = Duration::from_secs(60);

pub(super) fn steps(tour: &mut Tour<'_>, sim: &Sim) -> anyhow::Result<()> {
    let plan = tour.plan()?;
    sim.clear_requests();
    sim.set_faults(Faults::parse(BAD_NIGHT)?);
    killed_while_creating(tour, sim, &plan)?;
    sim.set_faults(Faults::default());
    let run = |tour: &Tour<'_>, show: &mut dyn FnMut(&RunRecord)| run::nights(&tour.global, &[], RunRequest::RUN, show);
    tour.night("The next start looks up what was in flight, and goes on with the rest.", "run", run)?;
    let before = sim.writes().len();
    tour.night("And once more: there is nothing left to do.", "run", run)?;
    tour.console.print(&format!("→ {} reached ConnectWise\n", plural(sim.writes().len() - before, "write")));
    ledgers(tour, sim)
}

/// The real program, in a process of its own, killed with SIGKILL once its creation has been carried out and before the
/// answer is there.
fn killed_while_creating(tour: &Tour<'_>, sim: &Sim, plan: &str) -> anyhow::Result<()> {
    let heading = "── A bad night: a busy server, a lost answer, and kill -9 in the middle of a creation.";
    tour.console.print(&format!("\n{}\n$ recount apply {plan}\n\n", tour.console.paint.head(heading)));
    let config = tour.global.config.as_deref().context("the demo has a configuration")?;
    let mut program = Command::new(std::env::current_exe().context("where is this program?")?)
        .args(["apply", plan, "--config"])
        .arg(config)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .context("cannot start another recount")?;
    let begun = Instant::now();
    let created = |sim: &Sim| sim.requests().iter().any(|request| request.method == "POST" && request.applied > 0);
    while !created(sim) {
        anyhow::ensure!(begun.elapsed() < PATIENCE && program.try_wait()?.is_none(), "it never reached the creation");
        std::thread::sleep(Duration::from_millis(5));
    }
    program.kill().context("cannot kill it")?;
    program.wait()?;
    tour.console.print("→ killed: ConnectWise has the new line, and the answer was never read\n");
    Ok(())
}

/// What ConnectWise was asked to write beside what recount wrote down: each of the one is in the other, and no line is
/// there twice.
fn ledgers(tour: &Tour<'_>, sim: &Sim) -> anyhow::Result<()> {
    let state = session::configuration(&tour.global).map_err(|error| anyhow::anyhow!(error.message))?.state;
    let history = History::open_existing(&state)?.context("there is no history")?;
    let mut runs = history.runs(usize::MAX >> 1)?;
    runs.reverse();
    let mut journal = Vec::new();
    for run in runs {
        journal.extend(history.writes_of(run.run)?.iter().map(|write| journal_row(run.run.0, write)));
    }
    let head = tour.console.paint.head("── Nothing twice: ConnectWise's ledger, and recount's journal.");
    let asked: String = sim.writes().iter().map(ledger_row).collect();
    tour.console
        .print(&format!("\n{head}\n\nConnectWise was asked for\n{asked}\nrecount wrote down\n{}", journal.concat()));
    Ok(())
}

fn ledger_row(request: &Recorded) -> String {
    let path = request.path().rsplit("/finance/").next().unwrap_or_default();
    let answer = request.status.map_or_else(|| "no answer".to_owned(), |status| status.to_string());
    format!("  {:<5} {path:<36} done {}x, {answer}\n", request.method, request.applied)
}

fn journal_row(run: i64, write: &WriteRecord) -> String {
    let what = match &write.intent.kind {
        IntentKind::Set { addition, from, to } => format!("set addition {addition} {from} → {to}"),
        IntentKind::Create { quantity, .. } => format!("create a line of {quantity}"),
    };
    let end = match &write.outcome {
        Some(WriteOutcome::Applied { addition, .. }) => format!("applied, addition {addition}"),
        Some(WriteOutcome::Refused { .. }) => "refused".to_owned(),
        Some(WriteOutcome::Unknown { .. }) | None => "in doubt".to_owned(),
        Some(WriteOutcome::Superseded { .. }) => "superseded".to_owned(),
    };
    format!("  run {run}: {} on {}, {what}: {end}\n", write.intent.key.product, write.intent.key.agreement)
}
