//! ConnectWise's own words, made fit to be shown: allow-listed fields only, one line, no secret, no money.

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use crate::reconcile::model::display_text::escaped;

/// Takes the client's secrets out of a text.
pub(crate) struct Censor {
    secrets: Vec<SecretString>,
}

/// Longer texts are cut: they go into one line of a report.
const CHARS_MAX: usize = 300;
/// Fields whose names hold one of these are about money, and so is a message that names one.
const MONEY: &[&str] = &["price", "cost", "margin"];
const REDACTED: &str = "[redacted]";

/// ConnectWise's error body (ConnectWise developer guide); nothing else of it is looked at.
#[derive(Deserialize)]
struct ErrorBody {
    code: Option<String>,
    message: Option<String>,
    errors: Option<Vec<ErrorPart>>,
}

#[derive(Deserialize)]
struct ErrorPart {
    message: Option<String>,
    field: Option<String>,
    resource: Option<String>,
}

impl Censor {
    pub(crate) fn new(secrets: Vec<SecretString>) -> Self {
        Self { secrets }
    }

    /// What an error body says.
    pub(crate) fn said(&self, body: &[u8]) -> String {
        match serde_json::from_slice::<ErrorBody>(body) {
            Ok(error) => self.one_line(&error.words()),
            Err(_) if body.is_empty() => "no word of why".to_owned(),
            Err(_) => "an answer that is not ConnectWise's JSON".to_owned(),
        }
    }

    /// A text on one line, without secrets and sums, at most 300 characters long.
    pub(crate) fn one_line(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for secret in &self.secrets {
            text = text.replace(secret.expose_secret(), REDACTED);
        }
        cut(&escaped(&without_money(&text)))
    }
}

impl ErrorBody {
    fn words(&self) -> String {
        let mut words: Vec<String> = [&self.code, &self.message].into_iter().flatten().cloned().collect();
        for part in self.errors.iter().flatten() {
            let place: Vec<&str> = [&part.resource, &part.field].into_iter().flatten().map(String::as_str).collect();
            let message = part.message.as_deref().unwrap_or("not good");
            words.push(if place.is_empty() { message.to_owned() } else { format!("{}: {message}", place.join(".")) });
        }
        if words.is_empty() { "no word of why".to_owned() } else { words.join("; ") }
    }
}

/// Money words go, and so does every number beside them.
fn without_money(text: &str) -> String {
    let is_money = |word: &str| {
        let word = word.to_lowercase();
        MONEY.iter().any(|money| word.contains(money))
    };
    if !is_money(text) {
        return text.to_owned();
    }
    let words = text.split(' ').map(|word| {
        let sum = word.contains(|c: char| c.is_numeric());
        if sum || is_money(word) { REDACTED } else { word }
    });
    words.collect::<Vec<_>>().join(" ")
}

fn cut(line: &str) -> String {
    match line.char_indices().nth(CHARS_MAX) {
        None => line.to_owned(),
        Some(_) => line.chars().take(CHARS_MAX - 1).chain(['…']).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(body: &str) -> String {
        Censor::new(vec!["k-private".into(), "bXNwK2s=".into()]).said(body.as_bytes())
    }

    #[test]
    fn the_reason_is_kept() {
        let body = r#"{"code":"InvalidObject","message":"Addition object is invalid","errors":[{"code":"X",
            "message":"cannot be less than the start date","resource":"Addition","field":"effectiveDate"}]}"#;
        assert_eq!(
            said(body),
            "InvalidObject; Addition object is invalid; Addition.effectiveDate: cannot be less than the start date"
        );
        assert_eq!(said(r#"{"error":"ConnectWiseAPI","message":"Too many requests."}"#), "Too many requests.");
        assert_eq!(said("<html>"), "an answer that is not ConnectWise's JSON");
        assert_eq!(said(""), "no word of why");
        assert_eq!(said("{}"), "no word of why");
    }

    /// Otherwise a server that echoes what it got would put the key into the report and the mail.
    #[test]
    fn secrets_sums_and_other_fields_are_not_shown() {
        let text = said(r#"{"message":"bad key k-private in Basic bXNwK2s=","unitPrice":12.5,"stack":"C:\\x"}"#);
        assert_eq!(text, "bad key [redacted] in Basic [redacted]");
        assert_eq!(
            said(r#"{"message":"unitPrice 12.50 is below Cost: 13"}"#),
            "[redacted] [redacted] is below [redacted] [redacted]"
        );
    }

    /// Otherwise an answer could forge lines in a log, or hide what it says.
    #[test]
    fn one_line_of_plain_characters() {
        assert_eq!(said(r#"{"message":"a\nlevel=error\u001b[2J\u202eb"}"#), "a\\nlevel=error\\u{1b}[2J\\u{202e}b");
        let long = said(&format!(r#"{{"message":"{}"}}"#, "é".repeat(1000)));
        assert_eq!(long.chars().count(), 300);
    }
}
