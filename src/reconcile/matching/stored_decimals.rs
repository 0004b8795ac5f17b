//! How many decimals ConnectWise keeps of a quantity, and what is wanted, rounded to them. No text of the vendor's says
//! how many; every decimal seen in the field has two.

use crate::reconcile::matching::rolled::Rolled;
use crate::reconcile::matching::wanted_line::WantedLine;
use crate::reconcile::model::mapping::Mapping;
use crate::reconcile::model::past::Past;

/// Until an answer shows how many are kept.
const DECIMALS_MOST: u32 = 4;

/// Decimals of what is wanted: as configured, and never more than an answer has shown to be kept.
pub(in crate::reconcile) fn decimals(mapping: &Mapping, past: &Past) -> u32 {
    let asked = mapping.quantity_decimals.unwrap_or(DECIMALS_MOST);
    past.decimals.map_or(asked, |kept| kept.min(asked))
}

/// The line, to so many decimals, halves up; and what is to be said of it.
pub(in crate::reconcile) fn rounded(wanted: WantedLine, decimals: u32) -> (WantedLine, Option<String>) {
    let quantity = wanted.quantity.map(|units| units.rounded(decimals));
    let told = match (wanted.quantity, quantity) {
        (Ok(exact), Ok(kept)) if exact != kept => Some(format!("{exact} to {decimals} decimals")),
        _ => None,
    };
    let rolled = wanted.rolled.map(|Rolled { before, carried }| Rolled {
        before: before.rounded(decimals),
        carried: carried.rounded(decimals),
    });
    (WantedLine { quantity, rolled, ..wanted }, told)
}
