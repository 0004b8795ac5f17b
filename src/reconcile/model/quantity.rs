//! Exact quantities. Never binary floating point: `"1e309".parse::<f64>()` is infinity, and infinity is a bill.

use std::fmt;
use std::str::FromStr;

use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::reconcile::model::export::count_error::CountError;

/// A number of units: exact, never negative, without trailing zeros.
///
/// Serializes as a JSON number (`7`, `2.5`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Quantity(Decimal);

/// Places of every decimal that ConnectWise was seen to show in the field.
pub const USUAL_DECIMALS: u32 = 2;

impl Quantity {
    /// No units.
    pub const ZERO: Quantity = Quantity(Decimal::ZERO);

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

    /// The sum; `None` if it does not fit in 28 digits.
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(|sum| Self(sum.normalize()))
    }

    /// The nearest quantity of so many decimals; halves up.
    #[must_use]
    pub fn rounded(self, decimals: u32) -> Self {
        Self(self.0.round_dp_with_strategy(decimals, RoundingStrategy::MidpointAwayFromZero).normalize())
    }

    /// How many decimals it has.
    pub fn decimals(self) -> u32 {
        self.0.scale()
    }

    /// What is left of it when all further decimals are cut off.
    #[must_use]
    pub fn cut_to(self, decimals: u32) -> Self {
        Self(self.0.round_dp_with_strategy(decimals, RoundingStrategy::ToZero).normalize())
    }

    /// To how many decimals this is what was `sent`, rounded or cut off: the most that fit. `None` if it is something else,
    /// or the same.
    #[must_use]
    pub fn decimals_kept_of(self, sent: Self) -> Option<u32> {
        let ways =
            [RoundingStrategy::ToZero, RoundingStrategy::MidpointAwayFromZero, RoundingStrategy::MidpointNearestEven];
        let kept = |decimals: &u32| ways.iter().any(|way| sent.0.round_dp_with_strategy(*decimals, *way) == self.0);
        (0..sent.0.scale()).rev().find(kept).filter(|_| self != sent)
    }

    /// How far it is from here to `to`: positive when `to` is more.
    pub fn delta_to(self, to: Self) -> Decimal {
        // Both are at most 28 digits and not negative, so the difference of the two cannot overflow.
        to.0.saturating_sub(self.0).normalize()
    }
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
        // Nearly every quantity is whole, and is the same number without a way through text.
        if let (0, Ok(whole)) = (self.0.scale(), u64::try_from(self.0.mantissa())) {
            return serializer.serialize_u64(whole);
        }
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

    fn q(text: &str) -> Quantity {
        text.parse().expect("a quantity")
    }

    /// Otherwise what ConnectWise rounds would look like a person's edit, and be written night after night.
    #[test]
    fn what_the_server_rounds_tells_how_many_decimals_it_keeps() {
        for (sent, stored, kept) in [
            ("6.255", "6.25", Some(2)),
            ("6.255", "6.26", Some(2)),
            ("3.3333", "3.33", Some(2)),
            ("6.299", "6.3", Some(2)),
            ("6.7", "7", Some(0)),
            ("6.7", "6", Some(0)),
            ("6.255", "6.255", None),
            ("6.255", "6.24", None),
            ("7", "3", None),
            ("12", "10", None),
        ] {
            assert_eq!(q(stored).decimals_kept_of(q(sent)), kept, "{sent} stored as {stored}");
        }
        assert_eq!([q("6.255").rounded(2), q("6.254").rounded(2), q("6").rounded(2)], [q("6.26"), q("6.25"), q("6")]);
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
