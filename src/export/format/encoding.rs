//! Bytes into text: a byte order mark decides, else what was declared, else UTF-8. Nothing is guessed.

use std::borrow::Cow;

use crate::export::damage_kinds::Damage;
use crate::export::damage_places::FaultPlace;
use crate::export::format::line_numbers::place;
use crate::export::settings::Encoding;

/// How much is looked at to tell what a file really is.
const SNIFFED: usize = 1024;

type Fault = (FaultPlace, Damage);

/// The text of a file that is declared to be UTF-8, without its byte order mark.
///
/// # Errors
/// Where it is no text, and what it looks like instead.
pub(crate) fn text(bytes: &[u8]) -> Result<&str, Fault> {
    if let Some(kind) = other_kind(bytes) {
        return Err((FaultPlace::NOWHERE, Damage::OtherKind(kind)));
    }
    if looks_like_utf_16(bytes) {
        return Err((FaultPlace::NOWHERE, Damage::Utf16));
    }
    let text = std::str::from_utf8(bytes).map_err(|error| bad_utf8(bytes, error.valid_up_to()))?;
    without_nul(text)?;
    Ok(without_end_mark(text.strip_prefix('\u{feff}').unwrap_or(text)))
}

/// The text of a file in any encoding.
///
/// # Errors
/// Where the bytes are none of the encoding's, and what they look like instead.
pub(in crate::export) fn decoded(bytes: &[u8], declared: Option<Encoding>) -> Result<Cow<'_, str>, Fault> {
    let text = match (bytes, declared.unwrap_or(Encoding::Utf8)) {
        ([0xff, 0xfe, rest @ ..], _) => utf_16(rest, true, 2)?.into(),
        ([0xfe, 0xff, rest @ ..], _) => utf_16(rest, false, 2)?.into(),
        ([0xef, 0xbb, 0xbf, ..], _) => return text(bytes).map(Cow::Borrowed),
        (_, Encoding::Utf16) => utf_16(bytes, little_endian(bytes)?, 0)?.into(),
        (_, Encoding::Windows1252 | Encoding::Iso8859_1) => windows_1252(bytes)?,
        (_, Encoding::Utf8) => return text(bytes).map(Cow::Borrowed).map_err(|fault| undeclared(fault, declared)),
    };
    without_nul(&text)?;
    let kept = without_end_mark(&text).len();
    Ok(match text {
        Cow::Borrowed(text) => Cow::Borrowed(&text[..kept]),
        Cow::Owned(mut text) => {
            text.truncate(kept);
            Cow::Owned(text)
        }
    })
}

/// Without the Ctrl-Z that programs of DOS still write behind the last line.
fn without_end_mark(text: &str) -> &str {
    const END: char = '\u{1a}';
    let body = text.trim_end();
    if body.ends_with(END) { body.trim_end_matches(END) } else { text }
}

/// Where nothing was declared, the fault says what to declare.
fn undeclared((place, damage): Fault, declared: Option<Encoding>) -> Fault {
    let damage = match (damage, declared) {
        (Damage::NotUtf8 { byte, offset }, None) => Damage::Undeclared { byte, offset },
        (Damage::Utf16, _) => Damage::Utf16Undeclared,
        (damage, _) => damage,
    };
    (place, damage)
}

fn without_nul(text: &str) -> Result<(), Fault> {
    match memchr::memchr(0, text.as_bytes()) {
        Some(at) => Err((on_line(place(text.as_bytes(), at)), Damage::Nul { offset: at })),
        None => Ok(()),
    }
}

/// The first `skipped` bytes are the mark's, and count in the offset of a fault.
fn utf_16(bytes: &[u8], little: bool, skipped: usize) -> Result<String, Fault> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    let unit = |pair: &[u8; 2]| if little { u16::from_le_bytes(*pair) } else { u16::from_be_bytes(*pair) };
    let mut text = String::with_capacity(pairs.len());
    let mut units = 0;
    for letter in char::decode_utf16(pairs.iter().map(unit)) {
        let Ok(letter) = letter else {
            return Err(not_in("UTF-16", &text, skipped + 2 * units));
        };
        units += letter.len_utf16();
        text.push(letter);
    }
    if rest.is_empty() { Ok(text) } else { Err(not_in("UTF-16", &text, skipped + 2 * units)) }
}

