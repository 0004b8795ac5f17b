//! People of many tenants: their own account, what they are told to type, and folders of any name.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use crate::desk::client::{DeskOfNight, PASSWORD};
use crate::desk::own_account::password_and_sessions;
use crate::fleet::desk::person;
use crate::fleet::{Fleet, QUIET, tenants_of};
use crate::support::Said;

/// Otherwise who has no tenant yet, or broken ones only, cannot switch an authenticator on.
#[test]
fn the_own_account_is_there_for_somebody_without_a_tenant() {
    let fleet = Fleet::new(1);
    let desk = DeskOfNight::open_with(&fleet.night, &["--tenants", "pod-0"]);
    let mut dana = person(&desk, "dana", "operator", "pod-0", &["tenant-00"]);
    assert!(dana.get("/t/").body.contains("href=\"/account\""));
    assert!(dana.get("/t/tenant-00/").body.contains("href=\"/account\""), "one account, not one a tenant");
    fleet.night.recount(&["users", "remove", "dana", "--tenants", "pod-0", "--tenant", "tenant-00"]).exits(0);
    assert_eq!(dana.sign_in("dana", PASSWORD).status, 303);
    let account = dana.get("/account");
    assert!(account.status == 200 && account.body.contains("Set up an authenticator"), "{}", account.body);
    assert_eq!(dana.press("/account", "/account/authenticator", &[]).status, 303);
    assert!(dana.get("/account").body.contains("class=\"key\""));
    assert_eq!(dana.press("/account", "/account/authenticator/on", &[("code", "000000")]).status, 422);
    assert_eq!(desk.browser().get("/account").header("location"), Some("/signin?next=%2Faccount"));
    password_and_sessions(&desk, dana);
    let sign_ins = person(&desk, "ada", "admin", "pod-0", &[]).get("/audit").body;
    assert!(sign_ins.contains("changed the password"), "{sign_ins}");
    desk.close();
}

/// Otherwise a command that is printed is about the people, or the item, of another configuration.
#[test]
fn what_is_to_be_typed_names_the_tenants() {
    let fleet = Fleet::new(1);
    fleet.exports("Product,Quantity\nCloudFilter,0\nArchive,3\n");
    fleet.run(0, "0/1");
    let desk = DeskOfNight::open_with(&fleet.night, &["--tenants", "pod-0"]);
    let mut vera = person(&desk, "vera", "viewer", "pod-0", &["tenant-00"]);
    let today = vera.get("/t/tenant-00/").body;
    let handle = today.split("/items/").nth(1).and_then(|rest| rest.split('"').next()).expect("an item").to_owned();
    let item = vera.get(&format!("/t/tenant-00/items/{handle}")).body;
    assert!(item.contains("--config tenant-00/recount.toml</code>"), "{item}");
    assert!(desk.browser().get("/signin").body.contains("recount users reset NAME --tenants DIR"));
    desk.close();
    let words = ["users", "add", "Vera", "--role", "viewer", "--tenants", "pod-0", "--tenant", "tenant-00"];
    let there = fleet.night.recount(&words).exits(2);
    for typed in [
        "recount users reset Vera --tenants pod-0",
        "recount users role Vera viewer --tenants pod-0 --tenant tenant-00",
    ] {
        assert!(there.err.contains(typed), "{}", there.err);
        let words: Vec<&str> = typed.split(' ').skip(1).collect();
        fleet.night.recount(&words).exits(0);
    }
}

/// Otherwise what keeps the desk from being served is found out on the morning after the next restart.
#[test]
fn check_says_what_is_wrong_with_the_desk_of_all_tenants() {
    let fleet = Fleet::new(1);
    let whole = fleet.night.recount(&["check", "--tenants", "pod-0", "--json"]);
    assert!(whole.json()["desk"].is_null(), "{}", whole.out);
    for (desk, said) in [("[desk]\nspeed = 1\n", "speed"), ("[desk]\nlisten = \"0.0.0.0:8443\"\n", "without TLS")] {
        fleet.night.write("pod-0/desk.toml", desk);
        let told = fleet.night.recount(&["check", "--tenants", "pod-0"]).exits(16);
        assert!(told.out.contains("== desk.toml ==") && told.out.contains(said), "{}", told.out);
        let document = fleet.night.recount(&["check", "--tenants", "pod-0", "--json"]).exits(16).json();
        assert!(document["exit_code"] == 16 && document["desk"]["error"].to_string().contains(said), "{document:#}");
    }
}

