//! Where an answer comes from: what was typed behind the command, a person at the terminal, or the proposal.

use std::io::{BufRead, Write};

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

use crate::cli::error::CommandError;
use crate::reconcile::model::display_text::shown;
use crate::report::exit_codes::Exit;

/// A first plan is at most so many answers away.
const QUESTIONS: usize = 8;

/// One thing that has to be known.
#[derive(Debug, Clone, Copy)]
pub(in crate::cli::commands) struct Question<'a> {
    /// How it is given behind the command: `--company`.
    pub(super) flag: &'static str,
    /// What a person is asked.
    pub(super) text: &'a str,
    /// What was given.
    pub(super) given: Option<&'a str>,
    /// What is taken when nothing else is said; shown to the person.
    pub(super) proposal: Option<&'a str>,
    /// The answer may be a secret, perhaps by mistake: it is not repeated, and not shown while it is typed.
    pub(super) unseen: bool,
}

impl<'a> Question<'a> {
    pub(in crate::cli::commands) fn new(flag: &'static str, text: &'a str, given: Option<&'a String>) -> Self {
        Self { flag, text, given: given.map(String::as_str), proposal: None, unseen: false }
    }

    pub(in crate::cli::commands) fn or(self, proposal: &'a str) -> Self {
        Self { proposal: Some(proposal), ..self }
    }

    pub(super) fn unseen(self) -> Self {
        Self { unseen: true, ..self }
    }
}

/// Asks, or notes what is missing.
pub(in crate::cli::commands) struct Asker<'a> {
    /// A person, if there is one.
    terminal: Option<(&'a mut dyn BufRead, &'a mut dyn Write)>,
    missing: Vec<&'static str>,
    /// Questions that a person answered.
    answered: usize,
}

impl<'a> Asker<'a> {
    /// Nobody is there: every answer was given, or is the proposal.
    pub(super) fn silent() -> Self {
        Self { terminal: None, missing: Vec::new(), answered: 0 }
    }

    pub(super) fn of(input: &'a mut dyn BufRead, output: &'a mut dyn Write) -> Self {
        Self { terminal: Some((input, output)), missing: Vec::new(), answered: 0 }
    }

    /// Whether a person is there to be asked.
    pub(super) fn is_heard(&self) -> bool {
        self.terminal.is_some()
    }

    /// How many more questions a person may be asked.
    pub(super) fn questions_left(&self) -> usize {
        if self.is_heard() { QUESTIONS.saturating_sub(self.answered) } else { 0 }
    }

    /// Tells a person something between two questions.
    pub(super) fn say(&mut self, text: &str) {
        if let Some((_, output)) = &mut self.terminal {
            // As with questions: a terminal that does not show it ends the talk at the next line.
            let _ = output.write_all(text.as_bytes());
        }
    }

    /// The answer, checked. `None`: nobody gave one, which [`Asker::complete`] tells.
    ///
    /// # Errors
    /// An answer that was given and cannot be, or a person who went away.
    pub(super) fn ask<T>(
        &mut self,
        question: Question<'_>,
        check: impl Fn(&str) -> Result<T, String>,
    ) -> Result<Option<T>, CommandError> {
        if let Some(given) = question.given {
            return check(given.trim()).map(Some).map_err(|why| refused(question, given, &why));
        }
        match (&mut self.terminal, question.proposal) {
            (Some((input, output)), _) => {
                let answer = talk(*input, *output, question, &check)?;
                self.answered += 1;
                Ok(Some(answer))
            }
            (None, Some(proposal)) => check(proposal).map(Some).map_err(|why| refused(question, proposal, &why)),
            (None, None) => {
                self.missing.push(question.flag);
                Ok(None)
            }
        }
    }

    /// What was given, else the proposal: it is said in the end, and no question is spent on it.
    pub(super) fn settle<T>(
        &mut self,
        question: Question<'_>,
        check: impl Fn(&str) -> Result<T, String>,
    ) -> Result<Option<T>, CommandError> {
        let answer = question.given.or(question.proposal).unwrap_or_default().trim();
        check(answer).map(Some).map_err(|why| refused(question, answer, &why))
    }

