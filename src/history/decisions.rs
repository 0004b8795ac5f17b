//! What operators answered: append-only, and the last answer of each matter counts.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use rusqlite::{Connection, Row, params};

use crate::history::lookup;
use crate::history::record::RunRecord;
use crate::history::store::columns::{line_key, maybe_day, maybe_quantity, time, time_text, word};
use crate::history::store::decision_chain;
use crate::history::store::error::StoreError;
use crate::history::store::lock::RunLock;
use crate::history::store::open::History;
use crate::reconcile::model::decision::{Decision, Decisions, Matter, SeenLine};
use crate::reconcile::model::ids::{AdditionId, AgreementId, CustomerName, IntegrationName, RunId, ServiceName};
use crate::reconcile::model::plan::code::Code;
use crate::reconcile::model::plan::outcome::Verb;

/// From when a matter waits: the first of the runs in a row that asked about it.
pub type Since = (RunId, DateTime<Utc>);

impl History {
    /// Stores an answer to a matter of an integration, as the report of `run` showed it. A [`Verb::Reopen`] takes the
    /// last one back.
    ///
    /// # Errors
    /// When it cannot be stored; then nothing was decided.
    #[expect(clippy::too_many_arguments, reason = "all that is stored of one answer")]
    pub fn decide(
        &mut self,
        _lock: &RunLock,
        integration: &IntegrationName,
        run: RunId,
        matter: &Matter,
        decision: &Decision,
    ) -> Result<(), StoreError> {
        let Decision { handle, verb, until, note, who, at, reason, seen, spent: _ } = decision;
        let (kind, agreement, product, customer, service) = columns_of(matter);
        let item = match matter {
            Matter::Line(_, _, item) => item.as_deref(),
            _ => None,
        };
        self.write(|transaction| {
            transaction
                .prepare_cached(
                    "INSERT INTO decisions (decision, integration, kind, agreement, product, customer, service, handle,
                                        verb, until, note, who, at, run, reason, addition, was, wanted, item, journal)
                 VALUES ((SELECT coalesce(max(decision), 0) + 1 FROM decisions), ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9,
                         ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, (SELECT coalesce(max(seq), 0) FROM journal))",
                )?
                .execute(params![
                    integration.as_str(),
                    kind,
                    agreement,
                    product,
                    customer,
                    service,
                    handle,
                    verb.as_str(),
                    until.map(|day| day.to_string()),
                    note,
                    who,
                    time_text(*at),
                    run.0,
                    reason.as_str(),
                    seen.and_then(|seen| seen.addition).map(|id| id.0),
                    seen.and_then(|seen| seen.was).map(|units| units.to_string()),
                    seen.and_then(|seen| seen.wanted).map(|units| units.to_string()),
                    item,
                ])?;
            decision_chain::append(transaction, run, *at)
        })
    }

    /// The last answer to each matter of an integration.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn decisions(&self, integration: &IntegrationName) -> Result<Decisions, StoreError> {
        self.read(|connection| decisions(connection, integration))
    }

    /// The newest run of an integration that ended with a plan, undo plans aside; `None` if there is none yet.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn latest_plan(&self, integration: &IntegrationName) -> Result<Option<RunRecord>, StoreError> {
        let sql = format!("SELECT * FROM runs WHERE {PLANNED} ORDER BY run DESC LIMIT 1");
        self.read(|connection| Ok(lookup::records(connection, &sql, [integration.as_str()])?.into_iter().next()))
    }

    /// From when each matter of the newest plan waits, by its handle and its reason.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn waiting_since(&self, integration: &IntegrationName) -> Result<BTreeMap<(String, Code), Since>, StoreError> {
        self.read(|connection| waiting_since(connection, integration))
    }
}

/// Runs that count when it is asked what waits.
const PLANNED: &str = "integration = ?1 AND fingerprint IS NOT NULL AND finished_at IS NOT NULL AND undoes IS NULL";

fn waiting_since(
    connection: &Connection,
    integration: &IntegrationName,
) -> Result<BTreeMap<(String, Code), Since>, StoreError> {
    let mut runs =
        connection.prepare_cached(&format!("SELECT run, started_at FROM runs WHERE {PLANNED} ORDER BY run DESC"))?;
    let mut asked = connection.prepare_cached(
        "SELECT handle, code FROM findings WHERE run = ?1 AND severity = 'decide' AND handle IS NOT NULL",
    )?;
    let mut since: BTreeMap<(String, Code), Since> = BTreeMap::new();
    let mut still: Option<BTreeSet<(String, Code)>> = None;
    for run in runs.query_and_then([integration.as_str()], |row| {
        Ok::<_, StoreError>((RunId(row.get("run")?), time(row, "started_at")?))
    })? {
        let (run, started_at) = run?;
        let matters = asked.query_and_then([run.0], |row| {
            Ok::<_, StoreError>((row.get::<_, String>("handle")?, word(row, "code", Code::from_word)?))
        })?;
        let matters: BTreeSet<(String, Code)> = matters.collect::<Result<_, _>>()?;
        let row: BTreeSet<_> = match still {
            None => matters,
            Some(later) => later.intersection(&matters).cloned().collect(),
        };
        if row.is_empty() {
            break;
        }
        since.extend(row.iter().map(|matter| (matter.clone(), (run, started_at))));
        still = Some(row);
    }
    Ok(since)
}

