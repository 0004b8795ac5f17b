//! How far a run is, for a person who waits at a terminal: on stderr, and gone before the report. Nobody else sees it.

use std::io::IsTerminal as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::cli::arguments::global_options::Global;
use crate::connectwise::UpcomingWork;
use crate::connectwise::shared_reads::WatchedStep;

/// Whether somebody waits at a terminal: set once, as logging is.
static SOMEBODY_WAITS: AtomicBool = AtomicBool::new(false);
/// What takes no longer needs no bar.
const DRAWN_EVERY: Duration = Duration::from_millis(100);

/// Bars are drawn for a person at a terminal who asked for neither silence, nor a document, nor logs.
pub(crate) fn init(global: &Global) {
    let Global { json, quiet, verbose, .. } = global;
    let wanted = !*json && !*quiet && *verbose == 0 && std::io::stderr().is_terminal();
    SOMEBODY_WAITS.store(wanted, Ordering::Relaxed);
}

/// A bar that follows what is asked of a ConnectWise, and is gone with whoever holds it.
pub(crate) fn bar() -> impl Fn(WatchedStep) {
    let is_seen = SOMEBODY_WAITS.load(Ordering::Relaxed);
    let bar = Bar(if is_seen { ProgressBar::new_spinner() } else { ProgressBar::hidden() });
    if is_seen {
        bar.0.enable_steady_tick(DRAWN_EVERY);
    }
    move |step| bar.follow(step)
}

struct Bar(ProgressBar);

impl Drop for Bar {
    /// Before the report is shown, the line is empty again.
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

impl Bar {
    fn follow(&self, step: WatchedStep) {
        let Self(bar) = self;
        match step {
            // Beside what is counted it needs no words of its own.
            WatchedStep::Reading(_) if bar.length().is_some() => {}
            WatchedStep::Reading(what) => {
                bar.set_style(style("{spinner} {msg}"));
                bar.set_message(what);
            }
            WatchedStep::Ahead(work) => {
                let (UpcomingWork::Agreements(of) | UpcomingWork::Writes(of)) = work;
                bar.set_style(style("{bar:30} {pos}/{len} {msg}"));
                bar.set_length(u64::try_from(of).unwrap_or(u64::MAX));
                bar.set_position(0);
                bar.set_message(work.words());
            }
            // Writing, each line's agreement is read again.
            WatchedStep::Read(_) if bar.message() != UpcomingWork::Agreements(0).words() => {}
            WatchedStep::Read(lists) => bar.inc(u64::try_from(lists).unwrap_or(u64::MAX)),
            WatchedStep::Written => bar.inc(1),
        }
    }
}

fn style(template: &str) -> ProgressStyle {
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner());
    // Signs that any terminal can show.
    style.progress_chars("=> ").tick_chars("|/-\\ ")
}
