//! Answers, undo and verify, typed to the real program: what a person decides in the morning is what the next night does.

mod office;
mod over_an_answer;
mod replaced_addition;
mod restored;
mod undo_told;
mod undo_writes;

use serde_json::Value;

use self::office::Office;
use crate::support::Night;

/// Rows of the vendor's ordinary night: everything as billed.
const QUIET: [(&str, u32); 3] = [("Acme", 3), ("Borealis", 12), ("Cedar", 40)];

#[test]
fn an_accepted_step_is_taken_once_and_the_same_step_asks_again() {
    let office = Office::running(&QUIET);
    office.export(&[("Acme", 3), ("Borealis", 0), ("Cedar", 40)]);
    assert_eq!(office.run().code, 3);
    assert_eq!(office.billed(200), "12");
    let held = office.held();
    assert_eq!((held["code"].as_str(), held["was"].to_string()), (Some("to-zero"), "12".to_owned()));
    let handle = held["handle"].as_str().unwrap().to_owned();

    let said = office.recount(&["accept", &handle[..4], "--note", "they left"]);
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.out.contains("12 → 0") && said.out.contains("recount plan mail"), "{said:?}");
    assert_eq!(office.billed(200), "12", "an answer writes nothing by itself");
    let why = office.recount(&["why", &handle]).out;
    assert!(why.contains("accepted by") && !why.contains("recount accept"), "{why}");
    let why: Value = serde_json::from_str(&office.recount(&["why", &handle, "--json"]).out).expect("JSON");
    assert_eq!(why["answer"]["verb"], "accept", "{why:#}");
    // Looked at again and again in one afternoon: these are no nights.
    for _ in 0..3 {
        office.recount(&["plan"]);
    }
    let why = office.recount(&["why", &handle]).out;
    assert!(why.contains("2 runs ") && why.contains("the last bar is the newest plan"), "{why}");
    assert!(!why.contains("nights") && why.contains("(plan)"), "{why}");
    assert_eq!(office.run().code, 0);
    assert_eq!(office.billed(200), "0");

    office.by_hand(200, 12);
    assert_eq!(office.run().code, 3, "the answer was for the step before");
    assert_eq!(office.billed(200), "12");
}

/// What somebody had set by hand was overwritten on the night on which the product went to another integration.
#[test]
fn a_hand_edit_is_seen_by_the_integration_that_takes_the_product_over() {
    let office = Office::running(&QUIET);
    for _ in 0..2 {
        assert_eq!(office.run().code, 0, "the lines are compared, and none is written");
    }
    office.by_hand(200, 10);
    office.take_over("filters");
    let first = office.plan_json();
    let line = first["lines"].as_array().expect("lines").iter().find(|line| line["addition_id"] == 200);
    assert_eq!(line.map(|line| line["reason"].as_str()), Some(Some("human-edit")), "{first:#}");
    assert_eq!(office.recount(&["apply", &first["plan"].as_str().expect("a plan")[..12]]).code, 3);
    assert_eq!((office.billed(100), office.billed(200)), ("3".to_owned(), "10".to_owned()));
}

/// A script got a path where a document was promised; and the only vendor was removed into a file that cannot be.
#[test]
fn a_customers_page_is_a_document_and_the_only_integration_stays() {
    let office = Office::running(&QUIET);
    let page: Value =
        serde_json::from_str(&office.recount(&["report", "--customer", "Acme", "--json"]).out).expect("JSON");
    assert!(
        page["customer"] == "Acme" && page["page"].as_str().is_some_and(|page| page.ends_with(".html")),
        "{page:#}"
    );
    let removed = office.recount(&["integrations", "remove", "mail", "--yes"]);
    assert!(removed.code == 2 && removed.err.contains("recount integrations disable mail"), "{removed:?}");
}

#[test]
fn an_answer_is_for_what_was_seen() {
    let office = Office::running(&QUIET);
    office.export(&[("Acme", 3), ("Borealis", 0), ("Cedar", 40)]);
    office.run();
    office.recount(&["accept", office.held()["handle"].as_str().unwrap()]);
    office.by_hand(200, 14);
    let run = office.run();
    assert_eq!((run.code, office.billed(200).as_str()), (3, "14"));
    assert!(run.out.contains("ConnectWise holds 14 now"), "{}", run.out);
}

