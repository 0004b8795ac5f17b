//! One row of `customers.csv` added or changed in place. Every other byte of the file stays as it is: comments, order,
//! quotes, line ends, the byte order mark.
//!
//! A run reads the file once, when it begins, so an edit needs no run lock: a run sees the old file or the new one,
//! never half of one.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::{fs, io};

use crate::config::customers::CustomersCsv;
use crate::config::edit::in_place::{FileChange, NotReplaced, hold, replace_file};
use crate::config::error::{ConfigError, ConfigErrors};
use crate::config::{config_file, customers};
use crate::export::format::csv_quotes::spans;
use crate::export::format::csv_rows::cells_of_lines;
use crate::reconcile::model::export::normalized_names::normalized;
use crate::reconcile::model::ids::CustomerName;
use crate::reconcile::model::mapping::CustomerTarget;

/// What a row is to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRow {
    /// Whose it is.
    pub customer: CustomerName,
    /// Where it is billed. [`CustomerTarget::Skip`] leaves the agreement that the row may name.
    pub target: CustomerTarget,
    /// The note; `None` leaves the one that is there.
    pub note: Option<String>,
}

/// What became of the row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EditedRow {
    /// Its line in the file, from 1.
    pub line: u64,
    /// Whether it was there before.
    pub replaced: bool,
}

