//! What a digest is drawn from: how the nights of a week went, and what moved.

use chrono::NaiveDate;
use rust_decimal::Decimal;

use crate::history::run_record::{LineRecord, RunSummary};
use crate::reconcile::model::ids::IntegrationName;

/// One integration's last week.
#[derive(Debug, Clone)]
pub struct Week {
    /// The integration.
    pub integration: IntegrationName,
    /// Its nights, newest first: those of the last seven days, and the one before them, if there was one.
    pub nights: Vec<RunSummary>,
    /// Lines that were changed in these days, each time that they were.
    pub changed: Vec<LineRecord>,
}

/// How the nights of one integration went.
#[derive(Debug)]
pub(crate) struct WeekNights<'a> {
    /// The week.
    pub(crate) week: &'a Week,
    /// Good nights.
    pub(crate) good: usize,
    /// The others, oldest first.
    pub(crate) bad: Vec<&'a RunSummary>,
    /// Days without a run.
    pub(crate) missed: Vec<NaiveDate>,
    /// The newest report.
    pub(crate) link: Option<String>,
}

/// A line that was changed, and by how much.
#[derive(Debug)]
pub(crate) struct LinesMoved<'a> {
    /// The line.
    pub(crate) line: &'a LineRecord,
    /// Units, up or down.
    pub(crate) by: Decimal,
}