/// ConnectWise's clock went ahead: what was written before the plan was "changed after the answer", and no answer was ever
/// taken. Where it goes behind, an edit after the answer looked like one before it.
#[test]
fn an_answer_is_for_the_record_that_was_shown_whatever_the_clocks_say() {
    for minutes in [300, -300] {
        let office = Office::running(&QUIET);
        let changed = |minutes: i64| {
            let at = crate::support::now() + chrono::TimeDelta::minutes(minutes);
            office.edit(|world| {
                let line = world.addition_mut(200).expect("the line");
                line.last_updated = at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
            });
        };
        let answered = |count: u32| {
            office.export(&[("Acme", 3), ("Borealis", count), ("Cedar", 40)]);
            assert_eq!(office.run().code, 3, "{minutes}");
            let handle = office.held()["handle"].as_str().expect("a handle").to_owned();
            assert_eq!(office.recount(&["accept", &handle, "--to", &count.to_string()]).code, 0, "{minutes}");
        };
        changed(minutes);
        answered(33);
        assert_eq!((office.run().code, office.billed(200).as_str()), (0, "33"), "{minutes}");
        changed(minutes);
        answered(0);
        changed(minutes + 1);
        let run = office.run();
        assert!(run.code == 3 && run.out.contains("changed the line at"), "{minutes}: {run:?}");
        assert_eq!(office.billed(200), "33", "{minutes}");
    }
}

/// A fingerprint in last month's mail fits this month's plan by chance, and nobody has looked at this month's.
#[test]
fn an_approval_of_last_month_is_refused() {
    let office = Office::running(&QUIET);
    office.export(&[("Acme", 5), ("Borealis", 12), ("Cedar", 40)]);
    let plan = office.plan_json()["plan"].as_str().unwrap()[..12].to_owned();
    office.tamper("UPDATE runs SET started_at = '2020-01-01T00:00:00.000000000Z' WHERE command = 'plan'");
    for _ in 0..2 {
        let late = office.recount(&["apply", &plan]);
        assert!(late.code == 10 && late.out.contains("the limit is 96 h"), "{late:?}");
        assert_eq!(office.billed(100), "3");
    }
    office.recount(&["plan"]);
    assert_eq!(office.recount(&["apply", &plan]).code, 0);
    assert_eq!(office.billed(100), "5");
}

/// What was approved in a sandbox wrote 20 lines in production unasked.
#[test]
fn another_connectwise_asks_for_its_own_approval() {
    let office = Office::running(&QUIET);
    office.export(&[("Acme", 5), ("Borealis", 12), ("Cedar", 40)]);
    office.tamper("UPDATE connectwise_of SET site = 'sandbox.example (company examplemsp)'");
    let held = office.run();
    assert!(held.code == 10 && held.out.contains("this history is of sandbox.example"), "{held:?}");
    assert_eq!(office.billed(100), "3");
    let plan = office.newest_run()["plan"].as_str().unwrap()[..12].to_owned();
    assert_eq!(office.recount(&["apply", &plan]).code, 0);
    assert_eq!(office.billed(100), "5");
    office.tamper("DELETE FROM connectwise_of");
    assert_eq!(office.run().code, 0, "a history from before takes the first that it meets");
}

/// A mail said "12 → 0"; by the time it is answered, the export says 33.
#[test]
fn an_answer_to_a_mail_of_last_night_is_not_for_tonights_step() {
    let office = Office::running(&QUIET);
    office.export(&[("Acme", 3), ("Borealis", 0), ("Cedar", 40)]);
    office.run();
    let handle = office.held()["handle"].as_str().unwrap().to_owned();
    let printed = format!("recount accept {handle} --to 0");
    for told in [office.recount(&["held"]).out, office.recount(&["report"]).out, office.page("ready")] {
        assert!(!told.contains("recount accept") || told.contains(&printed), "{told}");
    }
    assert!(office.recount(&["held"]).out.contains(&printed));
    office.export(&[("Acme", 3), ("Borealis", 33), ("Cedar", 40)]);
    office.run();
    let named = office.recount(&["accept", &handle, "--to", "0"]);
    assert!(named.code == 2 && named.err.contains("12 → 33, not 0"), "{named:?}");
    let unnamed = office.recount(&["accept", &handle]);
    assert!(unnamed.code == 2 && unnamed.err.contains("12 → 33, 12 → 0"), "{unnamed:?}");
    assert!(unnamed.err.contains(&format!("recount accept {handle} --to 33")), "{unnamed:?}");
    assert_eq!(office.recount(&["accept", &handle[..3], "--to", "33"]).code, 2, "three letters are a slip");
    office.run();
    assert_eq!(office.billed(200), "12");
    assert_eq!(office.recount(&["accept", &handle, "--to", "33"]).code, 0);
    office.run();
    assert_eq!(office.billed(200), "33");
}

