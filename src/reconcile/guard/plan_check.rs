//! The check between a plan and a write: what clears a plan, and what a person's approval lets pass.
//!
//! All guards are asked, all of them answer, and only then is it decided: a person who reads the report sees every
//! reason, not the first. A plan that one of them stops is *held* (or *refused*, where it is the export's fault); a
//! person lets it pass by its fingerprint. There is no other way round them, and none at all round a held line, but for a
//! new one that is held for its size.

use chrono::{DateTime, TimeDelta, Utc};

use crate::reconcile::guard::cleared_plan::ClearedPlan;
use crate::reconcile::guard::export_guards::{export_findings, hours};
use crate::reconcile::guard::guard_inputs::GuardInputs;
use crate::reconcile::guard::run_guards::run_findings;
use crate::reconcile::guard::stop_finding::stop;
use crate::reconcile::model::display_text::shown;
use crate::reconcile::model::plan::Plan;
use crate::reconcile::model::plan::finding::Finding;
use crate::reconcile::model::plan::fingerprint::short;
use crate::reconcile::model::plan::reason_code::{Code, Severity};
use crate::reconcile::model::plan::remedy::Remedy;

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
    stop(Code::ConnectWiseChanged, message, typed.or(Remedy::settings("correct url or company")))
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
