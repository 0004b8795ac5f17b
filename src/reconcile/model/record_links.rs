//! Where a record of ConnectWise opens in a browser.

use crate::reconcile::model::ids::{AgreementId, CompanyId};

/// The address of any record, with `{type}` and `{id}` in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordLinks(String);

/// The kinds of records that ConnectWise opens by their id, as `openrecord.rails` calls them: they are among the record
/// types that its report writer lists for links to records. An addition has none, and opens with its agreement. No record
/// type of a catalog item is published (unverified whether there is one), and a line knows its product by the identifier
/// alone; so a product is no link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RecordType {
    Agreement,
    Company,
}

impl RecordLinks {
    /// The links of an address with `{type}` and `{id}` in it.
    pub fn new(address: impl Into<String>) -> Self {
        Self(address.into())
    }

    /// Whether both holes are there.
    pub fn is_whole(&self) -> bool {
        self.0.contains("{type}") && self.0.contains("{id}")
    }

    /// Of an agreement; its additions are on it.
    pub fn agreement(&self, id: AgreementId) -> String {
        self.to(RecordType::Agreement, id.0)
    }

    /// Of a company.
    pub fn company(&self, id: CompanyId) -> String {
        self.to(RecordType::Company, id.0)
    }

    fn to(&self, of: RecordType, id: i64) -> String {
        let word = match of {
            RecordType::Agreement => "AgreementFV",
            RecordType::Company => "CompanyFV",
        };
        self.0.replace("{type}", word).replace("{id}", &id.to_string())
    }
}
