//! The guards of an export: too old, smaller than the last accepted one, cut off, a part, an old night's, or with too many
//! rows that cannot be read.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use rust_decimal::Decimal;

use crate::reconcile::decide::findings::row_remedies::row_remedy;
use crate::reconcile::guard::accepted_counts::Size;
use crate::reconcile::guard::baseline;
use crate::reconcile::guard::file_twice::{file_twice, repeated_unasked};
use crate::reconcile::guard::guard_inputs::GuardInputs;
use crate::reconcile::guard::guard_policy::{GuardPolicy, Percent};
use crate::reconcile::guard::old_export::{copied_file, fewer_files, old_again, old_file};
use crate::reconcile::guard::stop_finding::{percent, stop};
use crate::reconcile::model::display_text::{day, shown};
use crate::reconcile::model::export::counts::Counts;
use crate::reconcile::model::export::partial_export::UnreadPart;
use crate::reconcile::model::ids::RunId;
use crate::reconcile::model::past::{Accepted, ExportStamp, Past};
use crate::reconcile::model::plan::Plan;
use crate::reconcile::model::plan::finding::{Finding, plural};
use crate::reconcile::model::plan::line::{Subject, Verdict};
use crate::reconcile::model::plan::reason_code::Code;
use crate::reconcile::model::plan::remedy::Remedy;

/// What the export guards say of a whole export. A plan is drawn all the same, so that a person can approve it.
pub(super) fn export_findings(plan: &Plan, checks: GuardInputs<'_>) -> Vec<Finding> {
    let GuardInputs { policy, past, counts, export, now, .. } = checks;
    let mut findings = Vec::from_iter(stale(policy, export, now));
    findings.extend(part_of(unread(counts, past)));
    findings.extend(old_again(plan, past, counts).or_else(|| old_file(plan, past, counts)));
    let twice = past.accepted.as_ref().and_then(|accepted| file_twice(plan, past, counts, accepted));
    findings.extend(twice.or_else(|| repeated_unasked(past, counts)).or_else(|| copied_file(past, counts)));
    if let Some(accepted) = &past.accepted {
        findings.extend(fewer_files(past, counts, accepted));
        findings.extend((counts.open_end && !accepted.open_end).then(|| cut_off(accepted.run)));
        let (now, then) = sizes(plan, checks, accepted);
        let share = |code, what: &str, now: Decimal, then: Decimal, min: Percent| {
            let short = now < min.share(then);
            let less = short.then(|| fewer(code, &compared(what, accepted), (now, then, min), accepted.run))?;
            let Some((said, way)) = unmapped(plan, counts).filter(|_| accepted.by_count) else { return Some(less) };
            Some(Finding { message: less.message + &said, fix: way.or(less.fix), ..less })
        };
        let (rows, customers) = (Decimal::from(now.rows), Decimal::from(now.customers));
        let (rows_then, customers_then) = (Decimal::from(then.rows), Decimal::from(then.customers));
        findings.extend(share(Code::ExportFewerRows, "rows", rows, rows_then, policy.min_rows));
        findings.extend(share(
            Code::ExportFewerCustomers,
            "customers",
            customers,
            customers_then,
            policy.min_customers,
        ));
        findings.extend(share(Code::ExportFewerUnits, "units", now.units, then.units, policy.min_units));
    }
    findings
}

