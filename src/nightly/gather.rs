//! Everything that a night's plan is drawn from: what earlier runs left, the export, the history, ConnectWise in as few
//! requests as the mapping allows.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use crate::connectwise::{CyclesByName, CyclesUnread, ReadError, Reader};
use crate::export::locate::one_file::Export;
use crate::history::past::earlier_exports::ExportDigests;
use crate::history::run_record::ExportRecord;
use crate::history::store::open::History;
use crate::nightly::begun_run::BegunRun;
use crate::nightly::day_counts::{counts_of_last_period, days_unknown, earlier_counts, follow_lines};
use crate::nightly::earlier_runs::{close_cut_off_runs, look_up_open_writes};
use crate::nightly::job::ExportSource;
use crate::nightly::night_failure::Failure;
use crate::nightly::read_export::{ReadExportError, read_export};
use crate::nightly::remote::short_lists::read_again;
use crate::nightly::remote::{Remote, look_around, read_remote};
use crate::nightly::weekly_sweep::{SweepInputs, is_due, sweep, uncounted};
use crate::reconcile::decide::plan_inputs::PlanInputs;
use crate::reconcile::decide::planner::draw;
use crate::reconcile::guard::export_guards::malformed;
use crate::reconcile::guard::falling_trend::{TREND_DAYS, falling_trend};
use crate::reconcile::matching::line_claims::Claims;
use crate::reconcile::matching::names_of_counts::NamesOfCounts;
use crate::reconcile::matching::placement::Place;
use crate::reconcile::model::display_text::{minute, shown};
use crate::reconcile::model::export::counts_digest::digest;
use crate::reconcile::model::ids::{AdditionId, AgreementId, IntegrationName, ProductCode, ProductId, ServiceName};
use crate::reconcile::model::line_owners::NeighboursLine;
use crate::reconcile::model::mapping::{MatchCustomers, ServiceRule};
use crate::reconcile::model::past::{CreationInDoubt, ExportStamp, Past, RecentTakeover};
use crate::reconcile::model::plan::Plan;
use crate::reconcile::model::plan::finding::{Finding, finding};
use crate::reconcile::model::plan::line::LineKey;
use crate::reconcile::model::plan::outcome::RunCommand;
use crate::reconcile::model::plan::reason_code::{Code, Severity};
use crate::reconcile::model::plan::remedy::Remedy;
use crate::report::exit_codes::Exit;

/// Everything a plan is drawn from.
pub(super) struct Inputs {
    pub(super) export: Export,
    pub(super) past: Past,
    pub(super) remote: Remote,
    pub(super) claims: Claims,
    /// What of the names of lines is not as before.
    pub(super) names: NamesOfCounts,
}

impl Inputs {
    /// As the decision takes them.
    pub(super) fn of_plan<'a>(
        &'a self,
        run: BegunRun<'a>,
        source: ExportSource<'a>,
        export: &'a ExportStamp,
    ) -> PlanInputs<'a> {
        let Self { export: read, past, remote, claims, names: _ } = self;
        let Remote { directory, places, additions, bundled: _, bundles_left: _ } = remote;
        PlanInputs {
            integration: run.job.integration,
            counts: &read.counts,
            export,
            mapping: source.mapping,
            places,
            directory,
            additions,
            claims,
            policy: source.guards,
            past,
            today: run.today(),
        }
    }
}

