//! Every command that the program prints, typed as it is printed, there and then.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::support;
use crate::support::{Night, Said};

/// Nights on which something has to be done, of every kind.
const STORIES: &[&str] = &[
    "advice",
    "agreement-unreadable",
    "agreements-that-do-not-bill",
    "commands-mistyped",
    "customer-missing",
    "damaged-exports",
    "duplicate-rows",
    "human-edit",
    "left-row-removed",
    "lines-per-item",
    "mapping",
    "new-lines-too-large",
    "one-typo",
    "part-of-an-export",
    "row-of-nobody",
    "refused-twice",
    "shrunken-export",
    "several-integrations",
    "several-live-lines",
    "to-zero-ask",
    "too-many-changes",
    "unmapped-first",
];

/// They wait for somebody, or are typed elsewhere.
const ENDLESS: &[&str] = &["daemon", "demo", "init", "serve", "sim"];

/// Of more rows than are told one by one, `check` named the place where it told them as if it were an integration.
#[test]
fn the_command_that_shows_many_unreadable_rows_is_taken() {
    let night = Night::new();
    let rows: String = (0..25).map(|row| format!("Acme {row},CloudFilter,many\n")).collect();
    night.export(format!("Account,Product,Quantity\n{rows}"));
    let said = night.recount(&["check"]);
    assert!(said.out.contains("recount read mail") && !said.out.contains("recount read mail:"), "{}", said.out);
    assert_eq!(night.recount(&["read", "mail"]).exit, 3, "it shows them");
}

/// "Use '-- -1'", which is refused as well; and "unrecognized subcommand '--json'".
#[test]
fn what_is_mistyped_is_refused_as_what_it_is() {
    let night = Night::new();
    for option in ["--to", "--within"] {
        let said = night.recount(&["accept", "4dajs", option, "-1"]).exits(2);
        assert!(said.err.contains("a number, 0 or more") && !said.err.contains("-- -1"), "{}", said.err);
    }
    let text = night.recount(&["help", "map"]).exits(0).out;
    for words in [["help", "map", "--json"], ["--json", "help", "map"]] {
        let shown = night.recount(&words).exits(0).json();
        assert_eq!(shown["text"].as_str(), Some(text.trim_end()), "{words:?}");
    }
    assert!(
        night.recount(&["help", "--json"]).exits(0).json()["text"].as_str().is_some_and(|text| text.contains("Usage"))
    );
}

/// Otherwise somebody edits a CSV file by hand, in a column that the report names, where a command does it and looks first.
#[test]
fn an_open_item_prints_the_command_that_there_is_for_it() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    for (story, code, typed) in [
        ("several-live-lines", "line-ambiguous", "recount map pin "),
        ("customer-missing", "customer-missing", "recount map ignore "),
        ("agreements-that-do-not-bill", "agreement-not-active", "recount map agreements "),
        ("agreements-that-do-not-bill", "agreement-one-time", "recount map add "),
    ] {
        let night = Night::of_scenario(&root.join(story));
        let planned = night.recount(&["plan", "--json"]).first_run();
        let findings = planned["findings"].as_array().expect("findings");
        let commands = findings
            .iter()
            .filter(|found| found["code"] == code)
            .flat_map(|found| found["commands"].as_array().into_iter().flatten().filter_map(serde_json::Value::as_str));
        let commands: Vec<&str> = commands.collect();
        assert!(commands.iter().any(|command| command.starts_with(typed)), "{story}, {code}: {commands:?}");
    }
}

/// Otherwise somebody is told that nothing is there, beside the customer whose name they shortened.
#[test]
fn a_customer_who_is_called_in_short_is_named_in_full() {
    let night = Night::new();
    night.recount(&["plan"]);
    let customer = night.recount(&["plan", "--json"]).first_run()["lines"][0]["customers"][0].clone();
    let customer = customer.as_str().expect("a name");
    let said = night.recount(&["why", &customer[..customer.len() - 1]]).exits(2);
    assert!(said.err.contains("recount why ") && said.err.contains(customer), "{}", said.err);
    let said = night.recount(&["report", "--customer", "Nobody of that name"]).exits(2);
    assert!(!said.err.contains("did you mean"), "{}", said.err);
}

