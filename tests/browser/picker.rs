//! A customer is mapped with the picker, and a file is brought: with script and without.

use crate::chrome::{Chrome, address, browse};
use crate::client::{DeskOfNight, handle, held_night};
use crate::support::Night;

fn customers(night: &Night) -> String {
    std::fs::read_to_string(night.path("customers.csv")).expect("the customers")
}

/// With script the list follows what is typed; without it a button searches.
async fn search(chrome: &Chrome, typed: &str, script: bool) {
    chrome.fill("#pq", typed).await;
    if !script {
        chrome.press("form.search button").await;
    }
    chrome.sees("Borealis").await;
}

fn a_customer_is_mapped(script: bool) {
    let night = held_night();
    let desk = DeskOfNight::open(&night);
    let page = format!("/mapping/{}", handle(&night, "customer-unmapped"));
    let before = customers(&night);
    browse(&address(&desk), async |chrome| {
        chrome.script(script).await;
        chrome.come_in(&desk, "dana", "operator").await;
        chrome.open("/customers").await;
        chrome.press(&format!("a[href='{page}']")).await;
        chrome.arrives(&page).await;
        search(chrome, "bore", script).await;
        chrome.press("#found a.choice").await;
        chrome.sees("Agreement of company 2").await;
        chrome.fill("#mn", "a branch of theirs").await;
        assert_eq!(customers(&night), before, "choosing wrote something");
        chrome.press("#picker button.act").await;
        chrome.sees("Saved.").await;
        chrome.sees("a branch of theirs").await;
        assert_eq!(chrome.complaints().await, Vec::<String>::new());
    });
    assert!(customers(&night).contains(",2,,a branch of theirs"), "{}", customers(&night));
    desk.close();
}

/// Otherwise a new customer is billed nothing until somebody with a shell has time.
#[test]
fn a_customer_is_mapped_with_the_picker() {
    a_customer_is_mapped(true);
}

#[test]
fn a_customer_is_mapped_with_the_picker_without_script() {
    a_customer_is_mapped(false);
}

fn a_file_is_kept(script: bool) {
    let night = held_night();
    let file = night.path("downloaded.csv");
    std::fs::write(&file, "Account,Product,Quantity\nAcme,CloudFilter,4\nBorealis,CloudFilter,5\n").expect("a file");
    let desk = DeskOfNight::open(&night);
    browse(&address(&desk), async |chrome| {
        chrome.script(script).await;
        chrome.come_in(&desk, "dana", "operator").await;
        chrome.open("/export").await;
        let field = chrome.find("input[type=file]").await;
        field.send_keys(file.to_str().expect("a path")).await.expect("a file is chosen");
        chrome.press("form[action='/export/read'] button").await;
        chrome.sees("Counts that differ").await;
        let kept = night.path("state/uploads/mail");
        assert!(!kept.exists(), "looking kept it");
        chrome.press("form[action='/export/keep'] button").await;
        chrome.sees("Kept").await;
        assert_eq!(std::fs::read_dir(kept).expect("a folder").count(), 1);
        assert_eq!(chrome.complaints().await, Vec::<String>::new());
    });
    let read = night.recount(&["read", "mail", "--json"]).exits(0).json();
    assert_eq!(read["customers"]["Acme"]["CloudFilter"], 4, "{read}");
    desk.close();
}

/// Otherwise a vendor whose file is downloaded by hand needs somebody with a shell each month.
#[test]
fn a_file_is_looked_at_and_kept_as_tonights_export() {
    a_file_is_kept(true);
}

#[test]
fn a_file_is_looked_at_and_kept_without_script() {
    a_file_is_kept(false);
}
