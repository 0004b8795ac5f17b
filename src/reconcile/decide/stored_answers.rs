//! What the stored answers (accept, keep, ignore) make of the lines of tonight's plan.
//!
//! An answer holds for what was seen when it was given. An accepted step is that step and no other; an ignored matter is
//! ignored for the reason it had; a kept line is left as it is in ConnectWise, whatever the export says. None of them
//! lets anything be written that the guards of the run, or the look before the write, would stop.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};

use crate::reconcile::decide::line_decision::LineDecision;
use crate::reconcile::decide::permitted_answers::keep_applies;
use crate::reconcile::model::decision::{Decision, DecisionSubject, Decisions};
use crate::reconcile::model::ids::{AdditionId, IntegrationName};
use crate::reconcile::model::last_change::LastChange;
use crate::reconcile::model::plan::finding::{Finding, finding, sort};
use crate::reconcile::model::plan::handle;
use crate::reconcile::model::plan::line::{Line, LineKey, LiveAddition, Verdict};
use crate::reconcile::model::plan::named_additions::Named;
use crate::reconcile::model::plan::outcome::AnswerVerb;
use crate::reconcile::model::plan::reason_code::{Code, Severity};
use crate::reconcile::model::plan::remedy::Remedy;
use crate::reconcile::model::quantity::{Quantity, or_dash};

/// What was answered to a step that a line guard holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::reconcile) enum StepAnswer {
    /// Nothing.
    None,
    /// Take it.
    Accepted(String),
    /// Another one was accepted; what moved since.
    Moved(String),
}

/// A step of a line that somebody is asked about.
#[derive(Debug, Clone, Copy)]
pub(in crate::reconcile) struct AskedStep<'a> {
    /// Why it is held.
    pub(in crate::reconcile) code: Code,
    /// From what is live.
    pub(in crate::reconcile) live: Option<LiveAddition>,
    pub(in crate::reconcile) to: Quantity,
    /// When ConnectWise's record of what it is held for was changed last.
    pub(in crate::reconcile) changed: Option<&'a LastChange>,
    /// The other additions that it is held for.
    pub(in crate::reconcile) named: &'a Named,
}

impl Decisions {
    /// What was answered to the step of a line.
    pub(in crate::reconcile) fn answer(&self, key: &LineKey, asked: AskedStep<'_>) -> StepAnswer {
        let AskedStep { code, live, to, changed, named } = asked;
        let known = self.0.get(&DecisionSubject::of_line(key, code, (live.map(|live| live.addition), named)));
        let accepted = known.filter(|found| found.verb == AnswerVerb::Accept && !found.spent);
        let Some((decision, seen)) = accepted.and_then(|found| Some((found, found.seen?))) else {
            return StepAnswer::None;
        };
        let now = live.map(|live| live.quantity);
        let unshown = decision.named.as_ref().and_then(|shown| named.moved_from(shown));
        let moved = if seen.addition != live.map(|live| live.addition) {
            live.map_or("the line is gone".to_owned(), |live| format!("the line is addition {} now", live.addition))
        } else if seen.was != now {
            format!("ConnectWise holds {} now", or_dash(now))
        } else if !decision.covers(to) {
            format!("{to} is wanted now")
        } else if !was_shown(code, decision.reason) {
            format!("that answered {}, and nobody was asked about {code}", decision.reason)
        } else if let Some(unshown) = unshown {
            unshown
        } else if let Some(change) = changed.filter(|change| change.is_after(decision.shown_as_of())) {
            format!("{} changed the line at {}, after the answer", change.by, change.at)
        } else {
            return StepAnswer::Accepted(decision.sentence());
        };
        StepAnswer::Moved(format!(
            "{} → {} was {}, but {moved}",
            or_dash(seen.was),
            or_dash(seen.wanted),
            decision.sentence()
        ))
    }

    /// Leaves a line whose step somebody ignored while it waited for time to pass, a second night or another day: what was
    /// ignored is not written because the wait is over.
    pub(in crate::reconcile) fn leave(&self, key: &LineKey, judgement: LineDecision, today: NaiveDate) -> LineDecision {
        let LineDecision { verdict, live, named, .. } = &judgement;
        let ignored = self.0.get(&DecisionSubject::line(key)).filter(|answer| answer.holds_on(today));
        match ignored.filter(|answer| answer.ignores(verdict, *live, named)) {
            Some(answer) => {
                LineDecision { verdict: Verdict::Skipped(Code::Ignored), detail: answer.sentence(), ..judgement }
            }
            None => judgement,
        }
    }

