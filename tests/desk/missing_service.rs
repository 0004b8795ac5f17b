//! A service that vanished for everybody is one open item of many lines: who has a browser alone answers it as a whole, as
//! `recount accept HANDLE` does.

use super::client::{Answer, Browser, DeskOfNight, decided, handle};
use crate::came_again::{HEAD, REST, archive, cloud, portfolio};
use crate::support::{Night, wait_until};

/// Ten customers had 2 of Archive, and nobody in the export has any.
fn vanished() -> Night {
    let night = portfolio();
    night.config("guards", "to_zero = \"apply\"");
    night.export(format!("{HEAD}{REST}{}{}", cloud(|_| 10), archive("Archive")));
    night.approve();
    night.export(format!("{HEAD}{REST}{}", cloud(|_| 10)));
    night.run().exits(3);
    night
}

/// What the page that lists every step carries.
fn listed(browser: &mut Browser, item: &str, verb: &str) -> Answer {
    let page = browser.press("/", "/several", &[("answer", verb), ("item", item)]);
    assert_eq!(page.status, 200, "{}", page.body);
    page
}

fn pressed(browser: &mut Browser, (item, shown): (&str, &str), verb: &str, note: &str) -> Answer {
    browser.press("/", "/several/answer", &[("answer", verb), ("item", item), ("shown", shown), ("note", note)])
}

/// The handle of the newest plan's line of this customer and service.
fn line(night: &Night, customer: &str) -> String {
    let run = night.run().first_run();
    let lines = run["lines"].as_array().expect("lines").clone();
    let is_it = |line: &&serde_json::Value| line["customers"][0] == customer && line["product"] == "MP-ARCHIVE";
    let found = lines.iter().find(is_it).unwrap_or_else(|| panic!("no line of {customer}: {run:#}"));
    found["handle"].as_str().expect("a handle").to_owned()
}

/// Otherwise the biller, who has no shell, can only ignore it, and ten customers are billed for what nobody has.
#[test]
fn a_service_that_vanished_is_accepted_as_a_whole_on_the_desk() {
    let night = vanished();
    let item = handle(&night, "service-missing");
    let desk = DeskOfNight::open(&night);
    let mut dana = desk.person("dana", "operator");
    assert!(dana.get("/").body.contains(&format!("/items/{item}#lines")), "nothing leads to the lines");
    let invoices = dana.get("/invoices").body;
    let row = invoices.split(&format!("/items/{item}\"")).nth(1).and_then(|rest| rest.split("</tr>").next());
    let row = row.unwrap_or_else(|| panic!("not in the way of the invoices: {invoices}"));
    assert!(row.contains(">20</td>") && row.contains("<b>0</b>"), "what waits is no number: {row}");
    let own = dana.get(&format!("/items/{item}")).body;
    assert!(own.contains("C300 · MP-ARCHIVE") && own.contains("C309 · MP-ARCHIVE"), "a line is not named: {own}");
    for button in ["Accept these lines…", "Keep these lines…", "Ignore…"] {
        assert!(own.contains(button), "no {button}: {own}");
    }
    let read = desk.person("vera", "viewer").get(&format!("/items/{item}")).body;
    assert!(read.contains("C300 · MP-ARCHIVE") && !read.contains("Accept these"), "a viewer may answer: {read}");

    let page = listed(&mut dana, &item, "accept");
    assert!(page.body.contains("Accept 1 item with 10 lines") && page.body.contains("−20 units"), "{}", page.body);
    assert_eq!(
        page.body.matches("MP-ARCHIVE 2 → 0").count(),
        10,
        "a step is not shown before the button: {}",
        page.body
    );
    let shown = page.field("shown");
    assert_eq!(pressed(&mut dana, (&item, &shown), "accept", "").status, 422, "ten lines end without a word");
    let alone = format!("/items/{item}/answer");
    assert_eq!(dana.press("/", &alone, &[("answer", "accept"), ("shown", &shown)]).status, 422, "the same");
    assert!(decided(&night).is_empty());
    let done = pressed(&mut dana, (&item, &shown), "accept", "the vendor ended it");
    assert_eq!(done.status, 303, "{}", done.body);
    let stored = decided(&night);
    assert!(
        stored.len() == 10 && stored.iter().all(|one| one["who"] == "dana" && one["verb"] == "accept"),
        "{stored:?}"
    );
    let audit = dana.get("/audit").body;
    assert_eq!(audit.matches("MP-ARCHIVE 2 → 0").count(), 10, "the audit does not say what was taken: {audit}");
    assert!(dana.get("/").body.contains("Nothing to decide"), "{}", dana.get("/").body);
    night.run().exits(0);
    assert_eq!(night.sent("PATCH").len(), 10);
    desk.close();
}

