//! Where the service is installed, whoever is root gives commands as the service: same user, keys, history and limits.
//! Root itself would leave files that the service can no longer open; and `sudo recount` must not be a way to read or
//! write anything but what the service has.

mod transient_unit;

use std::ffi::OsString;
use std::io::IsTerminal as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;
use std::{env, fs, io};

use crate::cli::as_service::transient_unit::{UnitKind, properties};
use crate::cli::command_line::{Cli, Command as Given};
use crate::cli::error::CommandError;
use crate::cli::{operator, session};
use crate::config::environment;
use crate::reconcile::model::display_text::{shell_word, shown};
use crate::reconcile::model::plan::remedy::Remedy;
use crate::report::exit_codes::Exit;

/// What the service reads.
const CONFIGURATION: &str = "/etc/recount/recount.toml";
/// Where the unit may be; without one there is no service here.
const UNITS: [&str; 3] = [
    "/etc/systemd/system/recount.service",
    "/usr/lib/systemd/system/recount.service",
    "/lib/systemd/system/recount.service",
];
/// Who may give commands by the rule that is installed for `sudo`.
const GROUP: &str = "recount";

/// Runs the command as the service where that is due, and then does not come back.
///
/// # Errors
/// Why it is not run at all: nothing was written.
pub(super) fn hand_over(cli: &Cli) -> Result<(), CommandError> {
    let Some(place) = cli.command.as_ref().and_then(|command| place(command, cli)) else { return Ok(()) };
    if environment::is_in_unit() || !is_installed() {
        return root_elsewhere(cli);
    }
    let Ok(path) = crate::config::load::find(cli.global.config.as_deref()) else { return Ok(()) };
    match (operator::is_root(), is_configuration(&path)) {
        (true, true) => Err(run(place)),
        (true, false) if environment::is_sudo_of("recount") => Err(other_configuration(&path)),
        (true, false) => root_elsewhere(cli),
        (false, true) => for_another_user(cli),
        (false, false) => Ok(()),
    }
}

/// Which commands have to do with the service, and what they need. `read` shows parts of any file that it is given.
fn place(command: &Given, cli: &Cli) -> Option<UnitKind> {
    match command {
        // Tenants are none of the service's: each has files and a user of its own.
        _ if command.fleet().is_some_and(|fleet| fleet.tenants.is_some()) => None,
        Given::Serve(options) if options.tenants.is_some() => None,
        Given::Users(options) if options.tenants.is_some() => None,
        Given::Demo(_) | Given::Init(_) | Given::Profiles | Given::Sim(_) | Given::Completions(_) | Given::Man(_) => {
            None
        }
        // Root's own files are read and written: the service would not see them.
        Given::Backup(_) => None,
        Given::Restore(_) => needs_keys_to_restore(cli).then_some(UnitKind::Restore),
        Given::Read(_) if !operator::is_root() => None,
        Given::Map(options) if options.edits() => Some(UnitKind::Files),
        Given::Integrations(options) if options.edits() => Some(UnitKind::Files),
        _ => Some(UnitKind::Service),
    }
}

/// Where the history is copied, what is put back is copied as well, by the service's keys.
fn needs_keys_to_restore(cli: &Cli) -> bool {
    let is_asked = operator::is_root() && !environment::is_in_unit() && is_installed();
    let path = crate::config::load::find(cli.global.config.as_deref()).ok();
    let path = path.filter(|path| is_asked && is_configuration(path));
    path.and_then(|path| session::configuration_of(&path).ok()).is_some_and(|config| config.replica.is_some())
}

fn is_installed() -> bool {
    Path::new("/run/systemd/system").is_dir() && UNITS.iter().any(|unit| Path::new(unit).exists())
}

fn is_configuration(path: &Path) -> bool {
    fs::canonicalize(path).is_ok_and(|path| fs::canonicalize(CONFIGURATION).is_ok_and(|usual| usual == path))
}