    /// Says what nobody gave.
    pub(in crate::cli::commands) fn complete(&self) -> Result<(), CommandError> {
        if self.missing.is_empty() {
            return Ok(());
        }
        let message = format!("not running in a terminal, and nothing gives {}", self.missing.join(", "));
        Err(CommandError::new(
            Exit::Usage,
            message,
            "give these options, or run the same command in a terminal, where it asks",
        ))
    }
}

fn refused(question: Question<'_>, answer: &str, why: &str) -> CommandError {
    let answer = if question.unseen { String::new() } else { format!(" \"{}\"", shown(answer)) };
    CommandError::new(Exit::Usage, format!("{}{answer}: {why}", question.flag), "recount init --help")
}

fn talk<T>(
    input: &mut dyn BufRead,
    output: &mut dyn Write,
    question: Question<'_>,
    check: &impl Fn(&str) -> Result<T, String>,
) -> Result<T, CommandError> {
    loop {
        let proposal = question.proposal.map(|proposal| format!(" [{}]", shown(proposal))).unwrap_or_default();
        // A terminal that does not show the question ends the talk at the next line.
        let _ = write!(output, "{}{proposal}: ", question.text).and_then(|()| output.flush());
        let mut line = String::new();
        let hidden = question.unseen.then(Unechoed::begin).flatten();
        let read = input.read_line(&mut line);
        if hidden.is_some() {
            let _ = writeln!(output);
        }
        drop(hidden);
        if !matches!(read, Ok(1..)) {
            let fix = "give the answers as options: recount init --help";
            return Err(CommandError::new(Exit::Usage, "the input ended before every question was answered", fix));
        }
        let answer = match (line.trim(), question.proposal) {
            ("", Some(proposal)) => proposal,
            (answer, _) => answer,
        };
        match check(answer) {
            Ok(answer) => return Ok(answer),
            Err(why) => drop(writeln!(output, "  {why}")),
        }
    }
}

/// While it lives, the terminal does not show what is typed or pasted.
struct Unechoed(Termios);

impl Unechoed {
    /// `None` where the input is no terminal.
    fn begin() -> Option<Self> {
        let before = tcgetattr(std::io::stdin()).ok()?;
        let mut without = before.clone();
        without.local_modes.remove(LocalModes::ECHO);
        tcsetattr(std::io::stdin(), OptionalActions::Now, &without).ok()?;
        Some(Self(before))
    }
}

impl Drop for Unechoed {
    fn drop(&mut self) {
        // A terminal that is gone shows nothing anyhow.
        let _ = tcsetattr(std::io::stdin(), OptionalActions::Now, &self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Result<u8, String> {
        text.parse().map_err(|_| "is no number".to_owned())
    }

    /// Whoever mistypes an answer is asked again, and loses nothing of what was said before.
    #[test]
    fn a_person_is_asked_until_the_answer_fits() {
        let (mut input, mut output) = ("x\n\n7\n".as_bytes(), Vec::new());
        let mut asker = Asker::of(&mut input, &mut output);
        let question = Question::new("--many", "How many", None);
        assert_eq!(asker.ask(question.or("3"), number).expect("an answer"), Some(3));
        assert_eq!(asker.ask(question, number).expect("an answer"), Some(7));
        assert!(asker.ask(question, number).is_err(), "the input has ended");
        let said = String::from_utf8(output).expect("text");
        assert_eq!(said, "How many [3]: x\n".replace('x', "  is no number") + "How many [3]: How many: How many: ");
    }

    /// A script that forgot two answers is told of both, and a key in the wrong place is not shown.
    #[test]
    fn without_a_person_all_that_is_missing_is_named() {
        let mut asker = Asker::silent();
        let given = "hunter2".to_owned();
        assert_eq!(asker.ask(Question::new("--one", "", None), number).expect("noted"), None);
        assert_eq!(asker.ask(Question::new("--two", "", None).or("2"), number).expect("proposed"), Some(2));
        assert_eq!(asker.ask(Question::new("--three", "", None), number).expect("noted"), None);
        let error = asker.complete().expect_err("two are missing");
        assert!(error.message.ends_with("--one, --three") && error.exit == Exit::Usage, "{error:?}");
        let refused = asker.ask(Question::new("--key", "", Some(&given)).unseen(), number).expect_err("no number");
        assert!(!format!("{refused:?}").contains("hunter2"), "{refused:?}");
    }
}
