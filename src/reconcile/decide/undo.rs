//! What a run wrote, set back: a plan like any other, of its lines alone.
//!
//! Only a line that still holds what the run wrote is set back, to what it held before; a line that the run created is
//! offered at 0, because nothing is ever deleted. The others are listed with the reason why they stay.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use crate::reconcile::decide::judgement::Judgement;
use crate::reconcile::model::ids::{AdditionId, AgreementId, CompanyId, IntegrationName, RunId};
use crate::reconcile::model::past::InDoubt;
use crate::reconcile::model::plan::code::{Code, Severity};
use crate::reconcile::model::plan::finding::{Finding, finding, sort};
use crate::reconcile::model::plan::line::{Line, LineKey, Live, QuantityChange, Source, Subject, Verdict};
use crate::reconcile::model::plan::{Plan, handle};
use crate::reconcile::model::quantity::Quantity;
use crate::reconcile::model::records::{Addition, Additions, Agreement};

/// Everything that an undo is drawn from.
#[derive(Debug, Clone, Copy)]
pub struct Undoing<'a> {
    /// Whose plan.
    pub integration: &'a IntegrationName,
    /// The run that is undone.
    pub run: RunId,
    /// What it wrote, each line once.
    pub wrote: &'a BTreeMap<LineKey, Wrote>,
    /// The agreements of those lines, as far as they are there.
    pub agreements: &'a BTreeMap<AgreementId, Agreement>,
    /// All additions of those agreements.
    pub additions: &'a Additions,
    /// Creations that nobody knows the end of.
    pub in_doubt: &'a BTreeMap<LineKey, InDoubt>,
    /// The day of the undo.
    pub today: NaiveDate,
}

/// One write of the run that ConnectWise took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrote {
    /// The company, as the run knew it.
    pub company: Option<CompanyId>,
    /// The counts behind it, as the run knew them.
    pub sources: Vec<Source>,
    /// The addition that was written.
    pub addition: AdditionId,
    /// What it held before; `None` for a line that was created.
    pub before: Option<Quantity>,
    /// What was written.
    pub quantity: Quantity,
    /// The run after it that wrote the addition last.
    pub later: Option<RunId>,
}

/// Draws the plan that sets a run back.
pub fn draw_undo(undoing: Undoing<'_>) -> Plan {
    let lines = undoing.wrote.iter().map(|(key, wrote)| undoing.line(key, wrote));
    let mut lines: Vec<Line> = lines.collect();
    lines.sort_by(|a, b| a.subject.cmp(&b.subject));
    handle::assign(undoing.integration, &mut lines);
    let mut findings: Vec<Finding> = lines.iter().filter_map(left_alone).collect();
    if lines.iter().any(|line| line.verdict.is_change()) {
        let message = "the next nightly run proposes the export's quantities again".to_owned();
        let fix = "after it is applied: recount keep HANDLE, for each line that is to stay as it was".into();
        findings.push(Finding { fix, ..finding(Severity::Warning, Code::UndoReturns, message) });
    }
    sort(&mut findings);
    Plan { integration: undoing.integration.clone(), lines, findings }
}

impl Undoing<'_> {
    fn line(&self, key: &LineKey, wrote: &Wrote) -> Line {
        let Judgement { verdict, live, detail } = self.judge(key, wrote);
        // The counts led to what is undone, not to what it is set back to.
        let uncounted =
            |source: &Source| Source { count: None, lines: Vec::new(), how: None, items: Vec::new(), ..source.clone() };
        Line {
            handle: String::new(),
            subject: Subject::Line(key.clone()),
            company: wrote.company,
            sources: wrote.sources.iter().map(uncounted).collect(),
            wanted: Some(wrote.before.unwrap_or(Quantity::ZERO)),
            live,
            carried: None,
            verdict,
            detail,
        }
    }

    fn judge(&self, key: &LineKey, wrote: &Wrote) -> Judgement {
        let (addition, now) = match self.there(key, wrote) {
            Ok(there) => there,
            Err((code, detail)) => return Judgement { verdict: Verdict::Skipped(code), live: None, detail },
        };
        let Wrote { before, quantity, .. } = wrote;
        let to = before.unwrap_or(Quantity::ZERO);
        let live = Some(Live { addition: addition.id, quantity: now });
        let (verdict, detail) = if self.in_doubt.contains_key(&*key.folded()) {
            (Verdict::Skipped(Code::InDoubt), "a creation of it is in doubt; a later run looks again".to_owned())
        } else if now == to {
            (Verdict::Unchanged(Code::Equal), "it is set back already".to_owned())
        } else if let Some(later) = wrote.later {
            let detail = format!("run {} wrote {quantity}, and run {later} wrote it after that", self.run);
            (Verdict::Skipped(Code::UndoMoved), detail)
        } else if now != *quantity {
            let by =
                addition.changed.as_ref().map(|change| format!(", last changed by {} at {}", change.by, change.at));
            let by = by.unwrap_or_default();
            let detail = format!("run {} wrote {quantity}, ConnectWise holds {now}{by}", self.run);
            (Verdict::Skipped(Code::UndoMoved), detail)
        } else {
            let created = format!("run {} created it; nothing is deleted, so it is set to 0", self.run);
            let detail = if before.is_none() { created } else { format!("run {} wrote {quantity}", self.run) };
            (Verdict::Update(QuantityChange { addition: addition.id, from: now, to }), detail)
        };
        Judgement { verdict, live, detail }
    }

    /// The addition, if it is there, live and readable, on an agreement that bills.
    fn there(&self, key: &LineKey, wrote: &Wrote) -> Result<(&Addition, Quantity), (Code, String)> {
        let LineKey { agreement: id, .. } = key;
        let missing = || (Code::AgreementMissing, format!("agreement {id} is not there any more"));
        let agreement = self.agreements.get(id).ok_or_else(missing)?;
        agreement.billing(self.today).map_err(|trouble| (trouble.code(), format!("agreement {id} {trouble}")))?;
        let additions = self.additions.get(id).ok_or_else(missing)?;
        let gone = |what: &str| (Code::UndoGone, format!("addition {} {what}", wrote.addition));
        let addition = additions.iter().find(|found| found.id == wrote.addition);
        let addition = addition.ok_or_else(|| gone("is not there any more"))?;
        if !addition.is_live(self.today) {
            return Err(gone("is not live today"));
        }
        match &addition.quantity {
            Ok(now) => Ok((addition, *now)),
            Err(why) => Err((Code::LineUnreadable, format!("addition {}: {why}", addition.id))),
        }
    }
}

/// Says which line stays, and why.
fn left_alone(line: &Line) -> Option<Finding> {
    let Verdict::Skipped(code) = line.verdict else { return None };
    let told = finding(Severity::Warning, code, format!("not set back: {}", line.detail));
    Some(told.about_line(&line.handle, &line.sources))
}
