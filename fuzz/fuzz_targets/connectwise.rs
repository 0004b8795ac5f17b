//! What ConnectWise answers: never a panic; a quantity is exactly what was sent, or an error; what it says is harmless.
//! The bytes are an answer's body, and the first two lines also a 429's `Retry-After` and `Date`.
#![no_main]

use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use recount_fuzz::{assert_harmless, value};
use serde_json::Value;

use recount::connectwise::fuzz;

/// No JSON text is made of it by chance.
const SECRET: &str = "k-private";
const MOST: Duration = Duration::from_secs(60);

fuzz_target!(|bytes: &[u8]| {
    wait(bytes);
    let said = fuzz::said(bytes, SECRET);
    assert_harmless(&said);
    assert!(!said.contains(SECRET) && said.chars().count() <= 300, "{said:?}");
    if let Some((_, Ok(quantity))) = fuzz::patched(bytes) {
        assert!(!quantity.as_decimal().is_sign_negative());
    }
    let lists = fuzz::lists(bytes);
    let (Some(additions), Ok(Value::Array(rows))) = (lists.additions, serde_json::from_slice(bytes)) else { return };
    assert_eq!(additions.len(), rows.len(), "a record was lost");
    for ((id, addition), row) in additions.into_iter().zip(&rows) {
        // The last of two equal keys, as for everybody else.
        let sent = |key: &str| row.get(key).map(Value::to_string);
        if row.is_object() {
            // An id that came as a text leaves its record unreadable.
            let Ok(addition) = addition else { continue };
            assert_eq!(sent("id").and_then(|sent| value(&sent)), value(&id.to_string()));
            let Ok(quantity) = addition.quantity else { continue };
            let sent = sent("quantity").expect("a missing quantity is no number");
            assert!(!quantity.as_decimal().is_sign_negative());
            assert_eq!(value(&sent), value(&quantity.to_string()), "{sent} became {quantity}");
        }
    }
});

fn wait(bytes: &[u8]) {
    let mut lines = bytes.split(|byte| *byte == b'\n');
    let (asked, date) = (lines.next().unwrap_or_default(), lines.next().unwrap_or_default());
    let wait = fuzz::wait(asked, date, MOST);
    // Other bytes than these are no header.
    let readable = asked.iter().all(|byte| matches!(byte, b'\t' | b' '..=b'~'));
    match std::str::from_utf8(asked).map(str::trim) {
        Ok(digits) if readable && !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            assert_eq!(wait.as_secs(), digits.parse().unwrap_or(u64::MAX), "{digits:?}");
        }
        _ => assert!(wait >= Duration::from_secs(1), "asked again at once after {asked:?}"),
    }
}
