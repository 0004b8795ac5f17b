//! `recount map suggest --accept-exact`: a row for every customer whose one best hit bears the same name.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use crate::cli::confirmation::Confirmation;
use crate::cli::console::Console;
use crate::cli::error::CommandError;
use crate::cli::operator;
use crate::cli::wiring::keep_file_version;
use crate::config::edit::customers_csv::{NewRow, add_rows};
use crate::config::settings::Config;
use crate::error_chain::error_chain;
use crate::reconcile::model::display_text::shown;
use crate::reconcile::model::ids::{CompanyId, CustomerName};
use crate::reconcile::model::mapping::CustomerTarget;
use crate::report::exit_codes::Exit;
use crate::report::numbers_and_dates::plural;

/// One customer and the company of its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ExactHit<'a> {
    pub(super) file: &'a Path,
    pub(super) customer: CustomerName,
    pub(super) company: CompanyId,
    pub(super) company_name: String,
}

/// Shows them, asks unless `yes`, and writes a row for each.
pub(super) fn write(config: &Config, hits: &[ExactHit<'_>], yes: bool, console: &Console) -> Result<(), CommandError> {
    // Several integrations may read one file.
    let hits: BTreeMap<(&Path, &CustomerName), &ExactHit<'_>> =
        hits.iter().map(|hit| ((hit.file, &hit.customer), hit)).collect();
    if hits.is_empty() {
        return Err(CommandError::new(Exit::Decide, "no company bears the very name of one", "recount map suggest"));
    }
    let asked = Confirmation {
        list: &list(hits.values().copied()),
        question: format!("write these {}?", hits.len()),
        would: format!("{} would be added", plural(hits.len(), "row")),
        look: "them",
        declined: ("nothing was written", "recount map suggest"),
    };
    asked.ask(yes, console)?;
    add(config, hits.values().copied(), &operator::who())?;
    if !console.json && !console.quiet {
        let rows = plural(hits.len(), "row");
        console.print(&format!("{rows} added; nothing was written to ConnectWise\n\nNext: recount plan\n"));
    }
    Ok(())
}

/// Adds a row for each: of one file all of them, or none.
pub(super) fn add<'a>(
    config: &Config,
    hits: impl Iterator<Item = &'a ExactHit<'a>>,
    who: &str,
) -> Result<(), CommandError> {
    let mut of_files: BTreeMap<&Path, BTreeMap<&CustomerName, NewRow>> = BTreeMap::new();
    for hit in hits {
        let target = CustomerTarget::Company { company: hit.company, agreement: None };
        let row = NewRow { customer: hit.customer.clone(), target, note: None };
        of_files.entry(hit.file).or_default().insert(&hit.customer, row);
    }
    for (number, (file, rows)) in of_files.into_iter().enumerate() {
        let rows: Vec<NewRow> = rows.into_values().collect();
        let change = add_rows(file, &rows).map_err(|error| {
            let failed = CommandError::new(Exit::Config, error_chain(&error), "recount map list shows what is there");
            match number {
                0 => failed,
                _ => CommandError { written: "the rows of other files were written", ..failed },
            }
        })?;
        keep_file_version::keep(config, &change, who);
    }
    Ok(())
}

fn list<'a>(hits: impl Iterator<Item = &'a ExactHit<'a>>) -> String {
    let mut text = String::new();
    for ExactHit { customer, company, company_name, .. } in hits {
        let _ = writeln!(text, "  {} is company {company}, {}", shown(customer.as_str()), shown(company_name));
    }
    text
}
