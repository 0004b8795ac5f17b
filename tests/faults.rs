//! Nights on which the network or ConnectWise goes wrong. Whatever it was: what is told is what happened, no line is ever
//! created twice, one clean run reaches the goal, and the run after it sends nothing.

mod bundles;
mod kills;
mod reads;
mod side_by_side;
mod stored_otherwise;
mod storms;
mod writes;

use rust_decimal::Decimal;

use crate::support::Night;

/// What ConnectWise has to bill in the end: by agreement and product.
fn goal() -> Vec<(i64, String, Decimal)> {
    [(10, "MP-ARCHIVE", 2), (10, "MP-CLOUDFILTER", 7), (20, "MP-CLOUDFILTER", 6)]
        .map(|(agreement, product, quantity)| (agreement, product.to_owned(), Decimal::from(quantity)))
        .to_vec()
}

/// The night after: no fault any more.
fn converges_then_is_silent(night: &Night) {
    night.no_faults();
    night.run().exits(0);
    assert_eq!(night.billed(), goal(), "one clean run reaches the goal, and no line is there twice");
    is_silent(night);
}

fn is_silent(night: &Night) {
    night.sim().clear_requests();
    night.run().exits(0);
    assert!(night.sim().writes().is_empty(), "{:#?}", night.sim().writes());
}

/// The journal and what ConnectWise saw must tell one story: no change without an intent, and no intent told as done
/// that was not.
fn journal_fits(night: &Night) {
    let journal = night.journal();
    let sent = night.sim().writes();
    for method in ["PATCH", "POST"] {
        let intents = journal.iter().filter(|write| write.creates == (method == "POST")).count();
        let seen = sent.iter().filter(|write| write.method == method).count();
        let tries = if method == "POST" { 1 } else { 5 };
        assert!(seen <= intents * tries, "{seen} {method} for {intents} intents\n{journal:#?}");
    }
    let world = night.sim().world();
    for write in journal.iter().filter(|write| write.applied) {
        let addition = world.addition(write.addition.expect("an applied write has its addition"));
        let quantity = addition.map(|addition| addition.quantity);
        assert_eq!(quantity, Some(write.quantity), "told as done: {write:?}");
    }
}
