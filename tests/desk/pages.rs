//! The pages: whole, escaped, and nothing that a strict policy would have to allow.

use super::client::{DeskOfNight, handle, held_night};
use crate::support::{BUSY, Night};

/// Every page, with hostile words wherever an address takes some.
fn pages(night: &Night) -> Vec<String> {
    let unmapped = handle(night, "customer-unmapped");
    let hostile = "%22%3E%3Cscript%3E";
    let own = [
        format!("/items/{unmapped}"),
        format!("/mapping/{unmapped}?q={hostile}"),
        format!("/mapping/{unmapped}?q=b&company=2"),
        format!("/plan?only=equal&q={hostile}"),
        format!("/audit?q={hostile}"),
        format!("/find?q={hostile}"),
        format!("/services?i={hostile}"),
        format!("/export?kept={hostile}"),
        format!("/customers?s={hostile}&q={hostile}"),
    ];
    let plain = [
        "/",
        "/plan",
        "/invoices",
        "/customers",
        "/customers?look=1&s=unmapped",
        "/customers/%3Cscript%3Ex%3C%2Fscript%3E%20%26%20Co%2F%2E%2E",
        "/versions/mail",
        "/services",
        "/export",
        "/nights",
        "/nights/2",
        "/diff?a=1&b=2",
        "/integrations",
        "/audit",
        "/live",
        "/account",
        "/find?q=",
    ];
    plain.iter().map(|path| (*path).to_owned()).chain(own).collect()
}

const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Otherwise a customer's name could act in the name of whoever reads it, or a page would load something from elsewhere.
#[test]
fn hostile_names_are_text_on_every_page() {
    let night = held_night();
    let desk = DeskOfNight::open(&night);
    let mut dana = desk.person("dana", "admin");
    for path in pages(&night) {
        let page = dana.get(&path);
        assert_eq!(page.status, 200, "{path}: {}", page.body);
        // The scripts of this site, and no other; htmx before its extension, and neither deferred.
        let scripts = "<script src=\"/htmx-4.0.1.js\"></script><script src=\"/htmx-sse-4.0.1.js\"></script>\
                       <script src=\"/keys.js\" defer></script>";
        let body = page.body.replace(scripts, "");
        for word in ["<script", "style=", "onclick", "hx-on", "http://", "https://"] {
            assert!(!body.contains(word), "{path} has {word}: {body}");
        }
        for (name, value) in [
            ("content-security-policy", POLICY),
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("cache-control", "no-store"),
            ("strict-transport-security", "max-age=31536000"),
        ] {
            assert_eq!(page.header(name), Some(value), "{path}: {name}");
        }
        let text = body.to_lowercase();
        for word in ["price", "cost", "$", "€"] {
            assert!(!text.contains(word), "{path} speaks of money: {word}");
        }
    }
    assert!(dana.get("/customers").body.contains("&lt;script&gt;"));
    for path in
        ["/nights/999", "/customers/Nobody", "/items/zzzz", "/reports/999", "/reports/..%2Fhistory.db", "/nothing"]
    {
        assert_eq!(dana.get(path).status, 404, "{path}");
    }
    desk.close();
}

/// Otherwise a page is sluggish, or runs what another site has put in the place of a script.
#[test]
fn scripts_come_from_here_and_are_kept_by_their_version() {
    let night = Night::new();
    let desk = DeskOfNight::open(&night);
    let script = desk.browser().get("/htmx-4.0.1.js");
    assert_eq!((script.status, script.header("content-type")), (200, Some("text/javascript; charset=utf-8")));
    assert!(script.header("cache-control").is_some_and(|said| said.contains("immutable")), "{}", script.head);
    assert_eq!(desk.browser().get("/live/events").status, 401, "events for everybody");
    desk.close();
}

