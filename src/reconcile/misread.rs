//! Why a text is no count, as exactly as it can be told: what a spreadsheet did to it, or what ought to be declared.

use crate::reconcile::counts::Counts;
use crate::reconcile::quantity::CountError;
use crate::reconcile::units::Notation;

/// Notations that vendors write in, each with what declares it.
const DECLARED: [(Notation, &str); 8] = [
    (Notation { decimal: '.', thousands: None }, "decimal = \".\""),
    (Notation { decimal: ',', thousands: None }, "decimal = \",\""),
    (Notation { decimal: '.', thousands: Some(',') }, "thousands = \",\""),
    (Notation { decimal: ',', thousands: Some('.') }, "decimal = \",\" and thousands = \".\""),
    (Notation { decimal: '.', thousands: Some('\'') }, "thousands = \"'\""),
    (Notation { decimal: ',', thousands: Some('\'') }, "decimal = \",\" and thousands = \"'\""),
    (Notation { decimal: '.', thousands: Some(' ') }, "thousands = \" \""),
    (Notation { decimal: ',', thousands: Some(' ') }, "decimal = \",\" and thousands = \" \""),
];

/// Months as spreadsheets shorten them, in the languages of the vendors seen so far.
const MONTHS: [&str; 27] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "sept", "oct", "nov", "dec", "mär", "mrz", "mai",
    "okt", "dez", "mrt", "mei", "maj", "ene", "abr", "ago", "dic", "janv", "févr",
];

/// What is wrong with a text, trimmed, that is no number in its notation.
pub(in crate::reconcile) fn why(text: &str, notation: Notation) -> CountError {
    let numeric = |c: char| c.is_ascii_digit() || ",. '\u{a0}\u{202f}\u{2019}".contains(c);
    match text {
        "" => CountError::Empty,
        _ if text.starts_with('#') => CountError::ErrorValue,
        _ if text.starts_with("=") => CountError::Formula,
        _ if text.starts_with(['-', '+']) && text[1..].starts_with(|c: char| c.is_ascii_digit()) => CountError::Sign,
        _ if is_scientific(text) => CountError::Scientific,
        _ if is_date(text) => CountError::Date,
        _ if text.chars().all(numeric) && text.contains(|c: char| c.is_ascii_digit()) => otherwise(text, notation),
        _ => CountError::NotANumber,
    }
}

/// What would have to be declared for the text to be a number: often two things, and nobody but the operator knows.
fn otherwise(text: &str, notation: Notation) -> CountError {
    let mut fits = DECLARED
        .iter()
        .filter(|(other, _)| *other != notation && (other.thousands.is_none() || has_groups(text, *other)))
        .filter(|(other, _)| other.digits(text).is_some())
        .map(|(_, declares)| *declares);
    match (fits.next(), fits.next()) {
        (Some(first), second) => CountError::Undeclared(first, second),
        (None, _) => CountError::Separator,
    }
}

/// What to declare in the export's table of recount.toml, where every row that could not be read holds a number in
/// another notation, and one notation reads them all.
pub fn undeclared(counts: &Counts, notation: Notation) -> Option<String> {
    let texts: Vec<&str> = counts.rejected.iter().map(|row| row.value.trim()).collect();
    let other = |text: &&str| matches!(why(text, notation), CountError::Undeclared(..));
    if texts.is_empty() || !texts.iter().all(other) {
        return None;
    }
    let grouped = |one: Notation| one.thousands.is_none() || texts.iter().any(|text| has_groups(text, one));
    let reads_all = |one: Notation| one != notation && texts.iter().all(|text| one.digits(text).is_some());
    let fits = DECLARED.iter().filter(|(one, _)| reads_all(*one) && grouped(*one)).map(|(_, declares)| *declares);
    let fits: Vec<&str> = fits.take(2).collect();
    let keys = fits.join(", or ");
    (!fits.is_empty())
        .then(|| format!("if that is how the vendor writes numbers, set {keys} in the export's table of recount.toml"))
}

