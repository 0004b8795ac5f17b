//! One installation: configuration, customers, exports, keys, state, and the ConnectWise that it bills in.

use std::cell::{Cell, RefCell};
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;
use std::time::{Duration, SystemTime};

use chrono::{DateTime, NaiveDate, Utc};
use recount_sim::{Addition, Faults, Recorded, Sim, World};
use rust_decimal::Decimal;
use tempfile::TempDir;

use crate::support::absent;
use crate::support::process::{Running, Said};
use recount::history::journal::{IntentKind, WriteOutcome, WriteRecord};
use recount::history::store::open::History;

const CONFIG: &str = include_str!("recount.toml");
const CUSTOMERS: &str = include_str!("customers.csv");
const WORLD: &str = include_str!("world.json");

/// The two halves of the key. They are in no place but their files, and in the head of each request.
pub(super) const PUBLIC: &str = "CANARY-pub-51c9";
pub(super) const PRIVATE: &str = "CANARY-priv-7f3a";
pub(crate) const CLIENT_ID: &str = "0ca9a12e-5eed-4b1d-8f00-0c0ffee0cafe";

/// Nothing has changed since last night.
pub(crate) const QUIET: &str = "Account,Product,Quantity\nAcme,CloudFilter,3\nBorealis,CloudFilter,5\n";
/// Two quantities to set, one line to create.
pub(crate) const BUSY: &str = "Account,Product,Quantity\nAcme,CloudFilter,7\nAcme,Archive,2\nBorealis,CloudFilter,6\n";

/// All simulated servers of the test binary live here.
static SERVERS: LazyLock<tokio::runtime::Runtime> = LazyLock::new(|| {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime")
});

/// An installation in a folder of its own. When it ends, and after each command, it is looked over: no word of money
/// and no secret may be where it does not belong.
pub(crate) struct Night {
    folder: TempDir,
    sim: Sim,
    exports: Cell<u64>,
    said: RefCell<Vec<Said>>,
}

impl Night {
    /// Two customers, two lines, in apply mode; the export says what is billed already.
    pub(crate) fn new() -> Self {
        Self::of(WORLD, CONFIG, CUSTOMERS, QUIET)
    }

    /// The same, past its first approval, with three changes to be made.
    pub(crate) fn busy() -> Self {
        let night = Self::new();
        night.approve();
        night.export(BUSY);
        night
    }

    /// A night of a scenario: what the folder does not have is as in [`Night::new`].
    pub(crate) fn of_scenario(folder: &Path) -> Self {
        let text = |name: &str, default: &str| fs::read_to_string(folder.join(name)).unwrap_or(default.to_owned());
        let night = Self::of(
            &text("world.json", WORLD),
            &text("recount.toml", CONFIG),
            &text("customers.csv", CUSTOMERS),
            QUIET,
        );
        if text("steps.txt", "").lines().any(|step| step == "approved") {
            night.approve();
        }
        if let Ok(export) = fs::read(folder.join("export.csv")) {
            night.export(export);
        }
        night
    }

    /// The example set of `deploy/sim`, and the world that `recount sim` holds.
    pub(crate) fn demo() -> Self {
        let deploy = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/sim");
        let text = |name: &str| fs::read_to_string(deploy.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        let config = text("recount.toml")
            .replace("http://127.0.0.1:8480", "URL")
            .replace("00000000-0000-0000-0000-000000000000", "CLIENT_ID")
            .replace("{ env = \"CW_PUBLIC\" }", "{ file = \"keys/public\" }")
            .replace("{ env = \"CW_PRIVATE\" }", "{ file = \"keys/private\" }")
            .replace("mailprotector-*", "mail-*");
        let export = text("exports/mailprotector-2026-11-22.csv");
        Self::in_world(World::demo(), &config, &text("customers.csv"), &export)
    }

    fn of(world: &str, config: &str, customers: &str, export: &str) -> Self {
        Self::in_world(World::parse(world).expect("a world"), config, customers, export)
    }

    fn in_world(mut world: World, config: &str, customers: &str, export: &str) -> Self {
        world.today = today();
        world.client_id = Some(CLIENT_ID.to_owned());
        world.keys[0].public = PUBLIC.to_owned();
        world.keys[0].private = PRIVATE.to_owned();
        let sim = SERVERS.block_on(Sim::start(world, Faults::default())).expect("a simulated ConnectWise");
        let folder = tempfile::Builder::new().prefix("recount-night-").tempdir().expect("a folder");
        let night = Self { folder, sim, exports: Cell::new(0), said: RefCell::default() };
        night.write("recount.toml", config.replace("URL", &night.sim.url()).replace("CLIENT_ID", CLIENT_ID));
        night.write("customers.csv", customers);
        for (name, secret) in [("public", PUBLIC), ("private", PRIVATE)] {
            night.secret(name, secret, 0o600);
        }
        night.export(export);
        night
    }

    /// The simulator's keys for a shell.
    pub(crate) fn exported_keys(&self) -> String {
        format!("export CW_PUBLIC={PUBLIC} CW_PRIVATE={PRIVATE}")
    }

    pub(crate) fn sim(&self) -> &Sim {
        &self.sim
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, content).expect("written");
    }

