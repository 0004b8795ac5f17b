//! Start and changes and end of a month's units: a sum that adds up, or none.

use chrono::{DateTime, FixedOffset};
use rust_decimal::Decimal;

use crate::history::invoices::units_of_month::{UnitsOfMonth, UnitsRead};
use crate::history::run_record::LineRecord;
use crate::reconcile::model::ids::RunId;

/// The units of a month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MonthUnits {
    /// The sum, or why there is none.
    pub sum: Result<MonthSum, NoSum>,
    /// What recount wrote: in the sum from its start on, without a sum in the whole month; `None` where it is too large to be
    /// told exactly.
    pub written: Option<UnitsMoved>,
    /// What is on the invoice and in no sum.
    pub beside: UnitsBeside,
}

/// Lines that were only found when the last accepted plan was drawn: nobody counts them, they are no lines of the integration,
/// and ConnectWise bills them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct UnitsBeside {
    /// How many.
    pub lines: usize,
    /// What they bill.
    pub units: Decimal,
}

impl UnitsBeside {
    /// Those among the lines of a plan.
    pub fn of(lines: &[LineRecord]) -> Self {
        let found = lines.iter().filter(|line| line.is_found()).filter_map(|line| line.was);
        found.fold(Self::default(), |Self { lines, units }, was| Self {
            lines: lines + 1,
            units: units.saturating_add(was.as_decimal()),
        })
    }
}

/// Units that recount added, and units that it took away; neither is below zero.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct UnitsMoved {
    /// Added.
    pub up: Decimal,
    /// Taken away.
    pub down: Decimal,
    /// Writes that nobody knows the outcome of. They are in neither number.
    pub in_doubt: usize,
}

/// `start + up − down + otherwise = end`, exactly.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MonthSum {
    /// The first accepted run of the month.
    pub run: RunId,
    /// When it began.
    pub at: DateTime<FixedOffset>,
    /// What was billed then, before it wrote anything.
    pub start: Decimal,
    /// What changed otherwise between the first plan and the last one: people changed quantities in ConnectWise, lines came
    /// to the integration or left it, or a write in doubt had been taken.
    pub otherwise: Decimal,
    /// What was billed when the last accepted plan was drawn, with what was written since.
    pub end: Decimal,
}

/// Why there is no sum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoSum {
    /// No run of the month was accepted.
    NoRun,
    /// A version before did not note what was billed when this run began.
    NotNoted(RunId),
    /// The numbers are too large to be added exactly.
    TooLarge,
}

impl MonthUnits {
    /// Of what the history knows. What it does not know is no number here.
    pub fn of(known: &UnitsOfMonth) -> Self {
        let UnitsOfMonth { first, last, writes: _ } = known;
        let sum = match (first, last) {
            (Some(first), Some(last)) => sum(known, first, last),
            _ => Err(NoSum::NoRun),
        };
        let written = moved(known, since(&sum));
        Self { sum, written, beside: UnitsBeside::default() }
    }

    /// The first run whose writes are told as changes: what was written before it is in the start.
    pub fn since(&self) -> RunId {
        since(&self.sum)
    }
}

fn since(sum: &Result<MonthSum, NoSum>) -> RunId {
    sum.as_ref().map_or(RunId(0), |sum| sum.run)
}

fn sum(known: &UnitsOfMonth, first: &UnitsRead, last: &UnitsRead) -> Result<MonthSum, NoSum> {
    let UnitsRead { run, at, units } = first;
    let start = units.ok_or(NoSum::NotNoted(*run))?;
    let at_last = last.units.ok_or(NoSum::NotNoted(last.run))?;
    let added = |start: Decimal, from: RunId| {
        let UnitsMoved { up, down, in_doubt: _ } = moved(known, from)?;
        start.checked_add(up)?.checked_sub(down)
    };
    let end = added(at_last, last.run).ok_or(NoSum::TooLarge)?;
    let without = added(start, *run).ok_or(NoSum::TooLarge)?;
    let otherwise = end.checked_sub(without).ok_or(NoSum::TooLarge)?;
    Ok(MonthSum { run: *run, at: *at, start, otherwise, end })
}

