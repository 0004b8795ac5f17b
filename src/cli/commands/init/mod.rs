//! `recount init`: asks a few things, looks at the export, and writes what the nightly run needs. Never a key, and
//! never over a file that is there.

mod answers;
mod document;
mod folder;
pub(crate) mod output;
mod prompt;
mod roles;
mod sample;
mod units;

use std::collections::BTreeSet;
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};

use clap::Args;

use crate::cli::commands::init::answers::{Answers, Export};
use crate::cli::commands::init::folder::Folder;
use crate::cli::commands::init::output::Made;
use crate::cli::commands::init::prompt::Asker;
use crate::cli::console::Console;
use crate::cli::error::Trouble;
use crate::cli::{Global, clock, session};
use crate::config::settings::Config;
use crate::export::count::table::CustomerCounts;
use crate::nightly::read_export::read_export;
use crate::reconcile::exit::Exit;
use crate::reconcile::model::counts::Counts;
use crate::reconcile::model::ids::ServiceName;

/// Arguments of `init`.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The folder to write into
    #[arg(long, value_name = "FOLDER", default_value = ".")]
    dir: PathBuf,
    /// Region of your ConnectWise: na, eu, au, aus, za
    #[arg(long, value_name = "REGION")]
    site: Option<String>,
    /// Address of your own ConnectWise server, instead of --site
    #[arg(long, value_name = "URL", conflicts_with = "site")]
    url: Option<String>,
    /// Company id of the login screen
    #[arg(long, value_name = "ID")]
    company: Option<String>,
    /// Client id from developer.connectwise.com
    #[arg(long, value_name = "ID")]
    client_id: Option<String>,
    /// Where the public key is: `credential:NAME`, `file:PATH` or `env:VARIABLE`
    #[arg(long, value_name = "WHERE")]
    public_key: Option<String>,
    /// Where the private key is, likewise
    #[arg(long, value_name = "WHERE")]
    private_key: Option<String>,
    /// The vendor's export: a file, a pattern in quotes, or a link
    #[arg(long, value_name = "EXPORT")]
    export: Option<String>,
    /// How it is read; without it the one profile that fits, else three columns
    #[arg(long, value_name = "NAME", conflicts_with_all = ["customer_column", "service_column", "count_column"])]
    profile: Option<String>,
    /// Its column of the customer
    #[arg(long, value_name = "COLUMN")]
    customer_column: Option<String>,
    /// Its column of the service
    #[arg(long, value_name = "COLUMN")]
    service_column: Option<String>,
    /// Its column of the count
    #[arg(long, value_name = "COLUMN")]
    count_column: Option<String>,
    /// What commands and reports call it
    #[arg(long, value_name = "NAME")]
    integration: Option<String>,
    /// Type of the agreements that it bills
    #[arg(long, value_name = "TYPE")]
    agreement_type: Option<String>,
    /// observe (never writes), apply, or off
    #[arg(long, value_name = "MODE")]
    mode: Option<String>,
    /// Time of the nightly run
    #[arg(long, value_name = "HH:MM")]
    at: Option<String>,
    /// Time zone of that time
    #[arg(long, value_name = "ZONE")]
    zone: Option<String>,
    /// Ask nothing; take the proposals for what is not given
    #[arg(long)]
    yes: bool,
}

pub(crate) fn run(global: &Global, options: &Options, console: &Console) -> Exit {
    match made(global, options) {
        Err(trouble) => trouble.tell(console),
        Ok(made) => {
            if console.json {
                console.document(&made.document());
            } else {
                console.print(&made.text());
            }
            Exit::Done
        }
    }
}

fn made(global: &Global, options: &Options) -> Result<Made, Trouble> {
    let mut folder = Folder::new(&options.dir)?;
    let answers = answers(global, options)?;
    let configuration = document::configuration(&answers, &folder.path);
    folder.write("customers.csv", document::CUSTOMERS)?;
    let path = folder.write("recount.toml", &configuration)?;
    let config = loaded(&path).map_err(|trouble| folder.taken_back(trouble))?;
    let (counts, unread) = match tonight(&config, &answers.vendor.export) {
        Ok(counts) => (counts, None),
        Err(why) => (Counts::default(), Some(why)),
    };
    folder.append(&path, &document::services(&answers.vendor.name, &services_of(&counts)))?;
    folder.write("systemd/recount.service", &units::service(&answers))?;
    folder.write("systemd/recount.timer", &units::timer(&answers))?;
    // What was written is what will be read tonight.
    loaded(&path).map_err(|trouble| folder.taken_back(trouble))?;
    Ok(Made { answers, folder, counts, unread })
}

fn answers(global: &Global, options: &Options) -> Result<Answers, Trouble> {
    let somebody = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
    if !somebody || options.yes || global.json {
        return answers::ask(options, &mut Asker::silent());
    }
    let (mut input, mut output) = (std::io::stdin().lock(), std::io::stderr().lock());
    answers::ask(options, &mut Asker::of(&mut input, &mut output))
}

fn loaded(path: &Path) -> Result<Config, Trouble> {
    let fix = "answer otherwise; nothing was kept";
    crate::config::load::load(path).map_err(|errors| Trouble::new(Exit::Config, errors.to_string(), fix))
}

/// The export as tonight's run would read it; a link is left alone.
fn tonight(config: &Config, export: &Export) -> Result<Counts, String> {
    if let Export::Url(_) = export {
        return Err("`recount check` fetches the link".to_owned());
    }
    let integration = config.integrations.values().next().ok_or("there is no integration")?;
    let runtime = session::runtime().map_err(|trouble| trouble.message)?;
    let fetched = session::fetched(&config.state);
    let read = read_export(&integration.export, &integration.name, &fetched, &clock::now);
    runtime.block_on(read).map(|export| export.counts).map_err(|error| session::chain(&error))
}

/// Every service that the export names.
fn services_of(counts: &Counts) -> BTreeSet<&ServiceName> {
    counts.customers.values().flat_map(CustomerCounts::services).collect()
}
