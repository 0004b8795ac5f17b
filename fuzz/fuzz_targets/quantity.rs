//! Quantities: never a panic, never negative, exactly the number that was written, and the same again when read back.
#![no_main]

use libfuzzer_sys::fuzz_target;
use recount_fuzz::{assert_harmless, value};

use recount::export::count::number_notation::Notation;
use recount::export::count::count_parser::Units;
use recount::reconcile::model::quantity::Quantity;

fuzz_target!(|text: &str| {
    let parse = |text: &str| Units::parse(text, Notation::default(), false);
    match parse(text).map(|units| units.quantity().expect("no text has a sign")) {
        Ok(quantity) => {
            // Blanks of any kind and what has no width are no part of a number that they stand around.
            let digits = text.trim_matches(|c: char| c.is_whitespace() || !c.is_ascii());
            assert_eq!(value(digits), value(&quantity.to_string()), "{text:?} became {quantity}");
            assert_eq!(parse(&quantity.to_string()).map(Units::quantity), Ok(Some(quantity)));
            check(quantity);
        }
        Err(error) => assert_harmless(&error.to_string()),
    }
    if let Some(quantity) = Quantity::from_json_number(text) {
        check(quantity);
        // Other texts than JSON numbers only must not panic.
        if let Ok(number) = serde_json::from_str::<serde_json::Number>(text)
            && let Some(exact) = value(&number.to_string())
        {
            assert_eq!(Some(exact), value(&quantity.to_string()), "{text:?} became {quantity}");
        }
    }
});

fn check(quantity: Quantity) {
    assert!(!quantity.as_decimal().is_sign_negative(), "{quantity}");
    assert_eq!(quantity.to_string().parse(), Ok(quantity), "the history would read another quantity");
    let json = serde_json::to_string(&quantity).expect("a number");
    assert_eq!(serde_json::from_str::<Quantity>(&json).ok(), Some(quantity), "{json}");
    assert_eq!(value(&json), value(&quantity.to_string()));
}
