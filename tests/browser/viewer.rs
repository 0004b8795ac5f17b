//! What somebody who may read sees, in a real browser.

use crate::chrome::{address, browse};
use crate::client::{DeskOfNight, decided, handle as handle_of, held_night};

/// Otherwise whoever was let in to read finds a button, or presses one that was left open in another tab.
#[test]
fn a_viewer_finds_no_button_and_is_refused_where_one_is_made() {
    let night = held_night();
    let desk = DeskOfNight::open(&night);
    let handle = handle_of(&night, "to-zero");
    browse(&address(&desk), async |chrome| {
        chrome.come_in(&desk, "vera", "viewer").await;
        let item = format!("/items/{handle}");
        let mapping = format!("/mapping/{}", handle_of(&night, "customer-unmapped"));
        for path in PAGES.into_iter().chain([item.as_str(), mapping.as_str()]) {
            chrome.open(path).await;
            let forms = chrome.count("form[method=post]:not([action='/signout'])").await;
            assert_eq!(forms, 0, "{path} has a form for a viewer");
        }
        chrome.open("/").await;
        chrome.sees("Answering is for operators").await;
        let forge = format!(
            "const form = document.querySelector('form[action=\"/signout\"]');
             form.action = '/items/{handle}/answer';
             for (const [name, value] of [['answer', 'accept'], ['shown', '3:0:to-zero']]) {{
                 const field = document.createElement('input');
                 field.name = name; field.value = value; form.append(field);
             }}
             form.submit()"
        );
        chrome.run(&forge).await;
        chrome.sees("the role does not allow it").await;
    });
    assert!(decided(&night).is_empty(), "a viewer answered");
    desk.close();
}

const PAGES: [&str; 15] = [
    "/",
    "/plan",
    "/invoices",
    "/customers",
    "/customers?look=1",
    "/customers/Acme",
    "/services",
    "/export",
    "/nights",
    "/nights/2",
    "/diff?a=2&b=3",
    "/integrations",
    "/live",
    "/audit",
    "/find?q=acme",
];
