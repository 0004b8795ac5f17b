//! A line that bills still, while its line means another addition: out of sight, the customer would be billed twice.

use recount_sim::World;

use super::QUIET;
use super::office::Office;

/// Another line of the customer stands ready at 0 beside addition 100.
fn ready(world: &mut World, product: &str) {
    let mut line = world.additions[0].clone();
    (line.id, line.product, line.quantity) = (150, product.to_owned(), 0.into());
    world.additions.push(line);
}

/// The catalog item of the line bears another identifier.
fn renamed(world: &mut World, again: bool) {
    let mut item = world.catalog[0].clone();
    world.catalog[0].identifier = "FILTER-OLD".to_owned();
    for line in &mut world.additions {
        line.product = "FILTER-OLD".to_owned();
    }
    (item.id, item.identifier) = (600, if again { "FILTER" } else { "OTHER" }.to_owned());
    world.catalog.push(item);
}

/// Somebody gives the line another product.
fn given_another_product(world: &mut World) {
    let mut item = world.catalog[0].clone();
    (item.id, item.identifier) = (600, "OTHER".to_owned());
    world.catalog.push(item);
    world.addition_mut(100).expect("the line").product = "OTHER".to_owned();
}

/// Held, with the old line as what is asked about; nothing is billed beside it.
fn asked(office: &Office, says: &str) -> String {
    assert_eq!(office.run().code, 3);
    assert_eq!(office.billed(100), "3");
    let held = office.held();
    assert_eq!(
        (held["code"].as_str(), held["was"].to_string()),
        (Some("line-left-behind"), "3".to_owned()),
        "{held:#}"
    );
    let message = held["message"].as_str().unwrap_or_default().to_owned();
    assert!(message.contains(says) && !message.contains("ended") && !message.contains("not show"), "{message}");
    held["handle"].as_str().expect("a handle").to_owned()
}

/// Accepted, the old line goes to 0 in one run and the other is raised by the next; then it is quiet.
fn in_turn(office: &Office, handle: &str, next: impl Fn(&Office) -> String) {
    assert_eq!(office.recount(&["accept", handle, "--to", "0"]).code, 0);
    office.run();
    assert_eq!((office.billed(100), next(office)), ("0".to_owned(), "0".to_owned()), "not in one run");
    assert_eq!(office.run().code, 0);
    assert_eq!((office.billed(100), next(office)), ("0".to_owned(), "3".to_owned()));
    let run = office.run_json();
    assert_eq!((run["verdict"].as_str(), run["totals"]["changed"].as_u64()), (Some("ok"), Some(0)), "{run:#}");
}

fn of_150(office: &Office) -> String {
    office.billed(150)
}

/// The pinned line was raised to 3, and 3 were billed on the one before it, in no plan.
#[test]
fn a_pin_that_moves_leaves_no_line_out_of_sight() {
    let office = Office::running(&QUIET);
    office.edit(|world| ready(world, "FILTER"));
    office.rewrite("recount.toml", "product = \"FILTER\"", "product = \"FILTER\", addition_id = 150");
    let handle = asked(&office, "addition 150 is pinned now");
    assert_eq!(office.billed(150), "0");
    in_turn(&office, &handle, of_150);
}

/// Kept, it is the customer's to bill by hand, and what it held is free.
#[test]
fn what_a_pin_has_left_may_be_kept() {
    let office = Office::running(&QUIET);
    office.edit(|world| ready(world, "FILTER"));
    office.rewrite("recount.toml", "product = \"FILTER\"", "product = \"FILTER\", addition_id = 150");
    let handle = asked(&office, "addition 150 is pinned now");
    assert_eq!(office.recount(&["keep", &handle]).code, 0);
    for _ in 0..2 {
        assert_eq!(office.run().code, 0);
        assert_eq!((office.billed(100), office.billed(150)), ("3".to_owned(), "3".to_owned()));
    }
}

/// The identifier means a new catalog item: its line was raised from 0 beside the old one.
#[test]
fn an_identifier_that_is_used_again_leaves_no_line_out_of_sight() {
    let office = Office::running(&QUIET);
    office.edit(|world| {
        renamed(world, true);
        world.additions.iter_mut().filter(|line| line.id != 100).for_each(|line| line.product = "FILTER".to_owned());
        ready(world, "FILTER");
    });
    // Of the two other lines nobody asks: they are of what the identifier means.
    office.export(&QUIET);
    assert_eq!(office.run().code, 3);
    let handle = asked(&office, "of another product");
    in_turn(&office, &handle, of_150);
}

/// "Not shown any more" was false, and the answer created a second line beside it.
#[test]
fn a_line_that_is_given_another_product_is_named_and_nothing_is_created_beside_it() {
    let office = Office::running(&QUIET);
    office.edit(given_another_product);
    let handle = asked(&office, "of another product");
    let before = office.newest_addition();
    in_turn(&office, &handle, |office| match office.newest_addition() {
        newest if newest == before => "0".to_owned(),
        newest => office.billed(newest),
    });
}

