//! Before a line is created: does the product bill already, beside it, where nobody counts it?

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use crate::reconcile::matching::catalog::candidates;
use crate::reconcile::matching::line_claims::Claims;
use crate::reconcile::matching::placement::Place;
use crate::reconcile::model::connectwise_records::{
    Addition, Additions, Agreement, AgreementSign, Directory, ForeignAddition, Unreadable, units_of,
};
use crate::reconcile::model::ids::{
    AdditionId, AgreementId, CompanyId, CustomerName, ItemName, ProductCode, ProductId,
};
use crate::reconcile::model::line_owners::UncountedLine;
use crate::reconcile::model::past::Past;
use crate::reconcile::model::plan::line::LineKey;

/// What is looked through.
#[derive(Debug, Clone)]
pub struct ElsewhereInputs<'a> {
    directory: &'a Directory,
    additions: &'a Additions,
    claims: &'a Claims,
    /// The agreements that mapped customers are billed on tonight.
    counted: BTreeSet<AgreementId>,
    /// Additions that recount has owned, each where it was: where the mapping no longer wants one there, it is asked about as
    /// a line left behind. One that a person moved to another agreement bills beside whatever begins in its place.
    /// In order of the additions.
    owned: Vec<(AdditionId, &'a LineKey)>,
    /// Whose the agreements are that recount has owned lines on.
    company_of: BTreeMap<AgreementId, CompanyId>,
    uncounted: &'a [UncountedLine],
    by_company: BTreeMap<CompanyId, Vec<&'a Agreement>>,
    today: NaiveDate,
}

impl<'a> ElsewhereInputs<'a> {
    /// Of these customers' companies.
    #[expect(clippy::too_many_arguments, reason = "all that is looked through")]
    pub fn new(
        directory: &'a Directory,
        additions: &'a Additions,
        claims: &'a Claims,
        places: &BTreeMap<CustomerName, Place>,
        past: &'a Past,
        today: NaiveDate,
    ) -> Self {
        let owned = past.owned.iter().filter_map(|(key, owned)| Some((owned.addition?, key)));
        let mut owned: Vec<_> = owned.collect();
        owned.sort_unstable();
        let company_of = past.owned.iter().filter_map(|(key, owned)| Some((key.agreement, owned.company?))).collect();
        let counted = places.values().filter_map(Place::agreement).map(|(_, agreement)| agreement).collect();
        let mut by_company: BTreeMap<CompanyId, Vec<&Agreement>> = BTreeMap::new();
        for agreement in directory.agreements.values().filter(|agreement| agreement.billing(today).is_ok()) {
            by_company.entry(agreement.company).or_default().push(agreement);
        }
        let uncounted = &past.uncounted;
        Self { directory, additions, claims, counted, owned, company_of, uncounted, by_company, today }
    }

    /// The additions that bill the product already: on another agreement of the company, where nobody wants it, or here
    /// under another catalog item of the same identifier.
    pub(in crate::reconcile) fn elsewhere(
        &self,
        key: &LineKey,
        product: ProductId,
        company: CompanyId,
    ) -> Vec<(AgreementId, &'a Addition)> {
        let items = self.same_identifier(&key.product, product);
        let agreements = self.by_company.get(&company).map(Vec::as_slice).unwrap_or_default();
        let mut found = Vec::new();
        for agreement in agreements {
            let here = agreement.id == key.agreement;
            let wanted = |id| self.counted.contains(&agreement.id) && id == product;
            if !here && !self.claims.of(agreement.id, &key.product).is_empty() {
                continue;
            }
            let others = self.additions.get(&agreement.id).into_iter().flatten().filter(|addition| {
                let other = addition.product.is_some_and(|id| items.contains(&id) && !wanted(id));
                let other = other && self.owned_as(addition.id).all(|line| line.agreement != agreement.id);
                other && addition.is_live(self.today) && addition.bills() && may_be(addition, key.item.as_ref())
            });
            found.extend(others.map(|addition| (agreement.id, addition)));
        }
        found
    }

    /// Another agreement of the company whose record or whose additions cannot be read, or not all of them: the
    /// product may bill there. One whose company cannot be read either, and that is not known from before, may be any
    /// company's: the list is asked for by company, so it is one of them.
    pub(in crate::reconcile) fn unseen(&self, key: &LineKey, company: CompanyId) -> Option<AgreementId> {
        let agreements = self.by_company.get(&company).map(Vec::as_slice).unwrap_or_default();
        let nameless = |addition: &Addition| addition.product.is_none() && addition.is_current(self.today);
        let unread = |id: &AgreementId| {
            self.directory.unread.additions.contains_key(id)
                || self.additions.get(id).is_some_and(|listed| listed.iter().any(nameless))
        };
        let found = agreements.iter().map(|agreement| agreement.id).find(|id| *id != key.agreement && unread(id));
        found.or_else(|| {
            let mut records = self.directory.unread.agreements.iter();
            let known = |id: &AgreementId| self.company_of.get(id).copied();
            let may_be = |(id, record): &(&AgreementId, &Unreadable<AgreementSign>)| {
                record.known.company.or_else(|| known(id)).is_none_or(|of| of == company)
            };
            records.find(may_be).map(|(id, _)| *id)
        })
    }

