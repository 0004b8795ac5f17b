//! `recount demo`: the real commands, on the example files, against the simulated ConnectWise in this very process,
//! over a real socket and a real SQLite file. No credentials, no network.

use std::fs;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use clap::Parser as _;
use rust_decimal::Decimal;

use crate::cli::Cli;
use crate::cli::clock;
use crate::cli::console::Console;
use crate::cli::dispatch;
use crate::cli::trouble::Trouble;
use crate::history::History;
use crate::reconcile::clear::short;
use crate::reconcile::exit::Exit;
use crate::sim::Faults;
use crate::sim::Sim;
use crate::sim::World;

const CONFIG: &str = include_str!("../../deploy/sim/recount.toml");
const CUSTOMERS: &str = include_str!("../../deploy/sim/customers.csv");
const EXPORT: &[u8] = include_bytes!("../../deploy/sim/exports/mailprotector-2026-11-22.csv");
const EXPORT_NAME: &str = "mailprotector-2026-11-22.csv";
/// A vendor's nightly file is some hours old when it is read.
const EXPORT_AGE: Duration = Duration::from_secs(5 * 3600);

/// Arguments of `demo`.
#[derive(Debug, Args)]
pub(super) struct Options {}

pub(super) fn run(_options: &Options, console: &Console) -> Exit {
    match tour(console) {
        Ok(()) => Exit::Done,
        Err(error) => Trouble::new(Exit::Unexpected, format!("{error:#}"), "").tell(console),
    }
}

fn tour(console: &Console) -> anyhow::Result<()> {
    let folder = tempfile::Builder::new().prefix("recount-demo-").tempdir().context("no temporary folder")?.keep();
    // The simulated ConnectWise works in threads of its own, like a server would.
    let server = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let mut world = World::demo();
    world.today = clock::now().date_naive();
    let sim =
        server.block_on(Sim::start(world, Faults::default())).context("the simulated ConnectWise cannot start")?;
    lay_out(&folder, &sim.url()).context("cannot write the example files")?;

    let tour = Tour { folder: &folder, console };
    console.print(&format!(
        "A mail security vendor's export, twelve customers, and a simulated ConnectWise at {}.\n\
         The example files and everything that recount writes: {}\n",
        sim.url(),
        folder.display()
    ));
    tour.step("What would change tonight, and what needs a person? Nothing is written.", &["plan"])?;
    let plan = tour.fingerprint()?;
    tour.step(
        "The first writes are those that a person saw and approved by the plan's fingerprint.",
        &["apply", &plan],
    )?;
    tour.says(&format!(
        "{} writes, quantities and one new line; ConnectWise now holds what is used.",
        sim.writes().len()
    ));
    sim.clear_requests();
    tour.step("The same night again: everything that could be done is done, so nothing is sent.", &["run"])?;
    tour.says(&format!("{} writes.", sim.writes().len()));
    sim.edit(by_hand);
    tour.step(
        "Now somebody sets Acme Dental's CloudFilter to 40 by hand. recount asks before it overwrites.",
        &["run"],
    )?;
    tour.says(&format!("{} writes.", sim.writes().len()));
    tour.step("Every run is in the history.", &["history"])?;
    console.print(&format!(
        "\nThe reports: {0}/state/reports · the history: {0}/state/history.db\n\
         Look at one line's whole chain, or start over with `recount sim`: see README.md\n",
        folder.display()
    ));
    Ok(())
}

fn by_hand(world: &mut World) {
    if let Some(addition) = world.addition_mut(1002) {
        addition.quantity = Decimal::from(40);
        addition.updated_by = "mmiller".to_owned();
        addition.last_updated = clock::now().format("%Y-%m-%dT%H:%M:%SZ").to_string();
    }
}

/// Commands as a person would type them.
struct Tour<'a> {
    folder: &'a Path,
    console: &'a Console,
}

impl Tour<'_> {
    fn step(&self, why: &str, arguments: &[&str]) -> anyhow::Result<()> {
        let Self { folder, console } = self;
        let typed = arguments.join(" ");
        console.print(&format!(
            "\n{}\n{}\n\n",
            console.paint.head(&format!("── {why}")),
            format_args!("$ recount {typed}")
        ));
        let config = folder.join("recount.toml");
        let mut all = vec!["recount".into(), "--config".into(), config.into_os_string()];
        all.extend(arguments.iter().map(std::ffi::OsString::from));
        let exit = dispatch(&Cli::try_parse_from(all)?, console);
        anyhow::ensure!(matches!(exit, Exit::Done | Exit::Decide), "`recount {typed}` ended with {}", exit.code());
        Ok(())
    }

    fn says(&self, text: &str) {
        self.console.print(&format!("→ {text}\n"));
    }

    fn fingerprint(&self) -> anyhow::Result<String> {
        let history = History::open_existing(&self.folder.join("state"))?.context("there is no history")?;
        let run = history.runs(1)?.into_iter().next().context("there is no run")?;
        let plan = run.planned.context("the run has no plan")?;
        Ok(short(&plan.fingerprint).to_owned())
    }
}

fn lay_out(folder: &Path, url: &str) -> std::io::Result<()> {
    let config = CONFIG
        .replace("http://127.0.0.1:8480", url)
        .replace("{ env = \"CW_PUBLIC\" }", "{ file = \"keys/public\" }")
        .replace("{ env = \"CW_PRIVATE\" }", "{ file = \"keys/private\" }");
    fs::write(folder.join("recount.toml"), config)?;
    fs::write(folder.join("customers.csv"), CUSTOMERS)?;
    for made in ["exports", "keys"] {
        fs::create_dir(folder.join(made))?;
    }
    secret(&folder.join("keys/public"), "pub")?;
    secret(&folder.join("keys/private"), "priv")?;
    let export = folder.join("exports").join(EXPORT_NAME);
    fs::write(&export, EXPORT)?;
    let modified = std::time::SystemTime::from(clock::now()) - EXPORT_AGE;
    fs::File::options().write(true).open(&export)?.set_modified(modified)
}

/// recount refuses a key that others may read; so does its demo.
fn secret(path: &Path, text: &str) -> std::io::Result<()> {
    let mut file = fs::OpenOptions::new().create_new(true).write(true).mode(0o600).open(path)?;
    std::io::Write::write_all(&mut file, text.as_bytes())
}
