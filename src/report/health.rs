//! Is an integration healthy? A function of its nights and the clock.
//!
//! Unhealthy stays until a run succeeds: a failed night does not become a good one by waiting.

use chrono::{DateTime, TimeDelta, Utc};

use crate::history::run_record::{RunEnd, RunSummary};
use crate::history::store::error::StoreError;
use crate::history::store::open::History;
use crate::reconcile::model::ids::{IntegrationName, RunId};
use crate::reconcile::model::plan::outcome::Mode;
use crate::reconcile::model::plan::reason_code::Code;
use crate::report::exit_codes::Exit;

/// What is known of an integration's health.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// Whether somebody has to look.
    pub state: State,
    /// The newest night that ended; `None` before the first. An undo is no night: it looks at a few lines, and what
    /// is open stays open.
    pub last: Option<RunSummary>,
    /// The undo that was carried out since, if there was one.
    pub undo: Option<RunSummary>,
    /// When the newest good night ended.
    pub last_success: Option<DateTime<Utc>>,
    /// How the command of the newest night ended: also that its history was not copied, which came after it.
    pub last_exit: Option<Exit>,
    /// The night that is under way.
    pub running: Option<RunId>,
}

/// Whether somebody has to look, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// The last night was good, and not long ago.
    Healthy,
    /// It is switched off, so nothing is expected of it.
    Off,
    /// It never ran.
    Never,
    /// It never ran but to show what it would do.
    PlansOnly,
    /// The last night was not good.
    Bad,
    /// The last night began and never ended, and nobody is at it.
    CutOff,
    /// The last night is too long ago.
    Overdue,
    /// The history is older than its last run: nobody knows how that one ended, and no run goes on.
    Older,
    /// The last night, or its end, is in no history: nothing that is shown knows of it.
    Unrecorded,
    /// Another host does the nights, so nothing is expected of this one.
    StandsBy,
    /// This host cannot have the lease, or cannot go on with it.
    NoLease,
    /// All was well, but the history was not copied since.
    NotCopied,
}

/// What is to be expected of this host, where there are several.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HostPart {
    /// It does the nights, or nobody does.
    Works,
    /// Another host has the lease.
    StandsBy,
    /// The lease is not to be had, or not to be gone on with.
    NoLease,
    /// It does the nights, and its history was not copied.
    NotCopied,
}

/// The health of an integration. `nights` are its nights and the undos that were carried out, newest first; `planned`
/// says that there was a plan at least; `is_running` that a process holds the lock right now; `expected` after how long
/// without a run somebody has to look.
#[expect(clippy::too_many_arguments, reason = "a pure function of all that it judges by")]
pub fn health(
    nights: &[RunSummary],
    planned: bool,
    mode: Mode,
    is_running: bool,
    expected: TimeDelta,
    now: DateTime<Utc>,
) -> Health {
    let is_good = |end: &RunEnd<()>| Exit::of_code(end.exit_code).is_good();
    let newest = nights.first();
    let open = newest.filter(|night| night.end.is_none());
    let undo = newest.filter(|night| night.undoes.is_some());
    let ends = || {
        let full = nights.iter().filter(|night| night.undoes.is_none());
        full.filter_map(|night| Some((night, night.end.as_ref()?)))
    };
    let ended = ends().next();
    let last_success = ends().map(|(_, end)| end).find(|end| is_good(end));
    let late = |end: &RunEnd<()>| now.signed_duration_since(end.finished_at) > expected;
    let state = match (open, ended) {
        _ if mode == Mode::Off => State::Off,
        (Some(_), _) if !is_running => State::CutOff,
        (_, None) if planned && nights.is_empty() => State::PlansOnly,
        (_, None) => State::Never,
        (_, Some((_, end))) if !is_good(end) => State::Bad,
        // Of an undo that went well nothing gets better; of one that did not, lines may be in doubt.
        _ if undo.and_then(|undo| undo.end.as_ref()).is_some_and(|end| !is_good(end)) => State::Bad,
        (None, Some((_, end))) if late(end) => State::Overdue,
        (_, Some(_)) => State::Healthy,
    };
    Health {
        state,
        last: ended.map(|(night, _)| night.clone()),
        undo: undo.cloned(),
        last_exit: ended.map(|(_, end)| Exit::of_code(end.exit_code)),
        last_success: last_success.map(|end| end.finished_at),
        running: open.filter(|_| is_running).map(|night| night.run),
    }
}

/// What is expected of an integration.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'a> {
    /// The integration.
    pub integration: &'a IntegrationName,
    /// Its mode.
    pub mode: Mode,
    /// After how long without a run somebody has to look.
    pub every: TimeDelta,
    /// What this host's part is.
    pub host: HostPart,
}

/// Nights that are looked at for the last good one; before them it is long enough ago.
const NIGHTS: usize = 400;

