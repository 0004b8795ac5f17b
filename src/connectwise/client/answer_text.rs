//! ConnectWise's own words, made fit to be shown: allow-listed fields only, one line, no secret, no money.

use http::header::CONTENT_TYPE;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use crate::connectwise::client::transport::HttpAnswer;
use crate::reconcile::model::display_text::escaped;

/// Takes the client's secrets out of a text.
pub(crate) struct Censor {
    secrets: Vec<SecretString>,
}

/// Longer texts are cut: they go into one line of a report.
const CHARS_MAX: usize = 300;
/// A message that names one of these is about money.
const MONEY: &[&str] = &["price", "cost", "margin", "amount"];
/// A number with one of these is money.
const CURRENCIES: &[char] = &['$', '€', '£', '¥'];
const REDACTED: &str = "[redacted]";

/// What a refusal's body tells beside its status. It chooses the advice that is given, and nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sign {
    /// Nothing more.
    Plain,
    /// Its router did not know where to go: a plain text that looks like bad keys and is not (seen in the field).
    Unroutable,
    /// It was asked over http, or at the host that people log in at (ConnectWise developer guide).
    NeedsTls,
    /// The key is unknown, or its role is too small (seen in the field).
    NotAuthenticated,
    /// A page: something on the way answered.
    Page,
}

impl Sign {
    pub(crate) fn of(answer: &HttpAnswer) -> Self {
        let kind =
            answer.headers.get(CONTENT_TYPE).map(|kind| kind.as_bytes().to_ascii_lowercase()).unwrap_or_default();
        if kind.starts_with(b"text/html") {
            return Sign::Page;
        }
        let body = String::from_utf8_lossy(&answer.body).to_ascii_lowercase();
        match () {
            () if body.contains("cannot route") => Sign::Unroutable,
            () if body.contains("ssl is required") => Sign::NeedsTls,
            () if body.contains("usernotauthenticated") => Sign::NotAuthenticated,
            () => Sign::Plain,
        }
    }
}

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
    pub(crate) fn reason(&self, body: &[u8]) -> String {
        match serde_json::from_slice::<ErrorBody>(body) {
            Ok(error) => self.one_line(&error.words()),
            Err(_) if body.is_empty() => "no reason given".to_owned(),
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
        if words.is_empty() { "no reason given".to_owned() } else { words.join("; ") }
    }
}

/// In a text about money the numbers go; the words stay, because they say what is to be mended.
fn without_money(text: &str) -> String {
    let folded = text.to_lowercase();
    let about_money = MONEY.iter().any(|money| folded.contains(money));
    let has_sign = |word: &str| word.contains(|c| CURRENCIES.contains(&c));
    let words = text.split(' ').map(|word| {
        let is_number = word.contains(char::is_numeric);
        if is_number && (about_money || has_sign(word)) { REDACTED } else { word }
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
        Censor::new(vec!["k-private".into(), "bXNwK2s=".into()]).reason(body.as_bytes())
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
        assert_eq!(said(""), "no reason given");
        assert_eq!(said("{}"), "no reason given");
    }

    /// Otherwise a server that echoes what it got would put the key into the report and the mail.
    #[test]
    fn secrets_sums_and_other_fields_are_not_shown() {
        let text = said(r#"{"message":"bad key k-private in Basic bXNwK2s=","unitPrice":12.5,"stack":"C:\\x"}"#);
        assert_eq!(text, "bad key [redacted] in Basic [redacted]");
        assert_eq!(
            said(r#"{"message":"unitPrice 12.50 is below Cost: 13"}"#),
            "unitPrice [redacted] is below Cost: [redacted]"
        );
        assert_eq!(said(r#"{"message":"at most $5 of 17"}"#), "at most [redacted] of 17");
    }

    /// Otherwise nobody could tell what ConnectWise asks for.
    #[test]
    fn the_words_around_a_sum_stay() {
        let body = r#"{"code":"InvalidObject","message":"Cost Center custom field is required"}"#;
        assert_eq!(said(body), "InvalidObject; Cost Center custom field is required");
    }

    /// Otherwise an answer could forge lines in a log, or hide what it says.
    #[test]
    fn one_line_of_plain_characters() {
        assert_eq!(said(r#"{"message":"a\nlevel=error\u001b[2J\u202eb"}"#), "a\\nlevel=error\\u{1b}[2J\\u{202e}b");
        let long = said(&format!(r#"{{"message":"{}"}}"#, "é".repeat(1000)));
        assert_eq!(long.chars().count(), 300);
    }
}
