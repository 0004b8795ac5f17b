//! What an export says, in one number: an older night's counts are those, however they are packed, marked or ordered this time.

use sha2::{Digest as _, Sha256};

use crate::reconcile::model::export::counts::{Cell, Counts};

/// SHA-256 of every customer with its counts, in hex. A row that could not be read is in no count.
pub fn digest(counts: &Counts) -> String {
    let mut all = Sha256::new();
    let mut add = |text: &str| {
        all.update(text.len().to_string());
        all.update(":");
        all.update(text);
    };
    for (customer, own) in &counts.customers {
        add(customer.as_str());
        for (service, cell) in own.cells() {
            add(service.as_str());
            let several = if let Cell::Duplicate { counts, .. } = cell { counts.len() } else { 1 };
            add(&format!("{several}={}", cell.units().normalize()));
        }
        add("");
    }
    hex::encode(all.finalize())
}
