//! `recount alerts test`: does it arrive?

use clap::{Args, Subcommand};
use serde::Serialize;

use crate::cli::console::Console;
use crate::cli::error::Trouble;
use crate::cli::{Global, alerting, session};
use crate::config::tables::alerts::{AlertConfig, AlertKind};
use crate::reconcile::exit::Exit;
use crate::reconcile::model::display_text::escaped;

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
        Err(trouble) => trouble.tell(console),
    }
}

#[derive(Serialize)]
struct Tested {
    alert: String,
    kind: &'static str,
    sent: bool,
    detail: Option<String>,
}

#[derive(Serialize)]
struct Document<'a> {
    schema: u8,
    exit_code: u8,
    alerts: &'a [Tested],
}

fn test(global: &Global, name: Option<&str>) -> Result<Vec<Tested>, Trouble> {
    let config = session::configuration(global)?;
    if config.alerts.is_empty() {
        return Err(Trouble::new(Exit::Usage, "there is no [alert.NAME]", "docs/alerts.md shows one of each kind"));
    }
    let chosen: Vec<(&String, &AlertConfig)> =
        config.alerts.iter().filter(|(known, _)| name.is_none_or(|name| name == known.as_str())).collect();
    if let (Some(name), true) = (name, chosen.is_empty()) {
        let known: Vec<&str> = config.alerts.keys().map(String::as_str).collect();
        let fix = format!("there are: {}", known.join(", "));
        return Err(Trouble::new(Exit::Usage, format!("there is no alert {}", escaped(name)), fix));
    }
    let runtime = session::runtime()?;
    let tested = chosen
        .into_iter()
        .map(|(name, alert)| {
            let ended = runtime.block_on(alerting::test(name, alert, config.alerts_within));
            Tested { alert: name.clone(), kind: kind(alert), sent: ended.is_ok(), detail: ended.err() }
        })
        .collect();
    // A name that is still being looked up must not hold up the end.
    runtime.shutdown_background();
    Ok(tested)
}

/// The word of the configuration.
pub(crate) fn kind(alert: &AlertConfig) -> &'static str {
    match alert.kind {
        AlertKind::Mail(_) => "mail",
        AlertKind::Webhook { .. } => "webhook",
        AlertKind::Ping { .. } => "ping",
    }
}

fn tell(tested: &[Tested], console: &Console) -> Exit {
    let exit = if tested.iter().all(|one| one.sent) { Exit::Done } else { Exit::Unexpected };
    if console.json {
        console.document(&Document { schema: 1, exit_code: exit.code(), alerts: tested });
        return exit;
    }
    for Tested { alert, kind, sent, detail } in tested {
        let sign = if *sent { console.paint.good("✓") } else { console.paint.bad("✗") };
        let detail = detail.as_deref().map_or("sent".to_owned(), escaped);
        console.print(&format!("{sign} {alert} ({kind})  {detail}\n"));
    }
    exit
}
