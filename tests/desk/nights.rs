//! A night's page: answered where it was read, and from one night to another; and what Today and a customer say of nights.

use super::client::{Browser, DeskOfNight, held_night};
use crate::support::Night;

fn newest(night: &Night) -> i64 {
    night.recount(&["report", "--json"]).json()["runs"][0]["run"].as_i64().expect("a run")
}

/// The row of the night's page that says this.
fn row(page: &str, words: &str) -> String {
    let found = page.split("<article class=\"row\"").skip(1).find(|row| row.contains(words));
    let row = found.unwrap_or_else(|| panic!("no {words}: {page}"));
    row.split("</article>").next().unwrap_or_default().to_owned()
}

/// The value of a hidden field.
fn field(part: &str, name: &str) -> String {
    let value = part.split(&format!("name=\"{name}\" value=\"")).nth(1).and_then(|rest| rest.split('"').next());
    value.unwrap_or_else(|| panic!("no {name}: {part}")).to_owned()
}

/// Otherwise whoever follows a mail to the night looks up each item anew to answer it.
#[test]
fn what_the_newest_night_held_is_answered_on_its_page() {
    let night = held_night();
    let run = newest(&night);
    let (page, older) = (format!("/nights/{run}"), format!("/nights/{}", run - 1));
    let desk = DeskOfNight::open(&night);
    let mut dana = desk.person("dana", "operator");
    let seen = dana.get(&page).body;
    let held = row(&seen, "to zero");
    assert!(held.contains("value=\"accept\">Accept<") && held.contains("value=\"keep\">Keep<"), "{held}");
    assert!(row(&seen, "customer unmapped").contains("Choose company…"), "{seen}");
    assert!(!desk.person("vera", "viewer").get(&page).body.contains("value=\"accept\""), "a viewer may answer");
    assert!(!dana.get(&older).body.contains("value=\"accept\""), "an older night shows a step that is asked no more");
    let action = held.split("action=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a form").to_owned();
    night.recount(&["plan"]);
    let held = row(&dana.get(&page).body, "to zero");
    assert!(held.contains("value=\"accept\""), "a dry run took the answers away: {held}");
    let (shown, of) = (field(&held, "shown"), field(&held, "night"));
    let pressed = |dana: &mut Browser, to: &str, more: &[(&str, &str)]| {
        let done = dana.press(&page, to, &[&[("night", of.as_str())], more].concat());
        assert_eq!((done.status, done.header("location")), (303, Some(format!("{page}#held").as_str())), "{to}");
    };
    pressed(&mut dana, &action, &[("answer", "accept"), ("shown", &shown)]);
    let answered = dana.get(&page).body;
    let slip =
        answered.split("<div class=\"slip\">").nth(1).expect("a slip").split("</form>").next().expect("its form");
    assert!(slip.contains("accepted by dana") && slip.contains("Undo"), "{slip}");
    assert!(!answered.contains("value=\"accept\""), "{answered}");
    let undo = slip.split("action=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a form").to_owned();
    pressed(&mut dana, &undo, &[("shown", &field(slip, "shown"))]);
    assert!(row(&dana.get(&page).body, "to zero").contains("value=\"accept\""), "it is not asked again");
    for wrong in ["//evil.example", "-1", "1/../..", ""] {
        let which = [("answer", "accept"), ("shown", shown.as_str()), ("night", wrong)];
        let done = dana.press(&page, &action, &which);
        assert_eq!(done.header("location"), Some("/#answered"), "{wrong}: {}", done.head);
        let which = [("shown", dana.shown("/", &undo)), ("night", wrong.to_owned())];
        let done = dana.press(&page, &undo, &which.each_ref().map(|(name, value)| (*name, value.as_str())));
        assert_eq!(done.header("location"), Some("/"), "{wrong}: {}", done.head);
    }
    desk.close();
}

