//! How one integration stands in a month.

use crate::history::run_lookup::RunSummary;
use crate::history::run_record::LineRecord;
use crate::reconcile::model::plan::finding::Finding;
use crate::report::invoices::left_on_purpose::LeftOnPurpose;
use crate::report::invoices::month_lines::MonthLines;
use crate::report::invoices::month_units::MonthUnits;

/// What is known of one integration before the invoices go out.
#[derive(Debug)]
pub struct InvoiceStanding {
    /// Its newest run.
    pub run: RunSummary,
    /// Whether anything is still expected of it.
    pub is_on: bool,
    /// What that run found.
    pub findings: Vec<Finding>,
    /// What it billed at the beginning of the month, what moved it, and what it bills now.
    pub units: MonthUnits,
    /// What recount changed in the month.
    pub changes: MonthLines,
    /// What that run left as it is because somebody said so.
    pub left_on_purpose: Vec<LeftOnPurpose>,
    /// Lines of that run that are left as they are for now, or bill in advance, and bill otherwise than counted.
    pub left_for_now: Vec<LineRecord>,
    /// Undos that were carried out since that run, oldest first.
    pub undos: Vec<RunSummary>,
    /// Lines that are not billed as that run counted them, because of these undos.
    pub uncounted: usize,
}
