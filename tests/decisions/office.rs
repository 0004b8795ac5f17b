//! A small MSP at its desk: configuration, export, keys, a simulated ConnectWise, and the program to type commands to.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::process::{Command, Output};

use chrono::{DateTime, Utc};
use recount_sim::{Faults, Sim, World};
use rust_decimal::Decimal;
use serde_json::Value;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use recount::history::store::open::History;
use recount::history::store::run_lock::RunLock;

const CONFIG: &str = r#"
state = "state"

[connectwise.main]
url         = "URL"
company     = "examplemsp"
client_id   = "00000000-0000-0000-0000-000000000000"
public_key  = { file = "public" }
private_key = { file = "private" }

[integration.mail]
connectwise       = "main"
mode              = "apply"
customers         = "customers.csv"
default_agreement = { type = "Email" }
create_lines      = true

[integration.mail.export]
path    = "export.csv"
columns = { customer = "Account", service = "Product", count = "Quantity" }

[integration.mail.services]
"CloudFilter" = { product = "FILTER" }

[integration.mail.guards]
max_units_down = "100%"
min_units      = "50%"
"#;

const CUSTOMERS: &str = "customer,company_id,agreement_id,note\nAcme,1,,\nBorealis,2,,\nCedar,3,,\nDunlin,4,,\n";

const WORLD: &str = r#"{
  "companies": [{"id": 1, "name": "Acme"}, {"id": 2, "name": "Borealis"}, {"id": 3, "name": "Cedar"},
                {"id": 4, "name": "Dunlin"}],
  "agreements": [{"id": 10, "company": 1, "type": "Email"}, {"id": 20, "company": 2, "type": "Email"},
                 {"id": 30, "company": 3, "type": "Email"}, {"id": 40, "company": 4, "type": "Email"}],
  "catalog": [{"id": 500, "identifier": "FILTER", "price": 2.5}],
  "additions": [{"id": 100, "agreement": 10, "product": "FILTER", "quantity": 3},
                {"id": 200, "agreement": 20, "product": "FILTER", "quantity": 12},
                {"id": 300, "agreement": 30, "product": "FILTER", "quantity": 40}]
}"#;

/// The time: the program asks the real clock as well.
#[expect(clippy::disallowed_methods, reason = "a test that runs the real program lives in its time")]
fn now() -> DateTime<Utc> {
    Utc::now()
}

/// What a command left.
#[derive(Debug)]
pub(super) struct Said {
    pub(super) code: i32,
    pub(super) out: String,
    pub(super) err: String,
}

fn said(output: Output) -> Said {
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    let code = output.status.code().expect("an exit code");
    Said { code, out: text(output.stdout), err: text(output.stderr) }
}

pub(super) struct Office {
    folder: TempDir,
    sim: Sim,
    _server: Runtime,
}

impl Office {
    /// An office whose first plan, on these counts, was approved and carried out.
    pub(super) fn running(counts: &[(&str, u32)]) -> Self {
        let office = Self::new();
        office.export(counts);
        let plan = office.plan_json()["plan"].as_str().expect("a plan").to_owned();
        let applied = office.recount(&["apply", &plan]);
        assert_eq!(applied.code, 0, "{applied:?}");
        office
    }

    /// The same, whose vendor's files may be weeks old: nights of the past can be told one by one.
    pub(super) fn of_old_exports() -> Self {
        let office = Self::running(&[("Acme", 3), ("Borealis", 12), ("Cedar", 40)]);
        office.configure("[integration.mail.guards]", "[integration.mail.guards]\nmax_age = \"60d\"");
        office
    }

    fn new() -> Self {
        let server =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("threads");
        let mut world = World::parse(WORLD).expect("the world");
        world.today = now().date_naive();
        let sim = server.block_on(Sim::start(world, Faults::default())).expect("the simulator");
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        fs::write(at("recount.toml"), CONFIG.replace("URL", &sim.url())).expect("the configuration");
        fs::write(at("customers.csv"), CUSTOMERS).expect("the customers");
        for (name, key) in [("public", "pub"), ("private", "priv")] {
            let file = fs::OpenOptions::new().create_new(true).write(true).mode(0o600).open(at(name));
            file.expect("a key file").write_all(key.as_bytes()).expect("a key");
        }
        Self { folder, sim, _server: server }
    }

    /// The vendor's file of the next night.
    pub(super) fn export(&self, counts: &[(&str, u32)]) {
        let rows = counts.iter().map(|(customer, count)| format!("{customer},CloudFilter,{count}\n"));
        let text = format!("Account,Product,Quantity\n{}", rows.collect::<String>());
        fs::write(self.folder.path().join("export.csv"), text).expect("the export");
    }

    /// The same of a night so many days ago, where `max_age` permits it.
    pub(super) fn export_of(&self, days_ago: i64, counts: &[(&str, u32)]) {
        self.export(counts);
        let file = fs::File::options().write(true).open(self.folder.path().join("export.csv")).expect("the export");
        file.set_modified((now() - chrono::TimeDelta::days(days_ago)).into()).expect("a time");
    }

    pub(super) fn recount(&self, arguments: &[&str]) -> Said {
        said(self.command(arguments).output().expect("recount runs"))
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_recount"));
        command.env_remove("SUDO_USER").env_remove("RUST_LOG").env_remove("RECOUNT_CONFIG");
        command.args(arguments).current_dir(self.folder.path());
        command
    }

