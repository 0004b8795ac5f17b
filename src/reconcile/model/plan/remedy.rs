//! What a person can do about a matter: a type, so that nothing has to look into a sentence to know what it asks for.
//!
//! Each surface renders it in its own way: one way a line where there is room for lines ([`Remedy::lines`]), one text
//! where there is not (`Display`). In neither form do two commands make a pipeline: pasted into a shell, that would run
//! both.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What to do. Its texts are boxed, because errors carry it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Remedy {
    /// Nothing is said.
    #[default]
    Unsaid,
    /// A command, as it is typed.
    Command(Box<str>),
    /// A file is changed.
    Edit {
        /// The file.
        file: EditedFile,
        /// How: `correct company_id`.
        change: Box<str>,
    },
    /// Something is done in ConnectWise by hand: `renew the agreement`.
    ConnectWise(Box<str>),
    /// Nothing is to be done, and why.
    Nothing(Box<str>),
    /// Whatever is none of these.
    Words(Box<str>),
    /// One of them is enough.
    AnyOf(Box<[Remedy]>),
    /// Each of them, in this order.
    InTurn(Box<[Remedy]>),
    /// With a remark.
    Noted(Box<(Remedy, String)>),
}

/// A file that an operator changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EditedFile {
    /// The configuration.
    Settings,
    /// Whose customers they are.
    Customers,
    /// The vendor's file.
    Export,
}

/// One line of a remedy, where each has its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RemedyLine<'a> {
    /// A command, and nothing else.
    Command(&'a str),
    /// A sentence.
    Words(String),
}

impl Remedy {
    /// A command, as it is typed.
    pub fn command(typed: impl Into<String>) -> Self {
        Self::Command(typed.into().into())
    }

    /// A change of recount.toml.
    pub fn settings(change: impl Into<String>) -> Self {
        Self::Edit { file: EditedFile::Settings, change: change.into().into() }
    }

    /// A change of customers.csv.
    pub fn customers(change: impl Into<String>) -> Self {
        Self::Edit { file: EditedFile::Customers, change: change.into().into() }
    }

    /// A change of the export.
    pub fn export(change: impl Into<String>) -> Self {
        Self::Edit { file: EditedFile::Export, change: change.into().into() }
    }

    /// Something that is done in ConnectWise by hand.
    pub fn in_connectwise(action: impl Into<String>) -> Self {
        Self::ConnectWise(action.into().into())
    }

    /// Nothing is to be done, and why.
    pub fn nothing(why: impl Into<String>) -> Self {
        Self::Nothing(why.into().into())
    }

    /// One of several.
    pub fn any_of(ways: impl IntoIterator<Item = Self>) -> Self {
        ways.into_iter().fold(Self::Unsaid, Self::or)
    }

    /// One after another.
    pub fn in_turn(steps: impl IntoIterator<Item = Self>) -> Self {
        Self::InTurn(steps.into_iter().collect())
    }

    /// This, or the other; what was said already is not said again.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        match (self, other) {
            (only, Self::Unsaid) | (Self::Unsaid, only) => only,
            (first, Self::AnyOf(more)) => more.into_vec().into_iter().fold(first, Self::or),
            (Self::AnyOf(ways), other) if ways.contains(&other) => Self::AnyOf(ways),
            (Self::AnyOf(ways), other) => Self::AnyOf(ways.into_vec().into_iter().chain([other]).collect()),
            (first, other) if first == other => first,
            (first, other) => Self::AnyOf(Box::new([first, other])),
        }
    }

    /// The same with a remark.
    #[must_use]
    pub fn noting(self, note: impl Into<String>) -> Self {
        match self {
            Self::Unsaid => note.into().into(),
            said => Self::Noted(Box::new((said, note.into()))),
        }
    }

    /// The same, with this behind each command: the options without which it would be another installation's.
    #[must_use]
    pub fn with_each_command(&self, more: &str) -> Self {
        let each = |parts: &[Self]| parts.iter().map(|part| part.with_each_command(more)).collect();
        match self {
            Self::Command(typed) => Self::command(format!("{typed}{more}")),
            Self::AnyOf(parts) => Self::AnyOf(each(parts)),
            Self::InTurn(parts) => Self::InTurn(each(parts)),
            Self::Noted(noted) => Self::Noted(Box::new((noted.0.with_each_command(more), noted.1.clone()))),
            said => said.clone(),
        }
    }

    /// Whether nothing is said.
    pub fn is_empty(&self) -> bool {
        *self == Self::Unsaid
    }

    /// One way a line: a command stands alone in its line, so that it can be copied as it is.
    pub fn lines(&self) -> Vec<RemedyLine<'_>> {
        match self {
            Self::Unsaid => Vec::new(),
            Self::Command(typed) => vec![RemedyLine::Command(typed)],
            Self::AnyOf(parts) | Self::InTurn(parts) if self.has_command() => {
                parts.iter().flat_map(Self::lines).collect()
            }
            Self::Noted(noted) if noted.0.has_command() => {
                noted.0.lines().into_iter().chain([RemedyLine::Words(noted.1.clone())]).collect()
            }
            _ => vec![RemedyLine::Words(self.to_string())],
        }
    }

    /// Its commands, each as it is typed.
    pub fn commands(&self) -> Vec<&str> {
        let typed = self.lines().into_iter().filter_map(|line| match line {
            RemedyLine::Command(typed) => Some(typed),
            RemedyLine::Words(_) => None,
        });
        typed.collect()
    }

    fn has_command(&self) -> bool {
        match self {
            Self::Command(_) => true,
            Self::AnyOf(parts) | Self::InTurn(parts) => parts.iter().any(Self::has_command),
            Self::Noted(noted) => noted.0.has_command(),
            _ => false,
        }
    }
}

