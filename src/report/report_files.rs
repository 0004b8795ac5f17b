//! Reports kept beside the history: `reports/219.txt`, `reports/219.html`, and the pages that lead to them.

use std::collections::BTreeMap;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::{fs, io};

use chrono::{DateTime, FixedOffset};
use thiserror::Error;

use crate::atomic_files::replace_unsynced;
use crate::history::run_record::RunRecord;
use crate::history::store::error::StoreError;
use crate::history::store::open::History;
use crate::reconcile::model::ids::{IntegrationName, RunId};
use crate::reconcile::model::record_links::RecordLinks;
use crate::report::current_lines::Current;

use crate::report::format::html::{customer_page, index_page, ready_to_invoice, run_page, trends_page};
use crate::report::format::paint::Paint;
use crate::report::format::text::View;
use crate::report::format::{csv, text};
use crate::report::invoices::invoice_moment::InvoiceMoment;
use crate::report::invoices::invoice_month::InvoiceMonth;
use crate::report::item_tickets::with_tickets;
use crate::report::outdated::{Outdated, StandingBy};
use crate::report::page_material::ReportHistory;

/// Why a report could not be kept.
#[derive(Debug, Error)]
pub enum KeepError {
    /// A file could not be written.
    #[error("cannot write {}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// The history could not be read.
    #[error("cannot read the history")]
    History(#[from] StoreError),
}

/// The folder of reports, readable by its owner alone. File names are made of run numbers, and of letters, digits and a
/// hash: no name from an export or from ConnectWise reaches the file system as it is.
#[derive(Debug, Clone)]
pub struct Reports {
    folder: PathBuf,
    /// What is expected of each integration, and when that is asked, where it is known.
    moment: Option<InvoiceMoment>,
    /// Where records open in ConnectWise, by integration.
    records: BTreeMap<IntegrationName, RecordLinks>,
    /// The host that does the nights in this one's place.
    standing_by: Option<StandingBy>,
}

impl Reports {
    /// The reports of a state folder.
    pub fn of(state: &Path) -> Self {
        Self { folder: state.join("reports"), moment: None, records: BTreeMap::new(), standing_by: None }
    }

    /// The same, told what is expected of each integration now: what the lines of those bill still that are not on is counted
    /// before the bills go out, and so is a night that did not run.
    pub fn with_moment(self, moment: InvoiceMoment) -> Self {
        Self { moment: Some(moment), ..self }
    }

    /// The same of a host that stands by.
    pub fn with_standing_by(self, standing_by: Option<StandingBy>) -> Self {
        Self { standing_by, ..self }
    }

    /// The same, with links to the records in ConnectWise.
    pub fn with_records(self, records: BTreeMap<IntegrationName, RecordLinks>) -> Self {
        Self { records, ..self }
    }

    /// The path of a run's page.
    pub fn page(&self, run: RunId) -> PathBuf {
        self.file(&format!("{run}.html"))
    }

    /// The path of a file that is kept here; whoever names it has made sure that the name leads to nothing else.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Keeps all that belongs to a run: its text, its page, the pages of the customers in whose lines something
    /// happened, and the pages that lead to them. Nothing is left half written.
    ///
    /// # Errors
    /// The first thing that went wrong; the text is kept before the history is asked.
    pub fn keep(&self, history: &History, run: &RunRecord) -> Result<(), KeepError> {
        let view = View { paint: Paint::PLAIN, whole: true, known: &[], is_older: false };
        self.write(&format!("{}.txt", run.run), &text::render(run, view))?;
        self.keep_page(history, run)?;
        self.keep_overviews(history, run.started_at)
    }

