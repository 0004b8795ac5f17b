//! The words of tickets: templates filled, hostile text made plain, ConnectWise's limits kept.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use crate::history::run_record::LineRecord;
use crate::reconcile::model::display_text::{day, escaped, shown};
use crate::reconcile::model::ids::{AgreementId, CustomerName, IntegrationName, ProductCode, RunId, ServiceName};
use crate::reconcile::model::plan::finding::{Finding, finding};
use crate::reconcile::model::plan::line::FirstBilled;
use crate::reconcile::model::plan::outcome::Outcome;
use crate::reconcile::model::plan::reason_code::{Code, Severity};
use crate::reconcile::model::plan::remedy::Remedy;
use crate::reconcile::model::quantity::Quantity;
use crate::reconcile::model::ticket_kind::TicketKind;
use crate::report::format::text::entry;
use crate::report::report_model::ReportEntry;
use crate::tickets::settings::{FIELDS, TicketSettings};
use crate::tickets::text_template::{Template, Token};
use crate::tickets::ticket_topic::TicketTopic;

/// ConnectWise's limit of a summary (its API description says "Max length: 100").
const SUMMARY_MAX: usize = 100;
/// No limit of a text is published; this is far below what the field was seen to take, and more than anybody reads.
const TEXT_MAX: usize = 4000;
/// A message may name a hundred lines.
const VALUE_MAX: usize = 1000;

/// What stands for a token without a value.
const NO_VALUE: &str = "–";

/// What the tokens of a text mean.
#[derive(Debug, Clone, Copy)]
pub struct TokenValues<'a> {
    /// Whose run.
    pub integration: &'a IntegrationName,
    /// Which run.
    pub run: RunId,
    /// Its day.
    pub date: NaiveDate,
    /// Since when the ticket is there.
    pub since: NaiveDate,
    /// The subject.
    pub subject: &'a TicketTopic,
}

/// One line of at most 100 characters, never blank.
pub fn summary(template: &Template, words: TokenValues<'_>) -> String {
    let filled = template.fill(|token| value(token, words, shown).unwrap_or_else(|| NO_VALUE.to_owned()));
    let line = filled.split_whitespace().collect::<Vec<_>>().join(" ");
    let line = if line.is_empty() { format!("recount {}: {}", words.integration, words.subject.kind) } else { line };
    cut(&line, SUMMARY_MAX)
}

/// A text of several lines.
pub fn text(template: &Template, words: TokenValues<'_>) -> String {
    let filled = template.fill_lines(|token| value(token, words, |text| cut(&escaped(text), VALUE_MAX)), NO_VALUE);
    cut(filled.trim_start_matches(['\n', '\r']).trim_end(), TEXT_MAX)
}

/// The other fields, each on one line and as long as ConnectWise takes it. What has no value is left out.
pub fn fields(settings: &TicketSettings, words: TokenValues<'_>) -> BTreeMap<String, String> {
    let most = |name: &str| FIELDS.iter().find(|(field, _)| *field == name).map_or(0, |(_, most)| *most);
    let filled = settings.fields.iter().map(|(name, template)| {
        let text = template.fill(|token| value(token, words, shown).unwrap_or_else(|| NO_VALUE.to_owned()));
        (name.clone(), cut(text.split_whitespace().collect::<Vec<_>>().join(" ").as_str(), most(name)))
    });
    filled.filter(|(_, text)| !text.is_empty() && text != NO_VALUE).collect()
}

/// A ticket of made-up data, which says so.
#[derive(Debug)]
pub struct SampleTicket {
    /// Its summary.
    pub summary: String,
    /// Its text.
    pub text: String,
    /// Its other fields.
    pub fields: BTreeMap<String, String>,
}

