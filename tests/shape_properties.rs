//! Files in random combinations of the shapes that docs/exports.md tells of, written from known counts: each reads back
//! to these counts. A file that comes to others is a wrong bill.

use std::collections::BTreeMap;
use std::io::{Cursor, Write as _};
use std::path::PathBuf;

use proptest::prelude::*;
use recount::export::column::{Column, CountMark, DerivedColumn, NamedColumn};
use recount::export::count::duplicate_rows::Duplicates;
use recount::export::read::bytes_to_counts::read_files;
use recount::export::settings::{Count, Format, Latest, Layout, LongLayout, Shape, Sheet, WideLayout};
use recount::export::text_pattern::Pattern;
use recount::reconcile::model::export::counts::Cell;
use rust_xlsxwriter::Workbook;
use serde_json::{Map, Value, json};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

const CUSTOMERS: [&str; 4] = ["Alder Dental", "Birch, Law & Sons", "Cedar \"Works\"", "Dörfler <GmbH>"];
const SERVICES: [&str; 3] = ["E3 Pro", "E5 Max", "Backup GB"];

/// Customer by customer, service by service.
type Known = BTreeMap<String, BTreeMap<String, u32>>;

#[derive(Debug, Clone, Copy, PartialEq)]
enum Container {
    Csv,
    Xlsx,
    SheetPerCustomer,
    Json,
    Nested,
    Keyed,
    Xml,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Counting {
    Numbers,
    Credits,
    Marks,
}

#[derive(Debug, Clone)]
struct Written {
    container: Container,
    counting: Counting,
    wide: bool,
    older_days: bool,
    filled: bool,
    joined: bool,
    several: bool,
    zipped: bool,
}

fn written() -> impl Strategy<Value = Written> {
    let container = prop::sample::select(vec![
        Container::Csv,
        Container::Xlsx,
        Container::SheetPerCustomer,
        Container::Json,
        Container::Nested,
        Container::Keyed,
        Container::Xml,
    ]);
    let counting = prop::sample::select(vec![Counting::Numbers, Counting::Credits, Counting::Marks]);
    let flags = (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>());
    (container, counting, flags).prop_map(
        |(container, counting, (wide, older_days, filled, joined, several, zipped))| {
            let table = matches!(container, Container::Csv | Container::Xlsx | Container::Json | Container::Xml);
            let (filled, joined) = (filled && table, joined && !wide);
            Written { container, counting, wide, older_days, filled, joined, several, zipped }
        },
    )
}

fn known() -> impl Strategy<Value = Known> {
    let counts = prop::collection::vec(0_u32..6, SERVICES.len());
    prop::collection::vec(counts, 2..=CUSTOMERS.len()).prop_map(|customers| {
        let of = |counts: Vec<u32>| SERVICES.iter().map(ToString::to_string).zip(counts).collect();
        CUSTOMERS.iter().map(ToString::to_string).zip(customers.into_iter().map(of)).collect()
    })
}

/// One row: whose, and its other cells by their columns.
type Row = (String, Vec<(String, String)>);

impl Written {
    /// The rows of one customer on one day, more by this many where it is an old one.
    fn rows(&self, customer: &str, counts: &BTreeMap<String, u32>, day: &str, more: u32) -> Vec<Row> {
        let mut cells: Vec<Vec<(String, String)>> = Vec::new();
        let wrote = |units: u32| match self.counting {
            Counting::Numbers => vec![(units + more).to_string()],
            Counting::Credits => vec![(units + more + 2).to_string(), "(1)".to_owned(), "1-".to_owned()],
            Counting::Marks => (0..units + more).map(|_| "Yes".to_owned()).chain([String::new()]).collect(),
        };
        if self.wide {
            let columns: Vec<(&String, Vec<String>)> =
                counts.iter().map(|(name, units)| (name, wrote(*units))).collect();
            let rows = columns.iter().map(|(_, cells)| cells.len()).max().unwrap_or_default();
            for row in 0..rows {
                let cell = |(name, cells): &(&String, Vec<String>)| {
                    ((*name).clone(), cells.get(row).cloned().unwrap_or_default())
                };
                cells.push(columns.iter().map(cell).collect());
            }
        } else {
            for (service, units) in counts {
                for count in wrote(*units) {
                    let mut row: Vec<(String, String)> = if self.joined {
                        let (first, rest) = service.split_once(' ').expect("two words");
                        vec![("Kind".to_owned(), first.to_owned()), ("Level".to_owned(), rest.to_owned())]
                    } else {
                        vec![("Service".to_owned(), service.clone())]
                    };
                    row.push(("Count".to_owned(), count));
                    cells.push(row);
                }
            }
        }
        let dated = |mut row: Vec<(String, String)>| {
            if self.older_days {
                row.push(("Day".to_owned(), day.to_owned()));
            }
            (customer.to_owned(), row)
        };
        cells.into_iter().map(dated).collect()
    }

