//! Mapped products that bill where nobody is mapped to, on companies or on other agreements of them: looked for once a week,
//! and what is known looked at every night.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike, NaiveDate, TimeDelta};

use crate::connectwise::{ReadError, Reader};
use crate::history::past::swept_lines::SweptLines;
use crate::history::store::error::StoreError;
use crate::history::store::open::History;
use crate::nightly::begun_run::BegunRun;
use crate::nightly::job::ExportSource;
use crate::nightly::night_failure::Failure;
use crate::nightly::remote::additions::read_lists;
use crate::nightly::remote::{Remote, catalog_of};
use crate::reconcile::matching::line_claims::Claims;
use crate::reconcile::matching::placement::{Place, place_all};
use crate::reconcile::model::connectwise_records::{
    Addition, Additions, Agreement, AgreementSign, Company, Directory, Unreadable,
};
use crate::reconcile::model::export::counts::Counts;
use crate::reconcile::model::ids::{
    AdditionId, AgreementId, CompanyId, CustomerName, IntegrationName, ProductCode, ProductId,
};
use crate::reconcile::model::line_owners::{Owned, UncountedLine};
use crate::reconcile::model::mapping::{Mapping, Sweep};
use crate::reconcile::model::past::Past;
use crate::reconcile::model::plan::finding::{Finding, finding};
use crate::reconcile::model::plan::line::{LineKey, LiveAddition};
use crate::reconcile::model::plan::named_additions::Named;
use crate::reconcile::model::plan::outcome::RunCommand;
use crate::reconcile::model::plan::reason_code::{Code, Severity};
use crate::reconcile::model::plan::remedy::Remedy;

/// What is looked for, and what the night has read already.
#[derive(Clone, Copy)]
pub(super) struct SweepInputs<'a> {
    /// Whether all companies are looked through: see [`is_due`].
    pub(super) due: bool,
    pub(super) run: BegunRun<'a>,
    pub(super) source: ExportSource<'a>,
    pub(super) remote: &'a Remote,
    pub(super) claims: &'a Claims,
    /// Lines that the integration owned stand in its plan as such, as far as the night reads where they are.
    pub(super) owned: &'a BTreeMap<LineKey, Owned>,
    /// Their additions.
    pub(super) additions: &'a BTreeSet<AdditionId>,
}

impl<'a> SweepInputs<'a> {
    fn integration(&self) -> &'a IntegrationName {
        self.run.job.integration
    }

    fn today(&self) -> NaiveDate {
        self.run.today()
    }

    fn is_owned(&self, one: &UncountedLine) -> bool {
        // One that somebody moved to where only this look comes is told by it.
        let is_read = self.remote.additions.contains_key(&one.key.agreement);
        self.owned.contains_key(&*one.key.folded()) || is_read && self.additions.contains(&one.addition())
    }
}

/// What was found, or why it could not be looked for: the night goes on without.
pub(super) type SweepResult = Result<SweepFindings, ReadError>;

/// What a look found.
#[derive(Debug, Default)]
pub(super) struct SweepFindings {
    lines: Vec<UncountedLine>,
    /// The records that the look stands on and that cannot be read, with why.
    unread: Vec<String>,
}

/// Looks through all companies where that is due, else at what is known.
pub(super) async fn sweep<R: Reader>(
    connectwise: &R,
    history: &mut History,
    ground: SweepInputs<'_>,
) -> Result<SweepResult, Failure> {
    let due = ground.due;
    let mut known = BTreeMap::new();
    // What it knows itself is looked at until it is gone, also where `sweep` was switched off since.
    let own = (ground.integration(), ground.source.mapping);
    for (name, mapping) in everybody(ground).filter(|_| due).chain([own]) {
        known.insert(name.clone(), Known { swept: history.swept(name)?, mapping });
    }
    if !due && known.values().all(|known| known.swept.is_empty()) {
        return Ok(Ok(SweepFindings::default()));
    }
    let Found { mut lines, unread } = match look(connectwise, ground, known, due).await {
        Ok(found) => found,
        Err(error) => return Ok(Err(error)),
    };
    // A dry run keeps nothing.
    if ground.run.job.command != RunCommand::Plan {
        let swept = lines.iter().map(|(name, lines)| (name.clone(), swept(lines))).collect();
        history.keep_swept(&swept, due.then_some((ground.integration(), ground.today())))?;
    }
    let mut ours = lines.remove(ground.integration()).unwrap_or_default();
    ours.retain(|one| !ground.is_owned(one));
    Ok(Ok(SweepFindings { lines: one_of_each(ours), unread }))
}