/// The sample of an integration's tickets.
pub fn sample(integration: &IntegrationName, settings: &TicketSettings, date: NaiveDate) -> SampleTicket {
    let quantity = |text: &str| text.parse().ok();
    let handle = "sample".to_owned();
    let finding = Finding {
        customer: Some(CustomerName::new("Sample customer")),
        service: Some(ServiceName::new("Sample service")),
        handle: Some(handle.clone()),
        fix: "close this ticket".into(),
        ..finding(Severity::Decide, Code::ToZero, "this is a test, and no open item".to_owned())
    };
    let line = LineRecord {
        handle: handle.clone(),
        company: Some(settings.company),
        agreement: Some(AgreementId(1)),
        addition: None,
        product: Some(ProductCode::new("SAMPLE")),
        item: None,
        sources: Vec::new(),
        was: quantity("3"),
        wanted: quantity("0"),
        now: quantity("3"),
        outcome: Outcome::Held,
        reason: Code::ToZero,
        detail: String::new(),
        named: None,
        billed: FirstBilled::default(),
        changed_at: None,
        edited: None,
    };
    let kind = TicketKind::HeldLine;
    let subject = TicketTopic { kind, handle, finding, line: Some(line), company: Some(settings.company) };
    let words = TokenValues { integration, run: RunId(0), date, since: date, subject: &subject };
    let summary = cut(&format!("TEST {}", summary(&settings.summary, words)), SUMMARY_MAX);
    let text = format!("This is a test of recount, made of sample data.\n{}", text(&settings.description, words));
    SampleTicket { summary, text, fields: fields(settings, words) }
}

fn value(token: Token, words: TokenValues<'_>, fit: impl Fn(&str) -> String) -> Option<String> {
    let TokenValues { integration, run, date, since, subject } = words;
    let TicketTopic { kind, handle, finding, line, company } = subject;
    let line = line.as_ref();
    let quantity = |of: fn(&LineRecord) -> Option<Quantity>| line.and_then(of).map(|units| units.to_string());
    let found = match token {
        Token::Integration => Some(integration.to_string()),
        Token::Kind => Some(kind.to_string()),
        Token::Subject => Some(subject_name(subject)),
        Token::Customer => finding.customer.as_ref().map(ToString::to_string),
        Token::Service => finding.service.as_ref().map(ToString::to_string),
        Token::Company => company.map(|id| id.to_string()),
        Token::Agreement => line.and_then(|line| line.agreement).map(|id| id.to_string()),
        Token::Product => line.and_then(|line| line.product.as_ref()).map(ToString::to_string),
        Token::Was => quantity(|line| line.was),
        Token::Wanted => quantity(|line| line.wanted),
        Token::Now => quantity(|line| line.now),
        Token::Reason => Some(finding.code.to_string()),
        Token::Message => Some(finding.message.trim_end_matches('.').to_owned()),
        Token::Fix => return ways(&finding.fix, fit),
        Token::Mail => return Some(as_mailed(subject)),
        Token::Run => Some(run.to_string()),
        Token::Handle => Some(handle.clone()),
        Token::Date => Some(day(date)),
        Token::Since => Some(day(since)),
    };
    found.filter(|text| !text.is_empty()).map(|text| fit(&text))
}

/// One way a line; `or` keeps them apart where ConnectWise makes a blank of a line's end.
fn ways(remedy: &Remedy, fit: impl Fn(&str) -> String) -> Option<String> {
    let lines: Vec<String> = remedy.lines().iter().map(|line| fit(line.to_string().trim_end_matches('.'))).collect();
    (!lines.is_empty()).then(|| lines.join("\nor "))
}

/// The lines of a mail; what is hostile was made plain there.
fn as_mailed(subject: &TicketTopic) -> String {
    entry(&ReportEntry { finding: &subject.finding, line: subject.line.as_ref() })
}

/// `Acme, CloudFilter (k4x2p)`, or what of the night it is.
fn subject_name(subject: &TicketTopic) -> String {
    let names = [
        subject.finding.customer.as_ref().map(|name| shown(name.as_str())),
        subject.finding.service.as_ref().map(|name| shown(name.as_str())),
    ];
    let names: Vec<String> = names.into_iter().flatten().collect();
    match (names.is_empty(), subject.handle.as_str()) {
        (true, "") => whole_night(subject.kind).to_owned(),
        (true, handle) => handle.to_owned(),
        (false, "") => names.join(", "),
        (false, handle) => format!("{} ({handle})", names.join(", ")),
    }
}

fn whole_night(kind: TicketKind) -> &'static str {
    match kind {
        TicketKind::RefusedExport => "the export",
        TicketKind::HeldRun => "the whole plan",
        TicketKind::FailedRun | TicketKind::UnmappedCustomer | TicketKind::HeldLine => "the run",
    }
}

