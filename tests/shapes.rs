//! Files in every shape that docs/exports.md shows, and those that no page can show: through the real program.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime};

use rust_xlsxwriter::{Format, Workbook};
use serde_json::Value;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::support::{Night, now};

/// What `recount read` says of an export with these keys; the files lie in the folder already.
pub(crate) fn read(folder: &Path, path: &str, keys: &str) -> (i32, Value) {
    read_source(folder, &format!("path = {path:?}"), keys)
}

/// The same of an export from anywhere: `url = "…"`.
pub(crate) fn read_source(folder: &Path, source: &str, keys: &str) -> (i32, Value) {
    fs::write(folder.join("customers.csv"), "customer,company_id,agreement_id,note\n").expect("written");
    let config = format!(
        "state = \"state\"\n[connectwise.main]\nurl = \"http://localhost:1\"\ncompany = \"x\"\n\
         client_id = \"00000000-0000-0000-0000-000000000000\"\npublic_key = {{ env = \"A\" }}\n\
         private_key = {{ env = \"B\" }}\n[integration.v]\nconnectwise = \"main\"\nmode = \"observe\"\n\
         customers = \"customers.csv\"\ndefault_agreement = {{ type = \"x\" }}\n\
         [integration.v.export]\n{source}\n{keys}\n[integration.v.services]\nX = {{ product = \"X\" }}\n"
    );
    fs::write(folder.join("recount.toml"), config).expect("written");
    let output = Command::new(env!("CARGO_BIN_EXE_recount"))
        .current_dir(folder)
        .env_remove("RECOUNT_CONFIG")
        .args(["read", "v", "--json"])
        .stdin(Stdio::null())
        .output()
        .expect("started");
    let out = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    let document = serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}\n{out}\n{errors}\n{keys}"));
    (output.status.code().unwrap_or(-1), document)
}

/// `Alder Dental: E3 10, E5 2`, a line for each customer with counts.
pub(crate) fn told(document: &Value) -> String {
    let customers = document["customers"].as_object().expect("customers");
    let line = |(name, services): (&String, &Value)| {
        let services = services.as_object().expect("services");
        let mut counts: Vec<String> = services.iter().map(|(service, count)| format!("{service} {count}")).collect();
        counts.sort();
        (!counts.is_empty()).then(|| format!("{name}: {}\n", counts.join(", ")))
    };
    customers.iter().filter_map(line).collect()
}

fn sorted(text: &str) -> String {
    let mut lines: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for line in text.lines() {
        let (name, counts) = line.rsplit_once(": ").expect("a customer");
        lines.insert(name, counts.split(", ").collect());
    }
    let line = |(name, mut counts): (&str, Vec<&str>)| {
        counts.sort_unstable();
        format!("{name}: {}\n", counts.join(", "))
    };
    lines.into_iter().map(line).collect()
}

/// Somebody copies the keys from the page, and bills by what comes of them.
#[test]
fn every_example_of_the_page_is_read_as_it_says() {
    let page = include_str!("../docs/exports.md");
    let (table, examples) = page
        .split_once("## Your file looks like this")
        .and_then(|(_, rest)| rest.split_once("\n### "))
        .expect("a table, and the examples");
    let mut shown = BTreeSet::new();
    for example in examples.split("\n### ") {
        let title = example.lines().next().expect("a title");
        let folder = tempfile::tempdir().expect("a folder");
        let (path, keys, counts) = put_example(folder.path(), example);
        let (exit, document) = read(folder.path(), &path, &keys);
        assert_eq!((exit, told(&document)), (0, sorted(counts)), "{title}\n{document:#}");
        shown.insert(anchor(title));
    }
    let links = table.split("](#").skip(1).map(|link| link.split(')').next().expect("its end").to_owned());
    let links: BTreeSet<String> = links.filter(|link| link != "a-vendors-api").collect();
    assert_eq!(links, shown, "the table and the examples");
}

/// As a page's headings are linked.
fn anchor(title: &str) -> String {
    let kept = title.to_lowercase().chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c)).collect::<String>();
    kept.replace(' ', "-")
}

