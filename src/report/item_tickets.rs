//! The tickets that open items have by now, among the links to ConnectWise's records.

use crate::history::store::error::StoreError;
use crate::history::store::open::History;
use crate::reconcile::model::ids::IntegrationName;
use crate::reconcile::model::record_links::{ItemTicket, RecordLinks};

/// The links of an integration's records, with the tickets that its open items have by now.
pub fn with_tickets(
    links: &RecordLinks,
    integration: &IntegrationName,
    history: &History,
) -> Result<RecordLinks, StoreError> {
    let live = history.live_tickets(Some(integration))?;
    let tickets = live.iter().filter_map(|record| {
        let (kind, handle, site) = (record.kind, record.handle.as_str(), record.site.as_deref());
        Some(ItemTicket { kind, handle, ticket: record.ticket?, site })
    });
    Ok(links.clone().with_tickets(tickets))
}
