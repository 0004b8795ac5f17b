//! Why something is no answer to an open item, and what is.

use crate::cli::error::CommandError;
use crate::reconcile::decide::permitted_answers::Refusal;
use crate::reconcile::model::plan::fingerprint::short;
use crate::reconcile::model::plan::outcome::AnswerVerb;
use crate::reconcile::model::plan::reason_code::Code;
use crate::reconcile::model::plan::remedy::Remedy;
use crate::report::exit_codes::Exit;
use crate::report::open_items::Item;

/// The error of a command that was given it.
pub(super) fn refused(verb: AnswerVerb, item: Item<'_>, refusal: Refusal) -> CommandError {
    let Item { of, handle, finding, line } = item;
    let detail = line.map(|line| line.detail.clone()).unwrap_or_default();
    let held = || Remedy::command("recount held");
    let (why, fix) = match refusal {
        Refusal::PlanHeld => {
            let fingerprint = of.run.planned.as_ref().map(|planned| short(&planned.fingerprint)).unwrap_or_default();
            let approve = Remedy::command(format!("recount apply {fingerprint}"));
            ("the whole plan is held, and is approved as a whole".to_owned(), approve)
        }
        Refusal::Conflict => (detail, Remedy::command(format!("recount plan {}", of.run.integration))),
        // Its message lists the lines, which are what is answered.
        Refusal::AnotherRemedy { code: code @ Code::BilledNotCounted, ignorable: false } => {
            let fix = finding.map(|found| found.fix.clone()).unwrap_or_default();
            (format!("{code} is answered by the handles of its lines"), fix.or(held()))
        }
        Refusal::AnotherRemedy { code, ignorable } => {
            let (message, fix) = finding.map(|found| (&*found.message, found.fix.clone())).unwrap_or_default();
            let ignore = if ignorable { Remedy::command(format!("recount ignore {handle}")) } else { Remedy::Unsaid };
            (format!("{code}: {message}"), fix.or(ignore))
        }
        Refusal::HeldByAnother(reason) if detail.is_empty() => {
            (format!("another open item holds it, {reason}"), held())
        }
        Refusal::HeldByAnother(reason) => (format!("another open item holds it, {reason}: {detail}"), held()),
        Refusal::NotOpen(outcome, reason) if of.refused.is_some() => {
            let refused = of.refused.as_ref().map(|(run, _)| run.run.to_string()).unwrap_or_default();
            let asks = format!("run {refused} refused its export, and asks about that alone");
            (format!("{asks}; in run {}, the last that was not, it is {outcome}, {reason}", of.run.run), held())
        }
        Refusal::NotOpen(outcome, reason) => (format!("it is not an open item: {outcome}, {reason}"), held()),
        Refusal::InformationOnly => ("it is for information only".to_owned(), held()),
        Refusal::NotAnswered => ("nothing was decided about it".to_owned(), Remedy::command("recount held --all")),
    };
    CommandError::new(Exit::Usage, format!("cannot {verb} {handle}: {why}"), fix)
}
