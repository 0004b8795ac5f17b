//! Answers that stand: who gave them, until when they can be taken back, and that an old page takes back no newer one.

use super::client::{Browser, DeskOfNight, PASSWORD, decided, handle, held_night};
use crate::support::{Night, today};

/// Lets the night take the steps of so small a world.
fn loosely(night: &Night) {
    for limit in ["max_units_down", "min_units"] {
        night.config("guards", &format!("{limit} = \"{}\"", if limit == "min_units" { "1%" } else { "100%" }));
    }
}

/// Otherwise "See what they would do" takes away what it stands beside: the only way back from a slip of the hand.
#[test]
fn a_dry_run_takes_no_undo_away() {
    let night = held_night();
    let desk = DeskOfNight::open(&night);
    let mut dana = desk.person("dana", "operator");
    let (zero, unmapped) = (handle(&night, "to-zero"), handle(&night, "customer-unmapped"));
    assert_eq!(dana.answer(&zero, &[("answer", "accept")]).status, 303);
    assert_eq!(dana.answer(&unmapped, &[("answer", "ignore"), ("note", "a test account")]).status, 303);
    night.recount(&["plan"]);
    for page in ["/".to_owned(), format!("/items/{zero}"), "/customers/Acme".to_owned()] {
        let body = dana.get(&page).body;
        assert!(body.contains(&format!("/answers/{zero}/undo")), "{page} has no Undo any more: {body}");
    }
    assert!(dana.get("/").body.contains("Answered, not yet written <span class=\"count\">2"));
    assert_eq!(dana.take_back(&zero).status, 303);
    assert_eq!(dana.take_back(&unmapped).status, 303);
    assert!(decided(&night).is_empty());
    desk.close();
}

/// Otherwise a mistaken Ignore, "counted, but not billed" for good, needs somebody with a shell.
#[test]
fn what_is_kept_or_ignored_is_listed_and_taken_back_after_the_night_too() {
    let night = held_night();
    let desk = DeskOfNight::open(&night);
    let (mut dana, mut eve) = (desk.person("dana", "operator"), desk.person("eve", "operator"));
    let (zero, unmapped) = (handle(&night, "to-zero"), handle(&night, "customer-unmapped"));
    assert_eq!(dana.answer(&zero, &[("answer", "keep"), ("note", "asked Acme")]).status, 303);
    assert_eq!(dana.answer(&unmapped, &[("answer", "ignore")]).status, 303);
    loosely(&night);
    night.run().exits(0);
    let page = eve.get("/").body;
    let list = page.split("id=\"in-force\"").nth(1).unwrap_or_else(|| panic!("no list: {page}"));
    assert!(list.contains("2 answers in force") && list.contains("kept by dana on "), "{list}");
    assert!(!list.contains("the next night uses it"), "{list}");
    let own = [format!("/items/{zero}"), format!("/items/{unmapped}"), "/customers/Acme".to_owned()];
    for (page, item) in own.iter().zip([&zero, &unmapped, &zero]) {
        let body = eve.get(page).body;
        assert!(body.contains(&format!("/answers/{item}/undo")) && body.contains("by dana"), "{page}: {body}");
    }
    let read = desk.person("vera", "viewer").get("/").body;
    assert!(read.contains("kept by dana") && !read.contains("/undo\""), "{read}");
    assert_eq!(eve.take_back(&zero).status, 303);
    assert_eq!(eve.take_back(&unmapped).status, 303);
    assert!(decided(&night).is_empty());
    night.run().exits(3);
    assert_eq!(handle(&night, "to-zero"), zero, "it is not asked again");
    desk.close();
}

