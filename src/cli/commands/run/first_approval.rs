//! The first approval where the plan changes nothing: a report of such a night names no plan, and yet one has to be approved.

use crate::cli::arguments::global_options::Global;
use crate::cli::console::Console;
use crate::cli::error::CommandError;
use crate::cli::session;
use crate::history::run_record::RunRecord;
use crate::history::store::open::History;
use crate::reconcile::model::display_text::shown;
use crate::reconcile::model::plan::fingerprint::short;
use crate::reconcile::model::plan::outcome::Mode;
use crate::report::format::text::wrapped;
use crate::report::is_quiet;

/// Says how to approve quiet plans of integrations that never had one approved.
pub(super) fn tell(global: &Global, runs: &Result<Vec<RunRecord>, CommandError>, console: &Console) {
    if console.json || console.quiet {
        return;
    }
    let quiet = |run: &&RunRecord| run.mode == Mode::Apply && run.end.as_ref().is_some_and(is_quiet);
    let quiet: Vec<&RunRecord> = runs.iter().flatten().filter(quiet).collect();
    if quiet.is_empty() {
        return;
    }
    let approved = |history: &History, run: &RunRecord| Ok::<_, CommandError>(history.approved_once(&run.integration)?);
    let history = session::configuration(global).and_then(|config| session::existing_history(&config.state));
    for run in quiet {
        let is_approved = match history.as_ref().map_err(|error| error.message.clone()) {
            Ok(history) => approved(history, run).map_err(|error| error.message),
            Err(why) => Err(why),
        };
        let is_approved = is_approved.unwrap_or_else(|why| {
            let name = shown(run.integration.as_str());
            let doubt = format!("whether a plan of {name} was ever approved cannot be read: {why}");
            console.complain(&format!("recount: {doubt}\n  fix: recount check\n"));
            true
        });
        if let Some(plan) = run.planned.as_ref().filter(|_| !is_approved) {
            let name = shown(run.integration.as_str());
            let mut text = "\n".to_owned();
            let said = format!(
                "no plan of {name} was approved yet, and this one changes nothing. Approved, it lets the nights go on by \
                 themselves; else the first that changes something is held."
            );
            wrapped(&mut text, &said, "  ", "  ");
            text.push_str(&format!("\nNext: recount apply {}\n", short(&plan.fingerprint)));
            console.print(&text);
        }
    }
}
