//! Texts that stand for several: a regular expression, or one with `*` and `?` in it.

use regex::Regex;

/// A regular expression that compares by its text.
#[derive(Debug, Clone)]
pub struct Pattern {
    /// As the operator wrote it.
    pub written: String,
    /// As it is tried.
    pub regex: Regex,
}

impl Pattern {
    /// A regular expression.
    pub fn regex(written: &str) -> Result<Self, regex::Error> {
        Ok(Self { written: written.to_owned(), regex: Regex::new(written)? })
    }

    /// A text in which `*` is any text and `?` any character. Everything else is meant as it stands, brackets too:
    /// products are called `Business [Annual]`.
    pub fn glob(written: &str) -> Self {
        Self::globbed(written, "(?s)")
    }

    /// The same for a file's name, where `.CSV` is `.csv`.
    pub fn file_glob(written: &str) -> Self {
        Self::globbed(written, "(?si)")
    }

    fn globbed(written: &str, flags: &str) -> Self {
        let any = regex::escape(written).replace("\\*", ".*").replace("\\?", ".");
        let regex = Regex::new(&format!("{flags}\\A{any}\\z")).expect("an escaped text is a regular expression");
        Self { written: written.to_owned(), regex }
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.regex.as_str() == other.regex.as_str()
    }
}

impl Eq for Pattern {}
