//! How the rows of one file are read: the layout's columns, found in the file's header.

use std::borrow::Cow;

use crate::export::column::{Column, NamedColumn};
use crate::export::count::count_parser::Units;
use crate::export::count::part_of_number::is_part_of_number;
use crate::export::damage_kinds::Damage;
use crate::export::damage_places::{Fault, Faults};
use crate::export::format::raw_rows::RawRows;
use crate::export::read::header::Header;
use crate::export::read::row_date::RowDate;
use crate::export::read::sheet_or_file::ExportPart;
use crate::export::row_condition::{Range, RowCondition};
use crate::export::settings::{Count, Latest, Layout, LongLayout, WideLayout};
use crate::export::text_pattern::Pattern;
use crate::reconcile::model::export::count_error::CountError;
use crate::reconcile::model::export::normalized_names::{is_blank, normalized};
use crate::reconcile::model::export::spreadsheet_damage::is_error;

/// A layout, with the places of its columns.
#[derive(Debug)]
pub(in crate::export) struct FoundColumns<'a> {
    pub(in crate::export) layout: &'a Layout,
    pub(in crate::export) customer: ColumnValue<'a>,
    pub(in crate::export) long: Option<LongReading<'a>>,
    /// Services and the columns that count them.
    pub(in crate::export) wide: Vec<(usize, String)>,
    pub(in crate::export) stop: Option<CellFilter<'a>>,
    /// Every filter, with whether a row that passes it is kept.
    pub(in crate::export) filters: Vec<(bool, CellFilter<'a>)>,
    /// The column of dates of which the newest counts.
    pub(in crate::export) latest: Option<NewestDate<'a>>,
}

/// The newest date of an export, and where each row has its own.
#[derive(Debug, Clone, Copy)]
pub(in crate::export) struct NewestDate<'a> {
    pub(in crate::export) index: usize,
    pub(in crate::export) latest: &'a Latest,
    pub(in crate::export) newest: Option<RowDate>,
}

/// The part of a row that names its service.
#[derive(Debug)]
pub(in crate::export) struct LongReading<'a> {
    pub(in crate::export) service: ColumnValue<'a>,
    pub(in crate::export) counting: Counting<'a>,
    pub(in crate::export) item: Option<ColumnValue<'a>>,
}

/// What a row counts.
#[derive(Debug)]
pub(in crate::export) enum Counting<'a> {
    Column(ColumnValue<'a>),
    Rows,
    Distinct,
}

/// A value, and where it is taken from.
#[derive(Debug, Clone, Copy)]
pub(in crate::export) enum ColumnValue<'a> {
    Fixed(&'a str),
    /// A cell as it is.
    Cell(usize),
    /// A cell, of which something else is meant.
    MadeColumn(usize, &'a NamedColumn),
}

/// A condition, and where its cell is.
#[derive(Debug)]
pub(in crate::export) struct CellFilter<'a> {
    pub(in crate::export) index: usize,
    condition: &'a RowCondition,
    /// Upper and lower case tell names apart, and no words for a state.
    is_of_names: bool,
}

/// What a row's cell comes to.
pub(in crate::export) enum Values<'r> {
    One(Cow<'r, str>),
    Several(Vec<Cow<'r, str>>),
}

/// A cell in which the part that is meant was not found.
pub(in crate::export) struct NoMatch<'a> {
    pub(in crate::export) pattern: &'a Pattern,
    pub(in crate::export) value: String,
}

impl<'a> FoundColumns<'a> {
    /// Finds the layout's columns. Everything that is missing is said at once.
    pub(in crate::export) fn of(layout: &'a Layout, header: &Header, part: ExportPart<'_>) -> Result<Self, Faults> {
        let wanted = layout.columns();
        let own = layout.delimiter.unwrap_or(b',');
        if let Some(fault) = header.separator_line(own, &wanted).or_else(|| header.other_delimiter(&wanted)) {
            return Err(fault.into());
        }
        let names = name_columns(layout);
        let mut finder = Finder { header, faults: Faults::none(), said: Vec::new(), names };
        let customer = finder.taken(&layout.customer);
        let long = layout.shape.long().map(|long| finder.long(long));
        let stop = layout.stop.as_ref().map(|condition| finder.asked(condition, "stop"));
        let keep = layout.keep.iter().map(|condition| (true, condition));
        let filters = keep.chain(layout.drop.iter().map(|condition| (false, condition)));
        let filters: Vec<_> = filters
            .map(|(keep, condition)| (keep, finder.asked(condition, if keep { "keep" } else { "drop" })))
            .collect();
        let wide = match layout.shape.wide() {
            None => Vec::new(),
            Some(WideLayout::Names(names)) => {
                names.iter().map(|name| (finder.index(name, "wide"), name.clone())).collect()
            }
            Some(WideLayout::From(first)) => finder.from(*first, &layout.columns()),
        };
        let latest = layout.latest.as_ref().map(|latest| {
            let index = finder.index(&latest.column, "latest");
            NewestDate { index, latest, newest: part.newest }
        });
        if !finder.faults.is_empty() {
            return Err(finder.faults);
        }
        Ok(Self { layout, customer, long, wide, stop, filters, latest })
    }

