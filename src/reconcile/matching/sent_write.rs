//! What became of a write of which nobody knows the end: by what ConnectWise lists now.

use chrono::NaiveDate;

use crate::reconcile::model::connectwise_records::Addition;
use crate::reconcile::model::ids::{AdditionId, ItemName, ProductId};
use crate::reconcile::model::quantity::{Quantity, USUAL_DECIMALS};

/// What was sent.
#[derive(Debug, Clone, Copy)]
pub enum SentWrite<'a> {
    /// A quantity.
    Set {
        /// Of which addition.
        addition: AdditionId,
        /// What it held.
        from: Quantity,
        /// What it was to hold.
        to: Quantity,
    },
    /// A new line.
    Create {
        /// Of which catalog item.
        product: ProductId,
        /// For which item, where each has a line of its own.
        item: Option<&'a ItemName>,
        /// With how many units.
        quantity: Quantity,
        /// The additions that were there before it was sent.
        before: &'a [AdditionId],
    },
}

/// What is known of it now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FoundWrite {
    /// It is done.
    Done {
        /// The addition.
        addition: AdditionId,
        /// What ConnectWise holds.
        quantity: Quantity,
    },
    /// It is not, or no more, and what there is instead; it is planned anew.
    NotDone(String),
    /// A line of another quantity where one was created: it is ours and was changed, or somebody else's.
    Instead(AdditionId),
    /// Nobody can tell yet; which of several additions it may be.
    InDoubt(Vec<AdditionId>),
}

/// Looks for it among the additions of its agreement. `waited`: it was sent so long ago that it cannot be on its way any more.
pub fn look_up(sent: SentWrite<'_>, additions: &[Addition], today: NaiveDate, waited: bool) -> FoundWrite {
    match sent {
        SentWrite::Set { addition, from, to } => look_up_set(addition, from, to, additions),
        SentWrite::Create { product, item, quantity, before } => {
            let new = new_lines(additions, product, item, before);
            let current: Vec<&Addition> = new.iter().copied().filter(|addition| addition.is_current(today)).collect();
            // Of several, a person ends all but the one that is meant, as the report asks for.
            match if current.is_empty() { new.as_slice() } else { current.as_slice() } {
                [one] if one.quantity.as_ref().is_ok_and(|now| is_what_was_sent(*now, quantity)) => {
                    FoundWrite::Done { addition: one.id, quantity: one.quantity.clone().unwrap_or(quantity) }
                }
                // Nor is one of another quantity proof that ours is not still on its way.
                [] | [_] if !waited => FoundWrite::InDoubt(Vec::new()),
                [] => FoundWrite::NotDone("not in ConnectWise; planned anew".to_owned()),
                // One line of another quantity is compared and followed like any other; no second one is created.
                [one] => FoundWrite::Instead(one.id),
                several => FoundWrite::InDoubt(several.iter().map(|addition| addition.id).collect()),
            }
        }
    }
}

/// Whether what stands there is what was sent: ConnectWise may keep fewer decimals.
pub fn is_what_was_sent(now: Quantity, sent: Quantity) -> bool {
    now == sent || now.decimals_kept_of(sent).is_some_and(|kept| kept >= USUAL_DECIMALS)
}

fn look_up_set(addition: AdditionId, from: Quantity, to: Quantity, additions: &[Addition]) -> FoundWrite {
    let now = additions.iter().find(|found| found.id == addition).map(|found| found.quantity.as_ref());
    match now {
        Some(Ok(now)) if *now == to => FoundWrite::Done { addition, quantity: to },
        Some(Ok(now)) if *now != from && is_what_was_sent(*now, to) => FoundWrite::Done { addition, quantity: *now },
        Some(Ok(now)) if *now == from => {
            FoundWrite::NotDone("ConnectWise holds the old quantity; planned anew".to_owned())
        }
        Some(Ok(now)) => FoundWrite::NotDone(format!("ConnectWise holds {now}")),
        Some(Err(why)) => FoundWrite::NotDone(why.clone()),
        None => FoundWrite::NotDone(format!("addition {addition} is gone")),
    }
}