/// Otherwise the Undo of a page that lies open takes back what somebody else has answered since, without a word.
#[test]
fn an_undo_is_about_the_answer_that_was_shown() {
    let night = held_night();
    let desk = DeskOfNight::open(&night);
    let (mut dana, mut eve) = (desk.person("dana", "operator"), desk.person("eve", "operator"));
    let zero = handle(&night, "to-zero");
    assert_eq!(dana.answer(&zero, &[("answer", "accept")]).status, 303);
    let undo = format!("/answers/{zero}/undo");
    let of_dana = dana.shown("/", &undo);
    assert_eq!(eve.take_back(&zero).status, 303);
    let refused = dana.press("/", &undo, &[("shown", &of_dana)]);
    assert_eq!(refused.status, 409, "taken back twice: {}", refused.body);
    assert_eq!(eve.answer(&zero, &[("answer", "keep"), ("note", "a holiday")]).status, 303);
    for shown in [of_dana.as_str(), ""] {
        let refused = dana.press("/", &undo, &[("shown", shown)]);
        assert_eq!(refused.status, 409, "{shown:?}: {}", refused.body);
        assert!(refused.body.contains("kept by eve") && refused.body.contains("a holiday"), "{}", refused.body);
    }
    assert!(dana.press("/", &undo, &[("shown", &of_dana)]).body.contains("accept by dana"), "its own is not named");
    assert_eq!(decided(&night)[0]["who"], "eve");
    desk.close();
}

/// Otherwise somebody is told "undone" while ConnectWise holds the step, and nothing will set it back.
#[test]
fn an_answer_whose_step_is_written_is_not_taken_back() {
    let night = held_night();
    let desk = DeskOfNight::open(&night);
    let mut dana = desk.person("dana", "operator");
    let zero = handle(&night, "to-zero");
    assert_eq!(dana.answer(&zero, &[("answer", "accept")]).status, 303);
    let undo = format!("/answers/{zero}/undo");
    let shown = dana.shown("/", &undo);
    loosely(&night);
    night.run().exits(3);
    assert_eq!(night.billed()[0].2, 0.into(), "the accepted step was not taken");
    let refused = dana.press("/", &undo, &[("shown", &shown)]);
    assert_eq!(refused.status, 422, "{}", refused.body);
    assert!(refused.body.contains("has written the step 3 → 0") && refused.body.contains("undo"), "{}", refused.body);
    let typed = night.recount(&["held", "--reopen", &zero]).exits(2);
    assert!(typed.err.contains("has written the step 3 → 0"), "{}", typed.err);
    desk.close();
}

/// Otherwise both are told "saved", and the second is never told that the first one's answer is the one that is billed.
#[test]
fn of_two_people_at_once_the_second_sees_what_the_first_answered() {
    let night = held_night();
    let desk = DeskOfNight::open(&night);
    let (dana, eve) = (desk.person("dana", "operator"), desk.person("eve", "operator"));
    let zero = handle(&night, "to-zero");
    for _ in 0..4 {
        let page = format!("/items/{zero}");
        let path = format!("{page}/answer");
        let shown = dana.clone().shown(&page, &path);
        let tokens = [dana.clone(), eve.clone()].map(|mut browser| browser.get("/").token());
        let press = |mut browser: Browser, token: &String, verb: &'static str| {
            let (path, shown, token) = (path.clone(), shown.clone(), token.clone());
            std::thread::spawn(move || {
                browser.post(&path, &[("csrf", &token), ("answer", verb), ("shown", &shown), ("note", verb)])
            })
        };
        let both =
            [("dana", press(dana.clone(), &tokens[0], "accept")), ("eve", press(eve.clone(), &tokens[1], "keep"))];
        let both = both.map(|(who, press)| (who, press.join().expect("an answer")));
        let first: Vec<&str> = both.iter().filter(|(_, got)| got.status == 303).map(|(who, _)| *who).collect();
        assert_eq!(first.len(), 1, "both are told that theirs was saved: {both:?}");
        let second = both.iter().find(|(who, _)| *who != first[0]).expect("a second");
        assert!(second.1.status == 409 && second.1.body.contains(&format!("by {}", first[0])), "{}", second.1.body);
        let stored = decided(&night);
        assert_eq!((stored.len(), &stored[0]["who"]), (1, &first[0].into()), "{stored:?}");
        assert_eq!(dana.clone().take_back(&zero).status, 303);
    }
    desk.close();
}