impl Expected<'_> {
    /// Its health, as the history knows it.
    pub fn health(
        &self,
        history: Option<&History>,
        is_running: bool,
        now: DateTime<Utc>,
    ) -> Result<Health, StoreError> {
        let Self { integration, mode, every, host } = *self;
        let (mut nights, mut planned) = (Vec::new(), false);
        let outdated = history.and_then(|history| history.is_current().err()).map(|error| State::outdated_by(&error));
        if let Some(history) = history {
            nights = history.nights_before(integration, None, NIGHTS)?;
            planned = nights.is_empty() && history.newest_runs()?.iter().any(|run| run.integration == *integration);
        }
        let health = health(&nights, planned, mode, is_running, every, now);
        let mut last_exit = health.last_exit;
        if let (Some(history), Some(last)) = (history, &health.last)
            && history.has_finding(last.run, Code::CopyFailed)?
        {
            last_exit = last_exit.map(|exit| exit.worst(Exit::Partial));
        }
        Ok(Health { state: of_host(health.state, host, outdated), last_exit, ..health })
    }
}

/// What the nights come to on this host.
fn of_host(state: State, host: HostPart, outdated: Option<State>) -> State {
    match (state, host, outdated) {
        (State::Off, ..) => State::Off,
        (_, HostPart::StandsBy, _) => State::StandsBy,
        (_, HostPart::NoLease, _) => State::NoLease,
        (_, HostPart::NotCopied | HostPart::Works, Some(outdated)) => outdated,
        (State::Healthy, HostPart::NotCopied, None) => State::NotCopied,
        (state, HostPart::NotCopied | HostPart::Works, None) => state,
    }
}

impl State {
    /// What a history comes to that is not current, by why.
    pub fn outdated_by(error: &StoreError) -> Self {
        match error {
            StoreError::Unrecorded { .. } | StoreError::NotesUnreadable { .. } => Self::Unrecorded,
            _ => Self::Older,
        }
    }
}

impl Health {
    /// Whether nobody has to look.
    pub fn is_healthy(&self) -> bool {
        matches!(self.state, State::Healthy | State::Off | State::StandsBy)
    }

    /// The exit code of `recount status`: the last night's own, or that of a worse undo since, and 1 where no night
    /// speaks for itself.
    pub fn exit(&self) -> Exit {
        let ends = [&self.last, &self.undo].into_iter().flatten().filter_map(|run| run.end.as_ref());
        match self.state {
            State::Off | State::StandsBy => Exit::Done,
            State::Older | State::Unrecorded | State::NoLease => Exit::Store,
            State::NotCopied => ends.map(|end| Exit::of_code(end.exit_code)).fold(Exit::Partial, Exit::worst),
            State::Healthy | State::Bad => {
                ends.map(|end| Exit::of_code(end.exit_code)).reduce(Exit::worst).unwrap_or(Exit::Unexpected)
            }
            State::Never | State::PlansOnly | State::CutOff | State::Overdue => Exit::Unexpected,
        }
    }

    /// Of the last night and an undo since, the run that somebody has to look at.
    pub fn worst(&self) -> Option<&RunSummary> {
        let bad = |run: &&RunSummary| run.end.as_ref().is_some_and(|end| !Exit::of_code(end.exit_code).is_good());
        self.undo.as_ref().filter(bad).or(self.last.as_ref())
    }

