//! A service that nobody in the export has any more: one matter, however many lines wait for it.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;

use crate::reconcile::decide::plan_inputs::PlanInputs;
use crate::reconcile::guard::missing_services::{CountsAndPlaces, MissingCount, MissingServices};
use crate::reconcile::model::display_text::shown;
use crate::reconcile::model::ids::{CustomerName, ServiceName};
use crate::reconcile::model::plan::finding::{Finding, finding, plural};
use crate::reconcile::model::plan::handle;
use crate::reconcile::model::plan::line::{Line, Verdict};
use crate::reconcile::model::plan::outcome::AnswerVerb;
use crate::reconcile::model::plan::reason_code::{Code, Severity};
use crate::reconcile::model::plan::remedy::Remedy;

/// One finding for each service that lines are held for.
pub(super) fn of(gathered: PlanInputs<'_>, lines: &[Line]) -> Vec<Finding> {
    let held = || lines.iter().filter(|line| line.verdict == Verdict::Held(Code::ServiceMissing));
    if held().next().is_none() {
        return Vec::new();
    }
    let PlanInputs { counts, mapping, places, past, .. } = gathered;
    let missing = MissingServices::of(CountsAndPlaces { counts, mapping, places, past });
    let mut gone: BTreeMap<&ServiceName, (usize, BTreeSet<&CustomerName>)> = BTreeMap::new();
    for key in held().filter_map(Line::key) {
        let mut services = BTreeSet::new();
        for MissingCount { customer, service, .. } in missing.on(key) {
            let (lines, customers) = gone.entry(service).or_default();
            *lines += usize::from(services.insert(service));
            customers.insert(customer);
        }
    }
    gone.into_iter().map(|(service, (lines, customers))| one(gathered, service, lines, &customers)).collect()
}

fn one(gathered: PlanInputs<'_>, service: &ServiceName, lines: usize, customers: &BTreeSet<&CustomerName>) -> Finding {
    let PlanInputs { integration, past, mapping, .. } = gathered;
    let accepted = customers.iter().filter_map(|name| past.counts.get(*name)?.get(service));
    let units: Decimal = accepted.map(|count| count.units).sum();
    let had = plural(&customers.len(), "customer");
    let had = match units.is_zero() {
        true => format!("{had} had it"),
        false => format!("{had} had {} of it", plural(&units.normalize(), "unit")),
    };
    let new = renamed(gathered, customers);
    let said = new.map(|(name, of, units)| {
        let (name, units) = (shown(name.as_str()), plural(&units.normalize(), "unit"));
        format!("; \"{name}\", which is not mapped, has {units}, of {of} of them: it may be its new name")
    });
    let held = plural(&lines, "line");
    let message = format!("{had}, and nobody in the export has any tonight: {held} held{}", said.unwrap_or_default());
    let handle = handle::of_matter(integration, "service", service.as_str());
    let typed = |verb: AnswerVerb| Remedy::command(format!("recount {verb} {handle}"));
    let answers = typed(AnswerVerb::Accept).or(typed(AnswerVerb::Keep));
    let fix = match new {
        Some((name, ..)) => mapping.edit_services(&format!("map \"{}\" as well", shown(name.as_str()))).or(answers),
        None => Remedy::from("fetch the export again, with it").or(answers),
    };
    let told = finding(Severity::Decide, Code::ServiceMissing, message);
    Finding { service: Some(service.clone()), handle: Some(handle), fix, ..told }
}

/// The service that is not mapped and that most of these customers have tonight: with how many of them, and how many units.
fn renamed<'a>(
    gathered: PlanInputs<'a>,
    customers: &BTreeSet<&CustomerName>,
) -> Option<(&'a ServiceName, usize, Decimal)> {
    let mut new: BTreeMap<&'a ServiceName, (usize, Decimal)> = BTreeMap::new();
    for own in customers.iter().filter_map(|name| gathered.counts.customers.get(*name)) {
        for (service, cell) in own.cells().filter(|(service, _)| !gathered.mapping.services.contains_key(*service)) {
            let (number, units) = new.entry(service).or_default();
            *number += 1;
            *units = units.saturating_add(cell.units());
        }
    }
    let (name, (number, units)) = new.into_iter().max_by_key(|(_, (number, units))| (*number, *units))?;
    (number * 2 >= customers.len()).then_some((name, number, units))
}
