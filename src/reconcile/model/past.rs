//! What a plan needs to know of earlier nights.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, FixedOffset, NaiveDate, TimeDelta, Utc};
use rust_decimal::Decimal;

use crate::reconcile::guard::accepted_counts::AcceptedCounts;
use crate::reconcile::model::connectwise_records::Additions;
use crate::reconcile::model::decision::Decisions;
use crate::reconcile::model::export::delivered_file::{Delivery, OlderNight};
use crate::reconcile::model::ids::{
    AdditionId, AgreementId, CustomerName, IntegrationName, ProductId, RunId, ServiceName,
};
use crate::reconcile::model::kept_decimals::KeptDecimals;
use crate::reconcile::model::known_lines::{KnownLines as _, OfCatalogItem, on_agreement};
use crate::reconcile::model::line_owners::{NeighboursLine, Owned, UncountedLine};
use crate::reconcile::model::plan::line::LineKey;
use crate::reconcile::model::quantity::Quantity;

/// What the history knows that a decision needs. Read before deciding; an unreadable history is an error, never this
/// empty value. Its lines are known by [`LineKey::folded`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Past {
    /// The last run whose export was accepted: its guards passed, or a person approved its plan.
    pub accepted: Option<Accepted>,
    /// Whether a plan of this integration was ever approved by its fingerprint.
    pub approved_once: bool,
    /// The last quantity that recount wrote to each addition, and in which run; other integrations of the same
    /// ConnectWise included.
    pub written: BTreeMap<AdditionId, WrittenQuantity>,
    /// What each addition held when a run that counted last looked at it, unless it was held for a hand edit then; other
    /// integrations of the same ConnectWise included.
    pub seen: BTreeMap<AdditionId, SeenQuantity>,
    /// Creations that were sent, not found, and given up: the line may be there since, and somebody may have edited it. Other
    /// integrations of the same ConnectWise included.
    pub given_up: BTreeMap<LineKey, AbandonedCreation>,
    /// Lines that an earlier run's export already wanted at zero, with that export.
    pub zero_before: BTreeMap<LineKey, ExportStamp>,
    /// Lines that recount created at some time, or held because a person had ended them. One of these that is not there
    /// any more is not created anew.
    pub ours: BTreeMap<LineKey, AdditionId>,
    /// The day on which each line that recount created takes effect, as it was sent; other integrations of the same ConnectWise
    /// included.
    pub begins: BTreeMap<AdditionId, NaiveDate>,
    /// Creations whose outcome is not known yet: no other is sent for these lines.
    pub in_doubt: BTreeMap<LineKey, CreationInDoubt>,
    /// What operators answered.
    pub decisions: Decisions,
    /// What a line was when somebody answered about that: once the answer is over, it is asked about again.
    pub let_be: BTreeMap<LineKey, BTreeSet<AdditionId>>,
    /// Lines created so short a time ago that a listing may lack them still: their absence proves nothing. Other integrations
    /// of the same ConnectWise included.
    pub just_created: BTreeMap<LineKey, JustCreated>,
    /// Every line that a run in mode `apply` wrote or compared, and that bills still for all that is known.
    pub owned: BTreeMap<LineKey, Owned>,
    /// Additions of `owned` that another integration which is on owns as well, and saw later: it has them in sight.
    pub owned_by_others: BTreeSet<AdditionId>,
    /// Additions that no accepted run of this integration has seen as a line, and that are lines of another one which is on.
    pub neighbours_lines: BTreeMap<AdditionId, NeighboursLine>,
    /// Additions of `owned` that were given a product which another integration bills on their agreement.
    pub neighbours_products: BTreeMap<AdditionId, IntegrationName>,
    /// Mapped products on agreements that no mapped customer is billed on, as tonight's look found them.
    pub uncounted: Vec<UncountedLine>,
    /// The counts of the billing period's earlier days, where a policy asks for them; empty on its first day.
    pub counted: CountedDays,
    /// The same of the period before.
    pub counted_before: CountedDays,
    /// Under which other names some of these days were counted, in words: `as CloudFilter before Thu 10 Dec 2026`.
    pub counted_as: BTreeMap<(CustomerName, ServiceName), String>,
    /// What of each count was accepted last. Empty also in a history that does not know it yet ([`Accepted::by_count`]).
    pub counts: AcceptedCounts,
    /// What accepted exports counted for lines that are held since: a count that is so again is no new one.
    pub waiting: WaitingCounts,
    /// The counts whose lines were held because nobody had their service any more, and wait since.
    pub missed: MissedCounts,
    /// The decimals that answers showed ConnectWise to keep of a quantity.
    pub decimals: KeptDecimals,
    /// The host that wrote before this one, while new lines wait for what it may have sent.
    pub taken_over: Option<RecentTakeover>,
    /// The last accepted night whose export was tonight's, if that was not the night before.
    pub older_night: Option<OlderNight>,
    /// Agreements that the last accepted plans held as billed once, and that none has billed since.
    pub once_before: BTreeSet<AgreementId>,
    /// The deliveries of accepted nights that were several files, the newest first.
    pub deliveries: Vec<Delivery>,
}

