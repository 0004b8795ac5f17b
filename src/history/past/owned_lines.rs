//! Lines that recount owns, from night to night.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, Transaction, params};
use rust_decimal::Decimal;

use crate::history::run_record::LineRecord;
use crate::history::store::column_values::{
    RepeatedNames, folded, item_text, json, line_key, maybe_quantity, quantity,
};
use crate::history::store::error::StoreError;
use crate::history::store::open::History;
use crate::history::store::rows::rows;
use crate::reconcile::model::ids::{
    AdditionId, AgreementId, CompanyId, CustomerName, IntegrationName, ItemName, RunId, ServiceName,
};
use crate::reconcile::model::line_owners::{NeighboursLine, Owned};
use crate::reconcile::model::plan::line::LineKey;
use crate::reconcile::model::plan::outcome::{Mode, Outcome};
use crate::reconcile::model::plan::reason_code::Code;
use crate::reconcile::model::quantity::Quantity;

/// Lines that bill, and that no integration which is on looks at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnwatchedLine {
    /// Who owned them.
    pub integration: IntegrationName,
    /// How many lines bill still, or may.
    pub lines: usize,
    /// Of these, how many nobody has seen in ConnectWise: their creation is in doubt.
    pub in_doubt: usize,
    /// Their units, as last seen, or as sent.
    pub units: Decimal,
}

/// One line that bills.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StillBilled {
    /// The line.
    pub key: LineKey,
    /// Its units, as last seen.
    pub units: Quantity,
    /// Whose counts it was billed for.
    pub customers: BTreeSet<CustomerName>,
}

impl History {
    /// The lines of an integration that bill, as last seen.
    pub fn still_billed(&self, integration: &IntegrationName) -> Result<Vec<StillBilled>, StoreError> {
        let stored = self.read(|connection| stored(connection, integration.as_str()))?;
        let billing = stored.into_iter().filter_map(|(key, one)| {
            let units = one.billed.filter(|units| !units.is_zero())?;
            let customers = one.owned.sources.into_iter().map(|(customer, _)| customer).collect();
            Some(StillBilled { key, units, customers })
        });
        Ok(billing.collect())
    }

