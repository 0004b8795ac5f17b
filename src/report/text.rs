//! The terminal report: the verdict first, what needs a person next, then the changes. 80 columns, no colour needed.

use std::fmt::Write as _;

use rust_decimal::Decimal;
use unicode_width::UnicodeWidthStr;

use crate::history::record::ExportRecord;
use crate::history::record::LineRecord;
use crate::history::record::PlanRecord;
use crate::history::record::RunEnd;
use crate::history::record::RunRecord;
use crate::reconcile::clear::short;
use crate::reconcile::code::Code;
use crate::reconcile::code::Severity;
use crate::reconcile::outcome::Mode;
use crate::reconcile::outcome::Outcome;
use crate::reconcile::outcome::RunVerdict;
use crate::reconcile::plan::Finding;
use crate::reconcile::quantity::Quantity;
use crate::reconcile::shown::shown;
use crate::report::Change;
use crate::report::is_quiet;
use crate::report::lines;
use crate::report::names;
use crate::report::paint::Paint;
use crate::report::short_head;

/// Widest line of a report.
pub const WIDTH: usize = 80;
/// Changes that are listed before the rest is left to `recount report`.
const CHANGES_SHOWN: usize = 20;

/// How a report is rendered.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    /// Colour or none.
    pub paint: Paint,
    /// Every change, not only the first ones.
    pub whole: bool,
    /// Findings that the reader has seen already; they are only counted.
    pub known: &'a [Finding],
}

/// The report of one run.
pub fn render(run: &RunRecord, view: View<'_>) -> String {
    let Some(end) = &run.end else { return unfinished(run) };
    if is_quiet(end) {
        return quiet(run, end, view.paint);
    }
    let mut text = header(run, end, view.paint);
    let guards = guard_findings(end);
    paragraph(&mut text, guards.iter().map(|finding| finding.message.as_str()));
    let asked = end.findings.iter().filter(|finding| finding.severity == Severity::Decide && !guards.contains(finding));
    section(&mut text, "NEEDS YOU", run, asked, view);
    changes(&mut text, run, view);
    let worth = |finding: &&Finding| finding.severity == Severity::Warning || finding.code == Code::RowsExcluded;
    let odd = end.findings.iter().filter(worth);
    section(&mut text, "WORTH A LOOK", run, odd, view);
    text.push_str(&next(run, end, &guards));
    if let Some(head) = &end.head {
        let _ = writeln!(text, "head {}", short_head(head));
    }
    text
}

fn unfinished(run: &RunRecord) -> String {
    let RunRecord { run: id, integration, started_at, .. } = run;
    let day = started_at.format("%a %-d %b %Y");
    format!("recount  {day}  {integration} run {id}   RUNNING, OR CUT OFF\n  the next run says what became of it\n")
}

fn title(run: &RunRecord) -> String {
    let RunRecord { run: id, integration, started_at, .. } = run;
    format!("recount  {}  {} run {id}", started_at.format("%a %-d %b %Y"), shown(integration.as_str()))
}

/// A quiet night is two lines.
fn quiet(run: &RunRecord, end: &RunEnd, paint: Paint) -> String {
    let age = run.planned.as_ref().map(|planned| format!(" · export {} old", age(run, &planned.export)));
    let lines = plural(end.totals.explained, "line");
    format!(
        "{}   {}   nothing to decide\n  {lines} explained · 0 changed{}{}\n",
        title(run),
        paint.good("OK"),
        age.unwrap_or_default(),
        end.head.as_deref().map(|head| format!(" · head {}", short_head(head))).unwrap_or_default(),
    )
}

