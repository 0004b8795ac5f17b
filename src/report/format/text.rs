//! The terminal report: the verdict first, what needs a person next, then the changes. 80 columns, no colour needed.

use std::fmt::Write as _;

use unicode_width::UnicodeWidthStr;

use crate::history::run_record::{LineRecord, RunEnd, RunRecord};
use crate::reconcile::model::display_text::{escaped, shown};
use crate::reconcile::model::plan::finding::Finding;
use crate::reconcile::model::plan::outcome::Outcome;
use crate::reconcile::model::plan::remedy::{Remedy, RemedyLine};
use crate::reconcile::model::quantity::or_dash;
use crate::report::format::paint::Paint;
use crate::report::report_model::{Report, ReportEntry, ReportVerdict, Tone};
use crate::report::{
    Change, LINES_DROPPED, LinesKept, display_names, is_quiet, numbers_and_dates, report_model, short_head,
};

/// Widest line of a report.
pub const WIDTH: usize = 80;
/// Changes that are listed before the rest is left to `recount report`.
const CHANGES_SHOWN: usize = 20;

/// Kept lines that are named before the rest is counted.
const KEPT_SHOWN: usize = 5;

/// How a report is rendered.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    /// Colour or none.
    pub paint: Paint,
    /// Every change, not only the first ones.
    pub whole: bool,
    /// Findings that the reader has seen already; they are only counted.
    pub known: &'a [Finding],
    /// Whether the history is older than its last run: then nothing of it says that all is well.
    pub is_older: bool,
}

/// The report of one run.
pub fn render(run: &RunRecord, view: View<'_>) -> String {
    let mut report = Report::of(run);
    if view.is_older {
        report.verdict = report.verdict.when_outdated();
    }
    let Some(end) = &run.end else { return unfinished(&report) };
    if is_quiet(end) {
        return quiet(&report, end, view.paint) + &kept_in_short(&report);
    }
    let mut text = header(&report, view.paint);
    for stop in &report.stops {
        wrapped(&mut text, &stop.message, "  ", "  ");
    }
    section(&mut text, report_model::OPEN_ITEMS, &report.asked, view);
    changes(&mut text, &report, view);
    section(&mut text, report_model::WORTH_A_LOOK, &report.odd, view);
    kept(&mut text, &report, view);
    for (at, way) in report.next.iter().enumerate() {
        text.push_str(if at == 0 { "\n" } else { "" });
        wrapped(&mut text, way, if at == 0 { "Next: " } else { "      " }, "      ");
    }
    if let Some(head) = &end.head {
        let _ = writeln!(text, "head {}", short_head(head));
    }
    text
}

fn unfinished(report: &Report<'_>) -> String {
    let RunRecord { run: id, integration, started_at, .. } = report.run;
    let (day, words) = (numbers_and_dates::day(*started_at), &report.verdict.words);
    format!("recount  {day}  {integration} run {id}   {words}\n  the next run reports what became of it\n")
}

fn title(run: &RunRecord) -> String {
    let RunRecord { run: id, integration, started_at, .. } = run;
    format!("recount  {}  {} run {id}", numbers_and_dates::day(*started_at), shown(integration.as_str()))
}

/// A quiet night is two lines.
fn quiet(report: &Report<'_>, end: &RunEnd, paint: Paint) -> String {
    let run = report.run;
    let age =
        run.read_export().map(|export| format!(" · export {} old", numbers_and_dates::age(run.started_at, export)));
    let lines = numbers_and_dates::plural(report.numbers.explained, "line");
    format!(
        "{}   {}   nothing to decide\n  {lines} explained · 0 {}{}{}\n",
        title(run),
        painted(report.verdict.tone, &report.verdict.words, paint),
        report.numbers.what(),
        age.unwrap_or_default(),
        end.head.as_deref().map(|head| format!(" · head {}", short_head(head))).unwrap_or_default(),
    )
}

/// A quiet night stays short, and hides nothing.
fn kept_in_short(report: &Report<'_>) -> String {
    match report.kept.len() {
        0 => String::new(),
        lines => format!("  {} kept by an answer: recount held --all\n", numbers_and_dates::plural(lines, "line")),
    }
}