    /// The additions that an integration owns, that one of these others owns as well, and that the other one saw as its line
    /// later: of two that own one, only the last has it in sight.
    pub fn owned_as_well<'a>(
        &self,
        integration: &IntegrationName,
        others: impl Iterator<Item = &'a IntegrationName>,
    ) -> Result<BTreeSet<AdditionId>, StoreError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT theirs.addition FROM owned_lines AS theirs JOIN seen_quantities AS seen
                     ON seen.integration = theirs.integration AND seen.addition = theirs.addition
                 WHERE theirs.integration = ?2
                     AND theirs.addition IN (SELECT addition FROM owned_lines WHERE integration = ?1)
                     AND seen.run > coalesce((SELECT own.run FROM seen_quantities AS own
                         WHERE own.integration = ?1 AND own.addition = theirs.addition), 0)",
            )?;
            let mut shared = BTreeSet::new();
            for other in others {
                let names = [integration.as_str(), other.as_str()];
                for addition in statement.query_map(names, |row| row.get("addition"))? {
                    shared.insert(AdditionId(addition?));
                }
            }
            Ok(shared)
        })
    }

    /// Which of these additions are lines of one of these integrations, and as which line that one knows it.
    pub fn neighbours_lines<'a>(
        &self,
        additions: &BTreeSet<AdditionId>,
        neighbours: impl Iterator<Item = &'a IntegrationName>,
    ) -> Result<BTreeMap<AdditionId, NeighboursLine>, StoreError> {
        // On an ordinary night there is none, and what many neighbours own is not looked through.
        if additions.is_empty() {
            return Ok(BTreeMap::new());
        }
        self.read(|connection| {
            let mut found = BTreeMap::new();
            for integration in neighbours {
                for (key, owned) in owned(connection, integration)? {
                    if let Some(addition) = owned.addition.filter(|addition| additions.contains(addition)) {
                        found.insert(addition, NeighboursLine { integration: integration.clone(), key });
                    }
                }
            }
            Ok(found)
        })
    }

    /// Keeps which addition an owned line is, where a creation without an answer left that open: the mapping may want the
    /// line no more, and it bills.
    pub fn line_is(
        &mut self,
        integration: &IntegrationName,
        key: &LineKey,
        addition: AdditionId,
    ) -> Result<(), StoreError> {
        self.write(|transaction| {
            for (stored_key, one) in stored(transaction, integration.as_str())? {
                if one.owned.addition.is_none() && one_spelling(&stored_key) == one_spelling(key) {
                    let owned = Owned { addition: Some(addition), ..one.owned };
                    put(transaction, integration.as_str(), &stored_key, &Stored { owned, ..one })?;
                }
            }
            Ok(())
        })
    }

    /// What lines of integrations that are not `on` bill still, as last seen, and what creations of theirs may bill that
    /// are in doubt; lines that another one took over are not among them.
    pub fn unwatched(&self, on: &BTreeSet<IntegrationName>) -> Result<Vec<UnwatchedLine>, StoreError> {
        let seen = self.read(every_line)?.into_iter().map(|row| (row, false));
        let rows: Vec<_> = seen.chain(self.read(creations_in_doubt)?.into_iter().map(|row| (row, true))).collect();
        let watched: BTreeSet<LineKey> =
            rows.iter().filter(|((name, ..), _)| on.contains(name)).map(|((_, key, _), _)| one_spelling(key)).collect();
        let mut unwatched: BTreeMap<IntegrationName, UnwatchedLine> = BTreeMap::new();
        for ((name, key, billed), in_doubt) in rows {
            if !on.contains(&name) && !billed.is_zero() && !watched.contains(&one_spelling(&key)) {
                let none = UnwatchedLine { integration: name.clone(), lines: 0, in_doubt: 0, units: Decimal::ZERO };
                let one = unwatched.entry(name).or_insert(none);
                one.lines += 1;
                one.in_doubt += usize::from(in_doubt);
                one.units = one.units.saturating_add(billed.as_decimal());
            }
        }
        Ok(unwatched.into_values().collect())
    }
}

fn every_line(connection: &Connection) -> Result<Vec<(IntegrationName, LineKey, Quantity)>, StoreError> {
    let sql = "SELECT * FROM owned_lines WHERE billed IS NOT NULL";
    rows(connection, sql, [], |row| {
        let name: String = row.get("integration")?;
        Ok((IntegrationName::new(&name), line_key(row)?, maybe_quantity(row, "billed")?.unwrap_or_default()))
    })
}

/// Lines that may be there, with the units that were sent.
fn creations_in_doubt(connection: &Connection) -> Result<Vec<(IntegrationName, LineKey, Quantity)>, StoreError> {
    let sql = "SELECT * FROM writes WHERE kind = 'create' AND (outcome IS NULL OR outcome = 'unknown')";
    rows(connection, sql, [], |row| {
        let name: String = row.get("integration")?;
        Ok((IntegrationName::new(&name), line_key(row)?, quantity(row, "quantity")?))
    })
}

fn one_spelling(key: &LineKey) -> LineKey {
    let key = folded(key);
    LineKey { product: key.product.folded().as_str().into(), ..key }
}

/// Every line that an integration owns.
pub(crate) fn owned(
    connection: &Connection,
    integration: &IntegrationName,
) -> Result<BTreeMap<LineKey, Owned>, StoreError> {
    let stored = stored(connection, integration.as_str())?;
    Ok(stored.into_iter().map(|(key, one)| (folded(&key), one.owned)).collect())
}

/// One row.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Stored {
    owned: Owned,
    billed: Option<Quantity>,
}

