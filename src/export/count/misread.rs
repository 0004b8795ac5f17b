//! Why a text is no count, as exactly as it can be told: what a spreadsheet did to it, or what ought to be declared.

use crate::export::count::number_notation::{Notation, is_apostrophe, is_gap};
use crate::export::count::number_sign::{credit, is_minus, is_space};
use crate::reconcile::model::export::count_error::{CountError, Reading};
use crate::reconcile::model::export::counts::Counts;
use crate::reconcile::model::export::spreadsheet_damage::{is_date, is_scientific};

/// Notations that vendors write in, each with what declares it; the likelier one of a text of several first. `1,050` is
/// hardly ever a twentieth more than one, and reading it so would bill a thousandth.
const DECLARED: [(Notation, &str); 8] = [
    (Notation { decimal: '.', thousands: Some(',') }, "thousands = \",\""),
    (Notation { decimal: ',', thousands: Some('.') }, "decimal = \",\" and thousands = \".\""),
    (Notation { decimal: '.', thousands: None }, "decimal = \".\""),
    (Notation { decimal: ',', thousands: None }, "decimal = \",\""),
    (Notation { decimal: '.', thousands: Some('\'') }, "thousands = \"'\""),
    (Notation { decimal: ',', thousands: Some('\'') }, "decimal = \",\" and thousands = \"'\""),
    (Notation { decimal: '.', thousands: Some(' ') }, "thousands = \" \""),
    (Notation { decimal: ',', thousands: Some(' ') }, "decimal = \",\" and thousands = \" \""),
];

/// What is wrong with a text, trimmed, that is no number in its notation.
pub(super) fn why(text: &str, notation: Notation) -> CountError {
    let numeric = |c: char| c.is_ascii_digit() || matches!(c, ',' | '.') || is_gap(c) || is_apostrophe(c);
    match text {
        "" => CountError::Empty,
        _ if text.starts_with('[') && text.ends_with(']') => CountError::List,
        _ if text.starts_with('#') => CountError::ErrorValue,
        _ if text.starts_with("=") => CountError::Formula,
        _ if has_digit(text) && text.contains('%') => CountError::Percent,
        _ if has_digit(text) && is_money(text) => CountError::Money,
        _ if matches!(credit(text, true), (true, rest) if notation.digits(rest).is_some()) => CountError::Sign,
        _ if is_signed(text) => CountError::Sign,
        _ if is_scientific(text) => CountError::Scientific,
        // `1 050` has the parts of a date, too.
        _ if is_date(text) && !(text.chars().all(numeric) && text.contains(is_gap) && !is_spaced_date(text)) => {
            CountError::Date
        }
        _ if text.chars().all(numeric) && has_digit(text) => otherwise(text, notation),
        _ => CountError::NotANumber,
    }
}

/// A sign, and a digit behind it.
fn is_signed(text: &str) -> bool {
    let rest = text.strip_prefix(|c| c == '+' || is_minus(c));
    rest.is_some_and(|rest| rest.trim_start_matches(is_space).starts_with(|c: char| c.is_ascii_digit()))
}

fn has_digit(text: &str) -> bool {
    text.contains(|c: char| c.is_ascii_digit())
}

/// With the sign of a currency, or its three letters.
fn is_money(text: &str) -> bool {
    const CURRENCIES: [&str; 8] = ["USD", "EUR", "GBP", "CHF", "CAD", "AUD", "NZD", "SEK"];
    let bare = text.trim_matches(|c: char| !c.is_alphabetic());
    text.contains(['$', '€', '£', '¥', '₹']) || CURRENCIES.contains(&bare)
}

/// `3 1 2026`, `28.11.2026 09.30`: a day, a month and a year. `12 00` is a number whose groups are wrong.
fn is_spaced_date(text: &str) -> bool {
    text.split(|c: char| !c.is_ascii_digit()).filter(|part| !part.is_empty()).count() > 2
        && readings(&[text], Notation::default()).is_empty()
}

/// What would have to be declared for the text to be a number: often two things, and nobody but the operator knows.
fn otherwise(text: &str, notation: Notation) -> CountError {
    let mut readings = readings(&[text], notation).into_iter();
    match (readings.next(), readings.next()) {
        (Some((_, first)), Some((_, second))) => CountError::TwoReadings(first, second),
        (Some((_, first)), None) => CountError::Undeclared(first),
        (None, _) => CountError::Separator,
    }
}

/// What to declare in the export's table of recount.toml, where every row that could not be read holds a number in
/// another notation, and one notation reads them all.
pub fn undeclared(counts: &Counts, notation: Notation) -> Option<String> {
    let texts: Vec<&str> = counts.rejected.iter().map(|row| row.value.trim()).collect();
    let other = |text: &&str| matches!(why(text, notation), CountError::Undeclared(..) | CountError::TwoReadings(..));
    if texts.is_empty() || !texts.iter().all(other) {
        return None;
    }
    let readings = readings(&texts, notation);
    let written = "in the export's table of recount.toml";
    match readings.as_slice() {
        [] => None,
        [(_, only)] => Some(format!("if that is how the vendor writes numbers, set {} {written}", only.declares)),
        [(text, first), (_, second), ..] => Some(format!(
            "set {} {written} if \"{text}\" is {}, or {} if it is {}",
            first.declares, first.number, second.declares, second.number
        )),
    }
}