/// Why the file was left as it was.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "its messages say it")]
pub enum CustomersEditError {
    #[error("{}: cannot be opened for writing", path.display())]
    Open { path: PathBuf, source: io::Error },
    /// It is not a whole `customers.csv`, so nobody can tell what an edit would do to it.
    #[error("{0}")]
    Damaged(ConfigErrors),
    /// The customer has a row, and it was not asked to replace it.
    #[error("\"{customer}\" is on line {line} already")]
    There { customer: CustomerName, line: u64 },
    /// The customer has no row that could be taken out.
    #[error("\"{customer}\" has no row")]
    NotThere { customer: CustomerName },
    #[error("{}: has no column `{column}`", path.display())]
    NoColumn { path: PathBuf, column: &'static str },
    #[error("{}: was changed by somebody else in the meantime", path.display())]
    Changed { path: PathBuf },
    /// The edited text would not read back as what was meant.
    #[error("{}: the edited file would not read back as intended", path.display())]
    Unsound { path: PathBuf },
    /// The new file cannot be put in its place, with its owner and its mode.
    #[error("{}: cannot be replaced", path.display())]
    Replace { path: PathBuf, source: io::Error },
}

/// Adds the row of a customer, or changes it where `replace` says so, and puts the whole new file in the old one's place
/// at once.
///
/// # Errors
/// The file is as it was then.
pub fn set_row(path: &Path, row: &NewRow, replace: bool) -> Result<(EditedRow, FileChange), CustomersEditError> {
    change(path, |path, text| set_in(path, text, row, replace))
}

/// Adds a row for each of these customers, of whom none may have one: all of them, or none.
///
/// # Errors
/// The file is as it was then.
pub fn add_rows(path: &Path, rows: &[NewRow]) -> Result<FileChange, CustomersEditError> {
    change(path, |path, text| added_in(path, text, rows).map(|new| ((), new))).map(|((), change)| change)
}

fn added_in(path: &Path, text: &str, rows: &[NewRow]) -> Result<String, CustomersEditError> {
    let before = parsed(path, text)?;
    let mut lines = raw_lines(text);
    let form = RowForm::of(&lines);
    let mut new = Vec::new();
    for row in rows {
        if let Some(there) = before.rows.get(&row.customer) {
            return Err(CustomersEditError::There { customer: row.customer.clone(), line: there.line });
        }
        new.push(form.line(path, "", row)?);
    }
    insert_rows(&mut lines, &new, form.newline);
    let new = joined(&lines);
    let after = parsed(path, &new)?;
    let is_so = |row: &NewRow| after.rows.get(&row.customer).is_some_and(|now| now.target == row.target);
    let added = rows.iter().map(|row| &row.customer).collect();
    let all_are =
        rows.iter().all(is_so) && before.pins == after.pins && says_the_same_of_others(&before, &after, &added);
    if all_are { Ok(new) } else { Err(CustomersEditError::Unsound { path: path.to_owned() }) }
}

/// Takes the row of a customer out, with its line.
///
/// # Errors
/// The file is as it was then.
pub fn remove_row(path: &Path, customer: &CustomerName) -> Result<FileChange, CustomersEditError> {
    let remove = |path: &Path, text: &str| {
        let before = parsed(path, text)?;
        let line = before.rows.get(customer).and_then(|there| usize::try_from(there.line).ok());
        let line = line.ok_or_else(|| CustomersEditError::NotThere { customer: customer.clone() })?;
        let mut lines = raw_lines(text);
        lines.remove(line - 1);
        let new = joined(&lines);
        let after = parsed(path, &new)?;
        let others_stay = says_the_same_of_others(&before, &after, &BTreeSet::from([customer]));
        let is_out = !after.rows.contains_key(customer) && others_stay;
        if is_out { Ok(((), new)) } else { Err(CustomersEditError::Unsound { path: path.to_owned() }) }
    };
    change(path, remove).map(|((), change)| change)
}

/// Replaces the file by what `edit` makes of its text. A link stays a link: what it leads to is edited.
pub(super) fn change<T>(
    path: &Path,
    edit: impl FnOnce(&Path, &str) -> Result<(T, String), CustomersEditError>,
) -> Result<(T, FileChange), CustomersEditError> {
    let unopened = |source| CustomersEditError::Open { path: path.to_owned(), source };
    let path = fs::canonicalize(path).map_err(unopened)?;
    let held = hold(&path).map_err(unopened)?;
    let damaged = |error| CustomersEditError::Damaged(ConfigErrors(vec![error]));
    let before = config_file::read(&path).map_err(damaged)?;
    let text = config_file::decoded(&path, &before).map_err(damaged)?;
    let (edited, new) = edit(&path, text)?;
    let mark = &before[..before.len() - text.len()];
    let after = [mark, new.as_bytes()].concat();
    replace_file(&path, &held, &before, &after).map_err(|error| match error {
        NotReplaced::Changed => CustomersEditError::Changed { path: path.clone() },
        NotReplaced::Failed(source) => CustomersEditError::Replace { path: path.clone(), source },
    })?;
    Ok((edited, FileChange { path, before, after }))
}

fn set_in(path: &Path, text: &str, row: &NewRow, replace: bool) -> Result<(EditedRow, String), CustomersEditError> {
    let before = parsed(path, text)?;
    if let Some(there) = before.rows.get(&row.customer).filter(|_| !replace) {
        return Err(CustomersEditError::There { customer: row.customer.clone(), line: there.line });
    }
    let (edited, new) = edit(path, text, &before, row)?;
    let after = parsed(path, &new)?;
    let is_so = after.rows.get(&row.customer).is_some_and(|now| now.target == row.target);
    let others_stay = says_the_same_of_others(&before, &after, &BTreeSet::from([&row.customer]));
    if is_so && before.pins == after.pins && others_stay {
        return Ok((edited, new));
    }
    Err(CustomersEditError::Unsound { path: path.to_owned() })
}

pub(super) fn parsed(path: &Path, text: &str) -> Result<CustomersCsv, CustomersEditError> {
    let faults: RefCell<Vec<ConfigError>> = RefCell::default();
    let customers = customers::parse(path, text, &|fault| faults.borrow_mut().push(fault));
    let faults = faults.into_inner();
    match customers {
        Some(customers) if faults.is_empty() => Ok(customers),
        _ => Err(CustomersEditError::Damaged(ConfigErrors(faults))),
    }
}

/// Whether the new file says what the old one said of everybody but these customers.
fn says_the_same_of_others(before: &CustomersCsv, after: &CustomersCsv, meant: &BTreeSet<&CustomerName>) -> bool {
    let others = |customers: &CustomersCsv| {
        let others = customers.rows.iter().filter(|(other, _)| !meant.contains(other));
        others.map(|(customer, row)| (customer.clone(), row.target.clone())).collect::<Vec<_>>()
    };
    others(before) == others(after)
}

/// A line, and what ends it.
pub(super) type RawLine<'a> = (&'a str, &'a str);

/// Whether a line is the header or a customer's row.
pub(super) fn is_row((line, _): &RawLine<'_>) -> bool {
    !line.trim().is_empty() && !line.starts_with('#')
}

fn edit(
    path: &Path,
    text: &str,
    before: &CustomersCsv,
    row: &NewRow,
) -> Result<(EditedRow, String), CustomersEditError> {
    let mut lines = raw_lines(text);
    let form = RowForm::of(&lines);
    let known = before.rows.get(&row.customer).and_then(|there| usize::try_from(there.line).ok());
    let old = known.and_then(|line| lines.get(line - 1)).map_or("", |(line, _)| *line);
    let new = [form.line(path, old, row)?];
    let at = match known {
        Some(line) => {
            lines[line - 1].0 = &new[0];
            line
        }
        None => insert_rows(&mut lines, &new, form.newline),
    };
    let edited = EditedRow { line: u64::try_from(at).unwrap_or(u64::MAX), replaced: known.is_some() };
    Ok((edited, joined(&lines)))
}

/// How a file writes its rows.
struct RowForm<'a> {
    columns: Vec<String>,
    quoted: bool,
    newline: &'a str,
}

