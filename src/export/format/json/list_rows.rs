//! Rows that are lists of values: the first names the columns, as a spreadsheet's programming interface writes it
//! (`{"values": [["Customer", "Seats"], ["Acme", 5]]}`), unless `header = "none"` says that all are data.

use std::ops::Range;

use serde_json::value::RawValue;

use crate::export::damage_kinds::Damage;
use crate::export::damage_places::Fault;
use crate::export::format::json::damage;
use crate::export::format::json::json_value::{JsonText, RecordCells, kind, parsed, value};
use crate::export::format::json::record_finder::{self, RecordsShape};
use crate::export::format::line_numbers::RecordLines;
use crate::export::format::raw_rows::RawRows;

/// The lists of a text, one at a time.
#[derive(Debug)]
pub(in crate::export) struct ListRows<'a> {
    rows: Vec<&'a RawValue>,
    lines: RecordLines<'a>,
    /// The list after this one.
    next: usize,
    cells: RecordCells<'a>,
}

impl<'a> ListRows<'a> {
    /// Finds the rows; `None` where the records are no lists.
    ///
    /// # Errors
    /// If the text is no JSON, or holds no list there.
    pub(in crate::export) fn open(text: &'a str, shape: RecordsShape<'_>) -> Result<Option<Self>, Fault> {
        let rows = record_finder::find(text, shape)?;
        let are_lists = rows.first().is_some_and(|row| row.get().starts_with('['));
        Ok(are_lists.then(|| Self { rows, lines: RecordLines::of(text), next: 0, cells: RecordCells::default() }))
    }

    /// How many there are; one of them is the heading.
    pub(in crate::export) fn number(&self) -> usize {
        self.rows.len()
    }

    fn row(&self) -> &'a str {
        self.next.checked_sub(1).and_then(|index| self.rows.get(index)).map_or("", |row| row.get())
    }
}

impl RawRows for ListRows<'_> {
    fn advance(&mut self) -> Result<bool, Fault> {
        let Some(row) = self.rows.get(self.next) else { return Ok(false) };
        self.lines.next(Some(row.get()));
        self.next += 1;
        if !row.get().starts_with('[') {
            return Err(Fault::new(Damage::NotAList { kind: kind(row.get()) }).on_line(self.lines.line()));
        }
        let read = parsed::<Vec<&RawValue>>(row.get()).and_then(|cells| {
            cells.into_iter().map(|cell| value(cell.get())).collect::<Result<Vec<JsonText<'_>>, _>>()
        });
        self.cells = RecordCells(read.map_err(|fault| damage(self.lines.line(), fault))?);
        Ok(true)
    }

    fn len(&self) -> usize {
        self.cells.0.len()
    }

    fn cell(&self, index: usize) -> &str {
        self.cells.text(index)
    }

    fn is_number(&self, index: usize) -> bool {
        self.cells.is_number(index)
    }

    fn is_list(&self, index: usize) -> bool {
        self.cells.is_list(index)
    }

    fn line(&self) -> u64 {
        self.lines.line()
    }

    fn text(&self) -> String {
        self.row().to_owned()
    }

    fn range(&self, index: usize) -> Option<Range<usize>> {
        self.cells.range(index, self.row())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> String {
        let mut rows = match ListRows::open(text, RecordsShape::Array(None)) {
            Ok(Some(rows)) => rows,
            Ok(None) => return "no lists".to_owned(),
            Err(fault) => return fault.damage.to_string(),
        };
        let mut told = Vec::new();
        loop {
            match rows.advance() {
                Ok(true) => {
                    let cells: Vec<&str> = (0..rows.len()).map(|index| rows.cell(index)).collect();
                    told.push(format!("{}: {}", rows.line(), cells.join("|")));
                }
                Ok(false) => return told.join("\n"),
                Err(fault) => return fault.damage.to_string(),
            }
        }
    }

    /// A list of lists is what a spreadsheet answers with.
    #[test]
    fn lists_are_rows_and_the_first_is_the_heading() {
        assert_eq!(told("[[\"C\",\"n\"],\n[\"Acme\",5],\n[\"B\",null]]"), "1: C|n\n2: Acme|5\n3: B|");
        assert_eq!(told(r#"[{"C":"Acme"}]"#), "no lists");
        assert_eq!(told(r#"[["C"],{"C":"Acme"}]"#), "expected a list of records, and found an object");
    }
}
