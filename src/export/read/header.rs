//! The header: which cell of a row is which, by exact name.

use crate::export::damage_kinds::{Damage, Shown};
use crate::export::damage_places::{Fault, Faults};
use crate::export::format::raw_rows::RawRows;
use crate::export::read::alike_names::alike;
use crate::export::settings::{HeaderRow, Layout};
use crate::reconcile::model::export::normalized_names::normalized;

/// More columns than this are no export: the widest vendor's has about a hundred.
const COLUMNS_MAX: usize = 4096;
/// Rows above a header; a vendor writes a handful.
const TITLES_MAX: usize = 30;
/// How many names an error lists.
const LISTED: usize = 12;

/// What vendors write between cells.
const DELIMITERS: [char; 4] = [';', '\t', '|', ','];

/// As the configuration writes it; empty if it is none that is known.
pub(in crate::export) fn shown_delimiter(delimiter: char) -> &'static str {
    match delimiter {
        ';' => ";",
        '\t' => "tab",
        '|' => "|",
        ',' => ",",
        _ => "",
    }
}

/// What the columns are called.
#[derive(Debug, Default)]
pub(in crate::export) struct Header {
    names: Vec<String>,
    line: u64,
    text: String,
    ranges: Vec<Option<std::ops::Range<usize>>>,
    /// How many columns the file has; the others are made of them.
    own: usize,
    /// Columns that others are copies of.
    copied: Vec<usize>,
}

impl Header {
    /// The row that the reader stands on, as a header.
    pub(in crate::export) fn of<R: RawRows>(rows: &R) -> Result<Self, Fault> {
        let found = rows.len();
        if found > COLUMNS_MAX {
            return Err(Fault::new(Damage::TooManyColumns { found, max: COLUMNS_MAX }).on_line(rows.line()));
        }
        let names = (0..found).map(|index| normalized(rows.cell(index)).into_owned()).collect();
        let ranges = (0..found).map(|index| rows.range(index)).collect();
        Ok(Self { names, line: rows.line(), text: rows.text(), ranges, own: found, copied: Vec::new() })
    }

    /// As many columns as the row has, each called by its number.
    pub(in crate::export) fn numbered<R: RawRows>(rows: &R) -> Result<Self, Fault> {
        let header = Self::of(rows)?;
        Ok(Self { names: (1..=header.own).map(|number| number.to_string()).collect(), ..header })
    }

    /// Under the rows of the heading above this one: a blank cell of theirs takes the one to its left, as far as the same
    /// stands above both, and what stands twice on the way down stands once. A column without a cell of its own that would be
    /// called as the one to its left has no name: the heading of that one is wider than it.
    fn below(self, above: &[Self], join: &str) -> Self {
        let own = above.iter().map(|row| row.own).max().unwrap_or_default().max(self.own);
        let mut names: Vec<String> = vec![String::new(); own];
        let mut begins = vec![false; own];
        for row in above {
            let mut left = "";
            for index in 0..own {
                let cell = row.names.get(index).map_or("", String::as_str);
                begins[index] |= !cell.is_empty();
                left = if begins[index] { cell } else { left };
                put_below(&mut names[index], left, join);
            }
        }
        for (name, low) in names.iter_mut().zip(&self.names) {
            put_below(name, low, join);
        }
        let has_own = |index: usize| {
            let own = |row: &Self| row.names.get(index).is_some_and(|cell| !cell.is_empty());
            own(&self) || above.iter().any(own)
        };
        for index in (1..own).rev().filter(|index| !has_own(*index)) {
            if names[index] == names[index - 1] {
                names[index].clear();
            }
        }
        Self { own, names, ..self }
    }

    /// How many columns of the file there are up to the last that has a name: many a vendor ends the heading with
    /// commas, too.
    pub(in crate::export) fn unnamed_at_the_end(&self) -> usize {
        self.names.iter().take(self.own).rev().take_while(|name| name.is_empty()).count()
    }