/// Lines that somebody said to leave as they are: who, and until when.
fn kept(text: &mut String, report: &Report<'_>, view: View<'_>) {
    if report.kept.is_empty() {
        return;
    }
    let _ = writeln!(text, "\n{}", view.paint.head(report_model::KEPT));
    let shown = if view.whole { report.kept.len() } else { KEPT_SHOWN };
    for line in report.kept.iter().take(shown) {
        let (step, handle) = (numbers_and_dates::step(line), &line.handle);
        let title = middle_cut(&display_names::line(line), WIDTH - 13 - step.width());
        let gap = (WIDTH - 11).saturating_sub(title.width() + step.width());
        let row = format!("  = {handle:<6} {title}{}{step}", " ".repeat(gap));
        let _ = writeln!(text, "{}", row.trim_end());
        wrapped(text, &line.detail, "           ", "           ");
    }
    if report.kept.len() > shown {
        let _ = writeln!(text, "  … {} more: recount held --all", report.kept.len() - shown);
    }
}

fn header(report: &Report<'_>, paint: Paint) -> String {
    let run = report.run;
    let mut text = headline(report, paint);
    if let Some(planned) = &run.planned {
        let _ = writeln!(text, "  {}", report.numbers.sentence());
        if LinesKept::of(run) == LinesKept::Nothing {
            wrapped(&mut text, LINES_DROPPED, "  ", "  ");
        }
        if let Some(undone) = run.undoes {
            let _ = writeln!(text, "  sets back run {undone}; no export was read");
            return text;
        }
        let (file, age) = (
            middle_cut(&numbers_and_dates::file(&planned.export), 48),
            numbers_and_dates::age(run.started_at, &planned.export),
        );
        let _ =
            writeln!(text, "  export    {file}, {age} old, {}", numbers_and_dates::plural(planned.export.rows, "row"));
    }
    text
}

/// The first line. A verdict that does not fit goes on in the second one.
fn headline(report: &Report<'_>, paint: Paint) -> String {
    let (title, ReportVerdict { tone, words }) = (title(report.run), &report.verdict);
    let fits = |words: &str| title.width() + 3 + words.width() <= WIDTH;
    match words.split_once(": ") {
        Some((first, rest)) if !fits(words) => {
            let room = WIDTH.saturating_sub(3 + first.width());
            format!("{}   {}\n  {rest}\n", middle_cut(&title, room), painted(*tone, first, paint))
        }
        _ => {
            let room = WIDTH.saturating_sub(3 + words.width());
            format!("{}   {}\n", middle_cut(&title, room), painted(*tone, words, paint))
        }
    }
}

fn painted(tone: Tone, words: &str, paint: Paint) -> String {
    match tone {
        Tone::Good => paint.good(words),
        Tone::Ask => paint.ask(words),
        Tone::Bad => paint.bad(words),
    }
}

