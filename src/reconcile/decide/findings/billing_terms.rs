//! Lines that are billed in another way than configured, or than recount sent them. It may be what was agreed, so it is left
//! alone.

use std::collections::BTreeMap;

use crate::reconcile::decide::plan_inputs::PlanInputs;
use crate::reconcile::model::bill_customer::Bill;
use crate::reconcile::model::connectwise_records::Addition;
use crate::reconcile::model::plan::finding::{Finding, finding};
use crate::reconcile::model::plan::line::{Line, Verdict};
use crate::reconcile::model::plan::reason_code::{Code, Severity};
use crate::reconcile::model::plan::remedy::Remedy;

/// What is said of them.
pub(super) fn of(gathered: PlanInputs<'_>, lines: &[Line]) -> Vec<Finding> {
    let billed = gathered.mapping.billed().filter_map(|(_, billed)| Some((&billed.products, billed.bill?)));
    let configured: BTreeMap<String, Bill> =
        billed.flat_map(|(products, bill)| products.iter().map(move |code| (code.folded(), bill))).collect();
    let mut found = Vec::new();
    for line in lines {
        let (Some(key), Some(live)) = (line.key(), line.live) else { continue };
        // A line that people made is theirs; one that recount made began as billable, with nothing included.
        let created = gathered.past.begins.contains_key(&live.addition);
        let set = configured.get(&key.product.folded()).copied();
        let Some(bill) = set.or(created.then_some(Bill::Billable)) else { continue };
        let mut there = gathered.additions.get(&key.agreement).into_iter().flatten();
        let Some(addition) = there.find(|there| there.id == live.addition) else { continue };
        if let Some(message) = flag(addition, bill) {
            let configured = gathered.mapping.edit_services(if set.is_some() { "change `bill`" } else { "set `bill`" });
            found.push(told(line, message, Remedy::in_connectwise("change it").or(configured)));
        }
        let held_for_it = line.verdict == Verdict::Held(Code::IncludedTwice);
        if let Some(message) = included(addition).filter(|_| created && !held_for_it) {
            found.push(told(line, message, Remedy::in_connectwise("take lessIncluded out of the addition")));
        }
    }
    found
}

fn told(line: &Line, message: String, fix: Remedy) -> Finding {
    let told = finding(Severity::Warning, Code::BillFlagDiffers, message).about_line(&line.handle, &line.sources);
    Finding { fix: fix.noting("recount sets quantities only"), ..told }
}

fn flag(addition: &Addition, bill: Bill) -> Option<String> {
    let flag = addition.bill.as_ref().filter(|flag| **flag != Ok(bill))?;
    let flag = flag.as_ref().map_or_else(String::as_str, |flag| flag.as_str());
    Some(format!("billCustomer of addition {} is {flag}, not {}", addition.id, bill.as_str()))
}

fn included(addition: &Addition) -> Option<String> {
    let id = addition.id;
    match &addition.less_included {
        Ok(less) if less.is_zero() => None,
        Ok(less) => {
            let units = addition.units();
            Some(format!(
                "lessIncluded of addition {id}, which recount created, is {less}: so many of its {units} units bill nothing"
            ))
        }
        Err(why) => Some(format!("lessIncluded of addition {id}, which recount created, cannot be read: {why}")),
    }
}