/// What the plan is told. That nobody could look is said, and tried again by the next run.
pub(super) fn uncounted(looked: SweepResult, findings: &mut Vec<Finding>) -> Vec<UncountedLine> {
    let (lines, message, fix) = match looked {
        Ok(SweepFindings { lines, unread }) if unread.is_empty() => return lines,
        Ok(SweepFindings { lines, unread }) => {
            let more = unread.len().saturating_sub(NAMED);
            let more = if more == 0 { String::new() } else { format!("; and {more} more") };
            let named = unread[..unread.len().min(NAMED)].join("; ");
            let message =
                format!("not everything of companies that nobody mapped could be looked through: {named}{more}");
            (lines, message, "look at these records in ConnectWise: what bills there is not known".into())
        }
        Err(error) => {
            let message = format!("companies that nobody mapped could not be looked through: {error}");
            (Vec::new(), message, Remedy::nothing("the next run looks again"))
        }
    };
    findings.push(Finding { fix, ..finding(Severity::Warning, Code::BilledNotCounted, message) });
    lines
}

/// Unread records that are named.
const NAMED: usize = 5;

/// By the first run from Monday, of whatever integration of this ConnectWise.
pub(super) fn is_due(run: BegunRun<'_>, source: ExportSource<'_>, history: &History) -> Result<bool, StoreError> {
    if run.job.command != RunCommand::Run || source.mapping.sweep == Sweep::Off {
        return Ok(false);
    }
    if source.mapping.sweep == Sweep::Nightly {
        return Ok(true);
    }
    let neighbours = source.neighbours.iter().map(|neighbour| neighbour.integration.clone());
    let names: BTreeSet<IntegrationName> = neighbours.chain([run.job.integration.clone()]).collect();
    let today = run.today();
    let monday = today - TimeDelta::days(i64::from(today.weekday().num_days_from_monday()));
    Ok(history.last_sweep(&names)?.is_none_or(|day| day < monday))
}

/// What was found for each integration.
#[derive(Default)]
struct Found {
    lines: BTreeMap<IntegrationName, Vec<UncountedLine>>,
    unread: Vec<String>,
}

/// What an integration knows from an earlier look.
struct Known<'a> {
    swept: SweptLines,
    mapping: &'a Mapping,
}

/// Looks through all companies where that is due; then at what is known and was not met there, as far as it is still so.
async fn look<R: Reader>(
    connectwise: &R,
    ground: SweepInputs<'_>,
    known: BTreeMap<IntegrationName, Known<'_>>,
    due: bool,
) -> Result<Found, ReadError> {
    let mut found = if due { all(connectwise, ground).await? } else { Found::default() };
    // By whichever integration: of several that map a product one asks.
    let met: BTreeSet<AdditionId> = found.lines.values().flatten().map(UncountedLine::addition).collect();
    for (name, mut known) in known {
        let Found { lines, unread } = &mut found;
        let lines = lines.entry(name).or_default();
        known.swept.retain(|addition, _| !met.contains(addition));
        if !known.swept.is_empty() {
            lines.extend(known_ones(connectwise, ground, &known, unread).await?);
        }
    }
    Ok(found)
}

