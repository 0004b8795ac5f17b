//! Quantity policies: keys of a service, and of `[[integration.NAME.policy]]`.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;
use toml::de::DeValue;

use crate::config::toml_document::{Field, Section};
use crate::config::values::optional;
use crate::export::read::alike_names::alike;
use crate::reconcile::model::export::normalized_names::normalized;
use crate::reconcile::model::ids::{CustomerName, ServiceName};
use crate::reconcile::model::mapping::{LineShape, ServiceRule};
use crate::reconcile::model::quantity::Quantity;
use crate::reconcile::model::quantity_policy::{Direction, Measure, Policy, Rounding};

const MEASURES: &[(&str, Measure)] =
    &[("current", Measure::Current), ("peak", Measure::Peak), ("average", Measure::Average)];
const DIRECTIONS: &[(&str, Direction)] =
    &[("up", Direction::Up), ("down", Direction::Down), ("nearest", Direction::Nearest)];

/// The keys as they are written; one that is not there is not said.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::config) struct PolicyKeys {
    measure: Option<Measure>,
    multiply: Option<Decimal>,
    divide: Option<Decimal>,
    included: Option<Quantity>,
    minimum: Option<Quantity>,
    maximum: Option<Quantity>,
    round: Option<Direction>,
    step: Option<Quantity>,
    never_decrease: Option<bool>,
    report_only: Option<bool>,
}

/// Reads the keys of one table. Wrong ones are said; contradictions are [`PolicyKeys::policy`]'s.
pub(in crate::config) fn keys(section: &Section<'_>) -> Option<PolicyKeys> {
    let get = |key| section.get(key);
    let measure = optional(get("quantity"), |field| field.word(MEASURES));
    let multiply = optional(get("multiply"), positive);
    let divide = optional(get("divide"), divisor);
    let quantities = ["included", "minimum", "maximum"].map(|key| optional(get(key), |field| quantity(field.number())));
    let round = optional(get("round"), |field| field.word(DIRECTIONS));
    let step = optional(get("step"), |field| quantity(positive(field)));
    let flags = ["never_decrease", "report_only"].map(|key| optional(get(key), |field| field.boolean()));
    let ([included, minimum, maximum], [never_decrease, report_only]) = (quantities, flags);
    Some(PolicyKeys {
        measure: measure?,
        multiply: multiply?,
        divide: divide?,
        included: included?,
        minimum: minimum?,
        maximum: maximum?,
        round: round?,
        step: step?,
        never_decrease: never_decrease?,
        report_only: report_only?,
    })
}

fn quantity(number: Option<Decimal>) -> Option<Quantity> {
    number.and_then(Quantity::from_decimal)
}

fn positive(field: &Field<'_>) -> Option<Decimal> {
    let number = field.number()?;
    if number.is_zero() {
        field.error(format!("`{}` is greater than 0", field.key));
        return None;
    }
    Some(number)
}

/// A whole number of units that are one: the bytes of a gigabyte.
fn divisor(field: &Field<'_>) -> Option<Decimal> {
    const MOST: i64 = 999_999_999_999_999_999;
    match field.value() {
        DeValue::Integer(_) => field.whole::<i64>(1, MOST).map(Decimal::from),
        _ => positive(field),
    }
}

/// `[[integration.NAME.policy]]`: what was agreed with one customer. Keys given there go before those of the service.
pub(in crate::config) fn of_customers(
    field: &Field<'_>,
    services: &BTreeMap<ServiceName, ServiceRule>,
    general: &BTreeMap<ServiceName, PolicyKeys>,
    known: Option<&BTreeSet<&CustomerName>>,
) -> Option<BTreeMap<CustomerName, BTreeMap<ServiceName, Policy>>> {
    let mut policies: BTreeMap<CustomerName, BTreeMap<ServiceName, Policy>> = BTreeMap::new();
    for entry in field.list()? {
        let Some((customer, service, policy)) = of_customer(&entry, services, general, known) else { continue };
        if policies.entry(customer).or_default().insert(service, policy).is_some() {
            entry.error("there is another policy for this customer and this service");
        }
    }
    Some(policies)
}