    /// The row that ends the data, in words.
    pub(in crate::export) fn end(&self) -> Option<String> {
        self.stop.as_ref().map(|stop| stop.condition.to_string())
    }
}

/// The filters in words, in their order.
pub(in crate::export) fn rules(layout: &Layout, newest: Option<RowDate>) -> Vec<String> {
    let keep = layout.keep.iter().map(|condition| format!("keep {condition}"));
    let drop = layout.drop.iter().map(|condition| format!("drop {condition}"));
    let latest = layout.latest.iter().zip(newest).map(|(latest, date)| format!("latest {:?} is {date}", latest.column));
    keep.chain(drop).chain(latest).collect()
}

/// The columns that name customers, services and items.
fn name_columns(layout: &Layout) -> Vec<String> {
    let long = layout.shape.long().map(|long| [Some(&long.service), long.count.item()]);
    let named = std::iter::once(&layout.customer).chain(long.into_iter().flatten().flatten());
    named.flat_map(Column::names).map(str::to_owned).collect()
}

struct Finder<'h> {
    header: &'h Header,
    /// The columns that name customers, services and items.
    names: Vec<String>,
    faults: Faults,
    /// The columns that were not found.
    said: Vec<String>,
}

impl Finder<'_> {
    /// Where a column stands that this key names; where it does not, that is remembered, and nothing of the file is read.
    fn index(&mut self, name: &str, key: &'static str) -> usize {
        match self.header.position(name, key) {
            Ok(index) => index,
            Err(mut fault) => {
                if let (false, Damage::ColumnMissing { present, .. }) = (self.faults.is_empty(), &mut *fault.damage) {
                    *present = Box::default();
                }
                if !self.said.iter().any(|said| said == name) {
                    self.faults.push(|| fault);
                }
                self.said.push(name.to_owned());
                0
            }
        }
    }

    fn taken<'a>(&mut self, column: &'a Column) -> ColumnValue<'a> {
        match column {
            Column::Fixed(text) => ColumnValue::Fixed(text),
            Column::Named(named) => {
                let index = self.index(&named.name, "columns");
                let plain = named.split.is_none() && named.matching.is_none() && !named.lower && named.mark.is_none();
                if plain { ColumnValue::Cell(index) } else { ColumnValue::MadeColumn(index, named) }
            }
        }
    }

    fn asked<'a>(&mut self, condition: &'a RowCondition, key: &'static str) -> CellFilter<'a> {
        let is_of_names = self.names.contains(&condition.column);
        CellFilter { index: self.index(&condition.column, key), condition, is_of_names }
    }

    fn long<'a>(&mut self, long: &'a LongLayout) -> LongReading<'a> {
        let service = self.taken(&long.service);
        let counting = match &long.count {
            Count::Column { count, .. } => Counting::Column(self.taken(count)),
            Count::Rows { .. } => Counting::Rows,
            Count::Distinct { .. } => Counting::Distinct,
        };
        LongReading { service, counting, item: long.count.item().map(|item| self.taken(item)) }
    }

    /// Every column from the first one on that means nothing else.
    fn from(&mut self, first: usize, others: &[&str]) -> Vec<(usize, String)> {
        let names = self.header.uncopied().filter(|(at, _)| *at + 1 >= first);
        let services: Vec<(usize, String)> =
            names.filter(|(_, name)| !others.contains(&name.as_str())).map(|(at, name)| (at, name.clone())).collect();
        for (_, name) in services.iter().filter(|(_, name)| !name.is_empty()) {
            self.index(name, "wide");
        }
        if services.is_empty() {
            self.faults.push(|| Fault::new(Damage::NoWideColumn { first, found: self.header.names().len() }));
        }
        services
    }
}

impl CellFilter<'_> {
    /// Whether the row passes.
    pub(in crate::export) fn passes<R: RawRows>(&self, rows: &R) -> bool {
        let cell = normalized(rows.cell(self.index));
        let says = |is: &String| *is == cell || (!self.is_of_names && is.to_lowercase() == cell.to_lowercase());
        self.condition.is.iter().any(says) || self.condition.like.iter().any(|like| like.regex.is_match(&cell))
    }

    /// The bounds that it asks a number for.
    pub(in crate::export) fn range(&self) -> Option<&'_ Range> {
        self.condition.range.as_ref()
    }
}

impl<'a> ColumnValue<'a> {
    /// The column, if it is one.
    pub(in crate::export) fn index(self) -> Option<usize> {
        match self {
            Self::Fixed(_) => None,
            Self::Cell(index) | Self::MadeColumn(index, _) => Some(index),
        }
    }

