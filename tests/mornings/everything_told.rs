//! One night, and everything that anybody is told of it.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt::Write as _;

use mail_parser::MessageParser;
use recount_sim::Wire;
use serde_json::Value;

use crate::alerts::smtp::{Greeting, PASSWORD, Smtp, TLS_FOLDER, USER};
use crate::alerts::{Listener, OK};
use crate::snapshots::snapshot_settings;
use crate::support::{Night, Said};

/// A night with somebody at every channel.
pub(super) struct Morning {
    pub(super) night: Night,
    smtp: Smtp,
    teams: Listener,
    slack: Listener,
    /// Tickets from before the morning.
    known: RefCell<BTreeSet<String>>,
}

impl Morning {
    pub(super) fn of(night: Night) -> Self {
        let (smtp, teams, slack) =
            (Smtp::start(Greeting::Implicit, "PLAIN"), Listener::answering(OK), Listener::answering(OK));
        let config = std::fs::read_to_string(night.path("recount.toml")).expect("the configuration");
        let integration = if config.contains("[integration.mailprotector]") { "mailprotector" } else { "mail" };
        let company = night.sim().world().companies[0].id;
        night.secret("smtp", PASSWORD, 0o600);
        night.append(&format!(
            "\n[alert.office]\nkind = \"mail\"\nserver = \"localhost\"\nport = {port}\ntls = \"implicit\"\n\
             ca_file = \"{TLS_FOLDER}/authority.pem\"\nuser = \"{USER}\"\npassword = {{ file = \"keys/smtp\" }}\n\
             from = \"recount <recount@example.com>\"\nto = [\"billing@example.com\"]\n{when}{link}\
             [alert.team]\nkind = \"webhook\"\nshape = \"teams\"\nurl = \"{teams}\"\n{when}{link}\
             [alert.room]\nkind = \"webhook\"\nshape = \"slack\"\nurl = \"{slack}\"\n{when}{link}\
             [integration.{integration}.tickets]\nboard = \"billing\"\ncompany = {company}\nstatus = \"New\"\n\
             closing_status = \">Closed\"\nnote_every = \"7d\"\n",
            port = smtp.port,
            when = "when = \"always\"\n",
            link = "link = \"https://recount.example.com/nights/{run}\"\n",
            teams = teams.url("/teams"),
            slack = slack.url("/slack"),
        ));
        Self { night, smtp, teams, slack, known: RefCell::default() }
    }

    /// What was told so far is not of the morning.
    pub(super) fn forget(&self) {
        let world = self.night.sim().world();
        self.known.replace(world.tickets.iter().map(|ticket| ticket["id"].to_string()).collect());
        self.night.sim().edit(|world| world.notes.clear());
        self.smtp.forget();
        self.teams.forget();
        self.slack.forget();
        self.night.sim().clear_requests();
    }

    pub(super) fn open_tickets(&self) -> usize {
        self.night.sim().world().tickets.iter().filter(|ticket| ticket["closedFlag"] == false).count()
    }

    /// The morning is as the golden file has it.
    pub(super) fn is(&self, name: &str, run: &Said) {
        let all = self.everything(name, run);
        settings().bind(|| insta::assert_snapshot!(format!("morning_{name}"), all));
    }

    /// Everything that anybody is told.
    pub(super) fn everything(&self, name: &str, run: &Said) -> String {
        let mut all = format!("── terminal [{}]\n{}\n", run.exit, run.out);
        let mails = self.smtp.received();
        assert_eq!(mails.len(), 1, "one mail a morning: {mails:#?}");
        let parsed = MessageParser::default().parse(mails[0].data.as_bytes()).expect("a mail");
        let text = parsed.body_text(0).expect("a text part").replace("\r\n", "\n").replace('\u{200b}', "");
        let html = parsed.body_html(0).expect("an HTML part").into_owned();
        let _ = writeln!(all, "── mail, subject\n{}\n", parsed.subject().expect("a subject"));
        let _ = writeln!(all, "── mail, text\n{text}\n── mail, HTML\n{}\n", broken(&html));
        page_kept(name, &html);
        let _ = writeln!(all, "── tickets\n{}", self.tickets());
        for (shape, server) in [("Teams", &self.teams), ("Slack", &self.slack)] {
            let heard = server.heard();
            assert_eq!(heard.len(), 1, "one message a morning: {heard:#?}");
            let body: Value = serde_json::from_str(&heard[0].body).expect("JSON");
            let _ = writeln!(all, "── {shape}");
            texts(&body, &mut all);
        }
        let _ = writeln!(all, "── held\n{}", self.night.recount(&["held"]).out);
        all
    }

    fn tickets(&self) -> String {
        let world = self.night.sim().world();
        let is_new = |ticket: &&Wire| !self.known.borrow().contains(&ticket["id"].to_string());
        let new: Vec<&Wire> = world.tickets.iter().filter(is_new).collect();
        let mut all = format!("opened {}, open {}, notes {}\n", new.len(), self.open_tickets(), world.notes.len());
        for ticket in new.iter().take(3) {
            let text = ticket["initialInternalAnalysis"].as_str().unwrap_or_default();
            let _ = writeln!(all, "{}\n{text}\n", ticket["summary"].as_str().unwrap_or_default());
        }
        for note in &world.notes {
            let _ = writeln!(all, "note: {}\n", note["text"].as_str().unwrap_or_default());
        }
        all
    }
}

/// Where a person finds the page, to look at it on a phone.
pub(super) fn page_kept(name: &str, html: &str) {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("mornings");
    std::fs::create_dir_all(&folder).expect("a folder");
    std::fs::write(folder.join(format!("{name}.html")), html).expect("the page");
}

/// Each block of a page on its own line.
pub(super) fn broken(html: &str) -> String {
    let blocks = ["<h1", "<h2", "<p", "<div", "<table", "<tr", "<td", "<th ", "<br>", "<body", "</div", "</table"];
    blocks.iter().fold(html.to_owned(), |html, block| html.replace(block, &format!("\n{block}"))).replace("<wbr>", "")
}

/// Everything that a person reads of a message, in its order, and where its buttons lead.
fn texts(value: &Value, all: &mut String) {
    match value {
        Value::Object(object) => {
            for (key, value) in object {
                match value {
                    Value::String(text) if matches!(key.as_str(), "text" | "title" | "url") => {
                        let _ = writeln!(all, "{text}");
                    }
                    value => texts(value, all),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| texts(item, all)),
        _ => {}
    }
}

/// What is another on every morning.
fn settings() -> insta::Settings {
    let mut settings = snapshot_settings();
    settings.add_filter(r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) \d{1,2} [A-Z][a-z]{2} \d{4} \d\d:\d\d UTC", "TIME");
    settings.add_filter(r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) \d{1,2} [A-Z][a-z]{2} \d{4}", "DAY");
    settings.add_filter(r"\b(plan|apply) [0-9a-f]{8}\b", "$1 PLAN");
    settings.add_filter(r"\bhead [0-9a-f]{8}…", "head HEAD…");
    settings.add_filter(r"127\.0\.0\.1:\d+", "HOST");
    settings.add_filter(r"recount:[0-9a-z:.-]+", "REFERENCE");
    settings
}