    /// Leaves a line that is to be kept as it is.
    pub(in crate::reconcile) fn keep(&self, key: &LineKey, judgement: LineDecision, today: NaiveDate) -> LineDecision {
        let shown = (judgement.live.map(|live| live.addition), &judgement.named);
        let known = self.0.get(&DecisionSubject::of_line(key, judgement.verdict.code(), shown));
        let kept = known.filter(|decision| decision.verb == AnswerVerb::Keep);
        let applies = |decision: &&Decision| decision.keeps(&judgement.verdict, judgement.live);
        let Some(decision) = kept.filter(applies) else { return judgement };
        let over = match (decision.holds_on(today), decision.is_kept_of(judgement.live, &judgement.named)) {
            (true, true) => {
                return LineDecision {
                    verdict: Verdict::Skipped(Code::Kept),
                    detail: decision.sentence(),
                    ..judgement
                };
            }
            (true, false) => format!("{}, but another addition is asked about now", decision.sentence()),
            (false, _) => format!("{}, which has expired", decision.sentence()),
        };
        let parts = [judgement.detail.clone(), over];
        let detail = parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("; ");
        LineDecision { detail, ..judgement }
    }

    /// Whether somebody said of an addition that the mapping does not want any more that it may stay.
    pub(in crate::reconcile) fn lets_be(&self, key: &LineKey, addition: AdditionId, today: NaiveDate) -> bool {
        self.stay(key, addition, today).next().is_some()
    }

    /// The same of one whose line the mapping wants: what was said while it did not is over.
    pub(in crate::reconcile) fn lets_be_beside(&self, key: &LineKey, addition: AdditionId, today: NaiveDate) -> bool {
        self.stay(key, addition, today).any(|answer| !answer.unmapped)
    }

    fn stay(&self, key: &LineKey, addition: AdditionId, today: NaiveDate) -> impl Iterator<Item = &Decision> {
        // Where nobody could name it, what was said is for any.
        let known = [Some(addition), None].map(|addition| DecisionSubject::left_behind(key, addition));
        let answers = known.into_iter().filter_map(|known| self.0.get(&known));
        let stays = |answer: &&Decision| matches!(answer.verb, AnswerVerb::Keep | AnswerVerb::Ignore);
        answers.filter(stays).filter(move |answer| answer.holds_on(today) && answer.is_of(addition))
    }

    /// What was said where a line is ignored for this reason, with all that it asks about.
    pub(in crate::reconcile) fn ignored(&self, line: &Line, reason: Code, today: NaiveDate) -> Option<String> {
        let answer = self
            .0
            .get(&DecisionSubject::of_line(line.key()?, reason, line.shown_additions()))
            .filter(|a| a.verb == AnswerVerb::Ignore && a.reason == reason);
        answer.filter(|decision| decision.holds_on(today) && decision.is_about(line)).map(Decision::sentence)
    }

