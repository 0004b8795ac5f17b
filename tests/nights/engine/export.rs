//! The vendor's export, from night to night.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::fs::File;
use std::path::Path;

use chrono::{DateTime, Utc};

use super::chance::Chance;

/// What each customer uses of each service; a customer that is not in here is not in the export.
#[derive(Debug, Clone, Default)]
pub(crate) struct Vendor {
    pub(crate) used: BTreeMap<u64, BTreeMap<u64, u64>>,
}

impl Vendor {
    pub(crate) fn new(customers: u64, services: u64, chance: &mut Chance) -> Self {
        let row = |chance: &mut Chance| (0..services).map(|service| (service, chance.between(0, 12))).collect();
        Self { used: (0..customers).map(|customer| (customer, row(chance))).collect() }
    }

    /// A day goes by.
    pub(crate) fn change(&mut self, customers: u64, services: u64, chance: &mut Chance) {
        for _ in 0..chance.below(5) {
            let (customer, service) = (chance.below(customers), chance.below(services));
            let row = self.used.entry(customer).or_default();
            match chance.below(8) {
                0 => _ = row.remove(&service),
                1 => _ = row.insert(service, 0),
                2 => _ = self.used.remove(&customer),
                _ => _ = row.insert(service, chance.between(0, 30)),
            }
        }
    }

    /// One count has some digits too many.
    pub(crate) fn mistype(&mut self, customer: u64, service: u64) {
        if let Some(count) = self.used.get_mut(&customer).and_then(|row| row.get_mut(&service)) {
            *count = *count * 100 + 100;
        }
    }

    /// Everybody is in the export, with a count that may be zero.
    pub(crate) fn complete(&mut self, customers: u64) {
        for customer in 0..customers {
            self.used.entry(customer).or_default().entry(0).or_insert(1);
        }
    }

    pub(crate) fn count(&self, customer: u64, service: u64) -> Option<u64> {
        Some(self.used.get(&customer)?.get(&service).copied().unwrap_or(0))
    }

    /// Writes the file, spoiled in one of several ways if it is to be.
    pub(crate) fn write(&self, path: &Path, at: DateTime<Utc>, spoil: Option<u64>) {
        let mut text = "Account,Product,Quantity\n".to_owned();
        for (customer, row) in &self.used {
            // A customer without any row would be a missing one.
            let placeholder = row.is_empty().then_some((&9, &0));
            for (service, count) in row.iter().chain(placeholder) {
                let _ = writeln!(text, "Customer {customer},Service {service},{count}");
            }
        }
        match spoil {
            Some(0) => text.push_str("Customer 0,Service 0,many\n"),
            Some(1) => text.push_str("Customer 0,Service 0,4\nCustomer 0,Service 0,5\n"),
            Some(2) => text.push_str("Customer 1,\"Service 0,4\n"),
            Some(3) => text.truncate(text.len() / 2),
            Some(4) => text.clear(),
            Some(5) => text.push_str("Nobody we know,Service 0,4\nCustomer 0,Service unheard of,5\n"),
            _ => {}
        }
        fs::write(path, text).expect("the export is written");
        let file = File::options().write(true).open(path).expect("the export is there");
        file.set_modified(at.into()).expect("the export's time is set");
    }
}
