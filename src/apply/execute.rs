//! The writes of a cleared plan: agreements side by side, the lines of each one after another.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::task::Poll;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;

use crate::apply::agreement_writes::{AgreementWrites, LineEnd, lanes};
use crate::apply::execution_context::ExecutionContext;
use crate::apply::journal_queue::JournalQueue;
use crate::apply::one_write::WriteExecutor;
use crate::apply::write_result::{Applied, LineWriteResult, not_reached};
use crate::connectwise::{UpcomingWork, Writer};
use crate::history::store::open::History;
use crate::reconcile::guard::cleared_plan::ClearedPlan;

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
    let (mut at_work, mut looking) = (FuturesUnordered::new(), FuturesUnordered::new());
    // Those whose next line was looked for already, or was begun.
    let mut seen = VecDeque::new();
    let mut halt = None;
    loop {
        halt = halt.or_else(|| executor.halt());
        if halt.is_some() {
            (waiting, seen) = Default::default();
            looking.clear();
        }
        while at_work.len() < executor.width() {
            let Some(lane) = seen.pop_front().or_else(|| waiting.pop_front()) else { break };
            at_work.push(executor.next_line(lane));
        }
        while looking.len() + seen.len() < executor.looks_ahead() {
            let Some(lane) = waiting.pop_front() else { break };
            looking.push(executor.look_ahead(lane));
        }
        match next_step(&mut at_work, &mut looking, &queue).await {
            Step::Seen(lane) => seen.push_back(lane),
            Step::Ended(LineEnd { lane, at, ended }) => {
                match ended {
                    Ok(end) => settled[at] = Some(end),
                    Err(why) => halt = halt.or(Some(why)),
                }
                if !lane.writes.is_empty() {
                    seen.push_front(lane);
                }
            }
            Step::Done => break,
        }
    }
    let lines = plan.writes().iter().zip(settled);
    let settled = lines.map(|((key, write), end)| end.unwrap_or_else(|| not_reached(key, write))).collect();
    drop((at_work, looking));
    Applied { settled, halt: executor.halt_after_all(halt) }
}

/// What came next.
enum Step<'p> {
    /// A line has ended.
    Ended(LineEnd<'p>),
    /// An agreement was looked at for a line that is not begun yet.
    Seen(AgreementWrites<'p>),
    /// Nothing is at work any more.
    Done,
}

/// Waits until one line has ended, or was looked for. Whenever all that are at work wait, what they have for the journal is
/// committed: once the answers that have arrived by then were taken, too, so that as many as possible share a commit.
async fn next_step<'p>(
    at_work: &mut FuturesUnordered<impl Future<Output = Option<LineEnd<'p>>>>,
    looking: &mut FuturesUnordered<impl Future<Output = AgreementWrites<'p>>>,
    queue: &JournalQueue<'_>,
) -> Step<'p> {
    let mut arrived = false;
    poll_fn(|context| {
        loop {
            let ended = at_work.poll_next_unpin(context);
            match ended {
                Poll::Ready(Some(Some(end))) => return Poll::Ready(Step::Ended(end)),
                Poll::Ready(Some(None)) => continue,
                Poll::Ready(None) | Poll::Pending => {}
            }
            // Their requests leave before the disk is waited for.
            match looking.poll_next_unpin(context) {
                Poll::Ready(Some(lane)) => return Poll::Ready(Step::Seen(lane)),
                Poll::Ready(None) if ended.is_ready() => return Poll::Ready(Step::Done),
                _ if queue.has_notes() && !arrived => {
                    arrived = true;
                    context.waker().wake_by_ref();
                    return Poll::Pending;
                }
                _ if queue.commit() => arrived = false,
                _ => return Poll::Pending,
            }
        }
    })
    .await
}
