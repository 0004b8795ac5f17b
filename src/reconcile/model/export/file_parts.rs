//! Where a line of an export stands that is several files or sheets. Its lines are numbered through all of them, so that
//! no two rows have one number; a person is told the file or the sheet, and the line there.

use crate::reconcile::model::display_text::shown;
use crate::reconcile::model::export::row_lines::RowLines;

/// The files or sheets of one export, in the order in which they were read; empty where there is one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExportParts(Vec<ExportPartLines>);

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq)]
struct ExportPartLines {
    /// What a person calls it.
    name: String,
    /// How many lines stand before its first.
    before: u64,
}

impl ExportParts {
    /// Another one, behind so many lines.
    pub fn add(&mut self, name: &str, before: u64) {
        self.0.push(ExportPartLines { name: name.to_owned(), before });
    }

    /// The file or sheet of a line, where there are several, and its number there.
    pub fn of(&self, line: u64) -> (Option<&str>, u64) {
        match self.place(line).and_then(|at| self.0.get(at)) {
            Some(part) => (Some(part.name.as_str()), line - part.before),
            None => (None, line),
        }
    }

    /// How many there are; none where there is one file, with one sheet.
    pub fn number(&self) -> usize {
        self.0.len()
    }

    /// Which of them a line is of, from 0; `None` where there is one.
    pub fn place(&self, line: u64) -> Option<usize> {
        self.0.partition_point(|part| part.before < line).checked_sub(1)
    }

    /// Those that the lines are of, from 0, each once and in order.
    pub fn places(&self, lines: &RowLines) -> Vec<usize> {
        if self.0.is_empty() {
            return Vec::new();
        }
        let mut places: Vec<usize> = lines.with_last().into_iter().filter_map(|line| self.place(line)).collect();
        places.dedup();
        places
    }

    /// Whether there is one file, with one sheet.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What a person calls one of them.
    pub fn name(&self, place: usize) -> &str {
        self.0.get(place).map_or("", |part| part.name.as_str())
    }

    /// One line: `line 2`, or `usage.east.csv, line 2`.
    pub fn line(&self, line: u64) -> String {
        match self.of(line) {
            (Some(part), line) => format!("{}, line {line}", shown(part)),
            (None, line) => format!("line {line}"),
        }
    }

    /// Several: behind `word` where there is one file, else each by its file or sheet.
    pub fn lines(&self, word: &str, lines: &RowLines) -> String {
        if self.0.is_empty() {
            return format!("{word} {lines}");
        }
        let more = lines.number().saturating_sub(RowLines::KEPT);
        let more = if more == 0 { String::new() } else { format!(" and {more} more") };
        format!("{}{more}", self.placed(&lines.to_vec()).unwrap_or_default())
    }

    /// The same of line numbers; `None` where there is one file.
    pub fn placed(&self, lines: &[u64]) -> Option<String> {
        if self.0.is_empty() || lines.is_empty() {
            return None;
        }
        let chunks = lines.chunk_by(|one, next| self.of(*one).0 == self.of(*next).0);
        let said: Vec<String> = chunks.map(|lines| self.of_one_part(lines)).collect();
        Some(said.join("; "))
    }

    fn of_one_part(&self, lines: &[u64]) -> String {
        let part = lines.first().and_then(|line| self.of(*line).0).unwrap_or_default();
        let numbers: Vec<String> = lines.iter().map(|line| self.of(*line).1.to_string()).collect();
        format!("{}, line{} {}", shown(part), if numbers.len() > 1 { "s" } else { "" }, numbers.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `lines 2, 2` sends a person to the wrong file.
    #[test]
    fn a_line_of_several_files_is_told_with_its_file() {
        let lines = RowLines::from(&[2, 3, 6, 7][..]);
        assert_eq!(ExportParts::default().lines("lines", &lines), "lines 2, 3, 6, 7");
        let mut parts = ExportParts::default();
        parts.add("u.a.csv", 0);
        parts.add("u.empty.csv", 4);
        parts.add("u.b.csv", 4);
        assert_eq!(parts.lines("lines", &lines), "u.a.csv, lines 2, 3; u.b.csv, lines 2, 3");
        assert_eq!((parts.line(4).as_str(), parts.line(5).as_str()), ("u.a.csv, line 4", "u.b.csv, line 1"));
        let many = RowLines::from(&[2, 3, 4, 5, 6, 7, 8][..]);
        assert_eq!(parts.lines("lines", &many), "u.a.csv, lines 2, 3, 4; u.b.csv, lines 1, 2 and 2 more");
        parts.add("u.c.csv", 8);
        assert_eq!(parts.places(&many), [0, 2]);
        let long = RowLines::from(&[2, 2, 3, 3, 4, 4, 4, 6, 7, 8, 9][..]);
        assert_eq!((parts.places(&long), long.to_vec()), (vec![0, 3], vec![2, 2, 3, 3, 4]), "the last file is known");
    }
}
