//! A world's records as ConnectWise shows them: every field of note, money included.

use std::str::FromStr;

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde_json::{Number, Value, json};

use crate::store::Names;
use crate::world::{
    Addition, Agreement, BillingCycle, Board, BoardStatus, Company, Member, Options, Product, Unset, Wire,
};

/// What an addition shows of the records around it.
pub(super) struct Around<'a> {
    pub(super) agreement_status: &'a str,
    pub(super) product: Option<&'a Product>,
    /// Decimal places that every quantity shows at least.
    pub(super) places: u32,
}

/// An addition, its computed amounts included.
pub(super) fn addition(addition: &Addition, around: &Around<'_>) -> Wire {
    let product = around.product;
    let price = addition.unit_price.or(product.map(|p| p.price)).unwrap_or_default();
    let cost = addition.unit_cost.or(product.map(|p| p.cost)).unwrap_or_default();
    let billed = addition.quantity - addition.less_included;
    let description = addition.description.clone().or(product.map(text_of)).unwrap_or_default();
    let wire = object(json!({
        "id": addition.id,
        "product": {"id": product.map(|p| p.id), "identifier": product.map_or(addition.product.as_str(), |p| p.identifier.as_str())},
        "quantity": at_least(addition.quantity, around.places),
        "lessIncluded": at_least(addition.less_included, around.places),
        "unitPrice": number(price), "unitCost": number(cost),
        "billCustomer": addition.bill_customer,
        "effectiveDate": addition.effective.map(midnight), "cancelledDate": addition.cancelled.map(midnight),
        "taxableFlag": true, "serialNumber": addition.serial_number,
        "invoiceDescription": addition.invoice_description.as_ref().unwrap_or(&description),
        "purchaseItemFlag": false, "specialOrderFlag": false,
        "agreementId": addition.agreement, "description": description,
        "billedQuantity": at_least(billed, around.places),
        "uom": product.map_or("Each", |p| p.unit.as_str()),
        "extPrice": number(billed * price), "extCost": number(billed * cost), "margin": number(billed * (price - cost)),
        "sequenceNumber": Value::from(addition.id),
        "prorateCost": 0, "proratePrice": 0, "extendedProrateCost": 0, "extendedProratePrice": 0,
        "prorateCurrentPeriodFlag": false,
        "agreementStatus": around.agreement_status,
        "_info": {"lastUpdated": addition.last_updated, "updatedBy": addition.updated_by},
    }));
    with(wire, &addition.more)
}

/// The ids of an agreement's type and billing cycle.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ids {
    pub(super) kind: i64,
    pub(super) cycle: i64,
}

/// An addition's state by its dates; the cancelled day is its last (seen in the field).
pub(super) fn status_of_addition(addition: &Addition, today: NaiveDate) -> &'static str {
    match (addition.effective, addition.cancelled) {
        (_, Some(last)) if last < today => "Cancelled",
        (Some(first), _) if first > today => "Inactive",
        _ => "Active",
    }
}

/// A billing cycle.
pub(super) fn billing_cycle(cycle: &BillingCycle) -> Wire {
    object(json!({
        "id": cycle.id, "name": cycle.name, "billingOptions": cycle.options, "defaultFlag": cycle.id == 2,
        "_info": usual_info(),
    }))
}

/// A record as this server writes it: members that are not set, and quantities.
pub(super) fn shaped(mut wire: Wire, options: &Options, dates: &[&str]) -> Wire {
    let unset = match options.unset {
        Unset::Absent => None,
        Unset::Null => Some(Value::Null),
        Unset::Empty => Some(Value::from("")),
    };
    for (date, unset) in dates.iter().zip(std::iter::repeat(unset)) {
        if let (Some(unset), false) = (unset, wire.contains_key(*date)) {
            wire.insert((*date).to_owned(), unset);
        }
    }
    for quantity in ["quantity", "lessIncluded", "billedQuantity"].iter().filter(|_| options.text_numbers) {
        if let Some(found) = wire.get_mut(*quantity).filter(|found| found.is_number()) {
            *found = Value::from(found.to_string());
        }
    }
    wire
}

/// An agreement. Its dates are midnight Z and mean calendar days (inferred).
pub(super) fn agreement(agreement: &Agreement, company: Option<&Company>, ids: Ids, status: &str) -> Wire {
    let Ids { kind: type_id, cycle: cycle_id } = ids;
    let mut wire = object(json!({
        "id": agreement.id,
        "name": agreement.name.as_ref().unwrap_or(&agreement.kind),
        "type": {"id": type_id, "name": agreement.kind},
        "company": {"id": agreement.company, "identifier": company.map(identifier), "name": company.map(|c| &c.name)},
        "startDate": midnight(agreement.start),
        "billStartDate": midnight(agreement.billing_start()),
        "noEndingDateFlag": agreement.end.is_none(),
        "cancelledFlag": agreement.cancelled.is_some(),
        "oneTimeFlag": agreement.one_time, "billOneTimeFlag": agreement.one_time,
        "billingCycle": {"id": cycle_id, "name": agreement.billing_cycle},
        "prorateFlag": agreement.prorate, "invoiceProratedAdditionsFlag": false,
        "agreementStatus": status, "billAmount": 0, "taxable": true,
        "applicationUnits": "Amount", "applicationCycle": "CalendarMonth", "invoicingCycle": "CalendarYear",
        "periodType": "Current", "autoInvoiceFlag": false,
        "_info": usual_info(),
    }));
    // A date that is not set is absent, not null.
    for (field, date) in [
        ("endDate", agreement.end),
        ("dateCancelled", agreement.cancelled),
        ("nextInvoiceDate", agreement.next_invoice),
    ] {
        date.map(|date| wire.insert(field.to_owned(), midnight(date).into()));
    }
    agreement.parent.map(|parent| wire.insert("parentAgreement".to_owned(), json!({"id": parent})));
    with(wire, &agreement.more)
}

