//! Text of others, made fit to be shown: nothing that acts on a terminal or hides, and no longer than it may be.
#![no_main]

use libfuzzer_sys::fuzz_target;
use recount_fuzz::assert_harmless;

use recount::reconcile::model::display_text::{escaped, shown};

fuzz_target!(|text: &str| {
    let (short, whole) = (shown(text), escaped(text));
    assert_harmless(&short);
    assert_harmless(&whole);
    assert!(short.chars().count() <= 60, "{short:?}");
    assert!(short == whole || short.contains('…'), "cut without a sign: {short:?}");
    assert_eq!(escaped(&whole), whole);
});