    /// Makes ignored matters quiet, their lines skipped, and says which answers ran out.
    pub(in crate::reconcile) fn silence(
        &self,
        integration: &IntegrationName,
        today: NaiveDate,
        lines: &mut [Line],
        findings: &mut Vec<Finding>,
    ) {
        if self.0.is_empty() {
            return;
        }
        let index = Index::new(
            integration,
            lines.iter().filter_map(|line| {
                let (live, named) = line.shown_additions();
                Some((&*line.handle, line.key()?.clone(), named.own(live)))
            }),
        );
        let (mut ignored, mut open, mut expired) = (Vec::new(), Vec::new(), self.expired_holds(today, lines));
        for finding in findings.iter_mut().filter(|finding| finding.severity == Severity::Decide) {
            let Some(matter) = DecisionSubject::of(finding, &index) else { continue };
            let answer = self.0.get(&matter).filter(|a| a.verb == AnswerVerb::Ignore && a.reason == finding.code);
            match answer {
                Some(decision) if decision.holds_on(today) && asks_more(&matter, finding, decision, lines) => {
                    let other = "another addition or quantity is asked about now";
                    finding.message = format!("{}; {}, but {other}", finding.message, decision.sentence());
                    open.push((matter, finding.code));
                }
                Some(decision) if decision.holds_on(today) => {
                    ignored.push((matter, finding.code, decision.sentence()));
                    finding.severity = Severity::Info;
                    finding.message = format!("{}; {}", finding.message, decision.sentence());
                    finding.fix = Remedy::command(format!("recount held --reopen {}", decision.handle));
                }
                Some(decision) => {
                    expired.push(decision.expired(finding));
                    open.push((matter, finding.code));
                }
                None => open.push((matter, finding.code)),
            }
        }
        for line in lines {
            let by = ignored.iter().find(|(matter, code, _)| matter.covers(*code, line));
            // A line that waits for somebody else as well goes on waiting.
            let waits = || open.iter().any(|(matter, code)| matter.covers(*code, line));
            if let Some((_, code, said)) = by.filter(|_| !waits()) {
                line.verdict = Verdict::Skipped(Code::Ignored);
                let why = if line.detail.is_empty() { code.as_str() } else { &line.detail };
                line.detail = format!("{why}; {said}");
            }
        }
        findings.extend(expired);
        sort(findings);
    }

    /// A keep, or an ignored wait, that ran out, on lines that it would still hold: somebody meant to look again on that day.
    fn expired_holds(&self, today: NaiveDate, lines: &[Line]) -> Vec<Finding> {
        let over = lines.iter().filter_map(|line| {
            let shown = line.shown_additions();
            let decision = self.0.get(&DecisionSubject::of_line(line.key()?, line.verdict.code(), shown))?;
            let keeps = decision.verb == AnswerVerb::Keep && decision.keeps(&line.verdict, line.live);
            let leaves = decision.ignores(&line.verdict, line.live, &line.named);
            let over = (keeps || leaves) && !decision.holds_on(today);
            over.then(|| {
                let told = finding(Severity::Warning, Code::DecisionExpired, String::new());
                decision.expired(&told.about_line(&line.handle, &line.sources))
            })
        });
        over.collect()
    }
}

impl Decision {
    /// Whether it was for the additions that a line asks about now.
    fn is_about(&self, line: &Line) -> bool {
        let is_over = self.unmapped && line.sources.iter().any(|source| !source.is_former);
        !is_over
            && self.is_for(line.live.map(|live| live.addition), &line.named)
            && self.is_of_quantity(billed(line.live))
    }

    /// What was changed after this was not shown. Both times are of ConnectWise's clock, which may go otherwise than this host's;
    /// where a plan did not note it, the answer's own is all there is.
    fn shown_as_of(&self) -> DateTime<Utc> {
        self.seen.and_then(|seen| seen.changed_at).unwrap_or(self.at.to_utc())
    }

    /// Whether a line that is kept is what is left as it is now. One that was left behind is kept as that, until the mapping
    /// wants it again; and what was said of a step is no answer once the mapping does not want the line at all.
    fn keeps(&self, verdict: &Verdict, live: Option<LiveAddition>) -> bool {
        let left = *verdict == Verdict::Held(Code::LineLeftBehind);
        let same = left == (self.reason == Code::LineLeftBehind);
        same && keep_applies(verdict) && self.is_of_quantity(billed(live))
    }

    /// Whether a line would be written for no other reason than that the wait is over in which its step was ignored.
    fn ignores(&self, verdict: &Verdict, live: Option<LiveAddition>, named: &Named) -> bool {
        let is_its_step = match (self.reason, verdict) {
            (Code::ToZero, Verdict::Update(change)) => self.seen.is_some_and(|seen| seen.wanted == Some(change.to)),
            (Code::HostChanged | Code::LineJustEnded, Verdict::Create(_)) => true,
            _ => false,
        };
        let is_its_line = || self.is_for(live.map(|live| live.addition), named) && self.is_of_quantity(billed(live));
        self.verb == AnswerVerb::Ignore && is_its_step && is_its_line()
    }

