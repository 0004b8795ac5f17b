//! What is due after one run.

use crate::alerts::alert::{Alert, Each};
use crate::history::lookup::RunSummary;
use crate::history::record::RunRecord;
use crate::history::store::error::StoreError;
use crate::history::store::open::History;
use crate::reconcile::model::display_text::shown;
use crate::reconcile::model::record_links::RecordLinks;
use crate::report::brief::overnight::Overnight;
use crate::report::brief::{Brief, ToldBeside};
use crate::report::exit::Exit;

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
        None => history.nights_before(&run.integration, Some(run.run), UNDOS_BETWEEN)?,
        Some(_) => Vec::new(),
    };
    let before = before.into_iter().find(|night| night.undoes.is_none());
    let untold = history.untold_night(alert.name, &run.integration, run.run)?;
    let exit = run.end.as_ref().map_or(1, |end| end.exit_code);
    let untold = untold.filter(|untold| is_due(alert.rules.each, exit_of(untold), None));
    let each = alert.rules.each;
    // An undo is compared with no night.
    let overnight = if run.undoes.is_none() { Overnight::of(run, history)? } else { None };
    let like_yesterday = overnight.as_ref().is_some_and(|overnight| overnight.like_yesterday);
    let is_due = match each {
        Each::Changes if overnight.is_some() => !like_yesterday,
        Each::Changes | Each::Always | Each::Attention | Each::Never => {
            is_due(each, exit, before.as_ref().map(exit_of))
        }
    };
    let due = untold.is_some() && each != Each::Never || is_due;
    let untold = untold.as_ref().map(told_late);
    let (untold, link) = (untold.as_deref(), alert.rules.link.as_deref());
    let beside = ToldBeside { untold, link, overnight: overnight.as_ref(), records };
    let brief = due.then(|| Brief::of(run, beside));
    Ok(DueAlert { alert: *alert, digest: false, brief })
}

/// Nights that are looked back on for one that was no undo.
const UNDOS_BETWEEN: usize = 10;

/// Whether a run with this exit code is told, after one with that.
fn is_due(each: Each, exit: u8, before: Option<u8>) -> bool {
    match each {
        Each::Always => true,
        // The first good one after a bad one: otherwise nobody would know that it is over.
        Each::Attention | Each::Changes => exit != 0 || before.is_some_and(|before| !Exit::of_code(before).is_good()),
        Each::Never => false,
    }
}

fn exit_of(run: &RunSummary) -> u8 {
    run.end.as_ref().map_or(1, |end| end.exit_code)
}

fn told_late(run: &RunSummary) -> String {
    let verdict = run.end.as_ref().map_or("cut off", |end| end.verdict.as_str());
    format!("run {} of {}, {verdict}", run.run, shown(run.integration.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Otherwise a quiet morning would come with noise, or a bad one in silence.
    #[test]
    fn attention_is_asked_for_when_something_is_wrong_and_once_when_it_is_right_again() {
        for (each, exit, before, due) in [
            (Each::Always, 0, Some(0), true),
            (Each::Attention, 0, Some(0), false),
            (Each::Attention, 0, None, false),
            (Each::Attention, 3, Some(0), true),
            (Each::Attention, 3, Some(3), true),
            (Each::Attention, 0, Some(3), false),
            (Each::Attention, 0, Some(12), true),
            (Each::Attention, 11, Some(0), true),
            (Each::Never, 11, Some(11), false),
        ] {
            assert_eq!(is_due(each, exit, before), due, "{each:?} {exit} after {before:?}");
        }
    }
}
