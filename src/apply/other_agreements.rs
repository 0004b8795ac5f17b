//! The other agreements of a company, read again before a line begins: a person may have billed the product there since the
//! plan was drawn (rule 10).

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::apply::execution_context::ExecutionContext;
use crate::apply::expected_owners::BeginningLine;
use crate::connectwise::{ReadError, Reader};
use crate::reconcile::guard::cleared_plan::Write;
use crate::reconcile::model::connectwise_records::Addition;
use crate::reconcile::model::ids::{AdditionId, AgreementId};
use crate::reconcile::model::plan::line::LineKey;

/// For how long what was read of one stands for the next line; as old as what is seen of an agreement may be.
const READ_AGAIN_AFTER: Duration = Duration::from_secs(40);

/// What was read lately of other agreements than the one that is written.
#[derive(Default)]
pub(super) struct OtherAgreements {
    /// Locked while one is read: lines of the same company wait for it.
    read: Mutex<BTreeMap<AgreementId, (Instant, Vec<Addition>)>>,
}

impl OtherAgreements {
    /// An addition that did not bill when the plan was drawn, on another agreement of the company, and bills what the line
    /// begins to bill, as far as anybody can tell.
    pub(super) async fn billed_since<R: Reader>(
        &self,
        line: BeginningLine<'_>,
        connectwise: &R,
        context: ExecutionContext<'_>,
    ) -> Result<Option<(AgreementId, AdditionId)>, ReadError> {
        for agreement in context.expected_owners.others_of(line) {
            let mut read = self.read.lock().await;
            if read.get(&agreement).is_none_or(|(at, _)| at.elapsed() > READ_AGAIN_AFTER) {
                let asked_at = Instant::now();
                read.insert(agreement, (asked_at, connectwise.additions_now(agreement).await?.additions));
            }
            let listed = read.get(&agreement).into_iter().flat_map(|(_, additions)| additions);
            if let Some(addition) = since(line, (agreement, listed), context) {
                return Ok(Some((agreement, addition)));
            }
        }
        Ok(None)
    }
}

/// The line of a write that begins: one that is created, or that is at 0.
pub(super) fn begins<'a>(key: &'a LineKey, write: &Write, context: ExecutionContext<'_>) -> Option<BeginningLine<'a>> {
    let product = match write {
        Write::Create(create) => Some(create.product()),
        Write::Set(set) if set.from().is_zero() => context.expected_owners.product_of(set.addition()),
        Write::Set(_) => None,
    };
    Some(BeginningLine { key, product: product? })
}

/// The same on the agreement that is written: under another catalog item of the identifier.
pub(super) fn billed_here_since(
    line: BeginningLine<'_>,
    listed: &[Addition],
    context: ExecutionContext<'_>,
) -> Option<AdditionId> {
    let others = listed.iter().filter(|addition| addition.product.is_some_and(|product| product != line.product));
    since(line, (line.key.agreement, others), context)
}

fn since<'a>(
    line: BeginningLine<'_>,
    (agreement, mut listed): (AgreementId, impl Iterator<Item = &'a Addition>),
    context: ExecutionContext<'_>,
) -> Option<AdditionId> {
    let (owners, today) = (context.expected_owners, context.today);
    listed.find(|addition| owners.bills_since(line, (agreement, addition), today)).map(|addition| addition.id)
}
