//! The index "Where is …?" of ARCHITECTURE.md: each of its paths is there, and no larger folder of `src/` is left out.
//!
//! A newcomer who follows it and finds nothing trusts no other line of the page.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use super::source::Source;

/// Folders of so few files are found beside their neighbours.
const FILES_UNLISTED: usize = 3;

#[test]
fn every_path_of_the_index_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(root.join("ARCHITECTURE.md")).expect("the page");
    assert!(paths(&page).len() > 100, "the index was not found");
    assert_eq!(missing(&page, |path| root.join(path).exists()), Vec::<&str>::new());
}

#[test]
fn every_larger_folder_is_in_the_index() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(root.join("ARCHITECTURE.md")).expect("the page");
    let mut files = Vec::new();
    super::collect(&root.join("src"), "", &mut files);
    assert_eq!(unlisted(&page, &files), Vec::<String>::new());
}

#[test]
fn planted_holes_in_the_index_are_caught() {
    let page = "## Where is …?\n\n| Night | |\n|---|---|\n| `plan` drawn | `src/a/plan.rs`; `--probe`: `src/b/gone.rs` |\n\n## Next\n| x | `src/c/d.rs` |\n";
    assert_eq!(missing(page, |path| path == "src/a/plan.rs"), ["src/b/gone.rs"]);
    let files = |folder: &str| (0..=FILES_UNLISTED).map(move |n| format!("{folder}/f{n}.rs")).collect::<Vec<_>>();
    let all = [files("a"), files("c")].concat();
    let read = |paths: &[String]| paths.iter().map(|path| Source::read(path, "")).collect::<Vec<_>>();
    assert_eq!(unlisted(page, &read(&all)), ["src/c: 4 files, and none in the index"]);
    assert_eq!(unlisted(page, &read(&all[..7])), Vec::<String>::new(), "three files are few");
}

/// Where the index leads: what is written as code in its second column and has a folder.
fn paths(page: &str) -> BTreeSet<&str> {
    let index = page.split("## Where is …?").nth(1).and_then(|rest| rest.split("\n## ").next()).unwrap_or_default();
    let rows = index.lines().filter_map(|line| line.strip_prefix("| ")?.split(" | ").nth(1));
    rows.flat_map(|cell| cell.split('`').skip(1).step_by(2)).filter(|path| path.contains('/')).collect()
}

fn missing(page: &str, is_there: impl Fn(&str) -> bool) -> Vec<&str> {
    paths(page).into_iter().filter(|path| !is_there(path)).collect()
}

fn unlisted(page: &str, files: &[Source]) -> Vec<String> {
    let listed: BTreeSet<&str> = paths(page).into_iter().filter_map(|path| Some(path.rsplit_once('/')?.0)).collect();
    let mut folders: BTreeMap<String, usize> = BTreeMap::new();
    for source in files {
        let folder = source.path.rsplit_once('/').map_or("src".to_owned(), |(folder, _)| format!("src/{folder}"));
        *folders.entry(folder).or_default() += 1;
    }
    folders.retain(|folder, files| *files > FILES_UNLISTED && !listed.contains(folder.as_str()));
    folders.into_iter().map(|(folder, files)| format!("{folder}: {files} files, and none in the index")).collect()
}