/// Whether the notation's mark of thousands is in the text, so that declaring it would change something.
fn has_groups(text: &str, notation: Notation) -> bool {
    let ungrouped = Notation { thousands: None, ..notation };
    ungrouped.digits(text).is_none()
}

fn is_scientific(text: &str) -> bool {
    let digit = |text: &str| text.starts_with(|c: char| c.is_ascii_digit());
    text.contains(['e', 'E'])
        && digit(text)
        && text.bytes().all(|byte| byte.is_ascii_digit() || b"eE+-.,".contains(&byte))
}

/// `3-Jan`, `Jan-03`, `3/1/2026`, `03.01.2026`, `2026-01-03`: what spreadsheets make of `3-1` and the like.
fn is_date(text: &str) -> bool {
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
    use crate::reconcile::counts::RejectedRow;

    #[test]
    fn what_a_spreadsheet_did_is_named() {
        for (text, error) in [
            ("1E+05", CountError::Scientific),
            ("1,5E+03", CountError::Scientific),
            ("3-Jan", CountError::Date),
            ("Jan-03", CountError::Date),
            ("03. Mai", CountError::Date),
            ("03.01.2026", CountError::Date),
            ("2026-01-03", CountError::Date),
            ("2026-01-03T00:00:00", CountError::Date),
            ("1/2", CountError::Date),
            ("########", CountError::ErrorValue),
            ("#REF!", CountError::ErrorValue),
            ("=\"12\"", CountError::Formula),
            ("Januar", CountError::NotANumber),
            ("N/A", CountError::NotANumber),
            ("Dec", CountError::NotANumber),
        ] {
            assert_eq!(why(text, Notation::default()), error, "{text}");
        }
    }

    /// One notation has to read every row: else a person who declares it only gets other rows that cannot be read.
    #[test]
    fn what_is_proposed_reads_every_row() {
        let proposed = |values: &[&str]| {
            let row = |value: &&str| RejectedRow {
                line: 2,
                column: "Quantity".to_owned(),
                value: (*value).to_owned(),
                customer: None,
                why: String::new(),
                mark: None,
            };
            let counts = Counts { rejected: values.iter().map(row).collect(), ..Counts::default() };
            let said = undeclared(&counts, Notation::default())?;
            let (_, keys) = said.split_once(", set ")?;
            Some(keys.trim_end_matches(" in the export's table of recount.toml").to_owned())
        };
        for (values, keys) in [
            (&["3,5", "711,25"][..], Some("decimal = \",\"")),
            (&["711,875"], Some("decimal = \",\", or thousands = \",\"")),
            (&["711,875", "1.234,5"], Some("decimal = \",\" and thousands = \".\"")),
            (&["1,234", "1,234.5"], Some("thousands = \",\"")),
            (&["3,5", "N/A"], None),
            (&["1,234.5", "1.234,5"], None),
            (&[], None),
        ] {
            assert_eq!(proposed(values).as_deref(), keys, "{values:?}");
        }
    }

    #[test]
    fn a_number_in_another_notation_says_what_to_declare() {
        let german = Notation { decimal: ',', thousands: None };
        for (notation, text, first, second) in [
            (Notation::default(), "3,5", "decimal = \",\"", None),
            (Notation::default(), "1,234", "decimal = \",\"", Some("thousands = \",\"")),
            (Notation::default(), "1,234.5", "thousands = \",\"", None),
            (Notation::default(), "1.234,5", "decimal = \",\" and thousands = \".\"", None),
            (Notation::default(), "1.234.567", "decimal = \",\" and thousands = \".\"", None),
            (Notation::default(), "1'234", "thousands = \"'\"", Some("decimal = \",\" and thousands = \"'\"")),
            (german, "1.5", "decimal = \".\"", None),
        ] {
            assert_eq!(why(text, notation), CountError::Undeclared(first, second), "{text}");
        }
        for text in ["5.", ".5", "1,,2", "12,34,5"] {
            assert_eq!(why(text, Notation::default()), CountError::Separator, "{text}");
        }
    }
}