/// What is on neither side, for nobody mapped it: whoever a vendor gave another name looks as if they were gone. Also the way to
/// map it.
fn unmapped(plan: &Plan, counts: &Counts) -> Option<(String, Remedy)> {
    let (mut customers, mut services, mut rows) = (BTreeSet::new(), BTreeSet::new(), 0);
    for line in &plan.lines {
        let Subject::Unplaced { customer, service } = &line.subject else { continue };
        match line.verdict {
            Verdict::Held(Code::CustomerUnmapped) => _ = customers.insert(customer.as_str()),
            Verdict::Held(Code::ServiceUnmapped) => _ = services.insert(service.as_str()),
            _ => continue,
        }
        let cell = counts.customers.get(customer).and_then(|own| own.get(service));
        rows += cell.map_or(0, |cell| cell.lines().number());
    }
    let said = |word: &str, names: &BTreeSet<&str>| {
        let first: Vec<String> = names.iter().take(NAMES_SAID).map(|name| format!("\"{}\"", shown(name))).collect();
        let more = names.len().saturating_sub(first.len());
        let more = if more == 0 { String::new() } else { format!(" and {more} more") };
        (!names.is_empty()).then(|| format!("{word} {}{more}", first.join(", ")))
    };
    let names = [said("customer", &customers), said("service", &services)].into_iter().flatten();
    let names = names.collect::<Vec<_>>().join(", ");
    let ways = [
        (!customers.is_empty()).then(|| Remedy::command("recount map suggest")),
        (!services.is_empty())
            .then(|| Remedy::settings("add the new service under services, or rename the old one there")),
    ];
    let way = ways.into_iter().flatten().reduce(Remedy::or)?;
    let rows = plural(&rows, "row");
    Some((format!("; {rows} of names that nobody mapped, on neither side: {names}"), way))
}

/// Names that are said of those that nobody mapped.
const NAMES_SAID: usize = 3;

/// Tonight's export and the last accepted one. A history of an older version knows that one as a whole only.
pub(super) fn sizes(plan: &Plan, checks: GuardInputs<'_>, accepted: &Accepted) -> (Size, Size) {
    let GuardInputs { past, counts, .. } = checks;
    if accepted.by_count {
        return (baseline::tonight(past, counts, plan), Size::of(&past.counts));
    }
    let tonight = Size { rows: counts.rows, customers: counts.customers.len(), units: counts.units() };
    (tonight, Size { rows: accepted.rows, customers: accepted.customers.len(), units: accepted.units })
}

/// What is compared, as it is told: rows that come to no line, because nobody mapped them, are on neither side.
pub(super) fn compared(what: &str, accepted: &Accepted) -> String {
    if accepted.by_count { format!("mapped {what}") } else { what.to_owned() }
}

/// A file that looks like a part of the export: whoever is not in it may be in the rest.
pub fn part_unread(counts: &Counts) -> Option<Finding> {
    part_of(counts.unread.iter().collect())
}

/// The signs of it. A file that an accepted night had is no part of this one.
fn unread<'a>(counts: &'a Counts, past: &Past) -> Vec<&'a UnreadPart> {
    let was_read =
        |name: &str| past.deliveries.iter().flat_map(|delivery| &delivery.files).any(|file| file.name == name);
    let is_open = |sign: &&UnreadPart| match sign {
        UnreadPart::Earlier { path, .. } => path.file_name().is_none_or(|name| !was_read(&name.to_string_lossy())),
        _ => true,
    };
    counts.unread.iter().filter(is_open).collect()
}

fn part_of(unread: Vec<&UnreadPart>) -> Option<Finding> {
    let signs: Vec<String> = unread.iter().take(SIGNS_SAID).map(ToString::to_string).collect();
    (!signs.is_empty()).then(|| {
        let message = format!("the export looks like a part of it: {}", signs.join("; "));
        let whole = Remedy::settings("if it is whole as it is, set whole = true in the export's table");
        let on = unread.iter().find(|sign| !matches!(sign, UnreadPart::Total { .. })).or(unread.first());
        let on = on.and_then(|sign| reads_on(sign)).unwrap_or_default();
        stop(Code::ExportPartUnread, message, on.or("fetch the export whole".into()).or(whole))
    })
}

const SIGNS_SAID: usize = 3;

/// The keys that would read the rest, of the first sign.
fn reads_on(sign: &UnreadPart) -> Option<Remedy> {
    if let UnreadPart::Unled { .. } = sign {
        return Some(Remedy::settings("correct its path in `pages` of the export's table"));
    }
    let beside = if sign.is_of_pages() { "read its `url` page by page: set" } else { "set" };
    Some(Remedy::settings(format!("{beside} {} in the export's table", sign.keys()?)))
}

