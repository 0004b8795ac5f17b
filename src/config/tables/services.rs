//! `[integration.NAME.services]`, or the file that holds it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use toml::de::DeTable;

use crate::config::config_file;
use crate::config::error::ConfigErrors;
use crate::config::tables::policy;
use crate::config::tables::policy::PolicyKeys;
use crate::config::toml_document::{Document, Field, Section};
use crate::reconcile::model::bill_customer::Bill;
use crate::reconcile::model::export::normalized_names::normalized;
use crate::reconcile::model::ids::{AdditionId, ProductCode, ServiceName};
use crate::reconcile::model::mapping::{Billed, LineShape, ServiceRule};

/// The services of one integration.
#[derive(Debug, Default)]
pub(in crate::config) struct Services {
    pub(in crate::config) rules: BTreeMap<ServiceName, ServiceRule>,
    pub(in crate::config) pins: BTreeSet<AdditionId>,
    /// The policies, as they are written.
    pub(in crate::config) keys: BTreeMap<ServiceName, PolicyKeys>,
}

const SHAPES: &[(&str, LineShape)] = &[("total", LineShape::Total), ("per-item", LineShape::PerItem)];
const BILLS: &[(&str, Bill)] =
    &[("billable", Bill::Billable), ("do-not-bill", Bill::DoNotBill), ("no-charge", Bill::NoCharge)];

/// Reads the table. Wrong rules are said and left out: the configuration is refused anyway. `names_items` is whether
/// the export has a column of items.
pub(in crate::config) fn rules(section: &Section<'_>, names_items: bool) -> Option<Services> {
    let mut services = Services::default();
    let (mut spelled, mut agreed) = (BTreeMap::new(), BTreeMap::new());
    for field in section.entries() {
        let name = ServiceName::new(&normalized(&field.key));
        if name.as_str().is_empty() {
            field.error_unseen("a service without a name");
        }
        let Some((rule, pins, keys)) = rule(&field) else { continue };
        same_spelling(&field, &rule, &mut spelled);
        same_line(&field, &rule, &mut agreed);
        if let (false, ServiceRule::Billed(Billed { lines, names_in_report, .. })) = (names_items, &rule)
            && (*lines == LineShape::PerItem || *names_in_report)
        {
            let key = if *names_in_report { "names_in_report = true" } else { "lines = \"per-item\"" };
            field.error(format!("{key} needs `item` in the export's columns"));
        }
        services.pins.extend(pins);
        services.keys.insert(name.clone(), keys);
        if services.rules.insert(name, rule).is_some() {
            field.error_unseen("this service is listed twice; the names differ only in white space");
        }
    }
    Some(services)
}

/// The services of a file of their own. What is wrong with it is said there, and the integration alone is at fault.
pub(in crate::config) fn of_file(field: &Field<'_>, path: &Path, names_items: bool) -> Option<Services> {
    let said = |error| field.error_elsewhere(error);
    let bytes = config_file::read(path).map_err(said).ok()?;
    let text = config_file::decoded(path, &bytes).map_err(said).ok()?;
    let services = parse(path, text, names_items);
    services.map_err(|faults| faults.0.into_iter().for_each(said)).ok()
}

/// The services of a file's text.
pub(in crate::config) fn parse(path: &Path, text: &str, names_items: bool) -> Result<Services, ConfigErrors> {
    let document = Document::new(path, text);
    let (table, faults) = DeTable::parse_recoverable(text);
    for fault in &faults {
        document.error(fault.span().unwrap_or_default(), fault.message().replace('\n', " "), None);
    }
    let services = if faults.is_empty() { rules(&document.root(&table), names_items) } else { None };
    let errors = document.into_errors();
    services.filter(|_| errors.is_empty()).ok_or(ConfigErrors(errors))
}

