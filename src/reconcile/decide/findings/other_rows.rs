//! Rows in the list of one agreement that are of another: set aside, and named once.

use std::collections::BTreeSet;

use crate::reconcile::decide::plan_inputs::PlanInputs;
use crate::reconcile::model::connectwise_records::ForeignAddition;
use crate::reconcile::model::ids::{AgreementId, ProductId};
use crate::reconcile::model::plan::finding::{Finding, finding};
use crate::reconcile::model::plan::reason_code::{Code, Severity};

/// One finding for each agreement in whose list such rows stand. Whoever looks at it in ConnectWise sees them there; of
/// a product that is billed here, they are worth a look.
pub(crate) fn of(gathered: PlanInputs<'_>) -> Vec<Finding> {
    let PlanInputs { mapping, directory, .. } = gathered;
    let codes = mapping.billed().flat_map(|(_, billed)| &billed.products);
    let products: BTreeSet<ProductId> =
        codes.filter_map(|code| directory.products.get(&code.folded())).flatten().map(|found| found.id).collect();
    directory.unread.others.iter().map(|(agreement, rows)| of_agreement(*agreement, rows, &products)).collect()
}

fn of_agreement(agreement: AgreementId, rows: &[ForeignAddition], products: &BTreeSet<ProductId>) -> Finding {
    let is_ours = rows.iter().any(|row| row.addition.product.is_none_or(|product| products.contains(&product)));
    let severity = if is_ours { Severity::Warning } else { Severity::Info };
    let named = rows.iter().map(|row| format!("{} (of agreement {})", row.addition.id, row.agreement));
    let named = named.collect::<Vec<_>>().join(", ");
    let message = format!("the list of agreement {agreement} holds additions of another: {named}");
    let fix = "nothing, if that is its child agreement; they do not count here".to_owned();
    Finding { fix: fix.into(), ..finding(severity, Code::LineOtherAgreement, message) }
}
