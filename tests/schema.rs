//! docs/recount.schema.json: generated here, and every document that the program prints is held against it.
//!
//! A program that reads the document every morning is written once. What it was told must stay true.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use crate::support::{Night, each};
use recount::reconcile::model::plan::outcome::{Mode, Outcome, RunCommand, RunVerdict};
use recount::reconcile::model::plan::reason_code::Code;

fn page() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/recount.schema.json")
}

/// A stale page is told, and the new one is ready to be copied.
#[test]
fn the_schema_in_the_docs_is_current() {
    let current = serde_json::to_string_pretty(&schema()).expect("a document") + "\n";
    let found = fs::read_to_string(page()).unwrap_or_default();
    if found != current {
        let fresh = Path::new(env!("CARGO_TARGET_TMPDIR")).join("recount.schema.json");
        fs::write(&fresh, current).expect("written");
        panic!("docs/recount.schema.json is stale; copy {} over it", fresh.display());
    }
}

/// Every kind of night there is, in the form that programs read.
#[test]
fn every_document_is_as_the_schema_says() {
    let scenarios = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    let folders = fs::read_dir(scenarios).expect("the scenarios").map(|entry| entry.expect("an entry").path());
    let mut folders: Vec<PathBuf> = folders.filter(|path| path.is_dir()).collect();
    folders.sort();
    assert!(folders.len() > 40, "only {} scenarios", folders.len());
    each(
        &folders,
        |folder| folder.display().to_string(),
        |folder| {
            let night = Night::of_scenario(folder);
            for command in [["plan", "--json"], ["run", "--json"]] {
                fits(&night.recount(&command).json(), &format!("{command:?}"));
            }
        },
    );
}

/// Also when there was no run at all.
#[test]
fn a_document_of_an_error_is_as_the_schema_says() {
    let night = Night::new();
    for command in [
        &["run", "nosuch", "--json"][..],
        &["apply", "ffffffff", "--json"],
        &["report", "999", "--json"],
        // Mistyped, too: a program that asked for a document has nothing else to read.
        &["apply", "--json"],
        &["undo", "last", "--json"],
        &["recnocile", "--json"],
        &["map", "--json"],
        // What has no document says so in one: a script was handed a manual page.
        &["man", "--json"],
        &["completions", "bash", "--json"],
        &["demo", "--json"],
        &["sim", "--json"],
        &["serve", "--json"],
        &["daemon", "--json"],
        &["--json"],
        &["report", "--json", "--format", "csv"],
    ] {
        fits(&night.recount(command).exits(2).json(), &format!("{command:?}"));
    }
}

/// A vendor's program that runs many MSPs reads another document, and could hold it against nothing.
#[test]
fn a_document_of_many_tenants_is_as_its_part_of_the_schema_says() {
    let night = Night::new();
    let text = fs::read_to_string(night.path("recount.toml")).expect("the configuration");
    night.write("tenants/one/recount.toml", text.replace("keys/", "../../keys/").replace("exports/", "../../exports/"));
    night.write("tenants/two/recount.toml", "nothing of it\n");
    for command in ["plan", "report", "check"] {
        let document = night.recount(&[command, "--tenants", "tenants", "--json"]).json();
        let (root, mut faults) = (schema(), Vec::new());
        look(&document, &root["$defs"]["fleet"], &root, "", &mut faults);
        assert!(faults.is_empty(), "{command}: {faults:#?}");
        assert_eq!(document["tenants"].as_array().map(Vec::len), Some(2), "{document:#}");
    }
}

/// `recount --version --json | jq` failed.
#[test]
fn help_and_version_are_documents_where_one_is_asked_for() {
    let night = Night::new();
    for command in [&["--version", "--json"][..], &["--help", "--json"], &["plan", "--help", "--json"]] {
        let said = night.recount(command).exits(0).json();
        assert!(said["schema"] == 1 && said["text"].as_str().is_some_and(|text| text.contains("recount")), "{said:#}");
    }
    assert!(night.recount(&["--version"]).exits(0).out.starts_with("recount "));
}

/// Without this the two tests above could compare nothing.
#[test]
fn what_is_not_in_the_schema_is_found() {
    let good = json!({"schema": 1, "exit_code": 2, "runs": [], "error": {"message": "x", "fix": ""}});
    assert!(faults(&good).is_empty(), "{:?}", faults(&good));
    for (wrong, path) in [
        (json!({"schema": 2, "exit_code": 2, "runs": []}), "/schema"),
        (json!({"schema": 1, "runs": []}), "/exit_code"),
        (json!({"schema": 1, "exit_code": 2, "runs": [], "new": 1}), "/new"),
        (json!({"schema": 1, "exit_code": "2", "runs": []}), "/exit_code"),
        (json!({"schema": 1, "exit_code": 2, "runs": [{}]}), "/runs/0/run"),
    ] {
        assert!(faults(&wrong).iter().any(|fault| fault.starts_with(path)), "{wrong}: {:?}", faults(&wrong));
    }
}

