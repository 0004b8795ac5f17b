//! Mapped products that bill to companies nobody mapped: looked for once a week, and what is known looked at every night.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike, NaiveDate, TimeDelta};

use crate::connectwise::{ReadError, Reader};
use crate::history::past::swept::Swept;
use crate::history::store::error::StoreError;
use crate::history::store::open::History;
use crate::nightly::begun_run::BegunRun;
use crate::nightly::failure::Failure;
use crate::nightly::job::ExportSource;
use crate::nightly::remote::additions::{every_list, readable_additions};
use crate::nightly::remote::{Remote, catalog_of};
use crate::reconcile::matching::ownership::Claims;
use crate::reconcile::matching::placement::Place;
use crate::reconcile::model::ids::{AgreementId, CompanyId, IntegrationName, ProductCode, ProductId};
use crate::reconcile::model::mapping::{Mapping, Sweep};
use crate::reconcile::model::owned::{Owned, Uncounted};
use crate::reconcile::model::plan::code::{Code, Severity};
use crate::reconcile::model::plan::finding::{Finding, finding};
use crate::reconcile::model::plan::line::{LineKey, Live};
use crate::reconcile::model::plan::outcome::RunCommand;
use crate::reconcile::model::plan::remedy::Remedy;
use crate::reconcile::model::records::{Addition, Additions, Agreement, Company, Unread};

/// What is looked for, and what the night has read already.
#[derive(Clone, Copy)]
pub(super) struct SweptGround<'a> {
    pub(super) run: BegunRun<'a>,
    pub(super) source: ExportSource<'a>,
    pub(super) remote: &'a Remote,
    pub(super) claims: &'a Claims,
    /// Lines that the integration owned stand in its plan as such.
    pub(super) owned: &'a BTreeMap<LineKey, Owned>,
}

impl<'a> SweptGround<'a> {
    fn integration(&self) -> &'a IntegrationName {
        self.run.job.integration
    }

    fn today(&self) -> NaiveDate {
        self.run.today()
    }

    fn is_owned(&self, one: &Uncounted) -> bool {
        self.owned.contains_key(&*one.key.folded())
            || self.owned.values().any(|owned| owned.addition == Some(one.addition()))
    }
}

/// What was found, or why it could not be looked for: the night goes on without.
pub(super) type SweepResult = Result<Vec<Uncounted>, ReadError>;

/// Looks through all companies where that is due, else at what is known.
pub(super) async fn sweep<R: Reader>(
    connectwise: &R,
    history: &mut History,
    ground: SweptGround<'_>,
) -> Result<SweepResult, Failure> {
    let due = is_due(ground, history)?;
    let known = history.swept(ground.integration())?;
    if !due && known.is_empty() {
        return Ok(Ok(Vec::new()));
    }
    let looked = if due {
        all(connectwise, ground).await
    } else {
        known_ones(connectwise, ground, &known)
            .await
            .map(|found| BTreeMap::from([(ground.integration().clone(), found)]))
    };
    let mut found = match looked {
        Ok(found) => found,
        Err(error) => return Ok(Err(error)),
    };
    // A dry run keeps nothing.
    if ground.run.job.command != RunCommand::Plan {
        let swept = found.iter().map(|(name, lines)| (name.clone(), swept(lines))).collect();
        history.keep_swept(&swept, due.then_some((ground.integration(), ground.today())))?;
    }
    let mut ours = found.remove(ground.integration()).unwrap_or_default();
    ours.retain(|one| !ground.is_owned(one));
    Ok(Ok(one_of_each(ours)))
}

/// What the plan is told. That nobody could look is said, and tried again by the next run.
pub(super) fn uncounted(looked: SweepResult, findings: &mut Vec<Finding>) -> Vec<Uncounted> {
    looked.unwrap_or_else(|error| {
        let message = format!("companies that nobody mapped could not be looked through: {error}");
        let fix = Remedy::nothing("the next run looks again");
        findings.push(Finding { fix, ..finding(Severity::Warning, Code::BilledNotCounted, message) });
        Vec::new()
    })
}

/// By the first run from Monday, of whatever integration of this ConnectWise.
fn is_due(ground: SweptGround<'_>, history: &History) -> Result<bool, StoreError> {
    if ground.run.job.command != RunCommand::Run || ground.source.mapping.sweep == Sweep::Off {
        return Ok(false);
    }
    if ground.source.mapping.sweep == Sweep::Nightly {
        return Ok(true);
    }
    let neighbours = ground.source.neighbours.iter().map(|neighbour| neighbour.integration.clone());
    let names: BTreeSet<IntegrationName> = neighbours.chain([ground.integration().clone()]).collect();
    let today = ground.today();
    let monday = today - TimeDelta::days(i64::from(today.weekday().num_days_from_monday()));
    Ok(history.last_sweep(&names)?.is_none_or(|day| day < monday))
}

type Found = BTreeMap<IntegrationName, Vec<Uncounted>>;

