//! What is wrong with a configuration, all of it.

use std::fmt;
use std::fmt::Write as _;
use std::path::PathBuf;

use crate::export::excerpt::Excerpt;
use crate::reconcile::model::display_text::escaped;

/// Every fault that was found, in the order of files and lines. Never empty.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct ConfigErrors(pub Vec<ConfigError>);

/// One fault. `Display` is one line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct ConfigError {
    /// The file.
    pub path: PathBuf,
    /// Its line, from 1.
    pub line: Option<u64>,
    /// The character of the line, from 1.
    pub column: Option<u64>,
    /// What is wrong, and what to do. Never a secret.
    pub message: String,
    /// The text at fault, escaped and cut. Never a secret.
    pub text: Option<String>,
    /// Its line, with that text marked. Never with a secret beside it.
    pub mark: Option<Excerpt>,
}

impl ConfigError {
    /// A fault of a file as a whole.
    pub(in crate::config) fn of_file(path: PathBuf, message: String) -> Self {
        Self { path, line: None, column: None, message, text: None, mark: None }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&escaped(&self.path.to_string_lossy()))?;
        for number in [self.line, self.column].into_iter().flatten() {
            write!(f, ":{number}")?;
        }
        // Messages quote names of the file.
        write!(f, ": {}", escaped(&self.message))?;
        match &self.text {
            Some(text) => write!(f, ": `{text}`"),
            None => Ok(()),
        }
    }
}

impl ConfigErrors {
    /// Every fault with its line, and the text at fault marked there: several lines, each safe to print.
    pub fn drawn(&self) -> String {
        let mut drawn = String::new();
        for error in &self.0 {
            let _ = writeln!(drawn, "{error}");
            if let (Some(line), Some(mark)) = (error.line, &error.mark) {
                drawn.push_str(&mark.drawn(line));
            }
        }
        drawn.truncate(drawn.trim_end().len());
        drawn
    }
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, error) in self.0.iter().enumerate() {
            if number > 0 {
                f.write_str("\n")?;
            }
            error.fmt(f)?;
        }
        Ok(())
    }
}
