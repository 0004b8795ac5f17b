//! One form for a name, so that the spellings of it in the export, in the operator's files and in ConnectWise compare as bytes.

use std::borrow::Cow;

use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

/// The name in its one form: trimmed, every run of white space (line feeds and no-break spaces too) one blank, without
/// characters of no width, Unicode NFC. Case is kept: names that differ in it are different customers.
pub fn normalized(name: &str) -> Cow<'_, str> {
    let name = name.trim();
    if is_normal_ascii(name) || is_normal(name) {
        return Cow::Borrowed(name);
    }
    let seen: String = name.chars().filter(|c| !has_no_width(*c)).collect();
    let mut words = seen.split_whitespace();
    let mut blanked = words.next().unwrap_or_default().to_owned();
    for word in words {
        blanked.push(' ');
        blanked.push_str(word);
    }
    Cow::Owned(blanked.nfc().collect())
}

/// Whether nothing stands there that anybody could see.
pub fn is_blank(text: &str) -> bool {
    // Most cells begin with a letter or a digit: it settles it.
    let rest = text.trim_start();
    rest.is_empty() || rest.chars().all(|c| c.is_whitespace() || has_no_width(c))
}

/// Without an early end, so that the compiler looks at many bytes at once.
fn is_normal_ascii(name: &str) -> bool {
    let bytes = name.as_bytes();
    let is_odd = |byte: u8| !byte.is_ascii() | (b'\t'..=b'\r').contains(&byte);
    let odd = bytes.iter().fold(false, |odd, byte| odd | is_odd(*byte));
    let pairs = bytes.iter().zip(bytes.get(1..).unwrap_or_default());
    let double = pairs.fold(false, |double, (one, next)| double | ((*one == b' ') & (*next == b' ')));
    !odd & !double
}

fn is_normal(name: &str) -> bool {
    let mut before = '\0';
    let blanks = name.chars().all(|c| {
        let double = c == ' ' && before == ' ';
        before = c;
        !double && (c == ' ' || !c.is_whitespace()) && !has_no_width(c)
    });
    blanks && is_nfc_quick(name.chars()) == IsNormalized::Yes
}

/// Characters that nobody sees, and that tell one name from another all the same.
pub fn has_no_width(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{fe0e}' | '\u{fe0f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_customer_in_several_spellings_of_white_space_and_accents_is_one_customer() {
        for (written, name) in [
            ("Acme", "Acme"),
            ("  Acme  Ltd\t", "Acme Ltd"),
            ("Acme\r\nLtd", "Acme Ltd"),
            ("Acme\u{a0}Ltd", "Acme Ltd"),
            ("Zu\u{308}rich", "Zürich"),
            ("\u{a0}Zürich\u{2003} AG ", "Zürich AG"),
            ("acme", "acme"),
            ("", ""),
            (" \u{a0} ", ""),
            ("\u{feff}Ac\u{200b}me\u{200e} Ltd\u{ad}", "Acme Ltd"),
            ("\u{200b} Acme", "Acme"),
            // Excel and telephones write the form of a sign behind it.
            ("Acme \u{2714}\u{fe0f}", "Acme \u{2714}"),
        ] {
            assert_eq!(normalized(written), name, "{written:?}");
        }
    }

    #[test]
    fn the_common_name_costs_no_allocation() {
        for name in [" Acme Ltd ", "Zürich AG", "株式会社"] {
            assert!(matches!(normalized(name), Cow::Borrowed(_)), "{name:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn a_name_in_its_one_form_stays_as_it_is(text in "\\PC{0,12}|[ \\t\\n\u{a0}a\u{308}u]{0,12}") {
            let once = normalized(&text).into_owned();
            proptest::prop_assert_eq!(normalized(&once).into_owned(), once);
        }
    }
}
