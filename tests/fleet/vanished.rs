//! Tenants that are gone without anybody's wish, and tenants that were copied: neither is a quiet night.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::{PermissionsExt as _, symlink};

use crate::fleet::shared::codes;
use crate::fleet::{Fleet, tenants_of};
use crate::monitoring::pages::ask;
use crate::support::wait_until;

/// One disk that was not mounted: "1 tenant, 1 done with nothing to decide", exit 0, and that MSP's lines stayed as they were.
#[test]
fn a_tenant_whose_link_dangles_or_whose_configuration_is_gone_is_told() {
    let fleet = Fleet::new(3);
    let [_, linked, bare] = [0, 1, 2].map(|number| fleet.folder(0, &fleet.tenants[number]));
    symlink(fleet.night.path("not-mounted/tenant-01"), fleet.folder(0, "moved")).expect("a link");
    fs::rename(&linked, fleet.folder(0, ".tenant-01")).expect("hidden");
    fs::rename(bare.join("recount.toml"), bare.join("recount.toml.new")).expect("renamed");
    // These never were tenants.
    fs::create_dir(fleet.folder(0, "empty")).expect("made");
    fs::create_dir(fleet.folder(0, "notes")).expect("made");
    fs::write(fleet.folder(0, "notes").join("state"), "no folder").expect("written");
    let metrics = fleet.night.path("fleet.prom");
    let named = metrics.display().to_string();
    for command in ["run", "status", "check"] {
        let arguments = [command, "--json", "--tenants", "pod-0", "--fleet-metrics", &named];
        let said = fleet.night.recount(&arguments).exits(16);
        let told: Vec<_> = codes(&said).into_iter().filter(|(tenant, ..)| tenant != "tenant-00").collect();
        let [(moved, 16, link), (tenant, 16, state)] = &told[..] else { panic!("{command}: {}", said.out) };
        assert!(moved == "moved" && link.contains("leads to nothing"), "{link}");
        assert!(tenant == "tenant-02" && state.contains("recount.toml is gone"), "{state}");
        let text = fs::read_to_string(&metrics).expect("metrics");
        for tenant in ["moved", "tenant-02"] {
            assert!(text.contains(&format!("recount_tenant_exit_code{{tenant=\"{tenant}\"}} 16")), "{text}");
        }
    }
    assert_eq!(fleet.billed()[0], fleet.goal()[0], "the others have their nights");
}

/// `cp -a acme2 acme3`: both wrote the same lines at once, each by a history of its own, and neither saw a conflict.
#[test]
fn a_tenant_that_bills_what_another_one_bills_is_told_and_comes_after_it() {
    let fleet = Fleet::new(3);
    let customers = |tenant: &str| fleet.folder(0, tenant).join("customers.csv");
    let own = fs::read(customers("tenant-01")).expect("a file");
    fs::copy(customers("tenant-00"), customers("tenant-01")).expect("copied");
    let told = || {
        let said = fleet.night.recount(&["run", "--json", "--tenants", "pod-0"]);
        let ends: Vec<_> = tenants_of(&said).iter().map(|one| one["exit_code"].clone()).collect();
        assert!(ends.iter().all(|end| *end != 16), "{}", said.out);
        said.err
    };
    let why = told();
    assert!(why.contains("tenant-01: it bills what tenant tenant-00 bills") && why.contains("1001"), "{why}");
    assert_eq!([&fleet.billed()[0], &fleet.billed()[2]], [&fleet.goal()[0], &fleet.goal()[2]]);
    let check = fleet.night.recount(&["check", "--tenants", "pod-0"]).exits(16);
    assert!(check.out.contains("tenant-01") && check.out.contains("what tenant tenant-00 bills"), "{}", check.out);
    // One that only watches is in nobody's way.
    let path = fleet.folder(0, "tenant-01").join("recount.toml");
    let text = fs::read_to_string(&path).expect("a file");
    fs::write(&path, text.replace("mode = \"apply\"", "mode = \"observe\"")).expect("written");
    assert_eq!(told(), "");
    fs::write(&path, text).expect("written");
    fs::write(customers("tenant-01"), own).expect("written");
    assert_eq!(told(), "");
    assert_eq!(fleet.billed(), fleet.goal());
}

/// Root had put a folder back: "1 tenant, 1 done with nothing to decide", exit 0, and the other MSP was billed by nobody.
#[test]
fn a_tenant_whose_folder_may_not_be_entered_is_told() {
    let fleet = Fleet::new(2);
    let closed = fleet.folder(0, "tenant-01");
    // mkfs makes it, and nobody but root may enter it.
    fs::create_dir(fleet.folder(0, "lost+found")).expect("made");
    let named = fleet.night.path("fleet.prom").display().to_string();
    let rights = |folder: &std::path::Path, mode| {
        fs::set_permissions(folder, fs::Permissions::from_mode(mode)).expect("rights");
    };
    rights(&fleet.folder(0, "lost+found"), 0o000);
    for mode in [0o000, 0o644] {
        rights(&closed, mode);
        for command in ["run", "plan", "status", "report", "check"] {
            let arguments = [command, "--json", "--tenants", "pod-0", "--fleet-metrics", &named];
            let said = fleet.night.recount_as_user(&arguments).exits(16);
            let [(_, _, _), (tenant, 16, why)] = &codes(&said)[..] else { panic!("{command}: {}", said.out) };
            assert!(tenant == "tenant-01" && why.contains("cannot be looked into (Permission denied"), "{why}");
            let text = fs::read_to_string(&named).expect("metrics");
            assert!(text.contains("recount_tenant_exit_code{tenant=\"tenant-01\"} 16"), "{text}");
            assert!(!text.contains("recount_healthy{tenant=\"tenant-01\""), "{text}");
        }
    }
    assert_eq!(fleet.billed()[0], fleet.goal()[0], "the other has its night");
    rights(&closed, 0o700);
    fs::remove_file(closed.join("recount.toml")).expect("removed");
    symlink("nowhere.toml", closed.join("recount.toml")).expect("a link");
    fleet.night.recount_as_user(&["check", "--tenants", "pod-0"]).exits(16);
    // Where the folder of all may be listed and not entered, nobody knows who is there.
    rights(&fleet.night.path("pod-0"), 0o644);
    let said = fleet.night.recount_as_user(&["status", "--tenants", "pod-0"]).exits(16);
    assert!(said.err.contains("pod-0: Permission denied"), "{}", said.err);
    rights(&fleet.night.path("pod-0"), 0o700);
}

