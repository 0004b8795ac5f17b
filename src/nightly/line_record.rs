//! A line's record: as planned, as it was settled, and as the journal knows it.

use std::collections::BTreeMap;

use crate::apply::write_result::LineWriteResult;
use crate::history::journal::{WriteOutcome, WriteRecord};
use crate::history::run_record::LineRecord;
use crate::reconcile::decide::findings::line_remedies::{a_later_run_looks, end_all_but_one, put_where_it_was_sent};
use crate::reconcile::matching::placement::another_agreement;
use crate::reconcile::model::ids::AdditionId;
use crate::reconcile::model::plan::finding::{Finding, finding};
use crate::reconcile::model::plan::line::{Line, LineKey, Subject, Verdict};
use crate::reconcile::model::plan::outcome::Outcome;
use crate::reconcile::model::plan::reason_code::{Code, Severity};
use crate::reconcile::model::plan::remedy::Remedy;

/// What the journal knows of the lines of a run whose process died.
pub(super) fn cut_off_lines(lines: &[LineRecord], writes: &[WriteRecord], wrote: bool) -> Vec<LineWriteResult> {
    // Of a line that was written twice, the last write.
    let newest: BTreeMap<&LineKey, &WriteRecord> = writes.iter().map(|write| (&write.intent.key, write)).collect();
    let settled = lines.iter().filter(|_| wrote).filter_map(|line| {
        let planned = matches!(line.outcome, Outcome::WouldUpdate | Outcome::WouldCreate);
        let key = line.key().filter(|_| planned)?;
        let write = newest.get(&key);
        let not_reached = "the run ended before this line; nothing was sent".to_owned();
        let (outcome, reason, now, created, detail) = match write.map(|write| &write.outcome) {
            None => (Outcome::Held, Code::NotReached, line.was, None, not_reached),
            Some(Some(WriteOutcome::Applied { addition, quantity })) => {
                let outcome = if line.was.is_some() { Outcome::Updated } else { Outcome::Created };
                (outcome, line.reason, Some(*quantity), Some(*addition), "done before the run ended".to_owned())
            }
            Some(Some(WriteOutcome::Refused { why } | WriteOutcome::Superseded { why })) => {
                (Outcome::Failed, Code::WriteRefused, line.was, None, why.clone())
            }
            Some(None | Some(WriteOutcome::Unknown { .. })) => {
                let detail = "in progress when the run ended; a later run looks it up".to_owned();
                (Outcome::Unknown, Code::InDoubt, None, None, detail)
            }
        };
        Some(LineWriteResult { key, outcome, reason, now, created, detail })
    });
    settled.collect()
}

pub(super) fn line_record(line: Line, held: bool) -> LineRecord {
    let Line {
        handle,
        subject,
        company,
        sources,
        wanted,
        live,
        carried: _,
        verdict,
        billed,
        detail,
        named,
        changed_at,
        edited,
    } = line;
    let (agreement, product, item) = match subject {
        Subject::Line(LineKey { agreement, product, item }) => (Some(agreement), Some(product), item),
        Subject::Unplaced { .. } => (None, None, None),
    };
    let (outcome, reason) = match &verdict {
        Verdict::Update(_) | Verdict::Create(_) if held => (Outcome::Held, Code::PlanHeld),
        Verdict::Update(_) => (Outcome::WouldUpdate, verdict.code()),
        Verdict::Create(_) => (Outcome::WouldCreate, verdict.code()),
        Verdict::Unchanged(code) => (Outcome::Unchanged, *code),
        Verdict::Held(Code::InDoubt) => (Outcome::Unknown, Code::InDoubt),
        Verdict::Held(_) | Verdict::Large(_) => (Outcome::Held, verdict.code()),
        Verdict::Skipped(code) => (Outcome::Skipped, *code),
    };
    let was = live.map(|live| live.quantity);
    let is_asked = outcome == Outcome::Held || reason == Code::Ignored;
    let named = is_asked.then_some(named);
    let addition = live.map(|live| live.addition);
    LineRecord {
        handle,
        company,
        agreement,
        addition,
        product,
        item,
        sources,
        was,
        wanted,
        now: was,
        outcome,
        reason,
        detail,
        named,
        billed,
        changed_at,
        edited,
    }
}

