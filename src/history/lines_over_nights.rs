//! Lines over time: what trends, customer pages and "ready to invoice" are drawn from. Every question is bounded.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{NaiveDate, TimeDelta};
use rusqlite::{Row, params};

use crate::history::plan_lines;
use crate::history::run_lookup::{findings_of, summary};
use crate::history::run_record::{LineRecord, RunRecord, RunSummary};
use crate::history::store::column_values::{integer, maybe_quantity, of_one_spelling, time_text, word};
use crate::history::store::error::StoreError;
use crate::history::store::open::History;
use crate::reconcile::model::ids::{CustomerName, IntegrationName, RunId};
use crate::reconcile::model::plan::finding::Finding;
use crate::reconcile::model::plan::line::LineKey;
use crate::reconcile::model::plan::outcome::Outcome;
use crate::reconcile::model::plan::reason_code::Code;
use crate::reconcile::model::quantity::Quantity;

/// What became of a line in one run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineNight {
    /// The run.
    pub run: RunId,
    /// What ConnectWise held when its plan was drawn.
    pub was: Option<Quantity>,
    /// What followed from the counts.
    pub wanted: Option<Quantity>,
    /// What ConnectWise held afterwards.
    pub now: Option<Quantity>,
    /// What became of it.
    pub outcome: Outcome,
    /// Why.
    pub reason: Code,
    /// The run that this one set back, or planned to: then what it wanted is no count.
    pub undoes: Option<RunId>,
}

impl History {
    /// The last runs of an integration that may have written, up to this one, oldest first: nights, and undos that
    /// were carried out. Dry runs are none of them; the run itself is one, whatever it is.
    pub fn nights(
        &self,
        integration: &IntegrationName,
        last: RunId,
        limit: usize,
    ) -> Result<Vec<RunSummary>, StoreError> {
        let sql = "SELECT * FROM runs WHERE integration = ?1 AND run <= ?2
                       AND (run = ?2 OR command IN ('run', 'apply'))
                   ORDER BY run DESC LIMIT ?3";
        let mut nights: Vec<RunSummary> =
            self.rows(sql, params![integration.as_str(), last.0, integer(limit)], summary)?;
        nights.reverse();
        Ok(nights)
    }