/// Letters of the west have a zero in their upper half.
fn little_endian(bytes: &[u8]) -> Result<bool, Fault> {
    let zeros = |from: usize| bytes.iter().skip(from).step_by(2).filter(|byte| **byte == 0).count();
    match zeros(1).cmp(&zeros(0)) {
        std::cmp::Ordering::Greater => Ok(true),
        std::cmp::Ordering::Less => Ok(false),
        std::cmp::Ordering::Equal => Err((FaultPlace::NOWHERE, Damage::NoByteOrder)),
    }
}

/// The five bytes that stand for nothing in windows-1252 are damage; WHATWG's table would let them pass as controls.
fn windows_1252(bytes: &[u8]) -> Result<Cow<'_, str>, Fault> {
    let unmapped = |byte: &u8| matches!(byte, 0x81 | 0x8d | 0x8f | 0x90 | 0x9d);
    let text = |bytes| encoding_rs::WINDOWS_1252.decode_without_bom_handling(bytes).0;
    match bytes.iter().position(unmapped) {
        Some(at) => Err(not_in("windows-1252", &text(&bytes[..at]), at)),
        None => Ok(text(bytes)),
    }
}

/// After this much text that was good.
fn not_in(encoding: &'static str, good: &str, offset: usize) -> Fault {
    (on_line(place(good.as_bytes(), good.len())), Damage::NotInEncoding { encoding, offset })
}

fn bad_utf8(bytes: &[u8], offset: usize) -> Fault {
    let byte = bytes.get(offset).copied().unwrap_or_default();
    (on_line(place(bytes, offset)), Damage::NotUtf8 { byte, offset })
}

fn on_line((line, character): (u64, u64)) -> FaultPlace {
    FaultPlace { line: Some(line), column: Some(format!("character {character}")) }
}

fn other_kind(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [b'P', b'K', 3, 4, ..] => Some("a workbook or another zip archive"),
        [0x1f, 0x8b, ..] => Some("compressed with gzip"),
        [b'%', b'P', b'D', b'F', b'-', ..] => Some("a PDF"),
        [b'P', b'A', b'R', b'1', ..] => Some("a Parquet file"),
        [b'7', b'z', 0xbc, 0xaf, ..] => Some("a 7z archive"),
        [b'R', b'a', b'r', b'!', ..] => Some("a RAR archive"),
        [0xfd, b'7', b'z', b'X', b'Z', ..] => Some("compressed with xz"),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Some("compressed with zstd"),
        [b'B', b'Z', b'h', b'1'..=b'9', 0x31, 0x41, ..] => Some("compressed with bzip2"),
        [0xd0, 0xcf, 0x11, 0xe0, ..] if is_locked(bytes) => Some("a workbook with a password"),
        [0xd0, 0xcf, 0x11, 0xe0, ..] => Some("an old Excel workbook"),
        _ if is_page(bytes) && has_table(bytes) => Some("a web page with a table, whatever its name says"),
        _ if is_excel_2003(bytes) => Some("a workbook in the XML of Excel 2003"),
        _ if is_page(bytes) => Some("a web page, most likely one that asks to sign in"),
        _ => None,
    }
}

fn is_page(bytes: &[u8]) -> bool {
    let begins = bytes.trim_ascii_start();
    ["<!doctype html", "<html"]
        .iter()
        .any(|tag| begins.get(..tag.len()).is_some_and(|begins| begins.eq_ignore_ascii_case(tag.as_bytes())))
}

/// A page that holds a table: some vendors call one `.xls`, and it is no page that asks to sign in.
fn has_table(bytes: &[u8]) -> bool {
    let beginning = bytes.get(..SNIFFED * 16).unwrap_or(bytes).to_ascii_lowercase();
    memchr::memmem::find(&beginning, b"<table").is_some() && memchr::memmem::find(&beginning, b"<form").is_none()
}

/// What Excel 2003 wrote as XML, and other programs still do: its rows are cells without names.
fn is_excel_2003(bytes: &[u8]) -> bool {
    let beginning = bytes.get(..SNIFFED * 4).unwrap_or(bytes);
    let is_xml = beginning.trim_ascii_start().strip_prefix(b"\xef\xbb\xbf").unwrap_or(beginning).trim_ascii_start();
    is_xml.starts_with(b"<")
        && memchr::memmem::find(beginning, b"urn:schemas-microsoft-com:office:spreadsheet").is_some()
}

