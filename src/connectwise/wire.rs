//! ConnectWise's JSON, as far as it is asked for, and its way into the domain's records.

use chrono::{Datelike as _, NaiveDate};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::reconcile::guard::cleared::CreateLine;
use crate::reconcile::matching::item_marker;
use crate::reconcile::matching::item_marker::Mark;
use crate::reconcile::model::ids::{AdditionId, AgreementId, CompanyId, ProductId};
use crate::reconcile::model::quantity::Quantity;
use crate::reconcile::model::records::{Addition, Agreement, Company, LastChange, Product};

/// One record of a list.
pub(crate) trait Row: for<'de> Deserialize<'de> {
    /// The record it becomes.
    type Record;
    /// What is asked for, in ConnectWise's `fields`. No price or cost among it.
    const FIELDS: &'static str;

    fn id(&self) -> i64;

    /// # Errors
    /// Why no record can be made of it, in words that fit after its id.
    fn into_record(self) -> Result<Self::Record, String>;
}

/// A reference to another record. Its id may be missing, and its name.
#[derive(Debug, Deserialize)]
struct Reference {
    id: Option<i64>,
    name: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct IdRow {
    id: i64,
}

impl Row for IdRow {
    type Record = i64;
    const FIELDS: &'static str = "id";

    fn id(&self) -> i64 {
        self.id
    }

