//! The keys: a morning without a mouse.

use crate::chrome::{Chrome, PATIENCE, address, browse};
use crate::client::{DeskOfNight, decided, handle, held_night};

async fn types(chrome: &Chrome, keys: &str) {
    for key in keys.chars() {
        let script = format!(
            "document.activeElement.dispatchEvent(new KeyboardEvent('keydown', {{key: {:?}, bubbles: true, cancelable: true}}))",
            key.to_string()
        );
        chrome.run(&script).await;
    }
}

async fn focused(chrome: &Chrome, what: &str) -> String {
    chrome.run(&format!("return String(document.activeElement.{what})")).await.as_str().unwrap_or_default().to_owned()
}

/// Otherwise forty items take forty reaches for the mouse, or a letter in a note answers something.
#[test]
fn items_are_gone_through_by_keys_and_nothing_is_answered_by_one_alone() {
    let night = held_night();
    let zero = handle(&night, "to-zero");
    let desk = DeskOfNight::open(&night);
    browse(&address(&desk), async |chrome| {
        chrome.come_in(&desk, "dana", "operator").await;
        let items = chrome.count("[id^='i-']").await;
        assert!(items > 1, "{}", chrome.text().await);
        types(chrome, "j").await;
        let first = focused(chrome, "id").await;
        types(chrome, "j").await;
        assert_ne!(focused(chrome, "id").await, first, "j does not go on");
        types(chrome, "k").await;
        assert_eq!(focused(chrome, "id").await, first, "k does not go back");
        types(chrome, "x").await;
        assert_eq!(chrome.count("input[name=item]:checked").await, 1, "x does not select");
        types(chrome, "x/").await;
        assert_eq!(focused(chrome, "id").await, "find");
        types(chrome, "ja").await;
        assert_eq!(focused(chrome, "id").await, "find", "a key acts in a field");
        chrome.run("document.activeElement.blur()").await;
        types(chrome, "?").await;
        chrome.sees("go to the newest Undo").await;
        chrome.press("#keys-switch").await;
        chrome.run("document.querySelector('#keys').hidePopover(); document.activeElement.blur()").await;
        types(chrome, "j").await;
        assert!(!focused(chrome, "id").await.starts_with("i-"), "a key acts that was switched off");
        chrome.run("document.querySelector('#keys-switch').click()").await;
        types(chrome, "j").await;
        while focused(chrome, "id").await != format!("i-{zero}") {
            types(chrome, "j").await;
        }
        types(chrome, "a").await;
        assert_eq!(focused(chrome, "value").await, "accept");
        assert!(decided(&night).is_empty(), "a key answered");
        chrome.run("document.activeElement.click()").await;
        chrome.sees("Answered, not yet written").await;
        // The page is read before its script has run.
        let began = std::time::Instant::now();
        while !focused(chrome, "textContent").await.starts_with("Undo") {
            assert!(began.elapsed() < PATIENCE, "the focus is not on the undo");
            tokio::task::yield_now().await;
        }
        types(chrome, "j").await;
        assert!(focused(chrome, "id").await.starts_with("i-"), "j does not go on behind the item that was answered");
        assert_eq!(chrome.complaints().await, Vec::<String>::new());
    });
    assert_eq!(decided(&night).len(), 1);
    desk.close();
}