async fn all<R: Reader>(connectwise: &R, ground: SweepInputs<'_>) -> Result<Found, ReadError> {
    let mapped = mapped(ground);
    let mut found = Found::default();
    let companies = connectwise.all_companies().await?;
    // What is to be said of a company that is mapped, the night says.
    let unread = companies.unreadable.iter().filter(|record| !mapped.contains(&CompanyId(record.id)));
    found.unread.extend(unread.map(|record| format!("company {}: {}", record.id, record.why)));
    let companies = companies.records.into_iter().filter(|company| !company.deleted);
    let companies: BTreeMap<CompanyId, Company> = companies.map(|company| (company.id, company)).collect();
    if companies.is_empty() {
        return Ok(found);
    }
    let agreements = connectwise.agreements_of(&companies.keys().copied().collect()).await?;
    let strange = agreements.unreadable.iter().filter(|record| !is_known(record, &mapped));
    found.unread.extend(strange.map(|record| format!("agreement {}: {}", record.id, record.why)));
    let placed = Placed::of(ground, &companies, &agreements.records);
    let mut agreements: BTreeMap<AgreementId, Agreement> = billing(agreements.records, ground.today());
    agreements.retain(|_, agreement| !placed.troubled.contains(&agreement.company));
    // What the night has read is there, or told.
    let here = &ground.remote.additions;
    let told = &ground.remote.directory.unread.additions;
    let unread = agreements.keys().copied().filter(|id| !here.contains_key(id) && !told.contains_key(id)).collect();
    let listed = read_lists(connectwise, unread, None).await?;
    found
        .unread
        .extend(listed.unread.iter().map(|(id, list)| format!("the additions of agreement {id}: {}", list.why)));
    let products = products(connectwise, ground, &listed.products_named).await?;
    let elsewhere = live(&listed.additions, &agreements, ground.today());
    for (addition, agreement) in elsewhere.chain(live(here, &agreements, ground.today())) {
        let owner = addition.product.and_then(|product| products.get(&product));
        let Some((integration, code)) = owner.filter(|(_, code)| !placed.count(ground, agreement.id, code)) else {
            continue;
        };
        let name = companies.get(&agreement.company).map(|company| company.name.clone()).unwrap_or_default();
        let key = LineKey { agreement: agreement.id, product: code.clone(), item: addition.mark.clone() };
        let line = uncounted_line(key, agreement.company, name, addition);
        let line = UncountedLine { is_mapped: mapped.contains(&agreement.company), ..line };
        found.lines.entry(integration.clone()).or_default().push(line);
    }
    Ok(found)
}

/// What is known from an earlier look, as far as it is still so. What cannot be read tonight must not look gone.
async fn known_ones<R: Reader>(
    connectwise: &R,
    ground: SweepInputs<'_>,
    known: &Known<'_>,
    unread: &mut Vec<String>,
) -> Result<Vec<UncountedLine>, ReadError> {
    let ours = known.mapping.products().into_iter().map(ProductCode::folded).collect::<BTreeSet<_>>();
    let here: BTreeSet<AgreementId> = placed_on(&ground.remote.places).collect();
    let billed = ground.source.mapping.products().into_iter().map(ProductCode::folded).collect::<BTreeSet<_>>();
    let own = |key: &LineKey| here.contains(&key.agreement) && billed.contains(&key.product.folded());
    let wanted = |key: &LineKey| own(key) || !ground.claims.of(key.agreement, &key.product).is_empty();
    let asked = known.swept.iter().filter(|(_, key)| ours.contains(&key.product.folded()) && !wanted(key));
    let known: SweptLines = asked.map(|(addition, key)| (*addition, key.clone())).collect();
    let read = connectwise.agreements(&known.values().map(|key| key.agreement).collect()).await?;
    let mapped = mapped(ground);
    let agreements = billing(read.records, ground.today());
    let of: BTreeSet<CompanyId> = agreements.values().map(|agreement| agreement.company).collect();
    let companies = if of.is_empty() { Vec::new() } else { connectwise.companies(&of).await?.records };
    let names: BTreeMap<CompanyId, String> = companies.into_iter().map(|company| (company.id, company.name)).collect();
    let lists = read_lists(connectwise, agreements.keys().copied().collect(), None).await?;
    let mut still = Vec::new();
    for (addition, agreement) in live(&lists.additions, &agreements, ground.today()) {
        if let Some(key) = known.get(&addition.id) {
            let name = names.get(&agreement.company).cloned().unwrap_or_default();
            let line = uncounted_line(key.clone(), agreement.company, name, addition);
            still.push(UncountedLine { is_mapped: mapped.contains(&agreement.company), ..line });
        }
    }
    let records = read.unreadable.iter().map(|record| (AgreementId(record.id), &record.why));
    let blind: BTreeMap<AgreementId, &String> =
        records.chain(lists.unread.iter().map(|(id, list)| (*id, &list.why))).collect();
    unread.extend(blind.iter().map(|(id, why)| format!("agreement {id}: {why}")));
    for (addition, key) in known {
        if let Some(why) = blind.get(&key.agreement) {
            let company = agreements.get(&key.agreement).map(|agreement| agreement.company);
            let company_name = company.and_then(|id| names.get(&id).cloned()).unwrap_or_default();
            let billed = Err((addition, format!("it could not be looked at tonight: {why}")));
            let named = Named::one(addition, None);
            let is_mapped = company.is_some_and(|company| mapped.contains(&company));
            still.push(UncountedLine { key, company, company_name, is_mapped, billed, named });
        }
    }
    Ok(still)
}

