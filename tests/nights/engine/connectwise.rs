//! A ConnectWise in memory: it loses, delays and doubles what it is asked, people edit it meanwhile, and the process
//! that asks may die at any call.

use std::cell::{Cell, RefCell, RefMut};
use std::collections::{BTreeMap, BTreeSet};
use std::future::{pending, poll_fn};
use std::path::PathBuf;
use std::task::Poll;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use tokio::time::Instant;

use super::chance::{Chance, Odds};
use super::disk::Files;
use super::moves;
use recount::connectwise::client::unreachable_cause::UnreachableCause;
use recount::connectwise::{BundledLists, ReadError, Reader, WriteError, Writer};
use recount::history::journal::IntentKind;
use recount::history::run_record::WriteId;
use recount::history::store::open::History;
use recount::reconcile::guard::cleared_plan::{CreateLine, SetQuantity};
use recount::reconcile::model::bill_customer::Bill;
use recount::reconcile::model::connectwise_records::{
    Addition, AdditionList, Agreement, Agreements, Companies, Company, Product, Products,
};
use recount::reconcile::model::ids::{AdditionId, AgreementId, CompanyId, IntegrationName, ProductId};
use recount::reconcile::model::last_change::LastChange;
use recount::reconcile::model::plan::outcome::Traffic;
use recount::reconcile::model::quantity::Quantity;
use recount::zone::Zone;

/// The product of lines that no mapping names.
pub(crate) const FOREIGN: ProductId = ProductId(900);

/// An agreement of a company that nobody mapped: it bills mapped products, and nothing may be written on it.
pub(crate) const UNMAPPED: AgreementId = AgreementId(299);
/// A product that only an edited mapping names.
pub(crate) const SPARE: ProductId = ProductId(700);

/// ConnectWise, as one process sees it.
pub(crate) struct ConnectWise {
    pub(crate) state: RefCell<State>,
    pub(crate) clock: Cell<DateTime<Utc>>,
    pub(crate) folder: PathBuf,
    /// Writes that may be on their way at the same time.
    pub(crate) at_once: usize,
    pub(crate) integration: IntegrationName,
    /// Another process that has the history open, for reading.
    pub(crate) onlooker: RefCell<Option<History>>,
    /// The history's files before what the process does now.
    pub(crate) before: RefCell<Files>,
    pub(crate) zone: Zone,
    /// Whether lists come in bundles.
    pub(crate) in_bundles: bool,
}

/// What it holds, what it was asked, and what will go wrong.
pub(crate) struct State {
    pub(crate) chance: Chance,
    pub(crate) odds: Odds,
    /// How far answers, late deliveries and replicas may be behind; all of them together less than `settle`.
    pub(crate) lag: TimeDelta,
    pub(crate) agreements: BTreeMap<AgreementId, Agreement>,
    /// The call before which an agreement ended.
    pub(crate) ended: BTreeMap<AgreementId, u64>,
    /// The call that showed an agreement last, and the one that showed its additions last.
    pub(crate) shown: BTreeMap<AgreementId, u64>,
    pub(crate) looked: BTreeMap<AgreementId, u64>,
    pub(crate) products: Vec<Product>,
    pub(crate) rows: Vec<Row>,
    pub(crate) sent: Vec<Sent>,
    pub(crate) late: Vec<Late>,
    pub(crate) calls: u64,
    pub(crate) crash: Option<Crash>,
    /// The host sleeps before this call, so long.
    pub(crate) sleep: Option<(u64, TimeDelta)>,
    pub(crate) crashed: bool,
    pub(crate) violations: Vec<String>,
    /// The lines that the mapping wants, and those that somebody said are to stay as they are.
    pub(crate) wanted: BTreeSet<(AgreementId, ProductId)>,
    pub(crate) answered: BTreeSet<(AgreementId, ProductId)>,
    /// The additions that an accepted new line was shown to begin beside.
    pub(crate) beside: BTreeMap<(AgreementId, ProductId), BTreeSet<AdditionId>>,
    /// The calls before the run, and when it began.
    pub(crate) run_began_at: u64,
    pub(crate) run_began: DateTime<Utc>,
    /// What a replica that lags left out of a list in this run.
    pub(crate) not_shown: BTreeSet<AdditionId>,
    /// Whose days count.
    pub(crate) zone: Zone,
    /// What bundles say wrongly.
    pub(crate) lies: Chance,
    /// A breach: see [`Disk::BlindElsewhere`](super::disk::Disk::BlindElsewhere).
    pub(crate) blind: bool,
    pub(crate) seen: Seen,
}

