//! A run set back: what it wrote, what ConnectWise holds now, and a plan of those lines alone.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use crate::connectwise::{ReadError, Reader};
use crate::history::journal::{IntentKind, WriteOutcome, WriteRecord};
use crate::history::past::written_since::LaterWrites;
use crate::history::run_record::{ExportRecord, LineRecord, PlanRecord};
use crate::history::store::open::History;
use crate::nightly::begun_run::BegunRun;
use crate::nightly::earlier_runs::{close_cut_off_runs, look_up_open_writes};
use crate::nightly::gather::cycles_by_name;
use crate::nightly::job::ExportSource;
use crate::nightly::night_failure::Failure;
use crate::nightly::recorder::RecordedPlan;
use crate::nightly::remote::additions::{AdditionLists, read_lists};
use crate::nightly::remote::{Remote, catalog_of, hold, read_directory};
use crate::reconcile::decide::undo::draw_undo;
use crate::reconcile::decide::undo::successor::agreements_to_see;
use crate::reconcile::decide::undo::undo_inputs::{ConfirmedWrite, Undoing};
use crate::reconcile::guard::plan_check::clear_approved;
use crate::reconcile::matching::line_claims::Claims;
use crate::reconcile::matching::placement::place_all;
use crate::reconcile::model::export::counts::Counts;
use crate::reconcile::model::ids::{AdditionId, CustomerName, RunId, ServiceName};
use crate::reconcile::model::known_lines::KnownLines as _;
use crate::reconcile::model::line_owners::Owned;
use crate::reconcile::model::mapping::Mapping;
use crate::reconcile::model::past::{CreationInDoubt, Past};
use crate::reconcile::model::plan::finding::Finding;
use crate::reconcile::model::plan::line::{LineKey, Source};
use crate::reconcile::model::plan::reason_code::Code;
use crate::report::exit_codes::Exit;

/// Everything the plan of an undo is drawn from.
pub(super) struct UndoInputs {
    export: ExportRecord,
    wrote: BTreeMap<LineKey, ConfirmedWrite>,
    begun: BTreeMap<AdditionId, RunId>,
    pub(super) remote: Remote,
    claims: Claims,
    in_doubt: BTreeMap<LineKey, CreationInDoubt>,
}