    /// Whether a line asks about no addition that was not shown when it was kept. Its own one may be another by now, unless
    /// that is what was left behind.
    fn is_kept_of(&self, live: Option<LiveAddition>, named: &Named) -> bool {
        let own = live.filter(|_| self.reason == Code::LineLeftBehind).map(|live| live.addition);
        self.is_for(own, named)
    }
}

fn billed(live: Option<LiveAddition>) -> Option<Quantity> {
    live.map(|live| live.quantity)
}

/// Whether a finding about a line asks about an addition, or a quantity that somebody set, that was not shown when it was ignored.
fn asks_more(matter: &DecisionSubject, finding: &Finding, ignored: &Decision, lines: &[Line]) -> bool {
    let is_of_line = matches!(matter, DecisionSubject::Line(..) | DecisionSubject::LeftBehind(..));
    let mut lines = lines.iter().filter(|_| is_of_line);
    let line = lines.find(|line| Some(&line.handle) == finding.handle.as_ref());
    line.is_some_and(|line| !ignored.is_about(line))
}

/// Whether a line that was held for `answered` showed that it is held for `code` as well. What may come to a line after
/// somebody answered, with the same quantities, is a question of its own.
fn was_shown(code: Code, answered: Code) -> bool {
    match code {
        Code::LineElsewhere | Code::HostChanged | Code::CountTakenOut | Code::LineLeftBehind | Code::ServiceMissing => {
            answered == code
        }
        // Both are looked for at once.
        Code::LineJustEnded => matches!(answered, Code::LineJustEnded | Code::LineElsewhere),
        _ => true,
    }
}

/// Handles into what they stand for, of one plan.
#[derive(Debug)]
pub struct Index {
    /// Each with its addition, or the first that it names.
    lines: HashMap<String, (LineKey, Option<AdditionId>)>,
    /// By the handle of the product as a matter of its own.
    products: HashMap<String, String>,
}

impl Index {
    /// Of these lines that have a place.
    pub fn new<'a>(
        integration: &IntegrationName,
        lines: impl Iterator<Item = (&'a str, LineKey, Option<AdditionId>)>,
    ) -> Self {
        let lines: HashMap<String, (LineKey, Option<AdditionId>)> =
            lines.map(|(handle, key, addition)| (handle.to_owned(), (key, addition))).collect();
        let product = |(key, _): &(LineKey, _)| (handle::of_product(integration, &key.product), key.product.folded());
        let products = lines.values().map(product).collect();
        Self { lines, products }
    }
}

impl DecisionSubject {
    /// What a finding is about; `None` for one that is about the whole night.
    pub fn of(finding: &Finding, index: &Index) -> Option<Self> {
        let Finding { code, customer, service, handle, .. } = finding;
        let handle = handle.as_ref()?;
        match (customer, service) {
            _ if *code == Code::CustomerNameless => Some(Self::Nameless),
            (Some(customer), Some(service)) if *code == Code::RowDuplicate => {
                Some(Self::Duplicate(customer.clone(), service.clone()))
            }
            (None, None) if code.is_about_a_product() => index.products.get(handle).cloned().map(Self::Product),
            (Some(customer), None) => Some(Self::Customer(customer.clone())),
            (None, Some(service)) => Some(Self::Service(service.clone())),
            _ => {
                index.lines.get(handle).map(|(key, addition)| Self::of_line(key, *code, (*addition, &Named::default())))
            }
        }
    }

    /// Whether a line is held by this matter, for this reason.
    fn covers(&self, code: Code, line: &Line) -> bool {
        let sources = || line.sources.iter();
        line.verdict.is_held()
            && line.verdict.code() == code
            && match self {
                Self::Line(agreement, ..) | Self::LeftBehind(agreement, ..) => line.key().is_some_and(|key| {
                    key.agreement == *agreement && Self::of_line(key, code, line.shown_additions()) == *self
                }),
                Self::Customer(customer) => sources().any(|source| source.customer == *customer),
                Self::Service(service) => sources().any(|source| source.service == *service),
                Self::Product(product) => line.key().is_some_and(|key| key.product.folded() == *product),
                Self::Duplicate(customer, service) => {
                    sources().any(|source| source.customer == *customer && source.service == *service)
                }
                Self::Nameless => false,
            }
    }
}
