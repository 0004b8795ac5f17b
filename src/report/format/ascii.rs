//! Text for a terminal that knows ASCII only. Every sign becomes one that is as wide, so columns stay columns.

use unicode_normalization::UnicodeNormalization as _;

/// The text with nothing but ASCII in it: signs by their likeness, letters without their accents, `?` for the rest.
pub fn ascii(text: &str) -> String {
    if text.is_ascii() {
        return text.to_owned();
    }
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        match sign(c) {
            Some(sign) => plain.push(sign),
            None if c.is_ascii() => plain.push(c),
            None => plain.push(std::iter::once(c).nfkd().find(char::is_ascii).unwrap_or('?')),
        }
    }
    plain
}

fn sign(c: char) -> Option<char> {
    Some(match c {
        '·' | '–' | '—' | '−' | '─' => '-',
        '→' => '>',
        '←' => '<',
        '…' => '~',
        '≠' => '#',
        '⧉' => '*',
        '×' | '✗' => 'x',
        '✓' => 'v',
        '“' | '”' | '„' => '"',
        '‘' | '’' => '\'',
        '›' => '>',
        '▁' => '_',
        '▂' => '.',
        '▃' => ':',
        '▄' => '-',
        '▅' => '=',
        '▆' => '+',
        '▇' | '█' => '#',
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An old console shows a question mark for every sign it does not know; then no sign says anything.
    #[test]
    fn signs_and_accents_find_their_likeness() {
        assert_eq!(ascii("  ≠ c9  Zürich Café · 45 → 48 (+3 −0) …"), "  # c9  Zurich Cafe - 45 > 48 (+3 -0) ~");
        assert_eq!(ascii("▁▂▃▄▅▆▇"), "_.:-=+#");
        assert_eq!(ascii("株"), "?");
    }
}
