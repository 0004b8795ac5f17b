//! The way to records inside lists of records: `items[].licenses[]`, `data{}`.

/// One step into a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::export) enum PathStep<'a> {
    /// To the value of this key.
    Key(&'a str),
    /// To each of a list.
    Each,
    /// To each value of an object, by its key.
    Entry,
}

/// Whether a path of `records` leads into lists or maps, step by step.
pub(in crate::export) fn is_nested(records: &[String]) -> bool {
    records.iter().any(|part| part.ends_with("[]") || part.ends_with("{}"))
}

/// The steps of a path of `records`.
pub(in crate::export) fn steps(records: &[String]) -> Vec<PathStep<'_>> {
    let mut steps = Vec::new();
    for part in records {
        let key = part.trim_end_matches(['[', ']', '{', '}']);
        if !key.is_empty() {
            steps.push(PathStep::Key(key));
        }
        let marks = part.get(key.len()..).unwrap_or_default().as_bytes().chunks(2);
        steps.extend(marks.map(|mark| if mark == b"[]" { PathStep::Each } else { PathStep::Entry }));
    }
    steps
}

/// The keys that lead to the first list or object by key, as far as they stand once in the document.
pub(in crate::export) fn leading_keys(records: &[String]) -> Vec<String> {
    let first = records.iter().position(|part| part.ends_with("[]") || part.ends_with("{}"));
    let (plain, marked) = records.split_at(first.unwrap_or(records.len()));
    let mut keys = plain.to_vec();
    let marked = marked.first().map(|part| part.trim_end_matches(['[', ']', '{', '}']));
    keys.extend(marked.filter(|key| !key.is_empty()).map(str::to_owned));
    keys
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_taken_step_by_step() {
        let path = |text: &str| text.split('.').map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(
            steps(&path("items[].licenses[]")),
            [PathStep::Key("items"), PathStep::Each, PathStep::Key("licenses"), PathStep::Each]
        );
        assert_eq!(steps(&path("{}[]")), [PathStep::Entry, PathStep::Each]);
        assert_eq!(steps(&path("data{}")), [PathStep::Key("data"), PathStep::Entry]);
        assert_eq!(leading_keys(&path("data.items[].n[]")), ["data", "items"]);
        assert_eq!(leading_keys(&path("data{}[]")), ["data"]);
        assert!(is_nested(&path("data{}")) && !is_nested(&path("data.items")));
    }
}