fn stored(connection: &Connection, integration: &str) -> Result<BTreeMap<LineKey, Stored>, StoreError> {
    let sql = "SELECT * FROM owned_lines WHERE integration = ?1";
    let (mut customers, mut services, mut products) =
        (RepeatedNames::new(), RepeatedNames::new(), RepeatedNames::new());
    rows(connection, sql, [integration], |row| {
        let named = json::<Vec<(CustomerName, ServiceName)>>(row, "sources")?;
        // Nearly every line has one, and a list is read with room for four.
        let mut sources = Vec::with_capacity(named.len());
        sources.extend(
            named.into_iter().map(|(customer, service)| (customers.shared(customer), services.shared(service))),
        );
        let key = line_key(row)?;
        let key = LineKey { product: products.shared(key.product), ..key };
        let owned = Owned {
            addition: row.get::<_, Option<i64>>("addition")?.map(AdditionId),
            company: row.get::<_, Option<i64>>("company")?.map(CompanyId),
            sources,
        };
        Ok((key, Stored { owned, billed: maybe_quantity(row, "billed")? }))
    })
}

/// Keeps which lines an accepted plan of a run in mode `apply` holds. A line that was owned before and stands in no line
/// of it has ended, is at 0, or is another integration's.
pub(crate) fn remember(
    transaction: &Transaction<'_>,
    integration: &str,
    lines: &[LineRecord],
) -> Result<(), StoreError> {
    let before = stored(transaction, integration)?;
    let by_folded: BTreeMap<LineKey, (&LineKey, &Stored)> =
        before.iter().map(|(key, one)| (one_spelling(key), (key, one))).collect();
    let renamed = renamed(&by_folded, lines);
    let mut kept: BTreeSet<&LineKey> = BTreeSet::new();
    for line in lines {
        let Some(line_key) = line.key() else { continue };
        let spelled = by_folded.get(&one_spelling(&line_key));
        let known =
            spelled.or_else(|| renamed.get(&(line_key.agreement, line.addition?, folded(&line_key).item))).copied();
        let Some(next) = next(line, known.map(|(_, one)| one)) else { continue };
        match known {
            Some((stored_key, one)) => {
                kept.insert(stored_key);
                // Under the name that it has now, by which what is written of it is noted.
                let is_named_so = folded(stored_key) == folded(&line_key);
                if !is_named_so {
                    delete(transaction, integration, stored_key)?;
                }
                if *one != next || !is_named_so {
                    put(transaction, integration, if is_named_so { stored_key } else { &line_key }, &next)?;
                }
            }
            None => put(transaction, integration, &line_key, &next)?,
        }
    }
    let whole = covered(lines);
    let gone = before.keys().filter(|key| !kept.contains(key) && !whole.contains(&one_spelling(&total(key))));
    for key in gone {
        delete(transaction, integration, key)?;
    }
    Ok(())
}

type ByAddition = (AgreementId, AdditionId, Option<ItemName>);

/// By agreement, addition and item, the owned lines that no line of the plan is by its name: where one of these means the addition, its
/// catalog item has another identifier since.
fn renamed<'a>(
    known: &BTreeMap<LineKey, (&'a LineKey, &'a Stored)>,
    lines: &[LineRecord],
) -> BTreeMap<ByAddition, (&'a LineKey, &'a Stored)> {
    let named: BTreeSet<LineKey> = lines.iter().filter_map(LineRecord::key).map(|key| one_spelling(&key)).collect();
    let lost = known.iter().filter(|(key, _)| !named.contains(key));
    lost.filter_map(|(key, one)| Some(((key.agreement, one.1.owned.addition?, key.item.clone()), *one))).collect()
}

/// Takes up the lines that an undo is about to write and that were recount's before: at 0 they were let go, and set back
/// they bill. One that is not written after all is at 0 still, and is let go by the next plan.
pub(crate) fn take_up(
    transaction: &Transaction<'_>,
    integration: &str,
    lines: &[LineRecord],
) -> Result<(), StoreError> {
    let known: BTreeSet<LineKey> = stored(transaction, integration)?.keys().map(one_spelling).collect();
    for line in lines.iter().filter(|line| line.outcome == Outcome::WouldUpdate) {
        let Some(key) = line.key().filter(|key| !known.contains(&one_spelling(key))) else { continue };
        let sources = line.sources.iter().map(|source| (source.customer.clone(), source.service.clone())).collect();
        let owned = Owned { addition: line.addition, company: line.company, sources };
        put(transaction, integration, &key, &Stored { owned, billed: line.now })?;
    }
    Ok(())
}

