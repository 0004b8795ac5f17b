//! What a morning has that the one before had not: open items that are new, still there, and settled, and by whom.

use std::collections::BTreeMap;

use crate::history::run_record::{LineRecord, RunRecord};
use crate::history::store::error::StoreError;
use crate::history::store::open::History;
use crate::reconcile::model::ids::RunId;
use crate::reconcile::model::plan::finding::Finding;
use crate::reconcile::model::plan::outcome::RunVerdict;
use crate::reconcile::model::plan::reason_code::{Code, Severity};
use crate::report::brief::settled::AnswersSince;
use crate::report::numbers_and_dates::{plural, step};
use crate::report::{display_names, lines};

/// A run beside the last night before it that looked at every line, of those that somebody was told of.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RunComparison {
    /// Titles of the open items that were not there before.
    pub new: Vec<String>,
    /// Titles of those that were, each with the nights that it waits; longest first.
    pub still: Vec<(String, i64)>,
    /// Titles of those that are gone, each with how.
    pub settled: Vec<(String, String)>,
    /// Titles of those that ask for another step than before, each with both: what was printed for the old one is refused.
    pub moved: Vec<(String, String)>,
    /// Nothing is new, settled or moved, nothing was written or failed, the run ended in the same way, and yesterday was told.
    pub like_yesterday: bool,
}

type Key = (String, Code);

impl RunComparison {
    /// The run beside the night before it, or before the first night since of which `untold` says that nobody knows: what that
    /// one found is news still. `None` where there was none.
    pub fn of(run: &RunRecord, untold: Option<RunId>, history: &History) -> Result<Option<Self>, StoreError> {
        let (name, first) = (&run.integration, untold.unwrap_or(run.run));
        let Some(yesterday) = history.night_before(name, first)? else { return Ok(None) };
        let planned = if looked(&yesterday) { Some(yesterday.clone()) } else { history.plan_before(name, first)? };
        let (now, then) = (asked(run), planned.as_ref().map(asked).unwrap_or_default());
        let of_yesterday = asked(&yesterday);
        let since = history.waiting_since(&run.integration)?;
        let answers = AnswersSince::of(run, yesterday.started_at.to_utc(), history)?;
        let is_old = |key: &Key| then.contains_key(key) || of_yesterday.contains_key(key);
        let (old, new): (Vec<_>, Vec<_>) = now.iter().partition(|(key, _)| is_old(key));
        let before = |key: &Key| if of_yesterday.contains_key(key) { Some(&yesterday) } else { planned.as_ref() };
        let step = |key: &Key, finding: &Finding| Some((title(run, finding), moved(before(key)?, run, &key.0)?));
        let moved: Vec<(String, String)> = old.iter().filter_map(|(key, finding)| step(key, finding)).collect();
        let nights = |key: &Key| since.get(key).map_or(1, |since| nights(run, since.1));
        let mut still: Vec<(String, i64)> =
            old.into_iter().map(|(key, finding)| (title(run, finding), nights(key))).collect();
        still.sort_by_key(|(_, nights)| std::cmp::Reverse(*nights));
        let mut settled: Vec<(String, String)> = match (&planned, looked(run)) {
            (Some(planned), true) => {
                let gone = then.iter().filter(|(key, _)| !now.contains_key(*key));
                let how =
                    |key: &Key, finding| answers.settled(&key.0, Some(finding)).unwrap_or_else(|| GONE.to_owned());
                gone.map(|(key, finding)| (title(planned, finding), how(key, finding))).collect()
            }
            _ => Vec::new(),
        };
        // What stopped the night before, as its export, was asked by that night alone.
        let stopped = of_yesterday.iter().filter(|(key, _)| key.0.is_empty() && !then.contains_key(*key));
        let passed = stopped.filter(|(key, _)| looked(run) && !now.contains_key(*key));
        let went = |finding| answers.settled("", Some(finding)).unwrap_or_else(|| PASSED.to_owned());
        settled.extend(passed.map(|(_, finding)| (title(&yesterday, finding), went(finding))));
        // Several guards that held one plan are one matter.
        settled.dedup();
        let mut new: Vec<String> = new.into_iter().map(|(_, finding)| title(run, finding)).collect();
        new.dedup();
        let quiet = run.end.as_ref().is_some_and(|end| {
            let totals = end.totals;
            totals.changed + totals.failed + totals.unknown == 0
        });
        let ended = |run: &RunRecord| run.end.as_ref().map(|end| (end.verdict, end.exit_code));
        let same = untold.is_none() && ended(run) == ended(&yesterday);
        let like_yesterday = new.is_empty() && settled.is_empty() && moved.is_empty() && quiet && same;
        Ok(Some(Self { new, still, settled, moved, like_yesterday }))
    }

