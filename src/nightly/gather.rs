//! What a plan needs of ConnectWise, in as few requests as the mapping allows.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use futures_util::{StreamExt, TryStreamExt};

use crate::connectwise::{Ahead, ReadError, Reader};
use crate::reconcile::guard::check::Seen;
use crate::reconcile::matching::placement::{Place, place_all};
use crate::reconcile::model::code::Code;
use crate::reconcile::model::counts::Counts;
use crate::reconcile::model::ids::{AgreementId, CompanyId, CustomerName, ProductCode};
use crate::reconcile::model::mapping::{Mapping, MatchCustomers};
use crate::reconcile::model::past::Past;
use crate::reconcile::model::records::{Additions, Agreement, Company, Directory, Product};

/// Reads that wait for an answer at the same time; the client's own `max_in_flight` is the limit that counts.
pub(super) const READS_AT_ONCE: usize = 32;

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
pub(super) async fn gather<R: Reader>(
    connectwise: &R,
    mapping: &Mapping,
    counts: &Counts,
    past: &Past,
    today: NaiveDate,
) -> Result<Remote, ReadError> {
    let directory = directory(connectwise, mapping, counts, past).await?;
    let places = place_all(counts, mapping, past, &directory, today);
    let additions = additions(connectwise, &places).await?;
    Ok(Remote { directory, places, additions })
}

/// Companies, agreements and products.
pub(super) async fn directory<R: Reader>(
    connectwise: &R,
    mapping: &Mapping,
    counts: &Counts,
    past: &Past,
) -> Result<Directory, ReadError> {
    let companies = companies(connectwise, mapping).await?;
    Ok(Directory {
        agreements: agreements(connectwise, mapping, counts, past, &companies).await?,
        companies,
        products: catalog(connectwise, mapping).await?,
    })
}

async fn companies<R: Reader>(connectwise: &R, mapping: &Mapping) -> Result<BTreeMap<CompanyId, Company>, ReadError> {
    let companies = match mapping.match_customers {
        MatchCustomers::ExactName => connectwise.all_companies().await?,
        MatchCustomers::Mapped => connectwise.companies(&mapping.companies()).await?,
    };
    Ok(companies.into_iter().map(|company| (company.id, company)).collect())
}

/// All agreements of the companies in question, and those that `customers.csv` names and that belong to none of them:
/// "belongs to another company" is another thing to mend than "does not exist".
async fn agreements<R: Reader>(
    connectwise: &R,
    mapping: &Mapping,
    counts: &Counts,
    past: &Past,
    companies: &BTreeMap<CompanyId, Company>,
) -> Result<BTreeMap<AgreementId, Agreement>, ReadError> {
    let known = past.accepted.iter().flat_map(|accepted| accepted.customers.iter().chain(&accepted.missing));
    let names: BTreeSet<&str> = counts.customers.keys().chain(known).map(CustomerName::as_str).collect();
    let mapped = mapping.companies();
    let in_question = |company: &&Company| {
        let by_name = mapping.match_customers == MatchCustomers::ExactName && names.contains(company.name.trim());
        !company.deleted && (by_name && mapping.companies_of.admits(company) || mapped.contains(&company.id))
    };
    let in_question = companies.values().filter(in_question).map(|company| company.id).collect();
    let mut agreements: BTreeMap<AgreementId, Agreement> = BTreeMap::new();
    let found = connectwise.agreements_of(&in_question).await?;
    agreements.extend(found.into_iter().map(|agreement| (agreement.id, agreement)));
    let elsewhere = mapping.agreements().into_iter().filter(|id| !agreements.contains_key(id)).collect();
    let found = connectwise.agreements(&elsewhere).await?;
    agreements.extend(found.into_iter().map(|agreement| (agreement.id, agreement)));
    Ok(agreements)
}

/// The catalog items of the products that are mapped.
async fn catalog<R: Reader>(connectwise: &R, mapping: &Mapping) -> Result<BTreeMap<String, Vec<Product>>, ReadError> {
    let wanted: BTreeSet<String> =
        mapping.billed().flat_map(|(_, billed)| &billed.products).map(ProductCode::folded).collect();
    let mut products: BTreeMap<String, Vec<Product>> = BTreeMap::new();
    if wanted.is_empty() {
        return Ok(products);
    }
    for product in connectwise.catalog().await? {
        let folded = ProductCode::new(&product.identifier).folded();
        if wanted.contains(&folded) {
            products.entry(folded).or_default().push(product);
        }
    }
    Ok(products)
}

async fn additions<R: Reader>(connectwise: &R, places: &BTreeMap<CustomerName, Place>) -> Result<Additions, ReadError> {
    let agreements: BTreeSet<AgreementId> =
        places.values().filter_map(Place::agreement).map(|(_, agreement)| agreement).collect();
    connectwise.ahead(Ahead::Agreements(agreements.len()));
    let reads = agreements.into_iter().map(|agreement| async move {
        let additions = connectwise.additions(agreement).await?;
        Ok((agreement, additions))
    });
    futures_util::stream::iter(reads).buffer_unordered(READS_AT_ONCE).try_collect().await
}
