//! Names, numbers, durations, percents and paths, as the configuration writes them.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rust_decimal::Decimal;
use toml::de::DeValue;

use crate::config::toml_document::Field;
use crate::export::count::count_parser::Units;
use crate::export::count::number_notation::Notation;
use crate::reconcile::guard::guard_policy::Percent;

/// A year. Nothing here waits or looks back further, and sums of times cannot overflow.
const DURATION_MAX: Duration = Duration::from_secs(366 * 24 * 60 * 60);

impl Field<'_> {
    /// A whole number within bounds.
    pub(in crate::config) fn whole<T: TryFrom<i64>>(&self, least: i64, most: i64) -> Option<T> {
        let DeValue::Integer(integer) = self.value() else {
            self.mistyped("a whole number");
            return None;
        };
        let number = i64::from_str_radix(integer.as_str(), integer.radix()).ok();
        let number =
            number.filter(|number| (least..=most).contains(number)).and_then(|number| T::try_from(number).ok());
        if number.is_none() {
            self.error(if most == i64::MAX {
                format!("`{}` is at least {least}", self.key)
            } else {
                format!("`{}` is from {least} to {most}", self.key)
            });
        }
        number
    }

    /// A duration such as `"36h"`, of at least `least`.
    pub(in crate::config) fn duration(&self, least: Duration) -> Option<Duration> {
        self.duration_within(least, (DURATION_MAX, "a year"))
    }

    /// A duration between bounds; the longer one is also said in words.
    pub(in crate::config) fn duration_within(&self, least: Duration, most: (Duration, &str)) -> Option<Duration> {
        let text = self.text()?;
        match parse_duration(text) {
            Some(duration) if duration < least => self.error(format!("`{}` is too short", self.key)),
            Some(duration) if duration > most.0 => self.error(format!("`{}` is longer than {}", self.key, most.1)),
            Some(duration) => return Some(duration),
            None => self.error(format!("`{}` is a whole number with ms, s, m, h or d, such as \"36h\"", self.key)),
        }
        None
    }

    /// A share such as `"5%"`, from 0 to 100.
    pub(in crate::config) fn share(&self) -> Option<Percent> {
        let percent = self.percent_as("from \"0%\" to \"100%\"")?;
        if percent.0 > Decimal::ONE_HUNDRED {
            self.error(format!("`{}` is a share from \"0%\" to \"100%\"", self.key));
            return None;
        }
        Some(percent)
    }

    /// The same of something that can more than double, such as `"250%"`.
    pub(in crate::config) fn percent(&self) -> Option<Percent> {
        self.percent_as("of 0% or more, such as \"250%\"")
    }

    fn percent_as(&self, expected: &str) -> Option<Percent> {
        if self.value().is_integer() || self.value().is_float() {
            self.error(format!("`{}` is written as a text with a percent sign, such as \"5%\"", self.key));
            return None;
        }
        let percent = self.text()?.strip_suffix('%').and_then(|number| plain(number.trim_end()));
        if percent.is_none() {
            self.error(format!("`{}` is a share {expected}", self.key));
        }
        percent.map(Percent)
    }

    /// An exact number that is not negative: `10`, `2.5`.
    pub(in crate::config) fn number(&self) -> Option<Decimal> {
        let number = match self.value() {
            DeValue::Integer(integer) if integer.radix() == 10 => plain(integer.as_str()),
            DeValue::Float(float) => plain(float.as_str()),
            _ => {
                self.mistyped("a number");
                return None;
            }
        };
        if number.is_none() {
            self.error(format!("`{}` is a plain number from 0 to 9999999", self.key));
        }
        number
    }

    /// A path, relative to the configuration's folder.
    pub(in crate::config) fn path(&self, folder: &Path) -> Option<PathBuf> {
        self.text().map(|text| self.naming(folder.join(text)))
    }
}

/// `Some(None)` if the key is not there, `None` if it is wrong.
pub(in crate::config) fn optional<T>(
    field: Option<Field<'_>>,
    read: impl FnOnce(&Field<'_>) -> Option<T>,
) -> Option<Option<T>> {
    match field {
        None => Some(None),
        Some(field) => read(&field).map(Some),
    }
}

/// Names stand in commands, reports and addresses, so they are plain.
pub(in crate::config) fn is_name(field: &Field<'_>) -> bool {
    let name = &field.key;
    let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'));
    let good = plain && name.len() <= 64 && name.starts_with(|c: char| c.is_ascii_alphanumeric());
    if !good {
        field.error_unseen(
            "a name is made of at most 64 letters, digits, `-`, `_` and `.`, and begins with one of the first two",
        );
    }
    good
}

/// An authority of one's own, in PEM.
pub(in crate::config) fn ca_file(field: &Field<'_>, folder: &Path) -> Option<PathBuf> {
    let path = field.path(folder)?;
    if !path.is_file() {
        field.error("`ca_file` is not a file that can be seen from here");
        return None;
    }
    Some(path)
}

/// `36h`, `15m`, `60s`, `250ms`, `2d`.
fn parse_duration(text: &str) -> Option<Duration> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let number: u64 = text[..digits].parse().ok()?;
    let seconds = |each: u64| number.checked_mul(each).map(Duration::from_secs);
    match text[digits..].trim_start() {
        "ms" => Some(Duration::from_millis(number)),
        "s" => seconds(1),
        "m" => seconds(60),
        "h" => seconds(60 * 60),
        "d" => seconds(24 * 60 * 60),
        _ => None,
    }
}

fn plain(text: &str) -> Option<Decimal> {
    const MOST: Decimal = Decimal::from_parts(10_000_000, 0, 0, false, 0);
    Units::parse(text, Notation::default(), false).ok()?.decimal().filter(|number| *number < MOST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_a_whole_number_with_its_unit() {
        let seconds = |seconds| Some(Duration::from_secs(seconds));
        for (text, duration) in [
            ("36h", seconds(129_600)),
            ("15m", seconds(900)),
            ("60 s", seconds(60)),
            ("250ms", Some(Duration::from_millis(250))),
            ("2d", seconds(172_800)),
            ("36", None),
            ("h", None),
            ("-1h", None),
            ("1.5h", None),
            ("1w", None),
            ("99999999999999999999s", None),
            ("9999999999999999999d", None),
            ("1h30m", None),
        ] {
            assert_eq!(parse_duration(text), duration, "{text}");
        }
    }
}