/// Puts an example's files into the folder: its path, its other keys, and what comes of it.
fn put_example<'e>(folder: &Path, example: &'e str) -> (String, String, &'e str) {
    let blocks = example.split("```").skip(1).step_by(2).map(|block| block.split_once('\n').expect("a kind"));
    let (mut path, mut keys, mut counts) = (String::new(), String::new(), "");
    let (mut sheets, mut members) = (Vec::new(), Vec::new());
    for (kind, text) in blocks {
        match kind.split_once(' ').unwrap_or((kind, "")) {
            ("toml", _) => keys = text.to_owned(),
            ("text", _) => counts = text,
            ("sheet", name) => sheets.push((name, text)),
            ("zip", name) => members.push((name, text.as_bytes())),
            (_, "") => {
                path = format!("export.{kind}");
                fs::write(folder.join(&path), text).expect("written");
            }
            (_, name) => fs::write(folder.join(name), text).expect("written"),
        }
    }
    if !sheets.is_empty() {
        put_book(&folder.join("export.xlsx"), &sheets);
    }
    if !members.is_empty() {
        put_zip(&folder.join("export.zip"), &members);
    }
    let said = keys.lines().find(|line| line.starts_with("path ")).map(str::to_owned);
    if let Some(said) = said {
        path = said.split('"').nth(1).expect("a path").to_owned();
        keys = keys.replace(&said, "");
    }
    (path, keys, counts)
}

/// Sheets of cells; `^` belongs to the cell above it.
pub(crate) fn put_book(path: &Path, sheets: &[(&str, &str)]) {
    let mut book = Workbook::new();
    for (name, text) in sheets {
        let sheet = book.add_worksheet().set_name(*name).expect("named");
        let cells: Vec<Vec<&str>> = text.lines().map(|line| line.split(',').collect()).collect();
        for (row, line) in (0_u32..).zip(&cells) {
            for (column, cell) in (0_u16..).zip(line) {
                match cell.parse::<i32>() {
                    _ if *cell == "^" => {
                        let above = cells[row as usize - 1][usize::from(column)];
                        sheet.merge_range(row - 1, column, row, column, above, &Format::new()).expect("merged");
                    }
                    Ok(number) => drop(sheet.write(row, column, number).expect("written")),
                    Err(_) => drop(sheet.write(row, column, *cell).expect("written")),
                }
            }
        }
    }
    book.save(path).expect("saved");
}

fn put_zip(path: &Path, files: &[(&str, &[u8])]) {
    let mut writer = ZipWriter::new(fs::File::create(path).expect("made"));
    for (name, bytes) in files {
        writer.start_file(*name, SimpleFileOptions::default()).expect("begun");
        writer.write_all(bytes).expect("written");
    }
    writer.finish().expect("whole");
}

const SUM: &str =
    "duplicates = \"sum\"\ncolumns = { customer = \"C\", service = { file = '^usage\\.(.+)\\.csv$' }, count = \"N\" }";

/// Three files of four are three quarters of the bill.
#[test]
fn a_night_in_several_files_is_one_export_or_none() {
    let folder = tempfile::tempdir().expect("a folder");
    let put = |name: &str, text: &str, age: u64| {
        let mut file = fs::File::create(folder.path().join(name)).expect("made");
        file.write_all(text.as_bytes()).expect("written");
        file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(1_790_000_000 - age)).expect("dated");
    };
    put("usage.east.csv", "C,N\nAlder,5\nBirch,1\n", 900);
    put("usage.west.csv", "C,N\nAlder,7\n", 600);
    put("usage.old.csv", "C,N\nAlder,70\n", 90_000);
    put("~$usage.lock.csv", "x", 60);
    let keys = format!("files = \"all\"\nexpect_files = 2\n{SUM}");
    let (exit, document) = read(folder.path(), "usage.*.csv", &keys);
    assert_eq!((exit, told(&document).as_str()), (0, "Alder: east 5, west 7\nBirch: east 1\n"), "{document:#}");
    let (exit, document) = read(folder.path(), "usage.*.csv", &keys.replace("= 2", "= 3"));
    assert_eq!(exit, 11, "{document:#}");
    assert!(document.to_string().contains("2 files are of the delivery"), "{document:#}");
    put("usage.west.csv", "C,N\nAlder,x\n", 600);
    let (_, document) = read(folder.path(), "usage.*.csv", &keys);
    assert!(document.to_string().contains("usage.west.csv, line 2"), "{document:#}");
}

