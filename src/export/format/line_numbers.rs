//! The number of the line, as an editor shows it, that a place in a text stands on.

/// Counts lines up to ever later offsets. LF, CRLF and a lone CR each end one line, inside quoted cells too.
#[derive(Debug)]
pub(in crate::export) struct Lines<'a> {
    bytes: &'a [u8],
    offset: usize,
    line: u64,
    has_cr: bool,
}

impl<'a> Lines<'a> {
    pub(in crate::export) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, offset: 0, line: 1, has_cr: memchr::memchr(b'\r', bytes).is_some() }
    }

    /// The line that the byte at `offset` stands on, from 1. Offsets may only grow.
    pub(in crate::export) fn at(&mut self, offset: usize) -> u64 {
        let offset = offset.min(self.bytes.len());
        let passed = &self.bytes[self.offset.min(offset)..offset];
        let ended = if self.has_cr { self.ends(passed) } else { passed.iter().filter(|byte| **byte == b'\n').count() };
        self.line += u64::try_from(ended).unwrap_or(u64::MAX);
        self.offset = offset;
        self.line
    }

    fn ends(&self, passed: &[u8]) -> usize {
        let next = |at: usize| self.bytes.get(self.offset + at + 1);
        memchr::memchr2_iter(b'\r', b'\n', passed).filter(|&at| passed[at] == b'\n' || next(at) != Some(&b'\n')).count()
    }
}

/// The numbers of a JSON document's records, told one after another.
///
/// They are their lines'; of a document on one line, as most interfaces answer, the records are counted: the hundredth is
/// on line 100, as it would be with each on a line of its own.
#[derive(Debug)]
pub(in crate::export) struct RecordLines<'a> {
    text: &'a str,
    lines: Lines<'a>,
    counted: bool,
    line: u64,
}

impl<'a> RecordLines<'a> {
    /// Before the first record.
    pub(in crate::export) fn of(text: &'a str) -> Self {
        let counted = memchr::memchr2(b'\r', b'\n', text.trim_ascii().as_bytes()).is_none();
        Self { text, lines: Lines::new(text.as_bytes()), counted, line: 0 }
    }

    /// Goes to the next record, a part of the text; `None` if it has no place of its own there: where records are not
    /// counted, it is on the line of the one before.
    pub(in crate::export) fn next(&mut self, record: Option<&str>) {
        match record {
            _ if self.counted => self.line += 1,
            Some(record) => self.line = self.lines.at(offset(self.text, record)),
            None => {}
        }
    }

    /// The number of the record that was gone to last; 1 before the first, where the names of their keys are.
    pub(in crate::export) fn line(&self) -> u64 {
        self.line.max(1)
    }
}

/// Where a part of a text begins in it.
pub(in crate::export) fn offset(text: &str, inside: &str) -> usize {
    inside.as_ptr().addr().saturating_sub(text.as_ptr().addr())
}

/// The line and the column (in characters, from 1) of one offset.
pub(in crate::export) fn place(bytes: &[u8], offset: usize) -> (u64, u64) {
    let before = &bytes[..offset.min(bytes.len())];
    let begins = memchr::memrchr2(b'\r', b'\n', before).map_or(0, |at| at + 1);
    let characters = before[begins..].iter().filter(|byte| !(0x80..0xc0).contains(*byte)).count();
    (Lines::new(bytes).at(offset), u64::try_from(characters).unwrap_or(u64::MAX).saturating_add(1))
}

/// How many lines end in these bytes, all of which are there: a CR at their end is a line end of its own.
pub(in crate::export) fn line_ends(bytes: &[u8]) -> u64 {
    let ends = memchr::memchr2_iter(b'\r', b'\n', bytes);
    let ends = ends.filter(|&at| bytes[at] == b'\n' || bytes.get(at + 1) != Some(&b'\n'));
    u64::try_from(ends.count()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_line_end_counts_once() {
        for text in ["a\nb\n\nc", "a\r\nb\r\n\r\nc", "a\rb\r\rc"] {
            let bytes = text.as_bytes();
            let lines: Vec<u64> = ["a", "b", "c"]
                .map(|letter| text.find(letter).expect("stands there"))
                .map({
                    let mut lines = Lines::new(bytes);
                    move |at| lines.at(at)
                })
                .to_vec();
            assert_eq!(lines, [1, 2, 4], "{text:?}");
        }
    }

    /// "Line 1" of a document on one line finds no record in it.
    #[test]
    fn records_on_one_line_are_counted() {
        for (text, expected) in [("[{1},{2},{3}]\n", [1, 2, 3, 4]), ("[{1},\n{2},\n\n{3}]", [1, 2, 2, 4])] {
            let mut lines = RecordLines::of(text);
            assert_eq!(lines.line(), 1, "before the first");
            let told = [Some("{1}"), Some("{2}"), None, Some("{3}")].map(|record| {
                lines.next(record.and_then(|record| text.get(text.find(record)?..)));
                lines.line()
            });
            assert_eq!(told, expected, "{text:?}");
        }
    }

    #[test]
    fn a_place_is_counted_in_characters() {
        assert_eq!(place("a\nzü,x".as_bytes(), "a\nzü,".len()), (2, 4));
        assert_eq!(place(b"", 0), (1, 1));
    }
}
