//! The calendar of invoices: from when a new line counts, which invoice a change reaches, and when none is written.
//!
//! An agreement's next invoice date is the day up to which it is invoiced. A quantity changed in the middle of a period
//! is not prorated: it counts whole on the next invoice, and an invoice that is made stays as it is (field knowledge).

use std::collections::BTreeMap;

use chrono::{Datelike as _, Days, Months, NaiveDate};

use crate::reconcile::decide::line_case::LineRules;
use crate::reconcile::decide::line_decision::{Hold, HoldReason};
use crate::reconcile::model::connectwise_records::{Addition, Additions, Agreement, Directory};
use crate::reconcile::model::display_text::day;
use crate::reconcile::model::mapping::{Mapping, ServiceRule};
use crate::reconcile::model::past::Past;
use crate::reconcile::model::plan::finding::{Finding, finding};
use crate::reconcile::model::plan::line::{FirstBilled, Line, Source, Verdict};
use crate::reconcile::model::plan::named_additions::Named;
use crate::reconcile::model::plan::reason_code::{Code, Severity};
use crate::reconcile::model::plan::remedy::Remedy;

impl LineRules<'_> {
    /// What begins to bill on a day to come, and nobody counts, is told before that day: all of it, for an answer is for what
    /// was shown.
    pub(in crate::reconcile) fn unless_some_begin(&self, on_line: &[&Addition]) -> Result<(), Hold> {
        let later = || on_line.iter().filter(|addition| addition.begins_after(self.today) && addition.bills());
        let Some(first) = later().filter_map(|addition| addition.effective_on).min() else { return Ok(()) };
        let named = Named(later().map(|addition| (addition.id, addition.quantity.as_ref().ok().copied())).collect());
        let begins = if named.0.len() == 1 { "begins on" } else { "begin, the first on" };
        let detail = format!("{named} {begins} {}, and nothing is used", day(first));
        Err(Hold::new(Code::LineNotYetEffective, detail).naming(named))
    }

    /// The first day of a new line: today, or the next invoice's date where ConnectWise takes no earlier one.
    pub(in crate::reconcile) fn begins(&self, agreement: &Agreement) -> NaiveDate {
        let next = agreement.next_invoice_on.filter(|_| !agreement.prorates);
        next.map_or(self.today, |next| next.max(self.today))
    }

    /// Why a new line would not be billed from its first day on, whatever a person answers.
    pub(in crate::reconcile) fn not_billed_by(&self, agreement: &Agreement) -> Option<HoldReason> {
        let (id, first) = (agreement.id, self.begins(agreement));
        // ConnectWise refuses an addition that begins before the agreement's billing start (seen in the field), and a
        // silently later date would leave days unbilled that nobody decided on.
        if let Some(from) = agreement.bills_from.filter(|from| *from > self.today) {
            return Some((Code::LineBeforeBilling, format!("agreement {id} bills from {from} on")));
        }
        let ends = agreement.ends_on.filter(|end| *end < first);
        let end = ends.or(agreement.cancelled_on.filter(|end| *end <= first))?;
        let detail = format!("agreement {id} ends on {end}, and a new line would begin with its invoice of {first}");
        Some((Code::LineAfterEnd, detail))
    }

    /// Whether an addition is a line's tonight: it is live, or begins on the later day that recount itself gave to it. One
    /// that a person moved to another day bills nothing until then, and is no line that is as it should be.
    pub(in crate::reconcile) fn is_there(&self, addition: &Addition) -> bool {
        let as_sent = || addition.effective_on.is_some_and(|on| self.past.begins.get(&addition.id) == Some(&on));
        addition.is_live(self.today) || addition.begins_after(self.today) && as_sent()
    }

    /// Whether another addition bills from the invoice on with which one of recount's own begins, and neither is over by
    /// then. Nobody would see before that invoice that both are on it. One that begins a month later or more is on
    /// another one.
    pub(in crate::reconcile) fn begins_with(&self, ours: &Addition, other: &Addition) -> bool {
        let (Some(from), Some(begins)) = (ours.effective_on, other.effective_on) else { return false };
        let ongoing = |addition: &Addition| addition.begins_after(self.today) && !addition.is_beside();
        let on_another = from.checked_add_months(Months::new(1)).is_some_and(|next| next <= begins);
        let both = ours.is_current(begins) && other.is_current(from);
        ours.id != other.id && ongoing(ours) && ongoing(other) && both && !on_another
    }
}

/// An invoice of this day of the month or a later one is taken for its own month's: where invoices are made on the last day,
/// February's is of the 28th.
const OWN_MONTH_FROM: u32 = 28;

/// Which month's peak or average the next invoice is to show. Each month is on one invoice: the first that is dated after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ShownMonth {
    /// The month of today; or one so long ago that the agreement is not invoiced by its date.
    Current,
    Last,
    BeforeLast,
}

