//! A run set back: what it wrote, what ConnectWise holds now, and a plan of those lines alone.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt, TryStreamExt};

use crate::apply::grounds::Grounds;
use crate::connectwise::{ReadError, Reader};
use crate::history::journal::{IntentKind, WriteOutcome, WriteRecord};
use crate::history::record::{ExportRecord, PlanRecord};
use crate::history::store::open::History;
use crate::nightly::begun_run::BegunRun;
use crate::nightly::earlier_runs::{close_cut_off_runs, look_up_open_writes};
use crate::nightly::failure::Failure;
use crate::nightly::recorder::Drawn;
use crate::nightly::remote::additions::READS_AT_ONCE;
use crate::reconcile::decide::undo::{Undoing, Wrote, draw_undo};
use crate::reconcile::guard::check::clear_approved;
use crate::reconcile::model::ids::{AdditionId, AgreementId, RunId};
use crate::reconcile::model::past::InDoubt;
use crate::reconcile::model::plan::code::Code;
use crate::reconcile::model::plan::finding::Finding;
use crate::reconcile::model::plan::line::LineKey;
use crate::reconcile::model::records::{Additions, Agreement};
use crate::report::exit::Exit;

/// Everything the plan of an undo is drawn from.
pub(super) struct UndoInputs {
    export: ExportRecord,
    wrote: BTreeMap<LineKey, Wrote>,
    agreements: BTreeMap<AgreementId, Agreement>,
    additions: Additions,
    in_doubt: BTreeMap<LineKey, InDoubt>,
}

impl UndoInputs {
    /// What a write is compared with.
    pub(super) fn grounds(&self) -> Grounds {
        Grounds::of(self.agreements.values(), &self.additions)
    }
}

/// Gathers it. What is found on the way is told whether or not the rest can be had.
pub(super) async fn gather<R: Reader>(
    run: BegunRun<'_>,
    undone: RunId,
    connectwise: &R,
    history: &mut History,
    findings: &mut Vec<Finding>,
) -> Result<UndoInputs, Failure> {
    close_cut_off_runs(run, history, findings)?;
    let in_doubt = look_up_open_writes(run, connectwise, history, findings).await?;
    let planned = history.run(undone)?.and_then(|run| run.planned).ok_or_else(|| nothing(undone))?;
    let wrote = wrote(&planned, history.writes_of(undone)?, &history.written_after(run.job.integration, undone)?);
    let agreements: BTreeSet<AgreementId> = wrote.keys().map(|key| key.agreement).collect();
    let (agreements, additions) = run.unless_stopped(read(connectwise, &agreements)).await??;
    Ok(UndoInputs { export: planned.export, wrote, agreements, additions, in_doubt })
}

/// The decision: a proposal without an approval, and stopped when that no longer fits. Its plan stands on the export of
/// the run that it sets back.
pub(super) fn decide(run: BegunRun<'_>, undone: RunId, inputs: UndoInputs) -> Drawn {
    let UndoInputs { export, wrote, agreements, additions, in_doubt } = inputs;
    let plan = draw_undo(Undoing {
        integration: run.job.integration,
        run: undone,
        wrote: &wrote,
        agreements: &agreements,
        additions: &additions,
        in_doubt: &in_doubt,
        today: run.today(),
    });
    match run.job.approved {
        None => Drawn::proposed(plan, export),
        Some(fingerprint) => {
            let cleared = clear_approved(&plan, fingerprint, &format!("recount undo {undone}"));
            Drawn::checked(plan, cleared, export)
        }
    }
}

fn nothing(run: RunId) -> Failure {
    let message = format!("run {run} made no plan, so there is nothing to set back");
    Failure::new(Exit::Usage, Code::Unexpected, message, "recount history")
}

/// What ConnectWise took of a run's writes. What it refused, or what was given up, changed nothing.
fn wrote(
    planned: &PlanRecord,
    writes: Vec<WriteRecord>,
    later: &BTreeMap<AdditionId, RunId>,
) -> BTreeMap<LineKey, Wrote> {
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
        let later = later.get(&addition).copied();
        Some((key, Wrote { company, sources, addition, before, quantity, later }))
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
        found.records.into_iter().map(|agreement| (agreement.id, agreement)).collect();
    let reads = found.keys().map(|agreement| async move {
        let list = connectwise.additions(*agreement).await?;
        Ok((*agreement, list.additions))
    });
    let additions = futures_util::stream::iter(reads).buffer_unordered(READS_AT_ONCE).try_collect().await?;
    Ok((found, additions))
}
