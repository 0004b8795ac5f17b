//! The one checker: after every night, from what ConnectWise was asked and what the history says.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use super::connectwise::{ConnectWise, Row, Sent, State, What};
use super::export::Vendor;
use super::{Night, moves};
use recount::history::journal::{IntentKind, WriteOutcome, WriteRecord};
use recount::history::run_record::{LineRecord, RunRecord, WriteId};
use recount::reconcile::model::ids::{AgreementId, ProductCode, ProductId};
use recount::reconcile::model::mapping::Mapping;
use recount::reconcile::model::plan::outcome::{Outcome, RunCommand};
use recount::reconcile::model::plan::reason_code::Code;
use recount::reconcile::model::quantity::Quantity;

/// Requests that one run of such a small house may make: a few for the directory, and at most a look, a try and
/// another of each for every line.
const CALLS_MAX: u64 = 600;
/// One quantity is sent at most so often: while ConnectWise is busy, and once more after an unclear answer.
const SENDINGS_MAX: usize = 7;

pub(super) fn is_held(record: &RunRecord) -> bool {
    matches!(record.end.as_ref().map(|end| end.exit_code), Some(10 | 11)) && record.planned.is_some()
}

/// I1 to I8, I10, I12 to I14, as far as they can be seen from inside one process.
pub(super) fn judge(connectwise: &ConnectWise, night: &Night) -> Result<(), String> {
    let mut state = connectwise.state.borrow_mut();
    if let Some(violation) = state.violations.first() {
        return Err(violation.clone());
    }
    let history = connectwise.history()?;
    if night.record.is_none() {
        history.check().map_err(|error| format!("the history: {error}"))?;
    }
    let journal = history.verify_journal().map_err(|error| format!("I10: {error}"))?;
    // A write is known by the row of its intent.
    let last_sent = state.sent.iter().map(|sent| sent.write.0.unsigned_abs()).max().unwrap_or(0);
    if last_sent > journal.rows {
        return Err(format!("I2: write {last_sent} was sent, and its intent is lost: {} rows", journal.rows));
    }
    if let Some(head) = night.told.as_ref().filter(|head| !history.had_head(head).unwrap_or(false)) {
        return Err(format!("I10: a report told the head {head}, and the history does not know it"));
    }
    let sent = &state.sent[night.sent_before..];
    sent_within_limits(sent)?;
    if state.calls - night.calls_before > CALLS_MAX {
        return Err(format!("I13: {} requests in one run", state.calls - night.calls_before));
    }
    let Some(record) = &night.record else { return Ok(()) };
    let stored = history.run(record.run).map_err(|error| error.to_string())?;
    if stored.as_ref() != Some(record) {
        return Err(format!("the history keeps another record than was told:\n{stored:#?}\n{record:#?}"));
    }
    let writes = history.writes_of(record.run).map_err(|error| error.to_string())?;
    if (is_held(record) || record.command == RunCommand::Plan) && !(sent.is_empty() && writes.is_empty()) {
        return Err(format!("I6: a plan that was held was written: {sent:#?}"));
    }
    totals(record, &writes)?;
    applied_is_true(&writes, &state.sent, &state.rows)?;
    refused_is_true(&writes, &state)?;
    exit(record)?;
    state.seen.held_plans += u64::from(is_held(record));
    let adopted = |write: &&WriteRecord| {
        let clear = |sent: &&Sent| sent.write == write.write;
        matches!(write.outcome, Some(WriteOutcome::Applied { .. })) && state.sent.iter().filter(clear).count() > 1
    };
    let adopted = writes.iter().filter(adopted).count();
    state.seen.adopted += adopted as u64;
    in_sight(&mut state, record, connectwise.today())
}