fn schema() -> Value {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "What recount plan, run, apply, undo and report print with --json",
        "description": "Schema 1. Keys, words and codes may be added; none changes its meaning. Take a word that you do not \
                        know as one that needs a person. Quantities are exact decimal numbers: do not read them as binary \
                        floating point. Times are RFC 3339 in UTC.",
        "type": "object",
        "required": ["schema", "exit_code", "runs"],
        "properties": {
            "schema": {"const": 1},
            "exit_code": {"type": "integer"},
            "runs": {"type": "array", "items": {"$ref": "#/$defs/run"}},
            "error": object(&["message", "fix"], json!({"message": {"type": "string"}, "fix": {"type": "string"}})),
            "message": {"type": "string"},
        },
        "$defs": {
            "time": {"type": "string", "format": "date-time"},
            "quantity": {"type": ["number", "null"]},
            "run": run(),
            "export": export(),
            "line": line(),
            "finding": finding(),
            "fleet": fleet(),
        },
    })
}

/// What the same commands print with --tenants.
fn fleet() -> Value {
    let tenant = json!({
        "tenant": {"type": "string"},
        "exit_code": {"type": "integer"},
        "took_ms": {"type": "integer"},
        "document": {"description": "what the command printed for the tenant, or null"},
        "error": or_null("string"),
    });
    let tenant = object(&["tenant", "exit_code", "took_ms", "document", "error"], tenant);
    let desk = json!({"exit_code": {"type": "integer"}, "error": {"type": "string"}});
    let properties = json!({
        "schema": {"const": 1},
        "exit_code": {"type": "integer"},
        "tenants": {"type": "array", "items": tenant},
        "desk": object(&["exit_code", "error"], desk),
    });
    object(&["schema", "exit_code", "tenants"], properties)
}

fn run() -> Value {
    let required = [
        "run",
        "integration",
        "command",
        "mode",
        "verdict",
        "started_at",
        "finished_at",
        "plan",
        "totals",
        "export",
        "lines",
        "findings",
        "requests",
        "undoes",
        "head",
    ];
    let totals = ["to_decide", "changed", "would_change", "failed", "unknown", "lines", "explained"];
    let properties = json!({
        "run": {"type": "integer"},
        "integration": {"type": "string"},
        "command": words(RunCommand::ALL.iter().map(|one| one.as_str())),
        "mode": words(Mode::ALL.iter().map(|one| one.as_str())),
        "verdict": words(RunVerdict::ALL.iter().map(|one| one.as_str())),
        "started_at": {"$ref": "#/$defs/time"},
        "finished_at": {"oneOf": [{"$ref": "#/$defs/time"}, {"type": "null"}]},
        "plan": or_null("string"),
        "totals": counted(&totals),
        "export": {"oneOf": [{"$ref": "#/$defs/export"}, {"type": "null"}]},
        "lines": {"type": "array", "items": {"$ref": "#/$defs/line"}},
        "findings": {"type": "array", "items": {"$ref": "#/$defs/finding"}},
        "requests": counted(&["sent", "retried", "throttled_ms", "pace_ms", "read_ms", "look_ms", "write_ms"]),
        "undoes": or_null("integer"),
        "head": or_null("string"),
    });
    object(&required, properties)
}

fn export() -> Value {
    let properties = json!({
        "path": {"type": "string"},
        "sha256": {"type": "string"},
        "rows": {"type": "integer"},
        "customers": {"type": "integer"},
        "modified_at": {"$ref": "#/$defs/time"},
        "files": {
            "description": "of an export of several files, each of them",
            "type": "array",
            "items": {
                "type": "object",
                "required": ["name", "bytes", "sha256"],
                "properties": {"name": {"type": "string"}, "bytes": {"type": "integer"}, "sha256": {"type": "string"}},
            },
        },
    });
    object(&["path", "sha256", "rows", "customers", "modified_at"], properties)
}

