//! Everything that a night's plan is drawn from: what earlier runs left, the export, the history, ConnectWise in as few
//! requests as the mapping allows.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, Utc};
use futures_util::StreamExt;

use crate::connectwise::{Ahead, ReadError, Reader};
use crate::export::locate::file::Export;
use crate::history::record::ExportRecord;
use crate::history::store::open::History;
use crate::nightly::begun_run::BegunRun;
use crate::nightly::day_counts::{counts_of_last_period, earlier_counts};
use crate::nightly::earlier_runs::{close_cut_off_runs, look_up_open_writes};
use crate::nightly::failure::Failure;
use crate::nightly::job::ExportSource;
use crate::nightly::read_export::{ReadExportError, read_export};
use crate::reconcile::guard::check::{Seen, malformed};
use crate::reconcile::guard::trend::{TREND_DAYS, falling_trend};
use crate::reconcile::matching::ownership::Claims;
use crate::reconcile::matching::placement::{Place, place_all};
use crate::reconcile::model::export::counts::Counts;
use crate::reconcile::model::ids::{AgreementId, CompanyId, CustomerName, IntegrationName, ProductCode};
use crate::reconcile::model::mapping::{Mapping, MatchCustomers};
use crate::reconcile::model::past::{InDoubt, Past};
use crate::reconcile::model::plan::code::Code;
use crate::reconcile::model::plan::finding::Finding;
use crate::reconcile::model::plan::line::LineKey;
use crate::reconcile::model::records::{
    AdditionList, Additions, Agreement, Company, Directory, OtherRow, Product, Unread,
};
use crate::report::exit::Exit;

/// Reads that wait for an answer at the same time; the client's own `max_in_flight` is the limit that counts.
pub(super) const READS_AT_ONCE: usize = 32;

/// Everything a plan is drawn from.
pub(super) struct Inputs {
    pub(super) export: Export,
    pub(super) past: Past,
    pub(super) remote: Remote,
    pub(super) claims: Claims,
}

/// Gathers it. What is found on the way is told whether or not the rest can be had.
pub(super) async fn gather<R: Reader>(
    run: BegunRun<'_>,
    source: ExportSource<'_>,
    connectwise: &R,
    history: &mut History,
    findings: &mut Vec<Finding>,
) -> Result<Inputs, Failure> {
    close_cut_off_runs(run, history, findings)?;
    run.trust_the_clock(history)?;
    let export = run.unless_stopped(sound_export(run, source)).await??;
    findings.extend(units_falling(run, history, &export)?);
    let in_doubt = look_up_open_writes(run, connectwise, history, findings).await?;
    let past = past(run, source, history, in_doubt)?;
    let reading = read_remote(connectwise, source.mapping, &export.counts, &past, run.today());
    let remote = run.unless_stopped(reading).await??;
    let seen = history.agreements_by_name(source.neighbours)?;
    let claims = Claims::new(source.neighbours, &seen, &remote.directory, run.today());
    Ok(Inputs { export, past, remote, claims })
}

/// What is stored of an export.
pub(super) fn export_record(export: &Export) -> ExportRecord {
    ExportRecord {
        path: export.path.display().to_string(),
        sha256: export.sha256.clone(),
        rows: export.counts.rows,
        customers: export.counts.customers.len(),
        units: export.counts.units(),
        modified_at: export.modified_at,
        open_end: export.counts.open_end,
    }
}

