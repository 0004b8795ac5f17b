//! What goes wrong only where several lines are written at the same time, or stand on one look.

use recount_sim::{Addition, Agreement, Company};
use rust_decimal::Decimal;

use crate::faults::{is_silent, journal_fits};
use crate::support::{Night, wait_until};

/// So many agreements of one line each, eight requests at a time; a person approved the first plan.
pub(super) fn many(agreements: i64) -> Night {
    let night = Night::new();
    night.config("", "settle = \"0s\"\nmax_in_flight = 8");
    for guard in ["max_lines_changed = \"100%\"", "max_lines_created = \"100%\""] {
        night.config("guards", guard);
    }
    night.sim().edit(|world| {
        let (company, agreement) = (world.companies[0].clone(), world.agreements[0].clone());
        world.companies =
            (1..=agreements).map(|id| Company { id, name: format!("C{id}"), ..company.clone() }).collect();
        world.agreements = (1..=agreements).map(|id| Agreement { id, company: id, ..agreement.clone() }).collect();
        world.additions =
            (1..=agreements).map(|id| Addition::new(1000 + id, id, "MP-CLOUDFILTER", 30.into())).collect();
    });
    let rows = |text: &str| (1..=agreements).map(|id| format!("C{id},{text}\n")).collect::<String>();
    let customers: String = (1..=agreements).map(|id| format!("C{id},{id},,\n")).collect();
    night.write("customers.csv", format!("customer,company_id,agreement_id,note\n{customers}"));
    night.export(format!("{HEAD}{}", rows("CloudFilter,30")));
    night.approve();
    night
}

pub(super) const HEAD: &str = "Account,Product,Quantity\n";

/// Each agreement asks for another quantity of its line.
fn all_change(night: &Night, agreements: i64) {
    let rows: String = (1..=agreements).map(|id| format!("C{id},CloudFilter,31\n")).collect();
    night.export(format!("{HEAD}{rows}"));
}

/// Each agreement asks for a line that it does not have.
fn all_are_created(night: &Night, agreements: i64) {
    let rows: String = (1..=agreements).map(|id| format!("C{id},CloudFilter,30\nC{id},Archive,1\n")).collect();
    night.export(format!("{HEAD}{rows}"));
}

fn quantities(night: &Night, product: &str) -> Vec<Decimal> {
    let billed = night.billed().into_iter().filter(|(_, found, _)| found == product);
    billed.map(|(_, _, quantity)| quantity).collect()
}

/// Eight creations are on their way when the power goes: some arrived, the others did not. None is doubled or lost.
#[test]
fn killed_with_eight_creations_in_flight_each_is_looked_up() {
    for applied in [true, false] {
        let night = many(12);
        all_are_created(&night, 12);
        // The first one goes alone.
        night.fault(&format!(
            r#"[{{"when": {{"method": "POST", "path": "/additions", "from": 2}}, "then": {{"connection": "hold", "applied": {applied}}}}}]"#
        ));
        let run = night.start(&["run", "-vv"]);
        wait_until("nine creations", || night.sent("POST").len() == 9);
        night.heard(run.kill());
        assert_eq!(night.journal().iter().filter(|write| write.creates && !write.applied).count(), 8);
        // A report of it says so before the next run ends it.
        let report = night.recount(&["report", "--json"]).json();
        let lines = report["runs"][0]["lines"].as_array().cloned().unwrap_or_default();
        let are = |outcome: &str| lines.iter().filter(|line| line["outcome"] == outcome).count();
        assert_eq!((are("created"), are("unknown"), are("would-create")), (1, 8, 0), "{report}");
        night.no_faults();
        night.run();
        night.run().exits(0);
        assert_eq!(quantities(&night, "MP-ARCHIVE"), vec![Decimal::ONE; 12], "arrived: {applied}");
        journal_fits(&night);
        is_silent(&night);
    }
}

