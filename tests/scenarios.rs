//! Every folder in `scenarios/` is a story of one or more nights, told as a person sees it: what was typed, what the
//! terminal said, what reached ConnectWise, and what it bills afterwards.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Mutex;

use crate::snapshots::snapshot_settings;
use crate::support;

#[test]
fn scenarios() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    let folders: Vec<PathBuf> =
        root.read_dir().expect("the scenarios").map(|entry| entry.expect("an entry").path()).collect();
    let told = Mutex::new(BTreeMap::new());
    // First all of them, two at a time; then each against its snapshot.
    support::each(
        &folders,
        |folder| folder.display().to_string(),
        |folder| {
            let text = unwrapped(&support::walk(folder, crate::reports::numbers::agree));
            told.lock().expect("nobody panics here").insert(folder.clone(), text);
        },
    );
    let told = told.into_inner().expect("nobody panics here");
    let mut settings = snapshot_settings();
    let days = "(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)";
    let day = format!(r"{days} \d{{1,2}} [A-Z][a-z]{{2}} (?:202[6-9]|20[3-8]\d)");
    settings.add_filter(
        r"changed by (\w+) at\s+\w{3}\s+\d{1,2}\s+\w{3}\s+\d{4}\s+\d\d:\d\d\s+UTC",
        "changed by $1 at TIME",
    );
    settings.add_filter(&format!(r"{day} \d\d:\d\d UTC"), "TIME");
    settings.add_filter(&format!(r"{day} \d\d:\d\d +"), "DAY HOUR  ");
    settings.add_filter(&day, "TODAY");
    settings.add_filter(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "TIME");
    settings.add_filter(r"(?m)  [0-9a-f]{8}$", "  PLAN");
    settings.add_filter(&support::today().to_string(), "TODAY");
    settings.add_filter(r"\b(plan|apply|now:|begin with) [0-9a-f]{8}\b", "$1 PLAN");
    settings.add_filter(r"\bhead [0-9a-f]{8}…", "head HEAD…");
    settings.add_filter(r#""(pace|read|look|write)_ms": \d+"#, r#""${1}_ms": MS"#);
    settings.add_filter(r#""head": "[0-9a-f]{64}""#, r#""head": "HEAD""#);
    settings.add_filter(r"127\.0\.0\.1:\d+", "HOST");
    settings.bind(|| {
        insta::glob!("scenarios/*", |folder| {
            insta::assert_snapshot!("scenario", told.get(folder).expect("a story"));
        });
    });
}

/// Each paragraph that tells a day, on one line: where it is wrapped depends on how long the day of the test is.
fn unwrapped(told: &str) -> String {
    let day = regex::Regex::new(r"\b\d{1,2}\s+[A-Z][a-z]{2}\s+20\d\d\b").expect("a pattern");
    let indent = |line: &str| line.len() - line.trim_start().len();
    let lines: Vec<&str> = told.lines().collect();
    let paragraphs = lines.chunk_by(|line, next| {
        let prose = indent(line) >= 8 && indent(line) == indent(next);
        prose && !line.contains('→') && !next.contains('→')
    });
    let mut text = String::new();
    for paragraph in paragraphs {
        let whole = paragraph.iter().map(|line| line.trim_start()).collect::<Vec<_>>().join(" ");
        if day.is_match(&whole) {
            text.push_str(&" ".repeat(indent(paragraph[0])));
            text.push_str(&whole);
        } else {
            text.push_str(&paragraph.join("\n"));
        }
        text.push('\n');
    }
    text
}
