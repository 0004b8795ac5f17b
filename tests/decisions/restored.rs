//! A backup that is older than an answer's end: what was answered then is not answered again.

use super::QUIET;
use super::office::Office;

/// The restored history does not know that the step was taken, and a person set the line back since.
#[test]
fn a_spent_accept_is_not_taken_again_from_a_restored_backup() {
    let office = Office::running(&QUIET);
    office.export(&[("Acme", 3), ("Borealis", 0), ("Cedar", 40)]);
    office.run();
    let handle = office.held()["handle"].as_str().expect("a handle").to_owned();
    assert_eq!(office.recount(&["accept", &handle, "--to", "0"]).code, 0);
    assert_eq!(office.recount(&["backup", "before.db"]).code, 0);
    assert_eq!(office.run().code, 0);
    assert_eq!(office.billed(200), "0", "the step was taken");
    office.by_hand(200, 12);

    assert_eq!(office.recount(&["restore", "before.db"]).code, 0);
    for _ in 0..2 {
        let run = office.run();
        assert_eq!((run.code, office.billed(200).as_str()), (3, "12"), "{run:?}");
    }
    let again = office.held()["handle"].as_str().expect("a handle").to_owned();
    assert_eq!(office.recount(&["accept", &again, "--to", "0"]).code, 0);
    office.run();
    assert_eq!(office.billed(200), "0", "asked again, it is answered again");
}

/// After it the numbers began again: `undo 3` of an old mail set back the lines of another night.
#[test]
fn no_number_of_a_run_is_given_out_again_after_a_restored_backup() {
    let office = Office::running(&QUIET);
    assert_eq!(office.recount(&["backup", "before.db"]).code, 0);
    office.run();
    let newest = office.newest_run()["run"].as_i64().expect("a number");
    assert_eq!(office.recount(&["restore", "before.db"]).code, 0);
    let restored = office.newest_run()["run"].as_i64().expect("a number");
    assert!(restored < newest, "{restored} is known, {newest} was given out");
    office.run();
    assert_eq!(office.newest_run()["run"].as_i64(), Some(newest + 1));
}
