//! Answers that meet an earlier answer, or an undo: nobody's is lost without a word, and a step is the one that was shown.

use serde_json::Value;

use recount::history::desk::answer_queue::QueuedAnswer;
use recount::reconcile::model::plan::outcome::AnswerVerb;

use super::QUIET;
use super::office::Office;

/// A night that asks about Borealis' fall from 12 to 0, and the handle.
fn asked() -> (Office, String) {
    let office = Office::running(&QUIET);
    office.export(&[("Acme", 3), ("Borealis", 0), ("Cedar", 40)]);
    office.run();
    let handle = office.held()["handle"].as_str().expect("a handle").to_owned();
    (office, handle)
}

/// Olaf kept the line, and a colleague's shell billed 0 over it: each believed that their answer held.
#[test]
fn another_persons_answer_is_shown_and_never_replaced_unasked() {
    let (office, handle) = asked();
    assert_eq!(office.recount_as("olaf", &["keep", &handle, "--note", "they stay"]).code, 0);
    for answer in [vec!["accept", &*handle, "--to", "0"], vec!["ignore", &*handle], vec!["keep", &*handle]] {
        let refused = office.recount_as("dana", &answer);
        assert_eq!(refused.code, 2, "{answer:?}: {refused:?}");
        assert!(refused.err.contains("replaces: kept by olaf on "), "{refused:?}");
        assert!(refused.err.contains("they stay") && refused.err.contains("--yes"), "{refused:?}");
    }
    let document = office.recount_as("dana", &["ignore", &handle, "--json"]);
    assert!(document.out.contains("kept by olaf"), "also in a document: {document:?}");
    assert_eq!(office.recount(&["plan"]).code, 0, "what olaf said holds");
    let again = office.recount_as("dana", &["keep", &handle, "--note", "for good"]);
    assert!(again.code == 2 && again.err.contains("replaces: kept by olaf"), "also when it took effect: {again:?}");
}

/// Olaf would have to be found before anybody could correct him.
#[test]
fn another_persons_answer_is_replaced_where_that_is_meant() {
    let (office, handle) = asked();
    assert_eq!(office.recount_as("olaf", &["keep", &handle]).code, 0);
    let meant = office.recount_as("dana", &["ignore", &handle, "--yes"]);
    assert!(meant.code == 0 && meant.out.contains("  replaces: kept by olaf on "), "{meant:?}");
}

/// Olaf pressed "keep" while the night was on; it waited for its end, and a shell was there first.
#[test]
fn an_answer_that_waits_for_the_end_of_a_run_is_not_overtaken_unasked() {
    let (office, handle) = asked();
    let queued = QueuedAnswer {
        at: "2026-11-24T06:20:00Z".parse().expect("a time"),
        who: "olaf".to_owned(),
        verb: AnswerVerb::Keep,
        handle: handle.clone(),
        shown: None,
        until: None,
        note: String::new(),
    };
    office.history().queue_answers(&[queued]).expect("queued");
    let refused = office.recount_as("dana", &["accept", &handle, "--to", "0"]);
    assert!(refused.code == 2 && refused.err.contains("replaces: kept by olaf on "), "{refused:?}");
    assert_eq!(office.recount_as("olaf", &["accept", &handle, "--to", "0"]).code, 0, "it is his own");
}

/// Who changed their mind is told what is over, and asked nothing.
#[test]
fn ones_own_answer_is_replaced_and_named() {
    let (office, handle) = asked();
    let first = office.recount_as("olaf", &["keep", &handle]);
    assert!(first.code == 0 && !first.out.contains("replaces"), "{first:?}");
    let second = office.recount_as("olaf", &["accept", &handle, "--to", "0"]);
    assert!(second.code == 0 && second.out.contains("  replaces: kept by olaf on "), "{second:?}");
    let back = office.recount_as("dana", &["held", "--reopen", &handle, "--json"]);
    let back: Value = serde_json::from_str(&back.out).expect("JSON");
    assert!(back["replaces"].as_str().is_some_and(|before| before.starts_with("accepted by olaf on ")), "{back:#}");
    let third = office.recount_as("dana", &["ignore", &handle, "--json"]);
    let third: Value = serde_json::from_str(&third.out).expect("JSON");
    assert!(third["replaces"].is_null(), "nothing holds after it was taken back: {third:#}");
}

/// A person accepted 13 → 0 as the report said; the line was at 12 again by then, and fell to 0 unasked.
#[test]
fn an_accept_after_an_undo_is_for_the_step_that_was_shown() {
    let office = Office::running(&QUIET);
    office.export(&[("Acme", 3), ("Borealis", 13), ("Cedar", 40)]);
    let raised = office.run_json()["run"].to_string();
    assert_eq!(office.billed(200), "13");
    office.export(&[("Acme", 3), ("Borealis", 0), ("Cedar", 40)]);
    assert_eq!(office.run().code, 3);
    let handle = office.held()["handle"].as_str().expect("a handle").to_owned();
    let (_, drawn) = office.undo(&raised);
    office.recount(&["apply", &drawn["plan"].as_str().expect("a plan")[..12]]);
    assert_eq!(office.billed(200), "12", "set back");

    let accepted = office.recount(&["accept", &handle, "--to", "0"]);
    assert!(accepted.code == 0 && accepted.out.contains("13 → 0"), "{accepted:?}");
    let night = office.run();
    assert_eq!((night.code, office.billed(200).as_str()), (3, "12"), "12 → 0 was shown to nobody: {night:?}");
    let asked = office.held();
    assert_eq!((asked["was"].to_string(), asked["wanted"].to_string()), ("12".to_owned(), "0".to_owned()));

    let kept = office.recount(&["keep", &handle, "--yes"]);
    assert!(kept.code == 0 && kept.out.contains("12 → 0"), "what ConnectWise holds is kept: {kept:?}");
}