/// A metered count moves every night; it is accepted up to a limit once, and no further.
#[test]
fn a_step_is_accepted_up_to_a_limit() {
    let office = Office::running(&QUIET);
    office.export(&[("Acme", 3), ("Borealis", 30), ("Cedar", 40)]);
    office.run();
    let handle = office.held()["handle"].as_str().unwrap().to_owned();
    assert_eq!(office.recount(&["accept", &handle, "--within", "29"]).code, 2);
    assert_eq!(office.recount(&["accept", &handle, "--within", "36"]).code, 0);
    office.export(&[("Acme", 3), ("Borealis", 37), ("Cedar", 40)]);
    assert_eq!(office.recount(&["run", "--dry-run"]).code, 3, "37 is beyond 36");
    office.export(&[("Acme", 3), ("Borealis", 34), ("Cedar", 40)]);
    let run = office.run();
    assert_eq!((run.code, office.billed(200).as_str()), (0, "34"), "{run:?}");
}

/// An answer of long ago must not fire when the same step comes up again.
#[test]
fn an_answer_lapses_when_the_export_asks_no_more() {
    let office = Office::running(&QUIET);
    let gone = [("Acme", 3), ("Borealis", 0), ("Cedar", 40)];
    office.export(&gone);
    office.run();
    let handle = office.held()["handle"].as_str().unwrap().to_owned();
    assert_eq!(office.recount(&["accept", &handle, "--to", "0"]).code, 0);
    office.export(&QUIET);
    assert_eq!(office.run().code, 0);
    office.export(&gone);
    let run = office.run();
    assert_eq!((run.code, office.billed(200).as_str()), (3, "12"), "{run:?}");
}

/// A fall to nothing was refused months ago, and the count rose and was written since: the customer who leaves now was billed on.
#[test]
fn a_refused_step_is_asked_about_when_it_comes_again_later() {
    for verb in ["keep", "ignore"] {
        let office = Office::of_old_exports();
        let borealis = |days_ago, count| {
            office.export_of(days_ago, &[("Acme", 3), ("Borealis", count), ("Cedar", 40)]);
            office.run()
        };
        borealis(9, 0);
        let handle = office.held()["handle"].as_str().unwrap().to_owned();
        assert_eq!(office.recount(&[verb, &handle]).code, 0);
        assert_eq!(office.run().code, 0, "{verb}: it is answered");
        // Two nights end a `keep`, and the next one follows its export.
        for days_ago in [8, 7, 6] {
            borealis(days_ago, 13);
        }
        assert_eq!(office.billed(200), "13", "{verb}");
        let run = borealis(5, 0);
        assert_eq!((run.code, office.billed(200).as_str()), (3, "13"), "{verb}: {run:?}");
    }
}

/// One mistyped export said the opposite of what was refused, and the right one of the next night was written over the refusal.
#[test]
fn a_count_that_is_mistyped_for_a_night_ends_no_keep() {
    let office = Office::of_old_exports();
    let borealis = |days_ago, count| {
        office.export_of(days_ago, &[("Acme", 3), ("Borealis", count), ("Cedar", 40)]);
        office.run()
    };
    borealis(9, 8);
    assert_eq!(office.billed(200), "8", "a step that nobody is asked about");
    borealis(8, 0);
    let handle = office.held()["handle"].as_str().unwrap().to_owned();
    assert_eq!(office.recount(&["keep", &handle]).code, 0);
    // The same file twice is one night.
    for (days_ago, count) in [(7, 0), (6, 9), (6, 9), (5, 0), (4, 0)] {
        assert_eq!(borealis(days_ago, count).code, 0, "{days_ago} days ago: it was answered");
        assert_eq!(office.billed(200), "8", "{days_ago} days ago");
    }
}

