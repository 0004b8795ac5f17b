//! Plans and runs that were typed or pressed: which one is meant.

use crate::cli::error::CommandError;
use crate::cli::session;
use crate::config::settings::Config;
use crate::history::run_lookup::StoredPlan;
use crate::reconcile::model::display_text::shown;
use crate::reconcile::model::ids::RunId;
use crate::reconcile::model::plan::fingerprint::short;
use crate::report::exit_codes::Exit;

/// The integration of a run that can be set back.
pub(crate) fn undone(config: &Config, run: RunId) -> Result<String, CommandError> {
    let history = session::upgraded_history(config)?;
    let found = history.summary(run)?;
    let found = found.ok_or_else(|| session::no_run(&history, run.0))?;
    if history.writes_of(run)?.is_empty() {
        let message = format!("run {run} wrote nothing, so there is nothing to set back");
        return Err(CommandError::new(Exit::Usage, message, "recount history"));
    }
    let name = found.integration;
    if !config.integrations.contains_key(&name) {
        let message = format!(
            "run {run} is of the integration {}, which recount.toml does not name any more",
            shown(name.as_str())
        );
        let fix = format!(
            "where it was renamed, call it {} again in recount.toml, set the run back, and rename it after that; where it is gone, set \
             its lines back in ConnectWise: recount report {run}",
            shown(name.as_str())
        );
        return Err(CommandError::new(Exit::Usage, message, fix));
    }
    Ok(name.to_string())
}

/// Fewer letters than this are a slip of the hand.
const FINGERPRINT_MIN: usize = 4;

/// The one plan that the typed fingerprint means.
pub(crate) fn stored_plan(config: &Config, prefix: &str) -> Result<StoredPlan, CommandError> {
    // Four characters at least: an empty variable in a script is no approval.
    if prefix.len() < FINGERPRINT_MIN || !prefix.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        let message =
            format!("\"{}\" is not a fingerprint: it takes {FINGERPRINT_MIN} or more of its letters", shown(prefix));
        return Err(CommandError::new(Exit::Usage, message, "`recount plan` prints it"));
    }
    let prefix = &prefix.to_ascii_lowercase();
    let history = session::upgraded_history(config)?;
    let plans = history.plans_like(prefix)?;
    match plans.as_slice() {
        [plan] => Ok(plan.clone()),
        [] => Err(CommandError::new(Exit::Usage, format!("there is no plan {prefix}"), "recount plan")),
        several => {
            let found: Vec<&str> = several.iter().map(|plan| short(&plan.fingerprint)).collect();
            let message = format!("several plans begin with {prefix}: {}", found.join(", "));
            Err(CommandError::new(Exit::Usage, message, "type more of it"))
        }
    }
}
