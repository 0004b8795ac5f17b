//! A change of recount.toml that was not made, and what to do.

use crate::cli::error::CommandError;
use crate::config::edit::recount_toml::ConfigEditError;
use crate::error_chain::error_chain;
use crate::report::exit_codes::Exit;

/// What to do where the file cannot be changed in place.
pub(super) const BY_HAND: &str = "correct it by hand, then `recount check`";

/// The error of it; `fix` where nobody else changed the file meanwhile.
pub(super) fn not_edited(error: &ConfigEditError, fix: &str) -> CommandError {
    let fix = match error {
        ConfigEditError::Changed { .. } => "look at the file, then give the command again",
        _ => fix,
    };
    CommandError::new(Exit::Config, error_chain(error), fix)
}