/// Everything that could be declared so that all the texts are numbers, each with one text and what it would be: the first
/// that shows a difference to the others. What makes the same numbers as something before it is left out.
fn readings<'a>(texts: &[&'a str], notation: Notation) -> Vec<(&'a str, Reading)> {
    let mut found: Vec<(&'static str, Vec<String>)> = Vec::new();
    for (one, declares) in DECLARED.iter().filter(|(one, _)| *one != notation) {
        let grouped = one.thousands.is_none() || texts.iter().any(|text| has_groups(text, *one));
        let numbers = texts.iter().map(|text| number(text, *one)).collect::<Option<Vec<_>>>();
        let Some(numbers) = numbers.filter(|_| grouped) else { continue };
        if found.iter().all(|(_, known)| *known != numbers) {
            found.push((declares, numbers));
        }
    }
    let differs = |at: &usize| found.iter().any(|(_, numbers)| numbers[*at] != found[0].1[*at]);
    let at = (0..texts.len()).find(differs).unwrap_or_default();
    found.iter().map(|(declares, numbers)| (texts[at], Reading { declares, number: numbers[at].clone() })).collect()
}

/// What a text is in a notation, as a point writes it. No group of three begins a number with a zero.
fn number(text: &str, notation: Notation) -> Option<String> {
    let (whole, places) = notation.digits(text)?;
    if whole.starts_with('0') && has_groups(text, notation) {
        return None;
    }
    let whole = whole.trim_start_matches('0');
    let (whole, places) = (if whole.is_empty() { "0" } else { whole }, places.trim_end_matches('0'));
    Some(if places.is_empty() { whole.to_owned() } else { format!("{whole}.{places}") })
}

/// Whether the notation's mark of thousands is in the text, so that declaring it would change something.
fn has_groups(text: &str, notation: Notation) -> bool {
    let ungrouped = Notation { thousands: None, ..notation };
    ungrouped.digits(text).is_none()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reconcile::model::export::counts::RejectedRow;

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
            ("3 1 2026", CountError::Date),
            ("########", CountError::ErrorValue),
            ("#REF!", CountError::ErrorValue),
            ("=\"12\"", CountError::Formula),
            ("Januar", CountError::NotANumber),
            ("N/A", CountError::NotANumber),
            ("[\"3\",\"4\"]", CountError::List),
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
                service: None,
                why: CountError::Empty,
                mark: None,
            };
            let counts = Counts { rejected: values.iter().map(row).collect(), ..Counts::default() };
            undeclared(&counts, Notation::default())
        };
        let set = |keys: &str| {
            Some(format!("if that is how the vendor writes numbers, set {keys} in the export's table of recount.toml"))
        };
        for (values, said) in [
            (&["3,5", "711,25"][..], set("decimal = \",\"")),
            (&["711,875", "1.234,5"], set("decimal = \",\" and thousands = \".\"")),
            (&["1,234", "1,234.5"], set("thousands = \",\"")),
            (&["1 050", "2 000 000"], set("thousands = \" \"")),
            (&["1'234"], set("thousands = \"'\"")),
            (&["0,125"], set("decimal = \",\"")),
            (&["3,5", "N/A"], None),
            (&["1,234.5", "1.234,5"], None),
            (&[], None),
        ] {
            assert_eq!(proposed(values), said, "{values:?}");
        }
    }

    /// 1,050 seats read as 1.05 are a bill of a thousandth: what is advised says what it makes of the number.
    #[test]
    fn where_two_notations_fit_each_is_named_with_what_it_makes_of_the_number() {
        let why = why("1,050", Notation::default());
        assert_eq!(
            why.to_string(),
            "has a separator in it: thousands = \",\" reads it as 1050, decimal = \",\" as 1.05; declare what this vendor \
             means"
        );
        let row = RejectedRow {
            line: 2,
            column: "Quantity".to_owned(),
            value: "1,050".to_owned(),
            customer: None,
            service: None,
            why,
            mark: None,
        };
        let counts = Counts { rejected: vec![row], ..Counts::default() };
        assert_eq!(
            undeclared(&counts, Notation::default()).as_deref(),
            Some(
                "set thousands = \",\" in the export's table of recount.toml if \"1,050\" is 1050, or decimal = \",\" if it \
                 is 1.05"
            )
        );
    }

    #[test]
    fn a_number_in_another_notation_says_what_to_declare() {
        let german = Notation { decimal: ',', thousands: None };
        for (notation, text, said) in [
            (Notation::default(), "3,5", "declare decimal = \",\""),
            (Notation::default(), "1,234.5", "declare thousands = \",\""),
            (Notation::default(), "1,234,567", "declare thousands = \",\""),
            (Notation::default(), "1.234,5", "declare decimal = \",\" and thousands = \".\""),
            (Notation::default(), "1.234.567", "declare decimal = \",\" and thousands = \".\""),
            (Notation::default(), "1'234", "declare thousands = \"'\""),
            (Notation::default(), "1 050", "declare thousands = \" \""),
            (Notation::default(), "1\u{a0}050", "declare thousands = \" \""),
            (Notation::default(), "1\u{2009}050", "declare thousands = \" \""),
            (Notation::default(), "12,34,567", "declare thousands = \",\""),
            (Notation::default(), "1 050,5", "declare decimal = \",\" and thousands = \" \""),
            (german, "1.5", "declare decimal = \".\""),
        ] {
            let why = why(text, notation);
            assert!(matches!(why, CountError::Undeclared(..)), "{text}: {why:?}");
            assert!(why.to_string().ends_with(said), "{text}: {why}");
        }
        for text in ["5.", ".5", "1,,2", "12,34,5", "0 050", "12 00", "1,00,00"] {
            assert_eq!(why(text, Notation::default()), CountError::Separator, "{text}");
        }
    }
}
