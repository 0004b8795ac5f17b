//! An answer is for the additions that the question named: one that came into sight since is asked about anew.

use recount_sim::{Addition, Agreement, Company};

use crate::support::{Night, QUIET, Said};

const FILTER: &str = "MP-CLOUDFILTER";
const ARCHIVE: &str = "MP-ARCHIVE";

/// Acme's first archive, two units of it, is to be created on agreement 10; nobody is mapped on its agreements 11 to 13.
fn begins() -> Night {
    let night = Night::new();
    night.approve();
    night.export(format!("{QUIET}Acme,Archive,2\n"));
    night.sim().edit(|world| {
        for id in 11..14 {
            let other = Agreement { id, kind: "Legacy".to_owned(), ..world.agreements[0].clone() };
            world.agreements.push(other);
        }
    });
    night
}

fn bills(night: &Night, id: i64, agreement: i64, product: &str, quantity: i64) {
    night.sim().edit(|world| world.additions.push(Addition::new(id, agreement, product, quantity.into())));
}

fn holds(night: &Night, id: i64, quantity: i64) {
    night.sim().edit(|world| world.addition_mut(id).expect("the line").quantity = quantity.into());
}

/// The handle of what is held for this reason.
fn held(said: &Said, reason: &str) -> String {
    let run = said.first_run();
    let lines = run["lines"].as_array().cloned().unwrap_or_default();
    let line = lines.iter().find(|line| line["outcome"] == "held" && line["reason"] == reason);
    let line = line.unwrap_or_else(|| panic!("nothing is held for {reason}: {}", said.out));
    line["handle"].as_str().expect("a handle").to_owned()
}

/// Six units were billed for two: a second line was begun between the plan and the answer, and nobody was shown it.
#[test]
fn an_accepted_creation_is_not_for_a_line_elsewhere_that_came_after_the_plan() {
    let night = begins();
    bills(&night, 1_100, 11, ARCHIVE, 2);
    let handle = held(&night.run().exits(3), "line-elsewhere");
    bills(&night, 1_200, 12, ARCHIVE, 4);
    let said = night.recount(&["accept", &handle, "--to", "2"]).exits(0);
    assert!(said.out.contains("addition 1100 of 2"), "what it is for is said: {}", said.out);
    let said = night.run().exits(3);
    held(&said, "line-elsewhere");
    assert!(said.out.contains("nobody was asked about addition 1200"), "{}", said.out);
    assert!(said.out.contains("addition 1100 on agreement 11"), "the others are told with it: {}", said.out);
    assert!(night.sent("POST").is_empty(), "{}", said.out);

    night.recount(&["accept", &handle, "--to", "2"]).exits(0);
    bills(&night, 1_300, 13, ARCHIVE, 1);
    assert!(night.run().exits(3).out.contains("nobody was asked about addition 1300"));
    night.sim().edit(|world| world.additions.retain(|addition| addition.id != 1_300 && addition.id != 1_100));
    night.run().exits(0);
    assert_eq!(night.sent("POST").len(), 1, "less is in its way than was shown");
}

/// The same line elsewhere, which bills ten times as much by the time of the answer.
#[test]
fn an_accepted_creation_is_not_for_other_units_elsewhere() {
    let night = begins();
    bills(&night, 1_100, 11, ARCHIVE, 2);
    let handle = held(&night.run().exits(3), "line-elsewhere");
    holds(&night, 1_100, 20);
    night.recount(&["accept", &handle, "--to", "2"]).exits(0);
    let said = night.run().exits(3);
    assert!(said.out.contains("addition 1100 held 2 then, and 20 now"), "{}", said.out);
    assert!(night.sent("POST").is_empty());
}