/// One addition, with where it came from.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) agreement: AgreementId,
    pub(crate) addition: Addition,
    pub(crate) created_at: DateTime<Utc>,
    /// The creation of ours that made it, by its place in `sent`; and whether it is the second of one request.
    pub(crate) ours: Option<(usize, bool)>,
    /// The call before which a person, or a late delivery, changed it last.
    pub(crate) edited_at_call: u64,
    /// recount owns it, as far as anybody knows: it created it, or an accepted run counted for it. Over once it is at 0 or
    /// has ended.
    pub(crate) owned: bool,
    /// The line that recount knows it as, once it has seen it: it may be moved to another agreement since.
    pub(crate) home: Option<(AgreementId, ProductId)>,
    /// The call before which a person moved it last.
    pub(crate) moved_at_call: u64,
}

impl Row {
    /// Whether it was this line, and somebody moved it to another agreement.
    pub(crate) fn was_moved_from(&self, line: (AgreementId, ProductId)) -> bool {
        self.home == Some(line) && self.agreement != line.0
    }
}

/// One write that reached the wire.
#[derive(Debug, Clone)]
pub(crate) struct Sent {
    pub(crate) write: WriteId,
    pub(crate) what: What,
    /// The call that had shown the additions of its agreement.
    pub(crate) looked: u64,
    pub(crate) applied: u32,
}

/// One of the two writes.
#[derive(Debug, Clone)]
pub(crate) enum What {
    Set(SetQuantity),
    Create(CreateLine),
}

impl What {
    fn agreement(&self) -> AgreementId {
        match self {
            Self::Set(set) => set.agreement(),
            Self::Create(create) => create.agreement(),
        }
    }
}

/// A write that is still on its way.
#[derive(Debug, Clone)]
pub(crate) struct Late {
    due: DateTime<Utc>,
    sent: usize,
}

/// The process dies at this call, before it or once it was carried out.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Crash {
    pub(crate) call: u64,
    pub(crate) carried_out: bool,
}

/// How often what happened.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Seen {
    pub(crate) nights: u64,
    pub(crate) crashes: u64,
    /// Of all crashes, those with a part of a commit on the disk, or after the last word.
    pub(crate) torn: u64,
    pub(crate) updates: u64,
    pub(crate) creations: u64,
    pub(crate) faults: u64,
    pub(crate) hand_edits: u64,
    /// A person's edit, or a late delivery, stood exactly between the second look and the write: the known gap.
    pub(crate) races: u64,
    pub(crate) held_plans: u64,
    pub(crate) adopted: u64,
    pub(crate) mapping_edits: u64,
    pub(crate) agreement_moves: u64,
    pub(crate) answers: u64,
    /// Of them, those given nights later.
    pub(crate) late_answers: u64,
    /// Plans that showed a line which the mapping no longer wants.
    pub(crate) left_behind: u64,
    /// Right exports after a wrong one.
    pub(crate) right_again: u64,
    /// Nights on which recount.toml named another ConnectWise.
    pub(crate) other_connectwises: u64,
    /// Lines that somebody began on another agreement of the company.
    pub(crate) elsewhere: u64,
    /// Questions to which another line came after they were answered.
    pub(crate) moved_questions: u64,
    /// Lists of a bundle that were wrong.
    pub(crate) lies: u64,
    /// Histories that were put back from an older copy.
    pub(crate) restored: u64,
    /// Lines of ours that somebody moved to another agreement, and of them those to another company's.
    pub(crate) moved_lines: u64,
    pub(crate) moved_away: u64,
    /// Lists whose pages did not end.
    pub(crate) endless: u64,
}

