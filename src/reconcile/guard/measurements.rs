//! What the guards measured of a plan: those that let it pass beside those that stop it, so that a person who approves it
//! sees what was looked at.

use rust_decimal::Decimal;

use crate::reconcile::guard::export_guards::{compared, hours, sizes};
use crate::reconcile::guard::guard_inputs::GuardInputs;
use crate::reconcile::guard::guard_policy::Percent;
use crate::reconcile::guard::plan_check::findings;
use crate::reconcile::guard::run_guards::{PlanTally, lines_seen};
use crate::reconcile::guard::stop_finding::percent;
use crate::reconcile::model::plan::Plan;
use crate::reconcile::model::plan::guard_measurement::GuardLook;
use crate::reconcile::model::plan::reason_code::Code;

/// Every guard that had something to measure, in the order of the data's way; those that stop the plan with their own
/// words, and those that measure nothing only where they stop it.
pub fn looks(plan: &Plan, checks: GuardInputs<'_>) -> Vec<GuardLook> {
    let mut stops = findings(plan, checks);
    let mut looks = Vec::new();
    for (code, passed) in measured(plan, checks) {
        let stop = stops.iter().position(|stop| stop.code == code).map(|at| stops.remove(at));
        let (said, stops) = stop.map_or((passed, false), |stop| (stop.message, true));
        looks.push(GuardLook { code, said, stops });
    }
    looks.extend(stops.into_iter().map(|stop| GuardLook { code: stop.code, said: stop.message, stops: true }));
    looks
}

fn measured(plan: &Plan, checks: GuardInputs<'_>) -> Vec<(Code, String)> {
    let GuardInputs { policy, past, seen, .. } = checks;
    let mut measured = of_export(plan, checks);
    measured.extend(PlanTally::of(plan).measured(policy, past.accepted.is_some()));
    if let Some(accepted) = &past.accepted {
        let (then, now) = lines_seen(accepted, seen);
        measured
            .push((Code::LinesUnseen, format!("ConnectWise returned {now} of {then} lines of run {}", accepted.run)));
    }
    measured
}

fn of_export(plan: &Plan, checks: GuardInputs<'_>) -> Vec<(Code, String)> {
    let GuardInputs { policy, past, counts, export, now, .. } = checks;
    let age = now.signed_duration_since(export.modified_at).max(chrono::TimeDelta::zero());
    let bad = counts.rejected.len() + counts.nameless.len();
    let mut measured = vec![
        (Code::ExportStale, format!("the export is {} old, the limit is {}", hours(age), hours(policy.max_age))),
        (
            Code::ExportMalformed,
            format!("{bad} of {} rows could not be read, the limit is {} %", counts.rows, policy.max_malformed.0),
        ),
    ];
    if let Some(accepted) = &past.accepted {
        let (now, then) = sizes(plan, checks, accepted);
        let share = |code, what: &str, now: Decimal, then: Decimal, min: Percent| {
            let (share, min, run, what) = (percent(now, then), min.0, accepted.run, compared(what, accepted));
            let share = if then.is_zero() { String::new() } else { format!(" ({share} %, at least {min} %)") };
            (code, format!("{what} since run {run}: {} → {}{share}", then.normalize(), now.normalize()))
        };
        let [rows, rows_then] = [now.rows, then.rows].map(Decimal::from);
        let [customers, customers_then] = [now.customers, then.customers].map(Decimal::from);
        measured.push(share(Code::ExportFewerRows, "rows", rows, rows_then, policy.min_rows));
        measured.push(share(Code::ExportFewerCustomers, "customers", customers, customers_then, policy.min_customers));
        measured.push(share(Code::ExportFewerUnits, "units", now.units, then.units, policy.min_units));
    }
    measured
}
