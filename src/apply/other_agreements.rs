//! The other agreements of a company, read again before a line is created: a person may have billed the product there
//! since the plan was drawn (rule 10).

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::apply::execution_context::ExecutionContext;
use crate::connectwise::{ReadError, Reader};
use crate::reconcile::guard::cleared::CreateLine;
use crate::reconcile::model::ids::{AdditionId, AgreementId};
use crate::reconcile::model::records::Addition;

/// For how long what was read of one stands for the next creation; as old as what is seen of an agreement may be.
const READ_AGAIN_AFTER: Duration = Duration::from_secs(40);

/// What was read lately of agreements on which nobody is counted.
#[derive(Default)]
pub(super) struct OtherAgreements {
    /// Locked while one is read: lines of the same company wait for it.
    read: Mutex<BTreeMap<AgreementId, (Instant, Vec<Addition>)>>,
}

impl OtherAgreements {
    /// An addition that nobody saw when the plan was drawn, on another agreement of the company: of the product, or of one that
    /// could not be read.
    pub(super) async fn billed_since<R: Reader>(
        &self,
        create: &CreateLine,
        connectwise: &R,
        context: ExecutionContext<'_>,
    ) -> Result<Option<(AgreementId, AdditionId)>, ReadError> {
        for agreement in context.expected_owners.uncounted_beside(create.agreement()) {
            let mut read = self.read.lock().await;
            if read.get(&agreement).is_none_or(|(at, _)| at.elapsed() > READ_AGAIN_AFTER) {
                let asked_at = Instant::now();
                read.insert(agreement, (asked_at, connectwise.additions_now(agreement).await?.additions));
            }
            let listed = read.get(&agreement).into_iter().flat_map(|(_, additions)| additions);
            let new = |addition: &&Addition| {
                addition.product.is_none_or(|product| product == create.product())
                    && context.expected_owners.is_new(addition.id)
                    && addition.is_live(context.today)
                    && addition.bills()
            };
            if let Some(addition) = listed.into_iter().find(new) {
                return Ok(Some((agreement, addition.id)));
            }
        }
        Ok(None)
    }
}