fn rule(field: &Field<'_>) -> Option<(ServiceRule, Vec<AdditionId>, PolicyKeys)> {
    if field.value().is_str() {
        field.error("a service is a table: write { product = \"…\" }");
        return None;
    }
    let section = field.table()?;
    let product = section.get("product");
    let products = section.get("products");
    let both = product.is_some() && products.is_some();
    let product = product.map(|field| code(&field));
    let products = products.map(|field| codes(&field));
    let flag = |key| section.get(key).map_or(Some(false), |field| field.boolean());
    let (deprecated, not_assigned) = (flag("deprecated"), flag("not_assigned"));
    let terms = terms(&section);
    let pins = section.get("addition_id").map_or(Some(Vec::new()), |field| pins(&field));
    section.finish(&[]);
    let refuse = |message: &str| {
        field.error(message);
        None
    };
    let (deprecated, not_assigned, (terms, keys), pins) = (deprecated?, not_assigned?, terms?, pins?);
    let billing = product.is_some() || products.is_some();
    if both {
        return refuse("a service takes one of `product` and `products`");
    }
    let plain = terms == Billed::default() && keys == PolicyKeys::default() && pins.is_empty();
    if (deprecated || not_assigned) && !plain {
        return refuse("a service that is not billed takes nothing but `deprecated` or `not_assigned`, and `product`");
    }
    let rule = match (deprecated, not_assigned) {
        (true, true) => return refuse("a service takes one of `deprecated` and `not_assigned`"),
        (false, true) if billing => return refuse("a service that is not assigned has no product"),
        (true, false) if products.is_some() => return refuse("a deprecated service names no `products`"),
        (false, false) if !billing => {
            return refuse("a service takes `product`, `products`, `deprecated = true` or `not_assigned = true`");
        }
        (false, true) => ServiceRule::NotAssigned,
        (true, false) => ServiceRule::Deprecated { product: product.map_or(Some(None), |code| code.map(Some))? },
        (false, false) => {
            let products = products.unwrap_or_else(|| product.map(|code| code.map(|code| vec![code]))?)?;
            let policy = keys.policy(field, terms.lines, terms.whole)?;
            ServiceRule::Billed(Billed { products, policy, ..terms })
        }
    };
    Some((rule, pins, keys))
}

/// What is said of a service beside its products.
fn terms(section: &Section<'_>) -> Option<(Billed, PolicyKeys)> {
    let flag = |key| section.get(key).map_or(Some(false), |field| field.boolean());
    let (whole, names_in_report) = (flag("whole"), flag("names_in_report"));
    let lines = section.get("lines").map_or(Some(LineShape::Total), |field| field.word(SHAPES));
    let bill = section.get("bill").map_or(Some(None), |field| field.word(BILLS).map(Some));
    let keys = policy::keys(section);
    let (whole, names_in_report, lines, bill, keys) = (whole?, names_in_report?, lines?, bill?, keys?);
    Some((Billed { whole, names_in_report, lines, bill, ..Billed::default() }, keys))
}

fn code(field: &Field<'_>) -> Option<ProductCode> {
    field.text().map(ProductCode::new)
}

fn codes(field: &Field<'_>) -> Option<Vec<ProductCode>> {
    let items = field.list()?;
    if items.is_empty() {
        field.error("`products` is empty");
    }
    let mut seen = BTreeSet::new();
    let mut codes = Vec::new();
    for item in &items {
        let Some(code) = code(item) else { continue };
        if !seen.insert(code.clone()) {
            item.error("`products` names this product twice");
        }
        codes.push(code);
    }
    (codes.len() == items.len() && !codes.is_empty()).then_some(codes)
}

fn pins(field: &Field<'_>) -> Option<Vec<AdditionId>> {
    let pin = |field: &Field<'_>| field.whole::<i64>(1, i64::MAX).map(AdditionId);
    if field.value().is_array() { field.list()?.iter().map(pin).collect() } else { Some(vec![pin(field)?]) }
}

/// ConnectWise takes identifiers without regard to case, so two that differ only in it would be one line, billed twice.
fn same_spelling(field: &Field<'_>, rule: &ServiceRule, spelled: &mut BTreeMap<String, ProductCode>) {
    let ServiceRule::Billed(billed) = rule else { return };
    for code in &billed.products {
        let first = spelled.entry(code.folded()).or_insert_with(|| code.clone());
        if first != code {
            field.error(format!("the products {first} and {code} differ only in case, which ConnectWise ignores"));
        }
    }
}

/// Services of one product share its line, so they have to agree on what it is.
fn same_line(field: &Field<'_>, rule: &ServiceRule, agreed: &mut BTreeMap<String, (LineShape, Option<Bill>)>) {
    let ServiceRule::Billed(billed) = rule else { return };
    for code in &billed.products {
        let said = (billed.lines, billed.bill);
        if *agreed.entry(code.folded()).or_insert(said) != said {
            field.error(format!("the services of the product {code} differ in `lines` or `bill`"));
        }
    }
}
