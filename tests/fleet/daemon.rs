//! The daemon of many tenants as a process: what is due is begun once, and monitoring is answered.

use std::fs;
use std::net::TcpListener;

use chrono::{TimeDelta, Timelike as _};

use crate::fleet::Fleet;
use crate::monitoring::pages::ask;
use crate::support;
use crate::support::wait_until;

/// Hours ago, as a slot of each day.
fn slot(hours: i64) -> String {
    let at = support::now() - TimeDelta::hours(hours);
    format!("{} {} * * *", at.minute(), at.hour())
}

fn schedule(fleet: &Fleet, tenant: &str, slot: &str) {
    let path = fleet.folder(0, tenant).join("recount.toml");
    let text = fs::read_to_string(&path).expect("a file");
    let before = text.split("\n[daemon]").next().unwrap_or_default();
    fs::write(path, format!("{before}\n[daemon]\nschedule = \"{slot}\"\n")).expect("written");
}

/// Otherwise a vendor's nights do not begin, or begin twice, or a tenant that is broken is seen by nobody.
#[test]
fn each_tenants_missed_night_is_run_once_and_the_broken_one_is_seen() {
    let fleet = Fleet::new(4);
    // Its last slot was two hours ago, the one of an hour ago was missed.
    for tenant in &fleet.tenants {
        schedule(&fleet, tenant, &slot(2));
        let config = fleet.folder(0, tenant).join("recount.toml").display().to_string();
        let since = (support::now() - TimeDelta::hours(3)).to_rfc3339();
        fleet.night.recount(&["daemon", "--turn-since", &since, "--config", &config]).exits(0);
        schedule(&fleet, tenant, &slot(1));
    }
    fleet.exports("Product,Quantity\nCloudFilter,8\nArchive,2\n");
    fleet.night.sim().clear_requests();
    fs::write(fleet.folder(0, "tenant-02").join("recount.toml"), "broken = = ").expect("written");
    let port = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").port();
    let listen = format!("127.0.0.1:{port}");
    let daemon = fleet.night.start(&["daemon", "--tenants", "pod-0", "--fleet-listen", &listen]);
    let metrics = || ask(port, "GET", "/metrics", &listen);
    wait_until("the nights and their numbers", || {
        let told = std::net::TcpStream::connect(&listen).is_ok() && metrics().contains("tenant=\"tenant-02\"} 16");
        told && fleet.night.sim().writes().len() == 3
    });
    let text = metrics();
    for tenant in ["tenant-00", "tenant-01", "tenant-03"] {
        assert!(text.contains(&format!("recount_tenant_exit_code{{tenant=\"{tenant}\"}} 0")), "{text}");
        assert!(text.contains(&format!("tenant=\"{tenant}\",integration=\"mail\"")), "{text}");
    }
    assert!(ask(port, "GET", "/healthz", &listen).contains("200 OK"));
    daemon.signal("TERM");
    let said = fleet.night.heard(daemon.end()).exits(0);
    assert_eq!(said.err.matches("tenant-02: exit 16").count(), 1, "{}", said.err);
    // Begun anew, it finds every slot served.
    let again = fleet.night.start(&["daemon", "--tenants", "pod-0", "--fleet-listen", &listen]);
    wait_until("the second start", || {
        std::net::TcpStream::connect(&listen).is_ok() && metrics().matches("recount_tenant_exit_code{").count() == 4
    });
    again.signal("TERM");
    fleet.night.heard(again.end()).exits(0);
    assert_eq!(fleet.night.sim().writes().len(), 3, "each night once");
}

/// A pod that is killed or moved in the middle of a night would leave the rest of its lines to the invoice.
#[test]
fn a_night_that_was_cut_off_is_taken_up_by_the_next_turn_and_not_for_ever() {
    let fleet = Fleet::new(1);
    let tenant = fleet.tenants[0].clone();
    schedule(&fleet, &tenant, &slot(1));
    let config = fleet.folder(0, &tenant).join("recount.toml").display().to_string();
    let since = (support::now() - TimeDelta::hours(3)).to_rfc3339();
    let turn = ["daemon", "--turn-since", &since, "--config", &config];
    fleet.night.fault(r#"[{"when": {"method": "POST"}, "then": {"connection": "hold", "applied": true}}]"#);
    let first = fleet.night.start(&turn);
    wait_until("the creation", || !fleet.night.sent("POST").is_empty());
    fleet.night.heard(first.kill());
    fleet.night.no_faults();
    fleet.night.recount(&turn).exits(0);
    assert_eq!(fleet.billed(), fleet.goal(), "what was in flight is looked up, and the rest is written");
    fleet.night.sim().clear_requests();
    fleet.night.recount(&turn).exits(0);
    assert!(fleet.night.sim().requests().is_empty(), "the night was had");
}

/// A store of copies that did not answer for a minute would leave a whole night to the invoice.
#[test]
fn a_night_that_lost_its_lease_is_taken_up_by_the_next_turn() {
    let fleet = Fleet::new(1);
    let tenant = fleet.tenants[0].clone();
    schedule(&fleet, &tenant, &slot(1));
    let config = fleet.folder(0, &tenant).join("recount.toml").display().to_string();
    let since = (support::now() - TimeDelta::hours(3)).to_rfc3339();
    let turn = ["daemon", "--turn-since", &since, "--config", &config];
    fleet.exports("Product,Quantity\nCloudFilter,3\n");
    fleet.night.recount(&turn).exits(0);
    let history = rusqlite::Connection::open(fleet.folder(0, &tenant).join("state/history.db")).expect("the history");
    let lost = "UPDATE runs SET verdict = 'failed', exit_code = 15 WHERE run = (SELECT max(run) FROM runs)";
    assert_eq!(history.execute(lost, []).expect("changed"), 1);
    drop(history);
    fleet.exports("Product,Quantity\nCloudFilter,7\nArchive,2\n");
    fleet.night.recount(&turn).exits(0);
    assert_eq!(fleet.billed(), fleet.goal());
    fleet.night.sim().clear_requests();
    fleet.night.recount(&turn).exits(0);
    assert!(fleet.night.sim().requests().is_empty(), "the night was had");
}