/// Otherwise whoever reads a night of several vendors goes back to the list for each of them.
#[test]
fn a_night_of_several_integrations_leads_from_one_to_the_other() {
    let night = Night::busy();
    let text = std::fs::read_to_string(night.path("recount.toml")).expect("the configuration");
    let (_, mail) = text.split_once("[integration.mail]").expect("an integration");
    let other = format!("[integration.mail]{mail}").replace("integration.mail", "integration.backup");
    let other = other.replace("mode = \"apply\"", "mode = \"observe\"").replace("customers.csv", "others.csv");
    night.write("others.csv", "customer,company_id,agreement_id,note\nBorealis,2,,\nAcme,,,\n");
    night.append(&other);
    night.recount(&["run"]);
    night.recount(&["run"]);
    let desk = DeskOfNight::open(&night);
    let mut dana = desk.person("dana", "viewer");
    let runs = dana.get("/nights").body;
    let of = |name: &str| -> Vec<String> {
        let each = runs.split("<a href=\"/nights/").skip(1).filter(|part| part.contains(&format!(" {name}</a>")));
        each.filter_map(|part| part.split('"').next().map(str::to_owned)).collect()
    };
    let (mail, backup) = (of("mail"), of("backup"));
    for at in [0, 1] {
        let page = dana.get(&format!("/nights/{}", mail[at])).body;
        let seg = page.split("aria-label=\"Runs of this night\"").nth(1).and_then(|rest| rest.split("</ul>").next());
        let seg = seg.unwrap_or_else(|| panic!("no switch: {page}"));
        assert!(seg.contains(&format!("href=\"/nights/{}\"", backup[at])), "{seg}");
        assert!(seg.contains(&format!("href=\"/nights/{}\" aria-current=\"true\"", mail[at])), "{seg}");
    }
    let earlier = dana.get(&format!("/nights/{}", mail[1])).body;
    assert!(earlier.contains(&format!("<a href=\"/nights/{}\" rel=\"next\">", mail[0])), "{earlier}");
    let last = dana.get(&format!("/nights/{}", mail[0])).body;
    assert!(last.contains(&format!("<a href=\"/nights/{}\" rel=\"prev\">", mail[1])), "{last}");
    assert!(last.contains(">newest<") && !earlier.contains(">newest<"), "{last}");
    desk.close();
}

/// Otherwise an export that lost a few rows, too few for a guard, looks like any other in the morning.
#[test]
fn today_says_how_many_rows_more_or_fewer_the_export_has() {
    let night = Night::busy();
    night.run().exits(0);
    let desk = DeskOfNight::open(&night);
    let mut dana = desk.person("dana", "viewer");
    let rows = |dana: &mut Browser| {
        let page = dana.get("/").body;
        let cell = page.split(" rows").nth(1).and_then(|rest| rest.split("</td>").next()).expect("the rows").to_owned();
        cell.split('<').map(|part| part.split_once('>').map_or(part, |(_, text)| text)).collect::<String>()
    };
    night.export(
        "Account,Product,Quantity\nAcme,CloudFilter,7\nAcme,Archive,2\nBorealis,CloudFilter,6\nBorealis,Archive,1\n",
    );
    night.run().exits(0);
    assert_eq!(rows(&mut dana), ", +1 against the night before");
    night.run().exits(0);
    assert_eq!(rows(&mut dana), ", =as many as the night before");
    night.export("Account,Product,Quantity\nAcme,CloudFilter,7\nAcme,Archive,2\nBorealis,CloudFilter,6\n");
    night.config("guards", "min_rows = \"10%\"");
    night.config("guards", "min_units = \"10%\"");
    night.run();
    assert_eq!(rows(&mut dana), ", −1 against the night before");
    desk.close();
}

/// Otherwise a quiet morning shows an empty page, and whoever sends the invoices does not see what the night wrote.
#[test]
fn a_quiet_morning_says_what_the_night_changed_and_how_the_invoices_stand() {
    let night = Night::busy();
    night.run().exits(0);
    let desk = DeskOfNight::open(&night);
    let mut dana = desk.person("dana", "viewer");
    let page = dana.get("/").body;
    let changed = page.split("Changed last night").nth(1).unwrap_or_else(|| panic!("{page}"));
    assert!(changed.contains("MP-CLOUDFILTER") && changed.contains("+7") && changed.contains("+4"), "{changed}");
    assert!(changed.contains("Ready so far.") && changed.contains("href=\"/invoices\">Look at "), "{changed}");
    night.recount(&["plan"]);
    assert!(dana.get("/").body.contains("Changed last night"), "a dry run hides what the night changed");
    night.export("Account,Product,Quantity\nAcme,CloudFilter,7\nAcme,Archive,0\nBorealis,CloudFilter,6\n");
    night.run().exits(3);
    let page = dana.get("/").body;
    assert!(!page.contains("Changed last night") && !page.contains("Ready so far."), "what waits comes first: {page}");
    desk.close();
}

