//! Which of several additions a row of `customers.csv` means: its column `addition_id`. Every other byte stays as it is.

use std::collections::BTreeSet;
use std::path::Path;

use crate::config::customers::ADDITION;
use crate::config::edit::customers_csv::{CustomersEditError, change, is_row, parsed, plain, raw_cells, raw_lines};
use crate::config::edit::in_place::FileChange;
use crate::reconcile::model::ids::{AdditionId, CustomerName};

/// Writes into the row of a customer that this addition is meant, and none of those beside it. Without such a column the header
/// gets one.
///
/// # Errors
/// The file is as it was then.
pub fn pin_addition(
    path: &Path,
    customer: &CustomerName,
    meant: AdditionId,
    beside: &BTreeSet<AdditionId>,
) -> Result<FileChange, CustomersEditError> {
    let edit = |path: &Path, text: &str| pinned_in(path, text, customer, (meant, beside));
    change(path, edit).map(|((), change)| change)
}

fn pinned_in(
    path: &Path,
    text: &str,
    customer: &CustomerName,
    (meant, beside): (AdditionId, &BTreeSet<AdditionId>),
) -> Result<((), String), CustomersEditError> {
    let before = parsed(path, text)?;
    let there = before.rows.get(customer).and_then(|row| usize::try_from(row.line).ok());
    let line = there.ok_or_else(|| CustomersEditError::NotThere { customer: customer.clone() })?;
    let mut lines = raw_lines(text);
    let header_at = lines.iter().position(is_row).unwrap_or_default();
    let mut header: Vec<String> = raw_cells(lines[header_at].0).into_iter().map(str::to_owned).collect();
    let quote = if header.first().is_some_and(|cell| cell.starts_with('"')) { "\"" } else { "" };
    let column = header.iter().position(|cell| plain(cell) == ADDITION).unwrap_or_else(|| {
        header.push(format!("{quote}{ADDITION}{quote}"));
        header.len() - 1
    });
    let mut cells: Vec<String> = raw_cells(lines[line - 1].0).into_iter().map(str::to_owned).collect();
    cells.resize(cells.len().max(column + 1), format!("{quote}{quote}"));
    let known: Vec<AdditionId> =
        plain(&cells[column]).split_whitespace().filter_map(|id| Some(AdditionId(id.parse().ok()?))).collect();
    let dropped: BTreeSet<AdditionId> =
        known.iter().copied().filter(|id| beside.contains(id) && *id != meant).collect();
    let kept = known.into_iter().filter(|id| !dropped.contains(id) && *id != meant).chain([meant]);
    let said: Vec<String> = kept.map(|id| id.to_string()).collect();
    cells[column] = format!("{quote}{}{quote}", said.join(" "));
    let (header, row) = (header.join(","), cells.join(","));
    lines[header_at].0 = &header;
    lines[line - 1].0 = &row;
    let new: String = lines.iter().flat_map(|(line, end)| [*line, *end]).collect();
    let after = parsed(path, &new)?;
    let mut pins: BTreeSet<AdditionId> = before.pins.difference(&dropped).copied().collect();
    pins.insert(meant);
    let is_so = after.pins == pins && after.rows == before.rows;
    if is_so { Ok(((), new)) } else { Err(CustomersEditError::Unsound { path: path.to_owned() }) }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn pinned(text: &str, customer: &str, meant: i64, beside: &[i64]) -> Result<String, CustomersEditError> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("customers.csv");
        fs::write(&path, text).expect("written");
        let beside = beside.iter().map(|id| AdditionId(*id)).collect();
        pin_addition(&path, &CustomerName::new(customer), AdditionId(meant), &beside)?;
        Ok(fs::read_to_string(path).expect("text"))
    }

    /// Otherwise another line than the one that a person chose is billed, or a pin that somebody else set is lost.
    #[test]
    fn the_chosen_addition_stands_in_the_row_and_every_other_byte_stays() {
        let plain = "\u{feff}# ours\r\ncustomer,company_id,agreement_id,note\r\nAcme,1,,\"a, b\"\r\nBorealis,2\r\n";
        let new = pinned(plain, "Acme", 1033, &[1033, 1039]).expect("pinned");
        assert_eq!(new, plain.replace(",note\r", ",note,addition_id\r").replace("\"a, b\"\r", "\"a, b\",1033\r"));
        let other = pinned(&new, "Acme", 1039, &[1033, 1039]).expect("pinned");
        assert_eq!(other, new.replace("\",1033", "\",1039"), "the other one is chosen");
        let short = pinned(plain, "Borealis", 7, &[7, 8]).expect("pinned");
        assert!(short.ends_with("Borealis,2,,,7\r\n"), "{short:?}");
        let kept = pinned("customer,company_id,addition_id\nAcme,1,50 60\n", "Acme", 70, &[60, 70]).expect("pinned");
        assert_eq!(kept, "customer,company_id,addition_id\nAcme,1,50 70\n", "a pin of another line stays");
        let quoted = pinned("\"customer\",\"company_id\"\n\"Acme\",\"1\"\n", "Acme", 70, &[60, 70]).expect("pinned");
        assert_eq!(quoted, "\"customer\",\"company_id\",\"addition_id\"\n\"Acme\",\"1\",\"70\"\n");
        assert!(matches!(pinned(plain, "Cedar", 7, &[7]), Err(CustomersEditError::NotThere { .. })));
        let elsewhere = "customer,company_id,addition_id\nAcme,1,\nBorealis,1,60\n";
        let other_row = pinned(elsewhere, "Acme", 70, &[60, 70]).expect("pinned");
        assert!(other_row.contains("Borealis,1,60"), "another customer's row was changed: {other_row}");
    }
}