impl<'a> RowForm<'a> {
    fn of(lines: &[RawLine<'a>]) -> Self {
        let (header, end) = lines.iter().find(|line| is_row(line)).copied().unwrap_or_default();
        let columns = raw_cells(header).into_iter().map(plain).collect();
        Self { columns, quoted: header.starts_with('"'), newline: if end.is_empty() { "\n" } else { end } }
    }

    /// A row's line, by the one that was there; an empty one makes a new line.
    fn line(&self, path: &Path, old: &str, row: &NewRow) -> Result<String, CustomersEditError> {
        let wanted = wanted_cells(path, &self.columns, row)?;
        Ok(new_line(old, &self.columns, &wanted, self.quoted))
    }
}

/// Puts rows behind the last line that is not blank, and gives the number of the first, from 1.
fn insert_rows<'a>(lines: &mut Vec<RawLine<'a>>, new: &'a [String], newline: &'a str) -> usize {
    let end = lines.iter().rposition(|(line, _)| !line.trim().is_empty()).map_or(0, |last| last + 1);
    if let Some(last) = end.checked_sub(1).and_then(|last| lines.get_mut(last)) {
        last.1 = if last.1.is_empty() { newline } else { last.1 };
    }
    lines.splice(end..end, new.iter().map(|line| (line.as_str(), newline)));
    end + 1
}

