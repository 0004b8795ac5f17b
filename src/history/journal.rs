//! The journal of writes: an intent is on the disk before its request leaves, an outcome when it is known.

use std::collections::BTreeSet;

use chrono::{DateTime, FixedOffset, NaiveDate, Utc};
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use crate::history::run_record::WriteId;
use crate::history::store::column_values::{day, json, line_key, local_time, quantity, time, time_text};
use crate::history::store::error::StoreError;
use crate::history::store::hash_chain;
use crate::history::store::hash_chain::JournalEntry;
use crate::history::store::open::History;
use crate::history::store::rows::rows;
use crate::history::store::run_lock::RunLock;
use crate::reconcile::model::decision::DecisionSubject;
use crate::reconcile::model::ids::{AdditionId, IntegrationName, ProductCode, ProductId, RunId};
use crate::reconcile::model::plan::line::LineKey;
use crate::reconcile::model::quantity::Quantity;

/// What is about to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Intent {
    /// Of which line.
    pub key: LineKey,
    /// One of the two writes.
    pub kind: IntentKind,
}

/// One of the two writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IntentKind {
    /// A quantity is set.
    Set {
        /// Of which addition.
        addition: AdditionId,
        /// What ConnectWise held.
        from: Quantity,
        /// What it is to hold.
        to: Quantity,
    },
    /// A line is created.
    Create {
        /// The catalog item.
        product: ProductId,
        /// Its units.
        quantity: Quantity,
        /// The day it takes effect.
        effective_on: NaiveDate,
        /// Additions of that product on that agreement that were there before, cancelled and future ones included. A
        /// new one is told from them.
        before: Vec<AdditionId>,
    },
}

/// What became of a write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WriteOutcome {
    /// ConnectWise holds it now; or a later look found that it does.
    Applied {
        /// The addition that holds it.
        addition: AdditionId,
        /// What it holds.
        quantity: Quantity,
    },
    /// ConnectWise said no.
    Refused {
        /// Why, for a person.
        why: String,
    },
    /// Nobody knows. A later run looks.
    Unknown {
        /// Why, for a person.
        why: String,
    },
    /// It was looked for and is given up: it may be decided anew.
    Superseded {
        /// Why, for a person.
        why: String,
    },
}

/// One thing that the journal has to keep of a write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JournalNote {
    /// It is about to be sent.
    Intent(Intent),
    /// What became of it.
    Outcome(WriteId, WriteOutcome),
}

/// A write that nobody knows the end of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenWrite {
    /// The integration.
    pub integration: IntegrationName,
    /// The write.
    pub write: WriteId,
    /// Of which run.
    pub run: RunId,
    /// What was meant.
    pub intent: Intent,
    /// When its intent was stored; it was sent right afterwards, if at all.
    pub sent_at: DateTime<Utc>,
    /// Why it is unknown; `None` if its process died before it could say anything.
    pub unknown: Option<String>,
    /// Which ConnectWise it was sent to; `None` in a history that is bound to none yet.
    pub site: Option<String>,
}

impl OpenWrite {
    /// The ConnectWise that it was sent to, if that is another one than `site`: nothing can be known of it there.
    pub fn elsewhere(&self, site: &str) -> Option<&str> {
        self.site.as_deref().filter(|sent_to| *sent_to != site)
    }
}

/// A write and its last outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WriteRecord {
    /// The write.
    pub write: WriteId,
    /// What was meant.
    pub intent: Intent,
    /// When its intent was stored.
    pub sent_at: DateTime<Utc>,
    /// What became of it; `None` if its process died before it could say anything.
    pub outcome: Option<WriteOutcome>,
}

impl History {
    /// Stores what is about to be written. When it returns, it is on the disk, and the request may leave.
    ///
    /// # Errors
    /// When it cannot be stored; then nothing may be sent. [`StoreError::CreationOpen`] for a creation of a line that
    /// has one in doubt.
    pub fn intent(
        &mut self,
        _lock: &RunLock,
        run: RunId,
        intent: &Intent,
        at: DateTime<Utc>,
    ) -> Result<WriteId, StoreError> {
        self.write(|transaction| append_intent(transaction, run, intent, at))
    }

    /// Stores what became of a write. `Unknown` may be followed by another outcome; the others are final.
    ///
    /// # Errors
    /// When it cannot be stored; the write then stays open, and the next run looks. [`StoreError::Settled`] if it has
    /// its final outcome.
    pub fn outcome(&mut self, write: WriteId, outcome: &WriteOutcome, at: DateTime<Utc>) -> Result<(), StoreError> {
        self.write(|transaction| append_outcome(transaction, write, outcome, at)).map(|_| ())
    }

