//! What came again: an older night's export, one file of an older delivery, a copy beside its file; and a delivery in which one
//! of the last one's files is not.
//!
//! Bytes and counts may go back by chance where they are few, so it takes several lines that would go back. A night that lacked
//! rows is another matter: the export that has them again says nothing else than that one, and is the right one.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;

use crate::reconcile::guard::run_guards::step;
use crate::reconcile::guard::stop_finding::stop;
use crate::reconcile::model::display_text::shown;
use crate::reconcile::model::export::counts::Counts;
use crate::reconcile::model::export::delivered_file::{DeliveredFile, Delivery};
use crate::reconcile::model::export::row_lines::RowLines;
use crate::reconcile::model::ids::RunId;
use crate::reconcile::model::past::{Accepted, OlderNight, Past};
use crate::reconcile::model::plan::Plan;
use crate::reconcile::model::plan::finding::{Finding, plural};
use crate::reconcile::model::plan::line::Line;
use crate::reconcile::model::plan::reason_code::Code;

/// So few lines may well go back by chance.
const BACK_MAX: usize = 3;

/// So few counts may well be those of an older night by chance.
const COUNTS_MIN: usize = 10;

/// The export of an older night: what was changed since would be set back.
pub(super) fn old_again(plan: &Plan, past: &Past, counts: &Counts) -> Option<Finding> {
    let OlderNight { run, by_bytes } = past.older_night?;
    let number = counts.customers.values().map(|own| own.services().count()).sum::<usize>();
    let back = moved(plan).count();
    let is_sign = back > BACK_MAX && (by_bytes || number >= COUNTS_MIN) && !gives_rows_back(past, counts, |_| true);
    is_sign.then(|| {
        let how = if by_bytes { "byte by byte" } else { "count by count" };
        let message = format!("the export is that of run {run} again, {how}, and {back} lines would go back");
        stop(Code::ExportOldAgain, message, "fetch tonight's export; if its counts hold again, approve the plan")
    })
}

/// A file of an older delivery among newer ones.
pub(super) fn old_file(plan: &Plan, past: &Past, counts: &Counts) -> Option<Finding> {
    let last = past.deliveries.first()?;
    counts.files.iter().filter(|_| counts.files.len() > 1).find_map(|file| {
        let name = shown(&file.name);
        let stood =
            left_over(past, counts, file).map(|run| format!("{name} stood in the delivery of run {run} already"));
        let message = stood.or_else(|| {
            let run = of_older_night(past, last, file).filter(|_| goes_back(plan, past, counts, file))?;
            Some(format!("{name} is that of run {run} again, byte by byte, and several lines would go back"))
        })?;
        Some(stop(Code::ExportOldAgain, message, "take it away, or fetch tonight's; if it is right, approve the plan"))
    })
}

/// A file of last night's that lies beside tonight's: their names bear their date, and those of the others are new.
fn left_over(past: &Past, counts: &Counts, file: &DeliveredFile) -> Option<RunId> {
    let last = past.deliveries.first()?;
    let had = |delivery: &Delivery, name: &str| delivery.files.iter().any(|known| known.name == name);
    let new = counts.files.iter().filter(|other| !had(last, &other.name)).count();
    let stays = past.deliveries.get(1).is_some_and(|before| had(before, &file.name));
    let is_dated = without_date(&file.name).contains('#');
    (had(last, &file.name) && is_dated && !stays && new * 2 >= counts.files.len()).then_some(last.run)
}

/// The older night whose delivery had this file, where the last one's had another in its place.
fn of_older_night(past: &Past, last: &Delivery, file: &DeliveredFile) -> Option<RunId> {
    let had = |delivery: &&Delivery| delivery.files.iter().any(|known| known.sha256 == file.sha256);
    if had(&last) { None } else { past.deliveries.iter().find(had).map(|delivery| delivery.run) }
}

/// Whether several lines would go back to what this file says.
fn goes_back(plan: &Plan, past: &Past, counts: &Counts, file: &DeliveredFile) -> bool {
    // A part is a file, a file of an archive, or a sheet of one.
    let is_of_it = |part: &str| {
        let rest = file.name.strip_suffix(part).or_else(|| part.strip_prefix(file.name.as_str()));
        rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('/') || rest.starts_with(", "))
    };
    let of_file =
        |lines: &RowLines| counts.parts.places(lines).into_iter().any(|place| is_of_it(counts.parts.name(place)));
    let stands = |line: &&Line| {
        line.sources.iter().any(|source| {
            let cell = counts.customers.get(&source.customer).and_then(|own| own.get(&source.service));
            cell.is_some_and(|cell| of_file(cell.lines()))
        })
    };
    moved(plan).filter(stands).count() > BACK_MAX && !gives_rows_back(past, counts, of_file)
}

/// Lines that are there and would move.
fn moved(plan: &Plan) -> impl Iterator<Item = &Line> {
    plan.lines.iter().filter(|line| line.live.is_some() && !step(line).is_zero())
}

