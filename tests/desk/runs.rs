//! Runs that are begun on the desk: approved plans, nights, dry runs, undos.

use super::client::{Browser, DeskOfNight, PASSWORD, handle, held_night};
use crate::support::{BUSY, Night, wait_until};

fn until_over(browser: &mut Browser) {
    wait_until("the run is over", || browser.get("/live").body.contains("No run is under way"));
}

/// Otherwise a first plan is approved by whoever presses a button without having read it; or cannot be at all.
#[test]
fn a_plan_is_approved_by_its_number_of_lines_and_carried_out() {
    let night = Night::new();
    night.export(BUSY);
    night.recount(&["plan"]).exits(0);
    let desk = DeskOfNight::open(&night);
    let mut dana = desk.person("dana", "operator");
    let plan = dana.get("/plan");
    assert!(plan.body.contains("3 lines"), "{}", plan.body);
    let at = plan.body.find("/plans/").expect("a form");
    let path = plan.body[at..].split('"').next().expect("an address").to_owned();
    for lines in ["", "2", "33"] {
        let refused = dana.press("/plan", &path, &[("lines", lines)]);
        assert_eq!(refused.status, 422, "{lines:?}: {}", refused.body);
    }
    assert!(night.sent("PATCH").is_empty() && night.sent("POST").is_empty(), "something was written");
    let begun = dana.press("/plan", &path, &[("lines", "3")]);
    assert_eq!((begun.status, begun.header("location")), (303, Some("/live")), "{}", begun.body);
    until_over(&mut dana);
    assert_eq!(night.sent("PATCH").len() + night.sent("POST").len(), 3);
    let audit = dana.get("/audit").body;
    assert!(audit.contains("approved a plan"), "{audit}");
    desk.close();
}

/// Otherwise somebody approves a plan of weeks ago and learns of its age after the run; or has no way on from there.
#[test]
fn a_plan_says_until_when_it_may_be_approved_and_is_drawn_again() {
    let night = Night::new();
    night.export(BUSY);
    night.recount(&["plan"]).exits(0);
    let desk = DeskOfNight::open(&night);
    let mut dana = desk.person("dana", "operator");
    let plan = dana.get("/plan").body;
    let until = crate::support::now() + chrono::TimeDelta::hours(96);
    assert!(plan.contains("Valid until ") && plan.contains(&until.format("%-d %b %Y").to_string()), "{plan}");
    assert!(plan.contains("form=\"again\">Draw again"), "{plan}");
    let viewed = desk.person("vera", "viewer").get("/plan").body;
    assert!(!viewed.contains("Draw again"), "{viewed}");

    let day = crate::support::today() - chrono::TimeDelta::days(10);
    let history = rusqlite::Connection::open(night.path("state/history.db")).expect("the history");
    let long_ago = format!("UPDATE runs SET started_at = '{day}T02:00:00Z', finished_at = '{day}T02:01:00Z'");
    history.execute(&long_ago, []).expect("long ago");
    drop(history);
    let old = dana.get("/plan").body;
    assert!(old.contains("Too old to be approved.") && !old.contains("/approve\""), "{old}");
    let begun = dana.press("/plan", "/runs/start", &[("kind", "dry"), ("integration", "mail")]);
    assert_eq!(begun.status, 303, "{}", begun.body);
    until_over(&mut dana);
    desk.close();
}

/// Otherwise each night of an export that is rightly smaller is refused, and who has no shell on the host can do nothing about
/// it, because no line changes by the plan that is held.
#[test]
fn a_held_plan_that_changes_no_line_is_shown_and_approved() {
    let night = Night::new();
    night.approve();
    let smaller = "Account,Product,Quantity\nAcme,CloudFilter,3\nBorealis,CloudFilter,0\n";
    night.export(smaller);
    night.run().exits(11);
    let desk = DeskOfNight::open(&night);
    let mut dana = desk.person("dana", "operator");
    let plan = dana.get("/plan").body;
    assert!(plan.contains("export fewer units"), "the plan of an earlier night is shown: {plan}");
    let path = plan[plan.find("/plans/").expect("a form")..].split('"').next().expect("an address").to_owned();
    assert_eq!(dana.press("/plan", &path, &[("lines", "1")]).status, 422);
    assert_eq!(dana.press("/plan", &path, &[("lines", "0")]).status, 303);
    until_over(&mut dana);
    assert!(night.sent("PATCH").is_empty() && night.sent("POST").is_empty(), "something was written");
    night.export(smaller);
    let said = night.run().exits(3);
    assert!(said.codes().contains(&"to-zero".to_owned()), "{}", said.out);
    desk.close();
}

