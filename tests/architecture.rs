//! ARCHITECTURE.md checked against the source: who may import whom, and what must not stand where.
//!
//! A person who trusts "the core cannot write" or "only one module speaks SQL" trusts these rules.

mod circles;
mod index;
mod source;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use self::circles::circles;
use self::source::Source;

/// The table "Who may import whom". A module that is not in it does not exist.
const MAY_USE: &[(&str, &[&str])] = &[
    ("reconcile", &[]),
    ("error_chain", &[]),
    ("atomic_files", &[]),
    ("zone", &[]),
    ("http_client", &["error_chain"]),
    ("export", &["reconcile", "atomic_files", "http_client"]),
    ("connectwise", &["reconcile", "http_client"]),
    ("history", &["reconcile", "atomic_files"]),
    ("tickets", &["reconcile", "connectwise", "history", "apply", "report"]),
    ("report", &["reconcile", "history", "atomic_files"]),
    ("alerts", &["reconcile", "history", "report", "error_chain", "http_client", "zone"]),
    ("replication", &["reconcile", "export", "history", "apply", "atomic_files"]),
    (
        "config",
        &[
            "reconcile",
            "export",
            "connectwise",
            "alerts",
            "tickets",
            "replication",
            "atomic_files",
            "http_client",
            "zone",
        ],
    ),
    ("apply", &["reconcile", "connectwise", "history"]),
    ("nightly", &["reconcile", "error_chain", "export", "connectwise", "history", "config", "apply", "report", "zone"]),
    ("daemon", &["zone"]),
    ("web", &["reconcile", "report", "history", "zone", "error_chain", "http_client"]),
    ("suggest", &["reconcile"]),
    (
        "cli",
        &[
            "reconcile",
            "error_chain",
            "atomic_files",
            "http_client",
            "export",
            "connectwise",
            "history",
            "tickets",
            "report",
            "alerts",
            "replication",
            "config",
            "apply",
            "nightly",
            "daemon",
            "web",
            "suggest",
            "zone",
        ],
    ),
];

/// What may stand only in the modules that are its home.
const HOMES: &[(&str, &[&str])] = &[
    ("reqwest", &["http_client", "export", "connectwise", "alerts", "web"]),
    ("recount_sim", &["cli"]),
    ("Client::builder", &["http_client"]),
    ("jiff", &["daemon", "zone"]),
    ("axum", &["web"]),
    ("rusqlite", &["history"]),
    ("anyhow", &["cli", "main"]),
    ("env::var", &["config"]),
    ("env::var_os", &["config"]),
    ("env::vars", &["config"]),
    ("env::vars_os", &["config"]),
    ("Utc::now", &["cli", "daemon", "web"]),
    ("Local::now", &["cli", "daemon", "web"]),
    ("SystemTime::now", &["cli", "daemon", "web"]),
    ("Timestamp::now", &["cli", "daemon", "web"]),
    ("Zoned::now", &["cli", "daemon", "web"]),
];

/// What the pure core must not know: it never awaits, reads, writes, logs, or asks the time.
const BANNED_IN_CORE: &[&str] = &[
    "tokio",
    "reqwest",
    "rusqlite",
    "csv::",
    "std::fs",
    "std::env",
    "std::net",
    "std::process",
    "std::thread",
    "tracing",
    "async",
    ".await",
    "Utc::now",
    "SystemTime",
    "Instant",
    "println",
    "eprintln",
    "f64",
    "f32",
];

/// What is decided by the words of a message changes when somebody mends a sentence: it is decided by a type or a code.
const BANNED_DECISIONS: &[&str] = &["starts_with(", "ends_with(", "contains(", "strip_prefix(", "strip_suffix("];
/// Where messages are.
const MESSAGES: &[&str] = &["message", "fix", "remedy", "detail", "why", "to_string()"];

/// Names that say nothing about what is inside.
const BANNED_NAMES: &[&str] = &["util", "utils", "helper", "helpers", "common", "types", "models", "misc"];

/// Longer files are read by nobody. Tests do not count.
const FILE_LINES_MAX: usize = 400;
const MAIN_LINES_MAX: usize = 20;
/// Files of a folder, its folders not counted.
const FOLDER_FILES_MAX: usize = 16;

#[test]
fn the_source_follows_the_architecture() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    collect(&root, "", &mut files);
    assert!(files.iter().any(|source| source.path == "lib.rs"), "src/ was not found");
    let found = violations(&files);
    assert!(found.is_empty(), "{} violations of ARCHITECTURE.md:\n{}", found.len(), found.join("\n"));
}

