//! A cleared plan and the run lock in, what really happened out: the write protocol.
//!
//! For each line: read its agreement and the additions again, and only if ConnectWise still holds what the plan shows:
//! intent on disk, one request, the answer compared with what was sent, outcome on disk. A quantity is
//! absolute, so setting it may be repeated after a look. A creation is sent once: after an unclear answer it is looked
//! up, and if it is not there it is left in doubt, because "not in the listing" is no proof that it will not be.
//!
//! One write is in flight at a time: parallel writes would only multiply the unknowns of a bad night.
//!
//! Known gap: ConnectWise has no compare-and-set, so a hand edit in the milliseconds between the re-read and the write
//! can be overwritten. The answer and the next night's `human_edit` guard show it.

mod one_write;
pub mod recovery;
pub mod stop;
pub(crate) mod write_result;

use crate::apply::stop::Stop;
use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use crate::connectwise::{Ahead, ReadError, Writer};
use crate::history::store::error::StoreError;
use crate::history::store::lock::RunLock;
use crate::history::store::open::History;
use crate::reconcile::guard::cleared::{ClearedPlan, Write};
use crate::reconcile::model::code::Code;
use crate::reconcile::model::ids::{AdditionId, AgreementId, RunId};
use crate::reconcile::model::outcome::Outcome;
use crate::reconcile::model::plan::LineKey;
use crate::reconcile::model::quantity::Quantity;
use crate::reconcile::model::records::Addition;

/// What became of one line that was to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settled {
    /// Which line.
    pub key: LineKey,
    /// In a word.
    pub outcome: Outcome,
    /// Why.
    pub reason: Code,
    /// What ConnectWise holds now, as far as it was seen.
    pub now: Option<Quantity>,
    /// The addition, if one was created.
    pub created: Option<AdditionId>,
    /// A sentence.
    pub detail: String,
}

/// What became of a plan. It is told whole, even if the store failed on the way.
#[derive(Debug, Default)]
pub struct Applied {
    /// One for each write of the plan, in its order.
    pub settled: Vec<Settled>,
    /// Why it ended early, if it did.
    pub halt: Option<Halt>,
}

/// Why writing ended before the plan did.
#[derive(Debug)]
pub enum Halt {
    /// A signal.
    Stopped,
    /// ConnectWise could not be read, or refused the key.
    Read(ReadError),
    /// Too many server errors: what is written in such a night is hard to know.
    ServerErrors,
    /// The plan is too old, or the clock stepped back: the host slept through its life, or its time is not to be
    /// believed.
    PlanTooOld,
    /// The store failed: no request may leave without its intent on disk. What was in flight is looked up by the next
    /// run.
    Store(StoreError),
}

/// Where and when a plan is carried out.
#[derive(Clone, Copy)]
pub struct Scene<'a> {
    /// Which run.
    pub run: RunId,
    /// Proof that no other run writes.
    pub lock: &'a RunLock,
    /// The day of the plan.
    pub today: NaiveDate,
    /// When the plan was drawn.
    pub drawn_at: DateTime<Utc>,
    /// The clock, for the journal.
    pub clock: &'a dyn Fn() -> DateTime<Utc>,
    /// Asked before every write.
    pub stop: &'a Stop,
}

/// How long a plan may be carried out: the largest night is done within two hours, and a host that slept through this
/// wakes up in another day's business.
const PLAN_LIFE: TimeDelta = TimeDelta::hours(4);
/// Time servers correct a clock by seconds, not by minutes.
const CLOCK_STEP: TimeDelta = TimeDelta::minutes(5);

impl Scene<'_> {
    /// Whether nobody should carry the plan out any more, or nobody can tell.
    fn is_too_old(&self) -> bool {
        let age = (self.clock)().signed_duration_since(self.drawn_at);
        age > PLAN_LIFE || age < -CLOCK_STEP
    }
}

/// Carries out a cleared plan, line by line, without deciding anything.
pub async fn carry_out<W: Writer>(
    plan: &ClearedPlan,
    scene: Scene<'_>,
    connectwise: &W,
    journal: &mut History,
) -> Applied {
    let mut hands = one_write::Hands::new(scene, connectwise, journal);
    let mut applied = Applied::default();
    connectwise.ahead(Ahead::Writes(plan.writes().len()));
    for (key, write) in plan.writes() {
        applied.halt = applied.halt.take().or_else(|| hands.halt());
        let settled = match applied.halt {
            None => look_and_write(key, write, scene, connectwise, &mut hands).await.unwrap_or_else(|halt| {
                applied.halt = Some(halt);
                not_reached(key, write)
            }),
            Some(_) => not_reached(key, write),
        };
        applied.settled.push(settled);
    }
    applied.halt = applied.halt.or(hands.halt_after_all());
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
    scene: Scene<'_>,
    connectwise: &W,
    hands: &mut one_write::Hands<'_, W>,
) -> Result<Settled, Halt> {
    let fresh = tokio::select! {
        fresh = look_again(key.agreement, scene.today, connectwise) => fresh,
        () = scene.stop.wait() => Fresh::Unread(Halt::Stopped),
    };
    match fresh {
        // The host may have slept through the look, or ConnectWise made it wait.
        Fresh::Billing(_) if scene.is_too_old() => Err(Halt::PlanTooOld),
        Fresh::Billing(additions) => Ok(hands.write(key, write, &additions).await),
        Fresh::Held(code, detail) => Ok(held(key, code, &detail)),
        Fresh::Unread(why) => Err(why),
    }
}

/// What an agreement shows when its lines are about to be written.
enum Fresh {
    Billing(Vec<Addition>),
    Held(Code, String),
    Unread(Halt),
}

async fn look_again<W: Writer>(agreement: AgreementId, today: NaiveDate, connectwise: &W) -> Fresh {
    let found = match connectwise.agreements(&BTreeSet::from([agreement])).await {
        Ok(found) => found,
        Err(error) => return Fresh::Unread(Halt::Read(error)),
    };
    match found.iter().find(|found| found.id == agreement).map(|found| found.billing(today)) {
        None => Fresh::Held(Code::AgreementMissing, format!("agreement {agreement} is gone since the plan was drawn")),
        Some(Err(trouble)) => {
            Fresh::Held(trouble.code(), format!("agreement {agreement} {trouble}, since the plan was drawn"))
        }
        Some(Ok(())) => match connectwise.additions(agreement).await {
            Ok(additions) => Fresh::Billing(additions),
            Err(error) => Fresh::Unread(Halt::Read(error)),
        },
    }
}

fn held(key: &LineKey, code: Code, detail: &str) -> Settled {
    let (key, detail) = (key.clone(), detail.to_owned());
    Settled { key, outcome: Outcome::Held, reason: code, now: None, created: None, detail }
}

fn not_reached(key: &LineKey, write: &Write) -> Settled {
    let now = match write {
        Write::Set(set) => Some(set.from()),
        Write::Create(_) => None,
    };
    let detail = "not reached before the run stopped; nothing was sent";
    Settled { now, ..held(key, Code::NotReached, detail) }
}
