//! The lists that a plan is drawn on.

use std::collections::BTreeSet;

use crate::connectwise::billing_cycles::{BillingCycles, CycleRow};
use crate::connectwise::client::Client;
use crate::connectwise::client::paging::List;
use crate::connectwise::client::status_meaning::{Right, failed};
use crate::connectwise::client::unreachable_cause::UnreachableCause;
use crate::connectwise::wire::{AdditionRow, AgreementRow, CompanyRow, IdRow, ProductRow, WireAddition, WireAgreement};
use crate::connectwise::{AdditionsLook, BundledLists, CyclesByName, CyclesUnread, ReadError, Reader, UpcomingWork};
use crate::reconcile::model::connectwise_records::{
    AdditionList, Agreement, Agreements, Companies, ForeignAddition, Listed, Products, Recurrence,
};
use crate::reconcile::model::ids::{AgreementId, CompanyId};
use crate::reconcile::model::plan::outcome::Traffic;

const COMPANIES: List<'_> = List { path: "company/companies", right: Right::Companies };
const AGREEMENTS: List<'_> = List { path: "finance/agreements", right: Right::Agreements };
const BILLING_CYCLES: List<'_> = List { path: "finance/billingCycles", right: Right::BillingCycles };
const CATALOG: List<'_> = List { path: "procurement/catalog", right: Right::Catalog };

impl Reader for Client {
    async fn companies(&self, ids: &BTreeSet<CompanyId>) -> Result<Companies, ReadError> {
        let companies = self.read_by_ids::<CompanyRow>(COMPANIES, "id", ids.iter().map(|id| id.0)).await?;
        let strangers = companies.unreadable.iter().any(|record| !ids.contains(&CompanyId(record.id)));
        asked_for(COMPANIES, !strangers && companies.records.iter().all(|company| ids.contains(&company.id)))?;
        Ok(companies)
    }

    async fn all_companies(&self) -> Result<Companies, ReadError> {
        self.read_all::<CompanyRow>(COMPANIES, None).await
    }

    async fn agreements_of(&self, companies: &BTreeSet<CompanyId>) -> Result<Agreements, ReadError> {
        let ids = companies.iter().map(|id| id.0);
        let agreements = self.agreements_by("company/id", ids).await?;
        let is_stranger = |company: &CompanyId| !companies.contains(company);
        let unreadable = agreements.unreadable.iter().filter_map(|record| record.known.company.as_ref());
        let strangers =
            agreements.records.iter().map(|agreement| &agreement.company).chain(unreadable).any(is_stranger);
        asked_for(AGREEMENTS, !strangers)?;
        Ok(agreements)
    }

    async fn agreements(&self, ids: &BTreeSet<AgreementId>) -> Result<Agreements, ReadError> {
        let agreements = self.agreements_by("id", ids.iter().map(|id| id.0)).await?;
        let strangers = agreements.unreadable.iter().any(|record| !ids.contains(&AgreementId(record.id)));
        asked_for(AGREEMENTS, !strangers && agreements.records.iter().all(|agreement| ids.contains(&agreement.id)))?;
        Ok(agreements)
    }

    async fn catalog(&self) -> Result<Products, ReadError> {
        self.read_all::<ProductRow>(CATALOG, None).await
    }

    /// `None` as well where an identifier holds what is not safe in `conditions`, where ConnectWise does not take the
    /// question or answers another one, and where one of them was not found and may be written otherwise.
    async fn named_items(&self, identifiers: &BTreeSet<String>) -> Result<Option<Products>, ReadError> {
        if !identifiers.iter().all(|identifier| is_plain(identifier)) {
            return Ok(None);
        }
        let quoted = identifiers.iter().map(|identifier| format!("\"{identifier}\""));
        let items = match self.read_by_values::<ProductRow>(CATALOG, "identifier", quoted).await {
            Ok(items) => items,
            Err(ReadError::Unreachable { cause: UnreachableCause::Refused, .. }) => return Ok(None),
            Err(error) => return Err(error),
        };
        let found: BTreeSet<String> = items.identifiers().collect();
        Ok((found == *identifiers).then_some(items))
    }

    async fn additions(&self, agreement: AgreementId) -> Result<AdditionList, ReadError> {
        Ok(self.additions_timed(agreement).await?.list)
    }

    async fn in_bundles(&self, agreements: &BTreeSet<AgreementId>) -> BundledLists {
        self.read_in_bundles(agreements).await
    }

    fn leave_bundles(&self, why: String) {
        self.bundling().leave(why);
    }

    fn cycles_by_name(&self) -> Option<CyclesByName> {
        self.cycles().get()?.told()
    }

    fn traffic(&self) -> Traffic {
        Client::traffic(self)
    }