    /// Keeps a run's page, and what stands beside it.
    ///
    /// # Errors
    /// When the history cannot be read, or a file not be written.
    pub fn keep_page(&self, history: &History, run: &RunRecord) -> Result<PathBuf, KeepError> {
        if run_page::needs_sibling(run) {
            self.write(&run_page::sibling(run), &csv::render(run))?;
            self.drop_old_siblings();
        }
        let gathered = ReportHistory::of_run(history, run)?;
        self.keep_customers(&gathered)?;
        // An undo looks at a few lines only; the page of a customer has them all.
        if run.undoes.is_some()
            && let Some(newest) = history.latest_plan(&run.integration)?
        {
            let current = Current::of(history, newest)?;
            self.keep_customers(&ReportHistory::of_customers(history, &current, gathered.names())?)?;
        }
        let links = self.records.get(&run.integration);
        let records = links.map(|links| with_tickets(links, &run.integration, history)).transpose()?;
        self.write(&format!("{}.html", run.run), &run_page::page(&gathered.material(records.as_ref())))
    }

    /// Keeps the pages of these customers; gives the path of the last one.
    pub fn keep_customers(&self, gathered: &ReportHistory<'_>) -> Result<Option<PathBuf>, KeepError> {
        let material = gathered.material(self.records.get(gathered.integration()));
        let mut last = None;
        for (name, lines) in gathered.customers() {
            let file = format!("customers/{}", customer_page::file(&material.run.integration, name));
            last = Some(self.write(&file, &customer_page::page(&material, name, lines))?);
        }
        Ok(last)
    }

    /// Keeps the pages that are of no run alone. The month is that of the run's own zone: it is invoiced there. `at` is when
    /// they are drawn, where nothing else says so.
    ///
    /// # Errors
    /// When the history cannot be read, or a file not be written.
    pub fn keep_overviews(&self, history: &History, at: DateTime<FixedOffset>) -> Result<(), KeepError> {
        let older = history.is_current().err().map(Outdated::Older);
        let outdated = older.or_else(|| self.standing_by.clone().map(Outdated::StandsBy));
        self.write("index.html", &index_page::page(&history.runs(index_page::RUNS)?, outdated.as_ref()))?;
        let (today, month) = (at.date_naive(), InvoiceMonth::of(at.date_naive()));
        let moment = self.moment.clone().unwrap_or_else(|| InvoiceMoment::at(at.to_utc()));
        let standings = month.standings(history, today, &moment)?;
        let mut nights = Vec::new();
        for run in standings.iter().filter_map(|standing| standing.run.as_ref()) {
            let mut exports = history.nights(&run.integration, run.run, trends_page::NIGHTS)?;
            exports.retain(|night| night.undoes.is_none());
            nights.push((run.integration.clone(), exports));
        }
        let unwatched = moment.on().map(|on| history.unwatched(&on)).transpose()?.unwrap_or_default();
        let drawn = moment.now.with_timezone(at.offset());
        let page = ready_to_invoice::page(&standings, &unwatched, (&month.said(), drawn), outdated.as_ref());
        self.write("ready.html", &page)?;
        self.write("trends.html", &trends_page::page(&nights))?;
        Ok(())
    }

    /// A file appears whole or not at all: who reads at that moment sees the old one.
    fn write(&self, name: &str, text: &str) -> Result<PathBuf, KeepError> {
        let path = self.file(name);
        match write_whole(&path, text) {
            Ok(()) => Ok(path),
            Err(source) => Err(KeepError::Write { path, source }),
        }
    }

    /// The CSV files are as large as the lines of a run are many; those of older runs can be made again.
    fn drop_old_siblings(&self) {
        let entries = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let mut runs: Vec<(i64, PathBuf)> = entries
            .filter_map(|entry| {
                let number = entry.file_name().to_str()?.strip_suffix("-lines.csv")?.parse::<i64>().ok()?;
                Some((number, entry.path()))
            })
            .collect();
        runs.sort_unstable_by_key(|(run, _)| std::cmp::Reverse(*run));
        for (_, path) in runs.into_iter().skip(SIBLINGS) {
            // Left over, it is looked at again next time.
            let _ = fs::remove_file(path);
        }
    }
}

/// CSV files beside pages that are kept.
const SIBLINGS: usize = 10;

fn write_whole(path: &Path, text: &str) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    replace_unsynced(path, text.as_bytes(), 0o600)
}
