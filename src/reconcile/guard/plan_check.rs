//! The checks between a plan and a write.
//!
//! All guards are asked, all of them answer, and only then is it decided: a person who reads the report sees every
//! reason, not the first. A plan that one of them stops is *held* (or *refused*, where it is the export's fault); a
//! person lets it pass by its fingerprint. There is no other way round them, and none at all round a held line, but for a
//! new one that is held for its size.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use rust_decimal::Decimal;

use crate::reconcile::decide::findings::row_remedies::row_remedy;
use crate::reconcile::guard::accepted_counts::Size;
use crate::reconcile::guard::baseline;
use crate::reconcile::guard::cleared_plan::ClearedPlan;
use crate::reconcile::guard::file_twice::file_twice;
use crate::reconcile::guard::guard_policy::{GuardPolicy, Percent};
use crate::reconcile::guard::run_guards::{PlanTally, step};
use crate::reconcile::guard::stop_finding::{percent, stop};
use crate::reconcile::model::display_text::{day, shown};
use crate::reconcile::model::export::counts::Counts;
use crate::reconcile::model::export::partial_export::UnreadPart;
use crate::reconcile::model::ids::{AdditionId, AgreementId, RunId};
use crate::reconcile::model::past::{Accepted, ExportStamp, Past};
use crate::reconcile::model::plan::Plan;
use crate::reconcile::model::plan::finding::{Finding, plural};
use crate::reconcile::model::plan::fingerprint::short;
use crate::reconcile::model::plan::reason_code::{Code, Severity};
use crate::reconcile::model::plan::remedy::Remedy;

/// What the guards look at, beside the plan.
#[derive(Debug, Clone, Copy)]
pub struct GuardInputs<'a> {
    /// The limits.
    pub policy: &'a GuardPolicy,
    /// What the last accepted run saw.
    pub past: &'a Past,
    /// The export's counts.
    pub counts: &'a Counts,
    /// Which export, and how old.
    pub export: &'a ExportStamp,
    /// Which additions ConnectWise returned tonight.
    pub seen: &'a ReadCoverage,
    /// The time of the run.
    pub now: DateTime<Utc>,
    /// Whether this run would write without anybody having looked: a nightly run in apply mode.
    pub unattended: bool,
}

/// What ConnectWise returned, and what it was asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReadCoverage {
    /// Every addition that was returned.
    pub additions: BTreeSet<AdditionId>,
    /// The agreements whose additions were asked for.
    pub agreements: BTreeSet<AgreementId>,
    /// A company or an agreement that the mapping names was not to be found: then lines that were not asked for may be
    /// out of sight, and not unmapped.
    pub lost_sight: bool,
}

/// Who let the plan pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Approval<'a> {
    /// Nobody: the guards decide.
    Nobody,
    /// A person, by this fingerprint.
    Fingerprint(&'a str),
}

/// Why a plan is not carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stopped {
    /// Whether the export is at fault; else it is the plan.
    pub by_export: bool,
    /// Every guard that stopped it. Never empty.
    pub findings: Vec<Finding>,
}

/// The only way to a [`ClearedPlan`], beside [`clear_approved`].
///
/// # Errors
/// Every reason why the plan is not carried out.
pub fn clear(plan: &Plan, checks: GuardInputs<'_>, approval: Approval<'_>) -> Result<ClearedPlan, Stopped> {
    let of_export = export_findings(plan, checks);
    let by_export = !of_export.is_empty();
    let findings = [of_export, run_findings(plan, checks)].concat();
    match approval {
        Approval::Fingerprint(fingerprint) => {
            let overridden = findings.into_iter().map(|finding| overridden(finding, fingerprint));
            Ok(clear_approved(plan, fingerprint, "recount plan")?.over(overridden))
        }
        Approval::Nobody if findings.is_empty() => Ok(ClearedPlan::seal(plan)),
        Approval::Nobody => Err(Stopped { by_export, findings }),
    }
}

/// Every guard that stops the plan, those of the export first.
pub(super) fn findings(plan: &Plan, checks: GuardInputs<'_>) -> Vec<Finding> {
    [export_findings(plan, checks), run_findings(plan, checks)].concat()
}

/// What a guard said of a plan that a person approved all the same.
pub fn overridden(stopped: Finding, approved: &str) -> Finding {
    let message = format!("approved all the same, as plan {}: {}", short(approved), stopped.message);
    Finding { severity: Severity::Info, message, fix: Remedy::default(), ..stopped }
}

/// The same by a person's approval alone; `again` is the command that draws such a plan anew.
///
/// # Errors
/// When the plan is not the one that was approved.
pub fn clear_approved(plan: &Plan, fingerprint: &str, again: &str) -> Result<ClearedPlan, Stopped> {
    match moved(plan, fingerprint, again) {
        None => Ok(ClearedPlan::seal(plan)),
        Some(moved) => Err(Stopped { by_export: false, findings: vec![moved] }),
    }
}