/// Additions of a product, and with the mark of an item where each has its own, that were not there before it was
/// created.
pub fn new_lines<'a>(
    additions: &'a [Addition],
    product: ProductId,
    item: Option<&ItemName>,
    before: &[AdditionId],
) -> Vec<&'a Addition> {
    let on_line = |addition: &&Addition| addition.product == Some(product) && addition.bears(item);
    additions.iter().filter(on_line).filter(|addition| !before.contains(&addition.id)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn units(text: &str) -> Quantity {
        text.parse().expect("a quantity")
    }

    fn addition(id: i64, quantity: &str) -> Addition {
        Addition {
            id: AdditionId(id),
            product: Some(ProductId(5)),
            quantity: quantity.parse().map_err(|_| quantity.to_owned()),
            credit: false,
            effective_on: None,
            cancelled_on: None,
            less_included: Ok(Quantity::ZERO),
            bill: None,
            mark: None,
            changed: None,
        }
    }

    fn today() -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 11, 24).expect("a day")
    }

    const BEFORE: [AdditionId; 1] = [AdditionId(100)];

    fn created(additions: &[Addition], waited: bool) -> FoundWrite {
        let sent = SentWrite::Create { product: ProductId(5), item: None, quantity: units("3"), before: &BEFORE };
        look_up(sent, additions, today(), waited)
    }

    /// A second line would be created and billed beside the first, which came late.
    #[test]
    fn a_creation_that_is_not_listed_is_not_given_up_before_its_time() {
        assert_eq!(created(&[addition(100, "3")], false), FoundWrite::InDoubt(Vec::new()), "what was there is not it");
        assert_eq!(created(&[addition(101, "4")], false), FoundWrite::InDoubt(Vec::new()));
        assert!(matches!(created(&[addition(100, "3")], true), FoundWrite::NotDone(_)));
        assert_eq!(created(&[addition(101, "4")], true), FoundWrite::Instead(AdditionId(101)));
    }

    /// Otherwise a line that is there is created once more, or one of two is taken by guessing.
    #[test]
    fn a_creation_is_the_one_new_line_of_its_quantity_and_never_one_of_several() {
        let done = FoundWrite::Done { addition: AdditionId(101), quantity: units("3") };
        for waited in [false, true] {
            assert_eq!(created(&[addition(100, "7"), addition(101, "3")], waited), done);
            let several = [addition(101, "3"), addition(102, "3")];
            assert_eq!(created(&several, waited), FoundWrite::InDoubt(vec![AdditionId(101), AdditionId(102)]));
            let ended = Addition { cancelled_on: Some(today()), ..addition(102, "3") };
            assert_eq!(created(&[addition(101, "3"), ended], waited), done, "a person ended the other one");
        }
        let other = Addition { product: Some(ProductId(6)), ..addition(101, "3") };
        assert!(matches!(created(&[other], true), FoundWrite::NotDone(_)), "another product's line is not it");
    }

    /// Otherwise a quantity that was written is written again over what a person set since.
    #[test]
    fn a_quantity_is_done_where_it_stands_and_otherwise_planned_anew() {
        let found = |now: &str| {
            let sent = SentWrite::Set { addition: AdditionId(101), from: units("3"), to: units("5.12345") };
            look_up(sent, &[addition(101, now)], today(), true)
        };
        let done = |quantity: &str| FoundWrite::Done { addition: AdditionId(101), quantity: units(quantity) };
        assert_eq!(found("5.12345"), done("5.12345"));
        assert_eq!(found("5.1235"), done("5.1235"), "four decimals are kept");
        for (now, said) in [("3", "the old quantity"), ("9", "holds 9"), ("many", "many")] {
            assert!(matches!(found(now), FoundWrite::NotDone(why) if why.contains(said)), "{now}");
        }
        let sent = SentWrite::Set { addition: AdditionId(1), from: units("3"), to: units("5") };
        assert!(matches!(look_up(sent, &[], today(), true), FoundWrite::NotDone(why) if why.contains("gone")));
    }
}
