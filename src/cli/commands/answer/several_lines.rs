//! What moved of the lines of one open item since a page showed them: both are named, what was shown and what waits by now.

use std::collections::BTreeMap;

use crate::report::open_items::Item;

/// Lines that are named of each kind.
const NAMED: usize = 3;

/// In a sentence; `None` for an item that does not stand for several lines.
pub(super) fn moved(item: Item<'_>, shown: &str) -> Option<String> {
    let lines = item.open_lines();
    if lines.is_empty() {
        return None;
    }
    let then: BTreeMap<&str, &str> = shown.split(',').filter_map(|line| line.split_once(':')).collect();
    let now = item.as_shown();
    let now: BTreeMap<&str, &str> = now.split(',').filter_map(|line| line.split_once(':')).collect();
    let of = |line: &Item<'_>| (then.get(line.handle).copied(), now.get(line.handle).copied());
    let others = lines.iter().filter_map(|line| match of(line) {
        (Some(before), by_now) if by_now != Some(before) => {
            Some(format!("{}, of which the page showed {}", line.sentence(), step(before)))
        }
        _ => None,
    });
    let more = lines.iter().filter(|line| of(line).0.is_none());
    let more = more.map(|line| format!("{}, which the page did not show", line.sentence()));
    let gone = then.iter().filter(|(handle, _)| !now.contains_key(*handle));
    let gone = gone.map(|(handle, before)| format!("{} of the page waits no more", gone_line(item, handle, before)));
    let kinds = [listed(others.collect()), listed(more.collect()), listed(gone.collect())];
    Some(kinds.into_iter().flatten().collect::<Vec<_>>().join("; "))
}

/// A line that does not wait for it by now, as the page showed it.
fn gone_line(item: Item<'_>, handle: &str, before: &str) -> String {
    let name = item.of.item(handle).map(|line| line.name());
    format!("{} {}", name.unwrap_or_else(|| handle.to_owned()), step(before))
}

/// `2:0` is `2 → 0`.
fn step(shown: &str) -> String {
    let mut parts = shown.splitn(3, ':');
    let (was, wanted) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    format!("{was} → {wanted}")
}

fn listed(mut said: Vec<String>) -> Option<String> {
    let more = said.len().saturating_sub(NAMED);
    said.truncate(NAMED);
    let rest = if more > 0 { format!("; and {more} more so") } else { String::new() };
    (!said.is_empty()).then(|| said.join("; ") + &rest)
}