/// Otherwise an approval would write what nobody has seen.
#[test]
fn a_plan_that_has_moved_is_not_carried_out() {
    let night = Night::new();
    night.export(BUSY);
    night.recount(&["plan"]).exits(0);
    let desk = DeskOfNight::open(&night);
    let mut dana = desk.person("dana", "operator");
    let plan = dana.get("/plan").body;
    let path = plan[plan.find("/plans/").expect("a form")..].split('"').next().expect("an address").to_owned();
    night.export("Account,Product,Quantity\nAcme,CloudFilter,8\nAcme,Archive,2\nBorealis,CloudFilter,6\n");
    assert_eq!(dana.press("/plan", &path, &[("lines", "3")]).status, 303);
    until_over(&mut dana);
    assert!(night.sent("PATCH").is_empty() && night.sent("POST").is_empty(), "a plan that has moved was written");
    let newest = dana.get("/nights").body;
    let run = newest[newest.find("/nights/").expect("a run")..].split('"').next().expect("an address").to_owned();
    let told = dana.get(&run).body;
    assert!(told.contains("Nothing was written") && told.contains("moved"), "{told}");
    // The page of the plan as it is now says what moved, and is where that is approved.
    let plan = dana.get("/plan").body;
    assert!(plan.contains("What moved since it was approved"), "{plan}");
    assert!(plan.contains("planned 3 → 7, now 3 → 8"), "{plan}");
    let older = dana.get("/plan?run=1").body;
    assert!(older.contains("1 line moved") && older.contains("<b>3 → 8</b>"), "all lines are told of: {older}");
    assert!(older.contains("HAS MOVED") && older.contains("It was not carried out."), "{older}");
    let path = plan[plan.find("/plans/").expect("a form")..].split('"').next().expect("an address").to_owned();
    assert_eq!(dana.press("/plan", &path, &[("lines", "3")]).status, 303);
    until_over(&mut dana);
    assert_eq!(night.sent("PATCH").len() + night.sent("POST").len(), 3);
    night.export("Account,Product,Quantity\nAcme,CloudFilter,9\nAcme,Archive,2\nBorealis,CloudFilter,6\n");
    night.recount(&["plan"]).exits(0);
    let done = dana.get("/plan?run=2").body;
    assert!(done.contains("CARRIED OUT") && !done.contains("HAS MOVED"), "what was written is said not to be: {done}");
    desk.close();
}

/// Otherwise whoever approves has to telephone around for who changed what, and blames the wrong one.
#[test]
fn a_moved_plan_says_who_or_what_changed_each_line() {
    let night = Night::busy();
    night.run().exits(0);
    night.export("Account,Product,Quantity\nAcme,CloudFilter,0\nAcme,Archive,5\nBorealis,CloudFilter,9\n");
    let planned = night.recount(&["plan", "--json"]).exits(3).json();
    let run = planned["runs"][0]["run"].as_i64().expect("a run");
    // One is answered, one is changed in ConnectWise by somebody, of one the vendor counts otherwise.
    night.recount(&["keep", &handle(&night, "to-zero")]).exits(0);
    night.sim().edit(|world| {
        let line = world.additions.iter_mut().find(|one| one.id == 200).expect("a line");
        line.quantity = 8.into();
        line.updated_by = "jdoe".to_owned();
    });
    night.export("Account,Product,Quantity\nAcme,CloudFilter,0\nAcme,Archive,6\nBorealis,CloudFilter,9\n");
    night.recount(&["plan"]).exits(3);
    let desk = DeskOfNight::open(&night);
    let mut dana = desk.person("dana", "viewer");
    let moved = dana.get(&format!("/plan?run={run}")).body;
    let line = |name: &str| {
        let row = moved.split("<tr>").find(|row| row.contains(name) && row.contains("scope=\"row\""));
        row.unwrap_or_else(|| panic!("{name}: {moved}")).to_owned()
    };
    assert!(moved.contains("changed by</th>"), "{moved}");
    assert!(line("MP-ARCHIVE").contains("<td class=\"wide\">the export</td>"), "{moved}");
    assert!(line("Borealis").contains("in ConnectWise, last changed by jdoe at "), "{moved}");
    assert!(moved.contains("<td class=\"wide\">kept by "), "{moved}");
    desk.close();
}