    /// What a text comes to that stands in its cell of every row.
    pub(in crate::export) fn of_text(self, text: &str) -> Option<String> {
        let Self::MadeColumn(_, named) = self else { return None };
        let value = named.value(text).ok()?;
        (!value.is_empty()).then(|| value.into_owned())
    }

    /// The cell as it stands, if its name is all that is meant.
    pub(in crate::export) fn plain<R: RawRows>(self, rows: &R) -> Option<&str> {
        match self {
            Self::Cell(index) => Some(rows.cell(index)),
            Self::Fixed(_) | Self::MadeColumn(..) => None,
        }
    }

    /// What the row has of it, in its one form. Blank values are none.
    pub(in crate::export) fn values<'r, R: RawRows>(self, rows: &'r R) -> Result<Values<'r>, NoMatch<'a>>
    where
        'a: 'r,
    {
        match self {
            Self::Fixed(text) => Ok(Values::One(Cow::Borrowed(text))),
            Self::Cell(index) => Ok(Values::One(normalized(rows.cell(index)))),
            Self::MadeColumn(index, named) => named.values(rows.cell(index)),
        }
    }
}

impl<'a> ColumnValue<'a> {
    /// Whom the row names. A spreadsheet's error names nobody.
    pub(in crate::export) fn names<'r, R: RawRows>(self, rows: &'r R) -> Result<Values<'r>, NoMatch<'a>>
    where
        'a: 'r,
    {
        match self.index() {
            Some(index) if is_error(rows.cell(index)) => Ok(Values::Several(Vec::new())),
            _ => self.values(rows),
        }
    }

    /// Where it stands, if the whole cell is the name and holds a list: that is a name of nobody and of nothing.
    pub(in crate::export) fn list<R: RawRows>(self, rows: &R) -> Option<usize> {
        let is_whole = match self {
            Self::MadeColumn(_, named) => named.split.is_none() && named.matching.is_none(),
            Self::Fixed(_) | Self::Cell(_) => true,
        };
        self.index().filter(|index| is_whole && rows.is_list(*index))
    }
}

impl NamedColumn {
    /// What `match` takes of a cell that counts, where that is only a part of the number that stands there.
    pub(in crate::export) fn cut_number(&self, cell: &str) -> Option<String> {
        let pattern = self.matching.as_ref()?;
        let mut parts =
            self.split.as_ref().map_or(vec![cell], |split| cell.split(split.as_str()).collect()).into_iter();
        let text = normalized(parts.find(|part| !is_blank(part))?);
        let found = pattern.regex.captures(&text)?;
        let whole = found.get(0)?;
        let taken = found.get(1).unwrap_or(whole);
        is_part_of_number(&text, taken.range(), whole.range()).then(|| taken.as_str().to_owned())
    }

    fn values<'r>(&self, cell: &'r str) -> Result<Values<'r>, NoMatch<'_>> {
        let Some(split) = &self.split else { return self.value(cell).map(Values::One) };
        let values: Result<Vec<_>, _> = cell.split(split.as_str()).map(|part| self.value(part)).collect();
        Ok(Values::Several(values?.into_iter().filter(|value| !value.is_empty()).collect()))
    }

    fn value<'r>(&self, text: &'r str) -> Result<Cow<'r, str>, NoMatch<'_>> {
        let text = normalized(text);
        let value = match &self.matching {
            Some(pattern) if !text.is_empty() => Cow::Owned(pattern.taken(&text)?),
            _ => text,
        };
        let is_lower = !self.lower || value.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase());
        Ok(if is_lower { value } else { Cow::Owned(value.to_lowercase()) })
    }
}

impl Range {
    /// Whether a number is between the bounds.
    pub(in crate::export) fn holds(&self, units: Units) -> bool {
        self.least.is_none_or(|least| units >= least) && self.most.is_none_or(|most| units <= most)
    }
}

impl Pattern {
    fn taken(&self, text: &str) -> Result<String, NoMatch<'_>> {
        let found = self.regex.captures(text).and_then(|found| found.get(1).or_else(|| found.get(0)));
        match found {
            Some(group) => Ok(normalized(group.as_str()).into_owned()),
            None => Err(NoMatch { pattern: self, value: text.to_owned() }),
        }
    }
}

impl NoMatch<'_> {
    /// Why the row is no count.
    pub(in crate::export) fn why(&self) -> CountError {
        let digits = self.value.bytes().all(|byte| byte.is_ascii_digit());
        let mut longer = (1..10).map(|zeros| format!("{}{}", "0".repeat(zeros), self.value));
        let lost_zeros = digits && longer.any(|longer| self.pattern.regex.is_match(&longer));
        CountError::NoMatch { pattern: self.pattern.written.clone(), lost_zeros }
    }
}

impl<'r> Values<'r> {
    /// Each of them; none where the cell is blank.
    pub(in crate::export) fn as_slice(&self) -> &[Cow<'r, str>] {
        match self {
            Self::One(value) if value.is_empty() => &[],
            Self::One(value) => std::slice::from_ref(value),
            Self::Several(values) => values,
        }
    }
}
