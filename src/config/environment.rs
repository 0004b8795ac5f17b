//! The few variables that are no secrets: how to speak, not what to do.

use std::path::PathBuf;

/// `NO_COLOR` is set, to whatever: no colour (no-color.org).
pub fn no_color() -> bool {
    variable("NO_COLOR").is_some_and(|value| !value.is_empty())
}

/// `RUST_LOG`: which logs are written.
pub fn log_filter() -> Option<String> {
    variable("RUST_LOG").filter(|value| !value.is_empty())
}

/// `RUST_LOG_FORMAT=json`: logs for machines.
pub fn log_format_is_json() -> bool {
    variable("RUST_LOG_FORMAT").as_deref() == Some("json")
}

/// `SUDO_USER`: who asked, where root runs the command for somebody.
pub fn sudo_user() -> Option<String> {
    variable("SUDO_USER").filter(|value| !value.is_empty())
}

/// Whether root runs this program for somebody through `sudo`, and not a shell that `sudo` opened.
pub fn is_sudo_of(program: &str) -> bool {
    let command = variable("SUDO_COMMAND").filter(|_| sudo_user().is_some());
    let first = command.as_deref().and_then(|command| command.split(' ').next());
    first.is_some_and(|first| first.rsplit('/').next().is_some_and(|name| name.starts_with(program)))
}

/// Names who asked for a command that runs as the service.
pub const ASKED_BY: &str = "RECOUNT_ASKED_BY";

/// Who asked for a command that runs as the service.
pub fn asked_by() -> Option<String> {
    variable(ASKED_BY).filter(|value| !value.is_empty())
}

/// Whether this is the service, or a command that runs as it.
pub fn is_in_unit() -> bool {
    asked_by().is_some() || variable("STATE_DIRECTORY").is_some()
}

/// `RECOUNT_DESK`: the desk.toml of many tenants, where it does not lie beside their folders.
pub fn fleet_desk() -> Option<PathBuf> {
    variable("RECOUNT_DESK").filter(|value| !value.is_empty()).map(PathBuf::from)
}

/// `GITHUB_STEP_SUMMARY`: the file that a build server shows beside the job.
pub fn step_summary() -> Option<PathBuf> {
    variable("GITHUB_STEP_SUMMARY").filter(|value| !value.is_empty()).map(PathBuf::from)
}

#[expect(clippy::disallowed_methods, reason = "config is where the environment is read")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
