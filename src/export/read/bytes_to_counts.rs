//! A file's bytes into counts: picks the reader of its format, as declared, else by what the bytes are.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use crate::export::column::Column;
use crate::export::count::tally::Tally;
use crate::export::damage_kinds::{Damage, Shown};
use crate::export::damage_places::{Fault, Faults};
use crate::export::error::ExportError;
use crate::export::format::csv_rows::CsvRows;
use crate::export::format::gzip::unpacked;
use crate::export::format::json::list_rows::ListRows;
use crate::export::format::json::more_pages::ReadOfList;
use crate::export::format::json::nested_path::{is_nested, leading_keys, steps};
use crate::export::format::json::nested_records::NestedRecords;
use crate::export::format::json::record_finder::{RecordsShape, is_lines};
use crate::export::format::json::{Records, more_pages};
use crate::export::format::raw_rows::RawRows;
use crate::export::format::zip_archive::{Members, is_zip};
use crate::export::format::{encoding, workbook, xml, zip_archive};
use crate::export::read::header::{Header, header};
use crate::export::read::layout::rules;
use crate::export::read::newest_date;
use crate::export::read::row_date::RowDate;
use crate::export::read::rows;
use crate::export::read::sheet_or_file::{ExportPart, NamedFile, has_some, holds_more};
use crate::export::settings::{Format, HeaderRow, Layout, Sheet};
use crate::reconcile::model::export::counts::{Counts, FilledColumns};
use crate::reconcile::model::export::delivered_file::DeliveredFile;
use crate::reconcile::model::export::partial_export::UnreadPart;

/// The counts that these bytes hold; `path` names them in an error, and is where a column may take a file's name from.
/// Bytes that are given away are gone before the counts are put in order, so that a large file and all its counts are
/// never in memory together.
///
/// # Errors
/// [`ExportError::Damaged`], naming lines and columns, if anything about the file's structure is wrong.
pub fn read_bytes(path: &Path, bytes: impl AsRef<[u8]>, layout: &Layout) -> Result<Counts, ExportError> {
    read_files(vec![(path.to_owned(), bytes)], layout)
}

/// The counts of several files that are one export, each called by its name without its folder.
///
/// # Errors
/// As for [`read_bytes`], of the first file that has something wrong with it.
pub fn read_files(files: Vec<(PathBuf, impl AsRef<[u8]>)>, layout: &Layout) -> Result<Counts, ExportError> {
    read_named(files.into_iter().map(|(path, bytes)| NamedFile::of(path, bytes)).collect(), layout)
}

/// The same, of files that are called by more than their name.
pub(in crate::export) fn read_named(
    files: Vec<NamedFile<impl AsRef<[u8]>>>,
    layout: &Layout,
) -> Result<Counts, ExportError> {
    let newest = match &layout.latest {
        Some(latest) => Some(newest(&files, layout, &latest.column)?),
        None => None,
    };
    let several = files.len() > 1;
    let newest_path = files.last().map(|file| file.path.clone()).unwrap_or_default();
    let mut tally = Tally::new(layout.duplicates, rules(layout, newest));
    if let Some(newest) = newest {
        tally.newest_day(newest.first_day(), newest.last_day());
    }
    let mut count = CountAll { layout, tally: Some(tally), files: Vec::new() };
    for NamedFile { path, name, bytes } in files {
        let part = ExportPart { file: &name, sheet: "", label: several.then_some(name.as_str()), newest };
        let read = with_rows(bytes.as_ref(), layout, part, &mut count);
        drop(bytes);
        read.map_err(|faults| ExportError::Damaged { path, faults: Box::new(faults.of_file(&name)) })?;
    }
    let CountAll { tally, files, .. } = count;
    let counts = tally.map(Tally::finish).unwrap_or_default();
    if counts.rows == 0 && counts.left_out.is_empty() {
        let (path, faults) = (newest_path, Box::new(Fault::new(Damage::HeaderOnly).into()));
        return Err(ExportError::Damaged { path, faults });
    }
    if let Some((path, fault)) = same_bytes(&files, layout) {
        return Err(ExportError::Damaged { path, faults: Box::new(fault.into()) });
    }
    Ok(Counts { files, filled: filled(layout), ..counts })
}

fn filled(layout: &Layout) -> FilledColumns {
    let is_filled = |name: &str| layout.fill_down.iter().any(|filled| filled == name);
    let of = |column: &Column| match column {
        Column::Fixed(_) => false,
        Column::Named(named) => is_filled(&named.name) || column.names().into_iter().any(is_filled),
    };
    FilledColumns { customer: of(&layout.customer), service: layout.shape.long().is_some_and(|long| of(&long.service)) }
}

