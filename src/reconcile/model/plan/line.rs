//! One line of a plan: what it is about, what ConnectWise holds, and what is to happen.

use std::borrow::Cow;

use chrono::{DateTime, NaiveDate, Utc};

use crate::reconcile::model::bill_customer::Bill;
use crate::reconcile::model::ids::{
    AdditionId, AgreementId, CompanyId, CustomerName, ItemName, ProductCode, ProductId, ServiceName,
};
use crate::reconcile::model::last_change::LastChange;
use crate::reconcile::model::plan::named_additions::Named;
use crate::reconcile::model::plan::reason_code::Code;
use crate::reconcile::model::quantity::Quantity;

/// One line of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Short and stable: the same subject has the same handle every night.
    pub handle: String,
    /// What the line is about.
    pub subject: Subject,
    /// The company it is billed to, where that is known.
    pub company: Option<CompanyId>,
    /// The counts that add up to the wanted quantity, ordered by customer and service.
    pub sources: Vec<Source>,
    /// The quantity that follows from the counts; `None` when they do not say.
    pub wanted: Option<Quantity>,
    /// What ConnectWise holds: the live addition and its quantity, if there is exactly one and it is readable.
    pub live: Option<LiveAddition>,
    /// What a peak or an average comes to tonight by the new day or period alone, if the line held what the last day
    /// asked for.
    pub carried: Option<Quantity>,
    /// What is to happen.
    pub verdict: Verdict,
    /// Where a change is billed first; nothing of a line that does not change.
    pub billed: FirstBilled,
    /// One sentence for a person.
    pub detail: String,
    /// The other additions that it asks about.
    pub named: Named,
    /// When ConnectWise's records of what it asks about were changed last, by ConnectWise's clock; nothing of a line that asks
    /// nothing.
    pub changed_at: Option<DateTime<Utc>>,
    /// Who changed ConnectWise's record last, where it holds another quantity than recount saw or wrote last; so it is known of
    /// few lines, once a night was accepted.
    pub edited: Option<LastChange>,
}

/// What a line is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// A line on an agreement, there or to be created.
    Line(LineKey),
    /// A count that has no line: its customer or its service is not mapped, or its agreement cannot be found.
    Unplaced {
        /// The customer.
        customer: CustomerName,
        /// The service.
        service: ServiceName,
    },
}

/// Which line: one product on one agreement, or one item of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LineKey {
    /// The agreement.
    pub agreement: AgreementId,
    /// The product's identifier, as configured.
    pub product: ProductCode,
    /// The item, where each has a line of its own.
    pub item: Option<ItemName>,
}

/// One count behind a line.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Source {
    /// The customer.
    pub customer: CustomerName,
    /// Of what.
    pub service: ServiceName,
    /// How many; `None` when the export does not say (a duplicate, an absent customer).
    pub count: Option<Quantity>,
    /// Lines of the export, at most the first [`crate::reconcile::model::export::row_lines::RowLines::KEPT`]; empty when the customer has no row for this service, which means none.
    pub lines: Vec<u64>,
    /// Where they stand, in words, where the export is several files or sheets.
    pub place: Option<String>,
    /// How the count became the units that are billed, step by step; `None` when it is billed as it is.
    pub how: Option<String>,
    /// The items behind the count, where the report is to name them.
    pub items: Vec<ItemName>,
    /// Whether the line was billed for it before, and nothing of tonight's export is for it: its 0 is no count.
    pub is_former: bool,
}

/// The one live addition of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LiveAddition {
    /// Its record id.
    pub addition: AdditionId,
    /// The units billed.
    pub quantity: Quantity,
}

/// Where a change is billed first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FirstBilled {
    /// The agreement's next invoice, by its date.
    pub invoice: Option<NaiveDate>,
    /// The month whose peak or average it is, by its first day.
    pub month: Option<NaiveDate>,
}

