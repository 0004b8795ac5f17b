//! Writing additions: create, patch and delete, with the refusals of the real server.

use std::sync::Arc;

use chrono::{NaiveDate, NaiveDateTime};
use rust_decimal::Decimal;
use serde_json::Value;

use crate::conditions::decimal;
use crate::refusal::Refusal;
use crate::schema::Kind;
use crate::store::Store;
use crate::world::{Addition, Agreement, Product, UnknownPatchPath, Wire};
use crate::{patch, render, schema};

const RESOURCE: &str = "Addition";

/// Members that the server computes; what a write says about them is ignored (inferred).
const COMPUTED: [&str; 13] = [
    "id",
    "agreementId",
    "agreementStatus",
    "billedQuantity",
    "uom",
    "extPrice",
    "extCost",
    "margin",
    "prorateCost",
    "proratePrice",
    "extendedProrateCost",
    "extendedProratePrice",
    "_info",
];

/// Creates an addition.
///
/// # Errors
/// 400 for an unknown member, a missing product or billCustomer, a product that cannot be billed, or a wrong date.
pub(super) fn create(store: &mut Store, agreement: i64, body: &Value, member: &str) -> Result<Arc<Wire>, Refusal> {
    let Value::Object(body) = body else {
        return Err(Refusal::binder("A JSON object is required."));
    };
    if let Some(unknown) = body.keys().find(|name| !schema::of(RESOURCE).has(name)) {
        return Err(Refusal::binder(format!(
            "Could not find member '{unknown}' on object of type '{RESOURCE}'. Path '{unknown}', line 1. Check your accept header."
        )));
    }
    let given = |name: &str| body.get(name).filter(|value| !value.is_null());
    for required in ["product", "billCustomer"] {
        given(required).ok_or_else(|| {
            Refusal::invalid(RESOURCE, "MissingRequiredField", required, format!("The {required} field is required."))
        })?;
    }
    let mut addition = Addition::new(0, agreement, "", Decimal::ZERO);
    let today = store.settings().today;
    let state = store.agreement(agreement).map(|found| render::status_of(found, today));
    if let Some(ended @ ("Cancelled" | "Expired")) = state {
        // Unverified: what the real server answers here; a client must not get this far.
        return Err(Refusal::invalid(RESOURCE, "OutOfRange", "agreementId", format!("The agreement is {ended}.")));
    }
    addition.effective = Some(today.max(billing_start(store, agreement)));
    for (name, value) in body.iter().filter(|(_, value)| !value.is_null()) {
        set(store, &mut addition, name, value)?;
    }
    valid(store, &addition)?;
    not_invoiced(store, &addition)?;
    addition.id = store.fresh_id();
    Ok(save(store, addition, member))
}

/// Replaces an addition as a whole: what the body leaves out gets its default (ConnectWise developer guide).
///
/// # Errors
/// As for creating one; 404 when it is not there, 403 when the role may not change it.
pub(super) fn replace(store: &mut Store, id: i64, body: &Value, member: &str) -> Result<Arc<Wire>, Refusal> {
    let stored = store.addition(id).cloned().ok_or_else(|| Refusal::not_found(format!("{RESOURCE} {id}")))?;
    unlocked(&stored)?;
    let Value::Object(body) = body else {
        return Err(Refusal::binder("A JSON object is required."));
    };
    let mut addition = Addition::new(id, stored.agreement, &stored.product, Decimal::ZERO);
    addition.effective = Some(billing_start(store, stored.agreement));
    for (name, value) in body.iter().filter(|(_, value)| !value.is_null()) {
        set(store, &mut addition, name, value)?;
    }
    valid(store, &addition)?;
    Ok(save(store, addition, member))
}

fn unlocked(addition: &Addition) -> Result<(), Refusal> {
    match addition.locked {
        true => Err(Refusal::new(403, "Security", "You do not have security permission to perform this action.")),
        false => Ok(()),
    }
}

