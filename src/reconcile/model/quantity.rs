//! Exact quantities. Never binary floating point: `"1e309".parse::<f64>()` is infinity, and infinity is a bill.

use std::fmt;
use std::str::FromStr;

use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::export::count::number::{Notation, Units};

/// A number of units: exact, never negative, without trailing zeros.
///
/// Serializes as a JSON number (`7`, `2.5`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Quantity(Decimal);

impl Quantity {
    /// No units.
    pub const ZERO: Quantity = Quantity(Decimal::ZERO);

    /// The one strict parser of counts: digits, and at most one point followed by digits; blanks around are ignored.
    ///
    /// # Errors
    /// Names what is wrong with the text, in words that fit after its value.
    pub fn parse_count(text: &str) -> Result<Self, CountError> {
        Units::parse(text, Notation::default(), false)?.quantity().ok_or(CountError::TooLong)
    }

    /// A quantity from an exact decimal.
    ///
    /// Returns `None` for a negative number: an addition of minus three is nothing that this program may touch.
    pub fn from_decimal(value: Decimal) -> Option<Self> {
        (value >= Decimal::ZERO).then(|| Self(value.normalize()))
    }

    /// A quantity from the text of a JSON number, exponent included. `None` if negative, or not exact in 28 digits.
    pub fn from_json_number(text: &str) -> Option<Self> {
        if text.len() > 40 || text.bytes().filter(u8::is_ascii_digit).count() > 28 {
            return None;
        }
        let value = if text.contains(['e', 'E']) {
            Decimal::from_scientific(text).ok()?
        } else {
            Decimal::from_str_exact(text).ok()?
        };
        Self::from_decimal(value)
    }

    /// The exact value.
    pub fn as_decimal(self) -> Decimal {
        self.0
    }

    /// Whether no unit is meant.
    pub fn is_zero(self) -> bool {
        self.0.is_zero()
    }

    /// Whether there is no fraction of a unit.
    pub fn is_whole(self) -> bool {
        self.0.is_integer()
    }

    /// The number of units, if it is whole and short.
    pub(crate) fn short(self) -> Option<u32> {
        u32::try_from((self.0.scale() == 0).then(|| self.0.mantissa())?).ok()
    }

    /// The sum; `None` if it does not fit in 28 digits.
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(|sum| Self(sum.normalize()))
    }

    /// How far it is from here to `to`: positive when `to` is more.
    pub fn delta_to(self, to: Self) -> Decimal {
        // Both are at most 28 digits and not negative, so the difference of the two cannot overflow.
        to.0.saturating_sub(self.0).normalize()
    }
}

/// Why a text is not a count.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CountError {
    /// Nothing stands there. Nothing is not zero.
    #[error("is empty, and an empty cell is not zero")]
    Empty,
    /// A sign before the digits.
    #[error("has a sign; declare signed = true if rows of this export may be negative")]
    Sign,
    /// `5.` or `1,23,4`.
    #[error("has a separator in it; a count is digits, and at most one point between digits")]
    Separator,
    /// `3,5`, and nothing declares the comma.
    #[error("has a separator in it; if this vendor writes numbers so, declare {}", .0.declares)]
    Undeclared(Reading),
    /// `1,050`: two things could be declared, and they make different numbers of it.
    #[error(
        "has a separator in it: {} reads it as {}, {} as {}; declare what this vendor means",
        .0.declares, .0.number, .1.declares, .1.number
    )]
    TwoReadings(Reading, Reading),
    /// `1E+05`.
    #[error("is in scientific notation; it looks as if a spreadsheet saved this file")]
    Scientific,
    /// `3-Jan`.
    #[error("is a date; it looks as if a spreadsheet saved this file")]
    Date,
    /// `########`, `#REF!`.
    #[error("is what a spreadsheet shows instead of a number that it cannot show")]
    ErrorValue,
    /// `="12"`.
    #[error("is a spreadsheet's formula, and not its number")]
    Formula,
    /// More digits than a count can have.
    #[error("is longer than a count can be")]
    TooLong,
    /// Anything else.
    #[error("is not a plain decimal number")]
    NotANumber,
}

/// What a text would be if something were declared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// What is declared, as it is written into recount.toml.
    pub declares: &'static str,
    /// What the text is then.
    pub number: String,
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl From<u32> for Quantity {
    fn from(units: u32) -> Self {
        Self(Decimal::from(units))
    }
}

impl FromStr for Quantity {
    type Err = CountError;

    /// Reads back what `Display` wrote; used by the history.
    fn from_str(text: &str) -> Result<Self, CountError> {
        Decimal::from_str_exact(text).ok().and_then(Self::from_decimal).ok_or(CountError::NotANumber)
    }
}

/// A quantity as it is shown, or a dash where there is none.
pub fn or_dash(quantity: Option<Quantity>) -> String {
    quantity.map_or_else(|| "–".to_owned(), |quantity| quantity.to_string())
}

impl Serialize for Quantity {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // rust_decimal's default would write a JSON string; this one setting keeps it a number and exact.
        rust_decimal::serde::arbitrary_precision::serialize(&self.0, serializer)
    }
}

impl<'de> Deserialize<'de> for Quantity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = rust_decimal::serde::arbitrary_precision::deserialize(deserializer)?;
        Self::from_decimal(value).ok_or_else(|| serde::de::Error::custom("a quantity cannot be negative"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_decimal_numbers_are_counts() {
        for (text, value) in
            [("0", "0"), ("12", "12"), (" 5\t", "5"), ("2.50", "2.5"), ("007", "7"), ("0.00003", "0.00003")]
        {
            assert_eq!(Quantity::parse_count(text).map(|q| q.to_string()), Ok(value.to_owned()), "{text}");
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
            ("2147483648", CountError::TooLong),
            ("NaN", CountError::NotANumber),
            ("inf", CountError::NotANumber),
            ("0x10", CountError::NotANumber),
            ("1_000", CountError::NotANumber),
            ("٣", CountError::NotANumber),
            ("１２", CountError::NotANumber),
            ("\u{a0}5", CountError::Separator),
            ("N/A", CountError::NotANumber),
            ("3-Jan", CountError::Date),
        ];
        for (text, error) in wrong {
            assert_eq!(Quantity::parse_count(text), Err(error), "{text}");
        }
        assert!(matches!(Quantity::parse_count("1,234"), Err(CountError::TwoReadings(..))));
    }

    #[test]
    fn json_numbers_keep_every_digit_and_stay_numbers() {
        for (text, written) in [
            ("2.50", "2.5"),
            ("3", "3"),
            ("3.0", "3"),
            ("1e2", "100"),
            ("12345678901234567890.123456", "12345678901234567890.123456"),
        ] {
            let quantity = Quantity::from_json_number(text).expect(text);
            assert_eq!(serde_json::to_string(&quantity).expect("serializes"), written);
        }
        assert_eq!(Quantity::from_json_number("-1"), None);
        assert_eq!(Quantity::from_json_number("1e400"), None);
        assert_eq!(Quantity::from_json_number("0.1234567890123456789012345678901"), None);
    }
}
