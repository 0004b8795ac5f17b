//! A morning, as whoever sends the invoices works through it: with script and without, at a desk and on a phone.

use crate::chrome::{Chrome, address, browse};
use crate::client::{DeskOfNight, decided, handle};
use crate::support::{BUSY, Night};

/// Opens the fold of an answer's note, where the browser has no script as well.
async fn unfold(chrome: &Chrome, within: &str) {
    chrome.press(&format!("{within} summary")).await;
}

async fn answer_three_kinds(chrome: &Chrome, [acme, borealis, unmapped]: [&str; 3]) {
    let button = |handle: &str, answer: &str| format!("#i-{handle} button[value={answer}]");
    chrome.press(&button(acme, "accept")).await;
    chrome.sees("Answered, not yet written").await;
    chrome.press(".slip form[action$='/undo'] button").await;
    chrome.press(&button(acme, "keep")).await;
    chrome.sees("Answered, not yet written").await;
    chrome.press(&button(borealis, "accept")).await;
    chrome.sees("1 to decide").await;
    chrome.open(&format!("/items/{unmapped}")).await;
    unfold(chrome, "form.answers").await;
    chrome.fill("form.answers input[name=note]", "asked the vendor").await;
    chrome.press("form.answers button[value=ignore]").await;
    chrome.sees("asked the vendor").await;
    chrome.sees("Nothing to decide").await;
}

/// The rail of a phone is behind a button.
async fn sign_out(chrome: &Chrome, width: u32) {
    chrome.open("/").await;
    if width < 500 {
        chrome.press("button.menu-button").await;
    }
    chrome.press("form[action='/signout'] button").await;
    chrome.arrives("/signin").await;
    chrome.open("/plan").await;
    chrome.arrives("/signin").await;
}

/// A line that would go to zero, one that would rise to five times, and a customer whom nobody has mapped.
fn three_items() -> Night {
    let night = Night::new();
    night.approve();
    night.export("Account,Product,Quantity\nAcme,CloudFilter,0\nBorealis,CloudFilter,26\nCasa Verde,CloudFilter,7\n");
    night.run().exits(3);
    night
}

/// The handles of the newest plan's items that have a line, in an order of their own.
fn handles(night: &Night) -> Vec<String> {
    let held = night.recount(&["held", "--json"]).exits(0).json();
    let waiting = held["waiting"].as_array().cloned().unwrap_or_default();
    let mut found: Vec<_> = waiting.iter().filter(|one| one["code"] != "customer-unmapped").collect();
    found.sort_by_key(|one| one.to_string());
    found.iter().map(|one| one["handle"].as_str().expect("a handle").to_owned()).collect()
}

fn a_morning(width: u32, script: bool) {
    let night = three_items();
    let desk = DeskOfNight::open(&night);
    let (zero, unmapped) = (handles(&night), handle(&night, "customer-unmapped"));
    let [first, second] = zero.as_slice() else { panic!("not two lines: {zero:?}") };
    browse(&address(&desk), async |chrome| {
        chrome.window(width, 844).await;
        chrome.script(script).await;
        chrome.come_in(&desk, "dana", "operator").await;
        chrome.sees("3 to decide").await;
        answer_three_kinds(chrome, [first, second, &unmapped]).await;
        sign_out(chrome, width).await;
        assert_eq!(chrome.complaints().await, Vec::<String>::new());
    });
    let answers: Vec<String> = decided(&night).iter().map(ToString::to_string).collect();
    assert_eq!(answers.len(), 3, "{answers:#?}");
    for said in ["keep", "accept", "asked the vendor"] {
        assert!(answers.iter().any(|one| one.contains(said)), "nobody answered {said}: {answers:#?}");
    }
    desk.close();
}

/// Otherwise the biller telephones an engineer again.
#[test]
fn open_items_are_answered_and_an_answer_is_undone() {
    a_morning(1280, true);
}

#[test]
fn open_items_are_answered_on_a_phone() {
    a_morning(390, true);
}

#[test]
fn open_items_are_answered_without_script() {
    a_morning(1280, false);
}

/// The newest plan, approved by its number of lines and carried out.
async fn approve(chrome: &Chrome, lines: &str) {
    chrome.fill("#type", lines).await;
    chrome.press("form.bar button.act").await;
    chrome.sees("No run is under way").await;
}

fn a_night_from_the_desk(script: bool) {
    let night = Night::new();
    night.export(BUSY);
    night.recount(&["plan"]).exits(0);
    let before = night.billed();
    let desk = DeskOfNight::open(&night);
    browse(&address(&desk), async |chrome| {
        chrome.script(script).await;
        chrome.come_in(&desk, "dana", "operator").await;
        chrome.open("/plan").await;
        chrome.fill("#type", "2").await;
        chrome.press("form.bar button.act").await;
        chrome.sees("3 lines").await;
        chrome.find("#type-e").await;
        assert_eq!(night.billed(), before, "a wrong number was taken");
        approve(chrome, "3").await;
        let approved = night.billed();
        assert_ne!(approved, before, "the plan was not carried out");

        night.export("Account,Product,Quantity\nAcme,CloudFilter,8\nAcme,Archive,2\nBorealis,CloudFilter,6\n");
        chrome.open("/").await;
        chrome.press("form[action='/runs/start']:has(input[value=night]) button").await;
        chrome.sees("No run is under way").await;
        assert_ne!(night.billed(), approved, "nothing was run");
        chrome.press("a.act").await;
        chrome.press("form[action$='/undo'] button").await;
        chrome.sees("No run is under way").await;
        chrome.press("a.act").await;
        chrome.sees("It sets back").await;
        approve(chrome, "1").await;
        assert_eq!(night.billed(), approved, "the night was not set back");
    });
    desk.close();
}

/// Otherwise a plan is carried out by a click beside it, a night cannot be begun and watched, or what it did cannot be
/// set back by whoever sees it.
#[test]
fn a_plan_is_approved_a_night_is_run_and_set_back() {
    a_night_from_the_desk(true);
}

#[test]
fn a_plan_is_approved_a_night_is_run_and_set_back_without_script() {
    a_night_from_the_desk(false);
}