    /// A key file of this mode.
    pub(crate) fn secret(&self, name: &str, secret: &str, mode: u32) {
        let path = self.path("keys").join(name);
        fs::create_dir_all(self.path("keys")).expect("a folder");
        // The mode holds for a new file only.
        let _ = fs::remove_file(&path);
        let mut file = fs::OpenOptions::new().create_new(true).write(true).mode(mode).open(path).expect("a new file");
        file.write_all(secret.as_bytes()).expect("written");
    }

    /// Sets a key of `recount.toml`, or adds it to a table of the integration.
    pub(crate) fn config(&self, table: &str, line: &str) {
        let key = |line: &str| line.split('=').next().unwrap_or_default().trim().to_owned();
        let text = fs::read_to_string(self.path("recount.toml")).expect("the configuration");
        let mut lines: Vec<&str> = text.lines().collect();
        match lines.iter().position(|found| key(found) == key(line)) {
            Some(at) => lines[at] = line,
            None => {
                let table = lines.iter().position(|found| *found == format!("[integration.mail.{table}]"));
                lines.insert(table.expect("a table") + 1, line);
            }
        }
        self.write("recount.toml", lines.join("\n") + "\n");
    }

    /// Adds tables at the end of `recount.toml`.
    pub(crate) fn append(&self, tables: &str) {
        let text = fs::read_to_string(self.path("recount.toml")).expect("the configuration");
        self.write("recount.toml", text + tables);
    }

    /// Adds a key of no table to `recount.toml`.
    pub(crate) fn config_root(&self, line: &str) {
        let text = fs::read_to_string(self.path("recount.toml")).expect("the configuration");
        self.write("recount.toml", format!("{line}\n{text}"));
    }

    /// A new export, five hours old and newer than the one before.
    pub(crate) fn export(&self, content: impl AsRef<[u8]>) {
        self.export_aged(content, Duration::from_secs(5 * 3600 + 1800 - 60 * self.exports.get()));
    }

    pub(crate) fn export_aged(&self, content: impl AsRef<[u8]>, age: Duration) {
        let written_at = SystemTime::from(now()) - age;
        // Files of earlier nights are hours older: else they would be of the same delivery.
        for earlier in 1..=self.exports.get() {
            if let Ok(file) = fs::File::options().write(true).open(self.path(&format!("exports/mail-{earlier}.csv"))) {
                let modified = file.metadata().and_then(|metadata| metadata.modified()).expect("a time");
                file.set_modified(modified.min(written_at) - Duration::from_secs(2 * 3600)).expect("a time");
            }
        }
        self.exports.set(self.exports.get() + 1);
        let name = format!("exports/mail-{}.csv", self.exports.get());
        self.write(&name, content);
        let file = fs::File::options().write(true).open(self.path(&name)).expect("the export");
        file.set_modified(written_at).expect("a time");
    }

    /// Lets a person approve the first plan. Run while nothing is to be changed, it writes nothing.
    pub(crate) fn approve(&self) {
        assert_eq!(self.recount(&["plan"]).exit, 0);
        assert_eq!(self.recount(&["apply", &self.plan()]).exit, 0);
        self.sim.clear_requests();
    }