/// Somebody touched the line after the answer: what they meant is not what was answered.
#[test]
fn an_answer_lapses_when_the_line_is_changed_after_it() {
    let office = Office::running(&QUIET);
    office.export(&[("Acme", 3), ("Borealis", 0), ("Cedar", 40)]);
    office.run();
    let handle = office.held()["handle"].as_str().unwrap().to_owned();
    assert_eq!(office.recount(&["accept", &handle, "--to", "0"]).code, 0);
    office.touched(200, "2999-01-01T00:00:00Z");
    let run = office.run();
    assert_eq!((run.code, office.billed(200).as_str()), (3, "12"), "{run:?}");
    let told = run.out.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(told.contains("after the answer"), "{}", run.out);
}

#[test]
fn several_answers_are_shown_and_never_given_unasked() {
    let office = Office::running(&QUIET);
    office.export(&[("Acme", 0), ("Borealis", 0), ("Cedar", 40)]);
    office.run();
    let unasked = office.recount(&["accept", "--all", "to-zero"]);
    assert!(unasked.code == 2 && unasked.err.contains("--yes"), "{unasked:?}");
    assert!(unasked.err.contains("12 → 0") && unasked.err.contains("3 → 0"), "{unasked:?}");
    assert_eq!(office.run().code, 3, "nothing was answered");
    assert_eq!(office.recount(&["accept", "--all", "line-step", "--yes"]).code, 2);
    let said = office.recount(&["accept", "--all", "to-zero", "--yes"]);
    assert_eq!(said.code, 0, "{said:?}");
    assert_eq!(office.run().code, 0);
    assert_eq!((office.billed(100), office.billed(200)), ("0".to_owned(), "0".to_owned()));
}

#[test]
fn a_kept_line_is_left_alone_until_it_is_reopened() {
    let office = Office::running(&[("Acme", 4), ("Borealis", 12), ("Cedar", 40)]);
    office.by_hand(100, 9);
    assert_eq!(office.run().code, 3);
    let held = office.held();
    assert_eq!(held["code"], "human-edit");
    let handle = held["handle"].as_str().unwrap();
    assert_eq!(office.recount(&["keep", handle, "--until", "2999-12-31", "--note", "new contract"]).code, 0);
    assert_eq!(office.run().code, 0);
    assert_eq!(office.billed(100), "9");
    let all = office.recount(&["held", "--all"]);
    assert!(all.out.contains("No open items") && all.out.contains("until Tue 31 Dec 2999"), "{}", all.out);
    let told = all.out.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(told.contains("new contract"), "{}", all.out);

    assert_eq!(office.recount(&["held", "--reopen", handle]).code, 0);
    assert_eq!(office.run().code, 3);
    assert_eq!(office.billed(100), "9");
}

#[test]
fn an_ignored_customer_leaves_the_morning_quiet() {
    let office = Office::running(&QUIET);
    office.export(&[("Acme", 3), ("Borealis", 12), ("Cedar", 40), ("Zeta", 7)]);
    assert_eq!(office.run().code, 3);
    let held = office.held();
    let handle = held["handle"].as_str().unwrap();
    let refused = office.recount(&["accept", handle]);
    assert_eq!(refused.code, 2);
    assert!(refused.err.contains("customer-unmapped") && refused.err.contains("recount ignore"), "{refused:?}");
    assert_eq!(office.recount(&["ignore", handle]).code, 0);
    assert_eq!(office.run().code, 0);
    // And nobody would bill it ever again, if no page named it.
    let ready = office.page("ready");
    assert!(ready.contains("1 ignored, 7 units: counted, but not billed"), "{ready}");
    assert!(ready.contains("Zeta") && ready.contains(">READY<"), "{ready}");
}

#[test]
fn a_handle_that_is_not_there_is_no_answer() {
    let office = Office::running(&QUIET);
    office.export(&[("Acme", 3), ("Borealis", 0), ("Cedar", 40)]);
    office.run();
    let handle = office.held()["handle"].as_str().unwrap().to_owned();
    let typed = format!("{}x", &handle[..4]);
    let said = office.recount(&["accept", &typed]);
    assert_eq!(said.code, 2);
    assert!(said.err.contains(&format!("did you mean {handle}")), "{said:?}");
    assert_eq!(office.recount(&["keep", &handle, "--until", "2020-01-01"]).code, 2);
    assert_eq!(office.recount(&["held", "--reopen", &handle]).code, 2);
}