fn header(run: &RunRecord, end: &RunEnd, paint: Paint) -> String {
    let mut text = format!("{}   {}\n", title(run), verdict(run, end, paint));
    if let Some(planned) = &run.planned {
        let totals = end.totals;
        let of = |change: Change| lines(run).iter().filter(move |line| Change::of(line) == Some(change));
        let pending = |line: &&LineRecord| matches!(Change::of(line), Some(Change::Would | Change::WithPlan));
        let (what, (changed, up, down)) = match moved(of(Change::Done)) {
            (0, ..) if lines(run).iter().any(|line| pending(&line)) => {
                ("would change", moved(lines(run).iter().filter(pending)))
            }
            done => ("changed", done),
        };
        let _ = writeln!(
            text,
            "  to decide {} · {what} {changed} (+{up} −{down}) · failed {} · explained {}/{}",
            totals.to_decide,
            if totals.unknown == 0 {
                totals.failed.to_string()
            } else {
                format!("{} · unknown {}", totals.failed, totals.unknown)
            },
            grouped(totals.explained),
            grouped(totals.lines),
        );
        if let Some(undone) = run.undoes {
            let _ = writeln!(text, "  sets back run {undone}; no export was read");
            return text;
        }
        let file = planned.export.path.rsplit('/').next().unwrap_or_default();
        let rows = plural(planned.export.rows, "row");
        let _ =
            writeln!(text, "  export    {}, {} old, {rows}", middle_cut(&shown(file), 48), age(run, &planned.export));
    }
    text
}

fn verdict(run: &RunRecord, end: &RunEnd, paint: Paint) -> String {
    // What is in doubt may have been written, too.
    let written = end.totals.changed + end.totals.unknown > 0;
    let nothing = if written { "" } else { ": nothing was written" };
    match end.verdict {
        RunVerdict::Ok => paint.good("OK"),
        RunVerdict::Decide => paint.ask(&format!("{} TO DECIDE", end.totals.to_decide)),
        RunVerdict::Partial => paint.bad("PARTIAL: some lines were refused or are in doubt"),
        RunVerdict::Held => paint.bad(&format!("HELD{nothing}")),
        RunVerdict::Refused => paint.bad(&format!("EXPORT REFUSED{nothing}")),
        RunVerdict::Unreachable => paint.bad(&format!("CONNECTWISE UNREACHABLE{nothing}")),
        RunVerdict::Denied => paint.bad(&format!("CONNECTWISE DENIED{nothing}")),
        RunVerdict::Failed => paint.bad(&format!("FAILED{nothing}")),
        RunVerdict::Interrupted if run.planned.is_none() || !written => paint.bad("INTERRUPTED: nothing was written"),
        RunVerdict::Interrupted => paint.bad("INTERRUPTED"),
    }
}

/// How many lines, and units up and down over all of them.
fn moved<'a>(lines: impl Iterator<Item = &'a LineRecord>) -> (usize, Decimal, Decimal) {
    let (count, up, down) = lines.map(delta).fold((0, Decimal::ZERO, Decimal::ZERO), |(count, up, down), delta| {
        if delta > Decimal::ZERO { (count + 1, up + delta, down) } else { (count + 1, up, down - delta) }
    });
    (count, up.normalize(), down.normalize())
}

fn delta(line: &LineRecord) -> Decimal {
    line.was.unwrap_or_default().delta_to(line.wanted.unwrap_or_default())
}

/// What stopped the whole night stands at the top, as its own paragraph.
fn guard_findings(end: &RunEnd) -> Vec<&Finding> {
    let of_the_run = |finding: &&Finding| {
        finding.severity == Severity::Decide
            && finding.customer.is_none()
            && finding.service.is_none()
            && finding.handle.is_none()
    };
    end.findings.iter().filter(of_the_run).filter(|finding| finding.code != Code::CustomerNameless).collect()
}

fn paragraph<'a>(text: &mut String, sentences: impl Iterator<Item = &'a str>) {
    for sentence in sentences {
        wrapped(text, sentence, "  ", "  ");
    }
}

/// One entry of a section: a sign, a handle, a title with what is at stake, and sentences below it.
struct Entry<'a> {
    sign: char,
    handle: &'a str,
    title: String,
    step: String,
    sentences: Vec<String>,
}