/// ConnectWise errs at every creation but the first: those beside one another are the last.
#[test]
fn server_errors_side_by_side_stop_the_writing() {
    let night = many(30);
    all_are_created(&night, 30);
    night.fault(
        r#"[{"when": {"method": "POST", "path": "/additions", "from": 2}, "then": {"status": 502, "applied": true}}]"#,
    );
    let said = night.run();
    assert_ne!(said.exit, 0, "{}", said.out);
    assert!(night.sent("POST").len() <= 9, "{} creations", night.sent("POST").len());
    journal_fits(&night);
    night.no_faults();
    night.run().exits(0);
    assert_eq!(quantities(&night, "MP-ARCHIVE"), vec![Decimal::ONE; 30]);
    is_silent(&night);
}

/// Nobody knows yet how ConnectWise answers: one write may be in doubt, and not eight.
#[test]
fn before_the_first_clear_answer_nothing_goes_beside_it() {
    let night = many(12);
    all_change(&night, 12);
    night.fault(r#"[{"when": {"method": "PATCH", "nth": 1}, "then": {"connection": "hold"}}]"#);
    let run = night.start(&["run", "-vv"]);
    wait_until("the first write", || !night.sent("PATCH").is_empty());
    run.signal("TERM");
    let looked = night.sim().requests().iter().filter(|one| one.path().ends_with("/additions")).count();
    assert_eq!(looked, 12 + 1, "each list was read for the plan, and one of them again");
    night.heard(run.kill());
    assert_eq!(night.sent("PATCH").len(), 1);
}

/// Once answers are clear, the next agreements are looked at while others are written. Their turn comes late here, and a
/// person set 20 meanwhile: what was seen ahead is too old by then, and nobody is overwritten.
#[test]
fn a_look_ahead_that_has_become_too_old_is_taken_anew() {
    let night = many(12);
    all_change(&night, 12);
    night.fault(r#"[{"when": {"method": "PATCH", "from": 2, "times": 8}, "then": {"delay_before_ms": 2500}}]"#);
    let run = night.start(&["run", "--json", "-vv"]);
    let looks = || night.sim().requests().iter().filter(|one| one.path().ends_with("/additions")).count();
    wait_until("nine writes, and a look for each line", || night.sent("PATCH").len() == 9 && looks() == 12 + 12);
    night.sim().edit(|world| world.additions[11].quantity = 20.into());
    let said = night.heard(run.end());
    assert_eq!(said.outcome(12, "MP-CLOUDFILTER"), "conflict", "{}", said.out);
    assert_eq!(night.sim().world().additions[11].quantity, 20.into());
    assert_eq!(said.outcome(11, "MP-CLOUDFILTER"), "updated", "{}", said.out);
}

/// systemd stops the service while eight lines are in flight: all of them are finished and told, no other is begun.
#[test]
fn asked_to_stop_it_finishes_all_lines_in_flight() {
    let night = many(12);
    all_are_created(&night, 12);
    night.fault(r#"[{"when": {"method": "POST", "path": "/additions", "from": 2}, "then": {"delay_after_ms": 3000}}]"#);
    let run = night.start(&["run", "--json", "-vv"]);
    wait_until("nine creations", || night.sent("POST").iter().filter(|post| post.applied > 0).count() == 9);
    run.signal("TERM");
    let said = night.heard(run.end()).exits(143);
    let outcomes: Vec<String> = (1..=12).map(|id| said.outcome(id, "MP-ARCHIVE")).collect();
    assert_eq!(outcomes.iter().filter(|outcome| *outcome == "created").count(), 9, "{outcomes:?}");
    assert_eq!(night.sim().writes().len(), 9, "no further line was begun");
    night.no_faults();
    night.run().exits(0);
    assert_eq!(quantities(&night, "MP-ARCHIVE"), vec![Decimal::ONE; 12]);
}

/// The look's answer took so long that a person set 20 meanwhile. The write that would have set it back is not sent.
#[test]
fn a_look_that_was_answered_late_overwrites_nobody() {
    let night = Night::busy();
    let look = r#"{"method": "GET", "path": "/agreements/10/additions", "nth": 2}"#;
    night.fault(&format!(r#"[{{"when": {look}, "then": {{"delay_after_ms": 4000}}}}]"#));
    let run = night.start(&["run", "--json", "-vv"]);
    wait_until("the look", || night.sim().requests().iter().any(|request| request.fault.is_some()));
    night.sim().edit(|world| world.additions[0].quantity = 20.into());
    let said = night.heard(run.end());
    assert_eq!(said.outcome(10, "MP-CLOUDFILTER"), "conflict", "{}", said.out);
    assert_eq!(night.sim().world().additions[0].quantity, 20.into());
}

/// The first answer was lost, so the agreement was looked at once more, and that look showed 20 on the next line: somebody was
/// at work there. It was set back all the same, on the strength of the look before.
#[test]
fn what_a_second_look_shows_holds_for_the_next_line_of_the_agreement() {
    let night = Night::busy();
    night.sim().edit(|world| world.additions.push(Addition::new(101, 10, "MP-ARCHIVE", 1.into())));
    night.fault(
        r#"[{"when": {"method": "PATCH", "path": "/additions/101", "nth": 1},
             "then": {"applied": false, "connection": "reset", "edit": {"addition": 100, "quantity": 20}}}]"#,
    );
    let said = night.run();
    assert_eq!(said.outcome(10, "MP-ARCHIVE"), "updated", "{}", said.out);
    assert_eq!(said.outcome(10, "MP-CLOUDFILTER"), "conflict", "{}", said.out);
    assert_eq!(night.sim().world().additions[0].quantity, 20.into());
}

/// ConnectWise answers each look later than a write may follow it: the line waits for the next night.
#[test]
fn looks_that_stay_slow_leave_the_line_for_the_next_night() {
    let night = Night::busy();
    let looks = r#"{"method": "GET", "path": "/agreements/20/additions", "from": 2}"#;
    night.fault(&format!(r#"[{{"when": {looks}, "then": {{"delay_after_ms": 2300}}}}]"#));
    let said = night.run().exits(5);
    assert_eq!(said.outcome(20, "MP-CLOUDFILTER"), "held", "{}", said.out);
    assert_eq!(said.outcome(10, "MP-CLOUDFILTER"), "updated", "{}", said.out);
    assert!(night.sent("PATCH").iter().all(|patch| !patch.path().contains("/agreements/20/")));
    crate::faults::converges_then_is_silent(&night);
}

/// Another product in the place of ours, or another customer's agreement, is not written to for its number alone.
#[test]
fn a_line_of_another_product_or_company_since_the_plan_is_not_written() {
    let night = Night::busy();
    let window = r#"{"method": "GET", "path": "id%20in%20(10", "nth": 1}"#;
    let look = r#"{"method": "GET", "path": "/agreements/10/additions", "nth": 2}"#;
    let late = |when: &str| format!(r#"{{"when": {when}, "then": {{"delay_before_ms": 1500}}}}"#);
    night.fault(&format!("[{}, {}]", late(window), late(look)));
    let run = night.start(&["run", "--json", "-vv"]);
    wait_until("the agreements and a look before the writes", || {
        night.sim().requests().iter().filter(|request| request.fault.is_some()).count() == 2
    });
    night.sim().edit(|world| {
        world.additions[0].product = "MP-ARCHIVE".to_owned();
        world.agreements[1].company = 1;
    });
    let said = night.heard(run.end());
    assert_eq!(said.outcome(10, "MP-CLOUDFILTER"), "conflict", "{}", said.out);
    assert_eq!(said.outcome(20, "MP-CLOUDFILTER"), "held", "{}", said.out);
    assert!(night.sent("PATCH").is_empty());
}

/// Else the night of a large MSP takes three times as long as it has to: each write costs one look and itself.
#[test]
fn a_write_costs_two_requests_and_a_look_serves_the_lines_of_one_agreement() {
    let night = many(30);
    all_change(&night, 30);
    night.run().exits(0);
    assert_eq!(quantities(&night, "MP-CLOUDFILTER"), vec![Decimal::from(31); 30]);
    let (requests, most) = (night.sim().requests().len(), 10 + 30 + 2 * 30 + 2);
    assert!(requests <= most, "{requests} requests, {most} are enough");
    let rows: String = (1..=30).map(|id| format!("C{id},CloudFilter,30\nC{id},Archive,1\n")).collect();
    night.sim().clear_requests();
    night.export(format!("{HEAD}{rows}"));
    night.run().exits(0);
    let (requests, most) = (night.sim().requests().len(), 10 + 30 + 3 * 30 + 2);
    assert!(requests <= most, "{requests} requests for 60 lines, {most} are enough");
}

/// The tables of a second vendor on the same agreements.
pub(super) fn second() -> String {
    SECOND.to_owned()
}

const SECOND: &str = r#"
[integration.vault]
connectwise = "main"
mode = "observe"
customers = "customers.csv"
match_customers = "mapped"
default_agreement = { type = "Email Security" }

[integration.vault.export]
path = "vault.csv"
columns = { customer = "Account", service = "Product", count = "Quantity" }

[integration.vault.services]
"Vault" = { product = "MP-ARCHIVE" }
"#;

fn lists_read(night: &Night) -> usize {
    night.sent("GET").iter().filter(|one| one.path().ends_with("/additions")).count()
}

/// Two vendors on the same agreements read their lists once; what the first one wrote on is read again.
#[test]
fn a_second_vendor_reads_again_what_the_first_one_wrote_on_and_no_more() {
    let night = Night::busy();
    night.append(SECOND);
    night.write("vault.csv", format!("{HEAD}Acme,Vault,2\nBorealis,Vault,1\n"));
    let said = night.recount(&["run", "--json"]);
    assert_eq!(said.json()["runs"].as_array().map(Vec::len), Some(2), "{}", said.out);
    let line = |run: &serde_json::Value| run["lines"].as_array().and_then(|lines| lines.first().cloned());
    let runs = said.json()["runs"].as_array().cloned().unwrap_or_default();
    assert!(runs.iter().all(|run| line(run).is_some()), "{}", said.out);
    let (looks, plans) = (2, 4);
    assert_eq!(lists_read(&night), looks + plans);
    night.sim().clear_requests();
    night.recount(&["run", "--json"]);
    assert_eq!(lists_read(&night), 2, "nothing was written, so each list was read once for both");
}

/// ConnectWise does not take identifiers in `conditions`, or a product is written in a way that they do not hold: the
/// whole catalog is read, and nothing is missing.
#[test]
fn a_catalog_that_is_not_given_by_identifier_is_read_whole() {
    let night = Night::busy();
    night.fault(r#"[{"when": {"path": "identifier%20in"}, "then": {"status": 400}}]"#);
    night.run().exits(0);
    assert_eq!(night.billed(), crate::faults::goal());
    is_silent(&night);
    let asked = |words: &str| night.sent("GET").iter().any(|one| one.target.contains(words));
    assert!(asked("identifier%20in"), "the question is a small one");
}

/// Eight vendors on one ConnectWise ask once for what they all stand on: eight catalogs of a distributor are hours.
#[test]
fn what_all_vendors_stand_on_is_asked_for_once() {
    let night = Night::busy();
    night.append(SECOND);
    night.write("vault.csv", format!("{HEAD}Acme,Vault,2\nBorealis,Vault,1\n"));
    night.fault(r#"[{"when": {"path": "identifier%20in"}, "then": {"status": 400}}]"#);
    let said = night.recount(&["run", "--json"]);
    assert_eq!(said.json()["runs"].as_array().map(Vec::len), Some(2), "{}", said.out);
    let asked = |path: &str| night.sent("GET").iter().filter(|one| one.target.contains(path)).count();
    let whole_catalogs = asked("/procurement/catalog") - asked("identifier%20in");
    assert_eq!((asked("/finance/billingCycles"), whole_catalogs), (1, 1));
}

/// Whoever matches by name reads ten thousand companies: on the night of a sweep as well once, and not twice.
#[test]
fn all_companies_are_read_once_on_the_night_of_a_sweep() {
    for matched in ["exact-name", "mapped"] {
        let night = Night::busy();
        night.config("", &format!("match_customers = \"{matched}\""));
        night.sim().clear_requests();
        night.run();
        let reads = night.sent("GET");
        let all =
            reads.iter().filter(|one| one.target.contains("/company/companies") && !one.target.contains("conditions"));
        assert_eq!(all.count(), 1, "{matched}");
    }
}
