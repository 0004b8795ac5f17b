//! A tenant's trouble is its own: what it reads from may hang or pour, and its people alone are told.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use crate::alerts::{Listener, OK};
use crate::fleet::{Fleet, tenants_of};
use crate::support::{Night, wait_until};

fn edit(fleet: &Fleet, tenant: &str, change: impl Fn(&str) -> String) {
    let path = fleet.folder(0, tenant).join("recount.toml");
    let text = fs::read_to_string(&path).expect("a file");
    fs::write(path, change(&text)).expect("written");
}

/// A vendor's server that answers each request with a beginning, and then with this again and again.
fn endless(piece: &'static [u8], pause: Duration) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let serve = move |mut stream: TcpStream| {
        let _ = stream.read(&mut [0; 4096]);
        let mut sent = stream
            .write_all(b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-type: text/csv\r\n\r\nProduct,Quantity\n");
        while sent.is_ok() {
            sent = stream.write_all(piece);
            thread::sleep(pause);
        }
    };
    thread::spawn(move || listener.incoming().flatten().for_each(|stream| drop(thread::spawn(move || serve(stream)))));
    port
}

fn reads_from(fleet: &Fleet, tenant: &str, port: u16) {
    edit(fleet, tenant, |text| {
        let lines = text.lines().map(|line| match line.starts_with("path = ") {
            true => format!("url = \"http://127.0.0.1:{port}/usage.csv\""),
            false => line.to_owned(),
        });
        lines.collect::<Vec<_>>().join("\n")
    });
}

/// Otherwise one vendor's broken server takes the night, or the host's memory, from all the other tenants.
#[test]
fn a_link_that_never_ends_is_given_up_and_the_others_have_their_nights() {
    let fleet = Fleet::new(4);
    // One of them drips, and is stopped by its time; the other pours, and is refused by its size.
    reads_from(&fleet, "tenant-01", endless(b"x", Duration::from_millis(200)));
    reads_from(&fleet, "tenant-02", endless(&[b'x'; 65536], Duration::ZERO));
    let said = fleet.night.recount(&["run", "--json", "--tenants", "pod-0", "--tenant-seconds", "45"]).exits(143);
    let tenants = tenants_of(&said);
    let of = |name: &str| tenants.iter().find(|one| one["tenant"] == name).expect("the tenant");
    let dripping = of("tenant-01");
    assert_eq!(dripping["exit_code"], 143);
    assert!(dripping["error"].as_str().is_some_and(|why| why.contains("stopped after 45 seconds")), "{dripping}");
    assert_eq!(of("tenant-02")["exit_code"], 11, "{}", of("tenant-02"));
    let (billed, goal) = (fleet.billed(), fleet.goal());
    assert_eq!((&billed[0], &billed[3]), (&goal[0], &goal[3]));
    for name in ["tenant-01", "tenant-02"] {
        let state = fleet.folder(0, name).join("state");
        let kept: u64 = walk(&state).iter().filter_map(|file| file.metadata().ok()).map(|file| file.len()).sum();
        assert!(kept < 16 * 1024 * 1024, "{name} left {kept} bytes behind");
    }
}

fn walk(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    entries.flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path] }).collect()
}

/// Otherwise an MSP hears of another one's customers, or nobody hears of a night that failed.
#[test]
fn a_tenant_whose_night_failed_is_told_by_its_own_settings_and_by_nobody_elses() {
    let fleet = Fleet::new(4);
    let listeners: Vec<Listener> = fleet.tenants.iter().map(|_| Listener::answering(OK)).collect();
    for (tenant, listener) in fleet.tenants.iter().zip(&listeners) {
        let alert =
            format!("\n[alert.chat]\nkind = \"webhook\"\nwhen = \"attention\"\nurl = \"{}\"\n", listener.url("/hook"));
        edit(&fleet, tenant, |text| format!("{text}{alert}"));
    }
    fleet.night.recount(&["run", "--tenants", "pod-0"]).exits(0);
    listeners.iter().for_each(Listener::forget);
    // One has no export tonight, and one a file that is broken since; its last good night says whom to tell.
    edit(&fleet, "tenant-01", |text| text.replace("exports/mail", "exports/none"));
    edit(&fleet, "tenant-02", |_| "no toml at all = =".to_owned());
    fleet.night.recount(&["run", "--tenants", "pod-0"]).exits(16);
    wait_until("both are told", || !listeners[1].heard().is_empty() && !listeners[2].heard().is_empty());
    for (tenant, listener) in fleet.tenants.iter().zip(&listeners) {
        let bodies: Vec<String> = listener.heard().into_iter().map(|heard| heard.body).collect();
        let expected = usize::from(["tenant-01", "tenant-02"].contains(&tenant.as_str()));
        assert_eq!(bodies.len(), expected, "{tenant}: {bodies:?}");
        let others = fleet.tenants.iter().filter(|other| *other != tenant);
        others.for_each(|other| {
            assert!(!bodies.concat().contains(other.as_str()), "{tenant} hears of {other}: {bodies:?}");
        });
    }
}

/// What is left out without a word is believed to hold: a night of the wrong configuration, one tenant at a time, no report.
#[test]
fn options_that_contradict_the_tenants_are_refused() {
    let night = Night::new();
    let many = |more: &[&'static str]| [&["run", "--tenants", "nowhere"], more].concat();
    let refused = [
        (many(&["--config", "recount.toml"]), "--config"),
        (many(&["--at-once", "0"]), "--at-once"),
        (many(&["--tenant-seconds", "0"]), "--tenant-seconds"),
        (vec!["--config", "recount.toml", "status", "--tenants", "nowhere"], "--config"),
        (vec!["users", "list", "--tenants", "nowhere", "--config", "recount.toml"], "--config"),
        (vec!["serve", "--tenants", "nowhere", "--config", "recount.toml"], "--config"),
        (vec!["report", "--tenants", "nowhere", "--output", "night.html"], "--output"),
        (vec!["report", "--tenants", "nowhere", "--open"], "--open"),
        (vec!["check", "--tenants", "nowhere", "--probe", "10"], "--probe"),
        (vec!["check", "--probe", "0"], "--probe"),
        (vec!["history", "-n", "0"], "--limit"),
        (vec!["history", "-n", "1", "--customer", "Acme"], "--limit"),
        (vec!["report", "--json", "--format", "html"], "--format"),
    ];
    for (typed, named) in refused {
        let said = night.recount(&typed).exits(2);
        assert!(format!("{}{}", said.out, said.err).contains(named), "{named} is not named: {said:?}");
    }
    // The service's own configuration stands in the environment of every command, and nobody asked for it here.
    let config = night.path("recount.toml");
    night.recount_with("RECOUNT_CONFIG", &config, &["run", "--tenants", "nowhere"]).exits(16);
    assert_eq!(
        night.recount(&["run", "mail", "mail", "--json"]).exits(0).json()["runs"].as_array().map(Vec::len),
        Some(1)
    );
}