fn joined(lines: &[RawLine<'_>]) -> String {
    lines.iter().flat_map(|(line, end)| [*line, *end]).collect()
}

/// The cells that are to be set, by the number of their column.
fn wanted_cells(path: &Path, columns: &[String], row: &NewRow) -> Result<Vec<(usize, String)>, CustomersEditError> {
    let mut wanted = vec![(customers::CUSTOMER, Some(row.customer.to_string()))];
    match &row.target {
        CustomerTarget::Skip => wanted.push((customers::COMPANY, Some(String::new()))),
        CustomerTarget::Company { company, agreement } => {
            wanted.push((customers::COMPANY, Some(company.to_string())));
            wanted.push((customers::AGREEMENT, Some(agreement.map(|id| id.to_string()).unwrap_or_default())));
        }
    }
    wanted.push((customers::NOTE, row.note.as_deref().map(|note| normalized(note).into_owned())));
    let mut cells = Vec::new();
    for (column, text) in wanted {
        let Some(text) = text else { continue };
        match columns.iter().position(|name| name == column) {
            Some(at) => cells.push((at, text)),
            None if text.is_empty() => {}
            None => return Err(CustomersEditError::NoColumn { path: path.to_owned(), column }),
        }
    }
    Ok(cells)
}

/// The old line with these cells set; cells that say the same already keep their spelling.
fn new_line(old: &str, columns: &[String], wanted: &[(usize, String)], quoted: bool) -> String {
    let mut new: Vec<String> = raw_cells(old).into_iter().map(str::to_owned).collect();
    let needed = if old.is_empty() { columns.len() } else { wanted.iter().map(|(at, _)| at + 1).max().unwrap_or(0) };
    let blank = if quoted && old.is_empty() { "\"\"" } else { "" };
    if old.is_empty() {
        new.clear();
    }
    new.resize(new.len().max(needed), blank.to_owned());
    for (at, text) in wanted {
        if plain(&new[*at]) != *text {
            new[*at] = spelled(text, quoted, *at == 0);
        }
    }
    new.join(",")
}

fn spelled(text: &str, quoted: bool, first: bool) -> String {
    // A line that begins with `#` is a comment.
    let needs = text.contains([',', '"']) || (first && text.starts_with('#'));
    if quoted || needs { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}

pub(super) fn plain(cell: &str) -> String {
    let cells = cells_of_lines(&[cell], b',').into_iter().flatten().flatten().next();
    cells.map(|(_, text)| normalized(&text).into_owned()).unwrap_or_default()
}

/// The cells of a line as they are spelled. The line was read before, so its quotes are whole.
pub(super) fn raw_cells(line: &str) -> Vec<&str> {
    spans(line, b',', None).map(|span| line.get(span).unwrap_or_default()).collect()
}

/// Lines as the reader counts them: `\r\n`, `\n` and `\r` end one.
pub(super) fn raw_lines(text: &str) -> Vec<RawLine<'_>> {
    let (mut lines, mut rest) = (Vec::new(), text);
    while !rest.is_empty() {
        let length = rest.find(['\r', '\n']).unwrap_or(rest.len());
        let (line, from_end) = rest.split_at(length);
        let ends = if from_end.starts_with("\r\n") { 2 } else { from_end.len().min(1) };
        let (end, after) = from_end.split_at(ends);
        lines.push((line, end));
        rest = after;
    }
    lines
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::reconcile::model::ids::{AgreementId, CompanyId};

    fn row(customer: &str, company: Option<i64>, agreement: Option<i64>, note: Option<&str>) -> NewRow {
        let agreement = agreement.map(AgreementId);
        let target =
            company.map_or(CustomerTarget::Skip, |id| CustomerTarget::Company { company: CompanyId(id), agreement });
        NewRow { customer: CustomerName::new(customer), target, note: note.map(str::to_owned) }
    }

    fn written(text: &str) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("customers.csv");
        fs::write(&path, text).expect("written");
        (folder, path)
    }

    fn edited(text: &str, row: &NewRow, replace: bool) -> Result<String, CustomersEditError> {
        let (_folder, path) = written(text);
        set_row(&path, row, replace)?;
        Ok(fs::read_to_string(path).expect("text"))
    }

    /// Somebody keeps notes in this file, and opens it in a spreadsheet.
    #[test]
    fn every_other_byte_stays_as_it_is() {
        let windows =
            "\u{feff}# ours\r\ncustomer,company_id,agreement_id,note\r\n\"Acme\",1 ,,\"a, b\"\r\n\r\n# new ones\r\n";
        let new = edited(windows, &row("Borealis, Inc", Some(2), None, None), false).expect("edited");
        assert_eq!(new, format!("{windows}\"Borealis, Inc\",2,,\r\n"));
        let new = edited(windows, &row("Acme", Some(3), Some(30), None), true).expect("edited");
        assert_eq!(new, windows.replace("\"Acme\",1 ,,", "\"Acme\",3,30,"));
        let new = edited(windows, &row("Acme", Some(1), None, None), true).expect("edited");
        assert_eq!(new, windows, "it says so already");
    }

    #[test]
    fn a_row_is_written_as_the_file_writes_its_rows() {
        for (before, row, after) in [
            ("customer,company_id\nA,1", row("B", Some(2), None, None), "customer,company_id\nA,1\nB,2\n"),
            ("customer,company_id\nA,1\n\n\n", row("B", None, None, None), "customer,company_id\nA,1\nB,\n\n\n"),
            (
                "\"customer\",\"company_id\"\n",
                row("B", Some(2), None, None),
                "\"customer\",\"company_id\"\n\"B\",\"2\"\n",
            ),
            (
                "company_id,customer\r1,A\r",
                row("#1 \"B\"", Some(2), None, None),
                "company_id,customer\r1,A\r2,\"#1 \"\"B\"\"\"\r",
            ),
            ("customer,company_id\n", row("#1", Some(2), None, None), "customer,company_id\n\"#1\",2\n"),
            (
                "customer,company_id,agreement_id,note,addition_id\nA\n",
                row("A", Some(2), Some(20), Some("why,\nnot")),
                "customer,company_id,agreement_id,note,addition_id\nA,2,20,\"why, not\"\n",
            ),
        ] {
            assert_eq!(edited(before, &row, true).expect("edited"), after);
        }
    }

    /// A customer is ignored for now; its agreement and its pin wait for the day it is billed again.
    #[test]
    fn to_skip_a_customer_blanks_its_company_alone() {
        let before = "customer,company_id,agreement_id,addition_id,note\nA,1,10,100 101,x\n";
        let after = "customer,company_id,agreement_id,addition_id,note\nA,,10,100 101,left\n";
        assert_eq!(edited(before, &row("A", None, None, Some("left")), true).expect("edited"), after);
    }

    #[test]
    fn a_file_that_is_not_whole_is_left_alone() {
        for damaged in [
            "",
            "customer\n",
            "customer,company_id\n\"A,1\n",
            "customer,company_id\nA,one\n",
            "customer,company_id\nA,1,2\n",
        ] {
            let error = edited(damaged, &row("B", Some(2), None, None), true).expect_err(damaged);
            assert!(matches!(error, CustomersEditError::Damaged(_)), "{error}");
        }
        let error = edited("customer,company_id\nA,1\n", &row("A", Some(2), None, None), false).expect_err("there");
        assert!(matches!(error, CustomersEditError::There { line: 2, .. }), "{error}");
        let error = edited("customer,company_id\n", &row("A", Some(2), Some(3), None), false).expect_err("no column");
        assert!(matches!(error, CustomersEditError::NoColumn { column: "agreement_id", .. }), "{error}");
    }

    #[test]
    fn mode_and_link_stay() {
        let (folder, path) = written("customer,company_id\n");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).expect("a mode");
        let link = folder.path().join("link.csv");
        std::os::unix::fs::symlink(&path, &link).expect("a link");
        set_row(&link, &row("A", Some(1), None, None), false).expect("edited");
        assert!(fs::symlink_metadata(&link).expect("there").is_symlink());
        assert_eq!(fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o640);
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 2, "nothing is left behind");
    }

    /// Otherwise whoever was mapped by mistake stays so until somebody with a shell has time.
    #[test]
    fn a_row_is_taken_out_and_nothing_else() {
        let before = "# ours\r\ncustomer,company_id\r\nA,1\r\n# of B\r\nB,2\r\nC,3";
        let (_folder, path) = written(before);
        let change = remove_row(&path, &CustomerName::new("B")).expect("taken out");
        assert_eq!(fs::read_to_string(&path).expect("text"), before.replace("B,2\r\n", ""));
        assert_eq!(change.before, before.as_bytes());
        let error = remove_row(&path, &CustomerName::new("B")).expect_err("gone");
        assert!(matches!(error, CustomersEditError::NotThere { .. }), "{error}");
        let rows = [row("D", Some(4), None, None), row("A", Some(5), None, None)];
        let error = add_rows(&path, &rows).expect_err("one has a row");
        assert!(matches!(error, CustomersEditError::There { line: 3, .. }), "{error}");
        assert!(!fs::read_to_string(&path).expect("text").contains("D,4"), "one of two was written");
    }

    /// Otherwise half of the customers who were accepted at once would be billed nowhere, or a row stand behind another's end.
    #[test]
    fn several_rows_are_added_behind_the_last_one_as_the_file_writes_them() {
        let (_folder, path) = written("\u{feff}\"customer\",\"company_id\"\r\n\"A\",\"1\"\r\n# end\r\n\r\n");
        let change =
            add_rows(&path, &[row("B", Some(2), None, None), row("C, D", Some(3), None, None)]).expect("added");
        let after =
            "\u{feff}\"customer\",\"company_id\"\r\n\"A\",\"1\"\r\n# end\r\n\"B\",\"2\"\r\n\"C, D\",\"3\"\r\n\r\n";
        assert_eq!(fs::read_to_string(&path).expect("text"), after);
        assert_eq!(change.after, after.as_bytes());
        let twice = [row("E", Some(4), None, None), row("E", Some(5), None, None)];
        assert!(add_rows(&path, &twice).is_err(), "one customer, two companies");
        assert_eq!(fs::read_to_string(&path).expect("text"), after);
    }

    /// Two people map customers at the same time, and neither loses the other's row.
    #[test]
    fn edits_at_the_same_time_all_arrive() {
        let (_folder, path) = written("customer,company_id\n");
        std::thread::scope(|scope| {
            for number in 1..=8 {
                let path = &path;
                scope.spawn(move || {
                    set_row(path, &row(&format!("C{number}"), Some(number), None, None), false).expect("edited");
                });
            }
        });
        assert_eq!(fs::read_to_string(path).expect("text").lines().count(), 9);
    }

    proptest::proptest! {
        #[test]
        fn whatever_a_customer_is_called_it_reads_back(name in "\\PC{1,12}|[\",#a \\-=é]{1,8}", quoted: bool) {
            let name = normalized(&name).into_owned();
            proptest::prop_assume!(!name.is_empty());
            let header = if quoted { "\"customer\",\"company_id\"\n" } else { "customer,company_id\n" };
            let text = edited(header, &row(&name, Some(7), None, None), false).expect("edited");
            let read = parsed(Path::new("customers.csv"), &text).expect("whole");
            proptest::prop_assert_eq!(read.rows.keys().next().expect("one").as_str(), name);
        }
    }
}