impl Seen {
    #[cfg_attr(test, expect(dead_code, reason = "the example adds up"))]
    pub(crate) fn add(&mut self, other: Self) {
        let Self { nights, crashes, torn, updates, creations, faults, hand_edits, races, held_plans, adopted, .. } =
            other;
        self.nights += nights;
        self.crashes += crashes;
        self.torn += torn;
        self.updates += updates;
        self.creations += creations;
        self.faults += faults;
        self.hand_edits += hand_edits;
        self.races += races;
        self.held_plans += held_plans;
        self.adopted += adopted;
        self.mapping_edits += other.mapping_edits;
        self.agreement_moves += other.agreement_moves;
        self.answers += other.answers;
        self.late_answers += other.late_answers;
        self.left_behind += other.left_behind;
        self.right_again += other.right_again;
        self.other_connectwises += other.other_connectwises;
        self.elsewhere += other.elsewhere;
        self.moved_questions += other.moved_questions;
        self.lies += other.lies;
        self.restored += other.restored;
        self.moved_lines += other.moved_lines;
        self.moved_away += other.moved_away;
        self.endless += other.endless;
    }
}

/// What becomes of one write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Fine,
    NotSent,
    LostRequest,
    LostAnswer,
    Late,
    Doubled,
    Refused,
    ServerError,
    Ghost,
    Busy,
    Forbidden,
    KeyRefused,
}

impl ConnectWise {
    /// Before each call: time goes by, late writes arrive, people work, and the process may die.
    async fn call(&self) {
        let dies = {
            let mut state = self.state.borrow_mut();
            let pause = state.chance.seconds(50, 3000);
            self.clock.set(self.clock.get() + TimeDelta::milliseconds(pause));
            state.calls += 1;
            if let Some((_, time)) = state.sleep.filter(|(call, _)| *call == state.calls) {
                self.clock.set(self.clock.get() + time);
            }
            state.deliver_late(self.clock.get());
            state.people_work(self.clock.get());
            state.crashes_now(false)
        };
        if dies {
            pending::<()>().await;
        }
    }

    /// After each call that was carried out, before its answer is delivered.
    async fn answer(&self) {
        // Answers come in another order than their requests went.
        while self.at_once > 1 && self.state.borrow_mut().chance.coin() {
            yield_once().await;
        }
        let dies = {
            let mut state = self.state.borrow_mut();
            let odds = state.odds.slow;
            if state.chance.per_mille(odds) {
                state.seen.faults += 1;
                self.clock.set(self.clock.get() + TimeDelta::seconds(state.chance.seconds(30, 600)));
            }
            state.crashes_now(true)
        };
        if dies {
            self.look_at_the_disk();
            pending::<()>().await;
        }
        let next = self.state.borrow().calls + 1;
        if self.state.borrow().crash.is_some_and(|crash| crash.call == next) {
            self.look_at_the_disk();
        }
    }

    /// The day in the office.
    pub(crate) fn today(&self) -> NaiveDate {
        self.zone.day(self.clock.get())
    }

    pub(crate) fn look_at_the_disk(&self) {
        self.before.replace(Files::of(&self.folder));
    }

    /// The history as another process sees it.
    pub(crate) fn history(&self) -> Result<RefMut<'_, History>, String> {
        let mut onlooker = self.onlooker.borrow_mut();
        if onlooker.is_none() {
            *onlooker = History::open_existing(&self.folder).map_err(|error| format!("the history: {error}"))?;
        }
        RefMut::filter_map(onlooker, Option::as_mut).map_err(|_| "the history is gone".to_owned())
    }

    async fn read<T>(&self, what: &str, read: impl FnOnce(&mut State) -> T) -> Result<T, ReadError> {
        self.call().await;
        let answer = {
            let mut state = self.state.borrow_mut();
            let odds = state.odds.clone();
            let what = what.to_owned();
            if state.chance.per_mille(odds.unreachable) {
                state.seen.faults += 1;
                Err(ReadError::Unreachable { what, why: "simulated".to_owned(), cause: UnreachableCause::Network })
            } else if state.lies.per_mille(odds.endless) {
                state.seen.endless += 1;
                self.clock.set(self.clock.get() + TimeDelta::minutes(5));
                let why = "no end of the list".to_owned();
                Err(ReadError::Unreachable { what, why, cause: UnreachableCause::Answer })
            } else if state.chance.per_mille(odds.denied) {
                state.seen.faults += 1;
                Err(ReadError::Denied { what, why: "simulated".to_owned(), fix: String::new(), by_role: true })
            } else {
                Ok(read(&mut state))
            }
        };
        self.answer().await;
        answer
    }

    /// The intent of a write that is about to be sent, as another process finds it on the disk.
    fn intent(&self, agreement: AgreementId, fits: impl Fn(&IntentKind) -> bool) -> Option<WriteId> {
        let history = self.history().ok()?;
        let open = history.open_writes(&self.integration).ok()?;
        open.into_iter()
            .rfind(|open| open.unknown.is_none() && open.intent.key.agreement == agreement && fits(&open.intent.kind))
            .map(|open| open.write)
    }

    async fn write(&self, what: What) -> Result<Addition, WriteError> {
        self.call().await;
        let intent = match &what {
            What::Set(set) => self.intent(set.agreement(), |kind| {
                *kind == IntentKind::Set { addition: set.addition(), from: set.from(), to: set.to() }
            }),
            What::Create(create) => self.intent(create.agreement(), |kind| {
                matches!(kind, IntentKind::Create { product, quantity, .. }
                    if *product == create.product() && *quantity == create.quantity())
            }),
        };
        // Whatever is at work beside this: the intents that are there when it leaves are there for good.
        if self.state.borrow().crash.is_some() {
            self.look_at_the_disk();
        }
        let answer = self.state.borrow_mut().write(what, intent, self.clock.get());
        self.answer().await;
        answer
    }
}