    /// The rows of the product in this agreement's list that say they are another agreement's, and that nobody sees there: that
    /// one is not known, or its own list does not hold them. They may bill here.
    pub(in crate::reconcile) fn strayed(&self, key: &LineKey, product: ProductId) -> Vec<&'a ForeignAddition> {
        let items = self.same_identifier(&key.product, product);
        let rows = self.directory.unread.others.get(&key.agreement).into_iter().flatten();
        let strayed = rows.filter(|ForeignAddition { agreement, addition }| {
            let is_there = match self.additions.get(agreement) {
                Some(listed) => listed.iter().any(|one| one.id == addition.id),
                // It does not bill, or its list cannot be read, which is told by itself.
                None => self.directory.agreements.contains_key(agreement),
            };
            let ours = addition.product.is_none_or(|id| items.contains(&id));
            let bills = addition.is_current(self.today) && addition.bills();
            !is_there && ours && bills && may_be(addition, key.item.as_ref())
        });
        strayed.collect()
    }

    /// The additions of the product on this agreement whose last billed day is today, or was in this month.
    pub(in crate::reconcile) fn just_ended(&self, key: &LineKey, product: ProductId) -> Vec<&'a Addition> {
        let items = self.same_identifier(&key.product, product);
        let listed = self.additions.get(&key.agreement).into_iter().flatten();
        let ended = listed.filter(|addition| {
            let ours = addition.product.is_some_and(|id| items.contains(&id));
            ours && addition.just_ended(self.today) && addition.bills() && may_be(addition, key.item.as_ref())
        });
        ended.collect()
    }

    /// An addition of this agreement, of whatever product it is now.
    pub(in crate::reconcile) fn listed(&self, agreement: AgreementId, addition: AdditionId) -> Option<&'a Addition> {
        self.additions.get(&agreement)?.iter().find(|listed| listed.id == addition)
    }

    /// Where an addition is, that is not where it was, as far as tonight has read it.
    pub(in crate::reconcile) fn not_where_it_was(&self, addition: AdditionId) -> String {
        not_where_it_was(addition, self.additions, self.uncounted)
    }

    /// On which agreement it is and what it bills there, in the words behind its name, if tonight has read that.
    pub(in crate::reconcile) fn where_it_is(&self, addition: AdditionId) -> Option<String> {
        where_it_is(addition, self.additions, self.uncounted)
    }

    /// The lines that recount owns an addition as.
    pub(in crate::reconcile) fn owned_as(&self, addition: AdditionId) -> impl Iterator<Item = &'a LineKey> {
        let from = self.owned.partition_point(|(id, _)| *id < addition);
        self.owned[from..].iter().take_while(move |(id, _)| *id == addition).map(|(_, line)| *line)
    }

    /// Whether an addition is still of the product that a line means; true also where nobody knows what it means.
    pub(in crate::reconcile) fn is_of(&self, line: &LineKey, addition: &Addition) -> bool {
        let meant = candidates(self.directory, &line.product);
        meant.is_empty() || meant.iter().any(|product| addition.product == Some(product.id))
    }

    /// Whether an addition is of a record of this product, which may be none that bills.
    pub(in crate::reconcile) fn is_known_as(&self, code: &ProductCode, addition: &Addition) -> bool {
        candidates(self.directory, code).iter().any(|product| addition.product == Some(product.id))
    }

    fn same_identifier(&self, code: &ProductCode, product: ProductId) -> BTreeSet<ProductId> {
        let code = code.folded();
        let found = self.directory.products.get(&code).into_iter().flatten().map(|product| product.id);
        let unlisted = self.directory.not_in_catalog.get(&code).into_iter().flatten();
        found.chain(unlisted.copied()).chain([product]).collect()
    }
}

/// Where an addition is, that is not where it was.
pub(in crate::reconcile) fn not_where_it_was(
    id: AdditionId,
    additions: &Additions,
    uncounted: &[UncountedLine],
) -> String {
    let now = where_it_is(id, additions, uncounted);
    format!("addition {id} was here, and {}", now.as_deref().unwrap_or("ConnectWise does not show it any more"))
}

/// On an agreement that the night reads, or where the look for lines that nobody counts came upon it.
fn where_it_is(id: AdditionId, additions: &Additions, uncounted: &[UncountedLine]) -> Option<String> {
    let mut all = additions.iter().flat_map(|(agreement, listed)| listed.iter().map(|one| (*agreement, one)));
    let listed = all.find(|(_, listed)| listed.id == id).map(|(agreement, now)| (agreement, now.units()));
    let swept = || {
        let units = |one: &UncountedLine| one.named.0.get(&id).map(|units| (one.key.agreement, units_of(*units)));
        uncounted.iter().find_map(units)
    };
    let (agreement, units) = listed.or_else(swept)?;
    Some(format!("is on agreement {agreement} now, where it bills {units}"))
}

/// Whether an addition may bill this item: one that does not say whose item it bills may bill any.
pub fn may_be(addition: &Addition, item: Option<&ItemName>) -> bool {
    match (item, &addition.mark) {
        (None, _) | (Some(_), None) => true,
        (Some(item), Some(mark)) => mark.is_same(item),
    }
}