fn entry<'a>(run: &'a RunRecord, finding: &'a Finding) -> Entry<'a> {
    let handle = finding.handle.as_deref().unwrap_or_default();
    let line = lines(run).iter().find(|line| !handle.is_empty() && line.handle == handle);
    let title = match (line, &finding.customer, &finding.service) {
        (Some(line), _, _) => names::line(line),
        (None, Some(customer), Some(service)) => format!("{} · {}", shown(customer.as_str()), shown(service.as_str())),
        (None, Some(customer), None) => shown(customer.as_str()),
        (None, None, Some(service)) => format!("service {}", shown(service.as_str())),
        (None, None, None) => finding.code.as_str().replace('-', " "),
    };
    let fix = if finding.fix.is_empty() { String::new() } else { format!("→ {}", finding.fix) };
    let sentences = [finding.message.clone(), fix].into_iter().filter(|sentence| !sentence.is_empty()).collect();
    Entry { sign: sign(finding.code), handle, title, step: line.map(step).unwrap_or_default(), sentences }
}

fn step(line: &LineRecord) -> String {
    match (line.was, line.wanted) {
        (None, None) => String::new(),
        (was, wanted) => format!("{} → {}", units(was), units(wanted)),
    }
}

fn units(quantity: Option<Quantity>) -> String {
    quantity.map_or_else(|| "–".to_owned(), |quantity| quantity.to_string())
}

pub(super) fn sign(code: Code) -> char {
    match code {
        Code::CustomerUnmapped | Code::ServiceUnmapped | Code::CustomerNameless => '?',
        Code::HumanEdit | Code::TugOfWar | Code::ChangedMeanwhile => '≠',
        Code::LineAmbiguous | Code::CompanyAmbiguous | Code::AgreementAmbiguous | Code::InDoubtAmbiguous => '⧉',
        Code::InDoubt | Code::PreviousRunCutOff => '…',
        Code::WriteRefused | Code::WriteIgnored => '✗',
        Code::CompanyMissing | Code::AgreementMissing | Code::AgreementNotActive | Code::AgreementOneTime => '×',
        _ => '!',
    }
}

