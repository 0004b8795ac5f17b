//! A run in brief: what a mail, a chat message and a ping say of it. One form for all, so that they cannot differ.

pub mod digest_week;
pub mod needs;
pub mod settled;
pub mod since_last_morning;

use std::fmt::Write as _;

use chrono::{DateTime, FixedOffset, Utc};

use crate::history::run_record::{RunRecord, Totals};
use crate::reconcile::model::display_text::{escaped, shown};
use crate::reconcile::model::ids::IntegrationName;
use crate::reconcile::model::plan::outcome::RunVerdict;
use crate::reconcile::model::plan::reason_code::Severity;
use crate::reconcile::model::plan::remedy::Remedy;
use crate::reconcile::model::record_links::RecordLinks;
use crate::reconcile::words::words;
use crate::report::brief::needs::{Need, needs};
use crate::report::brief::since_last_morning::RunComparison;
use crate::report::exit_codes::Exit;
use crate::report::format::brief_html::BriefPage;
use crate::report::format::paint::Paint;
use crate::report::format::text::View;
use crate::report::format::unlinked_names::{link_words_of, unlinked};
use crate::report::format::{brief_html, text};
use crate::report::numbers_and_dates;
use crate::report::report_model::Report;

/// What is told of one run, of a week, or as a test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Brief {
    /// What it is about.
    pub event: Event,
    /// Whose run; empty for what is about several.
    pub integration: String,
    /// Which run; `None` if none could be recorded.
    pub run: Option<i64>,
    /// The run's verdict, in its stable word.
    pub verdict: &'static str,
    /// The exit code of the run.
    pub exit_code: u8,
    /// The four numbers.
    pub totals: Totals,
    /// The same in one line; empty for what is about no single run.
    pub numbers: String,
    /// Sentences above everything else: what was told late, what is new, still open and settled.
    pub news: Vec<String>,
    /// The state first: one line without any control character.
    pub subject: String,
    /// What somebody has to look at, in the order of the report.
    pub needs: Vec<Need>,
    /// How many of these are left out of `needs`.
    pub needs_left_out: usize,
    /// What explains the night and asks nothing of anybody.
    pub odd: Vec<Need>,
    /// As on the terminal.
    pub text: String,
    /// What needs somebody and what changed: one HTML document that loads nothing.
    pub html: String,
    /// An earlier run that nobody was told of: `run 218 of mail, held`.
    pub untold: Option<String>,
    /// Where the whole report can be seen.
    pub link: Option<String>,
    /// When.
    pub at: DateTime<Utc>,
}

words! {
    /// What is told.
    Event {
        /// A run.
        Run = "run",
        /// A week.
        Weekly = "weekly",
        /// Nothing; somebody wants to see whether it arrives.
        Test = "test",
    }
}

/// More is read in the report.
const NEEDS_SHOWN: usize = 20;
/// A subject that is longer is cut by every reader.
const SUBJECT_MAX: usize = 140;
/// Of it, what stopped a whole night takes this much; the day stands behind it.
const CAUSE_MAX: usize = 60;

/// What is told beside a run.
#[derive(Debug, Clone, Copy, Default)]
pub struct BriefExtras<'a> {
    /// An earlier run that nobody was told of.
    pub untold: Option<&'a str>,
    /// An address with `{run}` in it.
    pub link: Option<&'a str>,
    /// The morning before.
    pub overnight: Option<&'a RunComparison>,
    /// Where its records open.
    pub records: Option<&'a RecordLinks>,
}

impl Brief {
    /// What is told of a run.
    pub fn of(run: &RunRecord, beside: BriefExtras<'_>) -> Self {
        let BriefExtras { untold, link, overnight, records } = beside;
        let totals = run.end.as_ref().map(|end| end.totals).unwrap_or_default();
        let verdict = run.end.as_ref().map_or(RunVerdict::Interrupted, |end| end.verdict);
        let untold_sentence = untold.map(|untold| format!("Alert not delivered for {untold}."));
        let news: Vec<String> =
            untold_sentence.into_iter().chain(overnight.map(RunComparison::sentences).unwrap_or_default()).collect();
        let preface = preface(&news);
        let report = text::render(run, View { paint: Paint::PLAIN, whole: false, known: &[], is_older: false });
        let links = link_words_of(run);
        let link = link.map(|link| link.replace("{run}", &run.run.to_string()));
        let seen = link.as_ref().map(|link| format!("\nThe whole report: {link}\n")).unwrap_or_default();
        let (needs, odd) = (needs(run, Severity::Decide, records), needs(run, Severity::Warning, records));
        let page =
            brief_html::of(BriefPage { run, news: &news, needs: &needs, odd: &odd, link: link.as_deref(), records });
        Self {
            event: Event::Run,
            integration: run.integration.to_string(),
            run: Some(run.run.0),
            verdict: verdict.as_str(),
            exit_code: run.end.as_ref().map_or(1, |end| end.exit_code),
            totals,
            numbers: Report::of(run).numbers.sentence(),
            subject: subject(run, verdict, totals, overnight.is_some_and(|overnight| overnight.like_yesterday)),
            needs_left_out: needs.len().saturating_sub(NEEDS_SHOWN),
            needs: needs.into_iter().take(NEEDS_SHOWN).collect(),
            odd: odd.into_iter().take(NEEDS_SHOWN).collect(),
            text: format!(
                "{}{seen}\nReplies to this message are not read.\n",
                unlinked(&format!("{preface}{report}"), &links, "\u{200b}")
            ),
            html: unlinked(&page, &links, "<wbr>"),
            news,
            untold: untold.map(str::to_owned),
            link,
            at: run.end.as_ref().map_or(run.started_at.to_utc(), |end| end.finished_at),
        }
    }