impl From<String> for Remedy {
    fn from(words: String) -> Self {
        if words.is_empty() { Self::Unsaid } else { Self::Words(words.into()) }
    }
}

impl From<&str> for Remedy {
    fn from(words: &str) -> Self {
        words.to_owned().into()
    }
}

impl From<&String> for Remedy {
    fn from(words: &String) -> Self {
        words.clone().into()
    }
}

impl fmt::Display for Remedy {
    /// In one text.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unsaid => Ok(()),
            Self::Command(text) | Self::Words(text) => f.write_str(text),
            Self::Edit { file, change } => write!(f, "{change} in {file}"),
            Self::ConnectWise(action) => write!(f, "{action} in ConnectWise"),
            Self::Nothing(why) => write!(f, "nothing: {why}"),
            Self::AnyOf(ways) => joined(f, ways, if self.has_command() { "; or " } else { ", or " }),
            Self::InTurn(steps) => joined(f, steps, ", then "),
            Self::Noted(noted) => write!(f, "{}; {}", noted.0, noted.1),
        }
    }
}

fn joined(f: &mut fmt::Formatter<'_>, parts: &[Remedy], by: &str) -> fmt::Result {
    for (at, part) in parts.iter().enumerate() {
        if at > 0 {
            f.write_str(by)?;
        }
        write!(f, "{part}")?;
    }
    Ok(())
}

impl fmt::Display for EditedFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Settings => "recount.toml",
            Self::Customers => "customers.csv",
            Self::Export => "the export",
        })
    }
}

impl fmt::Display for RemedyLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Command(typed) => f.write_str(typed),
            Self::Words(words) => f.write_str(words),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Otherwise whoever pastes what is advised would run all of it, and one of several answers stops a bill.
    #[test]
    fn alternatives_are_commands_of_their_own_and_never_a_pipeline() {
        let remedy =
            Remedy::any_of(["accept", "keep", "ignore"].map(|verb| Remedy::command(format!("recount {verb} h1"))));
        let lines: Vec<String> = remedy.lines().iter().map(ToString::to_string).collect();
        assert_eq!(lines, ["recount accept h1", "recount keep h1", "recount ignore h1"]);
        assert_eq!(remedy.commands(), lines);
        assert_eq!(remedy.clone().noting("it may wait").commands(), lines, "a remark is none");
        assert_eq!(remedy.to_string(), "recount accept h1; or recount keep h1; or recount ignore h1");
        let steps = Remedy::in_turn([Remedy::command("recount map suggest"), Remedy::command("recount map add h1 7")]);
        let lines: Vec<String> = steps.lines().iter().map(ToString::to_string).collect();
        assert_eq!(lines, ["recount map suggest", "recount map add h1 7"], "one after another is a line each as well");
        let again = remedy.clone().or(Remedy::command("recount ignore h1"));
        assert_eq!(again, remedy, "one answer is not offered twice");
    }

    #[test]
    fn a_remark_stands_beside_a_command_and_behind_a_sentence() {
        let typed = Remedy::command("recount plan").noting("it takes a minute");
        assert_eq!(
            typed.lines(),
            [RemedyLine::Command("recount plan"), RemedyLine::Words("it takes a minute".to_owned())]
        );
        let ways = [Remedy::customers("name one"), Remedy::in_connectwise("add one")];
        let said = Remedy::any_of(ways).noting("nothing is billed until then");
        let expected = "name one in customers.csv, or add one in ConnectWise; nothing is billed until then";
        assert_eq!(said.lines(), [RemedyLine::Words(expected.to_owned())]);
        assert_eq!((Remedy::from(""), Remedy::Unsaid.lines()), (Remedy::Unsaid, Vec::new()));
    }
}