/// A line that stands at 0 is raised, and its step is too large: that answer is none for a line elsewhere that came later.
#[test]
fn an_accepted_step_from_zero_is_not_for_a_line_elsewhere() {
    let night = begins();
    bills(&night, 150, 10, ARCHIVE, 0);
    night.config("guards", r#"max_units_up = "1000%""#);
    night.export(format!("{QUIET}Acme,Archive,30\n"));
    let handle = held(&night.run(), "line-step");
    bills(&night, 1_100, 11, ARCHIVE, 30);
    night.recount(&["accept", &handle, "--to", "30"]).exits(0);
    let said = night.run().exits(3);
    held(&said, "line-elsewhere");
    assert_eq!(night.sim().world().addition(150).expect("the line").quantity, 0.into(), "{}", said.out);
    night.recount(&["accept", &handle, "--to", "30"]).exits(0);
    night.run().exits(0);
    assert_eq!(night.sim().world().addition(150).expect("the line").quantity, 30.into());
}

/// Who knew which of two lines is meant had to edit a file by hand, or to end one that should stay.
#[test]
fn which_of_two_lines_is_meant_is_said_by_command() {
    let night = begins();
    bills(&night, 150, 10, FILTER, 3);
    let handle = held(&night.run().exits(3), "line-ambiguous");
    let before = std::fs::read(night.path("customers.csv")).expect("the customers");
    for (handle, addition) in [(handle.as_str(), "77"), ("zzzz", "150")] {
        night.recount(&["map", "pin", handle, addition]).exits(2);
    }
    assert_eq!(std::fs::read(night.path("customers.csv")).expect("the customers"), before, "something was written");
    let said = night.recount(&["map", "pin", &handle, "100"]).exits(0);
    assert!(said.out.contains("addition 100 is meant"), "{}", said.out);
    night.run().exits(0);
    night.recount(&["map", "pin", &handle, "100"]).exits(2);
    assert!(!night.run().exits(0).codes().contains(&"pin-unused".to_owned()));
}

/// Two lines of one product were ignored, and a third one that was begun by mistake was billed in silence.
#[test]
fn an_ignored_pair_of_lines_is_not_for_a_third_one() {
    let night = begins();
    bills(&night, 150, 10, FILTER, 3);
    let handle = held(&night.run().exits(3), "line-ambiguous");
    night.recount(&["ignore", &handle]).exits(0);
    night.run().exits(0);
    bills(&night, 151, 10, FILTER, 3);
    let said = night.run().exits(3);
    assert!(said.out.contains("another addition or quantity is asked about now"), "{}", said.out);
    night.recount(&["ignore", &handle]).exits(0);
    night.run().exits(0);
    night.sim().edit(|world| world.additions.retain(|addition| addition.id != 150));
    night.run().exits(0);
}

/// What was billed by hand to a company that nobody mapped was let be; what came to it later, of the same product on the
/// same agreement, was never told.
#[test]
fn an_ignored_line_that_nobody_counts_is_not_for_another_one() {
    let night = Night::new();
    night.config("", "create_lines = true\nsweep = \"nightly\"");
    night.sim().edit(|world| {
        let cedar = Company { id: 3, name: "Cedar".to_owned(), ..world.companies[0].clone() };
        world.companies.push(cedar);
        world.agreements.push(Agreement { id: 30, company: 3, ..world.agreements[0].clone() });
    });
    bills(&night, 300, 30, FILTER, 4);
    night.approve();
    let handle = held(&night.run().exits(3), "billed-not-counted");
    night.recount(&["ignore", &handle]).exits(0);
    night.run().exits(0);
    holds(&night, 300, 5);
    night.run().exits(0);
    bills(&night, 301, 30, FILTER, 6);
    let said = night.run().exits(3);
    let both = "11 billed to Cedar together, which nobody mapped: addition 300 of 5 and addition 301 of 6";
    assert!(said.out.contains(both) && said.out.contains("11 units of 1 line"), "{}", said.out);
    let handle = held(&said, "billed-not-counted");
    assert!(
        night.recount(&["why", &handle]).exits(0).out.replace("\n  ", " ").contains(both),
        "the sum for one of them"
    );
    let answered = night.recount(&["ignore", &handle]).exits(0).out;
    assert!(answered.contains("bills 5 (addition 301 of 6): ignored"), "{answered}");
    night.run().exits(0);
    night.sim().edit(|world| world.additions.retain(|addition| addition.id != 300));
    night.run().exits(0);
}

/// A night that looks through all companies told of one line twice. Once the other question is answered, this one is asked.
#[test]
fn a_line_elsewhere_is_told_once_and_never_out_of_sight() {
    let night = begins();
    night.config("", "create_lines = true\nsweep = \"nightly\"");
    bills(&night, 1_100, 11, ARCHIVE, 2);
    let said = night.run().exits(3);
    let handle = held(&said, "line-elsewhere");
    assert!(!said.codes().contains(&"billed-not-counted".to_owned()), "told twice: {}", said.out);
    bills(&night, 1_200, 12, FILTER, 4);
    let said = night.run().exits(3);
    held(&said, "line-elsewhere");
    held(&said, "billed-not-counted");
    assert!(said.out.contains("4 units of 1 line"), "the other one alone: {}", said.out);
    for answer in [&["keep", &handle][..], &["accept", &handle, "--to", "2"]] {
        night.recount(answer).exits(0);
        let said = night.run().exits(3);
        assert!(said.out.contains("6 units of 2 lines"), "{answer:?} put it out of sight: {}", said.out);
        night.recount(&["held", "--reopen", &handle]);
        night.run();
    }
}

/// An addition that was left behind was let be, and another one that was left behind on its agreement later was, too.
#[test]
fn an_ignored_line_left_behind_is_not_for_another_one() {
    let night = begins();
    night.config("guards", r#"min_lines_seen = "10%""#);
    night.export(QUIET);
    night.run().exits(0);
    let (with, without) = ("Acme,1,10,\nBorealis,2,,\n", "Borealis,2,,\n");
    let map = |rows: &str| night.write("customers.csv", format!("customer,company_id,agreement_id,note\n{rows}"));
    map(without);
    let handle = held(&night.run().exits(3), "line-left-behind");
    night.recount(&["ignore", &handle]).exits(0);
    let quiet = night.run();
    assert!(!quiet.codes().contains(&"billed-not-counted".to_owned()), "{}", quiet.out);
    // Somebody put another line in its place, which becomes Acme's for a night.
    night.sim().edit(|world| world.additions.retain(|addition| addition.id != 100));
    bills(&night, 150, 10, FILTER, 3);
    map(with);
    night.run();
    map(without);
    held(&night.run().exits(3), "line-left-behind");
}

/// A line left behind that a person moved away, with another one in its place, was named for one night: from then on the other one
/// was taken for it, and what it billed where it was moved to was out of sight.
#[test]
fn a_line_left_behind_is_not_forgotten_for_the_one_in_its_place() {
    let night = begins();
    night.config("guards", r#"min_lines_seen = "10%""#);
    night.export(QUIET);
    night.run().exits(0);
    night.write("customers.csv", "customer,company_id,agreement_id,note\nBorealis,2,,\n");
    held(&night.run().exits(3), "line-left-behind");
    night.sim().edit(|world| world.additions.retain(|addition| addition.id != 100));
    bills(&night, 150, 10, FILTER, 3);
    for _ in 0..3 {
        let said = night.run().exits(3);
        held(&said, "line-left-behind");
        assert!(said.out.contains("addition 100 was here"), "{}", said.out);
    }
}

/// A line left behind was kept, and 40 units that somebody began beside it later were billed, counted by nobody, for good.
#[test]
fn a_kept_line_left_behind_is_not_for_one_that_is_begun_beside_it() {
    let night = begins();
    night.config("guards", r#"min_lines_seen = "10%""#);
    night.export(QUIET);
    night.run().exits(0);
    night.write("customers.csv", "customer,company_id,agreement_id,note\nBorealis,2,,\n");
    night.recount(&["map", "ignore", "Acme"]).exits(0);
    let handle = held(&night.run().exits(3), "line-left-behind");
    night.recount(&["keep", &handle]).exits(0);
    night.run().exits(0);
    holds(&night, 100, 4);
    night.run().exits(0);
    bills(&night, 5_000, 10, FILTER, 40);
    for _ in 0..2 {
        let said = night.run().exits(3);
        held(&said, "line-left-behind");
        assert!(said.out.contains("addition 5000 beside it bills 40"), "{}", said.out);
        assert!(said.out.contains("but another addition is asked about now"), "{}", said.out);
    }
    night.recount(&["keep", &handle]).exits(0);
    night.run().exits(0);
}

/// ConnectWise finds no identifier that begins with a blank, and a role may not see every item: 8 were billed on such an item, a line
/// of 8 was created beside it, and the night was "ok".
#[test]
fn a_line_whose_addition_alone_names_its_product_is_in_the_way_of_a_new_one() {
    for agreement in [10, 11] {
        let night = begins();
        night.sim().edit(|world| {
            let archive =
                world.catalog.iter().find(|product| product.identifier == ARCHIVE).expect("a product").clone();
            let twin = format!(" {ARCHIVE}");
            world.catalog.push(recount_sim::Product { id: 950, identifier: twin.clone(), ..archive });
            world.additions.push(recount_sim::Addition::new(1_100, agreement, &twin, 2.into()));
        });
        let said = night.run().exits(3);
        held(&said, "line-elsewhere");
        assert!(said.out.contains("addition 1100"), "{}", said.out);
        assert!(night.sent("POST").is_empty(), "{}", said.out);
    }
}