/// An approval holds for the plan that was seen, and for no other.
fn moved(plan: &Plan, approved: &str, again: &str) -> Option<Finding> {
    let drawn = plan.fingerprint();
    (drawn != approved).then(|| {
        let message = format!("plan {} no longer matches; drawn now: {}", short(approved), short(&drawn));
        stop(Code::PlanMoved, message, Remedy::command(again))
    })
}

/// What a person knows of one ConnectWise says nothing of another.
///
/// `typed` is the command that approves it all the same, or leads there.
pub fn another_connectwise(known: &str, site: &str, typed: Remedy) -> Finding {
    let message = format!("this history is of {}, and tonight's ConnectWise is {}", shown(known), shown(site));
    stop(Code::ConnectwiseChanged, message, typed.or(Remedy::settings("correct url or company")))
}

/// An approval holds for a while: what was right last month was drawn on another month's counts, however alike.
pub fn expired(approved: &str, drawn_at: DateTime<Utc>, now: DateTime<Utc>, life: TimeDelta) -> Option<Stopped> {
    let age = now.signed_duration_since(drawn_at);
    (age > life).then(|| {
        let drawn = hours(age);
        let message = format!("plan {} was last drawn {drawn} ago, the limit is {}", short(approved), hours(life));
        let finding = stop(Code::ApprovalExpired, message, Remedy::command("recount plan"));
        Stopped { by_export: false, findings: vec![finding] }
    })
}

/// What the export guards say of a whole export. A plan is drawn all the same, so that a person can approve it.
fn export_findings(plan: &Plan, checks: GuardInputs<'_>) -> Vec<Finding> {
    let GuardInputs { policy, past, counts, export, now, .. } = checks;
    let mut findings = Vec::from_iter(stale(policy, export, now));
    findings.extend(part_unread(counts));
    findings.extend(old_again(plan, past));
    if let Some(accepted) = &past.accepted {
        findings.extend(fewer_files(counts, accepted));
        findings.extend(file_twice(plan, past, counts, accepted));
        findings.extend((counts.open_end && !accepted.open_end).then(|| cut_off(accepted.run)));
        let (now, then) = sizes(plan, checks, accepted);
        let share = |code, what: &str, now: Decimal, then: Decimal, min: Percent| {
            let short = now < min.share(then);
            short.then(|| fewer(code, what, now, then, min, &format!("since run {}", accepted.run)))
        };
        let (rows, customers) = (Decimal::from(now.rows), Decimal::from(now.customers));
        let (rows_then, customers_then) = (Decimal::from(then.rows), Decimal::from(then.customers));
        findings.extend(share(Code::ExportFewerRows, "rows", rows, rows_then, policy.min_rows));
        findings.extend(share(
            Code::ExportFewerCustomers,
            "customers",
            customers,
            customers_then,
            policy.min_customers,
        ));
        findings.extend(share(Code::ExportFewerUnits, "units", now.units, then.units, policy.min_units));
    }
    findings
}

/// A vendor that writes a file for each region may be late with one of them.
fn fewer_files(counts: &Counts, accepted: &Accepted) -> Option<Finding> {
    let (now, then) = (counts.files.len(), accepted.files);
    (now > 0 && now < then).then(|| {
        let message = format!("{} of the export, and run {} read {then}", plural(&now, "file"), accepted.run);
        stop(Code::ExportFewerFiles, message, "wait for the whole delivery; if the others have ended, approve the plan")
    })
}

/// Tonight's export and the last accepted one. A history of an older version knows that one as a whole only.
pub(super) fn sizes(plan: &Plan, checks: GuardInputs<'_>, accepted: &Accepted) -> (Size, Size) {
    let GuardInputs { past, counts, .. } = checks;
    if accepted.by_count {
        return (baseline::tonight(&past.counts, counts, plan), Size::of(&past.counts));
    }
    let tonight = Size { rows: counts.rows, customers: counts.customers.len(), units: counts.units() };
    (tonight, Size { rows: accepted.rows, customers: accepted.customers.len(), units: accepted.units })
}

/// A file that looks like a part of the export: whoever is not in it may be in the rest.
pub fn part_unread(counts: &Counts) -> Option<Finding> {
    let signs: Vec<String> = counts.unread.iter().take(SIGNS_SAID).map(ToString::to_string).collect();
    (!signs.is_empty()).then(|| {
        let message = format!("the export looks like a part of it: {}", signs.join("; "));
        let whole = Remedy::settings("if it is whole as it is, set whole = true in the export's table");
        let on = counts.unread.iter().find(|sign| !matches!(sign, UnreadPart::Total { .. })).or(counts.unread.first());
        let on = on.and_then(reads_on).unwrap_or_default();
        stop(Code::ExportPartUnread, message, on.or("fetch the export whole".into()).or(whole))
    })
}