fn of_customer(
    entry: &Field<'_>,
    services: &BTreeMap<ServiceName, ServiceRule>,
    general: &BTreeMap<ServiceName, PolicyKeys>,
    known: Option<&BTreeSet<&CustomerName>>,
) -> Option<(CustomerName, ServiceName, Policy)> {
    let section = entry.table()?;
    let customer = section.required("customer").and_then(|field| customer(&field, known));
    let service_field = section.required("service");
    let keys = keys(&section);
    section.finish(&[]);
    let (customer, service_field, keys) = (customer?, service_field?, keys?);
    let service = ServiceName::new(&normalized(service_field.text()?));
    let Some(ServiceRule::Billed(billed)) = services.get(&service) else {
        let meant = alike(service.as_str(), services.keys().map(ServiceName::as_str));
        let meant =
            meant.filter(|meant| *meant != service.as_str()).map(|meant| format!(" (did you mean \"{meant}\"?)"));
        service_field.error(format!("no service of this name is billed{}", meant.unwrap_or_default()));
        return None;
    };
    let own_minimum = keys.minimum.is_some();
    let keys = keys.over(general.get(&service).copied().unwrap_or_default());
    let policy = keys.policy(entry, billed.lines, billed.whole)?;
    Some((customer, service, Policy { own_minimum, ..policy }))
}

/// A policy of nobody would do nothing, and nobody would know.
fn customer(field: &Field<'_>, known: Option<&BTreeSet<&CustomerName>>) -> Option<CustomerName> {
    let name = CustomerName::new(&normalized(field.text()?));
    let Some(known) = known.filter(|known| !known.contains(&name)) else { return Some(name) };
    let meant = alike(name.as_str(), known.iter().map(|known| known.as_str()));
    let meant = meant.map(|meant| format!(" (did you mean \"{meant}\"?)")).unwrap_or_default();
    field.error(format!("this customer is not in customers.csv{meant}; give it a row there first, by hand"));
    None
}

impl PolicyKeys {
    /// These, and where they say nothing, the others.
    fn over(self, other: Self) -> Self {
        Self {
            measure: self.measure.or(other.measure),
            multiply: self.multiply.or(other.multiply),
            divide: self.divide.or(other.divide),
            included: self.included.or(other.included),
            minimum: self.minimum.or(other.minimum),
            maximum: self.maximum.or(other.maximum),
            round: self.round.or(other.round),
            step: self.step.or(other.step),
            never_decrease: self.never_decrease.or(other.never_decrease),
            report_only: self.report_only.or(other.report_only),
        }
    }

    /// The policy, if nothing in it contradicts anything else.
    pub(in crate::config) fn policy(self, field: &Field<'_>, lines: LineShape, whole: bool) -> Option<Policy> {
        if let Some(trouble) = self.contradiction(lines, whole) {
            field.error(trouble);
            return None;
        }
        Some(Policy {
            measure: self.measure.unwrap_or_default(),
            multiply: self.multiply,
            divide: self.divide,
            included: self.included,
            minimum: self.minimum,
            maximum: self.maximum,
            round: self.rounding(),
            never_decrease: self.never_decrease.unwrap_or_default(),
            report_only: self.report_only.unwrap_or_default(),
            own_minimum: false,
        })
    }

    fn rounding(self) -> Option<Rounding> {
        self.round.map(|direction| Rounding { direction, step: self.step.unwrap_or(Quantity::from(1)) })
    }

    fn contradiction(self, lines: LineShape, whole: bool) -> Option<String> {
        if let (Some(minimum), Some(maximum)) = (self.minimum, self.maximum)
            && minimum > maximum
        {
            return Some(format!("`minimum` {minimum} is more than `maximum` {maximum}"));
        }
        if self.step.is_some() && self.round.is_none() {
            return Some("`step` is for `round`: write round = \"up\", \"down\" or \"nearest\"".to_owned());
        }
        if let Some(rounding) = self.rounding() {
            let step = rounding.step;
            // Rounding comes last, and would move the quantity beyond the limit again.
            for (key, limit) in [("minimum", self.minimum), ("maximum", self.maximum)] {
                if let Some(limit) = limit.filter(|limit| !rounding.fits(*limit)) {
                    return Some(format!("`{key}` {limit} is not a multiple of the `step` {step} that is rounded to"));
                }
            }
            if whole && !step.is_whole() {
                return Some(format!("`whole` takes no fraction, and the `step` is {step}"));
            }
        }
        if self.never_decrease == Some(true) && self.report_only == Some(true) {
            return Some("a line that is only reported (`report_only`) needs no `never_decrease`".to_owned());
        }
        let looks_back = self.measure.is_some_and(|measure| measure != Measure::Current);
        (looks_back && lines == LineShape::PerItem)
            .then(|| "`quantity` of earlier days is for a service in one line, not per item".to_owned())
    }
}