/// Two files of one delivery with the same bytes: one was copied, unless their names tell them apart.
fn same_bytes(files: &[DeliveredFile], layout: &Layout) -> Option<(PathBuf, Fault)> {
    let mut seen: BTreeMap<&str, &str> = BTreeMap::new();
    let file_names = layout.file_names().is_some();
    files.iter().filter(|_| !file_names).find_map(|file| {
        let other = seen.insert(&file.sha256, &file.name)?;
        Some((PathBuf::from(&file.name), Fault::new(Damage::SameBytes { other: Shown::of(other) })))
    })
}

/// The newest date of all rows of all files.
fn newest(files: &[NamedFile<impl AsRef<[u8]>>], layout: &Layout, column: &str) -> Result<RowDate, ExportError> {
    let mut find = FindNewest { layout, newest: None };
    for NamedFile { path, name, bytes } in files {
        let part = ExportPart { file: name, ..ExportPart::default() };
        with_rows(bytes.as_ref(), layout, part, &mut find)
            .map_err(|faults| ExportError::Damaged { path: path.clone(), faults: Box::new(faults) })?;
    }
    let path = files.first().map(|file| file.path.clone()).unwrap_or_default();
    find.newest.ok_or_else(|| {
        let faults = Fault::new(Damage::NoDates { column: Shown::of(column) }).into();
        ExportError::Damaged { path, faults: Box::new(faults) }
    })
}

/// How a file fails to be what a layout is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LayoutMismatch {
    /// Columns that it lacks, in the layout's order, and how many the layout asks for.
    Lacks {
        /// Their names.
        columns: Vec<String>,
        /// How many there should be.
        of: usize,
    },
    /// It is of another format, or its header is not found, in words.
    Other(String),
}

/// Whether the file's header has every column of the layout, and these others. Of the rows below nothing is looked at,
/// except in JSON, where any record may bring a column.
pub fn fit(bytes: &[u8], layout: &Layout, others: &[String]) -> Result<(), LayoutMismatch> {
    let wanted: Vec<&str> = layout.columns().into_iter().chain(others.iter().map(String::as_str)).collect();
    let mut find = FindHeader { layout, header: None };
    match with_rows(bytes, layout, ExportPart::default(), &mut find) {
        Ok(()) => lacking(&wanted, find.header.as_ref().map_or(&[], Header::names)),
        Err(faults) => Err(LayoutMismatch::Other(faults.to_string().trim_start_matches([':', ',', ' ']).to_owned())),
    }
}

/// What the file's columns are called; nothing where it cannot be read as far as that.
pub fn column_names(bytes: &[u8], layout: &Layout) -> Vec<String> {
    let mut find = FindHeader { layout, header: None };
    let read = with_rows(bytes, layout, ExportPart::default(), &mut find);
    read.ok().and(find.header).map_or(Vec::new(), |header| header.names().to_vec())
}

fn lacking(wanted: &[&str], names: &[String]) -> Result<(), LayoutMismatch> {
    let lacks = wanted.iter().filter(|wanted| !names.iter().any(|name| name == *wanted));
    let columns: Vec<String> = lacks.map(ToString::to_string).collect();
    if columns.is_empty() { Ok(()) } else { Err(LayoutMismatch::Lacks { columns, of: wanted.len() }) }
}

/// What is done with the rows of each part of an export. The compiler makes one for each format.
trait Visit {
    /// `unread` is why the file looks like a part of the export.
    fn visit<R: RawRows>(&mut self, rows: R, part: ExportPart<'_>, unread: Vec<UnreadPart>) -> Result<(), Faults>;

    /// How many rows and customers without any there are so far, where they are counted.
    fn rows(&self) -> Option<usize> {
        None
    }

    /// Something of the file is no part of the export.
    fn passed_over(&mut self, _what: &str) {}

    /// One of several files, as it was delivered.
    fn delivered(&mut self, _name: &str, _bytes: &[u8]) {}
}

struct CountAll<'a> {
    layout: &'a Layout,
    /// There, unless a part was refused.
    tally: Option<Tally>,
    files: Vec<DeliveredFile>,
}

impl Visit for CountAll<'_> {
    fn visit<R: RawRows>(&mut self, rows: R, part: ExportPart<'_>, unread: Vec<UnreadPart>) -> Result<(), Faults> {
        let Some(mut tally) = self.tally.take() else { return Ok(()) };
        tally.another_part(part.label);
        let mut tally = rows::tally(rows, self.layout, part, tally).map_err(|faults| faults.in_part(part.label))?;
        tally.unread(unread);
        self.tally = Some(tally);
        Ok(())
    }

    fn rows(&self) -> Option<usize> {
        self.tally.as_ref().map(Tally::rows_and_names)
    }

    fn delivered(&mut self, name: &str, bytes: &[u8]) {
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        let sha256 = hex::encode(Sha256::digest(bytes));
        self.files.push(DeliveredFile { name: name.to_owned(), bytes: length, sha256 });
    }

    fn passed_over(&mut self, what: &str) {
        if let Some(tally) = &mut self.tally {
            tally.passed_over(what);
        }
    }
}