/// Otherwise the one thing that stops a whole vendor is a card among others, and the way to mend it is looked for.
#[test]
fn a_refused_export_stands_above_everything_with_the_ways_on() {
    let night = held_night();
    night.export("Account,Product,Quantity\nAcme,CloudFilter,3\n");
    night.recount(&["run"]).exits(11);
    let run = newest(&night);
    let desk = DeskOfNight::open(&night);
    let page = desk.person("dana", "operator").get("/").body;
    assert!(page.contains("<h1>Export refused: mail</h1>") && page.contains("Nothing was written for mail."), "{page}");
    let note = page.split("<div class=\"note bad\"").nth(1).expect("a note").split("<table").next().expect("its end");
    assert!(
        note.contains("<li>") && note.contains("rows since run ") && note.contains("Drop the right file…"),
        "{note}"
    );
    assert!(note.contains(&format!("href=\"/plan?run={run}\">See what this one would do")), "{note}");
    assert!(!page.contains(">the export</h3>"), "it is told twice: {page}");
    assert!(page.contains("Accept 3 → 0"), "the items of the night before wait still: {page}");
    assert!(!desk.person("vera", "viewer").get("/").body.contains("Drop the right file"), "a viewer may bring no file");
    desk.close();
}

/// Otherwise whoever opens the desk on its first day meets an empty page, and does not know what comes next.
#[test]
fn the_first_day_shows_the_steps_to_the_first_night() {
    let night = Night::new();
    let desk = DeskOfNight::open(&night);
    let mut dana = desk.person("dana", "operator");
    let page = dana.get("/").body;
    assert!(page.contains("<h1>First day</h1>") && page.contains("2 customers are mapped so far."), "{page}");
    let steps = page.split("From here to the first night").nth(1).and_then(|rest| rest.split("</ol>").next());
    let steps = steps.unwrap_or_else(|| panic!("no steps: {page}"));
    assert!(steps.matches("<li>").count() == 7 && steps.contains(">Draw a plan</button>"), "{steps}");
    assert!(!desk.person("vera", "viewer").get("/").body.contains(">Draw a plan</button>"), "a viewer may begin a run");
    night.recount(&["plan"]);
    assert!(!dana.get("/").body.contains("First day"), "there is a plan");
    desk.close();
}

/// Otherwise whoever is asked by a customer since when a number stands searches thirty nights for it.
#[test]
fn each_line_of_a_customer_says_when_it_was_changed_last() {
    let night = Night::busy();
    night.run().exits(0);
    let desk = DeskOfNight::open(&night);
    let page = desk.person("dana", "viewer").get("/customers/Acme").body;
    let today = crate::support::today().format("%a %-d %b %Y").to_string();
    assert!(page.contains("last change</th>"), "{page}");
    assert_eq!(page.matches(&format!("<td class=\"wide wider nb\">{today}</td>")).count(), 2, "{page}");
    assert!(page.contains("2 lines of 1 integration on 1 agreement."), "{page}");
    assert!(
        page.contains("<b>mapping</b><div>Acme is company 1; service CloudFilter → MP-CLOUDFILTER</div>"),
        "{page}"
    );
    let wrote = format!("<a href=\"/nights/{}\">run {0}</a> wrote <b>7</b> on {today}", newest(&night));
    assert!(page.contains(&wrote), "{page}");
    let page = desk.person("vera", "viewer").get("/services").body;
    assert!(page.contains(">state</th>") && page.contains("2 services of mail: 2 with a product."), "{page}");
    assert!(page.contains("<td class=\"wide\">mapped</td>"), "{page}");
    desk.close();
}