/// Lets whatever is at work beside this go first.
async fn yield_once() {
    let mut yielded = false;
    poll_fn(|context| {
        context.waker().wake_by_ref();
        match std::mem::replace(&mut yielded, true) {
            true => Poll::Ready(()),
            false => Poll::Pending,
        }
    })
    .await;
}

impl State {
    fn crashes_now(&mut self, carried_out: bool) -> bool {
        let now = self.crash.is_some_and(|crash| crash.call == self.calls && crash.carried_out == carried_out);
        self.crashed |= now;
        self.crashed
    }

    /// What was on its way and is due by now.
    pub(crate) fn deliver_late(&mut self, now: DateTime<Utc>) {
        let due: Vec<Late> = self.late.iter().filter(|late| late.due <= now).cloned().collect();
        self.late.retain(|late| late.due > now);
        for Late { due, sent } in due {
            let _nobody_is_told = self.apply(sent, due);
            if let Some(What::Set(set)) = self.sent.get(sent).map(|sent| sent.what.clone()) {
                let calls = self.calls;
                self.rows.iter_mut().filter(|row| row.addition.id == set.addition()).for_each(|row| {
                    row.edited_at_call = calls;
                });
            }
        }
    }

    /// The sendings that are on their way, by their places in `sent`.
    pub(crate) fn on_the_way(&self) -> impl Iterator<Item = usize> {
        self.late.iter().map(|late| late.sent)
    }

    fn people_work(&mut self, now: DateTime<Utc>) {
        if self.chance.per_mille(self.odds.agreement_ends) {
            let at = self.chance.below(self.agreements.len() as u64);
            if let Some(agreement) = self.agreements.values_mut().nth(usize::try_from(at).unwrap_or(0)) {
                agreement.cancelled = true;
                self.ended.entry(agreement.id).or_insert(self.calls);
                self.seen.hand_edits += 1;
            }
        }
        if !self.chance.per_mille(self.odds.hand) || self.rows.is_empty() {
            return;
        }
        self.seen.hand_edits += 1;
        let calls = self.calls;
        let quantity = Quantity::from(u32::try_from(self.chance.below(20)).unwrap_or(0));
        let (kind, at) = (self.chance.below(10), self.chance.below(self.rows.len() as u64));
        let row = &mut self.rows[usize::try_from(at).unwrap_or(0)];
        row.edited_at_call = calls;
        row.addition.changed = Some(LastChange { by: "jdoe".to_owned(), at: now.to_rfc3339() });
        match kind {
            0 => {
                row.addition.cancelled_on = Some(self.zone.day(now));
                row.owned = false;
            }
            1 => {
                let twin = Row { ours: None, owned: false, created_at: now, home: None, ..row.clone() };
                let id = self.next_id();
                self.rows.push(Row { addition: Addition { id, ..twin.addition }, ..twin });
            }
            _ => {
                row.addition.quantity = Ok(quantity);
                row.owned &= !quantity.is_zero();
            }
        }
    }