/// A damaged export ends here: no plan is drawn, and nothing is asked of ConnectWise.
async fn sound_export(run: BegunRun<'_>, source: ExportSource<'_>) -> Result<Export, Failure> {
    let integration = run.job.integration;
    let export = read_export(source.export, integration, source.fetched, run.job.control.clock).await;
    let export = export.map_err(|error| {
        let is_marked = matches!(&error, ReadExportError::Export(error) if error.is_marked());
        if is_marked { shown_by_read(error.into(), integration) } else { error.into() }
    })?;
    match malformed(&export.counts, source.guards) {
        Some(finding) => Err(shown_by_read(Failure { exit: Exit::Refused, finding }, integration)),
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
    Ok(falling_trend(&history.units_since(run.job.integration, month_ago)?, export.counts.units()))
}

fn past(
    run: BegunRun<'_>,
    source: ExportSource<'_>,
    history: &History,
    in_doubt: BTreeMap<LineKey, InDoubt>,
) -> Result<Past, Failure> {
    let integration = run.job.integration;
    let since = run.started_at.checked_sub_signed(run.job.settle).unwrap_or(DateTime::<Utc>::MIN_UTC);
    let just_created = history.created_since(integration, since)?;
    let counted = earlier_counts(integration, source.mapping, history, run.today())?;
    let counted_before = counts_of_last_period(integration, source.mapping, history, run.today(), &counted)?;
    Ok(Past { in_doubt, just_created, counted, counted_before, ..history.past(integration, run.id)? })
}

/// What ConnectWise holds, and where that puts each customer.
#[derive(Debug)]
pub(super) struct Remote {
    pub(super) directory: Directory,
    pub(super) places: BTreeMap<CustomerName, Place>,
    pub(super) additions: Additions,
}

impl Remote {
    /// What was returned, for the guard that asks whether all of it still is.
    pub(super) fn seen(&self) -> Seen {
        let lost = |place: &Place| {
            place.problem().is_some_and(|problem| matches!(problem.code, Code::CompanyMissing | Code::AgreementMissing))
        };
        Seen {
            additions: self.additions.values().flatten().map(|addition| addition.id).collect(),
            agreements: self.additions.keys().copied().collect(),
            lost_sight: self.places.values().any(lost),
        }
    }
}

/// Reads companies, agreements and the catalog, places the customers, and reads the additions of their agreements:
/// those of each agreement once.
async fn read_remote<R: Reader>(
    connectwise: &R,
    mapping: &Mapping,
    counts: &Counts,
    past: &Past,
    today: NaiveDate,
) -> Result<Remote, ReadError> {
    let mut directory = read_directory(connectwise, mapping, counts, past).await?;
    let mut places = place_all(counts, mapping, past, &directory, today);
    let Lists { additions, unread, others } = additions(connectwise, &places).await?;
    hold(&mut places, &unread);
    directory.unread.additions = unread.into_iter().map(|(agreement, unread)| (agreement, unread.why)).collect();
    directory.unread.others = others;
    Ok(Remote { directory, places, additions })
}

/// Whose agreement shows no additions waits; everybody else is billed.
fn hold(places: &mut BTreeMap<CustomerName, Place>, unread: &BTreeMap<AgreementId, UnreadList>) {
    for place in places.values_mut() {
        let on = place.agreement().and_then(|(_, agreement)| Some((agreement, unread.get(&agreement)?)));
        if let Some((agreement, UnreadList { why, fix, .. })) = on {
            let message = format!("the additions of agreement {agreement} cannot be read: {why}");
            *place = place.clone().blocked(Code::AgreementUnreadable, message, fix.clone());
        }
    }
}

/// Companies, agreements and products.
pub(super) async fn read_directory<R: Reader>(
    connectwise: &R,
    mapping: &Mapping,
    counts: &Counts,
    past: &Past,
) -> Result<Directory, ReadError> {
    let mut unread = Unread::default();
    let companies = companies(connectwise, mapping, &mut unread).await?;
    let agreements =
        agreements(connectwise, mapping, &in_question(mapping, counts, past, &companies), &mut unread).await?;
    let products = catalog(connectwise, mapping, &mut unread).await?;
    Ok(Directory { companies, agreements, products, unread })
}

async fn companies<R: Reader>(
    connectwise: &R,
    mapping: &Mapping,
    unread: &mut Unread,
) -> Result<BTreeMap<CompanyId, Company>, ReadError> {
    let companies = match mapping.match_customers {
        MatchCustomers::ExactName => connectwise.all_companies().await?,
        MatchCustomers::Mapped => connectwise.companies(&mapping.companies()).await?,
    };
    unread.companies.extend(companies.unreadable.into_iter().map(|record| (CompanyId(record.id), record)));
    Ok(companies.records.into_iter().map(|company| (company.id, company)).collect())
}

/// The companies whose agreements matter: those that are mapped, and those that bear a customer's name.
fn in_question(
    mapping: &Mapping,
    counts: &Counts,
    past: &Past,
    companies: &BTreeMap<CompanyId, Company>,
) -> BTreeSet<CompanyId> {
    let known = past.accepted.iter().flat_map(|accepted| accepted.customers.iter().chain(&accepted.missing));
    let names: BTreeSet<&str> = counts.customers.keys().chain(known).map(CustomerName::as_str).collect();
    let mapped = mapping.companies();
    let is_in_question = |company: &&Company| {
        let by_name = mapping.match_customers == MatchCustomers::ExactName && names.contains(company.name.trim());
        !company.deleted && (by_name && mapping.companies_of.admits(company) || mapped.contains(&company.id))
    };
    companies.values().filter(is_in_question).map(|company| company.id).collect()
}

/// All agreements of the companies in question, and those that `customers.csv` names and that belong to none of them:
/// "belongs to another company" is another thing to mend than "does not exist".
async fn agreements<R: Reader>(
    connectwise: &R,
    mapping: &Mapping,
    companies: &BTreeSet<CompanyId>,
    unread: &mut Unread,
) -> Result<BTreeMap<AgreementId, Agreement>, ReadError> {
    let mut agreements: BTreeMap<AgreementId, Agreement> = BTreeMap::new();
    let found = connectwise.agreements_of(companies).await?;
    agreements.extend(found.records.into_iter().map(|agreement| (agreement.id, agreement)));
    unread.agreements.extend(found.unreadable.into_iter().map(|record| (AgreementId(record.id), record)));
    let is_known = |id: &AgreementId| agreements.contains_key(id) || unread.agreements.contains_key(id);
    let elsewhere = mapping.agreements().into_iter().filter(|id| !is_known(id)).collect();
    let found = connectwise.agreements(&elsewhere).await?;
    agreements.extend(found.records.into_iter().map(|agreement| (agreement.id, agreement)));
    unread.agreements.extend(found.unreadable.into_iter().map(|record| (AgreementId(record.id), record)));
    Ok(agreements)
}

/// The catalog items of the products that are mapped.
async fn catalog<R: Reader>(
    connectwise: &R,
    mapping: &Mapping,
    unread: &mut Unread,
) -> Result<BTreeMap<String, Vec<Product>>, ReadError> {
    let wanted: BTreeSet<String> =
        mapping.billed().flat_map(|(_, billed)| &billed.products).map(ProductCode::folded).collect();
    let mut products: BTreeMap<String, Vec<Product>> = BTreeMap::new();
    if wanted.is_empty() {
        return Ok(products);
    }
    let catalog = connectwise.catalog().await?;
    let folded = |identifier: &str| Some(ProductCode::new(identifier).folded()).filter(|code| wanted.contains(code));
    for product in catalog.records {
        if let Some(code) = folded(&product.identifier) {
            products.entry(code).or_default().push(product);
        }
    }
    for record in catalog.unreadable {
        if let Some(code) = record.known.as_deref().and_then(folded) {
            unread.products.insert(code, record);
        }
    }
    Ok(products)
}

/// The additions of all agreements, and those lists that ConnectWise does not give out.
#[derive(Debug, Default)]
struct Lists {
    additions: Additions,
    unread: BTreeMap<AgreementId, UnreadList>,
    others: BTreeMap<AgreementId, Vec<OtherRow>>,
}

/// A list that ConnectWise does not give out.
#[derive(Debug)]
struct UnreadList {
    why: String,
    denied: bool,
    fix: String,
}

/// So many lists, and more than this share of them, are no matter of single agreements any more.
const UNREAD_MIN: usize = 5;
const UNREAD_SHARE: usize = 5;

async fn additions<R: Reader>(connectwise: &R, places: &BTreeMap<CustomerName, Place>) -> Result<Lists, ReadError> {
    let agreements: BTreeSet<AgreementId> =
        places.values().filter_map(Place::agreement).map(|(_, agreement)| agreement).collect();
    let all = agreements.len();
    connectwise.ahead(Ahead::Agreements(all));
    let reads =
        agreements.into_iter().map(|agreement| async move { (agreement, connectwise.additions(agreement).await) });
    let mut reads = futures_util::stream::iter(reads).buffer_unordered(READS_AT_ONCE);
    let mut lists = Lists::default();
    while let Some((agreement, list)) = reads.next().await {
        lists.take(agreement, list)?;
        // Asked after each, before hundreds more are tried in vain.
        if let Some(error) = lists.too_many_unread(all) {
            return Err(error);
        }
    }
    Ok(lists)
}

impl Lists {
    fn take(&mut self, agreement: AgreementId, list: Result<AdditionList, ReadError>) -> Result<(), ReadError> {
        match list {
            Ok(AdditionList { additions, others }) => {
                self.additions.insert(agreement, additions);
                if !others.is_empty() {
                    self.others.insert(agreement, others);
                }
            }
            Err(ReadError::Additions { agreement, why, denied, fix }) => {
                self.unread.insert(agreement, UnreadList { why, denied, fix });
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// All of them, or too many for single agreements to be at fault: the first stands for all.
    fn too_many_unread(&self, all: usize) -> Option<ReadError> {
        let count = self.unread.len();
        let too_many = count == all || count >= UNREAD_MIN && count * UNREAD_SHARE > all;
        let (agreement, UnreadList { why, denied, fix }) = self.unread.first_key_value().filter(|_| too_many)?;
        let others = if count > 1 { format!(" (and {} more of {all} agreements)", count - 1) } else { String::new() };
        let (agreement, why, denied, fix) = (*agreement, format!("{why}{others}"), *denied, fix.clone());
        Some(ReadError::Additions { agreement, why, denied, fix })
    }
}