struct FindNewest<'a> {
    layout: &'a Layout,
    newest: Option<RowDate>,
}

impl Visit for FindNewest<'_> {
    fn visit<R: RawRows>(&mut self, rows: R, part: ExportPart<'_>, _unread: Vec<UnreadPart>) -> Result<(), Faults> {
        let newest = newest_date::newest(rows, self.layout, part).map_err(|faults| faults.in_part(part.label))?;
        self.newest = self.newest.max(newest);
        Ok(())
    }
}

/// The header of the first part.
struct FindHeader<'a> {
    layout: &'a Layout,
    header: Option<Header>,
}

impl Visit for FindHeader<'_> {
    fn visit<R: RawRows>(
        &mut self,
        mut rows: R,
        _part: ExportPart<'_>,
        _unread: Vec<UnreadPart>,
    ) -> Result<(), Faults> {
        if self.header.is_none() {
            self.header = Some(header(&mut rows, self.layout)?);
        }
        Ok(())
    }
}

fn with_rows<V: Visit>(bytes: &[u8], layout: &Layout, part: ExportPart<'_>, visit: &mut V) -> Result<(), Faults> {
    let plain = unpacked(bytes, layout.max_bytes)?;
    let may_be_workbook = layout.member.is_none();
    let is_one =
        !is_zip(&plain) || may_be_workbook && (layout.format == Some(Format::Xlsx) || zip_archive::is_workbook(&plain));
    if is_one {
        if layout.all_members {
            visit.delivered(part.file, bytes);
        }
        return with_file(&plain, layout, part, visit);
    }
    let of = Members { wanted: layout.member.as_ref(), all: layout.all_members };
    let members = zip_archive::members(&plain, of, layout.max_bytes)?;
    let several = members.len() > 1;
    for member in members {
        if layout.all_members {
            visit.delivered(&format!("{}/{}", part.file, member.path), &member.bytes);
        }
        let label = if several { Some(member.path.as_str()) } else { part.label };
        let own = several || layout.member.is_some();
        let (name, path) = (member.name.as_str(), member.path.as_str());
        let names = if own { [name, path, part.file] } else { [part.file, name, path] };
        let file = file_name(layout, names);
        let unpacked = unpacked(&member.bytes, layout.max_bytes)?;
        with_file(&unpacked, layout, ExportPart { file, label, ..part }, visit)?;
    }
    Ok(())
}

/// Of an archive and its file the name that a column is taken from: the first that has what is looked for. That of a
/// file may be looked for with its folders: some vendors put each customer's into one.
fn file_name<'n>(layout: &Layout, names: [&'n str; 3]) -> &'n str {
    let patterns = layout.file_names().unwrap_or_default();
    let fits = |name: &&str| patterns.iter().all(|pattern| pattern.regex.is_match(name));
    names.into_iter().find(fits).unwrap_or(names[0])
}

fn with_file<V: Visit>(bytes: &[u8], layout: &Layout, part: ExportPart<'_>, visit: &mut V) -> Result<(), Faults> {
    if layout.format == Some(Format::Xlsx) || (is_zip(bytes) && layout.format.is_none()) {
        return with_sheets(bytes, layout, part, visit);
    }
    let text = encoding::decoded(bytes, layout.encoding.or_else(|| xml::declared_encoding(bytes)))?;
    // Only a decoded text begins with its mark: a marked UTF-8 text is borrowed without it.
    let text: Cow<'_, str> = text;
    let path = layout.records.join(".");
    let shape = match format(&text, layout) {
        Format::Csv | Format::Xlsx => {
            let delimiter = layout.delimiter.unwrap_or(b',');
            return visit.visit(CsvRows::new(&text, delimiter, layout.quote_escape), part, Vec::new());
        }
        Format::Xml => return with_elements(&text, layout, part, visit),
        Format::Json | Format::Ndjson if is_nested(&layout.records) => return with_nested(&text, layout, part, visit),
        Format::Ndjson => RecordsShape::Lines,
        Format::Json if path.is_empty() && layout.format.is_none() => RecordsShape::Undeclared,
        Format::Json => RecordsShape::Array(Some(path.as_str()).filter(|path| !path.is_empty())),
    };
    let lists = match ListRows::open(&text, shape) {
        Ok(lists) => lists,
        Err(fault) => {
            let records = NestedRecords::list_of_one(&text, &layout.records, layout.columns()).ok_or(fault)?;
            let unread = if layout.whole {
                Vec::new()
            } else {
                more_pages::signs(&text, &layout.records, ReadOfList::in_one(1))
            };
            return visit.visit(records, part, unread);
        }
    };
    if let Some(rows) = lists {
        let headings = usize::from(layout.header != HeaderRow::Absent);
        let listed = rows.number().saturating_sub(headings);
        let unread = if layout.whole {
            Vec::new()
        } else {
            more_pages::signs(&text, &layout.records, ReadOfList::in_one(listed))
        };
        return visit.visit(rows, part, unread);
    }
    let records = Records::open(&text, shape)?;
    let listed = ReadOfList::in_one(records.number());
    let unread = if layout.whole { Vec::new() } else { more_pages::signs(&text, &layout.records, listed) };
    visit.visit(records, part, unread)
}