/// Counts of earlier days.
#[derive(Debug, Clone, Copy)]
pub struct EarlierDays<'a> {
    /// Those of this period.
    pub this_period: &'a CountsByDay,
    /// Up to the last day that was counted: [`Past::last_days`].
    pub last: &'a CountsByDay,
    /// Those of the period before.
    pub last_period: &'a CountsByDay,
}

/// Counts of one customer and service, one for each day that was counted, in the days' order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CountsByDay {
    days: Vec<NaiveDate>,
    counts: Vec<Quantity>,
}

impl CountsByDay {
    const NONE: &Self = &Self { days: Vec::new(), counts: Vec::new() };

    /// One more day, later than the others.
    pub fn push(&mut self, day: NaiveDate, count: Quantity) {
        self.days.push(day);
        self.counts.push(count);
    }

    /// The counts alone.
    pub fn counts(&self) -> &[Quantity] {
        &self.counts
    }

    /// The days that were counted.
    pub fn days(&self) -> &[NaiveDate] {
        &self.days
    }

    /// The count of a day; of one that was not counted the one before it stands.
    pub fn on(&self, day: NaiveDate) -> Option<Quantity> {
        let until = self.days.partition_point(|counted| *counted <= day);
        self.counts.get(until.checked_sub(1)?).copied()
    }

    /// Each day with its count.
    pub fn iter(&self) -> impl Iterator<Item = (NaiveDate, Quantity)> {
        self.days.iter().copied().zip(self.counts.iter().copied())
    }

    /// Whether no day was counted.
    pub fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }
}

impl FromIterator<(NaiveDate, Quantity)> for CountsByDay {
    fn from_iter<I: IntoIterator<Item = (NaiveDate, Quantity)>>(counts: I) -> Self {
        let (days, counts) = counts.into_iter().unzip();
        Self { days, counts }
    }
}

/// Another host wrote before this one, and its last requests may be on their way, or arrived unseen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecentTakeover {
    /// The host before.
    pub from: String,
    /// Until when nothing is created at all, in the integration's zone; `None` once that is over, and new lines wait for a
    /// person or the next night.
    pub settles_at: Option<DateTime<FixedOffset>>,
}

/// What was counted, night by night, of counts that wait; `None` where the export did not say.
pub type WaitingCounts = BTreeMap<(CustomerName, ServiceName), BTreeSet<Option<Quantity>>>;

/// Counts of services that nobody had any more, while their lines wait; with whether the export had a row of it, with 0.
pub type MissedCounts = BTreeMap<(CustomerName, ServiceName), bool>;

/// The counts of each customer and service.
pub type CountedDays = BTreeMap<CustomerName, BTreeMap<ServiceName, CountsByDay>>;

/// Another integration of the same ConnectWise, which may have counted a line before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EarlierOwner {
    /// Which; it may be off, or renamed by now.
    pub integration: IntegrationName,
    /// What it counted in this period.
    pub this_period: CountedDays,
    /// What it counted in the period before.
    pub last_period: CountedDays,
    /// The additions that it ever saw as its lines.
    pub additions: BTreeSet<AdditionId>,
}