/// Otherwise a folder that an archive has left with an odd name is said to share what it does not, or stands for another.
#[test]
fn folders_whose_names_are_no_text_are_tenants_of_their_own() {
    let fleet = Fleet::new(1);
    fleet.exports(QUIET);
    let whole = fleet.folder(0, "tenant-00");
    let names: [&[u8]; 3] = [b"odd\xff", b"odd\xfe", "odd\u{fffd}".as_bytes()];
    for name in names {
        let folder = fleet.night.path("odd").join(OsStr::from_bytes(name));
        fs::create_dir_all(&folder).expect("made");
        fs::copy(whole.join("customers.csv"), folder.join("customers.csv")).expect("copied");
        let config = fs::read_to_string(whole.join("recount.toml")).expect("the configuration");
        let config = config.lines().filter(|line| !line.starts_with("replicate")).collect::<Vec<_>>().join("\n");
        // They have one customer, so none of them writes.
        let config =
            config.replace("[replication]\nlease = \"60s\"", "").replace("mode = \"apply\"", "mode = \"observe\"");
        fs::write(folder.join("recount.toml"), config).expect("written");
    }
    let said = |words: &[&str]| -> Said { fleet.night.recount(words) };
    let planned = said(&["plan", "--json", "--tenants", "odd"]);
    let of: Vec<_> = tenants_of(&planned).iter().map(|one| (one["tenant"].clone(), one["exit_code"].clone())).collect();
    // The paths of exports are text: of a folder whose name is none they were looked for elsewhere, night after night.
    for (name, code) in [("odd\\xff", 16), ("odd\\xfe", 16), ("odd\u{fffd}", 0)] {
        assert!(of.contains(&(name.into(), code.into())), "{name}: {of:?}");
    }
    assert!(planned.out.contains("is not UTF-8"), "{}", planned.out);
    let words = ["users", "add", "dana", "--role", "viewer", "--tenants", "odd", "--tenant", "odd\\xff"];
    said(&words).exits(0);
    let roles = said(&["users", "--tenants", "odd", "--json"]).json();
    assert_eq!(roles["people"][0]["tenants"], serde_json::json!({"odd\\xff": "viewer"}));
}

/// Otherwise a pod, where nothing can be put beside the tenants, serves no desk, or another than its chart says.
#[test]
fn the_desk_of_a_pod_is_read_from_where_its_environment_says() {
    let fleet = Fleet::new(1);
    let values =
        fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/deploy/kubernetes/values.yaml")).expect("values");
    let block = values.split("  toml: |\n").nth(1).expect("desk.toml").lines();
    let block: Vec<&str> =
        block.take_while(|line| line.is_empty() || line.starts_with("    ")).map(str::trim).collect();
    fleet.night.write("elsewhere/desk.toml", block.join("\n"));
    let path = fleet.night.path("elsewhere/desk.toml");
    let check =
        |path: &Path| fleet.night.recount_with("RECOUNT_DESK", path, &["check", "--tenants", "pod-0", "--json"]);
    let fault = |path: &Path| check(path).json()["desk"].to_string();
    assert_eq!(fault(&path), "null", "the chart's own file is refused");
    fleet.night.write("elsewhere/desk.toml", "[desk]\nspeed = 1\n");
    assert!(fault(&path).contains("speed"), "{}", fault(&path));
    assert!(fault(Path::new("/nowhere/desk.toml")).contains("nowhere"), "a file that is not there is passed over");
}
