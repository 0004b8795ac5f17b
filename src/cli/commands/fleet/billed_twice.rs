//! Two tenants that would bill the same line: each would take the other's writes for edits by hand, or write over them.
//!
//! A line is known here by what the configuration says of it alone: the ConnectWise, the product, and the company that a customer
//! is mapped to. Companies that are found by name are known at night only, so such an integration may bill any of them.

use std::collections::BTreeMap;

use crate::cli::commands::fleet::tenants::Tenant;
use crate::config::settings::{Config, ConnectWiseConfig, IntegrationConfig};
use crate::reconcile::model::display_text::shown;
use crate::reconcile::model::ids::{AgreementId, CompanyId};
use crate::reconcile::model::mapping::{CustomerTarget, MatchCustomers};
use crate::reconcile::model::plan::outcome::Mode;

/// Where a product is billed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct BilledPlace {
    /// `None` for whichever has a customer's name.
    company: Option<CompanyId>,
    /// `None` for the default agreement.
    agreement: Option<AgreementId>,
}

/// What a tenant bills, by ConnectWise and product.
#[derive(Debug, Default)]
pub(super) struct BilledLines(BTreeMap<(String, String), Vec<BilledPlace>>);

impl BilledLines {
    /// Of all its integrations that write.
    pub(super) fn of(config: &Config) -> Self {
        let mut all = Self::default();
        for integration in config.integrations.values().filter(|one| one.mode == Mode::Apply) {
            if let Some(connectwise) = config.connectwise.get(&integration.connectwise) {
                all.add(&which(connectwise), integration);
            }
        }
        all
    }

    fn add(&mut self, connectwise: &str, integration: &IntegrationConfig) {
        // One that has no mapping writes nothing.
        let Ok(mapping) = &integration.mapping else { return };
        let mapped = mapping.customers.values().filter_map(|row| match row.target {
            CustomerTarget::Skip => None,
            CustomerTarget::Company { company, agreement } => Some(BilledPlace { company: Some(company), agreement }),
        });
        let by_name = (mapping.match_customers == MatchCustomers::ExactName)
            .then_some(BilledPlace { company: None, agreement: None });
        let places: Vec<BilledPlace> = mapped.chain(by_name).collect();
        for product in mapping.products() {
            let known = self.0.entry((connectwise.to_owned(), product.folded())).or_default();
            known.extend(places.iter().copied());
        }
    }
}

/// The host, with the port where one is named, and the login company.
fn which(connectwise: &ConnectWiseConfig) -> String {
    let port = connectwise.client.url.port().map(|port| format!(", port {port}")).unwrap_or_default();
    format!("{}{port}", connectwise.site())
}

/// A line that two tenants would bill, of the later one by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct BilledTwice {
    /// The one that bills it.
    pub(super) first: Tenant,
    connectwise: String,
    product: String,
    company: Option<CompanyId>,
}

impl BilledTwice {
    /// What is wrong with the later one.
    pub(super) fn sentence(&self) -> String {
        let Self { first, connectwise, product, company } = self;
        let whose = company
            .map_or_else(|| "a company that is found by its name".to_owned(), |company| format!("company {company}"));
        format!(
            "it bills what tenant {} bills: product {} of {whose} in {}; map each customer in one of the two, or set mode = \"observe\" \
             in one",
            shown(&first.name),
            shown(product),
            shown(connectwise)
        )
    }
}

/// The tenants that bill what an earlier one bills.
pub(super) fn billed_twice<'a>(
    tenants: impl Iterator<Item = (&'a Tenant, &'a BilledLines)>,
) -> BTreeMap<Tenant, BilledTwice> {
    let mut known: BTreeMap<&(String, String), KnownPlaces<'a>> = BTreeMap::new();
    let mut found = BTreeMap::new();
    for (tenant, lines) in tenants {
        let twice = lines.0.iter().find_map(|(what, places)| {
            let known = known.get(what)?;
            let (place, first) = places.iter().find_map(|place| Some((place, known.owner(place)?)))?;
            let (connectwise, product) = what.clone();
            Some(BilledTwice { first: first.clone(), connectwise, product, company: place.company })
        });
        match twice {
            Some(twice) => _ = found.insert(tenant.clone(), twice),
            None => {
                for (what, places) in &lines.0 {
                    known.entry(what).or_default().add(tenant, places);
                }
            }
        }
    }
    found
}

/// Where a product is billed by the tenants so far.
#[derive(Default)]
struct KnownPlaces<'a> {
    by_company: BTreeMap<CompanyId, Vec<(Option<AgreementId>, &'a Tenant)>>,
    /// Whoever bills whichever company has a customer's name.
    any: Option<&'a Tenant>,
    first: Option<&'a Tenant>,
}

impl<'a> KnownPlaces<'a> {
    fn owner(&self, place: &BilledPlace) -> Option<&'a Tenant> {
        // Two agreements that are both named are two lines; the default one may be either.
        let may_be_one =
            |other: &Option<AgreementId>| other.is_none() || place.agreement.is_none() || *other == place.agreement;
        let Some(company) = place.company else { return self.first };
        let there = self.by_company.get(&company).into_iter().flatten();
        there.clone().find(|(other, _)| may_be_one(other)).map(|(_, tenant)| *tenant).or(self.any)
    }

    fn add(&mut self, tenant: &'a Tenant, places: &[BilledPlace]) {
        for BilledPlace { company, agreement } in places {
            self.first.get_or_insert(tenant);
            match company {
                Some(company) => self.by_company.entry(*company).or_default().push((*agreement, tenant)),
                None => _ = self.any.get_or_insert(tenant),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn tenant(name: &str) -> Tenant {
        Tenant { name: name.to_owned(), folder: PathBuf::from(name) }
    }

    fn lines(connectwise: &str, product: &str, company: Option<i64>, agreement: Option<i64>) -> BilledLines {
        let place = BilledPlace { company: company.map(CompanyId), agreement: agreement.map(AgreementId) };
        BilledLines(BTreeMap::from([((connectwise.to_owned(), product.to_owned()), vec![place])]))
    }

    /// A folder that was copied would bill the same agreements as the first one, each by its own history.
    #[test]
    fn the_later_of_two_tenants_that_may_bill_one_line_is_told_which_the_first_is() {
        let first = lines("na", "p", Some(1), None);
        for (other, is_twice) in [
            (lines("na", "p", Some(1), None), true),
            (lines("na", "p", Some(1), Some(7)), true),
            (lines("na", "p", None, None), true),
            (lines("na", "p", Some(2), None), false),
            (lines("na", "q", Some(1), None), false),
            (lines("eu", "p", Some(1), None), false),
        ] {
            let (a, b) = (tenant("a"), tenant("b"));
            let found = billed_twice([(&a, &first), (&b, &other)].into_iter());
            assert_eq!(found.get(&b).map(|twice| &twice.first), is_twice.then_some(&a), "{other:?}");
            assert!(!found.contains_key(&a), "the first one goes on");
        }
    }

    #[test]
    fn two_agreements_that_are_both_named_are_two_lines() {
        let (a, b) = (tenant("a"), tenant("b"));
        let (first, other) = (lines("na", "p", Some(1), Some(7)), lines("na", "p", Some(1), Some(8)));
        assert!(billed_twice([(&a, &first), (&b, &other)].into_iter()).is_empty());
    }
}