async fn all<R: Reader>(connectwise: &R, ground: SweptGround<'_>) -> Result<Found, ReadError> {
    let mapped = mapped(ground);
    let companies = connectwise.all_companies().await?;
    let companies = companies.records.into_iter().filter(|company| !company.deleted && !mapped.contains(&company.id));
    let companies: BTreeMap<CompanyId, Company> = companies.map(|company| (company.id, company)).collect();
    let mut found: Found = everybody(ground).map(|(name, _)| (name.clone(), Vec::new())).collect();
    if companies.is_empty() {
        return Ok(found);
    }
    let agreements = connectwise.agreements_of(&companies.keys().copied().collect()).await?.records;
    let agreements: BTreeMap<AgreementId, Agreement> = billing(agreements, ground.today());
    let listed = readable_additions(connectwise, agreements.keys().copied().collect()).await?;
    let products = products(connectwise, ground).await?;
    for (addition, agreement) in live(&listed, &agreements, ground.today()) {
        let owner = addition.product.and_then(|product| products.get(&product));
        let Some((integration, code)) = owner.filter(|(_, code)| ground.claims.of(agreement.id, code).is_empty())
        else {
            continue;
        };
        let name = companies.get(&agreement.company).map(|company| company.name.clone()).unwrap_or_default();
        let key = LineKey { agreement: agreement.id, product: code.clone(), item: addition.mark.clone() };
        found.entry(integration.clone()).or_default().push(uncounted_line(key, agreement.company, name, addition));
    }
    Ok(found)
}

/// What is known from an earlier look, as far as it is still so.
async fn known_ones<R: Reader>(
    connectwise: &R,
    ground: SweptGround<'_>,
    known: &Swept,
) -> Result<Vec<Uncounted>, ReadError> {
    let mapped = mapped(ground);
    let ids: BTreeSet<AgreementId> = known.values().map(|key| key.agreement).collect();
    let mut agreements = billing(connectwise.agreements(&ids).await?.records, ground.today());
    agreements.retain(|_, agreement| !mapped.contains(&agreement.company));
    let of: BTreeSet<CompanyId> = agreements.values().map(|agreement| agreement.company).collect();
    let companies = if of.is_empty() { Vec::new() } else { connectwise.companies(&of).await?.records };
    let names: BTreeMap<CompanyId, String> = companies.into_iter().map(|company| (company.id, company.name)).collect();
    let listed = every_list(connectwise, agreements.keys().copied().collect()).await?;
    let ours = ground.source.mapping.products().into_iter().map(ProductCode::folded).collect::<BTreeSet<_>>();
    let still = live(&listed, &agreements, ground.today()).filter_map(|(addition, agreement)| {
        let key = known.get(&addition.id).filter(|key| ours.contains(&key.product.folded()))?;
        let name = names.get(&agreement.company).cloned().unwrap_or_default();
        let wanted = !ground.claims.of(agreement.id, &key.product).is_empty();
        (!wanted).then(|| uncounted_line(key.clone(), agreement.company, name, addition))
    });
    Ok(still.collect())
}

/// The integration itself, and who bills beside it, in the order of their names: of several that map a product the first
/// one asks.
fn everybody<'a>(ground: SweptGround<'a>) -> impl Iterator<Item = (&'a IntegrationName, &'a Mapping)> {
    let neighbours = ground.source.neighbours.iter().map(|neighbour| (neighbour.integration, neighbour.mapping));
    let all: BTreeMap<&IntegrationName, &Mapping> =
        neighbours.chain([(ground.integration(), ground.source.mapping)]).collect();
    all.into_iter().filter(|(_, mapping)| mapping.sweep != Sweep::Off)
}

/// The companies that somebody mapped, by whatever integration, or that a customer is matched to by its name.
fn mapped(ground: SweptGround<'_>) -> BTreeSet<CompanyId> {
    let neighbours = ground.source.neighbours.iter().flat_map(|neighbour| neighbour.mapping.companies());
    let placed = ground.remote.places.values().filter_map(Place::agreement).map(|(company, _)| company);
    neighbours.chain(placed).chain(ground.source.mapping.companies()).collect()
}

fn billing(agreements: Vec<Agreement>, today: NaiveDate) -> BTreeMap<AgreementId, Agreement> {
    let billing = agreements.into_iter().filter(|agreement| agreement.billing(today).is_ok());
    billing.map(|agreement| (agreement.id, agreement)).collect()
}

async fn products<R: Reader>(
    connectwise: &R,
    ground: SweptGround<'_>,
) -> Result<BTreeMap<ProductId, (IntegrationName, ProductCode)>, ReadError> {
    let mut owners: BTreeMap<String, (IntegrationName, ProductCode)> = BTreeMap::new();
    for (name, mapping) in everybody(ground) {
        for code in mapping.products() {
            owners.entry(code.folded()).or_insert_with(|| (name.clone(), code.clone()));
        }
    }
    let catalog = catalog_of(connectwise, &owners.keys().cloned().collect(), &mut Unread::default()).await?;
    let mut products = BTreeMap::new();
    for (folded, items) in catalog {
        let owner = owners.get(&folded);
        products.extend(items.iter().filter_map(|product| Some((product.id, owner?.clone()))));
    }
    Ok(products)
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

fn uncounted_line(key: LineKey, company: CompanyId, company_name: String, addition: &Addition) -> Uncounted {
    let billed = match &addition.quantity {
        Ok(quantity) => Ok(Live { addition: addition.id, quantity: *quantity }),
        Err(why) => Err((addition.id, why.clone())),
    };
    Uncounted { key, company, company_name, billed }
}

/// A plan holds each line once: several additions of one product on one agreement are told together.
fn one_of_each(mut lines: Vec<Uncounted>) -> Vec<Uncounted> {
    lines.sort_by(|a, b| a.key.folded().cmp(&b.key.folded()).then(a.addition().cmp(&b.addition())));
    lines.dedup_by(|other, first| {
        let same = other.key.folded() == first.key.folded();
        if let (true, Ok(more), Ok(live)) = (same, &other.billed, &mut first.billed) {
            live.quantity = live.quantity.checked_add(more.quantity).unwrap_or(live.quantity);
        }
        same
    });
    lines
}

fn swept(lines: &[Uncounted]) -> Swept {
    lines.iter().map(|one| (one.addition(), one.key.clone())).collect()
}
