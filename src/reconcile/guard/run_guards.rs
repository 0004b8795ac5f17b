//! The guards of a run: what a plan would do to all lines together, how many lines ConnectWise returned, and whether it is
//! the first to write. Too much of it is not for a night without anybody watching.

use rust_decimal::Decimal;

use crate::reconcile::guard::guard_inputs::{GuardInputs, ReadCoverage};
use crate::reconcile::guard::guard_policy::{CHANGES_MIN, CREATIONS_MAX, GuardPolicy, Percent, UNITS_UP_MIN};
use crate::reconcile::guard::stop_finding::{percent, stop};
use crate::reconcile::model::past::{Accepted, Past};
use crate::reconcile::model::plan::Plan;
use crate::reconcile::model::plan::finding::{Finding, plural};
use crate::reconcile::model::plan::fingerprint::short;
use crate::reconcile::model::plan::line::{Line, Verdict};
use crate::reconcile::model::plan::reason_code::Code;
use crate::reconcile::model::plan::remedy::Remedy;

/// The sums of a plan. Rises and falls are not set against each other: a line that falls by mistake is no better for one
/// that rises by another.
#[derive(Default)]
pub(super) struct PlanTally {
    lines: usize,
    changed: usize,
    created: usize,
    billed: Decimal,
    up: Decimal,
    down: Decimal,
}

impl PlanTally {
    pub(super) fn of(plan: &Plan) -> Self {
        let mut tally = Self::default();
        for line in plan.lines.iter().filter(|line| line.key().is_some() && !line.is_found()) {
            let billed = line.live.map_or(Decimal::ZERO, |live| live.quantity.as_decimal());
            tally.lines += 1;
            tally.billed = tally.billed.saturating_add(billed);
            tally.created += usize::from(matches!(line.verdict, Verdict::Create(_)));
            tally.step(step(line));
        }
        tally
    }

    fn step(&mut self, step: Decimal) {
        if !step.is_zero() {
            self.changed += 1;
        }
        if step.is_sign_negative() {
            self.down = self.down.saturating_sub(step);
        } else {
            self.up = self.up.saturating_add(step);
        }
    }

    pub(super) fn too_many_changes(&self, policy: &GuardPolicy) -> Option<Finding> {
        let Self { lines, changed, .. } = self;
        let limit = policy.max_lines_changed;
        let over = *changed >= CHANGES_MIN && exceeds(*changed, *lines, limit);
        over.then(|| self.share_of_lines(Code::TooManyChanges, *changed, "would change", limit))
    }

    pub(super) fn too_many_created(&self, policy: &GuardPolicy) -> Option<Finding> {
        let Self { lines, created, .. } = self;
        let limit = policy.max_lines_created;
        let over = *created > CREATIONS_MAX && exceeds(*created, *lines, limit);
        over.then(|| self.share_of_lines(Code::TooManyCreated, *created, "would be created", limit))
    }

    pub(super) fn too_many_units_down(&self, policy: &GuardPolicy) -> Option<Finding> {
        let (down, limit) = (self.down, policy.max_units_down);
        let over = down > limit.share(self.billed);
        over.then(|| self.share_of_units(Code::TooManyUnitsDown, "the falls", down, limit))
    }

    pub(super) fn too_many_units_up(&self, policy: &GuardPolicy) -> Option<Finding> {
        let (up, limit) = (self.up, policy.max_units_up);
        let over = up >= UNITS_UP_MIN && up > limit.share(self.billed);
        over.then(|| self.share_of_units(Code::TooManyUnitsUp, "rises and new lines", up, limit))
    }

    /// What each of these guards measures, as it says of a plan that it lets pass. How many lines are created is compared
    /// with earlier nights alone.
    pub(super) fn measured(&self, policy: &GuardPolicy, is_known: bool) -> Vec<(Code, String)> {
        let floor = |is_below: bool, floor: String| {
            if is_below { format!("; below {floor} it does not count") } else { String::new() }
        };
        let changed = self.said_of_lines(self.changed, "would change", policy.max_lines_changed);
        let up = self.said_of_units("rises and new lines", self.up, policy.max_units_up);
        let mut measured = vec![
            (Code::TooManyChanges, changed + &floor(self.changed < CHANGES_MIN, format!("{CHANGES_MIN} lines"))),
            (Code::TooManyUnitsDown, self.said_of_units("the falls", self.down, policy.max_units_down)),
            (Code::TooManyUnitsUp, up + &floor(self.up < UNITS_UP_MIN, plural(&UNITS_UP_MIN, "unit"))),
        ];
        if is_known {
            let created = self.said_of_lines(self.created, "would be created", policy.max_lines_created);
            let below = floor(self.created <= CREATIONS_MAX, format!("{} lines", CREATIONS_MAX + 1));
            measured.push((Code::TooManyCreated, created + &below));
        }
        measured
    }

