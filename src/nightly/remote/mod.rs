//! What a plan needs of ConnectWise, in as few requests as the mapping allows.

pub(super) mod additions;
pub(super) mod short_lists;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use crate::apply::expected_owners::ExpectedOwners;
use crate::connectwise::{ReadError, Reader};
use crate::nightly::remote::additions::{AdditionLists, UnreadList, read_lists, read_together};
use crate::reconcile::guard::guard_inputs::ReadCoverage;
use crate::reconcile::matching::line_claims::Claims;
use crate::reconcile::matching::placement::{Place, place_all};
use crate::reconcile::model::connectwise_records::{
    Additions, Agreement, AgreementSign, Agreements, Company, Directory, Product, Unread, Unreadable,
};
use crate::reconcile::model::export::counts::Counts;
use crate::reconcile::model::export::normalized_names::normalized;
use crate::reconcile::model::ids::{AgreementId, CompanyId, CustomerName, ProductCode};
use crate::reconcile::model::line_owners::Owned;
use crate::reconcile::model::mapping::{Mapping, MatchCustomers};
use crate::reconcile::model::past::Past;
use crate::reconcile::model::plan::Plan;
use crate::reconcile::model::plan::line::LineKey;
use crate::reconcile::model::plan::reason_code::Code;

/// What ConnectWise holds, and where that puts each customer.
#[derive(Debug)]
pub(crate) struct Remote {
    pub(crate) directory: Directory,
    pub(crate) places: BTreeMap<CustomerName, Place>,
    pub(crate) additions: Additions,
    /// Agreements whose lists came in bundles: what is not in them may be there all the same.
    pub(crate) bundled: BTreeSet<AgreementId>,
    /// Why bundles are left for the night, if they are.
    pub(crate) bundles_left: Option<String>,
}

impl Remote {
    /// What a write is compared with, that sets back what was written.
    pub(crate) fn expected_owners(&self) -> ExpectedOwners {
        ExpectedOwners::of(&self.directory, &self.additions)
    }

    /// The same for a plan of an export: lines begin by it, where other integrations want what `claims` says.
    pub(crate) fn expected_owners_beside(&self, claims: &Claims, today: NaiveDate) -> ExpectedOwners {
        let placed = self.places.values().filter_map(Place::agreement);
        let counted = placed.map(|(_, agreement)| agreement).collect();
        self.expected_owners().beside(&self.directory, &self.additions, (counted, claims.clone()), today)
    }

    /// What was returned, for the guard that asks whether all of it still is.
    pub(crate) fn seen(&self) -> ReadCoverage {
        let lost = |place: &Place| {
            place.problem().is_some_and(|problem| matches!(problem.code, Code::CompanyMissing | Code::AgreementMissing))
        };
        ReadCoverage {
            additions: self.additions.values().flatten().map(|addition| addition.id).collect(),
            agreements: self.additions.keys().copied().collect(),
            lost_sight: self.places.values().any(lost),
        }
    }
}

/// Reads companies, agreements and the catalog, places the customers, and reads the additions of their agreements:
/// those of each agreement once.
pub(crate) async fn read_remote<R: Reader>(
    connectwise: &R,
    mapping: &Mapping,
    counts: &Counts,
    past: &Past,
    today: NaiveDate,
) -> Result<Remote, ReadError> {
    // Lists of the agreements that earlier nights billed come meanwhile. If that fails, it is asked for again below.
    let billed: BTreeSet<AgreementId> = past.owned.keys().map(|key| key.agreement).collect();
    let meanwhile = async { Ok(read_together(connectwise, billed.clone(), Some(billed.len())).await) };
    let directory = read_directory(connectwise, mapping, counts, past);
    let (mut directory, ahead) = tokio::try_join!(directory, meanwhile)?;
    let mut places = place_all(counts, mapping, past, &directory, today);
    let placed = places.values().filter_map(Place::agreement).map(|(_, agreement)| agreement);
    let mut agreements: BTreeSet<AgreementId> = placed.collect();
    // Lines that the mapping no longer names are looked at all the same, also on an agreement that ended: one that a person
    // moved away before bills elsewhere.
    agreements.extend(past.owned.keys().map(|key| key.agreement).filter(|id| directory.agreements.contains_key(id)));
    let AdditionLists { additions, unread, others, products_named, bundled, bundles_left } =
        ahead.unwrap_or_default().completed(connectwise, agreements).await?;
    hold(&mut places, &unread);
    directory.unread.additions = unread.into_iter().map(|(agreement, unread)| (agreement, unread.why)).collect();
    directory.unread.others = others;
    directory.note_named(products_named);
    Ok(Remote { directory, places, additions, bundled, bundles_left })
}