/// The integration itself, and who bills beside it, in the order of their names: of several that map a product the first
/// one asks.
fn everybody<'a>(ground: SweepInputs<'a>) -> impl Iterator<Item = (&'a IntegrationName, &'a Mapping)> {
    let neighbours = ground.source.neighbours.iter().map(|neighbour| (neighbour.integration, neighbour.mapping));
    let all: BTreeMap<&IntegrationName, &Mapping> =
        neighbours.chain([(ground.integration(), ground.source.mapping)]).collect();
    all.into_iter().filter(|(_, mapping)| mapping.sweep != Sweep::Off)
}

/// Where the customers of each integration are billed.
struct Placed {
    on: BTreeMap<IntegrationName, BTreeSet<AgreementId>>,
    /// Companies with a customer whom nobody can place tonight: that is told as what it is.
    troubled: BTreeSet<CompanyId>,
}

impl Placed {
    fn of(ground: SweepInputs<'_>, companies: &BTreeMap<CompanyId, Company>, agreements: &[Agreement]) -> Self {
        let directory = Directory {
            companies: companies.clone(),
            agreements: agreements.iter().map(|agreement| (agreement.id, agreement.clone())).collect(),
            ..Directory::default()
        };
        let mut placed = Self { on: BTreeMap::new(), troubled: BTreeSet::new() };
        let neighbours = ground.source.neighbours.iter().map(|neighbour| {
            let places = place_all(&Counts::default(), neighbour.mapping, &Past::default(), &directory, ground.today());
            (neighbour.integration, Cow::Owned(places))
        });
        for (integration, places) in neighbours.chain([(ground.integration(), Cow::Borrowed(&ground.remote.places))]) {
            placed.on.insert(integration.clone(), placed_on(&places).collect());
            let problems = places.values().filter_map(|place| match place {
                Place::Nowhere(problem) => problem.company,
                Place::On { .. } | Place::Blocked { .. } | Place::Skipped => None,
            });
            placed.troubled.extend(problems);
        }
        placed
    }

    /// Whether an integration that maps a product bills customers on this agreement.
    fn count(&self, ground: SweepInputs<'_>, agreement: AgreementId, code: &ProductCode) -> bool {
        let maps = |mapping: &Mapping| mapping.products().iter().any(|mapped| mapped.folded() == code.folded());
        let here = |(name, mapping): (&IntegrationName, &Mapping)| {
            self.on.get(name).is_some_and(|on| on.contains(&agreement)) && maps(mapping)
        };
        let neighbours = ground.source.neighbours.iter().map(|neighbour| (neighbour.integration, neighbour.mapping));
        neighbours.chain([(ground.integration(), ground.source.mapping)]).any(here)
            || !ground.claims.of(agreement, code).is_empty()
    }
}

fn placed_on(places: &BTreeMap<CustomerName, Place>) -> impl Iterator<Item = AgreementId> {
    places.values().filter_map(Place::agreement).map(|(_, agreement)| agreement)
}

