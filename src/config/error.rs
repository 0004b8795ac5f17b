//! What is wrong with a configuration, all of it.

use std::fmt;
use std::fmt::Write as _;
use std::path::PathBuf;

use crate::export::excerpt::Excerpt;
use crate::reconcile::model::display_text::{escaped, shell_word};
use crate::reconcile::model::plan::remedy::Remedy;

/// Where an installed service reads its configuration.
const SERVICE_FOLDER: &str = "/etc/recount";
/// Whose group it is.
const SERVICE_GROUP: &str = "recount";

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
    /// Whether this user may not read the file.
    pub is_denied: bool,
}

impl ConfigError {
    /// A fault of a file as a whole.
    pub(in crate::config) fn of_file(path: PathBuf, message: String) -> Self {
        Self { path, line: None, column: None, message, text: None, mark: None, is_denied: false }
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
    /// What to do where a file may not be read, which no change of its text mends; otherwise as given.
    pub fn remedy(&self, otherwise: impl Into<Remedy>) -> Remedy {
        let Some(denied) = self.0.iter().find(|error| error.is_denied) else { return otherwise.into() };
        let file = denied.path.to_string_lossy();
        if !denied.path.starts_with(SERVICE_FOLDER) {
            return format!("let the user that runs recount read {}; then `recount check`", escaped(&file)).into();
        }
        let file = shell_word(&file);
        let typed = [format!("sudo chgrp {SERVICE_GROUP} {file}"), format!("sudo chmod g+r {file}")];
        Remedy::in_turn(typed.map(Remedy::command))
    }

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

#[cfg(test)]
mod tests {
    use super::*;

    fn denied(path: &str) -> ConfigErrors {
        let unreadable = ConfigError::of_file(path.into(), "cannot be read: Permission denied".to_owned());
        ConfigErrors(vec![ConfigError { is_denied: true, ..unreadable }])
    }

    /// Whoever was told to correct the text of a file that the service may not read looked for a fault that is not there.
    #[test]
    fn a_file_that_may_not_be_read_is_not_to_be_corrected() {
        let lines = |errors: &ConfigErrors| {
            errors.remedy("correct it").lines().iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(
            lines(&denied("/etc/recount/recount.toml")),
            ["sudo chgrp recount /etc/recount/recount.toml", "sudo chmod g+r /etc/recount/recount.toml"]
        );
        assert_eq!(
            lines(&denied("/home/pat/recount.toml")),
            ["let the user that runs recount read /home/pat/recount.toml; then `recount check`"]
        );
        let wrong = ConfigErrors(vec![ConfigError::of_file("recount.toml".into(), "is not TOML".to_owned())]);
        assert_eq!(lines(&wrong), ["correct it"]);
    }
}
