//! The calendar of invoices: from when a new line counts, which invoice a change reaches, and when none is written.
//!
//! An agreement's next invoice date is the day up to which it is invoiced. A quantity changed in the middle of a period
//! is not prorated: it counts whole on the next invoice, and an invoice that is made stays as it is (field knowledge).

use std::collections::BTreeMap;

use chrono::{Datelike as _, Days, NaiveDate};

use crate::reconcile::decide::judge::Judge;
use crate::reconcile::decide::plan_inputs::PlanInputs;
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

/// Puts the changes of a plan on the calendar: what is not to be written yet is left out, and every other one says which
/// invoice it reaches.
pub(in crate::reconcile) fn put_on(gathered: PlanInputs<'_>, lines: &mut [Line]) -> Vec<Finding> {
    let mut told = Told::default();
    for line in lines {
        let Some(reach) = reach(gathered, line) else { continue };
        match reach {
            Reach::Invoice(next, fall) => {
                if fall {
                    *told.falls.entry(next).or_default() += 1;
                }
                append(&mut line.detail, &on_the_invoice(next, gathered.today, fall));
            }
            Reach::Frozen(next) => {
                *told.frozen.entry(next).or_default() += 1;
                line.verdict = Verdict::Skipped(Code::Frozen);
                append(&mut line.detail, &format!("waits for the invoice of {}", day(next, gathered.today)));
            }
            Reach::Due(next) => {
                *told.due.entry(next).or_default() += 1;
                line.verdict = Verdict::Skipped(Code::InvoiceDue);
                let next = day(next, gathered.today);
                append(&mut line.detail, &format!("the invoice of {next} is not made yet, and its period was higher"));
            }
        }
    }
    told.findings(gathered.today)
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
        Some(ServiceRule::Billed(billed)) => {
            mapping.policy(&source.customer, &source.service, billed).looks_back()
        }
        _ => false,
    }
}

fn on_the_invoice(next: NaiveDate, today: NaiveDate, fall: bool) -> String {
    let on = format!("on the invoice of {}", day(next, today));
    if fall { format!("{on}; one made before stays as it is") } else { on }
}

/// `1 Dec`, and in another year `1 Jan 2027`.
fn day(day: NaiveDate, today: NaiveDate) -> String {
    let pattern = if day.year() == today.year() { "%-d %b" } else { "%-d %b %Y" };
    day.format(pattern).to_string()
}

fn append(detail: &mut String, more: &str) {
    if !detail.is_empty() {
        detail.push_str("; ");
    }
    detail.push_str(more);
}

/// What is said of all changes together, by the invoices that they meet.
#[derive(Default)]
struct Told {
    frozen: BTreeMap<NaiveDate, usize>,
    due: BTreeMap<NaiveDate, usize>,
    falls: BTreeMap<NaiveDate, usize>,
}

impl Told {
    fn findings(self, today: NaiveDate) -> Vec<Finding> {
        let Self { frozen, due, falls } = self;
        let mut findings = Vec::new();
        for (next, lines) in frozen {
            let changes = counted(lines, "change");
            let message = format!("{changes} will be written after the invoice of {} is made", day(next, today));
            findings.push(info(Code::Frozen, message, Remedy::settings("`freeze` says from which day on nothing is written")));
        }
        for (next, lines) in due {
            let falls = counted(lines, "fall");
            let message =
                format!("{falls} of a peak or an average will be written after the invoice of {} is made", day(next, today));
            let fix = Remedy::in_connectwise("make the invoice: its next invoice date moves on");
            findings.push(info(Code::InvoiceDue, message, fix));
        }
        for (next, lines) in falls {
            let falls = counted(lines, "line");
            let message = format!(
                "{falls} will fall from the invoice of {} on: one that was made for the time before stays as it is",
                day(next, today)
            );
            let fix = Remedy::in_connectwise("where the customer is to have it back, make a credit");
            findings.push(info(Code::PeriodInvoiced, message, fix));
        }
        findings
    }
}

fn counted(number: usize, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}

fn info(code: Code, message: String, fix: Remedy) -> Finding {
    Finding { fix, ..finding(Severity::Info, code, message) }
}