/// I16: a line that recount owned and that bills stands in the newest plan, unless somebody answered it.
fn in_sight(state: &mut State, record: &RunRecord, today: NaiveDate) -> Result<(), String> {
    let Some(planned) = &record.planned else { return Ok(()) };
    let keys: BTreeSet<_> =
        planned.lines.iter().filter_map(|line| Some((line.agreement?, line.product.clone()?))).collect();
    let additions: BTreeSet<_> = planned.lines.iter().filter_map(|line| line.addition).collect();
    let code = |id: ProductId| ProductCode::new(&format!("P-{id}"));
    // One that somebody moved is asked about where it was, by its name.
    let open: Vec<_> =
        planned.lines.iter().filter(|line| matches!(line.outcome, Outcome::Held | Outcome::Unknown)).collect();
    let waits = |row: &Row| open.iter().any(|line| moves::names(line, row.addition.id));
    let shown = |row: &&Row| {
        additions.contains(&row.addition.id)
            || row.addition.product.is_some_and(|id| keys.contains(&(row.agreement, code(id))))
            || waits(row)
    };
    if let Some(row) = state.billing_owned(today).find(|row| !shown(row)) {
        let lines: Vec<String> = planned.lines.iter().map(shortly).collect();
        let (run, lines) = (record.run, lines.join("\n"));
        return Err(format!("I16: a line of ours is out of sight: {row:?} in run {run}:\n{lines}"));
    }
    state.seen.left_behind += u64::from(planned.lines.iter().any(|line| line.reason == Code::LineLeftBehind));
    let known = |row: &Row| {
        let here = |line: &&LineRecord| line.addition == Some(row.addition.id) && line.agreement == Some(row.agreement);
        row.ours.is_some() && planned.lines.iter().any(|line| here(&line) && line.reason != Code::BilledNotCounted)
    };
    for row in state.rows.iter_mut().filter(|row| row.home.is_none()) {
        row.home = row.addition.product.filter(|_| known(row)).map(|product| (row.agreement, product));
    }
    if planned.accepted && record.command != RunCommand::Plan {
        let counted = planned.lines.iter().filter(|line| !line.sources.is_empty());
        let settled = counted.filter(|line| matches!(line.outcome, Outcome::Unchanged | Outcome::Updated));
        let owned: BTreeSet<_> = settled.filter_map(|line| line.addition).collect();
        for row in state.rows.iter_mut().filter(|row| owned.contains(&row.addition.id)) {
            row.owned = row.addition.is_live(today) && row.addition.quantity.as_ref().is_ok_and(|now| !now.is_zero());
            row.home = row.addition.product.map(|product| (row.agreement, product));
        }
    }
    Ok(())
}

fn shortly(line: &LineRecord) -> String {
    let LineRecord { agreement, product, addition, was, wanted, outcome, reason, detail, .. } = line;
    format!("{agreement:?} {product:?} {addition:?} {was:?} {wanted:?} {outcome} {reason}: {detail}")
}

fn sent_within_limits(sent: &[Sent]) -> Result<(), String> {
    let mut times: BTreeMap<WriteId, usize> = BTreeMap::new();
    for one in sent {
        let count = times.entry(one.write).or_default();
        *count += 1;
        let most = if matches!(one.what, What::Create(_)) { 1 } else { SENDINGS_MAX };
        if *count > most {
            return Err(format!("I1: write {} was sent {count} times: {:?}", one.write, one.what));
        }
    }
    Ok(())
}

/// I3 and I12: every intent has an end, and the report counts what the journal holds.
fn totals(record: &RunRecord, writes: &[WriteRecord]) -> Result<(), String> {
    let end = record.end.as_ref().ok_or("a run that came back has no end")?;
    if let Some(open) = writes.iter().find(|write| write.outcome.is_none()) {
        return Err(format!("I3: an intent without an end: {open:?}"));
    }
    let count =
        |of: fn(&WriteOutcome) -> bool| writes.iter().filter(|write| write.outcome.as_ref().is_some_and(of)).count();
    let applied = count(|outcome| matches!(outcome, WriteOutcome::Applied { .. }));
    let unknown = count(|outcome| matches!(outcome, WriteOutcome::Unknown { .. }));
    let refused = count(|outcome| matches!(outcome, WriteOutcome::Refused { .. }));
    let lines = record.planned.as_ref().map(|planned| planned.lines.as_slice()).unwrap_or_default();
    let of = |outcome: Outcome| lines.iter().filter(|line| line.outcome == outcome).count();
    let changed = of(Outcome::Updated) + of(Outcome::Created);
    let said = (end.totals.changed, end.totals.failed, end.totals.lines, end.totals.explained);
    if said != (changed, of(Outcome::Failed), lines.len(), lines.len()) || end.totals.unknown != of(Outcome::Unknown) {
        return Err(format!("I12: the totals {:?} are not those of the lines", end.totals));
    }
    if changed != applied || refused != end.totals.failed || unknown > end.totals.unknown {
        let journal = format!("{applied} applied, {refused} refused, {unknown} unknown");
        return Err(format!("I12: the totals {:?} are not those of the journal: {journal}", end.totals));
    }
    Ok(())
}