/// Lines that stand for all of their product on their agreement.
fn covered(lines: &[LineRecord]) -> BTreeSet<LineKey> {
    lines.iter().filter_map(LineRecord::key).filter(|key| key.item.is_none()).map(|key| one_spelling(&key)).collect()
}

fn total(key: &LineKey) -> LineKey {
    LineKey { item: None, ..key.clone() }
}

/// What is known of a line from now on; `None` for one that is not recount's.
fn next(line: &LineRecord, known: Option<&Stored>) -> Option<Stored> {
    // Nothing was counted for it: it was found, or it was owned before.
    if line.sources.is_empty() {
        return known.map(|one| seen(line, one.clone()));
    }
    let settled = matches!(line.outcome, Outcome::Unchanged | Outcome::WouldUpdate | Outcome::WouldCreate);
    match known {
        // While it is held, whom it was billed for is what was billed last.
        Some(one) if !settled => Some(seen(line, one.clone())),
        _ if line.addition.is_none() && line.outcome != Outcome::WouldCreate => known.cloned(),
        _ => {
            let sources = line.sources.iter().map(|source| (source.customer.clone(), source.service.clone()));
            let sources = sources.collect::<BTreeSet<_>>().into_iter().collect();
            let company = line.company.or(known.and_then(|one| one.owned.company));
            let owned = Owned { addition: line.addition, company, sources };
            Some(Stored { owned, billed: line.now })
        }
    }
}

fn seen(line: &LineRecord, known: Stored) -> Stored {
    let Stored { owned: Owned { addition, company, sources }, billed } = known;
    // What is asked about in the place of a line left behind is not that line: it may have been moved, and bill elsewhere.
    let addition = match line.reason {
        Code::LineLeftBehind => addition.or(line.addition),
        _ => line.addition.or(addition),
    };
    let owned = Owned { addition, company: company.or(line.company), sources };
    Stored { owned, billed: line.now.or(billed) }
}

/// Keeps what became of an owned line that was written.
pub(crate) fn settle(transaction: &Transaction<'_>, run: RunId, changed: &[LineRecord]) -> Result<(), StoreError> {
    let mut statement = transaction.prepare_cached(
        "UPDATE owned_lines SET addition = coalesce(?6, addition), billed = coalesce(?7, billed)
         WHERE integration = (SELECT integration FROM runs WHERE run = ?1 AND mode = ?2)
             AND agreement = ?3 AND product = ?4 AND item = ?5",
    )?;
    for line in changed {
        if let Some(key) = line.key() {
            let (addition, now) = (line.addition.map(|id| id.0), line.now.map(|now| now.to_string()));
            let mode = Mode::Apply.as_str();
            statement.execute(params![
                run.0,
                mode,
                key.agreement.0,
                key.product.as_str(),
                item_text(&key),
                addition,
                now
            ])?;
        }
    }
    Ok(())
}

fn put(transaction: &Transaction<'_>, integration: &str, key: &LineKey, one: &Stored) -> Result<(), StoreError> {
    let Stored { owned: Owned { addition, company, sources }, billed } = one;
    transaction.prepare_cached("INSERT OR REPLACE INTO owned_lines VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)")?.execute(
        params![
            integration,
            key.agreement.0,
            key.product.as_str(),
            item_text(key),
            addition.map(|id| id.0),
            company.map(|id| id.0),
            billed.map(|units| units.to_string()),
            serde_json::to_string(sources).expect("names always make JSON"),
        ],
    )?;
    Ok(())
}

fn delete(transaction: &Transaction<'_>, integration: &str, key: &LineKey) -> Result<(), StoreError> {
    transaction
        .prepare_cached(
            "DELETE FROM owned_lines WHERE integration = ?1 AND agreement = ?2 AND product = ?3 AND item = ?4",
        )?
        .execute(params![integration, key.agreement.0, key.product.as_str(), item_text(key)])?;
    Ok(())
}