/// What the last accepted run read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// Which run.
    pub run: RunId,
    /// Rows of its export.
    pub rows: usize,
    /// Customers of its export.
    pub customers: BTreeSet<CustomerName>,
    /// Units of its export, all services together.
    pub units: Decimal,
    /// The lines that it saw, by [`LineKey::folded`], with their live additions.
    pub lines: BTreeMap<LineKey, AdditionId>,
    /// Customers that it expected and the export did not name: they are missed until somebody says that they left.
    pub missing: BTreeSet<CustomerName>,
    /// Whether no line break ended its export.
    pub open_end: bool,
    /// Of how many files its export was, where it may be of several.
    pub files: usize,
    /// Whether it is known count by count what was accepted ([`Past::counts`]), even if of no count anything was. A history
    /// of an older version knows the last export as a whole only.
    pub by_count: bool,
}

/// A creation that came to nothing that could be seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AbandonedCreation {
    /// In which run it was sent.
    pub run: RunId,
    /// The units of the new line.
    pub quantity: Quantity,
    /// The additions of its product that were there before: none of them is it.
    pub before: Vec<AdditionId>,
    /// The catalog item that was sent.
    pub product: ProductId,
    /// When.
    pub sent_at: DateTime<Utc>,
}

/// A quantity that a run saw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeenQuantity {
    /// The units.
    pub quantity: Quantity,
    /// In which run: an accepted one, that was no dry run.
    pub run: RunId,
}

/// A quantity that recount wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WrittenQuantity {
    /// The units; where nothing was ever seen to arrive (`times` is 0), those that stood there before.
    pub quantity: Quantity,
    /// In which run.
    pub run: RunId,
    /// What it was set from; `None` for a line that was created.
    pub from: Option<Quantity>,
    /// How often in a row it was set from that to this.
    pub times: u32,
    /// When that was confirmed, where a history tells.
    pub written_at: Option<DateTime<Utc>>,
    /// What was sent after it without a clear end, and in which run: it may have arrived since.
    pub sent: Option<(RunId, Quantity)>,
    /// What was sent in its place, where ConnectWise kept this instead.
    pub instead_of: Option<Quantity>,
}

impl Past {
    /// The addition of a line that recount owns. Of one that it created, and that no accepted plan has seen since, the journal
    /// knows it.
    pub fn owned_addition(&self, key: &LineKey, owned: &Owned) -> Option<AdditionId> {
        owned.addition.or_else(|| self.ours.of_line(key).copied())
    }

    /// Whether the addition of a line that recount owns is not on its agreement any more, as far as that was read.
    pub fn is_away(&self, key: &LineKey, owned: &Owned, additions: &Additions) -> bool {
        let listed = additions.get(&key.agreement).zip(self.owned_addition(key, owned));
        listed.is_some_and(|(listed, id)| listed.iter().all(|one| one.id != id))
    }

    /// The counts of the billing period's earlier days.
    pub fn earlier(&self, customer: &CustomerName, service: &ServiceName) -> &CountsByDay {
        self.counted.get(customer).and_then(|own| own.get(service)).unwrap_or(CountsByDay::NONE)
    }

    /// The counts of the period before.
    fn last_period(&self, customer: &CustomerName, service: &ServiceName) -> &CountsByDay {
        self.counted_before.get(customer).and_then(|own| own.get(service)).unwrap_or(CountsByDay::NONE)
    }

    /// The counts of the days up to the last one that was counted, this period's or, on its first day, those of the
    /// period before.
    pub fn last_days(&self, customer: &CustomerName, service: &ServiceName) -> &CountsByDay {
        if self.counted.is_empty() { self.last_period(customer, service) } else { self.earlier(customer, service) }
    }

