//! Files that use each other in a circle: whoever reads one has to read all of them.

use std::collections::{BTreeMap, BTreeSet};

use super::source::Source;

type Graph<'a> = BTreeMap<Vec<&'a str>, BTreeSet<Vec<&'a str>>>;

/// Every file of the module that comes back to itself by what it uses, as `cli::check -> … -> cli::check`.
pub(super) fn circles(module: &str, files: &[&Source]) -> Vec<String> {
    let inside: Vec<&Source> = files.iter().copied().filter(|source| source.module() == module).collect();
    let known: BTreeSet<Vec<&str>> = inside.iter().map(|source| path_of(source)).collect();
    let graph: Graph<'_> = inside.iter().map(|source| (path_of(source), used(source, &known))).collect();
    let told = |way: Vec<Vec<&str>>| way.iter().map(|file| file.join("::")).collect::<Vec<_>>().join(" -> ");
    graph.keys().filter_map(|start| way(start, start, &graph, &mut BTreeSet::new())).map(told).collect()
}

/// The files that lead from one to another, both named.
fn way<'a>(
    from: &Vec<&'a str>,
    to: &Vec<&'a str>,
    graph: &Graph<'a>,
    seen: &mut BTreeSet<Vec<&'a str>>,
) -> Option<Vec<Vec<&'a str>>> {
    for next in graph.get(from)? {
        if next == to {
            return Some(vec![from.clone(), next.clone()]);
        }
        if seen.insert(next.clone())
            && let Some(mut rest) = way(next, to, graph, seen)
        {
            rest.insert(0, from.clone());
            return Some(rest);
        }
    }
    None
}

/// `cli/map/list.rs` is `cli::map::list`, and `cli/mod.rs` is `cli`.
fn path_of(source: &Source) -> Vec<&str> {
    source.path.trim_end_matches(".rs").trim_end_matches("/mod").split('/').collect()
}

/// The other files that a file names, by `crate::` or as its own children.
fn used<'a>(source: &'a Source, known: &BTreeSet<Vec<&'a str>>) -> BTreeSet<Vec<&'a str>> {
    let own = path_of(source);
    let named = paths(&source.code).into_iter().chain(source.uses.iter().map(|(_, path)| parts(path)));
    let absolute = |path: Vec<&'a str>| match path.split_first() {
        Some((&"crate", rest)) => rest.to_vec(),
        Some((&"self", rest)) => [&own[..], rest].concat(),
        Some((&"super", rest)) => [&own[..own.len() - 1], rest].concat(),
        _ => [&own[..], &path[..]].concat(),
    };
    // The longest part of a path that is a file; the rest are items in it.
    let file = |path: Vec<&'a str>| (1..=path.len()).rev().map(|end| path[..end].to_vec()).find(|f| known.contains(f));
    named.map(absolute).filter_map(file).filter(|file| *file != own).collect()
}

/// Every path of several words; `crate::cli::` before a brace is no path, and what stands in the braces is multiplied out
/// already. `pub(in crate::cli)` says who may see an item, and uses nothing.
fn paths(code: &str) -> Vec<Vec<&str>> {
    let mut parts_of = code.split("pub(in ");
    let first = parts_of.next().unwrap_or_default();
    let others = parts_of.map(|part| part.split_once(')').unwrap_or_default().1);
    let words = std::iter::once(first).chain(others);
    let words = words.flat_map(|part| part.split(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | ':'))));
    words.filter(|word| word.contains("::") && !word.ends_with("::")).map(parts).collect()
}

fn parts(path: &str) -> Vec<&str> {
    path.split("::").filter(|part| !part.is_empty()).collect()
}