/// Whose agreement shows no additions waits; everybody else is billed.
pub(crate) fn hold(places: &mut BTreeMap<CustomerName, Place>, unread: &BTreeMap<AgreementId, UnreadList>) {
    for place in places.values_mut() {
        let on = place.agreement().and_then(|(_, agreement)| Some((agreement, unread.get(&agreement)?)));
        if let Some((agreement, UnreadList { why, fix, .. })) = on {
            let message = format!("the additions of agreement {agreement} cannot be read: {why}");
            *place = place.clone().blocked(Code::AgreementUnreadable, message, fix.clone());
        }
    }
}

/// Reads the other agreements of the companies on which lines would begin by a plan, or by an answer to it, and of those
/// that lost a line that recount owns: the product may bill there already. Whether there were any, and the plan is to be drawn anew.
pub(crate) async fn look_around<R: Reader>(
    connectwise: &R,
    plan: &Plan,
    past: &Past,
    remote: &mut Remote,
    today: NaiveDate,
) -> Result<bool, ReadError> {
    let begin = plan.lines.iter().filter(|line| line.may_begin() || line.verdict.begins());
    let is_away = |(key, owned): &(&LineKey, &Owned)| past.is_away(key, owned, &remote.additions);
    let lost = past.owned.iter().filter(is_away);
    let of = |key: &LineKey| remote.directory.agreements.get(&key.agreement).map(|agreement| agreement.company);
    let lost = lost.flat_map(|(key, owned)| owned.company.into_iter().chain(of(key)));
    let companies: BTreeSet<CompanyId> = begin.filter_map(|line| line.company).chain(lost).collect();
    let unread = remote.directory.agreements.values().filter(|agreement| {
        companies.contains(&agreement.company)
            && !remote.additions.contains_key(&agreement.id)
            && !remote.directory.unread.additions.contains_key(&agreement.id)
            && agreement.billing(today).is_ok()
    });
    let unread: BTreeSet<AgreementId> = unread.map(|agreement| agreement.id).collect();
    if unread.is_empty() {
        return Ok(false);
    }
    let AdditionLists { additions, unread, others, products_named, .. } = read_lists(connectwise, unread, None).await?;
    remote.directory.note_named(products_named);
    remote.additions.extend(additions);
    remote.directory.unread.additions.extend(unread.into_iter().map(|(agreement, unread)| (agreement, unread.why)));
    remote.directory.unread.others.extend(others);
    Ok(true)
}

/// Companies, agreements and products, side by side as far as one does not follow from another.
pub(crate) async fn read_directory<R: Reader>(
    connectwise: &R,
    mapping: &Mapping,
    counts: &Counts,
    past: &Past,
) -> Result<Directory, ReadError> {
    let mut unread = Unread::default();
    let (companies, ahead, products) = tokio::join!(
        companies(connectwise, mapping, past, &mut unread.companies),
        agreements_ahead(connectwise, mapping, past),
        catalog(connectwise, mapping, &mut unread.products),
    );
    let (mut companies, ahead, products) = (companies?, ahead.transpose()?, products?);
    let in_question = in_question(mapping, counts, past, &companies);
    let found = match ahead {
        Some(found) => only_of(&in_question, found),
        None => connectwise.agreements_of(&in_question).await?,
    };
    let mut agreements = agreements(connectwise, mapping, past, found, &mut unread.agreements).await?;
    let owned = agreements.values().map(|agreement| agreement.company).filter(|id| !companies.contains_key(id));
    let strangers: BTreeSet<CompanyId> = owned.collect();
    // Of an owned line whose company nobody noted: who bills beside it has to be seen as well.
    let of_owned =
        past.owned.keys().any(|key| agreements.get(&key.agreement).is_some_and(|a| strangers.contains(&a.company)));
    if of_owned {
        let found = connectwise.companies(&strangers).await?;
        companies.extend(found.records.into_iter().map(|company| (company.id, company)));
        unread.companies.extend(found.unreadable.into_iter().map(|record| (CompanyId(record.id), record)));
        let found = connectwise.agreements_of(&strangers).await?;
        agreements.extend(found.records.into_iter().map(|agreement| (agreement.id, agreement)));
        unread.agreements.extend(found.unreadable.into_iter().map(|record| (AgreementId(record.id), record)));
    }
    let remembered = agreements.into_iter().map(|(id, agreement)| (id, agreement.remembered(&past.once_before)));
    Ok(Directory { companies, agreements: remembered.collect(), products, unread, ..Directory::default() })
}

/// The agreements of every company that may matter, where that is known before the companies are: all but those that
/// are matched by name.
async fn agreements_ahead<R: Reader>(
    connectwise: &R,
    mapping: &Mapping,
    past: &Past,
) -> Option<Result<Agreements, ReadError>> {
    match mapping.match_customers {
        MatchCustomers::ExactName => None,
        MatchCustomers::Mapped => Some(connectwise.agreements_of(&known_companies(mapping, past)).await),
    }
}

