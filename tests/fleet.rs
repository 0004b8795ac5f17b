//! Many tenants: each in a process of its own, shared between shards, and moved between them with their copies.

mod apart;
mod daemon;
mod desk;
mod links;
mod people;
mod shared;
mod vanished;

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rust_decimal::Decimal;
use serde_json::Value;

use crate::support;
use crate::support::{Night, Said, wait_until};

/// A tenant's counts: one quantity to set, one line to create.
const COUNTS: &str = "Product,Quantity\nCloudFilter,7\nArchive,2\n";
const QUIET: &str = "Product,Quantity\nCloudFilter,3\n";

/// Tenants of one ConnectWise, each with a customer and an agreement of its own; and pods, each with a state of its own.
struct Fleet {
    night: Night,
    tenants: Vec<String>,
}

impl Fleet {
    /// The first plan of each tenant is approved, on pod 0.
    fn new(tenants: u8) -> Self {
        let night = Night::new();
        let names: Vec<String> = (0..tenants).map(|number| format!("tenant-{number:02}")).collect();
        night.sim().edit(|world| {
            let (company, agreement, addition) =
                (world.companies[0].clone(), world.agreements[0].clone(), world.additions[0].clone());
            for (number, name) in (1_i64..).zip(&names) {
                world.companies.push(recount_sim::Company {
                    id: 1000 + number,
                    name: format!("Customer of {name}"),
                    ..company.clone()
                });
                let mut own = agreement.clone();
                (own.id, own.company) = (2000 + number, 1000 + number);
                world.agreements.push(own);
                let mut line = addition.clone();
                (line.id, line.agreement) = (3000 + number, 2000 + number);
                world.additions.push(line);
            }
        });
        let fleet = Self { night, tenants: names };
        for pod in 0..3 {
            fleet.pod(pod);
        }
        fleet.exports(QUIET);
        for tenant in &fleet.tenants {
            let config = fleet.folder(0, tenant).join("recount.toml").display().to_string();
            let planned = fleet.night.recount(&["plan", "--json", "--config", &config]).exits(0);
            let plan = planned.first_run()["plan"].as_str().expect("a plan")[..8].to_owned();
            fleet.night.recount(&["apply", &plan, "--config", &config]).exits(0);
        }
        fleet.exports(COUNTS);
        fleet.night.sim().clear_requests();
        fleet
    }

    fn folder(&self, pod: u8, tenant: &str) -> PathBuf {
        self.night.path(&format!("pod-{pod}/{tenant}"))
    }

    /// The same files on each pod; the state beside them is the pod's own.
    fn pod(&self, pod: u8) {
        let text = fs::read_to_string(self.night.path("recount.toml")).expect("the configuration");
        for (number, tenant) in (1..).zip(&self.tenants) {
            let shared = self.night.path(&format!("shared/{tenant}"));
            let config =
                format!("replicate = \"file://{}\"\n{text}\n[replication]\nlease = \"60s\"\n", shared.display());
            let columns = format!(
                "columns = {{ customer = {{ fixed = \"{tenant}\" }}, service = \"Product\", count = \"Quantity\" }}"
            );
            let lines = config.lines().map(|line| if line.starts_with("columns") { columns.as_str() } else { line });
            let config = lines
                .collect::<Vec<_>>()
                .join("\n")
                .replace("[integration.mail]", "[integration.mail]\nsweep = \"off\"")
                .replace("keys/", "../../keys/")
                .replace("exports/", "../../exports/");
            self.night.write(&format!("pod-{pod}/{tenant}/recount.toml"), config);
            let customers =
                format!("customer,company_id,agreement_id,note\n{tenant},{},{},\n", 1000 + number, 2000 + number);
            self.night.write(&format!("pod-{pod}/{tenant}/customers.csv"), customers);
        }
    }

    /// Tonight's counts, the same for each tenant.
    fn exports(&self, counts: &str) {
        self.night.export(counts);
    }

    fn arguments(pod: u8, shard: &str) -> Vec<String> {
        let dir = format!("pod-{pod}");
        ["run", "--json", "-v", "--tenants", &dir, "--at-once", "4", "--shard", shard].map(str::to_owned).to_vec()
    }

