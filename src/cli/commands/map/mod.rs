//! `recount map`: which customer is which company. Lists, suggests, tries out, and edits customers.csv in place.

mod accept_exact;
mod add_ignore;
mod customer_scope;
pub(crate) mod desk_mapping;
mod inventory;
pub(crate) mod known_records;
mod list;
mod mapping_state;
mod pickers;
pub(crate) mod pin;
mod remove;
mod suggest;
mod test;

use clap::{Args, Subcommand};

use crate::cli::arguments::global_options::Global;
use crate::cli::console::Console;
use crate::report::exit_codes::Exit;

/// Arguments of `map`.
#[derive(Debug, Args)]
pub(crate) struct Options {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Every customer, with its company and agreement; what needs a person first
    List(list::Options),
    /// Which companies the unmapped customers may be; a guess is never written
    Suggest(suggest::Options),
    /// Map a customer to a company, in customers.csv
    Add(add_ignore::AddOptions),
    /// Skip a customer on purpose, in customers.csv
    Ignore(add_ignore::IgnoreOptions),
    /// Take a customer's row out of customers.csv
    Remove(remove::Options),
    /// Which of several additions a line means, in customers.csv
    Pin(pin::Options),
    /// The agreements of a company, those that bill first
    Agreements(pickers::AgreementOptions),
    /// The products of the catalog: identifiers for services
    Products(pickers::ProductOptions),
    /// What of an export file is mapped, skipped or unmapped; asks nothing of ConnectWise
    Test(test::Options),
}

impl Options {
    /// Whether it changes customers.csv.
    pub(crate) fn edits(&self) -> bool {
        match &self.command {
            Command::Add(_) | Command::Ignore(_) | Command::Remove(_) | Command::Pin(_) => true,
            Command::Suggest(options) => options.writes(),
            Command::List(_) | Command::Agreements(_) | Command::Products(_) | Command::Test(_) => false,
        }
    }
}

pub(crate) fn run(global: &Global, options: &Options, console: &Console) -> Exit {
    match &options.command {
        Command::List(options) => list::run(global, options, console),
        Command::Suggest(options) => suggest::run(global, options, console),
        Command::Add(options) => add_ignore::add(global, options, console),
        Command::Ignore(options) => add_ignore::ignore(global, options, console),
        Command::Remove(options) => remove::run(global, options, console),
        Command::Pin(options) => pin::run(global, options, console),
        Command::Agreements(options) => pickers::agreements(global, options, console),
        Command::Products(options) => pickers::products(global, options, console),
        Command::Test(options) => test::run(global, options, console),
    }
}