/// What is to happen to a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing: it is as it should be.
    Unchanged(Code),
    /// Its quantity is set.
    Update(QuantityChange),
    /// It is created.
    Create(Creation),
    /// Nothing, until somebody has looked at the size of the line that would be created: by its handle, or with the
    /// whole plan, by its fingerprint.
    Large(Creation),
    /// Nothing, until somebody has decided.
    Held(Code),
    /// Nothing, on purpose.
    Skipped(Code),
}

/// One line's quantity going from one value to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuantityChange {
    /// The addition that is written.
    pub addition: AdditionId,
    /// What ConnectWise held when the plan was drawn. Written only while it still does.
    pub from: Quantity,
    /// What it is set to.
    pub to: Quantity,
}

/// One line to be created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Creation {
    /// The catalog item.
    pub product: ProductId,
    /// Its units.
    pub quantity: Quantity,
    /// The day it takes effect.
    pub effective_on: NaiveDate,
    /// Whether and how it stands on the invoice.
    pub bill: Bill,
    /// Whether its invoice description names its item, beside the serial number.
    pub names_item: bool,
}

impl Verdict {
    /// The reason, as a stable word.
    pub fn code(&self) -> Code {
        match self {
            Verdict::Unchanged(code) | Verdict::Held(code) | Verdict::Skipped(code) => *code,
            Verdict::Update(_) => Code::CountChanged,
            Verdict::Create(_) => Code::NewLine,
            Verdict::Large(_) => Code::LineStep,
        }
    }

    /// Whether it waits until somebody has decided.
    pub fn is_held(&self) -> bool {
        matches!(self, Verdict::Held(_) | Verdict::Large(_))
    }

    /// Whether it comes to a new line, now or once somebody let its size pass.
    pub fn is_creation(&self) -> bool {
        matches!(self, Verdict::Create(_) | Verdict::Large(_))
    }

    /// Whether units would be billed where none were.
    pub fn begins(&self) -> bool {
        match self {
            Verdict::Create(_) | Verdict::Large(_) => true,
            Verdict::Update(change) => change.from.is_zero(),
            Verdict::Unchanged(_) | Verdict::Held(_) | Verdict::Skipped(_) => false,
        }
    }

    /// Whether something is to be written.
    pub fn is_change(&self) -> bool {
        matches!(self, Verdict::Update(_) | Verdict::Create(_))
    }
}

impl LineKey {
    /// The line that holds all units of a product.
    pub fn total(agreement: AgreementId, product: ProductCode) -> Self {
        Self { agreement, product, item: None }
    }

    /// The form in which one night knows another's line: an item's name may be written otherwise the next time.
    pub fn folded(&self) -> Cow<'_, LineKey> {
        match &self.item {
            None => Cow::Borrowed(self),
            Some(item) => Cow::Owned(Self { item: Some(ItemName::new(&item.folded())), ..self.clone() }),
        }
    }
}

impl Line {
    /// Whether nobody counts it: it was found to bill, and is no line of the integration.
    pub fn is_found(&self) -> bool {
        self.sources.is_empty() && matches!(self.verdict.code(), Code::BilledNotCounted | Code::Ignored)
    }

    /// Whether it begins, by itself or by an answer: then what bills beside it has to be shown.
    pub fn may_begin(&self) -> bool {
        let asked = [
            Code::HumanEdit,
            Code::LineJustEnded,
            Code::LineElsewhere,
            Code::HostChanged,
            Code::Fractional,
            Code::LineStep,
            Code::WriteIgnored,
            Code::TugOfWar,
        ];
        let is_asked = matches!(self.verdict, Verdict::Held(code) if asked.contains(&code));
        self.verdict.is_creation() || self.live.is_none_or(|live| live.quantity.is_zero()) && is_asked
    }

    /// The live addition, and the others that it names.
    pub fn shown_additions(&self) -> (Option<AdditionId>, &Named) {
        (self.live.map(|live| live.addition), &self.named)
    }

    /// The key, if the line has a place on an agreement.
    pub fn key(&self) -> Option<&LineKey> {
        match &self.subject {
            Subject::Line(key) => Some(key),
            Subject::Unplaced { .. } => None,
        }
    }
}
