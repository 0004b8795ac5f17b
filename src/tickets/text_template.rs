//! Texts with tokens: `[customer]`. A token that does not exist is an error when the configuration is read.

use std::fmt;

/// A text with holes, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template(Vec<Piece>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    Token(Token),
}

macro_rules! tokens {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)*) => {
        /// What a template may ask for.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Token {
            $($(#[$doc])* $name,)*
        }

        impl Token {
            /// Every token there is.
            pub const ALL: &'static [Token] = &[$(Token::$name,)*];

            /// Its name, without brackets.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Token::$name => $text,)*
                }
            }
        }
    };
}

tokens! {
    /// The integration's name.
    Integration = "integration",
    /// The kind of the subject.
    Kind = "kind",
    /// What it is about, in a few words.
    Subject = "subject",
    /// The customer, as the export names it.
    Customer = "customer",
    /// The service, as the export names it.
    Service = "service",
    /// The company's record id.
    Company = "company",
    /// The agreement's record id.
    Agreement = "agreement",
    /// The product's identifier.
    Product = "product",
    /// What ConnectWise held when the plan was drawn.
    Was = "was",
    /// What follows from the counts.
    Wanted = "wanted",
    /// What ConnectWise holds as far as the run knows.
    Now = "now",
    /// The finding's code.
    Reason = "reason",
    /// The finding's sentence.
    Message = "message",
    /// What to do about it.
    Fix = "fix",
    /// The item as a mail shows it.
    Mail = "mail",
    /// The run's number.
    Run = "run",
    /// The handle that commands take.
    Handle = "handle",
    /// The day of the run.
    Date = "date",
    /// Since when the ticket is there; in a new one the day of the run.
    Since = "since",
}

/// What in a template has no meaning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadToken {
    /// As it was written.
    pub text: String,
    /// Whether it has no end.
    pub open: bool,
}

impl Template {
    /// Reads a template. `[[` is a bracket.
    ///
    /// # Errors
    /// The first bracket that begins no token.
    pub fn parse(text: &str) -> Result<Self, BadToken> {
        let (mut pieces, mut literal, mut rest) = (Vec::new(), String::new(), text);
        while let Some(at) = rest.find('[') {
            literal.push_str(&rest[..at]);
            rest = &rest[at + 1..];
            if let Some(after) = rest.strip_prefix('[') {
                literal.push('[');
                rest = after;
                continue;
            }
            let Some(end) = rest.find(']') else {
                return Err(BadToken { text: format!("[{rest}"), open: true });
            };
            let (name, after) = (&rest[..end], &rest[end + 1..]);
            let token = Token::ALL.iter().find(|token| token.as_str() == name);
            let token = *token.ok_or_else(|| BadToken { text: format!("[{name}]"), open: false })?;
            if !literal.is_empty() {
                pieces.push(Piece::Text(std::mem::take(&mut literal)));
            }
            pieces.push(Piece::Token(token));
            rest = after;
        }
        literal.push_str(rest);
        if !literal.is_empty() {
            pieces.push(Piece::Text(literal));
        }
        Ok(Self(pieces))
    }

    /// The text with every hole filled. A value is never read as a template.
    pub fn fill(&self, value: impl Fn(Token) -> String) -> String {
        self.fill_lines(|token| Some(value(token)), "")
    }

    /// The same, where a token may have no value: `none` stands for it, and a line of the template that has tokens, and a
    /// value for none of them, is left out.
    pub fn fill_lines(&self, value: impl Fn(Token) -> Option<String>, none: &str) -> String {
        let (mut all, mut line) = (String::new(), TemplateLine::default());
        for piece in &self.0 {
            match piece {
                Piece::Token(token) => line.push(value(*token), none),
                Piece::Text(text) => {
                    let mut parts = text.split('\n');
                    line.text.push_str(parts.next().unwrap_or_default());
                    for part in parts {
                        std::mem::take(&mut line).end(&mut all, "\n");
                        line.text.push_str(part);
                    }
                }
            }
        }
        line.end(&mut all, "");
        all
    }
}

/// One line of a template while it is filled.
#[derive(Default)]
struct TemplateLine {
    text: String,
    tokens: usize,
    values: usize,
}

impl TemplateLine {
    fn push(&mut self, value: Option<String>, none: &str) {
        self.tokens += 1;
        self.values += usize::from(value.is_some());
        self.text.push_str(value.as_deref().unwrap_or(none));
    }

    fn end(self, all: &mut String, by: &str) {
        if self.tokens == 0 || self.values > 0 {
            all.push_str(&self.text);
            all.push_str(by);
        }
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}]", self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(text: &str) -> String {
        Template::parse(text).expect("a template").fill(|token| format!("<{}>", token.as_str()))
    }

    #[test]
    fn tokens_are_filled_and_brackets_can_be_written() {
        assert_eq!(filled("a [customer]/[was] z"), "a <customer>/<was> z");
        assert_eq!(filled("[[customer] and ]"), "[customer] and ]");
        assert_eq!(filled(""), "");
        for token in Token::ALL {
            assert_eq!(filled(&token.to_string()), format!("<{}>", token.as_str()));
        }
    }

    /// Otherwise a customer named `[fix]` would write our text, or loop.
    #[test]
    fn a_value_is_never_a_template() {
        let template = Template::parse("[customer]").expect("a template");
        assert_eq!(template.fill(|_| "[customer] [[ [x]".to_owned()), "[customer] [[ [x]");
    }

    #[test]
    fn what_is_no_token_is_named() {
        for (text, bad, open) in [
            ("x [custmer]", "[custmer]", false),
            ("[Customer]", "[Customer]", false),
            ("a [b", "[b", true),
            ("[]", "[]", false),
        ] {
            assert_eq!(Template::parse(text), Err(BadToken { text: bad.to_owned(), open }));
        }
    }
}
