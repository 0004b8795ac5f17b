//! The files that people copy, the document that programs read, and keys in the wrong place.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::support::Night;
use recount::config;

/// A first morning begins with these files; one that does not parse is the end of it.
#[test]
fn the_example_files_are_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let deploy = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy");
    fs::copy(deploy.join("recount.example.toml"), folder.path().join("recount.toml")).expect("copied");
    fs::copy(deploy.join("customers.example.csv"), folder.path().join("customers.csv")).expect("copied");
    let config = config::load::load(&folder.path().join("recount.toml"));
    let config = config.unwrap_or_else(|errors| panic!("{errors}"));
    let integration = config.integrations.values().next().expect("an integration");
    let mapping = integration.mapping.as_ref().expect("the customers");
    assert_eq!((integration.name.as_str(), mapping.customers.len()), ("mailprotector", 5));
}

/// The contract's example, key by key: what a program reads tonight it finds in every later version.
#[test]
fn the_json_document_has_every_key_of_the_contract() {
    let night = Night::busy();
    night.export(
        "Account,Product,Quantity\nAcme,CloudFilter,7\nAcme,Archive,2\nBorealis,CloudFilter,6\nCedar,CloudFilter,1\n",
    );
    for command in [["plan", "--json"], ["run", "--json"], ["report", "--json"]] {
        let document = night.recount(&command).json();
        has(&document, &[("schema", "number"), ("exit_code", "number"), ("runs", "array")]);
        let run = &document["runs"][0];
        has(
            run,
            &[
                ("run", "number"),
                ("integration", "string"),
                ("command", "string"),
                ("mode", "string"),
                ("verdict", "string"),
            ],
        );
        has(
            run,
            &[
                ("started_at", "time"),
                ("finished_at", "time"),
                ("plan", "string"),
                ("lines", "array"),
                ("findings", "array"),
            ],
        );
        let totals = ["to_decide", "changed", "failed", "unknown", "lines", "explained"].map(|key| (key, "number"));
        has(&run["totals"], &totals);
        has(
            &run["export"],
            &[
                ("path", "string"),
                ("sha256", "string"),
                ("rows", "number"),
                ("customers", "number"),
                ("modified_at", "time"),
            ],
        );
        has(
            &run["requests"],
            &["sent", "retried", "throttled_ms", "pace_ms", "read_ms", "look_ms", "write_ms"]
                .map(|key| (key, "number")),
        );
        for line in run["lines"].as_array().expect("lines") {
            a_line(line);
        }
        for finding in run["findings"].as_array().expect("findings") {
            has(finding, &["code", "severity", "message", "fix"].map(|key| (key, "string")));
            has(finding, &[("customer", "string?")]);
        }
        assert_eq!(run["totals"]["lines"], run["totals"]["explained"], "every line is explained");
        assert_eq!(run["findings"][0]["code"], "customer-unmapped");
    }
}

fn a_line(line: &Value) {
    has(line, &["handle", "outcome", "reason", "detail"].map(|key| (key, "string")));
    has(line, &[("customers", "array"), ("services", "array"), ("product", "string?"), ("item", "string?")]);
    let numbers = ["company_id", "agreement_id", "addition_id", "was", "wanted", "now"];
    has(line, &numbers.map(|key| (key, "number?")));
}

/// Every key with its kind; `?` for one that may be null. A time is RFC 3339 in UTC.
fn has(value: &Value, keys: &[(&str, &str)]) {
    for (key, kind) in keys {
        let found = value.get(key).unwrap_or_else(|| panic!("{key} is missing in {value:#}"));
        let is = match found {
            Value::Null => "null",
            Value::Bool(_) => "boolean",
            Value::Number(_) => "number",
            Value::String(text) if *kind == "time" => chrono::DateTime::parse_from_rfc3339(text)
                .map_or("no time", |_| if text.ends_with('Z') { "time" } else { "local" }),
            Value::String(_) => "string",
            Value::Array(_) => "array",
            Value::Object(_) => "object",
        };
        let fits = is == kind.trim_end_matches('?') || (kind.ends_with('?') && is == "null");
        assert!(fits, "{key} is {is} and should be {kind}: {found}");
    }
}

/// Exact numbers, not what binary floating point makes of them.
#[test]
fn quantities_are_exact_in_the_document() {
    let night = Night::new();
    let config = fs::read_to_string(night.path("recount.toml")).expect("the configuration");
    night.write("recount.toml", config.replace("[integration.mail]\n", "[integration.mail]\nquantity_decimals = 10\n"));
    night.export("Account,Product,Quantity\nAcme,CloudFilter,1234567.0123456789\nBorealis,CloudFilter,5\n");
    let said = night.recount(&["plan", "--json"]).exits(3);
    assert!(said.out.contains("\"wanted\": 1234567.0123456789"), "{}", said.out);
}

