//! Runs that were set back: by an undo that wrote something, and was not set back itself. What somebody declared wrong is no
//! measure of what comes after it.

use std::collections::BTreeMap;

use rusqlite::{Connection, Row};

use crate::history::run_lookup::summary;
use crate::history::run_record::RunSummary;
use crate::history::store::error::StoreError;
use crate::history::store::open::History;
use crate::reconcile::model::ids::{IntegrationName, RunId};

/// The runs of an integration that are set back.
#[derive(Debug, Default)]
pub(crate) struct SetBack {
    /// Each with its undo and the export that it read; an undo reads none, and names that of another run.
    runs: BTreeMap<RunId, (RunId, Option<String>)>,
}

impl SetBack {
    /// As it stands now.
    pub(crate) fn of(connection: &Connection, integration: &str) -> Result<Self, StoreError> {
        let mut statement = connection.prepare_cached(
            "SELECT r.run, r.undoes, CASE WHEN undone.undoes IS NULL THEN undone.export_sha256 END AS sha256
             FROM runs AS r JOIN runs AS undone ON undone.run = r.undoes
             WHERE r.integration = ?1 AND r.command = 'apply'
               AND EXISTS (SELECT 1 FROM writes WHERE writes.run = r.run AND writes.outcome = 'applied')
             ORDER BY r.run DESC",
        )?;
        let mut runs = BTreeMap::new();
        // The newest first: whether an undo stands is known when what it sets back is asked about.
        for row in statement.query_and_then([integration], undo)? {
            let (undo, undone, export) = row?;
            if !runs.contains_key(&undo) {
                runs.entry(undone).or_insert((undo, export));
            }
        }
        Ok(Self { runs })
    }

    /// Whether none is.
    pub(crate) fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// Whether a run is set back.
    pub(crate) fn has(&self, run: RunId) -> bool {
        self.runs.contains_key(&run)
    }

    /// The undo that set a run back.
    fn by(&self, run: RunId) -> Option<RunId> {
        self.runs.get(&run).map(|(undo, _)| *undo)
    }

    /// Whether the export that a run read was declared wrong after it: it is one that is set back, or it read the same bytes.
    pub(crate) fn has_export(&self, run: RunId, sha256: &str) -> bool {
        self.runs
            .iter()
            .any(|(undone, (undo, export))| run < *undo && (run == *undone || export.as_deref() == Some(sha256)))
    }
}

type Undo = (RunId, RunId, Option<String>);

fn undo(row: &Row<'_>) -> Result<Undo, StoreError> {
    Ok((RunId(row.get("run")?), RunId(row.get("undoes")?), row.get("sha256")?))
}

impl History {
    /// The undo that set a run back, if it is set back now.
    pub fn set_back_by(&self, integration: &IntegrationName, run: RunId) -> Result<Option<RunId>, StoreError> {
        self.read(|connection| Ok(SetBack::of(connection, integration.as_str())?.by(run)))
    }

    /// Undos of an integration that are drawn and not carried out, newest first: of each run the newest one.
    pub fn drawn_undos(&self, integration: &IntegrationName) -> Result<Vec<RunSummary>, StoreError> {
        let sql =
            "SELECT * FROM runs WHERE run IN (SELECT max(run) FROM runs WHERE integration = ?1 AND undoes IS NOT NULL
                                              AND finished_at IS NOT NULL GROUP BY undoes)
             ORDER BY run DESC";
        let found: Vec<RunSummary> = self.rows(sql, [integration.as_str()], summary)?;
        Ok(found.into_iter().filter(waits).collect())
    }

    /// The run that an undo of this one is about in the end, and whether it sets that back: an undo of an undo does not.
    pub fn undone_in_the_end(&self, undone: RunId) -> Result<(RunId, bool), StoreError> {
        let (mut run, mut sets_back) = (undone, true);
        while let Some(before) = self.summary(run)?.and_then(|run| run.undoes) {
            (run, sets_back) = (before, !sets_back);
        }
        Ok((run, sets_back))
    }
}

/// Whether it would write, and has not.
fn waits(undo: &RunSummary) -> bool {
    let totals = undo.end.as_ref().map(|end| end.totals);
    totals.is_some_and(|totals| totals.would_change > 0 && totals.changed + totals.unknown == 0)
}
