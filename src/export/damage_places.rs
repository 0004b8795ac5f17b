//! One damage and its place in the file: line, column and the text marked; and all of them that one file has.

use std::fmt;
use std::ops::Range;
use std::path::Path;

use crate::export::damage_kinds::{Damage, Name};
use crate::export::excerpt::Excerpt;
use crate::reconcile::model::display_text::escaped;

/// Everything that was found wrong with one file. Never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Faults {
    /// The first of them, in the file's order; at most [`Faults::KEPT`].
    pub first: Vec<Fault>,
    /// How many others there are.
    pub more: usize,
}

/// One thing that is wrong with a file, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Where.
    pub place: FaultPlace,
    /// What.
    pub damage: Box<Damage>,
    /// The cell of its row, from 0, while its name is not known.
    pub(in crate::export) cell: Option<usize>,
    /// The line with the text at fault.
    pub mark: Option<Excerpt>,
    /// The sheet or the file, where several are one export; escaped.
    pub part: Option<String>,
}

/// Where in a file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FaultPlace {
    /// The physical line, from 1.
    pub line: Option<u64>,
    /// The column in words: by its name where that is known (`column Quantity`), else by number.
    pub column: Option<String>,
}

impl FaultPlace {
    /// The file as a whole.
    pub const NOWHERE: FaultPlace = FaultPlace { line: None, column: None };
}

impl Faults {
    /// How many are kept: enough to see a pattern, and to mend a few by hand.
    pub const KEPT: usize = 20;
    /// How many are said in one line.
    const SAID: usize = 3;

    pub(in crate::export) fn none() -> Self {
        Self { first: Vec::new(), more: 0 }
    }

    pub(in crate::export) fn is_empty(&self) -> bool {
        self.first.is_empty()
    }

    /// The same in one of several sheets or files.
    pub(in crate::export) fn in_part(mut self, part: Option<&str>) -> Self {
        self.first.iter_mut().for_each(|fault| fault.part = part.map(escaped));
        self
    }

    /// Without the part, where it is the file that is named anyhow.
    pub(in crate::export) fn of_file(mut self, name: &str) -> Self {
        let name = escaped(name);
        for fault in &mut self.first {
            let Some(part) = fault.part.take().filter(|part| *part != name) else { continue };
            // The file is named anyhow; its sheet is not.
            let rest = part.strip_prefix(&name).and_then(|rest| rest.strip_prefix(", ")).map(str::to_owned);
            fault.part = Some(rest.unwrap_or(part));
        }
        self
    }

    pub(in crate::export) fn push(&mut self, fault: impl FnOnce() -> Fault) {
        if self.first.len() < Self::KEPT { self.first.push(fault()) } else { self.more += 1 }
    }

    pub(in crate::export) fn diagnosis(&self, path: &Path) -> String {
        use fmt::Write as _;
        let mut text = String::new();
        for fault in &self.first {
            let _ = writeln!(text, "{}{}: {}", Name(path), fault.placed(), fault.damage);
            if let (Some(line), Some(mark)) = (fault.place.line, &fault.mark) {
                text.push_str(&mark.drawn(line));
            }
        }
        if self.more > 0 {
            let _ = writeln!(text, "and {} more", self.more);
        }
        text
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, fault) in self.first.iter().take(Self::SAID).enumerate() {
            let before = if number > 0 { ";" } else { "" };
            let place = fault.placed();
            let place = if number > 0 { place.trim_start_matches(',') } else { &place };
            write!(f, "{before}{place}: {}", fault.damage)?;
        }
        match self.first.len().saturating_sub(Self::SAID) + self.more {
            0 => Ok(()),
            more => write!(f, "; and {more} more"),
        }
    }
}

impl Fault {
    /// A fault of the file as a whole.
    pub(in crate::export) fn new(damage: Damage) -> Self {
        Self { place: FaultPlace::NOWHERE, damage: Box::new(damage), cell: None, mark: None, part: None }
    }

    /// Its place in words, with the sheet or the file.
    fn placed(&self) -> String {
        let part = self.part.as_ref().map(|part| format!(", {part}")).unwrap_or_default();
        format!("{part}{}", self.place)
    }

    /// The line it stands on, from 1.
    pub(in crate::export) fn on_line(mut self, line: u64) -> Self {
        self.place.line = Some(line);
        self
    }

    /// The column it stands in, by its place in the row, from 0.
    pub(in crate::export) fn in_cell(mut self, cell: usize) -> Self {
        self.cell = Some(cell);
        self
    }

    /// The text of its line, and the bytes of it that are at fault.
    pub(in crate::export) fn marked(mut self, line: &str, at: Range<usize>) -> Self {
        self.mark = Some(Excerpt::of(line, at));
        self
    }

    /// With its column in words.
    pub(in crate::export) fn named(mut self, column: impl FnOnce(usize) -> String) -> Self {
        if let (None, Some(cell)) = (&self.place.column, self.cell) {
            self.place.column = Some(column(cell));
        }
        self
    }
}

impl From<Fault> for Faults {
    fn from(fault: Fault) -> Self {
        Self { first: vec![fault], more: 0 }
    }
}

impl From<(FaultPlace, Damage)> for Fault {
    fn from((place, damage): (FaultPlace, Damage)) -> Self {
        Self { place, ..Self::new(damage) }
    }
}

impl From<(FaultPlace, Damage)> for Faults {
    fn from(fault: (FaultPlace, Damage)) -> Self {
        Fault::from(fault).into()
    }
}

impl fmt::Display for FaultPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(f, ", line {line}")?;
        }
        if let Some(column) = &self.column {
            write!(f, ", {column}")?;
        }
        Ok(())
    }
}
