//! ConnectWise's records, as far as a decision needs them. No price or cost has a place here.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike, NaiveDate};

use crate::reconcile::model::bill_customer::Bill;
use crate::reconcile::model::display_text::day;
use crate::reconcile::model::ids::{AdditionId, AgreementId, CompanyId, ItemName, ProductCode, ProductId};
use crate::reconcile::model::last_change::LastChange;
use crate::reconcile::model::plan::reason_code::Code;
use crate::reconcile::model::quantity::Quantity;

/// A company.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Company {
    /// Record id.
    pub id: CompanyId,
    /// `identifier`, the short one that people type.
    pub identifier: String,
    /// Name, as written.
    pub name: String,
    /// The name of its status.
    pub status: String,
    /// The names of its types: a company has any number of them.
    pub kinds: Vec<String>,
    /// `deletedFlag`. Deleted companies still turn up in reads (seen in the field).
    pub deleted: bool,
}

impl Company {
    /// A company of which nothing but its id is known.
    pub fn unnamed(id: CompanyId) -> Self {
        let (identifier, name, status) = Default::default();
        Self { id, identifier, name, status, kinds: Vec::new(), deleted: false }
    }
}

/// An agreement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agreement {
    /// Record id.
    pub id: AgreementId,
    /// Whose it is.
    pub company: CompanyId,
    /// Name, as written.
    pub name: String,
    /// The name of its type.
    pub kind: String,
    /// `agreementStatus`, if the server gave one. Only `Active` bills; the dates are looked at as well, because
    /// agreements past their end date are seen in the field with a status that still says Active.
    pub status: Option<String>,
    /// `cancelledFlag`.
    pub cancelled: bool,
    /// `dateCancelled`, a calendar date.
    pub cancelled_on: Option<NaiveDate>,
    /// `startDate`, a calendar date.
    pub starts_on: Option<NaiveDate>,
    /// `endDate`; `None` when there is none or `noEndingDateFlag` is set.
    pub ends_on: Option<NaiveDate>,
    /// `billStartDate`. ConnectWise refuses an addition that begins earlier (seen in the field).
    pub bills_from: Option<NaiveDate>,
    /// Whether it is billed again and again, as far as that is told.
    pub recurrence: Recurrence,
    /// `prorateFlag`: a line that begins in the middle of a period is billed in part. Where it is off, ConnectWise refuses
    /// a line that begins before [`Agreement::next_invoice_on`] (seen in the field). Not said means on.
    pub prorates: bool,
    /// `nextInvoiceDate`, a calendar date: up to this day the agreement is invoiced.
    pub next_invoice_on: Option<NaiveDate>,
}

/// Whether an agreement is billed again and again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recurrence {
    /// Its billing cycle says so.
    Recurs,
    /// It is taken for recurring, because nothing says otherwise: the list of billing cycles could not be had, or does not
    /// tell of its cycle.
    Untold,
    /// It is billed once: `oneTimeFlag`, or a billing cycle that does not recur.
    Once,
    /// Nothing tells of its cycle tonight, and an earlier night's plan held it as billed once.
    OnceBefore,
}

/// A catalog item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Product {
    /// Record id.
    pub id: ProductId,
    /// Its identifier, as written.
    pub identifier: String,
    /// What it is called: a suggestion compares names with it, and nothing else does.
    pub description: String,
    /// `inactiveFlag`.
    pub inactive: bool,
    /// `productClass` is `Bundle`: ConnectWise does not take such a product as an addition (documented for its UI).
    pub bundle_class: bool,
}

/// An agreement addition: cancelled and future ones are listed as well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addition {
    /// Record id.
    pub id: AdditionId,
    /// Which product; `None` if the answer did not say.
    pub product: Option<ProductId>,
    /// The units billed, or why they could not be read. Unreadable is never zero.
    pub quantity: Result<Quantity, String>,
    /// Whether its quantity is below zero: a credit beside the line, and never the line itself.
    pub credit: bool,
    /// `effectiveDate`; `None` means always.
    pub effective_on: Option<NaiveDate>,
    /// `cancelledDate`.
    pub cancelled_on: Option<NaiveDate>,
    /// `lessIncluded`: units that the agreement includes. Billed is the quantity less these (seen in the field).
    pub less_included: Result<Quantity, String>,
    /// `billCustomer`, or what stands there instead of a word that is known; `None` if the answer did not say.
    pub bill: Option<Result<Bill, String>>,
    /// The item that it is marked with: see [`crate::reconcile::matching::item_marker`].
    pub mark: Option<ItemName>,
    /// Who changed it last and when, where ConnectWise says so (`_info`).
    pub changed: Option<LastChange>,
}

/// One list: its records, and those that cannot be read. One bad record does not spoil the others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed<R, K> {
    /// Those that can be read.
    pub records: Vec<R>,
    /// The others.
    pub unreadable: Vec<Unreadable<K>>,
}