/// Whether the last accepted night only lacked rows that are there again: every count has at least the rows and the units that
/// were accepted, and one that has more units has more rows. `is_meant` says whose rows are looked at.
fn gives_rows_back(past: &Past, counts: &Counts, is_meant: impl Fn(&RowLines) -> bool) -> bool {
    let is_more = |(customer, service): (&_, &_), rows: usize, units: Decimal| {
        let before = past.counts.get(customer).and_then(|own| own.get(service));
        before.is_none_or(|before| {
            rows > before.rows && units >= before.units || rows == before.rows && units == before.units
        })
    };
    let is_there = past.counts.iter().all(|(customer, own)| {
        let tonight = counts.customers.get(customer);
        own.iter()
            .all(|(service, before)| before.units.is_zero() || tonight.is_some_and(|own| own.get(service).is_some()))
    });
    is_there
        && counts.customers.iter().all(|(customer, own)| {
            let meant = own.cells().filter(|(_, cell)| is_meant(cell.lines()));
            meant.into_iter().all(|(service, cell)| is_more((customer, service), cell.lines().number(), cell.units()))
        })
}

/// A copy beside its file, as a browser or a person leaves it: `usage (1).csv`. Both would be counted.
pub(super) fn copied_file(past: &Past, counts: &Counts) -> Option<Finding> {
    let names: BTreeSet<&str> = counts.files.iter().map(|file| file.name.as_str()).collect();
    let copy = |name: &'_ str| original(name).filter(|original| names.contains(original.as_str()));
    // Where the last delivery had such a pair it was looked at.
    let was_so = past.deliveries.first().is_some_and(|last| {
        let names: BTreeSet<&str> = last.files.iter().map(|file| file.name.as_str()).collect();
        names.iter().any(|name| original(name).is_some_and(|original| names.contains(original.as_str())))
    });
    let (name, of) = names.iter().filter(|_| !was_so).find_map(|name| Some((*name, copy(name)?)))?;
    let message = format!("{} looks like a copy of {}, and both are counted", shown(name), shown(&of));
    Some(stop(Code::ExportFileTwice, message, "take one of them away and run again; if both count, approve the plan"))
}

/// The name that a copy was made of.
fn original(name: &str) -> Option<String> {
    let (stem, extension) = name.rsplit_once('.').map_or((name, ""), |(stem, extension)| (stem, extension));
    let counted = stem.strip_suffix(')').and_then(|stem| stem.rsplit_once(" (").or_else(|| stem.rsplit_once('(')));
    let counted = counted.filter(|(_, number)| !number.is_empty() && number.chars().all(|c| c.is_ascii_digit()));
    let words = [" - Copy", " - copy", " copy", "-copy", "_copy"];
    let stem = counted.map(|(stem, _)| stem).or_else(|| words.iter().find_map(|word| stem.strip_suffix(word)))?;
    Some(if extension.is_empty() { stem.to_owned() } else { format!("{stem}.{extension}") })
}

/// A vendor that writes a file for each region may be late with one of them, also where another file makes up the number.
pub(super) fn fewer_files(past: &Past, counts: &Counts, accepted: &Accepted) -> Option<Finding> {
    let (now, then) = (counts.files.len(), accepted.files);
    if now == 0 {
        return None;
    }
    let message = if now < then {
        format!("{} of the export, and run {} read {then}", plural(&now, "file"), accepted.run)
    } else {
        let last = past.deliveries.first().filter(|last| last.run == accepted.run)?;
        // Whoever is gone with a file is missing by itself.
        let is_there = |customer| counts.of(customer).is_some();
        let lacking = lacking(counts, last).filter(|_| accepted.customers.iter().all(is_there))?;
        format!("no file of tonight is like {} of run {}", shown(&lacking.name), last.run)
    };
    Some(stop(
        Code::ExportFewerFiles,
        message,
        "wait for the whole delivery; if the others have ended, approve the plan",
    ))
}

/// A file of the last delivery for which tonight's has none: the names are the same but for their numbers, and most of the others
/// are there again.
fn lacking<'a>(counts: &Counts, last: &'a Delivery) -> Option<&'a DeliveredFile> {
    let mut tonight: BTreeMap<String, usize> = BTreeMap::new();
    counts.files.iter().for_each(|file| *tonight.entry(without_date(&file.name)).or_default() += 1);
    let mut is_there = |file: &&DeliveredFile| match tonight.get_mut(&without_date(&file.name)) {
        Some(number) if *number > 0 => {
            *number -= 1;
            true
        }
        _ => false,
    };
    let (there, gone): (Vec<_>, Vec<_>) = last.files.iter().partition(|file| is_there(file));
    gone.first().copied().filter(|_| !there.is_empty() && there.len() >= gone.len())
}

/// A name with every number of two or more digits taken out: those of a date and a time.
fn without_date(name: &str) -> String {
    let mut text = String::new();
    let mut digits = String::new();
    for c in name.chars().chain(std::iter::once('\0')) {
        if c.is_ascii_digit() {
            digits.push(c);
            continue;
        }
        text.push_str(if digits.len() > 1 { "#" } else { &digits });
        digits.clear();
        text.push(c);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_is_told_by_its_name() {
        for (name, of) in [("s4-1203 (1).csv", "s4-1203.csv"), ("u(2).csv", "u.csv"), ("u - Copy.xlsx", "u.xlsx")] {
            assert_eq!(original(name).as_deref(), Some(of));
        }
        for name in ["usage (EU).csv", "usage.csv", "usage ().csv", "(1)"] {
            assert!(original(name).is_none_or(|of| of.is_empty()), "{name}");
        }
    }

    #[test]
    fn a_name_is_known_again_without_its_date() {
        assert_eq!(without_date("s3-1202.csv"), without_date("s3-1203.csv"));
        assert_ne!(without_date("s3-1203.csv"), without_date("s4-1203.csv"));
        assert_eq!(without_date("north.csv"), "north.csv\0");
    }
}
