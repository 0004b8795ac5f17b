//! `recount integrations remove NAME`: the vendor leaves recount.toml. What it bills still is named first: nobody looks at it
//! any more.

use std::fmt::Write as _;

use clap::Args;
use serde::Serialize;

use crate::cli::arguments::global_options::Global;
use crate::cli::arguments::typed_integration;
use crate::cli::commands::integrations::not_edited::{BY_HAND, not_edited};
use crate::cli::confirmation::Confirmation;
use crate::cli::console::Console;
use crate::cli::error::CommandError;
use crate::cli::session;
use crate::config::edit::recount_toml;
use crate::history::past::owned_lines::StillBilled;
use crate::history::store::open::History;
use crate::reconcile::model::display_text::shown;
use crate::report::exit_codes::Exit;
use crate::report::numbers_and_dates::plural;

/// Arguments of `integrations remove`.
#[derive(Debug, Args)]
pub(super) struct RemoveOptions {
    /// The integration
    name: String,
    /// Without asking
    #[arg(long)]
    yes: bool,
}

#[derive(Serialize)]
struct Removed<'a> {
    integration: &'a str,
    /// Lines that bill still, and that nobody looks at from now on.
    still_billed: Vec<Line>,
}

#[derive(Serialize)]
struct Line {
    agreement_id: i64,
    product: String,
    item: Option<String>,
    #[serde(with = "rust_decimal::serde::arbitrary_precision")]
    units: rust_decimal::Decimal,
}

/// More is in the last report.
const LISTED: usize = 30;

pub(super) fn run(global: &Global, options: &RemoveOptions, console: &Console) -> Result<(), CommandError> {
    let config = session::configuration(global)?;
    let integration = typed_integration::named(&config, &options.name)?;
    let (name, customers) = (integration.name.as_str(), integration.customers_path.display().to_string());
    if config.integrations.len() == 1 {
        let message = format!("{name} is the only integration, and recount.toml needs one");
        let fix = format!("recount integrations disable {name}, or first: recount integrations add NAME");
        return Err(CommandError::new(Exit::Usage, message, fix));
    }
    let history = History::open_existing(&config.state)?;
    let still = history.map(|history| history.still_billed(&integration.name)).transpose()?.unwrap_or_default();
    let asked = Confirmation {
        list: &listed(&still),
        question: format!("remove {name}?"),
        would: format!("{name} would be removed"),
        look: "what bills still",
        declined: ("nothing was changed", "recount integrations"),
    };
    asked.ask(options.yes, console)?;
    recount_toml::remove(&config.path, name).map_err(|error| not_edited(&error, BY_HAND))?;
    if console.json {
        let still_billed = still.into_iter().map(Line::of).collect();
        console.document(Exit::Done, &Removed { integration: name, still_billed });
        return Ok(());
    }
    console.print(&format!(
        "{name} is not in recount.toml any more. Its history stays: recount history\nSo does {customers}\n\nNext: recount status\n"
    ));
    Ok(())
}

fn listed(still: &[StillBilled]) -> String {
    if still.is_empty() {
        return String::new();
    }
    let mut text = format!("{} stay billed, and nobody looks at them from now on:\n", plural(still.len(), "line"));
    for StillBilled { key, units, customers } in still.iter().take(LISTED) {
        let item = key.item.as_ref().map(|item| format!(" item {}", shown(item.as_str()))).unwrap_or_default();
        let names: Vec<String> = customers.iter().map(|customer| shown(customer.as_str())).collect();
        let (names, product) = (names.join(", "), shown(key.product.as_str()));
        let _ = writeln!(text, "  {names} · agreement {} · {product}{item}: {units}", key.agreement);
    }
    if still.len() > LISTED {
        let _ = writeln!(text, "  … {} more: recount report", still.len() - LISTED);
    }
    text
}

impl Line {
    fn of(one: StillBilled) -> Self {
        let StillBilled { key, units, customers: _ } = one;
        Self {
            agreement_id: key.agreement.0,
            product: key.product.to_string(),
            item: key.item.map(|item| item.to_string()),
            units: units.as_decimal().normalize(),
        }
    }
}
