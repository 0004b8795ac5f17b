//! What may be written: a plan that every guard let pass, and the two writes there are.
//!
//! Neither write has a place for money, and neither can be made outside this folder:
//!
//! ```compile_fail,E0451
//! # use recount::reconcile::ids::{AdditionId, AgreementId};
//! # use recount::reconcile::quantity::Quantity;
//! let forged = recount::reconcile::cleared::SetQuantity {
//!     agreement: AgreementId(1),
//!     addition: AdditionId(2),
//!     from: Quantity::from(3),
//!     to: Quantity::from(4),
//! };
//! ```

use chrono::NaiveDate;

use crate::reconcile::model::bill_customer::Bill;
use crate::reconcile::model::ids::{AdditionId, AgreementId, ItemName, ProductId};
use crate::reconcile::model::plan::Plan;
use crate::reconcile::model::plan::finding::Finding;
use crate::reconcile::model::plan::line::{Creation, LineKey, QuantityChange, Verdict};
use crate::reconcile::model::quantity::Quantity;

/// The writes of a plan that may be carried out. Only [`crate::reconcile::guard::plan_check::clear`] makes one.
#[derive(Debug)]
pub struct ClearedPlan {
    writes: Vec<(LineKey, Write)>,
    overridden: Vec<Finding>,
}

/// One line's quantity is set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetQuantity {
    agreement: AgreementId,
    addition: AdditionId,
    from: Quantity,
    to: Quantity,
}

/// One line is created. Product, quantity, `billCustomer`, effective date, and the mark of its item, if it is one's: the
/// catalog's own price applies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateLine {
    agreement: AgreementId,
    product: ProductId,
    quantity: Quantity,
    effective_on: NaiveDate,
    bill: Bill,
    item: Option<ItemName>,
    names_item: bool,
}

/// One of the two writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Write {
    /// Repeating it does no harm: the quantity is absolute.
    Set(SetQuantity),
    /// Repeating it bills a customer twice.
    Create(CreateLine),
}

impl ClearedPlan {
    /// For [`crate::reconcile::guard::plan_check::clear`] alone.
    pub(in crate::reconcile) fn seal(plan: &Plan) -> Self {
        let writes = plan.lines.iter().filter_map(|line| {
            let key = line.key()?;
            let write = Write::of(key, &line.verdict)?;
            Some((key.clone(), write))
        });
        Self { writes: writes.collect(), overridden: Vec::new() }
    }

    /// The same, approved over these guards as well.
    pub fn over(self, guards: impl IntoIterator<Item = Finding>) -> Self {
        let overridden = self.overridden.into_iter().chain(guards).collect();
        Self { overridden, ..self }
    }

    /// What guards said of it before a person approved it all the same.
    pub fn overridden(&self) -> &[Finding] {
        &self.overridden
    }

    /// The writes, agreement by agreement, in the plan's order.
    pub fn writes(&self) -> &[(LineKey, Write)] {
        &self.writes
    }
}

impl Write {
    fn of(key: &LineKey, verdict: &Verdict) -> Option<Self> {
        let LineKey { agreement, product: _, item } = key;
        let agreement = *agreement;
        match verdict {
            Verdict::Update(QuantityChange { addition, from, to }) => {
                Some(Self::Set(SetQuantity { agreement, addition: *addition, from: *from, to: *to }))
            }
            Verdict::Create(Creation { product, quantity, effective_on, bill, names_item }) => {
                Some(Self::Create(CreateLine {
                    agreement,
                    product: *product,
                    quantity: *quantity,
                    effective_on: *effective_on,
                    bill: *bill,
                    item: item.clone(),
                    names_item: *names_item,
                }))
            }
            Verdict::Unchanged(_) | Verdict::Held(_) | Verdict::Large(_) | Verdict::Skipped(_) => None,
        }
    }
}

#[cfg(test)]
impl SetQuantity {
    /// A write that no plan stands behind, for the client's own tests.
    pub(crate) fn for_tests(agreement: AgreementId, addition: AdditionId, from: Quantity, to: Quantity) -> Self {
        Self { agreement, addition, from, to }
    }
}

#[cfg(test)]
impl CreateLine {
    /// A write that no plan stands behind, for the client's own tests.
    pub(crate) fn for_tests(
        agreement: AgreementId,
        product: ProductId,
        quantity: Quantity,
        effective_on: NaiveDate,
    ) -> Self {
        Self { agreement, product, quantity, effective_on, bill: Bill::Billable, item: None, names_item: false }
    }

    /// The same, for an item, and billed like this.
    pub(crate) fn with(self, bill: Bill, item: &str) -> Self {
        Self { bill, item: Some(ItemName::new(item)), ..self }
    }

    /// The same, with the item's name in the invoice description as well.
    pub(crate) fn named(self) -> Self {
        Self { names_item: true, ..self }
    }
}

impl SetQuantity {
    /// The agreement it is on.
    pub fn agreement(&self) -> AgreementId {
        self.agreement
    }

    /// The addition that is written.
    pub fn addition(&self) -> AdditionId {
        self.addition
    }

    /// What ConnectWise has to hold for it to be written.
    pub fn from(&self) -> Quantity {
        self.from
    }

    /// What it is set to.
    pub fn to(&self) -> Quantity {
        self.to
    }
}

impl CreateLine {
    /// The agreement it is created on.
    pub fn agreement(&self) -> AgreementId {
        self.agreement
    }

    /// The catalog item.
    pub fn product(&self) -> ProductId {
        self.product
    }

    /// Its units.
    pub fn quantity(&self) -> Quantity {
        self.quantity
    }

    /// The day it takes effect.
    pub fn effective_on(&self) -> NaiveDate {
        self.effective_on
    }

    /// Whether and how it stands on the invoice.
    pub fn bill(&self) -> Bill {
        self.bill
    }

    /// The item that it is marked with, if it is one's.
    pub fn item(&self) -> Option<&ItemName> {
        self.item.as_ref()
    }

    /// Whether its invoice description names the item, beside the serial number.
    pub fn names_item(&self) -> bool {
        self.names_item
    }
}