/// A folder that tenants share files from, or that is yet to become one, would end every night of all with 16.
#[test]
fn a_folder_without_recount_toml_and_without_a_history_is_no_tenant() {
    let fleet = Fleet::new(2);
    let bare = fleet.folder(0, "tenant-01");
    fs::rename(bare.join("state"), fleet.night.path("elsewhere")).expect("moved");
    fs::remove_file(bare.join("recount.toml")).expect("removed");
    let said = fleet.night.recount(&["status", "--json", "--tenants", "pod-0"]);
    let tenants: Vec<String> = codes(&said).into_iter().map(|(tenant, ..)| tenant).collect();
    assert_eq!(tenants, ["tenant-00"], "{}", said.out);
}

/// The numbers took the place of a history, a key, a configuration: of whatever file was given.
#[test]
fn numbers_are_written_over_nothing_but_numbers() {
    let fleet = Fleet::new(2);
    let own = fleet.folder(0, "tenant-01");
    fs::write(fleet.night.path("pod-0/desk.toml"), "state = \".desk\"\n").expect("written");
    fs::write(fleet.folder(0, "tenant-00").join("recount.toml"), "broken = = ").expect("written");
    let there = [
        own.join("state/history.db"),
        own.join("recount.toml"),
        own.join("customers.csv"),
        own.join("state/metrics.prom"),
        fleet.folder(0, "tenant-00").join("recount.toml"),
        fleet.night.path("pod-0/desk.toml"),
    ];
    for file in &there {
        let before = fs::read(file).expect("a file");
        for command in ["run", "status"] {
            let named = file.display().to_string();
            let said = fleet.night.recount(&[command, "--tenants", "pod-0", "--fleet-metrics", &named]).exits(16);
            assert!(said.err.contains("--fleet-metrics"), "{}", said.err);
        }
        assert!(fs::read(file).expect("a file") == before, "{} is as it was", file.display());
    }
    for new in [own.join("state/new.db"), own.clone()] {
        let named = new.display().to_string();
        fleet.night.recount(&["status", "--tenants", "pod-0", "--fleet-metrics", &named]).exits(16);
    }
    assert!(fleet.night.sim().requests().is_empty(), "nothing was begun");
    for _ in 0..2 {
        fleet.night.recount(&["status", "--tenants", "pod-0", "--fleet-metrics", "fleet.prom"]).exits(16);
    }
    let none = fleet.night.recount(&["run", "--tenants", "pod-0", "--at-once", "0"]).exits(2);
    assert!(none.err.contains("1 at least"), "{}", none.err);
}

/// A daemon said that the folder was gone, and its numbers called the tenant healthy for as long as it ran.
#[test]
fn a_daemon_goes_on_to_count_a_tenant_whose_folder_may_not_be_entered_any_more() {
    let fleet = Fleet::new(2);
    for tenant in &fleet.tenants {
        let path = fleet.folder(0, tenant).join("recount.toml");
        let text = fs::read_to_string(&path).expect("a file");
        fs::write(path, format!("{text}\n[daemon]\nschedule = \"0 0 1 1 *\"\n")).expect("written");
    }
    let port = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").port();
    let listen = format!("127.0.0.1:{port}");
    let daemon = fleet.night.start_as_user(&["daemon", "--tenants", "pod-0", "--fleet-listen", &listen]);
    let metrics = || ask(port, "GET", "/metrics", &listen);
    let told = |said: &str| TcpStream::connect(&listen).is_ok() && metrics().contains(said);
    wait_until("the first look", || told("recount_tenant_exit_code{tenant=\"tenant-01\"} 0"));
    fs::set_permissions(fleet.folder(0, "tenant-01"), fs::Permissions::from_mode(0o000)).expect("rights");
    wait_until("the next look", || told("recount_tenant_exit_code{tenant=\"tenant-01\"} 16"));
    assert!(!metrics().contains("recount_healthy{tenant=\"tenant-01\""), "{}", metrics());
    fs::set_permissions(fleet.folder(0, "tenant-01"), fs::Permissions::from_mode(0o700)).expect("rights");
    fs::rename(fleet.folder(0, "tenant-00"), fleet.night.path("taken-out")).expect("moved");
    wait_until("the look after", || !metrics().contains("tenant=\"tenant-00\""));
    daemon.signal("TERM");
    let said = fleet.night.heard(daemon.end()).exits(0);
    assert!(!said.err.contains("tenant-01: its folder is gone"), "{}", said.err);
    assert!(said.err.contains("tenant-00: its folder is gone") && said.err.contains("2 tenants in"), "{}", said.err);
}
