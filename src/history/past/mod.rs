//! What a plan and its guards need to know of earlier runs, put together from the tables.

pub(crate) mod accepted_last;
pub(in crate::history) mod baselines;
pub mod days_kept_by_restore;
pub mod earlier_exports;
pub mod last_writes;
pub(crate) mod names_of_counts;
mod one_time_agreements;
pub mod owned_lines;
pub(crate) mod seen_quantities;
pub(crate) mod set_back;
pub mod swept_lines;
mod waiting_counts;
mod wanted_zero;
pub(crate) mod written_quantities;
pub mod written_since;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use rusqlite::{Connection, Transaction, params};

use crate::history::journal::IntentKind;
use crate::history::past::accepted_last::accepted_counts;
use crate::history::past::baselines::accepted;
use crate::history::past::one_time_agreements::once_before;
use crate::history::past::set_back::SetBack;
use crate::history::past::waiting_counts::{missed, waiting};
use crate::history::past::written_quantities::{decimals, given_up, written};
use crate::history::run_record::{LineRecord, PlanRecord};
use crate::history::store::column_values::{decimal, folded, item_text, line_key, spelled_alike, time, time_text};
use crate::history::store::error::StoreError;
use crate::history::store::open::History;
use crate::history::store::rows::rows;
use crate::history::{decision_records, journal};
use crate::reconcile::guard::falling_trend::UnitsThen;
use crate::reconcile::matching::line_claims::OtherIntegration;
use crate::reconcile::model::ids::{AdditionId, AgreementId, IntegrationName, ProductCode, RunId, ServiceName};
use crate::reconcile::model::mapping::{Billed, Mapping, MatchCustomers, ServiceRule, Sweep};
use crate::reconcile::model::past::{Accepted, CreationInDoubt, Past};
use crate::reconcile::model::plan::finding::Finding;
use crate::reconcile::model::plan::line::LineKey;
use crate::reconcile::model::plan::outcome::{Mode, RunCommand};

impl History {
    /// What is known of an integration's runs before the current one.
    ///
    /// Left empty, for others to fill in: `candidates` of creations in doubt, `just_created`, `counted` and `counted_before`,
    /// `owned_by_others`, `neighbours_lines` (functions of [`History`] read them), and `neighbours_products`.
    ///
    /// # Errors
    /// An unreadable history is an error, never an empty past.
    pub fn past(&self, integration: &IntegrationName, current: RunId) -> Result<Past, StoreError> {
        self.read(|connection| {
            let accepted = accepted(connection, integration.as_str(), current)?;
            let last = accepted.as_ref().map(|last| last.run);
            let held_then = last.map(|last| waiting(connection, integration.as_str(), last)).transpose()?;
            let missed_then = last.map(|last| missed(connection, integration.as_str(), last)).transpose()?;
            Ok(Past {
                waiting: held_then.unwrap_or_default(),
                missed: missed_then.unwrap_or_default(),
                accepted,
                approved_once: approved_once(connection, integration)?,
                written: written(connection, integration, current)?,
                seen: seen_quantities::seen(connection, integration, current)?,
                given_up: given_up(connection, integration, current)?,
                ours: ours(connection, integration)?,
                begins: written_quantities::begins(connection, integration, current)?,
                owned: owned_lines::owned(connection, integration)?,
                owned_by_others: BTreeSet::new(),
                neighbours_lines: BTreeMap::new(),
                neighbours_products: BTreeMap::new(),
                uncounted: Vec::new(),
                zero_before: wanted_zero::zero_before(connection, integration, current)?,
                in_doubt: in_doubt(connection, integration)?,
                decisions: decision_records::decisions(connection, integration, Some(current))?,
                let_be: decision_records::let_be(connection, integration)?,
                just_created: BTreeMap::new(),
                counted: BTreeMap::new(),
                counted_before: BTreeMap::new(),
                counted_as: BTreeMap::new(),
                counts: accepted_counts(connection, integration.as_str())?,
                decimals: decimals(connection, integration)?,
                taken_over: None,
                older_night: None,
                once_before: once_before(connection, integration.as_str(), current)?,
                deliveries: earlier_exports::deliveries(connection, integration.as_str(), current)?,
            })
        })
    }

