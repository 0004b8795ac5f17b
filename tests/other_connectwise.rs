//! `url` or `company` of recount.toml is changed: the history stays what it is of. Numbers of agreements, lines and tickets
//! mean something else in another ConnectWise.

use std::fs;

use serde_json::Value;

use crate::support::{BUSY, Night, wait_until};

/// Points an installation at a ConnectWise: `localhost` is another host than `127.0.0.1`.
fn point(night: &Night, url: &str) {
    let text = fs::read_to_string(night.path("recount.toml")).expect("the configuration");
    let line = text.lines().find(|line| line.starts_with("url = ")).expect("the url").to_owned();
    night.write("recount.toml", text.replace(&line, &format!("url = \"{url}\"")));
}

fn point_elsewhere(night: &Night, other: &Night) {
    point(night, &other.sim().url().replace("127.0.0.1", "localhost"));
}

/// A night that was killed after ConnectWise had created the line of Acme's archive, and before anybody read the answer.
fn cut_off() -> Night {
    let night = Night::busy();
    night.fault(r#"[{"when": {"method": "POST"}, "then": {"connection": "hold", "applied": true}}]"#);
    let run = night.start(&["run", "-vv"]);
    wait_until("the creation", || night.sent("POST").iter().any(|post| post.applied > 0));
    night.heard(run.kill());
    night.no_faults();
    night
}

/// Another ConnectWise, which bills on an agreement of the same number what was asked for there.
fn another(with_the_line: bool) -> Night {
    let other = Night::new();
    if with_the_line {
        other.sim().edit(|world| {
            let mut line = world.additions[0].clone();
            (line.id, line.product, line.quantity) = (9_000, "MP-ARCHIVE".to_owned(), 2.into());
            world.additions.push(line);
        });
    }
    other.sim().clear_requests();
    other
}

fn billed(night: &Night, product: &str) -> usize {
    night.billed().iter().filter(|(_, billed, _)| billed == product).count()
}

fn open_creations(night: &Night) -> usize {
    night.journal().iter().filter(|write| write.creates && !write.applied).count()
}

/// Looked for in the wrong place, it was taken for done where it was not, or sent a second time.
#[test]
fn a_write_in_doubt_is_looked_for_in_the_connectwise_that_it_was_sent_to() {
    for with_the_line in [true, false] {
        let (night, other) = (cut_off(), another(with_the_line));
        point_elsewhere(&night, &other);
        for command in [["run", "--json"].as_slice(), &["plan", "--json"], &["run", "--json", "-vv"]] {
            let said = night.recount(command);
            assert!(said.codes().contains(&"in-doubt".to_owned()), "{}", said.out);
            assert!(said.out.contains("it was sent to 127.0.0.1") && said.out.contains("set url"), "{}", said.out);
        }
        assert_eq!(open_creations(&night), 1, "nothing is known of it: {:#?}", night.journal());
        assert!(other.sim().writes().is_empty(), "{:#?}", other.sim().writes());

        point(&night, &night.sim().url());
        night.sim().clear_requests();
        let said = night.run().exits(0);
        assert!(said.out.contains("is not written again"), "{}", said.out);
        assert_eq!((billed(&night, "MP-ARCHIVE"), open_creations(&night)), (1, 0), "with the line: {with_the_line}");
        assert!(night.sent("POST").is_empty(), "{}", said.out);
    }
}

/// The other ConnectWise may be the same one by another name: a second line would bill the customer twice.
#[test]
fn where_a_write_is_in_doubt_elsewhere_no_line_is_created_even_by_a_plan_that_somebody_approves() {
    let (night, other) = (cut_off(), another(false));
    point_elsewhere(&night, &other);
    night.run().exits(10);
    let said = night.recount(&["apply", &night.plan(), "--json"]);
    assert!(said.out.contains("no line is created before that is known"), "{}", said.out);
    assert_eq!(billed(&other, "MP-ARCHIVE"), 0, "{}", said.out);
    assert_eq!(other.sent("PATCH").len(), 2, "the other lines are what was approved: {}", said.out);

    other.sim().edit(|world| {
        let mut line = world.additions[0].clone();
        (line.id, line.product, line.quantity) = (9_000, "MP-ARCHIVE".to_owned(), 1.into());
        world.additions.push(line);
    });
    night.run();
    let now = |world: recount_sim::World| world.addition(9_000).map(|line| line.quantity);
    assert_eq!(now(other.sim().world()), Some(2.into()), "a line that is there is billed as counted");
}

/// The lines of these numbers are other customers' there.
#[test]
fn a_run_is_set_back_where_it_wrote_and_nowhere_else() {
    let night = Night::busy();
    let run = night.run().exits(0).first_run()["run"].to_string();
    let other = another(false);
    other
        .sim()
        .edit(|world| world.additions.iter_mut().for_each(|line| line.quantity += rust_decimal::Decimal::from(4)));
    point_elsewhere(&night, &other);
    night.run().exits(10);
    night.recount(&["apply", &night.plan()]);
    other.sim().clear_requests();
    let undo = night.recount(&["undo", &run, "--json"]);
    assert!(undo.codes().contains(&"connectwise-changed".to_owned()), "{}", undo.out);
    assert!(!undo.out.contains("recount apply"), "{}", undo.out);
    let typed = night.recount(&["apply", &night.plan()]);
    assert_eq!((typed.exit, other.sim().writes().len()), (10, 0), "{}", typed.out);
}

/// A plan that was looked at in a sandbox is drawn in production with the same lines, and so has the same fingerprint.
#[test]
fn a_fingerprint_of_one_connectwise_approves_nothing_in_another() {
    let (night, other) = (Night::new(), another(false));
    night.export(BUSY);
    night.recount(&["plan"]).exits(0);
    let plan = night.plan();
    point_elsewhere(&night, &other);
    let typed = night.recount(&["apply", &plan, "--json"]);
    assert!(typed.codes().contains(&"connectwise-changed".to_owned()), "{}", typed.out);
    assert!(other.sim().writes().is_empty() && typed.out.contains("recount plan"), "{}", typed.out);
    night.recount(&["plan"]).exits(0);
    night.recount(&["apply", &plan]).exits(0);
    assert_eq!(billed(&other, "MP-ARCHIVE"), 1);
}

/// "12 → 0" was accepted for a customer of the sandbox; the line of that number in production is somebody else's.
#[test]
fn an_accepted_step_of_one_connectwise_is_taken_in_no_other() {
    const GONE: &str = "Account,Product,Quantity\nAcme,CloudFilter,0\nBorealis,CloudFilter,5\n";
    let night = Night::new();
    night.config("guards", "min_units = \"0%\"");
    night.config("guards", "max_units_down = \"100%\"");
    night.approve();
    night.export(GONE);
    let held = night.run().exits(3).first_run();
    let handle = held["findings"][0]["handle"].as_str().expect("a handle").to_owned();
    night.recount(&["accept", &handle, "--to", "0"]).exits(0);

    let other = another(false);
    point_elsewhere(&night, &other);
    let said = night.run();
    let plan = said.first_run();
    assert_eq!((said.exit, line(&plan, &handle)["outcome"].as_str()), (10, Some("held")), "{}", said.out);
    night.recount(&["apply", &night.plan()]);
    night.run();
    assert!(other.sim().writes().is_empty(), "{:#?}", other.sim().writes());

    point(&night, &night.sim().url());
    night.run().exits(10);
    night.recount(&["apply", &night.plan()]).exits(0);
    assert_eq!(night.sent("PATCH").len(), 1, "the answer holds where it was given");
}

fn line<'a>(run: &'a Value, handle: &str) -> &'a Value {
    let lines = run["lines"].as_array().expect("lines");
    lines.iter().find(|line| line["handle"] == handle).expect("the line")
}