fn shown_month(next: NaiveDate, today: NaiveDate) -> ShownMonth {
    let month = |day: NaiveDate| day.year() * 12 + day.month0().cast_signed();
    let shown = if next.day() < OWN_MONTH_FROM { month(next) - 1 } else { month(next) };
    match month(today) - shown {
        1 => ShownMonth::Last,
        2 => ShownMonth::BeforeLast,
        _ => ShownMonth::Current,
    }
}

/// Whether the next invoice is to show the month before.
pub(in crate::reconcile) fn owes_last_month(agreement: &Agreement, today: NaiveDate) -> bool {
    agreement.next_invoice_on.is_some_and(|next| shown_month(next, today) == ShownMonth::Last)
}

/// What the calendar says of one change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Reach {
    /// It counts on the invoice of this day; with whether it is a fall in a period that may be invoiced already.
    Invoice(NaiveDate, bool),
    /// It begins after that day, whose invoice is not made yet: a later one bills it.
    After(NaiveDate),
    /// Nothing is written so shortly before the invoice of this day.
    Frozen(NaiveDate),
    /// The same of a peak or an average that the invoice of this day is to show: it comes on none that is made by then.
    FrozenOut(NaiveDate),
    /// A peak or an average moves, and the invoice of the period before is not made yet.
    Due(NaiveDate),
}

/// What the changes of a plan meet, by their place among its lines.
#[derive(Debug)]
pub(in crate::reconcile) struct Met(Vec<(usize, Reach)>);

/// What tells which invoice a change meets.
#[derive(Debug, Clone, Copy)]
pub(in crate::reconcile) struct Calendar<'a> {
    pub(in crate::reconcile) mapping: &'a Mapping,
    pub(in crate::reconcile) directory: &'a Directory,
    pub(in crate::reconcile) additions: &'a Additions,
    /// What earlier nights left; `None` where a run is set back.
    pub(in crate::reconcile) past: Option<&'a Past>,
    pub(in crate::reconcile) today: NaiveDate,
}

