//! What recount changed in a month, line by line: what each line billed before, and what it bills now.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, FixedOffset};
use rust_decimal::Decimal;

use crate::history::invoices::units_of_month::UnitsWritten;
use crate::history::run_record::LineRecord;
use crate::history::store::error::StoreError;
use crate::history::store::open::History;
use crate::reconcile::model::decision::{Decision, Decisions};
use crate::reconcile::model::ids::RunId;
use crate::reconcile::model::plan::line::LineKey;
use crate::reconcile::model::plan::outcome::AnswerVerb;
use crate::reconcile::model::quantity::Quantity;

/// Lines that are listed of each integration, at most.
pub const LISTED: usize = 500;

/// The lines that recount changed in a month.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MonthLines {
    /// Those that moved most, at most [`LISTED`].
    pub lines: Vec<LineOfMonth>,
    /// How many there are.
    pub all: usize,
    /// By how much all of them moved together; `None` where that is too large to be told exactly.
    pub by: Option<Decimal>,
    /// Writes of the month that were before the run with which its sum begins: they are in its start, and in no line here.
    pub before: usize,
}

/// One line that recount changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineOfMonth {
    /// The line.
    pub key: LineKey,
    /// What it billed before the first change; nothing of one that was created.
    pub from: Option<Quantity>,
    /// What it billed after the last one.
    pub to: Quantity,
    /// By how much recount moved it, all changes together.
    pub by: Decimal,
    /// How many changes those were.
    pub changes: usize,
    /// The last of them.
    pub last: LastOfMonth,
}

/// The last change of a line in a month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastOfMonth {
    /// By which run.
    pub run: RunId,
    /// When that run began; nothing where it is not looked up.
    pub at: Option<DateTime<FixedOffset>>,
    /// The line as that run had it; nothing where its lines are kept no more.
    pub line: Option<LineRecord>,
    /// Who accepted that very step.
    pub accepted_by: Option<String>,
    from: Option<Quantity>,
}

impl LineOfMonth {
    /// What moved it otherwise between the first change and the last one: people, in ConnectWise.
    pub fn otherwise(&self) -> Decimal {
        self.from.unwrap_or_default().delta_to(self.to) - self.by
    }
}

impl MonthLines {
    /// Of what was written from a run on, in the order in which it was sent. What is in doubt is no change yet.
    pub fn of(writes: &[UnitsWritten], since: RunId) -> Self {
        let mut lines: BTreeMap<&LineKey, LineOfMonth> = BTreeMap::new();
        let mut before = 0;
        for write in writes {
            let (Some(to), Some(by)) = (write.to, write.by()) else { continue };
            if write.run < since {
                before += 1;
                continue;
            }
            let last = LastOfMonth { run: write.run, at: None, line: None, accepted_by: None, from: write.from };
            match lines.get_mut(&write.line) {
                None => {
                    let (key, from) = (write.line.clone(), write.from);
                    lines.insert(&write.line, LineOfMonth { key, from, to, by, changes: 1, last });
                }
                Some(line) => {
                    let by = line.by.saturating_add(by);
                    let (key, from, changes) = (line.key.clone(), line.from, line.changes + 1);
                    *line = LineOfMonth { key, from, to, by, changes, last };
                }
            }
        }
        let mut lines: Vec<LineOfMonth> = lines.into_values().collect();
        let by = lines.iter().try_fold(Decimal::ZERO, |sum, line| sum.checked_add(line.by));
        let all = lines.len();
        lines.sort_by_key(|line| std::cmp::Reverse(line.by.abs()));
        lines.truncate(LISTED);
        Self { lines, all, by, before }
    }

    /// The same, with what the history knows of the last change of each line.
    pub fn looked_up(mut self, history: &History, decisions: &Decisions) -> Result<Self, StoreError> {
        let mut keys: BTreeMap<RunId, BTreeSet<LineKey>> = BTreeMap::new();
        for line in &self.lines {
            keys.entry(line.last.run).or_default().insert(line.key.clone());
        }
        for (run, keys) in keys {
            let at = history.summary(run)?.map(|run| run.started_at);
            let mut known = history.lines_of(run, &keys)?;
            for line in self.lines.iter_mut().filter(|line| line.last.run == run) {
                line.last.at = at;
                line.last.line = known.remove(&line.key);
                line.last.accepted_by = accepted_by(line, decisions);
            }
        }
        Ok(self)
    }
}

/// Who accepted the step from what the last change found to what it wrote.
fn accepted_by(line: &LineOfMonth, decisions: &Decisions) -> Option<String> {
    let LastOfMonth { at, from, .. } = &line.last;
    let is_it = |decision: &&Decision| {
        let is_shown = decision.seen.is_some_and(|seen| seen.was == *from) && decision.covers(line.to);
        decision.verb == AnswerVerb::Accept && is_shown && at.is_some_and(|at| decision.at < at)
    };
    let own = decisions.0.iter().filter(|(subject, _)| subject.is_of_line(&line.key));
    own.map(|(_, decision)| decision).find(is_it).map(|decision| decision.who.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reconcile::model::ids::{AgreementId, ProductCode};

    fn wrote(run: i64, product: &str, from: Option<u32>, to: Option<u32>) -> UnitsWritten {
        let line = LineKey { agreement: AgreementId(10), product: ProductCode::new(product), item: None };
        UnitsWritten { run: RunId(run), line, from: from.map(Quantity::from), to: to.map(Quantity::from) }
    }

    /// Otherwise a line that moved on five nights stands there five times, and nobody sees what it went onto the invoice with.
    #[test]
    fn a_line_stands_once_with_what_it_billed_first_and_last() {
        let writes = [
            wrote(2, "A", Some(20), Some(23)),
            wrote(2, "B", None, Some(61)),
            wrote(3, "A", Some(22), Some(19)),
            wrote(4, "C", Some(5), None),
        ];
        let month = MonthLines::of(&writes, RunId(2));
        let told = |line: &LineOfMonth| (line.from, line.to, line.by, line.changes, line.otherwise());
        let of = |from: Option<u32>, to: u32, by: i64, changes: usize, otherwise: i64| {
            (from.map(Quantity::from), Quantity::from(to), Decimal::from(by), changes, Decimal::from(otherwise))
        };
        let lines: Vec<_> = month.lines.iter().map(told).collect();
        assert_eq!(
            lines,
            [of(None, 61, 61, 1, 0), of(Some(20), 19, 0, 2, -1)],
            "the largest first; a doubt is no change"
        );
        assert_eq!((month.all, month.by, month.before), (2, Some(Decimal::from(61)), 0));
    }

    /// Otherwise the lines would not come to what the month's sum says.
    #[test]
    fn what_was_written_before_the_start_is_in_no_line() {
        let writes = [wrote(1, "A", Some(9), Some(3)), wrote(2, "A", Some(3), Some(4))];
        let month = MonthLines::of(&writes, RunId(2));
        assert_eq!((month.lines[0].from, month.by, month.before), (Some(Quantity::from(3_u32)), Some(Decimal::ONE), 1));
    }
}