    fn files(&self, known: &Known) -> Vec<(PathBuf, Vec<u8>)> {
        let customers: Vec<(&String, &BTreeMap<String, u32>)> = known.iter().collect();
        let parts = if self.several { customers.chunks(1).collect() } else { vec![customers.as_slice()] };
        let mut files = Vec::new();
        for (number, part) in parts.into_iter().enumerate() {
            let mut rows: Vec<Row> = Vec::new();
            for (customer, counts) in part {
                if self.older_days {
                    rows.extend(self.rows(customer, counts, "2026-11-25", 1));
                }
                rows.extend(self.rows(customer, counts, "2026-11-26", 0));
            }
            files.push((format!("usage.{number}.{}", self.extension()), self.bytes(&rows)));
        }
        if !self.zipped {
            return files.into_iter().map(|(name, bytes)| (name.into(), bytes)).collect();
        }
        let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, bytes) in files {
            archive.start_file(format!("out/{name}"), SimpleFileOptions::default()).expect("begun");
            archive.write_all(&bytes).expect("written");
        }
        vec![("usage.zip".into(), archive.finish().expect("whole").into_inner())]
    }

    fn extension(&self) -> &'static str {
        match self.container {
            Container::Csv => "csv",
            Container::Xlsx | Container::SheetPerCustomer => "xlsx",
            Container::Json | Container::Nested | Container::Keyed => "json",
            Container::Xml => "xml",
        }
    }

    fn bytes(&self, rows: &[Row]) -> Vec<u8> {
        match self.container {
            Container::Csv => csv(&self.table(rows)).into_bytes(),
            Container::Xlsx => book(&[("Usage".to_owned(), self.table(rows))]),
            Container::SheetPerCustomer => {
                let sheets = grouped(rows).into_iter().enumerate().map(|(number, (customer, rows))| {
                    let table: Vec<Vec<String>> = without_customer(&rows);
                    // No sheet may be called by every name; these may.
                    (format!("{number} {}", sheet_name(&customer)), table)
                });
                book(&sheets.collect::<Vec<_>>())
            }
            Container::Json => Value::Array(objects(&self.table(rows))).to_string().into_bytes(),
            Container::Nested => {
                let tenants = grouped(rows)
                    .into_iter()
                    .map(|(customer, rows)| json!({ "name": customer, "lines": objects(&without_customer(&rows)) }));
                json!({ "tenants": tenants.collect::<Vec<_>>() }).to_string().into_bytes()
            }
            Container::Keyed => {
                let keyed = grouped(rows).into_iter();
                let keyed: Map<String, Value> =
                    keyed.map(|(customer, rows)| (customer, Value::Array(objects(&without_customer(&rows))))).collect();
                Value::Object(keyed).to_string().into_bytes()
            }
            Container::Xml => xml(&self.table(rows)).into_bytes(),
        }
    }

    /// The rows below their heading; a customer's name stands once where the others are filled from it.
    fn table(&self, rows: &[Row]) -> Vec<Vec<String>> {
        let heading = |row: &Row| -> Vec<String> {
            std::iter::once("Customer".to_owned()).chain(row.1.iter().map(|(name, _)| name.clone())).collect()
        };
        let mut table: Vec<Vec<String>> = rows.first().map(heading).into_iter().collect();
        let mut above = "";
        for (customer, cells) in rows {
            let blank = self.filled && above == customer;
            above = customer;
            let name = if blank { String::new() } else { customer.clone() };
            table.push(std::iter::once(name).chain(cells.iter().map(|(_, cell)| cell.clone())).collect());
        }
        table
    }

    fn layout(&self) -> Layout {
        let below = |name: &str| match self.container {
            Container::Nested => format!("tenants.lines.{name}"),
            _ => name.to_owned(),
        };
        let named = |name: &str| Column::named(&below(name));
        let customer = match self.container {
            Container::SheetPerCustomer => made("the sheet's name", DerivedColumn::SheetName, Some("^\\d (.+)$")),
            Container::Nested => Column::named("tenants.name"),
            Container::Keyed => Column::named("@key"),
            _ => Column::named("Customer"),
        };
        let mark = (self.counting == Counting::Marks).then_some(CountMark::Present);
        let shape = if self.wide {
            Shape::Wide(WideLayout::Names(SERVICES.iter().map(|service| below(service)).collect()))
        } else {
            let Column::Named(count) = named("Count") else { panic!("named") };
            let count = Column::Named(NamedColumn { mark: mark.clone(), ..count });
            let service = if self.joined {
                let columns = vec![below("Kind"), below("Level")];
                made("Kind and Level", DerivedColumn::Joined { columns, join: " ".to_owned() }, None)
            } else {
                named("Service")
            };
            Shape::Long(LongLayout { service, count: Count::Column { count, item: None } })
        };
        let records: &[&str] = match self.container {
            Container::Nested => &["tenants[]", "lines[]"],
            Container::Keyed => &["{}[]"],
            Container::Xml => &["Usage", "Row"],
            _ => &[],
        };
        Layout {
            format: (self.container == Container::Xml).then_some(Format::Xml),
            sheet: (self.container == Container::SheetPerCustomer).then_some(Sheet::All),
            all_members: self.several,
            records: records.iter().map(ToString::to_string).collect(),
            fill_down: if self.filled { vec!["Customer".to_owned()] } else { Vec::new() },
            latest: self.older_days.then(|| Latest { column: below("Day"), format: None }),
            wide_mark: mark.filter(|_| self.wide),
            duplicates: if self.counting == Counting::Numbers { Duplicates::Error } else { Duplicates::Sum },
            signed: self.counting == Counting::Credits,
            member: self.zipped.then(|| Pattern::glob("usage.*")),
            ..Layout::new(customer, shape)
        }
    }
}

