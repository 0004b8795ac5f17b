//! A run as CSV, for a spreadsheet: a row for each line, then a row for each finding. No cell can be taken for a formula.

use crate::history::record::LineRecord;
use crate::history::record::RunRecord;
use crate::reconcile::plan::Finding;
use crate::reconcile::shown::escaped;
use crate::report::lines;
use crate::report::model::Part;
use crate::report::names;

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

/// The whole run. Excel reads the file as UTF-8, because it begins with a byte order mark.
pub fn render(run: &RunRecord) -> String {
    let mut text = String::from("\u{feff}");
    row(&mut text, HEADER.into_iter().map(str::to_owned));
    for line in lines(run) {
        row(&mut text, line_cells(run, line).into_iter());
    }
    for finding in run.end.iter().flat_map(|end| &end.findings) {
        row(&mut text, finding_cells(run, finding).into_iter());
    }
    text
}

fn line_cells(run: &RunRecord, line: &LineRecord) -> [String; 19] {
    let LineRecord {
        handle,
        company,
        agreement,
        addition,
        product,
        item,
        sources: _,
        was,
        wanted,
        now,
        outcome,
        reason,
        detail,
    } = line;
    let id = |id: Option<i64>| id.map(|id| id.to_string()).unwrap_or_default();
    let [was, wanted, now] = [was, wanted, now].map(|units| units.map(|units| units.to_string()).unwrap_or_default());
    [
        "line".to_owned(),
        run.run.to_string(),
        cell(run.integration.as_str()),
        cell(handle),
        Part::of(line).as_str().to_owned(),
        cell(&joined(names::customers(line).into_iter().map(|name| name.as_str()))),
        cell(&joined(names::services(line).into_iter().map(|name| name.as_str()))),
        id(company.map(|id| id.0)),
        id(agreement.map(|id| id.0)),
        id(addition.map(|id| id.0)),
        cell(product.as_ref().map(|product| product.as_str()).unwrap_or_default()),
        cell(item.as_ref().map(|item| item.as_str()).unwrap_or_default()),
        was,
        wanted,
        now,
        outcome.to_string(),
        reason.to_string(),
        cell(&names::with_steps(line, detail)),
        String::new(),
    ]
}

fn finding_cells(run: &RunRecord, finding: &Finding) -> [String; 19] {
    let Finding { severity, code, customer, service, handle, message, fix } = finding;
    let none = String::new;
    [
        "finding".to_owned(),
        run.run.to_string(),
        cell(run.integration.as_str()),
        cell(handle.as_deref().unwrap_or_default()),
        severity.as_str().to_owned(),
        cell(customer.as_ref().map(|name| name.as_str()).unwrap_or_default()),
        cell(service.as_ref().map(|name| name.as_str()).unwrap_or_default()),
        none(),
        none(),
        none(),
        none(),
        none(),
        none(),
        none(),
        none(),
        none(),
        code.to_string(),
        cell(message),
        cell(fix),
    ]
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

fn row(text: &mut String, cells: impl Iterator<Item = String>) {
    for (at, cell) in cells.enumerate() {
        if at > 0 {
            text.push(',');
        }
        if cell.contains([',', '"', '\n', '\r', ';', '\'']) {
            text.push('"');
            text.push_str(&cell.replace('"', "\"\""));
            text.push('"');
        } else {
            text.push_str(&cell);
        }
    }
    text.push_str("\r\n");
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
        let mut text = String::new();
        row(&mut text, ["=cmd|' /C calc'!A0", "a\"b", "c,d"].into_iter().map(cell));
        assert_eq!(text, "\"'=cmd|' /C calc'!A0\",\"a\"\"b\",\"c,d\"\r\n");
    }
}
