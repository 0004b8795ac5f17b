//! What was looked at, as a person or a program reads it; and what comes next.

use serde::Serialize;
use unicode_width::UnicodeWidthStr as _;

use crate::cli::console::Console;
use crate::nightly::night_failure::Failure;
use crate::reconcile::model::display_text::escaped;
use crate::reconcile::model::plan::reason_code::Code;
use crate::reconcile::model::plan::remedy::Remedy;
use crate::report::exit_codes::Exit;
use crate::report::format::json::one_text;
use crate::report::format::paint::Paint;
use crate::report::format::text::{WIDTH, ways, wrapped};

/// Customers that are named in one line.
pub(super) const NAMED: usize = 3;

/// What was looked at, in order.
pub(in crate::cli::commands) struct CheckList {
    pub(super) list: Vec<Check>,
    pub(super) exit: Exit,
    /// Whether no integration is on.
    pub(super) is_idle: bool,
}

/// One thing that has to be in place.
#[derive(Debug, Serialize)]
pub(super) struct Check {
    pub(super) name: String,
    pub(super) status: CheckStatus,
    pub(super) detail: String,
    #[serde(serialize_with = "one_text")]
    pub(super) fix: Remedy,
    /// The detail with the text at fault marked, for a person.
    #[serde(skip)]
    pub(super) drawn: Option<String>,
    /// What kind of matter it is, and whose.
    #[serde(skip)]
    pub(super) about: Option<(Code, String)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum CheckStatus {
    Good,
    /// Not proven, or worth knowing.
    Note,
    Wrong,
}

/// What was found of keys and rights.
#[derive(Debug)]
pub(crate) struct RightsFound {
    /// What an answer, or a night, has proved.
    pub(crate) proved: Vec<String>,
    /// What nobody can say without writing.
    pub(crate) open: Vec<String>,
    /// What is missing, and what helps.
    pub(crate) wrong: Vec<String>,
}

#[derive(Serialize)]
struct Document<'a> {
    checks: &'a [Check],
}

impl CheckList {
    pub(super) fn tell(&self, console: &Console) -> Exit {
        if console.json {
            console.document(self.exit, &Document { checks: &self.list });
        } else {
            self.print(console, "");
        }
        self.exit
    }

    /// For a person; `more` stands behind each command.
    pub(in crate::cli::commands) fn print(&self, console: &Console, more: &str) {
        let alike = self.list.chunk_by(|one, next| one.is_like(next));
        let lines: String = alike.map(|checks| lines(checks, (console.paint, more))).collect();
        console.print(&format!("{lines}\nNext: {}{more}\n", self.next()));
    }

    /// The same for a page, without the integration's name before each.
    pub(super) fn found(&self) -> RightsFound {
        let of = |status: CheckStatus| self.list.iter().filter(move |check| check.status == status);
        // Each begins with the integration's name, which whoever reads this has chosen.
        let what = |check: &Check| check.name.split_once(": ").map_or(check.name.as_str(), |(_, what)| what).to_owned();
        let wrong = |check: &Check| match check.fix.to_string().as_str() {
            "" => format!("{}: {}", what(check), check.detail),
            fix => format!("{}: {}; {fix}", what(check), check.detail),
        };
        RightsFound {
            proved: of(CheckStatus::Good).map(what).collect(),
            open: of(CheckStatus::Note).map(what).collect(),
            wrong: of(CheckStatus::Wrong).map(wrong).collect(),
        }
    }

    pub(super) fn failure(&mut self, name: &str, failure: &Failure) {
        self.wrong(name, failure.exit, failure.finding.message.clone(), failure.finding.fix.clone());
    }

    pub(super) fn good(&mut self, name: &str, detail: String) {
        self.push(name, CheckStatus::Good, detail, "");
    }

    pub(super) fn note(&mut self, name: &str, detail: String) {
        self.push(name, CheckStatus::Note, detail, "");
    }