/// The customer is the sheet; a summary in front of them is not one of them.
#[test]
fn a_sheet_for_each_customer_and_merged_cells() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut book = Workbook::new();
    let cover = book.add_worksheet().set_name("Summary").expect("named");
    cover.write(0, 0, "Report of November").expect("written");
    for (name, devices) in [("Alder Dental", 3), ("Birch Law", 2), ("Cedar", 0)] {
        let sheet = book.add_worksheet().set_name(name).expect("named");
        sheet.write(0, 0, "Device").expect("written");
        sheet.write(0, 1, "Type").expect("written");
        for row in 1..=devices {
            sheet.write(row, 0, format!("sw{row}")).expect("written");
            sheet.write(row, 1, "Switch").expect("written");
        }
    }
    book.save(folder.path().join("devices.xlsx")).expect("saved");
    let keys = "sheet = \"*\"\ncount_by = \"rows\"\ncolumns = { customer = { sheet = '(.+)' }, service = \"Type\" }";
    let (exit, document) = read(folder.path(), "devices.xlsx", keys);
    assert_eq!((exit, told(&document).as_str()), (0, "Alder Dental: Switch 3\nBirch Law: Switch 2\n"), "{document:#}");
    assert!(document.to_string().contains("Summary"), "{document:#}");

    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    for (column, name) in ["Customer", "Product", "Qty"].into_iter().enumerate() {
        sheet.write(0, u16::try_from(column).expect("few"), name).expect("written");
    }
    sheet.merge_range(1, 0, 2, 0, "Alder", &Format::new()).expect("merged");
    for (row, product, count) in [(1, "E3", 10), (2, "E5", 2), (3, "E3", 4)] {
        sheet.write(row, 1, product).expect("written");
        sheet.write(row, 2, count).expect("written");
    }
    sheet.write(3, 0, "Birch").expect("written");
    book.save(folder.path().join("merged.xlsx")).expect("saved");
    let keys = "columns = { customer = \"Customer\", service = \"Product\", count = \"Qty\" }";
    let (exit, document) = read(folder.path(), "merged.xlsx", keys);
    assert_eq!((exit, told(&document).as_str()), (0, "Alder: E3 10, E5 2\nBirch: E3 4\n"), "{document:#}");
}

/// A vendor mails an archive; a bomb in it is no export.
#[test]
fn an_archive_is_unpacked_and_a_bomb_is_not() {
    let folder = tempfile::tempdir().expect("a folder");
    let put = |name: &str, files: &[(&str, &[u8])]| put_zip(&folder.path().join(name), files);
    let keys = "columns = { customer = \"C\", service = \"S\", count = \"N\" }";
    put("report.zip", &[("report.csv", b"C,S,N\nAlder,EDR,5\n")]);
    let (exit, document) = read(folder.path(), "report.zip", keys);
    assert_eq!((exit, told(&document).as_str()), (0, "Alder: EDR 5\n"), "{document:#}");
    put("report.zip", &[("report.csv", b"C,S,N\nAlder,EDR,5\n"), ("readme.txt", b"Hello")]);
    let (exit, document) = read(folder.path(), "report.zip", keys);
    assert!(exit == 11 && document.to_string().contains("member ="), "{document:#}");
    let (exit, document) = read(folder.path(), "report.zip", &format!("member = \"*.csv\"\n{keys}"));
    assert_eq!((exit, told(&document).as_str()), (0, "Alder: EDR 5\n"), "{document:#}");
    put("report.zip", &[("report.csv", &vec![b'0'; 1 << 22])]);
    let (exit, document) = read(folder.path(), "report.zip", &format!("max_bytes = 100000\n{keys}"));
    assert!(exit == 11 && document.to_string().contains("max_bytes"), "{document:#}");
}

/// A date that has not come yet is a day and a month the wrong way round.
#[test]
fn the_newest_day_may_not_be_ahead() {
    let folder = tempfile::tempdir().expect("a folder");
    let keys = "latest = \"D\"\ncolumns = { customer = \"C\", service = \"S\", count = \"N\" }";
    fs::write(folder.path().join("x.csv"), "D,C,S,N\n2020-01-01,A,E,1\n2999-01-01,A,E,2\n").expect("written");
    let (exit, document) = read(folder.path(), "x.csv", keys);
    assert!(exit == 11 && document.to_string().contains("has not come yet"), "{document:#}");
    fs::write(folder.path().join("x.csv"), "D,C,S,N\n2020-01-01,A,E,1\nsoon,B,E,2\n2020-01-02,A,E,3\n")
        .expect("written");
    let (exit, document) = read(folder.path(), "x.csv", keys);
    assert_eq!(told(&document), "A: E 3\n", "{document:#}");
    assert!(exit == 3 && document.to_string().contains("is no date"), "{exit} {document:#}");
    assert!(document.to_string().contains("2020-01-02"), "{document:#}");
}

