//! What the pages show, read off the history. Opened for each request, so that an upgrade is never in the way.

use std::collections::{BTreeMap, BTreeSet};

use crate::history::lookup::RunSummary;
use crate::history::record::{LineRecord, RunRecord};
use crate::history::store::error::StoreError;
use crate::history::store::open::History;
use crate::reconcile::model::ids::{IntegrationName, RunId};
use crate::report::current::Current;
use crate::report::files::Reports;
use crate::report::lines;
use crate::web::site::Site;

/// Why there is no page.
#[derive(Debug)]
pub(super) enum Missing {
    /// There is no such thing.
    Nothing,
    /// It cannot be read.
    Broken(String),
}

impl From<StoreError> for Missing {
    fn from(error: StoreError) -> Self {
        Missing::Broken(error.to_string())
    }
}

/// Runs of the index.
const RUNS_SHOWN: usize = 90;
/// Runs that are looked through for the newest plan of each integration.
const RUNS_SEEN: usize = 500;

fn history(site: &Site) -> Result<History, Missing> {
    History::open_existing(&site.state)?.ok_or(Missing::Nothing)
}

/// The last runs, newest first; none before the first.
pub(super) fn runs(site: &Site) -> Result<Vec<RunSummary>, Missing> {
    match history(site) {
        Ok(history) => Ok(history.runs(RUNS_SHOWN)?),
        Err(Missing::Nothing) => Ok(Vec::new()),
        Err(broken) => Err(broken),
    }
}

/// One run, whole.
pub(super) fn run(site: &Site, run: i64) -> Result<RunRecord, Missing> {
    history(site)?.run(RunId(run))?.ok_or(Missing::Nothing)
}

/// The kept HTML report of a run. The path is made of its number alone.
pub(super) fn kept(site: &Site, run: i64) -> Option<String> {
    std::fs::read_to_string(Reports::of(&site.state).page(RunId(run))).ok()
}

/// The newest plan of each integration, as its lines stand by now.
fn plans(site: &Site) -> Result<Vec<RunRecord>, Missing> {
    let history = history(site)?;
    let names: BTreeSet<IntegrationName> = history.runs(RUNS_SEEN)?.into_iter().map(|run| run.integration).collect();
    let plans = names.iter().map(|name| history.latest_plan(name)).filter_map(Result::transpose);
    // What undos left of their lines since is what is billed.
    let plans: Result<Vec<_>, StoreError> =
        plans.map(|plan| Current::of(&history, plan?).map(|current| current.run)).collect();
    Ok(plans?)
}

/// Every customer of the newest plans, with the number of its lines.
pub(super) fn customers(site: &Site) -> Result<BTreeMap<String, usize>, Missing> {
    let mut customers = BTreeMap::new();
    for plan in &plans(site)? {
        for line in lines(plan) {
            let names: BTreeSet<&str> = line.sources.iter().map(|source| source.customer.as_str()).collect();
            names.into_iter().for_each(|name| *customers.entry(name.to_owned()).or_default() += 1);
        }
    }
    Ok(customers)
}

/// The lines of one customer in the newest plans, with the integration and the run of each.
pub(super) fn lines_of(site: &Site, customer: &str) -> Result<Vec<(IntegrationName, RunId, LineRecord)>, Missing> {
    let mut found = Vec::new();
    for plan in plans(site)? {
        let own = lines(&plan).iter().filter(|line| line.sources.iter().any(|one| one.customer.as_str() == customer));
        found.extend(own.map(|line| (plan.integration.clone(), plan.run, line.clone())));
    }
    Ok(found)
}