/// Gathers it, and draws the plan on it: what is read follows from the plan. What is found on the way is told whether or not
/// the rest can be had.
pub(super) async fn gather<R: Reader>(
    run: BegunRun<'_>,
    source: ExportSource<'_>,
    connectwise: &R,
    history: &mut History,
    findings: &mut Vec<Finding>,
) -> Result<(Inputs, Plan), Failure> {
    close_cut_off_runs(run, history, findings)?;
    run.trust_the_clock(history)?;
    let export = run.unless_stopped(sound_export(run, source)).await??;
    findings.extend(units_falling(run, history, &export)?);
    let in_doubt = look_up_open_writes(run, connectwise, history, findings).await?;
    let mut past = past(run, source, history, in_doubt)?;
    findings.extend(past.taken_over.as_ref().map(|taken| host_changed(run, taken)));
    past.decisions = past.decisions.in_zone(|at| run.job.zone.local(at));
    let digests = ExportDigests { bytes: &export.sha256, counts: &digest(&export.counts) };
    past.older_night = history.older_night_of(run.job.integration, digests, run.id)?;
    let due = is_due(run, source, history)?;
    // What a sweep begins with comes meanwhile, and is kept for it. If it does not come, the sweep asks again. Who matches
    // by name reads it anyway.
    let is_read_ahead = due && source.mapping.match_customers == MatchCustomers::Mapped;
    let ahead = async { if is_read_ahead { connectwise.all_companies().await.err() } else { None } };
    // On the heap: a night also runs on threads of a small stack.
    let reading = Box::pin(read_remote(connectwise, source.mapping, &export.counts, &past, run.today()));
    let (remote, _) = run.unless_stopped(async { tokio::join!(reading, ahead) }).await?;
    let remote = remote?;
    let names = follow_lines(&mut past, (run, source), (&export.counts, &remote), history)?;
    past.neighbours_lines = neighbours_lines(source, history, &past, &remote)?;
    let seen = history.agreements_by_name(source.neighbours)?;
    let claims = Claims::new(source.neighbours, &seen, &remote.directory, run.today());
    let given = neighbours_products(connectwise, source, &past, &remote, &claims);
    past.neighbours_products = run.unless_stopped(given).await??;
    let additions = past.owned.values().filter_map(|owned| owned.addition).collect();
    let (owned, additions) = (&past.owned, &additions);
    let ground = SweepInputs { due, run, source, remote: &remote, claims: &claims, owned, additions };
    let looked = run.unless_stopped(sweep(connectwise, history, ground)).await??;
    past.uncounted = uncounted(looked, findings);
    findings.extend(create_lines_unset(run, source, history)?);
    findings.extend(days_unknown(run, source.mapping, history)?);
    let mut inputs = Inputs { export, past, remote, claims, names };
    let plan = loop {
        let plan = draw(inputs.of_plan(run, source, &inputs.export.stamp()));
        let reading = read_again(connectwise, &plan, &inputs.past, &mut inputs.remote);
        if !run.unless_stopped(reading).await?? {
            break plan;
        }
    };
    findings.extend(inputs.remote.bundles_left.as_deref().map(bundles_left));
    let billed = inputs.remote.places.values().filter_map(Place::agreement).map(|(_, agreement)| agreement).collect();
    findings.extend(connectwise.cycles_by_name().and_then(|told| cycles_by_name(told, &billed)));
    let looking = look_around(connectwise, &plan, &inputs.past, &mut inputs.remote, run.today());
    let plan = match run.unless_stopped(looking).await?? {
        true => draw(inputs.of_plan(run, source, &inputs.export.stamp())),
        false => plan,
    };
    Ok((inputs, plan))
}

/// What was slower for it, and what to do if it is so every night.
fn bundles_left(why: &str) -> Finding {
    let message = format!("additions were read agreement by agreement, and not in bundles: {why}");
    let off = Remedy::settings("if it is so every night, write bundled_reads = \"off\"");
    let fix = off.noting("then bundles are not tried");
    Finding { fix, ..finding(Severity::Info, Code::BundlesLeft, message) }
}

/// The finding that agreements were taken for recurring by the names of their cycles alone: one may be billed once.
/// Where the list was read and does not tell of some cycles, only the agreements that are billed are named.
pub(super) fn cycles_by_name(told: CyclesByName, billed: &BTreeSet<AgreementId>) -> Option<Finding> {
    let by_name = |why: String, fix| {
        let message = format!("the names of billing cycles decided which agreements recur: {why}");
        Some(Finding { fix, ..finding(Severity::Warning, Code::CyclesByName, message) })
    };
    let CyclesByName { unread, agreements } = told;
    match unread {
        Some(CyclesUnread::Denied(why)) => {
            let right = "give the API member's role the right to read billing cycles, System > Table Setup > Inquire \
                         Level = All (docs/connectwise-roles.md)";
            return by_name(why, Remedy::from(right.to_owned()));
        }
        Some(CyclesUnread::Refused(why)) => {
            let look = "find out why ConnectWise does not take the request for its billing cycles";
            return by_name(why, Remedy::from(look.to_owned()));
        }
        None => {}
    }
    let ours: Vec<_> = agreements.into_iter().filter(|(agreement, _)| billed.contains(agreement)).collect();
    let named =
        ours.iter().take(NAMED).map(|(agreement, cycle)| format!("agreement {agreement} by {:?}", shown(cycle)));
    let named = named.collect::<Vec<_>>().join(", ");
    let more = ours.len().saturating_sub(NAMED);
    let more = if more == 0 { String::new() } else { format!(", and {more} more") };
    let why = format!("the list of billing cycles does not tell of theirs: {named}{more}");
    let look = "look at the agreement's billing cycle, and whether its record can be read";
    if ours.is_empty() { None } else { by_name(why, Remedy::in_connectwise(look)) }
}

