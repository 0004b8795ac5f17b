//! The pages of `docs/`: those that the program names are there, and what they teach to write can be read.

use std::fs;
use std::path::{Path, PathBuf};

use toml::de::DeTable;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every file of this ending below a folder.
fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files(&path, ending));
        } else if path.extension().is_some_and(|extension| extension == ending) {
            found.push(path);
        }
    }
    found
}

/// Whoever is told at night to look into a page that is not there has nothing to go by.
#[test]
fn every_page_that_the_program_names_is_there() {
    let mut named = 0;
    for file in files(&root().join("src"), "rs") {
        let text = fs::read_to_string(&file).expect("text");
        for rest in text.split("docs/").skip(1) {
            let is_of_name = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
            let name: String = rest.chars().take_while(is_of_name).collect();
            let Some(page) = name.split_inclusive(".md").next().filter(|page| page.ends_with(".md")) else { continue };
            named += 1;
            assert!(root().join("docs").join(page).exists(), "{} names docs/{page}", file.display());
        }
    }
    assert!(named > 10, "pages are named in another way than this test looks for");
}

/// Whoever follows a page to the next one, by its name or by a link, finds it.
#[test]
fn every_page_that_a_page_names_is_there() {
    let is_of_name = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let (mut named, mut missing) = (0, Vec::new());
    for page in pages() {
        let text = fs::read_to_string(&page).expect("text");
        let by_name = text.split("docs/").skip(1).map(|rest| rest.chars().take_while(is_of_name).collect::<String>());
        let by_name = by_name.filter_map(|name| {
            let name = name.split_inclusive(".md").next().filter(|name| name.ends_with(".md"))?.to_owned();
            Some(root().join("docs").join(name))
        });
        let links = text.split("](").skip(1).filter_map(|rest| rest.split([')', '#', ' ']).next());
        let links = links.filter(|to| !to.is_empty() && !to.contains("://") && !to.starts_with("mailto:"));
        let links = links.map(|to| page.parent().expect("a folder").join(to));
        for to in by_name.chain(links) {
            named += 1;
            if !to.exists() {
                missing.push(format!("{} names {}", page.display(), to.display()));
            }
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
    assert!(named > 50, "pages are named in another way than this test looks for");
}

fn pages() -> Vec<PathBuf> {
    let mut pages = files(&root().join("docs"), "md");
    pages.push(root().join("README.md"));
    pages
}

/// An example that is pasted into recount.toml would end the next night.
#[test]
fn every_example_of_a_configuration_is_toml() {
    let mut examples = 0;
    for page in pages() {
        let text = fs::read_to_string(&page).expect("text");
        for rest in text.split("```toml\n").skip(1) {
            let example = rest.split("\n```").next().unwrap_or_default();
            // Some leave keys out that do not matter, and some show several ways to write one.
            let example = &example.replace(", …", "");
            let (_, mut faults) = DeTable::parse_recoverable(example);
            faults.retain(|fault| fault.message() != "duplicate key");
            assert!(faults.is_empty(), "{}: {faults:?}\n{example}", page.display());
            examples += 1;
        }
    }
    assert!(examples > 20, "examples are written in another way than this test looks for");
}

/// The table taught a value of two backslashes, which is refused.
#[test]
fn the_value_of_quote_escape_is_written_as_it_is_taken() {
    let text = fs::read_to_string(root().join("docs/exports.md")).expect("text");
    let row = text.split_once("| `quote_escape` | `").expect("its row").1;
    let value = row.split('`').next().unwrap_or_default();
    let line = format!("quote_escape = {value}");
    let read = DeTable::parse(&line).expect("TOML").into_inner();
    assert_eq!(read.get("quote_escape").and_then(|value| value.get_ref().as_str()), Some("\\"), "{line}");
}
