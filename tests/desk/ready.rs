//! The page of a month's invoices says READY only where all is written that the invoices stand on, as things are now.

use chrono::{TimeDelta, Utc};
use recount_sim::Agreement;

use super::client::{Browser, DeskOfNight, handle};
use super::uploads::bring;
use crate::support::Night;

/// The page as text, a space between its parts.
fn page(browser: &mut Browser) -> String {
    text(&browser.get("/invoices").body)
}

fn kept(night: &Night) -> String {
    text(&std::fs::read_to_string(night.path("state/reports/ready.html")).expect("the page"))
}

fn text(page: &str) -> String {
    let main = page.split("<main").nth(1).unwrap_or(page);
    let parts: Vec<&str> =
        main.split('<').filter_map(|part| part.split_once('>')).map(|(_, text)| text.trim()).collect();
    parts.into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" ")
}

fn is_ready(page: &str) -> bool {
    page.contains(" READY ")
}

/// Of a condition's row what follows its name.
fn row<'p>(page: &'p str, condition: &str) -> &'p str {
    let row = page.split(condition).nth(1).unwrap_or_else(|| panic!("no {condition}: {page}"));
    row.char_indices().nth(100).map_or(row, |(end, _)| &row[..end])
}

/// A night that changed something and left nothing open.
fn ready_night() -> Night {
    let night = Night::busy();
    night.run().exits(0);
    night
}

/// All runs as if they had been so long ago.
fn put_back(night: &Night, by: TimeDelta) {
    let history = rusqlite::Connection::open(night.path("state/history.db")).expect("the history");
    let runs: Vec<(i64, String, String)> = history
        .prepare("SELECT run, started_at, finished_at FROM runs")
        .and_then(|mut runs| runs.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?.collect())
        .expect("the runs");
    let earlier = |at: &str| {
        let at: chrono::DateTime<Utc> = at.parse().expect("a time");
        (at - by).to_rfc3339_opts(chrono::SecondsFormat::Nanos, true)
    };
    for (run, started, finished) in runs {
        let sql = "UPDATE runs SET started_at = ?2, finished_at = ?3 WHERE run = ?1";
        history.execute(sql, (run, earlier(&started), earlier(&finished))).expect("an older run");
    }
}

/// Otherwise the invoices go out on numbers of weeks ago, under READY, while `status` says that no night has run.
#[test]
fn the_invoices_are_not_ready_once_no_night_ran_when_it_should_have() {
    let night = ready_night();
    assert!(kept(&night).contains(". Where no night has run by "), "{}", kept(&night));
    let desk = DeskOfNight::open(&night);
    let mut dana = desk.person("dana", "viewer");
    let before = page(&mut dana);
    assert!(is_ready(&before) && row(&before, "A night ran when it should have").contains('✓'), "{before}");
    put_back(&night, TimeDelta::days(3));
    night.recount(&["status"]).exits(1);
    let late = page(&mut dana);
    assert!(!is_ready(&late) && !row(&late, "A night ran when it should have").starts_with(" ✓"), "{late}");
    assert!(row(&late, "on a fresh export").contains("export 0 min old") || late.contains("export "), "{late}");
    put_back(&night, TimeDelta::days(400));
    let month = page(&mut dana);
    assert!(!is_ready(&month) && month.contains("no run of this month was accepted"), "{month}");
    assert!(month.contains("export "), "{month}");
    desk.close();
}

