//! Names by number: a million rows keep four bytes of each name.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;

use foldhash::quality::RandomState;

/// Each name once, numbered in the order of their first use.
#[derive(Debug)]
pub(super) struct NameTable<N> {
    known: Vec<N>,
    index: HashMap<N, u32, RandomState>,
    /// Which name came after each the last time: exports repeat the same services for every customer.
    after: Vec<u32>,
    last: u32,
}

impl<N> Default for NameTable<N> {
    fn default() -> Self {
        Self { known: Vec::new(), index: HashMap::default(), after: Vec::new(), last: 0 }
    }
}

impl<N> NameTable<N>
where
    N: Clone + Ord + Hash + Borrow<str> + for<'a> From<&'a str>,
{
    /// The name's number; a new one if it is new.
    pub(super) fn number(&mut self, name: &str) -> u32 {
        self.expected(name).unwrap_or_else(|| {
            let number = self.look_up(name);
            self.follow(number)
        })
    }

    /// The number of the name that is to be expected next, if this is it.
    pub(super) fn expected(&mut self, name: &str) -> Option<u32> {
        let is = |number: u32| self.known.get(at(number)).is_some_and(|known| known.borrow() == name);
        let guess = self.after.get(at(self.last)).copied().unwrap_or_default();
        let number = [guess, self.last].into_iter().find(|number| is(*number))?;
        Some(self.follow(number))
    }

    /// The name of a number.
    pub(super) fn name(&self, number: u32) -> N {
        self.known[at(number)].clone()
    }

    fn follow(&mut self, number: u32) -> u32 {
        self.after[at(self.last)] = number;
        self.last = number;
        number
    }

    fn look_up(&mut self, name: &str) -> u32 {
        if let Some(&number) = self.index.get(name) {
            return number;
        }
        let (name, number) = (N::from(name), number(self.known.len()));
        self.index.insert(name.clone(), number);
        self.known.push(name);
        self.after.push(number);
        number
    }

    /// The names in order, and the place of each number in that order.
    pub(super) fn in_order(&mut self) -> (Vec<N>, Vec<u32>) {
        self.index = HashMap::default();
        let mut numbered: Vec<(N, u32)> = std::mem::take(&mut self.known).into_iter().zip(0..).collect();
        numbered.sort_unstable();
        let mut ranks = vec![0; numbered.len()];
        for (rank, (_, number)) in (0..).zip(&numbered) {
            ranks[at(*number)] = rank;
        }
        (numbered.into_iter().map(|(name, _)| name).collect(), ranks)
    }
}

/// A length or a place as a number of four bytes.
///
/// What is counted here comes from one file: `max_bytes` bounds it, at 64 MiB unless it is told otherwise.
pub(super) fn number(length: usize) -> u32 {
    u32::try_from(length).expect("an export has fewer than four thousand million rows and letters")
}

/// Such a number as an index.
pub(super) fn at(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
