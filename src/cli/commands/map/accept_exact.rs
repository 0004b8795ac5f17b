//! `recount map suggest --accept-exact`: a row for every customer whose one best hit bears the same name.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{BufRead as _, IsTerminal as _, Write as _};
use std::path::Path;

use crate::cli::console::Console;
use crate::cli::error::CommandError;
use crate::config::edit::customers_csv::{NewRow, set_row};
use crate::error_chain::error_chain;
use crate::reconcile::model::display_text::shown;
use crate::reconcile::model::ids::{CompanyId, CustomerName};
use crate::reconcile::model::mapping::CustomerTarget;
use crate::report::exit::Exit;
use crate::report::words::plural;

/// One customer and the company of its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ExactHit<'a> {
    pub(super) file: &'a Path,
    pub(super) customer: CustomerName,
    pub(super) company: CompanyId,
    pub(super) company_name: String,
}

/// Shows them, asks unless `yes`, and writes a row for each.
pub(super) fn write(hits: &[ExactHit<'_>], yes: bool, console: &Console) -> Result<(), CommandError> {
    // Several integrations may read one file.
    let hits: BTreeMap<(&Path, &CustomerName), &ExactHit<'_>> =
        hits.iter().map(|hit| ((hit.file, &hit.customer), hit)).collect();
    if hits.is_empty() {
        return Err(CommandError::new(Exit::Decide, "no company bears the very name of one", "recount map suggest"));
    }
    confirmed(&list(hits.values().copied()), hits.len(), yes, console)?;
    for hit in hits.values() {
        let target = CustomerTarget::Company { company: hit.company, agreement: None };
        let row = NewRow { customer: hit.customer.clone(), target, note: None };
        set_row(hit.file, &row, false).map_err(|error| {
            let message = format!("{}: {}", shown(hit.customer.as_str()), error_chain(&error));
            let written = "the rows before it were written";
            CommandError {
                written,
                ..CommandError::new(Exit::Config, message, "`recount map list` shows what is there")
            }
        })?;
    }
    if !console.json && !console.quiet {
        let rows = plural(hits.len(), "row");
        console.print(&format!("{rows} added; nothing was written to ConnectWise\n\nNext: recount plan\n"));
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

fn confirmed(list: &str, count: usize, yes: bool, console: &Console) -> Result<(), CommandError> {
    let mut terminal = std::io::stderr().lock();
    if !console.json {
        let _ = write!(terminal, "{list}");
    }
    if yes {
        return Ok(());
    }
    if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() || console.json {
        let message = format!("{} would be added, and nobody is there to ask", plural(count, "row"));
        return Err(CommandError::new(Exit::Usage, message, "look at them, then add --yes"));
    }
    let _ = write!(terminal, "write these {count}? [y/N] ");
    let _ = terminal.flush();
    let mut said = String::new();
    let read = std::io::stdin().lock().read_line(&mut said);
    match read.is_ok() && matches!(said.trim(), "y" | "Y" | "yes") {
        true => Ok(()),
        false => Err(CommandError::new(Exit::Usage, "nothing was written", "recount map suggest")),
    }
}