    /// The newest run of each integration, without its lines; undos are left out.
    pub fn newest_runs(&self) -> Result<Vec<RunSummary>, StoreError> {
        let sql =
            "SELECT * FROM runs WHERE run IN (SELECT max(run) FROM runs WHERE undoes IS NULL AND command <> 'probe'
                           GROUP BY integration)
             ORDER BY integration";
        self.rows(sql, [], summary)
    }

    /// The last run of an integration that looked at every line and was no dry one and no undo.
    pub fn last_night(&self, integration: &IntegrationName) -> Result<Option<RunId>, StoreError> {
        let sql = "SELECT max(run) FROM runs WHERE integration = ?1 AND fingerprint IS NOT NULL AND undoes IS NULL
                   AND finished_at IS NOT NULL AND verdict <> 'refused' AND command <> 'plan'";
        Ok(self.value::<Option<i64>>(sql, [integration.as_str()])?.map(RunId))
    }

    /// The last night of an integration that ended, whatever came of it: undos and dry runs are none. With days, the last one that
    /// began on them, which are those of the runs' own zone.
    pub fn last_ended_night(
        &self,
        integration: &IntegrationName,
        days: Option<(NaiveDate, NaiveDate)>,
    ) -> Result<Option<RunSummary>, StoreError> {
        let (first, last) = days.map(|(first, last)| (first.to_string(), last.to_string())).unzip();
        let sql = "SELECT * FROM runs WHERE integration = ?1 AND command IN ('run', 'apply') AND undoes IS NULL
                       AND finished_at IS NOT NULL
                       AND (?2 IS NULL OR date(started_at, utc_offset || ' seconds') BETWEEN ?2 AND ?3)
                   ORDER BY run DESC LIMIT 1";
        self.first(sql, params![integration.as_str(), first, last], summary)
    }

    /// Whether a plan of an integration was accepted on these days by a night: undos and dry runs are none.
    pub fn was_accepted_within(
        &self,
        integration: &IntegrationName,
        (first, last): (NaiveDate, NaiveDate),
    ) -> Result<bool, StoreError> {
        let sql = "SELECT EXISTS (SELECT 1 FROM runs WHERE integration = ?1 AND accepted = 1 AND undoes IS NULL
                   AND command IN ('run', 'apply')
                   AND date(started_at, utc_offset || ' seconds') BETWEEN ?2 AND ?3)";
        self.value(sql, params![integration.as_str(), first.to_string(), last.to_string()])
    }

    /// Whether a night of an integration began before a day, or at all.
    pub fn ran_before(&self, integration: &IntegrationName, day: Option<NaiveDate>) -> Result<bool, StoreError> {
        let sql = "SELECT EXISTS (SELECT 1 FROM runs WHERE integration = ?1 AND command IN ('run', 'apply')
                   AND undoes IS NULL
                   AND (?2 IS NULL OR date(started_at, utc_offset || ' seconds') < ?2))";
        self.value(sql, params![integration.as_str(), day.map(|day| day.to_string())])
    }

    /// Undos that were carried out after this run and before the next plan, oldest first.
    pub fn undos_since(&self, integration: &IntegrationName, run: RunId) -> Result<Vec<RunSummary>, StoreError> {
        let sql = "SELECT * FROM runs WHERE integration = ?1 AND run > ?2 AND command = 'apply' AND undoes IS NOT NULL
                       AND run < coalesce((SELECT min(run) FROM runs WHERE integration = ?1 AND run > ?2
                                           AND undoes IS NULL AND fingerprint IS NOT NULL), ?3)
                   ORDER BY run";
        self.rows(sql, params![integration.as_str(), run.0, i64::MAX], summary)
    }

    /// The lines of a run that are neither unchanged nor written, in the order of its plan.
    pub fn unsettled_lines(&self, run: RunId) -> Result<Vec<LineRecord>, StoreError> {
        let sql = "SELECT * FROM lines WHERE run = ?1 AND outcome NOT IN ('unchanged', 'updated', 'created')
                   ORDER BY position";
        self.rows(sql, [run.0], plan_lines::line)
    }

    /// What a run found beside its lines.
    pub fn findings(&self, run: RunId) -> Result<Vec<Finding>, StoreError> {
        self.read(|connection| findings_of(connection, run))
    }

    /// What became of these lines in these runs, by handle and in the order of the runs. Nights in which a line did not
    /// change are dropped from the history after a while.
    pub fn line_nights(
        &self,
        runs: &[RunId],
        handles: &BTreeSet<&str>,
    ) -> Result<BTreeMap<String, Vec<LineNight>>, StoreError> {
        self.read(|connection| {
            let mut found: BTreeMap<String, Vec<LineNight>> = BTreeMap::new();
            let mut statement = connection.prepare_cached(
                "SELECT l.run, was, wanted, now, outcome, reason, undoes FROM lines AS l JOIN runs AS r ON r.run = l.run
                 WHERE l.run = ?1 AND handle = ?2",
            )?;
            for run in runs {
                for handle in handles {
                    for night in statement.query_and_then(params![run.0, handle], line_night)? {
                        found.entry((*handle).to_owned()).or_default().push(night?);
                    }
                }
            }
            Ok(found)
        })
    }

    /// The same, of the runs that began on these days. Days are those of the runs' own zone.
    pub fn newest_runs_within(&self, first: NaiveDate, last: NaiveDate) -> Result<Vec<RunSummary>, StoreError> {
        let sql =
            "SELECT * FROM runs WHERE run IN (SELECT max(run) FROM runs WHERE undoes IS NULL AND command <> 'probe'
                           AND date(started_at, utc_offset || ' seconds') BETWEEN ?1 AND ?2 GROUP BY integration)
             ORDER BY integration";
        self.rows(sql, [first.to_string(), last.to_string()], summary)
    }

    /// The newest run with a line of this customer. Older nights in which its lines did not change are not kept.
    pub fn last_run_of(&self, customer: &CustomerName) -> Result<Option<RunSummary>, StoreError> {
        // As a source begins in its column. A list of items may begin so as well, which the second look tells apart.
        let source = serde_json::to_string(customer.as_str()).map(|name| format!("[{name},")).unwrap_or_default();
        let sql = "SELECT r.* FROM runs AS r CROSS JOIN lines AS l ON l.run = r.run WHERE instr(l.sources, ?1) > 0
                       AND EXISTS (SELECT 1 FROM json_each(l.sources) WHERE json_extract(value, '$[0]') = ?2)
                   ORDER BY r.run DESC LIMIT 1";
        self.first(sql, [source.as_str(), customer.as_str()], summary)
    }

    /// The first run after this one that may have written, an undo aside.
    pub fn night_after(&self, run: &RunRecord) -> Result<Option<RunSummary>, StoreError> {
        let sql =
            "SELECT * FROM runs WHERE integration = ?1 AND run > ?2 AND undoes IS NULL AND command IN ('run', 'apply')
             ORDER BY run LIMIT 1";
        self.first(sql, params![run.integration.as_str(), run.run.0], summary)
    }

    /// Of each integration the run of the same day that is nearest to this one, this one with them: a night's runs follow each
    /// other. Only runs that may have written, undos aside.
    pub fn runs_of_night(&self, run: &RunRecord) -> Result<Vec<RunSummary>, StoreError> {
        let sql = "SELECT *, min(abs(run - ?1)) FROM runs
                   WHERE started_at BETWEEN ?2 AND ?3 AND date(started_at, utc_offset || ' seconds') = ?4
                       AND (run = ?1 OR undoes IS NULL AND command IN ('run', 'apply'))
                   GROUP BY integration ORDER BY run";
        let (day, at) = (run.started_at.date_naive(), run.started_at.to_utc());
        let (first, last) = (time_text(at - TimeDelta::days(2)), time_text(at + TimeDelta::days(2)));
        let bounds = params![run.run.0, first, last, day.to_string()];
        self.rows(sql, bounds, summary)
    }

    /// A day of each month in which something ran, newest first.
    pub fn months(&self, limit: usize) -> Result<Vec<NaiveDate>, StoreError> {
        let sql = "SELECT max(date(started_at, utc_offset || ' seconds')) AS day FROM runs WHERE command <> 'probe'
                   GROUP BY strftime('%Y-%m', started_at, utc_offset || ' seconds') ORDER BY day DESC LIMIT ?1";
        let days: Vec<String> = self.rows(sql, [integer(limit)], |row| Ok(row.get(0)?))?;
        Ok(days.iter().filter_map(|day| day.parse().ok()).collect())
    }

    /// These lines of one run, as far as they are kept; items and products in one spelling.
    pub fn lines_of(&self, run: RunId, keys: &BTreeSet<LineKey>) -> Result<BTreeMap<LineKey, LineRecord>, StoreError> {
        let agreements: BTreeSet<i64> = keys.iter().map(|key| key.agreement.0).collect();
        let agreements = serde_json::to_string(&agreements).expect("numbers always make JSON");
        let sql = "SELECT * FROM lines WHERE run = ?1 AND agreement IN (SELECT value FROM json_each(?2))";
        let lines: Vec<LineRecord> = self.rows(sql, params![run.0, agreements], plan_lines::line)?;
        let keyed = lines.into_iter().filter_map(|line| Some((of_one_spelling(&line.key()?), line)));
        Ok(keyed.filter(|(key, _)| keys.contains(key)).collect())
    }
}

fn line_night(row: &Row<'_>) -> Result<LineNight, StoreError> {
    Ok(LineNight {
        run: RunId(row.get("run")?),
        was: maybe_quantity(row, "was")?,
        wanted: maybe_quantity(row, "wanted")?,
        now: maybe_quantity(row, "now")?,
        outcome: word(row, "outcome", Outcome::from_word)?,
        reason: word(row, "reason", Code::from_word)?,
        undoes: row.get::<_, Option<i64>>("undoes")?.map(RunId),
    })
}
