//! The double-row rule: what several rows of one customer and service come to.

use crate::export::count::count_parser::Units;
use crate::reconcile::model::export::cell_items::CellItems;
use crate::reconcile::model::export::counts::Cell;
use crate::reconcile::model::export::row_lines::RowLines;

/// What several rows of one customer and service mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Duplicates {
    /// An error for that line: billing half or twice is worse than asking.
    #[default]
    Error,
    /// They add up.
    Sum,
    /// The largest counts.
    Max,
}

impl Duplicates {
    /// What the rows of one customer and service come to. Each says its units, or nothing where its items are what is
    /// counted; `items` are those of all the rows, each once.
    pub(super) fn cell(
        self,
        rows: impl Iterator<Item = Option<Units>> + Clone,
        lines: RowLines,
        items: CellItems,
    ) -> Cell {
        let several = rows.clone().nth(1).is_some();
        let mut said = rows.clone().flatten();
        let units = match self {
            Self::Error if several && said.clone().next().is_some() => {
                let counts = rows.filter_map(|units| units.unwrap_or_default().decimal()).collect();
                return Cell::Duplicate { lines, counts };
            }
            Self::Error | Self::Sum => said.fold(Units::default(), Units::plus),
            Self::Max => said.next().map_or_else(Units::default, |first| said.fold(first, Units::max)),
        };
        let by_items = rows.into_iter().any(|units| units.is_none());
        let units = if by_items { units.plus(Units::of_length(items.len())) } else { units };
        match units.quantity() {
            Some(count) => Cell::Counted { count, lines, items },
            None => Cell::OutOfRange { lines, total: units.decimal() },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::count::number_notation::Notation;
    use crate::reconcile::model::ids::ItemName;
    use crate::reconcile::model::quantity::Quantity;

    fn units(text: &str) -> Units {
        Units::parse(text, Notation::default(), true).expect(text)
    }

    fn cell(rule: Duplicates, rows: &[&str]) -> Cell {
        rule.cell(rows.iter().map(|text| Some(units(text))), RowLines::default(), CellItems::default())
    }

    fn counted(count: u32) -> Cell {
        Cell::Counted { count: Quantity::from(count), lines: RowLines::default(), items: CellItems::default() }
    }

    #[test]
    fn a_duplicate_is_an_error_unless_the_export_is_known_to_split_its_rows() {
        let rows = ["5", "7", "5"];
        let thrice = Cell::Duplicate { lines: RowLines::default(), counts: vec![5.into(), 7.into(), 5.into()] };
        assert_eq!(cell(Duplicates::Error, &rows), thrice);
        assert_eq!(cell(Duplicates::Sum, &rows), counted(17));
        assert_eq!(cell(Duplicates::Max, &rows), counted(7));
        assert_eq!(cell(Duplicates::Error, &["1"]), counted(1));
    }

    #[test]
    fn a_credit_lowers_a_sum_and_a_sum_below_zero_is_no_quantity() {
        assert_eq!(cell(Duplicates::Sum, &["5", "-2"]), counted(3));
        let below = Cell::OutOfRange { lines: RowLines::default(), total: units("-0.5").decimal() };
        assert_eq!(cell(Duplicates::Sum, &["-0.5"]), below);
    }

    #[test]
    fn an_item_is_one_unit_however_many_rows_name_it() {
        let items: CellItems = ["a", "b", "c"].map(ItemName::from).into_iter().collect();
        for rule in [Duplicates::Error, Duplicates::Sum, Duplicates::Max] {
            let cell = rule.cell([None; 6].into_iter(), RowLines::default(), items.clone());
            let three = Cell::Counted { count: Quantity::from(3), lines: RowLines::default(), items: items.clone() };
            assert_eq!(cell, three, "{rule:?}");
        }
    }
}
