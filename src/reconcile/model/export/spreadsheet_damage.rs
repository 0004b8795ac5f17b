//! What a spreadsheet makes of a text that it takes for a number or a date.

/// Months as spreadsheets shorten them, in the languages of the vendors seen so far.
const MONTHS: [&str; 27] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "sept", "oct", "nov", "dec", "mär", "mrz", "mai",
    "okt", "dez", "mrt", "mei", "maj", "ene", "abr", "ago", "dic", "janv", "févr",
];

/// Of what a spreadsheet makes such a name, if it does: `1.00E+03`, `3-Jan`. Nothing is said of `24/7`, which may be a name.
pub(in crate::reconcile) fn damaged_name(name: &str) -> Option<&'static str> {
    let letters = name.contains(char::is_alphabetic);
    match name {
        _ if is_scientific(name) && name.contains("E+") => Some("a long number"),
        _ if is_date(name) && letters && name.contains(['-', '.', '/']) => Some("a name like 3-1"),
        // A column that is too narrow for its number shows `########`.
        _ if is_error(name) || !name.is_empty() && name.bytes().all(|byte| byte == b'#') => Some("what it cannot show"),
        _ => None,
    }
}

/// What a spreadsheet shows where a formula went wrong.
const ERRORS: [&str; 7] = ["#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NULL!", "#NUM!"];

/// Whether a cell holds the error of a formula.
pub(crate) fn is_error(cell: &str) -> bool {
    let cell = cell.trim();
    cell.starts_with('#') && ERRORS.iter().any(|error| error.eq_ignore_ascii_case(cell))
}

/// `1E+05`, `1,5E+03`.
pub(crate) fn is_scientific(text: &str) -> bool {
    let digit = |text: &str| text.starts_with(|c: char| c.is_ascii_digit());
    text.contains(['e', 'E'])
        && digit(text)
        && text.bytes().all(|byte| byte.is_ascii_digit() || b"eE+-.,".contains(&byte))
}

/// `3-Jan`, `Jan-03`, `3/1/2026`, `03.01.2026`, `2026-01-03`: what spreadsheets make of `3-1` and the like.
pub(crate) fn is_date(text: &str) -> bool {
    let day = text.split_once(['T', ' ']).filter(|(_, time)| time.contains(':')).map_or(text, |(day, _)| day);
    let parts: Vec<&str> = day.split(['-', '/', '.', ' ']).filter(|part| !part.is_empty()).collect();
    let is_number = |part: &&str| part.len() <= 4 && part.bytes().all(|byte| byte.is_ascii_digit());
    let is_month = |part: &&str| MONTHS.contains(&part.to_lowercase().as_str());
    let (numbers, months) =
        (parts.iter().filter(|part| is_number(part)).count(), parts.iter().filter(|part| is_month(part)).count());
    let by_dots =
        day.contains('.') && !(parts.len() == 3 && parts[2].len() == 4 && parts[0].len() <= 2 && parts[1].len() <= 2);
    match (numbers, months) {
        (1 | 2, 1) => parts.len() == numbers + 1,
        (2 | 3, 0) => parts.len() == numbers && !by_dots && !text.starts_with('-'),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `1.00E+03` maps to nobody, and nobody finds it in the vendor's list of customers.
    #[test]
    fn a_name_that_a_spreadsheet_made_is_told_from_a_name() {
        for name in ["1.00E+03", "1,00E+03", "3-Jan", "Jan-03", "03. Mai", "#REF!", "####"] {
            assert!(damaged_name(name).is_some(), "{name}");
        }
        for name in ["Acme", "24/7", "3E", "7E11", "May 3", "1050", "#1 Plumbing", "2026-01-03"] {
            assert_eq!(damaged_name(name), None, "{name}");
        }
    }
}
