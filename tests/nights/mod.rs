//! Simulated nights by the hundred: no write is ever regretted. `cargo run --release --example nights` lives through
//! as many as one likes.

mod engine;

use chrono::TimeDelta;
use engine::Disk;
use engine::slept::slept_through;
use engine::year::{Breach, live_a_year};

/// Each seed is several bad nights of one MSP, with faults, hand edits and crashes, and two good ones.
const SEEDS: u64 = 200;

#[test]
fn no_write_is_regretted_whatever_goes_wrong() {
    let mut wrong = Vec::new();
    let mut nights = 0;
    for seed in 0..SEEDS {
        match engine::live(seed, Disk::Sound) {
            Ok(seen) => nights += seen.nights,
            Err(said) => wrong.push(said),
        }
    }
    assert!(wrong.is_empty(), "{} of {SEEDS} seeds; the first:\n{}", wrong.len(), wrong[0]);
    assert!(nights > SEEDS, "nothing was simulated");
}

/// A simulation in which nothing goes wrong would prove nothing.
#[test]
fn the_simulated_nights_are_bad_ones() {
    let all: Vec<_> = (0..40).filter_map(|seed| engine::live(seed, Disk::Sound).ok()).collect();
    let sum = |of: fn(&engine::Seen) -> u64| all.iter().map(of).sum::<u64>();
    assert!(sum(|seen| seen.faults) > 0, "no request failed");
    assert!(sum(|seen| seen.crashes) > 0, "no process died");
    assert!(sum(|seen| seen.torn) > 0, "no commit was torn");
    assert!(sum(|seen| seen.hand_edits) > 0, "nobody edited anything");
    assert!(
        sum(|seen| seen.elsewhere) > 0 && sum(|seen| seen.restored) > 0,
        "nothing bills elsewhere, no history is old"
    );
    assert!(
        sum(|seen| seen.moved_lines) > sum(|seen| seen.moved_away) && sum(|seen| seen.moved_away) > 0,
        "nobody moved a line"
    );
    assert!(sum(|seen| seen.endless) > 0, "every list ended");
    assert!(sum(|seen| seen.updates) > 0 && sum(|seen| seen.creations) > 0, "nothing was written");
}

#[test]
fn a_seed_gives_the_same_nights_every_time() {
    let told = |seed| engine::live(seed, Disk::Sound).map(|seen| format!("{seen:?}"));
    assert_eq!(told(7), told(7), "a failing seed could not be looked at again");
}

/// A history that did not sync its intents would be found out.
#[test]
fn a_store_that_loses_what_was_not_synced_is_noticed() {
    let said: Vec<String> = (0..60).filter_map(|seed| engine::live(seed, Disk::Forgetful).err()).collect();
    assert!(said.iter().any(|said| said.contains("its intent is lost")), "{said:?}");
}

/// A history that forgot which lines it owned would bill them out of sight.
#[test]
fn a_store_that_loses_its_lines_is_noticed() {
    let said: Vec<String> = (0..150).filter_map(|seed| engine::live(seed, Disk::LosesOwned).err()).collect();
    assert!(said.iter().any(|said| said.contains("I16:")), "{said:?}");
}

/// One typo would refuse the right export of the next night.
#[test]
fn a_store_that_learns_from_a_wrong_night_is_noticed() {
    let said: Vec<String> = (0..60).filter_map(|seed| engine::live(seed, Disk::LearnsWrong).err()).collect();
    assert!(said.iter().any(|said| said.contains("I17:")), "{said:?}");
}

/// A sandbox was approved, and then production was written unasked.
#[test]
fn a_store_that_takes_any_connectwise_for_its_own_is_noticed() {
    let said: Vec<String> = (0..100).filter_map(|seed| engine::live(seed, Disk::IgnoresAnother).err()).collect();
    assert!(said.iter().any(|said| said.contains("I18:")), "{said:?}");
}