/// The document is all there is on stdout, on every path that ends before a run.
#[test]
fn what_ends_before_a_run_is_a_document_as_well() {
    let night = Night::new();
    for (arguments, exit) in [
        (["run", "nosuch", "--json"].as_slice(), 2),
        (["apply", "ffffffff", "--json"].as_slice(), 2),
        (["why", "zz", "--json"].as_slice(), 2),
        (["report", "--json"].as_slice(), 2),
        (["run", "--json", "--config", "nosuch.toml"].as_slice(), 16),
    ] {
        let document = night.recount(arguments).exits(exit).json();
        assert_eq!(document["exit_code"], exit, "{document:#}");
        assert!(document["error"]["message"].is_string(), "{document:#}");
    }
    assert!(night.sim().requests().is_empty());
}

#[test]
fn a_configuration_with_a_mistake_names_line_and_column() {
    let night = Night::new();
    night.config("guards", "max_agee = \"36h\"");
    let said = night.recount(&["run"]).exits(16);
    assert!(said.err.contains("max_agee") && said.err.contains("recount.toml:"), "{}", said.err);
    assert!(night.sim().requests().is_empty());
}

/// A timer starts the program in `/`, not beside its configuration.
#[test]
fn paths_are_those_of_the_configuration_wherever_it_is_called_from() {
    let night = Night::new();
    let config = night.path("recount.toml");
    night.write("elsewhere/note.txt", "");
    let said = night.recount_in("elsewhere", &["run", "--config", &config.display().to_string()]).exits(0);
    assert!(said.out.contains("nothing to decide"), "{}", said.out);
    assert!(night.path("state/history.db").exists() && !night.path("elsewhere/state").exists());
    night.recount_in("elsewhere", &["run"]).exits(16);
}

/// A key that everybody on the host can read is everybody's key. It is refused, and not shown.
#[test]
fn a_key_that_others_may_read_is_refused() {
    let night = Night::new();
    night.secret("private", "CANARY-priv-7f3a", 0o644);
    for command in [["run", "--json"], ["run", "-vv"], ["check", "-vv"]] {
        let said = night.recount(&command).exits(16);
        assert!(
            format!("{}{}", said.out, said.err).contains("keys/private"),
            "the file is named\n{}{}",
            said.out,
            said.err
        );
    }
    assert!(night.sim().requests().is_empty(), "nothing was asked of ConnectWise");
    // It is a run that failed, and the history says so.
    assert!(night.recount(&["history"]).exits(0).out.contains("failed"));
}

#[test]
fn keys_that_are_missing_or_empty_are_refused() {
    let night = Night::new();
    night.secret("private", "", 0o600);
    night.recount(&["run"]).exits(16);
    fs::remove_file(night.path("keys/private")).expect("removed");
    night.recount(&["run"]).exits(16);
    assert!(night.sim().requests().is_empty());
}

/// The files in `deploy/sim` with `recount sim`'s own world: what the README lets a newcomer type.
#[test]
fn the_example_set_runs_against_its_simulated_connectwise() {
    let night = Night::demo();
    night.recount(&["check"]).exits(3);
    let said = night.recount(&["plan"]).exits(3);
    assert!(said.out.contains("Birchwood Dental"), "unmapped, and first\n{}", said.out);
    night.recount(&["apply", &night.plan()]).exits(3);
    assert!(!night.sim().writes().is_empty());
    night.sim().clear_requests();
    night.recount(&["run"]).exits(3);
    assert!(night.sim().writes().is_empty(), "{:#?}", night.sim().writes());
}

/// The proof that anybody can watch: killed in the middle of a creation, and nothing is there twice.
#[test]
fn the_demo_survives_its_own_chaos() {
    let night = Night::new();
    let said = night.recount(&["demo", "--chaos"]).exits(0);
    let (_, ledger) = said.out.split_once("ConnectWise was asked for").expect("the ledger");
    let (asked, journal) = ledger.split_once("recount wrote down").expect("the journal");
    let rows = |text: &str, word: &str| text.lines().filter(|line| line.contains(word)).count();
    assert_eq!((rows(asked, "done 1x"), rows(asked, "done ")), (9, 9), "{asked}");
    assert_eq!((rows(asked, "POST"), rows(journal, "create a line")), (1, 1), "{ledger}");
    assert_eq!(rows(journal, "applied"), 9, "{journal}");
}

/// No credentials, no network: the first thing that anybody types.
#[test]
fn the_demo_runs_by_itself() {
    let night = Night::new();
    let said = night.recount(&["demo"]).exits(0);
    assert!(said.out.contains("OPEN ITEMS") && said.out.contains("CHANGED"), "{}", said.out);
}
