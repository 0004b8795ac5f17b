//! The calendar of invoices: from when a new line counts, which invoice a change reaches, and when none is written.
//!
//! An agreement's next invoice date is the day up to which it is invoiced. A quantity changed in the middle of a period
//! is not prorated: it counts whole on the next invoice, and an invoice that is made stays as it is (field knowledge).

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate};

use crate::reconcile::decide::judge::Judge;
use crate::reconcile::decide::plan_inputs::PlanInputs;
use crate::reconcile::model::display_text::day;
use crate::reconcile::model::mapping::{Mapping, ServiceRule};
use crate::reconcile::model::plan::code::{Code, Severity};
use crate::reconcile::model::plan::finding::{Finding, finding};
use crate::reconcile::model::plan::line::{Line, LineKey, Source, Verdict};
use crate::reconcile::model::plan::remedy::Remedy;
use crate::reconcile::model::records::{Addition, Agreement};

impl Judge<'_> {
    /// The first day of a new line: today, or the next invoice's date where ConnectWise takes no earlier one.
    pub(in crate::reconcile) fn begins(&self, agreement: &Agreement) -> NaiveDate {
        let next = agreement.next_invoice_on.filter(|_| !agreement.prorates);
        next.map_or(self.today, |next| next.max(self.today))
    }

    /// Whether an addition is a line's tonight: it is live, or recount itself made it begin later.
    pub(in crate::reconcile) fn is_there(&self, key: &LineKey, addition: &Addition) -> bool {
        let ours = || self.past.ours.get(&*key.folded()) == Some(&addition.id);
        addition.is_live(self.today) || addition.begins_after(self.today) && ours()
    }
}

/// What the calendar says of one change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reach {
    /// It counts on the invoice of this day; with whether it is a fall in a period that may be invoiced already.
    Invoice(NaiveDate, bool),
    /// Nothing is written so shortly before the invoice of this day.
    Frozen(NaiveDate),
    /// A peak or an average falls, and the invoice of its period is not made yet.
    Due(NaiveDate),
}

/// What the changes of a plan meet, by their place among its lines.
#[derive(Debug)]
pub(in crate::reconcile) struct Met(Vec<(usize, Reach)>);

/// Puts the changes of a plan on the calendar: what is not to be written yet is left out.
pub(in crate::reconcile) fn put_on(gathered: PlanInputs<'_>, lines: &mut [Line]) -> Met {
    let met = lines.iter().enumerate().filter_map(|(at, line)| Some((at, reach(gathered, line)?)));
    let met = Met(met.collect());
    for (at, reach) in &met.0 {
        match reach {
            Reach::Invoice(..) => {}
            Reach::Frozen(_) => lines[*at].verdict = Verdict::Skipped(Code::Frozen),
            Reach::Due(_) => lines[*at].verdict = Verdict::Skipped(Code::InvoiceDue),
        }
    }
    met
}

impl Met {
    /// Says at each change which invoice it reaches, or why it waits.
    pub(in crate::reconcile) fn note(&self, lines: &mut [Line]) {
        for (at, reach) in &self.0 {
            let note = match *reach {
                Reach::Invoice(next, false) => format!("on the invoice of {}", day(next)),
                Reach::Invoice(next, true) => {
                    format!("on the invoice of {}; one made before stays as it is", day(next))
                }
                Reach::Frozen(next) => format!("waits until the invoice of {} is made", day(next)),
                Reach::Due(next) => {
                    format!("the invoice of {} is not made yet, and its period was higher", day(next))
                }
            };
            let detail = &mut lines[*at].detail;
            if !detail.is_empty() {
                detail.push_str("; ");
            }
            detail.push_str(&note);
        }
    }

    /// What is said of all of them together, by the invoices that they meet.
    pub(in crate::reconcile) fn findings(&self) -> Vec<Finding> {
        let mut counted: BTreeMap<(Code, NaiveDate), usize> = BTreeMap::new();
        for (_, reach) in &self.0 {
            let kind = match *reach {
                Reach::Invoice(_, false) => continue,
                Reach::Invoice(next, true) => (Code::PeriodInvoiced, next),
                Reach::Frozen(next) => (Code::Frozen, next),
                Reach::Due(next) => (Code::InvoiceDue, next),
            };
            *counted.entry(kind).or_default() += 1;
        }
        counted.into_iter().map(|((code, next), lines)| told(code, lines, &day(next))).collect()
    }
}

fn told(code: Code, lines: usize, next: &str) -> Finding {
    let lines = if lines == 1 { "1 line".to_owned() } else { format!("{lines} lines") };
    let (message, fix) = match code {
        Code::Frozen => {
            let message = format!("{lines} will be written after the invoice of {next} is made");
            (message, Remedy::nothing("`freeze` leaves the days before an invoice alone"))
        }
        Code::InvoiceDue => {
            let message = format!("a peak or an average of {lines} will fall after the invoice of {next} is made");
            (message, Remedy::in_connectwise("make the invoice, so that its next date moves on,"))
        }
        _ => {
            let message =
                format!("{lines} will fall with the invoice of {next}: one that was made for the time before stays");
            (message, Remedy::in_connectwise("where the customer is to have it back, make a credit"))
        }
    };
    Finding { fix, ..finding(Severity::Info, code, message) }
}

fn reach(gathered: PlanInputs<'_>, line: &Line) -> Option<Reach> {
    let PlanInputs { mapping, directory, today, .. } = gathered;
    let next = directory.agreements.get(&line.key()?.agreement)?.next_invoice_on?;
    let fall = match &line.verdict {
        Verdict::Update(change) => change.to < change.from,
        Verdict::Create(_) | Verdict::Large(_) => false,
        Verdict::Unchanged(_) | Verdict::Held(_) | Verdict::Skipped(_) => return None,
    };
    if fall && next <= today && line.sources.iter().any(|source| looks_back(mapping, source)) {
        return Some(Reach::Due(next));
    }
    let first_frozen = next.checked_sub_days(Days::new(mapping.freeze_days.into())).unwrap_or(next);
    if mapping.freeze_days > 0 && first_frozen <= today && today <= next {
        return Some(Reach::Frozen(next));
    }
    Some(Reach::Invoice(next, fall && today < next))
}

fn looks_back(mapping: &Mapping, source: &Source) -> bool {
    match mapping.services.get(&source.service) {
        Some(ServiceRule::Billed(billed)) => mapping.policy(&source.customer, &source.service, billed).looks_back(),
        _ => false,
    }
}
