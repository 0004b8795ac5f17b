//! Text that others wrote, made fit to be shown: one line, no escape sequences, nothing invisible.

use std::fmt::Write as _;

use chrono::{DateTime, FixedOffset, NaiveDate};

/// Characters that are shown of a text; what is longer loses its middle.
const SHOWN_MAX: usize = 60;
/// How many of them are the text's end: names often differ there.
const TAIL: usize = 19;

/// `Tue 24 Nov 2026`: a day as people read it, the same in every sentence, table and subject. What is typed and what
/// programs read is `2026-11-24`.
pub fn day(day: NaiveDate) -> String {
    day.format("%a %-d %b %Y").to_string()
}

/// `Tue 24 Nov 2026 03:11 UTC`, and in another zone `Tue 24 Nov 2026 14:11 +11:00`.
pub fn minute(at: DateTime<FixedOffset>) -> String {
    let zone = if at.offset().local_minus_utc() == 0 { "UTC".to_owned() } else { at.offset().to_string() };
    format!("{} {} {zone}", day(at.date_naive()), at.format("%H:%M"))
}

/// The text as it may stand in a message, a terminal or a journal: control, bidirectional and zero-width characters as
/// `\u{202e}`, and no more than 60 characters, the middle cut out.
pub fn shown(text: &str) -> String {
    if text.len() <= SHOWN_MAX && is_plain(text) {
        return text.to_owned();
    }
    let (whole, complete) = take(text.chars(), SHOWN_MAX);
    if complete {
        return whole.concat();
    }
    let (head, _) = take(text.chars(), SHOWN_MAX - TAIL - 1);
    let (mut tail, _) = take(text.chars().rev(), TAIL);
    tail.reverse();
    format!("{}…{}", head.concat(), tail.concat())
}

/// The text with the same characters escaped, at its full length.
pub fn escaped(text: &str) -> String {
    if is_plain(text) {
        return text.to_owned();
    }
    text.chars().fold(String::with_capacity(text.len()), |mut all, c| {
        all.push_str(&piece(c));
        all
    })
}

/// The text as `recount.toml` quotes it, at its full length, with the same characters as TOML escapes them.
pub fn quoted(text: &str) -> String {
    let mut all = String::with_capacity(text.len() + 2);
    all.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => all.extend(['\\', c]),
            '\n' | '\r' | '\t' => all.push_str(&piece(c)),
            _ if is_hostile(c) && u32::from(c) > 0xffff => _ = write!(all, "\\U{:08X}", u32::from(c)),
            _ if is_hostile(c) => _ = write!(all, "\\u{:04X}", u32::from(c)),
            _ => all.push(c),
        }
    }
    all.push('"');
    all
}

/// Several of them as a list.
pub fn quoted_list<T: AsRef<str>>(texts: &[T]) -> String {
    format!("[{}]", texts.iter().map(|text| quoted(text.as_ref())).collect::<Vec<_>>().join(", "))
}

/// Nearly every text is: nothing in it needs a look of its own.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| (b' '..=b'~').contains(&byte))
}

/// As many whole pieces as fit in `room`, and whether that was everything.
fn take(chars: impl Iterator<Item = char>, room: usize) -> (Vec<String>, bool) {
    let (mut pieces, mut used) = (Vec::new(), 0);
    for c in chars {
        let piece = piece(c);
        used += piece.chars().count();
        if used > room {
            return (pieces, false);
        }
        pieces.push(piece);
    }
    (pieces, true)
}

fn piece(c: char) -> String {
    let mut piece = String::new();
    match c {
        '\n' => piece.push_str("\\n"),
        '\r' => piece.push_str("\\r"),
        '\t' => piece.push_str("\\t"),
        _ if is_hostile(c) => {
            let _ = write!(piece, "{}", c.escape_unicode());
        }
        _ => piece.push(c),
    }
    piece
}

/// Whether a character moves the cursor, turns the direction of writing, breaks the line, or is not seen at all: the
/// last are Unicode's `Default_Ignorable_Code_Point`.
fn is_hostile(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}')
}