/// The page that people read must say what this file checks.
#[test]
fn the_page_shows_the_same_table() {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("ARCHITECTURE.md")).expect("the page");
    let rows =
        page.split("## Who may import whom").nth(1).expect("the section").split("\n## ").next().expect("its text");
    for row in rows.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<_> = row.split('|').map(str::trim).collect();
        let (_, may_use) = MAY_USE.iter().find(|(name, _)| format!("`{name}`") == cells[1]).expect("a known module");
        let shown = |name: &str| cells[2].split(|c: char| !c.is_alphabetic() && c != '_').any(|word| word == name);
        let built = |name: &str| rows.contains(&format!("| `{name}` |"));
        let known = MAY_USE.iter().map(|(name, _)| *name).filter(|name| built(name));
        let differing: Vec<_> = known.filter(|name| shown(name) != may_use.contains(name)).collect();
        assert!(differing.is_empty() || cells[2] == "everything", "{row}\ndiffers in {differing:?}");
    }
}

#[test]
fn the_page_shows_every_module() {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("ARCHITECTURE.md")).expect("the page");
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    collect(&root, "", &mut files);
    for source in files.iter().filter(|source| !matches!(source.path.as_str(), "lib.rs" | "main.rs")) {
        let module = source.module();
        assert!(page.contains(&format!("\n| `{module}` |")), "ARCHITECTURE.md does not say what {module} may use");
    }
}

/// Two meanings of one name are told apart by whoever wrote them, and by nobody else.
#[test]
fn a_public_type_name_has_one_meaning() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    collect(&root, "", &mut files);
    let product: Vec<&Source> = files.iter().filter(|source| !is_test(source, &files)).collect();
    assert_eq!(names_twice(&product), Vec::<String>::new());
}

/// A folder in which nothing is found is a hall without rooms.
#[test]
fn no_folder_holds_too_many_files() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    collect(&root, "", &mut files);
    assert_eq!(crowded_folders(&files), Vec::<String>::new());
}

#[test]
fn planted_names_and_folders_are_caught() {
    let read = |(path, text): &(String, &str)| Source::read(path, text);
    let twice = [("report/a.rs".to_owned(), "pub(crate) struct Line;"), ("export/b.rs".to_owned(), "pub enum Line {}")];
    let twice: Vec<Source> = twice.iter().map(read).collect();
    assert_eq!(names_twice(&twice.iter().collect::<Vec<_>>()), ["Line: export/b.rs, report/a.rs"]);
    let own = [
        ("cli/a.rs".to_owned(), "pub struct Options; struct Line;"),
        ("cli/b.rs".to_owned(), "pub struct Options; struct Line;"),
    ];
    let own: Vec<Source> = own.iter().map(read).collect();
    assert_eq!(
        names_twice(&own.iter().collect::<Vec<_>>()),
        Vec::<String>::new(),
        "a command's own, and private names"
    );
    let hall: Vec<Source> = (0..=FOLDER_FILES_MAX).map(|n| Source::read(&format!("report/f{n}.rs"), "")).collect();
    assert_eq!(crowded_folders(&hall), ["report: 17 files, at most 16"]);
    assert_eq!(crowded_folders(&hall[1..]), Vec::<String>::new());
}

/// The names of types that several files make visible beyond themselves. What each command calls its own may recur.
fn names_twice(files: &[&Source]) -> Vec<String> {
    let mut homes: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for source in files {
        for line in source.code.lines().filter(|line| line.starts_with("pub")) {
            let mut words =
                line.split(|c: char| !(c.is_alphanumeric() || c == '_')).skip_while(|word| !TYPES.contains(word));
            if let (Some(_), Some(name)) = (words.next(), words.next()) {
                homes.entry(name).or_default().insert(&source.path);
            }
        }
    }
    homes.retain(|name, files| files.len() > 1 && !NAMES_OF_A_COMMAND.contains(name));
    let told =
        |(name, files): (&str, BTreeSet<&str>)| format!("{name}: {}", files.into_iter().collect::<Vec<_>>().join(", "));
    homes.into_iter().map(told).collect()
}

/// What defines a type.
const TYPES: &[&str] = &["struct", "enum", "trait", "type", "union"];
/// Each command has its own.
const NAMES_OF_A_COMMAND: &[&str] = &["Options", "Document"];

