//! What answers to writes have shown of the decimals that ConnectWise keeps of a quantity.

use std::collections::BTreeMap;

use crate::reconcile::model::known_lines::KnownLines as _;
use crate::reconcile::model::plan::line::LineKey;
use crate::reconcile::model::quantity::Quantity;

/// Of one ConnectWise. A line of which fewer decimals are kept says nothing of others that were seen to hold more.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeptDecimals {
    /// The most that a line was seen to hold.
    pub proven: u32,
    /// How many are kept wherever a line does not say otherwise; `None` until an answer shows it.
    usual: Option<u32>,
    /// Of lines that were rounded, by [`LineKey::folded`].
    of_lines: BTreeMap<LineKey, u32>,
}

/// What the answers of one line have shown.
#[derive(Debug, Default)]
struct Shown {
    /// The fewest of an answer that was rounded.
    rounded: Option<u32>,
    /// The most that it held.
    held: u32,
}

impl KeptDecimals {
    /// By what was sent of which line, and what ConnectWise answered that it holds.
    pub fn of(answers: impl IntoIterator<Item = (LineKey, Quantity, Quantity)>) -> Self {
        let mut lines: BTreeMap<LineKey, Shown> = BTreeMap::new();
        for (key, sent, stored) in answers {
            let shown = lines.entry(key).or_default();
            shown.held = shown.held.max(stored.decimals());
            shown.rounded = shown.rounded.into_iter().chain(stored.decimals_kept_of(sent)).min();
        }
        let proven = lines.values().map(|shown| shown.held).max().unwrap_or_default();
        let usual = lines.values().filter_map(|shown| shown.rounded).filter(|kept| *kept >= proven).min();
        let of_line = |(key, Shown { rounded, held }): (LineKey, Shown)| Some((key, rounded?.max(held)));
        Self { proven, usual, of_lines: lines.into_iter().filter_map(of_line).collect() }
    }

    /// How many are kept of a line; `None` where no answer shows it.
    pub fn of_line(&self, key: &LineKey) -> Option<u32> {
        self.of_lines.of_line(key).copied().or(self.usual)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reconcile::model::ids::{AgreementId, ProductCode};

    fn kept(answers: &[(i64, &str, &str)], agreement: i64) -> Option<u32> {
        let key = |agreement| LineKey::total(AgreementId(agreement), ProductCode::new("FILTER"));
        let units = |text: &str| text.parse::<Quantity>().expect("a quantity");
        let answers = answers.iter().map(|(agreement, sent, stored)| (key(*agreement), units(sent), units(stored)));
        KeptDecimals::of(answers).of_line(&key(agreement))
    }

    /// One line that is kept whole made all lines of all products whole, also those whose answers showed two decimals.
    #[test]
    fn a_line_that_is_rounded_rounds_no_other_that_holds_more() {
        let mixed = [(1, "5.25", "5"), (2, "5.25", "5.25"), (3, "6.123", "6.12")];
        assert_eq!([1, 2, 3, 4].map(|line| kept(&mixed, line)), [Some(0), Some(2), Some(2), Some(2)]);
        assert_eq!(kept(&mixed[..2], 4), None, "nobody knows whether more than two are kept");
        assert_eq!(kept(&mixed[..1], 4), Some(0), "until an answer shows more");
        assert_eq!(kept(&[(1, "5.25", "5"), (1, "6.25", "6.25")], 1), Some(2), "of one line, too");
        assert_eq!(kept(&[(1, "5", "5")], 1), None, "a whole number shows nothing");
    }
}