    /// Columns of the file behind the last that has a name, and that nothing is made of: nothing ought to stand there.
    pub(in crate::export) fn nameless_at_the_end(&self) -> impl Iterator<Item = usize> {
        (self.own - self.unnamed_at_the_end()..self.own).filter(|index| !self.copied.contains(index))
    }

    /// Columns that are made of others.
    pub(in crate::export) fn add(&mut self, names: Vec<String>, copied: Vec<usize>) {
        self.names.extend(names);
        self.copied = copied;
    }

    /// The columns of the file that nothing else is made of, with their names.
    pub(in crate::export) fn uncopied(&self) -> impl Iterator<Item = (usize, &String)> {
        self.names.iter().enumerate().take(self.own).filter(|(index, _)| !self.copied.contains(index))
    }

    /// Where the columns of a name stand.
    pub(in crate::export) fn positions(&self, wanted: &str) -> impl Iterator<Item = usize> {
        self.names.iter().enumerate().filter(move |(_, name)| *name == wanted).map(|(index, _)| index)
    }

    pub(in crate::export) fn names(&self) -> &[String] {
        &self.names
    }

    /// Where a column stands that this key of the configuration names.
    pub(in crate::export) fn position(&self, wanted: &str, key: &'static str) -> Result<usize, Fault> {
        let mut found = self.names.iter().enumerate().filter(|(_, name)| *name == wanted).map(|(index, _)| index);
        let Some(first) = found.next() else { return Err(self.missing(wanted, key)) };
        match found.next() {
            None => Ok(first),
            Some(second) => {
                let damage = Damage::ColumnDoubled { name: Shown::of(wanted), times: 2 + found.count(), key };
                Err(self.fault(damage, Some(second)))
            }
        }
    }

    /// The column in words: by name where it has one.
    pub(in crate::export) fn column(&self, index: usize) -> String {
        match self.names.get(index) {
            Some(name) if !name.is_empty() => format!("column {:?}", Shown::of(name)),
            _ => format!("column {}", index + 1),
        }
    }

    /// Guessing a delimiter moves cells where it is wrong, so it is only suggested.
    pub(in crate::export) fn other_delimiter(&self, wanted: &[&str]) -> Option<Fault> {
        let [name] = self.names.as_slice() else { return None };
        // As it is written: a tab within a name is a blank of it.
        let header = self.text.trim_matches(['\r', '\n']);
        let is_wanted = |cell: &str| wanted.contains(&normalized(cell.trim().trim_matches('"')).as_ref());
        // One of them is enough: another one may be misspelt. A column of the whole row's name is that column.
        let has_some = |one: &char| header.split(*one).any(is_wanted);
        let none = !wanted.contains(&name.as_str());
        let delimiter = DELIMITERS.into_iter().find(|one| none && header.contains(*one) && has_some(one))?;
        let delimiter = shown_delimiter(delimiter);
        Some(self.fault(Damage::OtherDelimiter { delimiter, text: Shown::of(self.text.trim()) }, None))
    }

    /// `sep=;`: what Excel is told with, and writes itself. `own` is what the rows are read by.
    pub(in crate::export) fn separator_line(&self, own: u8, wanted: &[&str]) -> Option<Fault> {
        let text = self.text.trim_matches([' ', '\r', '\n']);
        let named = text.get(..4).filter(|begins| begins.eq_ignore_ascii_case("sep=")).and(text.get(4..));
        let delimiter = DELIMITERS.into_iter().find(|one| named.is_some_and(|named| named.chars().eq([*one])))?;
        let delimiter = (u32::from(delimiter) != u32::from(own)).then(|| shown_delimiter(delimiter));
        let cell = (*wanted.first()?).to_owned();
        Some(self.fault(Damage::SeparatorLine { delimiter, cell }, None))
    }

