//! Several bad nights in a row, put together by chance from a fixed seed.

use crate::faults::{converges_then_is_silent, journal_fits};
use crate::support;
use crate::support::Night;

const STORMS: u64 = 24;
const NIGHTS: u64 = 3;

/// Faults that say nothing false about what was done: a replica that lags, or a request that arrives hours later, is
/// what `settle` is for, and is tested with it.
const THEN: [&str; 12] = [
    r#"{"status": 429, "headers": {"Retry-After": "0"}}"#,
    r#"{"status": 500}"#,
    r#"{"status": 502, "body": "html", "applied": true}"#,
    r#"{"status": 504, "body": "empty"}"#,
    r#"{"connection": "reset"}"#,
    r#"{"connection": "reset", "applied": true}"#,
    r#"{"connection": "close", "applied": true}"#,
    r#"{"truncate_at": 7}"#,
    r#"{"body": "html"}"#,
    r#"{"status": 403}"#,
    r#"{"ignore_patch": true}"#,
    r#"{"raw": "{}"}"#,
];

/// Whatever happens in whatever order: no line twice, nothing told that is not so, and the goal in the end.
#[test]
fn after_any_storm_one_clean_night_reaches_the_goal() {
    let seeds: Vec<u64> = (1..=STORMS).collect();
    support::each(
        &seeds,
        |seed| format!("storm {seed}"),
        |seed| {
            let night = Night::busy();
            let mut chance = Chance(*seed);
            for _ in 0..NIGHTS {
                let rules: Vec<String> = (0..4).map(|_| chance.rule()).collect();
                night.fault(&format!("[{}]", rules.join(",")));
                let said = night.run();
                assert!([0, 3, 5, 12, 13].contains(&said.exit), "{rules:#?}\n{}\n{}", said.out, said.err);
                told_as_it_is(&night, &said);
                no_line_twice(&night);
            }
            journal_fits(&night);
            converges_then_is_silent(&night);
        },
    );
}

/// A line told as written holds what was told.
fn told_as_it_is(night: &Night, said: &support::Said) {
    let run = said.first_run();
    let world = night.sim().world();
    for line in run["lines"].as_array().into_iter().flatten() {
        if matches!(line["outcome"].as_str(), Some("updated" | "created" | "unchanged")) && line["addition_id"].is_i64()
        {
            let addition = world.addition(line["addition_id"].as_i64().expect("an id")).expect("an addition");
            assert_eq!(line["now"].to_string(), addition.quantity.normalize().to_string(), "{line:#}");
        }
    }
}

fn no_line_twice(night: &Night) {
    let mut lines: Vec<_> = night.billed().into_iter().map(|(agreement, product, _)| (agreement, product)).collect();
    let all = lines.len();
    lines.dedup();
    assert_eq!(lines.len(), all, "a line is there twice: {lines:?}");
}

/// Numbers that look random and are the same every time (Knuth's linear congruential generator).
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or_default() % limit
    }

    fn rule(&mut self) -> String {
        let method = ["GET", "PATCH", "PATCH", "POST", "POST"][self.below(5)];
        let (from, times, then) = (1 + self.below(3), 1 + self.below(2), THEN[self.below(THEN.len())]);
        let from = if method == "GET" { from + self.below(8) } else { from.min(2) };
        format!(r#"{{"when": {{"method": "{method}", "from": {from}, "times": {times}}}, "then": {then}}}"#)
    }
}