    /// The last refusal of each line whose last write by earlier runs was refused, in ConnectWise's words; by
    /// [`LineKey::folded`].
    pub fn refusals(
        &self,
        integration: &IntegrationName,
        before: RunId,
    ) -> Result<BTreeMap<LineKey, String>, StoreError> {
        self.read(|connection| written_quantities::refusals(connection, integration, before))
    }

    /// The agreements of the last accepted run of each neighbour whose customers match by name, for no file names those, and
    /// of the lines that it owns, for what that run created stands in no baseline yet.
    pub fn agreements_by_name(
        &self,
        neighbours: &[OtherIntegration<'_>],
    ) -> Result<BTreeMap<IntegrationName, BTreeSet<AgreementId>>, StoreError> {
        let by_name = neighbours.iter().filter(|one| one.mapping.match_customers == MatchCustomers::ExactName);
        self.read(|connection| {
            let of = |one: &OtherIntegration<'_>| {
                let accepted = accepted(connection, one.integration.as_str(), RunId(0))?;
                let seen = accepted.into_iter().flat_map(|accepted| accepted.lines.into_keys());
                let lines = seen.chain(owned_lines::owned(connection, one.integration)?.into_keys());
                Ok((one.integration.clone(), lines.map(|key| key.agreement).collect()))
            };
            by_name.map(of).collect()
        })
    }

    /// What an integration owns for all that is known without its mapping: the products of its last lines, on whatever agreement
    /// [`Self::agreements_by_name`] gives for it.
    pub fn mapping_of_last_lines(&self, integration: &IntegrationName) -> Result<Mapping, StoreError> {
        self.read(|connection| {
            let accepted = accepted(connection, integration.as_str(), RunId(0))?;
            let seen = accepted.into_iter().flat_map(|accepted| accepted.lines.into_keys());
            let lines = seen.chain(owned_lines::owned(connection, integration)?.into_keys());
            let billed = |product: ProductCode| {
                let service = ServiceName::new(product.as_str());
                (service, ServiceRule::Billed(Billed { products: vec![product], ..Billed::default() }))
            };
            let services = lines.map(|key| billed(key.product)).collect();
            let match_customers = MatchCustomers::ExactName;
            Ok(Mapping { services, match_customers, sweep: Sweep::Off, ..Mapping::default() })
        })
    }

    /// What the accepted exports of an integration counted, of runs begun after `since`: from the last plan on that a
    /// person approved, who saw what was gone by then. What was set back is none of them.
    pub fn units_since(
        &self,
        integration: &IntegrationName,
        since: DateTime<Utc>,
    ) -> Result<Vec<UnitsThen>, StoreError> {
        self.read(|connection| {
            let set_back = SetBack::of(connection, integration.as_str())?;
            let mut statement = connection.prepare_cached(
                "SELECT run, started_at, approved, coalesce(accepted_units, export_units) AS units FROM runs
                 WHERE integration = ?1 AND started_at > ?2 AND accepted = 1 AND command <> 'plan' AND undoes IS NULL
                 ORDER BY run DESC",
            )?;
            let mut all = Vec::new();
            let mut rows = statement.query(params![integration.as_str(), time_text(since)])?;
            while let Some(row) = rows.next()? {
                let (run, at) = (RunId(row.get("run")?), time(row, "started_at")?.fixed_offset());
                if set_back.has(run) {
                    continue;
                }
                all.push(UnitsThen { run, at, units: decimal(row, "units")? });
                if row.get("approved")? {
                    break;
                }
            }
            all.reverse();
            Ok(all)
        })
    }
}

