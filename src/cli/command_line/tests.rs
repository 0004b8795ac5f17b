//! What people copy: every help page and every command in the documentation.

use std::fs;
use std::path::Path;

use clap::Command;

use super::{EXAMPLES, WIDTH, whole};

fn walk(command: &Command, path: &str, see: &mut dyn FnMut(&Command, &str)) {
    see(command, path);
    for child in command.get_subcommands().filter(|child| child.get_name() != "help") {
        walk(child, format!("{path} {}", child.get_name()).trim_start(), see);
    }
}

/// Whoever asks for help at two in the morning wants a line to copy, on the terminal that is there.
#[test]
fn every_command_has_an_example_and_fits_a_terminal() {
    let mut seen = Vec::new();
    let mut root = whole();
    root.build();
    walk(&root, "", &mut |command, path| {
        for help in [command.clone().render_help(), command.clone().render_long_help()] {
            let help = help.to_string();
            assert!(help.contains("Examples:\n  "), "recount {path} --help shows no example");
            for line in help.lines() {
                assert!(line.chars().count() <= WIDTH, "recount {path} --help is too wide: {line}");
            }
        }
        seen.push(path.to_owned());
    });
    let stale: Vec<_> = EXAMPLES.iter().filter(|(path, _)| !seen.iter().any(|seen| seen == path)).collect();
    assert!(stale.is_empty(), "examples of commands that do not exist: {stale:?}");
}

/// An example that is refused is worse than none.
#[test]
fn every_example_is_a_command_of_this_program() {
    for (path, examples) in EXAMPLES {
        for (typed, _) in *examples {
            refused(typed).inspect(|said| panic!("recount {path} --help: {typed}\n{said}"));
        }
    }
}

/// Likewise in every page, in blocks and in running text.
#[test]
fn every_command_in_the_pages_is_one_of_this_program() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut pages = vec![root.join("README.md")];
    pages.extend(fs::read_dir(root.join("docs")).expect("docs/").map(|entry| entry.expect("an entry").path()));
    let (mut tried, mut wrong) = (0, Vec::new());
    for page in pages.iter().filter(|page| page.extension().is_some_and(|extension| extension == "md")) {
        for typed in commands(&fs::read_to_string(page).expect("a page")) {
            wrong.extend(refused(&typed).map(|said| format!("{}: {typed}\n{said}", page.display())));
            tried += 1;
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(tried > 30, "only {tried} commands were found");
}

/// A command that no page names is found by nobody who does not read `--help` from top to bottom.
#[test]
fn every_command_has_its_place_in_the_pages() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = fs::read_to_string(root.join("README.md")).expect("README.md");
    let pages = fs::read_dir(root.join("docs")).expect("docs/").map(|entry| entry.expect("an entry").path());
    let pages = pages.filter(|page| page.extension().is_some_and(|extension| extension == "md"));
    let pages: String = pages.map(|page| fs::read_to_string(page).expect("a page")).collect();
    let table: Vec<&str> = readme.lines().filter(|line| line.starts_with("| `")).collect();
    let mut missing = Vec::new();
    let mut command = whole();
    command.build();
    walk(&command, "", &mut |_, path| {
        let told = match path.split_once(' ') {
            None if path.is_empty() => true,
            None => table.iter().any(|row| is_named(row.split('|').nth(1).unwrap_or_default(), path)),
            Some(_) => is_named(&pages, &format!("recount {path}")) || is_named(&readme, &format!("recount {path}")),
        };
        if !told {
            missing.push(path.to_owned());
        }
    });
    assert!(missing.is_empty(), "no page has {missing:?}: the table in README.md, and docs/");
}

fn is_named(text: &str, words: &str) -> bool {
    let ends = |rest: &str| !rest.starts_with(|letter: char| letter.is_alphanumeric() || letter == '-');
    let begins = |before: &str| !before.ends_with(|letter: char| letter.is_alphanumeric() || letter == '-');
    text.match_indices(words).any(|(at, found)| begins(&text[..at]) && ends(&text[at + found.len()..]))
}

