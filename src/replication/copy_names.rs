//! The names of copies, which is the newest, and which of them stay.

use std::collections::BTreeSet;
use std::fmt;

use chrono::{DateTime, Datelike as _, NaiveDateTime, Utc};

/// The newest copies that stay, whatever their age.
const NEWEST_KEPT: usize = 60;

/// One copy, by what its name says. Later ones are greater: first by the term of the lease, then by number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct CopyName {
    /// The lease's term: what a host that lost its lease still sends is older than anything of the next host.
    pub term: u64,
    /// Its number.
    pub number: u64,
    /// When it was made, in whole seconds.
    pub made_at: DateTime<Utc>,
}

impl fmt::Display for CopyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:08}-{}", self.term, self.number, self.made_at.format(STAMP))
    }
}

const STAMP: &str = "%Y%m%dT%H%M%SZ";

impl CopyName {
    /// The name of a description or of a history; `None` for anything else.
    pub fn parse(file: &str) -> Option<Self> {
        let stem = file.split('.').next()?;
        let mut parts = stem.splitn(3, '-');
        let (term, number, stamp) = (parts.next()?, parts.next()?, parts.next()?);
        let made_at = NaiveDateTime::parse_from_str(stamp, STAMP).ok()?.and_utc();
        Some(Self { term: term.parse().ok()?, number: number.parse().ok()?, made_at })
    }

    /// The object that says what is in it. A copy without one is not finished.
    pub fn description(&self) -> String {
        format!("copies/{self}.json")
    }

    /// The object that holds it.
    pub fn history(&self) -> String {
        format!("copies/{self}.db.gz")
    }
}

/// The copies that go: all but the newest and the first of each month.
pub fn superfluous(copies: &BTreeSet<CopyName>) -> Vec<CopyName> {
    let mut months = BTreeSet::new();
    let firsts: BTreeSet<CopyName> =
        copies.iter().copied().filter(|copy| months.insert((copy.made_at.year(), copy.made_at.month()))).collect();
    copies.iter().rev().skip(NEWEST_KEPT).copied().filter(|copy| !firsts.contains(copy)).collect()
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    fn copy(term: u64, number: u64, day: i64) -> CopyName {
        let first: DateTime<Utc> = "2026-01-01T06:15:00Z".parse().unwrap();
        CopyName { term, number, made_at: first + TimeDelta::days(day) }
    }

    #[test]
    fn a_name_says_what_it_is_the_copy_of() {
        let name = copy(2, 41, 0);
        assert_eq!(name.to_string(), "0002-00000041-20260101T061500Z");
        for file in [name.description(), name.history()] {
            assert_eq!(CopyName::parse(file.trim_start_matches("copies/")), Some(name));
        }
        assert_eq!(CopyName::parse("lease.json"), None);
    }

    #[test]
    fn what_a_host_sent_that_had_lost_its_lease_is_older_than_what_the_next_one_sent() {
        assert!(copy(1, 99, 9) < copy(2, 41, 8));
    }

    /// Of a year of nights there is each of the last two months, and the first of every month before.
    #[test]
    fn the_newest_sixty_and_the_first_of_each_month_stay() {
        let year: BTreeSet<CopyName> = (0..365_u64).map(|day| copy(1, day, i64::try_from(day).unwrap())).collect();
        let gone: BTreeSet<CopyName> = superfluous(&year).into_iter().collect();
        let kept: Vec<CopyName> = year.difference(&gone).copied().collect();
        let firsts = kept.iter().filter(|copy| copy.made_at.day() == 1).count();
        assert_eq!((firsts, kept.len()), (12, 60 + 11));
        assert!(superfluous(&year.into_iter().take(60).collect()).is_empty());
    }
}
