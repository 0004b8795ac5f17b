//! How many decimals ConnectWise keeps of a quantity, and what is wanted, rounded to them. No text of the vendor's says
//! how many; every decimal seen in the field has two.

use crate::reconcile::matching::wanted_line::WantedLine;
use crate::reconcile::model::mapping::Mapping;
use crate::reconcile::model::past::Past;
use crate::reconcile::model::plan::line::LineKey;
use crate::reconcile::model::quantity::Quantity;

/// Until an answer shows how many are kept.
const DECIMALS_MOST: u32 = 4;

/// Decimals of what is wanted of a line: as configured, and never more than an answer has shown to be kept.
pub(in crate::reconcile) fn decimals(mapping: &Mapping, past: &Past, key: &LineKey) -> u32 {
    let asked = mapping.quantity_decimals.unwrap_or(DECIMALS_MOST);
    past.decimals.of_line(key).map_or(asked, |kept| kept.min(asked))
}

/// Whether ConnectWise, as far as it is known, may keep so little of a line that holds `now` as nothing.
pub(in crate::reconcile) fn may_be_kept_as_zero(
    (mapping, past): (&Mapping, &Past),
    now: Quantity,
    wanted: Quantity,
) -> bool {
    let proven = [past.decimals.proven, mapping.quantity_decimals.unwrap_or_default(), now.decimals()];
    !wanted.is_zero() && wanted.cut_to(proven.into_iter().max().unwrap_or_default()).is_zero()
}

/// The line, to so many decimals, halves up. The steps of its one count say so; of several counts the sum is rounded.
pub(in crate::reconcile) fn rounded(mut wanted: WantedLine, decimals: u32) -> WantedLine {
    let quantity = wanted.quantity.map(|units| units.rounded(decimals));
    if let (true, Ok(kept), [source]) = (quantity != wanted.quantity, quantity, wanted.sources.as_mut_slice()) {
        let before = source.how.take().or_else(|| source.count.map(|count| format!("count {count}")));
        source.how = before.map(|steps| format!("{steps} · to {decimals} decimals = {kept}"));
    }
    let rolled = wanted.rolled.map(|rolled| rolled.rounded(decimals));
    let after_invoice = wanted.after_invoice.map(|units| units.rounded(decimals));
    WantedLine { quantity, rolled, after_invoice, ..wanted }
}