/// Without those of a company that turned out to be gone.
fn only_of(companies: &BTreeSet<CompanyId>, mut agreements: Agreements) -> Agreements {
    let is_of = |company: &CompanyId| companies.contains(company);
    agreements.records.retain(|agreement| is_of(&agreement.company));
    agreements.unreadable.retain(|record| record.known.company.as_ref().is_none_or(is_of));
    agreements
}

/// The companies that are mapped, and those of lines that are owned.
fn known_companies(mapping: &Mapping, past: &Past) -> BTreeSet<CompanyId> {
    let of_lines = past.owned.values().filter_map(|owned| owned.company);
    mapping.companies().into_iter().chain(of_lines).collect()
}

async fn companies<R: Reader>(
    connectwise: &R,
    mapping: &Mapping,
    past: &Past,
    unread: &mut BTreeMap<CompanyId, Unreadable<Option<String>>>,
) -> Result<BTreeMap<CompanyId, Company>, ReadError> {
    let companies = match mapping.match_customers {
        MatchCustomers::ExactName => connectwise.all_companies().await?,
        MatchCustomers::Mapped => connectwise.companies(&known_companies(mapping, past)).await?,
    };
    unread.extend(companies.unreadable.into_iter().map(|record| (CompanyId(record.id), record)));
    Ok(companies.records.into_iter().map(|company| (company.id, company)).collect())
}

/// The companies whose agreements matter: those that are mapped, and those that bear a customer's name.
fn in_question(
    mapping: &Mapping,
    counts: &Counts,
    past: &Past,
    companies: &BTreeMap<CompanyId, Company>,
) -> BTreeSet<CompanyId> {
    let accepted = past.accepted.iter().flat_map(|accepted| accepted.customers.iter().chain(&accepted.missing));
    let names = counts.customers.keys().chain(counts.left_out.keys()).chain(accepted).map(CustomerName::as_str);
    let names: BTreeSet<Cow<'_, str>> = names.map(normalized).collect();
    let known = known_companies(mapping, past);
    let is_in_question = |company: &&Company| {
        let by_name =
            mapping.match_customers == MatchCustomers::ExactName && names.contains(&normalized(&company.name));
        !company.deleted && (by_name && mapping.companies_of.admits(company) || known.contains(&company.id))
    };
    companies.values().filter(is_in_question).map(|company| company.id).collect()
}

/// All agreements of the companies in question, and those that `customers.csv` names and that belong to none of them:
/// "belongs to another company" is another thing to mend than "does not exist".
async fn agreements<R: Reader>(
    connectwise: &R,
    mapping: &Mapping,
    past: &Past,
    found: Agreements,
    unread: &mut BTreeMap<AgreementId, Unreadable<AgreementSign>>,
) -> Result<BTreeMap<AgreementId, Agreement>, ReadError> {
    let mut agreements: BTreeMap<AgreementId, Agreement> = BTreeMap::new();
    agreements.extend(found.records.into_iter().map(|agreement| (agreement.id, agreement)));
    unread.extend(found.unreadable.into_iter().map(|record| (AgreementId(record.id), record)));
    let is_known = |id: &AgreementId| agreements.contains_key(id) || unread.contains_key(id);
    let named = mapping.agreements().into_iter().chain(past.owned.keys().map(|key| key.agreement));
    let elsewhere = named.filter(|id| !is_known(id)).collect();
    let found = connectwise.agreements(&elsewhere).await?;
    agreements.extend(found.records.into_iter().map(|agreement| (agreement.id, agreement)));
    unread.extend(found.unreadable.into_iter().map(|record| (AgreementId(record.id), record)));
    Ok(agreements)
}

/// The catalog items of the products that are mapped.
async fn catalog<R: Reader>(
    connectwise: &R,
    mapping: &Mapping,
    unread: &mut BTreeMap<String, Unreadable<Option<String>>>,
) -> Result<BTreeMap<String, Vec<Product>>, ReadError> {
    let wanted: BTreeSet<String> = mapping.products().into_iter().map(ProductCode::folded).collect();
    if wanted.is_empty() {
        return Ok(BTreeMap::new());
    }
    catalog_of(connectwise, &wanted, unread).await
}

/// The catalog items of these identifiers, folded.
pub(crate) async fn catalog_of<R: Reader>(
    connectwise: &R,
    wanted: &BTreeSet<String>,
    unread: &mut BTreeMap<String, Unreadable<Option<String>>>,
) -> Result<BTreeMap<String, Vec<Product>>, ReadError> {
    let mut products: BTreeMap<String, Vec<Product>> = BTreeMap::new();
    let catalog = connectwise.catalog_items(wanted).await?;
    let folded = |identifier: &str| Some(ProductCode::new(identifier).folded()).filter(|code| wanted.contains(code));
    for product in catalog.records {
        if let Some(code) = folded(&product.identifier) {
            products.entry(code).or_default().push(product);
        }
    }
    for record in catalog.unreadable {
        if let Some(code) = record.known.as_deref().and_then(folded) {
            unread.insert(code, record);
        }
    }
    Ok(products)
}
