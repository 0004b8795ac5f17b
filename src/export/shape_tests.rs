//! Shapes of exports, filters and odd columns: what a row comes to, by configuration alone.

use std::collections::BTreeMap;
use std::path::Path;

use proptest::prelude::*;

use crate::export::column::{Column, NamedColumn};
use crate::export::count::duplicate_rows::Duplicates;
use crate::export::count::number_notation::Notation;
use crate::export::error::ExportError;
use crate::export::excerpt::drawn;
use crate::export::read::bytes_to_counts::read_bytes;
use crate::export::row_condition::RowCondition;
use crate::export::settings::{Count, HeaderRow, Layout, LongLayout, Shape, WideLayout};
use crate::export::text_pattern::Pattern;
use crate::reconcile::model::export::counts::{Cell, Counts};

fn long(count: Count) -> Layout {
    Layout::new(Column::named("C"), Shape::Long(LongLayout { service: Column::named("S"), count }))
}

fn column() -> Count {
    Count::Column { count: Column::named("N"), item: None }
}

fn wide(names: &[&str]) -> Layout {
    let names = names.iter().map(ToString::to_string).collect();
    Layout { duplicates: Duplicates::Sum, ..Layout::new(Column::named("C"), Shape::Wide(WideLayout::Names(names))) }
}

fn test(column: &str, is: &[&str], like: &[&str]) -> RowCondition {
    let is = is.iter().map(ToString::to_string).collect();
    RowCondition {
        column: column.to_owned(),
        is,
        like: like.iter().map(|like| Pattern::glob(like)).collect(),
        range: None,
    }
}

fn read(text: &str, layout: &Layout) -> Result<Counts, ExportError> {
    read_bytes(Path::new("x.csv"), text.as_bytes(), layout)
}

/// `C/S=5` for every count that is not zero.
fn told(counts: &Counts) -> String {
    let mut told = Vec::new();
    for (customer, counted) in counts.customers.iter() {
        for (service, cell) in counted.cells() {
            match cell {
                Cell::Counted { count, .. } if count.is_zero() => {}
                Cell::Counted { count, items, .. } => {
                    let items: Vec<&str> = items.iter().map(|item| item.as_str()).collect();
                    let items = if items.is_empty() { String::new() } else { format!("[{}]", items.join(" ")) };
                    told.push(format!("{customer}/{service}={count}{items}"));
                }
                Cell::Duplicate { counts, .. } => told.push(format!("{customer}/{service}={counts:?}")),
                Cell::OutOfRange { total, .. } => told.push(format!("{customer}/{service}!{total:?}")),
            }
        }
    }
    told.join(" ")
}

fn counted(text: &str, layout: &Layout) -> String {
    told(&read(text, layout).expect(text))
}

#[test]
fn a_wide_row_holds_a_count_in_every_service_column_that_is_not_empty() {
    let text = "C,State,PC,Mac,GB,\nAcme,on,3,,1.5,\nAcme,on,1,0,.,\nBob,on,2,1,,\n";
    let read = read(text, &wide(&["PC", "Mac"])).expect("whole");
    assert_eq!(told(&read), "Acme/PC=4 Bob/Mac=1 Bob/PC=2");
    // Every other column from there on is a service, also one that is not named.
    let mut from = Layout { shape: Shape::Wide(WideLayout::From(3)), ..wide(&[]) };
    let rejected = read_bytes(Path::new("x.csv"), text.as_bytes(), &from).expect("whole").rejected;
    assert_eq!((rejected.len(), rejected[0].column.as_str(), rejected[0].value.as_str()), (1, "GB", "."));
    from.keep = vec![test("GB", &["", "1.5"], &[])];
    assert_eq!(counted(text, &from), "Acme/PC=3 Bob/Mac=1 Bob/PC=2");
    let error =
        read_bytes(Path::new("x.csv"), b"C,A\nx,1\n", &Layout { shape: Shape::Wide(WideLayout::From(3)), ..from });
    assert!(error.is_err());
}

/// A row that the vendor wrote twice would be billed twice.
#[test]
fn two_rows_of_a_customer_in_a_wide_file_are_asked_about_unless_declared() {
    let layout = Layout::new(Column::named("C"), Shape::Wide(WideLayout::From(2)));
    assert_eq!(layout.duplicates, Duplicates::Error);
    let shape = Shape::Both(LongLayout { service: Column::named("S"), count: column() }, WideLayout::From(2));
    assert_eq!(Layout::new(Column::named("C"), shape).duplicates, Duplicates::Error);
    let read = read("C,PC\nAcme,3\nAcme,3\nBob,1\n", &layout).expect("whole");
    let [Some(acme), Some(bob)] = ["Acme", "Bob"].map(|name| read.customers.get(name)) else { panic!("both") };
    assert!(format!("{acme:?}").contains("Duplicate") && !format!("{bob:?}").contains("Duplicate"), "{acme:?}");
}

