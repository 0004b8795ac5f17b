//! A run as CSV, for a spreadsheet: a row for each line, then a row for each finding. No cell can be taken for a formula.

use std::fmt::Display;
use std::io::Write as _;

use csv::{Writer, WriterBuilder};

use crate::history::run_record::{LineRecord, RunRecord};
use crate::reconcile::model::display_text::escaped;
use crate::reconcile::model::plan::finding::Finding;
use crate::report::report_model::ReportSection;
use crate::report::{Change, display_names, lines};

const HEADER: [&str; 19] = [
    "kind",
    "run",
    "integration",
    "handle",
    "part",
    "customers",
    "services",
    "company_id",
    "agreement_id",
    "addition_id",
    "product",
    "item",
    "was",
    "wanted",
    "now",
    "outcome",
    "reason",
    "detail",
    "fix",
];

/// A row's length where names and messages are of the usual length.
const ROW_BYTES: usize = 160;

/// The whole run.
pub fn render(run: &RunRecord) -> String {
    render_all(std::slice::from_ref(run))
}

/// These runs, one after another. Excel reads the file as UTF-8, because it begins with a byte order mark.
pub fn render_all(runs: &[RunRecord]) -> String {
    let rows = 1 + runs.iter().map(|run| lines(run).len() + findings(run).len()).sum::<usize>();
    let mut sheet = Sheet::new(rows * ROW_BYTES);
    HEADER.into_iter().for_each(|name| sheet.plain(name));
    sheet.end_row();
    for run in runs {
        lines(run).iter().for_each(|line| sheet.line(run, line));
        findings(run).iter().for_each(|finding| sheet.finding(run, finding));
    }
    sheet.finish()
}

fn findings(run: &RunRecord) -> &[Finding] {
    run.end.as_ref().map(|end| end.findings.as_slice()).unwrap_or_default()
}

/// Rows are written where they stay: a large night has a hundred thousand of them.
struct Sheet {
    rows: Writer<Vec<u8>>,
    /// The cell that is being written.
    cell: Vec<u8>,
}

/// Nothing goes wrong where nothing leaves the memory.
const IN_MEMORY: &str = "a row is written into memory";

impl Sheet {
    fn new(bytes: usize) -> Self {
        let mut text = Vec::with_capacity(bytes);
        text.extend_from_slice("\u{feff}".as_bytes());
        let mut builder = WriterBuilder::new();
        // With what counts as a comment a cell is quoted: a program that splits at semicolons, too, keeps it whole then.
        builder.flexible(true).terminator(csv::Terminator::CRLF).comment(Some(b';'));
        Self { rows: builder.from_writer(text), cell: Vec::new() }
    }

    fn finish(self) -> String {
        let text = self.rows.into_inner().expect(IN_MEMORY);
        String::from_utf8(text).expect("every cell was text")
    }

    fn line(&mut self, run: &RunRecord, line: &LineRecord) {
        self.plain("line");
        self.plain(run.run);
        self.cell(run.integration.as_str());
        self.cell(&line.handle);
        self.plain(part(line));
        self.cell(&joined(display_names::customers(line).into_iter().map(|name| name.as_str())));
        self.cell(&joined(display_names::services(line).into_iter().map(|name| name.as_str())));
        self.known(line.company);
        self.known(line.agreement);
        self.known(line.addition);
        self.cell(line.product.as_ref().map(|product| product.as_str()).unwrap_or_default());
        self.cell(line.item.as_ref().map(|item| item.as_str()).unwrap_or_default());
        [line.was, line.wanted, line.now].into_iter().for_each(|units| self.known(units));
        self.plain(line.outcome);
        self.plain(line.reason);
        self.cell(&display_names::with_steps(line, &line.detail));
        self.plain("");
        self.end_row();
    }

    fn finding(&mut self, run: &RunRecord, finding: &Finding) {
        let Finding { severity, code, customer, service, handle, message, fix } = finding;
        self.plain("finding");
        self.plain(run.run);
        self.cell(run.integration.as_str());
        self.cell(handle.as_deref().unwrap_or_default());
        self.plain(severity.as_str());
        self.cell(customer.as_ref().map(|name| name.as_str()).unwrap_or_default());
        self.cell(service.as_ref().map(|name| name.as_str()).unwrap_or_default());
        // From company_id to outcome a finding has nothing.
        (0..9).for_each(|_| self.plain(""));
        self.plain(code);
        self.cell(message);
        self.cell(&fix.to_string());
        self.end_row();
    }

    /// Numbers and words of our own.
    fn plain(&mut self, value: impl Display) {
        self.cell.clear();
        write!(self.cell, "{value}").expect(IN_MEMORY);
        self.rows.write_field(&self.cell).expect(IN_MEMORY);
    }

    fn known(&mut self, value: Option<impl Display>) {
        match value {
            Some(value) => self.plain(value),
            None => self.plain(""),
        }
    }

    /// Text that others wrote.
    fn cell(&mut self, text: &str) {
        if is_harmless(text) { self.rows.write_field(text) } else { self.rows.write_field(cell(text)) }
            .expect(IN_MEMORY);
    }

    fn end_row(&mut self) {
        self.rows.write_record(None::<&[u8]>).expect(IN_MEMORY);
    }
}

/// The part of a line; `changed` is only what was written, because somebody may count these rows.
fn part(line: &LineRecord) -> &'static str {
    match Change::of(line) {
        Some(Change::Would) => "would-change",
        Some(Change::WithPlan | Change::NotReached) => ReportSection::Held.as_str(),
        Some(Change::Done) | None => ReportSection::of(line).as_str(),
    }
}

/// Nearly every text is: letters, digits and blanks, and dashes behind its first letter.
fn is_harmless(text: &str) -> bool {
    let rest = |byte: &u8| byte.is_ascii_alphanumeric() || b" -_.:/()".contains(byte);
    text.as_bytes().first().is_none_or(u8::is_ascii_alphanumeric) && text.as_bytes().iter().all(rest)
}

fn joined<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.collect::<Vec<_>>().join(" + ")
}

/// Text that a spreadsheet shows and never computes: what begins like a formula gets an apostrophe before it. Invisible
/// signs are escaped, so that none can hide such a beginning.
pub fn cell(text: &str) -> String {
    let begins = text.trim_start_matches(|c: char| c.is_whitespace() && c != '\t' && c != '\r').chars().next();
    let formula = matches!(begins, Some('=' | '+' | '-' | '@' | '\t' | '\r' | '＝' | '＋' | '－' | '＠'));
    let text = escaped(text);
    if formula { format!("'{text}") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A customer's name could otherwise run a command on the desk of whoever opens the file.
    #[test]
    fn a_name_cannot_become_a_formula() {
        for name in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "＝1"] {
            assert!(cell(name).starts_with('\''), "{name:?} became {:?}", cell(name));
        }
        assert_eq!(cell("Acme - Dental"), "Acme - Dental");
        let mut sheet = Sheet::new(0);
        ["=cmd|' /C calc'!A0", "a\"b", "c,d", "e;f", "", "P-1"].into_iter().for_each(|text| sheet.cell(text));
        sheet.end_row();
        let row = "'=cmd|' /C calc'!A0,\"a\"\"b\",\"c,d\",\"e;f\",,P-1\r\n";
        assert_eq!(sheet.finish().trim_start_matches('\u{feff}'), row);
    }
}
