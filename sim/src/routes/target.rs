//! Which record an address means.

use crate::schema;
use crate::schema::Schema;
use crate::store::{Collection, Table};

/// A list, and what of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) collection: Collection,
    pub(super) item: Item,
}

/// What of a list is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Item {
    List,
    Count,
    One(i64),
}

impl Target {
    /// From the path behind `/apis/3.0/`; case counts, as in the vendor's contract. One slash at the end does not: public
    /// clients send it.
    pub(super) fn parse(path: &str) -> Option<Self> {
        let segments: Vec<&str> = path.strip_suffix('/').unwrap_or(path).split('/').collect();
        let (collection, rest) = collection(&segments)?;
        let item = match rest {
            [] => Item::List,
            ["count"] => Item::Count,
            [id] => Item::One(id.parse().ok()?),
            _ => return None,
        };
        Some(Self { collection, item })
    }
}

/// The list of a resource type in a bundle: a record's name in any case (ConnectWise best practice, "Bundled Requests").
pub(crate) fn of_type(name: &str, parent: i64) -> Option<Collection> {
    let table = match name.to_ascii_lowercase().as_str() {
        "company" => Table::Companies,
        "agreement" => Table::Agreements,
        "addition" | "agreementaddition" => return Some((Table::Additions, parent)),
        "catalogitem" => Table::Catalog,
        "ticket" => Table::Tickets,
        _ => return None,
    };
    Some((table, 0))
}

fn collection<'a, 'b>(segments: &'a [&'b str]) -> Option<(Collection, &'a [&'b str])> {
    let found = match segments {
        ["company", "companies", "types", rest @ ..] => ((Table::CompanyTypes, 0), rest),
        ["company", "companies", "statuses", rest @ ..] => ((Table::CompanyStatuses, 0), rest),
        ["company", "companies", rest @ ..] => ((Table::Companies, 0), rest),
        ["finance", "billingCycles", rest @ ..] => ((Table::BillingCycles, 0), rest),
        ["finance", "agreements", "types", rest @ ..] => ((Table::AgreementTypes, 0), rest),
        ["finance", "agreements", id, "additions", rest @ ..] => ((Table::Additions, id.parse().ok()?), rest),
        ["finance", "agreements", rest @ ..] => ((Table::Agreements, 0), rest),
        ["procurement", "catalog", rest @ ..] => ((Table::Catalog, 0), rest),
        ["service", "boards", id, "statuses", rest @ ..] => ((Table::BoardStatuses, id.parse().ok()?), rest),
        ["service", "boards", id, "types", rest @ ..] => ((Table::BoardTypes, id.parse().ok()?), rest),
        ["service", "boards", id, "subtypes", rest @ ..] => ((Table::BoardSubTypes, id.parse().ok()?), rest),
        ["service", "boards", id, "items", rest @ ..] => ((Table::BoardItems, id.parse().ok()?), rest),
        ["service", "boards", id, "typeSubTypeItemAssociations", rest @ ..] => {
            ((Table::BoardAssociations, id.parse().ok()?), rest)
        }
        ["service", "boards", rest @ ..] => ((Table::Boards, 0), rest),
        ["service", "priorities", rest @ ..] => ((Table::Priorities, 0), rest),
        ["service", "sources", rest @ ..] => ((Table::Sources, 0), rest),
        ["service", "tickets", id, "notes", rest @ ..] => ((Table::Notes, id.parse().ok()?), rest),
        ["service", "tickets", rest @ ..] => ((Table::Tickets, 0), rest),
        ["system", "members", rest @ ..] => ((Table::Members, 0), rest),
        _ => return None,
    };
    Some(found)
}

/// The vendor's name of a table's records.
pub(super) fn record(table: Table) -> &'static str {
    match table {
        Table::Companies => "Company",
        Table::CompanyTypes => "CompanyType",
        Table::CompanyStatuses => "CompanyStatus",
        Table::Agreements => "Agreement",
        Table::AgreementTypes => "AgreementType",
        Table::Additions => "Addition",
        Table::BillingCycles => "BillingCycle",
        Table::Catalog => "CatalogItem",
        Table::Boards => "Board",
        Table::BoardStatuses => "BoardStatus",
        Table::BoardTypes => "BoardType",
        Table::BoardSubTypes => "BoardSubType",
        Table::BoardItems => "BoardItem",
        Table::BoardAssociations => "BoardTypeSubTypeItemAssociation",
        Table::Priorities => "Priority",
        Table::Sources => "Source",
        Table::Tickets => "Ticket",
        Table::Notes => "TicketNote",
        Table::Members => "Member",
    }
}

/// The fields of a table's records.
pub(super) fn schema(table: Table) -> &'static Schema {
    schema::of(record(table))
}
