//! The records of a world, with the defaults that make them short to write.

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::Wire;

/// One agreement addition.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Addition {
    /// Its id.
    pub id: i64,
    /// The agreement it belongs to.
    pub agreement: i64,
    /// The product's identifier in the catalog.
    pub product: String,
    /// Billed units, exactly as given.
    #[serde(with = "rust_decimal::serde::arbitrary_precision")]
    pub quantity: Decimal,
    /// Units that cost nothing.
    #[serde(default, with = "rust_decimal::serde::arbitrary_precision")]
    pub less_included: Decimal,
    /// Default: the catalog's price.
    #[serde(default, with = "rust_decimal::serde::arbitrary_precision_option")]
    pub unit_price: Option<Decimal>,
    /// Default: the catalog's cost.
    #[serde(default, with = "rust_decimal::serde::arbitrary_precision_option")]
    pub unit_cost: Option<Decimal>,
    /// `Billable`, `DoNotBill` or `NoCharge`.
    #[serde(default = "billable")]
    pub bill_customer: String,
    /// The first day; default: the first day that the agreement bills.
    #[serde(default)]
    pub effective: Option<NaiveDate>,
    /// The day it was cancelled.
    #[serde(default)]
    pub cancelled: Option<NaiveDate>,
    /// Default: the catalog's description.
    #[serde(default)]
    pub description: Option<String>,
    /// Text on the invoice; default: the catalog's customer description.
    #[serde(default)]
    pub invoice_description: Option<String>,
    /// Free text that some integrations use as a mark.
    #[serde(default)]
    pub serial_number: String,
    /// `_info.updatedBy`.
    #[serde(default = "somebody")]
    pub updated_by: String,
    /// `_info.lastUpdated`.
    #[serde(default = "before")]
    pub last_updated: String,
    /// The role may not change this one: 403.
    #[serde(default)]
    pub locked: bool,
    /// Further fields, by their ConnectWise names.
    #[serde(default, skip_serializing_if = "Wire::is_empty")]
    pub more: Wire,
}

/// One agreement.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Agreement {
    /// Its id.
    pub id: i64,
    /// The company it belongs to.
    pub company: i64,
    /// The name of its type.
    #[serde(rename = "type", default = "managed")]
    pub kind: String,
    /// Its name; default: the type's name.
    #[serde(default)]
    pub name: Option<String>,
    /// `Active`, `Cancelled`, `Expired`, `Inactive`; default: follows from the dates.
    #[serde(default)]
    pub status: Option<String>,
    /// The first day; default 2024-01-01.
    #[serde(default = "beginning")]
    pub start: NaiveDate,
    /// The first day that is billed; default: `start`.
    #[serde(default)]
    pub bill_start: Option<NaiveDate>,
    /// The last day; default: none.
    #[serde(default)]
    pub end: Option<NaiveDate>,
    /// The day it was cancelled.
    #[serde(default)]
    pub cancelled: Option<NaiveDate>,
    /// Billed once, not recurring.
    #[serde(default)]
    pub one_time: bool,
    /// The billing cycle's name; default `Monthly`.
    #[serde(default = "monthly")]
    pub billing_cycle: String,
    /// An addition that begins in the middle of a period is billed in part.
    #[serde(default)]
    pub prorate: bool,
    /// The parent agreement's id.
    #[serde(default)]
    pub parent: Option<i64>,
    /// The day of the next invoice. Without proration nothing can begin before it: what is before is invoiced.
    #[serde(default)]
    pub next_invoice: Option<NaiveDate>,
    /// What its list of additions is answered with instead: 400, 403, 404, 500.
    #[serde(default)]
    pub additions_refused: Option<u16>,
    /// Further fields, by their ConnectWise names.
    #[serde(default, skip_serializing_if = "Wire::is_empty")]
    pub more: Wire,
}

/// How often agreements are invoiced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BillingCycle {
    /// Its id.
    pub id: i64,
    /// Its name, which people choose.
    pub name: String,
    /// `billingOptions`: `Monthly`, `NotRecurring` and so on.
    pub options: String,
}

/// One company.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Company {
    /// Its id.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// Its short identifier; default: letters and digits of the name.
    #[serde(default)]
    pub identifier: Option<String>,
    /// The name of its status; default `Active`.
    #[serde(default = "active")]
    pub status: String,
    /// The names of its types; default `Client`.
    #[serde(default = "client")]
    pub types: Vec<String>,
    /// In the recycle bin; it still matches a query by name.
    #[serde(default)]
    pub deleted: bool,
    /// Further fields, by their ConnectWise names.
    #[serde(default, skip_serializing_if = "Wire::is_empty")]
    pub more: Wire,
}