#[test]
fn nobody_answers_into_a_run() {
    let office = Office::running(&QUIET);
    office.export(&[("Acme", 3), ("Borealis", 0), ("Cedar", 40)]);
    office.run();
    let handle = office.held()["handle"].as_str().unwrap().to_owned();
    let lock = office.lock();
    let said = office.recount(&["accept", &handle]);
    assert_eq!(said.code, 15);
    assert!(said.err.contains("another run holds the lock"), "{said:?}");
    drop(lock);
    assert_eq!(office.recount(&["accept", &handle]).code, 0);
}

/// "No open items" while a whole plan is held would be the wrong thing to read in the morning.
#[test]
fn a_held_plan_waits_like_a_held_line() {
    let office = Office::running(&QUIET);
    office.export(&[("Acme", 3)]);
    assert_eq!(office.run().code, 11);
    let said = office.recount(&["held"]);
    assert!(said.out.contains("the export") && said.out.contains("approve the plan"), "{}", said.out);
}

#[test]
fn an_undo_sets_back_what_still_stands_and_leaves_the_rest() {
    let office = Office::running(&QUIET);
    office.export(&[("Acme", 5), ("Borealis", 14), ("Cedar", 40), ("Dunlin", 6)]);
    let run = office.run_json();
    assert_eq!(run["totals"]["changed"].to_string(), "3", "{run:#}");
    let created = office.newest_addition();
    office.by_hand(200, 20);

    let number = run["run"].to_string();
    let plan = office.recount(&["undo", &number]);
    assert_eq!(plan.code, 0, "{plan:?}");
    assert!(plan.out.contains("would change 2") && plan.out.contains("ConnectWise holds 20"), "{}", plan.out);
    let acme = office.newest_run()["lines"][0]["handle"].as_str().unwrap().to_owned();
    assert!(plan.out.contains(&format!("recount keep {acme}")) && !plan.out.contains("HANDLE"), "{}", plan.out);
    assert_eq!((office.billed(100), office.billed(created)), ("5".to_owned(), "6".to_owned()), "only planned");

    let fingerprint = office.newest_run()["plan"].as_str().unwrap()[..12].to_owned();
    let applied = office.recount(&["apply", &fingerprint]);
    assert_eq!(applied.code, 0, "{applied:?}");
    assert_eq!((office.billed(100), office.billed(created)), ("3".to_owned(), "0".to_owned()));
    assert_eq!(office.billed(200), "20", "what somebody changed since is left alone");

    let next = office.plan_json();
    let acme = next["lines"].as_array().unwrap().iter().find(|line| line["addition_id"] == 100).unwrap().clone();
    assert_eq!(acme["outcome"], "would-update", "no hand edit: {acme:#}");
    let again = office.recount(&["apply", &fingerprint]);
    assert_eq!(again.code, 10, "the plan was carried out already: {again:?}");
}

/// 3, 5, 8, 5: the 5 that stands there is not the one of the run that is set back.
#[test]
fn an_undo_of_an_old_run_leaves_what_a_later_run_wrote() {
    let office = Office::running(&QUIET);
    let night = |acme: u32| {
        office.export(&[("Acme", acme), ("Borealis", 12), ("Cedar", 40)]);
        office.run_json()["run"].to_string()
    };
    let old = night(5);
    night(8);
    let last = night(5);
    let plan = office.recount(&["undo", &old]);
    let told = plan.out.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(!told.contains("would change 1"), "{told}");
    assert!(told.contains(&format!("run {last} wrote it after that")), "{told}");
    assert_eq!(office.recount(&["undo", &last]).code, 0);
}

#[test]
fn an_undo_that_was_overtaken_is_refused() {
    let office = Office::running(&QUIET);
    office.export(&[("Acme", 5), ("Borealis", 12), ("Cedar", 40)]);
    let number = office.run_json()["run"].to_string();
    office.recount(&["undo", &number]);
    let fingerprint = office.newest_run()["plan"].as_str().unwrap()[..12].to_owned();
    office.by_hand(100, 8);
    let applied = office.recount(&["apply", &fingerprint]);
    assert_eq!((applied.code, office.billed(100).as_str()), (10, "8"), "{applied:?}");
    assert!(applied.out.contains(&format!("recount undo {number}")), "{applied:?}");
    assert!(applied.out.contains("planned 5 → 3, now skipped at 8"), "{applied:?}");
    assert_eq!(office.recount(&["undo", "999"]).code, 2);
}