    pub(super) fn wrong(&mut self, name: &str, exit: Exit, detail: String, fix: impl Into<Remedy>) {
        self.exit = self.exit.worst(exit);
        self.push(name, CheckStatus::Wrong, detail, fix);
    }

    /// What was said last, with the text at fault marked.
    pub(super) fn draw(&mut self, drawn: String) {
        if let Some(check) = self.list.last_mut() {
            check.drawn = Some(drawn);
        }
    }

    fn push(&mut self, name: &str, status: CheckStatus, detail: String, fix: impl Into<Remedy>) {
        self.list.push(Check { name: name.to_owned(), status, detail, fix: fix.into(), drawn: None, about: None });
    }

    /// The one command that helps most now.
    fn next(&self) -> &'static str {
        let any = |code| self.list.iter().any(|check| check.code() == Some(code));
        match self.exit {
            Exit::Done if self.is_idle => "recount integrations",
            Exit::Done => "recount plan",
            Exit::Decide if any(Code::CustomerUnmapped) => "recount map suggest",
            Exit::Decide if any(Code::ServiceUnmapped) => "recount map suggest --services",
            Exit::Decide => "recount plan",
            _ => "fix the items marked ✗, then recount check",
        }
    }
}

/// On a first day nobody is mapped: that is one line, and not one for each customer.
fn lines(checks: &[Check], shown: (Paint, &str)) -> String {
    match checks {
        [first, ..] if checks.len() > NAMED => first.and_all_others(checks).line(shown),
        _ => checks.iter().map(|check| check.line(shown)).collect(),
    }
}

impl Check {
    fn code(&self) -> Option<Code> {
        self.about.as_ref().map(|(code, _)| *code)
    }

    /// Whether one line and one command could answer both.
    fn is_like(&self, next: &Check) -> bool {
        let many = matches!(self.code(), Some(Code::CustomerUnmapped | Code::ServiceUnmapped));
        many && self.code() == next.code() && self.name == next.name
    }

    fn and_all_others(&self, checks: &[Check]) -> Check {
        let names = checks.iter().filter_map(|check| check.about.as_ref()).map(|(_, name)| name.as_str());
        let named: Vec<&str> = names.take(NAMED).map(|name| name.trim_start_matches("service ")).collect();
        let (what, fix) = match self.code() {
            Some(Code::ServiceUnmapped) => ("services", "recount map suggest --services"),
            _ => ("customers", "recount map suggest"),
        };
        let code = self.code().map(|code| format!(" ({code})")).unwrap_or_default();
        let (number, more) = (checks.len(), checks.len() - named.len());
        let detail = format!("{number} {what} are not mapped: {} and {more} more{code}", named.join(", "));
        Check {
            name: self.name.clone(),
            status: self.status,
            detail,
            fix: Remedy::command(fix),
            drawn: None,
            about: None,
        }
    }

    fn line(&self, (paint, more): (Paint, &str)) -> String {
        let sign = match self.status {
            CheckStatus::Good => paint.good("✓"),
            CheckStatus::Note => "·".to_owned(),
            CheckStatus::Wrong => paint.bad("✗"),
        };
        let Self { name, detail, fix, drawn, .. } = self;
        let (name, detail) = (escaped(name), drawn.as_ref().unwrap_or(detail).clone());
        let one_line = format!("  {name}  {detail}").width() <= WIDTH && detail.lines().count() <= 1;
        let (beside, below) = if one_line { (detail, String::new()) } else { (String::new(), detail) };
        let mut text = format!("{}\n", format!("{sign} {name}  {}", escaped(&beside)).trim_end());
        for sentence in below.lines() {
            if sentence.starts_with(' ') {
                // A line of the file, or the carets under it.
                text.push_str(&format!("    {sentence}\n"));
            } else {
                wrapped(&mut text, sentence, "    ", "    ");
            }
        }
        ways(&mut text, &fix.with_each_command(more), "    ", "    ");
        text
    }
}