    pub(crate) fn next_id(&self) -> AdditionId {
        AdditionId(5000 + i64::try_from(self.rows.len()).unwrap_or(0))
    }

    fn fate(&mut self) -> Fate {
        let odds = self.odds.clone();
        let fates = [
            (odds.not_sent, Fate::NotSent),
            (odds.lost_request, Fate::LostRequest),
            (odds.lost_answer, Fate::LostAnswer),
            (odds.late, Fate::Late),
            (odds.doubled, Fate::Doubled),
            (odds.refused, Fate::Refused),
            (odds.server_error, Fate::ServerError),
            (odds.ghost, Fate::Ghost),
            (odds.busy, Fate::Busy),
            (odds.forbidden, Fate::Forbidden),
            (odds.forbidden / 4, Fate::KeyRefused),
        ];
        let fate =
            fates.into_iter().find(|(odds, _)| self.chance.per_mille(*odds)).map_or(Fate::Fine, |(_, fate)| fate);
        self.seen.faults += u64::from(fate != Fate::Fine);
        fate
    }

    fn write(&mut self, what: What, intent: Option<WriteId>, now: DateTime<Utc>) -> Result<Addition, WriteError> {
        let Some(write) = intent else {
            self.violations.push(format!("I2: sent without an intent on the disk: {what:?}"));
            return Err(WriteError::NotSent { why: "no intent".to_owned() });
        };
        self.check_sending(write, &what, now);
        let (sent, why) = (self.sent.len(), "simulated".to_owned());
        let looked = self.looked.get(&what.agreement()).copied().unwrap_or(0);
        self.sent.push(Sent { write, what, looked, applied: 0 });
        let unclear = |server_error| Err(WriteError::Unclear { why: why.clone(), server_error });
        match self.fate() {
            Fate::Fine => self.apply(sent, now),
            Fate::NotSent => Err(WriteError::NotSent { why }),
            Fate::LostRequest => unclear(false),
            Fate::ServerError => unclear(true),
            Fate::LostAnswer => self.apply(sent, now).and(unclear(false)),
            Fate::Ghost => self.apply(sent, now).and(unclear(true)),
            Fate::Late => {
                let after = self.chance.seconds(1, self.lag.num_seconds());
                self.late.push(Late { due: now + TimeDelta::seconds(after), sent });
                unclear(false)
            }
            Fate::Doubled => {
                let first = self.apply(sent, now);
                let _second = self.apply(sent, now);
                if self.chance.coin() { first } else { unclear(false) }
            }
            Fate::Refused => Err(WriteError::Refused { status: 400, why }),
            Fate::Busy => Err(WriteError::Busy { why }),
            Fate::Forbidden => Err(WriteError::RightMissing { why, fix: String::new() }),
            Fate::KeyRefused => Err(WriteError::KeyRefused { why }),
        }
    }

    /// I1, I7, I8, and an agreement that ended, at the moment of sending.
    fn check_sending(&mut self, write: WriteId, what: &What, now: DateTime<Utc>) {
        let agreement = what.agreement();
        if !self.agreements.contains_key(&agreement) || agreement == UNMAPPED {
            self.violations.push(format!("I8: a write on an agreement outside the mapping: {what:?}"));
        }
        // The agreements are looked at some time before, many in one call.
        let shown = self.shown.get(&agreement).copied().unwrap_or(self.calls);
        if self.ended.get(&agreement).is_some_and(|call| *call <= shown) {
            self.violations.push(format!("I7: a write on an agreement that had ended: {what:?}"));
        }
        self.check_beginning(what, now);
        self.check_moved(what, now);
        match what {
            What::Set(set) => {
                let Some(row) = self.rows.iter().find(|row| row.addition.id == set.addition()) else {
                    return self.violations.push(format!("I8: a write of an addition that never was: {what:?}"));
                };
                let as_planned = row.addition.quantity == Ok(set.from()) && row.addition.is_live(self.zone.day(now));
                let foreign = row.agreement != set.agreement() || row.addition.product == Some(FOREIGN);
                let race = row.edited_at_call > self.looked.get(&agreement).copied().unwrap_or(0);
                self.seen.races += u64::from(race && !as_planned);
                if foreign {
                    self.violations.push(format!("I8: a write of a line outside the mapping: {what:?}"));
                }
                if !as_planned && !race {
                    self.violations.push(format!("I7: ConnectWise held something else: {what:?} over {row:?}"));
                }
            }
            What::Create(create) => {
                if create.product() == FOREIGN {
                    self.violations.push(format!("I8: a creation outside the mapping: {what:?}"));
                }
                if self.sent.iter().any(|sent| sent.write == write) {
                    self.violations.push(format!("I1: one decided creation was sent twice: {what:?}"));
                }
            }
        }
    }

