//! A run as Markdown: the summary that a build server shows beside a job.

use std::fmt::Write as _;

use crate::history::run_record::{LineRecord, RunRecord};
use crate::reconcile::model::display_text::{escaped, shown};
use crate::reconcile::model::quantity::or_dash;
use crate::report::format::unlinked_names::parts;
use crate::report::report_model::{Report, ReportEntry, Tone};
use crate::report::{Change, LINES_DROPPED, LinesKept, display_names, numbers_and_dates, report_model};

/// GitHub takes 1 MiB for all summaries of a step.
pub const BYTES_MAX: usize = 1024 * 1024 - 1;

/// Rows of a section before the rest is only counted.
const ROWS: usize = 200;

/// The report of a run, with a number of rows that keeps it far below [`BYTES_MAX`].
pub fn render(run: &RunRecord) -> String {
    let report = Report::of(run);
    let mark = match report.verdict.tone {
        Tone::Good => "✅",
        Tone::Ask => "🟡",
        Tone::Bad => "❌",
    };
    let (name, day) = (plain(&shown(run.integration.as_str())), numbers_and_dates::day(run.started_at));
    let mut text = format!("## {mark} recount · {name} · {}\n\n", plain(&report.verdict.words));
    let _ = writeln!(text, "Run {} · {day} · {} · {}\n", run.run, run.command, run.mode);
    let _ = writeln!(text, "**{}**", report.numbers.sentence());
    if LinesKept::of(run) == LinesKept::Nothing {
        let _ = writeln!(text, "\n{}.", plain(LINES_DROPPED));
    }
    if let Some(planned) = run.planned.as_ref().filter(|_| run.undoes.is_none()) {
        let (file, age) =
            (plain(&numbers_and_dates::file(&planned.export)), numbers_and_dates::age(run.started_at, &planned.export));
        let _ = writeln!(text, "\nExport {file}, {age} old, {}", numbers_and_dates::plural(planned.export.rows, "row"));
    }
    for stop in &report.stops {
        let _ = writeln!(text, "\n> {}", plain(&stop.message));
    }
    entries(&mut text, report_model::OPEN_ITEMS, &report.asked);
    for (kind, lines) in &report.changes {
        changes(&mut text, *kind, lines);
    }
    entries(&mut text, report_model::WORTH_A_LOOK, &report.odd);
    kept(&mut text, &report.kept);
    for way in &report.next {
        let _ = writeln!(text, "\nNext: {}", plain(way));
    }
    text
}

fn entries(text: &mut String, heading: &str, entries: &[ReportEntry<'_>]) {
    if entries.is_empty() {
        return;
    }
    let _ =
        writeln!(text, "\n### {heading}\n\n| | handle | what | step | why | what to do |\n|---|---|---|---|---|---|");
    for entry in entries.iter().take(ROWS) {
        let finding = entry.finding;
        let [title, step, message] = [entry.title(), entry.step(), finding.message.clone()].map(|text| plain(&text));
        let ways: Vec<String> = finding.fix.lines().iter().map(|line| plain(&line.to_string())).collect();
        let fix = ways.join("<br>");
        let sign = report_model::sign(finding.code);
        let _ = writeln!(text, "| {sign} | {} | {title} | {step} | {message} | {fix} |", plain(entry.handle()));
    }
    more(text, entries.len());
}

/// Lines that an answer leaves as they are: who, and until when.
fn kept(text: &mut String, lines: &[&LineRecord]) {
    if lines.is_empty() {
        return;
    }
    let _ = writeln!(text, "\n### {}\n\n| handle | line | step | why |\n|---|---|---|---|", report_model::KEPT);
    for line in lines.iter().take(ROWS) {
        let (name, step, why) = (display_names::line(line), numbers_and_dates::step(line), &line.detail);
        let [handle, name, step, why] = [&line.handle, &name, &step, why].map(|text| plain(text));
        let _ = writeln!(text, "| {handle} | {name} | {step} | {why} |");
    }
    more(text, lines.len());
}

fn changes(text: &mut String, kind: Change, lines: &[&LineRecord]) {
    let wanted = if kind == Change::Done { "now" } else { "wanted" };
    let heading = kind.heading();
    let _ = writeln!(text, "\n### {heading}\n\n| line | billed | {wanted} | by | handle |\n|---|--:|--:|--:|---|");
    let each = numbers_and_dates::of_each(lines);
    for line in lines.iter().take(ROWS) {
        let (was, now) = (or_dash(line.was), or_dash(numbers_and_dates::reached(line)));
        let own = if each.is_none() && !line.detail.is_empty() { format!(": {}", line.detail) } else { String::new() };
        let (name, by) =
            (plain(&(display_names::line(line) + &own)), numbers_and_dates::signed(numbers_and_dates::delta(line)));
        let _ = writeln!(text, "| {name} | {was} | {now} | {by} | {} |", plain(&line.handle));
    }
    if let Some(each) = each {
        let _ = writeln!(text, "\nEach: {}", plain(each));
    }
    more(text, lines.len());
}

fn more(text: &mut String, rows: usize) {
    if rows > ROWS {
        let _ = writeln!(text, "\n… {} more", rows - ROWS);
    }
}

/// Text that others wrote, as text: what Markdown or HTML would read as more than that is written as a character
/// reference, and what it would make a link of is broken by a comment, which nobody sees. A very long text loses its end.
fn plain(text: &str) -> String {
    let text: String = escaped(text).chars().take(400).collect();
    parts(&text).into_iter().map(quoted).collect::<Vec<_>>().join("<!-- -->")
}

fn quoted(text: &str) -> String {
    let mut all = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' | '<' | '>' | '|' | '\\' | '`' | '*' | '_' | '[' | ']' | '~' | '#' | '@' | '$' => {
                let _ = write!(all, "&#{};", u32::from(c));
            }
            _ => all.push(c),
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A customer's name could otherwise break the table, load a picture from elsewhere, or call somebody.
    #[test]
    fn a_name_stays_a_name() {
        let hostile = plain("| <img src=x> ![a](http://b) @all `c`\n# d");
        assert!(!hostile.replace("<!-- -->", "").contains(['|', '<', '[', '@', '`', '\n']), "{hostile}");
        assert_eq!(plain("www.evil.com"), "www<!-- -->.evil<!-- -->.com");
        assert_eq!(plain("Acme Dental 42 → 45"), "Acme Dental 42 → 45");
    }
}