/// Keeps what the guards of later runs will ask, beside the lines of a plan.
///
/// Gives what is told of answers that end with it.
pub(super) fn remember(
    transaction: &Transaction<'_>,
    run: RunId,
    plan: &PlanRecord,
) -> Result<Vec<Finding>, StoreError> {
    let (integration, command, mode, undoes): (String, String, String, Option<i64>) = transaction.query_row(
        "SELECT integration, command, mode, undoes FROM runs WHERE run = ?1",
        [run.0],
        |row| Ok((row.get("integration")?, row.get("command")?, row.get("mode")?, row.get("undoes")?)),
    )?;
    // An undo wants what was before, whatever the export says: no later export is compared with that. What it lets bill
    // again is recount's again.
    if undoes.is_some() {
        let writes = command == RunCommand::Apply.as_str() && mode == Mode::Apply.as_str();
        if writes {
            owned_lines::take_up(transaction, &integration, &plan.lines)?;
        }
        return Ok(Vec::new());
    }
    let mut ended = Vec::new();
    // A dry run never moves the baseline, and an export that was not believed is no night of `second-night` either.
    if plan.accepted && command != RunCommand::Plan.as_str() {
        let before = accepted(transaction, &integration, run)?;
        baselines::remember(transaction, run, before.as_ref(), &plan.lines)?;
        seen_quantities::remember(transaction, &IntegrationName::new(&integration), run, &plan.lines)?;
        remember_ended(transaction, &integration, before.as_ref(), &plan.lines)?;
        wanted_zero::remember_zeros(transaction, run, &integration, plan)?;
        ended = decision_records::lapse(transaction, &IntegrationName::new(&integration), run, &plan.lines)?;
        if mode == Mode::Apply.as_str() {
            owned_lines::remember(transaction, &integration, &plan.lines)?;
        }
    }
    Ok(ended)
}

/// Keeps the lines of the last baseline that are live no more: the next baseline does not know them, and without this
/// a line that a person ended would be created anew some nights later.
fn remember_ended(
    transaction: &Transaction<'_>,
    integration: &str,
    before: Option<&Accepted>,
    lines: &[LineRecord],
) -> Result<(), StoreError> {
    let Some(before) = before else { return Ok(()) };
    let live: BTreeSet<_> = lines
        .iter()
        .filter(|line| line.addition.is_some())
        .filter_map(|line| Some(spelled_alike(&line.key()?)))
        .collect();
    let mut insert = transaction.prepare_cached("INSERT OR REPLACE INTO ended_lines VALUES (?1, ?2, ?3, ?4, ?5)")?;
    for (key, addition) in before.lines.iter().filter(|(key, _)| !live.contains(&spelled_alike(key))) {
        insert.execute(params![integration, key.agreement.0, key.product.as_str(), item_text(key), addition.0])?;
    }
    Ok(())
}

/// Lines that recount created, and lines that a person ended.
fn ours(connection: &Connection, integration: &IntegrationName) -> Result<BTreeMap<LineKey, AdditionId>, StoreError> {
    let sql = "SELECT agreement, product, item, addition FROM ended_lines WHERE integration = ?1
               UNION ALL
               SELECT i.agreement, i.product, i.item, o.addition FROM journal AS o
                   JOIN journal AS i ON i.seq = o.write AND i.event = 'create' JOIN runs AS r ON r.run = i.run
               WHERE o.event = 'applied' AND r.integration = ?1";
    rows(connection, sql, [integration.as_str()], |row| Ok((folded(&line_key(row)?), AdditionId(row.get("addition")?))))
}

impl History {
    /// Whether a plan of an integration was ever approved: then its runs write by themselves.
    pub fn approved_once(&self, integration: &IntegrationName) -> Result<bool, StoreError> {
        self.read(|connection| approved_once(connection, integration))
    }
}

fn approved_once(connection: &Connection, integration: &IntegrationName) -> Result<bool, StoreError> {
    let sql = "SELECT 1 FROM runs WHERE integration = ?1 AND approved = 1 LIMIT 1";
    Ok(connection.prepare_cached(sql)?.exists([integration.as_str()])?)
}

fn in_doubt(
    connection: &Connection,
    integration: &IntegrationName,
) -> Result<BTreeMap<LineKey, CreationInDoubt>, StoreError> {
    let open = journal::open_writes(connection, integration)?;
    let creations = open.into_iter().filter_map(|write| {
        let IntentKind::Create { product, .. } = write.intent.kind else { return None };
        let (run, sent_at, candidates) = (write.run, write.sent_at, Vec::new());
        Some((
            folded(&write.intent.key),
            CreationInDoubt { run, sent_at, candidates, elsewhere: None, product: Some(product) },
        ))
    });
    Ok(creations.collect())
}
