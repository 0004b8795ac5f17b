//! Whether a billing cycle recurs. Its `billingOptions` says so; its name is chosen by people, and decides only where the
//! key may not read the list of cycles.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use serde::Deserialize;
use serde_json::Value;

use crate::connectwise::wire::json_fields::Reference;
use crate::connectwise::wire::{Row, json_fields};
use crate::connectwise::{CyclesByName, CyclesUnread};
use crate::reconcile::model::connectwise_records::Recurrence;
use crate::reconcile::model::ids::AgreementId;

/// Which cycles recur.
#[derive(Debug, Default)]
pub(crate) struct BillingCycles {
    /// By record id; empty where the list may not be read.
    recurring: BTreeMap<i64, bool>,
    /// Why the list was not read, if it was not.
    unread: Option<CyclesUnread>,
    /// The agreements that went by the names of their cycles, each with that name.
    by_name: Mutex<BTreeMap<AgreementId, String>>,
}

impl BillingCycles {
    pub(crate) fn listed(recurring: BTreeMap<i64, bool>) -> Self {
        Self { recurring, ..Self::default() }
    }

    pub(crate) fn unread(why: CyclesUnread) -> Self {
        Self { unread: Some(why), ..Self::default() }
    }

    /// Whether an agreement of this cycle recurs. One that the list does not tell of goes by its name, and an agreement
    /// without one is not told of.
    pub(crate) fn recurrence(&self, agreement: AgreementId, cycle: &Reference) -> Recurrence {
        match (cycle.id.and_then(|id| self.recurring.get(&id)), &cycle.name) {
            (Some(true), _) => Recurrence::Recurs,
            (Some(false), _) => Recurrence::Once,
            (None, None) => Recurrence::Untold,
            (None, Some(name)) => {
                self.by_name.lock().unwrap_or_else(PoisonError::into_inner).insert(agreement, name.clone());
                if recurs_by_name(name) { Recurrence::Untold } else { Recurrence::Once }
            }
        }
    }

    /// The agreements that went by the names of their cycles, and why; `None` if none did.
    pub(crate) fn told(&self) -> Option<CyclesByName> {
        let agreements = self.by_name.lock().unwrap_or_else(PoisonError::into_inner).clone();
        (!agreements.is_empty()).then(|| CyclesByName { unread: self.unread.clone(), agreements })
    }
}

/// `NotRecurring` is the word of `billingOptions` (ConnectWise's API description); people write a name in other ways.
fn recurs_by_name(cycle: &str) -> bool {
    let letters: String = cycle.chars().filter(char::is_ascii_alphabetic).collect();
    !["notrecurring", "nonrecurring", "onetime"].contains(&letters.to_ascii_lowercase().as_str())
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CycleRow {
    id: Value,
    #[serde(default)]
    billing_options: Value,
}

impl Row for CycleRow {
    type Record = (i64, bool);
    type Known = ();
    const FIELDS: &'static str = "id,billingOptions";

    fn id(&self) -> &Value {
        &self.id
    }

    fn record(&self, id: i64) -> Result<(i64, bool), String> {
        let options = json_fields::text("billingOptions", &self.billing_options)?.filter(|options| !options.is_empty());
        let options = options.ok_or("its billingOptions is missing")?;
        Ok((id, !options.eq_ignore_ascii_case("NotRecurring")))
    }

    fn known(&self) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cycle(id: i64, name: &str) -> Reference {
        Reference { id: Some(id), name: Some(name.to_owned()) }
    }

    /// Otherwise a quantity would be written on an agreement that is billed once, or none on one that bills monthly.
    #[test]
    fn the_option_decides_and_the_name_where_the_list_does_not_tell() {
        use Recurrence::{Once, Recurs, Untold};
        let listed = BillingCycles::listed([(1, true), (2, false)].into());
        let of = AgreementId;
        assert_eq!(listed.recurrence(of(10), &cycle(1, "One-time")), Recurs, "a cycle may be called so and recur");
        assert_eq!(listed.recurrence(of(10), &cycle(2, "None")), Once);
        assert_eq!(listed.told(), None);
        assert_eq!(listed.recurrence(of(20), &cycle(3, "Non-Recurring")), Once);
        assert_eq!(listed.recurrence(of(30), &cycle(3, "None")), Untold);
        let told = listed.told().expect("two went by a name");
        assert_eq!(told.agreements, [(of(20), "Non-Recurring".to_owned()), (of(30), "None".to_owned())].into());
        let unread = BillingCycles::unread(CyclesUnread::Denied("403".to_owned()));
        assert_eq!(unread.recurrence(of(10), &cycle(2, "one time")), Once);
        assert_eq!(unread.recurrence(of(10), &cycle(2, "None")), Untold);
        assert_eq!(unread.recurrence(of(20), &Reference::default()), Untold);
        assert_eq!(
            unread.told().map(|told| told.agreements.len()),
            Some(1),
            "one without a cycle has no name to go by"
        );
    }

    #[test]
    fn a_cycle_without_its_option_is_none_to_go_by() {
        let row = |json: &str| serde_json::from_str::<CycleRow>(json).expect("a row").record(1);
        assert_eq!(row(r#"{"id":1,"billingOptions":"NotRecurring"}"#), Ok((1, false)));
        assert_eq!(row(r#"{"id":1,"billingOptions":"Monthly"}"#), Ok((1, true)));
        assert!(row(r#"{"id":1}"#).is_err() && row(r#"{"id":1,"billingOptions":""}"#).is_err());
    }
}