/// Without proration a new line can begin only where nothing is invoiced yet (seen in the field, word for word).
fn not_invoiced(store: &Store, addition: &Addition) -> Result<(), Refusal> {
    let agreement = store.agreement(addition.agreement).filter(|found| !found.prorate);
    let next = agreement.and_then(|found| found.next_invoice);
    if next.is_none_or(|next| addition.effective.is_some_and(|day| day >= next)) {
        return Ok(());
    }
    let message = "Since this period has already been invoiced there will not be an invoice generated for additional \
                   products for this period. Please prorate the agreement or update the start date to on or after the \
                   Next Invoice Date.";
    Err(Refusal::invalid(RESOURCE, "InvalidField", "effectiveDate", message))
}

/// Changes an addition. A path that is no member changes nothing and is answered 200: the documented "false 200".
///
/// # Errors
/// 400 for a body that is no patch, a value that does not fit, or a record that is no longer valid as a whole.
pub(super) fn change(store: &mut Store, id: i64, body: Value, member: &str) -> Result<Arc<Wire>, Refusal> {
    let stored = store.addition(id).cloned().ok_or_else(|| Refusal::not_found(format!("{RESOURCE} {id}")))?;
    unlocked(&stored)?;
    let mut addition = stored.clone();
    for operation in patch::parse(body)? {
        if schema::of(RESOURCE).has(&operation.path) {
            set(store, &mut addition, &operation.path, operation.value())?;
        } else if store.settings().options.unknown_patch_path == UnknownPatchPath::Refuse {
            return Err(Refusal::invalid(RESOURCE, "InvalidField", &operation.path, "The path is not a field."));
        }
    }
    if store.settings().options.revalidate_on_patch {
        valid(store, &addition)?;
    }
    Ok(save(store, addition, member))
}

/// Deletes an addition.
///
/// # Errors
/// 404 when the agreement does not have it.
pub(super) fn delete(store: &mut Store, agreement: i64, id: i64) -> Result<(), Refusal> {
    store.addition(id).ok_or_else(|| Refusal::not_found(format!("{RESOURCE} {id}")))?;
    store.remove_addition(agreement, id);
    Ok(())
}

fn save(store: &mut Store, mut addition: Addition, member: &str) -> Arc<Wire> {
    member.clone_into(&mut addition.updated_by);
    addition.last_updated = store.now();
    store.put_addition(addition)
}

/// Sets one member by its vendor name.
fn set(store: &Store, addition: &mut Addition, name: &str, value: &Value) -> Result<(), Refusal> {
    match name {
        "quantity" => {
            let asked = amount(name, value)?;
            let scale = store.settings().options.quantity_scale;
            addition.quantity = scale.map_or(asked, |scale| asked.trunc_with_scale(scale));
        }
        "lessIncluded" => addition.less_included = amount(name, value)?,
        "unitPrice" => addition.unit_price = Some(amount(name, value)?),
        "unitCost" => addition.unit_cost = Some(amount(name, value)?),
        "billCustomer" => {
            addition.bill_customer = choice(name, value, &["Billable", "DoNotBill", "NoCharge"])?;
        }
        "effectiveDate" => {
            let day = day(name, value)?;
            addition.effective = Some(day.ok_or_else(|| {
                Refusal::invalid(RESOURCE, "MissingRequiredField", name, "The effectiveDate field is required.")
            })?);
        }
        "cancelledDate" => addition.cancelled = day(name, value)?,
        "serialNumber" => addition.serial_number = text(name, value, 50)?.unwrap_or_default(),
        "invoiceDescription" => addition.invoice_description = text(name, value, 6000)?,
        "description" => addition.description = text(name, value, 6000)?,
        "product" => product(store, value)?.identifier.clone_into(&mut addition.product),
        computed if COMPUTED.contains(&computed) => {}
        other => {
            fits(other, value)?;
            addition.more.insert(other.to_owned(), value.clone());
        }
    }
    Ok(())
}

