//! What is answered in a browser is what the commands would have stored, under the person's name.

use super::client::{DeskOfNight, decided, handle, held_night};

/// Otherwise the person who sends the invoices still has to telephone an engineer; or nobody knows who answered.
#[test]
fn an_answer_names_the_person_and_the_next_night_follows_it() {
    let night = held_night();
    let desk = DeskOfNight::open(&night);
    let mut dana = desk.person("dana", "operator");
    let handle = handle(&night, "to-zero");
    let card = dana.get("/");
    assert!(card.body.contains("2 to decide") && card.body.contains("Accept 3 → 0"), "{}", card.body);
    let shown = dana.get(&format!("/items/{handle}")).field("shown");
    let answer = format!("/items/{handle}/answer");
    let fields = [("answer", "accept"), ("shown", shown.as_str()), ("note", "retired <b>\u{202e}</b>")];
    let done = dana.press("/", &answer, &fields);
    assert_eq!((done.status, done.header("location")), (303, Some("/#answered")), "{}", done.body);
    let stored = decided(&night);
    assert_eq!((&stored[0]["who"], &stored[0]["verb"]), (&"dana".into(), &"accept".into()), "{stored:?}");

    let today = dana.get("/");
    assert!(today.body.contains("1 to decide") && today.body.contains("accepted by dana"), "{}", today.body);
    let second = desk.person("priya", "operator").press("/", &answer, &fields);
    assert_eq!(second.status, 409, "the second of two people was not told: {}", second.body);
    assert!(second.body.contains("dana"), "{}", second.body);

    // Three of ten units at once are much for so small a world.
    for limit in ["max_units_down", "min_units"] {
        night.config("guards", &format!("{limit} = \"{}\"", if limit == "min_units" { "1%" } else { "100%" }));
    }
    night.run().exits(3);
    assert_eq!(night.billed()[0].2, 0.into(), "the accepted step was not taken");
    let audit = dana.get("/audit");
    assert!(audit.body.contains("<b>accepted</b>") && audit.body.contains("retired &lt;b&gt;"), "{}", audit.body);
    desk.close();
}

/// Otherwise somebody accepts one step and another one is billed.
#[test]
fn an_answer_is_for_the_step_that_was_shown() {
    let night = held_night();
    let desk = DeskOfNight::open(&night);
    let mut dana = desk.person("dana", "operator");
    let handle = handle(&night, "to-zero");
    let answer = format!("/items/{handle}/answer");
    for shown in ["3:1:to-zero", "4:0:to-zero", "3:0:line-step", ""] {
        let refused = dana.press("/", &answer, &[("answer", "accept"), ("shown", shown)]);
        assert_eq!(refused.status, 409, "{shown:?}: {}", refused.body);
        assert!(refused.body.contains("3 → 0"), "what stands there is not said: {}", refused.body);
    }
    for fields in [[("answer", "reopen"), ("shown", "3:0:to-zero")], [("answer", "apply"), ("shown", "3:0:to-zero")]] {
        assert_eq!(dana.press("/", &answer, &fields).status, 422, "{fields:?}");
    }
    let long = "x".repeat(501);
    let noted = [("answer", "accept"), ("shown", "3:0:to-zero"), ("note", long.as_str())];
    assert_eq!(dana.press("/", &answer, &noted).status, 422);
    let past = [("answer", "keep"), ("shown", "3:0:to-zero"), ("until", "2020-01-01")];
    assert_eq!(dana.press("/", &answer, &past).status, 422);
    assert!(decided(&night).is_empty());
    desk.close();
}

/// Otherwise a slip of the hand is billed, or several ticks answer what nobody has read.
#[test]
fn several_are_listed_first_and_an_answer_can_be_taken_back() {
    let night = held_night();
    let desk = DeskOfNight::open(&night);
    let mut dana = desk.person("dana", "operator");
    let (zero, unmapped) = (handle(&night, "to-zero"), handle(&night, "customer-unmapped"));
    let ticked = [("answer", "accept"), ("item", zero.as_str()), ("item", unmapped.as_str())];
    let page = dana.press("/", "/several", &ticked);
    assert!(
        page.status == 200 && page.body.contains("Accept 1 item") && page.body.contains("Left out"),
        "{}",
        page.body
    );
    assert!(decided(&night).is_empty(), "ticking answered");

    let shown = page.field("shown");
    let all = [("answer", "accept"), ("item", zero.as_str()), ("shown", shown.as_str()), ("note", "")];
    assert_eq!(dana.press("/", "/several/answer", &all).status, 422, "a step to zero without a word");
    let all = [("answer", "accept"), ("item", zero.as_str()), ("shown", shown.as_str()), ("note", "retired")];
    assert_eq!(dana.press("/", "/several/answer", &all).status, 303);
    assert_eq!(decided(&night).len(), 1);

    assert_eq!(dana.press("/", &format!("/answers/{zero}/undo"), &[]).status, 303);
    assert!(decided(&night).is_empty());
    assert!(dana.get("/").body.contains("2 to decide"));
    let ignored = dana.get(&format!("/items/{unmapped}")).field("shown");
    let ignore = [("answer", "ignore"), ("shown", ignored.as_str()), ("note", "a test account")];
    assert_eq!(dana.press("/", &format!("/items/{unmapped}/answer"), &ignore).status, 303);
    assert_eq!(decided(&night)[0]["note"], "a test account");
    desk.close();
}