    fn run(&self, pod: u8, shard: &str) -> Said {
        let arguments = Self::arguments(pod, shard);
        self.night.recount(&arguments.iter().map(String::as_str).collect::<Vec<_>>())
    }

    /// The leases were renewed days ago, by the store's clock.
    fn leases_are_old(&self) {
        for tenant in &self.tenants {
            let lease = self.night.path(&format!("shared/{tenant}/lease.json"));
            let Ok(file) = fs::File::options().write(true).open(lease) else { continue };
            file.set_modified(SystemTime::from(support::now()) - Duration::from_secs(3 * 86_400)).expect("a time");
        }
    }

    /// Accepts the new lines that wait for a person after a change of hosts.
    fn accept(&self, pod: u8, said: &Said) {
        for one in tenants_of(said) {
            let lines = one["document"]["runs"][0]["lines"].as_array().cloned().unwrap_or_default();
            for line in lines.iter().filter(|line| line["reason"] == "host-changed") {
                let tenant = one["tenant"].as_str().expect("a name");
                let config = self.folder(pod, tenant).join("recount.toml").display().to_string();
                let handle = line["handle"].as_str().expect("a handle");
                self.night.recount(&["accept", handle, "--to", "2", "--config", &config]).exits(0);
            }
        }
    }

    /// What ConnectWise holds on each tenant's agreement.
    fn billed(&self) -> Vec<Vec<(String, Decimal)>> {
        let billed = self.night.billed();
        let of = |number: i64| {
            let own = billed.iter().filter(move |(agreement, ..)| *agreement == 2000 + number);
            own.map(|(_, product, quantity)| (product.clone(), *quantity)).collect()
        };
        (1_i64..).zip(&self.tenants).map(|(number, _)| of(number)).collect()
    }

    fn goal(&self) -> Vec<Vec<(String, Decimal)>> {
        let one = [("MP-ARCHIVE", 2), ("MP-CLOUDFILTER", 7)]
            .map(|(product, units)| (product.to_owned(), Decimal::from(units)));
        vec![one.to_vec(); self.tenants.len()]
    }
}

fn tenants_of(said: &Said) -> Vec<Value> {
    said.json()["tenants"].as_array().cloned().expect("tenants")
}

/// Three shards, of which one is killed in the middle of its night; then there are two, and its tenants move to them.
#[test]
fn twenty_tenants_on_three_shards_live_through_kills_and_moves() {
    let fleet = Fleet::new(20);
    // The creations of the killed shard are on their way when it dies.
    fleet.night.fault(
        r#"[{"when": {"method": "POST", "nth": 3}, "then": {"connection": "hold", "applied": true}},
                          {"when": {"method": "POST", "nth": 4}, "then": {"connection": "hold"}}]"#,
    );
    let arguments = Fleet::arguments(0, "0/3");
    let first = fleet.night.start(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
    wait_until("two creations in flight", || fleet.night.sent("POST").len() >= 4);
    first.kill();
    fleet.night.no_faults();
    for pod in [1, 2] {
        fleet.leases_are_old();
        let said = fleet.run(pod, &format!("{pod}/3"));
        fleet.accept(pod, &said);
        fleet.run(pod, &format!("{pod}/3"));
    }
    // One shard less: its tenants go to the other two, and of those none moves between them.
    fleet.leases_are_old();
    let mut all = 0;
    for (pod, shard) in [(1, "0/2"), (2, "1/2")] {
        let said = fleet.run(pod, shard);
        all += tenants_of(&said).len();
        fleet.accept(pod, &said);
        fleet.run(pod, shard);
    }
    assert_eq!(all, 20, "every tenant is one shard's");
    assert_eq!(fleet.billed(), fleet.goal(), "nothing twice, nothing lost");
    fleet.night.sim().clear_requests();
    for (pod, shard) in [(1, "0/2"), (2, "1/2")] {
        fleet.run(pod, shard).exits(0);
    }
    assert!(fleet.night.sim().writes().is_empty(), "{:#?}", fleet.night.sim().writes());
}