    /// What is told when a run could not even be recorded.
    pub fn of_trouble(
        integration: &IntegrationName,
        exit: Exit,
        message: &str,
        fix: &Remedy,
        at: DateTime<Utc>,
    ) -> Self {
        let need = Need {
            handle: String::new(),
            title: shown(integration.as_str()),
            step: String::new(),
            message: message.to_owned(),
            fix: fix.clone(),
            records: Vec::new(),
        };
        let subject = format!("recount FAILED · {} · {message}", shown(integration.as_str()));
        let fixes: String = fix.lines().iter().map(|line| format!("  fix: {line}\n")).collect();
        let text = format!("{subject}\n  {message}\n{fixes}");
        let plain = Self::plain(Event::Run, subject, text, at);
        Self {
            integration: integration.to_string(),
            verdict: exit.verdict().as_str(),
            exit_code: exit.code(),
            needs: vec![need],
            ..plain
        }
    }

    /// What `recount alerts test` sends.
    pub fn test(alert: &str, at: DateTime<Utc>) -> Self {
        let subject = format!("recount TEST · {} · {}", shown(alert), day(at.fixed_offset()));
        let text = format!("{subject}\n  This is a test of the alert \"{}\". Nothing was run.\n", shown(alert));
        Self::plain(Event::Test, subject, text, at)
    }

    /// A text about no single run.
    pub(super) fn plain(event: Event, subject: String, text: String, at: DateTime<Utc>) -> Self {
        Self {
            event,
            integration: String::new(),
            run: None,
            verdict: RunVerdict::Ok.as_str(),
            exit_code: 0,
            totals: Totals::default(),
            numbers: String::new(),
            news: Vec::new(),
            subject: cut(&subject),
            needs: Vec::new(),
            needs_left_out: 0,
            odd: Vec::new(),
            html: brief_html::plain(&text),
            text,
            untold: None,
            link: None,
            at,
        }
    }
}

/// What stands above the report, with an empty line below.
fn preface(sentences: &[String]) -> String {
    let mut text = String::new();
    for sentence in sentences {
        text::wrapped(&mut text, sentence, "", "  ");
    }
    if !text.is_empty() {
        text.push('\n');
    }
    text
}

/// The state first, then whose, then what: `recount DECIDE 3 · mailprotector · 14 changed · Tue 24 Nov`.
fn subject(run: &RunRecord, verdict: RunVerdict, totals: Totals, like_yesterday: bool) -> String {
    let (name, day) = (shown(run.integration.as_str()), day(run.started_at));
    let state = match verdict {
        RunVerdict::Decide => format!("DECIDE {}", totals.to_decide),
        verdict => verdict.as_str().to_uppercase(),
    };
    let mut subject = format!("recount {state} · {name}");
    match verdict {
        _ if like_yesterday => {
            let _ = write!(subject, " · like yesterday · {day}");
        }
        RunVerdict::Ok | RunVerdict::Decide => {
            let _ = write!(subject, " · {} changed · {day}", totals.changed);
        }
        RunVerdict::Partial => {
            let Totals { changed, failed, unknown, .. } = totals;
            let _ = write!(subject, " · {changed} changed, {failed} refused, {unknown} in doubt · {day}");
        }
        _ => {
            let written = if totals.changed + totals.unknown > 0 { "" } else { "nothing written" };
            let why = cause(run).map(|why| ended(&why, CAUSE_MAX)).unwrap_or_default();
            let what = [written, why.as_str()].into_iter().filter(|text| !text.is_empty());
            let what = what.collect::<Vec<_>>().join(" · ");
            let _ = write!(subject, " · {what} · {day}");
        }
    }
    cut(&subject)
}

/// What stopped a whole run: a matter of no single customer.
fn cause(run: &RunRecord) -> Option<String> {
    let findings = &run.end.as_ref()?.findings;
    let of_the_run = findings
        .iter()
        .find(|finding| finding.severity == Severity::Decide && finding.customer.is_none() && finding.handle.is_none());
    of_the_run.map(|finding| finding.message.clone())
}

fn day(at: DateTime<FixedOffset>) -> String {
    numbers_and_dates::day(at)
}

/// Names from an export or from ConnectWise stand in it: no line end, nothing invisible, no endless length.
fn cut(subject: &str) -> String {
    ended(subject, SUBJECT_MAX)
}

/// The text, or its beginning; harmless in a header.
fn ended(text: &str, most: usize) -> String {
    let clean = escaped(text);
    match clean.char_indices().nth(most) {
        None => clean,
        Some((end, _)) => format!("{}…", &clean[..end]),
    }
}