/// Agreements that are named.
const NAMED: usize = 5;

/// Said once to who ran a version in which `create_lines` left out meant true.
fn create_lines_unset(
    run: BegunRun<'_>,
    source: ExportSource<'_>,
    history: &mut History,
) -> Result<Option<Finding>, Failure> {
    if run.job.command == RunCommand::Plan || !history.tell_of_create_lines(run.job.integration)? {
        return Ok(None);
    }
    let told = || {
        let message = "create_lines is left out, which means false: no line is created".to_owned();
        let set = Remedy::settings("write create_lines = false, or create_lines = true");
        let fix = set.noting("true lets missing lines be created");
        Finding { fix, ..finding(Severity::Warning, Code::CreateLinesUnset, message) }
    };
    Ok(source.mapping.create_lines_unset.then(told))
}

/// What is stored of an export.
pub(super) fn export_record(export: &Export) -> ExportRecord {
    ExportRecord {
        path: export.path.display().to_string(),
        sha256: export.sha256.clone(),
        counts: Some(digest(&export.counts)),
        rows: export.counts.rows,
        customers: export.counts.customers.len(),
        units: export.counts.units(),
        modified_at: export.modified_at,
        open_end: export.counts.open_end,
        files: export.counts.files.clone(),
    }
}

/// A damaged export ends here: no plan is drawn, and nothing is asked of ConnectWise.
async fn sound_export(run: BegunRun<'_>, source: ExportSource<'_>) -> Result<Export, Failure> {
    let integration = run.job.integration;
    if let Some(known) = source.shared.and_then(|shared| shared.take(source.export)) {
        return in_use(run, source, known);
    }
    let export = read_export(source.export, integration, source.fetched, run.job.control.clock).await;
    let export = export.map_err(|error| {
        let is_marked = matches!(&error, ReadExportError::Export(error) if error.is_marked());
        if is_marked { shown_by_read(error.into(), integration) } else { error.into() }
    })?;
    if let Some(shared) = source.shared {
        shared.leave(source.export, &export);
    }
    in_use(run, source, export)
}

/// What is left of it without the services that are ignored on purpose, if it is no damaged one.
fn in_use(run: BegunRun<'_>, source: ExportSource<'_>, export: Export) -> Result<Export, Failure> {
    let ignored =
        |service: &ServiceName| matches!(source.mapping.services.get(service), Some(ServiceRule::NotAssigned));
    let export = Export { counts: export.counts.ignoring(ignored), ..export };
    match malformed(&export.counts, source.guards) {
        Some(finding) => Err(shown_by_read(Failure { exit: Exit::Refused, finding }, run.job.integration)),
        None => Ok(export),
    }
}

/// A report has room for one place, and none for the line around it.
fn shown_by_read(failure: Failure, integration: &IntegrationName) -> Failure {
    let marks = format!("`recount read {integration}` marks what is wrong");
    let Failure { exit, finding } = failure;
    let fix = finding.fix.clone().noting(marks);
    Failure { exit, finding: Finding { fix, ..finding } }
}

/// Units that went little by little, each night too few for a guard.
fn units_falling(run: BegunRun<'_>, history: &History, export: &Export) -> Result<Option<Finding>, Failure> {
    let month_ago = run.started_at.checked_sub_signed(TREND_DAYS).unwrap_or(DateTime::<Utc>::MIN_UTC);
    let mut then = history.units_since(run.job.integration, month_ago)?;
    then.iter_mut().for_each(|then| then.at = run.job.zone.local(then.at.to_utc()));
    Ok(falling_trend(&then, export.counts.units(), run.today()))
}

fn past(
    run: BegunRun<'_>,
    source: ExportSource<'_>,
    history: &History,
    in_doubt: BTreeMap<LineKey, CreationInDoubt>,
) -> Result<Past, Failure> {
    let integration = run.job.integration;
    let since = run.started_at.checked_sub_signed(run.job.settle).unwrap_or(DateTime::<Utc>::MIN_UTC);
    let just_created = history.created_since((integration, run.id), since)?;
    let counted = earlier_counts(integration, source.mapping, history, run.today())?;
    let counted_before = counts_of_last_period(integration, source.mapping, history, run.today())?;
    let taken_over = taken_over(run, history)?;
    let others = source.neighbours.iter().map(|neighbour| neighbour.integration);
    let owned_by_others = history.owned_as_well(integration, others)?;
    let past = history.past(integration, run.id)?;
    Ok(Past { in_doubt, just_created, counted, counted_before, taken_over, owned_by_others, ..past })
}

