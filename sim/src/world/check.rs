//! Whether a world makes sense: every reference leads somewhere, and no id is used twice.

use std::collections::HashSet;
use std::hash::Hash;

use super::World;

/// The first thing that does not fit, in words for whoever wrote the world.
pub(super) fn check(world: &World) -> Result<(), String> {
    let companies = unique("company", world.companies.iter().map(|company| company.id))?;
    let agreements = unique("agreement", world.agreements.iter().map(|agreement| agreement.id))?;
    let products = unique("product", world.catalog.iter().map(|product| product.identifier.to_lowercase()))?;
    unique("product", world.catalog.iter().map(|product| product.id))?;
    unique("addition", world.additions.iter().map(|addition| addition.id))?;
    unique("board status", world.boards.iter().flat_map(|board| &board.statuses).map(|status| status.id))?;
    for agreement in &world.agreements {
        if !companies.contains(&agreement.company) {
            return Err(format!("agreement {} names company {}, which is not there", agreement.id, agreement.company));
        }
    }
    for addition in &world.additions {
        if !agreements.contains(&addition.agreement) {
            return Err(format!("addition {} names agreement {}, which is not there", addition.id, addition.agreement));
        }
        if !products.contains(&addition.product.to_lowercase()) {
            return Err(format!("addition {} names product {}, which is not there", addition.id, addition.product));
        }
    }
    Ok(())
}

fn unique<T: Eq + Hash + std::fmt::Display>(what: &str, ids: impl Iterator<Item = T>) -> Result<HashSet<T>, String> {
    let mut found = HashSet::new();
    for id in ids {
        if let Some(id) = found.replace(id) {
            return Err(format!("{what} {id} is there twice"));
        }
    }
    Ok(found)
}
