//! FAULTS.md: each fault that can befall a night, what is to happen then, and the test that shows it.

mod rows;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use self::rows::ROWS;

/// One fault.
struct Row {
    id: &'static str,
    fault: &'static str,
    expected: &'static str,
    /// Names of test functions; `scenario NAME` is a folder under `tests/scenarios`, `proof PART` a part of
    /// `tests/proof/kill.py`.
    shown_by: &'static [&'static str],
    /// Why there is no test, or what the tests leave open.
    open: &'static str,
}

const PARTS: [(char, &str); 11] = [
    ('A', "Process and host"),
    ('B', "Network and HTTP"),
    ('C', "Keys, rights, TLS"),
    ('D', "Time"),
    ('E', "Local storage"),
    ('F', "Several at once"),
    ('G', "The export"),
    ('H', "Hostile text"),
    ('I', "What the business does"),
    ('J', "Operation"),
    ('K', "The desk"),
];

const HEAD: &str = "# Faults\n\n\
    What can go wrong in a night, what recount does then, and the test that shows it. This page is generated from\n\
    `tests/faults_table/rows.rs`; a test fails when it is stale, or names a test that does not exist.\n\n\
    `nights` are the simulated nights (`cargo run --release --example nights -- --seeds N`), `proof` the real binary\n\
    killed and starved (`tests/proof/kill.py`), `scenario` a folder under `tests/scenarios`; the others are names of\n\
    test functions.\n";

fn page() -> String {
    let mut page = HEAD.to_owned();
    for (part, title) in PARTS {
        let _ = writeln!(page, "\n## {part}. {title}\n\n| | Fault | What happens | Shown by |\n|---|---|---|---|");
        for Row { id, fault, expected, shown_by, open } in ROWS.iter().filter(|row| row.id.starts_with(part)) {
            let names: Vec<String> = shown_by.iter().map(|name| format!("`{name}`")).collect();
            let shown = match (names.is_empty(), open.is_empty()) {
                (true, _) => (*open).to_owned(),
                (false, true) => names.join(", "),
                (false, false) => format!("{}; {open}", names.join(", ")),
            };
            let _ = writeln!(page, "| {id} | {fault} | {expected} | {shown} |");
        }
    }
    page
}

#[test]
fn the_page_of_faults_is_not_stale() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = page();
    if fs::read_to_string(root.join("FAULTS.md")).is_ok_and(|found| found == page) {
        return;
    }
    let fresh = Path::new(env!("CARGO_TARGET_TMPDIR")).join("FAULTS.md");
    fs::write(&fresh, page).expect("the fresh page is written");
    panic!("FAULTS.md is stale; look at the difference, then: cp {} FAULTS.md", fresh.display());
}

#[test]
fn every_fault_has_an_expectation_and_a_test_or_a_reason() {
    let mut ids = BTreeSet::new();
    for row in ROWS {
        assert!(ids.insert(row.id), "{} stands there twice", row.id);
        assert!(!row.fault.is_empty() && !row.expected.is_empty(), "{} says nothing", row.id);
        assert!(!row.shown_by.is_empty() || !row.open.is_empty(), "{} has neither a test nor a reason", row.id);
    }
    for (part, count) in
        [("A", 12), ("B", 33), ("C", 10), ("D", 5), ("E", 14), ("F", 20), ("G", 32), ("H", 11), ("I", 62), ("J", 12)]
    {
        let found = ROWS.iter().filter(|row| row.id.starts_with(part)).count();
        assert_eq!(found, count, "rows of part {part}");
    }
}

/// A page that names a test which was renamed or taken out would claim what nobody checks.
#[test]
fn every_test_that_the_page_names_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut sources = String::new();
    for folder in ["src", "sim", "tests"] {
        read_all(&root.join(folder), &mut sources);
    }
    let proof = fs::read_to_string(root.join("tests/proof/kill.py")).expect("the proof's program");
    for row in ROWS {
        for name in row.shown_by {
            let there = match name.split_once(' ') {
                Some(("scenario", name)) => root.join("tests/scenarios").join(name).is_dir(),
                Some(("proof", part)) => proof.contains(&format!("def {}(", part.replace('-', "_"))),
                Some(_) => false,
                None if *name == "nights" => root.join("tests/nights/mod.rs").is_file(),
                None => sources.contains(&format!("fn {name}(")),
            };
            assert!(there, "{}: there is no {name}", row.id);
        }
    }
}

fn read_all(folder: &Path, sources: &mut String) {
    for entry in fs::read_dir(folder).expect("a folder of sources") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            read_all(&path, sources);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            sources.push_str(&fs::read_to_string(&path).expect("a source in UTF-8"));
        }
    }
}
