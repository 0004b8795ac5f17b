//! The state folder, the history in it, and the clock that each night is refused by.

use std::io;
use std::path::Path;

use crate::cli::clock;
use crate::cli::commands::check::check_output::CheckList;
use crate::config::settings::Config;
use crate::error_chain::error_chain;
use crate::history::store::network_mount::network_file_system;
use crate::history::store::open::History;
use crate::nightly::begun_run::doubted_clock;
use crate::reconcile::model::plan::outcome::Mode;
use crate::report::exit_codes::Exit;

impl CheckList {
    pub(super) fn store(&mut self, config: &Config) {
        let state = config.state.display();
        let opened = History::open_existing(&config.state);
        let opened = opened.and_then(|history| history.map(|history| history.is_current()).transpose());
        match opened {
            Ok(Some(())) => self.good("state", format!("{state}: the history is intact")),
            Ok(None) => self.note("state", format!("{state}: no run yet; the first one creates it")),
            Err(_) if config.state.is_file() => {
                self.wrong(
                    "state",
                    Exit::Store,
                    format!("{state} is a file"),
                    "set `state` in recount.toml to a folder",
                );
            }
            Err(error) => self.wrong("state", Exit::Store, error_chain(&error), error.advice()),
        }
        if !config.state.is_file()
            && let Err(error) = writable(&config.state)
        {
            let fix = "give the user that runs recount write access; nothing is sent that cannot be recorded first";
            self.wrong("state", Exit::Store, format!("{state} cannot be written: {error}"), fix);
        }
        if let Some(kind) = network_file_system(&config.state) {
            let why = "locks and syncs are not reliable there; set `state` to a local folder";
            self.note("state", format!("{state}: a network file system ({kind}); {why}"));
        }
    }

    /// A clock by which each night would be refused.
    pub(super) fn clock(&mut self, config: &Config) {
        let is_idle = config.integrations.values().all(|integration| integration.mode != Mode::Apply);
        // Whatever the history cannot say is said in its own line.
        let history = History::open_existing(&config.state).ok().flatten().filter(|_| !is_idle);
        let doubt =
            history.and_then(|history| doubted_clock(&history, Mode::Apply, clock::now(), &config.zone).ok().flatten());
        doubt.iter().for_each(|doubt| self.failure("clock", doubt));
    }
}

/// Whether a run could record itself in the folder, or make it. The file that is tried has no name, and no trace is left.
fn writable(state: &Path) -> io::Result<()> {
    let there = state.ancestors().find(|folder| folder.exists()).unwrap_or(Path::new("."));
    let folder = if there.as_os_str().is_empty() { Path::new(".") } else { there };
    tempfile::tempfile_in(folder).map(drop)
}