/// Gathers it. What is found on the way is told whether or not the rest can be had.
pub(super) async fn gather<R: Reader>(
    run: BegunRun<'_>,
    (undone, source): (RunId, ExportSource<'_>),
    connectwise: &R,
    history: &mut History,
    findings: &mut Vec<Finding>,
) -> Result<UndoInputs, Failure> {
    close_cut_off_runs(run, history, findings)?;
    let in_doubt = look_up_open_writes(run, connectwise, history, findings).await?;
    let integration = run.job.integration;
    let planned = history.run(undone)?.and_then(|run| run.planned).ok_or_else(|| nothing(undone))?;
    let LaterWrites { later, begun } = history.written_since(integration, undone)?;
    let past = history.past(integration, run.id)?;
    let wrote = wrote(&planned, history.writes_of(undone)?, &later, &past);
    let past = with_lines(past, &wrote);
    let reading = read(connectwise, source.mapping, &past, &wrote, run.today());
    let remote = run.unless_stopped(reading).await??;
    let billed = wrote.keys().map(|key| key.agreement).collect();
    findings.extend(connectwise.cycles_by_name().and_then(|told| cycles_by_name(told, &billed)));
    let seen = history.agreements_by_name(source.neighbours)?;
    let claims = Claims::new(source.neighbours, &seen, &remote.directory, run.today());
    Ok(UndoInputs { export: planned.export, wrote, begun, remote, claims, in_doubt })
}

/// The decision: a proposal without an approval, and stopped when that no longer fits. Its plan stands on the export of
/// the run that it sets back.
pub(super) fn decide(
    run: BegunRun<'_>,
    (undone, source): (RunId, ExportSource<'_>),
    inputs: UndoInputs,
) -> RecordedPlan {
    let UndoInputs { export, wrote, begun, remote, claims, in_doubt } = inputs;
    let plan = draw_undo(Undoing {
        integration: run.job.integration,
        run: undone,
        wrote: &wrote,
        begun: &begun,
        mapping: source.mapping,
        places: &remote.places,
        directory: &remote.directory,
        additions: &remote.additions,
        claims: &claims,
        in_doubt: &in_doubt,
        today: run.today(),
    });
    match run.job.approved {
        None => RecordedPlan::proposed(plan, export),
        Some(fingerprint) => {
            let cleared = clear_approved(&plan, fingerprint, &format!("recount undo {undone}"));
            RecordedPlan::checked(plan, cleared, export)
        }
    }
}

/// The past, with the lines that are to be set back among those that are read.
fn with_lines(mut past: Past, wrote: &BTreeMap<LineKey, ConfirmedWrite>) -> Past {
    for (key, one) in wrote {
        past.owned.entry(key.folded().into_owned()).or_insert_with(|| one.owned());
    }
    past
}

fn nothing(run: RunId) -> Failure {
    let message = format!("run {run} made no plan, so there is nothing to set back");
    Failure::new(Exit::Usage, Code::Unexpected, message, "recount history")
}

/// What ConnectWise took of a run's writes. What it refused, or what was given up, changed nothing. Whose a line was that is no
/// longer kept of the run is what is known of it since.
fn wrote(
    planned: &PlanRecord,
    writes: Vec<WriteRecord>,
    later: &BTreeMap<AdditionId, RunId>,
    past: &Past,
) -> BTreeMap<LineKey, ConfirmedWrite> {
    let lines: BTreeMap<LineKey, &LineRecord> =
        planned.lines.iter().rev().filter_map(|line| Some((line.key()?, line))).collect();
    let wrote = writes.into_iter().filter_map(|WriteRecord { intent, outcome, .. }| {
        let Some(WriteOutcome::Applied { addition, quantity }) = outcome else { return None };
        let before = match intent.kind {
            IntentKind::Set { from, .. } => Some(from),
            IntentKind::Create { .. } => None,
        };
        let key = intent.key;
        let line = lines.get(&key);
        let owned = past.owned.of_line(&key);
        let company = line.map_or_else(|| owned.and_then(|owned| owned.company), |line| line.company);
        let sources = line.map_or_else(|| owned.map(owned_sources).unwrap_or_default(), |line| line.sources.clone());
        let later = later.get(&addition).copied();
        Some((key, ConfirmedWrite { company, sources, addition, before, quantity, later }))
    });
    wrote.collect()
}

fn owned_sources(owned: &Owned) -> Vec<Source> {
    let of = |(customer, service): &(CustomerName, ServiceName)| Source {
        customer: customer.clone(),
        service: service.clone(),
        count: None,
        lines: Vec::new(),
        place: None,
        how: None,
        items: Vec::new(),
        is_former: false,
    };
    owned.sources.iter().map(of).collect()
}

/// What is concerned: the agreements of the lines, where their customers are billed now, and their products. Lists are
/// read one by one, because a bundle may lack rows.
async fn read<R: Reader>(
    connectwise: &R,
    mapping: &Mapping,
    past: &Past,
    wrote: &BTreeMap<LineKey, ConfirmedWrite>,
    today: NaiveDate,
) -> Result<Remote, ReadError> {
    let counts = Counts::default();
    let mut directory = read_directory(connectwise, mapping, &counts, past).await?;
    let of_lines = wrote.keys().map(|key| key.product.folded());
    let others: BTreeSet<String> = of_lines.filter(|code| !directory.products.contains_key(code)).collect();
    if !others.is_empty() {
        let found = catalog_of(connectwise, &others, &mut directory.unread.products).await?;
        directory.products.extend(found);
    }
    let mut places = place_all(&counts, mapping, past, &directory, today);
    let agreements = agreements_to_see(wrote, mapping, &places, &directory, today);
    let all = agreements.len();
    let AdditionLists { additions, unread, others, .. } = read_lists(connectwise, agreements, Some(all)).await?;
    hold(&mut places, &unread);
    directory.unread.additions = unread.into_iter().map(|(agreement, unread)| (agreement, unread.why)).collect();
    directory.unread.others = others;
    Ok(Remote { directory, places, additions, bundled: BTreeSet::new(), bundles_left: None })
}