/// Puts the changes of a plan on the calendar: what is not to be written yet is left out.
pub(in crate::reconcile) fn put_on(calendar: Calendar<'_>, lines: &mut [Line]) -> Met {
    let met = lines.iter().enumerate().filter_map(|(at, line)| Some((at, reach(calendar, line)?)));
    let met = Met(met.collect());
    for (at, reach) in &met.0 {
        match reach {
            Reach::Invoice(..) | Reach::After(_) => {}
            Reach::Frozen(_) | Reach::FrozenOut(_) => lines[*at].verdict = Verdict::Skipped(Code::Frozen),
            Reach::Due(_) => lines[*at].verdict = Verdict::Skipped(Code::InvoiceDue),
        }
    }
    for line in lines.iter_mut().filter(|line| line.verdict.is_change() || line.verdict.is_creation()) {
        line.billed = calendar.first_billed(line);
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
                Reach::After(next) => format!("on an invoice after that of {}", day(next)),
                Reach::Frozen(next) => format!("waits until {}, the next invoice date, is past", day(next)),
                Reach::FrozenOut(next) => {
                    format!("waits until {0} is past, and is on no invoice if that of {0} is made by then", day(next))
                }
                Reach::Due(next) => {
                    format!("the invoice of {} is not made yet, and shows the period before", day(next))
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
        let mut counted: BTreeMap<Reach, usize> = BTreeMap::new();
        for (_, reach) in &self.0 {
            *counted.entry(*reach).or_default() += 1;
        }
        counted.into_iter().filter_map(|(reach, lines)| invoice_finding(reach, lines)).collect()
    }
}

fn invoice_finding(reach: Reach, lines: usize) -> Option<Finding> {
    let lines = if lines == 1 { "1 line".to_owned() } else { format!("{lines} lines") };
    let (severity, code, message, fix) = match reach {
        Reach::Invoice(_, false) | Reach::After(_) => return None,
        Reach::Invoice(next, true) => (
            Severity::Info,
            Code::PeriodInvoiced,
            format!("{lines} will fall with the invoice of {}: one that was made for the time before stays", day(next)),
            Remedy::in_connectwise("where the customer is to have it back, make a credit"),
        ),
        Reach::Frozen(next) => (
            Severity::Info,
            Code::Frozen,
            format!("{lines} will be written when {}, the next invoice date, is past", day(next)),
            Remedy::nothing("`freeze` leaves the days before an invoice alone"),
        ),
        Reach::FrozenOut(next) => (
            Severity::Warning,
            Code::Frozen,
            format!(
                "a peak or an average of {lines} waits until {0} is past, and is on no invoice if that of {0} is made by then",
                day(next)
            ),
            Remedy::in_connectwise("set the quantity by hand where it is to be billed")
                .noting("a shorter `freeze` misses fewer days"),
        ),
        Reach::Due(next) => (
            Severity::Info,
            Code::InvoiceDue,
            format!("a peak or an average of {lines} will follow once the invoice of {} is made", day(next)),
            Remedy::in_connectwise("make the invoice, so that its next date moves on,"),
        ),
    };
    Some(Finding { fix, ..finding(severity, code, message) })
}

fn reach(calendar: Calendar<'_>, line: &Line) -> Option<Reach> {
    let Calendar { mapping, directory, additions, today, .. } = calendar;
    let agreement = line.key()?.agreement;
    let next = directory.agreements.get(&agreement)?.next_invoice_on?;
    let (fall, begins) = match &line.verdict {
        Verdict::Update(change) => {
            let mut listed = additions.get(&agreement).into_iter().flatten();
            let addition = listed.find(|addition| addition.id == change.addition);
            (change.to < change.from, addition.and_then(|addition| addition.effective_on))
        }
        Verdict::Create(creation) | Verdict::Large(creation) => (false, Some(creation.effective_on)),
        Verdict::Skipped(Code::InvoiceDue) => return Some(Reach::Due(next)),
        Verdict::Unchanged(_) | Verdict::Held(_) | Verdict::Skipped(_) => return None,
    };
    let month = calendar.month_of(line, next);
    let is_update = matches!(line.verdict, Verdict::Update(_));
    if month.is_some_and(|month| waits_for_invoice(month, fall && next <= today, is_update)) {
        return Some(Reach::Due(next));
    }
    let first_frozen = next.checked_sub_days(Days::new(mapping.freeze_days.into())).unwrap_or(next);
    if mapping.freeze_days > 0 && first_frozen <= today && today <= next {
        return Some(if month.is_some_and(|month| month.is_shown) {
            Reach::FrozenOut(next)
        } else {
            Reach::Frozen(next)
        });
    }
    if begins.is_some_and(|first| first > next) {
        return Some(Reach::After(next));
    }
    // What begins with the next invoice was on none before.
    let begun = begins.is_none_or(|first| first < next);
    Some(Reach::Invoice(next, fall && begun && today < next))
}

/// The month that the peak or the average of a line is of, beside the one that the next invoice is to show.
#[derive(Debug, Clone, Copy)]
struct LineMonth {
    shown: ShownMonth,
    /// Whether the line's month is the one that is shown.
    is_shown: bool,
}

/// The month that the invoice shows is written whenever it is known, up and down. Of the month that is under way nothing falls
/// while the invoice may be made any hour; and nothing at all moves while an invoice of longer ago is not made.
fn waits_for_invoice(month: LineMonth, falls_while_due: bool, is_update: bool) -> bool {
    match month.shown {
        ShownMonth::BeforeLast => is_update,
        ShownMonth::Last if month.is_shown => false,
        ShownMonth::Last | ShownMonth::Current => falls_while_due,
    }
}

impl Calendar<'_> {
    fn first_billed(&self, line: &Line) -> FirstBilled {
        let agreement = line.key().and_then(|key| self.directory.agreements.get(&key.agreement));
        let invoice = agreement.and_then(|agreement| agreement.next_invoice_on);
        let looks_back = self.past.is_some() && line.sources.iter().any(|source| looks_back(self.mapping, source));
        let month = looks_back.then(|| {
            let of_last = invoice.and_then(|next| self.month_of(line, next));
            let of_last = of_last.is_some_and(|month| month.shown == ShownMonth::Last && month.is_shown);
            let first = self.today.with_day(1).unwrap_or(self.today);
            if of_last { first.checked_sub_months(Months::new(1)).unwrap_or(first) } else { first }
        });
        FirstBilled { invoice, month }
    }

    /// `None` of a line that nothing of earlier days is in, and of one that is set back: it was written for that very invoice.
    fn month_of(&self, line: &Line, next: NaiveDate) -> Option<LineMonth> {
        let past = self.past?;
        let looked_back = || line.sources.iter().filter(|source| looks_back(self.mapping, source));
        looked_back().next()?;
        let shown = shown_month(next, self.today);
        let last_is_known =
            |source: &Source| !past.earlier_days(&source.customer, &source.service).last_period.is_empty();
        let is_shown = match shown {
            ShownMonth::Current => true,
            ShownMonth::Last => looked_back().any(last_is_known),
            ShownMonth::BeforeLast => false,
        };
        Some(LineMonth { shown, is_shown })
    }
}

fn looks_back(mapping: &Mapping, source: &Source) -> bool {
    match mapping.services.get(&source.service) {
        Some(ServiceRule::Billed(billed)) => mapping.policy(&source.customer, &source.service, billed).looks_back(),
        _ => false,
    }
}
