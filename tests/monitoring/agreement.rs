//! The same four numbers everywhere: on the terminal, in JSON, mail, webhook, ping, metrics and `status`.

use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use regex::Regex;
use serde_json::Value;

use super::exposition::parse;
use crate::alerts::smtp::{Greeting, Smtp};
use crate::alerts::{Listener, OK};
use crate::support;
use crate::support::Night;

const NUMBERS: [&str; 6] = ["to_decide", "changed", "failed", "unknown", "explained", "lines"];

/// Otherwise two people would argue about what the night was, each with a page that proves it.
#[test]
fn the_four_numbers_agree_wherever_they_stand() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    let folders: Vec<PathBuf> =
        root.read_dir().expect("the scenarios").map(|entry| entry.expect("an entry").path()).collect();
    support::each(&folders, |folder| folder.display().to_string(), |folder| agrees(folder));
}

fn agrees(folder: &Path) {
    let night = Night::of_scenario(folder);
    let (hook, ping) = (Listener::answering(OK), Listener::answering(OK));
    let smtp = Smtp::start(Greeting::Clear, "PLAIN");
    night.append(&format!(
        "\n[alert.hook]\nkind = \"webhook\"\nurl = \"{}\"\nwhen = \"always\"\n\
         [alert.alive]\nkind = \"ping\"\nurl = \"{}\"\n\
         [alert.office]\nkind = \"mail\"\nserver = \"127.0.0.1\"\nport = {}\ntls = \"none\"\nwhen = \"always\"\n\
         from = \"a@example.com\"\nto = \"b@example.com\"\n",
        hook.url("/hook"),
        ping.url("/ping"),
        smtp.port,
    ));
    let said = night.run().json();
    let runs = said["runs"].as_array().cloned().unwrap_or_default();
    let told: Vec<Value> = hook.heard().iter().map(|heard| serde_json::from_str(&heard.body).expect("JSON")).collect();
    let ended: Vec<String> =
        ping.heard().into_iter().filter(|heard| !heard.target.contains("/start?")).map(|heard| heard.body).collect();
    let mails: Vec<String> = smtp.received().iter().map(|mail| decoded(&mail.data)).collect();
    assert_eq!((told.len(), ended.len(), mails.len()), (runs.len(), runs.len(), runs.len()));
    if runs.is_empty() {
        return;
    }
    let metrics = parse(&fs::read_to_string(night.path("state/metrics.prom")).expect("the metrics"));
    let status = night.recount(&["status", "--json"]).json();
    let would = Regex::new(r"would change \d+").expect("a pattern");
    let units = Regex::new(r" \(\+[\d.]+ −[\d.]+\)").expect("a pattern");
    for (at, run) in runs.iter().enumerate() {
        let name = run["integration"].as_str().expect("a name");
        let number = |key: &str| run["totals"][key].as_u64().expect("a number");
        let unknown = if number("unknown") > 0 { format!(" · unknown {}", number("unknown")) } else { String::new() };
        let line = format!(
            "to decide {} · changed {} · failed {}{unknown} · explained {}/{}",
            number("to_decide"),
            number("changed"),
            number("failed"),
            number("explained"),
            number("lines"),
        );
        for (what, said) in [("ping", &ended[at]), ("mail", &mails[at])] {
            // Where nothing was written, it says what would have been.
            let said = would.replace_all(said, "changed 0");
            assert!(units.replace_all(&said, "").contains(&line), "{what}: {line}\n{said}");
        }
        let health = status["integrations"].as_array().expect("a list").iter().find(|one| one["integration"] == name);
        for key in NUMBERS {
            assert_eq!(told[at]["totals"][key], run["totals"][key], "webhook: {key}");
            assert_eq!(health.expect("its health")[key], run["totals"][key], "status: {key}");
            let metric = match key {
                "to_decide" => "recount_to_decide".to_owned(),
                "lines" => "recount_lines".to_owned(),
                key => format!("recount_lines_{key}"),
            };
            let label = vec![("integration".to_owned(), name.to_owned())];
            assert_eq!(metrics.get(&(metric, label)), Some(&run["totals"][key].to_string()), "metrics: {key}");
        }
        let outcomes =
            metrics.iter().filter(|((metric, labels), _)| metric == "recount_lines_by_outcome" && labels[0].1 == name);
        let sum: u64 = outcomes.map(|(_, value)| value.parse::<u64>().expect("a count")).sum();
        assert_eq!(sum, number("lines"), "metrics: the outcomes add up");
        terminal(&night, run);
    }
}

/// The terminal's own line, or the two lines of a quiet night.
fn terminal(night: &Night, run: &Value) {
    let text = night.recount(&["report", &run["run"].to_string()]).out;
    let number = |key: &str| run["totals"][key].as_u64().expect("a number");
    if let Some(line) = text.lines().find(|line| line.trim_start().starts_with("to decide ")) {
        let wanted = format!("to decide {} · ", number("to_decide"));
        let failed = format!(" · failed {} · ", number("failed"));
        let explained = format!(" · explained {}/{}", number("explained"), number("lines"));
        assert!(line.contains(&wanted) && line.contains(&failed) && line.ends_with(&explained), "{run}\n{line}");
    } else if run["verdict"] == "ok" {
        let none = if run["mode"] == "observe" { "0 would change" } else { "0 changed" };
        assert!(text.contains(&format!("{} line", number("lines"))) && text.contains(none), "{text}");
    }
}

/// Every part of a mail as its reader shows it.
fn decoded(data: &str) -> String {
    let mut text = String::new();
    for part in data.split("\r\n--") {
        let Some((head, body)) = part.split_once("\r\n\r\n") else { continue };
        let bytes = if head.contains("quoted-printable") {
            unquoted(body)
        } else if head.contains("base64") {
            STANDARD.decode(body.split_whitespace().collect::<String>()).expect("base64")
        } else {
            body.as_bytes().to_vec()
        };
        text.push_str(&String::from_utf8_lossy(&bytes));
        text.push('\n');
    }
    text
}

fn unquoted(body: &str) -> Vec<u8> {
    let joined = body.replace("=\r\n", "");
    let (mut bytes, mut rest) = (Vec::new(), joined.as_bytes());
    while let Some((first, more)) = rest.split_first() {
        let code = more.get(..2).and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        match (first, code) {
            (b'=', Some(code)) => {
                bytes.push(code);
                rest = &more[2..];
            }
            _ => {
                bytes.push(*first);
                rest = more;
            }
        }
    }
    bytes
}