/// Otherwise nobody can say what a second run of the same night did.
#[test]
fn two_nights_are_compared() {
    let night = Night::busy();
    night.run().exits(0);
    night.export("Account,Product,Quantity\nAcme,CloudFilter,8\nAcme,Archive,2\nBorealis,CloudFilter,6\n");
    night.run().exits(0);
    let desk = DeskOfNight::open(&night);
    let mut dana = desk.person("dana", "viewer");
    let nights = dana.get("/nights").body;
    assert!(nights.contains("action=\"/diff\""), "{nights}");
    let newest: i64 = nights
        .split("/nights/")
        .nth(1)
        .and_then(|rest| rest.split('"').next())
        .and_then(|run| run.parse().ok())
        .expect("a run");
    let compared = dana.get(&format!("/diff?a={newest}&b={}", newest - 1)).body;
    assert!(compared.contains("differ") && compared.contains("Acme"), "{compared}");
    let table = compared.split("differ</caption>").nth(1).expect("the lines");
    let at = |name: &str| table.find(name).unwrap_or_else(|| panic!("no {name}: {table}"));
    assert!(at("Acme") < at("Borealis"), "the lines stand in no order: {table}");
    for wrong in ["/diff", "/diff?a=1&b=x", "/diff?a=1&b=999"] {
        assert_eq!(dana.get(wrong).status, 404, "{wrong}");
    }
    desk.close();
}

/// Otherwise nobody can look up what went onto the invoices of an earlier month, or takes it for this one's.
#[test]
fn each_month_has_its_invoices() {
    let night = Night::busy();
    night.run().exits(0);
    let history = rusqlite::Connection::open(night.path("state/history.db")).expect("the history");
    let day = crate::support::today() - chrono::TimeDelta::days(45);
    let long_ago = format!("UPDATE runs SET started_at = '{day}T23:30:00Z', finished_at = '{day}T23:31:00Z'");
    history.execute(&long_ago, []).expect("long ago");
    drop(history);
    night.run().exits(0);
    let desk = DeskOfNight::open(&night);
    let mut dana = desk.person("dana", "viewer");
    let old = dana.get(&format!("/invoices?month={}", day.format("%Y-%m"))).body;
    let said = format!("As of the newest run of each integration in {}.", day.format("%B %Y"));
    assert!(old.contains(&said), "{old}");
    assert!(old.contains("MP-ARCHIVE") && !old.contains("In the way"), "{old}");
    let now = dana.get("/invoices").body;
    assert!(now.contains("Nothing was changed by recount in this month."), "{now}");
    let heading = now.split("<h1>").nth(1).and_then(|rest| rest.split('<').next()).expect("a month");
    for other in ["2024-13", "2024-01", "x", "%22%3E", "9999-12", "-1-01"] {
        let page = dana.get(&format!("/invoices?month={other}"));
        assert!(page.status == 200 && page.body.contains(heading), "{other}: {}", page.body);
    }
    desk.close();
}

/// Otherwise whoever signs the invoices cannot tell what recount moved from what a colleague typed, or reads a sum that is not true.
#[test]
fn the_units_of_a_month_add_up_or_are_said_to_be_unknown() {
    let night = Night::busy();
    night.run().exits(0);
    night.sim().edit(|world| world.additions.iter_mut().find(|one| one.id == 100).expect("a line").quantity = 9.into());
    night.run().exits(3);
    let desk = DeskOfNight::open(&night);
    let mut dana = desk.person("dana", "viewer");
    let sum = |page: &str| {
        let sum =
            page.split("<p class=\"units\">").nth(1).and_then(|rest| rest.split("</p>").next()).expect("the units");
        sum.split('<').map(|part| part.split_once('>').map_or(part, |(_, text)| text)).collect::<String>()
    };
    let said = sum(&dana.get("/invoices").body);
    assert!(said.starts_with("8 units when run 1 began on "), "{said}");
    assert!(said.contains(", +7 −0 by recount, +2 otherwise (") && said.ends_with(", then 17."), "{said}");
    let kept = std::fs::read_to_string(night.path("state/reports/ready.html")).expect("the page");
    assert_eq!(sum(&kept), said, "the page beside the reports says something else");

    let history = rusqlite::Connection::open(night.path("state/history.db")).expect("the history");
    history.execute("UPDATE runs SET billed_units = NULL, thinned = 1 WHERE run = 1", []).expect("an older history");
    let said = sum(&dana.get("/invoices").body);
    assert!(said.contains("not known: what was billed was not noted when run 1 began"), "{said}");
    history.execute("UPDATE runs SET accepted = 0", []).expect("held nights");
    let said = sum(&dana.get("/invoices").body);
    assert!(said.contains("not known: no run of this month was accepted") && !said.contains('8'), "{said}");
    desk.close();
}