/// The quantity of an undo follows no count.
pub(super) fn undone_line(line: LineRecord, undone: bool) -> LineRecord {
    let reason = if undone && line.reason == Code::CountChanged { Code::Undone } else { line.reason };
    LineRecord { reason, ..line }
}

pub(super) fn settle_line(line: &mut LineRecord, settled: LineWriteResult, undone: bool) {
    let LineWriteResult { key: _, outcome, reason, now, created, detail } = settled;
    line.outcome = outcome;
    line.reason = if undone && reason == Code::CountChanged { Code::Undone } else { reason };
    line.now = now.or(line.now);
    line.addition = created.or(line.addition);
    // Which invoice it reaches, and who accepted it, hold after the write as well.
    let planned = std::mem::take(&mut line.detail);
    let planned = if is_done(outcome) { planned } else { String::new() };
    line.detail = [detail, planned].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("; ");
}

fn is_done(outcome: Outcome) -> bool {
    matches!(outcome, Outcome::Updated | Outcome::Created)
}

/// What a person has to hear of a line that did not go as planned.
///
/// `again`: ConnectWise refused the line's last write in the same words.
pub(super) fn settle_finding(line: &LineRecord, settled: &LineWriteResult, again: bool) -> Option<Finding> {
    let (severity, fix): (Severity, Remedy) = match settled.outcome {
        Outcome::Conflict => {
            (Severity::Decide, "find out who changed it; the next run plans with what it finds".into())
        }
        Outcome::Held if settled.reason == Code::NotReached => return None,
        Outcome::Held => (Severity::Decide, another_agreement()),
        _ if settled.reason == Code::StoredRounded => (
            Severity::Info,
            Remedy::settings("say how many decimals are sent by `quantity_decimals`").noting("they are learnt as well"),
        ),
        // The same request again would change nothing.
        Outcome::Failed if settled.reason == Code::WriteIgnored && holds_otherwise(line, settled) => {
            (Severity::Decide, look_at_what_it_holds(settled.created))
        }
        Outcome::Failed if again => {
            let mended = Remedy::in_connectwise("it said the same the last time: correct what it names");
            (Severity::Decide, mended.or(Remedy::command(format!("recount keep {}", line.handle))))
        }
        Outcome::Failed => (Severity::Warning, "the next run tries again; fix what ConnectWise reports".into()),
        Outcome::Unknown if settled.reason == Code::InDoubtAmbiguous => (Severity::Decide, end_all_but_one()),
        Outcome::Unknown if settled.created.is_some() => {
            let placed = settled.created.map(put_where_it_was_sent).unwrap_or_default();
            (Severity::Decide, placed.noting("no other one is created until `recount accept`"))
        }
        Outcome::Unknown => (Severity::Warning, a_later_run_looks()),
        _ => return None,
    };
    let told = finding(severity, settled.reason, settled.detail.clone());
    Some(Finding { fix, ..told.about_line(&line.handle, &line.sources) })
}

/// Whether ConnectWise took a write and holds something else than was sent, and than it held before.
fn holds_otherwise(line: &LineRecord, settled: &LineWriteResult) -> bool {
    settled.created.is_some() || settled.now.is_some_and(|now| line.was != Some(now))
}

/// What to do about a line that holds something else than was sent.
fn look_at_what_it_holds(created: Option<AdditionId>) -> Remedy {
    match created {
        Some(addition) => Remedy::in_connectwise(format!("correct what addition {addition} holds otherwise"))
            .noting("recount sets quantities only, and creates no second line"),
        None => Remedy::in_connectwise("look what keeps the line from the quantity that was sent")
            .noting("it is not sent again until `recount accept`"),
    }
}