fn line() -> Value {
    let names = json!({"type": "array", "items": {"type": "string"}});
    let required = [
        "handle",
        "customers",
        "services",
        "company_id",
        "agreement_id",
        "addition_id",
        "product",
        "item",
        "was",
        "wanted",
        "now",
        "outcome",
        "reason",
        "detail",
    ];
    let properties = json!({
        "handle": {"type": "string"},
        "customers": names,
        "services": names,
        "company_id": or_null("integer"),
        "agreement_id": or_null("integer"),
        "addition_id": or_null("integer"),
        "product": or_null("string"),
        "item": or_null("string"),
        "was": {"$ref": "#/$defs/quantity"},
        "wanted": {"$ref": "#/$defs/quantity"},
        "now": {"$ref": "#/$defs/quantity"},
        "outcome": words(Outcome::ALL.iter().map(|one| one.as_str())),
        "reason": words(Code::ALL.iter().map(|code| code.as_str())),
        "detail": {"type": "string"},
        "items": names,
    });
    object(&required, properties)
}

fn finding() -> Value {
    let properties = json!({
        "code": words(Code::ALL.iter().map(|code| code.as_str())),
        "severity": words(["decide", "warning", "info"].into_iter()),
        "customer": or_null("string"),
        "service": or_null("string"),
        "handle": or_null("string"),
        "message": {"type": "string"},
        "fix": {"type": "string"},
        "commands": {"type": "array", "items": {"type": "string"}},
    });
    object(&["code", "severity", "customer", "service", "handle", "message", "fix"], properties)
}

fn words<'a>(all: impl Iterator<Item = &'a str>) -> Value {
    json!({"type": "string", "enum": all.collect::<Vec<_>>()})
}

fn or_null(kind: &str) -> Value {
    json!({"type": [kind, "null"]})
}

fn object(required: &[&str], properties: Value) -> Value {
    json!({"type": "object", "required": required, "properties": properties})
}

fn counted(keys: &[&str]) -> Value {
    let properties: Map<String, Value> =
        keys.iter().map(|key| ((*key).to_owned(), json!({"type": "integer"}))).collect();
    object(keys, Value::Object(properties))
}

fn fits(document: &Value, place: &str) {
    let faults = faults(document);
    assert!(faults.is_empty(), "{place}: {faults:#?}");
}

fn faults(document: &Value) -> Vec<String> {
    let (root, mut faults) = (schema(), Vec::new());
    look(document, &root, &root, "", &mut faults);
    faults
}

/// As a validator looks, and stricter: a key that the schema does not name is a fault.
fn look(value: &Value, schema: &Value, root: &Value, path: &str, faults: &mut Vec<String>) {
    if let Some(target) = schema["$ref"].as_str() {
        let target = root.pointer(target.trim_start_matches('#')).expect("a definition");
        return look(value, target, root, path, faults);
    }
    if let Some(choices) = schema["oneOf"].as_array() {
        let fits = |choice: &&Value| {
            let mut found = Vec::new();
            look(value, choice, root, path, &mut found);
            found.is_empty()
        };
        let fitting = choices.iter().filter(fits).count();
        if fitting != 1 {
            faults.push(format!("{path} fits {fitting} of {}", schema["oneOf"]));
        }
        return;
    }
    let mut wrong = |what: &str| faults.push(format!("{path} is {value}: {what}"));
    if !schema["type"].is_null() && !is(value, &schema["type"]) {
        wrong(&format!("not {}", schema["type"]));
    }
    if schema.get("const").is_some_and(|only| only != value) {
        wrong("another constant");
    }
    if schema["enum"].as_array().is_some_and(|words| !words.contains(value)) {
        wrong("a word that is not in the list");
    }
    let time = |text: &str| text.ends_with('Z') && chrono::DateTime::parse_from_rfc3339(text).is_ok();
    if schema["format"] == "date-time" && !value.as_str().is_some_and(time) {
        wrong("no time in UTC");
    }
    look_inside(value, schema, root, path, faults);
}

fn look_inside(value: &Value, schema: &Value, root: &Value, path: &str, faults: &mut Vec<String>) {
    if let (Some(object), Some(properties)) = (value.as_object(), schema["properties"].as_object()) {
        for key in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            if !object.contains_key(key) {
                faults.push(format!("{path}/{key} is missing"));
            }
        }
        for (key, value) in object {
            match properties.get(key) {
                Some(schema) => look(value, schema, root, &format!("{path}/{key}"), faults),
                None => faults.push(format!("{path}/{key} is not in the schema")),
            }
        }
    }
    if let (Some(items), Some(schema)) = (value.as_array(), schema.get("items")) {
        for (at, item) in items.iter().enumerate() {
            look(item, schema, root, &format!("{path}/{at}"), faults);
        }
    }
}

fn is(value: &Value, kind: &Value) -> bool {
    let one = |kind: &str| match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "null" => value.is_null(),
        _ => false,
    };
    match kind {
        Value::String(kind) => one(kind),
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).any(one),
        _ => false,
    }
}
