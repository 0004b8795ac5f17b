//! The one strict parser of counts in text, and sums of them that stay exact.

use rust_decimal::Decimal;

use crate::export::count::misread;
use crate::export::count::number_notation::Notation;
use crate::export::count::number_sign::{credit, is_space, unsigned};
use crate::reconcile::model::export::count_error::CountError;
use crate::reconcile::model::quantity::Quantity;

/// An exact sum of counts; may be negative on the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Units {
    /// Rounded down, also below zero.
    whole: i64,
    /// The rest, from 0, in units of 10^-18.
    rest: i64,
}

/// Whole digits that a count may have: bytes of a backup come with thirteen or more.
const WHOLE_DIGITS_MAX: usize = 18;
/// Decimal places that a count may have: gigabytes come with three, metered cloud usage with up to seventeen.
const PLACES_MAX: usize = 18;
/// A whole unit, in units of 10^-18.
const ONE: i64 = 1_000_000_000_000_000_000;

impl Units {
    /// One unit.
    pub const ONE: Units = Units { whole: 1, rest: 0 };

    /// Reads a count in text: digits, and at most one decimal mark followed by digits; blanks around, no-break ones too,
    /// are ignored. A minus is taken only where rows may be negative; then `3-` and `(3)` are credits as well.
    ///
    /// # Errors
    /// Names what is wrong with the text, in words that fit after its value.
    pub fn parse(text: &str, notation: Notation, signed: bool) -> Result<Self, CountError> {
        match plain(text.as_bytes(), notation.decimal) {
            Some(units) => Ok(units),
            None => Self::of_text(text.trim_matches(is_space), notation, signed),
        }
    }

    /// The same for a number of JSON or of a workbook, which is a number already and has a point whatever is declared.
    ///
    /// # Errors
    /// If it is negative where it may not be, or not exact within a count's digits.
    pub fn of_number(text: &str, signed: bool) -> Result<Self, CountError> {
        let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let (negative, mantissa) = unsigned(mantissa, true);
        if negative && !signed {
            return Err(CountError::Sign);
        }
        let (whole, places) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits = format!("{whole}{places}");
        let exponent: i64 = exponent.parse().map_err(|_| CountError::TooLong)?;
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(CountError::NotANumber);
        }
        let point = i64::try_from(whole.len()).unwrap_or(i64::MAX).saturating_add(exponent);
        moved(&digits, point).map(|units| units.signed(negative)).ok_or(CountError::TooLong)
    }

    /// As many units as there are things.
    pub(super) fn of_length(things: usize) -> Self {
        Self { whole: i64::try_from(things).unwrap_or(i64::MAX), rest: 0 }
    }

    /// The sum.
    pub fn plus(self, other: Self) -> Self {
        let (whole, rest) = (self.whole.saturating_add(other.whole), self.rest + other.rest);
        if rest < ONE { Self { whole, rest } } else { Self { whole: whole.saturating_add(1), rest: rest - ONE } }
    }

    /// As a quantity. `None` if it is negative, or has more digits than a quantity holds exactly.
    pub fn quantity(self) -> Option<Quantity> {
        Quantity::from_decimal(self.decimal()?)
    }

    /// The same if it is whole and short.
    pub(super) fn short(self) -> Option<u32> {
        u32::try_from(self.whole).ok().filter(|_| self.rest == 0)
    }

    /// As a number, perhaps a negative one. `None` if it has more digits than 28, or the sum went beyond every count.
    pub fn decimal(self) -> Option<Decimal> {
        if matches!(self.whole, i64::MAX | i64::MIN) {
            return None;
        }
        if self.rest == 0 {
            return Some(Decimal::from(self.whole));
        }
        let (mut rest, mut one, mut scale) = (self.rest, ONE, 18);
        for (zeros, part) in [(8, 100_000_000), (4, 10_000), (4, 10_000), (2, 100), (1, 10)] {
            if rest % part == 0 {
                (rest, one, scale) = (rest / part, one / part, scale - zeros);
            }
        }
        let value = i128::from(self.whole).checked_mul(i128::from(one))?.checked_add(i128::from(rest))?;
        Decimal::try_from_i128_with_scale(value, scale).ok()
    }

    fn of_text(text: &str, notation: Notation, signed: bool) -> Result<Self, CountError> {
        let (negative, digits) = credit(text, signed);
        let Some((whole, places)) = notation.digits(digits) else {
            // What is wrong is wrong with the number behind the sign.
            return Err(match misread::why(if negative { digits } else { text }, notation) {
                CountError::Sign | CountError::Empty if signed => CountError::NotANumber,
                why => why,
            });
        };
        if whole.len() > WHOLE_DIGITS_MAX || places.len() > PLACES_MAX {
            return Err(CountError::TooLong);
        }
        let (Ok(whole), Some(rest)) = (whole.parse(), rest(places)) else { return Err(CountError::TooLong) };
        Ok(Self { whole, rest }.signed(negative))
    }

    fn signed(self, negative: bool) -> Self {
        match (negative, self.rest) {
            (false, _) => self,
            (true, 0) => Self { whole: -self.whole, rest: 0 },
            (true, rest) => Self { whole: -self.whole - 1, rest: ONE - rest },
        }
    }
}

