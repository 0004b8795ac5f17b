//! What the newest plan of each integration asks: open items, since when each waits, and what a handle means in it.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use crate::history::newest_plan::OpenSince;
use crate::history::run_record::{LineRecord, RunRecord};
use crate::history::store::error::StoreError;
use crate::history::store::open::History;
use crate::reconcile::decide::permitted_answers::{
    AnswerSubject, Refusal, ShownFinding, ShownItem, ShownLine, answer, is_over_when_off,
};
use crate::reconcile::decide::stored_answers::Index;
use crate::reconcile::model::decision::{DecisionSubject, Decisions, SeenLine};
use crate::reconcile::model::ids::IntegrationName;
use crate::reconcile::model::plan::finding::Finding;
use crate::reconcile::model::plan::named_additions::Named;
use crate::reconcile::model::plan::outcome::{AnswerVerb, Outcome};
use crate::reconcile::model::plan::reason_code::{Code, Severity};
use crate::reconcile::model::quantity::or_dash;
use crate::report::command_output::held_output::{AnsweredItem, Waiting};
use crate::report::numbers_and_dates::step;
use crate::report::{display_names, lines};

/// The newest plan of one integration, and what was answered so far.
#[derive(Debug)]
pub struct OpenItems {
    /// The run that drew the plan.
    pub run: RunRecord,
    /// The answers.
    pub decisions: Decisions,
    /// A newer run whose export was refused, and since when each one is. It asks one thing; the rest waits as it did.
    pub refused: Option<(RunRecord, OpenSince)>,
    index: Index,
}

/// What a handle means: a finding, a line, or both.
#[derive(Debug, Clone, Copy)]
pub struct Item<'a> {
    /// In whose plan.
    pub of: &'a OpenItems,
    /// The whole handle.
    pub handle: &'a str,
    /// The first finding about it, as reports order them.
    pub finding: Option<&'a Finding>,
    /// The line.
    pub line: Option<&'a LineRecord>,
}

/// An answer that may be stored, with what the item shows while it is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answerable {
    /// What it is about.
    pub matter: DecisionSubject,
    /// Why that was held.
    pub reason: Code,
    /// What the line shows, if it is about one.
    pub seen: Option<SeenLine>,
    /// The other additions that it asks about, where they were noted.
    pub named: Option<Named>,
}

/// Those of every integration that has a plan.
pub fn open_items<'n>(
    integrations: impl Iterator<Item = &'n IntegrationName>,
    history: &History,
) -> Result<Vec<OpenItems>, StoreError> {
    let each = integrations.map(|name| OpenItems::of(name, history));
    each.filter_map(Result::transpose).collect()
}

/// Everything that waits, longest first. An integration that is off draws no plan any more: what it asked last stays, but for
/// what is over by that alone.
pub fn waiting(
    all: &[OpenItems],
    is_off: impl Fn(&IntegrationName) -> bool,
    history: &History,
) -> Result<Vec<Waiting>, StoreError> {
    let mut waiting = Vec::new();
    for items in all {
        let since = history.waiting_since(&items.run.integration)?;
        let is_over = |code: Code| is_over_when_off(code) && is_off(&items.run.integration);
        for finding in items.asked().filter(|finding| items.is_open(finding) && !is_over(finding.code)) {
            let handle = finding.handle.clone().unwrap_or_default();
            let line = items.line(&handle).cloned();
            let since = since.get(&(handle, finding.code)).copied();
            waiting.push(items.waiting(finding, line, since.unwrap_or((items.run.run, items.run.started_at.to_utc()))));
        }
        // Of one that is off no run reads another export.
        if !is_off(&items.run.integration) {
            waiting.extend(items.of_refused_export());
        }
    }
    waiting.sort_by_key(|one| one.since.1);
    Ok(waiting)
}

