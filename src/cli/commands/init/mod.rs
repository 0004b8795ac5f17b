//! `recount init`: asks at most eight things, looks at the export and at ConnectWise, and writes what the nightly run needs. A key
//! only into a file of its own, and nothing over a file that is there. Then it checks what it made.

mod api_keys;
pub(super) mod connectwise_offers;
pub(super) mod file_columns;
pub(super) mod init_answers;
pub(crate) mod init_options;
pub(super) mod init_output;
pub(super) mod layout_choice;
mod new_folder;
pub(super) mod new_recount_toml;
pub(super) mod prompt;
mod security_role;
mod systemd_drop_ins;

use std::io::IsTerminal as _;
use std::path::Path;

use crate::cli::arguments::global_options::Global;
use crate::cli::commands::check;
use crate::cli::commands::init::init_answers::Vendor;
use crate::cli::commands::init::init_options::Options;
use crate::cli::commands::init::init_output::{CreatedFiles, services_of};
use crate::cli::commands::init::layout_choice::ChosenExport;
use crate::cli::commands::init::new_folder::Folder;
use crate::cli::commands::init::prompt::Asker;
use crate::cli::commands::read::all_proposals;
use crate::cli::console::Console;
use crate::cli::error::CommandError;
use crate::cli::{clock, session};
use crate::config::settings::Config;
use crate::error_chain::error_chain;
use crate::export::propose::proposal::Proposal;
use crate::export::propose::{files_of, proposals};
use crate::nightly::read_export::{ReadExportError, read_export};
use crate::reconcile::model::display_text::shell_word;
use crate::reconcile::model::export::counts::Counts;
use crate::report::exit_codes::Exit;

pub(crate) fn run(global: &Global, options: &Options, console: &Console) -> Exit {
    match made(global, options) {
        Err(error) => error.tell(console),
        Ok(made) => {
            if console.json {
                console.document(Exit::Done, &made.document());
            } else {
                print_created(&made, console);
            }
            Exit::Done
        }
    }
}

/// What was made, and whether all is in place: the keys, the export, each permission.
fn print_created(made: &CreatedFiles, console: &Console) {
    console.print(&made.text());
    let path = made.folder.path.join("recount.toml");
    let checks = made.can_be_checked().then(|| session::configuration_of(&path).and_then(check::of)).transpose();
    match checks {
        Ok(Some(checks)) => checks.print(console, &format!(" --config {}", shell_word(&path.to_string_lossy()))),
        Ok(None) => console.print(&format!("Next: {}\n", made.next())),
        Err(error) => _ = error.tell(console),
    }
}

fn made(global: &Global, options: &Options) -> Result<CreatedFiles, CommandError> {
    let mut folder = Folder::new(&options.dir)?;
    let mut answers = with_asker(global, options.yes, |asker| init_answers::ask(options, asker))?;
    answers.connection.public_key.store(&mut folder)?;
    answers.connection.private_key.store(&mut folder)?;
    let configuration = new_recount_toml::configuration(&answers, &folder.path);
    folder.write("customers.csv", new_recount_toml::CUSTOMERS)?;
    let path = folder.write("recount.toml", &configuration)?;
    let config = loaded(&path).map_err(|error| folder.taken_back(error))?;
    let ExportPreview { counts, unread, proposals } = tonight(&config, &answers.vendor);
    let services = services_of(&counts);
    let guesses = answers.vendor.offers.products(&services);
    folder.append(&path, &new_recount_toml::services(&answers.vendor.name, &services, &guesses))?;
    folder.write(new_folder::SERVICE, &systemd_drop_ins::service(&answers))?;
    folder.write(new_folder::TIMER, &systemd_drop_ins::timer(&answers))?;
    // What was written is what will be read tonight.
    loaded(&path).map_err(|error| folder.taken_back(error))?;
    Ok(CreatedFiles { answers, folder, counts, unread, proposals })
}

/// By a person at the terminal, if there is one who wants to be asked.
pub(super) fn with_asker<T>(
    global: &Global,
    yes: bool,
    ask: impl FnOnce(&mut Asker<'_>) -> Result<T, CommandError>,
) -> Result<T, CommandError> {
    let somebody = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
    if !somebody || yes || global.json {
        return ask(&mut Asker::silent());
    }
    let (mut input, mut output) = (std::io::stdin().lock(), std::io::stderr().lock());
    ask(&mut Asker::of(&mut input, &mut output))
}

fn loaded(path: &Path) -> Result<Config, CommandError> {
    let fix = "answer otherwise; nothing was kept";
    crate::config::load::load(path).map_err(|errors| CommandError::new(Exit::Config, errors.to_string(), fix))
}

/// The export as tonight's run would read it.
#[derive(Default)]
pub(super) struct ExportPreview {
    pub(super) counts: Counts,
    /// Why it was not read.
    pub(super) unread: Option<String>,
    /// Keys that would read it, or more of it.
    pub(super) proposals: Vec<Proposal>,
}

/// Reads it; a link is left alone.
pub(super) fn tonight(config: &Config, vendor: &Vendor) -> ExportPreview {
    let unread = |why: String| ExportPreview { unread: Some(why), ..ExportPreview::default() };
    if let ChosenExport::Url(_) = vendor.export {
        return unread("`recount check` fetches the link".to_owned());
    }
    let Some(integration) = config.integrations.get(vendor.name.as_str()) else {
        return unread("there is no such integration".to_owned());
    };
    let runtime = match session::runtime() {
        Ok(runtime) => runtime,
        Err(error) => return unread(error.message),
    };
    let fetched = session::fetched(&config.state);
    let read = read_export(&integration.export, &integration.name, &fetched, &clock::now);
    let layout = &integration.export.layout;
    match runtime.block_on(read) {
        Ok(export) => {
            let proposals = all_proposals(&files_of(&export.path, &export.counts), layout, &export.counts);
            ExportPreview { counts: export.counts, unread: None, proposals }
        }
        Err(ReadExportError::Export(error)) => {
            let proposals = proposals(&files_of(error.path(), &Counts::default()), layout);
            ExportPreview { proposals, ..unread(error_chain(&error)) }
        }
        Err(error) => unread(error_chain(&error)),
    }
}
