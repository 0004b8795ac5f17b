//! A desk of two tenants in a real browser: one sign-in, the list, and an answer that is one tenant's alone.

use std::fs;

use crate::axe::violations;
use crate::chrome::{Chrome, address, browse};
use crate::client::{DeskOfNight, PASSWORD, held_night};
use crate::support::{Night, copied};

const TENANTS: [&str; 2] = ["acme", "globex"];

/// The folder of a night, twice.
fn two_tenants() -> Night {
    let night = held_night();
    let config = fs::read_to_string(night.path("recount.toml")).expect("the configuration");
    for tenant in TENANTS {
        let folder = night.path("fleet").join(tenant);
        for part in ["exports", "state"] {
            fs::create_dir_all(folder.join(part)).expect("made");
            copied(&night.path(part), &folder.join(part));
        }
        fs::copy(night.path("customers.csv"), folder.join("customers.csv")).expect("copied");
        // They bill the same lines, so each is of a ConnectWise of its own, by its name.
        let host = if tenant == "acme" { "127.0.0.1" } else { "localhost" };
        let config = config
            .replace("keys/", "../../keys/")
            .replace("url = \"http://127.0.0.1", &format!("url = \"http://{host}"));
        fs::write(folder.join("recount.toml"), config).expect("written");
    }
    night
}

fn link(desk: &DeskOfNight<'_>, name: &str, role: &str, at: &[&str]) -> String {
    desk.link(&[&["users", "add", name, "--role", role, "--tenants", "fleet"], at].concat())
}

async fn come_in(chrome: &Chrome, link: &str, name: &str) {
    chrome.choose(link).await;
    chrome.fill("#name", name).await;
    chrome.fill("#pw", PASSWORD).await;
    chrome.press("button.act").await;
    chrome.arrives("/t/").await;
}

fn decided(night: &Night, tenant: &str) -> usize {
    let config = format!("fleet/{tenant}/recount.toml");
    let held = night.recount(&["held", "--all", "--json", "--config", &config]).exits(0).json();
    held["decided"].as_array().map_or(0, Vec::len)
}

/// Otherwise the vendor's person answers for one customer and changes what another is billed, or finds no way out.
#[test]
fn an_answer_in_one_tenant_leaves_the_other_alone() {
    let night = two_tenants();
    let desk = DeskOfNight::open_with(&night, &["--tenants", "fleet"]);
    let link = link(&desk, "dana", "operator", &["--tenant", "acme", "--tenant", "globex"]);
    browse(&address(&desk), async |chrome| {
        come_in(chrome, &link, "dana").await;
        chrome.sees("2 tenants").await;
        chrome.press("a[href='/t/globex/']").await;
        chrome.arrives("/t/globex/").await;
        chrome.press("button[value=accept]").await;
        chrome.sees("Answered, not yet written").await;
        chrome.arrives("/t/globex/").await;
        chrome.press("a[href='/account']").await;
        chrome.arrives("/account").await;
        chrome.press("form[action='/account/authenticator'] button").await;
        chrome.sees("Scan this with the app").await;
        chrome.press("a.brand").await;
        chrome.arrives("/t/").await;
        chrome.press("form[action='/signout'] button").await;
        chrome.arrives("/signin").await;
        chrome.open("/t/acme/plan").await;
        chrome.arrives("/signin").await;
        assert_eq!(chrome.complaints().await, Vec::<String>::new());
    });
    assert_eq!((decided(&night, "acme"), decided(&night, "globex")), (0, 1));
    desk.close();
}

/// Otherwise somebody who cannot see the page cannot choose a tenant, or secure the account.
#[test]
fn no_page_of_many_tenants_keeps_anybody_out() {
    let night = two_tenants();
    let desk = DeskOfNight::open_with(&night, &["--tenants", "fleet"]);
    let links =
        [link(&desk, "nora", "viewer", &["--tenant", "acme"]), link(&desk, "ada", "admin", &["--every-tenant"])];
    night.recount(&["users", "remove", "nora", "--tenants", "fleet", "--tenant", "acme"]).exits(0);
    browse(&address(&desk), async |chrome| {
        let mut found = violations(chrome, "/signin").await;
        for (name, link) in ["nora", "ada"].into_iter().zip(&links) {
            chrome.window(1280, 900).await;
            come_in(chrome, link, name).await;
            found.extend(violations(chrome, "/t/").await);
            found.extend(violations(chrome, "/account").await);
            chrome.open("/t/").await;
            if name == "nora" {
                chrome.press("form[action='/signout'] button").await;
                chrome.arrives("/signin").await;
            }
        }
        chrome.open("/account").await;
        chrome.press("form[action='/account/authenticator'] button").await;
        chrome.sees("Scan this with the app").await;
        for path in ["/account", "/audit", "/t/acme/", "/t/acme/nights/3", "/t/acme/account", "/t/nobody/"] {
            found.extend(violations(chrome, path).await);
        }
        assert!(found.is_empty(), "{} violations: {found:#?}", found.len());
    });
    desk.close();
}
