//! Where a record of ConnectWise opens in a browser.

use std::collections::BTreeMap;

use crate::reconcile::model::ids::{AgreementId, CompanyId, TicketId};
use crate::reconcile::model::plan::finding::Finding;
use crate::reconcile::model::ticket_kind::TicketKind;

/// Where the records of an integration open, and the tickets of its open items, which may be in another ConnectWise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordLinks {
    address: RecordAddress,
    /// The addresses of each ConnectWise that is known, by its host and login company.
    sites: BTreeMap<String, RecordAddress>,
    tickets: BTreeMap<(TicketKind, String), OpenedRecord>,
}

/// The address of any record, with `{type}` and `{id}` in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordAddress(String);

/// What a record is, in words, and where it opens.
pub type OpenedRecord = (String, String);

/// An open item's ticket.
#[derive(Debug, Clone, Copy)]
pub struct ItemTicket<'a> {
    /// What kind of item.
    pub kind: TicketKind,
    /// The item's handle; empty for one of the whole night.
    pub handle: &'a str,
    /// Its number.
    pub ticket: TicketId,
    /// The ConnectWise that has it; `None` for the integration's own.
    pub site: Option<&'a str>,
}

/// The kinds of records that ConnectWise opens by their id, as `openrecord.rails` calls them: they are among the record
/// types that its report writer lists for links to records. An addition has none, and opens with its agreement. No record
/// type of a catalog item is published (unverified whether there is one), and a line knows its product by the identifier
/// alone; so a product is no link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RecordType {
    Agreement,
    Company,
    ServiceTicket,
}

impl RecordLinks {
    /// Where the records open of a ConnectWise; `sites` are all that tickets may be in.
    pub fn new(address: RecordAddress, sites: BTreeMap<String, RecordAddress>) -> Self {
        Self { address, sites, tickets: BTreeMap::new() }
    }

    /// The same, with the tickets of its open items.
    #[must_use]
    pub fn with_tickets<'a>(self, tickets: impl Iterator<Item = ItemTicket<'a>>) -> Self {
        let opened = tickets.filter_map(|ItemTicket { kind, handle, ticket, site }| {
            let address = site.map_or(Some(&self.address), |site| self.sites.get(site))?;
            Some(((kind, handle.to_owned()), (format!("ticket {ticket}"), address.ticket(ticket))))
        });
        let tickets = opened.collect();
        Self { tickets, ..self }
    }

    /// The company of a line.
    pub fn company(&self, id: CompanyId) -> OpenedRecord {
        (format!("company {id}"), self.address.company(id))
    }

    /// The agreement of a line; its additions open with it.
    pub fn agreement(&self, id: AgreementId) -> OpenedRecord {
        (format!("agreement {id}"), self.address.agreement(id))
    }

    /// The ticket of an open item, if it has one.
    pub fn ticket_of(&self, finding: &Finding) -> Option<OpenedRecord> {
        let handle = finding.handle.clone().unwrap_or_default();
        self.tickets.get(&(TicketKind::of(finding)?, handle)).cloned()
    }
}

impl RecordAddress {
    /// An address with `{type}` and `{id}` in it.
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

    /// Of a service ticket.
    pub fn ticket(&self, id: TicketId) -> String {
        self.to(RecordType::ServiceTicket, id.0)
    }

    fn to(&self, of: RecordType, id: i64) -> String {
        let word = match of {
            RecordType::Agreement => "AgreementFV",
            RecordType::Company => "CompanyFV",
            RecordType::ServiceTicket => "ServiceFV",
        };
        self.0.replace("{type}", word).replace("{id}", &id.to_string())
    }
}
