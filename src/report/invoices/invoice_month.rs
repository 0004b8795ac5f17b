//! What one month's invoices stand on.

use std::collections::BTreeSet;

use chrono::{Days, Months, NaiveDate};

use crate::history::run_lookup::RunSummary;
use crate::history::store::error::StoreError;
use crate::history::store::open::History;
use crate::reconcile::model::ids::IntegrationName;
use crate::reconcile::model::plan::reason_code::Code;
use crate::report::current_lines::Current;
use crate::report::invoices::invoice_standing::InvoiceStanding;
use crate::report::invoices::left_on_purpose;
use crate::report::invoices::month_lines::MonthLines;
use crate::report::invoices::month_units::MonthUnits;

/// A month of the calendar, as the zones of the runs have it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct InvoiceMonth(NaiveDate);

impl InvoiceMonth {
    /// The month of a day.
    pub fn of(day: NaiveDate) -> Self {
        Self(day.format("%Y-%m-01").to_string().parse().unwrap_or(day))
    }

    /// From `2026-11`.
    pub fn parse(text: &str) -> Option<Self> {
        format!("{text}-01").parse().ok().map(Self)
    }

    /// `2026-11`, as an address has it.
    pub fn key(self) -> String {
        self.0.format("%Y-%m").to_string()
    }

    /// `November 2026`.
    pub fn said(self) -> String {
        self.0.format("%B %Y").to_string()
    }

    /// How each integration stands in it: by its newest run, and where the month is over by the last one in it. Of one that is
    /// not on by now only what it changed counts.
    ///
    /// # Errors
    /// When the history cannot be read.
    pub fn standings(
        self,
        history: &History,
        today: NaiveDate,
        on: Option<&BTreeSet<IntegrationName>>,
    ) -> Result<Vec<InvoiceStanding>, StoreError> {
        let first = self.0;
        let last = first.checked_add_months(Months::new(1)).and_then(|next| next.checked_sub_days(Days::new(1)));
        let last = last.unwrap_or(first);
        let is_over = last < today;
        let runs = if is_over { history.newest_runs_within(first, last)? } else { history.newest_runs()? };
        let mut standings = Vec::new();
        for run in runs {
            let known = history.units_within(&run.integration, (first, last))?;
            let units = MonthUnits::of(&known);
            let changes = MonthLines::of(&known.writes, units.since());
            let is_on = is_over || on.is_none_or(|on| on.contains(&run.integration));
            if !is_on && changes.all == 0 {
                continue;
            }
            let zone = *run.started_at.offset();
            let decisions = history.decisions(&run.integration)?.in_zone(|at| at.with_timezone(&zone));
            let changes = changes.looked_up(history, &decisions)?;
            let findings = history.findings(run.run)?;
            let left = history.lines_because(run.run, &[Code::Kept, Code::Ignored])?;
            let left_on_purpose = left_on_purpose::of_run(&run, left, &findings, &decisions);
            let mut left_for_now = history.lines_because(run.run, &LEFT_FOR_NOW)?;
            left_for_now.retain(|line| line.was != line.wanted || line.reason == Code::ReportOnly);
            let (undos, uncounted) = undone(history, &run)?;
            standings.push(InvoiceStanding {
                run,
                is_on,
                findings,
                units,
                changes,
                left_on_purpose,
                left_for_now,
                undos,
                uncounted,
            });
        }
        Ok(standings)
    }
}

/// Why a line is left as it is without anything to decide.
const LEFT_FOR_NOW: [Code; 4] = [Code::Frozen, Code::InvoiceDue, Code::ReportOnly, Code::HostChanged];

/// The undos since a run, and how many lines are not billed as counted because of them.
fn undone(history: &History, run: &RunSummary) -> Result<(Vec<RunSummary>, usize), StoreError> {
    if history.undos_since(&run.integration, run.run)?.is_empty() {
        return Ok((Vec::new(), 0));
    }
    let Some(run) = history.run(run.run)? else { return Ok((Vec::new(), 0)) };
    let Current { undos, uncounted, .. } = Current::of(history, run)?;
    Ok((undos, uncounted))
}