/// Everything that was answered, but for accepted steps that were taken.
pub fn decided(all: &[OpenItems], today: impl Fn(&IntegrationName) -> NaiveDate) -> Vec<AnsweredItem> {
    let decided = all.iter().flat_map(|items| {
        let today = today(&items.run.integration);
        let live = items.decisions.0.iter().filter(|(_, decision)| !decision.spent);
        live.map(move |(matter, decision)| AnsweredItem {
            integration: items.run.integration.clone(),
            matter: matter.clone(),
            decision: decision.clone(),
            line: lines(&items.run).iter().find(|line| line.key().is_some_and(|key| matter.is_of_line(&key))).cloned(),
            holds: decision.holds_on(today),
        })
    });
    decided.collect()
}

impl OpenItems {
    fn of(integration: &IntegrationName, history: &History) -> Result<Option<Self>, StoreError> {
        let refused = history.refused_now(integration)?;
        let (run, refused) = match (history.latest_plan(integration)?, refused) {
            (Some(run), refused) => (run, refused),
            (None, Some((run, since))) => (run.clone(), Some((run, since))),
            (None, None) => return Ok(None),
        };
        let placed =
            lines(&run).iter().filter_map(|line| Some((line.handle.as_str(), line.key()?, line.own_addition())));
        let index = Index::new(integration, placed);
        let zone = *run.started_at.offset();
        let decisions = history.decisions(integration)?.in_zone(|at| at.with_timezone(&zone));
        Ok(Some(Self { decisions, index, refused, run }))
    }

    /// Everything that has a handle, by it.
    pub fn items(&self) -> Vec<Item<'_>> {
        let mut found: BTreeMap<&str, Item<'_>> = BTreeMap::new();
        for line in lines(&self.run) {
            let handle = line.handle.as_str();
            found.insert(handle, Item { of: self, handle, finding: None, line: Some(line) });
        }
        for finding in self.findings() {
            let Some(handle) = finding.handle.as_deref() else { continue };
            let none = Item { of: self, handle, finding: None, line: None };
            // In the order of a report: what asks most comes first, and stays.
            found.entry(handle).or_insert(none).finding.get_or_insert(finding);
        }
        found.into_values().collect()
    }

    /// What this very handle means; a handle that only begins like it means nothing.
    pub fn item(&self, handle: &str) -> Option<Item<'_>> {
        let finding = self.findings().find(|finding| finding.handle.as_deref() == Some(handle));
        let line = self.line(handle);
        let handle = line.map(|line| line.handle.as_str()).or(finding.and_then(|finding| finding.handle.as_deref()))?;
        Some(Item { of: self, handle, finding, line })
    }

    fn matter(&self, finding: &Finding) -> Option<DecisionSubject> {
        DecisionSubject::of(finding, &self.index)
    }

    fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.run.end.iter().flat_map(|end| &end.findings)
    }

    pub(crate) fn asked(&self) -> impl Iterator<Item = &Finding> {
        let is_refused = self.refused.as_ref().is_some_and(|(refused, _)| refused.run == self.run.run);
        self.findings().filter(move |finding| finding.severity == Severity::Decide && !is_refused)
    }

    fn of_refused_export(&self) -> Vec<Waiting> {
        let Some((run, since)) = &self.refused else { return Vec::new() };
        let asked = run.end.iter().flat_map(|end| &end.findings).filter(|finding| finding.severity == Severity::Decide);
        let first = since.1.with_timezone(run.started_at.offset()).date_naive();
        let nights = run.started_at.date_naive().signed_duration_since(first).num_days() + 1;
        let integration = &run.integration;
        let one = |finding: &Finding| Waiting {
            integration: integration.clone(),
            run: run.run,
            finding: finding.clone(),
            line: None,
            since: *since,
            nights,
        };
        asked.map(one).collect()
    }

    fn line(&self, handle: &str) -> Option<&LineRecord> {
        lines(&self.run).iter().find(|line| line.handle == handle)
    }

    /// Whether it was not answered since the plan was drawn.
    pub(crate) fn is_open(&self, finding: &Finding) -> bool {
        let handle = finding.handle.as_deref().unwrap_or_default();
        let lines = Item { of: self, handle, finding: Some(finding), line: None }.lines_that_wait();
        if !lines.is_empty() && lines.iter().all(Item::was_answered) {
            return false;
        }
        let answered = self.matter(finding).and_then(|matter| self.decisions.0.get(&matter));
        answered.is_none_or(|decision| decision.at < self.run.started_at)
    }

    fn waiting(&self, finding: &Finding, line: Option<LineRecord>, since: OpenSince) -> Waiting {
        let (now, first) = (self.run.started_at, since.1.with_timezone(self.run.started_at.offset()));
        let nights = now.date_naive().signed_duration_since(first.date_naive()).num_days() + 1;
        let (integration, run) = (self.run.integration.clone(), self.run.run);
        Waiting { integration, run, finding: finding.clone(), line, since, nights }
    }
}