    /// Stores what writes side by side have to keep at the same moment, in one commit: each as [`History::intent`] or
    /// [`History::outcome`] would. What is refused of one leaves the others alone.
    pub fn note(
        &mut self,
        _lock: &RunLock,
        run: RunId,
        notes: &[JournalNote],
        at: DateTime<Utc>,
    ) -> Result<Vec<Result<WriteId, StoreError>>, StoreError> {
        self.write(|transaction| {
            let stored = notes.iter().map(|note| {
                let stored = match note {
                    JournalNote::Intent(intent) => append_intent(transaction, run, intent, at),
                    JournalNote::Outcome(write, outcome) => append_outcome(transaction, *write, outcome, at),
                };
                match stored {
                    // Both are found before anything is stored.
                    Err(refused @ (StoreError::CreationOpen { .. } | StoreError::Settled { .. })) => Ok(Err(refused)),
                    other => other.map(Ok),
                }
            });
            stored.collect()
        })
    }

    /// Writes of an integration without an outcome, or whose last one is `Unknown`; oldest first.
    pub fn open_writes(&self, integration: &IntegrationName) -> Result<Vec<OpenWrite>, StoreError> {
        self.read(|connection| open_writes(connection, integration))
    }

    /// The same of the other integrations that bill in the ConnectWise of a run, whether they are on or not, of these products:
    /// one that was renamed, or lost a service, looks up nothing of it any more. No two runs of a state folder write at once,
    /// so none of them is on its way from this host.
    pub fn open_writes_of_others(
        &self,
        integration: &IntegrationName,
        run: RunId,
        products: &BTreeSet<&ProductCode>,
    ) -> Result<Vec<OpenWrite>, StoreError> {
        let folded: BTreeSet<String> = products.iter().map(|product| product.folded()).collect();
        let sql = format!(
            "SELECT * FROM writes WHERE integration <> ?1 AND (outcome IS NULL OR outcome = 'unknown')
             AND {IN_CONNECTWISE_OF_RUN} ORDER BY write"
        );
        let open: Vec<OpenWrite> = self.rows(&sql, params![integration.as_str(), run.0], open_write)?;
        Ok(open.into_iter().filter(|write| folded.contains(&write.intent.key.product.folded())).collect())
    }

    /// The last run of an integration by which a quantity was set, or a line created, and ConnectWise confirmed it.
    pub fn last_confirmed(
        &self,
        integration: &IntegrationName,
        creates: bool,
    ) -> Result<Option<(RunId, DateTime<FixedOffset>)>, StoreError> {
        let kind = if creates { "create" } else { "set" };
        let sql = "SELECT r.run, r.started_at, r.utc_offset FROM writes AS w JOIN runs AS r ON r.run = w.run
                   WHERE w.integration = ?1 AND w.kind = ?2 AND w.outcome = 'applied' ORDER BY w.write DESC LIMIT 1";
        self.first(sql, [integration.as_str(), kind], |row| {
            Ok((RunId(row.get("run")?), local_time(row, "started_at", "utc_offset")?))
        })
    }

    /// Every write of a run, in the order in which they were sent.
    pub fn writes_of(&self, run: RunId) -> Result<Vec<WriteRecord>, StoreError> {
        let sql = "SELECT * FROM writes WHERE run = ?1 ORDER BY write";
        self.rows(sql, [run.0], write_record)
    }
}

fn append_intent(
    transaction: &Transaction<'_>,
    run: RunId,
    intent: &Intent,
    at: DateTime<Utc>,
) -> Result<WriteId, StoreError> {
    if matches!(intent.kind, IntentKind::Create { .. }) {
        refuse_second_creation(transaction, run, &intent.key)?;
    }
    hash_chain::append(transaction, intent_entry(run, intent, at)).map(WriteId)
}

fn append_outcome(
    transaction: &Transaction<'_>,
    write: WriteId,
    outcome: &WriteOutcome,
    at: DateTime<Utc>,
) -> Result<WriteId, StoreError> {
    let run = run_of_open_write(transaction, write)?.ok_or(StoreError::Settled { write })?;
    hash_chain::append(transaction, outcome_entry(run, write, outcome, at))?;
    Ok(write)
}

/// See [`History::open_writes`].
pub(super) fn open_writes(
    connection: &Connection,
    integration: &IntegrationName,
) -> Result<Vec<OpenWrite>, StoreError> {
    let sql = "SELECT * FROM writes WHERE integration = ?1 AND (outcome IS NULL OR outcome = 'unknown') ORDER BY write";
    rows(connection, sql, [integration.as_str()], open_write)
}

fn open_write(row: &Row<'_>) -> Result<OpenWrite, StoreError> {
    let WriteRecord { write, intent, sent_at, outcome: _ } = write_record(row)?;
    let (run, unknown, site) = (RunId(row.get("run")?), row.get("why")?, row.get("site")?);
    let integration: String = row.get("integration")?;
    Ok(OpenWrite { integration: IntegrationName::new(&integration), write, run, intent, sent_at, unknown, site })
}

/// Writes of the ConnectWise that the run `?2` speaks to; where it is not known of one of them, it may be the same.
const IN_CONNECTWISE_OF_RUN: &str = "coalesce(site = (SELECT site FROM runs WHERE run = ?2), 1)";

