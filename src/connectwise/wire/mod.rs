//! ConnectWise's JSON, as far as it is asked for, and its way into the domain's records.

pub(crate) mod json_fields;

use serde::Deserialize;
use serde_json::Value;

use crate::connectwise::wire::json_fields::Reference;
use crate::reconcile::matching::item_marker;
use crate::reconcile::model::bill_customer::Bill;
use crate::reconcile::model::connectwise_records::{
    Addition, Agreement, AgreementSign, Company, Product, Recurrence, Unreadable,
};
use crate::reconcile::model::ids::{AdditionId, AgreementId, CompanyId, ProductCode, ProductId};
use crate::reconcile::model::last_change::LastChange;
use crate::reconcile::model::quantity::Quantity;

/// One record of a list. Its members are read one by one: what is wrong with one of them spoils this record alone.
pub(crate) trait Row: for<'de> Deserialize<'de> {
    /// The record it becomes.
    type Record;
    /// What is told of a record that cannot be read.
    type Known;
    /// What is asked for, in ConnectWise's `fields`. No price or cost among it.
    const FIELDS: &'static str;
    /// What is asked for where ConnectWise refuses one of those: nothing can be decided with less.
    const FEWER: &'static str = Self::FIELDS;

    /// The member `id`.
    fn id(&self) -> &Value;

    /// # Errors
    /// Why no record can be made of it, in words that fit after its id.
    fn record(&self, id: i64) -> Result<Self::Record, String>;

    /// What can be told of it all the same.
    fn known(&self) -> Self::Known;

    /// The record, or what is left of it.
    fn read(&self, id: i64) -> Result<Self::Record, Unreadable<Self::Known>> {
        let record = match &self.id().is_number() {
            true => self.record(id),
            false => Err(format!("its id {:.40} is not a number", self.id().to_string())),
        };
        record.map_err(|why| Unreadable { id, known: self.known(), why })
    }
}

#[derive(Debug, Deserialize)]
pub(crate) struct IdRow {
    id: Value,
}

impl Row for IdRow {
    type Record = i64;
    type Known = ();
    const FIELDS: &'static str = "id";

    fn id(&self) -> &Value {
        &self.id
    }

    fn record(&self, id: i64) -> Result<i64, String> {
        Ok(id)
    }

    fn known(&self) {}
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CompanyRow {
    id: Value,
    #[serde(default)]
    identifier: Value,
    #[serde(default)]
    name: Value,
    #[serde(default)]
    status: Value,
    #[serde(default)]
    types: Value,
    #[serde(default)]
    deleted_flag: Value,
}

impl Row for CompanyRow {
    type Record = Company;
    type Known = Option<String>;
    const FIELDS: &'static str = "id,identifier,name,status,types,deletedFlag";
    const FEWER: &'static str = "id,identifier,name,status,deletedFlag";

    fn id(&self) -> &Value {
        &self.id
    }

    fn record(&self, id: i64) -> Result<Company, String> {
        let types = json_fields::references("types", &self.types)?;
        Ok(Company {
            id: CompanyId(id),
            // Shown only, so a strange one does no harm.
            identifier: json_fields::text("identifier", &self.identifier).ok().flatten().unwrap_or_default(),
            name: json_fields::text("name", &self.name)?.unwrap_or_default(),
            status: json_fields::reference("status", &self.status)?.name.unwrap_or_default(),
            kinds: types.into_iter().filter_map(|kind| kind.name).collect(),
            deleted: json_fields::flag("deletedFlag", &self.deleted_flag)?.unwrap_or(false),
        })
    }