/// A vendor that ends its last row with a line break does so every night.
fn cut_off(run: RunId) -> Finding {
    let message = format!("no line break ends the export, as one did in run {run}: it may be cut off");
    stop(Code::ExportCutOff, message, "fetch the export again; if it is whole, approve the plan")
}

/// An export with too many rows that cannot be read is damaged: no plan is drawn from it.
pub fn malformed(counts: &Counts, policy: &GuardPolicy) -> Option<Finding> {
    let (bad, rows) = (counts.rejected.len() + counts.nameless.len(), counts.rows);
    let too_many = Decimal::from(bad) > policy.max_malformed.share(Decimal::from(rows));
    too_many.then(|| {
        let share = percent(Decimal::from(bad), Decimal::from(rows));
        let limit = policy.max_malformed.0;
        let first = counts.rejected.iter().map(|row| {
            let (column, value) = (shown(&row.column), shown(&row.value));
            format!("; the first is {}, column \"{column}\": \"{value}\" {}", counts.parts.line(row.line), row.why)
        });
        let first = first.take(1).collect::<String>();
        let nameless = match counts.nameless.first() {
            Some(line) => {
                let first = counts.parts.line(*line);
                format!("; {} name no customer, the first is {first}", counts.nameless.len())
            }
            None => String::new(),
        };
        let message = format!("{bad} of {rows} rows could not be read ({share} %, limit {limit} %){first}{nameless}");
        let all_may_be = counts.nameless.is_empty() && counts.rejected.iter().all(|row| row.why.may_be_declared());
        let declare = || {
            let declared = Remedy::settings("declare how the vendor writes numbers");
            declared.noting("`recount check` says what to write")
        };
        stop(Code::ExportMalformed, message, if all_may_be { declare() } else { row_advice(counts) })
    })
}

/// What helps the first row that could not be read.
fn row_advice(counts: &Counts) -> Remedy {
    counts.rejected.first().map_or_else(
        || {
            let way = if counts.filled.customer { "" } else { "set `fill_down`, or " };
            Remedy::settings(format!("{way}leave rows without a customer out with `drop`"))
        },
        |row| row_remedy(&row.why, counts.filled),
    )
}

/// An export of another night: too old, or from a day that has not come.
pub fn stale(policy: &GuardPolicy, export: &ExportStamp, now: DateTime<Utc>) -> Option<Finding> {
    let age = now.signed_duration_since(export.modified_at);
    if age < -FUTURE_MAX {
        let message = format!("the export is of {}, which has not come yet", day(export.modified_at.date_naive()));
        return Some(stop(Code::ExportStale, message, "look at the file's time, and at the clock"));
    }
    (age > policy.max_age).then(|| {
        let message = format!("the export is {} old, the limit is {}", hours(age), hours(policy.max_age));
        stop(Code::ExportStale, message, "fetch tonight's export, or approve the plan if its counts still hold")
    })
}

/// Copied between hosts, a file's time is off by a time zone, not by more.
const FUTURE_MAX: TimeDelta = TimeDelta::hours(24);

/// `36 h`, or `36 h 5 min`.
pub(super) fn hours(time: TimeDelta) -> String {
    match time.num_minutes() % 60 {
        0 => format!("{} h", time.num_hours()),
        minutes => format!("{} h {minutes} min", time.num_hours()),
    }
}

fn fewer(code: Code, what: &str, (now, then, min): (Decimal, Decimal, Percent), since: RunId) -> Finding {
    let (share, min) = (percent(now, then), min.0);
    let message =
        format!("{what} since run {since}: {} → {} ({share} %, at least {min} %)", then.normalize(), now.normalize());
    stop(code, message, "fetch the export again; if it is true, approve the plan")
}
