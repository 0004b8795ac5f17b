//! Which lines of an export a count was read from.

use std::fmt;

/// Lines of a file: how many, the first of them, and the last. A service may be counted from a hundred thousand rows, and nearly
/// every one is counted from one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RowLines {
    number: u32,
    first: u32,
    /// Those behind the first, as far as they are kept; in the last place the last one of all that are more.
    next: Option<Box<[u32; RowLines::KEPT]>>,
}

impl RowLines {
    /// How many are kept.
    pub const KEPT: usize = 5;

    /// One line more. They come in the file's order.
    pub fn add(&mut self, line: u64) {
        let line = u32::try_from(line).unwrap_or(u32::MAX);
        match self.number().checked_sub(1) {
            None => self.first = line,
            Some(at) => self.next.get_or_insert_default()[at.min(Self::KEPT - 1)] = line,
        }
        self.number = self.number.saturating_add(1);
    }

    /// How many there are in all.
    pub fn number(&self) -> usize {
        usize::try_from(self.number).unwrap_or(usize::MAX)
    }

    /// The first of them: all, where there are at most [`RowLines::KEPT`].
    pub fn to_vec(&self) -> Vec<u64> {
        let kept = self.next.iter().flat_map(|next| next.iter().take(Self::KEPT - 1));
        std::iter::once(&self.first).chain(kept).take(self.number()).copied().map(u64::from).collect()
    }

    /// The same, and the last of all.
    pub fn with_last(&self) -> Vec<u64> {
        let last = self.next.as_ref().filter(|_| self.number() > Self::KEPT).map(|next| next[Self::KEPT - 1]);
        self.to_vec().into_iter().chain(last.map(u64::from)).collect()
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