/// See [`History::decisions`].
pub(super) fn decisions(connection: &Connection, integration: &IntegrationName) -> Result<Decisions, StoreError> {
    let mut statement =
        connection.prepare_cached("SELECT * FROM decisions WHERE integration = ?1 ORDER BY decision")?;
    let mut last: BTreeMap<Matter, (Decision, i64)> = BTreeMap::new();
    for row in statement.query_and_then([integration.as_str()], |row| {
        Ok::<_, StoreError>((matter(row)?, decision(row)?, row.get("journal")?))
    })? {
        let (matter, decision, journal) = row?;
        match decision.verb {
            Verb::Reopen => _ = last.remove(&matter),
            _ => _ = last.insert(matter, (decision, journal)),
        }
    }
    let decided = last.into_iter().map(|(matter, (decision, journal))| {
        let spent = decision.verb == Verb::Accept && written_since(connection, integration, &matter, journal)?;
        Ok((matter, Decision { spent, ..decision }))
    });
    Ok(Decisions(decided.collect::<Result<_, StoreError>>()?))
}

/// Whether a write of the line that was begun behind this row of the journal was applied.
fn written_since(
    connection: &Connection,
    integration: &IntegrationName,
    matter: &Matter,
    journal: i64,
) -> Result<bool, StoreError> {
    let Matter::Line(agreement, ..) = matter else { return Ok(false) };
    let mut statement = connection.prepare_cached(
        "SELECT agreement, product, item FROM writes
         WHERE integration = ?1 AND agreement = ?2 AND write > ?3 AND outcome = 'applied'",
    )?;
    let written = statement
        .query_and_then(params![integration.as_str(), agreement.0, journal], line_key)?
        .collect::<Result<Vec<_>, _>>()?;
    Ok(written.iter().any(|written| Matter::line(written) == *matter))
}

type Columns<'a> = (&'static str, Option<i64>, Option<&'a str>, Option<&'a str>, Option<&'a str>);

fn columns_of(matter: &Matter) -> Columns<'_> {
    match matter {
        Matter::Line(agreement, product, _) => ("line", Some(agreement.0), Some(product), None, None),
        Matter::Customer(customer) => ("customer", None, None, Some(customer.as_str()), None),
        Matter::Service(service) => ("service", None, None, None, Some(service.as_str())),
        Matter::Product(product) => ("product", None, Some(product), None, None),
        Matter::Duplicate(customer, service) => {
            ("duplicate", None, None, Some(customer.as_str()), Some(service.as_str()))
        }
        Matter::Nameless => ("nameless", None, None, None, None),
    }
}

fn matter(row: &Row<'_>) -> Result<Matter, StoreError> {
    let kind: String = row.get("kind")?;
    let customer = || Ok::<_, StoreError>(CustomerName::new(&row.get::<_, String>("customer")?));
    let service = || Ok::<_, StoreError>(ServiceName::new(&row.get::<_, String>("service")?));
    Ok(match kind.as_str() {
        "line" => Matter::Line(AgreementId(row.get("agreement")?), row.get("product")?, row.get("item")?),
        "customer" => Matter::Customer(customer()?),
        "service" => Matter::Service(service()?),
        "product" => Matter::Product(row.get("product")?),
        "duplicate" => Matter::Duplicate(customer()?, service()?),
        "nameless" => Matter::Nameless,
        _ => return Err(StoreError::Unreadable { column: "kind", value: kind }),
    })
}

fn decision(row: &Row<'_>) -> Result<Decision, StoreError> {
    let kind: String = row.get("kind")?;
    let seen = SeenLine {
        addition: row.get::<_, Option<i64>>("addition")?.map(AdditionId),
        was: maybe_quantity(row, "was")?,
        wanted: maybe_quantity(row, "wanted")?,
    };
    Ok(Decision {
        handle: row.get("handle")?,
        verb: word(row, "verb", Verb::from_word)?,
        until: maybe_day(row, "until")?,
        note: row.get("note")?,
        who: row.get("who")?,
        at: time(row, "at")?,
        reason: word(row, "reason", Code::from_word)?,
        seen: (kind == "line").then_some(seen),
        spent: false,
    })
}