    /// What somebody else on this host types, through `sudo`.
    pub(super) fn recount_as(&self, who: &str, arguments: &[&str]) -> Said {
        let mut command = self.command(arguments);
        said(command.env("RECOUNT_ASKED_BY", who).output().expect("recount runs"))
    }

    pub(super) fn run(&self) -> Said {
        self.recount(&["run"])
    }

    pub(super) fn run_json(&self) -> Value {
        self.first_run(&["run", "--json"])
    }

    pub(super) fn plan_json(&self) -> Value {
        self.first_run(&["plan", "--json"])
    }

    pub(super) fn newest_run(&self) -> Value {
        self.first_run(&["report", "--json"])
    }

    fn first_run(&self, arguments: &[&str]) -> Value {
        let said = self.recount(arguments);
        let document: Value = serde_json::from_str(&said.out).unwrap_or_else(|_| panic!("{said:?}"));
        document["runs"][0].clone()
    }

    /// The one matter that waits.
    pub(super) fn held(&self) -> Value {
        let said = self.recount(&["held", "--json"]);
        let document: Value = serde_json::from_str(&said.out).unwrap_or_else(|_| panic!("{said:?}"));
        let waiting = document["waiting"].as_array().expect("a list");
        assert_eq!(waiting.len(), 1, "{document:#}");
        waiting[0].clone()
    }

    /// What ConnectWise holds.
    pub(super) fn billed(&self, addition: i64) -> String {
        self.sim.world().addition(addition).expect("the addition").quantity.normalize().to_string()
    }

    /// One of the pages that runs leave.
    pub(super) fn page(&self, name: &str) -> String {
        let path = self.folder.path().join("state/reports").join(format!("{name}.html"));
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// The page of this customer, as it stands on the disk after it was drawn on demand.
    pub(super) fn customer(&self, name: &str) -> String {
        let drawn = self.recount(&["report", "--customer", name]);
        assert_eq!(drawn.code, 0, "{drawn:?}");
        fs::read_to_string(self.folder.path().join(drawn.out.trim())).expect("the page")
    }

    pub(super) fn newest_addition(&self) -> i64 {
        self.sim.world().additions.iter().map(|addition| addition.id).max().expect("an addition")
    }

    /// Somebody edits recount.toml or customers.csv.
    pub(super) fn rewrite(&self, file: &str, from: &str, to: &str) {
        let text = fs::read_to_string(self.folder.path().join(file)).expect("the file");
        assert!(text.contains(from), "{text}");
        self.write(file, &text.replace(from, to));
    }

    /// Somebody changes ConnectWise's records.
    pub(super) fn edit(&self, change: impl FnOnce(&mut World)) {
        self.sim.edit(change);
    }

    /// The operator writes a file.
    pub(super) fn write(&self, name: &str, text: &str) {
        fs::write(self.folder.path().join(name), text).expect("the file");
    }

    /// The operator changes a line of recount.toml.
    pub(super) fn configure(&self, from: &str, to: &str) {
        let text = fs::read_to_string(self.folder.path().join("recount.toml")).expect("the configuration");
        assert!(text.contains(from), "{text}");
        self.write("recount.toml", &text.replace(from, to));
    }

    /// All services of the integration are another's from now on.
    pub(super) fn take_over(&self, name: &str) {
        let text = fs::read_to_string(self.folder.path().join("recount.toml")).expect("the configuration");
        let (before, own) = text.split_once("[integration.mail]").expect("the integration");
        let new = own.replace("[integration.mail.", &format!("[integration.{name}."));
        let old = own.replace("{ product = \"FILTER\" }", "{ not_assigned = true }");
        self.write("recount.toml", &format!("{before}[integration.mail]{old}\n[integration.{name}]{new}"));
    }

    /// What an undo of this run would do, and with which exit code.
    pub(super) fn undo(&self, run: &str) -> (i32, Value) {
        let said = self.recount(&["undo", run, "--json"]);
        let document: Value = serde_json::from_str(&said.out).unwrap_or_else(|_| panic!("{said:?}"));
        (said.code, document["runs"][0].clone())
    }

    /// Somebody changes a quantity in ConnectWise.
    pub(super) fn by_hand(&self, addition: i64, quantity: i64) {
        self.sim.edit(|world| {
            let addition = world.addition_mut(addition).expect("the addition");
            addition.quantity = Decimal::from(quantity);
            addition.updated_by = "mmiller".to_owned();
        });
    }

    /// Somebody changes something of a line that is no quantity.
    pub(super) fn touched(&self, addition: i64, at: &str) {
        self.sim.edit(|world| {
            let addition = world.addition_mut(addition).expect("the addition");
            addition.last_updated = at.to_owned();
            addition.updated_by = "mmiller".to_owned();
        });
    }

    pub(super) fn lock(&self) -> RunLock {
        RunLock::take(&self.folder.path().join("state"), now()).expect("the lock")
    }

    /// The history, as the desk opens it beside a run.
    pub(super) fn history(&self) -> History {
        History::open_beside(&self.folder.path().join("state")).expect("the history").expect("a run")
    }

    /// Somebody with the file in hand.
    pub(super) fn tamper(&self, sql: &str) {
        let database = rusqlite::Connection::open(self.folder.path().join("state/history.db")).expect("the database");
        database.execute_batch(sql).expect("the change");
    }
}
