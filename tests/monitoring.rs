//! What watches over recount: `status`, `integrations`, metrics, pages; and that all of them say the same of a night.

mod agreement;
mod exposition;
pub(crate) mod pages;

use crate::support::Night;

/// Otherwise nobody would notice that a night failed until the invoices are out.
#[test]
fn a_bad_night_is_unhealthy_until_a_good_one() {
    let night = Night::new();
    let never = night.recount(&["status"]).exits(1);
    assert!(never.out.contains("it never ran"), "{}", never.out);
    night.approve();
    night.recount(&["status"]).exits(0);
    night.fault(r#"[{"then": {"status": 401}}]"#);
    night.run().exits(13);
    let status = night.recount(&["status", "mail"]).exits(13);
    assert!(status.out.contains("unhealthy") && status.out.contains("recount report"), "{}", status.out);
    night.no_faults();
    // A look at it heals nothing.
    night.recount(&["plan"]).exits(0);
    night.recount(&["status"]).exits(13);
    night.run().exits(0);
    let status = night.recount(&["status", "--json"]).exits(0).json();
    assert_eq!(status["integrations"][0]["healthy"], true, "{status}");
    night.recount(&["status", "male"]).exits(2);
}

/// The numbers of the first night replaced the mapping, the configuration or the history, and `check` had said that all is well.
#[test]
fn the_numbers_are_written_over_nothing_that_is_read() {
    for file in
        ["recount.toml", "customers.csv", "state/../customers.csv", "state/history.db", "state", "state/host.id"]
    {
        let night = Night::new();
        night.approve();
        night.config_root(&format!("metrics_file = \"{file}\""));
        let read = std::fs::read_to_string(night.path("recount.toml")).expect("the configuration");
        for command in ["check", "run"] {
            let said = night.recount(&[command]).exits(16);
            assert!(said.err.contains("`metrics_file` is"), "{file}: {}", said.err);
        }
        assert_eq!(std::fs::read_to_string(night.path("recount.toml")).expect("the configuration"), read, "{file}");
    }
    let night = Night::new();
    night.approve();
    let config = std::fs::read_to_string(night.path("recount.toml")).expect("the configuration");
    night.write("recount.toml", config.replace("exports/mail-*.csv", "exports/*"));
    night.config_root("metrics_file = \"./exports/recount.prom\"");
    for command in ["check", "run"] {
        let said = night.recount(&[command]).exits(16);
        assert!(said.err.contains("export.path` matches: it would be read as an export"), "{}", said.err);
    }
    let night = Night::new();
    night.approve();
    night.config_root("metrics_file = \"not-there/recount.prom\"");
    let said = night.recount(&["check"]).exits(16);
    assert!(said.out.contains("✗ metrics_file"), "{}", said.out);
    night.run().exits(0);
    std::fs::create_dir(night.path("not-there")).expect("a folder");
    night.recount(&["check"]).exits(0);
    night.run().exits(0);
    assert!(night.path("not-there/recount.prom").exists());
}

/// "It never ran" beside a plan of this morning reads like a fault of the page.
#[test]
fn plans_are_no_nightly_runs_and_are_seen_all_the_same() {
    let night = Night::new();
    night.recount(&["plan"]).exits(0);
    let status = night.recount(&["status"]).exits(1);
    assert!(status.out.contains("no nightly run yet, plans only"), "{}", status.out);
    let document = night.recount(&["status", "--json"]).exits(1).json();
    assert_eq!(document["integrations"][0]["state"], "never-ran", "{document}");
    let index = std::fs::read_to_string(night.path("state/reports/index.html")).expect("the index");
    assert!(index.contains("no nightly run yet, plans only"), "{index}");
}

/// Otherwise a timer that was never enabled would look like a year of quiet nights.
#[test]
fn a_night_that_does_not_come_is_unhealthy() {
    let night = Night::new();
    night.approve();
    let history = rusqlite::Connection::open(night.path("state/history.db")).expect("the history");
    let old = "2026-01-01T02:00:00.000000000Z";
    history.execute("UPDATE runs SET started_at = ?1, finished_at = ?1", [old]).expect("long ago");
    drop(history);
    let status = night.recount(&["status", "--json"]).exits(1).json();
    assert_eq!(status["integrations"][0]["state"], "overdue", "{status}");
    night.config_root("# nothing else");
    night.append("\n[integration.other]\nconnectwise = \"main\"\nmode = \"off\"\ncustomers = \"customers.csv\"\n\
                  [integration.other.export]\npath = \"x\"\ncolumns = { customer = \"a\", service = \"b\", count = \"c\" }\n");
    let list = night.recount(&["integrations", "--json"]).exits(0).json();
    let states: Vec<&str> =
        list["integrations"].as_array().expect("a list").iter().filter_map(|one| one["state"].as_str()).collect();
    assert_eq!(states, ["overdue", "off"], "{list}");
}

/// Otherwise a switch would have to be thrown by hand in a file that bills people.
#[test]
fn an_integration_is_switched_off_and_on_in_place() {
    let night = Night::new();
    let before = std::fs::read_to_string(night.path("recount.toml")).expect("the configuration");
    let list = night.recount(&["integrations"]).exits(0);
    assert!(list.out.contains("mail  apply") && list.out.contains("2 mapped, 0 skipped"), "{}", list.out);
    night.recount(&["integrations", "disable", "mail"]).exits(0);
    night.recount(&["run"]).exits(0);
    night.recount(&["integrations", "enable", "mail", "--mode", "observe"]).exits(0);
    let observing = std::fs::read_to_string(night.path("recount.toml")).expect("the configuration");
    assert_eq!(observing, before.replace("mode = \"apply\"", "mode = \"observe\""));
    night.recount(&["integrations", "enable", "mail", "--mode", "apply"]).exits(0);
    assert_eq!(std::fs::read_to_string(night.path("recount.toml")).expect("the configuration"), before);
    let said = night.recount(&["integrations", "enable", "mail", "--mode", "apply"]).out;
    assert!(said.contains("needs your approval") && said.contains("recount apply"), "{said}");
    night.approve();
    let said = night.recount(&["integrations", "enable", "mail", "--mode", "apply"]).out;
    assert!(said.contains("its next run writes") && !said.contains("recount apply"), "that one needs none: {said}");
    night.recount(&["integrations", "enable", "male", "--mode", "apply"]).exits(2);
    night.recount(&["integrations", "enable", "mail"]).exits(2);
}

/// The page said READY, apply mode, of a name that nothing was expected of any more.
#[test]
fn what_is_not_on_any_more_is_no_part_of_the_page_before_the_invoices() {
    let night = Night::new();
    night.approve();
    night.run().exits(0);
    let ready = || std::fs::read_to_string(night.path("state/reports/ready.html")).expect("the page");
    assert!(ready().contains(">mail<"), "{}", ready());
    let config = std::fs::read_to_string(night.path("recount.toml")).expect("the configuration");
    night.write("recount.toml", config.replace("integration.mail", "integration.post"));
    night.run().exits(0);
    assert!(ready().contains(">post<") && !ready().contains(">mail<"), "{}", ready());
    night.recount(&["integrations", "disable", "post"]).exits(0);
    assert!(!ready().contains(">post<"), "no run comes any more that would draw the page anew: {}", ready());
    night.recount(&["integrations", "enable", "post", "--mode", "apply"]).exits(0);
    assert!(ready().contains(">post<"), "{}", ready());
    night.recount(&["integrations", "disable", "post"]).exits(0);
    let said = night.recount(&["check"]).exits(0).out;
    assert!(said.contains("post: off") && said.contains("Next: recount integrations"), "{said}");
    let refused = night.recount(&["run", "post"]).exits(16);
    let fix = refused.err.lines().find_map(|line| line.trim().strip_prefix("fix: recount ")).expect("a command");
    night.recount(&fix.split(' ').collect::<Vec<_>>()).exits(0);
}

/// Otherwise a second operator would start a run on top of one, or wonder.
#[test]
fn a_run_in_progress_shows_as_such() {
    let night = Night::busy();
    night.fault(r#"[{"when": {"path": "/agreements/10/additions"}, "then": {"connection": "hold"}}]"#);
    let running = night.start(&["run"]);
    crate::support::wait_until("the run reads", || !night.sent("GET").is_empty());
    let list = night.recount(&["integrations", "--json"]).exits(0).json();
    assert!(list["running"].as_str().is_some_and(|holder| holder.starts_with("process ")), "{list}");
    assert!(list["integrations"][0]["running"].is_i64(), "{list}");
    night.recount(&["status"]).exits(0);
    night.heard(running.kill());
    let status = night.recount(&["status", "--json"]).exits(1).json();
    assert_eq!(
        (&status["running"], &status["integrations"][0]["state"]),
        (&serde_json::Value::Null, &"cut-off".into())
    );
}
