//! Prometheus' text format, read as strictly as its own tools do.

use std::collections::{BTreeMap, BTreeSet};

/// Labels in the order in which they stand.
pub(super) type Labels = Vec<(String, String)>;

/// Every sample by its name and labels. Panics at the first thing that is not as the format wants it.
pub(super) fn parse(text: &str) -> BTreeMap<(String, Labels), String> {
    assert!(text.ends_with('\n'), "the last line ends");
    let mut samples = BTreeMap::new();
    let (mut seen, mut family) = (BTreeSet::new(), String::new());
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        if let Some(help) = line.strip_prefix("# HELP ") {
            let (name, words) = help.split_once(' ').expect("a name and a help");
            assert!(seen.insert(name.to_owned()), "{name} stands together, once");
            assert!(is_name(name) && name.starts_with("recount_") && words.ends_with('.'), "{line}");
            let kind = lines.next().and_then(|line| line.strip_prefix(&format!("# TYPE {name} "))).expect("its type");
            assert_eq!(kind, "gauge");
            for ending in ["_total", "_count", "_sum", "_bucket"] {
                assert!(!name.ends_with(ending), "{name} is a gauge");
            }
            family = name.to_owned();
            assert!(lines.peek().is_some_and(|line| line.starts_with(name)), "{name} has a sample");
            continue;
        }
        let (name, labels, value) = sample(line);
        assert_eq!(name, family, "samples stand under their name");
        assert!(value.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.' || byte == b'-'), "{line}");
        assert!(value.parse::<rust_decimal::Decimal>().is_ok(), "{line}");
        assert!(samples.insert((name, labels), value).is_none(), "twice: {line}");
    }
    samples
}

fn is_name(name: &str) -> bool {
    !name.starts_with(|c: char| c.is_ascii_digit())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn sample(line: &str) -> (String, Labels, String) {
    let (name, rest) = line.split_once('{').expect("labels");
    let mut labels: Labels = Vec::new();
    let mut rest = rest;
    loop {
        let (label, after) = rest.split_once("=\"").expect("a label");
        assert!(is_name(label), "{line}");
        let mut value = String::new();
        let mut letters = after.char_indices();
        let end = loop {
            match letters.next().expect("a closing quote") {
                (at, '"') => break at,
                (_, '\\') => match letters.next().expect("an escape").1 {
                    'n' => value.push('\n'),
                    letter @ ('\\' | '"') => value.push(letter),
                    other => panic!("no escape: \\{other} in {line}"),
                },
                (_, letter) => value.push(letter),
            }
        };
        assert!(labels.iter().all(|(known, _)| known != label), "{line}");
        labels.push((label.to_owned(), value));
        rest = &after[end + 1..];
        match rest.strip_prefix(',') {
            Some(more) => rest = more,
            None => break,
        }
    }
    let value = rest.strip_prefix("} ").expect("a value").to_owned();
    (name.to_owned(), labels, value)
}

/// Otherwise a name with a quote in it would take the whole file away from the monitoring.
#[test]
fn a_hostile_name_stays_one_label() {
    use recount::reconcile::model::ids::IntegrationName;
    use recount::report::format::prometheus::IntegrationMetrics;
    use recount::report::health::{Health, State};
    let names = ["mail", "a\"b", "a\\", "a\nb 1\nrecount_healthy{integration=\"x\"} 1", "é✓"];
    let health =
        Health { state: State::Never, last: None, undo: None, last_success: None, last_exit: None, running: None };
    let measured = names.map(|name| IntegrationMetrics {
        integration: IntegrationName::new(name),
        health: health.clone(),
        outcomes: BTreeMap::new(),
    });
    let samples = parse(&recount::report::format::prometheus::render(&measured, &[]));
    for name in names {
        let key = ("recount_healthy".to_owned(), vec![("integration".to_owned(), name.to_owned())]);
        assert_eq!(samples.get(&key).map(String::as_str), Some("0"), "{name:?}");
    }
}