#[test]
fn rows_that_name_a_service_are_counted_beside_columns_that_are_services() {
    let rows = LongLayout { service: Column::named("Os"), count: Count::Rows { item: None } };
    let layout = Layout::new(Column::named("C"), Shape::Both(rows, WideLayout::Names(vec!["Users".into()])));
    let text = "C,Os,Users\nAcme,Server,\nAcme,Server,0\nAcme,,25\nBob,,\n";
    let read = read(text, &layout).expect("whole");
    assert_eq!(told(&read), "Acme/Server=2 Acme/Users=25");
    assert!(read.customers.contains_key("Bob"), "in the export, so it wants none");
}

/// Else a file of a few kilobytes, by mistake or on purpose, takes all of the host's memory.
#[test]
fn split_cells_that_multiply_are_no_count_beyond_a_limit() {
    let split = |name: &str| {
        Column::Named(NamedColumn {
            name: name.into(),
            split: Some(";".into()),
            matching: None,
            lower: false,
            made: None,
            mark: None,
        })
    };
    let names = |letter: char| (0..90).map(|at| format!("{letter}{at}")).collect::<Vec<_>>().join(";");
    let row = format!("{},EDR,{}\n", names('c'), names('i'));
    let shape = Shape::Long(LongLayout { service: Column::named("S"), count: Count::Distinct { item: split("I") } });
    let layout = Layout { max_rows: 20, ..Layout::new(split("C"), shape) };
    let read = read(&format!("C,S,I\n{}", row.repeat(19)), &layout).expect("its structure is whole");
    assert_eq!(read.rejected.len(), 19, "{:?}", read.rejected.first());
    assert!(
        read.rejected[0].why.to_string().contains("more than 80 counts (4 times max_rows)"),
        "{}",
        read.rejected[0].why
    );
}

#[test]
fn rows_and_items_are_units() {
    let text = "C,S,I\nAcme,EDR,b\nAcme,EDR,a\nAcme,EDR,B\nAcme,EDR,b\nAcme,EDR,\n";
    assert_eq!(counted(text, &long(Count::Rows { item: None })), "Acme/EDR=5");
    assert_eq!(counted(text, &long(Count::Rows { item: Some(Column::named("I")) })), "Acme/EDR=5[B a b]");
    let without_blank = text.trim_end_matches("Acme,EDR,\n");
    assert_eq!(counted(without_blank, &long(Count::Distinct { item: Column::named("I") })), "Acme/EDR=3[B a b]");
    let named = NamedColumn { name: "I".into(), split: None, matching: None, lower: true, made: None, mark: None };
    let folded = long(Count::Distinct { item: Column::Named(named) });
    assert_eq!(counted(without_blank, &folded), "Acme/EDR=2[a b]");
    let blank = read(text, &folded).expect("whole");
    assert_eq!((blank.rejected[0].line, blank.rejected[0].why.to_string().as_str()), (6, "names no item"));
}

#[test]
fn a_cell_may_hold_several_values_or_more_than_is_meant() {
    let service =
        NamedColumn { name: "S".into(), split: Some("+".into()), matching: None, lower: false, made: None, mark: None };
    let count = Count::Rows { item: None };
    let layout = Layout::new(Column::named("C"), Shape::Long(LongLayout { service: Column::Named(service), count }));
    assert_eq!(counted("C,S\nAcme,E3 + Visio\nAcme,E3+\n", &layout), "Acme/E3=2 Acme/Visio=1");
    let id = NamedColumn {
        name: "C".into(),
        split: None,
        matching: Some(Pattern::regex("^(\\d{4}) ").expect("one")),
        lower: false,
        made: None,
        mark: None,
    };
    let layout = Layout { customer: Column::Named(id), ..long(column()) };
    let read = read("C,S,N\n0042 Acme,EDR,5\n42 Bob,EDR,1\nCarl,EDR,1\n,EDR,1\n", &layout).expect("whole");
    assert_eq!(told(&read), "0042/EDR=5");
    let why: Vec<String> = read.rejected.iter().map(|row| row.why.to_string()).collect();
    assert_eq!(why, ["does not match '^(\\d{4}) '", "does not match '^(\\d{4}) '"]);
    assert_eq!(read.nameless, [5]);
    let id = NamedColumn {
        name: "C".into(),
        split: None,
        matching: Some(Pattern::regex("^\\d{4}$").expect("one")),
        lower: false,
        made: None,
        mark: None,
    };
    let layout = Layout { customer: Column::Named(id), ..layout };
    let lost = read_bytes(Path::new("x.csv"), b"C,S,N\n42,EDR,5\n", &layout).expect("whole");
    assert!(lost.rejected[0].why.to_string().ends_with("it looks as if a spreadsheet took its leading zeros"));
}