/// The answer to the new line took the one to the old line back: each was asked about in turn, night after night, and the units
/// were billed nowhere.
#[test]
fn an_answer_to_the_line_in_its_place_takes_no_keep_back() {
    let office = Office::running(&QUIET);
    office.edit(given_another_product);
    let handle = asked(&office, "of another product");
    assert_eq!(office.recount(&["keep", &handle]).code, 0);
    office.export(&[("Acme", 20), ("Borealis", 12), ("Cedar", 40)]);
    assert_eq!(office.run().code, 3);
    let held = office.held();
    assert_eq!((held["code"].as_str(), held["handle"].as_str()), (Some("line-step"), Some(&*handle)), "{held:#}");
    let before = office.newest_addition();
    assert_eq!(office.recount(&["accept", &handle, "--to", "20"]).code, 0);
    for _ in 0..2 {
        assert_eq!(office.run().code, 0);
        let newest = office.newest_addition();
        assert!(newest != before, "created");
        assert_eq!((office.billed(100), office.billed(newest)), ("3".to_owned(), "20".to_owned()));
    }
    // The step was taken; the keep is what stands, and can be taken back.
    let listed = office.recount(&["held", "--all"]).out;
    assert!(listed.contains("kept by") && !listed.contains("accepted by"), "{listed}");
    assert_eq!(office.recount(&["held", "--reopen", &handle]).code, 0);
    assert_eq!(asked(&office, "of another product"), handle);
    // What was let be once and is accepted now goes to 0: it was forgotten with the answer, and billed for ever.
    assert_eq!(office.recount(&["accept", &handle, "--to", "0"]).code, 0);
    let newest = office.newest_addition();
    for _ in 0..2 {
        assert_eq!(office.run().code, 0);
        assert_eq!((office.billed(100), office.billed(newest)), ("0".to_owned(), "20".to_owned()));
    }
}

/// Of two additions that a line had left behind, the first was forgotten with the answer to the second.
#[test]
fn each_addition_that_a_line_left_behind_is_answered_by_itself() {
    let office = Office::running(&QUIET);
    // What was created a moment ago is looked for anew.
    office.configure("client_id ", "settle = \"0s\"\nclient_id ");
    office.edit(given_another_product);
    let handle = asked(&office, "of another product");
    assert_eq!(office.recount(&["keep", &handle]).code, 0);
    for _ in 0..2 {
        assert_eq!(office.run().code, 0);
    }
    let second = office.newest_addition();
    assert_eq!(office.billed(second), "3");
    office.edit(|world| world.addition_mut(second).expect("the line").product = "OTHER".to_owned());
    assert_eq!(office.run().code, 3);
    assert_eq!(office.recount(&["keep", &handle]).code, 0);
    for _ in 0..2 {
        assert_eq!(office.run().code, 0);
    }
    let third = office.newest_addition();
    let listed = office.recount(&["held", "--all"]).out;
    assert!(
        listed.contains("addition 100 left behind") && listed.contains(&format!("addition {second} left")),
        "{listed}"
    );
    for _ in 0..2 {
        assert_eq!(office.recount(&["held", "--reopen", &handle]).code, 0);
    }
    for _ in 0..2 {
        assert_eq!(office.run().code, 3);
        assert_eq!(office.recount(&["accept", &handle, "--to", "0"]).code, 0);
        office.run();
    }
    assert_eq!(office.run().code, 0);
    let billed = [100, second, third].map(|addition| office.billed(addition));
    assert_eq!(billed, ["0", "0", "3"]);
}

/// Kept while its customer was mapped nowhere, it billed on beside the addition that was pinned when the customer was mapped again.
#[test]
fn what_was_kept_while_nobody_was_mapped_is_no_answer_to_another_pin() {
    let office = Office::running(&QUIET);
    office.rewrite("customers.csv", "Acme,1,,", "Acme,,,left");
    let handle = asked(&office, "skipped on purpose");
    assert_eq!(office.recount(&["keep", &handle]).code, 0);
    assert_eq!(office.run().code, 0);
    office.edit(|world| ready(world, "FILTER"));
    office.rewrite("customers.csv", "Acme,,,left", "Acme,1,,");
    office.rewrite("recount.toml", "product = \"FILTER\"", "product = \"FILTER\", addition_id = 150");
    office.export(&QUIET);
    let handle = asked(&office, "addition 150 is pinned now");
    assert_eq!(office.billed(150), "0");
    in_turn(&office, &handle, of_150);
}

