//! How a guard says that it stops a plan.

use rust_decimal::Decimal;

use crate::reconcile::model::plan::finding::{Finding, finding};
use crate::reconcile::model::plan::reason_code::{Code, Severity};
use crate::reconcile::model::plan::remedy::Remedy;

/// What a guard says, and what to do.
pub(super) fn stop(code: Code, message: String, fix: impl Into<Remedy>) -> Finding {
    Finding { fix: fix.into(), ..finding(Severity::Decide, code, message) }
}

/// `part` of `whole` in percent, to two places, for a sentence.
pub(super) fn percent(part: Decimal, whole: Decimal) -> Decimal {
    // Divided first: a quantity of 28 digits, as ConnectWise may hold, times a hundred does not fit.
    let share = part.checked_div(whole).unwrap_or_default();
    share.saturating_mul(Decimal::ONE_HUNDRED).round_dp(2).normalize()
}
