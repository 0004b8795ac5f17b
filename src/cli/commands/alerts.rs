//! `recount alerts test`: does it arrive?

use clap::{Args, Subcommand};
use serde::Serialize;

use crate::alerts::engine;
use crate::cli::arguments::global_options::Global;
use crate::cli::console::Console;
use crate::cli::error::CommandError;
use crate::cli::wiring::alert_engine;
use crate::cli::{clock, session};
use crate::config::settings::Config;
use crate::config::tables::alerts::AlertConfig;
use crate::reconcile::model::display_text::escaped;
use crate::reconcile::model::ids::IntegrationName;
use crate::report::exit_codes::Exit;

/// Arguments of `alerts`.
#[derive(Debug, Args)]
pub(crate) struct Options {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Send a test through each alert, or through one
    Test {
        /// The alert; none means all
        name: Option<String>,
    },
}

pub(crate) fn run(global: &Global, options: &Options, console: &Console) -> Exit {
    let What::Test { name } = &options.what;
    match test(global, name.as_deref()) {
        Ok(tested) => tell(&tested, console),
        Err(error) => error.tell(console),
    }
}

#[derive(Serialize)]
struct Tested {
    alert: String,
    kind: &'static str,
    sent: bool,
    detail: Option<String>,
}

impl Tested {
    /// Whether everybody was told.
    fn is_good(&self) -> bool {
        self.sent && self.detail.is_none()
    }
}

#[derive(Serialize)]
struct Document<'a> {
    alerts: &'a [Tested],
}

/// A test through each alert that tells of this integration: those that were sent, and those that were not, with why.
pub(crate) fn sent_and_failed(
    config: &Config,
    integration: &IntegrationName,
) -> Result<(Vec<String>, Vec<String>), CommandError> {
    let of_it = config.alerts.iter().filter(|(_, alert)| alert.rules.is_about(integration));
    let tested = each_tested(config, of_it)?;
    let (sent, failed): (Vec<Tested>, Vec<Tested>) = tested.into_iter().partition(Tested::is_good);
    let why = |one: Tested| format!("{}: {}", one.alert, one.detail.unwrap_or_default());
    Ok((sent.into_iter().map(|one| one.alert).collect(), failed.into_iter().map(why).collect()))
}

fn test(global: &Global, name: Option<&str>) -> Result<Vec<Tested>, CommandError> {
    tested(&session::configuration(global)?, name)
}

fn tested(config: &Config, name: Option<&str>) -> Result<Vec<Tested>, CommandError> {
    if config.alerts.is_empty() {
        return Err(CommandError::new(
            Exit::Usage,
            "there is no [alert.NAME]",
            "docs/alerts.md shows one of each kind",
        ));
    }
    let chosen: Vec<(&String, &AlertConfig)> =
        config.alerts.iter().filter(|(known, _)| name.is_none_or(|name| name == known.as_str())).collect();
    if let (Some(name), true) = (name, chosen.is_empty()) {
        let known: Vec<&str> = config.alerts.keys().map(String::as_str).collect();
        let fix = format!("there are: {}", known.join(", "));
        return Err(CommandError::new(Exit::Usage, format!("there is no alert {}", escaped(name)), fix));
    }
    each_tested(config, chosen)
}

fn each_tested<'a>(
    config: &Config,
    chosen: impl IntoIterator<Item = (&'a String, &'a AlertConfig)>,
) -> Result<Vec<Tested>, CommandError> {
    let runtime = session::runtime()?;
    let tested = chosen
        .into_iter()
        .map(|(name, alert)| {
            let ended =
                runtime.block_on(engine::test(&alert_engine::one(name, alert), config.alerts_within, clock::now()));
            let sent = ended.is_ok();
            let refused = |refused: Vec<String>| format!("the server refused {}", refused.join("; "));
            let detail = ended.map_or_else(Some, |all| (!all.is_empty()).then(|| refused(all)));
            Tested { alert: name.clone(), kind: alert.kind.word(), sent, detail }
        })
        .collect();
    // A name that is still being looked up must not hold up the end.
    runtime.shutdown_background();
    Ok(tested)
}

fn tell(tested: &[Tested], console: &Console) -> Exit {
    let exit = if tested.iter().all(Tested::is_good) { Exit::Done } else { Exit::Unexpected };
    if console.json {
        console.document(exit, &Document { alerts: tested });
        return exit;
    }
    for one @ Tested { alert, kind, sent: _, detail } in tested {
        let sign = if one.is_good() { console.paint.good("✓") } else { console.paint.bad("✗") };
        let detail = detail.as_deref().map_or("sent".to_owned(), escaped);
        console.print(&format!("{sign} {alert} ({kind})  {detail}\n"));
    }
    exit
}