/// The last guard against billing a customer twice, behind the one that decides. The agreement of this number in another
/// ConnectWise is another one.
fn refuse_second_creation(transaction: &Transaction<'_>, run: RunId, key: &LineKey) -> Result<(), StoreError> {
    let mut statement = transaction.prepare_cached(&format!(
        "SELECT agreement, product, item FROM writes
         WHERE agreement = ?1 AND kind = 'create' AND (outcome IS NULL OR outcome = 'unknown')
             AND {IN_CONNECTWISE_OF_RUN}",
    ))?;
    for open in statement.query_and_then([key.agreement.0, run.0], line_key)? {
        if DecisionSubject::line(&open?) == DecisionSubject::line(key) {
            return Err(StoreError::CreationOpen { key: key.clone() });
        }
    }
    Ok(())
}

fn run_of_open_write(transaction: &Transaction<'_>, write: WriteId) -> Result<Option<RunId>, StoreError> {
    let mut statement = transaction
        .prepare_cached("SELECT run FROM writes WHERE write = ?1 AND (outcome IS NULL OR outcome = 'unknown')")?;
    Ok(statement.query_row([write.0], |row| Ok(RunId(row.get(0)?))).optional()?)
}

fn intent_entry(run: RunId, intent: &Intent, at: DateTime<Utc>) -> JournalEntry {
    let Intent { key: LineKey { agreement, product, item }, kind } = intent;
    let entry = JournalEntry {
        run: run.0,
        at: time_text(at),
        agreement: Some(agreement.0),
        product: Some(product.as_str().to_owned()),
        item: item.as_ref().map(|item| item.as_str().to_owned()),
        ..JournalEntry::default()
    };
    match kind {
        IntentKind::Set { addition, from, to } => JournalEntry {
            event: "set",
            addition: Some(addition.0),
            from_quantity: Some(from.to_string()),
            quantity: Some(to.to_string()),
            ..entry
        },
        IntentKind::Create { product, quantity, effective_on, before } => JournalEntry {
            event: "create",
            quantity: Some(quantity.to_string()),
            catalog_item: Some(product.0),
            effective_on: Some(effective_on.to_string()),
            before: Some(serde_json::to_string(before).expect("integers always make JSON")),
            ..entry
        },
    }
}

fn outcome_entry(run: RunId, write: WriteId, outcome: &WriteOutcome, at: DateTime<Utc>) -> JournalEntry {
    let entry = JournalEntry { run: run.0, write: Some(write.0), at: time_text(at), ..JournalEntry::default() };
    match outcome {
        WriteOutcome::Applied { addition, quantity } => {
            JournalEntry { event: "applied", addition: Some(addition.0), quantity: Some(quantity.to_string()), ..entry }
        }
        WriteOutcome::Refused { why } => JournalEntry { event: "refused", why: Some(why.clone()), ..entry },
        WriteOutcome::Unknown { why } => JournalEntry { event: "unknown", why: Some(why.clone()), ..entry },
        WriteOutcome::Superseded { why } => JournalEntry { event: "superseded", why: Some(why.clone()), ..entry },
    }
}

fn write_record(row: &Row<'_>) -> Result<WriteRecord, StoreError> {
    Ok(WriteRecord {
        write: WriteId(row.get("write")?),
        intent: Intent { key: line_key(row)?, kind: intent_kind(row)? },
        sent_at: time(row, "at")?,
        outcome: outcome(row)?,
    })
}

fn intent_kind(row: &Row<'_>) -> Result<IntentKind, StoreError> {
    let kind: String = row.get("kind")?;
    match kind.as_str() {
        "set" => Ok(IntentKind::Set {
            addition: AdditionId(row.get("addition")?),
            from: quantity(row, "from_quantity")?,
            to: quantity(row, "quantity")?,
        }),
        "create" => Ok(IntentKind::Create {
            product: ProductId(row.get("catalog_item")?),
            quantity: quantity(row, "quantity")?,
            effective_on: day(row, "effective_on")?,
            before: json(row, "before")?,
        }),
        _ => Err(StoreError::Unreadable { column: "event", value: kind }),
    }
}

fn outcome(row: &Row<'_>) -> Result<Option<WriteOutcome>, StoreError> {
    let word: Option<String> = row.get("outcome")?;
    let Some(word) = word else { return Ok(None) };
    let outcome = match word.as_str() {
        "applied" => WriteOutcome::Applied {
            addition: AdditionId(row.get("applied_addition")?),
            quantity: quantity(row, "applied_quantity")?,
        },
        "refused" => WriteOutcome::Refused { why: row.get("why")? },
        "unknown" => WriteOutcome::Unknown { why: row.get("why")? },
        "superseded" => WriteOutcome::Superseded { why: row.get("why")? },
        _ => return Err(StoreError::Unreadable { column: "event", value: word }),
    };
    Ok(Some(outcome))
}
