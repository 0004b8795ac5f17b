//! What a run wrote, set back: a plan like any other, of its lines alone.
//!
//! Only a line that still holds what the run wrote is set back, to what it held before; a line that the run created is
//! offered at 0, because nothing is ever deleted. It is written by the rules of a night: it is of the product, the
//! company and the agreement that the run wrote, nobody else owns it, nothing bills beside it or in its place. The others
//! are listed with the reason why they stay.

pub mod successor;
pub mod undo_inputs;

use crate::reconcile::decide::findings::line_remedies::end_all_but_one;
use crate::reconcile::decide::invoice_calendar;
use crate::reconcile::decide::invoice_calendar::Calendar;
use crate::reconcile::decide::line_decision::{HoldReason, LineDecision};
use crate::reconcile::decide::undo::successor::is_wanted;
use crate::reconcile::decide::undo::undo_inputs::{ConfirmedWrite, Undoing};
use crate::reconcile::matching::catalog::product;
use crate::reconcile::matching::line_claims::{one_owner, owned_by};
use crate::reconcile::model::connectwise_records::{Addition, Agreement};
use crate::reconcile::model::ids::{AgreementId, ids};
use crate::reconcile::model::known_lines::KnownLines as _;
use crate::reconcile::model::plan::finding::{Finding, finding, sort};
use crate::reconcile::model::plan::line::{
    FirstBilled, Line, LineKey, LiveAddition, QuantityChange, Source, Subject, Verdict,
};
use crate::reconcile::model::plan::reason_code::{Code, Severity};
use crate::reconcile::model::plan::remedy::Remedy;
use crate::reconcile::model::plan::{Plan, handle};
use crate::reconcile::model::quantity::Quantity;

/// Why a line stays as it is.
type Stays = (Verdict, String);

/// Draws the plan that sets a run back.
pub fn draw_undo(undoing: Undoing<'_>) -> Plan {
    let Undoing { integration, mapping, directory, additions, today, .. } = undoing;
    let lines = undoing.wrote.iter().map(|(key, wrote)| undoing.line(key, wrote));
    let mut lines: Vec<Line> = lines.collect();
    lines.sort_by(|a, b| a.subject.cmp(&b.subject));
    handle::assign(integration, &mut lines);
    invoice_calendar::put_on(Calendar { mapping, directory, additions, past: None, today }, &mut lines)
        .note(&mut lines);
    let mut findings: Vec<Finding> = lines.iter().filter_map(|line| undoing.left_alone(line)).collect();
    findings.extend(undoing.returns(&lines));
    findings.extend(lines.iter().filter_map(|line| undoing.revived(line)));
    sort(&mut findings);
    Plan { integration: integration.clone(), lines, findings }
}