/// A record of which one member cannot be read. It holds what depends on it, and no more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable<K> {
    /// Record id.
    pub id: i64,
    /// What of it tells who depends on it.
    pub known: K,
    /// Which member, and what is wrong with it.
    pub why: String,
}

/// Companies; of one that cannot be read its name, if that can be.
pub type Companies = Listed<Company, Option<String>>;
/// Agreements; of one that cannot be read what a rule finds it by.
pub type Agreements = Listed<Agreement, AgreementSign>;
/// Catalog items; of one that cannot be read its identifier, if that can be.
pub type Products = Listed<Product, Option<String>>;

/// What of an agreement that cannot be read tells whether somebody may be billed on it. `None`: not to be told either.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AgreementSign {
    /// Whose it is.
    pub company: Option<CompanyId>,
    /// The name of its type.
    pub kind: Option<String>,
    /// Its name.
    pub name: Option<String>,
}

/// The list of one agreement's additions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AdditionList {
    /// Its own, live or not.
    pub additions: Vec<Addition>,
    /// Rows of it that say they are another agreement's: a child's may stand in its parent's list. None of them counts.
    pub others: Vec<ForeignAddition>,
    /// What its rows call their products.
    pub products_named: BTreeMap<ProductId, ProductCode>,
    /// Whether it came with others in one answer, which may leave rows out and not say so.
    pub bundled: bool,
}

/// A row in the list of one agreement that is of another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeignAddition {
    /// Of which agreement it says to be.
    pub agreement: AgreementId,
    /// What it says else.
    pub addition: Addition,
}

/// What cannot be read tonight, and why not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Unread {
    /// Companies.
    pub companies: BTreeMap<CompanyId, Unreadable<Option<String>>>,
    /// Agreements.
    pub agreements: BTreeMap<AgreementId, Unreadable<AgreementSign>>,
    /// Catalog items by identifier, folded as those that can be read.
    pub products: BTreeMap<String, Unreadable<Option<String>>>,
    /// Agreements whose additions ConnectWise does not give out, with what it says.
    pub additions: BTreeMap<AgreementId, String>,
    /// Rows that say they are of another agreement than the one in whose list they stand.
    pub others: BTreeMap<AgreementId, Vec<ForeignAddition>>,
}

/// The agreements, companies and products that a plan is drawn on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Directory {
    /// Companies by id.
    pub companies: BTreeMap<CompanyId, Company>,
    /// Agreements by id.
    pub agreements: BTreeMap<AgreementId, Agreement>,
    /// Catalog items by identifier, folded as [`crate::reconcile::model::ids::ProductCode::folded`]. Usually one each.
    pub products: BTreeMap<String, Vec<Product>>,
    /// Items that additions name by an identifier of these, folded, and that the catalog does not show under it: a role may not
    /// see them all, and ConnectWise finds no identifier that begins with a blank.
    pub not_in_catalog: BTreeMap<String, BTreeSet<ProductId>>,
    /// What of all this cannot be read.
    pub unread: Unread,
}

impl<R, K> Listed<R, K> {
    /// Puts another list behind this one.
    pub fn append(&mut self, other: Self) {
        self.records.extend(other.records);
        self.unreadable.extend(other.unreadable);
    }
}

impl<R: Clone, K: Clone> Listed<R, K> {
    /// What of it belongs to each of these, also where that is nothing.
    pub fn divided<I: Ord>(
        &self,
        ids: impl IntoIterator<Item = I>,
        of: impl Fn(&R) -> I,
        of_unreadable: impl Fn(&Unreadable<K>) -> Option<I>,
    ) -> BTreeMap<I, Self> {
        let mut parts: BTreeMap<I, Self> = ids.into_iter().map(|id| (id, Self::default())).collect();
        for record in &self.records {
            if let Some(part) = parts.get_mut(&of(record)) {
                // Most have one: a list that grows by itself begins with room for four.
                part.records.reserve_exact(1);
                part.records.push(record.clone());
            }
        }
        for record in &self.unreadable {
            if let Some(part) = of_unreadable(record).and_then(|id| parts.get_mut(&id)) {
                part.unreadable.push(record.clone());
            }
        }
        parts
    }
}

impl<R, K> Default for Listed<R, K> {
    fn default() -> Self {
        Self { records: Vec::new(), unreadable: Vec::new() }
    }
}

impl<R, K> From<Vec<R>> for Listed<R, K> {
    fn from(records: Vec<R>) -> Self {
        Self { records, unreadable: Vec::new() }
    }
}

impl From<Vec<Addition>> for AdditionList {
    fn from(additions: Vec<Addition>) -> Self {
        Self { additions, ..Self::default() }
    }
}

/// Every addition, live or not, of each agreement that was asked for. An agreement that is not in here was not read.
pub type Additions = BTreeMap<AgreementId, Vec<Addition>>;