/// Otherwise who looks at tonight's file is told to write a profile for what recount.toml reads already.
#[test]
fn a_file_that_an_integration_takes_is_read_by_its_name() {
    let night = Night::new();
    night.export("Account,Product,Quantity\nAcme,CloudFilter,3\n");
    let config = std::fs::read_to_string(night.path("recount.toml")).expect("the configuration");
    let path = config.lines().find_map(|line| line.strip_prefix("path = ")).expect("a path").trim_matches('"');
    let file = glob::glob(&night.path(path).display().to_string()).expect("a pattern").flatten().next();
    let said = night.recount(&["read", &file.expect("an export").display().to_string()]).exits(2);
    assert!(said.err.contains("fix: recount read mail"), "{}", said.err);
}

/// Otherwise what is wrong with `accept` is looked for among thirty commands.
#[test]
fn a_mistyped_option_leads_to_the_help_of_its_own_command() {
    let night = Night::new();
    let said = night.recount(&["map", "add", "--json"]).exits(2);
    assert!(
        said.json()["error"]["fix"].as_str().is_some_and(|fix| fix.starts_with("recount map add --help")),
        "{said:?}"
    );
}

/// What is advised at seven in the morning has to be what the program takes.
#[test]
fn every_printed_command_is_taken_as_it_is_printed() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    let stories: Vec<PathBuf> = STORIES.iter().map(|story| root.join(story)).collect();
    support::each(
        &stories,
        |story| story.display().to_string(),
        |story| {
            let mut tried = BTreeSet::new();
            support::walked(story, |night, said| try_all(night, said, &mut tried), crate::reports::numbers::agree);
            assert!(!tried.is_empty(), "{} prints no command", story.display());
        },
    );
}

/// The commands of what was said, of what the commands of the morning say then, and nothing of it lasts.
fn try_all(night: &Night, said: &Said, tried: &mut BTreeSet<String>) {
    let mut texts = vec![said.out.clone(), said.err.clone()];
    let mornings: [&[&str]; 5] = [&["held"], &["status"], &["check"], &["report"], &["map", "list"]];
    for typed in mornings {
        let Said { out, err, .. } = night.aside(typed);
        texts.extend([out, err]);
    }
    let lines = texts.iter().flat_map(|text| text.lines());
    for typed in lines.flat_map(printed) {
        let words = words(typed);
        if tried.contains(typed) || ENDLESS.contains(&words[1].as_str()) || words.iter().any(|word| is_a_place(word)) {
            continue;
        }
        let arguments: Vec<&str> = words.iter().skip(1).map(String::as_str).collect();
        let heard = night.aside(&arguments);
        let message =
            format!("{typed}\n{}{}\n── printed by {:?}:\n{}", heard.out, heard.err, said.arguments, texts.concat());
        assert!(heard.exit != 2 && heard.exit != 1, "[{}] {message}", heard.exit);
        tried.insert(typed.to_owned());
    }
}

/// The commands of a line: all that stands behind an arrow, `fix:` or `Next:`, between middle dots, and between back quotes.
fn printed(line: &str) -> Vec<&str> {
    let plain = line.split('`').step_by(2);
    let begins = ["→ ", "fix: ", "Next: ", "now: ", "begin with "];
    let marked = plain.flat_map(|text| begins.iter().filter_map(|begin| text.split_once(begin)).map(|(_, rest)| rest));
    let marked = marked.chain(line.split(" · ").skip(1));
    let all = marked.map(|text| text.split(" · ").next().unwrap_or_default().trim());
    let all = all.chain(line.split('`').skip(1).step_by(2));
    all.filter(|text| text.starts_with("recount ") && !text.starts_with("recount  ")).collect()
}

fn words(typed: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for letter in typed.chars() {
        match letter {
            '"' => quoted = !quoted,
            ' ' if !quoted => words.push(String::new()),
            _ => words.last_mut().expect("one at least").push(letter),
        }
    }
    words
}

/// `HANDLE`, `COMPANY_ID`: a person puts it in.
fn is_a_place(word: &str) -> bool {
    word.len() > 2 && word.chars().all(|letter| letter.is_ascii_uppercase() || letter == '_')
}