const SIGNS_SAID: usize = 3;

/// The keys that would read the rest, of the first sign.
fn reads_on(sign: &UnreadPart) -> Option<Remedy> {
    let beside = if sign.is_of_pages() { "read its `url` page by page: set" } else { "set" };
    Some(Remedy::settings(format!("{beside} {} in the export's table", sign.keys()?)))
}

/// So few lines may well go back by chance.
const BACK_MAX: usize = 3;

/// The bytes of an older night: what was changed since would be set back.
fn old_again(plan: &Plan, past: &Past) -> Option<Finding> {
    let night = past.same_bytes?;
    let back = plan.lines.iter().filter(|line| line.live.is_some() && !step(line).is_zero()).count();
    (back > BACK_MAX).then(|| {
        let message = format!("the export is that of run {night} again, byte by byte, and {back} lines would go back");
        stop(Code::ExportOldAgain, message, "fetch tonight's export; if its counts hold again, approve the plan")
    })
}

/// A vendor that ends its last row with a line break does so every night.
fn cut_off(run: RunId) -> Finding {
    let message = format!("no line break ends the export, as one did in run {run}: it may be cut off");
    stop(Code::ExportCutOff, message, "fetch the export again; if it is whole, approve the plan")
}

/// An export with too many rows that cannot be read is damaged: no plan is drawn from it.
pub fn malformed(counts: &Counts, policy: &GuardPolicy) -> Option<Finding> {
    let (bad, rows) = (counts.rejected.len() + counts.nameless.len(), counts.rows);
    let too_many = Decimal::from(bad) > policy.max_malformed.share(Decimal::from(rows));
    too_many.then(|| {
        let share = percent(Decimal::from(bad), Decimal::from(rows));
        let limit = policy.max_malformed.0;
        let first = counts.rejected.iter().map(|row| {
            let (column, value) = (shown(&row.column), shown(&row.value));
            format!("; the first is {}, column \"{column}\": \"{value}\" {}", counts.parts.line(row.line), row.why)
        });
        let first = first.take(1).collect::<String>();
        let nameless = match counts.nameless.first() {
            Some(line) => {
                let first = counts.parts.line(*line);
                format!("; {} name no customer, the first is {first}", counts.nameless.len())
            }
            None => String::new(),
        };
        let message = format!("{bad} of {rows} rows could not be read ({share} %, limit {limit} %){first}{nameless}");
        let all_may_be = counts.nameless.is_empty() && counts.rejected.iter().all(|row| row.why.may_be_declared());
        let declare = || {
            let declared = Remedy::settings("declare how the vendor writes numbers");
            declared.noting("`recount check` says what to write")
        };
        stop(Code::ExportMalformed, message, if all_may_be { declare() } else { unread(counts) })
    })
}

/// What helps the first row that could not be read.
fn unread(counts: &Counts) -> Remedy {
    counts.rejected.first().map_or_else(
        || Remedy::settings("set `fill_down`, or leave rows without a customer out with `drop`"),
        |row| row_remedy(&row.why),
    )
}

/// An export of another night: too old, or from a day that has not come.
pub fn stale(policy: &GuardPolicy, export: &ExportStamp, now: DateTime<Utc>) -> Option<Finding> {
    let age = now.signed_duration_since(export.modified_at);
    if age < -FUTURE_MAX {
        let message = format!("the export is of {}, which has not come yet", day(export.modified_at.date_naive()));
        return Some(stop(Code::ExportStale, message, "look at the file's time, and at the clock"));
    }
    (age > policy.max_age).then(|| {
        let message = format!("the export is {} old, the limit is {}", hours(age), hours(policy.max_age));
        stop(Code::ExportStale, message, "fetch tonight's export, or approve the plan if its counts still hold")
    })
}

/// Copied between hosts, a file's time is off by a time zone, not by more.
const FUTURE_MAX: TimeDelta = TimeDelta::hours(24);

/// `36 h`, or `36 h 5 min`.
pub(super) fn hours(time: TimeDelta) -> String {
    match time.num_minutes() % 60 {
        0 => format!("{} h", time.num_hours()),
        minutes => format!("{} h {minutes} min", time.num_hours()),
    }
}

#[expect(clippy::too_many_arguments, reason = "the parts of one sentence")]
fn fewer(code: Code, what: &str, now: Decimal, then: Decimal, min: Percent, since: &str) -> Finding {
    let (share, min) = (percent(now, then), min.0);
    let message = format!("{what} {since}: {} → {} ({share} %, at least {min} %)", then.normalize(), now.normalize());
    stop(code, message, "fetch the export again; if it is true, approve the plan")
}

fn run_findings(plan: &Plan, checks: GuardInputs<'_>) -> Vec<Finding> {
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
