//! What the newest plan of each integration asks, and what a typed handle means in it.

use chrono::NaiveDate;

use crate::cli::error::Trouble;
use crate::cli::session;
use crate::config::settings::Config;
use crate::history::decisions::Since;
use crate::history::record::{LineRecord, RunRecord};
use crate::history::store::error::StoreError;
use crate::history::store::open::History;
use crate::reconcile::decide::decisions::Index;
use crate::reconcile::exit::Exit;
use crate::reconcile::model::code::Severity;
use crate::reconcile::model::decision::{Decisions, Matter};
use crate::reconcile::model::finding::Finding;
use crate::report::commands::held::{Decided, Waiting};
use crate::report::lines;

/// The newest plan of one integration, and what was answered so far.
#[derive(Debug)]
pub(super) struct Board {
    pub(super) run: RunRecord,
    pub(super) decisions: Decisions,
    index: Index,
}

/// What a handle means: a matter, a line, or both.
#[derive(Debug, Clone, Copy)]
pub(super) struct Target<'a> {
    pub(super) board: &'a Board,
    pub(super) handle: &'a str,
    pub(super) finding: Option<&'a Finding>,
    pub(super) line: Option<&'a LineRecord>,
}

/// The newest plan of every integration that has one.
pub(super) fn boards(config: &Config, history: &History) -> Result<Vec<Board>, Trouble> {
    stored_boards(config, history).map_err(|error| session::store(&error))
}

/// The same, for a caller that has no command to end.
pub(super) fn stored_boards(config: &Config, history: &History) -> Result<Vec<Board>, StoreError> {
    let boards = config.integrations.keys().map(|name| {
        let Some(run) = history.latest_plan(name)? else { return Ok(None) };
        let placed = lines(&run).iter().filter_map(|line| Some((line.handle.as_str(), line.key()?)));
        let index = Index::new(name, placed);
        Ok(Some(Board { decisions: history.decisions(name)?, index, run }))
    });
    boards.filter_map(Result::transpose).collect()
}

/// Everything that waits, longest first.
pub(super) fn waiting(boards: &[Board], history: &History) -> Result<Vec<Waiting>, Trouble> {
    stored_waiting(boards, history).map_err(|error| session::store(&error))
}

/// The same, for a caller that has no command to end.
pub(super) fn stored_waiting(boards: &[Board], history: &History) -> Result<Vec<Waiting>, StoreError> {
    let mut waiting = Vec::new();
    for board in boards {
        let since = history.waiting_since(&board.run.integration)?;
        for finding in board.asked().filter(|finding| board.is_open(finding)) {
            let handle = finding.handle.clone().unwrap_or_default();
            let line = board.line(&handle).cloned();
            let since = since.get(&(handle, finding.code)).copied();
            waiting.push(board.waiting(finding, line, since.unwrap_or((board.run.run, board.run.started_at))));
        }
    }
    waiting.sort_by_key(|one| one.since.1);
    Ok(waiting)
}

/// Everything that was answered, but for accepted steps that were taken.
pub(super) fn decided(boards: &[Board], today: NaiveDate) -> Vec<Decided> {
    let decided = boards.iter().flat_map(|board| {
        let live = board.decisions.0.iter().filter(|(_, decision)| !decision.spent);
        live.map(|(matter, decision)| Decided {
            integration: board.run.integration.clone(),
            matter: matter.clone(),
            decision: decision.clone(),
            line: lines(&board.run)
                .iter()
                .find(|line| line.key().is_some_and(|key| Matter::line(&key) == *matter))
                .cloned(),
            holds: decision.holds_on(today),
        })
    });
    decided.collect()
}

/// The one target that was typed, whole or by its first characters.
pub(super) fn target<'a>(boards: &'a [Board], typed: &str) -> Result<Target<'a>, Trouble> {
    let all: Vec<Target<'a>> = boards.iter().flat_map(Board::targets).collect();
    let asked = |target: &Target<'_>| target.finding.is_some_and(|finding| finding.severity == Severity::Decide);
    let tiers: [&dyn Fn(&Target<'_>) -> bool; 3] =
        [&|target| target.handle == typed, &|target| target.handle.starts_with(typed) && asked(target), &|target| {
            target.handle.starts_with(typed)
        }];
    for fits in tiers {
        let found: Vec<&Target<'a>> = all.iter().filter(|target| fits(target)).collect();
        match found.as_slice() {
            [] => {}
            [one] => return Ok(**one),
            several => {
                let handles: Vec<&str> = several.iter().take(SHOWN).map(|target| target.handle).collect();
                let message = format!("several handles begin with {typed}: {}", handles.join(", "));
                return Err(Trouble::new(Exit::Usage, message, "type more of it"));
            }
        }
    }
    let handles: Vec<&str> = all.iter().map(|target| target.handle).collect();
    Err(unknown(typed, &handles))
}

/// Handles that are listed in a complaint.
const SHOWN: usize = 5;
/// Less alike is not what was meant.
const ALIKE: f64 = 0.7;

/// There is no such handle; perhaps another one was meant.
pub(super) fn unknown(typed: &str, handles: &[&str]) -> Trouble {
    let alike = handles.iter().map(|handle| (strsim::jaro_winkler(handle, typed), *handle));
    let alike = alike.filter(|(score, _)| *score >= ALIKE).max_by(|(a, _), (b, _)| a.total_cmp(b));
    let fix =
        alike.map_or("recount held".to_owned(), |(_, handle)| format!("did you mean {handle}? else: recount held"));
    Trouble::new(Exit::Usage, format!("the newest plan has no handle {typed}"), fix)
}

impl Board {
    /// What a finding of this plan is about.
    pub(super) fn matter(&self, finding: &Finding) -> Option<Matter> {
        Matter::of(finding, &self.index)
    }

    fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.run.end.iter().flat_map(|end| &end.findings)
    }

    fn asked(&self) -> impl Iterator<Item = &Finding> {
        self.findings().filter(|finding| finding.severity == Severity::Decide)
    }

    fn line(&self, handle: &str) -> Option<&LineRecord> {
        lines(&self.run).iter().find(|line| line.handle == handle)
    }

    /// Whether it was not answered since the plan was drawn.
    fn is_open(&self, finding: &Finding) -> bool {
        let answered = self.matter(finding).and_then(|matter| self.decisions.0.get(&matter));
        answered.is_none_or(|decision| decision.at < self.run.started_at)
    }

    fn waiting(&self, finding: &Finding, line: Option<LineRecord>, since: Since) -> Waiting {
        let nights = self.run.started_at.date_naive().signed_duration_since(since.1.date_naive()).num_days() + 1;
        let (integration, run) = (self.run.integration.clone(), self.run.run);
        Waiting { integration, run, finding: finding.clone(), line, since, nights }
    }

    fn targets(&self) -> Vec<Target<'_>> {
        let mut found: std::collections::BTreeMap<&str, Target<'_>> = std::collections::BTreeMap::new();
        for line in lines(&self.run) {
            let handle = line.handle.as_str();
            found.insert(handle, Target { board: self, handle, finding: None, line: Some(line) });
        }
        for finding in self.findings() {
            let Some(handle) = finding.handle.as_deref() else { continue };
            let none = Target { board: self, handle, finding: None, line: None };
            // In the order of a report: what asks most comes first, and stays.
            found.entry(handle).or_insert(none).finding.get_or_insert(finding);
        }
        found.into_values().collect()
    }
}