    /// In a few words.
    pub fn sentence(&self) -> &'static str {
        match self.state {
            State::Healthy => "healthy",
            State::Off => "off",
            State::Never => "unhealthy: it never ran",
            State::PlansOnly => "unhealthy: no nightly run yet, plans only",
            State::Bad => "unhealthy: its last run was not good",
            State::CutOff => "unhealthy: its last run was cut off",
            State::Overdue => "unhealthy: it has not run when it should have",
            State::Older => "unhealthy: the history is older than its last run",
            State::Unrecorded => "unhealthy: its last night could not be recorded",
            State::StandsBy => "stands by: another host does the nights",
            State::NoLease => "unhealthy: this host cannot go on with the lease",
            State::NotCopied => "unhealthy: the history was not copied",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::history::run_record::Totals;
    use crate::reconcile::model::plan::outcome::{RunCommand, Traffic};

    fn noon() -> DateTime<Utc> {
        "2026-11-24T12:00:00Z".parse().expect("a time")
    }

    /// A night that ended so many hours before noon; without an exit code it did not end.
    fn night(run: i64, hours: i64, exit_code: Option<u8>) -> RunSummary {
        let started_at = noon() - TimeDelta::hours(hours);
        let end = exit_code.map(|exit_code| RunEnd {
            finished_at: started_at,
            verdict: Exit::of_code(exit_code).verdict(),
            exit_code,
            findings: (),
            totals: Totals::default(),
            requests: Traffic::default(),
            head: None,
        });
        let (integration, command, mode) = (IntegrationName::new("mail"), RunCommand::Run, Mode::Apply);
        let started_at = started_at.fixed_offset();
        RunSummary { run: RunId(run), integration, command, mode, started_at, undoes: None, planned: None, end }
    }

    fn of(nights: &[RunSummary], is_running: bool) -> Health {
        health(nights, false, Mode::Apply, is_running, TimeDelta::hours(26), noon())
    }

    /// Otherwise nobody would notice that a night failed, or that there was none.
    #[test]
    fn what_is_not_a_good_night_of_late_is_unhealthy() {
        for (nights, running, state, exit) in [
            (vec![], false, State::Never, 1),
            (vec![night(1, 5, Some(0))], false, State::Healthy, 0),
            (vec![night(1, 5, Some(3))], false, State::Healthy, 3),
            (vec![night(1, 26, Some(0))], false, State::Healthy, 0),
            (vec![night(1, 27, Some(0))], false, State::Overdue, 1),
            (vec![night(1, -2, Some(0))], false, State::Healthy, 0),
            (vec![night(2, 5, Some(5)), night(1, 29, Some(0))], false, State::Bad, 5),
            (vec![night(2, 5, Some(11)), night(1, 29, Some(0))], false, State::Bad, 11),
            (vec![night(2, 5, Some(130))], false, State::Bad, 130),
            (vec![night(2, 5, None), night(1, 29, Some(0))], false, State::CutOff, 1),
            (vec![night(2, 0, None), night(1, 29, Some(0))], true, State::Healthy, 0),
            (vec![night(2, 0, None), night(1, 24, Some(12))], true, State::Bad, 12),
            (vec![night(1, 0, None)], true, State::Never, 1),
        ] {
            let health = of(&nights, running);
            assert_eq!((health.state, health.exit().code()), (state, exit), "{nights:?}");
        }
    }

    /// Otherwise a failure would heal by being forgotten.
    #[test]
    fn unhealthy_stays_until_a_run_succeeds() {
        let mut nights = vec![night(1, 73, Some(0))];
        for (run, hours) in [(2, 49), (3, 25), (4, 1)] {
            nights.insert(0, night(run, hours, Some(12)));
            let health = of(&nights, false);
            assert!(!health.is_healthy());
            assert_eq!(health.last_success, nights.last().map(|night| night.started_at.to_utc()));
        }
        nights.insert(0, night(5, 0, Some(3)));
        assert!(of(&nights, false).is_healthy());
    }

    /// An undo looks at a few lines: what a night left open would be forgotten, a failed night forgiven, and an undo
    /// that left lines in doubt seen by nobody.
    #[test]
    fn an_undo_hides_no_night() {
        let undo = |exit_code| RunSummary { undoes: Some(RunId(1)), ..night(9, 1, exit_code) };
        for (before, undo, state, exit, worst) in [
            (Some(3), undo(Some(0)), State::Healthy, 3, 8),
            (Some(12), undo(Some(0)), State::Bad, 12, 8),
            (Some(3), undo(Some(5)), State::Bad, 5, 9),
            (Some(0), undo(None), State::CutOff, 1, 8),
        ] {
            let health = of(&[undo, night(8, 5, before)], false);
            assert_eq!((health.state, health.exit().code()), (state, exit), "after {before:?}");
            assert_eq!(health.last.as_ref().map(|last| last.run), Some(RunId(8)));
            assert_eq!(health.worst().map(|run| run.run), Some(RunId(worst)));
        }
        let settled = of(&[night(10, 0, Some(0)), undo(Some(5)), night(8, 5, Some(0))], false);
        assert_eq!((settled.state, settled.exit()), (State::Healthy, Exit::Done));
        let overdue = of(&[undo(Some(0)), night(8, 27, Some(0))], false);
        assert_eq!(overdue.state, State::Overdue, "an undo is no night");
    }

    /// A host that stands by is as well as the one that does the nights, until nobody does them; and what is not copied is lost
    /// with its host.
    #[test]
    fn what_is_expected_of_a_host_is_what_its_part_is() {
        for (state, host, outdated, comes_to) in [
            (State::Overdue, HostPart::StandsBy, None, State::StandsBy),
            (State::Never, HostPart::StandsBy, None, State::StandsBy),
            (State::Overdue, HostPart::Works, None, State::Overdue),
            (State::Healthy, HostPart::NotCopied, None, State::NotCopied),
            (State::Bad, HostPart::NotCopied, None, State::Bad),
            (State::Healthy, HostPart::NoLease, None, State::NoLease),
            (State::Healthy, HostPart::NotCopied, Some(State::Older), State::Older),
            (State::Healthy, HostPart::Works, Some(State::Unrecorded), State::Unrecorded),
            (State::Off, HostPart::NoLease, None, State::Off),
        ] {
            assert_eq!(of_host(state, host, outdated), comes_to, "{state:?} {host:?}");
        }
        let exit = |state| Health { state, ..of(&[night(1, 5, Some(3))], false) }.exit().code();
        assert_eq!([State::StandsBy, State::NotCopied, State::NoLease, State::Unrecorded].map(exit), [0, 5, 14, 14]);
    }

    #[test]
    fn what_is_off_is_not_missed() {
        let health = health(&[night(1, 900, Some(12))], false, Mode::Off, false, TimeDelta::hours(26), noon());
        assert!(health.is_healthy());
        assert_eq!(health.exit(), Exit::Done);
    }
}