/// Otherwise somebody sends the invoices of all vendors while one of them is not ready.
#[test]
fn the_invoices_page_says_of_each_integration_which_condition_is_open() {
    let night = held_night();
    let desk = DeskOfNight::open(&night);
    let mut dana = desk.person("dana", "viewer");
    let page = dana.get("/invoices").body;
    let row = |said: &str| {
        page.split(said).nth(1).and_then(|rest| rest.split("</tr>").next()).expect("a condition").to_owned()
    };
    assert!(row(">Everybody is mapped<").contains("<a class=\"hot ask\" href=\"/\">"), "{page}");
    assert!(row(">Mode apply<").contains(">yes<"), "{page}");
    assert!(row(">ready<").contains("not yet") && page.contains("NOT YET: "), "{page}");
    assert!(!page.contains("Nothing is set back"), "nobody undid anything: {page}");
    desk.close();
}

/// Otherwise whoever follows a mail of yesterday answers what a colleague has answered since, or overlooks what is open still.
#[test]
fn a_night_says_how_what_it_held_stands_by_now() {
    let night = held_night();
    let run = night.recount(&["report", "--json"]).json()["runs"][0]["run"].as_i64().expect("a run");
    night.recount(&["accept", &handle(&night, "to-zero")]).exits(0);
    let desk = DeskOfNight::open(&night);
    let mut dana = desk.person("dana", "viewer");
    let page = dana.get(&format!("/nights/{run}")).body;
    let rows: Vec<&str> = page.split("<article class=\"row\"").collect();
    let row = |words: &str| *rows.iter().find(|row| row.contains(words)).unwrap_or_else(|| panic!("{words}: {page}"));
    let slip = page.split("<div class=\"slip\">").nth(1).and_then(|rest| rest.split("</div>").next()).expect("a slip");
    assert!(slip.contains("MP-CLOUDFILTER") && slip.contains("accepted by ") && !slip.contains("still open"), "{slip}");
    assert!(row("customer unmapped").contains("<b>still open</b>"), "{page}");
    assert!(page.contains("Of 2 held items, 1 is still open."), "{page}");
    assert!(page.contains("30 nights</th>") && page.contains("class=\"trend\""), "{page}");
    desk.close();
}

/// Otherwise an item of a month's age is buried under thirty rows that say the same, and what Accept sends has to be guessed.
#[test]
fn an_item_says_what_would_be_sent_and_on_which_nights_it_moved() {
    let night = Night::busy();
    night.run().exits(0);
    night.export("Account,Product,Quantity\nAcme,CloudFilter,7\nAcme,Archive,0\nBorealis,CloudFilter,6\n");
    night.run().exits(3);
    let first = night.recount(&["report", "--json"]).json()["runs"][0]["run"].as_i64().expect("a run");
    night.run().exits(3);
    let desk = DeskOfNight::open(&night);
    let mut dana = desk.person("dana", "viewer");
    let page = dana.get(&format!("/items/{}", handle(&night, "to-zero"))).body;
    assert!(page.contains("quantity 2 → 0, and nothing else"), "{page}");
    let nights = page.split("<caption>Nights ").nth(1).expect("the nights");
    assert!(nights.contains(&format!("/nights/{first}\"")), "{page}");
    assert!(!nights.contains(&format!("/nights/{}\"", first + 1)), "the second one said the same: {page}");
    desk.close();
}