/// A workbook with a password is packed into the same kind of file as the old ones.
fn is_locked(bytes: &[u8]) -> bool {
    let name: Vec<u8> = "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect();
    memchr::memmem::find(bytes, &name).is_some()
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

    /// It was a row of its own, and refused the file, or a customer of this name.
    #[test]
    fn the_end_mark_of_dos_is_no_text() {
        let whole = "C,N\r\nAcme,5\r\n";
        for behind in ["\u{1a}", "\u{1a}\u{1a}", "\u{1a}\r\n", ""] {
            let file = format!("{whole}{behind}");
            assert_eq!(decoded(file.as_bytes(), None).as_deref(), Ok(whole), "{behind:?}");
            assert_eq!(decoded(file.as_bytes(), Some(Encoding::Windows1252)).as_deref(), Ok(whole), "{behind:?}");
            assert_eq!(decoded(&utf_16(&file, true, true), None).as_deref(), Ok(whole), "{behind:?}");
        }
        assert_eq!(decoded(b"C,N\nA\x1aB,5\n", None).as_deref(), Ok("C,N\nA\u{1a}B,5\n"), "within a name it stays");
    }

    #[test]
    fn a_settings_file_in_utf_16_is_told_how_to_be_saved() {
        for (little, mark) in [(true, true), (true, false), (false, true), (false, false)] {
            let bytes = utf_16("Account,Product,Quantity\r\nAcme,EDR,5\r\n", little, mark);
            assert_eq!(text(&bytes), Err((FaultPlace::NOWHERE, Damage::Utf16)), "{little} {mark}");
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

    #[test]
    fn a_byte_order_mark_decides_whatever_was_declared() {
        let said = "Søndergård,東京,𝄞\r\n";
        for declared in [None, Some(Encoding::Utf8), Some(Encoding::Windows1252), Some(Encoding::Utf16)] {
            for little in [true, false] {
                assert_eq!(decoded(&utf_16(said, little, true), declared).expect("marked"), said, "{declared:?}");
            }
            assert_eq!(decoded(format!("\u{feff}{said}").as_bytes(), declared).expect("marked"), said, "{declared:?}");
        }
    }

    #[test]
    fn utf_16_without_a_mark_is_read_when_declared_and_never_guessed() {
        for little in [true, false] {
            let bytes = utf_16("Kunde,Anzahl\nCafé,5\n", little, false);
            assert_eq!(decoded(&bytes, Some(Encoding::Utf16)).expect("declared"), "Kunde,Anzahl\nCafé,5\n");
            assert_eq!(decoded(&bytes, None).expect_err("not declared").1, Damage::Utf16Undeclared);
        }
        let tied = utf_16("東京", true, false);
        assert_eq!(decoded(&tied, Some(Encoding::Utf16)).expect_err("no zeros").1, Damage::NoByteOrder);
    }

    #[test]
    fn damaged_utf_16_is_named_by_line_and_offset() {
        let mut cut = utf_16("a\nbc", true, true);
        cut.pop();
        let lone: Vec<u8> = [0xfeff_u16, 0x61, 0xd800, 0x62].iter().flat_map(|unit| unit.to_le_bytes()).collect();
        for (bytes, place, offset) in [(cut, (2, 2), 8), (lone, (1, 2), 4)] {
            let fault = decoded(&bytes, None).expect_err("damaged");
            assert_eq!(fault, (on_line(place), Damage::NotInEncoding { encoding: "UTF-16", offset }));
        }
    }

    #[test]
    fn windows_1252_is_read_when_declared_and_its_gaps_are_damage() {
        let bytes = b"Caf\xe9 \x96 \x93S\xfcd\x94 \x80\n";
        assert_eq!(decoded(bytes, Some(Encoding::Windows1252)).expect("declared"), "Café – “Süd” €\n");
        let fault = decoded(bytes, None).expect_err("not declared");
        assert_eq!(fault, (on_line((1, 4)), Damage::Undeclared { byte: 0xe9, offset: 3 }));
        let fault = decoded(b"\xe9\n\x81", Some(Encoding::Windows1252)).expect_err("unmapped");
        assert_eq!(fault, (on_line((2, 1)), Damage::NotInEncoding { encoding: "windows-1252", offset: 2 }));
        let fault = decoded(b"a\0b", Some(Encoding::Windows1252)).expect_err("NUL");
        assert_eq!(fault.1, Damage::Nul { offset: 1 });
    }
}