    fn share_of_units(&self, code: Code, what: &str, units: Decimal, limit: Percent) -> Finding {
        let message = self.said_of_units(what, units, limit);
        stop(code, message, "look at the export; if it is true, approve the plan")
    }

    fn said_of_units(&self, what: &str, units: Decimal, limit: Percent) -> String {
        let (billed, share) = (self.billed.normalize(), percent(units, self.billed));
        let share = if billed.is_zero() { String::new() } else { format!("{share} %, ") };
        let units = plural(&units.normalize(), "unit");
        format!("{what} come to {units}, of {billed} billed ({share}limit {} %)", limit.0)
    }

    fn share_of_lines(&self, code: Code, count: usize, what: &str, limit: Percent) -> Finding {
        let message = self.said_of_lines(count, what, limit);
        stop(code, message, "look at the plan; if it is true, approve it")
    }

    fn said_of_lines(&self, count: usize, what: &str, limit: Percent) -> String {
        let share = percent(Decimal::from(count), Decimal::from(self.lines));
        format!("{count} of {} lines {what} ({share} %, limit {} %)", self.lines, limit.0)
    }
}

/// How far a line would move. What a peak or an average comes to by a new day or period alone is nobody's mistake, and
/// does not count: it would hold the first night of every month.
pub(super) fn step(line: &Line) -> Decimal {
    match &line.verdict {
        Verdict::Update(change) => line.carried.unwrap_or(change.from).delta_to(change.to),
        Verdict::Create(creation) => creation.quantity.as_decimal(),
        Verdict::Unchanged(_) | Verdict::Held(_) | Verdict::Large(_) | Verdict::Skipped(_) => Decimal::ZERO,
    }
}

fn exceeds(part: usize, whole: usize, limit: Percent) -> bool {
    Decimal::from(part) > limit.share(Decimal::from(whole))
}

/// What the guards of the run say of a whole plan.
pub(super) fn run_findings(plan: &Plan, checks: GuardInputs<'_>) -> Vec<Finding> {
    let GuardInputs { policy, past, seen, unattended, .. } = checks;
    let tally = PlanTally::of(plan);
    let writes = plan.lines.iter().any(|line| line.verdict.is_change());
    let found = [
        tally.too_many_changes(policy),
        tally.too_many_units_down(policy),
        tally.too_many_units_up(policy),
        past.accepted.as_ref().and_then(|_| tally.too_many_created(policy)),
        past.accepted.as_ref().and_then(|accepted| unseen(accepted, seen, policy)),
        (unattended && writes).then(|| first_apply(plan, past)).flatten(),
    ];
    found.into_iter().flatten().collect()
}

/// Lines of customers that were taken out of the mapping are not missed.
fn unseen(accepted: &Accepted, seen: &ReadCoverage, policy: &GuardPolicy) -> Option<Finding> {
    let (then, now) = lines_seen(accepted, seen);
    let (then_units, now_units) = (Decimal::from(then), Decimal::from(now));
    (now_units < policy.min_lines_seen.share(then_units)).then(|| {
        let (share, min) = (percent(now_units, then_units), policy.min_lines_seen.0);
        let message =
            format!("ConnectWise returned {now} of {then} lines of run {} ({share} %, at least {min} %)", accepted.run);
        stop(Code::LinesUnseen, message, "check that the API member still sees every agreement")
    })
}

/// How many lines of the last accepted run were looked for, and how many of them ConnectWise returned.
pub(super) fn lines_seen(accepted: &Accepted, seen: &ReadCoverage) -> (usize, usize) {
    let expected = accepted.lines.iter().filter(|(key, _)| seen.lost_sight || seen.agreements.contains(&key.agreement));
    expected.fold((0, 0), |(then, now), (_, addition)| (then + 1, now + usize::from(seen.additions.contains(addition))))
}

/// The first writes of an integration are those that a person saw in a plan.
fn first_apply(plan: &Plan, past: &Past) -> Option<Finding> {
    (!past.approved_once).then(|| {
        let message = "this integration never wrote before: its first plan needs your approval".to_owned();
        let typed = format!("recount apply {}", short(&plan.fingerprint()));
        stop(Code::FirstApply, message, Remedy::command(typed))
    })
}
