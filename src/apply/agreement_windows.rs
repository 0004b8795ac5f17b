//! The agreements that are about to be written on, read again for many writes at a time.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::apply::execution_context::ExecutionContext;
use crate::connectwise::{ReadError, Reader};
use crate::reconcile::model::connectwise_records::Agreements;
use crate::reconcile::model::ids::AgreementId;
use crate::reconcile::model::plan::reason_code::Code;

/// How old what was seen of an agreement may be when a write on it leaves (rule 11).
const AGREEMENT_LIFE: Duration = Duration::from_secs(60);
/// From when on it is read again: the rest is for the look and the write.
const READ_AGAIN_AFTER: Duration = Duration::from_secs(40);
/// Agreements of one request.
const WINDOW: usize = 25;

/// What was last seen of the agreements of a plan.
pub(super) struct AgreementWindows {
    /// In the order in which they are written on.
    order: Vec<AgreementId>,
    /// Locked while a window is read: who needs one of it waits for it.
    seen: Mutex<BTreeMap<AgreementId, SeenAgreement>>,
}

/// What was seen of one.
#[derive(Debug, Clone)]
pub(super) struct SeenAgreement {
    asked_at: Instant,
    /// Why nothing is written on it.
    pub(super) trouble: Option<(Code, String)>,
}

impl SeenAgreement {
    /// After which no write may leave that stands on it.
    pub(super) fn until(&self) -> Instant {
        self.asked_at + AGREEMENT_LIFE
    }
}

impl AgreementWindows {
    pub(super) fn new(order: Vec<AgreementId>) -> Self {
        Self { order, seen: Mutex::default() }
    }

    /// What one shows, seen lately. With it those are read that come next.
    pub(super) async fn show<R: Reader>(
        &self,
        agreement: AgreementId,
        connectwise: &R,
        context: ExecutionContext<'_>,
    ) -> Result<SeenAgreement, ReadError> {
        let mut seen = self.seen.lock().await;
        if let Some(lately) = seen.get(&agreement).filter(|one| one.asked_at.elapsed() < READ_AGAIN_AFTER) {
            return Ok(lately.clone());
        }
        let next = self.order.iter().skip_while(|one| **one != agreement).take(WINDOW).copied();
        let window: BTreeSet<AgreementId> = next.chain([agreement]).collect();
        let asked_at = Instant::now();
        let found = connectwise.agreements(&window).await?;
        let shown = |one: AgreementId| SeenAgreement { asked_at, trouble: trouble(one, &found, context) };
        seen.extend(window.into_iter().map(|one| (one, shown(one))));
        Ok(shown(agreement))
    }

    /// What one shows right now; before a further try.
    pub(super) async fn show_again<R: Reader>(
        &self,
        agreement: AgreementId,
        connectwise: &R,
        context: ExecutionContext<'_>,
    ) -> Result<SeenAgreement, ReadError> {
        let asked_at = Instant::now();
        let found = connectwise.agreements(&BTreeSet::from([agreement])).await?;
        let shown = SeenAgreement { asked_at, trouble: trouble(agreement, &found, context) };
        self.seen.lock().await.insert(agreement, shown.clone());
        Ok(shown)
    }
}

/// Why nothing is written on an agreement, by what was found.
fn trouble(agreement: AgreementId, found: &Agreements, context: ExecutionContext<'_>) -> Option<(Code, String)> {
    if let Some(record) = found.unreadable.iter().find(|record| record.id == agreement.0) {
        return Some((Code::AgreementUnreadable, format!("agreement {agreement} cannot be read: {}", record.why)));
    }
    let Some(record) = found.records.iter().find(|found| found.id == agreement) else {
        return Some((Code::AgreementMissing, format!("agreement {agreement} is gone since the plan was drawn")));
    };
    if let Err(trouble) = record.billing(context.today) {
        return Some((trouble.code(), format!("agreement {agreement} {trouble}, since the plan was drawn")));
    }
    let before = context.expected_owners.other_company(record)?;
    let detail = format!("agreement {agreement} was of company {before} and is of company {} now", record.company);
    Some((Code::AgreementOtherCompany, detail))
}