/// `No` in a column where everything that is said counts would be billed.
#[test]
fn a_mark_that_says_no_is_no_unit() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("x.csv"), "C,EDR\nA,Yes\nA,No\nB,Yes\n").expect("written");
    let keys = |mark: &str| {
        format!(
            "columns = {{ customer = \"C\", service = {{ fixed = \"EDR\" }}, count = {{ column = \"EDR\", {mark} }} }}"
        )
    };
    let (_, document) = read(folder.path(), "x.csv", &keys("is = [\"Yes\"]"));
    assert_eq!(told(&document), "A: EDR 1\nB: EDR 1\n", "{document:#}");
    let (exit, document) = read(folder.path(), "x.csv", &keys("present = true"));
    assert!(exit == 3 && document.to_string().contains("says no"), "{document:#}");

    // Excel and telephones write a mark that nobody sees behind the sign: the customer would fall to 0.
    fs::write(folder.path().join("x.csv"), "C,EDR\nA,\u{2714}\u{fe0f}\nA,\u{2610}\nB,\u{2714}\n").expect("written");
    let (_, document) = read(folder.path(), "x.csv", &keys("is = [\"\u{2714}\"]"));
    assert_eq!(told(&document), "A: EDR 1\nB: EDR 1\n", "{document:#}");
    let (exit, document) = read(folder.path(), "x.csv", &keys("present = true"));
    assert!(exit == 3 && document.to_string().contains("says no"), "{document:#}");
}

/// A region whose file did not come tonight is a region that would be missed, or billed a part.
#[test]
fn a_file_fewer_than_the_last_night_is_refused_and_each_stands_in_the_record() {
    let night = Night::new();
    fs::remove_file(night.path("exports/mail-1.csv")).expect("removed");
    night.config("export", "files = \"all\"");
    let put = |name: &str, rows: &str, minutes: u64| {
        let path = night.path(&format!("exports/mail-{name}.csv"));
        fs::write(&path, format!("Account,Product,Quantity\n{rows}")).expect("written");
        let file = fs::File::options().write(true).open(path).expect("there");
        file.set_modified(SystemTime::from(now()) - Duration::from_secs(60 * minutes)).expect("dated");
    };
    put("east", "Acme,CloudFilter,3\n", 120);
    put("west", "Borealis,CloudFilter,5\n", 110);
    night.approve();
    let run = night.run().exits(0).first_run();
    let files = run["export"]["files"].as_array().expect("files").clone();
    let told = |key: &str| files.iter().map(|file| file[key].to_string()).collect::<Vec<_>>().join(" ");
    assert_eq!(told("name"), "\"mail-east.csv\" \"mail-west.csv\"", "{files:#?}");
    assert_eq!(told("bytes"), "44 48", "{files:#?}");
    assert!(files.iter().all(|file| file["sha256"].as_str().is_some_and(|digest| digest.len() == 64)), "{files:#?}");
    let html = night.recount(&["report", "--format", "html"]);
    assert!(html.out.contains("mail-east.csv") && html.out.contains("mail-west.csv"), "{}", html.out);

    fs::remove_file(night.path("exports/mail-west.csv")).expect("removed");
    put("east", "Acme,CloudFilter,3\nBorealis,CloudFilter,5\n", 5);
    let refused = night.run().exits(11);
    assert!(refused.codes().contains(&"export-fewer-files".to_owned()), "{}", refused.out);
    put("copy", "Acme,CloudFilter,3\nBorealis,CloudFilter,5\n", 4);
    let doubled = night.run().exits(11);
    assert!(doubled.out.contains("has the same bytes"), "{}", doubled.out);
}

