//! Bytes into text: UTF-8, with or without a byte order mark, and nothing else.

use crate::export::error::Damage;
use crate::export::error::Place;
use crate::export::lines::place;

/// How much is looked at to tell what a file really is.
const SNIFFED: usize = 1024;

/// The text without its byte order mark.
///
/// # Errors
/// Where it is no text, and what it looks like instead.
pub(crate) fn text(bytes: &[u8]) -> Result<&str, (Place, Damage)> {
    if let Some(kind) = other_kind(bytes) {
        return Err((Place::NOWHERE, Damage::OtherKind(kind)));
    }
    if looks_like_utf_16(bytes) {
        return Err((Place::NOWHERE, Damage::Utf16));
    }
    let text = std::str::from_utf8(bytes).map_err(|error| bad_utf8(bytes, error.valid_up_to()))?;
    if let Some(at) = memchr::memchr(0, bytes) {
        return Err((on_line(place(bytes, at)), Damage::Nul { offset: at }));
    }
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}

fn bad_utf8(bytes: &[u8], offset: usize) -> (Place, Damage) {
    let byte = bytes.get(offset).copied().unwrap_or_default();
    (on_line(place(bytes, offset)), Damage::NotUtf8 { byte, offset })
}

fn on_line((line, character): (u64, u64)) -> Place {
    Place { line: Some(line), column: Some(format!("character {character}")) }
}

fn other_kind(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [b'P', b'K', 3, 4, ..] => Some("a workbook or another zip archive"),
        [0x1f, 0x8b, ..] => Some("compressed with gzip"),
        [0xd0, 0xcf, 0x11, 0xe0, ..] => Some("an old Excel workbook"),
        _ => None,
    }
}

/// A byte order mark, or every other byte of the beginning zero.
fn looks_like_utf_16(bytes: &[u8]) -> bool {
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return true;
    }
    let sniffed = &bytes[..bytes.len().min(SNIFFED) & !1];
    let zeros = |odd: usize| sniffed.iter().skip(odd).step_by(2).filter(|byte| **byte == 0).count();
    let (even, odd) = (zeros(0), zeros(1));
    let most = sniffed.len() / 2 * 3 / 4;
    sniffed.len() >= 4 && ((even > most && odd == 0) || (odd > most && even == 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utf_16(text: &str, little: bool, mark: bool) -> Vec<u8> {
        let mark = mark.then_some(0xfeff);
        let units = mark.into_iter().chain(text.encode_utf16());
        units.flat_map(|unit| if little { unit.to_le_bytes() } else { unit.to_be_bytes() }).collect()
    }

    #[test]
    fn a_file_in_utf_16_is_told_how_to_be_saved() {
        for (little, mark) in [(true, true), (true, false), (false, true), (false, false)] {
            let bytes = utf_16("Account,Product,Quantity\r\nAcme,EDR,5\r\n", little, mark);
            assert_eq!(text(&bytes), Err((Place::NOWHERE, Damage::Utf16)), "{little} {mark}");
        }
    }

    #[test]
    fn a_byte_that_is_no_text_is_named_by_line_character_and_offset() {
        let (place, damage) = text(b"a\nZ\xfcrich").expect_err("latin-1");
        assert_eq!((place.line, place.column.as_deref()), (Some(2), Some("character 2")));
        assert_eq!(damage, Damage::NotUtf8 { byte: 0xfc, offset: 3 });
        assert_eq!(text(b"a\nb\0").expect_err("NUL").1, Damage::Nul { offset: 3 });
        assert_eq!(
            text(b"PK\x03\x04....").expect_err("xlsx").1,
            Damage::OtherKind("a workbook or another zip archive")
        );
        assert_eq!(text("\u{feff}a".as_bytes()), Ok("a"));
    }
}