fn made(name: &str, made: DerivedColumn, matching: Option<&str>) -> Column {
    let Column::Named(named) = Column::named(name) else { panic!("named") };
    let matching = matching.map(|pattern| Pattern::regex(pattern).expect("a pattern"));
    Column::Named(NamedColumn { made: Some(made), matching, ..named })
}

fn sheet_name(customer: &str) -> String {
    customer.chars().filter(|c| !"[]:*?/\\".contains(*c)).take(25).collect()
}

fn grouped(rows: &[Row]) -> BTreeMap<String, Vec<Row>> {
    let mut grouped: BTreeMap<String, Vec<Row>> = BTreeMap::new();
    rows.iter().for_each(|row| grouped.entry(row.0.clone()).or_default().push(row.clone()));
    grouped
}

fn without_customer(rows: &[Row]) -> Vec<Vec<String>> {
    let heading = rows.first().map(|row| row.1.iter().map(|(name, _)| name.clone()).collect());
    heading.into_iter().chain(rows.iter().map(|row| row.1.iter().map(|(_, cell)| cell.clone()).collect())).collect()
}

fn objects(table: &[Vec<String>]) -> Vec<Value> {
    let Some((heading, rows)) = table.split_first() else { return Vec::new() };
    let object = |row: &Vec<String>| {
        let member = |(name, cell): (&String, &String)| (name.clone(), Value::String(cell.clone()));
        Value::Object(heading.iter().zip(row).map(member).collect())
    };
    rows.iter().map(object).collect()
}