fn with_nested<V: Visit>(text: &str, layout: &Layout, part: ExportPart<'_>, visit: &mut V) -> Result<(), Faults> {
    let on_lines = layout.format == Some(Format::Ndjson) || (layout.format.is_none() && is_lines(text));
    let records = NestedRecords::open_for(text, steps(&layout.records), layout.columns(), (true, on_lines))?;
    let listed = ReadOfList::in_one(records.number_of_first());
    let mut unread = more_pages::signs(text, &leading_keys(&layout.records), listed);
    unread.extend(more_pages::signs_inside(text, &steps(&layout.records)).into_iter().map(UnreadPart::not_of_pages));
    // Columns are paths from the top: a `status` that is read is one of the customer.
    let columns = layout.columns();
    let is_read =
        |sign: &UnreadPart| matches!(sign, UnreadPart::Error { member } if columns.contains(&member.as_str()));
    unread.retain(|sign| !layout.whole && !is_read(sign));
    visit.visit(records, part, unread)
}

fn with_elements<V: Visit>(text: &str, layout: &Layout, part: ExportPart<'_>, visit: &mut V) -> Result<(), Faults> {
    let json = xml::as_json(text, &layout.records)?;
    let records = NestedRecords::open(&json, xml::steps(&layout.records), is_nested(&layout.records))?;
    let listed = ReadOfList::in_one(records.number());
    let around = || more_pages::signs(&json, &xml::elements(&layout.records), listed);
    let unread = if layout.whole { Vec::new() } else { around() };
    let unread = unread.into_iter().map(UnreadPart::not_of_pages);
    visit.visit(records, part, unread.collect())
}

fn with_sheets<V: Visit>(bytes: &[u8], layout: &Layout, part: ExportPart<'_>, visit: &mut V) -> Result<(), Faults> {
    let all = layout.sheet == Some(Sheet::All);
    let has_more = |rows: workbook::Rows<'_, '_>| !layout.whole && holds_more(rows, layout);
    // Of several sheets one that has nothing of the columns is a cover, a summary, an explanation.
    let belongs = |rows: workbook::Rows<'_, '_>| !all || has_some(rows, layout);
    let beside = workbook::Beside { wanted: layout.sheet.as_ref(), belongs: &belongs, has_more: &has_more };
    let (mut read, before) = (0, visit.rows());
    workbook::with_rows(bytes, beside, layout.max_bytes, &mut |sheet| match sheet {
        workbook::SheetRead::Rows { rows, name, unread } => {
            read += 1;
            let label = match part.label {
                Some(file) => format!("{file}, sheet {name:?}"),
                None => format!("sheet {name:?}"),
            };
            let label = if all { Some(label.as_str()) } else { part.label };
            visit.visit(*rows, ExportPart { sheet: name, label, ..part }, unread)
        }
        workbook::SheetRead::PassedOver { name } => {
            visit.passed_over(&format!("its sheet {name:?} has none of the columns"));
            Ok(())
        }
    })?;
    // A file of several that has nothing on any of its sheets is one that was not written.
    let is_bare = part.label.is_some() && !layout.whole && before.is_some() && visit.rows() == before;
    match read {
        0 => Err(Fault::new(Damage::NoSheetFits).into()),
        _ if is_bare => Err(Fault::new(Damage::PartHeaderOnly).into()),
        _ => Ok(()),
    }
}

/// What a text is. A key that only one format has declares it.
fn format(text: &str, layout: &Layout) -> Format {
    let first = text.trim_start().as_bytes().first();
    match layout.format {
        Some(format) => format,
        None if !layout.records.is_empty() && first == Some(&b'<') => Format::Xml,
        None if !layout.records.is_empty() => Format::Json,
        None if layout.delimiter.is_some() => Format::Csv,
        None if matches!(first, Some(b'[' | b'{')) => Format::Json,
        None if first == Some(&b'<') => Format::Xml,
        None => Format::Csv,
    }
}