/// What came to a question after it was answered would be billed beside what was accepted.
#[test]
fn an_answer_whose_question_moved_is_noticed() {
    let said: Vec<String> = (0..60).filter_map(|seed| engine::live(seed, Disk::StaleAnswers).err()).collect();
    assert!(said.iter().any(|said| said.contains("I19:")), "{said:?}");
}

/// Without the look at a company's other agreements a product is billed on two of them.
#[test]
fn a_night_that_looks_at_no_other_agreement_is_noticed() {
    let said: Vec<String> = (0..60).filter_map(|seed| engine::live(seed, Disk::BlindElsewhere).err()).collect();
    assert!(said.iter().any(|said| said.contains("I19:")), "{said:?}");
}

/// What a person moved to another agreement would be billed there, and anew where it was.
#[test]
fn a_store_that_forgets_what_it_saw_is_noticed() {
    let said: Vec<String> = (0..150).filter_map(|seed| engine::live(seed, Disk::LosesSeen).err()).collect();
    assert!(said.iter().any(|said| said.contains("I20:")), "{said:?}");
}

/// Else a run that begins before midnight would bill some of its lines from one day, and some from the next.
#[test]
fn a_run_that_crosses_midnight_stays_on_its_day() {
    let nights = (0..20).map(|seed| slept_through(seed, "2026-03-31T23:50:00Z", TimeDelta::minutes(20)));
    let mut created = 0;
    for night in nights {
        let (began, ended) = night.days;
        assert_eq!(began.succ_opt(), Some(ended), "it crosses midnight: {night:?}");
        assert!(night.effective.iter().all(|day| *day == began), "{night:?}");
        created += night.effective.len();
    }
    assert!(created > 0, "nothing was created");
}

/// A plan that a laptop's lid was closed on is not carried out the next morning.
#[test]
fn four_hours_after_the_plan_nothing_is_written() {
    let mut sent = 0;
    for seed in 0..10 {
        let nap = slept_through(seed, "2026-03-04T02:00:00Z", TimeDelta::minutes(3 * 60 + 50));
        sent += nap.sent;
        let sleep = slept_through(seed, "2026-03-04T02:00:00Z", TimeDelta::minutes(4 * 60 + 10));
        assert!(nap.sent == 0 || sleep.exit == Some(16), "{sleep:?}");
        assert_eq!(sleep.sent, 0, "{sleep:?}");
    }
    assert!(sent > 0, "nothing was to be written");
}

/// Four zones, the calendar of invoices, decimals that are not kept, records that cannot be read and agreements that may not be.
#[test]
fn in_a_year_of_nights_nothing_is_billed_twice_and_good_customers_are_billed_right() {
    let years: Vec<_> = (0..12).map(|seed| live_a_year(seed, Breach::None)).collect();
    let wrong: Vec<_> = years.iter().filter_map(|year| year.as_ref().err()).collect();
    assert!(wrong.is_empty(), "{} years; the first:\n{}", wrong.len(), wrong[0]);
    let seen = |of: fn(&engine::year::YearSeen) -> u64| years.iter().flatten().map(of).sum::<u64>();
    assert!(
        seen(|year| year.invoices) > 100 && seen(|year| year.ahead) > 0,
        "no invoice, no line that begins with one"
    );
    assert!(seen(|year| year.rounded) > 0 && seen(|year| year.unreadable) > 0 && seen(|year| year.forbidden) > 0);
}

/// A checker that could not see these would prove nothing.
#[test]
fn a_year_with_a_breach_is_noticed() {
    for (breach, said) in [(Breach::Doubles, "Y1:"), (Breach::Forgets, "Y4:")] {
        let found = (0..4).find_map(|seed| live_a_year(seed, breach).err().filter(|found| found.contains(said)));
        let all: Vec<_> = (0..4).map(|seed| live_a_year(seed, breach)).collect();
        assert!(found.is_some(), "{breach:?}: {all:?}");
    }
}