/// Kept while the mapping did not want it, it stayed at 3 for ever, under reports that said nothing.
#[test]
fn what_was_kept_as_left_behind_follows_its_count_once_it_is_mapped_again() {
    let office = Office::running(&QUIET);
    office.rewrite("customers.csv", "Acme,1,,", "Acme,,,left");
    let handle = asked(&office, "skipped on purpose");
    assert_eq!(office.recount(&["keep", &handle]).code, 0);
    assert_eq!(office.run().code, 0);
    let ready = office.page("ready");
    let left = ready.split("Left as it is, on purpose").nth(1).unwrap_or_else(|| panic!("{ready}"));
    let told = "kept, no last day</td><td class=\"n wide\">3</td><td class=\"n\">0</td>";
    assert!(left.contains(told), "{left}");
    office.rewrite("customers.csv", "Acme,,,left", "Acme,1,,");
    office.export(&[("Acme", 4), ("Borealis", 12), ("Cedar", 40)]);
    assert_eq!(office.run().code, 0);
    assert_eq!(office.billed(100), "4");
}

/// The step was refused; months later another one is asked for, and nobody ever saw it.
#[test]
fn a_keep_ends_with_the_second_night_that_does_not_ask_for_what_was_refused() {
    let office = Office::of_old_exports();
    office.export_of(9, &[("Acme", 0), ("Borealis", 12), ("Cedar", 40)]);
    assert_eq!(office.run().code, 3);
    let handle = office.held()["handle"].as_str().expect("a handle").to_owned();
    assert_eq!(office.recount(&["keep", &handle]).code, 0);
    office.export_of(8, &[("Acme", 4), ("Borealis", 12), ("Cedar", 40)]);
    assert_eq!(office.run().code, 0);
    assert_eq!(office.billed(100), "3", "kept as long as another quantity is asked for");
    let page = office.page(&office.newest_run()["run"].to_string());
    assert!(page.contains("4 wanted, 3 billed"), "{page}");
    office.export_of(7, &QUIET);
    assert_eq!(office.run().code, 0);
    office.export_of(6, &[("Acme", 4), ("Borealis", 12), ("Cedar", 40)]);
    assert_eq!(office.run().code, 0);
    assert_eq!(office.billed(100), "4");
}

/// The second night said "kept" and no more, and the run after it wrote, of the same file.
#[test]
fn the_run_in_which_a_keep_ends_says_so() {
    let office = Office::of_old_exports();
    let acme = |days_ago, count| {
        office.export_of(days_ago, &[("Acme", count), ("Borealis", 12), ("Cedar", 40)]);
        office.run()
    };
    acme(9, 0);
    let handle = office.held()["handle"].as_str().expect("a handle").to_owned();
    assert_eq!(office.recount(&["keep", &handle]).code, 0);
    let told = |said: &crate::decisions::office::Said| said.out.split_whitespace().collect::<Vec<_>>().join(" ");
    let first = acme(8, 4);
    assert!(first.code == 0 && !told(&first).contains("ends with this run"), "{first:?}");
    let second = acme(7, 4);
    assert!(second.code == 0 && told(&second).contains("that ends with this run"), "{second:?}");
    assert!(told(&second).contains("the next run takes 3 → 4"), "{second:?}");
    assert_eq!(office.billed(100), "3");
    let next = office.run();
    assert!(next.code == 0 && !told(&next).contains("ends with this run"), "{next:?}");
    assert_eq!(office.billed(100), "4");
}

/// Two customers move in one edit, the second into the place of a third: the second was billed where it was and where it
/// is now, because the line that it left waited itself.
#[test]
fn what_waits_lets_nobody_be_billed_in_two_places() {
    let office = Office::running(&[("Acme", 6), ("Borealis", 5), ("Cedar", 40)]);
    office.rewrite("customers.csv", "Acme,1,,\nBorealis,2,,", "Acme,2,,\nBorealis,3,,");
    let billed = |office: &Office| [100, 200, 300].map(|line| office.billed(line));
    for _ in 0..2 {
        assert_eq!(office.run().code, 3);
        assert_eq!(billed(&office), ["6", "5", "40"]);
    }
    let handle = office.held()["handle"].as_str().expect("a handle").to_owned();
    assert_eq!(office.recount(&["accept", &handle, "--to", "0"]).code, 0);
    for _ in 0..3 {
        office.run();
    }
    assert_eq!(billed(&office), ["0", "6", "45"]);
    assert_eq!(office.run().code, 0);
}

/// The same where the second customer is as large as the first: the line between them looked right as it was, and nothing
/// waited.
#[test]
fn a_line_that_is_filled_by_whom_another_bills_still_is_no_room_either() {
    let office = Office::running(&[("Acme", 5), ("Borealis", 5), ("Cedar", 40)]);
    office.rewrite("customers.csv", "Acme,1,,\nBorealis,2,,", "Acme,2,,\nBorealis,3,,");
    let billed = |office: &Office| [100, 200, 300].map(|line| office.billed(line));
    for _ in 0..2 {
        assert_eq!(office.run().code, 3);
        assert_eq!(billed(&office), ["5", "5", "40"]);
    }
    let handle = office.held()["handle"].as_str().expect("a handle").to_owned();
    assert_eq!(office.recount(&["accept", &handle, "--to", "0"]).code, 0);
    for _ in 0..3 {
        office.run();
    }
    assert_eq!(billed(&office), ["0", "5", "45"]);
    assert_eq!(office.run().code, 0);
}