    /// Whether an accepted run of this integration saw an addition as this line, or created it so.
    pub fn has_seen_as(&self, key: &LineKey, addition: AdditionId) -> bool {
        let seen = self.accepted.as_ref().and_then(|accepted| accepted.lines.of_line(key));
        [seen, self.ours.of_line(key)].contains(&Some(&addition))
    }

    /// What of the past a policy that looks back is about.
    pub fn earlier_days(&self, customer: &CustomerName, service: &ServiceName) -> EarlierDays<'_> {
        EarlierDays {
            this_period: self.earlier(customer, service),
            last: self.last_days(customer, service),
            last_period: self.last_period(customer, service),
        }
    }

    /// Whether an earlier run saw an addition as this line, or wrote it and knows it as no other. One that was another
    /// item's bears a name since that a person gave it.
    pub fn knows(&self, key: &LineKey, addition: AdditionId) -> bool {
        let key = &*key.folded();
        let seen = self.accepted.iter().flat_map(|accepted| on_agreement(&accepted.lines, key));
        let seen = seen.chain(on_agreement(&self.ours, key));
        let owned = on_agreement(&self.owned, key).filter_map(|(known, owned)| Some((known, owned.addition.as_ref()?)));
        let known_as: Vec<_> = seen.chain(owned).filter(|(_, id)| **id == addition).collect();
        let is_it = |known: &LineKey| known.item == key.item && known.product.folded() == key.product.folded();
        known_as.iter().any(|(known, _)| is_it(known)) || (known_as.is_empty() && self.written.contains_key(&addition))
    }
}

impl OfCatalogItem for AbandonedCreation {
    fn catalog_item(&self) -> Option<ProductId> {
        Some(self.product)
    }
}

impl OfCatalogItem for CreationInDoubt {
    fn catalog_item(&self) -> Option<ProductId> {
        self.product
    }
}

impl OfCatalogItem for JustCreated {
    fn catalog_item(&self) -> Option<ProductId> {
        Some(self.product)
    }
}

impl WrittenQuantity {
    /// Written once, and nobody knows from what.
    pub fn once(quantity: Quantity, run: RunId) -> Self {
        Self { quantity, run, from: None, times: 1, written_at: None, sent: None, instead_of: None }
    }

    /// The last run that sent something to it.
    pub fn last_run(&self) -> RunId {
        self.sent.map_or(self.run, |(later, _)| later.max(self.run))
    }

    /// Whether a quantity is recount's own.
    pub fn explains(&self, now: Quantity) -> bool {
        self.quantity == now || self.sent.is_some_and(|(_, sent)| sent == now)
    }
}

/// Which export it was, and from when its content is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportStamp {
    /// The file.
    pub path: String,
    /// SHA-256 of its bytes, in hex.
    pub sha256: String,
    /// Its modification time.
    pub modified_at: DateTime<Utc>,
}

impl ExportStamp {
    /// Nightly exports are about a day apart.
    const NIGHTS_APART: TimeDelta = TimeDelta::hours(12);

    /// Whether it is of another day than an earlier one. On a quiet portfolio two nights look alike, and one link that is
    /// fetched twice gives two files: neither the name nor the bytes tell a second night, only the time does.
    pub fn is_of_another_night(&self, first: &Self) -> bool {
        let (now, then) = (self.modified_at, first.modified_at);
        now.date_naive() != then.date_naive() && now.signed_duration_since(then) >= Self::NIGHTS_APART
    }
}

/// A creation of an earlier run that may or may not have happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreationInDoubt {
    /// In which run it was sent.
    pub run: RunId,
    /// When.
    pub sent_at: DateTime<Utc>,
    /// New additions that could be it, when there are several.
    pub candidates: Vec<AdditionId>,
    /// The ConnectWise that it was sent to, where that is not the one that is read.
    pub elsewhere: Option<String>,
    /// The catalog item that was sent; `None` of a quantity that was set where nobody can look.
    pub product: Option<ProductId>,
}

/// A creation that ConnectWise has confirmed, a short time ago.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JustCreated {
    /// In which run.
    pub run: RunId,
    /// What was created.
    pub addition: AdditionId,
    /// Of which catalog item.
    pub product: ProductId,
}