impl Undoing<'_> {
    fn line(&self, key: &LineKey, wrote: &ConfirmedWrite) -> Line {
        let LineDecision { verdict, live, detail, named } = self.judge(key, wrote);
        // The counts led to what is undone, not to what it is set back to.
        let uncounted = |source: &Source| Source {
            count: None,
            lines: Vec::new(),
            place: None,
            how: None,
            items: Vec::new(),
            is_former: false,
            ..source.clone()
        };
        Line {
            handle: String::new(),
            subject: Subject::Line(key.clone()),
            company: wrote.company,
            sources: wrote.sources.iter().map(uncounted).collect(),
            wanted: Some(wrote.before.unwrap_or(Quantity::ZERO)),
            live,
            carried: None,
            billed: FirstBilled::default(),
            changed_at: None,
            edited: None,
            verdict,
            detail,
            named,
        }
    }

    fn judge(&self, key: &LineKey, wrote: &ConfirmedWrite) -> LineDecision {
        let (addition, now) = match self.there(key, wrote) {
            Ok(there) => there,
            Err((verdict, detail)) => return LineDecision::new(verdict, None, detail),
        };
        let (verdict, detail) = self.moved(key, wrote, addition, now).unwrap_or_else(|| {
            let ConfirmedWrite { before, quantity, .. } = wrote;
            let created = format!("run {} created it; nothing is deleted, so it is set to 0", self.run);
            let detail = if before.is_none() { created } else { format!("run {} wrote {quantity}", self.run) };
            match self.guard(key, wrote, addition) {
                Some((code, why)) => (Verdict::Held(code), format!("{detail}; {why}")),
                None => {
                    let to = before.unwrap_or(Quantity::ZERO);
                    (Verdict::Update(QuantityChange { addition: addition.id, from: now, to }), detail)
                }
            }
        });
        LineDecision::new(verdict, Some(LiveAddition { addition: addition.id, quantity: now }), detail)
    }

    /// The addition, if it is there, live and readable, on an agreement that bills, and still what the run wrote.
    fn there(&self, key: &LineKey, wrote: &ConfirmedWrite) -> Result<(&Addition, Quantity), Stays> {
        let skipped = |code, why: String| (Verdict::Skipped(code), why);
        self.agreement(key, wrote)?;
        let listed = self.listed(key.agreement).map_err(|(code, why)| (Verdict::Held(code), why))?;
        let gone = |what: &str| skipped(Code::UndoGone, format!("addition {} {what}", wrote.addition));
        let addition = listed.iter().find(|found| found.id == wrote.addition);
        let addition = addition.ok_or_else(|| gone("is not there any more"))?;
        // One that begins later is set back before it does.
        if !addition.is_current(self.today) {
            return Err(gone("is not live today"));
        }
        let of_product = product(self.directory, &key.product)
            .map_err(|code| (Verdict::Held(code), format!("product {} cannot be billed: {code}", key.product)))?;
        if addition.product != Some(of_product.id) {
            let why = format!("addition {} is of another product than {} by now", addition.id, key.product);
            return Err(skipped(Code::UndoMoved, why));
        }
        if !addition.bears(key.item.as_ref()) {
            return Err(skipped(
                Code::UndoMoved,
                format!("addition {} is marked with another item by now", addition.id),
            ));
        }
        match &addition.quantity {
            Ok(now) => Ok((addition, *now)),
            Err(why) => Err(skipped(Code::LineUnreadable, format!("addition {}: {why}", addition.id))),
        }
    }

    /// The agreement, if it bills, and bills the company that the run wrote.
    fn agreement(&self, key: &LineKey, wrote: &ConfirmedWrite) -> Result<&Agreement, Stays> {
        let id = key.agreement;
        let Some(agreement) = self.directory.agreements.get(&id) else {
            return Err(match self.directory.unread.agreements.get(&id) {
                Some(record) => {
                    let why = format!("agreement {id} cannot be read: {}", record.why);
                    (Verdict::Held(Code::AgreementUnreadable), why)
                }
                None => (Verdict::Skipped(Code::AgreementMissing), format!("agreement {id} is not there any more")),
            });
        };
        if let Some(before) = wrote.company.filter(|company| *company != agreement.company) {
            let why = format!("agreement {id} was of company {before} and is of company {} now", agreement.company);
            return Err((Verdict::Held(Code::AgreementOtherCompany), why));
        }
        if self.directory.companies.get(&agreement.company).is_some_and(|company| company.deleted) {
            return Err((Verdict::Held(Code::CompanyMissing), format!("company {} is deleted", agreement.company)));
        }
        let billing = agreement.billing(self.today);
        billing.map_err(|trouble| (Verdict::Skipped(trouble.code()), format!("agreement {id} {trouble}")))?;
        Ok(agreement)
    }

    /// What was read of an agreement's additions. What was not read is not empty.
    pub(super) fn listed(&self, agreement: AgreementId) -> Result<&[Addition], HoldReason> {
        self.additions.get(&agreement).map(Vec::as_slice).ok_or_else(|| {
            let why = self.directory.unread.additions.get(&agreement).map(|why| format!(": {why}")).unwrap_or_default();
            (Code::AgreementUnreadable, format!("the additions of agreement {agreement} were not read{why}"))
        })
    }

    /// Why there is nothing to set back: somebody else wrote it since, or it is back already.
    fn moved(&self, key: &LineKey, wrote: &ConfirmedWrite, addition: &Addition, now: Quantity) -> Option<Stays> {
        let ConfirmedWrite { before, quantity, later, .. } = wrote;
        if self.in_doubt.of_line(key).is_some() {
            let why = "a creation of it is in doubt; a later run looks again".to_owned();
            return Some((Verdict::Skipped(Code::InDoubt), why));
        }
        if now == before.unwrap_or(Quantity::ZERO) {
            return Some((Verdict::Unchanged(Code::Equal), "it is set back already".to_owned()));
        }
        if let Some(later) = later {
            let why = format!("run {} wrote {quantity}, and run {later} wrote it after that", self.run);
            return Some((Verdict::Skipped(Code::UndoMoved), why));
        }
        if now == *quantity {
            return None;
        }
        let by = addition.changed.as_ref().map(|change| format!(", {}", change.said()));
        let why = format!("run {} wrote {quantity}, ConnectWise holds {now}{}", self.run, by.unwrap_or_default());
        Some((Verdict::Skipped(Code::UndoMoved), why))
    }

    /// Why it is not to be written, as in a night.
    fn guard(&self, key: &LineKey, wrote: &ConfirmedWrite, addition: &Addition) -> Option<HoldReason> {
        let others = self.claims.of(key.agreement, &key.product);
        if !others.is_empty() {
            return Some((Code::LineOwnedTwice, owned_by(&key.product, &others)));
        }
        self.second(key, addition).or_else(|| self.replaced(key, wrote).filter(|_| wrote.rises()))
    }

    /// A second live addition of the line, unless the operator named the one that was written.
    fn second(&self, key: &LineKey, addition: &Addition) -> Option<HoldReason> {
        let listed = self.additions.get(&key.agreement).into_iter().flatten();
        if let Some(nameless) = listed.clone().find(|one| one.product.is_none() && one.is_current(self.today)) {
            let why = format!("addition {} on this agreement names no product that could be read", nameless.id);
            return Some((Code::LineUnreadable, why));
        }
        let beside = listed.filter(|one| {
            let on_line = one.product == addition.product && one.bears(key.item.as_ref());
            let meant = !one.is_beside() || addition.is_beside();
            on_line && meant && one.id != addition.id && one.is_live(self.today)
        });
        let beside: Vec<i64> = beside.map(|one| one.id.0).collect();
        if beside.is_empty() || self.mapping.pins.contains(&addition.id) {
            return None;
        }
        let all = ids(beside.iter().copied().chain([addition.id.0]));
        Some((Code::LineAmbiguous, format!("{} live additions: {all}", beside.len() + 1)))
    }

    /// Says which line stays, and why.
    fn left_alone(&self, line: &Line) -> Option<Finding> {
        let (severity, code) = match line.verdict {
            Verdict::Skipped(code) => (Severity::Warning, code),
            Verdict::Held(code) => (Severity::Decide, code),
            Verdict::Unchanged(_) | Verdict::Update(_) | Verdict::Create(_) | Verdict::Large(_) => return None,
        };
        let told = finding(severity, code, format!("not set back: {}", line.detail));
        Some(Finding { fix: self.remedy(&line.verdict), ..told.about_line(&line.handle, &line.sources) })
    }

    fn remedy(&self, verdict: &Verdict) -> Remedy {
        let again = Remedy::command(format!("recount undo {}", self.run));
        match verdict {
            Verdict::Held(Code::LineOwnedTwice) => one_owner(self.mapping),
            Verdict::Held(Code::LineAmbiguous) => Remedy::in_turn([end_all_but_one(), again]),
            Verdict::Skipped(Code::Frozen) => Remedy::in_turn([Remedy::in_connectwise("make the invoice"), again]),
            Verdict::Skipped(Code::UndoGone) => {
                Remedy::in_connectwise("look at the agreement, if the line is to be there,")
            }
            Verdict::Held(_) | Verdict::Skipped(Code::UndoMoved) => {
                Remedy::in_connectwise("set the line by hand, if it is to hold another quantity,")
            }
            _ => Remedy::Unsaid,
        }
    }

    /// What the next night does to lines that it counts.
    fn returns(&self, lines: &[Line]) -> Option<Finding> {
        let counted = |line: &&Line| line.key().is_some_and(|key| is_wanted(key, self.mapping, self.places));
        let back = lines.iter().filter(|line| line.verdict.is_change()).filter(counted);
        let handles: Vec<&str> = back.map(|line| line.handle.as_str()).collect();
        let (named, others) = handles.split_at(handles.len().min(KEPT_AT_ONCE));
        if named.is_empty() {
            return None;
        }
        let likewise = match others.len() {
            0 => String::new(),
            more => format!("; likewise the other {more}"),
        };
        let keep = Remedy::command(format!("recount keep {}", named.join(" ")));
        let note = format!("for each line that is to stay as it was{likewise}");
        let fix = Remedy::in_turn(["apply this plan".into(), keep]).noting(note);
        let message = "the next nightly run proposes the export's quantities again".to_owned();
        Some(Finding { fix, ..finding(Severity::Warning, Code::UndoReturns, message) })
    }

    /// Says of a line that will bill again, and that no count is behind, what becomes of it.
    fn revived(&self, line: &Line) -> Option<Finding> {
        let Verdict::Update(change) = &line.verdict else { return None };
        let key = line.key().filter(|_| change.to > change.from)?;
        if is_wanted(key, self.mapping, self.places) {
            return None;
        }
        let to = change.to;
        let message =
            format!("{to} will be billed again, and the mapping does not want the line: the next night asks about it");
        let fix = Remedy::nothing("where it is to bill, put its customer and service back into the mapping");
        let told = finding(Severity::Warning, Code::LineLeftBehind, message);
        Some(Finding { fix, ..told.about_line(&line.handle, &line.sources) })
    }
}

/// How many handles one printed command names.
const KEPT_AT_ONCE: usize = 10;
