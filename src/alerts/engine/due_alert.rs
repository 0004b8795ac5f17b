//! Which alerts are due after one run.

use crate::alerts::alert::{Alert, RunFilter};
use crate::history::run_record::{RunRecord, RunSummary};
use crate::history::store::error::StoreError;
use crate::history::store::open::History;
use crate::reconcile::model::display_text::shown;
use crate::reconcile::model::ids::RunId;
use crate::reconcile::model::record_links::RecordLinks;
use crate::report::brief::since_last_morning::RunComparison;
use crate::report::brief::{Brief, BriefExtras};
use crate::report::exit_codes::Exit;

/// One alert of a run; without a brief there is nothing to tell.
pub(super) struct DueAlert<'a> {
    pub(super) alert: Alert<'a>,
    pub(super) digest: bool,
    pub(super) brief: Option<Brief>,
}

/// The alert of a run.
pub(super) fn of_run<'a>(
    alert: &Alert<'a>,
    run: &RunRecord,
    history: &History,
    records: Option<&RecordLinks>,
) -> Result<DueAlert<'a>, StoreError> {
    // An undo looks at a few lines: it neither makes a night right again nor stands between two nights.
    let before = match run.undoes {
        None => exit_before(run.run, run, history)?,
        Some(_) => None,
    };
    let each = alert.rules.each;
    let mut untold = Vec::new();
    for (night, was_due) in history.untold_nights(alert.name, &run.integration, run.run)? {
        if was_due || is_due(each, exit_of(&night), exit_before(night.run, run, history)?) {
            untold.push(night);
        }
    }
    let exit = run.end.as_ref().map_or(1, |end| end.exit_code);
    // An undo is compared with no night.
    let first_untold = untold.last().map(|night| night.run);
    let overnight = if run.undoes.is_none() { RunComparison::of(run, first_untold, history)? } else { None };
    let like_yesterday = overnight.as_ref().is_some_and(|overnight| overnight.like_yesterday);
    let is_due = match each {
        RunFilter::Changes if overnight.is_some() => !like_yesterday,
        RunFilter::AttentionOrChanges if overnight.is_some() && !like_yesterday => true,
        _ => is_due(each, exit, before),
    };
    let due = !untold.is_empty() || is_due;
    let untold = late_alert_text(&untold);
    let (untold, link) = (untold.as_deref(), alert.rules.link.as_deref());
    let beside = BriefExtras { untold, link, overnight: overnight.as_ref(), records };
    let brief = due.then(|| Brief::of(run, beside));
    Ok(DueAlert { alert: *alert, digest: false, brief })
}

/// Nights that are looked back on for one that was no undo.
const UNDOS_BETWEEN: usize = 10;

/// Whether a run with this exit code is told, after one with that.
fn is_due(each: RunFilter, exit: u8, before: Option<u8>) -> bool {
    match each {
        RunFilter::Always => true,
        // The first good one after a bad one: otherwise nobody would know that it is over.
        RunFilter::Attention | RunFilter::Changes | RunFilter::AttentionOrChanges => {
            exit != 0 || before.is_some_and(|before| !Exit::of_code(before).is_good())
        }
        RunFilter::Never => false,
    }
}

/// The exit code of the night before one of this run's integration, if there was any.
fn exit_before(night: RunId, run: &RunRecord, history: &History) -> Result<Option<u8>, StoreError> {
    let before = history.nights_before(&run.integration, Some(night), UNDOS_BETWEEN)?;
    Ok(before.iter().find(|night| night.undoes.is_none()).map(exit_of))
}

fn exit_of(run: &RunSummary) -> u8 {
    run.end.as_ref().map_or(1, |end| end.exit_code)
}

/// The nights that nobody was told of, as a message names them.
fn late_alert_text(untold: &[RunSummary]) -> Option<String> {
    let newest = untold.first()?;
    let named = untold.iter().take(UNTOLD_NAMED).map(|night| {
        let verdict = night.end.as_ref().map_or("cut off", |end| end.verdict.as_str());
        if night.run == newest.run {
            format!("run {} of {}, {verdict}", night.run, shown(night.integration.as_str()))
        } else {
            format!("run {}, {verdict}", night.run)
        }
    });
    let mut text = named.collect::<Vec<_>>().join("; ");
    if let more @ 1.. = untold.len().saturating_sub(UNTOLD_NAMED) {
        text.push_str(&format!("; {more} before"));
    }
    Some(text)
}

/// A server that was away for weeks makes no message of pages.
const UNTOLD_NAMED: usize = 5;

#[cfg(test)]
mod tests {
    use super::*;

    /// Otherwise a quiet morning would come with noise, or a bad one in silence.
    #[test]
    fn attention_is_asked_for_when_something_is_wrong_and_once_when_it_is_right_again() {
        for (each, exit, before, due) in [
            (RunFilter::Always, 0, Some(0), true),
            (RunFilter::Attention, 0, Some(0), false),
            (RunFilter::Attention, 0, None, false),
            (RunFilter::Attention, 3, Some(0), true),
            (RunFilter::Attention, 3, Some(3), true),
            (RunFilter::Attention, 0, Some(3), false),
            (RunFilter::Attention, 0, Some(12), true),
            (RunFilter::Attention, 11, Some(0), true),
            (RunFilter::Never, 11, Some(11), false),
            (RunFilter::Never, 11, None, false),
        ] {
            assert_eq!(is_due(each, exit, before), due, "{each:?} {exit} after {before:?}");
        }
    }
}
