//! The table as one would write it first: a map in a map. Too slow and too large for a million rows; the tests hold the
//! fast one against it.

use std::collections::{BTreeMap, BTreeSet};

use crate::export::count::count_parser::Units;
use crate::export::count::duplicate_rows::Duplicates;
use crate::reconcile::model::export::counts::CustomerCounts;
use crate::reconcile::model::export::row_lines::RowLines;
use crate::reconcile::model::ids::{CustomerName, ItemName, ServiceName};

/// All that is written down of one customer.
#[derive(Debug, Default)]
struct CustomerRows {
    services: BTreeMap<ServiceName, Rows>,
    rejected_lines: BTreeSet<u64>,
}

#[derive(Debug, Default)]
struct Rows {
    lines: RowLines,
    units: Vec<Option<Units>>,
    items: BTreeSet<ItemName>,
}

/// See [`FastTable`](super::fast_table::FastTable), which does the same.
#[derive(Debug, Default)]
pub(super) struct PlainTable(BTreeMap<CustomerName, CustomerRows>);

impl PlainTable {
    pub(super) fn customer(&mut self, name: &str) -> CustomerName {
        self.0.entry(name.into()).or_default();
        name.into()
    }

    #[expect(clippy::too_many_arguments, reason = "the cells of one row, each once")]
    pub(super) fn add(&mut self, line: u64, customer: &str, service: &str, units: Option<Units>, items: &[&str]) {
        let written = self.0.entry(customer.into()).or_default();
        let rows = written.services.entry(service.into()).or_default();
        rows.lines.add(line);
        rows.units.push(units);
        rows.items.extend(items.iter().map(|item| ItemName::from(*item)));
    }

    pub(super) fn reject(&mut self, customer: &str, line: u64) {
        self.0.entry(customer.into()).or_default().rejected_lines.insert(line);
    }

    pub(super) fn finish(self, duplicates: Duplicates) -> BTreeMap<CustomerName, CustomerCounts> {
        let counts = |CustomerRows { services, rejected_lines }| {
            let cell = |rows: Rows| {
                duplicates.cell(rows.units.iter().copied(), rows.lines.clone(), rows.items.into_iter().collect())
            };
            let cells = services.into_iter().map(|(service, rows)| (service, cell(rows))).collect();
            CustomerCounts::of_ordered(cells, rejected_lines.into_iter().collect())
        };
        self.0.into_iter().map(|(name, written)| (name, counts(written))).collect()
    }
}
