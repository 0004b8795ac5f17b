//! What an export's rows have to say before anybody asks ConnectWise.

use std::collections::BTreeMap;

use crate::reconcile::decide::findings::row_remedies::row_remedy;
use crate::reconcile::model::display_text::shown;
use crate::reconcile::model::export::counts::{Cell, Counts, FilteredRows, NewerDate, RejectedRow, UnclearMarks};
use crate::reconcile::model::export::file_parts::ExportParts;
use crate::reconcile::model::export::rows_behind_end::RowsBehindEnd;
use crate::reconcile::model::ids::{CustomerName, IntegrationName, ServiceName};
use crate::reconcile::model::plan::finding::{Finding, finding, plural, sort};
use crate::reconcile::model::plan::handle;
use crate::reconcile::model::plan::reason_code::{Code, Severity};
use crate::reconcile::model::plan::remedy::Remedy;

/// Everything about the rows alone, in the order of a report: for a person who looks at a file.
pub fn of_export(counts: &Counts, integration: &IntegrationName) -> Vec<Finding> {
    // The file is in front of whoever asks.
    let parts = &counts.parts;
    let told = |row: &RejectedRow| rejected(row, parts, row_remedy(&row.why, counts.filled));
    let mut found: Vec<Finding> = counts.rejected.iter().map(told).collect();
    found.extend(of_whole_rows(counts, integration));
    for (customer, counted) in counts.customers.iter() {
        let of = |(service, cell)| of_cell(integration, customer, service, (cell, counts));
        found.extend(counted.cells().filter_map(of));
    }
    sort(&mut found);
    found
}

/// Rows that are no counts, rows that were left out, and customers that look like one.
pub(in crate::reconcile) fn of_rows(counts: &Counts, integration: &IntegrationName) -> Vec<Finding> {
    let marks = || format!("`recount read {integration}` marks it");
    let fix = |row: &RejectedRow| row_remedy(&row.why, counts.filled).noting(marks());
    let mut found: Vec<Finding> = counts.rejected.iter().map(|row| rejected(row, &counts.parts, fix(row))).collect();
    found.extend(of_whole_rows(counts, integration));
    found
}

fn of_whole_rows(counts: &Counts, integration: &IntegrationName) -> Vec<Finding> {
    let mut found: Vec<Finding> = nameless(counts, integration).into_iter().collect();
    found.extend(counts.end_missing.as_deref().map(end_missing));
    found.extend(counts.behind_end.as_ref().and_then(|behind| behind_end(behind, &counts.parts)));
    found.extend(spelled_twice(counts));
    found.extend(items_spelled_twice(counts));
    let nobody_counts = counts.rows > 0 && counts.kept == 0;
    found.extend(counts.excluded.iter().filter(|one| one.rows > 0).map(|one| excluded(one, nobody_counts)));
    found.extend(counts.unclear_marks.iter().map(unclear_marks));
    found.extend(counts.passed_over.iter().map(|what| passed_over(what)));
    found
}

/// One customer's count of one service that is no quantity; one matter, however many lines of a bundle it stops.
pub(in crate::reconcile) fn of_cell(
    integration: &IntegrationName,
    customer: &CustomerName,
    service: &ServiceName,
    (cell, export): (&Cell, &Counts),
) -> Option<Finding> {
    let (code, message, fix) = match cell {
        Cell::Counted { .. } => return None,
        Cell::Duplicate { lines, counts } => {
            const SAID: usize = 5;
            let said = counts.iter().take(SAID).map(ToString::to_string).collect::<Vec<_>>().join(", ");
            let more = if counts.len() > SAID { ", …" } else { "" };
            let places = export.parts.lines("lines", lines);
            let message = format!("{} rows of it ({places}) say {said}{more}", lines.number());
            let fix = splits(export);
            (Code::RowDuplicate, message, fix)
        }
        Cell::OutOfRange { lines, total: Some(total) } => {
            let message = format!(
                "its rows ({}) come to {total}, and a count cannot be negative",
                export.parts.lines("line", lines)
            );
            let fix = Remedy::settings("leave the rows that are no usage out with `keep` or `drop`")
                .or("ask the vendor why it is below 0".into());
            (Code::CountNegative, message, fix)
        }
        Cell::OutOfRange { lines, total: None } => {
            let message =
                format!("its rows ({}) add up to more digits than a quantity has", export.parts.lines("line", lines));
            (
                Code::TooLarge,
                message,
                Remedy::settings("look whether `columns` names the count, or set `divide` for its service"),
            )
        }
    };
    let rows = format!("{customer}\u{1f}{service}");
    Some(Finding {
        customer: Some(customer.clone()),
        service: Some(service.clone()),
        handle: Some(handle::of_matter(integration, "rows", &rows)),
        fix,
        ..finding(Severity::Decide, code, message)
    })
}