/// Whoever copies a command out of a report, a plan or an error gets it done. The nights of the scenarios print them; what
/// they do is looked at in `tests/printed_commands.rs`.
#[test]
fn every_command_that_a_night_prints_is_one_of_this_program() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("snapshots");
    let (mut tried, mut wrong) = (0, Vec::new());
    for story in fs::read_dir(folder).expect("the stories").map(|entry| entry.expect("an entry").path()) {
        let told = fs::read_to_string(&story).expect("a story");
        // What was typed, and what reached ConnectWise, stand at the margin.
        for line in told.lines().filter(|line| !line.starts_with(['$', '→'])) {
            for typed in printed(line) {
                let asked = refused(typed).filter(|_| !typed.ends_with(" HANDLE"));
                wrong.extend(asked.map(|said| format!("{}: {typed}\n{said}", story.display())));
                tried += 1;
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(tried > 300, "only {tried} commands were found");
}

/// The commands of a line: all that stands behind an arrow or `fix:`, between middle dots, and between back quotes.
fn printed(line: &str) -> Vec<&str> {
    let plain = line.split('`').step_by(2);
    let marked = plain.filter_map(|text| text.split_once("→ ").or(text.split_once("fix: "))).map(|(_, rest)| rest);
    let between = line.split(" · ").skip(1);
    let all = marked.chain(between).map(|text| text.split(" · ").next().unwrap_or_default().trim());
    let all = all.chain(line.split('`').skip(1).step_by(2));
    all.filter(|text| text.starts_with("recount ") && !text.starts_with("recount  ")).collect()
}

/// What stands in blocks of a shell, and between back quotes.
fn commands(page: &str) -> Vec<String> {
    let (mut found, mut block) = (Vec::new(), None);
    for line in page.lines() {
        match (line.trim_start().strip_prefix("```"), block) {
            (Some(language), None) => block = Some(matches!(language, "sh" | "console" | "bash")),
            (Some(_), Some(_)) => block = None,
            (None, Some(true)) => found.push(line.trim_start_matches("$ ").to_owned()),
            (None, Some(false)) => {}
            (None, None) => found.extend(line.split('`').skip(1).step_by(2).map(str::to_owned)),
        }
    }
    found.retain(|typed| ["recount ", "sudo recount"].iter().any(|begins| typed.starts_with(begins)));
    found
}

/// What the program says to a command that it does not take.
fn refused(typed: &str) -> Option<String> {
    let words = words(typed);
    let begins = words.iter().position(|word| word == "recount" || word == "recount-as-service")?;
    // A mail's subject begins with the program's name as well.
    if words.get(begins + 1)?.starts_with(char::is_uppercase) {
        return None;
    }
    // In running text a command may stand without what it asks for: `recount why`.
    let bare = words.len() <= begins + 3;
    let error = whole().try_get_matches_from(&words[begins..]).err()?;
    let harmless = match error.kind() {
        clap::error::ErrorKind::DisplayHelp | clap::error::ErrorKind::DisplayVersion => true,
        clap::error::ErrorKind::MissingRequiredArgument => bare,
        clap::error::ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => bare,
        _ => false,
    };
    (!harmless).then(|| error.to_string())
}

/// As a shell would part it, up to a pipe, a redirection or a comment. Where the page shows what may be left out, or
/// names what a person puts in, the word stands for one.
fn words(typed: &str) -> Vec<String> {
    let (mut words, mut quoted, mut optional) = (vec![String::new()], false, false);
    for letter in typed.chars() {
        match letter {
            '[' | ']' => optional = letter == '[',
            _ if optional => {}
            '"' => quoted = !quoted,
            ' ' if !quoted => words.push(String::new()),
            _ => words.last_mut().expect("one at least").push(letter),
        }
    }
    words.retain(|word| !word.is_empty());
    let end = words.iter().position(|word| ["|", ">", "#", "&&", "||", "\\"].contains(&word.as_str()));
    words.truncate(end.unwrap_or(words.len()));
    words.iter().map(|word| stand_in(word).to_owned()).collect()
}

/// A number where a number is wanted.
fn stand_in(word: &str) -> &str {
    match word {
        "RUN" => "219",
        "apply|observe" | "observe|apply" => "observe",
        "COMPANY_ID" | "AGREEMENT_ID" | "ADDITION_ID" | "ID" => "3321",
        "DAY" | "YYYY-MM-DD" => "2027-03-31",
        _ => word,
    }
}
