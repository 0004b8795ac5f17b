//! `recount init`: asks a few things, looks at the export, and writes what the nightly run needs. Never a key, and
//! never over a file that is there.

mod answers;
mod document;
mod folder;
pub(crate) mod options;
mod output;
mod prompt;
mod roles;
mod sample;
mod units;

use std::io::IsTerminal as _;
use std::path::Path;

use crate::cli::arguments::global::Global;
use crate::cli::commands::init::answers::Answers;
use crate::cli::commands::init::folder::Folder;
use crate::cli::commands::init::options::Options;
use crate::cli::commands::init::output::{Made, services_of};
use crate::cli::commands::init::prompt::Asker;
use crate::cli::commands::init::sample::ChosenExport;
use crate::cli::console::Console;
use crate::cli::error::CommandError;
use crate::cli::{clock, session};
use crate::config::settings::Config;
use crate::error_chain::error_chain;
use crate::nightly::read_export::read_export;
use crate::reconcile::model::export::counts::Counts;
use crate::report::exit::Exit;

pub(crate) fn run(global: &Global, options: &Options, console: &Console) -> Exit {
    match made(global, options) {
        Err(error) => error.tell(console),
        Ok(made) => {
            if console.json {
                console.document(Exit::Done, &made.document());
            } else {
                console.print(&made.text());
            }
            Exit::Done
        }
    }
}

fn made(global: &Global, options: &Options) -> Result<Made, CommandError> {
    let mut folder = Folder::new(&options.dir)?;
    let answers = answers(global, options)?;
    let configuration = document::configuration(&answers, &folder.path);
    folder.write("customers.csv", document::CUSTOMERS)?;
    let path = folder.write("recount.toml", &configuration)?;
    let config = loaded(&path).map_err(|error| folder.taken_back(error))?;
    let (counts, unread) = match tonight(&config, &answers.vendor.export) {
        Ok(counts) => (counts, None),
        Err(why) => (Counts::default(), Some(why)),
    };
    folder.append(&path, &document::services(&answers.vendor.name, &services_of(&counts)))?;
    folder.write(folder::SERVICE, &units::service(&answers))?;
    folder.write(folder::TIMER, &units::timer(&answers))?;
    // What was written is what will be read tonight.
    loaded(&path).map_err(|error| folder.taken_back(error))?;
    Ok(Made { answers, folder, counts, unread })
}

fn answers(global: &Global, options: &Options) -> Result<Answers, CommandError> {
    let somebody = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
    if !somebody || options.yes || global.json {
        return answers::ask(options, &mut Asker::silent());
    }
    let (mut input, mut output) = (std::io::stdin().lock(), std::io::stderr().lock());
    answers::ask(options, &mut Asker::of(&mut input, &mut output))
}

fn loaded(path: &Path) -> Result<Config, CommandError> {
    let fix = "answer otherwise; nothing was kept";
    crate::config::load::load(path).map_err(|errors| CommandError::new(Exit::Config, errors.to_string(), fix))
}

/// The export as tonight's run would read it; a link is left alone.
fn tonight(config: &Config, export: &ChosenExport) -> Result<Counts, String> {
    if let ChosenExport::Url(_) = export {
        return Err("`recount check` fetches the link".to_owned());
    }
    let integration = config.integrations.values().next().ok_or("there is no integration")?;
    let runtime = session::runtime().map_err(|error| error.message)?;
    let fetched = session::fetched(&config.state);
    let read = read_export(&integration.export, &integration.name, &fetched, &clock::now);
    runtime.block_on(read).map(|export| export.counts).map_err(|error| error_chain(&error))
}