/// What the journal calls applied stands in ConnectWise's own ledger, or a person had made it so meanwhile.
fn applied_is_true(writes: &[WriteRecord], sent: &[Sent], rows: &[Row]) -> Result<(), String> {
    for write in writes {
        let Some(WriteOutcome::Applied { addition, .. }) = &write.outcome else { continue };
        let carried_out = sent.iter().any(|sent| sent.write == write.write && sent.applied > 0);
        let row = rows.iter().find(|row| row.addition.id == *addition);
        if row.is_none_or(|row| !carried_out && row.edited_at_call == 0) {
            return Err(format!("I12: the journal calls a write applied that was not: {write:?} {row:?}"));
        }
    }
    Ok(())
}

/// What the journal calls refused was not carried out, and is not on its way.
fn refused_is_true(writes: &[WriteRecord], state: &State) -> Result<(), String> {
    for write in writes.iter().filter(|write| matches!(write.outcome, Some(WriteOutcome::Refused { .. }))) {
        let of = |at: &usize| state.sent.get(*at).is_some_and(|sent| sent.write == write.write);
        let carried_out = state.sent.iter().any(|sent| sent.write == write.write && sent.applied > 0);
        let addition = match write.intent.kind {
            IntentKind::Set { addition, .. } => Some(addition),
            IntentKind::Create { .. } => None,
        };
        let edited = |row: &&Row| Some(row.addition.id) == addition && row.edited_at_call >= state.run_began_at;
        let set_back = state.rows.iter().any(|row| edited(&row));
        if state.on_the_way().any(|at| of(&at)) || carried_out && !set_back {
            return Err(format!("I12: the journal calls a write refused that was not: {write:?}"));
        }
    }
    Ok(())
}

/// I14: the exit code is that of what happened.
fn exit(record: &RunRecord) -> Result<(), String> {
    let end = record.end.as_ref().ok_or("a run that came back has no end")?;
    let totals = &end.totals;
    let wrong = match end.exit_code {
        0 => totals.failed + totals.unknown + totals.to_decide > 0,
        3 => totals.failed + totals.unknown > 0 || totals.to_decide == 0,
        5 | 10 | 11 | 12 | 13 => false,
        _ => true,
    };
    if wrong {
        return Err(format!("I14: exit {} with {totals:?}: {:#?}", end.exit_code, end.findings));
    }
    Ok(())
}

/// Every line that the mapping names is billed exactly once, at what the vendor says.
pub(super) fn goal(connectwise: &ConnectWise, vendor: &Vendor, mapping: &Mapping) -> Result<(), String> {
    let state = connectwise.state.borrow();
    let today = connectwise.today();
    let mut wanted: BTreeMap<(AgreementId, ProductId), u64> = BTreeMap::new();
    for (customer, service, agreement, product) in moves::billed(mapping) {
        let count = vendor.count(customer, service).ok_or("a customer is not in the last export")?;
        *wanted.entry((agreement, product)).or_default() += count;
    }
    if let Some(row) = state.left_behind(today).next() {
        return Err(format!("the goal is not reached: a line of ours bills still: {row:?}"));
    }
    for ((agreement, product), count) in wanted {
        if state.agreements.values().any(|found| found.id == agreement && found.cancelled) {
            continue;
        }
        let live: Vec<_> = state
            .rows
            .iter()
            .filter(|row| row.agreement == agreement && row.addition.product == Some(product))
            .filter(|row| row.addition.is_live(today))
            .map(|row| row.addition.quantity.clone())
            .collect();
        let count = Quantity::from(u32::try_from(count).unwrap_or(u32::MAX));
        let reached = if live.is_empty() { count.is_zero() } else { live == [Ok(count)] };
        if !reached {
            let said = "the goal is not reached: agreement";
            return Err(format!("{said} {agreement}, product {product}: wanted {count}, live {live:?}"));
        }
    }
    Ok(())
}

/// The second clean run changes nothing and leaves nothing in doubt.
pub(super) fn is_quiet(record: &RunRecord) -> Result<(), String> {
    let totals = record.end.as_ref().map(|end| end.totals).unwrap_or_default();
    if totals.changed + totals.would_change + totals.failed + totals.unknown > 0 {
        return Err(format!("I9: the second clean run is not silent: {totals:?}"));
    }
    Ok(())
}