fn crowded_folders(files: &[Source]) -> Vec<String> {
    let mut flat: BTreeMap<&str, usize> = BTreeMap::new();
    for source in files {
        *flat.entry(source.path.rsplit_once('/').map_or("", |(folder, _)| folder)).or_default() += 1;
    }
    flat.retain(|_, number| *number > FOLDER_FILES_MAX);
    flat.into_iter().map(|(folder, number)| format!("{folder}: {number} files, at most {FOLDER_FILES_MAX}")).collect()
}

#[test]
fn files_use_each_other_in_one_direction() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    collect(&root, "", &mut files);
    let product: Vec<&Source> = files.iter().filter(|source| !is_test(source, &files)).collect();
    let found: Vec<String> = MAY_USE.iter().flat_map(|(module, _)| circles(module, &product)).collect();
    assert!(found.is_empty(), "{} files come back to themselves:\n{}", found.len(), found.join("\n"));
}

fn collect(folder: &Path, prefix: &str, files: &mut Vec<Source>) {
    let mut entries: Vec<_> =
        fs::read_dir(folder).expect("src/ can be read").map(|entry| entry.expect("an entry").path()).collect();
    entries.sort();
    for entry in entries {
        let name = entry.file_name().and_then(|name| name.to_str()).expect("a name in UTF-8");
        let path = format!("{prefix}{name}");
        if entry.is_dir() {
            collect(&entry, &format!("{path}/"), files);
        } else if name.ends_with(".rs") {
            files.push(Source::read(&path, &fs::read_to_string(&entry).expect("a file in UTF-8")));
        }
    }
}

/// Every rule over every file that is not a test; each line says where and what.
fn violations(files: &[Source]) -> Vec<String> {
    let product = files.iter().filter(|source| !is_test(source, files));
    product.flat_map(file_violations).collect()
}

/// A file that another declares with `#[cfg(test)] mod name;`, or one inside such a module.
fn is_test(source: &Source, files: &[Source]) -> bool {
    files.iter().any(|parent| {
        let folder = match parent.path.rsplit_once('/') {
            Some((folder, "mod.rs")) => format!("{folder}/"),
            None if matches!(parent.path.as_str(), "lib.rs" | "main.rs") => String::new(),
            _ => format!("{}/", parent.path.trim_end_matches(".rs")),
        };
        parent.test_modules.iter().any(|name| {
            source.path == format!("{folder}{name}.rs") || source.path.starts_with(&format!("{folder}{name}/"))
        })
    })
}

fn file_violations(source: &Source) -> Vec<String> {
    let mut found = Vec::new();
    let mut say = |line: usize, what: String| found.push(format!("src/{}:{line}: {what}", source.path));
    imports(source, &mut say);
    homes(source, &mut say);
    names_and_sizes(source, &mut say);
    decisions_by_text(source, &mut say);
    found
}

fn decisions_by_text(source: &Source, say: &mut impl FnMut(usize, String)) {
    for (message, asked) in
        MESSAGES.iter().flat_map(|message| BANNED_DECISIONS.iter().map(move |asked| (message, asked)))
    {
        for line in source.lines_with(&format!("{message}.{asked}")) {
            say(line, format!("decides by the words of a message ({message}.{asked}…)): decide by a type or a code"));
        }
    }
}

fn imports(source: &Source, say: &mut impl FnMut(usize, String)) {
    let module = source.module();
    if matches!(source.path.as_str(), "lib.rs" | "main.rs") {
        return;
    }
    let Some((_, may_use)) = MAY_USE.iter().find(|(name, _)| *name == module) else {
        return say(1, format!("module {module} is not in the table of ARCHITECTURE.md"));
    };
    for (line, name) in source.names_after("crate::") {
        if name.is_empty() {
            say(line, "grouped or starred import: write one `use crate::module::Item;` per line".to_owned());
        } else if name != module && !may_use.contains(&name.as_str()) {
            say(line, format!("{module} may not use {name}"));
        }
    }
    for line in source.lines_with("super::super") {
        say(line, "super::super: write the path from crate::".to_owned());
    }
    let is_root = matches!(source.path.split_once('/'), None | Some((_, "mod.rs")));
    for (line, name) in source.names_after("super::") {
        if is_root && MAY_USE.iter().any(|(known, _)| *known == name) {
            say(line, format!("{module} reaches {name} through super::"));
        }
    }
}