/// One tenant's slip must be no other tenant's night, and nothing of it stands under another's name.
#[test]
fn a_tenant_that_is_broken_or_hangs_stops_no_other_and_leaks_nothing() {
    let fleet = Fleet::new(4);
    fs::write(fleet.folder(0, "tenant-01").join("recount.toml"), "no toml at all = =").expect("written");
    // Somebody who takes every connection and answers nothing.
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let config = fs::read_to_string(fleet.folder(0, "tenant-02").join("recount.toml")).expect("a file");
    let url = format!("http://{}", silent.local_addr().expect("an address"));
    fs::write(fleet.folder(0, "tenant-02").join("recount.toml"), config.replace(&fleet.night.sim().url(), &url))
        .expect("written");
    let said = fleet.night.recount(&["run", "--json", "--tenants", "pod-0", "--tenant-seconds", "8"]);
    let tenants = tenants_of(&said);
    let codes: Vec<_> =
        tenants.iter().map(|one| (one["tenant"].as_str().expect("a name"), one["exit_code"].clone())).collect();
    assert_eq!(codes[0].0, "tenant-02", "the worst first: {codes:?}");
    assert!(
        tenants[0]["error"].as_str().is_some_and(|error| error.contains("stopped after 8 seconds")),
        "{}",
        tenants[0]
    );
    assert_eq!(codes[1..], [("tenant-01", 16.into()), ("tenant-00", 0.into()), ("tenant-03", 0.into())]);
    assert_eq!(said.exit, 143);
    for one in &tenants {
        let name = one["tenant"].as_str().expect("a name");
        let others = fleet.tenants.iter().filter(|other| *other != name);
        let text = one.to_string();
        others.for_each(|other| assert!(!text.contains(other.as_str()), "{other} in {text}"));
    }
    let (billed, goal) = (fleet.billed(), fleet.goal());
    assert_eq!((&billed[0], &billed[3]), (&goal[0], &goal[3]));
    let text = fleet.night.recount(&["status", "--tenants", "pod-0", "--fleet-metrics", "fleet.prom"]);
    assert!(text.out.contains("== tenant-01 ==") && text.out.contains("4 tenants"), "{}", text.out);
    let metrics = fs::read_to_string(fleet.night.path("fleet.prom")).expect("metrics");
    assert!(metrics.contains("tenant=\"tenant-00\",integration=\"mail\""), "{metrics}");
}

/// What only several tenants need is no option of a command that knows nothing of them.
#[test]
fn a_folder_that_is_not_there_is_told() {
    let night = Night::new();
    let said = night.recount(&["run", "--tenants", "nowhere"]).exits(16);
    assert!(said.err.contains("nowhere"), "{}", said.err);
    assert!(Path::new(&night.path("recount.toml")).exists());
}

/// The daemon begins what is due in each tenant's own time, once.
#[test]
fn the_daemon_runs_each_tenants_slot_once() {
    let fleet = Fleet::new(2);
    for tenant in &fleet.tenants {
        let path = fleet.folder(0, tenant).join("recount.toml");
        let text = fs::read_to_string(&path).expect("a file");
        fs::write(path, format!("{text}\n[daemon]\nschedule = \"0 * * * *\"\n")).expect("written");
    }
    let config = fleet.folder(0, "tenant-00").join("recount.toml").display().to_string();
    let turn = |since: &str| fleet.night.recount(&["daemon", "--turn-since", since, "--config", &config]);
    let since = (support::now() - chrono::TimeDelta::hours(2)).to_rfc3339();
    turn(&since).exits(0);
    assert_eq!(fleet.billed()[0], fleet.goal()[0], "the missed slot is caught up");
    let runs = |config: &str| {
        fleet.night.recount(&["history", "--json", "--config", config]).json()["history"].as_array().map(Vec::len)
    };
    assert_eq!(runs(&config), Some(3));
    // Seen first just now, it owes nothing to the past.
    let other = fleet.folder(0, "tenant-01").join("recount.toml").display().to_string();
    fleet.night.recount(&["daemon", "--turn-since", &support::now().to_rfc3339(), "--config", &other]).exits(0);
    assert_eq!(runs(&other), Some(2));
}

/// A disk that is not mounted is no fleet that is done.
#[test]
fn a_folder_without_any_tenant_is_an_error() {
    let night = Night::new();
    std::fs::create_dir(night.path("tenants")).expect("a folder");
    for command in ["run", "plan", "status", "check"] {
        let said = night.recount(&[command, "--tenants", "tenants"]).exits(16);
        assert!(said.err.contains("no folder in it holds a recount.toml"), "{}", said.err);
    }
}