    /// I15: nothing begins to bill beside a line of ours that bills the same product to the same company, that the mapping
    /// no longer wants, and of which nobody said that it may stay.
    fn check_beginning(&mut self, what: &What, now: DateTime<Utc>) {
        let today = self.zone.day(now);
        let (agreement, product) = match what {
            What::Create(create) => (create.agreement(), Some(create.product())),
            What::Set(set) if set.from().is_zero() => {
                let row = self.rows.iter().find(|row| row.addition.id == set.addition());
                (set.agreement(), row.and_then(|row| row.addition.product))
            }
            What::Set(_) => return,
        };
        let company = |agreement: AgreementId| self.agreements.get(&agreement).map(|found| found.company);
        let beside = |row: &&Row| {
            row.addition.product == product
                && row.agreement != agreement
                && company(row.agreement) == company(agreement)
        };
        let twin = self.left_behind(today).find(beside);
        if let Some(twin) = twin.filter(|twin| twin.edited_at_call <= self.run_began_at) {
            self.violations.push(format!("I15: two lines for one count: {what:?} beside {twin:?}"));
        }
        let stood = |row: &&Row| row.edited_at_call <= self.run_began_at && row.created_at + self.lag <= self.run_began;
        let key = |row: &Row| product.map(|product| (row.agreement, product));
        let counted =
            |row: &Row| key(row).is_some_and(|key| self.wanted.contains(&key) || self.answered.contains(&key));
        let begun = product.map(|product| (agreement, product));
        let shown =
            |row: &Row| begun.and_then(|key| self.beside.get(&key)).is_some_and(|of| of.contains(&row.addition.id));
        let unasked = |row: &&Row| {
            let other = beside(row) && stood(row) && row.addition.bills();
            other && !row.owned && !counted(row) && !shown(row)
        };
        let other = self.billing(today).find(unasked);
        if let Some(other) = other {
            self.violations
                .push(format!("I19: begun beside a line that nobody was asked about: {what:?} beside {other:?}"));
        }
    }

    /// I20: nothing begins in the place of a line of ours that somebody moved to another agreement and that bills there, unless
    /// somebody was shown it and accepted that.
    fn check_moved(&mut self, what: &What, now: DateTime<Utc>) {
        let What::Create(create) = what else { return };
        let begun = (create.agreement(), create.product());
        let shown = |row: &&Row| self.beside.get(&begun).is_some_and(|of| of.contains(&row.addition.id));
        // Where the mapping wants a line of it, a count of that place stands behind it, or it is asked about there.
        let counted = |row: &Row| self.wanted.contains(&(row.agreement, create.product()));
        let of = |row: &&Row| row.was_moved_from(begun) && row.moved_at_call <= self.run_began_at && !counted(row);
        let moved =
            self.billing(self.zone.day(now)).filter(|row| row.addition.bills()).find(|row| of(row) && !shown(row));
        if let Some(moved) = moved {
            let said = "I20: begun in the place of a line that somebody moved, and nobody was asked";
            self.violations.push(format!("{said}: {what:?}, {moved:?}"));
        }
    }

    /// Lines of ours that bill, although the mapping no longer wants them.
    pub(crate) fn left_behind(&self, today: NaiveDate) -> impl Iterator<Item = &Row> {
        self.billing_owned(today).filter(|row| {
            let key = row.addition.product.map(|product| (row.agreement, product));
            key.is_some_and(|key| !self.wanted.contains(&key) && !self.answered.contains(&key))
        })
    }

