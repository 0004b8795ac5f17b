//! What the pages of a run are drawn from, fetched from the history in bounded steps.

use std::collections::{BTreeMap, BTreeSet};

use crate::history::lines_over_nights::LineNight;
use crate::history::run_record::{LineRecord, RunRecord, RunSummary};
use crate::history::store::error::StoreError;
use crate::history::store::open::History;
use crate::reconcile::model::ids::{CustomerName, IntegrationName, RunId};
use crate::reconcile::model::record_links::RecordLinks;
use crate::report::current_lines::Current;
use crate::report::format::html::run_page::SPARKS;
use crate::report::format::html::{RunPageInputs, customer_page};
use crate::report::lines;
use crate::report::report_model::ReportSection;
use crate::report::sparkline::NIGHTS;

/// Customers whose pages are drawn after a run. With thousands of customers most nights change a few.
const CUSTOMERS: usize = 100;

/// The nights and lines behind the pages of a run.
#[derive(Debug)]
pub struct ReportHistory<'a> {
    run: &'a RunRecord,
    undos: &'a [RunSummary],
    nights: Vec<RunSummary>,
    lines: BTreeMap<String, Vec<LineNight>>,
    customers: BTreeMap<&'a CustomerName, Vec<&'a LineRecord>>,
    names: BTreeSet<CustomerName>,
}

impl<'a> ReportHistory<'a> {
    /// For the run's page, and for the pages of customers who have something changed or held in it.
    pub fn of_run(history: &History, run: &'a RunRecord) -> Result<Self, StoreError> {
        Self::gather(history, run, &[], touched(run))
    }

    /// For the pages of these customers, with what undos left of their lines.
    pub fn of_customers(
        history: &History,
        current: &'a Current,
        customers: BTreeSet<&'a CustomerName>,
    ) -> Result<Self, StoreError> {
        Self::gather(history, &current.run, &current.undos, customers)
    }

    fn gather(
        history: &History,
        run: &'a RunRecord,
        undos: &'a [RunSummary],
        customers: BTreeSet<&'a CustomerName>,
    ) -> Result<Self, StoreError> {
        let last = undos.last().map_or(run.run, |undo| undo.run);
        let nights = history.nights(&run.integration, last, NIGHTS)?;
        let customers = lines_of(run, &customers);
        let changed = lines(run).iter().filter(|line| ReportSection::of(line) == ReportSection::Changed).take(SPARKS);
        let drawn = changed.chain(customers.values().flatten().copied());
        let handles: BTreeSet<&str> = drawn.map(|line| line.handle.as_str()).collect();
        let runs: Vec<RunId> = nights.iter().map(|night| night.run).collect();
        let lines = history.line_nights(&runs, &handles)?;
        let names = customers.keys().map(|name| (*name).clone()).collect();
        Ok(Self { run, undos, nights, lines, customers, names })
    }

    /// As pages take it.
    pub fn material<'m>(&'m self, records: Option<&'m RecordLinks>) -> RunPageInputs<'m> {
        let Self { run, undos, nights, lines, customers: _, names } = self;
        RunPageInputs { run, undos, nights, lines, customers: names, records }
    }

    /// Whose run it is.
    pub fn integration(&self) -> &IntegrationName {
        &self.run.integration
    }

    /// The customers.
    pub fn names(&self) -> BTreeSet<&CustomerName> {
        self.names.iter().collect()
    }

    /// The customers with their lines.
    pub fn customers(&self) -> impl Iterator<Item = (&'a CustomerName, &[&'a LineRecord])> {
        self.customers.iter().map(|(customer, lines)| (*customer, lines.as_slice()))
    }
}

fn touched(run: &RunRecord) -> BTreeSet<&CustomerName> {
    let is_news = |line: &&LineRecord| {
        matches!(ReportSection::of(line), ReportSection::Changed | ReportSection::Held | ReportSection::Drift)
    };
    let mut touched = BTreeSet::new();
    for source in lines(run).iter().filter(is_news).flat_map(|line| &line.sources) {
        if touched.len() == CUSTOMERS {
            break;
        }
        touched.insert(&source.customer);
    }
    touched
}

/// The lines of these customers, in one pass.
fn lines_of<'a>(
    run: &'a RunRecord,
    customers: &BTreeSet<&'a CustomerName>,
) -> BTreeMap<&'a CustomerName, Vec<&'a LineRecord>> {
    let mut found: BTreeMap<&CustomerName, Vec<&LineRecord>> = BTreeMap::new();
    for line in lines(run) {
        let of_it: BTreeSet<&CustomerName> = line.sources.iter().map(|source| &source.customer).collect();
        for customer in of_it.into_iter().filter(|customer| customers.contains(customer)) {
            let lines = found.entry(customer).or_default();
            if lines.len() < customer_page::LINES {
                lines.push(line);
            }
        }
    }
    found
}
