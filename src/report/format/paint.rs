//! Colour, where a terminal wants it. Signs and words carry the meaning; colour never does so alone.

use anstyle::{AnsiColor, Style};

/// Whether text is coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Paint {
    /// On a terminal, and nobody said no.
    pub on: bool,
}

impl Paint {
    /// No colour: a file, a pipe, a mail.
    pub const PLAIN: Paint = Paint { on: false };

    /// Good news.
    pub fn good(self, text: &str) -> String {
        self.wrap(AnsiColor::Green.on_default().bold(), text)
    }

    /// Something for a person.
    pub fn ask(self, text: &str) -> String {
        self.wrap(AnsiColor::Yellow.on_default().bold(), text)
    }

    /// Bad news.
    pub fn bad(self, text: &str) -> String {
        self.wrap(AnsiColor::Red.on_default().bold(), text)
    }

    /// A heading.
    pub fn head(self, text: &str) -> String {
        self.wrap(Style::new().bold(), text)
    }

    fn wrap(self, style: Style, text: &str) -> String {
        if self.on { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }
}
