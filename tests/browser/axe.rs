//! Every page by axe-core: at both widths, light and dark, with all folds open. And no page complains or scrolls sideways.

use recount::reconcile::model::ids::IntegrationName;
use recount::reconcile::model::plan::handle;
use serde_json::Value;

use crate::chrome::{Chrome, address, browse};
use crate::client::{DeskOfNight, handle as handle_of, held_night};
use crate::support::Night;

/// The rules: WCAG 2.2 A and AA, and best practices.
const CHECK: &str = "const done = arguments[0];
    axe.run({runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']})
       .then(said => done(said.violations.flatMap(one => one.nodes.map(node => one.id + ': ' + node.html))),
             error => done(['axe-core failed: ' + error]))";
/// Text that stands beyond the edge of its sheet, where nobody can read it.
const CUT: &str = "return [...document.querySelectorAll('.sheet, .rows, .panel, .card, .facts')]
    .filter(one => one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).overflowX !== 'auto')
    .map(one => one.className + ': ' + one.textContent.slice(0, 80))";
const WIDTHS: [u32; 2] = [1280, 390];

/// What is wrong with a page at every width and in both colours.
pub(super) async fn violations(chrome: &Chrome, path: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (width, dark) in WIDTHS.into_iter().flat_map(|width| [(width, false), (width, true)]) {
        chrome.window(width, 900).await;
        chrome.dark(dark).await;
        chrome.open(path).await;
        let place = format!("{path} at {width}{}", if dark { ", dark" } else { "" });
        chrome
            .shot(&format!("{}-{width}{}", if path == "/" { "today" } else { path }, if dark { "-dark" } else { "" }))
            .await;
        chrome.window(width, 900).await;
        chrome.run("document.querySelectorAll('details').forEach(fold => fold.open = true)").await;
        found.extend(checked(chrome).await.into_iter().map(|one| format!("{place}: {one}")));
        let wide = chrome.run("return document.documentElement.scrollWidth - innerWidth").await;
        if wide.as_i64().is_none_or(|wide| wide > 0) {
            found.push(format!("{place}: scrolls sideways by {wide}"));
        }
        let cut = chrome.run(CUT).await;
        if cut.as_array().is_none_or(|cut| !cut.is_empty()) {
            found.push(format!("{place}: cut off: {cut}"));
        }
        let complaints = chrome.complaints().await.into_iter();
        // A page that says that there is nothing is told of as well.
        let complaints = complaints.filter(|one| !one.contains("the server responded with a status of 4"));
        found.extend(complaints.map(|one| format!("{place}: {one}")));
    }
    found
}

pub(super) async fn checked(chrome: &Chrome) -> Vec<String> {
    chrome.driver.execute(source(), Vec::new()).await.expect("axe-core");
    let said = chrome.driver.execute_async(CHECK, Vec::new()).await.expect("axe-core");
    let said = said.json().as_array().cloned().expect("a list");
    said.iter().map(|one| one.as_str().unwrap_or_default().to_owned()).collect()
}

/// axe-core's own file: `AXE`, the folder of npm's modules.
fn source() -> String {
    let path = crate::modules().join("axe-core/axe.min.js");
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Otherwise somebody who cannot see the page, or reads it on a phone or in the dark, cannot send the invoices.
#[test]
fn no_page_keeps_anybody_out() {
    let night = held_night();
    let desk = DeskOfNight::open(&night);
    let link = desk.link(&["users", "add", "vera", "--role", "viewer"]);
    let own = of_handles(&night);
    browse(&address(&desk), async |chrome| {
        let mut found = Vec::new();
        for path in ["/signin", link.as_str(), "/welcome/none", "/nowhere"] {
            found.extend(violations(chrome, path).await);
        }
        chrome.window(1280, 900).await;
        chrome.come_in(&desk, "dana", "admin").await;
        for path in PAGES.into_iter().chain(own.iter().map(String::as_str)) {
            found.extend(violations(chrome, path).await);
        }
        assert!(found.is_empty(), "{} violations: {found:#?}", found.len());
    });
    desk.close();
}

/// Every page that needs no handle.
const PAGES: [&str; 25] = [
    "/",
    "/plan",
    "/plan?only=equal",
    "/plan?q=nobody",
    "/plan?run=1",
    "/invoices",
    "/customers",
    "/customers?look=1",
    "/customers?s=skipped",
    "/customers/Acme",
    "/versions/mail",
    "/services",
    "/export",
    "/nights",
    "/nights/2",
    "/nights/3",
    "/nights/999",
    "/diff?a=2&b=3",
    "/integrations",
    "/audit",
    "/live",
    "/find?q=acme",
    "/find?q=",
    "/account",
    "/reports/3",
];

/// Those of items, customers and services.
fn of_handles(night: &Night) -> Vec<String> {
    let unmapped = handle_of(night, "customer-unmapped");
    let service = handle::of_matter(&IntegrationName::new("mail"), "service", "CloudFilter");
    vec![
        format!("/items/{}", handle_of(night, "to-zero")),
        format!("/items/{unmapped}"),
        format!("/mapping/{unmapped}"),
        format!("/mapping/{unmapped}?q=bore&company=2"),
        format!("/services/{service}"),
    ]
}

/// What stands where a form was sent, at every width and in both colours; sent anew each time.
async fn sent(chrome: &Chrome, from: &str, press: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (width, dark) in WIDTHS.into_iter().flat_map(|width| [(width, false), (width, true)]) {
        chrome.window(width, 900).await;
        chrome.dark(dark).await;
        chrome.open(from).await;
        chrome.run(press).await;
        chrome.sees("Nothing").await;
        let told = checked(chrome).await;
        found.extend(told.into_iter().map(|one| format!("{press} at {width}, dark: {dark}: {one}")));
    }
    found
}

/// Pages that no address leads to: several answers, a wrong number, an answer that came too late, the keys.
#[test]
fn no_page_behind_a_button_keeps_anybody_out() {
    let night = held_night();
    let desk = DeskOfNight::open(&night);
    let item = format!("/items/{}", handle_of(&night, "to-zero"));
    let settled = format!("/items/{}", handle_of(&night, "customer-unmapped"));
    browse(&address(&desk), async |chrome| {
        chrome.come_in(&desk, "dana", "admin").await;
        let mut found = Vec::new();
        let several = "document.querySelectorAll('input[name=item]').forEach(box => box.click());
                       document.querySelector('#several button[value=keep]').click()";
        let moved = "document.querySelector('form.answers input[name=shown]').value = '1:2:to-zero';
                     document.querySelector('form.answers button[value=accept]').click()";
        let signed_out = "document.querySelector('form.answers input[name=csrf]').value = 'x';
                          document.querySelector('form.answers button[value=accept]').click()";
        for (from, press) in [("/", several), (&item, moved), (&item, signed_out)] {
            found.extend(sent(chrome, from, press).await);
        }
        chrome.open("/").await;
        chrome.run("document.querySelector('#keys').showPopover()").await;
        found.extend(checked(chrome).await);
        // An item that is settled has a page, and so has a plan that has moved.
        night.recount(&["map", "add", "<script>x</script> & Co/..", "2"]).exits(0);
        night.recount(&["plan"]);
        for path in [settled.as_str(), "/plan?run=3", "/plan"] {
            found.extend(violations(chrome, path).await);
        }
        assert!(found.is_empty(), "{} violations: {found:#?}", found.len());
    });
    desk.close();
}

/// Otherwise Today keeps somebody out on the days on which it looks otherwise: the first, a quiet one, one without an export.
#[test]
fn no_kind_of_day_keeps_anybody_out() {
    let night = Night::new();
    let desk = DeskOfNight::open(&night);
    browse(&address(&desk), async |chrome| {
        chrome.come_in(&desk, "dana", "admin").await;
        let mut found = violations(chrome, "/").await;
        night.approve();
        night.export("Account,Product,Quantity\nAcme,CloudFilter,7\nAcme,Archive,2\nBorealis,CloudFilter,6\n");
        night.run().exits(0);
        for path in ["/", "/invoices", "/invoices?all=mail", "/customers/Acme", "/services"] {
            found.extend(violations(chrome, path).await);
        }
        night.export("Account,Product,Quantity\nAcme,CloudFilter,7\n");
        night.recount(&["run"]).exits(11);
        found.extend(violations(chrome, "/").await);
        assert!(found.is_empty(), "{} violations: {found:#?}", found.len());
    });
    desk.close();
}

/// The checker must find what is planted, or its silence says nothing.
#[test]
fn the_checker_finds_what_is_wrong() {
    let night = held_night();
    let desk = DeskOfNight::open(&night);
    browse(&address(&desk), async |chrome| {
        chrome.open("/signin").await;
        let plant = "document.querySelector('label').remove(); document.querySelector('main').append(new Image())";
        chrome.run(plant).await;
        let found = checked(chrome).await;
        for rule in ["label", "image-alt"] {
            assert!(found.iter().any(|one| one.starts_with(rule)), "{rule}: {found:#?}");
        }
        assert_eq!(chrome.run("return 1 + 1").await, Value::from(2));
    });
    desk.close();
}