fn homes(source: &Source, say: &mut impl FnMut(usize, String)) {
    let module = source.module();
    for (word, homes) in HOMES.iter().filter(|(_, homes)| !homes.contains(&module)) {
        for line in source.lines_with(word) {
            say(line, format!("{word} belongs to {} only", homes.join(", ")));
        }
    }
    for word in BANNED_IN_CORE.iter().filter(|_| module == "reconcile") {
        for line in source.lines_with(word) {
            say(line, format!("the core must not know {word}"));
        }
    }
}

fn names_and_sizes(source: &Source, say: &mut impl FnMut(usize, String)) {
    for name in BANNED_NAMES {
        if source.path.trim_end_matches(".rs").split('/').any(|part| part == *name) {
            say(1, format!("a module named {name} says nothing about what is in it"));
        }
        for line in source.lines_with(&format!("mod {name}")) {
            say(line, format!("a module named {name} says nothing about what is in it"));
        }
    }
    let lines_max = if source.path == "main.rs" { MAIN_LINES_MAX } else { FILE_LINES_MAX };
    if source.lines > lines_max {
        say(source.lines, format!("{} lines without tests, at most {lines_max}", source.lines));
    }
}

/// The rules for one planted file.
fn planted(path: &str, text: &str) -> String {
    violations(&[Source::read(path, text)]).join("\n")
}

#[test]
fn planted_imports_are_caught() {
    assert_caught(&[
        ("reconcile/plan.rs", "use crate::history::Run;", "reconcile may not use history"),
        ("export/csv.rs", "fn f() { let c = crate::config::Config::new(); }", "export may not use config"),
        ("daemon/serve.rs", "use crate::apply::carry_out;", "daemon may not use apply"),
        ("nightly/run.rs", "use recount_sim::World;", "recount_sim belongs to cli only"),
        ("nightly/mod.rs", "use super::cli::Exit;", "reaches cli through super::"),
        ("report/mod.rs", "use crate::{reconcile, history};", "grouped or starred import"),
        ("report/mod.rs", "use crate::*;", "grouped or starred import"),
        ("history/a/b.rs", "use super::super::store::History;", "super::super"),
        ("billing.rs", "", "module billing is not in the table"),
    ]);
}

#[test]
fn planted_circles_are_caught() {
    let found = |texts: &[(&str, &str)]| {
        let files: Vec<Source> = texts.iter().map(|(path, text)| Source::read(path, text)).collect();
        circles("cli", &files.iter().collect::<Vec<_>>()).join("\n")
    };
    let parent = ("cli/mod.rs", "mod a; fn f() { a::run() } pub struct Global;");
    assert_eq!(
        found(&[parent, ("cli/a.rs", "use crate::cli::Global;")]),
        "cli -> cli::a -> cli\ncli::a -> cli -> cli::a"
    );
    let three = [
        ("cli/a.rs", "use crate::cli::b::B;"),
        ("cli/b.rs", "fn f() { crate::cli::c::f() }"),
        ("cli/c.rs", "use crate::cli::a::A;"),
    ];
    assert!(found(&three).contains("cli::b -> cli::c -> cli::a -> cli::b"), "{}", found(&three));
    assert_eq!(found(&[parent, ("cli/a.rs", "pub(in crate::cli) fn f() {} use crate::config::A;")]), "");
}

#[test]
fn planted_things_in_the_core_are_caught() {
    assert_caught(&[
        ("reconcile/diff.rs", "async fn f() {}", "must not know async"),
        ("reconcile/diff.rs", "fn f() { g().await }", "must not know .await"),
        ("reconcile/diff.rs", "use std::{fmt, fs};", "must not know std::fs"),
        ("reconcile/diff.rs", "use std::{fmt, time::{Duration, Instant}};", "must not know Instant"),
        ("reconcile/diff.rs", "fn f(now: std::time::SystemTime) {}", "must not know SystemTime"),
        ("reconcile/diff.rs", "fn f() { tracing::info!(\"x\") }", "must not know tracing"),
        ("reconcile/counts.rs", "fn f(r: csv::ByteRecord) {}", "must not know csv::"),
        ("reconcile/counts.rs", "fn f(units: f64) {}", "must not know f64"),
    ]);
}

