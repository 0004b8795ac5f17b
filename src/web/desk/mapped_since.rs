//! Open items whose customer, service or line somebody has mapped, pinned or assigned since the plan that asks: on the desk, or
//! by a command. They are not to be decided any more; the next night uses what was written.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use crate::history::desk::file_versions::FileVersionChange;
use crate::history::store::open::History;
use crate::reconcile::model::ids::{CustomerName, IntegrationName};
use crate::reconcile::model::plan::reason_code::Code;
use crate::report::command_output::held_output::Waiting;
use crate::report::display_names;
use crate::report::open_items::OpenItems;
use crate::web::desk::host::DeskHost;
use crate::web::site::PageError;

/// An open item that was mapped since.
#[derive(Debug, Clone)]
pub(crate) struct MappedItem {
    pub(crate) waiting: Waiting,
    pub(crate) who: String,
    pub(crate) at: DateTime<Utc>,
}

/// Takes those that were mapped since they were asked out of the open items. A row that was taken out again is open again.
pub(super) fn mapped_since(
    history: &History,
    plans: &[OpenItems],
    (host, now): (&dyn DeskHost, DateTime<Utc>),
    open: &mut Vec<Waiting>,
) -> Result<Vec<MappedItem>, PageError> {
    let is_mapping = |one: &Waiting| settles(one.finding.code);
    if !open.iter().any(is_mapping) {
        return Ok(Vec::new());
    }
    let files = host.edited_files();
    let mut mapped: Vec<MappedItem> = Vec::new();
    for plan in plans {
        let integration = &plan.run.integration;
        let own: BTreeSet<&str> =
            files.iter().filter(|(name, _)| name == integration).map(|(_, (_, kept))| kept.as_str()).collect();
        let edits = history.file_changes_between((plan.run.started_at.to_utc(), now))?;
        let edits: Vec<&FileVersionChange> =
            edits.iter().filter(|edit| !edit.who.is_empty() && own.contains(edit.file.as_str())).collect();
        for one in open.iter().filter(|one| one.integration == *integration && is_mapping(one)) {
            let by = edits.iter().find(|edit| names(one).iter().any(|name| edit.says_otherwise_of(name)));
            mapped.extend(by.map(|by| MappedItem { waiting: one.clone(), who: by.who.clone(), at: by.at }));
        }
    }
    if !mapped.is_empty() {
        let undone = without_a_row(host, &mapped)?;
        mapped.retain(|one| !undone.contains(&key(&one.waiting)));
    }
    let settled: BTreeSet<Key> = mapped.iter().map(|one| key(&one.waiting)).collect();
    open.retain(|one| !settled.contains(&key(one)));
    mapped.sort_by_key(|one| std::cmp::Reverse(one.at));
    Ok(mapped)
}

type Key = (IntegrationName, Option<String>, &'static str);

fn key(one: &Waiting) -> Key {
    (one.integration.clone(), one.finding.handle.clone(), one.finding.code.as_str())
}

/// Of what is asked because a row is missing: those without one.
fn without_a_row(host: &dyn DeskHost, mapped: &[MappedItem]) -> Result<BTreeSet<Key>, PageError> {
    let mut without = BTreeSet::new();
    let is_of_a_place = |one: &&MappedItem| is_about_a_row(one.waiting.finding.code);
    let asks = |code: Code| mapped.iter().any(|one| one.waiting.finding.code == code);
    if mapped.iter().any(|one| is_of_a_place(&one)) {
        let rows: BTreeSet<(IntegrationName, CustomerName)> = host
            .customers()
            .map_err(PageError::Broken)?
            .into_iter()
            .filter(|one| one.target.is_some())
            .map(|one| (one.integration, one.name))
            .collect();
        let has_row = |one: &Waiting| {
            one.finding.customer.clone().is_none_or(|name| rows.contains(&(one.integration.clone(), name)))
        };
        let asked = mapped.iter().filter(is_of_a_place);
        without.extend(asked.filter(|one| !has_row(&one.waiting)).map(|one| key(&one.waiting)));
    }
    if asks(Code::ServiceUnmapped) {
        let known = host.services().map_err(PageError::Broken)?;
        let has_rule = |one: &Waiting| {
            known.iter().any(|service| {
                service.integration == one.integration
                    && Some(&service.name) == one.finding.service.as_ref()
                    && service.rule.is_some()
            })
        };
        let asked = mapped.iter().filter(|one| one.waiting.finding.code == Code::ServiceUnmapped);
        without.extend(asked.filter(|one| !has_rule(&one.waiting)).map(|one| key(&one.waiting)));
    }
    Ok(without)
}

/// Whether a row of customers.csv settles it.
fn is_about_a_row(code: Code) -> bool {
    code.is_about_a_place() || code == Code::CompanyChanged
}

/// Whether it is the mapping that settles it.
fn settles(code: Code) -> bool {
    is_about_a_row(code)
        || matches!(
            code,
            Code::ServiceUnmapped
                | Code::ProductMissing
                | Code::ProductAmbiguous
                | Code::ProductInactive
                | Code::ProductBundleClass
                | Code::LineAmbiguous
                | Code::CustomerMissing
        )
}

/// Whose rows would settle it.
fn names(one: &Waiting) -> Vec<&str> {
    let customers = one.finding.customer.iter().chain(one.line.iter().flat_map(display_names::customers));
    let services = one.finding.service.iter();
    customers.map(|name| name.as_str()).chain(services.map(|name| name.as_str())).collect()
}
