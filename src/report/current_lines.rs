//! How the lines of an integration stand: as a run left them, with what undos left of them since.

use std::collections::{BTreeMap, BTreeSet};

use crate::history::run_record::{LineRecord, RunRecord, RunSummary};
use crate::history::store::error::StoreError;
use crate::history::store::open::History;
use crate::reconcile::model::ids::RunId;
use crate::reconcile::model::plan::line::LineKey;
use crate::reconcile::model::plan::outcome::Outcome;
use crate::reconcile::model::quantity::or_dash;
use crate::report::lines;

/// A run, and what undos left of its lines until the next plan was drawn.
#[derive(Debug)]
pub struct Current {
    /// The run; a line that ConnectWise holds otherwise by now says so.
    pub run: RunRecord,
    /// The undos that were carried out since, oldest first.
    pub undos: Vec<RunSummary>,
    /// Lines that are not billed as they were counted, because of these undos.
    pub uncounted: usize,
}

impl Current {
    /// How the lines of this run stand.
    pub fn of(history: &History, mut run: RunRecord) -> Result<Self, StoreError> {
        let undos = history.undos_since(&run.integration, run.run)?;
        let mut left: BTreeMap<LineKey, (RunId, LineRecord)> = BTreeMap::new();
        for undo in &undos {
            let undone = history.run(undo.run)?;
            let known = undone.iter().flat_map(lines).filter(|line| line.now.is_some());
            left.extend(known.filter_map(|line| Some((line.key()?.folded().into_owned(), (undo.run, line.clone())))));
        }
        let uncounted = revived(&run, &left) + lay_over(&mut run, &left);
        Ok(Self { run, undos, uncounted })
    }
}

/// Lines that bill again and stand in no line of the run: nobody counts them.
fn revived(run: &RunRecord, left: &BTreeMap<LineKey, (RunId, LineRecord)>) -> usize {
    let planned: BTreeSet<LineKey> =
        lines(run).iter().filter_map(|line| Some(line.key()?.folded().into_owned())).collect();
    let bills = |line: &LineRecord| line.outcome == Outcome::Updated && line.now.is_some_and(|now| !now.is_zero());
    left.iter().filter(|(key, (_, line))| bills(line) && !planned.contains(*key)).count()
}

/// Gives how many lines are not billed as they were counted.
fn lay_over(run: &mut RunRecord, left: &BTreeMap<LineKey, (RunId, LineRecord)>) -> usize {
    let of_plan = run.planned.iter_mut().filter(|_| !left.is_empty()).flat_map(|planned| &mut planned.lines);
    let mut uncounted = 0;
    for line in of_plan {
        let Some((by, undone)) = line.key().and_then(|key| left.get(&*key.folded())) else { continue };
        if undone.now == line.now.or(line.was) {
            continue;
        }
        let LineRecord { was, now, outcome, reason, .. } = undone;
        (line.was, line.now, line.outcome, line.reason) = (*was, *now, *outcome, *reason);
        line.detail = match undone.outcome {
            Outcome::Updated => {
                format!("run {by}, an undo, set it from {} to {}", or_dash(line.was), or_dash(line.now))
            }
            _ => format!("run {by}, an undo, found {} there", or_dash(line.now)),
        };
        uncounted += usize::from(line.now != line.wanted);
    }
    uncounted
}
