//! A quantity over the last nights, as a row of blocks for a terminal and as points for a drawing.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;

use crate::history::lines_over_nights::LineNight;
use crate::reconcile::model::ids::RunId;
use crate::reconcile::model::quantity::Quantity;

/// Nights that a trend shows.
pub const NIGHTS: usize = 30;

/// What ConnectWise billed after each of these runs. A night without a record is one in which nothing changed, so the
/// last known value goes on; before the first record there was what that one found.
pub fn billed(runs: &[RunId], nights: &[LineNight]) -> Vec<Option<Quantity>> {
    let mut known = nights.first().and_then(|night| night.was);
    let mut nights = nights.iter().peekable();
    let after = runs.iter().map(|run| {
        while let Some(night) = nights.next_if(|night| night.run <= *run) {
            known = night.now.or(night.was);
        }
        known
    });
    after.collect()
}

/// The same, with what there was before these nights in front, so that a single night is a line, too.
pub fn billed_since(runs: &[RunId], nights: &[LineNight]) -> Vec<Option<Quantity>> {
    let before = nights.first().map(|night| night.was);
    before.into_iter().chain(billed(runs, nights)).collect()
}

/// What the export asked for on each of these nights, as far as it is known. An undo asks for what was before, and
/// counts nothing.
pub fn wanted(runs: &[RunId], nights: &[LineNight]) -> Vec<Option<Quantity>> {
    let counted = || nights.iter().filter(|night| night.undoes.is_none());
    let mut known = counted().next().and_then(|night| night.wanted);
    let mut nights = counted().peekable();
    let each = runs.iter().map(|run| {
        while let Some(night) = nights.next_if(|night| night.run <= *run) {
            known = night.wanted;
        }
        known
    });
    each.collect()
}

/// `▂▂▃▅`: one block a night; a dot where there was no line.
pub fn blocks(values: &[Option<Quantity>]) -> String {
    const BLOCKS: [char; 7] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇'];
    let block = |height: Option<i64>| match height {
        Some(height) => usize::try_from(height).ok().and_then(|height| BLOCKS.get(height)).copied().unwrap_or('▇'),
        None => '·',
    };
    heights(&decimals(values), 6, 1).into_iter().map(block).collect()
}

/// `x,y x,y …` of a line through these values in a box of this size; gaps are left out.
pub fn points(values: &[Option<Decimal>], width: i64, height: i64) -> String {
    let last = i64::try_from(values.len().saturating_sub(1)).unwrap_or(1).max(1);
    let at = heights(values, height, height / 2);
    let points = (0_i64..).zip(at).filter_map(|(night, y)| {
        let x = if values.len() == 1 { width } else { night * width / last };
        Some(format!("{x},{}", height - y?))
    });
    points.collect::<Vec<_>>().join(" ")
}

/// The same values as plain numbers.
pub fn decimals(values: &[Option<Quantity>]) -> Vec<Option<Decimal>> {
    values.iter().map(|value| value.map(|value| value.as_decimal())).collect()
}

/// Heights from 0 to `top`; `level` for values that never move.
fn heights(values: &[Option<Decimal>], top: i64, level: i64) -> Vec<Option<i64>> {
    let known = || values.iter().flatten();
    let (Some(low), Some(high)) = (known().min(), known().max()) else { return vec![None; values.len()] };
    let height = |value: Decimal| {
        if low == high {
            return level;
        }
        let share = value.checked_sub(*low).zip(high.checked_sub(*low)).and_then(|(up, all)| up.checked_div(all));
        let share = share.unwrap_or_default() * Decimal::from(top);
        share.round().to_i64().unwrap_or(level)
    };
    values.iter().map(|value| value.map(height)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reconcile::model::plan::outcome::Outcome;
    use crate::reconcile::model::plan::reason_code::Code;

    fn night(run: i64, was: u32, now: u32) -> LineNight {
        let quantity = |units: u32| Some(Quantity::from(units));
        let (was, now) = (quantity(was), quantity(now));
        let (outcome, reason) = (Outcome::Updated, Code::CountChanged);
        LineNight { run: RunId(run), was, wanted: now, now, outcome, reason, undoes: None }
    }

    /// A person would see a line fall to nothing on every night whose record was dropped.
    #[test]
    fn a_night_without_a_record_keeps_the_value() {
        let runs: Vec<RunId> = (1..=6).map(RunId).collect();
        let billed = billed(&runs, &[night(3, 4, 9), night(5, 9, 6)]);
        let billed: Vec<String> = billed.into_iter().flatten().map(|units| units.to_string()).collect();
        assert_eq!(billed, ["4", "4", "9", "9", "6", "6"]);
    }

    /// A person would see the vendor count what an undo, that was only planned, would set back to.
    #[test]
    fn an_undo_counts_nothing() {
        let undo = LineNight { undoes: Some(RunId(2)), ..night(3, 9, 4) };
        let runs: Vec<RunId> = (1..=3).map(RunId).collect();
        assert_eq!(wanted(&runs, &[night(2, 4, 9), undo.clone()]), [Some(Quantity::from(9)); 3]);
        assert_eq!(wanted(&runs, &[undo]), [None; 3]);
    }

    #[test]
    fn the_lowest_and_the_highest_night_can_be_told() {
        let values: Vec<Option<Quantity>> = [3, 3, 9, 6].into_iter().map(|units| Some(Quantity::from(units))).collect();
        assert_eq!(blocks(&values), "▁▁▇▄");
        assert_eq!(points(&decimals(&values), 90, 20), "0,20 30,20 60,0 90,10");
        assert_eq!(blocks(&[None, Some(Quantity::from(2))]), "·▂");
        assert_eq!(points(&[], 90, 20), "");
    }

    /// Quantities at the ends of what a decimal holds must not end the report.
    #[test]
    fn extreme_values_are_drawn_somewhere() {
        let values = [Some(Decimal::MAX), Some(Decimal::MIN), None, Some(Decimal::ONE)];
        assert_eq!(heights(&values, 6, 1).len(), 4);
    }
}