impl From<u32> for Units {
    fn from(whole: u32) -> Self {
        Self { whole: i64::from(whole), rest: 0 }
    }
}

/// Nearly every count is digits, and perhaps a decimal mark between digits: read without making any text of them. `None`
/// says only that it is not so plain.
fn plain(bytes: &[u8], mark: char) -> Option<Units> {
    let whole = digits(bytes);
    if whole == 0 || whole > WHOLE_DIGITS_MAX {
        return None;
    }
    let places = match bytes[whole..].split_first() {
        None => &[],
        Some((byte, places)) if char::from(*byte) == mark => places,
        Some(_) => return None,
    };
    let is_plain = (places.is_empty() && whole == bytes.len())
        || (digits(places) == places.len() && (1..=PLACES_MAX).contains(&places.len()));
    let missing = u32::try_from(PLACES_MAX - places.len().min(PLACES_MAX)).ok()?;
    is_plain.then(|| Units { whole: value(&bytes[..whole]), rest: value(places) * 10_i64.pow(missing) })
}

/// How many digits it begins with.
fn digits(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|byte| byte.is_ascii_digit()).count()
}

/// Of at most 18 digits.
fn value(digits: &[u8]) -> i64 {
    digits.iter().fold(0, |number, digit| number * 10 + i64::from(digit - b'0'))
}

/// Decimal places, at most 18, in units of 10^-18.
fn rest(places: &str) -> Option<i64> {
    let padded = format!("{places:0<18}");
    padded.parse().ok()
}

