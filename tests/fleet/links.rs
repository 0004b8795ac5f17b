//! Every page of every tenant's desk, as whoever follows its links meets it.

use std::fs;

use crate::desk::client::DeskOfNight;
use crate::desk::links::{Crawl, eventful_night, everything_is_seen};
use crate::fleet::desk::person;
use crate::support::copied;

/// Their folders, and where their desks are.
const TENANTS: [(&str, &str); 2] = [("acme", "/t/acme"), ("Über & <b>\"co", "/t/%C3%9Cber%20%26%20%3Cb%3E%22co")];

/// Otherwise a link of one tenant's page leads to nowhere, or to another tenant.
#[test]
fn nothing_leads_to_nowhere_or_to_another_tenant() {
    let night = eventful_night(8);
    for (tenant, _) in TENANTS {
        let folder = night.path("fleet").join(tenant);
        for part in ["exports", "state"] {
            fs::create_dir_all(folder.join(part)).expect("made");
            copied(&night.path(part), &folder.join(part));
        }
        for file in ["customers.csv", "services.toml", "backup.csv", "damaged.csv"] {
            fs::copy(night.path(file), folder.join(file)).expect("copied");
        }
        let config = fs::read_to_string(night.path("recount.toml")).expect("the configuration");
        // They bill the same lines, so each is of a ConnectWise of its own, by its name.
        let host = if tenant == "acme" { "127.0.0.1" } else { "localhost" };
        let config = config
            .replace("keys/", "../../keys/")
            .replace("url = \"http://127.0.0.1", &format!("url = \"http://{host}"));
        fs::write(folder.join("recount.toml"), config).expect("written");
    }
    let desk = DeskOfNight::open_with(&night, &["--tenants", "fleet"]);
    for (name, role, count) in [("vera", "viewer", 1), ("otto", "operator", 1), ("ada", "admin", 2)] {
        let own = &TENANTS[..count];
        let mut browser = person(&desk, name, role, "fleet", &own.iter().map(|(name, _)| *name).collect::<Vec<_>>());
        let lives = own.iter().map(|(_, base)| format!("{base}/live"));
        let crawl = Crawl::from(&mut browser, lives.chain(["/".to_owned()]));
        assert!(crawl.faults.is_empty(), "{role}: {:#?}", crawl.faults);
        for (_, base) in own {
            everything_is_seen(&crawl, base);
            assert!(
                crawl.pages.keys().any(|page| page.starts_with(&format!("{base}/?ask="))),
                "{:#?}",
                crawl.pages.keys()
            );
        }
    }
    desk.close();
}
