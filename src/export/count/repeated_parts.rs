//! A file or a sheet that says once more what others say: one that was delivered twice, or a summary beside the lists that it
//! sums up. Both would be counted double, and nothing is wrong with any row of them.

use std::collections::HashMap;

use crate::export::count::count_parser::Units;
use crate::export::count::fast_table::FastTable;
use crate::reconcile::model::export::file_parts::ExportParts;
use crate::reconcile::model::export::repeated_part::RepeatedPart;

/// So many counts of a summary are no chance, where others of it differ.
const MOST_MIN: usize = 3;

/// What one part says of one customer and service.
#[derive(Debug, Clone, Copy)]
struct PartCount {
    /// The customer and the service, by number.
    names: (u32, u32),
    part: usize,
    units: Units,
    rows: usize,
}

/// What of a part stands in others.
#[derive(Debug, Clone, Copy, Default)]
struct Shared {
    /// Its counts.
    all: usize,
    /// Those that are the sum of what the others say.
    sums: usize,
    /// Those of one row that other parts have as well.
    once: usize,
}

/// The last part that repeats others.
pub(super) fn repeated(table: &FastTable, parts: &ExportParts) -> Option<RepeatedPart> {
    if parts.number() < 2 {
        return None;
    }
    let counts = by_part(table, parts);
    let found = again(&counts, parts).or_else(|| summary(&counts, parts));
    let (part, other, same, of) = found?;
    let groups = counts.chunk_by(|one, next| one.names == next.names).filter(|group| group.len() > 1);
    let first = groups.filter_map(|group| group.iter().find(|count| count.part == part)).next()?;
    let (customer, service) = table.names(first.names);
    Some(RepeatedPart { part, other, same, of, customer, service, units: first.units.decimal()? })
}

/// By customer and service, and of each by part. Counts of nothing are left out: they come to the same twice.
fn by_part(table: &FastTable, parts: &ExportParts) -> Vec<PartCount> {
    let rows = table.counted_rows().filter(|(.., units)| *units != Units::default());
    let of = |(names, line, units)| Some(PartCount { names, part: parts.place(line)?, units, rows: 1 });
    let mut counts: Vec<PartCount> = rows.filter_map(of).collect();
    counts.sort_by_key(|count| (count.names, count.part));
    counts.dedup_by(|next, known| {
        let is_same = next.names == known.names && next.part == known.part;
        if is_same {
            (known.units, known.rows) = (known.units.plus(next.units), known.rows + next.rows);
        }
        is_same
    });
    counts
}

/// The part, the other one where there is one, how many counts are the same, and how many there are.
type Found = (usize, Option<usize>, usize, usize);

/// A customer and a service by number, and its units.
type Said = ((u32, u32), Units);

/// Two parts that say the same.
fn again(counts: &[PartCount], parts: &ExportParts) -> Option<Found> {
    let mut said: Vec<Vec<Said>> = vec![Vec::new(); parts.number()];
    counts.iter().for_each(|count| said[count.part].push((count.names, count.units)));
    let mut known: HashMap<&[Said], usize> = HashMap::new();
    let mut found = None;
    for (part, said) in said.iter().enumerate().filter(|(_, said)| !said.is_empty()) {
        match known.get(said.as_slice()) {
            Some(other) => found = Some((part, Some(*other), said.len(), said.len())),
            None => drop(known.insert(said, part)),
        }
    }
    found
}

/// A part that says what all others come to, in all its counts or in most; or, where each row is one, that has one row for
/// each of several.
fn summary(counts: &[PartCount], parts: &ExportParts) -> Option<Found> {
    let mut shared = vec![Shared::default(); parts.number()];
    let (mut groups, mut several) = (0, false);
    for group in counts.chunk_by(|one, next| one.names == next.names) {
        let sum = group.iter().fold(Units::default(), |sum, count| sum.plus(count.units));
        let is_shared = group.len() > 1;
        groups += 1;
        several |= group.iter().any(|count| count.rows > 1);
        for count in group {
            let of = &mut shared[count.part];
            of.all += 1;
            of.sums += usize::from(is_shared && count.units.plus(count.units) == sum);
            of.once += usize::from(is_shared && count.rows == 1);
        }
    }
    let each_is_one =
        counts.iter().all(|count| Units::from(u32::try_from(count.rows).unwrap_or(u32::MAX)) == count.units);
    let mut parts = shared.into_iter().enumerate().rev();
    parts.find_map(|(part, Shared { all, sums, once })| {
        let is_sum = all > 1 && (sums == all || sums * 2 > all && sums >= MOST_MIN);
        let is_list = each_is_one && several && groups > 1 && once == groups;
        (is_sum || is_list).then_some((part, None, if is_sum { sums } else { once }, all))
    })
}