/// Otherwise nobody can be asked why a plan bills somebody for whom it billed nothing.
#[test]
fn a_line_that_moved_by_the_mapping_says_who_edited_it() {
    let night = Night::busy();
    night.run().exits(0);
    night.export(format!("{BUSY}Cedar,CloudFilter,2\n"));
    let planned = night.recount(&["plan", "--json"]).exits(3).json();
    let run = planned["runs"][0]["run"].as_i64().expect("a run");
    night.recount(&["map", "add", "Cedar", "2"]).exits(0);
    night.recount(&["plan"]).exits(0);
    let desk = DeskOfNight::open(&night);
    let moved = desk.person("dana", "viewer").get(&format!("/plan?run={run}")).body;
    let row = moved.split("<tr>").find(|row| row.contains("Borealis") && row.contains("scope=\"row\""));
    assert!(row.is_some_and(|row| row.contains("<td class=\"wide\">the mapping, edited by ")), "{moved}");
    desk.close();
}

/// Otherwise somebody approves from a mail of yesterday what another has drawn anew since.
#[test]
fn an_older_plan_shows_what_moved_and_the_one_in_its_place_is_approved_there() {
    let night = Night::new();
    night.export(BUSY);
    night.recount(&["plan"]).exits(0);
    let desk = DeskOfNight::open(&night);
    let mut dana = desk.person("dana", "operator");
    let plan = dana.get("/plan").body;
    let path = plan[plan.find("/plans/").expect("a form")..].split('"').next().expect("an address").to_owned();
    night.export("Account,Product,Quantity\nAcme,CloudFilter,8\nAcme,Archive,2\nBorealis,CloudFilter,6\n");
    night.recount(&["plan"]).exits(0);
    let refused = dana.press("/plan", &path, &[("lines", "3")]);
    assert_eq!(refused.status, 409, "{}", refused.body);
    assert!(refused.body.contains("HAS MOVED") && refused.body.contains("<b>3 → 8</b>"), "{}", refused.body);
    assert!(night.sent("PATCH").is_empty() && night.sent("POST").is_empty(), "something was written");

    let older = dana.get("/plan?run=1").body;
    assert!(!older.contains(&path), "it can be approved: {older}");
    for said in ["1 line moved", "<td class=\"n wide\">3 → 7</td>", "<b>3 → 8</b>", "2 lines to be written as planned"]
    {
        assert!(older.contains(said), "{said}: {older}");
    }
    let newest = older[older.find("/plans/").expect("a form")..].split('"').next().expect("an address").to_owned();
    assert_eq!(dana.press("/plan?run=1", &newest, &[("lines", "2")]).status, 422);
    assert_eq!(dana.press("/plan?run=1", &newest, &[("lines", "3")]).status, 303);
    until_over(&mut dana);
    assert_eq!(night.sent("PATCH").len() + night.sent("POST").len(), 3);
    desk.close();
}