/// A region that is delivered again with one row more has other bytes, and each of its customers would be billed double. A
/// new region is another file as well, and ordinary.
#[test]
fn a_file_that_is_delivered_again_with_other_bytes_is_not_billed_twice() {
    let night = Night::new();
    fs::remove_file(night.path("exports/mail-1.csv")).expect("removed");
    night.config("export", "files = \"all\"\nduplicates = \"sum\"");
    let put = |name: &str, rows: &str, minutes: u64| {
        let path = night.path(&format!("exports/mail-{name}.csv"));
        fs::write(&path, format!("Account,Product,Quantity\n{rows}")).expect("written");
        let file = fs::File::options().write(true).open(path).expect("there");
        file.set_modified(SystemTime::from(now()) - Duration::from_secs(60 * minutes)).expect("dated");
    };
    put("east", "Acme,CloudFilter,3\n", 30);
    put("west", "Borealis,CloudFilter,5\n", 30);
    night.approve();
    night.run().exits(0);
    put("north", "Cedar,CloudFilter,9\nAcme,CloudFilter,0\n", 5);
    let grown = night.run();
    assert!(!grown.codes().contains(&"export-file-twice".to_owned()), "a new region: {}", grown.out);
    fs::remove_file(night.path("exports/mail-north.csv")).expect("removed");

    put("east (1)", "Acme,CloudFilter,3\nAcme,CloudFilter,0\n", 5);
    let held = night.run().exits(11);
    assert!(held.codes().contains(&"export-file-twice".to_owned()), "{}", held.out);
    assert!(held.out.contains("mail-east.csv and mail-east (1).csv look like one"), "{}", held.out);
    // The west's file is late, so the number of files is that of every night.
    fs::remove_file(night.path("exports/mail-west.csv")).expect("removed");
    let held = night.run().exits(11);
    assert!(held.codes().contains(&"export-file-twice".to_owned()), "{}", held.out);
    put("west", "Borealis,CloudFilter,5\n", 30);

    night.recount(&["plan"]);
    night.recount(&["apply", &night.plan()]).exits(0);
    night.run().exits(0);
}

/// What every vendor's own habit makes of a number, a name or a row: read rightly, or not at all.
#[test]
fn habits_of_vendors_are_read_rightly_or_refused() {
    const PLAIN: &str = "columns = { customer = \"C\", service = \"S\", count = \"N\" }";
    let signed = format!("signed = true\nduplicates = \"sum\"\n{PLAIN}");
    let filled = format!("fill_down = [\"C\"]\n{PLAIN}");
    let services = format!("fill_down = [\"S\"]\n{PLAIN}");
    let marks = "wide = [\"P\", \"V\"]\npresent = true\ncolumns = { customer = \"C\" }";
    let yes = "wide = [\"P\", \"V\"]\nis = [\"Yes\"]\nduplicates = \"sum\"\ncolumns = { customer = \"C\" }";
    let short = format!("latest = \"D\"\ndate_format = \"%d/%m/%Y\"\n{PLAIN}");
    let month = format!("latest = \"D\"\n{PLAIN}");
    let cases: &[(&str, &str, i32, &str)] = &[
        ("C,S,N\nA,E,12 %\n", PLAIN, 3, "is a percentage"),
        ("C,S,N\nA,E,$12\n", PLAIN, 3, "is an amount of money"),
        ("C,S,N\nA,E,(2)\n", PLAIN, 3, "signed = true"),
        ("C,S,N\nA,E,10\nA,E,(2)\nA,E,3-\nA,E,\u{2212}1\n", &signed, 0, "A: E 4"),
        ("C,S,N\nA,E,10\nA,E,($2)\n", &signed, 3, "is an amount of money"),
        ("C,S,N\nA,E,-2-\n", &signed, 3, "is not a plain decimal number"),
        ("C,S,N\nA,E,\u{200b}4\u{2060}\n", PLAIN, 0, "A: E 4"),
        ("C,S,N\nA,,\n\u{200b},E,10\n \u{a0},F,2\n", &filled, 0, "A: E 10, F 2"),
        ("C,P,V\nA,x,not licensed\n", marks, 3, "says no"),
        ("C,P,V\nA,x,disabled\n", marks, 3, "says no"),
        ("C,P,V\nA,x,#N/A\n", marks, 3, "what a spreadsheet shows"),
        ("C,P,V\nA,x,0001-01-01T00:00:00Z\n", marks, 3, "says no"),
        ("C,P,V\nA,x,1/1/0001 12:00:00 AM\n", marks, 3, "says no"),
        ("C,P,V\nA,x,1970-01-01T00:00:00Z\n", marks, 3, "says no"),
        ("C,P,V\nA,x,1900-01-00\n", marks, 3, "says no"),
        ("C,P,V\nA,x,--\n", marks, 3, "says no"),
        ("C,P,V\nA,x,(none)\n", marks, 3, "says no"),
        ("C,P,V\nA,x,N.A.\n", marks, 3, "says no"),
        ("C,P,V\nA,2026-10-03,2001-01-01\n", marks, 0, "A: P 1, V 1"),
        ("C,P,V\nA,Yes,no\nA,YES,yes\n", yes, 0, "A: P 2, V 1"),
        ("C,S,N,D\nA,E,1,30/10/26\nA,E,2,01/11/26\n", &short, 11, "has a date"),
        ("C,S,N,D\nA,E,1,2020-10-31\nB,E,2,2020-11\n", &month, 3, "is no date"),
        ("C,S,N\n\"A \\\"b\\\"\",E,1\n", PLAIN, 11, "quote_escape"),
        ("C,S,N\n,E,1\n", PLAIN, 0, "set `fill_down`"),
        ("C,S,N\nA,E,5\n,E,1\n", PLAIN, 0, "customer-nameless"),
        // What is set already is not advised.
        ("C,S,N\n,E,1\n", &filled, 0, "no customer stands above them"),
        ("C,S,N\nA,,1\n", &services, 3, "finds none above it"),
    ];
    for (text, keys, exit, said) in cases {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("x.csv"), text).expect("written");
        let (found, document) = read(folder.path(), "x.csv", keys);
        let whole = format!("{}{document}", told(&document));
        assert!(found == *exit && whole.contains(said), "{text:?}: {found} {document:#}");
        assert!(!keys.contains("fill_down") || !whole.contains("set `fill_down`"), "{text:?}: {document:#}");
    }
}

