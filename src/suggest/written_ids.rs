//! Which numbers of a name are written as a record's id. A number alone may be anything: a plan, a product's name, a year.

/// Fewer digits are a plan or a product's name: `Plan 1`, `Microsoft 365`.
const DIGITS_MIN: usize = 4;
/// `Windows Server 2019` names a year.
const YEARS: std::ops::Range<i64> = 1980..2060;
/// Words before an id.
const MARKS: &[&str] = &["id", "no", "nr"];

/// The numbers that may be ids: in brackets of their own, behind `#` or a word such as `ID`, or of four digits and more and no
/// year.
pub(super) fn written_ids(name: &str) -> Vec<i64> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(start) = name[from..].find(|c: char| c.is_ascii_digit()).map(|at| from + at) {
        let end = name[start..].find(|c: char| !c.is_ascii_digit()).map_or(name.len(), |at| start + at);
        from = end;
        let (before, after) = (&name[..start], &name[end..]);
        let is_part = |c: char| c.is_alphanumeric();
        // A digit behind a point or a comma goes on with the number: `1.5`.
        let goes_on = |mut rest: std::str::Chars<'_>| match (rest.next(), rest.next()) {
            (Some(c), _) if is_part(c) => true,
            (Some('.' | ','), Some(c)) => c.is_ascii_digit(),
            _ => false,
        };
        let reversed: String = before.chars().rev().take(2).collect();
        if goes_on(after.chars()) || goes_on(reversed.chars()) {
            continue;
        }
        let digits = &name[start..end];
        let Ok(id) = digits.parse::<i64>() else { continue };
        if is_marked(before, after) || digits.len() >= DIGITS_MIN && !YEARS.contains(&id) {
            found.push(id);
        }
    }
    found
}

/// Whether what stands around a number says that it is an id.
fn is_marked(before: &str, after: &str) -> bool {
    let (before, after) = (before.trim_end(), after.trim_start());
    let opened = before.ends_with(['(', '[', '{', '<']) && after.starts_with([')', ']', '}', '>']);
    let word = before.trim_end_matches([':', '.', '=', ' ']).rsplit(|c: char| !c.is_alphanumeric()).next();
    let is_named = word.is_some_and(|word| MARKS.contains(&word.to_lowercase().as_str()));
    opened || before.ends_with('#') || is_named
}

#[cfg(test)]
mod tests {
    use super::*;

    /// "Exchange Online (Plan 1)" was proposed as the catalog's item 1, and "Microsoft 365" as its item 365, ready to paste.
    #[test]
    fn a_number_is_an_id_only_where_it_is_written_as_one() {
        for name in
            ["Exchange Online (Plan 1)", "Microsoft 365", "Studio 54", "Windows Server 2019", "v3321", "1.5000", "E3"]
        {
            assert_eq!(written_ids(name), [] as [i64; 0], "{name}");
        }
        for name in ["Acme (7)", "Acme [ 7 ]", "#7 Acme", "Acme, ID: 7", "Acme Nr. 7", "id 7"] {
            assert_eq!(written_ids(name), [7], "{name}");
        }
        assert_eq!(written_ids("3321 - Acme 365 (2019)"), [3321, 2019]);
    }
}