    /// In sentences, each with the first few titles.
    pub fn sentences(&self) -> Vec<String> {
        let Self { new, still, settled, moved, like_yesterday } = self;
        let mut said = Vec::new();
        if *like_yesterday {
            said.push("Like yesterday: nothing is new, nothing is settled, nothing was written.".to_owned());
        }
        if !new.is_empty() {
            said.push(format!("New: {}", listed("", new.iter().cloned())));
        }
        if let Some((_, oldest)) = still.first() {
            let nights = plural(usize::try_from(*oldest).unwrap_or_default(), "night");
            let age = if still.len() == 1 { format!(", for {nights}") } else { format!(", the oldest for {nights}") };
            said.push(format!("Still open: {}", listed(&age, still.iter().map(|(title, _)| title.clone()))));
        }
        if !moved.is_empty() {
            said.push(format!(
                "Moved: {}",
                listed("", moved.iter().map(|(title, steps)| format!("{title} ({steps})")))
            ));
        }
        if !settled.is_empty() {
            said.push(format!("Settled: {}", listed("", settled.iter().map(|(title, by)| format!("{title} ({by})")))));
        }
        said
    }
}

/// Nobody did anything: the counts, or ConnectWise, are otherwise.
const GONE: &str = "no longer found";
/// The night that asked for it was stopped, and this one was not.
const PASSED: &str = "this run went through";
/// Titles that a sentence names; the rest is a number.
const NAMED: usize = 3;

/// `4 items, the oldest for 12 nights: Acme; Borealis; Cedar; 1 more`.
fn listed(age: &str, titles: impl ExactSizeIterator<Item = String>) -> String {
    let all = titles.len();
    let mut named: Vec<String> = titles.take(NAMED).collect();
    if all > NAMED {
        named.push(format!("{} more", all - NAMED));
    }
    format!("{}{age}: {}", plural(all, "item"), named.join("; "))
}

/// A run that did not look at every line, or that nobody believes yet, settles nothing.
fn looked(run: &RunRecord) -> bool {
    run.planned.is_some()
        && verdict(run).is_some_and(|verdict| !matches!(verdict, RunVerdict::Refused | RunVerdict::Held))
}

fn verdict(run: &RunRecord) -> Option<RunVerdict> {
    run.end.as_ref().map(|end| end.verdict)
}

fn asked(run: &RunRecord) -> BTreeMap<Key, &Finding> {
    let findings = run.end.iter().flat_map(|end| &end.findings);
    let asked = findings.filter(|finding| finding.severity == Severity::Decide);
    asked.map(|finding| ((finding.handle.clone().unwrap_or_default(), finding.code), finding)).collect()
}

fn title(run: &RunRecord, finding: &Finding) -> String {
    display_names::matter(finding, line(run, finding.handle.as_deref().unwrap_or_default()))
}

fn line<'a>(run: &'a RunRecord, handle: &str) -> Option<&'a LineRecord> {
    lines(run).iter().find(|line| !handle.is_empty() && line.handle == handle)
}

/// `12 → 5, it was 12 → 0`, where a line asks for another step than it did.
fn moved(then: &RunRecord, now: &RunRecord, handle: &str) -> Option<String> {
    let (then, now) = (line(then, handle)?, line(now, handle)?);
    let is_same = (then.was, then.wanted) == (now.was, now.wanted);
    (!is_same).then(|| format!("{}, it was {}", step(now), step(then)))
}

fn nights(run: &RunRecord, since: chrono::DateTime<chrono::Utc>) -> i64 {
    let first = since.with_timezone(run.started_at.offset()).date_naive();
    run.started_at.date_naive().signed_duration_since(first).num_days() + 1
}
