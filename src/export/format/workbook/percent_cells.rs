//! Cells that a sheet shows as percentages: they hold 0.12, and a person sees 12 %.

use std::collections::BTreeSet;
use std::io::{Read, Seek};

use calamine::{Style, XlsxCellReader, XlsxError};

/// The cells of a sheet that are shown as percentages, as rows from 1 and columns from 0.
#[derive(Debug, Default)]
pub(super) struct Percents(BTreeSet<(u64, usize)>);

impl Percents {
    /// Looks through the sheet, if the workbook has such a form at all: most have none.
    pub(super) fn of<R: Read + Seek>(cells: Result<XlsxCellReader<'_, R>, XlsxError>) -> Result<Self, XlsxError> {
        let mut cells = cells?;
        let is_percent =
            |style: &Style| style.number_format.as_ref().is_some_and(|form| shows_percent(&form.format_code));
        let forms: Vec<bool> = cells.styles().iter().map(is_percent).collect();
        let mut found = BTreeSet::new();
        if !forms.contains(&true) {
            return Ok(Self(found));
        }
        while let Some((row, column, style)) = cells.next_style_id()? {
            if forms.get(style) == Some(&true) {
                found.insert((u64::from(row) + 1, usize::try_from(column).unwrap_or(usize::MAX)));
            }
        }
        Ok(Self(found))
    }

    pub(super) fn holds(&self, row: u64, column: usize) -> bool {
        !self.0.is_empty() && self.0.contains(&(row, column))
    }
}

/// A percent sign that is not a text of its own: in quotation marks, or behind a backslash.
fn shows_percent(form: &str) -> bool {
    let (mut quoted, mut escaped) = (false, false);
    form.chars().any(|c| {
        let is_text = quoted || std::mem::take(&mut escaped);
        match c {
            '"' => quoted = !quoted,
            '\\' | '_' | '*' if !quoted => escaped = true,
            _ => {}
        }
        c == '%' && !is_text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_sign_that_makes_a_percentage_of_the_number_counts() {
        for (form, is) in [("0%", true), ("0.00 %", true), ("0\"%\"", false), ("0\\%", false), ("General", false)] {
            assert_eq!(shows_percent(form), is, "{form}");
        }
    }
}