/// Otherwise nobody who signs the invoices is reminded of whom the mapping leaves out.
#[test]
fn the_invoices_page_names_who_is_skipped() {
    let night = Night::busy();
    night.write("customers.csv", "customer,company_id,agreement_id,note\nAcme,1,,\nBorealis,2,,\nHouse,,,our own\n");
    night.export("Account,Product,Quantity\nAcme,CloudFilter,7\nBorealis,CloudFilter,6\nHouse,CloudFilter,4\n");
    night.run();
    let page = std::fs::read_to_string(night.path("state/reports/ready.html")).expect("the page");
    let skipped = page.split("Left as it is, on purpose").nth(1).unwrap_or_else(|| panic!("{page}"));
    assert!(skipped.contains(">House<") && skipped.contains("skipped on purpose"), "{page}");
}

/// Otherwise an attempt to get in is looked for among a thousand answers.
#[test]
fn the_audit_is_narrowed_to_what_was_refused_and_to_a_day() {
    let night = held_night();
    let desk = DeskOfNight::open(&night);
    let mut dana = desk.person("dana", "admin");
    desk.browser().sign_in("dana", "a wrong password");
    let refused = dana.get("/audit?what=refused").body;
    let table = |page: &str| page.split("<tbody>").nth(1).unwrap_or_default().to_owned();
    assert!(table(&refused).contains(">refused<") && !table(&refused).contains("chose a password"), "{refused}");
    let today = crate::support::today();
    assert!(table(&dana.get(&format!("/audit?day={today}")).body).contains("chose a password"));
    let before = today - chrono::TimeDelta::days(2);
    assert!(dana.get(&format!("/audit?day={before}")).body.contains("Nothing fits this filter"));
    assert!(table(&dana.get("/audit?day=x&what=y").body).contains("chose a password"), "what is no filter narrows");
    desk.close();
}

/// Otherwise nobody sees whether the connection works until the night has failed.
#[test]
fn what_an_integration_needs_is_tested() {
    let night = held_night();
    let desk = DeskOfNight::open(&night);
    let mut dana = desk.person("dana", "operator");
    let page = dana.get("/integrations").body;
    assert!(
        page.contains("not tested yet") && page.contains("not set up") && !page.contains("value=\"tickets\""),
        "{page}"
    );
    let test = "/integrations/mail/test";
    assert_eq!(dana.press("/integrations", test, &[("what", "connection")]).status, 303);
    let page = dana.get("/integrations").body;
    assert!(page.contains("dana") && !page.contains("not tested yet"), "{page}");
    assert!(page.contains("keys, may read companies, may read agreements"), "{page}");
    assert!(!page.contains("customer-unmapped"), "an open item passes for a missing right: {page}");
    for (path, what) in [(test, "tickets"), (test, "alerts"), ("/integrations/other/test", "connection")] {
        assert_eq!(dana.press("/integrations", path, &[("what", what)]).status, 404, "{path} {what}");
    }
    assert!(dana.get("/audit").body.contains("tested the connection"));
    desk.close();
}

/// Somebody who tested one vendor's alert woke the team of another, and the audit said otherwise.
#[test]
fn an_alert_is_tested_for_the_integrations_that_it_tells_of() {
    let night = held_night();
    night.append(
        "\n[integration.rmm]\nconnectwise = \"main\"\nmode = \"observe\"\ncustomers = \"customers.csv\"\n\
         [integration.rmm.export]\npath = \"exports/rmm-*.csv\"\ncolumns = { customer = \"A\", service = \"B\", count = \"C\" }\n\
         [alert.team]\nkind = \"ping\"\nurl = { file = \"keys/ping\" }\nintegrations = [\"rmm\"]\n",
    );
    night.secret("ping", "https://127.0.0.1:9/ping", 0o600);
    let desk = DeskOfNight::open(&night);
    let mut dana = desk.person("dana", "operator");
    assert_eq!(dana.get("/integrations").body.matches("value=\"alerts\"").count(), 1, "of rmm alone");
    assert_eq!(dana.press("/integrations", "/integrations/mail/test", &[("what", "alerts")]).status, 404);
    assert_eq!(dana.press("/integrations", "/integrations/rmm/test", &[("what", "alerts")]).status, 303);
    desk.close();
}