    /// The fingerprint of the newest plan, as a person types it.
    pub(crate) fn plan(&self) -> String {
        let history = self.command(&["history", "--json"]).output().expect("the history");
        let history: serde_json::Value = serde_json::from_slice(&history.stdout).expect("one JSON document");
        let plans = history["history"].as_array().into_iter().flatten().filter_map(|run| run["plan"].as_str());
        plans.map(|plan| plan[..8].to_owned()).next().expect("a plan")
    }

    /// Runs the program to its end, and looks the installation over.
    pub(crate) fn recount(&self, arguments: &[&str]) -> Said {
        let output = self.command(arguments).output().expect("the program");
        self.heard(Said::of(arguments, &output))
    }

    /// The same, with a file of the installation on its standard input.
    pub(crate) fn recount_fed(&self, file: &str, arguments: &[&str]) -> Said {
        let input = fs::File::open(self.path(file)).expect("the input");
        let output = self.command(arguments).stdin(input).output().expect("the program");
        self.heard(Said::of(arguments, &output))
    }

    /// The same as a user to whom rights apply: where tests are root's, one who owns the installation.
    pub(crate) fn recount_as_user(&self, arguments: &[&str]) -> Said {
        let output = self.command_as_user(arguments).output().expect("the program");
        self.heard(Said::of(arguments, &output))
    }

    /// The same, started.
    pub(crate) fn start_as_user(&self, arguments: &[&str]) -> Running {
        let mut command = self.command_as_user(arguments);
        let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        Running::new(child.expect("the program"), arguments)
    }

    fn command_as_user(&self, arguments: &[&str]) -> Command {
        let mut command = self.command(arguments);
        // Whose process it is: the browser's tests share this file, and have no library for it.
        if fs::metadata("/proc/self").expect("this process").uid() == 0 {
            let all = ["-R", "65534:65534", "."];
            let given = Command::new("chown").args(all).current_dir(self.folder.path()).status();
            assert!(given.expect("chown").success(), "the installation is given to somebody");
            command.uid(65_534).gid(65_534);
        }
        command
    }

    /// The same, called from another folder.
    pub(crate) fn recount_in(&self, folder: &str, arguments: &[&str]) -> Said {
        let output = self.command(arguments).current_dir(self.path(folder)).output().expect("the program");
        self.heard(Said::of(arguments, &output))
    }

    /// The same, with a variable in the environment.
    pub(crate) fn recount_with(&self, name: &str, value: &Path, arguments: &[&str]) -> Said {
        let output = self.command(arguments).env(name, value).output().expect("the program");
        self.heard(Said::of(arguments, &output))
    }