    fn known(&self) -> Option<String> {
        json_fields::text("name", &self.name).ok().flatten()
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AgreementRow {
    id: Value,
    #[serde(default)]
    name: Value,
    #[serde(default, rename = "type")]
    kind: Value,
    #[serde(default)]
    company: Value,
    #[serde(default)]
    agreement_status: Value,
    #[serde(default)]
    cancelled_flag: Value,
    #[serde(default)]
    date_cancelled: Value,
    #[serde(default)]
    start_date: Value,
    #[serde(default)]
    end_date: Value,
    #[serde(default)]
    no_ending_date_flag: Value,
    #[serde(default)]
    bill_start_date: Value,
    #[serde(default)]
    one_time_flag: Value,
    #[serde(default)]
    bill_one_time_flag: Value,
    #[serde(default)]
    billing_cycle: Value,
    #[serde(default)]
    prorate_flag: Value,
    #[serde(default)]
    next_invoice_date: Value,
}

/// An agreement, and the billing cycle that says whether it recurs.
#[derive(Debug)]
pub(crate) struct WireAgreement {
    pub(crate) agreement: Agreement,
    pub(crate) cycle: Reference,
}

impl Row for AgreementRow {
    type Record = WireAgreement;
    type Known = AgreementSign;
    const FIELDS: &'static str = "id,name,type,company,agreementStatus,cancelledFlag,dateCancelled,startDate,endDate,\
                                  noEndingDateFlag,billStartDate,oneTimeFlag,billOneTimeFlag,billingCycle,\
                                  prorateFlag,nextInvoiceDate";
    const FEWER: &'static str = "id,name,type,company,agreementStatus,cancelledFlag,dateCancelled,startDate,endDate,\
                                 noEndingDateFlag,billStartDate,oneTimeFlag,billOneTimeFlag,billingCycle";

    fn id(&self) -> &Value {
        &self.id
    }

    fn record(&self, id: i64) -> Result<WireAgreement, String> {
        let company = json_fields::reference("company", &self.company)?.id.ok_or("its company is missing")?;
        let flag = |field, value| json_fields::flag(field, value);
        let endless = flag("noEndingDateFlag", &self.no_ending_date_flag)? == Some(true);
        let cancelled = flag("cancelledFlag", &self.cancelled_flag)?;
        let status = json_fields::text("agreementStatus", &self.agreement_status)?.filter(|status| !status.is_empty());
        let cycle = json_fields::reference("billingCycle", &self.billing_cycle)?;
        let once = [("oneTimeFlag", &self.one_time_flag), ("billOneTimeFlag", &self.bill_one_time_flag)];
        let once = once.into_iter().map(|(field, value)| flag(field, value)).collect::<Result<Vec<_>, _>>()?;
        let once = once.contains(&Some(true));
        let agreement = Agreement {
            id: AgreementId(id),
            company: CompanyId(company),
            name: json_fields::text("name", &self.name)?.unwrap_or_default(),
            kind: json_fields::reference("type", &self.kind)?.name.unwrap_or_default(),
            // An answer that says neither is no ground for a write.
            status: status.or_else(|| cancelled.is_none().then(|| "not given".to_owned())),
            cancelled: cancelled == Some(true),
            cancelled_on: json_fields::day("dateCancelled", &self.date_cancelled)?,
            starts_on: json_fields::day("startDate", &self.start_date)?,
            ends_on: if endless { None } else { json_fields::day("endDate", &self.end_date)? },
            bills_from: json_fields::day("billStartDate", &self.bill_start_date)?,
            // Its cycle says more, where the list of cycles does.
            recurrence: if once { Recurrence::Once } else { Recurrence::Untold },
            prorates: flag("prorateFlag", &self.prorate_flag)? != Some(false),
            next_invoice_on: json_fields::day("nextInvoiceDate", &self.next_invoice_date)?,
        };
        Ok(WireAgreement { agreement, cycle })
    }

    fn known(&self) -> AgreementSign {
        AgreementSign {
            company: json_fields::reference("company", &self.company).ok().and_then(|found| found.id).map(CompanyId),
            kind: json_fields::reference("type", &self.kind).ok().map(|found| found.name.unwrap_or_default()),
            name: json_fields::text("name", &self.name).ok().map(Option::unwrap_or_default),
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProductRow {
    id: Value,
    #[serde(default)]
    identifier: Value,
    #[serde(default)]
    description: Value,
    #[serde(default)]
    inactive_flag: Value,
    #[serde(default)]
    product_class: Value,
}

impl Row for ProductRow {
    type Record = Product;
    type Known = Option<String>;
    const FIELDS: &'static str = "id,identifier,description,inactiveFlag,productClass";

    fn id(&self) -> &Value {
        &self.id
    }

    fn record(&self, id: i64) -> Result<Product, String> {
        let class = json_fields::text("productClass", &self.product_class)?;
        Ok(Product {
            id: ProductId(id),
            identifier: json_fields::text("identifier", &self.identifier)?.unwrap_or_default(),
            // Only suggestions compare with it.
            description: json_fields::text("description", &self.description).ok().flatten().unwrap_or_default(),
            inactive: json_fields::flag("inactiveFlag", &self.inactive_flag)? == Some(true),
            bundle_class: class.is_some_and(|class| class.eq_ignore_ascii_case("Bundle")),
        })
    }

    fn known(&self) -> Option<String> {
        json_fields::text("identifier", &self.identifier).ok().flatten()
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AdditionRow {
    id: Value,
    #[serde(default)]
    agreement_id: Value,
    #[serde(default)]
    product: Value,
    #[serde(default)]
    quantity: Value,
    #[serde(default)]
    effective_date: Value,
    #[serde(default)]
    cancelled_date: Value,
    #[serde(default)]
    less_included: Value,
    #[serde(default)]
    bill_customer: Value,
    #[serde(default)]
    serial_number: Value,
    #[serde(default)]
    invoice_description: Value,
    #[serde(default, rename = "_info")]
    info: Value,
}

/// An addition, and of which agreement it says to be.
#[derive(Debug)]
pub(crate) struct WireAddition {
    pub(crate) addition: Addition,
    /// `None`: it does not say. One that cannot be read is told with the quantity.
    pub(crate) agreement: Option<AgreementId>,
    /// What it calls its product, if it says that.
    pub(crate) product_named: Option<ProductCode>,
}

impl Row for AdditionRow {
    type Record = WireAddition;
    type Known = ();
    /// `_info` is left out by ConnectWise unless it is named (seen in the field).
    const FIELDS: &'static str = "id,agreementId,product,quantity,effectiveDate,cancelledDate,lessIncluded,\
                                  billCustomer,serialNumber,invoiceDescription,_info";
    const FEWER: &'static str = "id,product,quantity,effectiveDate,cancelledDate,lessIncluded,serialNumber,\
                                 invoiceDescription";

    fn id(&self) -> &Value {
        &self.id
    }

    /// A line that cannot be read whole is still a line: it stands in the plan, held.
    fn record(&self, id: i64) -> Result<WireAddition, String> {
        let product = json_fields::reference("product", &self.product);
        let effective_on = json_fields::day("effectiveDate", &self.effective_date);
        let cancelled_on = json_fields::day("cancelledDate", &self.cancelled_date);
        let agreement = json_fields::number("agreementId", &self.agreement_id);
        let serial = json_fields::text("serialNumber", &self.serial_number);
        let description = json_fields::text("invoiceDescription", &self.invoice_description);
        let faults = [
            product.as_ref().err(),
            effective_on.as_ref().err(),
            cancelled_on.as_ref().err(),
            agreement.as_ref().err(),
            serial.as_ref().err(),
            description.as_ref().err(),
        ];
        let fault = faults.into_iter().flatten().next().cloned();
        let text = |text: Result<Option<String>, String>| text.ok().flatten();
        let addition = Addition {
            id: AdditionId(id),
            product: product.ok().and_then(|product| product.id).map(ProductId),
            credit: self.quantity.as_number().is_some_and(|number| is_below_zero(number.as_str())),
            quantity: fault.map_or_else(|| json_fields::quantity(&self.quantity), Err),
            effective_on: effective_on.unwrap_or_default(),
            cancelled_on: cancelled_on.unwrap_or_default(),
            less_included: json_fields::less_included(&self.less_included),
            bill: text(json_fields::text("billCustomer", &self.bill_customer))
                .map(|word| Bill::from_word(&word).ok_or(word)),
            mark: item_marker::read(text(serial).as_deref(), text(description).as_deref()),
            changed: last_change(&self.info),
        };
        let product_named = self.product.get("identifier").and_then(Value::as_str).map(ProductCode::new);
        // No record has the id 0: .NET writes it for none.
        let agreement = agreement.ok().flatten().filter(|id| *id != 0).map(AgreementId);
        Ok(WireAddition { addition, agreement, product_named })
    }

    fn known(&self) {}
}

fn is_below_zero(number: &str) -> bool {
    number.starts_with('-') && Quantity::from_json_number(&number[1..]).is_some_and(|units| !units.is_zero())
}

fn last_change(info: &Value) -> Option<LastChange> {
    let text = |key| info.get(key).and_then(Value::as_str).map(str::to_owned);
    match (text("updatedBy"), text("lastUpdated")) {
        (None, None) => None,
        (by, at) => Some(LastChange { by: by.unwrap_or_default(), at: at.unwrap_or_default() }),
    }
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;

    use super::*;
    use crate::reconcile::model::quantity::Quantity;

    fn row<R: Row>(json: &str) -> Result<R::Record, String> {
        let row = serde_json::from_str::<R>(json).map_err(|error| error.to_string())?;
        let id = json_fields::id(row.id()).ok_or("no id")?;
        row.read(id).map_err(|record| record.why)
    }

    fn whole_addition(json: &str) -> Addition {
        row::<AdditionRow>(json).expect("a record").addition
    }

    fn addition(quantity: &str) -> Addition {
        whole_addition(&format!(r#"{{"id":1,"product":{{"id":7}},"quantity":{quantity}}}"#))
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
        let missing = whole_addition(r#"{"id":1}"#);
        assert_eq!((missing.quantity, missing.product), (Err("its quantity is missing".to_owned()), None));
    }

    /// Otherwise a line would count nowhere, and another be created beside it.
    #[test]
    fn an_addition_of_agreement_0_is_of_the_agreement_in_whose_list_it_stands() {
        for (json, said) in [("0", None), ("null", None), ("12", Some(AgreementId(12)))] {
            let json = format!(r#"{{"id":1,"product":{{"id":7}},"quantity":3,"agreementId":{json}}}"#);
            let found = row::<AdditionRow>(&json).expect("a record");
            assert_eq!(found.agreement, said, "{json}");
            assert!(found.addition.quantity.is_ok());
        }
    }

    /// Otherwise a cancelled line would look live, and be written.
    #[test]
    fn an_addition_with_a_date_that_cannot_be_read_is_held() {
        let json = r#"{"id":1,"quantity":3,"effectiveDate":"2026-11-01T00:00:00Z","cancelledDate":"2026-13-01",
            "_info":{"lastUpdated":"x","updatedBy":"jdoe"}}"#;
        let addition = whole_addition(json);
        assert_eq!(addition.effective_on, NaiveDate::from_ymd_opt(2026, 11, 1));
        assert_eq!(addition.quantity, Err("its cancelledDate \"2026-13-01\" cannot be read".to_owned()));
        assert_eq!(addition.changed, Some(LastChange { by: "jdoe".into(), at: "x".into() }));
    }

    /// Otherwise included units would be taken off twice, or an item's line not be known again.
    #[test]
    fn an_addition_says_what_it_includes_how_it_is_billed_and_whose_it_is() {
        let plain = addition("3");
        assert_eq!((plain.less_included, plain.bill, plain.mark), (Ok(Quantity::ZERO), None, None));
        let json = r#"{"id":1,"quantity":3,"lessIncluded":2.50,"billCustomer":"NoCharge","serialNumber":" a.com "}"#;
        let marked = whole_addition(json);
        assert_eq!(marked.less_included.map(|units| units.to_string()), Ok("2.5".to_owned()));
        assert_eq!((marked.bill, marked.mark), (Some(Ok(Bill::NoCharge)), Some("a.com".into())));
        let odd = whole_addition(r#"{"id":1,"quantity":3,"lessIncluded":"2"}"#);
        assert!(odd.less_included.is_err());
    }

    #[test]
    fn agreements_say_when_and_how_they_bill() {
        let json = r#"{"id":5,"name":"N","type":{"id":1,"name":"Email"},"company":{"id":9,"name":"C"},
            "agreementStatus":"Active","endDate":"2020-01-01T00:00:00Z","noEndingDateFlag":true,
            "prorateFlag":false,"nextInvoiceDate":"2026-12-01T00:00:00Z",
            "billingCycle":{"id":2,"name":"Not Recurring"},"more":[1]}"#;
        let WireAgreement { agreement, cycle } = row::<AgreementRow>(json).expect("a record");
        assert_eq!((agreement.company, agreement.kind.as_str(), agreement.ends_on), (CompanyId(9), "Email", None));
        assert_eq!((cycle.id, cycle.name.as_deref()), (Some(2), Some("Not Recurring")));
        assert_eq!(agreement.recurrence, Recurrence::Untold, "its cycle says more");
        assert_eq!((agreement.prorates, agreement.next_invoice_on), (false, NaiveDate::from_ymd_opt(2026, 12, 1)));
        let json = r#"{"id":5,"company":{"id":9},"endDate":"2020-01-01",
            "billingCycle":{"name":"Monthly"},"cancelledFlag":null}"#;
        let agreement = row::<AgreementRow>(json).expect("a record").agreement;
        assert_eq!(agreement.ends_on, NaiveDate::from_ymd_opt(2020, 1, 1));
        let once = row::<AgreementRow>(r#"{"id":5,"company":{"id":9},"billOneTimeFlag":true}"#).expect("a record");
        assert_eq!(once.agreement.recurrence, Recurrence::Once);
        assert_eq!((agreement.prorates, agreement.next_invoice_on), (true, None), "not said");
        assert_eq!(row::<AgreementRow>(r#"{"id":5}"#).expect_err("no company"), "its company is missing");
        assert!(row::<AgreementRow>(r#"{"id":5,"company":{"id":9},"startDate":"soon"}"#).is_err());
        for json in [r#"{"name":"x"}"#, r#"{"id":"5"}"#, r#"{"id":5.5}"#, r#"{"id":null}"#, r#"{"id":5,"name":7}"#] {
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
        let fields = [
            CompanyRow::FIELDS,
            CompanyRow::FEWER,
            AgreementRow::FIELDS,
            ProductRow::FIELDS,
            AdditionRow::FIELDS,
            AdditionRow::FEWER,
        ];
        for field in fields.join(",").to_lowercase().split(',') {
            assert!(!["price", "cost", "margin", "amount"].iter().any(|money| field.contains(money)), "{field}");
            assert!(!field.contains(char::is_whitespace), "{field}");
        }
    }

    /// Otherwise a mark that was not read would be none, and an item's line be created a second time.
    #[test]
    fn a_member_of_another_kind_holds_its_own_line_and_is_named() {
        for (member, value) in [
            ("product", "\"MP-X\""),
            ("effectiveDate", "20261101"),
            ("agreementId", "\"12\""),
            ("serialNumber", "17"),
            ("invoiceDescription", "[]"),
        ] {
            let odd = whole_addition(&format!(r#"{{"id":1,"quantity":3,"{member}":{value}}}"#));
            let why = odd.quantity.expect_err(member);
            assert!(why.contains(member) && why.contains(value), "{why}");
        }
        let unset =
            r#"{"id":1,"product":{"id":7},"quantity":3,"cancelledDate":"","effectiveDate":"","billCustomer":null}"#;
        assert_eq!(whole_addition(unset).quantity.map(|units| units.to_string()), Ok("3".to_owned()));
    }

    /// Otherwise nobody would know whose bill the broken record stops.
    #[test]
    fn of_an_agreement_that_cannot_be_read_it_is_told_whom_it_may_concern() {
        let json = r#"{"id":5,"company":{"id":9},"type":{"name":"Email"},"name":7}"#;
        let row = serde_json::from_str::<AgreementRow>(json).expect("a row");
        let record = row.read(5).expect_err("not a record");
        let sign = AgreementSign { company: Some(CompanyId(9)), kind: Some("Email".to_owned()), name: None };
        assert_eq!((record.id, record.known, record.why.as_str()), (5, sign, "its name 7 is not a text"));
    }
}
