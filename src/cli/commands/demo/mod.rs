//! `recount demo`: the real commands, on the example files, against the simulated ConnectWise in this very process,
//! over a real socket and a real SQLite file. No credentials, no network.

mod chaos;
mod tour;

use std::fs;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use recount_sim::{Faults, Sim, World};
use rust_decimal::Decimal;

use crate::cli::arguments::global_options::Global;
use crate::cli::browser::open;
use crate::cli::clock;
use crate::cli::commands::demo::tour::Tour;
use crate::cli::commands::run;
use crate::cli::commands::run::run_request::RunRequest;
use crate::cli::commands::serve;
use crate::cli::console::Console;
use crate::cli::error::CommandError;
use crate::history::desk::people::Role;
use crate::history::run_record::RunRecord;
use crate::history::store::open::History;
use crate::report::exit_codes::Exit;
use crate::report::report_files::Reports;
use crate::web::access::invitation::invite;

const CONFIG: &str = include_str!("../../../../deploy/sim/recount.toml");
const CUSTOMERS: &str = include_str!("../../../../deploy/sim/customers.csv");
const EXPORT: &[u8] = include_bytes!("../../../../deploy/sim/exports/mailprotector-2026-11-22.csv");
const EXPORT_NAME: &str = "mailprotector-2026-11-22.csv";
/// A vendor's nightly file is some hours old when it is read.
const EXPORT_AGE: Duration = Duration::from_secs(5 * 3600);

/// Arguments of `demo`.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// A bad night instead: a lost answer, a busy server, a process killed in the middle of a creation
    #[arg(long)]
    chaos: bool,
    /// Then serve the desk on it, until Ctrl-C: the link that is printed lets you in
    #[arg(long, conflicts_with = "chaos")]
    desk: bool,
    /// Open the last night's report in a browser
    #[arg(long)]
    open: bool,
}

pub(crate) fn run(options: &Options, console: &Console) -> Exit {
    match tour(options, console) {
        Ok(()) => Exit::Done,
        Err(error) => CommandError::new(Exit::Unexpected, format!("{error:#}"), "").tell(console),
    }
}

fn tour(options: &Options, console: &Console) -> anyhow::Result<()> {
    let folder = tempfile::Builder::new().prefix("recount-demo-").tempdir().context("no temporary folder")?.keep();
    // The simulated ConnectWise works in threads of its own, like a server would.
    let server = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let mut world = World::demo();
    world.today = clock::now().date_naive();
    let sim =
        server.block_on(Sim::start(world, Faults::default())).context("the simulated ConnectWise cannot start")?;
    lay_out(&folder, &sim.url()).context("cannot write the example files")?;

    console.print(&format!(
        "A mail security vendor's export, twelve customers, and a simulated ConnectWise\n\
         at {}. The example files, and everything that recount writes:\n{}\n",
        sim.url(),
        folder.display()
    ));
    let mut tour = Tour::new(&folder, console);
    if options.chaos {
        chaos::steps(&mut tour, &sim)?;
    } else {
        steps(&mut tour, &sim)?;
    }
    let newest = History::open_existing(&folder.join("state"))?.map(|history| history.latest_run(None)).transpose()?;
    let page = newest.flatten().map(|run| Reports::of(&folder.join("state")).page(run.run)).unwrap_or_default();
    console.print(&format!(
        "\nThe reports are in {0}/state/reports,\n\
         the history is {0}/state/history.db\n\
         The last night's report, for a browser:\n{1}\n\
         Next: the same step by step, in five minutes: docs/tour.md\n",
        folder.display(),
        page.display(),
    ));
    if options.desk {
        sim.edit(newcomer);
        services_apart(&folder).context("cannot give the services a file of their own")?;
        return desk(&tour.global, &folder, console);
    }
    anyhow::ensure!(!options.open || open(&page), "no program here opens a browser: open that file by hand");
    Ok(())
}

fn steps(tour: &mut Tour<'_>, sim: &Sim) -> anyhow::Result<()> {
    let plan = tour.plan()?;
    let typed = format!("apply {plan}");
    tour.night(
        "The first writes are those that a person saw, approved by the plan's fingerprint.",
        &typed,
        |tour, show| run::apply_fingerprint(&tour.global, &plan, show),
    )?;
    tour.writes(sim);
    let run = |tour: &Tour<'_>, show: &mut dyn FnMut(&RunRecord)| run::nights(&tour.global, &[], RunRequest::RUN, show);
    tour.night("The same night again: what could be done is done.", "run", run)?;
    tour.writes(sim);
    sim.edit(by_hand);
    tour.night("Somebody sets Acme Dental's CloudFilter to 40 by hand. recount asks first.", "run", run)?;
    tour.writes(sim);
    Ok(())
}

/// The desk over what the tour left, with a link for somebody to come in by.
fn desk(global: &Global, folder: &Path, console: &Console) -> anyhow::Result<()> {
    let mut history = History::open_beside(&folder.join("state"))?.context("the tour left no history")?;
    history.add_person("demo", Role::Admin, clock::now())?;
    let link = invite(&mut history, "demo", clock::now())?.context("nobody to invite")?;
    drop(history);
    console.print(&format!("\nThe desk, as \"demo\", once you have chosen a password:\nhttp://127.0.0.1:8080{link}\n"));
    anyhow::ensure!(serve::run(global, &serve::Options::default(), console) == Exit::Done, "the desk cannot be served");
    Ok(())
}

/// A company whose name is like that of the customer whom nobody has mapped, for the desk's picker.
fn newcomer(world: &mut World) {
    let company = r#"{"id": 3499, "identifier": "BirchwoodDental", "name": "Birchwood Dental Group"}"#;
    let agreement = r#"{"id": 899, "company": 3499, "name": "Birchwood email", "type": "Email Security"}"#;
    let (company, agreement) = (serde_json::from_str(company), serde_json::from_str(agreement));
    world.companies.extend(company.ok());
    world.agreements.extend(agreement.ok());
}

/// The desk changes what services are billed as in a file of their own, and never recount.toml.
fn services_apart(folder: &Path) -> std::io::Result<()> {
    let path = folder.join("recount.toml");
    let config = fs::read_to_string(&path)?;
    let Some((rest, services)) = config.split_once("[integration.mailprotector.services]\n") else { return Ok(()) };
    fs::write(folder.join("services.toml"), services)?;
    fs::write(
        path,
        rest.replace("create_lines      = true", "create_lines      = true\nservices_file     = \"services.toml\""),
    )
}

fn by_hand(world: &mut World) {
    if let Some(addition) = world.addition_mut(1002) {
        addition.quantity = Decimal::from(40);
        addition.updated_by = "mmiller".to_owned();
        addition.last_updated = clock::now().format("%Y-%m-%dT%H:%M:%SZ").to_string();
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
