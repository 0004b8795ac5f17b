//! A history that does not show how things stand: an older one that was put back by hand, or that of a host that stands by. Said
//! before anything that is read from it; of an older one never with the exit code of a success.

use crate::cli::console::Console;
use crate::cli::wiring::configured_health;
use crate::config::settings::Config;
use crate::error_chain::error_chain;
use crate::history::store::error::StoreError;
use crate::history::store::open::History;
use crate::report::exit_codes::Exit;
use crate::report::format::paint::Paint;
use crate::report::format::text::wrapped;
use crate::report::outdated::Outdated;

/// Says it above what a command shows; its exit code is no better than what this gives.
pub(crate) fn told(config: &Config, history: &History, console: &Console) -> Exit {
    match console.json {
        true => told_beside(config, history, console),
        false => say(config, history, |text| console.print(text), console.paint),
    }
}

/// The same on stderr, where what is shown has no room for it.
pub(crate) fn told_beside(config: &Config, history: &History, console: &Console) -> Exit {
    say(config, history, |text| console.complain(text), Paint::PLAIN)
}

fn say(config: &Config, history: &History, print: impl FnOnce(&str), paint: Paint) -> Exit {
    if let Err(error) = history.is_current() {
        print(&(notice(&error, paint) + "\n"));
        return Exit::Store;
    }
    if let Some(standing) = configured_health::standing_by(config, Some(history)) {
        let why = Outdated::StandsBy(standing);
        let mut text = String::new();
        let sentence = format!("{} {}", why.title(), why.sentence());
        wrapped(&mut text, &sentence, &format!("{} ", paint.ask("!")), "  ");
        print(&(text + "\n"));
    }
    Exit::Done
}

/// What is wrong, and the way out.
pub(crate) fn notice(error: &StoreError, paint: Paint) -> String {
    let mut text = String::new();
    let sentence = format!("{}; what is shown is as it was before, and no run goes on", error_chain(error));
    wrapped(&mut text, &sentence, &format!("{} ", paint.bad("✗")), "  ");
    wrapped(&mut text, error.advice(), "  → ", "    ");
    text
}
