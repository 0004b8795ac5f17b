//! An older history that was put back by hand: said before anything that is read from it, and never with the exit code of a
//! success.

use crate::cli::console::Console;
use crate::error_chain::error_chain;
use crate::history::store::error::StoreError;
use crate::history::store::open::History;
use crate::report::exit_codes::Exit;
use crate::report::format::paint::Paint;
use crate::report::format::text::wrapped;

/// Says it above what a command shows; its exit code is no better than what this gives.
pub(crate) fn told(history: &History, console: &Console) -> Exit {
    if console.json { told_beside(history, console) } else { say(history, |text| console.print(text), console.paint) }
}

/// The same on stderr, where what is shown has no room for it.
pub(crate) fn told_beside(history: &History, console: &Console) -> Exit {
    say(history, |text| console.complain(text), Paint::PLAIN)
}

fn say(history: &History, print: impl FnOnce(&str), paint: Paint) -> Exit {
    let Err(error) = history.is_newest() else { return Exit::Done };
    print(&(notice(&error, paint) + "\n"));
    Exit::Store
}

/// What is wrong, and the way out.
pub(crate) fn notice(error: &StoreError, paint: Paint) -> String {
    let mut text = String::new();
    let sentence = format!("{}; what is shown is as it was before, and no run goes on", error_chain(error));
    wrapped(&mut text, &sentence, &format!("{} ", paint.bad("✗")), "  ");
    wrapped(&mut text, error.advice(), "  → ", "    ");
    text
}
