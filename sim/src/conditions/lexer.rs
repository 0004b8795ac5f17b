//! Words of a filter.

use rust_decimal::Decimal;

use super::{Literal, Operator, date_time};
use crate::refusal::Refusal;

/// One word of a filter.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    Name(String),
    Literal(Literal),
    Operator(Operator),
    And,
    Or,
    Not,
    Like,
    Contains,
    In,
    Open,
    Close,
    Comma,
}

/// Splits a filter into words.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, Refusal> {
    let mut rest = text.trim_start();
    let mut found = Vec::new();
    while let Some(first) = rest.chars().next() {
        let (token, length) = token(first, rest)?;
        found.push(token);
        rest = rest[length..].trim_start();
    }
    Ok(found)
}

/// The first word, and its length in bytes.
fn token(first: char, rest: &str) -> Result<(Token, usize), Refusal> {
    match first {
        '(' => Ok((Token::Open, 1)),
        ')' => Ok((Token::Close, 1)),
        ',' => Ok((Token::Comma, 1)),
        '"' | '\'' => quoted(first, rest),
        '[' => bracketed(rest),
        '0'..='9' | '-' => number(rest),
        '=' | '!' | '<' | '>' => operator(rest),
        _ if first.is_ascii_alphabetic() || first == '_' => Ok(word(rest)),
        _ => Err(unexpected(rest)),
    }
}

fn quoted(quote: char, rest: &str) -> Result<(Token, usize), Refusal> {
    let end = rest[1..].find(quote).ok_or_else(|| Refusal::condition("String in conditions is not closed."))?;
    let text = rest[1..=end].to_lowercase();
    Ok((Token::Literal(Literal::Text(text)), end + 2))
}

fn bracketed(rest: &str) -> Result<(Token, usize), Refusal> {
    let end = rest.find(']').ok_or_else(|| unexpected(rest))?;
    let inner = &rest[1..end];
    let date = date_time(inner).ok_or_else(|| Refusal::condition(format!("{inner} is not a recognized date.")))?;
    Ok((Token::Literal(Literal::Date(date)), end + 1))
}

fn number(rest: &str) -> Result<(Token, usize), Refusal> {
    let length = rest.find(|c: char| !(c.is_ascii_digit() || c == '.' || c == '-')).unwrap_or(rest.len());
    let value = Decimal::from_str_exact(&rest[..length]).map_err(|_| unexpected(rest))?;
    Ok((Token::Literal(Literal::Number(value)), length))
}

fn operator(rest: &str) -> Result<(Token, usize), Refusal> {
    let known = [
        ("!=", Operator::NotEqual),
        ("<=", Operator::LessOrEqual),
        (">=", Operator::GreaterOrEqual),
        ("=", Operator::Equal),
        ("<", Operator::Less),
        (">", Operator::Greater),
    ];
    let found = known.iter().find(|(sign, _)| rest.starts_with(sign)).ok_or_else(|| unexpected(rest))?;
    Ok((Token::Operator(found.1), found.0.len()))
}

fn word(rest: &str) -> (Token, usize) {
    let length = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '/')).unwrap_or(rest.len());
    let word = &rest[..length];
    let token = match word.to_ascii_lowercase().as_str() {
        "and" => Token::And,
        "or" => Token::Or,
        "not" => Token::Not,
        "like" => Token::Like,
        "contains" => Token::Contains,
        "in" => Token::In,
        "true" => Token::Literal(Literal::Truth(true)),
        "false" => Token::Literal(Literal::Truth(false)),
        "null" => Token::Literal(Literal::Null),
        _ => Token::Name(word.to_owned()),
    };
    (token, length)
}

fn unexpected(rest: &str) -> Refusal {
    let near: String = rest.chars().take(20).collect();
    Refusal::condition(format!("Conditions are not valid near '{near}'."))
}