/// Otherwise somebody accepts ten lines, and an eleventh that nobody saw, or another step, is taken with them.
#[test]
fn a_whole_service_is_answered_only_as_its_lines_were_shown() {
    let night = vanished();
    let item = handle(&night, "service-missing");
    let desk = DeskOfNight::open(&night);
    let (mut dana, mut eve) = (desk.person("dana", "operator"), desk.person("eve", "operator"));
    let shown = listed(&mut dana, &item, "accept").field("shown");

    // Of one somebody set another quantity, and of another nothing is left to end.
    night.sim().edit(|world| {
        for (id, units) in [(400, 3), (401, 0)] {
            world.additions.iter_mut().find(|one| one.id == id).expect("a line").quantity = units.into();
        }
    });
    night.recount(&["plan"]).exits(3);
    let refused = pressed(&mut dana, (&item, &shown), "accept", "ended");
    assert_eq!(refused.status, 409, "{}", refused.body);
    for named in ["C300 · MP-ARCHIVE 2 → 0 of the page waits no more", "C301 · MP-ARCHIVE 2 → 0 of the page waits no"]
    {
        assert!(refused.body.contains(named), "{named} is not named: {}", refused.body);
    }
    assert!(decided(&night).is_empty());

    // One of them, answered by somebody else, is theirs; the others go on.
    let shown = listed(&mut dana, &item, "accept").field("shown");
    let theirs = line(&night, "C305");
    let page = eve.get(&format!("/items/{theirs}")).body;
    assert!(page.contains("Keep 2") && page.contains(&format!("/items/{item}#lines")), "no answer to one line: {page}");
    let shown_again = listed(&mut dana, &item, "accept").field("shown");
    assert_eq!(shown, shown_again, "the same plan");
    assert_eq!(eve.answer(&theirs, &[("answer", "keep"), ("note", "still used")]).status, 303);
    let refused = pressed(&mut dana, (&item, &shown), "accept", "ended");
    assert!(refused.status == 409 && refused.body.contains("C305 · MP-ARCHIVE 2 → 0"), "{}", refused.body);
    let without = listed(&mut dana, &item, "accept");
    assert!(!without.body.contains("C305"), "taken from eve: {}", without.body);
    assert_eq!(eve.take_back(&theirs).status, 303);
    let refused = pressed(&mut dana, (&item, &without.field("shown")), "accept", "ended");
    let named = "C305 · MP-ARCHIVE 2 → 0, which the page did not show";
    assert!(refused.status == 409 && refused.body.contains(named), "{}", refused.body);
    assert_eq!(eve.answer(&theirs, &[("answer", "keep"), ("note", "still used")]).status, 303);
    assert_eq!(pressed(&mut dana, (&item, &without.field("shown")), "accept", "ended").status, 303);
    let kept = decided(&night).into_iter().filter(|one| one["verb"] == "keep").collect::<Vec<_>>();
    assert!(kept.len() == 1 && kept[0]["who"] == "eve", "{kept:?}");

    // A second answer to a line that was answered is not taken, and says by whom it was.
    let late = format!("/items/{theirs}/answer");
    let refused = dana.press("/", &late, &[("answer", "accept"), ("shown", "2:0:service-missing:")]);
    assert!(refused.status == 409 && refused.body.contains("kept by eve"), "{}", refused.body);
    desk.close();
}

/// Otherwise an answer to ten lines is lost that was given while a night writes, or somebody's answer to one of them is over it.
#[test]
fn a_whole_service_that_is_answered_during_a_run_waits_for_its_end() {
    let night = vanished();
    let item = handle(&night, "service-missing");
    let one = line(&night, "C305");
    night.export(format!("{HEAD}{REST}{}", cloud(|id| if id == 300 { 11 } else { 10 })));
    night.fault(r#"[{"when": {"method": "PATCH"}, "then": {"connection": "hold"}}]"#);
    let desk = DeskOfNight::open(&night);
    let (mut dana, mut eve) = (desk.person("dana", "operator"), desk.person("eve", "operator"));
    let shown = listed(&mut dana, &item, "accept").field("shown");
    let path = format!("/items/{one}/answer");
    let shown_of_one = eve.shown(&format!("/items/{one}"), &path);
    assert_eq!(dana.press("/", "/runs/start", &[("kind", "night"), ("integration", "mail")]).status, 303);
    wait_until("a line is on its way", || dana.get("/live").body.contains("1 in flight"));
    assert_eq!(pressed(&mut dana, (&item, &shown), "accept", "ended").status, 303);
    assert!(dana.get("/").body.contains("saved, it waits for the end of the run"), "{}", dana.get("/").body);
    let refused = eve.press("/", &path, &[("answer", "keep"), ("shown", &shown_of_one)]);
    assert!(refused.status == 409 && refused.body.contains("was answered by dana"), "{}", refused.body);
    assert!(!eve.get(&format!("/items/{one}")).body.contains(&path), "it is offered although it was answered");
    drop(desk);
    night.no_faults();
    let desk = DeskOfNight::open(&night);
    let mut dana = desk.browser();
    dana.sign_in("dana", super::client::PASSWORD);
    wait_until("what waited is settled", || !dana.get("/").body.contains("saved, it"));
    assert_eq!(decided(&night).len(), 10, "{}", dana.get("/audit").body);
    assert!(decided(&night).iter().all(|one| one["who"] == "dana" && one["note"] == "ended"), "{:?}", decided(&night));
    desk.close();
}