/// Otherwise a page cannot be used with a keyboard or a screen reader: each field has a label, each table its heads.
#[test]
fn every_field_has_a_name() {
    let night = held_night();
    let desk = DeskOfNight::open(&night);
    let mut dana = desk.person("dana", "admin");
    for path in ["/", "/plan", "/customers", "/services", "/export", "/integrations", "/audit", "/nights", "/signin"] {
        let page = dana.get(path).body;
        for field in page.split("<input ").skip(1).chain(page.split("<select ").skip(1)) {
            let field = field.split('>').next().unwrap_or_default();
            let Some(id) = field.split("id=\"").nth(1).and_then(|rest| rest.split('"').next()) else {
                assert!(field.contains("type=\"hidden\"") || field.contains("type=\"checkbox\""), "{path}: {field}");
                continue;
            };
            assert!(page.contains(&format!("for=\"{id}\"")), "{path}: no label for {id}");
        }
        assert!(page.matches("<h1").count() == 1, "{path}");
    }
    desk.close();
}

/// The card of a whole plan led nowhere, and not to the plan that waits for its approval.
#[test]
fn a_plan_that_is_held_leads_to_where_it_is_approved() {
    let night = Night::new();
    night.export(BUSY);
    let run = night.run().exits(10).first_run()["run"].to_string();
    let desk = DeskOfNight::open(&night);
    let page = desk.person("dana", "admin").get("/").body;
    assert!(page.contains(&format!("href=\"/plan?run={run}\">Look at the plan")), "{page}");
    assert!(!page.contains("href=\"/items/\"") && !page.contains("value=\"\" form=\"several\""), "{page}");
}

/// Otherwise whoever approves a held plan sees the one guard that stopped it, and not what the others measured; or takes for
/// counted what a policy made of it.
#[test]
fn a_plan_shows_what_each_guard_measured_and_what_was_counted() {
    let night = Night::new();
    night.export(BUSY);
    night.run().exits(10);
    let desk = DeskOfNight::open(&night);
    let page = desk.person("dana", "admin").get("/plan").body;
    let fold = page.split("<details class=\"fold\"><summary>").find(|part| part.contains("looked at it"));
    let fold = fold.expect("the guards are folded").split("</details>").next().expect("a fold");
    assert!(fold.contains("hold") && fold.contains("limit 30 %") && fold.contains("the limit is 36 h"), "{fold}");
    assert_eq!(fold.matches("<li>").count(), fold.matches("aria-hidden=\"true\"").count(), "a sign each: {fold}");
    assert!(page.contains("<th class=\"n wide\" scope=\"col\">counted</th>"), "{page}");
    assert!(page.contains("Units billed "), "{page}");
    desk.close();
}

/// Otherwise the nights are a picture that leads nowhere, and nobody sees which of them stands there.
#[test]
fn the_nights_before_a_night_are_links_and_what_differs_stands_folded() {
    let night = held_night();
    night.run();
    let desk = DeskOfNight::open(&night);
    let mut dana = desk.person("dana", "viewer");
    let newest = dana.get("/nights").body;
    let path =
        newest.split("href=\"/nights/").nth(1).expect("a night").split('"').next().expect("its number").to_owned();
    let page = dana.get(&format!("/nights/{path}")).body;
    assert!(page.contains(&format!("<a href=\"/nights/{path}\" aria-current=\"page\">")), "{page}");
    assert!(page.contains("Against the night before") && page.contains("as many rows"), "{page}");
    desk.close();
}

