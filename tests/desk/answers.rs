//! What is answered in a browser is what the commands would have stored, under the person's name.

use recount_sim::{Addition, Agreement, Company};

use super::client::{DeskOfNight, decided, handle, held_night};
use crate::support::Night;

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
    let dated = [("answer", "accept"), ("shown", "3:0:to-zero"), ("until", "2999-01-01")];
    let refused = dana.press("/", &answer, &dated);
    assert!(refused.status == 422 && refused.body.contains("has no last day"), "the date is dropped: {}", refused.body);
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

    assert_eq!(dana.take_back(&zero).status, 303);
    assert!(decided(&night).is_empty());
    assert!(dana.get("/").body.contains("2 to decide"));
    let ignored = dana.get(&format!("/items/{unmapped}")).field("shown");
    let ignore = [("answer", "ignore"), ("shown", ignored.as_str()), ("note", "a test account")];
    assert_eq!(dana.press("/", &format!("/items/{unmapped}/answer"), &ignore).status, 303);
    assert_eq!(decided(&night)[0]["note"], "a test account");
    desk.close();
}

/// Otherwise what is billed by agreement to a company that nobody counts is told every morning, and only who has a shell
/// on the host can let it be.
#[test]
fn lines_that_nobody_counts_are_let_be_one_by_one_with_a_note() {
    let night = Night::new();
    night.config("", "create_lines = true\nsweep = \"nightly\"");
    night.sim().edit(|world| {
        let cedar = Company { id: 3, name: "Cedar".to_owned(), ..world.companies[0].clone() };
        world.companies.push(cedar);
        world.agreements.push(Agreement { id: 30, company: 3, ..world.agreements[0].clone() });
        for (id, product) in [(300, "MP-CLOUDFILTER"), (301, "MP-ARCHIVE")] {
            world.additions.push(Addition::new(id, 30, product, 4.into()));
        }
    });
    night.approve();
    night.run().exits(3);
    let item = handle(&night, "billed-not-counted");
    let desk = DeskOfNight::open(&night);
    let mut dana = desk.person("dana", "operator");
    assert!(dana.get("/").body.contains(&format!("/items/{item}#lines")), "nothing leads to the lines");
    let page = dana.get(&format!("/items/{item}")).body;
    let listed: Vec<&str> = page.split("name=\"item\" value=\"").skip(1).filter_map(|rest| rest.get(..5)).collect();
    assert_eq!(listed.len(), 2, "{page}");
    let read = desk.person("vera", "viewer").get(&format!("/items/{item}")).body;
    assert!(!read.contains("name=\"item\"") && !read.contains("Ignore…"), "a viewer may answer: {read}");

    let ticked: Vec<(&str, &str)> =
        [("answer", "ignore")].into_iter().chain(listed.iter().map(|line| ("item", *line))).collect();
    let asked = dana.press(&format!("/items/{item}"), "/several", &ticked);
    assert!(asked.body.contains("Ignore 2 items") && !asked.body.contains("Left out"), "{}", asked.body);
    // The first of them on its own page.
    let own = dana.get(&format!("/items/{}", listed[0]));
    assert!(own.body.contains(&format!("/items/{item}#lines")) && !own.body.contains("not open"), "{}", own.body);
    let shown = own.field("shown");
    let answer = format!("/items/{}/answer", listed[0]);
    let fields = [("answer", "ignore"), ("shown", shown.as_str()), ("note", "billed for Cedar by hand")];
    assert_eq!(dana.press("/", &answer, &fields).status, 303);
    let stored = decided(&night);
    assert_eq!((&stored[0]["who"], &stored[0]["verb"]), (&"dana".into(), &"ignore".into()), "{stored:?}");
    assert_eq!(dana.press("/", &answer, &fields).status, 409, "the second of two people was not told");
    let page = dana.get(&format!("/items/{item}")).body;
    assert!(page.contains(&format!("value=\"{}\"", listed[1])) && !page.contains(&format!("value=\"{}\"", listed[0])));

    let said = night.run().exits(3);
    assert!(said.out.contains("4 units of 1 line"), "{}", said.out);
    let asked = dana.press("/", "/several", &[("answer", "ignore"), ("item", listed[1])]);
    let shown = asked.field("shown");
    let fields = [("answer", "ignore"), ("item", listed[1]), ("shown", &shown), ("note", "as well")];
    assert_eq!(dana.press("/", "/several/answer", &fields).status, 303);
    night.run().exits(0);
    desk.close();
}