/// Whether an agreement that cannot be read is of a company that is mapped.
fn is_known(record: &Unreadable<AgreementSign>, mapped: &BTreeSet<CompanyId>) -> bool {
    record.known.company.is_some_and(|company| mapped.contains(&company))
}

/// The companies that somebody mapped, by whatever integration, or that a customer is matched to by its name.
fn mapped(ground: SweepInputs<'_>) -> BTreeSet<CompanyId> {
    let neighbours = ground.source.neighbours.iter().flat_map(|neighbour| neighbour.mapping.companies());
    let placed = ground.remote.places.values().filter_map(Place::agreement).map(|(company, _)| company);
    neighbours.chain(placed).chain(ground.source.mapping.companies()).collect()
}

fn billing(agreements: Vec<Agreement>, today: NaiveDate) -> BTreeMap<AgreementId, Agreement> {
    let billing = agreements.into_iter().filter(|agreement| agreement.billing(today).is_ok());
    billing.map(|agreement| (agreement.id, agreement)).collect()
}

/// Whose each catalog item is, also where additions alone name it.
async fn products<R: Reader>(
    connectwise: &R,
    ground: SweepInputs<'_>,
    named: &BTreeMap<ProductId, ProductCode>,
) -> Result<BTreeMap<ProductId, (IntegrationName, ProductCode)>, ReadError> {
    let mut owners: BTreeMap<String, (IntegrationName, ProductCode)> = BTreeMap::new();
    for (name, mapping) in everybody(ground) {
        for code in mapping.products() {
            owners.entry(code.folded()).or_insert_with(|| (name.clone(), code.clone()));
        }
    }
    let catalog = catalog_of(connectwise, &owners.keys().cloned().collect(), &mut BTreeMap::new()).await?;
    let of_catalog =
        catalog.into_iter().flat_map(|(folded, items)| items.into_iter().map(move |item| (item.id, folded.clone())));
    let unlisted = ground.remote.directory.not_in_catalog.iter();
    let unlisted = unlisted.flat_map(|(folded, items)| items.iter().map(|item| (*item, folded.clone())));
    let named = named.iter().map(|(item, code)| (*item, code.folded()));
    // The catalog's word is the last one.
    let all = named.chain(unlisted).chain(of_catalog);
    Ok(all.filter_map(|(item, folded)| Some((item, owners.get(&folded)?.clone()))).collect())
}

/// Additions that bill today.
fn live<'a>(
    listed: &'a Additions,
    agreements: &'a BTreeMap<AgreementId, Agreement>,
    today: NaiveDate,
) -> impl Iterator<Item = (&'a Addition, &'a Agreement)> {
    let all = listed.iter().filter_map(|(id, additions)| Some((agreements.get(id)?, additions)));
    all.flat_map(|(agreement, additions)| additions.iter().map(move |addition| (addition, agreement)))
        .filter(move |(addition, _)| addition.is_live(today) && addition.bills())
}

fn uncounted_line(key: LineKey, company: CompanyId, company_name: String, addition: &Addition) -> UncountedLine {
    let billed = match &addition.quantity {
        Ok(quantity) => Ok(LiveAddition { addition: addition.id, quantity: *quantity }),
        Err(why) => Err((addition.id, why.clone())),
    };
    let named = Named::one(addition.id, addition.quantity.as_ref().ok().copied());
    UncountedLine { key, company: Some(company), company_name, is_mapped: false, billed, named }
}

/// A plan holds each line once: several additions of one product on one agreement are told together.
fn one_of_each(mut lines: Vec<UncountedLine>) -> Vec<UncountedLine> {
    lines.sort_by(|a, b| a.key.folded().cmp(&b.key.folded()).then(a.addition().cmp(&b.addition())));
    lines.dedup_by(|other, first| {
        let same = other.key.folded() == first.key.folded();
        if same {
            first.named.0.append(&mut other.named.0);
        }
        same
    });
    lines
}

fn swept(lines: &[UncountedLine]) -> SweptLines {
    lines.iter().map(|one| (one.addition(), one.key.clone())).collect()
}