/// Starts a unit with the command in it. It comes back with the reason why there is none.
fn run(place: UnitKind) -> CommandError {
    let cat = Command::new("systemctl").args(["cat", "recount.service"]).output();
    let text = match cat {
        Ok(output) if output.status.success() => String::from_utf8_lossy(&output.stdout).into_owned(),
        Ok(output) => return not_started(String::from_utf8_lossy(&output.stderr).trim()),
        Err(error) => return not_started(&format!("systemctl: {error}")),
    };
    let io = if io::stdin().is_terminal() && io::stdout().is_terminal() { "--pty" } else { "--pipe" };
    let mut unit = Command::new("systemd-run");
    unit.args(["--quiet", "--wait", "--collect", io]);
    unit.args(properties(&text, place).iter().map(|property| format!("--property={property}")));
    if let Ok(folder) = env::current_dir() {
        unit.arg(format!("--property=WorkingDirectory=-{}", folder.display()));
    }
    unit.arg(format!("--setenv=RECOUNT_CONFIG={CONFIGURATION}"));
    unit.arg(format!("--setenv={}={}", environment::ASKED_BY, operator::asking()));
    unit.args(environment::no_color().then_some("--setenv=NO_COLOR=1"));
    unit.arg("--").arg(env::current_exe().unwrap_or_else(|_| "/usr/bin/recount".into()));
    unit.args(env::args_os().skip(1).map(literal));
    not_started(&format!("systemd-run: {}", unit.exec()))
}

/// A service's arguments have variables put in; two dollars are one.
fn literal(argument: OsString) -> OsString {
    argument.to_str().map(|text| text.replace('$', "$$").into()).unwrap_or(argument)
}

fn not_started(why: &str) -> CommandError {
    let message = format!("this cannot be run as the service: {}", shown(why));
    CommandError::new(Exit::Unexpected, message, Remedy::command("systemctl status recount.service"))
}

fn other_configuration(path: &Path) -> CommandError {
    let message = format!(
        "through sudo recount reads the service's configuration, {CONFIGURATION}, and not {}",
        shown(&path.display().to_string())
    );
    CommandError::new(Exit::Usage, message, "leave sudo out, or go to another folder")
}

/// A history that another user keeps is left to that user.
fn root_elsewhere(cli: &Cli) -> Result<(), CommandError> {
    if !operator::is_root() || environment::is_in_unit() {
        return Ok(());
    }
    let Ok(config) = session::configuration(&cli.global) else { return Ok(()) };
    match operator::owner_of(&config.state.join("history.db")) {
        Some(owner) if owner.uid != 0 => {
            let message = format!("the history in {} is {}'s, and root is not", config.state.display(), owner.name);
            let user = if owner.is_named { owner.name } else { format!("#{}", owner.uid) };
            let typed = format!("sudo --user={} {}", shell_word(&user), typed());
            Err(CommandError::new(Exit::Usage, message, Remedy::command(typed)))
        }
        _ => Ok(()),
    }
}

/// Who is not the service, and cannot look into its history, is told what to type.
fn for_another_user(cli: &Cli) -> Result<(), CommandError> {
    let is_closed = |error: io::Error| error.kind() == io::ErrorKind::PermissionDenied;
    // Who is in no group of the service reads not even the configuration.
    if !fs::File::open(CONFIGURATION).is_err_and(is_closed) {
        let Ok(config) = session::configuration(&cli.global) else { return Ok(()) };
        if !fs::read_dir(&config.state).is_err_and(is_closed) {
            return Ok(());
        }
    }
    let fix = Remedy::command(format!("sudo {}", typed()));
    let fix = if operator::is_member_of(GROUP) {
        fix
    } else {
        let user = operator::asking();
        fix.noting(format!("if sudo refuses, an administrator types: sudo usermod -aG {GROUP} {}", shell_word(&user)))
    };
    Err(CommandError::new(Exit::Usage, "the history and the keys are the service's, and not yours", fix))
}

/// The command as it was typed, ready to be pasted.
fn typed() -> String {
    let rest =
        env::args_os().skip(1).map(|argument| shell_word(&String::from_utf8_lossy(argument.as_os_str().as_bytes())));
    std::iter::once("recount".to_owned()).chain(rest).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// systemd would put the service's variables into a customer's name.
    #[test]
    fn dollars_reach_the_command_as_they_were_typed() {
        assert_eq!(literal("Cash $HOME".into()), OsString::from("Cash $$HOME"));
    }
}
