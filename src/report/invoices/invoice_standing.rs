//! How one integration stands in a month.

use crate::history::run_record::{LineRecord, RunSummary};
use crate::reconcile::model::ids::IntegrationName;
use crate::reconcile::model::plan::finding::Finding;
use crate::reconcile::model::plan::outcome::Mode;
use crate::report::invoices::asked_at_end::AskedAtEnd;
use crate::report::invoices::left_on_purpose::LeftOnPurpose;
use crate::report::invoices::month_lines::MonthLines;
use crate::report::invoices::month_units::MonthUnits;
use crate::report::invoices::night_in_time::NightInTime;
use crate::report::invoices::unwritten_lines::Unwritten;

/// What is known of one integration before the invoices go out.
#[derive(Debug)]
pub struct InvoiceStanding {
    /// The integration.
    pub integration: IntegrationName,
    /// Its newest run, dry ones as well; nothing where it has none.
    pub run: Option<RunSummary>,
    /// Its last night that ended: a dry run is none.
    pub night: Option<RunSummary>,
    /// Whether its nights ran when they should have; `None` where nobody knows what is expected of it.
    pub in_time: Option<NightInTime>,
    /// How old the export of the newest run is by now; of a month that is over, how old it was.
    pub export_age: String,
    /// Whether anything is still expected of it.
    pub is_on: bool,
    /// Its mode by now; of a month that is over, that of its last run.
    pub mode: Mode,
    /// What was done since the newest run, which only a later one follows.
    pub since: Vec<String>,
    /// What that run found.
    pub findings: Vec<Finding>,
    /// What it billed at the beginning of the month, what moved it, and what it bills now.
    pub units: MonthUnits,
    /// What recount changed in the month.
    pub changes: MonthLines,
    /// What that run left as it is because somebody said so.
    pub left_on_purpose: Vec<LeftOnPurpose>,
    /// Lines of that run that are not billed as counted, although no person said so, and nobody is asked about them.
    pub unwritten: Vec<(LineRecord, Unwritten)>,
    /// What that run asked, where the month is over.
    pub asked_at_end: Vec<AskedAtEnd>,
    /// Undos that were carried out since that run, oldest first.
    pub undos: Vec<RunSummary>,
    /// Lines that are not billed as that run counted them, because of these undos.
    pub uncounted: usize,
}

impl InvoiceStanding {
    /// Its lines that are not written for this reason.
    pub fn unwritten(&self, why: Unwritten) -> impl Iterator<Item = &LineRecord> {
        self.unwritten.iter().filter(move |(_, reason)| *reason == why).map(|(line, _)| line)
    }
}