fn rejected(row: &RejectedRow, parts: &ExportParts, fix: Remedy) -> Finding {
    let value = shown(&row.value);
    let column = if row.column.is_empty() { String::new() } else { format!(", column \"{}\"", row.column) };
    let message = format!("{}{column}: \"{value}\" {}", parts.line(row.line), row.why);
    Finding { customer: row.customer.clone(), fix, ..finding(Severity::Warning, Code::RowMalformed, message) }
}

fn nameless(counts: &Counts, integration: &IntegrationName) -> Option<Finding> {
    let lines = counts.nameless.as_slice();
    if lines.is_empty() {
        return None;
    }
    let message =
        format!("{} without a customer: {}", plural(&lines.len(), "row"), counts.parts.lines("line", &lines.into()));
    let leave_out = Remedy::settings("leave them out with `drop`");
    let fix = match counts.filled.customer {
        true => leave_out.noting("no customer stands above them for `fill_down`"),
        false => Remedy::settings("if the customer is given once for the rows below, set `fill_down`").or(leave_out),
    };
    let fix = fix.noting("until then the customer above them is held");
    let handle = Some(handle::of_matter(integration, "rows", "without a customer"));
    Some(Finding { handle, fix, ..finding(Severity::Decide, Code::CustomerNameless, message) })
}

fn end_missing(end: &str) -> Finding {
    let message = format!("the row that ends the data ({}) is not there: the file may have been cut off", shown(end));
    let fix = "look at the end of the file; if the vendor writes no such row any more, remove `stop`".into();
    Finding { fix, ..finding(Severity::Warning, Code::ExportEndMissing, message) }
}

/// A remark below the totals is ordinary. Counts there are customers that would be missing, or a vendor's second list.
fn behind_end(behind: &RowsBehindEnd, parts: &ExportParts) -> Option<Finding> {
    const REMARKS: usize = 2;
    let RowsBehindEnd { end, rows, counts, line, customer } = behind;
    let (number, end, place) = (plural(rows, "row"), shown(end), parts.line(*line));
    let unread = format!("not read: {number} behind the one that ends the data ({end})");
    if *counts == 0 {
        let message = format!("{unread}; none of them reads like a count, and the first is {place}");
        return (*rows > REMARKS).then(|| finding(Severity::Info, Code::RowsBehindEnd, message));
    }
    let whom = customer.as_ref().map(|name| format!(", \"{}\"", shown(name.as_str()))).unwrap_or_default();
    let message = format!("{unread}, {counts} of them like counts; the first of those is {place}{whom}");
    let fix =
        "if customers go on there, let `stop` name the last row alone; if none do, leave the rows out with `drop`";
    let fix = Remedy::settings(fix);
    Some(Finding { fix, ..finding(Severity::Warning, Code::RowsBehindEnd, message) })
}

/// Case is kept, because there are vendors to whom it means something; most often it is one customer, entered twice.
fn spelled_twice(counts: &Counts) -> Vec<Finding> {
    let mut folded: BTreeMap<String, Vec<&CustomerName>> = BTreeMap::new();
    for customer in counts.customers.keys() {
        folded.entry(customer.as_str().to_lowercase()).or_default().push(customer);
    }
    let several = folded.into_values().filter(|spellings| spellings.len() > 1);
    let told = several.map(|spellings| {
        let names: Vec<String> = spellings.iter().map(|name| format!("\"{}\"", shown(name.as_str()))).collect();
        let message = format!("{} differ only in case, and are counted as different customers", names.join(" and "));
        let fix = Remedy::customers("if they are one, give them the same company").noting("lower = true folds case");
        let customer = spellings.first().map(|name| (*name).clone());
        Finding { customer, fix, ..finding(Severity::Warning, Code::CustomerSpelledTwice, message) }
    });
    told.collect()
}

