//! How long ConnectWise takes to answer tonight.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// How long the latest answers took, from the first byte sent to the last one read.
#[derive(Debug, Default)]
pub(crate) struct AnswerTimes {
    latest: Mutex<VecDeque<Duration>>,
}

/// Enough for a median, and few enough to be sorted before each write.
const KEPT: usize = 101;

impl AnswerTimes {
    /// Notes one.
    pub(crate) fn note(&self, took: Duration) {
        let mut latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        if latest.len() == KEPT {
            latest.pop_front();
        }
        latest.push_back(took);
    }

    /// The median; no time at all before the first answer.
    pub(crate) fn median(&self) -> Duration {
        let latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        let mut sorted: Vec<Duration> = latest.iter().copied().collect();
        sorted.sort_unstable();
        sorted.get(sorted.len() / 2).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Otherwise one answer of a minute would let a look of a minute ago stand for now.
    #[test]
    fn one_slow_answer_is_not_the_median() {
        let times = AnswerTimes::default();
        assert_eq!(times.median(), Duration::ZERO);
        for seconds in [1, 60, 1, 1, 1] {
            times.note(Duration::from_secs(seconds));
        }
        assert_eq!(times.median(), Duration::from_secs(1));
        (0..KEPT).for_each(|_| times.note(Duration::from_secs(2)));
        assert_eq!(times.median(), Duration::from_secs(2));
    }
}
