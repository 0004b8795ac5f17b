//! The lists that a plan is drawn on.

use std::collections::BTreeSet;

use crate::connectwise::client::Client;
use crate::connectwise::client::denial::Right;
use crate::connectwise::client::paging::List;
use crate::connectwise::wire::{AdditionRow, AgreementRow, CompanyRow, IdRow, ProductRow};
use crate::connectwise::{ReadError, Reader, Traffic};
use crate::reconcile::model::ids::{AgreementId, CompanyId};
use crate::reconcile::model::records::{Addition, Agreement, Company, Product};

const COMPANIES: List<'_> = List { path: "company/companies", right: Right::Companies };
const AGREEMENTS: List<'_> = List { path: "finance/agreements", right: Right::Agreements };
const CATALOG: List<'_> = List { path: "procurement/catalog", right: Right::Catalog };

impl Reader for Client {
    async fn companies(&self, ids: &BTreeSet<CompanyId>) -> Result<Vec<Company>, ReadError> {
        let companies = self.read_by_ids::<CompanyRow>(COMPANIES, "id", ids.iter().map(|id| id.0)).await?;
        asked_for(COMPANIES, companies, |company| ids.contains(&company.id))
    }

    async fn all_companies(&self) -> Result<Vec<Company>, ReadError> {
        self.read_all::<CompanyRow>(COMPANIES, None).await
    }

    async fn agreements_of(&self, companies: &BTreeSet<CompanyId>) -> Result<Vec<Agreement>, ReadError> {
        let ids = companies.iter().map(|id| id.0);
        let agreements = self.read_by_ids::<AgreementRow>(AGREEMENTS, "company/id", ids).await?;
        asked_for(AGREEMENTS, agreements, |agreement| companies.contains(&agreement.company))
    }

    async fn agreements(&self, ids: &BTreeSet<AgreementId>) -> Result<Vec<Agreement>, ReadError> {
        let agreements = self.read_by_ids::<AgreementRow>(AGREEMENTS, "id", ids.iter().map(|id| id.0)).await?;
        asked_for(AGREEMENTS, agreements, |agreement| ids.contains(&agreement.id))
    }

    async fn catalog(&self) -> Result<Vec<Product>, ReadError> {
        self.read_all::<ProductRow>(CATALOG, None).await
    }

    async fn additions(&self, agreement: AgreementId) -> Result<Vec<Addition>, ReadError> {
        let path = additions_path(agreement);
        self.read_all::<AdditionRow>(List { path: &path, right: Right::Additions(agreement) }, None).await
    }

    fn traffic(&self) -> Traffic {
        Client::traffic(self)
    }
}

impl Client {
    /// Reads one record, to see whether the key and the role allow it.
    ///
    /// # Errors
    /// As any read of these.
    pub async fn probe(&self, right: Right) -> Result<(), ReadError> {
        match right {
            Right::Companies => self.read_one::<IdRow>(COMPANIES).await,
            Right::Agreements => self.read_one::<IdRow>(AGREEMENTS).await,
            Right::Catalog => self.read_one::<IdRow>(CATALOG).await,
            Right::Additions(agreement) => {
                let path = additions_path(agreement);
                self.read_one::<IdRow>(List { path: &path, right }).await
            }
            Right::Boards => self.read_one::<IdRow>(List { path: "service/boards", right }).await,
            Right::Tickets => self.read_one::<IdRow>(List { path: "service/tickets", right }).await,
        }
    }
}

pub(crate) fn additions_path(agreement: AgreementId) -> String {
    format!("finance/agreements/{agreement}/additions")
}

/// A server, or something before it, that ignores `conditions` is not to be believed.
pub(crate) fn asked_for<T>(
    list: List<'_>,
    records: Vec<T>,
    is_wanted: impl Fn(&T) -> bool,
) -> Result<Vec<T>, ReadError> {
    if records.iter().all(is_wanted) {
        return Ok(records);
    }
    let why = "the answer holds records that were not asked for".to_owned();
    Err(ReadError::Unreachable { what: list.right.to_string(), why })
}
