//! Lines that two integrations would write in turn: each night each would set the other's quantity back.
//!
//! An integration owns every product that it maps, on every agreement that it puts a customer on: also those that it
//! counts nothing of tonight, because it wants them at zero.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use crate::reconcile::decide::line_decision::LineDecision;
use crate::reconcile::decide::permitted_answers::may_be_accepted;
use crate::reconcile::matching::placement::{Place, place_all};
use crate::reconcile::model::connectwise_records::Directory;
use crate::reconcile::model::export::counts::Counts;
use crate::reconcile::model::ids::{AgreementId, CompanyId, CustomerName, IntegrationName, ProductCode};
use crate::reconcile::model::mapping::{CustomerTarget, Mapping};
use crate::reconcile::model::past::Past;
use crate::reconcile::model::plan::line::{LineKey, Verdict};
use crate::reconcile::model::plan::reason_code::Code;
use crate::reconcile::model::plan::remedy::Remedy;

/// Another integration that is not off and bills in the same ConnectWise.
#[derive(Debug, Clone, Copy)]
pub struct OtherIntegration<'a> {
    /// Its name.
    pub integration: &'a IntegrationName,
    /// Its mapping.
    pub mapping: &'a Mapping,
}

/// What the neighbours of an integration own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Claims(Vec<Claim>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Claim {
    integration: IntegrationName,
    agreements: BTreeSet<AgreementId>,
    /// Folded as [`ProductCode::folded`].
    products: BTreeSet<String>,
}

impl Claims {
    /// What `neighbours` own on the agreements of this directory. `seen` are the agreements of a neighbour's last
    /// accepted run: customers that match by name stand in no file.
    pub fn new(
        neighbours: &[OtherIntegration<'_>],
        seen: &BTreeMap<IntegrationName, BTreeSet<AgreementId>>,
        directory: &Directory,
        today: NaiveDate,
    ) -> Self {
        let claim = |neighbour: &OtherIntegration<'_>| {
            let OtherIntegration { integration, mapping } = *neighbour;
            let places = place_all(&Counts::default(), mapping, &Past::default(), directory, today);
            let placed = places.values().filter_map(Place::agreement).map(|(_, agreement)| agreement);
            let seen = seen.get(integration).into_iter().flatten().copied();
            Claim {
                integration: integration.clone(),
                agreements: placed.chain(seen).collect(),
                products: mapping.products().into_iter().map(ProductCode::folded).collect(),
            }
        };
        Self(neighbours.iter().map(claim).collect())
    }

    /// The integrations that own this product on this agreement as well.
    pub fn of(&self, agreement: AgreementId, product: &ProductCode) -> Vec<&IntegrationName> {
        let owns = |claim: &&Claim| {
            claim.agreements.contains(&agreement) && claim.products.contains(product.folded().as_str())
        };
        self.0.iter().filter(owns).map(|claim| &claim.integration).collect()
    }

    /// Whether a neighbour puts a customer on this agreement.
    pub fn any_on(&self, agreement: AgreementId) -> bool {
        self.0.iter().any(|claim| claim.agreements.contains(&agreement))
    }

    /// The judgement of a line, held if a neighbour owns it as well. What is held for a reason that nobody can wave
    /// through, and what an operator keeps, stays as it was judged.
    pub(in crate::reconcile) fn hold(&self, key: &LineKey, judgement: LineDecision) -> LineDecision {
        let others = self.of(key.agreement, &key.product);
        let stays = match &judgement.verdict {
            Verdict::Unchanged(code) => matches!(code, Code::NothingToBill | Code::Kept),
            Verdict::Held(code) => !may_be_accepted(*code),
            Verdict::Skipped(_) => true,
            Verdict::Update(_) | Verdict::Create(_) | Verdict::Large(_) => false,
        };
        if others.is_empty() || stays {
            return judgement;
        }
        let detail = owned_by(&key.product, &others);
        LineDecision { verdict: Verdict::Held(Code::LineOwnedTwice), detail, ..judgement }
    }
}

/// A sentence.
pub fn owned_by(product: &ProductCode, others: &[&IntegrationName]) -> String {
    let others = others.iter().map(|other| other.as_str()).collect::<Vec<_>>().join(", ");
    format!("product {product} is billed on the same agreement by {others} as well")
}

/// What to do about it.
pub fn one_owner(mapping: &Mapping) -> Remedy {
    mapping.edit_services("leave the product to one of them").or(Remedy::customers("name different agreements"))
}

/// Products that two mappings bill on one agreement for all that can be seen without ConnectWise: both rows name the
/// same agreement, or neither names one and the default is the same. With a customer of the first.
pub fn shared(one: &Mapping, other: &Mapping) -> BTreeMap<ProductCode, BTreeSet<CustomerName>> {
    let folded: BTreeSet<String> = other.products().into_iter().map(ProductCode::folded).collect();
    let products: Vec<&ProductCode> =
        one.products().into_iter().filter(|product| folded.contains(&product.folded())).collect();
    let same_default = one.default_agreement.is_some() && one.default_agreement == other.default_agreement;
    let theirs: BTreeSet<(CompanyId, Option<AgreementId>)> = targets(other).map(|(_, target)| target).collect();
    let mut shared: BTreeMap<ProductCode, BTreeSet<CustomerName>> = BTreeMap::new();
    for (customer, target) in targets(one) {
        if theirs.contains(&target) && (target.1.is_some() || same_default) {
            for product in &products {
                shared.entry((*product).clone()).or_default().insert(customer.clone());
            }
        }
    }
    shared
}

fn targets(mapping: &Mapping) -> impl Iterator<Item = (&CustomerName, (CompanyId, Option<AgreementId>))> {
    mapping.customers.iter().filter_map(|(customer, row)| match row.target {
        CustomerTarget::Company { company, agreement } => Some((customer, (company, agreement))),
        CustomerTarget::Skip => None,
    })
}