/// The text, or its beginning with `…`, within so many UTF-16 units: that is how .NET counts characters.
fn cut(text: &str, most: usize) -> String {
    if text.encode_utf16().count() <= most {
        return text.to_owned();
    }
    let mut room = most - 1;
    let kept = text.chars().take_while(|c| {
        let fits = c.len_utf16() <= room;
        room = room.saturating_sub(c.len_utf16());
        fits
    });
    format!("{}…", kept.collect::<String>().trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject(customer: &str) -> TicketTopic {
        let finding = Finding {
            customer: Some(CustomerName::new(customer)),
            handle: Some("k4x2p".to_owned()),
            fix: Remedy::command("recount accept k4x2p"),
            ..finding(Severity::Decide, Code::ToZero, "3 → 0.".to_owned())
        };
        TicketTopic { kind: TicketKind::HeldLine, handle: "k4x2p".to_owned(), finding, line: None, company: None }
    }

    fn said(text: &str, customer: &str) -> (String, String) {
        let (integration, date) = (IntegrationName::new("mail"), NaiveDate::from_ymd_opt(2026, 11, 22).expect("a day"));
        let (template, subject) = (Template::parse(text).expect("a template"), subject(customer));
        let words = TokenValues { integration: &integration, run: RunId(7), date, since: date, subject: &subject };
        (summary(&template, words), super::text(&template, words))
    }

    #[test]
    fn tokens_say_what_the_run_found() {
        let text = "[integration] [kind] [subject] [was] [reason] [message] [fix] [run] [date]";
        let plain = "mail held-line Acme (k4x2p) – to-zero 3 → 0 recount accept k4x2p 7 Sun 22 Nov 2026";
        assert_eq!(said(text, "Acme"), (plain.to_owned(), plain.to_owned()));
    }

    /// Otherwise whoever pastes what a ticket advises would run every answer of it.
    #[test]
    fn each_answer_has_its_line() {
        let (integration, date) = (IntegrationName::new("mail"), NaiveDate::from_ymd_opt(2026, 11, 22).expect("a day"));
        let mut subject = subject("Acme");
        subject.finding.fix =
            Remedy::any_of(["accept", "keep"].map(|verb| Remedy::command(format!("recount {verb} k4x2p"))));
        let words = TokenValues { integration: &integration, run: RunId(7), date, since: date, subject: &subject };
        let template = Template::parse("To do: [fix]").expect("a template");
        assert_eq!(super::text(&template, words), "To do: recount accept k4x2p\nor recount keep k4x2p");
        assert_eq!(summary(&template, words), "To do: recount accept k4x2p or recount keep k4x2p");
    }

    /// Otherwise a name in a vendor's export could break a ticket, hide in it, or write our words.
    #[test]
    fn hostile_names_stay_plain() {
        for (name, safe) in [
            ("evil\u{202e}cod", "evil\\u{202e}cod"),
            ("a\u{1b}[2Jb", "a\\u{1b}[2Jb"),
            ("one\ntwo", "one\\ntwo"),
            ("[fix] [[", "[fix] [["),
            ("\"}],\"status\":{\"id\":1", "\"}],\"status\":{\"id\":1"),
        ] {
            assert_eq!(said("[customer]", name), (safe.to_owned(), safe.to_owned()));
        }
    }

    /// Otherwise ConnectWise would refuse the ticket, every night.
    #[test]
    fn a_summary_keeps_within_its_limit_on_a_whole_character() {
        for long in ["x".repeat(500), "ü".repeat(500), "🎫".repeat(500), "a 🎫".repeat(200)] {
            let (summary, text) = said("[customer] [customer] [customer]", &long);
            assert!(summary.encode_utf16().count() <= SUMMARY_MAX, "{summary}");
            assert!(summary.contains('…'));
            assert!(text.encode_utf16().count() <= TEXT_MAX, "{text}");
        }
        assert_eq!(cut(&"x".repeat(100), 100), "x".repeat(100));
        assert_eq!(cut(&"x".repeat(101), 100), format!("{}…", "x".repeat(99)));
        assert_eq!(said("  ", "Acme").0, "recount mail: held-line");
    }
}
