//! A run set back: what it wrote, what ConnectWise holds now, and a plan of those lines alone.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt, TryStreamExt};

use crate::apply::recovery::resolve_leftovers;
use crate::connectwise::{ReadError, Reader};
use crate::history::journal::{IntentKind, WriteOutcome, WriteRecord};
use crate::history::record::PlanRecord;
use crate::history::store::open::History;
use crate::nightly::failure::Failure;
use crate::nightly::gather::READS_AT_ONCE;
use crate::nightly::recorder::Ending;
use crate::nightly::{Job, unless_stopped};
use crate::reconcile::decide::undo::{Undoing, Wrote, draw_undo};
use crate::reconcile::exit::Exit;
use crate::reconcile::guard::check::clear_approved;
use crate::reconcile::guard::cleared::ClearedPlan;
use crate::reconcile::model::code::Code;
use crate::reconcile::model::ids::{AgreementId, RunId};
use crate::reconcile::model::plan::LineKey;
use crate::reconcile::model::records::{Additions, Agreement};

/// Everything up to the first write of an undo. `None` without an approval, or when it no longer fits.
pub(super) async fn plan<R: Reader>(
    job: Job<'_>,
    undone: RunId,
    connectwise: &R,
    history: &mut History,
    ending: &mut Ending<'_>,
) -> Result<Option<ClearedPlan>, Failure> {
    ending.cut_off_runs(history)?;
    let leftovers = resolve_leftovers(job.integration, connectwise, history, job.settle, ending.started_at());
    let (resolutions, in_doubt) = unless_stopped(job, leftovers).await??;
    ending.resolved(&resolutions);
    let planned = history.run(undone)?.and_then(|run| run.planned).ok_or_else(|| nothing(undone))?;
    ending.export_of(&planned);
    let wrote = wrote(&planned, history.writes_of(undone)?);
    let agreements: BTreeSet<AgreementId> = wrote.keys().map(|key| key.agreement).collect();
    let (agreements, additions) = unless_stopped(job, read(connectwise, &agreements)).await??;
    let plan = draw_undo(Undoing {
        integration: job.integration,
        run: undone,
        wrote: &wrote,
        agreements: &agreements,
        additions: &additions,
        in_doubt: &in_doubt,
        today: ending.today(),
    });
    let cleared = match job.approved {
        None => {
            ending.propose(plan);
            None
        }
        Some(fingerprint) => {
            let clearance = clear_approved(&plan, fingerprint, &format!("recount undo {undone}"));
            let cleared = ending.plan(plan, clearance);
            if cleared.is_none() {
                ending.moved_since(fingerprint, history)?;
            }
            cleared
        }
    };
    ending.store_plan(history)?;
    Ok(cleared)
}

fn nothing(run: RunId) -> Failure {
    let message = format!("run {run} made no plan, so there is nothing to set back");
    Failure::new(Exit::Usage, Code::Unexpected, message, "recount history")
}

/// What ConnectWise took of a run's writes. What it refused, or what was given up, changed nothing.
fn wrote(planned: &PlanRecord, writes: Vec<WriteRecord>) -> BTreeMap<LineKey, Wrote> {
    let wrote = writes.into_iter().filter_map(|WriteRecord { intent, outcome, .. }| {
        let Some(WriteOutcome::Applied { addition, quantity }) = outcome else { return None };
        let before = match intent.kind {
            IntentKind::Set { from, .. } => Some(from),
            IntentKind::Create { .. } => None,
        };
        let key = intent.key;
        let line = planned.lines.iter().find(|line| line.key().as_ref() == Some(&key));
        let company = line.and_then(|line| line.company);
        let sources = line.map(|line| line.sources.clone()).unwrap_or_default();
        Some((key, Wrote { company, sources, addition, before, quantity }))
    });
    wrote.collect()
}

/// The agreements that are concerned, and their additions; nothing else is asked for.
async fn read<R: Reader>(
    connectwise: &R,
    ids: &BTreeSet<AgreementId>,
) -> Result<(BTreeMap<AgreementId, Agreement>, Additions), ReadError> {
    let found = connectwise.agreements(ids).await?;
    let found: BTreeMap<AgreementId, Agreement> =
        found.into_iter().map(|agreement| (agreement.id, agreement)).collect();
    let reads = found.keys().map(|agreement| async move {
        let additions = connectwise.additions(*agreement).await?;
        Ok((*agreement, additions))
    });
    let additions = futures_util::stream::iter(reads).buffer_unordered(READS_AT_ONCE).try_collect().await?;
    Ok((found, additions))
}