/// Otherwise nothing of it is billed, and no page before the invoices bears its name.
#[test]
fn an_integration_that_never_ran_is_named_before_the_invoices() {
    for mode in ["apply", "observe"] {
        let night = ready_night();
        let config = std::fs::read_to_string(night.path("recount.toml")).expect("the configuration");
        let own = config.split("[integration.mail]").nth(1).expect("the integration");
        let other = format!("[integration.backup]{own}").replace("integration.mail", "integration.backup");
        let other = other.replace("mode = \"apply\"", &format!("mode = \"{mode}\"")).replace("MP-", "BK-");
        night.write("recount.toml", format!("{config}\n{other}"));
        let desk = DeskOfNight::open(&night);
        let mut dana = desk.person("dana", "viewer");
        let page = page(&mut dana);
        assert!(!is_ready(&page) && page.contains("backup"), "{page}");
        assert!(row(&page, "A night ran when it should have").contains("it never ran"), "{page}");
        night.recount(&["integrations", "disable", "backup"]).exits(0);
        assert!(is_ready(&self::page(&mut dana)), "nothing is expected of it: {}", self::page(&mut dana));
        night.recount(&["integrations", "enable", "backup", "--mode", mode]).exits(0);
        assert!(kept(&night).contains("it never ran") && !is_ready(&kept(&night)), "{}", kept(&night));
        desk.close();
    }
}

/// READY, "Every change is written", and a customer who was billed nothing in December.
#[test]
fn a_line_that_waits_for_another_one_is_told_before_the_invoices() {
    let night = Night::new();
    night.config("guards", "min_lines_seen = \"10%\"\nmax_units_down = \"100%\"\nmin_units = \"10%\"");
    night.approve();
    night.run().exits(0);
    night.sim().edit(|world| {
        let own = world.agreements.iter().find(|agreement| agreement.id == 20).expect("the agreement");
        let other = Agreement { id: 21, kind: "Legacy".to_owned(), ..own.clone() };
        world.agreements.push(other);
    });
    night.write("customers.csv", "customer,company_id,agreement_id,note\nAcme,1,10,\nBorealis,2,21,\n");
    night.run().exits(3);
    night.recount(&["accept", &handle(&night, "line-left-behind"), "--to", "0"]).exits(0);
    night.run().exits(0);
    let desk = DeskOfNight::open(&night);
    let mut dana = desk.person("dana", "viewer");
    for page in [page(&mut dana), kept(&night)] {
        assert!(!is_ready(&page), "5 units are billed nowhere: {page}");
        assert!(row(&page, "Every change is written").contains("1 line to be written"), "{page}");
        let waits = page.split("Counted, and not written").nth(1).unwrap_or_else(|| panic!("{page}"));
        assert!(waits.contains("Borealis") && waits.contains(" 5 "), "{page}");
    }
    night.run().exits(0);
    assert!(is_ready(&page(&mut dana)), "{}", page(&mut dana));
    desk.close();
}