/// The invoices page said READY on the day on which nothing is billed any more.
#[test]
fn every_page_says_that_an_older_history_was_put_back() {
    let night = Night::busy();
    let desk = DeskOfNight::open(&night);
    let mut dana = desk.person("dana", "admin");
    let backup = std::fs::read(night.path("state/history.db")).expect("a backup");
    let log = std::fs::read(night.path("state/history.db-wal")).unwrap_or_default();
    night.run().exits(0);
    assert!(dana.get("/invoices").body.contains("READY"), "as it should be");
    desk.close();
    for name in ["history.db-wal", "history.db-shm"] {
        let _ = std::fs::remove_file(night.path("state").join(name));
    }
    night.write("state/history.db", backup);
    if !log.is_empty() {
        night.write("state/history.db-wal", log);
    }
    let desk = DeskOfNight::open(&night);
    let mut dana = desk.browser();
    dana.sign_in("dana", super::client::PASSWORD);
    for path in ["/", "/invoices", "/plan", "/nights"] {
        let page = dana.get(path);
        assert!(page.body.contains("The history is older than its last run."), "{path}: {}", page.body);
        assert!(!page.body.contains(">READY<"), "{path}: {}", page.body);
    }
    for path in ["/", "/nights", "/nights/2", "/customers/Acme", "/integrations", "/live"] {
        let page = dana.get(path).body;
        assert!(page.contains("NOT KNOWN SINCE") && !page.contains(">OK<"), "{path}: {page}");
        assert!(!page.contains("Nothing to decide"), "{path}: {page}");
    }
    let health = dana.get("/healthz");
    assert!(health.status == 200 && health.body.starts_with("up, but the history is older"), "{}", health.body);
    for name in ["history.db-wal", "history.db-shm"] {
        let _ = std::fs::remove_file(night.path("state").join(name));
    }
    night.write("state/history.db", "no database");
    assert_eq!(dana.get("/healthz").status, 503, "a history that cannot be read is no health");
    desk.close();
}

/// Who has the desk alone could not end it: each night was refused, and no button did what the report said.
#[test]
fn a_plan_that_ends_the_refusals_by_the_clock_can_be_approved_without_a_change() {
    let night = Night::new();
    night.approve();
    let database = rusqlite::Connection::open(night.path("state/history.db")).expect("opened");
    database.execute("UPDATE runs SET finished_at = '2999-01-01T00:00:00.000000000Z'", []).expect("changed");
    drop(database);
    night.run().exits(16);
    let desk = DeskOfNight::open(&night);
    let mut dana = desk.person("dana", "operator");
    night.recount(&["plan"]).exits(3);
    let page = dana.get("/plan");
    assert!(page.body.contains("Approve and write") && page.body.contains("the clock says"), "{}", page.body);
    desk.close();
}

/// Otherwise whoever looks for a customer with something open, or for one that has not changed for long, opens every page.
#[test]
fn each_customer_has_its_units_its_open_items_and_when_it_last_changed() {
    let night = held_night();
    night.export("Account,Product,Quantity\nAcme,CloudFilter,0\nAcme,Archive,4\nBorealis,CloudFilter,7\nNobody yet,CloudFilter,5\n");
    night.run().exits(3);
    let desk = DeskOfNight::open(&night);
    let mut dana = desk.person("dana", "viewer");
    let page = dana.get("/customers").body;
    let page = page.split("All customers ").nth(1).expect("the list");
    let cells = |name: &str| -> Vec<String> {
        let row = page
            .split("<tr>")
            .find(|row| row.contains(&format!(">{name}<")))
            .unwrap_or_else(|| panic!("no {name}: {page}"));
        let cells = row.split("<td").skip(1).filter_map(|cell| cell.split_once('>')?.1.split("</td>").next());
        let text = |cell: &str| {
            cell.split('<')
                .filter_map(|part| part.split_once('>').map(|(_, text)| text).or(Some(part)))
                .collect::<String>()
        };
        cells.map(text).collect()
    };
    let today = crate::support::today().format("%-d %b").to_string();
    let numbers = |name: &str| cells(name)[3..7].to_vec();
    let [lines, units, open, changed] = numbers("Acme").try_into().expect("four cells");
    assert_eq!((lines.as_str(), units.as_str(), open.as_str()), ("2", "4", "1"), "{page}");
    assert!(changed.contains(&today), "{changed}");
    let [_, units, open, changed] = numbers("Nobody yet").try_into().expect("four cells");
    assert_eq!((units.as_str(), open.as_str(), changed.as_str()), ("5", "1", "–none"), "{page}");
    let open = dana.get("/customers?s=open").body;
    let listed = open.split("All customers").nth(1).expect("the list");
    assert!(listed.contains(">Acme<") && !listed.contains(">Borealis<"), "{open}");
    desk.close();
}