/// One product of the catalog.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Product {
    /// Its id.
    pub id: i64,
    /// Its identifier.
    pub identifier: String,
    /// Its description; default: the identifier.
    #[serde(default)]
    pub description: Option<String>,
    /// `Agreement`, `Bundle`, `Inventory`, `NonInventory` or `Service`; default `Agreement`.
    #[serde(default = "agreement_class")]
    pub class: String,
    /// No longer sold.
    #[serde(default)]
    pub inactive: bool,
    /// Price of one unit.
    #[serde(default, with = "rust_decimal::serde::arbitrary_precision")]
    pub price: Decimal,
    /// Cost of one unit.
    #[serde(default, with = "rust_decimal::serde::arbitrary_precision")]
    pub cost: Decimal,
    /// Unit of measure; default `Each`.
    #[serde(default = "each")]
    pub unit: String,
    /// Further fields, by their ConnectWise names.
    #[serde(default, skip_serializing_if = "Wire::is_empty")]
    pub more: Wire,
}

/// One service board.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Board {
    /// Its id.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// No longer used.
    #[serde(default)]
    pub inactive: bool,
    /// Its statuses; the first one is the default.
    #[serde(default = "Board::usual_statuses")]
    pub statuses: Vec<BoardStatus>,
    /// The names of its types; ids count from `100 * board + 1`.
    #[serde(default = "Board::usual_types")]
    pub types: Vec<String>,
    /// Which subtypes a type has, and which items these; ids count as those of types do.
    #[serde(default = "Board::usual_associations")]
    pub associations: Vec<TypeAssociation>,
}

/// A type with a subtype of it, and an item of both.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TypeAssociation {
    /// The type.
    #[serde(rename = "type")]
    pub kind: String,
    /// The subtype.
    pub sub_type: String,
    /// The item.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<String>,
}

/// One status of a board.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BoardStatus {
    /// Its id, unique over all boards.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// A ticket in this status is closed.
    #[serde(default)]
    pub closed: bool,
    /// No longer used.
    #[serde(default)]
    pub inactive: bool,
}

/// One member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Member {
    /// Its id.
    pub id: i64,
    /// The name it logs in with.
    pub identifier: String,
    /// First name.
    #[serde(default)]
    pub first_name: String,
    /// Last name.
    #[serde(default)]
    pub last_name: String,
}

impl Addition {
    /// A billable addition with every default.
    #[must_use]
    pub fn new(id: i64, agreement: i64, product: &str, quantity: Decimal) -> Self {
        Self {
            id,
            agreement,
            product: product.to_owned(),
            quantity,
            less_included: Decimal::ZERO,
            unit_price: None,
            unit_cost: None,
            bill_customer: billable(),
            effective: None,
            cancelled: None,
            description: None,
            invoice_description: None,
            serial_number: String::new(),
            updated_by: somebody(),
            last_updated: before(),
            locked: false,
            more: Wire::new(),
        }
    }
}

impl BillingCycle {
    /// "None" is a name that people give, and no sign that an agreement does not recur; "Once" does not.
    pub(crate) fn usual() -> Vec<Self> {
        let cycle = |id, name: &str, options: &str| Self { id, name: name.to_owned(), options: options.to_owned() };
        vec![
            cycle(1, "Weekly", "Weekly"),
            cycle(2, "Monthly", "Monthly"),
            cycle(3, "Quarterly", "Quarterly"),
            cycle(4, "Yearly", "Yearly"),
            cycle(5, "Not Recurring", "NotRecurring"),
            cycle(6, "None", "Monthly"),
            cycle(7, "Once", "NotRecurring"),
        ]
    }
}

impl Agreement {
    /// The first day that can be billed.
    #[must_use]
    pub fn billing_start(&self) -> NaiveDate {
        self.bill_start.unwrap_or(self.start).max(self.start)
    }
}

impl Board {
    fn usual_statuses() -> Vec<BoardStatus> {
        let status = |id, name: &str, closed| BoardStatus { id, name: name.to_owned(), closed, inactive: false };
        vec![status(11, "New", false), status(12, "In Progress", false), status(13, ">Closed", true)]
    }

    fn usual_types() -> Vec<String> {
        ["Issue", "Billing"].map(str::to_owned).to_vec()
    }

    fn usual_associations() -> Vec<TypeAssociation> {
        [("Issue", "Server", None), ("Billing", "Agreement", Some("Quantity")), ("Billing", "Invoice", None)]
            .map(|(kind, sub_type, item)| TypeAssociation {
                kind: kind.to_owned(),
                sub_type: sub_type.to_owned(),
                item: item.map(str::to_owned),
            })
            .to_vec()
    }
}

impl Default for Board {
    fn default() -> Self {
        Self {
            id: 1,
            name: "Billing".to_owned(),
            inactive: false,
            statuses: Self::usual_statuses(),
            types: Self::usual_types(),
            associations: Self::usual_associations(),
        }
    }
}

fn billable() -> String {
    "Billable".to_owned()
}

fn beginning() -> NaiveDate {
    NaiveDate::from_ymd_opt(2024, 1, 1).expect("a day of the calendar")
}

fn somebody() -> String {
    "jdoe".to_owned()
}

fn before() -> String {
    "2026-10-30T15:04:05Z".to_owned()
}

fn managed() -> String {
    "Managed Services".to_owned()
}

fn monthly() -> String {
    "Monthly".to_owned()
}

fn active() -> String {
    "Active".to_owned()
}

fn client() -> Vec<String> {
    vec!["Client".to_owned()]
}

fn agreement_class() -> String {
    "Agreement".to_owned()
}

fn each() -> String {
    "Each".to_owned()
}
