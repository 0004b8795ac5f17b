//! Which lines of an export a count was read from.

use std::fmt;

/// Lines of a file: how many, and the first of them. A service may be counted from a hundred thousand rows, and nearly
/// every one is counted from one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RowLines {
    number: u32,
    first: u32,
    next: Option<Box<[u32; RowLines::KEPT - 1]>>,
}

impl RowLines {
    /// How many are kept.
    pub const KEPT: usize = 5;

    /// One line more. They come in the file's order.
    pub fn add(&mut self, line: u64) {
        let line = u32::try_from(line).unwrap_or(u32::MAX);
        match self.number().checked_sub(1) {
            None => self.first = line,
            Some(at) if at < Self::KEPT - 1 => self.next.get_or_insert_default()[at] = line,
            Some(_) => {}
        }
        self.number = self.number.saturating_add(1);
    }

    /// How many there are in all.
    pub fn number(&self) -> usize {
        usize::try_from(self.number).unwrap_or(usize::MAX)
    }

    /// The first of them: all, where there are at most [`RowLines::KEPT`].
    pub fn to_vec(&self) -> Vec<u64> {
        let all = std::iter::once(&self.first).chain(self.next.iter().flat_map(|next| next.iter()));
        all.take(self.number()).copied().map(u64::from).collect()
    }
}

impl From<&[u64]> for RowLines {
    fn from(lines: &[u64]) -> Self {
        let mut all = Self::default();
        lines.iter().for_each(|line| all.add(*line));
        all
    }
}

impl fmt::Display for RowLines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let first: Vec<String> = self.to_vec().iter().map(u64::to_string).collect();
        f.write_str(&first.join(", "))?;
        match self.number().saturating_sub(Self::KEPT) {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}