/// Days of the longest month.
const MONTH: i64 = 31;

/// Units of an addition, for a sentence: its quantity, if that can be read.
pub fn units_of(quantity: Option<Quantity>) -> String {
    quantity.map_or_else(|| "an unreadable quantity".to_owned(), |quantity| quantity.to_string())
}

impl Addition {
    /// Its units, for a sentence.
    pub fn units(&self) -> String {
        units_of(self.quantity.as_ref().ok().copied())
    }

    /// Whether it may be a line's: every addition may be of a line for all units, one that is marked only of its item's.
    pub fn bears(&self, item: Option<&ItemName>) -> bool {
        item.is_none_or(|item| self.mark.as_ref().is_some_and(|mark| mark.is_same(item)))
    }

    /// Whether it counts on `today`: begun, and not cancelled by today.
    pub fn is_live(&self, today: NaiveDate) -> bool {
        self.effective_on.is_none_or(|from| from <= today) && self.is_current(today)
    }

    /// Whether it counts today or later: not cancelled by today.
    pub fn is_current(&self, today: NaiveDate) -> bool {
        self.cancelled_on.is_none_or(|until| until > today)
    }

    /// Whether it may bill anything: also where nobody can say how much.
    pub fn bills(&self) -> bool {
        !self.credit && self.quantity.as_ref().map_or(true, |quantity| !quantity.is_zero())
    }

    /// Whether it is a proration of a month at most, or a credit: beside a line that goes on, that one is meant. A line that
    /// has an end years away, or was given one, bills what the other one bills: of these nobody knows which is meant.
    pub fn is_beside(&self) -> bool {
        let window = self.effective_on.zip(self.cancelled_on);
        self.credit || window.is_some_and(|(from, until)| until.signed_duration_since(from).num_days() <= MONTH)
    }

    /// Whether its last billed day is today, or was in the same calendar month.
    pub fn just_ended(&self, today: NaiveDate) -> bool {
        self.cancelled_on.is_some_and(|on| on <= today && (on.year(), on.month()) == (today.year(), today.month()))
    }

    /// Whether it will count later, and does not yet.
    pub fn begins_after(&self, today: NaiveDate) -> bool {
        self.effective_on.is_some_and(|from| from > today) && self.is_current(today)
    }
}

/// Why an agreement does not bill today.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotBilling {
    /// It is not active: the words say by which sign.
    NotActive(String),
    /// It is billed once, and a nightly quantity has no place on it.
    OneTime,
    /// An earlier night found that it is billed once, and tonight nothing tells.
    OneTimeBefore,
}

impl Agreement {
    /// The same, where its cycle is told by nothing and an earlier plan held it as billed once: it stays so, because one
    /// answer that does not tell of a cycle is no reason to bill.
    #[must_use]
    pub fn remembered(mut self, once_before: &BTreeSet<AgreementId>) -> Self {
        if self.recurrence == Recurrence::Untold && once_before.contains(&self.id) {
            self.recurrence = Recurrence::OnceBefore;
        }
        self
    }

    /// Whether it bills month after month, today.
    pub fn billing(&self, today: NaiveDate) -> Result<(), NotBilling> {
        let not_active = |words: String| Err(NotBilling::NotActive(words));
        match &self.status {
            Some(status) if !status.trim().eq_ignore_ascii_case("Active") => {
                return not_active(format!("its status is {status}"));
            }
            _ => {}
        }
        match self.cancelled_on {
            Some(on) if on <= today => return not_active(format!("it was cancelled on {}", day(on))),
            _ if self.cancelled => return not_active("its cancelled flag is set".to_owned()),
            _ => {}
        }
        match self.starts_on {
            Some(on) if on > today => return not_active(format!("it begins on {}", day(on))),
            _ => {}
        }
        match self.ends_on {
            Some(on) if on < today => return not_active(format!("it ended on {}", day(on))),
            _ => {}
        }
        match self.recurrence {
            Recurrence::Recurs | Recurrence::Untold => Ok(()),
            Recurrence::Once => Err(NotBilling::OneTime),
            Recurrence::OnceBefore => Err(NotBilling::OneTimeBefore),
        }
    }
}

impl NotBilling {
    /// Its stable word.
    pub fn code(&self) -> Code {
        match self {
            NotBilling::NotActive(_) => Code::AgreementNotActive,
            NotBilling::OneTime | NotBilling::OneTimeBefore => Code::AgreementOneTime,
        }
    }
}

impl std::fmt::Display for NotBilling {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            NotBilling::NotActive(why) => write!(f, "is not active: {why}"),
            NotBilling::OneTime => f.write_str("is billed once, not every month"),
            NotBilling::OneTimeBefore => f.write_str(
                "was billed once when its billing cycle was last known, and tonight ConnectWise does not tell of its cycle",
            ),
        }
    }
}
