//! The writes of a cleared plan, one line after another: its agreement is read again just before.

use std::collections::BTreeSet;

use chrono::NaiveDate;

use crate::apply::execution_context::ExecutionContext;
use crate::apply::one_write::WriteExecutor;
use crate::apply::write_result::{Applied, Halt, Settled, held, not_reached};
use crate::connectwise::{Ahead, ReadError, Writer};
use crate::history::store::open::History;
use crate::reconcile::guard::cleared::{ClearedPlan, Write};
use crate::reconcile::model::ids::AgreementId;
use crate::reconcile::model::plan::code::Code;
use crate::reconcile::model::plan::line::LineKey;
use crate::reconcile::model::records::Addition;

/// Carries out a cleared plan, line by line, without deciding anything.
pub async fn carry_out<W: Writer>(
    plan: &ClearedPlan,
    context: ExecutionContext<'_>,
    connectwise: &W,
    journal: &mut History,
) -> Applied {
    let mut executor = WriteExecutor::new(context, connectwise, journal);
    let mut applied = Applied::default();
    connectwise.ahead(Ahead::Writes(plan.writes().len()));
    for (key, write) in plan.writes() {
        applied.halt = applied.halt.take().or_else(|| executor.halt());
        let settled = match applied.halt {
            None => look_and_write(key, write, context, connectwise, &mut executor).await.unwrap_or_else(|halt| {
                applied.halt = Some(halt);
                not_reached(key, write)
            }),
            Some(_) => not_reached(key, write),
        };
        applied.settled.push(settled);
    }
    applied.halt = applied.halt.or(executor.halt_after_all());
    applied
}

/// What the line's agreement shows is read just before the write: a person may be at work on it, too. A throttled read
/// may wait long, and a person who asks to stop does not.
///
/// # Errors
/// Why nothing is written from here on; nothing of this line was sent.
async fn look_and_write<W: Writer>(
    key: &LineKey,
    write: &Write,
    context: ExecutionContext<'_>,
    connectwise: &W,
    executor: &mut WriteExecutor<'_, W>,
) -> Result<Settled, Halt> {
    let fresh = tokio::select! {
        fresh = look_again(key.agreement, context.today, connectwise) => fresh,
        () = context.stop.wait() => Fresh::Unread(Halt::Stopped),
    };
    match fresh {
        // The host may have slept through the look, or ConnectWise made it wait.
        Fresh::Billing(_) if context.is_too_old() => Err(Halt::PlanTooOld),
        Fresh::Billing(additions) => Ok(executor.write(key, write, &additions).await),
        Fresh::Held(code, detail) => Ok(held(key, code, &detail)),
        Fresh::Hidden(error) => match executor.hidden() {
            true => Err(Halt::Read(error)),
            false => Ok(held(key, Code::AgreementUnreadable, &error.to_string())),
        },
        Fresh::Unread(why) => Err(why),
    }
}

/// What an agreement shows when its lines are about to be written.
enum Fresh {
    Billing(Vec<Addition>),
    Held(Code, String),
    /// ConnectWise does not give out the additions of this one.
    Hidden(ReadError),
    Unread(Halt),
}

async fn look_again<W: Writer>(agreement: AgreementId, today: NaiveDate, connectwise: &W) -> Fresh {
    let found = match connectwise.agreements(&BTreeSet::from([agreement])).await {
        Ok(found) => found,
        Err(error) => return Fresh::Unread(Halt::Read(error)),
    };
    if let Some(record) = found.unreadable.iter().find(|record| record.id == agreement.0) {
        let detail = format!("agreement {agreement} cannot be read: {}", record.why);
        return Fresh::Held(Code::AgreementUnreadable, detail);
    }
    match found.records.iter().find(|found| found.id == agreement).map(|found| found.billing(today)) {
        None => Fresh::Held(Code::AgreementMissing, format!("agreement {agreement} is gone since the plan was drawn")),
        Some(Err(trouble)) => {
            Fresh::Held(trouble.code(), format!("agreement {agreement} {trouble}, since the plan was drawn"))
        }
        Some(Ok(())) => match connectwise.additions(agreement).await {
            Ok(list) => Fresh::Billing(list.additions),
            Err(error @ ReadError::Additions { .. }) => Fresh::Hidden(error),
            Err(error) => Fresh::Unread(Halt::Read(error)),
        },
    }
}