fn section(text: &mut String, heading: &str, entries: &[ReportEntry<'_>], view: View<'_>) {
    let (known, new): (Vec<&ReportEntry<'_>>, Vec<&ReportEntry<'_>>) =
        entries.iter().partition(|entry| view.known.contains(entry.finding));
    if known.len() + new.len() > 0 {
        let _ = writeln!(text, "\n{}", view.paint.head(heading));
    }
    new.into_iter().for_each(|found| text.push_str(&entry(found)));
    if !known.is_empty() {
        let _ = writeln!(text, "  and {} as before", known.len());
    }
}

/// One item: what it is called, its step, what is the matter, and what to do. A mail has it, and a ticket may.
pub fn entry(entry: &ReportEntry<'_>) -> String {
    let (step, finding) = (entry.step(), entry.finding);
    let title = middle_cut(&entry.title(), WIDTH - 13 - step.width());
    let gap = (WIDTH - 11).saturating_sub(title.width() + step.width());
    let row = format!("  {} {:<6} {title}{}{step}", report_model::sign(finding.code), entry.handle(), " ".repeat(gap));
    let mut text = format!("{}\n", row.trim_end());
    if !finding.message.is_empty() {
        wrapped(&mut text, &finding.message, "           ", "           ");
    }
    ways(&mut text, &finding.fix, "           ", "           ");
    text
}

/// What to do, one way a line, each behind an arrow. A command stays in one line, however long: it is there to be pasted.
pub fn ways(text: &mut String, remedy: &Remedy, first: &str, rest: &str) {
    for line in remedy.lines() {
        match line {
            RemedyLine::Command(typed) => {
                let _ = writeln!(text, "{first}→ {}", escaped(typed));
            }
            RemedyLine::Words(words) => wrapped(text, &format!("→ {words}"), first, rest),
        }
    }
}

/// One sentence, wrapped, and harmless whatever stood in the export or came from ConnectWise.
pub fn wrapped(text: &mut String, sentence: &str, first: &str, rest: &str) {
    // An identifier or a date that is broken at its hyphen can be neither copied nor searched for.
    let whole_words = textwrap::WordSplitter::NoHyphenation;
    // By default a line that is a little too long costs less than one that is nearly empty.
    let fits = textwrap::wrap_algorithms::Penalties { overflow_penalty: 1_000_000, ..Default::default() };
    let options = textwrap::Options::new(WIDTH)
        .initial_indent(first)
        .subsequent_indent(rest)
        .word_splitter(whole_words)
        .wrap_algorithm(textwrap::WrapAlgorithm::OptimalFit(fits));
    for line in textwrap::wrap(&escaped(sentence), options) {
        let _ = writeln!(text, "{line}");
    }
}

fn changes(text: &mut String, report: &Report<'_>, view: View<'_>) {
    for (kind, changed) in &report.changes {
        let wanted = if *kind == Change::Done { "now" } else { "wanted" };
        let _ = writeln!(text, "\n{}{:>9} {wanted:>8}", view.paint.head(&padded(kind.heading(), 44)), "billed");
        let shown = if view.whole { changed.len() } else { CHANGES_SHOWN };
        let each = numbers_and_dates::of_each(changed).filter(|_| !view.whole);
        for line in changed.iter().take(shown) {
            change(text, line);
            if each.is_none() && !line.detail.is_empty() {
                wrapped(text, &line.detail, "      ", "      ");
            }
        }
        if let Some(each) = each {
            wrapped(text, &format!("each: {each}"), "  ", "  ");
        }
        if changed.len() > shown {
            let _ = writeln!(text, "  … {} more: recount report {}", changed.len() - shown, report.run.run);
        }
    }
}

fn change(text: &mut String, line: &LineRecord) {
    let sign = if line.was.is_none() { '+' } else { '~' };
    let name = padded(&middle_cut(&display_names::line(line), 40), 40);
    let (was, wanted, delta) = (
        or_dash(line.was),
        or_dash(numbers_and_dates::reached(line)),
        numbers_and_dates::signed(numbers_and_dates::delta(line)),
    );
    let row = format!("  {sign} {name}{was:>9} {wanted:>8} {delta:>8}  {}", state(line));
    let _ = writeln!(text, "{}", row.trim_end());
    let items = display_names::items(line);
    if !items.is_empty() {
        wrapped(text, &display_names::listed(&items), "      ", "      ");
    }
}

fn state(line: &LineRecord) -> &str {
    match line.outcome {
        Outcome::Updated => "done",
        Outcome::Created => "new",
        _ => "",
    }
}

/// At most `width` columns, with the middle cut out: names differ at both ends, ids are never cut.
pub(crate) fn middle_cut(name: &str, width: usize) -> String {
    if name.width() <= width {
        return name.to_owned();
    }
    let side = width.saturating_sub(1) / 2;
    let starts = name.char_indices().map(|(at, _)| at);
    let heads = starts.clone().map(|at| &name[..at]);
    let head = heads.take_while(|head| head.width() < width - side).last().unwrap_or_default();
    // Measured as it will stand: in reverse, signs that widen the one before them would widen nothing.
    let tail = starts.rev().map(|at| &name[at..]).take_while(|tail| tail.width() <= side).last().unwrap_or_default();
    format!("{head}…{tail}")
}

/// Padded on the right to `width` columns; `format!` would count characters.
fn padded(text: &str, width: usize) -> String {
    format!("{text}{}", " ".repeat(width.saturating_sub(text.width())))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Otherwise one customer's name could end the program that reports the night.
    #[test]
    fn a_name_is_cut_to_its_width_whatever_it_is_made_of() {
        for name in ["❤\u{fe0f}", "株式", "e\u{301}", "👍🏽", "🇩🇪", "x"] {
            for width in 2..40 {
                let cut = middle_cut(&name.repeat(50), width);
                assert!(cut.width() <= width, "{width}: {cut}");
            }
        }
    }

    /// Otherwise who pastes what is advised types half of a path, which is another installation, or none.
    #[test]
    fn a_command_stands_in_one_line_however_long_it_is() {
        let typed = format!("recount plan --config /srv/{}/recount.toml", "a-long-name/".repeat(8));
        let mut text = String::new();
        ways(&mut text, &Remedy::command(typed.clone()).noting("it writes nothing"), "    ", "    ");
        assert_eq!(text, format!("    → {typed}\n    → it writes nothing\n"));
    }

    /// Otherwise the terminal would break the line where it likes, and a report would look like two.
    #[test]
    fn a_word_that_fills_a_line_stands_on_its_own() {
        let mut text = String::new();
        wrapped(&mut text, &format!("A {}", "x".repeat(200)), "  ", "  ");
        assert!(text.lines().all(|line| line.width() <= WIDTH), "{text}");
    }
}