/// After an undo the guards compare with the last night that stands, and not with the few lines that were set back.
#[test]
fn an_undo_moves_no_baseline() {
    let office = Office::running(&QUIET);
    let before = office.newest_run()["run"].to_string();
    office.export(&[("Acme", 5), ("Borealis", 12), ("Cedar", 40)]);
    let number = office.run_json()["run"].to_string();
    office.recount(&["undo", &number]);
    let fingerprint = office.newest_run()["plan"].as_str().unwrap()[..12].to_owned();
    assert_eq!(office.recount(&["apply", &fingerprint]).code, 0);
    office.export(&[("Acme", 5)]);
    let run = office.run();
    assert_eq!(run.code, 11, "two of three customers are gone: {run:?}");
    assert!(run.out.contains(&format!("of run {before}")), "{}", run.out);
}

#[test]
fn a_journal_that_somebody_changed_is_found_out() {
    let office = Office::running(&[("Acme", 4), ("Borealis", 12), ("Cedar", 40)]);
    let head = office.newest_run()["head"].as_str().unwrap().to_owned();
    let report = office.recount(&["report"]);
    assert!(report.out.trim_end().ends_with(&format!("head {}…", &head[..8])), "{}", report.out);
    assert_eq!(office.recount(&["verify", "--against", &head]).code, 0);
    assert_eq!(office.recount(&["verify", "--against", &format!("{}…", &head[..8])]).code, 0);
    let verified: Value = serde_json::from_str(&office.recount(&["verify", "--json"]).out).unwrap();
    assert_eq!((verified["head"].as_str(), verified["rows"].to_string()), (Some(head.as_str()), "2".to_owned()));
    assert_eq!(office.recount(&["verify", "--against", &"ab".repeat(32)]).code, 14);
    assert_eq!(office.recount(&["verify", "--against", "xyz"]).code, 2);

    office.tamper("DROP TRIGGER journal_no_update; UPDATE journal SET quantity = '400' WHERE seq = 1");
    let said = office.recount(&["verify"]);
    assert_eq!(said.code, 14);
    assert!(said.err.contains("row 1") && said.err.contains("backup"), "{said:?}");
}

/// Two programs that correct each other every night cost a customer's trust in every second invoice.
#[test]
fn a_line_that_is_set_back_twice_is_a_fight_and_says_so() {
    let night = Night::busy();
    night.config("guards", r#"human_edit = "overwrite""#);
    night.run().exits(0);
    for flip in 1..=3 {
        night.sim().edit(|world| {
            let addition = world.addition_mut(100).expect("Acme's CloudFilter");
            addition.quantity = 3.into();
            addition.updated_by = "othertool".to_owned();
        });
        let said = night.run();
        if flip == 1 {
            said.exits(0);
        } else {
            let said = said.exits(3);
            assert_eq!(said.codes(), ["tug-of-war"]);
            assert!(said.out.contains("set to 7 2 times") && said.out.contains("othertool"), "{}", said.out);
        }
    }
    night.recount(&["held"]);
}

/// Whoever reads the log would believe what a customer's name says.
#[test]
fn no_name_and_no_answer_forges_a_line_of_the_log() {
    let forged = " INFO recount: run 999 of mail begins";
    let night = Night::busy();
    night.export(format!(
        "Account,Product,Quantity\nAcme,CloudFilter,3\nBorealis,CloudFilter,5\n\
         Nobody\u{2028}{forged}\u{85}{forged}\u{1b}[2J\u{202e},CloudFilter,1\n"
    ));
    for arguments in [&["run", "-vv"][..], &["plan", "-vv"], &["held", "-vv"]] {
        let said = night.recount(arguments);
        for line in said.err.split(['\n', '\r', '\u{2028}', '\u{85}']) {
            assert!(!line.starts_with(forged), "{arguments:?}\n{}", said.err);
        }
        let hidden = |letter: char| letter.is_control() && letter != '\n' || "\u{202e}\u{2028}".contains(letter);
        assert!(!said.err.contains(hidden) && !said.out.contains(hidden), "{arguments:?}\n{:?}", said.err);
    }
}
