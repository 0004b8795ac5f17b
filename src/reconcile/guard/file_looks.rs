//! What the guards of an export would measure of a file that nobody has planned with yet: without ConnectWise, and so without
//! what the mapping makes of it.

use rust_decimal::Decimal;

use crate::reconcile::guard::accepted_counts::Size;
use crate::reconcile::guard::export_guards::malformed;
use crate::reconcile::guard::guard_policy::{GuardPolicy, Percent};
use crate::reconcile::guard::stop_finding::percent;
use crate::reconcile::model::export::counts::Counts;
use crate::reconcile::model::ids::RunId;
use crate::reconcile::model::plan::guard_measurement::GuardLook;
use crate::reconcile::model::plan::reason_code::Code;

/// The rows that cannot be read, and how large the file is beside the last accepted export as a whole. A night compares count by
/// count, and leaves out those that come to nothing: where the two disagree, the night is right.
pub fn file_looks(counts: &Counts, accepted: Option<(RunId, Size)>, policy: &GuardPolicy) -> Vec<GuardLook> {
    let bad = counts.rejected.len() + counts.nameless.len();
    let mut looks = vec![GuardLook {
        code: Code::ExportMalformed,
        said: format!("{bad} of {} rows could not be read, the limit is {} %", counts.rows, policy.max_malformed.0),
        stops: malformed(counts, policy).is_some(),
    }];
    let Some((run, then)) = accepted else { return looks };
    let mut less = |code, what: &str, now: Decimal, then: Decimal, min: Percent| {
        let share =
            if then.is_zero() { String::new() } else { format!(" ({} %, at least {} %)", percent(now, then), min.0) };
        let said = format!("{what} since run {run}: {} → {}{share}", then.normalize(), now.normalize());
        looks.push(GuardLook { code, said, stops: now < min.share(then) });
    };
    let [rows, customers] = [counts.rows, counts.customers.len()].map(Decimal::from);
    let [rows_then, customers_then] = [then.rows, then.customers].map(Decimal::from);
    less(Code::ExportFewerRows, "rows", rows, rows_then, policy.min_rows);
    less(Code::ExportFewerCustomers, "customers", customers, customers_then, policy.min_customers);
    less(Code::ExportFewerUnits, "units", counts.units(), then.units, policy.min_units);
    looks
}