    /// The same at a real terminal (`script` of the Debian package bsdutils makes one); gives all that it showed.
    pub(crate) fn at_a_terminal(&self, arguments: &str, typed: &str) -> String {
        let program = env!("CARGO_BIN_EXE_recount");
        self.write("typed", typed);
        let input = fs::File::open(self.path("typed")).expect("the input");
        let mut command = Command::new("script");
        command.args(["--quiet", "--return", "--command", &format!("{program} {arguments}"), "/dev/null"]);
        command.current_dir(self.folder.path()).stdin(input).env_remove("RECOUNT_CONFIG").env_remove("RUST_LOG");
        let output = command.output().expect("script, of the package bsdutils");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Runs the program on a copy of the installation; what it does to ConnectWise is taken back.
    pub(crate) fn aside(&self, arguments: &[&str]) -> Said {
        let world = self.sim.world();
        let copy = tempfile::Builder::new().prefix("recount-aside-").tempdir().expect("a folder");
        copied(self.folder.path(), copy.path());
        let output = self.command(arguments).current_dir(copy.path()).output().expect("the program");
        self.sim.edit(|now| *now = world);
        Said::of(arguments, &output)
    }

    /// `recount run`, with every log there is, and its JSON document.
    pub(crate) fn run(&self) -> Said {
        self.recount(&["run", "--json", "-vv"])
    }

    /// Starts the program, and leaves it to the test when it ends.
    pub(crate) fn start(&self, arguments: &[&str]) -> Running {
        let mut command = self.command(arguments);
        let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        Running::new(child.expect("the program"), arguments)
    }

    /// What a started program said, looked over like everything else.
    pub(crate) fn heard(&self, said: Said) -> Said {
        self.said.borrow_mut().push(said.clone());
        absent::look_over(self.folder.path(), &self.sim.requests(), std::slice::from_ref(&said));
        said
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_recount"));
        command.args(arguments).current_dir(self.folder.path()).stdin(Stdio::null());
        command.env("TMPDIR", self.folder.path());
        for name in [
            "RECOUNT_CONFIG",
            "RUST_LOG",
            "RUST_LOG_FORMAT",
            "RUST_BACKTRACE",
            "CREDENTIALS_DIRECTORY",
            "GITHUB_STEP_SUMMARY",
        ] {
            command.env_remove(name);
        }
        command
    }

    /// What has to go wrong, as a faults file says it.
    pub(crate) fn fault(&self, json: &str) {
        self.sim.set_faults(faults(json));
    }

    pub(crate) fn no_faults(&self) {
        self.sim.set_faults(Faults::default());
    }

    /// Requests of this method since the last clearing. A bundle of reads is no POST.
    pub(crate) fn sent(&self, method: &str) -> Vec<Recorded> {
        let is_meant = |request: &Recorded| request.method == method && (method != "POST" || request.is_write());
        self.sim.requests().into_iter().filter(is_meant).collect()
    }

    /// The journal of writes: of all runs, oldest first.
    pub(crate) fn journal(&self) -> Vec<Journaled> {
        let history = History::open_existing(&self.path("state")).expect("the history").expect("a run");
        let mut runs = history.runs(100).expect("the runs");
        runs.reverse();
        let writes = runs.iter().flat_map(|run| history.writes_of(run.run).expect("its writes"));
        writes.map(Journaled::of).collect()
    }

    /// Quantities by agreement and product, in order; what is billed.
    pub(crate) fn billed(&self) -> Vec<(i64, String, Decimal)> {
        let mut billed: Vec<_> = self.sim.world().additions.into_iter().map(billed).collect();
        billed.sort();
        billed
    }
}

/// What the journal says of one write.
#[derive(Debug)]
pub(crate) struct Journaled {
    pub(crate) creates: bool,
    /// Told as done.
    pub(crate) applied: bool,
    pub(crate) addition: Option<i64>,
    /// What was wanted, or is there, if it is told as done.
    pub(crate) quantity: Decimal,
}

impl Journaled {
    fn of(write: WriteRecord) -> Self {
        let (creates, wanted) = match write.intent.kind {
            IntentKind::Set { to, .. } => (false, to),
            IntentKind::Create { quantity, .. } => (true, quantity),
        };
        match write.outcome {
            Some(WriteOutcome::Applied { addition, quantity }) => {
                Self { creates, applied: true, addition: Some(addition.0), quantity: quantity.as_decimal() }
            }
            _ => Self { creates, applied: false, addition: None, quantity: wanted.as_decimal() },
        }
    }
}

fn billed(addition: Addition) -> (i64, String, Decimal) {
    (addition.agreement, addition.product, addition.quantity.normalize())
}

impl Drop for Night {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            absent::look_over(self.folder.path(), &self.sim.requests(), &self.said.borrow());
        }
    }
}

fn faults(json: &str) -> Faults {
    Faults::parse(json).unwrap_or_else(|error| panic!("{error}: {json}"))
}

#[expect(clippy::disallowed_methods, reason = "the program asks the real clock, so its test world has to")]
pub(crate) fn now() -> DateTime<Utc> {
    Utc::now()
}

/// The day, as the program sees it.
pub(crate) fn today() -> NaiveDate {
    now().date_naive()
}

/// A folder with all that is in it, as old and as closed as it is.
pub(crate) fn copied(from: &Path, to: &Path) {
    fs::set_permissions(to, fs::metadata(from).expect("a folder").permissions()).expect("as closed");
    for entry in fs::read_dir(from).expect("a folder").map(|entry| entry.expect("an entry")) {
        let (kind, to) = (entry.file_type().expect("a kind"), to.join(entry.file_name()));
        if kind.is_dir() {
            fs::create_dir(&to).expect("made");
            copied(&entry.path(), &to);
        } else if kind.is_file() {
            fs::copy(entry.path(), &to).expect("copied");
            let modified = entry.metadata().expect("a file").modified().expect("a time");
            fs::File::options().write(true).open(&to).and_then(|file| file.set_modified(modified)).expect("as old");
        }
    }
}