/// Of what stands on lines of this integration and is new to it, what another one owns.
fn neighbours_lines(
    source: ExportSource<'_>,
    history: &History,
    past: &Past,
    remote: &Remote,
) -> Result<BTreeMap<AdditionId, NeighboursLine>, Failure> {
    if source.neighbours.is_empty() {
        return Ok(BTreeMap::new());
    }
    let products: BTreeSet<_> = remote.directory.products.values().flatten().map(|product| product.id).collect();
    let seen = past.accepted.iter().flat_map(|accepted| accepted.lines.values());
    let known: BTreeSet<AdditionId> = seen.chain(past.ours.values()).copied().collect();
    let listed = remote.additions.values().flatten();
    let mapped = listed.filter(|addition| addition.product.is_some_and(|product| products.contains(&product)));
    let new = mapped.map(|addition| addition.id).filter(|addition| !known.contains(addition)).collect();
    let neighbours = source.neighbours.iter().map(|neighbour| neighbour.integration);
    Ok(history.neighbours_lines(&new, neighbours)?)
}

/// Of what this integration owns, what was given another product, of a neighbour that bills it on that agreement.
async fn neighbours_products<R: Reader>(
    connectwise: &R,
    source: ExportSource<'_>,
    past: &Past,
    remote: &Remote,
    claims: &Claims,
) -> Result<BTreeMap<AdditionId, IntegrationName>, ReadError> {
    let mapped: BTreeSet<_> = remote.directory.products.values().flatten().map(|product| product.id).collect();
    let now = |agreement: AgreementId, id: AdditionId| {
        let listed = remote.additions.get(&agreement)?.iter().find(|addition| addition.id == id)?;
        Some((agreement, id, listed.product.filter(|product| !mapped.contains(product))?))
    };
    let owned = past.owned.iter().filter_map(|(key, owned)| Some((key.agreement, owned.addition?)));
    let let_be = past.let_be.iter().flat_map(|(key, ids)| ids.iter().map(|id| (key.agreement, *id)));
    let given = owned.chain(let_be).filter_map(|(agreement, id)| now(agreement, id));
    let given: Vec<_> = given.filter(|(agreement, ..)| claims.any_on(*agreement)).collect();
    // On an ordinary night there is none, and no more of the catalog is read.
    if given.is_empty() {
        return Ok(BTreeMap::new());
    }
    let theirs = source.neighbours.iter().flat_map(|neighbour| neighbour.mapping.products());
    let theirs: BTreeSet<String> = theirs.map(ProductCode::folded).collect();
    let catalog = connectwise.catalog_items(&theirs).await?;
    let owner = |(agreement, id, product): (AgreementId, AdditionId, ProductId)| {
        let item = catalog.records.iter().find(|item| item.id == product)?;
        let owners = claims.of(agreement, &ProductCode::new(&item.identifier));
        Some((id, (*owners.first()?).clone()))
    };
    Ok(given.into_iter().filter_map(owner).collect())
}

/// The host before this one, until the first night after the change is over.
fn taken_over(run: BegunRun<'_>, history: &History) -> Result<Option<RecentTakeover>, Failure> {
    let Some(change) = run.job.host_change else { return Ok(None) };
    let first = history.first_accepted_since(run.job.integration, change.at)?;
    if first.is_some_and(|first| run.job.zone.day(first) != run.today()) {
        return Ok(None);
    }
    let settles_at = change.ran_out_at.checked_add_signed(run.job.settle).filter(|at| *at > run.started_at);
    let settles_at = settles_at.map(|at| run.job.zone.local(at));
    Ok(Some(RecentTakeover { from: change.from.clone(), settles_at }))
}

fn host_changed(run: BegunRun<'_>, taken: &RecentTakeover) -> Finding {
    let at = run.job.host_change.map(|change| minute(run.job.zone.local(change.at))).unwrap_or_default();
    let message = format!(
        "this host took over from {} at {at}; what that one wrote after its last copy is held as changed by somebody else, and \
         new lines wait for the next night",
        taken.from
    );
    let created = match taken.settles_at {
        None => "the next run creates it then".to_owned(),
        Some(at) => format!("the first run after {} creates it then", minute(at)),
    };
    let fix = Remedy::nothing(format!(
        "the next night creates what is not there; who wants a line sooner accepts what `recount held` shows: {created}"
    ));
    Finding { fix, ..finding(Severity::Warning, Code::HostChanged, message) }
}