/// A company.
pub(super) fn company(company: &Company, statuses: &Names, types: &Names) -> Wire {
    let kinds: Vec<Value> = company.types.iter().map(|name| json!({"id": types.id(name), "name": name})).collect();
    let wire = object(json!({
        "id": company.id, "identifier": identifier(company), "name": company.name,
        "status": {"id": statuses.id(&company.status), "name": company.status},
        "types": kinds, "deletedFlag": company.deleted,
        "addressLine1": "", "city": "", "phoneNumber": "",
        "_info": usual_info(),
    }));
    with(wire, &company.more)
}

/// A product of the catalog.
pub(super) fn product(product: &Product) -> Wire {
    let wire = object(json!({
        "id": product.id, "identifier": product.identifier, "description": text_of(product),
        "customerDescription": text_of(product), "productClass": product.class, "inactiveFlag": product.inactive,
        "subcategory": {"id": 1, "name": "Subscriptions"}, "type": {"id": 1, "name": "Service"},
        "category": {"id": 1, "name": "Cloud"}, "unitOfMeasure": {"id": 1, "name": product.unit},
        "price": number(product.price), "cost": number(product.cost), "taxableFlag": true,
        "billableOption": "Billable", "recurringFlag": true,
        "_info": usual_info(),
    }));
    with(wire, &product.more)
}

/// A service board.
pub(super) fn board(board: &Board) -> Wire {
    object(json!({
        "id": board.id, "name": board.name, "inactiveFlag": board.inactive, "projectFlag": false,
        "location": {"id": 1, "name": "Main"}, "department": {"id": 1, "name": "Service"}, "_info": usual_info(),
    }))
}

/// A status of a board; the vendor calls its flags `inactive` and `closedStatus`.
pub(super) fn board_status(status: &BoardStatus, board: &Board) -> Wire {
    let first = board.statuses.first().is_some_and(|first| first.id == status.id);
    object(json!({
        "id": status.id, "name": status.name, "board": {"id": board.id, "name": board.name},
        "closedStatus": status.closed, "inactive": status.inactive, "defaultFlag": first, "displayOnBoard": true,
        "_info": usual_info(),
    }))
}

/// A member.
pub(super) fn member(member: &Member) -> Wire {
    object(json!({
        "id": member.id, "identifier": member.identifier, "firstName": member.first_name,
        "lastName": member.last_name, "inactiveFlag": false, "_info": usual_info(),
    }))
}

/// A record that has little but an id and a name.
pub(super) fn named(id: i64, name: &str) -> Wire {
    object(json!({"id": id, "name": name, "defaultFlag": id == 1, "_info": usual_info()}))
}

/// A company's short identifier.
pub(super) fn identifier(company: &Company) -> String {
    let usual = || company.name.chars().filter(char::is_ascii_alphanumeric).take(30).collect();
    company.identifier.clone().unwrap_or_else(usual)
}

/// The state that follows from an agreement's dates, unless the world says otherwise.
pub(super) fn status_of(agreement: &Agreement, today: NaiveDate) -> &str {
    match &agreement.status {
        Some(status) => status,
        None if agreement.cancelled.is_some_and(|day| day <= today) => "Cancelled",
        None if agreement.end.is_some_and(|day| day < today) => "Expired",
        None if agreement.start > today => "Inactive",
        None => "Active",
    }
}

/// An exact JSON number.
pub(super) fn number(value: Decimal) -> Value {
    Number::from_str(&value.to_string()).map_or(Value::Null, Value::Number)
}

/// A day as the vendor writes it: midnight UTC.
pub(super) fn midnight(day: NaiveDate) -> String {
    format!("{day}T00:00:00Z")
}

fn at_least(mut value: Decimal, places: u32) -> Value {
    if value.scale() < places {
        value.rescale(places);
    }
    number(value)
}

fn text_of(product: &Product) -> String {
    product.description.clone().unwrap_or_else(|| product.identifier.clone())
}

fn usual_info() -> Value {
    json!({"lastUpdated": "2026-10-30T15:04:05Z", "updatedBy": "jdoe"})
}

fn object(value: Value) -> Wire {
    let Value::Object(mut wire) = value else {
        return Wire::new();
    };
    wire.retain(|_, value| !value.is_null());
    wire
}

fn with(mut wire: Wire, more: &Wire) -> Wire {
    wire.extend(more.iter().map(|(name, value)| (name.clone(), value.clone())));
    wire
}