    /// Lines of ours that bill where a night can find them: only the weekly look finds one that somebody moved to another
    /// company, on an agreement on which nothing is wanted.
    pub(crate) fn billing_owned(&self, today: NaiveDate) -> impl Iterator<Item = &Row> {
        let company = |id: AgreementId| self.agreements.get(&id).map(|agreement| agreement.company);
        let in_reach = move |row: &Row| {
            let of_company = row.home.is_none_or(|(home, _)| company(home) == company(row.agreement));
            // An agreement that is another company's by now is not read by the customers that are mapped to it.
            let is_own = company(row.agreement) == Some(moves::home(row.agreement));
            of_company || is_own && self.wanted.iter().any(|(agreement, _)| *agreement == row.agreement)
        };
        // One that was moved, and that a replica did not show yet where it is, cannot be told from one that was deleted.
        let lost = |row: &Row| row.moved_at_call > 0 && self.not_shown.contains(&row.addition.id);
        self.billing(today).filter(move |row| row.owned && in_reach(row) && !lost(row))
    }

    /// Lines that are live on agreements that bill.
    fn billing(&self, today: NaiveDate) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(move |row| {
            let agreement = self.agreements.get(&row.agreement);
            row.addition.is_live(today) && agreement.is_some_and(|agreement| !agreement.cancelled)
        })
    }

    /// Carries a write out.
    fn apply(&mut self, sent: usize, now: DateTime<Utc>) -> Result<Addition, WriteError> {
        let gone = || WriteError::Refused { status: 404, why: "gone".to_owned() };
        let entry = self.sent.get_mut(sent).ok_or_else(gone)?;
        let again = entry.applied > 0;
        entry.applied += 1;
        match entry.what.clone() {
            What::Set(set) => {
                let row = self.rows.iter_mut().find(|row| row.addition.id == set.addition()).ok_or_else(gone)?;
                row.addition.quantity = Ok(set.to());
                row.owned &= !set.to().is_zero();
                row.addition.changed = Some(LastChange { by: "recount".to_owned(), at: now.to_rfc3339() });
                self.seen.updates += 1;
                Ok(row.addition.clone())
            }
            What::Create(create) => {
                self.check_creation(sent, &create, again, now);
                let addition = Addition {
                    id: self.next_id(),
                    product: Some(create.product()),
                    quantity: Ok(create.quantity()),
                    credit: false,
                    effective_on: Some(create.effective_on()),
                    cancelled_on: None,
                    less_included: Ok(Quantity::ZERO),
                    bill: Some(Ok(Bill::Billable)),
                    mark: None,
                    changed: Some(LastChange { by: "recount".to_owned(), at: now.to_rfc3339() }),
                };
                let ours = Some((sent, again));
                let (agreement, created_at) = (create.agreement(), now);
                let owned = !again && !create.quantity().is_zero();
                self.rows.push(Row {
                    agreement,
                    addition: addition.clone(),
                    created_at,
                    ours,
                    edited_at_call: 0,
                    owned,
                    home: None,
                    moved_at_call: 0,
                });
                self.seen.creations += 1;
                Ok(addition)
            }
        }
    }

    /// The additions of an agreement, as far as the replica that answers knows them.
    fn listed(&mut self, agreement: AgreementId, now: DateTime<Utc>) -> Vec<Addition> {
        let lags = self.chance.per_mille(self.odds.lagging);
        let lag = if lags { self.lag } else { TimeDelta::zero() };
        self.seen.faults += u64::from(lags);
        let hidden = self.blind && !self.wanted.iter().any(|(wanted, _)| *wanted == agreement);
        let here = self.rows.iter().filter(|row| !hidden && row.agreement == agreement);
        let (shown, not_shown): (Vec<&Row>, Vec<&Row>) = here.partition(|row| !lags || row.created_at <= now - lag);
        self.not_shown.extend(not_shown.iter().map(|row| row.addition.id));
        shown.into_iter().map(|row| row.addition.clone()).collect()
    }

    /// The same in a bundle, which may leave out a row or all of them, or hold other quantities.
    fn bundled(&mut self, agreement: AgreementId, now: DateTime<Utc>) -> AdditionList {
        let mut additions = self.listed(agreement, now);
        if self.lies.per_mille(self.odds.lie) && !additions.is_empty() {
            self.seen.lies += 1;
            let at = usize::try_from(self.lies.below(additions.len() as u64)).unwrap_or(0);
            match self.lies.below(3) {
                0 => additions.clear(),
                1 => _ = additions.remove(at),
                _ => additions[at].quantity = Ok(Quantity::from(u32::try_from(self.lies.below(20)).unwrap_or(0))),
            }
        }
        AdditionList { bundled: true, ..additions.into() }
    }

    /// I1: two creations of ours never stand side by side, but for one request that a proxy delivered twice.
    fn check_creation(&mut self, sent: usize, create: &CreateLine, again: bool, now: DateTime<Utc>) {
        let today = self.zone.day(now);
        // What somebody moves beside a creation that is on its way could not be known.
        let looked = self.sent.get(sent).map_or(0, |sent| sent.looked);
        let twin = self.rows.iter().find(|row| {
            row.agreement == create.agreement()
                && row.addition.product == Some(create.product())
                && row.ours.is_some()
                && row.moved_at_call <= looked
                && row.addition.is_current(today)
        });
        if let Some(twin) = twin.filter(|_| !again) {
            self.violations.push(format!("I1: billed twice: {create:?} beside {twin:?}"));
        }
    }
}