/// Otherwise whoever answers, maps or switches in the afternoon sees READY of a night that knew nothing of it.
#[test]
fn what_was_done_since_the_newest_run_is_seen_before_the_invoices() {
    let night = ready_night();
    night.export("Account,Product,Quantity\nAcme,CloudFilter,7\nAcme,Archive,0\nBorealis,CloudFilter,6\n");
    night.run().exits(3);
    let held = handle(&night, "to-zero");
    night.recount(&["keep", &held]).exits(0);
    night.run().exits(0);
    let desk = DeskOfNight::open(&night);
    let mut dana = desk.person("dana", "admin");
    assert!(is_ready(&page(&mut dana)), "{}", page(&mut dana));
    let since = "Nothing was changed since the newest run";
    let opens = |dana: &mut Browser, condition: &str, said: &str| {
        let page = page(dana);
        assert!(!is_ready(&page) && row(&page, condition).contains(said), "{said}: {page}");
    };

    night.recount(&["held", "--reopen", &held]).exits(0);
    opens(&mut dana, since, "1 answer");
    night.run().exits(3);
    night.recount(&["keep", &held]).exits(0);
    night.run().exits(0);
    assert!(is_ready(&page(&mut dana)), "{}", page(&mut dana));

    let customers = std::fs::read_to_string(night.path("customers.csv")).expect("the customers");
    night.write("customers.csv", customers.replace("Borealis,2", "Borealis,"));
    opens(&mut dana, since, "customers.csv");
    night.write("customers.csv", &customers);
    night.run().exits(0);

    let config = std::fs::read_to_string(night.path("recount.toml")).expect("the configuration");
    night.write("recount.toml", config.replace("\"MP-ARCHIVE\" }", "\"MP-CLOUDFILTER\" }"));
    opens(&mut dana, since, "recount.toml");
    night.write("recount.toml", format!("# more of another integration\n{config}"));
    assert!(is_ready(&page(&mut dana)), "nothing of this one: {}", page(&mut dana));

    let mode = |dana: &mut Browser, mode: &str| {
        let path = "/integrations/mail/mode";
        let shown = dana.shown("/integrations", path);
        let done = dana.press("/integrations", path, &[("mode", mode), ("shown", &shown)]);
        assert_eq!(done.status, 303, "{}", done.body);
    };
    mode(&mut dana, "observe");
    opens(&mut dana, "Mode apply", "observe");
    mode(&mut dana, "apply");
    assert!(is_ready(&page(&mut dana)), "{}", page(&mut dana));

    bring(
        &mut dana,
        "right.csv",
        b"Account,Product,Quantity\nAcme,CloudFilter,8\nAcme,Archive,2\nBorealis,CloudFilter,6\n",
    );
    let shown = dana.shown("/export", "/export/keep");
    assert_eq!(dana.press("/export", "/export/keep", &[("integration", "mail"), ("shown", &shown)]).status, 303);
    opens(&mut dana, since, "another export was kept");

    // What a night has written by a file that is withdrawn since is no sheet to sign.
    night.run().exits(0);
    assert!(is_ready(&page(&mut dana)), "{}", page(&mut dana));
    let shown = dana.shown("/export", "/export/take-back");
    assert_eq!(dana.press("/export", "/export/take-back", &[("integration", "mail"), ("shown", &shown)]).status, 303);
    opens(&mut dana, since, "an export was taken back");
    desk.close();
}

/// A dry run is no night: after a refused one Today said that it needs a look, and this page READY.
#[test]
fn a_dry_run_after_a_refused_night_does_not_make_the_invoices_ready() {
    let night = ready_night();
    let good = "Account,Product,Quantity\nAcme,CloudFilter,7\nAcme,Archive,2\nBorealis,CloudFilter,6\n";
    night.export("Account,Product,Quantity\n");
    night.run().exits(11);
    night.export(good);
    night.recount(&["plan"]);
    let desk = DeskOfNight::open(&night);
    let mut dana = desk.person("dana", "viewer");
    let page = page(&mut dana);
    assert!(!is_ready(&page) && row(&page, "on a fresh export").contains("REFUSED"), "{page}");
    desk.close();
}

/// Otherwise whoever invoices on the 1st has no sheet to sign: the month says "1 item" for ever, and lists none.
#[test]
fn a_month_that_ended_with_an_item_says_what_became_of_it() {
    let night = ready_night();
    night.export("Account,Product,Quantity\nAcme,CloudFilter,7\nAcme,Archive,0\nBorealis,CloudFilter,6\n");
    night.run().exits(3);
    put_back(&night, TimeDelta::days(35));
    let month = (crate::support::today() - TimeDelta::days(35)).format("/invoices?month=%Y-%m").to_string();
    let desk = DeskOfNight::open(&night);
    let mut dana = desk.person("dana", "viewer");
    let mut shown = || text(&dana.get(&month).body);
    let open = shown();
    let listed = open.split("Open when ").nth(1).unwrap_or_else(|| panic!("no items: {open}"));
    assert!(listed.contains("MP-ARCHIVE") && listed.contains("to zero") && listed.contains("still open"), "{open}");
    night.export("Account,Product,Quantity\nAcme,CloudFilter,7\nAcme,Archive,2\nBorealis,CloudFilter,6\n");
    night.run();
    let settled = shown();
    assert!(!is_ready(&settled) && !settled.contains("still open"), "{settled}");
    assert!(settled.contains("does not ask it any more, and left 2 billed"), "{settled}");
    desk.close();
}
