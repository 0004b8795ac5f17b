//! What became of additions after a run that is to be set back.

use std::collections::BTreeMap;

use rusqlite::{Row, params};

use crate::history::past::written_quantities::SAME_CONNECTWISE;
use crate::history::store::column_values::maybe_quantity;
use crate::history::store::error::StoreError;
use crate::history::store::open::History;
use crate::reconcile::model::ids::{AdditionId, IntegrationName, RunId};

/// Writes of the same ConnectWise after a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LaterWrites {
    /// Each addition with the last run that wrote it and was not set back.
    pub later: BTreeMap<AdditionId, RunId>,
    /// Additions that a run created or raised from 0, each with the last that did; undos are none.
    pub begun: BTreeMap<AdditionId, RunId>,
}

/// One write that ConnectWise took.
struct Taken {
    addition: AdditionId,
    run: RunId,
    undoes: Option<RunId>,
    begins: bool,
}

impl History {
    /// What runs after this one wrote to the additions of the same ConnectWise.
    pub fn written_since(&self, integration: &IntegrationName, run: RunId) -> Result<LaterWrites, StoreError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(&format!(
                "SELECT w.applied_addition, w.run, w.kind, w.from_quantity, r.undoes
                 FROM writes AS w JOIN runs AS r ON r.run = w.run
                 WHERE w.outcome = 'applied' AND w.run > ?2 AND w.integration IN ({SAME_CONNECTWISE}) ORDER BY w.write"
            ))?;
            let (mut standing, mut begun) = (BTreeMap::<AdditionId, Vec<RunId>>::new(), BTreeMap::new());
            for write in statement.query_and_then(params![integration.as_str(), run.0], taken)? {
                let Taken { addition, run, undoes, begins } = write?;
                let runs = standing.entry(addition).or_default();
                // What it set back stands no more, and what stands then is what was there before.
                if undoes.is_some() && runs.last().copied() == undoes {
                    runs.pop();
                } else {
                    runs.push(run);
                }
                if begins && undoes.is_none() {
                    begun.insert(addition, run);
                }
            }
            let later = standing.into_iter().filter_map(|(addition, runs)| Some((addition, *runs.last()?))).collect();
            Ok(LaterWrites { later, begun })
        })
    }
}

impl History {
    /// The additions that runs of an integration wrote from this run on and before that one, each with the last that did.
    pub fn writers_between(
        &self,
        integration: &IntegrationName,
        (from, before): (RunId, RunId),
    ) -> Result<BTreeMap<AdditionId, RunId>, StoreError> {
        let sql = "SELECT applied_addition, max(run) AS run FROM writes
                   WHERE integration = ?1 AND outcome = 'applied' AND run >= ?2 AND run < ?3 GROUP BY applied_addition";
        let bounds = params![integration.as_str(), from.0, before.0];
        self.rows(sql, bounds, |row| Ok((AdditionId(row.get("applied_addition")?), RunId(row.get("run")?))))
    }
}

fn taken(row: &Row<'_>) -> Result<Taken, StoreError> {
    let kind: String = row.get("kind")?;
    let from_nothing = maybe_quantity(row, "from_quantity")?.is_some_and(|from| from.is_zero());
    Ok(Taken {
        addition: AdditionId(row.get("applied_addition")?),
        run: RunId(row.get("run")?),
        undoes: row.get::<_, Option<i64>>("undoes")?.map(RunId),
        begins: kind == "create" || from_nothing,
    })
}