/// Otherwise somebody keeps a line "until today" in the evening, is told that the next night uses it, and no night ever does.
#[test]
fn an_answer_that_ends_before_the_next_night_is_refused() {
    let night = held_night();
    let desk = DeskOfNight::open(&night);
    let mut dana = desk.person("dana", "operator");
    let zero = handle(&night, "to-zero");
    let (now, next) = (today().to_string(), today().succ_opt().expect("a day").to_string());
    let refused = dana.answer(&zero, &[("answer", "keep"), ("until", &now)]);
    assert_eq!(refused.status, 422, "{}", refused.body);
    assert!(refused.body.contains("is over before the next night"), "{}", refused.body);
    assert!(decided(&night).is_empty());
    let typed = night.recount(&["keep", &zero, "--until", &now]).exits(2);
    assert!(typed.err.contains("is over before the next night"), "{}", typed.err);
    assert_eq!(dana.answer(&zero, &[("answer", "keep"), ("until", &next)]).status, 303);
    desk.close();
}

/// Otherwise whoever is signed out while typing loses the note and the place.
#[test]
fn what_was_typed_comes_through_the_sign_in_and_is_sent_by_nobody() {
    let night = held_night();
    let desk = DeskOfNight::open(&night);
    let mut dana = desk.person("dana", "operator");
    let zero = handle(&night, "to-zero");
    let path = format!("/items/{zero}/answer");
    let (shown, token) = (dana.shown(&format!("/items/{zero}"), &path), dana.get("/").token());
    let cookie = dana.session_cookie();
    dana.cookies.remove(&cookie);
    let note = "asked Acme & \"Co\" <b>";
    let fields = [("csrf", token.as_str()), ("answer", "keep"), ("shown", &shown), ("note", note)];
    let gone = dana.post(&path, &fields);
    assert_eq!(gone.status, 401, "{}", gone.body);
    assert!(gone.body.contains("You had typed: <q>asked Acme &amp; &quot;Co&quot; &lt;b&gt;</q>"), "{}", gone.body);
    let door = gone.body.split("href=\"/signin?next=").nth(1).and_then(|rest| rest.split('"').next());
    let door = format!("/signin?next={}", door.unwrap_or_else(|| panic!("no way back: {}", gone.body)));
    let page = dana.get(&door);
    let (csrf, next) = (page.field("csrf"), page.field("next"));
    let come = dana.post("/signin", &[("csrf", &csrf), ("next", &next), ("name", "dana"), ("password", PASSWORD)]);
    let place = come.header("location").expect("a page").to_owned();
    assert!(come.status == 303 && place.starts_with(&format!("/items/{zero}?")), "{place}");
    // A note may name a customer, and proxies keep addresses.
    let links =
        [gone.body.split("You had typed").nth(1).and_then(|rest| rest.split_once("</q>")).expect("a link").1, &place];
    assert!(
        links.iter().all(|link| !link.contains("Acme") && !link.contains("asked")),
        "the note is in an address: {links:?}"
    );
    let item = dana.get(&place).body;
    assert!(item.contains("value=\"asked Acme &amp; &quot;Co&quot; &lt;b&gt;\""), "the note is gone: {item}");
    assert!(item.contains("<details open>"), "the note is out of sight: {item}");
    assert!(decided(&night).is_empty(), "it was sent by itself");

    // A form of the session before says where it stood as well.
    let refused = dana.post(&path, &fields);
    assert_eq!(refused.status, 403);
    assert!(refused.body.contains("You had typed: <q>asked Acme"), "{}", refused.body);
    assert!(refused.body.contains(&format!("href=\"/items/{zero}?typed=")), "{}", refused.body);
    desk.close();
}
