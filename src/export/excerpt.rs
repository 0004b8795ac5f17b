//! A line of a file with the text at fault underlined, as a person is shown it.

use std::fmt;
use std::fmt::Write as _;
use std::ops::Range;

use unicode_width::UnicodeWidthStr as _;

use crate::reconcile::model::display_text::escaped;
use crate::reconcile::model::export::counts::MarkedText;

/// Columns of the line that are shown; a terminal has 80, and the line's number wants some.
const WIDTH: usize = 68;
/// How many of them may stand before the text at fault.
const BEFORE: usize = 30;

/// A piece of one line, made safe to show, and the part of it that is at fault. Boxed, because errors carry it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Excerpt(Box<MarkedText>);

impl Excerpt {
    /// The line with these bytes of it marked. What is too long to show is cut on both sides.
    pub fn of(line: &str, range: Range<usize>) -> Self {
        let (start, end) = (floor(line, range.start), floor(line, range.end.max(range.start)));
        let before = tail(&line[..start], BEFORE);
        let at = head(&line[start..end], WIDTH - before.width());
        let after = head(line[end..].trim_end(), WIDTH.saturating_sub(before.width() + at.width()));
        Self(Box::new(MarkedText { before, at, after }))
    }

    /// Two lines: the text after its number, and carets under what is at fault; each with a line end.
    pub fn drawn(&self, line: u64) -> String {
        drawn(&self.0, line)
    }

    /// The text alone.
    pub fn into_marked(self) -> Box<MarkedText> {
        self.0
    }
}

/// Two lines: the text after its number, and carets under what is at fault; each with a line end.
pub fn drawn(marked: &MarkedText, line: u64) -> String {
    let MarkedText { before, at, after } = marked;
    let mut drawn = String::new();
    let number = line.to_string();
    let _ = writeln!(drawn, "  {number} | {before}{at}{after}");
    let blank = " ".repeat(number.len());
    let indent = " ".repeat(before.width());
    let _ = writeln!(drawn, "  {blank} | {indent}{}", "^".repeat(at.width().max(1)));
    drawn
}

impl fmt::Display for Excerpt {
    /// The text at fault alone.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.at)
    }
}

/// The nearest character's beginning that is not behind `at`.
fn floor(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

/// The beginning, in at most `room` columns.
fn head(text: &str, room: usize) -> String {
    cut(text.chars(), room, |shown, piece| shown.push_str(piece), |shown| shown.push('…'))
}

/// The end, in at most `room` columns.
fn tail(text: &str, room: usize) -> String {
    cut(text.chars().rev(), room, |shown, piece| shown.insert_str(0, piece), |shown| shown.insert(0, '…'))
}

fn cut(
    chars: impl Iterator<Item = char>,
    room: usize,
    add: impl Fn(&mut String, &str),
    end: impl Fn(&mut String),
) -> String {
    let mut shown = String::new();
    let mut chars = chars.peekable();
    while let Some(c) = chars.next() {
        let piece = escaped(c.encode_utf8(&mut [0; 4]));
        let spare = if chars.peek().is_some() { 1 } else { 0 };
        if shown.width() + piece.width() + spare > room {
            end(&mut shown);
            break;
        }
        add(&mut shown, &piece);
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_at_fault_is_underlined_where_it_stands() {
        let line = "Zürich,東京,N/A\r\n";
        let at = line.find("N/A").expect("stands there");
        assert_eq!(Excerpt::of(line, at..at + 3).drawn(7), "  7 | Zürich,東京,N/A\n    |             ^^^\n");
        assert_eq!(Excerpt::of("a,,b", 2..2).drawn(10), "  10 | a,,b\n     |   ^\n");
    }

    #[test]
    fn a_hostile_or_endless_line_fits_and_does_no_harm() {
        let line = format!("{}\u{202e}{}", "x".repeat(500), "y".repeat(500));
        let drawn = Excerpt::of(&line, 500..503).drawn(123_456);
        assert!(drawn.lines().all(|line| line.width() <= 80), "{drawn}");
        assert!(drawn.contains("\\u{202e}") && !drawn.contains('\u{202e}'), "{drawn}");
    }
}
