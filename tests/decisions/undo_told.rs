//! What everybody reads after an undo: what ConnectWise holds by now, and all that is still open.

use super::QUIET;
use super::office::Office;

/// A night that raised Acme from 3 to 5 and left one matter open, then planned to be set back. Its number, the
/// fingerprint of the plan, and Acme's handle.
fn planned() -> (Office, String, String, String) {
    let office = Office::running(&QUIET);
    office.export(&[("Acme", 5), ("Borealis", 0), ("Cedar", 40)]);
    let run = office.run_json();
    assert_eq!(
        (run["totals"]["changed"].to_string(), run["totals"]["to_decide"].to_string()),
        ("1".into(), "1".into())
    );
    let number = run["run"].to_string();
    assert_eq!(office.recount(&["undo", &number]).code, 0);
    let plan = office.newest_run();
    let handle = plan["lines"][0]["handle"].as_str().expect("a handle").to_owned();
    (office, number, plan["plan"].as_str().expect("a plan")[..12].to_owned(), handle)
}

fn undone() -> (Office, String, String) {
    let (office, number, fingerprint, handle) = planned();
    assert_eq!(office.recount(&["apply", &fingerprint]).code, 0);
    assert_eq!(office.billed(100), "3");
    (office, number, handle)
}

/// An invoice would go out for 3 while the page promises 5.
#[test]
fn pages_state_what_an_undo_left() {
    let (office, number, _) = undone();
    let page = office.customer("Acme");
    assert!(page.contains(r#"<td class="n">3</td><td class="n">5</td>"#), "billed 3, counted 5: {page}");
    assert!(page.contains(&format!("which set back run {number}")), "{page}");
    assert!(page.contains(&format!("sets back run {number}")), "among what happened: {page}");
    assert!(page.contains("an undo, set it from 5 to 3"), "{page}");
    assert!(page.contains("3 at first, 3 at last"), "in the drawing: {page}");
    let history = office.recount(&["history", "--customer", "Acme"]).out;
    assert!(history.contains("billed, now 3") && history.contains("wanted, now 5"), "{history}");
    let of_undo = office.newest_run()["run"].to_string();
    assert!(office.recount(&["report", &of_undo, "--customer", "Acme"]).code == 0);
    assert_eq!(office.customer("Acme"), page, "whichever run was asked for");
    let ready = office.page("ready");
    let row = ready.split("Nothing is set back").nth(1).expect("the condition");
    assert!(row.contains(">1 line</span>") && row.contains("not yet"), "{ready}");
    assert!(ready.contains(&format!("which set back run {number}")), "{ready}");

    office.run();
    assert_eq!(office.billed(100), "5", "the night after bills the counts again");
    assert!(!office.page("ready").contains("set back"), "{}", office.page("ready"));
    assert!(!office.customer("Acme").contains("which set back"));
}

/// A customer's other lines would be missing from the page that a colleague opens.
#[test]
fn the_page_of_a_customer_is_whole_after_an_undo_that_was_only_planned() {
    let (office, number, ..) = planned();
    let page = office.page(&format!("customers/{}", customer_file(&office)));
    assert!(page.contains(&format!(">run {number}</a>")), "of the night, not of the undo: {page}");
    assert!(page.contains(r#"<td class="n">5</td><td class="n">5</td>"#), "{page}");
    let history = office.recount(&["history", "--customer", "Acme"]);
    assert!(!history.out.contains("wanted, now 3"), "the export asks for 5: {}", history.out);
}

/// The text said that no export was read, and the document named one.
#[test]
fn an_undo_names_no_export_in_any_form() {
    let (office, number, ..) = planned();
    let drawn = office.newest_run();
    assert_eq!((drawn["undoes"].to_string(), drawn["export"].is_null()), (number, true), "{drawn}");
    let run = drawn["run"].to_string();
    assert!(office.recount(&["report", &run]).out.contains("no export was read"));
    let page = office.page(&run);
    assert!(page.contains("no export was read") && !page.contains("<dt>export</dt>"), "{page}");
}

/// To which the page of the newest run leads.
fn customer_file(office: &Office) -> String {
    let run = office.page(&office.newest_run()["run"].to_string());
    let (_, rest) = run.split_once("customers/").expect("a link to the customer");
    rest.split_once(".html").expect("a page").0.to_owned()
}

/// "Healthy, nothing to decide" would end somebody's morning with a customer unbilled.
#[test]
fn an_undo_closes_no_open_matter() {
    let (office, number, _) = undone();
    let status = office.recount(&["status"]);
    assert_eq!(status.code, 3, "{status:?}");
    assert!(status.out.contains("to decide 1") && status.out.contains("explained 3/3"), "{}", status.out);
    assert!(status.out.contains(&format!("set back run {number} since: ok")), "{}", status.out);
    let index = office.page("index");
    let card = index.split("</article>").next().expect("a card");
    assert!(card.contains("1 TO DECIDE") && card.contains("to decide 1"), "{card}");
    assert_eq!(office.held()["code"], "to-zero");
}

/// Somebody would look for a customer in an export that nobody read.
#[test]
fn why_of_an_undo_names_no_export() {
    let (office, number, handle) = undone();
    let why = office.recount(&["why", &handle]).out;
    assert!(why.contains(&format!("none was read: it sets back run {number}")), "{why}");
    assert!(!why.contains("not in the export") && !why.contains("export.csv"), "{why}");
    let drawn = office.page(&office.newest_run()["run"].to_string());
    assert!(!drawn.contains("not in the export"), "{drawn}");
}

/// A changed line has no handle in the text report: who wants to know more starts from the customer.
#[test]
fn why_of_a_customer_lists_its_handles() {
    let (office, _, handle) = undone();
    let said = office.recount(&["why", "acme"]);
    assert!(said.code == 0 && said.out.contains(&handle) && said.out.contains("Next: recount why "), "{}", said.out);
}
