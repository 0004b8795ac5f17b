//! Where an export comes from, through whole nights: a vendor's report link, and standard input.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use tokio::runtime::Runtime;
use wiremock::matchers::{header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::support::{BUSY, Night};

/// The link's key, and what stands in its query.
const KEY: &str = "CANARY-vendor-key";
const SIGNATURE: &str = "CANARY-signature";

/// A vendor with a report link.
struct Vendor {
    runtime: Runtime,
    server: MockServer,
}

impl Vendor {
    fn new() -> Self {
        let runtime = Runtime::new().expect("a runtime");
        let server = runtime.block_on(MockServer::start());
        Self { runtime, server }
    }

    /// What it answers next to whoever has the key.
    fn answers(&self, answer: ResponseTemplate) {
        let mock = Mock::given(method("GET")).and(path("/report")).and(header("X-API-KEY", KEY));
        self.runtime.block_on(mock.respond_with(answer).up_to_n_times(1).mount(&self.server));
    }

    fn asked(&self) -> usize {
        self.runtime.block_on(self.server.received_requests()).expect("recorded").len()
    }
}

/// An installation past its first approval, whose export comes from elsewhere now.
fn night(source: &str) -> Night {
    let night = Night::new();
    night.approve();
    let text = fs::read_to_string(night.path("recount.toml")).expect("the configuration");
    let lines = text.lines().map(|line| if line.starts_with("path = ") { source } else { line });
    night.write("recount.toml", lines.collect::<Vec<_>>().join("\n") + "\n");
    night
}

fn linked(vendor: &Vendor) -> Night {
    let url = format!("{}/report?sig={SIGNATURE}", vendor.server.uri());
    let night = night(&format!("url = \"{url}\"\nheaders = {{ X-API-KEY = {{ file = \"keys/vendor\" }} }}"));
    night.secret("vendor", KEY, 0o600);
    night
}

fn files(folder: PathBuf) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(&folder) else { return Vec::new() };
    let paths = entries.map(|entry| entry.expect("an entry").path());
    paths.flat_map(|path| if path.is_dir() { files(path) } else { vec![path] }).collect()
}

/// Neither the key nor the query of a link is anybody's but the vendor's.
fn shows_no_secret(night: &Night, said: &str) {
    let bytes = files(night.path("state")).into_iter().map(|file| fs::read(file).expect("a file"));
    for place in bytes.chain([said.as_bytes().to_vec()]) {
        for secret in [KEY, SIGNATURE] {
            assert!(memchr::memmem::find(&place, secret.as_bytes()).is_none(), "{}", String::from_utf8_lossy(&place));
        }
    }
}

/// A vendor that asks for patience gets it; the bill stands on a file that is still there a month later.
#[test]
fn a_night_fetches_its_export_and_keeps_it() {
    let vendor = Vendor::new();
    let night = linked(&vendor);
    vendor.answers(ResponseTemplate::new(429).insert_header("Retry-After", "0"));
    vendor.answers(ResponseTemplate::new(200).set_body_string(BUSY));
    let said = night.run().exits(0);
    assert_eq!((night.sim().writes().len(), vendor.asked()), (3, 2));
    let kept = files(night.path("state/fetched"));
    let [kept] = kept.as_slice() else { panic!("{kept:?}") };
    assert_eq!(fs::read_to_string(kept).expect("the copy"), BUSY);
    assert_eq!(fs::metadata(kept).expect("the copy").permissions().mode() & 0o777, 0o600);
    shows_no_secret(&night, &format!("{}{}", said.out, said.err));
    night.sim().clear_requests();
    vendor.answers(ResponseTemplate::new(200).set_body_string(BUSY));
    night.run().exits(0);
    assert!(night.sim().writes().is_empty(), "{:#?}", night.sim().writes());
}

/// A link that has expired, or a page instead of the file, says nothing about anybody.
#[test]
fn a_link_that_gives_no_export_ends_the_night() {
    let vendor = Vendor::new();
    let night = linked(&vendor);
    for (answer, said_of_it) in [
        (ResponseTemplate::new(401), "401"),
        (ResponseTemplate::new(404), "report links expire"),
        (ResponseTemplate::new(429).insert_header("Retry-After", "86400"), "asks to wait 86400 s"),
        (ResponseTemplate::new(200).set_body_string("<html>Please sign in</html>"), "web page"),
    ] {
        vendor.answers(answer);
        let said = night.run().exits(11);
        assert!(said.out.contains(said_of_it), "{said_of_it}: {}", said.out);
        shows_no_secret(&night, &format!("{}{}", said.out, said.err));
    }
    assert!(night.sim().requests().is_empty(), "nothing was asked of ConnectWise");
}

/// `recount plan < file`, `recount apply PLAN < file`, `recount run < file`.
#[test]
fn an_export_may_come_from_standard_input() {
    let night = night("path = \"-\"");
    night.write("busy.csv", BUSY);
    night.write("empty.csv", "");
    night.recount_fed("busy.csv", &["plan"]).exits(0);
    assert!(night.sim().writes().is_empty());
    night.recount_fed("busy.csv", &["apply", &night.plan()]).exits(0);
    assert_eq!(night.sim().writes().len(), 3);
    night.sim().clear_requests();
    night.recount_fed("busy.csv", &["run"]).exits(0);
    assert!(night.sim().writes().is_empty(), "{:#?}", night.sim().writes());
    // Nobody piped anything in: that is no export without customers.
    night.recount_fed("empty.csv", &["run"]).exits(11);
    assert!(night.sim().writes().is_empty());
}

/// Otherwise the file of the first night, delivered again by a vendor or by a copy script, would set every line back.
#[test]
fn the_file_of_an_older_night_is_refused_until_somebody_approves_its_plan() {
    let night = Night::new();
    night.sim().edit(|world| {
        for id in 300..304 {
            let mut company = world.companies[0].clone();
            (company.id, company.name) = (id, format!("Customer {id}"));
            let (mut agreement, mut line) = (world.agreements[0].clone(), world.additions[0].clone());
            (agreement.id, agreement.company) = (id, id);
            (line.id, line.agreement, line.quantity) = (id, id, 10.into());
            world.companies.push(company);
            world.agreements.push(agreement);
            world.additions.push(line);
        }
    });
    let customers = fs::read_to_string(night.path("customers.csv")).expect("the customers");
    let rows = |of: &dyn Fn(u32) -> String| (300..304).map(of).collect::<String>();
    night.write("customers.csv", customers + &rows(&|id| format!("Customer {id},{id},,\n")));
    let export = |count: u32| {
        let quiet = "Account,Product,Quantity\nAcme,CloudFilter,3\nBorealis,CloudFilter,5\n".to_owned();
        quiet + &rows(&|id| format!("Customer {id},CloudFilter,{count}\n"))
    };
    night.export(export(10));
    night.approve();
    night.export(export(12));
    night.run().exits(0);
    assert_eq!(night.sent("PATCH").len(), 4);

    night.export(export(10));
    let said = night.run().exits(11);
    assert!(said.codes().contains(&"export-old-again".to_owned()), "{}", said.out);
    assert!(said.out.contains("byte by byte") && night.sent("PATCH").len() == 4, "{}", said.out);
    night.recount(&["plan"]);
    night.recount(&["apply", &night.plan()]).exits(0);
    assert_eq!(night.sent("PATCH").len(), 8, "its counts hold again, somebody says");
}