#[test]
fn a_row_that_is_no_count_marks_its_customer_and_names_its_column() {
    let text = "C,S,N\nAcme,EDR,5\nAcme,Backup,N/A\nAcme ,,1\n,EDR,3\n";
    let read = read(text, &long(column())).expect("whole");
    assert_eq!(read.customers.get("Acme").expect("a row").rejected_lines(), [3, 4]);
    assert_eq!((read.nameless.as_slice(), read.rows), (&[5][..], 4));
    let said: Vec<_> = read.rejected.iter().map(|row| (row.column.as_str(), row.value.as_str())).collect();
    assert_eq!(said, [("N", "N/A"), ("S", "")]);
}

#[test]
fn filters_leave_rows_out_and_say_so() {
    let text = "C,S,N,State\nAcme,EDR,5,Paid\nAcme,EDR,9,Trial\n,100 Per GB [a],x,Paid\nBob,EDR, 1 ,\n,,,\n";
    let keep = vec![test("State", &["Paid", ""], &[])];
    let drop = vec![test("S", &[], &["*Per GB [?]"])];
    let read = read(text, &Layout { keep, drop, ..long(column()) }).expect("whole");
    assert_eq!(told(&read), "Acme/EDR=5 Bob/EDR=1");
    assert_eq!((read.rows, read.kept, read.nameless.len(), read.rejected.len()), (4, 2, 0, 0));
    let said: Vec<_> = read.excluded.iter().map(|one| (one.rule.as_str(), one.rows, one.names.join(","))).collect();
    let keep = "keep \"State\" is \"Paid\", \"\"";
    assert_eq!(said, [(keep, 1, "Trial".into()), ("drop \"S\" like \"*Per GB [?]\"", 1, "100 Per GB [a]".into())]);
}

#[test]
fn titles_before_the_header_and_everything_from_the_total_on_are_no_data() {
    let text = "\nStatement, July\n\nC,S,N\nAcme,EDR,5\nTotal,5\nfoot \"note\"\n\"open\n";
    let layout =
        Layout { header: HeaderRow::Cell("C".into()), stop: Some(test("C", &["Total"], &[])), ..long(column()) };
    let whole = read(text, &layout).expect("whole");
    assert_eq!((told(&whole).as_str(), &whole.end_missing), ("Acme/EDR=5", &None));
    let cut = read("C,S,N\nAcme,EDR,5\n", &layout).expect("its end is not there");
    assert_eq!(cut.end_missing.as_deref(), Some("\"C\" is \"Total\""));
    let text = "Statement\nC,S,N\nAcme,EDR,5\n";
    let error = read(text, &Layout { header: HeaderRow::Cell("Kunde".into()), ..layout }).expect_err("no header");
    assert!(error.to_string().contains("no row holds the cell `Kunde`"), "{error}");
}

#[test]
fn numbers_are_read_in_the_declared_notation_only() {
    let text = "C;S;N\nAcme;GB;1.234,5\nBob;GB;0,1\nBob;GB;0,2\n";
    let german = Notation { decimal: ',', thousands: Some('.') };
    let layout = Layout { delimiter: Some(b';'), duplicates: Duplicates::Sum, ..long(column()) };
    assert_eq!(counted(text, &Layout { notation: german, ..layout.clone() }), "Acme/GB=1234.5 Bob/GB=0.3");
    let read = read(text, &layout).expect("whole");
    assert!(read.rejected[1].why.to_string().contains("declare decimal = \",\""), "{:?}", read.rejected[1]);
    let mark = drawn(read.rejected[1].mark.as_ref().expect("marked"), 3);
    assert_eq!(mark, "  3 | Bob;GB;0,1\n    |        ^^^\n");
}

#[test]
fn credits_lower_a_count_but_not_below_none() {
    let text = "C,S,N\nAcme,EDR,5\nAcme,EDR,-2\nBob,EDR,-1\n";
    let layout = Layout { duplicates: Duplicates::Sum, signed: true, ..long(column()) };
    assert_eq!(counted(text, &layout), "Acme/EDR=3 Bob/EDR!Some(-1)");
    let unsigned = read(text, &Layout { signed: false, ..layout }).expect("whole");
    assert!(unsigned.rejected[0].why.to_string().contains("signed = true"), "{:?}", unsigned.rejected);
}