impl Item<'_> {
    /// Whether it is one of the lines that a single open item lists (`billed-not-counted`): each is let be by itself.
    pub fn is_listed(&self) -> bool {
        self.line.is_some_and(|line| line.outcome == Outcome::Held && line.reason == Code::BilledNotCounted)
    }

    /// The lines that wait for the service that this is about, where nobody in the export has that any more.
    pub fn lines_that_wait(&self) -> Vec<Self> {
        let about = self.finding.filter(|finding| finding.code == Code::ServiceMissing && self.line.is_none());
        let Some(service) = about.and_then(|finding| finding.service.as_ref()) else { return Vec::new() };
        let waits = |line: &&LineRecord| {
            let is_of = line.sources.iter().any(|source| source.service == *service);
            line.outcome == Outcome::Held && line.reason == Code::ServiceMissing && is_of
        };
        let lines = lines(&self.of.run).iter().filter(waits);
        lines.map(|line| Self { handle: &line.handle, finding: None, line: Some(line), ..*self }).collect()
    }

    /// Those of them that nobody has answered by itself since the plan was drawn.
    pub fn open_lines(&self) -> Vec<Self> {
        self.lines_that_wait().into_iter().filter(|line| !line.was_answered()).collect()
    }

    /// What an answer to it is stored about: itself; of a service that nobody has any more, each line that waits for it and that
    /// nobody has answered by itself (each of them, where all were). Not to be asked again is answered to the service.
    pub fn targets(&self, verb: AnswerVerb) -> Vec<Self> {
        let of_lines = matches!(verb, AnswerVerb::Accept | AnswerVerb::Keep);
        let lines = if of_lines { self.lines_that_wait() } else { Vec::new() };
        let (answered, open): (Vec<Self>, Vec<Self>) = lines.into_iter().partition(Self::was_answered);
        match (open.is_empty(), answered.is_empty()) {
            (false, _) => open,
            (true, false) => answered,
            (true, true) => vec![*self],
        }
    }

    /// Whether this would be an answer to it, or to each line that it stands for.
    pub fn takes(&self, verb: AnswerVerb) -> bool {
        self.targets(verb).iter().all(|one| one.answer(verb).is_ok())
    }

    /// Whether it is a line that waits for a service that nobody has any more: what is asked is said once, of the service.
    pub fn is_of_missing_service(&self) -> bool {
        self.line.is_some_and(|line| line.outcome == Outcome::Held && line.reason == Code::ServiceMissing)
    }

    /// Whether its line was answered since the plan was drawn.
    pub fn was_answered(&self) -> bool {
        let answered = self.line_subject().and_then(|matter| self.of.decisions.0.get(&matter));
        answered.is_some_and(|decision| decision.at >= self.of.run.started_at)
    }

    /// Whether it is to be decided.
    pub fn is_asked(&self) -> bool {
        self.finding.is_some_and(|finding| finding.severity == Severity::Decide)
    }

    /// What it is called, and its step: `Acme Dental · MP-CLOUDFILTER 12 → 0`.
    pub fn sentence(&self) -> String {
        format!("{} {}", self.name(), self.line.map(step).unwrap_or_default()).trim().to_owned()
    }

    /// What it is called: `Acme Dental · MP-CLOUDFILTER`.
    pub fn name(&self) -> String {
        match (self.finding, self.line) {
            (Some(finding), line) => display_names::matter(finding, line),
            (None, Some(line)) => display_names::line(line),
            (None, None) => String::new(),
        }
    }

    /// What a page shows of it, and a form carries: an answer is for that, and for nothing that came later.
    pub fn as_shown(&self) -> String {
        let lines = self.open_lines();
        if !lines.is_empty() {
            return lines.iter().map(Self::as_shown_of_several).collect::<Vec<_>>().join(",");
        }
        let reason = self.finding.map(|finding| finding.code).or(self.line.map(|line| line.reason));
        let reason = reason.map(Code::as_str).unwrap_or_default();
        let (was, wanted) = self.line.map(|line| (line.was, line.wanted)).unwrap_or_default();
        let named = self.line.and_then(|line| line.named.as_ref()).map(ToString::to_string).unwrap_or_default();
        format!("{}:{}:{reason}:{named}", or_dash(was), or_dash(wanted))
    }

    /// As one of the lines of an item, short because there may be thousands: `bdfgh:2:0`.
    fn as_shown_of_several(&self) -> String {
        let (was, wanted) = self.line.map(|line| (line.was, line.wanted)).unwrap_or_default();
        let named = self.line.and_then(|line| line.named.as_ref()).map(ToString::to_string).unwrap_or_default();
        let named = if named.is_empty() { named } else { format!(":{named}") };
        format!("{}:{}:{}{named}", self.handle, or_dash(was), or_dash(wanted))
    }

    /// The answer as it may be stored.
    pub fn answer(&self, verb: AnswerVerb) -> Result<Answerable, Refusal> {
        let permitted = answer(verb, &self.shown())?;
        let matter = match permitted.about {
            AnswerSubject::Line => self.line_subject(),
            AnswerSubject::Finding => self.finding_subject(),
        };
        // What has no matter is no placed line and no nameable finding, so nothing about it was permitted.
        let matter = matter.ok_or(Refusal::InformationOnly)?;
        let line = self.line.filter(|_| matches!(matter, DecisionSubject::Line(..) | DecisionSubject::LeftBehind(..)));
        let seen = line.map(|line| SeenLine {
            addition: line.addition,
            was: line.was,
            wanted: line.wanted,
            changed_at: line.changed_at,
        });
        // Kept once more, it is kept for what it was kept for.
        let before = self.of.decisions.0.get(&matter).filter(|_| permitted.reason == Code::Kept);
        let reason = before.map_or(permitted.reason, |before| before.reason);
        // Answered once more, it is answered for what it was answered for.
        let known = || self.of.decisions.0.get(&matter)?.named.clone();
        let named = line.and_then(|line| line.named.clone()).or_else(known);
        Ok(Answerable { matter, reason, seen, named })
    }

    fn shown(&self) -> ShownItem {
        let (of_line, of_finding) = (self.line_subject(), self.finding_subject());
        let answered = of_finding.as_ref().or(of_line.as_ref()).and_then(|matter| self.of.decisions.0.get(matter));
        ShownItem {
            line: self.line.map(|line| ShownLine {
                outcome: line.outcome,
                reason: line.reason,
                is_placed: of_line.is_some(),
                is_counted: line.wanted.is_some(),
            }),
            finding: self.finding.map(|finding| ShownFinding {
                code: finding.code,
                severity: finding.severity,
                is_nameable: of_finding.is_some(),
            }),
            answered: answered.map(|decision| decision.verb),
        }
    }

    fn line_subject(&self) -> Option<DecisionSubject> {
        let line = self.line?;
        Some(line.answer_subject(&line.key()?))
    }

    fn finding_subject(&self) -> Option<DecisionSubject> {
        self.finding.and_then(|finding| self.of.matter(finding))
    }
}
