//! Tenants that are gone without anybody's wish, and tenants that were copied: neither is a quiet night.

use std::fs;
use std::os::unix::fs::symlink;

use crate::fleet::shared::codes;
use crate::fleet::{Fleet, tenants_of};

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
