//! Whether a billing cycle recurs. Its `billingOptions` says so; its name is chosen by people, and decides only where the
//! key may not read the list of cycles.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::Deserialize;
use serde_json::Value;

use crate::connectwise::wire::members::Reference;
use crate::connectwise::wire::{Row, members};

/// Which cycles recur.
#[derive(Debug, Default)]
pub(crate) struct BillingCycles {
    /// By record id; empty where the list may not be read.
    recurring: BTreeMap<i64, bool>,
    /// Why the list was not read, if it was not.
    unread: Option<String>,
    /// Whether some agreement went by the name of its cycle for that.
    went_by_name: AtomicBool,
}

impl BillingCycles {
    pub(crate) fn listed(recurring: BTreeMap<i64, bool>) -> Self {
        Self { recurring, ..Self::default() }
    }

    pub(crate) fn unread(why: String) -> Self {
        Self { unread: Some(why), ..Self::default() }
    }

    /// A cycle that the list does not tell of goes by its name, and an agreement without one recurs.
    pub(crate) fn recurs(&self, cycle: &Reference) -> bool {
        let listed = cycle.id.and_then(|id| self.recurring.get(&id).copied());
        listed.unwrap_or_else(|| {
            self.went_by_name.fetch_or(cycle.name.is_some(), Ordering::Relaxed);
            cycle.name.as_deref().is_none_or(recurs_by_name)
        })
    }

    /// Why agreements went by the names of their cycles, if any did because the list was not read.
    pub(crate) fn why_by_name(&self) -> Option<&str> {
        self.unread.as_deref().filter(|_| self.went_by_name.load(Ordering::Relaxed))
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
        let options = members::text("billingOptions", &self.billing_options)?.filter(|options| !options.is_empty());
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
        let listed = BillingCycles::listed([(1, true), (2, false)].into());
        assert!(listed.recurs(&cycle(1, "One-time")), "a cycle may be called so and recur");
        assert!(!listed.recurs(&cycle(2, "None")));
        assert!(!listed.recurs(&cycle(3, "Non-Recurring")) && listed.recurs(&cycle(3, "None")));
        let unread = BillingCycles::default();
        assert!(!unread.recurs(&cycle(2, "one time")) && unread.recurs(&cycle(2, "None")));
        assert!(unread.recurs(&Reference::default()));
    }

    #[test]
    fn a_cycle_without_its_option_is_none_to_go_by() {
        let row = |json: &str| serde_json::from_str::<CycleRow>(json).expect("a row").record(1);
        assert_eq!(row(r#"{"id":1,"billingOptions":"NotRecurring"}"#), Ok((1, false)));
        assert_eq!(row(r#"{"id":1,"billingOptions":"Monthly"}"#), Ok((1, true)));
        assert!(row(r#"{"id":1}"#).is_err() && row(r#"{"id":1,"billingOptions":""}"#).is_err());
    }
}