#[test]
fn planted_things_outside_their_home_are_caught() {
    assert_caught(&[
        ("apply/mod.rs", "fn f() { let now = chrono::Utc::now(); }", "Utc::now belongs to"),
        ("cli/run.rs", "fn f() { let home = std::env::var(\"HOME\"); }", "env::var belongs to config"),
        ("cli/run.rs", "use rusqlite::Connection;", "rusqlite belongs to history"),
        ("report/mod.rs", "use reqwest::Client;", "reqwest belongs to"),
        ("notify/http.rs", "fn f() { let c = Client::builder(); }", "Client::builder belongs to http_client"),
        ("cli/init.rs", "use jiff::tz::TimeZone;", "jiff belongs to daemon"),
        ("history/mod.rs", "fn f() -> anyhow::Result<()> { Ok(()) }", "anyhow belongs to"),
    ]);
}

/// Otherwise a sentence that is mended could change what is billed, asked or left out.
#[test]
fn planted_decisions_by_text_are_caught() {
    let found = "decides by the words of a message";
    assert_caught(&[
        ("report/model.rs", "fn f(x: &Finding) -> bool { x.fix.starts_with(\"recount \") }", found),
        ("reconcile/clear.rs", "fn f(why: &str) -> bool { why.contains(\"; declare \") }", found),
        ("cli/check.rs", "fn f(x: &Check) -> bool { x.detail.starts_with(&owned) }", found),
        ("cli/run.rs", "fn f(e: &Error) -> bool { e.to_string().contains(\"timed out\") }", found),
        ("apply/mod.rs", "fn f(x: &Finding) { x.message.strip_prefix(\"line \"); }", found),
    ]);
    assert_eq!(planted("report/model.rs", "fn f(name: &str) -> bool { name.contains('x') }"), "");
}

/// Each case is a path, a text, and what must be said of it.
fn assert_caught(cases: &[(&str, &str, &str)]) {
    for (path, text, expected) in cases {
        let found = planted(path, text);
        assert!(found.contains(expected), "{path}: {text}\nfound: {found:?}\nexpected: {expected}");
    }
}

#[test]
fn planted_names_and_sizes_are_caught() {
    assert!(planted("report/utils.rs", "").contains("named utils"));
    assert!(planted("history/helpers/mod.rs", "").contains("named helpers"));
    assert!(planted("history/mod.rs", "mod common { }").contains("named common"));
    assert!(planted("history/mod.rs", &"fn f() {}\n".repeat(401)).contains("401 lines"));
    assert!(planted("main.rs", &"\n".repeat(21)).contains("21 lines"));
    let early_test = format!("#[cfg(test)]\nuse x;\n{}", "fn f() {}\n".repeat(401));
    assert!(planted("history/mod.rs", &early_test).contains("401 lines"), "code after a test item still counts");
}

#[test]
fn comments_strings_and_tests_are_not_code() {
    let clean = [
        ("reconcile/plan.rs", "// use crate::history::Run;\n/// tokio\n/* /* std::fs */ async */ fn f() {}"),
        (
            "reconcile/plan.rs",
            r####"const A: &str = "tokio \" async"; const B: &str = r#"std::fs " "#; const C: char = '"';"####,
        ),
        (
            "reconcile/plan.rs",
            "fn f<'a>(x: &'a str) -> &'a str { x }\n#[cfg(test)]\nmod tests { use recount_sim::World; fn f() { std::fs::read(\"{\"); } }",
        ),
        ("reconcile/plan.rs", "fn tokio_like(asynchronous: Instantly) {} // not the words themselves"),
        ("history/mod.rs", &format!("fn f() {{}}\n#[cfg(test)]\nmod tests {{\n{}}}\n", "fn g() {}\n".repeat(900))),
        ("history/mod.rs", "pub(crate) struct A; pub(in crate::history) struct B; use crate::reconcile::plan::Plan;"),
    ];
    for (path, text) in clean {
        assert_eq!(planted(path, text), "", "{path}: {text}");
    }
}

#[test]
fn a_module_declared_for_tests_is_a_test() {
    let parent = Source::read("history/store.rs", "#[cfg(test)]\nmod tests;\n");
    let child = Source::read("history/store/tests.rs", "use recount_sim::World;");
    assert_eq!(violations(&[parent, child]), Vec::<String>::new());
}

#[test]
fn the_table_names_only_modules_that_it_knows() {
    let known: Vec<_> = MAY_USE.iter().map(|(name, _)| *name).collect();
    let named = MAY_USE.iter().flat_map(|(_, may_use)| *may_use).chain(HOMES.iter().flat_map(|(_, homes)| *homes));
    for name in named.filter(|name| **name != "main") {
        assert!(known.contains(name), "{name} is no module");
    }
}
