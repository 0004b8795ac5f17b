//! The `conditions` filter: its grammar, and what it says about a record.
//!
//! Strings stand in double or single quotes, dates in brackets, numbers and `True`, `False`, `null` bare; references
//! use `/` as in `company/id`; field names are not case-sensitive. Operators: `= != < <= > >= contains like in not`,
//! `AND`, `OR` and parentheses (ConnectWise developer guide; single quotes and parentheses seen in the field).
//! A comparison with an absent value is neither true nor false, as in SQL. There is no way to escape a quote.

mod lexer;
mod parser;

use std::cmp::Ordering;
use std::collections::{BTreeSet, HashSet};

use chrono::NaiveDateTime;
use rust_decimal::Decimal;
use serde_json::Value;

use crate::refusal::Refusal;
use crate::schema::Schema;
use crate::world::Wire;

/// A filter over records of one kind.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Condition {
    And(Vec<Condition>),
    Or(Vec<Condition>),
    Not(Box<Condition>),
    Test { path: Vec<String>, test: Test },
}

/// One test of one field.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Test {
    IsNull,
    /// Whether the order of field and literal is one of those wanted.
    Compare(Operator, Literal),
    /// Lower-case text; `*` and `%` stand for any text.
    Like(String),
    /// Lower-case text.
    Contains(String),
    /// One of these; the numbers of a list of a hundred ids are not compared one by one.
    In {
        numbers: HashSet<Decimal>,
        others: Vec<Literal>,
    },
}

/// A comparing operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// A value in a filter. Text is lower-case: the vendor compares without regard to case.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Literal {
    Text(String),
    Number(Decimal),
    Date(NaiveDateTime),
    Truth(bool),
    Null,
}

impl Condition {
    /// Reads a filter.
    ///
    /// # Errors
    /// 400 `ApiFindCondition` for a name the record does not have, and for anything outside the grammar.
    pub(super) fn parse(text: &str, schema: &Schema) -> Result<Self, Refusal> {
        parser::parse(text, schema)
    }

    /// Whether the record is one of those asked for.
    pub(super) fn admits(&self, record: &Wire) -> bool {
        self.holds(record) == Some(true)
    }

    /// The ids of which a record has to have one, where the filter says so.
    pub(super) fn ids(&self) -> Option<BTreeSet<i64>> {
        match self {
            Self::And(parts) => parts.iter().find_map(Self::ids),
            Self::Test { path, test: Test::In { numbers, .. } } if path.iter().eq(["id"]) => {
                numbers.iter().map(|number| i64::try_from(*number).ok()).collect()
            }
            _ => None,
        }
    }

    fn holds(&self, record: &Wire) -> Option<bool> {
        match self {
            Self::And(parts) => all(parts.iter().map(|part| part.holds(record))),
            Self::Or(parts) => all(parts.iter().map(|part| part.holds(record).map(|held| !held))).map(|none| !none),
            Self::Not(inner) => inner.holds(record).map(|held| !held),
            Self::Test { path, test } => test.holds(value_at(record, path)),
        }
    }
}

impl Test {
    fn holds(&self, value: Option<&Value>) -> Option<bool> {
        let value = value.filter(|value| !value.is_null());
        match self {
            Self::IsNull => Some(value.is_none()),
            Self::Compare(operator, literal) => Some(operator.admits(literal.order(value?)?)),
            Self::Contains(part) => Some(value?.as_str()?.to_lowercase().contains(part.as_str())),
            Self::Like(pattern) => Some(matches(pattern, &value?.as_str()?.to_lowercase())),
            Self::In { numbers, others } => {
                let value = value?;
                let among = decimal(value).is_some_and(|number| numbers.contains(&number));
                Some(among || others.iter().any(|literal| literal.order(value) == Some(Ordering::Equal)))
            }
        }
    }
}

impl Operator {
    fn admits(self, order: Ordering) -> bool {
        match self {
            Self::Equal => order.is_eq(),
            Self::NotEqual => order.is_ne(),
            Self::Less => order.is_lt(),
            Self::LessOrEqual => order.is_le(),
            Self::Greater => order.is_gt(),
            Self::GreaterOrEqual => order.is_ge(),
        }
    }
}

impl Literal {
    /// How a record's value stands to this literal; none when they cannot be compared.
    fn order(&self, value: &Value) -> Option<Ordering> {
        match self {
            Self::Text(text) => Some(value.as_str()?.to_lowercase().cmp(text)),
            Self::Number(number) => Some(decimal(value)?.cmp(number)),
            Self::Date(date) => Some(date_time(value.as_str()?)?.cmp(date)),
            Self::Truth(truth) => Some(value.as_bool()?.cmp(truth)),
            Self::Null => None,
        }
    }
}

/// Three-valued AND: false beats unknown, unknown beats true.
fn all(parts: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let mut known = true;
    for part in parts {
        match part {
            Some(false) => return Some(false),
            Some(true) => {}
            None => known = false,
        }
    }
    known.then_some(true)
}

/// The value at a path such as `company`, `id`.
pub(super) fn value_at<'a>(record: &'a Wire, path: &[String]) -> Option<&'a Value> {
    let (head, rest) = path.split_first()?;
    rest.iter().try_fold(record.get(head)?, |value, name| value.get(name))
}

/// An exact number from JSON.
pub(super) fn decimal(value: &Value) -> Option<Decimal> {
    let Value::Number(number) = value else {
        return None;
    };
    let text = number.as_str();
    Decimal::from_str_exact(text).or_else(|_| Decimal::from_scientific(text)).ok()
}

/// A date in one of the forms accepted in brackets and in records, with or without a time.
pub(super) fn date_time(text: &str) -> Option<NaiveDateTime> {
    let text = text.trim_end_matches(['Z', 'z']);
    let midnight = || format!("{text}T00:00:00");
    ["%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S"]
        .iter()
        .find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())
        .or_else(|| NaiveDateTime::parse_from_str(&midnight(), "%Y-%m-%dT%H:%M:%S").ok())
}

/// Whether lower-case text fits a lower-case pattern with `*` and `%`.
fn matches(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split(['*', '%']);
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else {
        return false;
    };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else {
        return rest.is_empty();
    };
    for part in parts {
        let Some(place) = rest.find(part) else {
            return false;
        };
        rest = &rest[place + part.len()..];
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests;