fn section<'a>(
    text: &mut String,
    heading: &str,
    run: &'a RunRecord,
    findings: impl Iterator<Item = &'a Finding>,
    view: View<'_>,
) {
    let (known, new): (Vec<&Finding>, Vec<&Finding>) = findings.partition(|finding| view.known.contains(finding));
    if known.len() + new.len() > 0 {
        let _ = writeln!(text, "\n{}", view.paint.head(heading));
    }
    for Entry { sign, handle, title, step, sentences } in new.into_iter().map(|finding| entry(run, finding)) {
        let title = middle_cut(&title, WIDTH - 13 - step.width());
        let gap = (WIDTH - 11).saturating_sub(title.width() + step.width());
        let row = format!("  {sign} {handle:<6} {title}{}{step}", " ".repeat(gap));
        let _ = writeln!(text, "{}", row.trim_end());
        for sentence in sentences {
            wrapped(text, &sentence, "           ", "           ");
        }
    }
    if !known.is_empty() {
        let _ = writeln!(text, "  … {} as before", known.len());
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
    for line in textwrap::wrap(&crate::reconcile::shown::escaped(sentence), options) {
        let _ = writeln!(text, "{line}");
    }
}

fn changes(text: &mut String, run: &RunRecord, view: View<'_>) {
    for kind in [Change::Done, Change::Would, Change::WithPlan, Change::NotReached] {
        let changed: Vec<&LineRecord> = lines(run).iter().filter(|line| Change::of(line) == Some(kind)).collect();
        if changed.is_empty() {
            continue;
        }
        let wanted = if kind == Change::Done { "now" } else { "wanted" };
        let _ = writeln!(text, "\n{}{:>9} {wanted:>8}", view.paint.head(&padded(kind.heading(), 44)), "was");
        let shown = if view.whole { changed.len() } else { CHANGES_SHOWN };
        for line in changed.iter().take(shown) {
            change(text, line);
        }
        if changed.len() > shown {
            let _ = writeln!(text, "  … {} more: recount report {}", changed.len() - shown, run.run);
        }
    }
}

fn change(text: &mut String, line: &LineRecord) {
    let sign = if line.was.is_none() { '+' } else { '~' };
    let name = padded(&middle_cut(&names::line(line), 40), 40);
    let delta = delta(line);
    let delta = if delta > Decimal::ZERO { format!("+{delta}") } else { format!("−{}", delta.abs()) };
    let row = format!("  {sign} {name}{:>9} {:>8} {:>8}  {}", units(line.was), units(line.wanted), delta, state(line));
    let _ = writeln!(text, "{}", row.trim_end());
    let items = names::items(line);
    if !items.is_empty() {
        wrapped(text, &names::listed(&items), "      ", "      ");
    }
}

fn state(line: &LineRecord) -> &str {
    match line.outcome {
        Outcome::Updated => "done",
        Outcome::Created => "new",
        _ => "",
    }
}

/// The last line always says the next command.
fn next(run: &RunRecord, end: &RunEnd, guards: &[&Finding]) -> String {
    let plan = run.planned.as_ref().map(|PlanRecord { fingerprint, .. }| short(fingerprint));
    let pending = |line: &LineRecord| matches!(Change::of(line), Some(Change::Would | Change::WithPlan));
    let pending = lines(run).iter().any(pending) && end.totals.changed == 0;
    let commands = match plan {
        Some(plan) if pending && run.mode == Mode::Observe => {
            format!("plan {plan} · to carry it out, set mode = \"apply\" in recount.toml, then recount apply {plan}")
        }
        Some(plan) if pending => {
            let sources = if run.undoes.is_some() { "ConnectWise stays" } else { "ConnectWise and the export stay" };
            format!("plan {plan} · recount apply {plan} · valid while {sources} as read")
        }
        _ => match guards.iter().map(|finding| finding.fix.as_str()).find(|fix| !fix.is_empty()) {
            Some(fix) => fix.to_owned(),
            None => {
                let asked = end.findings.iter().filter(|finding| finding.severity == Severity::Decide);
                let first = asked.filter_map(|finding| finding.handle.as_deref()).next();
                first.map(|handle| format!("recount held · recount why {handle}")).unwrap_or_default()
            }
        },
    };
    let mut text = String::new();
    if !commands.is_empty() {
        text.push('\n');
        wrapped(&mut text, &commands, "Next: ", "      ");
    }
    text
}

/// How old the export was when the run began.
fn age(run: &RunRecord, export: &ExportRecord) -> String {
    let age = run.started_at.signed_duration_since(export.modified_at);
    match (age.num_days(), age.num_hours(), age.num_minutes()) {
        (days, _, _) if days >= 3 => format!("{days} d"),
        (_, hours, _) if hours >= 1 => format!("{hours} h"),
        (_, _, minutes) => format!("{} min", minutes.max(0)),
    }
}

/// `1 204`: digits in groups of three.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let groups: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().map(|group| std::str::from_utf8(group).unwrap_or_default()).collect();
    groups.join(" ")
}

fn plural(count: usize, noun: &str) -> String {
    let s = if count == 1 { "" } else { "s" };
    format!("{} {noun}{s}", grouped(count))
}

/// At most `width` columns, with the middle cut out: names differ at both ends, ids are never cut.
pub(super) fn middle_cut(name: &str, width: usize) -> String {
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

    /// Otherwise the terminal would break the line where it likes, and a report would look like two.
    #[test]
    fn a_word_that_fills_a_line_stands_on_its_own() {
        let mut text = String::new();
        wrapped(&mut text, &format!("A {}", "x".repeat(200)), "  ", "  ");
        assert!(text.lines().all(|line| line.width() <= WIDTH), "{text}");
    }
}