fn csv(table: &[Vec<String>]) -> String {
    let quoted = |cell: &String| format!("\"{}\"", cell.replace('"', "\"\""));
    table.iter().map(|row| row.iter().map(quoted).collect::<Vec<_>>().join(",") + "\r\n").collect()
}

fn xml(table: &[Vec<String>]) -> String {
    let escaped = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;");
    let Some((heading, rows)) = table.split_first() else { return String::new() };
    let row = |row: &Vec<String>| {
        let cell = |(name, cell): (&String, &String)| format!(" {}=\"{}\"", name.replace(' ', "_"), escaped(cell));
        format!("<Row{}/>", heading.iter().zip(row).map(cell).collect::<String>())
    };
    format!("<?xml version=\"1.0\"?><Usage>{}</Usage>", rows.iter().map(row).collect::<String>())
}

fn book(sheets: &[(String, Vec<Vec<String>>)]) -> Vec<u8> {
    let mut book = Workbook::new();
    for (name, table) in sheets {
        let sheet = book.add_worksheet().set_name(name).expect("a name");
        for (row, cells) in (0..).zip(table) {
            for (column, cell) in (0..).zip(cells) {
                match cell.parse::<u32>() {
                    Ok(number) => sheet.write(row, column, number).expect("written"),
                    Err(_) => sheet.write(row, column, cell.as_str()).expect("written"),
                };
            }
        }
    }
    book.save_to_buffer().expect("saved")
}

/// In XML every column is an attribute.
fn as_attributes(mut layout: Layout) -> Layout {
    let at = |name: &str| format!("@{}", name.replace(' ', "_"));
    let column = |column: &mut Column| {
        if let Column::Named(named) = column {
            match &mut named.made {
                Some(DerivedColumn::Joined { columns, .. }) => columns.iter_mut().for_each(|name| *name = at(name)),
                _ => named.name = at(&named.name),
            }
        }
    };
    column(&mut layout.customer);
    match &mut layout.shape {
        Shape::Long(LongLayout { service, count: Count::Column { count, .. } }) => {
            column(service);
            column(count);
        }
        Shape::Wide(WideLayout::Names(names)) => names.iter_mut().for_each(|name| *name = at(name)),
        other => panic!("{other:?}"),
    }
    layout.fill_down.iter_mut().for_each(|name| *name = at(name));
    layout.latest.iter_mut().for_each(|latest| latest.column = at(&latest.column));
    layout
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn known_counts_read_back_from_every_combination_of_shapes(known in known(), written in written()) {
        let layout = written.layout();
        let layout = if written.container == Container::Xml { as_attributes(layout) } else { layout };
        let counts = read_files(written.files(&known), &layout);
        let counts = counts.map_err(|error| TestCaseError::fail(format!("{error}\n{written:?}")))?;
        prop_assert!(counts.rejected.is_empty() && counts.nameless.is_empty(), "{:?} {:?}", counts.rejected, written);
        let in_service = |name: &str| name.trim_start_matches("tenants.lines.").trim_start_matches('@').replace('_', " ");
        let mut read: Known = BTreeMap::new();
        for (customer, counted) in &counts.customers {
            for (service, cell) in counted.cells() {
                let Cell::Counted { count, .. } = cell else { panic!("{cell:?} {written:?}") };
                let units: u32 = count.to_string().parse().expect("whole");
                if units > 0 {
                    read.entry(customer.to_string()).or_default().insert(in_service(service.as_str()), units);
                }
            }
        }
        let mut expected = known.clone();
        expected.values_mut().for_each(|services| services.retain(|_, units| *units > 0));
        expected.retain(|_, services| !services.is_empty());
        let named = |name: String| if written.container == Container::SheetPerCustomer { sheet_name(&name) } else { name };
        let expected: Known = expected.into_iter().map(|(name, services)| (named(name), services)).collect();
        prop_assert_eq!(read, expected, "{:?}", written);
    }
}
