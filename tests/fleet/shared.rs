//! Tenants that share what each must have for itself, and tenants with odd names.

use std::fs;
use std::os::unix::fs::symlink;

use crate::fleet::{Fleet, tenants_of};
use crate::support::Said;

pub(super) fn codes(said: &Said) -> Vec<(String, i64, String)> {
    let mut codes: Vec<_> = tenants_of(said)
        .iter()
        .map(|one| {
            let text = |key: &str| one[key].as_str().unwrap_or_default().to_owned();
            (text("tenant"), one["exit_code"].as_i64().expect("a code"), text("error"))
        })
        .collect();
    codes.sort();
    codes
}

/// A file that was copied for a new tenant would bill that one by the other's history.
#[test]
fn tenants_that_share_a_state_or_a_place_of_copies_are_refused_and_the_others_run() {
    let fleet = Fleet::new(5);
    let edit = |tenant: &str, change: &dyn Fn(String) -> String| {
        let path = fleet.folder(0, tenant).join("recount.toml");
        fs::write(&path, change(fs::read_to_string(&path).expect("a file"))).expect("written");
    };
    edit("tenant-01", &|text| text.replace("state = \"state\"", "state = \"../tenant-00/state\""));
    symlink(fleet.night.path("shared"), fleet.night.path("by-link")).expect("a link");
    edit("tenant-03", &|text| text.replace("shared/tenant-03", "by-link/./tenant-02//"));
    symlink(fleet.folder(0, "tenant-04"), fleet.folder(0, "linked")).expect("a link");
    let said = fleet.night.recount(&["run", "--json", "--tenants", "pod-0"]).exits(16);
    for (tenant, code, error) in codes(&said) {
        let what = if ["tenant-02", "tenant-03"].contains(&tenant.as_str()) { "`replicate`" } else { "`state`" };
        assert!(code == 16 && error.contains("another tenant's too") && error.contains(what), "{tenant}: {error}");
    }
    assert!(fleet.night.sim().writes().is_empty(), "nothing was written for any of them");
    fs::remove_file(fleet.folder(0, "linked")).expect("the link");
    let said = fleet.night.recount(&["run", "--json", "--tenants", "pod-0"]).exits(16);
    assert_eq!(codes(&said)[4].1, 0, "who shares nothing any more has its night");
    assert_eq!(fleet.billed()[4], fleet.goal()[4]);
}

/// The first night wrote one tenant's run into another one's history: the link led to a folder that was made just then.
#[test]
fn a_state_that_a_link_leads_to_before_it_is_there_is_seen() {
    let fleet = Fleet::new(2);
    for tenant in &fleet.tenants {
        fs::remove_dir_all(fleet.folder(0, tenant).join("state")).expect("a tenant without a night");
    }
    fs::remove_dir_all(fleet.night.path("shared")).expect("no copies");
    symlink("../tenant-00/./state", fleet.folder(0, "tenant-01").join("state")).expect("a link");
    let said = fleet.night.recount(&["plan", "--json", "--tenants", "pod-0"]).exits(16);
    for (tenant, code, error) in codes(&said) {
        assert!(code == 16 && error.contains("another tenant's too"), "{tenant}: {error}");
    }
    assert!(!fleet.folder(0, "tenant-00").join("state").exists(), "neither is begun");
}

/// `status` and `run` count it as done, and `report` said that the command line was wrong.
#[test]
fn a_tenant_that_is_switched_off_is_no_fault_of_the_command_line() {
    let fleet = Fleet::new(1);
    let folder = fleet.folder(0, "tenant-00");
    let path = folder.join("recount.toml");
    let text = fs::read_to_string(&path).expect("a file").replace("mode = \"apply\"", "mode = \"off\"");
    fs::write(&path, text).expect("written");
    fs::remove_dir_all(folder.join("state")).expect("a tenant without a night");
    for command in ["status", "run", "report"] {
        let said = fleet.night.recount(&[command, "--json", "--tenants", "pod-0"]).exits(0);
        assert_eq!(codes(&said)[0].1, 0, "{command}: {}", said.out);
    }
}

/// Its nights would be kept in the store of the people of all tenants, and whoever may add people there could add them here.
#[test]
fn a_tenant_whose_state_is_the_folder_of_the_people_is_refused() {
    let fleet = Fleet::new(2);
    let path = fleet.folder(0, "tenant-01").join("recount.toml");
    let text = fs::read_to_string(&path).expect("a file");
    fs::write(&path, text.replace("state = \"state\"", "state = \"../.desk\"")).expect("written");
    let said = fleet.night.recount(&["run", "--json", "--tenants", "pod-0"]).exits(16);
    let [good, (_, code, error)] = &codes(&said)[..] else { panic!("two tenants: {}", said.out) };
    assert!(good.1 == 0 && *code == 16 && error.contains("the desk's people"), "{error}");
    assert!(!fleet.folder(0, ".desk").exists(), "nothing was made there");
}

/// Names are the vendor's customers': they have spaces, letters of any alphabet, and whatever else a folder can have.
#[test]
fn a_tenant_may_be_called_anything_and_be_a_link() {
    let fleet = Fleet::new(3);
    let names = ["Ærø & Søn \u{2014} \"IT\"", "two\nlines", "linked"];
    let dir = fleet.night.path("odd");
    fs::create_dir(&dir).expect("a folder");
    for (tenant, name) in fleet.tenants.iter().zip(names) {
        let (from, to) = (fleet.folder(0, tenant), dir.join(name));
        if name == "linked" { symlink(from, to).expect("a link") } else { fs::rename(from, to).expect("moved") }
    }
    let arguments = ["run", "--json", "--tenants", "odd", "--fleet-metrics", "fleet.prom"];
    let said = fleet.night.recount(&arguments).exits(0);
    assert_eq!(codes(&said).iter().map(|one| one.0.as_str()).collect::<Vec<_>>(), ["linked", "two\nlines", names[0]]);
    assert_eq!(fleet.billed(), fleet.goal());
    let metrics = fs::read_to_string(fleet.night.path("fleet.prom")).expect("metrics");
    assert!(metrics.contains("recount_tenant_exit_code{tenant=\"two\\nlines\"} 0"), "{metrics}");
}