    fn missing(&self, wanted: &str, key: &'static str) -> Fault {
        // Somebody named it from its record, where it goes by its path from the top.
        let mut ends =
            self.names.iter().filter(|name| name.strip_suffix(wanted).is_some_and(|path| path.ends_with('.')));
        let only = ends.next().filter(|_| ends.next().is_none()).map(String::as_str);
        let meant = only.or_else(|| alike(wanted, self.names.iter().map(String::as_str)));
        let stands = meant.and_then(|meant| self.names.iter().position(|name| name == meant));
        let mut listed: Vec<String> =
            self.names.iter().take(LISTED).map(|name| format!("{:?}", Shown::of(name))).collect();
        if self.names.len() > LISTED {
            listed.push(format!("and {} more", self.names.len() - LISTED));
        }
        let (wanted, meant) = (Shown::of(wanted), meant.map(Shown::of));
        self.fault(Damage::ColumnMissing { wanted, meant, present: listed.join(", ").into(), key }, stands)
    }

    fn fault(&self, damage: Damage, stands: Option<usize>) -> Fault {
        let fault = Fault::new(damage).on_line(self.line);
        if self.text.is_empty() {
            return fault;
        }
        let range = stands.and_then(|index| self.ranges.get(index)?.clone()).unwrap_or(0..self.text.len());
        fault.marked(&self.text, range)
    }
}

/// Goes to the header.
pub(in crate::export) fn header<R: RawRows>(rows: &mut R, layout: &Layout) -> Result<Header, Faults> {
    let column = |cell: usize| format!("column {}", cell + 1);
    let mut empty = true;
    while rows.advance().map_err(|fault| fault.named(column))? {
        if rows.is_blank() {
            continue;
        }
        empty = false;
        match &layout.header {
            HeaderRow::First => return Ok(Header::of(rows)?),
            HeaderRow::Absent => return Ok(Header::numbered(rows)?),
            HeaderRow::Cell(cell) | HeaderRow::Joined { cell: Some(cell), .. } if !holds(rows, cell) => {}
            HeaderRow::Cell(_) => return Ok(Header::of(rows)?),
            HeaderRow::Joined { rows: number, join, .. } => return joined_header(rows, *number, join),
        }
    }
    let missing = match &layout.header {
        HeaderRow::Cell(cell) | HeaderRow::Joined { cell: Some(cell), .. } if !empty => {
            Damage::HeaderMissing(Shown::of(cell))
        }
        _ => Damage::Empty,
    };
    Err(Fault::new(missing).into())
}

/// A heading of several rows, from the one that the reader stands on.
fn joined_header<R: RawRows>(rows: &mut R, number: usize, join: &str) -> Result<Header, Faults> {
    let (mut above, mut header) = (Vec::new(), Header::of(rows)?);
    for _ in 1..number {
        if !rows.advance()? {
            return Err(Fault::new(Damage::HeaderOnly).into());
        }
        above.push(std::mem::replace(&mut header, Header::of(rows)?));
    }
    Ok(header.below(&above, join))
}

fn holds<R: RawRows>(rows: &R, cell: &str) -> bool {
    (0..rows.len()).any(|index| normalized(rows.cell(index)) == cell)
}

fn put_below(name: &mut String, low: &str, join: &str) {
    if name.is_empty() {
        low.clone_into(name);
    } else if !low.is_empty() && name != low {
        *name = normalized(&format!("{name}{join}{low}")).into_owned();
    }
}

/// Titles above the header: whether one of the rows below has every column, where nothing says how to know the header.
pub(super) fn header_below<R: RawRows>(mut rows: R, layout: &Layout) -> Option<Fault> {
    let wanted = layout.columns();
    let cell = (*wanted.first()?).to_owned();
    for _ in 0..TITLES_MAX {
        let is_row = layout.header == HeaderRow::First && rows.advance().ok()?;
        let has = |name: &&str| (0..rows.len()).any(|index| normalized(rows.cell(index)) == **name);
        if !is_row {
            return None;
        } else if wanted.iter().all(has) {
            return Some(Fault::new(Damage::HeaderBelow { line: rows.line(), cell }));
        }
    }
    None
}