    fn ahead(&self, work: UpcomingWork) {
        if matches!(work, UpcomingWork::Writes(_)) {
            self.begin_writing();
        }
    }
}

impl Client {
    /// The additions of one agreement, and when they were asked for.
    pub(crate) async fn additions_timed(&self, agreement: AgreementId) -> Result<AdditionsLook, ReadError> {
        let path = additions_path(agreement);
        let list = List { path: &path, right: Right::Additions(agreement) };
        let (rows, asked_at) = self.read_whole_timed::<AdditionRow>(list, None).await?;
        Ok(AdditionsLook { list: own_rows(agreement, rows), asked_at })
    }

    /// Reads one record, to see whether the key and the role allow it.
    pub async fn probe(&self, right: Right) -> Result<(), ReadError> {
        match right {
            Right::Companies => self.read_one::<IdRow>(COMPANIES).await,
            Right::Agreements => self.read_one::<IdRow>(AGREEMENTS).await,
            Right::Catalog => self.read_one::<IdRow>(CATALOG).await,
            Right::BillingCycles => self.read_one::<IdRow>(BILLING_CYCLES).await,
            Right::Additions(agreement) => {
                let path = additions_path(agreement);
                self.read_one::<IdRow>(List { path: &path, right }).await
            }
            // Nothing depends on it.
            Right::Bundles => Ok(()),
            Right::Boards => self.read_one::<IdRow>(List { path: "service/boards", right }).await,
            Right::Tickets => self.read_one::<IdRow>(List { path: "service/tickets", right }).await,
        }
    }
}

/// Whether an identifier means itself between quotes: it holds no quote, no escape and no wildcard (ConnectWise developer
/// guide, "Conditions").
fn is_plain(identifier: &str) -> bool {
    identifier.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_. ".contains(&byte))
}

pub(crate) fn additions_path(agreement: AgreementId) -> String {
    format!("finance/agreements/{agreement}/additions")
}

/// A list may hold rows of another agreement: a child's are seen in its parent's. They count on neither here.
pub(crate) fn own_rows(agreement: AgreementId, rows: Vec<WireAddition>) -> AdditionList {
    let mut list = AdditionList { additions: Vec::with_capacity(rows.len()), ..AdditionList::default() };
    for WireAddition { addition, agreement: said, product_named } in rows {
        if let (Some(product), Some(named)) = (addition.product, product_named) {
            list.products_named.entry(product).or_insert(named);
        }
        match said {
            Some(other) if other != agreement => list.others.push(ForeignAddition { agreement: other, addition }),
            _ => list.additions.push(addition),
        }
    }
    list
}

/// A server, or something before it, that ignores `conditions` is not to be believed.
pub(crate) fn asked_for(list: List<'_>, only: bool) -> Result<(), ReadError> {
    match only {
        true => Ok(()),
        false => Err(failed(list.right, UnreachableCause::Answer, "the answer holds records that were not asked for")),
    }
}

impl Client {
    /// The agreements of these ids, each with what its billing cycle says. The cycles are read once, beside the first of
    /// them.
    async fn agreements_by(&self, key: &str, mut ids: impl Iterator<Item = i64>) -> Result<Agreements, ReadError> {
        let Some(first) = ids.next() else { return Ok(Agreements::default()) };
        let cycles = self.cycles().get_or_try_init(|| self.billing_cycles());
        let agreements = self.read_by_ids::<AgreementRow>(AGREEMENTS, key, std::iter::once(first).chain(ids));
        let (agreements, cycles) = tokio::join!(agreements, cycles);
        let (Listed { records, unreadable }, cycles) = (agreements?, cycles?);
        let judged = records.into_iter().map(|WireAgreement { agreement, cycle }| Agreement {
            recurrence: match agreement.recurrence {
                Recurrence::Once => Recurrence::Once,
                _ => cycles.recurrence(agreement.id, &cycle),
            },
            ..agreement
        });
        Ok(Listed { records: judged.collect(), unreadable })
    }

    /// Only ConnectWise's own no lets the names decide. What answers otherwise tells nothing, as on every list.
    async fn billing_cycles(&self) -> Result<BillingCycles, ReadError> {
        let why = match self.read_all::<CycleRow>(BILLING_CYCLES, None).await {
            // One that cannot be read goes by its name.
            Ok(list) => return Ok(BillingCycles::listed(list.records.into_iter().collect())),
            Err(error @ ReadError::Denied { by_role: true, .. }) => CyclesUnread::Denied(error.to_string()),
            Err(error @ ReadError::Unreachable { cause: UnreachableCause::Refused, .. }) => {
                CyclesUnread::Refused(error.to_string())
            }
            Err(error) => return Err(error),
        };
        tracing::info!("{why:?}; a billing cycle's name says whether it recurs");
        Ok(BillingCycles::unread(why))
    }
}