/// The same of items, told once of each count: a mailbox that is entered twice is billed twice.
fn items_spelled_twice(counts: &Counts) -> Vec<Finding> {
    let mut found = Vec::new();
    for (customer, counted) in counts.customers.iter() {
        for (service, cell) in counted.cells().filter(|(_, cell)| cell.items().len() > 1) {
            let mut folded: BTreeMap<String, Vec<&str>> = BTreeMap::new();
            let names = cell.items().iter().map(|item| item.as_str());
            names.for_each(|name| folded.entry(name.to_lowercase()).or_default().push(name));
            let twice: Vec<&Vec<&str>> = folded.values().filter(|spellings| spellings.len() > 1).collect();
            let Some(first) = twice.first() else { continue };
            let names: Vec<String> = first.iter().map(|name| format!("\"{}\"", shown(name))).collect();
            let more = if twice.len() > 1 {
                format!(", and {} more", plural(&(twice.len() - 1), "name"))
            } else {
                String::new()
            };
            let message =
                format!("{} differ only in case, and are counted as different items{more}", names.join(" and "));
            let fix = "if they are one, lower = true on the item's column folds case".into();
            let (customer, service) = (Some(customer.clone()), Some(service.clone()));
            let told = finding(Severity::Warning, Code::ItemSpelledTwice, message);
            found.push(Finding { customer, service, fix, ..told });
        }
    }
    found
}

/// What several rows of one count mean. Rows of different days are added up to a month's sum, and that is nobody's count.
fn splits(export: &Counts) -> Remedy {
    let parts = &export.parts;
    if let Some(part) = export.repeated.as_ref().map(|repeated| shown(parts.name(repeated.part))) {
        // Added up they would be billed double.
        return Remedy::settings(format!(
            "{part} says once more what the others say: name the files or sheets that count"
        ));
    }
    match &export.dated {
        None => Remedy::settings("if the export splits them, set duplicates = \"sum\"")
            .or(Remedy::settings("leave one of them out with `keep` or `drop`")),
        Some(column) => Remedy::settings(format!("if its rows are of different days, set {}", column.keys())),
    }
}

/// Said once: it is no count, and a person may wonder.
fn passed_over(what: &str) -> Finding {
    finding(Severity::Info, Code::RowsExcluded, format!("passed over: {}", shown(what)))
}

/// Words in a column of marks that nobody listed, and words for what not every vendor bills.
fn unclear_marks(marks: &UnclearMarks) -> Finding {
    let UnclearMarks { column, counted, cells, words, more } = marks;
    let words: Vec<String> = words.iter().map(|word| format!("\"{}\"", shown(word))).collect();
    let others = if *more { " and others" } else { "" };
    let says = if *cells == 1 { "says" } else { "say" };
    let (comes_to, fix) = match counted {
        true => ("each counts one", "if that is right, nothing; if not, name what counts by `is` instead of `present`"),
        false => ("none counts", "if any of these counts one, list it in `is`"),
    };
    let (cells, column) = (plural(cells, "cell"), shown(column));
    let message = format!("{cells} of \"{column}\" {says} {}{others}: {comes_to}", words.join(", "));
    Finding { fix: Remedy::settings(fix), ..finding(Severity::Info, Code::MarkUnclear, message) }
}

fn excluded(excluded: &FilteredRows, nobody_counts: bool) -> Finding {
    let FilteredRows { rule, rows, names, more, newer } = excluded;
    let names: Vec<String> = names.iter().map(|name| format!("\"{}\"", shown(name))).collect();
    let others = if *more { " and others" } else { "" };
    let message = format!("{} left out by {}: {}{others}", plural(rows, "row"), shown(rule), names.join(", "));
    if nobody_counts {
        let message = format!("{message}; no row is left, and nobody is counted");
        let fix = Remedy::settings("look at that filter").noting("the vendor may say it in another word");
        return Finding { fix, ..finding(Severity::Warning, Code::RowsExcluded, message) };
    }
    let Some(NewerDate { left_out, kept }) = newer else {
        return finding(Severity::Info, Code::RowsExcluded, message);
    };
    let message = format!("{message}; the newest of them is {left_out}, and of the rows that count {kept}");
    let fix = Remedy::settings("keep the newest date, with `latest` instead of a date that stands there,");
    Finding { fix, ..finding(Severity::Warning, Code::RowsExcluded, message) }
}