impl Reader for &ConnectWise {
    async fn companies(&self, ids: &BTreeSet<CompanyId>) -> Result<Companies, ReadError> {
        let company = |id: &CompanyId| Company { name: format!("Company {id}"), ..Company::unnamed(*id) };
        self.read("companies", |_| ids.iter().map(company).collect::<Vec<_>>().into()).await
    }

    async fn all_companies(&self) -> Result<Companies, ReadError> {
        let company = |id: CompanyId| Company { name: format!("Company {id}"), ..Company::unnamed(id) };
        let all = |state: &mut State| {
            let ids: BTreeSet<CompanyId> = state.agreements.values().map(|agreement| agreement.company).collect();
            ids.into_iter().map(company).collect::<Vec<_>>().into()
        };
        self.read("companies", all).await
    }

    async fn agreements_of(&self, companies: &BTreeSet<CompanyId>) -> Result<Agreements, ReadError> {
        let found = |state: &mut State| {
            state
                .agreements
                .values()
                .filter(|agreement| companies.contains(&agreement.company))
                .cloned()
                .collect::<Vec<_>>()
                .into()
        };
        self.read("agreements", found).await
    }

    async fn agreements(&self, ids: &BTreeSet<AgreementId>) -> Result<Agreements, ReadError> {
        let found = |state: &mut State| {
            let calls = state.calls;
            state.shown.extend(ids.iter().map(|id| (*id, calls)));
            state
                .agreements
                .values()
                .filter(|agreement| ids.contains(&agreement.id))
                .cloned()
                .collect::<Vec<_>>()
                .into()
        };
        self.read("agreements", found).await
    }

    async fn catalog(&self) -> Result<Products, ReadError> {
        self.read("the catalog", |state| state.products.clone().into()).await
    }

    async fn in_bundles(&self, agreements: &BTreeSet<AgreementId>) -> BundledLists {
        if !self.in_bundles {
            return BundledLists::default();
        }
        let now = self.clock.get();
        let lists = self.read("a bundle", |state| agreements.iter().map(|id| (*id, state.bundled(*id, now))).collect());
        BundledLists { lists: lists.await.unwrap_or_default(), left: None }
    }

    async fn additions(&self, agreement: AgreementId) -> Result<AdditionList, ReadError> {
        let now = self.clock.get();
        let found = move |state: &mut State| {
            state.looked.insert(agreement, state.calls);
            state.listed(agreement, now).into()
        };
        self.read("additions", found).await
    }

    fn traffic(&self) -> Traffic {
        Traffic { sent: self.state.borrow().calls, ..Traffic::default() }
    }
}

impl Writer for &ConnectWise {
    fn at_once(&self) -> usize {
        self.at_once
    }

    async fn set_quantity(&self, write: &SetQuantity, _before: Instant) -> Result<Quantity, WriteError> {
        let addition = self.write(What::Set(write.clone())).await?;
        addition.quantity.map_err(|why| WriteError::Unclear { why, server_error: false })
    }

    async fn create_line(&self, write: &CreateLine, _before: Instant) -> Result<Addition, WriteError> {
        self.write(What::Create(write.clone())).await
    }
}