#[test]
fn several_damaged_rows_are_said_at_once_with_the_text_marked() {
    let mut text = "C,S,N\n".to_owned();
    (0..30).for_each(|row| text.push_str(&format!("Acme,EDR{row}\n")));
    let error = read(&text, &long(column())).expect_err("ragged");
    let diagnosis = error.diagnosis().expect("damage");
    assert!(diagnosis.starts_with("x.csv, line 2: expected 3 cells as in the header, found 2: `Acme,EDR0`\n"));
    assert!(diagnosis.contains("  2 | Acme,EDR0\n    |          ^\n"), "{diagnosis}");
    assert!(diagnosis.contains("line 21") && diagnosis.ends_with("and 10 more\n"), "{diagnosis}");
    assert!(error.to_string().ends_with("; and 27 more"), "{error}");
    let error = read("Customer,S,Count\nA,B,1\n", &long(column())).expect_err("two columns");
    assert!(error.to_string().contains("`C`") && error.to_string().contains("`N`"), "{error}");
}

proptest! {
    #[test]
    fn a_wide_file_says_what_its_long_form_says(rows in proptest::collection::vec((0..4_u8, [0..500_u16, 0..500, 0..500]), 1..20)) {
        let (mut broad, mut narrow) = ("C,a,b,c\n".to_owned(), "C,S,N\n".to_owned());
        for (customer, [a, b, c]) in &rows {
            broad.push_str(&format!("c{customer},{a},{b}.5,{c}\n"));
            narrow.push_str(&format!("c{customer},a,{a}\nc{customer},b,{b}.5\nc{customer},c,{c}\n"));
        }
        let sum = Layout { duplicates: Duplicates::Sum, ..long(column()) };
        prop_assert_eq!(counted(&broad, &wide(&["a", "b", "c"])), counted(&narrow, &sum));
    }

    #[test]
    fn counting_items_is_the_number_of_distinct_items(rows in proptest::collection::vec((0..3_u8, 0..3_u8, "[ab]{1,3}"), 1..40)) {
        let mut text = "C,S,I\n".to_owned();
        let mut expected: BTreeMap<(u8, u8), std::collections::BTreeSet<&str>> = BTreeMap::new();
        for (customer, service, item) in &rows {
            text.push_str(&format!("c{customer},s{service},{item}\n"));
            expected.entry((*customer, *service)).or_default().insert(item);
        }
        let expected: Vec<String> = expected.into_iter().map(|((customer, service), items)| {
            let names: Vec<&str> = items.iter().copied().collect();
            format!("c{customer}/s{service}={}[{}]", items.len(), names.join(" "))
        }).collect();
        let distinct = long(Count::Distinct { item: Column::named("I") });
        prop_assert_eq!(counted(&text, &distinct), expected.join(" "));
    }
}

/// Told to replace a good export, somebody asks the vendor for the same file again, every morning.
#[test]
fn what_is_wrong_with_the_configuration_is_not_blamed_on_the_export() {
    let plain = || {
        Layout::new(
            Column::named("Account"),
            Shape::Long(LongLayout {
                service: Column::named("Product"),
                count: Count::Column { count: Column::named("Quantity"), item: None },
            }),
        )
    };
    let named = Layout { header: HeaderRow::Cell("Konto".to_owned()), ..plain() };
    let set =
        |keys: &str| format!("if that is how the vendor writes it, set {keys} in the export's table of recount.toml");
    let correct = |key: &str| {
        format!(
            "if the export is right, correct `{key}` in the export's table of recount.toml, or the profile that it names"
        )
    };
    let semicolons = Layout { delimiter: Some(b';'), ..plain() };
    let filtered = Layout { keep: vec![test("State", &["on"], &[])], ..plain() };
    for (layout, text, remedy) in [
        (plain(), "Account;Product;Quantity\nA;P;1\n", set("delimiter = \";\"")),
        (plain(), "\"Account\";\"Product\";\"Quantity\"\n\"A\";\"P\";\"1\"\n", set("delimiter = \";\"")),
        (plain(), "\"Account\"\t\"Product\"\t\"Quantity\"\n", set("delimiter = \"tab\"")),
        // One name is misspelt, and the delimiter is still what is wrong first.
        (plain(), "Account;Product;Qty\nA;P;1\n", set("delimiter = \";\"")),
        (
            plain(),
            "sep=;\r\nAccount;Product;Quantity\r\nA;P;1\r\n",
            set("delimiter = \";\" and header = { cell = \"Account\" }"),
        ),
        (semicolons, "sep=;\nAccount;Product;Quantity\nA;P;1\n", set("header = { cell = \"Account\" }")),
        (plain(), "Usage of June\n\nAccount,Product,Quantity\nA,P,1\n", set("header = { cell = \"Account\" }")),
        (plain(), "Account,Product,Qty\nA,P,1\n", correct("columns")),
        (
            plain(),
            "Account,Product,Quantity,Quantity\nA,P,1,1\n",
            "if that is how the vendor writes it, name the one that is meant: { column = \"Quantity\", nth = 2 } is the \
             last in the export's table of recount.toml"
                .to_owned(),
        ),
        (filtered, "Account,Product,Quantity\nA,P,1\n", correct("keep")),
        (named, "Account,Product,Quantity\nA,P,1\n", correct("header")),
        (wide(&["PC"]), "C,Mac\nA,1\n", correct("wide")),
        (
            plain(),
            "Account,Product,Quantity\nA,P\n",
            "fetch the export again; if such lines stand there every night, leave out those behind the data with `stop`, \
             and those before it with `header` in the export's table of recount.toml"
                .to_owned(),
        ),
        // The delimiter is right: this quote is damage.
        (plain(), "Account,Product,Quantity\n\"A\";P,P,1\n", "fetch the export again and run again; if the vendor writes it so, ask for another format".to_owned()),
    ] {
        assert_eq!(read(text, &layout).expect_err(text).remedy(), remedy, "{text}");
    }
    let records = Layout { records: vec!["sites".to_owned()], ..plain() };
    assert_eq!(read("{\"data\":[{\"Account\":1}]}", &records).expect_err("elsewhere").remedy(), correct("records"));
}