/// A number of these digits, with its point so many digits from their beginning.
fn moved(digits: &str, point: i64) -> Option<Units> {
    let zeros = digits.len() - digits.trim_start_matches('0').len();
    let (digits, point) = (digits.trim_matches('0'), point.checked_sub(i64::try_from(zeros).ok()?)?);
    if digits.is_empty() {
        return Some(Units::default());
    }
    let most = i64::try_from(WHOLE_DIGITS_MAX).ok()?;
    let places = i64::try_from(digits.len()).ok()?.checked_sub(point)?;
    if point > most || places > i64::try_from(PLACES_MAX).ok()? {
        return None;
    }
    let before = usize::try_from(point.max(0)).ok()?;
    let whole = format!("{:0<before$}", digits.get(..before).unwrap_or(digits));
    let leading = usize::try_from((-point).max(0)).ok()?;
    let places = format!("{}{}", "0".repeat(leading), digits.get(before..).unwrap_or_default());
    let whole = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    Some(Units { whole, rest: rest(&places)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A credit that is not read as one is billed, or its customer is held for good.
    #[test]
    fn a_credit_is_read_however_it_is_written() {
        let signs = [
            "-2",
            "- 2",
            "-\u{a0}2",
            "2-",
            "2 -",
            "(2)",
            "( 2 )",
            "\u{2010}2",
            "\u{2011}2",
            "\u{2012}2",
            "\u{2013}2",
            "\u{2212}2",
            "\u{2212} 2",
            "\u{fe63}2",
            "\u{ff0d}2",
            "2\u{ff0d}",
            "2\u{2011}",
            "\u{ff08}2\u{ff09}",
        ];
        for text in signs {
            assert_eq!(told(Units::parse(text, Notation::default(), true)).as_deref(), Some("-2"), "{text:?}");
            assert_eq!(Units::parse(text, Notation::default(), false), Err(CountError::Sign), "{text:?}");
        }
        for text in ["--2", "-(2)", "(-2)", "-2-", "-", "()", "( )", "2)", "(2", "\u{2014}2", "+2", "- -2"] {
            assert_eq!(told(Units::parse(text, Notation::default(), true)), None, "{text:?}");
        }
        assert_eq!(Units::parse("-", Notation::default(), true), Err(CountError::NotANumber));
        assert!(matches!(Units::parse("-1,250", Notation::default(), true), Err(CountError::TwoReadings(..))));
    }

    fn told(units: Result<Units, CountError>) -> Option<String> {
        units.ok().and_then(Units::decimal).map(|number| number.to_string())
    }

    #[test]
    fn only_plain_decimal_numbers_are_counts() {
        let parse =
            |text| Units::parse(text, Notation::default(), false).map(|units| units.quantity().expect("no sign"));
        for (text, value) in
            [("0", "0"), ("12", "12"), (" 5\t", "5"), ("2.50", "2.5"), ("007", "7"), ("\u{a0}5\u{202f}", "5")]
        {
            assert_eq!(parse(text).map(|number| number.to_string()), Ok(value.to_owned()), "{text}");
        }
        let wrong = [
            ("", CountError::Empty),
            ("  ", CountError::Empty),
            ("-3", CountError::Sign),
            ("+5", CountError::Sign),
            ("5.", CountError::Separator),
            (".5", CountError::Separator),
            ("1E+05", CountError::Scientific),
            ("1e3", CountError::Scientific),
            ("1e309", CountError::Scientific),
            ("1234567890123456789", CountError::TooLong),
            ("NaN", CountError::NotANumber),
            ("inf", CountError::NotANumber),
            ("0x10", CountError::NotANumber),
            ("1_000", CountError::NotANumber),
            ("٣", CountError::NotANumber),
            ("１２", CountError::NotANumber),
            ("N/A", CountError::NotANumber),
            ("3-Jan", CountError::Date),
        ];
        for (text, error) in wrong {
            assert_eq!(parse(text), Err(error), "{text}");
        }
        assert!(matches!(parse("1,234"), Err(CountError::TwoReadings(..))));
    }

    #[test]
    fn a_declared_notation_is_read_strictly() {
        let swiss = Notation { decimal: '.', thousands: Some('\'') };
        let german = Notation { decimal: ',', thousands: Some('.') };
        let french = Notation { decimal: ',', thousands: Some(' ') };
        let english = Notation { decimal: '.', thousands: Some(',') };
        for (notation, text, number) in [
            (german, "1.234,5", Some("1234.5")),
            (german, "711,875", Some("711.875")),
            (german, "1.234", Some("1234")),
            (german, "12.34", None),
            (german, "0.050", None),
            (german, "000.050", None),
            (german, "0,05", Some("0.05")),
            (german, "1234,", None),
            (german, "1,5,5", None),
            (swiss, "1'234.50", Some("1234.50")),
            (swiss, "1\u{2019}234", Some("1234")),
            (swiss, "1\u{b4}234", Some("1234")),
            (english, "12,34,567.5", Some("1234567.5")),
            (english, "1,00,000", Some("100000")),
            (english, "12,34", None),
            (english, "123,45,678", None),
            (german, "12.34.567", None),
            (swiss, "'234", None),
            (french, "1\u{202f}234,5", Some("1234.5")),
            (french, "1\u{2009}234\u{2007}567", Some("1234567")),
            (french, "1 234", Some("1234")),
            (french, "1  234", None),
        ] {
            let read = told(Units::parse(text, notation, false)).map(|text| text.parse::<Decimal>().expect("exact"));
            assert_eq!(read, number.map(|text| text.parse().expect("exact")), "{text}");
        }
    }

    #[test]
    fn a_number_of_json_is_exact_with_its_exponent() {
        for (text, number) in [
            ("3.25e-05", Some("0.0000325")),
            ("25.0", Some("25")),
            ("1e2", Some("100")),
            ("1.5E+3", Some("1500")),
            ("0.1", Some("0.1")),
            ("0.0416666666666667", Some("0.0416666666666667")),
            ("0", Some("0")),
            ("0e999999999999", Some("0")),
            ("1e17", Some("100000000000000000")),
            ("1e18", None),
            ("1e-19", None),
            ("1e99999999999999999999", None),
            ("-1", None),
            ("true", None),
        ] {
            assert_eq!(told(Units::of_number(text, false)).as_deref(), number, "{text}");
        }
        assert_eq!(told(Units::of_number("-2.5", true)).as_deref(), Some("-2.5"));
    }

    #[test]
    fn a_sum_of_decimals_is_the_sum_of_their_digits() {
        let read = |text| Units::parse(text, Notation::default(), true).expect(text);
        let sum = ["0.1", "0.2", "-0.3", "-7", "2.000000000000000001", "0.9"].into_iter().map(read);
        let sum = sum.fold(Units::default(), Units::plus);
        assert_eq!(told(Ok(sum)).as_deref(), Some("-4.099999999999999999"));
        assert_eq!(sum.quantity(), None);
        assert!(read("-0.5") < Units::default() && read("-0.5") > read("-0.6"));
    }

    proptest::proptest! {
        /// The short way to a number is not another way of reading it.
        #[test]
        fn plain_digits_come_to_what_the_long_way_makes_of_them(text in "[0-9]{0,19}([.,][0-9]{0,19})?[-+.,e x]?", comma: bool) {
            let notation = Notation { decimal: if comma { ',' } else { '.' }, thousands: None };
            let long = Units::of_text(text.trim_matches(is_space), notation, true);
            proptest::prop_assert_eq!(Units::parse(&text, notation, true).ok(), long.ok());
        }
    }
}