/// What this run and later ones wrote.
fn moved(known: &UnitsOfMonth, from: RunId) -> Option<UnitsMoved> {
    let mut moved = UnitsMoved::default();
    for write in known.writes.iter().filter(|write| write.run >= from) {
        match write.by() {
            None => moved.in_doubt += 1,
            Some(by) if by > Decimal::ZERO => moved.up = moved.up.checked_add(by)?,
            Some(by) => moved.down = moved.down.checked_sub(by)?,
        }
    }
    Some(moved)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::invoices::units_of_month::UnitsWritten;
    use crate::reconcile::model::ids::{AgreementId, ProductCode};
    use crate::reconcile::model::plan::line::LineKey;
    use crate::reconcile::model::quantity::Quantity;

    fn read(run: i64, units: Option<i64>) -> Option<UnitsRead> {
        let at = "2026-11-01T03:00:00-05:00".parse().unwrap();
        Some(UnitsRead { run: RunId(run), at, units: units.map(Decimal::from) })
    }

    fn wrote(run: i64, by: Option<i64>) -> UnitsWritten {
        let line = LineKey { agreement: AgreementId(10), product: ProductCode::new("FILTER"), item: None };
        let to = by.map(|by| Quantity::from(u32::try_from(50 + by).unwrap()));
        UnitsWritten { run: RunId(run), line, from: Some(Quantity::from(50_u32)), to }
    }

    fn adds_up(units: &MonthUnits) -> MonthSum {
        let (sum, written) = (units.sum.clone().expect("a sum"), units.written.expect("what was written"));
        assert_eq!(sum.start + written.up - written.down + sum.otherwise, sum.end, "it does not add up: {units:?}");
        sum
    }

    fn up_and_down(units: &MonthUnits) -> (Decimal, Decimal) {
        units.written.map(|written| (written.up, written.down)).expect("what was written")
    }

    /// Otherwise a change that a person made in ConnectWise would pass for one of recount.
    #[test]
    fn what_people_changed_is_told_apart_and_the_sum_adds_up() {
        let writes = vec![wrote(2, Some(7)), wrote(2, Some(-3)), wrote(4, Some(5))];
        let units = MonthUnits::of(&UnitsOfMonth { first: read(2, Some(100)), last: read(4, Some(102)), writes });
        let sum = adds_up(&units);
        assert_eq!((sum.start, sum.end), (Decimal::from(100), Decimal::from(107)));
        assert_eq!(sum.otherwise, Decimal::from(-2), "104 were billed after run 2, and run 4 found 102");
        assert_eq!(up_and_down(&units), (Decimal::from(12), Decimal::from(3)));
    }

    #[test]
    fn one_run_in_the_month_is_its_start_and_its_end() {
        let writes = vec![wrote(2, Some(7))];
        let units = MonthUnits::of(&UnitsOfMonth { first: read(2, Some(10)), last: read(2, Some(10)), writes });
        let sum = adds_up(&units);
        assert_eq!((sum.otherwise, sum.end), (Decimal::ZERO, Decimal::from(17)));
    }

    /// Otherwise the undo of a night of the month before would be counted twice: in the start, and as a change.
    #[test]
    fn what_was_written_before_the_start_was_read_is_in_the_start() {
        let writes = vec![wrote(1, Some(-4)), wrote(2, Some(1))];
        let units = MonthUnits::of(&UnitsOfMonth { first: read(2, Some(10)), last: read(2, Some(10)), writes });
        assert_eq!(adds_up(&units).end, Decimal::from(11));
        assert_eq!(up_and_down(&units), (Decimal::ONE, Decimal::ZERO));
    }

    /// An undo after the last night wrote as well.
    #[test]
    fn what_was_written_after_the_last_plan_is_in_the_end() {
        let writes = vec![wrote(2, Some(7)), wrote(3, Some(-7))];
        let units = MonthUnits::of(&UnitsOfMonth { first: read(2, Some(10)), last: read(2, Some(10)), writes });
        assert_eq!(adds_up(&units).end, Decimal::from(10));
        assert_eq!(up_and_down(&units), (Decimal::from(7), Decimal::from(7)));
    }

    #[test]
    fn a_write_in_doubt_is_counted_and_is_no_number() {
        let writes = vec![wrote(2, None), wrote(2, Some(1))];
        let units = MonthUnits::of(&UnitsOfMonth { first: read(2, Some(10)), last: read(3, Some(16)), writes });
        assert_eq!(adds_up(&units).otherwise, Decimal::from(5), "it was taken, as the next plan showed");
        assert_eq!(units.written.map(|written| written.in_doubt), Some(1));
    }

    /// Otherwise a month would begin with a number that nobody read.
    #[test]
    fn what_is_not_known_is_no_number() {
        let writes = vec![wrote(2, Some(7))];
        let units = MonthUnits::of(&UnitsOfMonth { first: None, last: None, writes: writes.clone() });
        assert_eq!(up_and_down(&units).0, Decimal::from(7));
        assert_eq!(units.sum, Err(NoSum::NoRun));
        let units =
            MonthUnits::of(&UnitsOfMonth { first: read(2, None), last: read(3, Some(9)), writes: writes.clone() });
        assert_eq!(units.sum, Err(NoSum::NotNoted(RunId(2))));
        let units = MonthUnits::of(&UnitsOfMonth { first: read(2, Some(9)), last: read(3, None), writes });
        assert_eq!(units.sum, Err(NoSum::NotNoted(RunId(3))));
        let most = Some(UnitsRead { units: Some(Decimal::MAX), ..read(2, None).unwrap() });
        let writes = vec![wrote(2, Some(7))];
        let units = MonthUnits::of(&UnitsOfMonth { first: most.clone(), last: most, writes });
        assert_eq!(units.sum, Err(NoSum::TooLarge));
    }
}
