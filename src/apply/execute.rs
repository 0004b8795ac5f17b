//! The writes of a cleared plan: agreements side by side, the lines of each one after another.

use std::future::poll_fn;
use std::task::Poll;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;

use crate::apply::agreement_writes::{LineEnd, lanes};
use crate::apply::execution_context::ExecutionContext;
use crate::apply::journal_queue::JournalQueue;
use crate::apply::one_write::WriteExecutor;
use crate::apply::write_result::{Applied, LineWriteResult, not_reached};
use crate::connectwise::{UpcomingWork, Writer};
use crate::history::store::open::History;
use crate::reconcile::guard::cleared::ClearedPlan;

/// Carries out a cleared plan, line by line, without deciding anything.
pub async fn carry_out<W: Writer>(
    plan: &ClearedPlan,
    context: ExecutionContext<'_>,
    connectwise: &W,
    journal: &mut History,
) -> Applied {
    connectwise.ahead(UpcomingWork::Writes(plan.writes().len()));
    let queue = JournalQueue::new(context, journal);
    let mut waiting = lanes(plan.writes());
    let agreements = waiting.iter().map(|lane| lane.agreement).collect();
    let executor = WriteExecutor::new(context, connectwise, &queue, agreements);
    let mut settled: Vec<Option<LineWriteResult>> = vec![None; plan.writes().len()];
    let mut at_work = FuturesUnordered::new();
    let mut halt = None;
    loop {
        halt = halt.or_else(|| executor.halt());
        while halt.is_none() && at_work.len() < executor.width() {
            let Some(lane) = waiting.pop_front() else { break };
            at_work.push(executor.next_line(lane));
        }
        let Some(step) = next_end(&mut at_work, &queue).await else { break };
        let Some(LineEnd { lane, at, ended }) = step else { continue };
        match ended {
            Ok(end) => settled[at] = Some(end),
            Err(why) => halt = halt.or(Some(why)),
        }
        if !lane.writes.is_empty() {
            waiting.push_front(lane);
        }
    }
    let lines = plan.writes().iter().zip(settled);
    let settled = lines.map(|((key, write), end)| end.unwrap_or_else(|| not_reached(key, write))).collect();
    drop(at_work);
    Applied { settled, halt: executor.halt_after_all(halt) }
}

/// Waits until one line has ended. Whenever all that are at work wait, what they have for the journal is committed:
/// once the answers that have arrived by then were taken, too, so that as many as possible share a commit.
async fn next_end<T>(at_work: &mut FuturesUnordered<impl Future<Output = T>>, queue: &JournalQueue<'_>) -> Option<T> {
    let mut arrived = false;
    poll_fn(|context| {
        loop {
            match at_work.poll_next_unpin(context) {
                Poll::Pending if queue.has_notes() && !arrived => {
                    arrived = true;
                    context.waker().wake_by_ref();
                    return Poll::Pending;
                }
                Poll::Pending if queue.commit() => arrived = false,
                other => return other,
            }
        }
    })
    .await
}