/// The product of a reference by id or identifier.
fn product<'a>(store: &'a Store, reference: &Value) -> Result<&'a Product, Refusal> {
    let by_id = |id: i64| store.settings().catalog.iter().find(|product| product.id == id);
    let found = match (reference.get("id").and_then(Value::as_i64), reference.get("identifier").and_then(Value::as_str))
    {
        (Some(id), _) => by_id(id),
        (None, Some(identifier)) => store.product(identifier),
        (None, None) => None,
    };
    found.ok_or_else(|| Refusal::invalid(RESOURCE, "InvalidReference", "product", "The product is not in the catalog."))
}

/// The rules for the record as a whole; a patch can break on what it did not touch (seen in the field).
fn valid(store: &Store, addition: &Addition) -> Result<(), Refusal> {
    let refuse = |field: &str, message: &str| Err(Refusal::invalid(RESOURCE, "InvalidField", field, message));
    match store.product(&addition.product) {
        None => return refuse("product", "The product is not in the catalog."),
        Some(product) if product.inactive => return refuse("product", "The product is inactive."),
        Some(product) if product.class == "Bundle" => {
            return refuse("product", "Bundle Class products cannot be used as agreement additions");
        }
        Some(_) => {}
    }
    let effective = addition.effective.unwrap_or(NaiveDate::MAX);
    if effective < billing_start(store, addition.agreement) {
        return refuse("effectiveDate", "effectiveDate cannot be less than the agreement billing start date");
    }
    if addition.cancelled.is_some_and(|day| day < effective) {
        return refuse("cancelledDate", "cancelledDate cannot be less than effectiveDate");
    }
    Ok(())
}

fn billing_start(store: &Store, agreement: i64) -> NaiveDate {
    store.agreement(agreement).map_or(NaiveDate::MIN, Agreement::billing_start)
}

fn amount(name: &str, value: &Value) -> Result<Decimal, Refusal> {
    decimal(value).ok_or_else(|| unconvertible(name, value))
}

/// A calendar day from `yyyy-MM-ddTHH:mm:ssZ`; parts of a second are refused (seen in the field).
fn day(name: &str, value: &Value) -> Result<Option<NaiveDate>, Refusal> {
    if value.is_null() {
        return Ok(None);
    }
    let time = value.as_str().and_then(|text| NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%SZ").ok());
    time.map(|time| Some(time.date())).ok_or_else(|| unconvertible(name, value))
}

fn text(name: &str, value: &Value, length_max: usize) -> Result<Option<String>, Refusal> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) if text.chars().count() <= length_max => Ok(Some(text.clone())),
        Value::String(_) => Err(Refusal::too_long(RESOURCE, name, length_max)),
        _ => Err(unconvertible(name, value)),
    }
}

fn choice(name: &str, value: &Value, choices: &[&str]) -> Result<String, Refusal> {
    let found = value.as_str().filter(|text| choices.contains(text));
    found.map(str::to_owned).ok_or_else(|| unconvertible(name, value))
}

/// Whether a value has the kind of its field, for fields that are stored without a meaning here.
fn fits(name: &str, value: &Value) -> Result<(), Refusal> {
    let fits = match schema::of(RESOURCE).kind(name) {
        _ if value.is_null() => true,
        Some(Kind::Number) => value.is_number(),
        Some(Kind::Boolean) => value.is_boolean(),
        Some(Kind::String) => value.is_string(),
        Some(Kind::Date) => day(name, value)?.is_some(),
        Some(Kind::Array) => value.is_array(),
        Some(Kind::Object | Kind::Reference) => value.is_object(),
        None => false,
    };
    if fits { Ok(()) } else { Err(unconvertible(name, value)) }
}

fn unconvertible(name: &str, value: &Value) -> Refusal {
    Refusal::binder(format!("Error converting value {value} for '{name}'. Path '{name}', line 1."))
}