    fn into_record(self) -> Result<i64, String> {
        Ok(self.id)
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CompanyRow {
    id: i64,
    identifier: Option<String>,
    name: Option<String>,
    status: Option<Reference>,
    types: Option<Vec<Reference>>,
    deleted_flag: Option<bool>,
}

impl Row for CompanyRow {
    type Record = Company;
    const FIELDS: &'static str = "id,identifier,name,status,types,deletedFlag";

    fn id(&self) -> i64 {
        self.id
    }

    fn into_record(self) -> Result<Company, String> {
        Ok(Company {
            id: CompanyId(self.id),
            identifier: self.identifier.unwrap_or_default(),
            name: self.name.unwrap_or_default(),
            status: self.status.and_then(|status| status.name).unwrap_or_default(),
            kinds: self.types.unwrap_or_default().into_iter().filter_map(|kind| kind.name).collect(),
            deleted: self.deleted_flag.unwrap_or(false),
        })
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AgreementRow {
    id: i64,
    name: Option<String>,
    #[serde(rename = "type")]
    kind: Option<Reference>,
    company: Option<Reference>,
    agreement_status: Option<String>,
    cancelled_flag: Option<bool>,
    date_cancelled: Option<String>,
    start_date: Option<String>,
    end_date: Option<String>,
    no_ending_date_flag: Option<bool>,
    bill_start_date: Option<String>,
    one_time_flag: Option<bool>,
    bill_one_time_flag: Option<bool>,
    billing_cycle: Option<Reference>,
}

impl Row for AgreementRow {
    type Record = Agreement;
    const FIELDS: &'static str = "id,name,type,company,agreementStatus,cancelledFlag,dateCancelled,startDate,endDate,\
                                  noEndingDateFlag,billStartDate,oneTimeFlag,billOneTimeFlag,billingCycle";

    fn id(&self) -> i64 {
        self.id
    }

    fn into_record(self) -> Result<Agreement, String> {
        let company = self.company.and_then(|company| company.id).ok_or("has no company")?;
        let endless = self.no_ending_date_flag == Some(true);
        let cycle = self.billing_cycle.and_then(|cycle| cycle.name);
        Ok(Agreement {
            id: AgreementId(self.id),
            company: CompanyId(company),
            name: self.name.unwrap_or_default(),
            kind: self.kind.and_then(|kind| kind.name).unwrap_or_default(),
            // An answer that says neither is no ground for a write.
            status: self.agreement_status.or_else(|| self.cancelled_flag.is_none().then(|| "not given".to_owned())),
            cancelled: self.cancelled_flag == Some(true),
            cancelled_on: day_of("dateCancelled", self.date_cancelled)?,
            starts_on: day_of("startDate", self.start_date)?,
            ends_on: if endless { None } else { day_of("endDate", self.end_date)? },
            bills_from: day_of("billStartDate", self.bill_start_date)?,
            one_time: self.one_time_flag == Some(true)
                || self.bill_one_time_flag == Some(true)
                || cycle.is_some_and(|name| does_not_recur(&name)),
        })
    }
}

/// `NotRecurring` is the enum's word (ConnectWise's API description); people write the name in other ways.
fn does_not_recur(cycle: &str) -> bool {
    let letters: String = cycle.chars().filter(char::is_ascii_alphabetic).collect();
    ["notrecurring", "nonrecurring", "onetime"].contains(&letters.to_ascii_lowercase().as_str())
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProductRow {
    id: i64,
    identifier: Option<String>,
    description: Option<String>,
    inactive_flag: Option<bool>,
    product_class: Option<String>,
}

impl Row for ProductRow {
    type Record = Product;
    const FIELDS: &'static str = "id,identifier,description,inactiveFlag,productClass";

    fn id(&self) -> i64 {
        self.id
    }

    fn into_record(self) -> Result<Product, String> {
        Ok(Product {
            id: ProductId(self.id),
            identifier: self.identifier.unwrap_or_default(),
            description: self.description.unwrap_or_default(),
            inactive: self.inactive_flag == Some(true),
            bundle_class: self.product_class.is_some_and(|class| class.eq_ignore_ascii_case("Bundle")),
        })
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AdditionRow {
    id: i64,
    product: Option<Reference>,
    #[serde(default)]
    quantity: Value,
    #[serde(default)]
    effective_date: Value,
    #[serde(default)]
    cancelled_date: Value,
    #[serde(default)]
    less_included: Value,
    bill_customer: Option<String>,
    serial_number: Option<String>,
    invoice_description: Option<String>,
    #[serde(default, rename = "_info")]
    info: Value,
}

impl Row for AdditionRow {
    type Record = Addition;
    /// `_info` is left out by ConnectWise unless it is named (seen in the field).
    const FIELDS: &'static str = "id,product,quantity,effectiveDate,cancelledDate,lessIncluded,billCustomer,\
                                  serialNumber,invoiceDescription,_info";

    fn id(&self) -> i64 {
        self.id
    }

    /// A line that cannot be read whole is still a line: it stands in the plan, held.
    fn into_record(self) -> Result<Addition, String> {
        let effective_on = day("effectiveDate", &self.effective_date);
        let cancelled_on = day("cancelledDate", &self.cancelled_date);
        let dates = effective_on.clone().and(cancelled_on.clone());
        Ok(Addition {
            id: AdditionId(self.id),
            product: self.product.and_then(|product| product.id).map(ProductId),
            quantity: dates.and_then(|_| quantity(&self.quantity)),
            effective_on: effective_on.unwrap_or_default(),
            cancelled_on: cancelled_on.unwrap_or_default(),
            less_included: less_included(&self.less_included),
            bill: self.bill_customer,
            mark: item_marker::read(self.serial_number.as_deref(), self.invoice_description.as_deref()),
            changed: last_change(&self.info),
        })
    }
}

fn last_change(info: &Value) -> Option<LastChange> {
    let text = |key| info.get(key).and_then(Value::as_str).map(str::to_owned);
    match (text("updatedBy"), text("lastUpdated")) {
        (None, None) => None,
        (by, at) => Some(LastChange { by: by.unwrap_or_default(), at: at.unwrap_or_default() }),
    }
}

/// Left out where there is none (seen in the field).
fn less_included(value: &Value) -> Result<Quantity, String> {
    if value.is_null() {
        return Ok(Quantity::ZERO);
    }
    let exact = value.as_number().and_then(|number| Quantity::from_json_number(number.as_str()));
    exact.ok_or_else(|| format!("{:.40} cannot be read", value.to_string()))
}

/// An exact quantity, or why there is none. Missing is never zero.
pub(crate) fn quantity(value: &Value) -> Result<Quantity, String> {
    match value {
        Value::Null => Err("its quantity is missing".to_owned()),
        Value::Number(number) => {
            let text = number.as_str();
            Quantity::from_json_number(text).ok_or_else(|| match text.starts_with('-') {
                true => format!("its quantity is {text:.40}, below zero"),
                false => format!("its quantity {text:.40} cannot be read exactly"),
            })
        }
        _ => Err("its quantity is not a number".to_owned()),
    }
}

fn day_of(field: &str, text: Option<String>) -> Result<Option<NaiveDate>, String> {
    day(field, &text.map_or(Value::Null, Value::String))
}

/// The calendar day of a date. ConnectWise sends midnight and `Z`, and means the day, not the instant (unverified).
fn day(field: &str, value: &Value) -> Result<Option<NaiveDate>, String> {
    let unreadable = || format!("its {field} {:.40} cannot be read", value.to_string());
    let text = match value {
        Value::Null => return Ok(None),
        Value::String(text) => text,
        _ => return Err(unreadable()),
    };
    let (day, rest) = text.split_at_checked(10).ok_or_else(unreadable)?;
    let date = NaiveDate::parse_from_str(day, "%Y-%m-%d").map_err(|_| unreadable())?;
    // Read back, because the parser takes blanks, signs and short numbers as well.
    let whole = date.to_string() == day && (rest.is_empty() || rest.starts_with(['T', 't', ' ']));
    if !whole {
        return Err(unreadable());
    }
    // .NET's default date, `0001-01-01`, stands for none where a client wrote it (seen in the field elsewhere).
    Ok(Some(date).filter(|date| date.year() > 1))
}

/// One operation of a PATCH: the quantity, and nothing else.
#[derive(Debug, Serialize)]
pub(crate) struct ReplaceQuantity {
    op: &'static str,
    /// A bare name without a slash, and in this case (ConnectWise developer guide).
    path: &'static str,
    value: Quantity,
}

impl ReplaceQuantity {
    pub(crate) fn to(value: Quantity) -> [Self; 1] {
        [Self { op: "replace", path: "quantity", value }]
    }
}

/// What a PATCH's answer is looked at for.
#[derive(Debug, Deserialize)]
pub(crate) struct QuantityRow {
    pub(crate) id: i64,
    #[serde(default)]
    pub(crate) quantity: Value,
}

impl QuantityRow {
    pub(crate) const FIELDS: &'static str = "id,quantity";
}

/// A new addition, with the mark of its item, if it is one's. The catalog's own price applies, because none is named.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NewAddition {
    product: NewReference,
    quantity: Quantity,
    bill_customer: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    serial_number: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    invoice_description: Option<String>,
    /// Midnight UTC in whole seconds: fractions are refused (seen in the field).
    effective_date: String,
}

#[derive(Debug, Serialize)]
struct NewReference {
    id: ProductId,
}

impl From<&CreateLine> for NewAddition {
    fn from(line: &CreateLine) -> Self {
        let (serial_number, invoice_description) = match line.item().and_then(Mark::of) {
            None => (None, None),
            Some(Mark::Serial(text)) => (Some(text), None),
            Some(Mark::Description(text)) => (None, Some(text)),
        };
        Self {
            product: NewReference { id: line.product() },
            quantity: line.quantity(),
            bill_customer: line.bill().as_str(),
            serial_number,
            invoice_description,
            effective_date: format!("{}T00:00:00Z", line.effective_on()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row<R: Row>(json: &str) -> Result<R::Record, String> {
        serde_json::from_str::<R>(json).map_err(|error| error.to_string())?.into_record()
    }

    fn addition(quantity: &str) -> Addition {
        row::<AdditionRow>(&format!(r#"{{"id":1,"product":{{"id":7}},"quantity":{quantity}}}"#)).expect("a record")
    }

    /// Otherwise a number that is missing would be billed as none, or another than ConnectWise holds.
    #[test]
    fn quantities_are_exact_or_an_error() {
        for (json, exact) in
            [("3", "3"), ("2.50", "2.5"), ("1e2", "100"), ("0.0", "0"), ("0.1234567891", "0.1234567891")]
        {
            assert_eq!(addition(json).quantity.map(|q| q.to_string()), Ok(exact.to_owned()), "{json}");
        }
        for (json, words) in [
            ("null", "its quantity is missing"),
            ("-3", "its quantity is -3, below zero"),
            ("1e400", "its quantity 1e+400 cannot be read exactly"),
            ("\"5\"", "its quantity is not a number"),
            ("true", "its quantity is not a number"),
        ] {
            assert_eq!(addition(json).quantity, Err(words.to_owned()), "{json}");
        }
        let missing = row::<AdditionRow>(r#"{"id":1}"#).expect("a record");
        assert_eq!((missing.quantity, missing.product), (Err("its quantity is missing".to_owned()), None));
    }

    /// Otherwise a cancelled line would look live, and be written.
    #[test]
    fn an_addition_with_a_date_that_cannot_be_read_is_held() {
        let json = r#"{"id":1,"quantity":3,"effectiveDate":"2026-11-01T00:00:00Z","cancelledDate":"2026-13-01",
            "_info":{"lastUpdated":"x","updatedBy":"jdoe"}}"#;
        let addition = row::<AdditionRow>(json).expect("a record");
        assert_eq!(addition.effective_on, NaiveDate::from_ymd_opt(2026, 11, 1));
        assert_eq!(addition.quantity, Err("its cancelledDate \"2026-13-01\" cannot be read".to_owned()));
        assert_eq!(addition.changed, Some(LastChange { by: "jdoe".into(), at: "x".into() }));
        for text in ["01/11/2026", "2026-1-01T0", "2026-11-1", " 026-11-01", "2026-11-01x", "é26-11-001", ""] {
            assert!(day("d", &Value::String(text.into())).is_err(), "{text}");
        }
        assert_eq!(day("d", &Value::String("2026-11-01".into())), Ok(NaiveDate::from_ymd_opt(2026, 11, 1)));
        assert!(day("d", &Value::Bool(true)).is_err());
    }

    /// Otherwise included units would be taken off twice, or an item's line not be known again.
    #[test]
    fn an_addition_says_what_it_includes_how_it_is_billed_and_whose_it_is() {
        let plain = addition("3");
        assert_eq!((plain.less_included, plain.bill, plain.mark), (Ok(Quantity::ZERO), None, None));
        let json = r#"{"id":1,"quantity":3,"lessIncluded":2.50,"billCustomer":"NoCharge","serialNumber":" a.com "}"#;
        let marked = row::<AdditionRow>(json).expect("a record");
        assert_eq!(marked.less_included.map(|units| units.to_string()), Ok("2.5".to_owned()));
        assert_eq!((marked.bill.as_deref(), marked.mark), (Some("NoCharge"), Some("a.com".into())));
        let odd = row::<AdditionRow>(r#"{"id":1,"quantity":3,"lessIncluded":"2"}"#).expect("a record");
        assert!(odd.less_included.is_err());
    }

    #[test]
    fn agreements_say_when_and_how_they_bill() {
        let json = r#"{"id":5,"name":"N","type":{"id":1,"name":"Email"},"company":{"id":9,"name":"C"},
            "agreementStatus":"Active","endDate":"2020-01-01T00:00:00Z","noEndingDateFlag":true,
            "billingCycle":{"id":2,"name":"Not Recurring"},"more":[1]}"#;
        let agreement = row::<AgreementRow>(json).expect("a record");
        assert_eq!((agreement.company, agreement.kind.as_str(), agreement.ends_on), (CompanyId(9), "Email", None));
        assert!(agreement.one_time);
        let json = r#"{"id":5,"company":{"id":9},"endDate":"2020-01-01",
            "billingCycle":{"name":"Monthly"},"cancelledFlag":null}"#;
        let agreement = row::<AgreementRow>(json).expect("a record");
        assert_eq!((agreement.ends_on, agreement.one_time), (NaiveDate::from_ymd_opt(2020, 1, 1), false));
        assert_eq!(row::<AgreementRow>(r#"{"id":5}"#).expect_err("no company"), "has no company");
        assert!(row::<AgreementRow>(r#"{"id":5,"company":{"id":9},"startDate":"soon"}"#).is_err());
        for json in [r#"{"name":"x"}"#, r#"{"id":"5"}"#, r#"{"id":5.5}"#, r#"{"id":null}"#] {
            assert!(row::<CompanyRow>(json).is_err(), "{json}");
        }
    }

    #[test]
    fn bundles_are_told_by_their_class() {
        let product = row::<ProductRow>(r#"{"id":5,"identifier":"MP-X","productClass":"bundle"}"#).expect("a record");
        assert!(product.bundle_class && !product.inactive);
    }

    /// Otherwise a price could be read, and one day be written.
    #[test]
    fn no_field_about_money_is_asked_for() {
        let fields =
            [CompanyRow::FIELDS, AgreementRow::FIELDS, ProductRow::FIELDS, AdditionRow::FIELDS, QuantityRow::FIELDS];
        for field in fields.join(",").to_lowercase().split(',') {
            assert!(!["price", "cost", "margin", "amount"].iter().any(|money| field.contains(money)), "{field}");
            assert!(!field.contains(char::is_whitespace), "{field}");
        }
    }
}
