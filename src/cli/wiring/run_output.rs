//! What a command says of its runs: one after another, and the last word.

use crate::cli::console::Console;
use crate::cli::error::CommandError;
use crate::history::run_record::RunRecord;
use crate::report::exit_codes::Exit;
use crate::report::format::json::Document;
use crate::report::format::text;
use crate::report::format::text::View;

/// Shows one run after another, with a blank line between them.
pub(crate) fn shown_by(console: &Console) -> impl FnMut(&RunRecord) {
    let mut any = false;
    move |run| {
        let exit = run.end.as_ref().map_or(1, |end| end.exit_code);
        let unasked = console.json || (console.quiet && exit == 0);
        if !unasked {
            let text = text::render(run, View { paint: console.paint, whole: false, known: &[], is_older: false });
            console.print(&if any { format!("\n{text}") } else { text });
            any = true;
        }
    }
}

/// The last word: the document, and the worst exit code of all.
pub(crate) fn tell(runs: Result<Vec<RunRecord>, CommandError>, pending: bool, console: &Console) -> Exit {
    let runs = match runs {
        Ok(runs) => runs,
        Err(error) => return error.tell(console),
    };
    if runs.is_empty() && !console.json && !console.quiet {
        console.print("No integration is on, so there is nothing to do.\n");
    }
    let exit = runs.iter().map(|run| exit_of(run, pending)).fold(Exit::Done, Exit::worst);
    if console.json {
        console.document(exit, &Document::new(&runs, None));
    }
    exit
}

fn exit_of(run: &RunRecord, pending: bool) -> Exit {
    let exit = run.end.as_ref().map_or(Exit::Unexpected, |end| Exit::of_code(end.exit_code));
    let would_change = run.end.as_ref().is_some_and(|end| end.totals.would_change > 0);
    if pending && would_change { exit.worst(Exit::Pending) } else { exit }
}