/// What is advised is tried: the same file is read with it.
#[test]
fn a_file_with_titles_or_excels_first_line_is_read_as_advised() {
    let advised = Layout { delimiter: Some(b';'), header: HeaderRow::Cell("C".to_owned()), ..long(column()) };
    assert_eq!(counted("sep=;\r\n\"C\";\"S\";\"N\"\r\nAcme;PC;5\r\n", &advised), "Acme/PC=5");
    let below = read("Usage\nof June\nC,S,N\nAcme,PC,5\n", &long(column())).expect_err("a title");
    assert_eq!(below.to_string(), "the export x.csv: the header is not the first row: the columns stand on line 3");
}

/// A row below a customer that names nobody is most likely its own: its 12 would be written without it.
#[test]
fn a_row_that_names_nobody_may_be_the_customers_above_it() {
    let text = "C,S,N,State\n,EDR,1,\nAcme,EDR,12,\nBob,EDR,1,\n,EDR,6,\nCarl,EDR,1,\nDora,EDR,1,off\n,EDR,2,\n";
    let read = read(text, &Layout { drop: vec![test("State", &["off"], &[])], ..long(column()) }).expect("whole");
    let lines = |name: &str| read.of(&name.into()).expect("named").nameless_lines().to_vec();
    assert_eq!(read.nameless, [2, 5, 8]);
    assert_eq!((lines("Acme"), lines("Bob")), (vec![2], vec![5, 2]));
    assert_eq!((lines("Carl"), lines("Dora")), (vec![8, 2], vec![8, 2]), "the one above may have been left out");
}

/// Who is left out by a filter is in the export all the same, and uses nothing.
#[test]
fn a_customer_who_is_left_out_is_in_the_export() {
    let text = "C,S,N,State\nAcme,EDR,5,Paid\nBob,EDR,9,Trial\nAcme,EDR,9,Trial\n";
    let read = read(text, &Layout { drop: vec![test("State", &["Trial"], &[])], ..long(column()) }).expect("whole");
    assert_eq!(told(&read), "Acme/EDR=5");
    assert_eq!(read.left_out.keys().map(|name| name.as_str()).collect::<Vec<_>>(), ["Bob"]);
    assert!(read.of(&"Bob".into()).is_some_and(|bob| bob.is_whole() && bob.cells().next().is_none()));
    assert!(read.of(&"Carl".into()).is_none());
}

/// An unreadable count of what nobody bills holds nobody.
#[test]
fn an_unreadable_count_of_an_ignored_service_holds_nobody() {
    let text = "C,S,N\nAcme,EDR,5\nAcme,Trial,x\nBob,EDR,x\n";
    let read = read(text, &long(column())).expect("whole").ignoring(|service| service.as_str() == "Trial");
    assert_eq!(read.rejected.len(), 2);
    let whole = |name: &str| read.of(&name.into()).expect("named").is_whole();
    assert!(whole("Acme") && !whole("Bob"));
}