/// One word to a shell, that a terminal shows as it is: what would move its cursor or break the line stands as bash reads it.
pub fn shell_word(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,@+".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) {
        return text.to_owned();
    }
    if !text.chars().any(is_hostile) {
        return format!("'{}'", text.replace('\'', r"'\''"));
    }
    let mut word = "$'".to_owned();
    for c in text.chars() {
        match c {
            '\'' | '\\' => word.extend(['\\', c]),
            _ if is_hostile(c) => _ = write!(word, "\\U{:08x}", u32::from(c)),
            _ => word.push(c),
        }
    }
    word + "'"
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is advised is copied into recount.toml, where Rust's escapes are a fault.
    #[test]
    fn what_is_quoted_for_the_configuration_is_read_as_it_was() {
        for text in ["Acme \"North\" \\ Co", "\u{1a}", "a\tb\r\n", "A\u{200b}B", "\u{e0041}", "M\u{fc}ller", "\u{7f}"] {
            let document = format!("name = {}", quoted(text));
            let read: toml_edit::DocumentMut = document.parse().expect(&document);
            assert_eq!(read["name"].as_str(), Some(text), "{document}");
            assert!(!document.chars().any(is_hostile), "{document}");
        }
        assert_eq!(quoted_list(&["a", "b\u{1a}"]), "[\"a\", \"b\\u001A\"]");
    }

    /// A folder's name in a printed command cleared the screen, or began a line of its own.
    #[test]
    fn a_word_to_a_shell_is_one_word_to_it_and_moves_no_cursor() {
        for text in ["a b", "it's", "a\u{1b}[2J'b\\c", "two\nlines", "A\u{202e}B", "\u{e0041}"] {
            let word = shell_word(text);
            assert!(!word.chars().any(is_hostile), "{word}");
            let mut shell = std::process::Command::new("bash");
            let said =
                shell.env("LC_ALL", "C.UTF-8").args(["-c", &format!("printf %s {word}")]).output().expect("bash");
            assert_eq!(String::from_utf8_lossy(&said.stdout), text, "{word}");
        }
    }

    #[test]
    fn hostile_text_cannot_move_the_cursor_or_hide_itself() {
        let cases = [
            ("Acme Zürich", "Acme Zürich"),
            ("a\u{1b}[2Jb", "a\\u{1b}[2Jb"),
            ("evil\u{202e}cod.exe", "evil\\u{202e}cod.exe"),
            ("a\u{200b}b\u{feff}", "a\\u{200b}b\\u{feff}"),
            ("Acme\u{34f}\u{fe0f}", "Acme\\u{34f}\\u{fe0f}"),
            ("one\ntwo\r\n", "one\\ntwo\\r\\n"),
            ("x\u{2028}level=error", "x\\u{2028}level=error"),
        ];
        for (text, safe) in cases {
            assert_eq!(shown(text), safe);
            assert_eq!(escaped(text), safe);
        }
    }

    #[test]
    fn a_long_text_keeps_both_ends_and_fits_in_a_line() {
        let long = format!("begin{}end", "x".repeat(1000));
        let short = shown(&long);
        assert!(short.starts_with("begin") && short.ends_with("end") && short.contains('…'));
        assert_eq!(short.chars().count(), SHOWN_MAX);
        assert!(shown(&"\u{202e}".repeat(100)).chars().count() <= SHOWN_MAX);
        assert_eq!(shown(&"ü".repeat(SHOWN_MAX)), "ü".repeat(SHOWN_MAX));
    }

    /// What is printed is pasted: a customer's name must stay one word, and do nothing by itself.
    #[test]
    fn what_is_to_be_typed_is_one_word_to_a_shell() {
        assert_eq!(shell_word("a7kx"), "a7kx");
        assert_eq!(shell_word("Acme Dental"), "'Acme Dental'");
        assert_eq!(shell_word("O'Hara; rm -rf $HOME"), r"'O'\''Hara; rm -rf $HOME'");
        assert_eq!(shell_word(""), "''");
    }
}