/// Otherwise a night that was wrong cannot be set back by whoever sees it.
#[test]
fn a_night_is_begun_and_set_back() {
    let night = Night::busy();
    let desk = DeskOfNight::open(&night);
    let mut dana = desk.person("dana", "operator");
    let before = night.billed();
    assert_eq!(dana.press("/", "/runs/start", &[("kind", "dry")]).status, 303);
    until_over(&mut dana);
    assert_eq!(night.billed(), before, "a dry run wrote");
    assert_eq!(dana.press("/", "/runs/start", &[("kind", "night"), ("integration", "mail")]).status, 303);
    until_over(&mut dana);
    assert_ne!(night.billed(), before);
    assert_eq!(dana.press("/", "/runs/start", &[("kind", "night"), ("integration", "; rm -rf /")]).status, 404);
    let nights = dana.get("/nights").body;
    let run = nights[nights.find("/nights/").expect("a run")..].split('"').next().expect("an address").to_owned();
    assert_eq!(dana.press("/", &format!("{run}/undo"), &[]).status, 303);
    until_over(&mut dana);
    let undo = dana.get("/nights").body;
    let undo = undo[undo.find("/nights/").expect("a run")..].split('"').next().expect("an address").to_owned();
    let drawn = dana.get(&undo).body;
    assert!(
        drawn.contains("It sets back") && !drawn.contains("verdict good"),
        "an undo that waits looks done: {drawn}"
    );
    let run = undo.rsplit('/').next().expect("a number");
    let plan = dana.get(&format!("/plan?run={run}")).body;
    assert!(plan.contains("Approve and write"), "{plan}");
    // A filter leads to the same plan, and not to the newest one.
    assert!(plan.contains(&format!("name=\"run\" value=\"{run}\"")), "{plan}");
    let up = dana.get(&format!("/plan?run={run}&only=change&q=acme"));
    assert!(up.body.contains("It sets back"), "{}", up.body);
    let held = format!("/plan?run={run}&amp;only=held&amp;q=acme");
    assert!(up.body.contains(&held), "what was typed is lost, or another plan is shown: {}", up.body);
    desk.close();
}

/// Otherwise two people begin the same night, or an answer falls into a run.
#[test]
fn while_another_run_holds_the_lock_nothing_is_begun_and_answers_wait() {
    let night = held_night();
    let desk = DeskOfNight::open(&night);
    let mut dana = desk.person("dana", "operator");
    let page = dana.get("/");
    let (token, handle) = (page.token(), handle(&night, "to-zero"));
    let lock = recount::history::store::run_lock::RunLock::take(
        &night.path("state"),
        crate::support::today().and_time(chrono::NaiveTime::MIN).and_utc(),
    )
    .expect("the lock");
    assert_eq!(dana.post("/runs/start", &[("csrf", &token), ("kind", "night")]).status, 409);
    let shown = dana.get(&format!("/items/{handle}")).field("shown");
    let answer = [("csrf", token.as_str()), ("answer", "accept"), ("shown", shown.as_str())];
    let path = format!("/items/{handle}/answer");
    let moved = shown.replace("3:0:", "3:1:");
    let stale = [("csrf", token.as_str()), ("answer", "accept"), ("shown", moved.as_str())];
    assert_eq!(dana.post(&path, &stale).status, 409, "what was not shown waits");
    assert_eq!(dana.post(&path, &answer).status, 303);
    // What holds the lock is no run.
    assert!(dana.get("/").body.contains("saved, it is stored in a moment"));
    let second = desk.person("priya", "operator").press("/", &path, &answer[1..]);
    assert_eq!(second.status, 409, "the second of two people was not told: {}", second.body);
    assert!(super::client::decided(&night).is_empty(), "an answer fell into a run");
    assert_eq!(dana.take_back(&handle).status, 303, "it cannot be taken back");
    assert!(!dana.get("/").body.contains("saved, it"));
    assert_eq!(dana.post(&path, &answer).status, 303);
    drop(lock);
    wait_until("the answer is stored", || !super::client::decided(&night).is_empty());
    assert_eq!(super::client::decided(&night)[0]["who"], "dana");
    desk.close();
}