/// A workbook that begins with a cover was "correct `columns`", which were right.
#[test]
fn the_sheet_behind_a_cover_is_proposed() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut book = Workbook::new();
    book.add_worksheet().write_string(0, 0, "Usage report").expect("a cell");
    let sheet = book.add_worksheet();
    for (row, cells) in [["C", "S", "N"], ["A", "E", "3"]].iter().enumerate() {
        let row = u32::try_from(row).expect("small");
        for (cell, column) in cells.iter().zip(0..) {
            sheet.write_string(row, column, *cell).expect("a cell");
        }
    }
    book.save(folder.path().join("x.xlsx")).expect("written");
    let plain = "columns = { customer = \"C\", service = \"S\", count = \"N\" }";
    let (exit, document) = read(folder.path(), "x.xlsx", plain);
    assert!(exit == 11 && document.to_string().contains("sheet = 2"), "{document:#}");
}

/// A person with the vendor's file in hand is asked what it means, and the keys that are told were tried.
#[test]
fn keys_that_would_read_a_file_are_proposed_as_a_question() {
    let plain = "columns = { customer = \"C\", service = \"S\", count = \"N\" }";
    let keyed = "columns = { customer = \"C\", service = { fixed = \"E\" }, count = \"seats\" }";
    let wide = "wide = [\"P\", \"V\"]\ncolumns = { customer = \"C\" }";
    let cases: &[(&str, &str, &str, &str)] = &[
        ("x.csv", "C,S,N\nA,E,10\nA,E,(2)\n", plain, "signed = true"),
        ("x.csv", "C,S,N\nA,,\n,E,10\n,F,2\nB,,\n,E,4\n", plain, "fill_down = [\"C\"]"),
        ("x.csv", "C,S,N,D\nA,E,10,2020-01-01\nA,E,9,2020-01-02\n", plain, "latest = \"D\""),
        ("x.csv", "C,S,N,D\nA,E,10,24.11.2020\nA,E,9,25.11.2020\n", plain, "date_format = \"%d.%m.%Y\""),
        ("x.csv", "C,P,V\nA,2020-01-01,\nB,,2020-02-01\n", wide, "present = true beside `wide`"),
        ("x.csv", "C,P,V\nA,Yes,No\nB,No,Yes\n", wide, "is = [\"Yes\"]"),
        ("x.json", "{\"Alder\":{\"seats\":5},\"Birch\":{\"seats\":7}}", keyed, "customer = \"@key\""),
        ("x.csv", "Usage,,of\nC,S,N\nA,E,1\n", plain, "header = { cell"),
        ("x.csv", "C,S,N\nA,E,5000000000000\n", plain, "divide = 1073741824"),
    ];
    for (name, text, keys, said) in cases {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join(name), text).expect("written");
        let (_, document) = read(folder.path(), name, keys);
        let fixes: Vec<&str> =
            document["findings"].as_array().into_iter().flatten().filter_map(|found| found["fix"].as_str()).collect();
        assert!(fixes.iter().any(|fix| fix.contains(said)), "{text:?}: {document:#}");
        assert!(!fixes.iter().any(|fix| fix.contains("correct the row") || fix.contains("replace")), "{document:#}");
        assert!(!said.contains("latest") || !document.to_string().contains("\\\"sum"), "{document:#}");
    }
}