/// Otherwise whoever watches a night sees numbers of agreements, and nobody knows how far it is or whom it bills.
#[test]
fn a_night_that_writes_is_shown_line_by_line() {
    let night = Night::busy();
    night.fault(r#"[{"when": {"method": "PATCH"}, "then": {"connection": "hold"}}]"#);
    let desk = DeskOfNight::open(&night);
    let mut dana = desk.person("dana", "operator");
    assert_eq!(dana.press("/", "/runs/start", &[("kind", "night"), ("integration", "mail")]).status, 303);
    let mut live = String::new();
    wait_until("one line is written and two are on their way", || {
        live = dana.get("/live").body;
        live.contains("1 written, 0 refused, 0 in doubt, 2 in flight")
    });
    for shown in ["RUNNING", "started by dana at", "3 rows", "passed", "1 of 3", "Acme", "sent", "Stop after this line"]
    {
        assert!(live.contains(shown), "{shown}: {live}");
    }
    assert!(!live.contains("agreement 10"), "a line is not named by its customer: {live}");
    let today = dana.get("/").body;
    assert!(today.contains("A run is under way") && today.contains("RUNNING"), "{today}");
    let run = newest(&mut dana);
    for page in ["/", "/nights", "/integrations", &run] {
        let page = dana.get(page).body;
        assert!(!page.to_lowercase().contains("cut off"), "a run that goes on looks like a wreck: {page}");
    }
    let shown = dana.shown("/live", "/runs/stop");
    assert_eq!(dana.press("/live", "/runs/stop", &[("shown", &shown)]).status, 303);
    let live = dana.get("/live").body;
    assert!(!live.contains("A run is beginning") && !live.contains("Stop after this line"), "{live}");
    drop(desk);
    night.no_faults();
    let desk = DeskOfNight::open(&night);
    let mut dana = desk.browser();
    dana.sign_in("dana", PASSWORD);
    let today = dana.get("/").body;
    assert!(today.contains("CUT OFF") && !today.contains("RUNNING"), "a wreck looks like a run: {today}");
    desk.close();
}

/// Otherwise whoever presses Run now is told of the run of yesterday, as if it were theirs.
#[test]
fn nothing_is_begun_where_every_integration_is_off() {
    let night = Night::busy();
    night.run().exits(0);
    night.recount(&["integrations", "disable", "mail"]).exits(0);
    let desk = DeskOfNight::open(&night);
    let mut dana = desk.person("dana", "operator");
    for kind in ["night", "dry"] {
        let refused = dana.press("/", "/runs/start", &[("kind", kind)]);
        assert_eq!(refused.status, 422, "{}", refused.body);
        assert!(refused.body.contains("every integration is off"), "{}", refused.body);
    }
    desk.close();
}

/// The address of the newest run's page.
fn newest(browser: &mut Browser) -> String {
    let nights = browser.get("/nights").body;
    nights[nights.find("/nights/").expect("a run")..].split('"').next().expect("an address").to_owned()
}

/// Otherwise a drawn undo is forgotten, or a night that was set back is set back once more by whoever comes second.
#[test]
fn a_drawn_undo_waits_on_today_and_a_night_is_set_back_once() {
    let night = Night::busy();
    let before = night.billed();
    night.run().exits(0);
    let desk = DeskOfNight::open(&night);
    let mut dana = desk.person("dana", "operator");
    let wrong = newest(&mut dana);
    let (form, waits) = (format!("{wrong}/undo\""), "An undo waits for approval");
    assert!(dana.get(&wrong).body.contains(&form) && !dana.get("/").body.contains(waits));
    assert_eq!(dana.press(&wrong, &format!("{wrong}/undo"), &[]).status, 303);
    until_over(&mut dana);
    let undo = newest(&mut dana);
    let plan = undo.replace("/nights/", "/plan?run=");
    let today = dana.get("/").body;
    assert!(today.contains(waits) && today.contains(&plan), "a drawn undo is nowhere: {today}");
    assert!(!today.contains("Nothing to decide"), "{today}");
    assert!(dana.get(&wrong).body.contains("It is drawn already"));

    let page = dana.get(&plan).body;
    let path = page[page.find("/plans/").expect("a form")..].split('"').next().expect("an address").to_owned();
    let lines = page.split(">Type ").nth(1).and_then(|rest| rest.split('<').next()).expect("a number").to_owned();
    assert_eq!(dana.press(&plan, &path, &[("lines", &lines)]).status, 303);
    until_over(&mut dana);
    assert_ne!(night.billed(), before, "it created a line, which stays with nothing");
    let by = newest(&mut dana);
    assert!(!dana.get("/").body.contains(waits), "an undo that was carried out waits");
    let set_back = dana.get(&wrong).body;
    assert!(!set_back.contains(&form), "a night that was set back is offered again: {set_back}");
    assert!(set_back.contains("It was set back") && set_back.contains(&format!("href=\"{by}\"")), "{set_back}");
    desk.close();
}

/// Otherwise an answer is lost that was given while a night writes; or the person waits for the end of a run that there is not.
#[test]
fn an_answer_during_a_run_waits_for_its_end() {
    let night = held_night();
    let handle = handle(&night, "to-zero");
    night.export("Account,Product,Quantity\nAcme,CloudFilter,0\nBorealis,CloudFilter,8\n");
    night.fault(r#"[{"when": {"method": "PATCH"}, "then": {"connection": "hold"}}]"#);
    let desk = DeskOfNight::open(&night);
    let mut dana = desk.person("dana", "operator");
    let path = format!("/items/{handle}/answer");
    let shown = dana.shown(&format!("/items/{handle}"), &path);
    assert_eq!(dana.press("/", "/runs/start", &[("kind", "night"), ("integration", "mail")]).status, 303);
    wait_until("a line is on its way", || dana.get("/live").body.contains("1 in flight"));
    assert_eq!(dana.press("/live", &path, &[("answer", "accept"), ("shown", &shown)]).status, 303);
    assert!(dana.get("/").body.contains("saved, it waits for the end of the run"), "{}", dana.get("/").body);
    drop(desk);
    night.no_faults();
}

/// Otherwise the Stop of a page that lies open since the morning interrupts the night that somebody else began.
#[test]
fn stop_is_about_the_run_that_was_shown() {
    let night = Night::busy();
    night.fault(r#"[{"when": {"method": "PATCH"}, "then": {"connection": "hold"}}]"#);
    let desk = DeskOfNight::open(&night);
    let (mut dana, mut eve) = (desk.person("dana", "operator"), desk.person("eve", "operator"));
    assert_eq!(dana.press("/", "/runs/start", &[("kind", "night"), ("integration", "mail")]).status, 303);
    wait_until("a line is on its way", || dana.get("/live").body.contains("in flight"));
    let shown = eve.shown("/live", "/runs/stop");
    for stale in ["", &shown.replace("dana", "eve")] {
        let refused = eve.press("/live", "/runs/stop", &[("shown", stale)]);
        assert_eq!(refused.status, 409, "{stale:?}: {}", refused.body);
        assert!(refused.body.contains("dana has begun another one"), "{}", refused.body);
    }
    assert_eq!(eve.press("/live", "/runs/stop", &[("shown", &shown)]).status, 303);
    drop(desk);
    night.no_faults();
}

/// Otherwise one administrator switches back what another has switched since, and neither knows.
#[test]
fn a_mode_is_changed_from_the_one_that_was_shown() {
    let night = held_night();
    let desk = DeskOfNight::open(&night);
    let mut dana = desk.person("dana", "admin");
    let path = "/integrations/mail/mode";
    let shown = dana.shown("/integrations", path);
    assert_eq!(shown, "apply");
    assert_eq!(dana.press("/integrations", path, &[("mode", "off"), ("shown", &shown)]).status, 303);
    for stale in ["apply", ""] {
        let refused = dana.press("/integrations", path, &[("mode", "observe"), ("shown", stale)]);
        assert_eq!(refused.status, 409, "{stale:?}: {}", refused.body);
        assert!(refused.body.contains("in mode off"), "{}", refused.body);
    }
    assert!(std::fs::read_to_string(night.path("recount.toml")).expect("the file").contains("\"off\""));
    desk.close();
}
