//! Files of the kinds that vendors have in ways of their own: read as they are meant, or asked about; through the real
//! program.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use rust_xlsxwriter::{Format, Workbook};

use crate::shapes::{read, told};

const PLAIN: &str = "columns = { customer = \"C\", service = \"S\", count = \"N\" }";
const NUMBERED: &str =
    "header = \"none\"\ncolumns = { customer = { number = 1 }, service = { number = 2 }, count = { number = 3 } }";

/// The exit code, and everything that is said.
fn refused(folder: &Path, path: &str, keys: &str) -> (i32, String) {
    let (exit, document) = read(folder, path, keys);
    (exit, document.to_string())
}

/// Each is ordinary at some vendor: refused, it would be billed by hand.
#[test]
fn ordinary_files_are_read() {
    let numbered = |keys: &str| format!("{keys}\n{NUMBERED}");
    let joined = "header = \"none\"\ncolumns = { customer = { number = 1 }, service = { columns = [{ number = 2 }, \
                  { number = 3 }], join = \" \" }, count = { number = 4 } }";
    let wide = "header = \"none\"\nwide = [{ number = 2 }, { number = 3 }]\ncolumns = { customer = { number = 1 } }";
    let titled = "header = { cell = \"Ordered\", rows = 2 }\ncolumns = { customer = \"C\", service = \"S\", count = \"Used N\" }";
    let three = "header = { rows = 3 }\nwide = [\"Backup Server OS\", \"Backup Server DB\", \"Mail Box\"]\ncolumns = { customer = \"C\" }";
    let lists =
        "records = \"[].devices[]\"\ncount_by = \"rows\"\ncolumns = { customer = \"n\", service = { fixed = \"D\" } }";
    let named = "records = \"[].skus[]\"\ncount_by = \"rows\"\ncolumns = { customer = \"n\", service = \"skus\" }";
    let lines = "records = \"l[]\"\ncolumns = { customer = \"n\", service = \"l.s\", count = \"l.q\" }";
    let of_lines = format!("format = \"ndjson\"\n{lines}");
    let maps = "records = \"{}{}\"\ncolumns = { customer = \"@key\", service = \"@key2\", count = \"@value\" }";
    let absent = format!("drop = [{{ column = \"l.s\", is = [\"\"] }}]\n{}", lines.replace("\"l[]\"", "\"[].l[]\""));
    let inner = "format = \"xml\"\nrecords = \"R.C[].I[]\"\ncolumns = { customer = \"R.C.N\", service = \"R.C.I.@sku\", count = \"R.C.I\" }";
    let bound = format!("keep = [{{ column = \"B\", at_least = 0 }}]\n{PLAIN}");
    let cases: &[(&str, &str, &str, &str)] = &[
        ("x.csv", "A,E,3,Paid\nB,E,4,Trial\n", &numbered("keep = [{ number = 4, is = [\"Paid\"] }]"), "A: E 3\n"),
        ("x.csv", "A,E,3,x\nB,E,4,y\n", &numbered("drop = [{ column = { number = 4 }, is = [\"y\"] }]"), "A: E 3\n"),
        ("x.csv", "A,E,3\nTotal,,3\n", &numbered("stop = { number = 1, is = [\"Total\"] }"), "A: E 3\n"),
        ("x.csv", "A,,\n,E,3\n,F,1\n", &numbered("fill_down = [{ number = 1 }]"), "A: E 3, F 1\n"),
        ("x.csv", "A,E,3,2020-01-01\nA,E,4,2020-01-02\n", &numbered("latest = { number = 4 }"), "A: E 4\n"),
        ("x.csv", "A,M365,E3,5\n", joined, "A: M365 E3 5\n"),
        ("x.csv", "A,5,2\n", wide, "A: 2 5, 3 2\n"),
        ("x.csv", "Report\n\n,,Ordered,Used\nC,S,N,N\nA,E,9,7\n", titled, "A: E 7\n"),
        (
            "x.csv",
            ",Backup,,Mail\n,Server,,\nC,OS,DB,Box\nA,1,2,3\n",
            three,
            "A: Backup Server DB 2, Backup Server OS 1, Mail Box 3\n",
        ),
        ("x.csv", "C,S,N,,\nA,E,3\nB,E,4,\n", PLAIN, "A: E 3\nB: E 4\n"),
        ("x.csv", "C,S,N,B\nA,E,3,-1\nB,E,4,0\n", &bound, "B: E 4\n"),
        ("x.json", r#"[{"n":"A","devices":["a","b"]},{"n":"B","devices":["c"]}]"#, lists, "A: D 2\nB: D 1\n"),
        ("x.json", r#"[{"n":"A","skus":["E3","E5","E3"]}]"#, named, "A: E3 2, E5 1\n"),
        (
            "x.json",
            "{\"n\":\"A\",\"l\":[{\"s\":\"E\",\"q\":3}]}\n{\"n\":\"B\",\"l\":[{\"s\":\"E\",\"q\":4}]}\n",
            lines,
            "A: E 3\nB: E 4\n",
        ),
        ("x.ndjson", "{\"n\":\"A\",\"l\":[{\"s\":\"E\",\"q\":3}]}\n", &of_lines, "A: E 3\n"),
        ("x.json", r#"{"A":{"E3":5,"E5":1},"B":{"E3":2}}"#, maps, "A: E3 5, E5 1\nB: E3 2\n"),
        ("x.json", r#"[{"n":"A","l":[{"s":"E","q":3}]},{"n":"B","l":null}]"#, &absent, "A: E 3\n"),
        ("x.xml", "<R><C><N>A</N><I sku='E'>3</I></C></R>", inner, "A: E 3\n"),
    ];
    for (name, text, keys, counts) in cases.iter().chain(&others()) {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join(name), text).expect("written");
        let (exit, document) = read(folder.path(), name, keys);
        assert_eq!((exit, told(&document).as_str()), (0, *counts), "{text}\n{keys}\n{document:#}");
    }
}

fn others() -> Vec<(&'static str, &'static str, &'static str, &'static str)> {
    let thin = "thousands = \" \"\ncolumns = { customer = \"C\", service = \"S\", count = \"N\" }";
    let swiss = "thousands = \"'\"\ncolumns = { customer = \"C\", service = \"S\", count = \"N\" }";
    let lakh = "delimiter = \";\"\nthousands = \",\"\ncolumns = { customer = \"C\", service = \"S\", count = \"N\" }";
    let sheet = "records = \"values\"\ncolumns = { customer = \"C\", service = \"S\", count = \"N\" }";
    let unnamed = "records = \"rows\"\nheader = \"none\"\ncolumns = { customer = { number = 2 }, service = { fixed = \"S\" }, count = { number = 1 } }";
    let epoch = "latest = \"D\"\ndate_format = \"%s\"\ncolumns = { customer = \"C\", service = \"S\", count = \"N\" }";
    let dashes = "wide = [\"E\", \"F\"]\nblank = [\"-\", \"n/a\"]\ncolumns = { customer = \"C\" }";
    let soap =
        "records = \"s:Envelope.s:Body.Item\"\ncolumns = { customer = \"@C\", service = \"@S\", count = \"@N\" }";
    vec![
        ("x.csv", "C,S,N\nA,E,1\u{2009}234\nB,E,1\u{2007}234\u{202f}567\n", thin, "A: E 1234\nB: E 1234567\n"),
        ("x.csv", "C,S,N\nA,E,1\u{b4}234\nB,E,1\u{2bc}234\n", swiss, "A: E 1234\nB: E 1234\n"),
        ("x.csv", "C;S;N\nA;E;12,34,567\nB;E;1,00,000\n", lakh, "A: E 1234567\nB: E 100000\n"),
        ("x.json", r#"{"values":[["C","S","N"],["A","E",3],["B","E","4"]]}"#, sheet, "A: E 3\nB: E 4\n"),
        (
            "x.json",
            "{\n  \"C\": \"A\",\n  \"S\": \"E\", \"N\": 3\n}\n{\n  \"C\": \"B\",\n  \"S\": \"E\", \"N\": 4\n}\n",
            PLAIN,
            "A: E 3\nB: E 4\n",
        ),
        ("x.json", r#"{"columns":["N","C"],"rows":[[3,"A"],[4,"B"]]}"#, unnamed, "A: S 3\nB: S 4\n"),
        ("x.csv", "D,C,S,N\n1577836800,A,E,3\n1577923200000,A,E,4\n", epoch, "A: E 4\n"),
        ("x.csv", "C,E,F\nA,3,-\nB,n/a,4\n", dashes, "A: E 3\nB: F 4\n"),
        ("x.xml", "<s:Envelope xmlns:s='u'><s:Body><Item C='A' S='E' N='3'/></s:Body></s:Envelope>", soap, "A: E 3\n"),
    ]
}

/// Three of twelve customers beside "quota exceeded" were the whole bill.
#[test]
fn an_answer_that_says_an_error_is_not_the_whole() {
    let keys = "records = \"items\"\ncolumns = { customer = \"n\", service = { fixed = \"S\" }, count = \"q\" }";
    for (said, exit, code) in [
        (r#"{"items":[{"n":"A","q":3}],"error":"quota exceeded"}"#, 11, "export-part-unread"),
        (r#"{"items":[{"n":"A","q":3}],"error":null}"#, 0, "\"findings\":[]"),
        (r#"{"items":[{"n":"A","q":3}],"errors":[]}"#, 0, "\"findings\":[]"),
        (r#"{"items":[{"n":"A","q":3}],"success":false,"message":"x"}"#, 11, "export-part-unread"),
        (r#"{"items":[{"n":"A","q":3}],"success":true,"status":"ok","code":200}"#, 0, "\"findings\":[]"),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("x.json"), said).expect("written");
        let (found, document) = read(folder.path(), "x.json", keys);
        assert!(found == exit && document.to_string().contains(code), "{said}: {found} {document:#}");
    }
}

/// A customer's own state is no state of the answer: his export would be refused each night that he pays late.
#[test]
fn a_column_that_is_called_status_says_nothing_of_the_answer() {
    let keys = "records = \"items[]\"\nkeep = [{ column = \"status\", is = [\"failed\"] }]\n\
                columns = { customer = \"n\", service = { fixed = \"S\" }, count = \"items.q\" }";
    let folder = tempfile::tempdir().expect("a folder");
    let said = r#"{"n":"A","status":"failed","items":[{"q":3}]}"#;
    fs::write(folder.path().join("x.json"), said).expect("written");
    let (exit, document) = read(folder.path(), "x.json", keys);
    assert!(exit == 0 && told(&document) == "A: S 3\n", "{exit} {document:#}");
}

/// What could be read in two ways is held or refused, and nobody is told to count what is no count.
#[test]
fn what_could_mean_two_things_is_not_counted() {
    let lists =
        "records = \"[].l[]\"\ncount_by = \"rows\"\ncolumns = { customer = \"n\", service = { fixed = \"D\" } }";
    let several = "format = \"xml\"\nrecords = \"R.C\"\ncolumns = { customer = \"@n\", service = { fixed = \"S\" }, count = \"q\" }";
    let cases: &[(&str, &str, &str, i32, &str, &str)] = &[
        ("x.csv", "C,S,N,,\nA,E,3,,,7\n", PLAIN, 11, "expected 5 cells", "present"),
        ("x.csv", "C,S,N,,\nA,E\n", PLAIN, 11, "expected 5 cells", "present"),
        ("x.json", r#"[{"n":"A","l":["a",null]}]"#, lists, 11, "found null", "present"),
        ("x.xml", "<R><C n='A'><q>3</q><q>4</q></C></R>", several, 3, "is a list, and no count", "present = true"),
        ("x.json", r#"[{"n":"A"}]"#, lists, 11, "", "present = true"),
    ];
    for (name, text, keys, exit, said, unsaid) in cases {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join(name), text).expect("written");
        let (found, document) = read(folder.path(), name, keys);
        let whole = document.to_string();
        assert!(found == *exit && whole.contains(said) && !whole.contains(unsaid), "{text}: {found} {document:#}");
        assert_eq!(told(&document), "", "{text}");
    }
}

/// A number that two rows share would be billed to the first of them, or to both.
#[test]
fn merged_cells_name_a_group_and_never_count_twice() {
    let book = |cells: &[(u32, u16, &str)], merged: &[(u32, u16, u32, u16, &str)]| {
        let folder = tempfile::tempdir().expect("a folder");
        let mut book = Workbook::new();
        let sheet = book.add_worksheet();
        for (row, column, text) in cells {
            match text.parse::<i32>() {
                Ok(number) => drop(sheet.write(*row, *column, number).expect("written")),
                Err(_) => drop(sheet.write(*row, *column, *text).expect("written")),
            }
        }
        for (first, left, last, right, text) in merged {
            sheet.merge_range(*first, *left, *last, *right, text, &Format::new()).expect("merged");
        }
        book.save(folder.path().join("x.xlsx")).expect("saved");
        folder
    };
    let heading = [(0, 0, "C"), (0, 1, "S"), (0, 2, "N")];
    let rows = [(1, 0, "A"), (1, 1, "E"), (2, 0, "B"), (2, 1, "E"), (3, 0, "D"), (3, 1, "E"), (3, 2, "4")];
    let folder = book(&[&heading[..], &rows].concat(), &[(1, 2, 2, 2, "10")]);
    let (exit, document) = read(folder.path(), "x.xlsx", PLAIN);
    assert_eq!((exit, told(&document).as_str()), (3, "D: E 4\n"), "{document:#}");

    let rows = [(2, 1, "E"), (2, 2, "3"), (4, 1, "E"), (4, 2, "4")];
    let folder = book(&[&heading[..], &rows].concat(), &[(1, 0, 1, 2, "Alder"), (3, 0, 3, 2, "Birch")]);
    let (exit, document) = read(folder.path(), "x.xlsx", &format!("fill_down = [\"C\"]\n{PLAIN}"));
    assert_eq!((exit, told(&document).as_str()), (0, "Alder: E 3\nBirch: E 4\n"), "{document:#}");
    let (_, document) = read(folder.path(), "x.xlsx", PLAIN);
    assert!(document.to_string().contains("fill_down = [\\\"C\\\"]"), "{document:#}");

    // Laid out over more columns than it has, also with a heading of two rows.
    let rows = [(1, 2, "E"), (1, 3, "3"), (2, 2, "F"), (2, 3, "1"), (3, 0, "Birch"), (3, 2, "E"), (3, 3, "4")];
    let wide = [(0, 0, 0, 1, "C"), (1, 0, 2, 1, "Alder")];
    let folder = book(&[&[(0, 2, "S"), (0, 3, "N")][..], &rows].concat(), &wide);
    let (exit, document) = read(folder.path(), "x.xlsx", PLAIN);
    assert_eq!((exit, told(&document).as_str()), (0, "Alder: E 3, F 1\nBirch: E 4\n"), "{document:#}");
    let rows = [(1, 2, "E"), (1, 3, "F"), (2, 0, "Alder"), (2, 2, "3"), (2, 3, "1")];
    let folder = book(&rows, &[(0, 0, 1, 1, "C"), (0, 2, 0, 3, "Seats")]);
    let keys = "header = { rows = 2 }\nwide = [\"Seats E\", \"Seats F\"]\ncolumns = { customer = \"C\" }";
    let (exit, document) = read(folder.path(), "x.xlsx", keys);
    assert_eq!((exit, told(&document).as_str()), (0, "Alder: Seats E 3, Seats F 1\n"), "{document:#}");
}

/// Of a row without a date nobody can say whether it is one of the newest: it is held, and no form of dates reads it.
#[test]
fn a_row_without_a_date_is_held_and_told_as_such() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("x.csv"), "D,C,S,N\n2020-01-02,A,E,3\n,B,E,4\n").expect("written");
    let (exit, said) = refused(folder.path(), "x.csv", &format!("latest = \"D\"\n{PLAIN}"));
    assert!(exit == 3 && said.contains("is blank, and nobody can say") && !said.contains("date_format"), "{said}");
    let keys = format!("latest = \"D\"\ndrop = [{{ column = \"D\", is = [\"\"] }}]\n{PLAIN}");
    let (exit, document) = read(folder.path(), "x.csv", &keys);
    assert_eq!((exit, told(&document).as_str()), (0, "A: E 3\n"), "{document:#}");
}

/// Whoever has the file in hand is asked what it means, by keys that read it.
#[test]
fn questions_name_the_keys_that_read_the_file() {
    let attributes = "columns = { customer = \"C\", service = \"S\", count = \"N\" }";
    let outer =
        "records = \"R.C.I\"\ncolumns = { customer = \"R.C.N\", service = { fixed = \"S\" }, count = \"R.C.I\" }";
    let tenant = "records = \"items\"\ncolumns = { customer = \"tenant\", service = \"l.s\", count = \"l.n\" }";
    let line = "columns = { customer = \"n\", service = \"l.s\", count = \"l.q\" }";
    let flag = "columns = { customer = \"C\", service = { fixed = \"EDR\" }, count = \"EDR\" }";
    let cases: &[(&str, &str, &str, &str)] = &[
        ("x.csv", "Alder,E3,10\nBirch,E3,4\n", PLAIN, "header = \\\"none\\\""),
        ("x.xml", "<R><Row C='A' S='E' N='3'/><Row C='B' S='E' N='4'/></R>", attributes, "records = \\\"R.Row\\\""),
        ("x.xml", "<R><C><N>A</N><I>3</I></C><C><N>B</N><I>4</I></C></R>", outer, "records = \\\"R.C[].I[]\\\""),
        ("x.json", r#"{"items":[{"tenant":"A","l":[{"s":"E","n":3}]}]}"#, tenant, "items[].l[]"),
        (
            "x.json",
            "{\"n\":\"A\",\"l\":[{\"s\":\"E\",\"q\":3}]}\n{\"n\":\"B\",\"l\":[]}\n",
            line,
            "records = \\\"l[]\\\"",
        ),
        (
            "x.json",
            r#"[{"C":"A","l":[{"S":"E","N":3},{"S":"F","N":1}]}]"#,
            PLAIN,
            "as \\\"C\\\", \\\"l.S\\\", \\\"l.N\\\"",
        ),
        ("x.json", r#"{"r":[{"c":[{"C":"A","x":{"S":"E"},"l":[{"N":3}]}]}]}"#, PLAIN, "records = \\\"r[].c[].l[]\\\""),
        ("x.csv", "C,S,T,N\nA,M365,E3,10\nA,M365,E5,2\n", PLAIN, "columns = [\\\"S\\\", \\\"T\\\"]"),
        ("x.csv", "C,EDR\nA,Yes\nA,No\nB,Yes\n", flag, "is = [\\\"Yes\\\"]"),
        ("x.csv", "C,S,N\nA,E,12\nA,E,(2)\n", PLAIN, "signed = true and duplicates"),
        ("x.csv", "C,S,N,M\nA,E,9,Oct 2020\nA,E,10,Nov 2020\n", PLAIN, "date_format = \\\"%b %Y\\\""),
    ];
    for (name, text, keys, said) in cases {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join(name), text).expect("written");
        let (_, document) = read(folder.path(), name, keys);
        assert!(document.to_string().contains(said), "{text}: {document:#}");
        assert!(!document.to_string().contains("%B"), "{document:#}");
    }
}

/// `lines 2, 2` sends whoever looks to the wrong file, and two rows of one number would be taken for one.
#[test]
fn a_line_of_several_files_or_sheets_is_named_with_its_own() {
    let keys = format!("files = \"all\"\n{PLAIN}");
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("u.a.csv"), "C,S,N\nA,E,3\nB,E,x\n").expect("written");
    fs::write(folder.path().join("u.b.csv"), "C,S,N\nA,E,4\nB,F,y\n,E,1\n").expect("written");
    let (exit, document) = read(folder.path(), "u.*.csv", &keys);
    let said = document["findings"].to_string();
    assert_eq!(exit, 3, "{said}");
    for words in [
        "2 rows of it (u.a.csv, line 2; u.b.csv, line 2) say 3, 4",
        "u.a.csv, line 3, column",
        "u.b.csv, line 3, column",
        "1 row without a customer: u.b.csv, line 4",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
}

/// A number is no mark: `5 seats` counted as one would be a fifth of the bill, and recount had asked for it.
#[test]
fn what_is_asked_about_a_cell_is_what_it_may_mean() {
    let wide = "wide = [\"E\"]\ncolumns = { customer = \"C\" }";
    for (text, keys, asked, not) in [
        ("C,S,N\nA,E,5 seats\n", PLAIN, "take the number out of the cell with `match`", "present = true"),
        ("C,S,N\nA,E,12.34.567\n", PLAIN, "has a separator in it", "present = true"),
        ("C,S,N\nA,E,12 00\n", PLAIN, "has a separator in it", "is a date"),
        ("C,S,N\nA,E,5\nC,S,N\nB,E,4\n", PLAIN, "drop = [{ column = \\\"N\\\", is = [\\\"N\\\"] }]", "present = true"),
        ("C,E\nA,5\nB,-\n", wide, "blank = [\\\"-\\\"]", "is = "),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("x.csv"), text).expect("written");
        let (exit, document) = read(folder.path(), "x.csv", keys);
        let said = document["findings"].to_string();
        assert!(exit == 3 && said.contains(asked) && !said.contains(not), "{text}\n{said}");
    }
}

/// An empty region beside a full one is ordinary at some vendors, and at others a download that failed.
#[test]
fn an_empty_file_of_several_is_whole_only_if_it_is_declared() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("u.a.csv"), "C,S,N\nA,E,3\n").expect("written");
    fs::write(folder.path().join("u.b.csv"), "C,S,N\n").expect("written");
    let keys = format!("files = \"all\"\nwhole = true\n{PLAIN}");
    let (exit, document) = read(folder.path(), "u.*.csv", &keys);
    assert_eq!((exit, told(&document).as_str()), (0, "A: E 3\n"), "{document:#}");
    assert!(document["findings"].to_string().contains("u.b.csv holds only a header"), "{document:#}");
    fs::write(folder.path().join("u.a.csv"), "C,S,N\n\n").expect("written");
    assert_eq!(refused(folder.path(), "u.*.csv", &keys).0, 11);
    fs::write(folder.path().join("u.a.csv"), "C,S,N\nA,E,3\n").expect("written");
    let (exit, said) = refused(folder.path(), "u.*.csv", &format!("files = \"all\"\n{PLAIN}"));
    assert!(exit == 11 && said.contains("set whole = true"), "{said}");
}

/// A folder for each customer, in one archive or on this host; and an object by key beside a number of all customers is a part.
#[test]
fn a_folder_may_name_the_customer() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut writer = zip::ZipWriter::new(fs::File::create(folder.path().join("x.zip")).expect("created"));
    for (name, text) in [("Acme/u.CSV", "S,N\nE,3\n"), ("B & C/u.csv", "S,N\nE,4\n")] {
        writer.start_file(name, zip::write::SimpleFileOptions::default()).expect("begun");
        writer.write_all(text.as_bytes()).expect("written");
    }
    writer.finish().expect("whole");
    let keys = "files = \"all\"\nmember = \"*.csv\"\ncolumns = { customer = { file = '^([^/]+)/' }, service = \"S\", count = \"N\" }";
    let (exit, document) = read(folder.path(), "x.zip", keys);
    assert_eq!((exit, told(&document).as_str()), (0, "Acme: E 3\nB & C: E 4\n"), "{document:#}");
    for (customer, text) in [("Acme", "S,N\nE,3\n"), ("B & C", "S,N\nE,4\n")] {
        fs::create_dir_all(folder.path().join("night").join(customer)).expect("made");
        fs::write(folder.path().join("night").join(customer).join("u.csv"), text).expect("written");
    }
    let keys = keys.replace("member = \"*.csv\"\n", "");
    let (exit, document) = read(folder.path(), "night/*/u.csv", &keys);
    assert_eq!((exit, told(&document).as_str()), (0, "Acme: E 3\nB & C: E 4\n"), "{document:#}");
    fs::write(folder.path().join("x.json"), r#"{"total":5,"data":{"A":{"n":1}}}"#).expect("written");
    let keys =
        "records = \"data{}\"\ncolumns = { customer = \"@key\", service = { fixed = \"S\" }, count = \"data.n\" }";
    let (exit, said) = refused(folder.path(), "x.json", keys);
    assert!(exit == 11 && said.contains("export-part-unread"), "{said}");
}

/// A file that goes by another kind's name is called what it is.
#[test]
fn what_recount_does_not_read_is_named() {
    let zipped = |name: &str, bytes: &[u8]| {
        let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        writer.start_file(name, zip::write::SimpleFileOptions::default()).expect("begun");
        writer.write_all(bytes).expect("written");
        writer.finish().expect("whole").into_inner()
    };
    let mut locked = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".to_vec();
    locked.extend("EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes));
    for (bytes, kind) in [
        (zipped("META-INF/manifest.xml", b"<m/>"), "an OpenDocument spreadsheet"),
        (
            zipped("a.zip", &zipped("b.zip", &zipped("u.csv", b"C,S,N\n"))),
            "a zip archive within another one within a third",
        ),
        (b"<html><body><table><tr><td>C</td></tr></table></body></html>".to_vec(), "a web page with a table"),
        (b"<Workbook xmlns=\"urn:schemas-microsoft-com:office:spreadsheet\"/>".to_vec(), "the XML of Excel 2003"),
        (locked, "a workbook with a password"),
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n".to_vec(), "it is a PDF"),
        (b"PAR1\x15\0".to_vec(), "a Parquet file"),
        (b"7z\xbc\xaf\x27\x1c".to_vec(), "a 7z archive"),
        (b"\xfd7zXZ\0\0".to_vec(), "compressed with xz"),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("x.xls"), bytes).expect("written");
        let (exit, said) = refused(folder.path(), "x.xls", PLAIN);
        assert!(exit == 11 && said.contains(kind), "{kind}: {said}");
    }
}

/// `1,250` without quotes under a heading that ends with a comma was a bill of one seat, and of none where a filter looked
/// at a column that had moved.
#[test]
fn a_row_that_a_comma_has_cut_holds_its_customer() {
    let kept = format!("keep = [{{ column = \"T\", is = [\"on\"] }}]\n{PLAIN}");
    let dropped = format!("drop = [{{ column = \"C\", is = [\"Total\"] }}]\n{PLAIN}");
    let numbered = "columns = { customer = \"C\", service = \"S\", count = { number = 4 } }";
    let semicolons = format!("delimiter = \";\"\n{PLAIN}");
    let cases: &[(&str, &str, i32, &str)] = &[
        ("C,S,N,\nA,E,1,250\nB,E,900,\n", PLAIN, 3, "B: E 900\n"),
        ("C,S,N,\nA,E,1,250,\nB,E,900,\n", PLAIN, 3, "B: E 900\n"),
        ("C;S;N;\nA;E;1;5\nB;E;2;\n", &semicolons, 3, "B: E 2\n"),
        ("C,S,N,T,\nA,E,1,250,on\nB,E,2,on,\n", &kept, 3, "B: E 2\n"),
        ("C,S,N,\nA,E,1,\nTotal,,1,checked\n", &dropped, 0, "A: E 1\n"),
        ("C,S,N,\nA,E,1,250\n", numbered, 0, "A: E 250\n"),
        (",C,S,N\n0,A,E,1\n1,B,E,2\n", PLAIN, 0, "A: E 1\nB: E 2\n"),
        ("C,S,N,\nA,E,1, \nB,E,2\n", PLAIN, 0, "A: E 1\nB: E 2\n"),
    ];
    for (text, keys, exit, counts) in cases {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("x.csv"), text).expect("written");
        let (found, document) = read(folder.path(), "x.csv", keys);
        assert_eq!((found, told(&document).as_str()), (*exit, *counts), "{text}\n{keys}\n{document:#}");
        let first = &document["findings"][0];
        let said = first["message"].as_str().is_some_and(|said| said.contains("as in 1,250, may have cut the row"));
        assert!(*exit == 0 || said && first["code"] == "row-malformed" && first["customer"] == "A", "{document:#}");
    }
}

/// A part of a number was billed for all of it; a list and a spreadsheet's error were customers and services that nobody
/// maps, while their true ones were set to 0.
#[test]
fn what_is_a_part_of_a_number_or_no_name_is_not_counted() {
    let part = "columns = { customer = \"C\", service = \"S\", count = { column = \"N\", match = '(\\d+)' } }";
    let xml = format!("records = \"R.R\"\n{PLAIN}");
    let summed = format!("duplicates = \"sum\"\n{PLAIN}");
    let cases: &[(&str, &str, &str, &str, &str)] = &[
        ("x.csv", "C,S,N\nA,E,\"1,250 users\"\nB,E,10 of 25\n", part, "B: E 10\n", "takes only"),
        ("x.csv", "C,S,N\nA,E,12.5 GB\nB,E,-3 users\nD,E,7 GB\n", part, "D: E 7\n", "takes only"),
        ("x.csv", "C,S,N\nA,E,10\nB,E,3\n#N/A,E,4\n", &summed, "A: E 10\nB: E 3\n", "customer-nameless"),
        ("x.csv", "C,S,N\nA,E,10\nB,#REF!,3\n", &summed, "A: E 10\n", "a formula went wrong, and no name"),
        ("x.json", r#"[{"C":["A","D"],"S":"E","N":1},{"C":"B","S":"E","N":2}]"#, PLAIN, "B: E 2\n", "no name"),
        ("x.json", r#"[{"C":"A","S":["E"],"N":1},{"C":"[B]","S":"E","N":2}]"#, PLAIN, "[B]: E 2\n", "no name"),
        (
            "x.xml",
            "<R><R><C>A</C><C>D</C><S>E</S><N>1</N></R><R><C>B</C><S>E</S><N>2</N></R></R>",
            &xml,
            "B: E 2\n",
            "no name",
        ),
    ];
    for (name, text, keys, counts, said) in cases {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join(name), text).expect("written");
        let (found, document) = read(folder.path(), name, keys);
        let exit = if *said == "customer-nameless" { 0 } else { 3 };
        assert_eq!((found, told(&document).as_str()), (exit, *counts), "{text}\n{document:#}");
        assert!(document.to_string().contains(said), "{text}\n{document:#}");
    }
}

/// PowerShell writes a list of one as the object alone: each customer whose licences shrank to one refused the night for all.
#[test]
fn an_object_with_the_columns_of_a_record_is_a_list_of_one() {
    let one = r#"{"Customer":"B","l":{"s":"E3","n":4}}"#;
    let two = r#"{"Customer":"A","l":[{"s":"E3","n":12},{"s":"E5","n":1}]}"#;
    let nested = "records = \"[].l[]\"\ncolumns = { customer = \"Customer\", service = \"l.s\", count = \"l.n\" }";
    let items = "records = \"items[].l[]\"\ncolumns = { customer = \"items.Customer\", service = \"items.l.s\", count = \"items.l.n\" }";
    let plain = "records = \"items\"\ncolumns = { customer = \"Customer\", service = \"S\", count = \"N\" }";
    let all = "A: E3 12, E5 1\nB: E3 4\n";
    for (text, keys, counts) in [
        (format!("[{two},{one}]"), nested, all),
        (format!("{{\"items\":[{two},{one}]}}"), items, all),
        (format!("{{\"items\":{one}}}"), items, "B: E3 4\n"),
        (r#"{"items":{"Customer":"A","S":"E3","N":12}}"#.to_owned(), plain, "A: E3 12\n"),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("x.json"), &text).expect("written");
        let (exit, document) = read(folder.path(), "x.json", keys);
        assert_eq!((exit, told(&document).as_str()), (0, counts), "{text}\n{document:#}");
    }
    // An object by key, an error, and one that lacks a column are no records.
    for (text, keys) in [
        (r#"[{"Customer":"A","l":{"E3":12}}]"#, nested),
        (r#"{"items":{"error":"busy"}}"#, items),
        (r#"{"items":{"Customer":"A","S":"E3"}}"#, plain),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("x.json"), text).expect("written");
        assert_eq!(refused(folder.path(), "x.json", keys).0, 11, "{text}");
    }
}

/// A grand total of 14 became the last customer's, and a subtotal of 15 made 30 of it.
#[test]
fn a_row_that_says_what_the_rows_above_come_to_is_no_count() {
    let filled = "columns = { customer = \"C\" }\nwide = [\"E3\", \"E5\"]\nfill_down = [\"C\"]\nduplicates = \"sum\"";
    let summed = "columns = { customer = \"C\", service = { fixed = \"X\" }, count = \"N\" }\nduplicates = \"sum\"";
    let alone = summed.replace("duplicates = \"sum\"", "fill_down = [\"C\"]\nduplicates = \"sum\"");
    let held: [(&str, &str, &str); 3] = [
        ("C,Site,E3,E5\nA,s1,6,1\n,s2,4,1\nB,s1,4,1\n,,14,3\n", filled, "A: E3 10, E5 2\n"),
        ("C,Site,N\nA,S1,10\nA,S2,5\nA,,15\nB,S1,4\nB,,4\nD,S1,1\n", summed, "D: X 1\n"),
        ("C,N\nA,6\n,4\nB,4\n,14\n", &alone, "A: X 10\n"),
    ];
    for (text, keys, counts) in held {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("x.csv"), text).expect("written");
        let (exit, document) = read(folder.path(), "x.csv", keys);
        let said = document.to_string();
        assert_eq!((exit, said.contains("looks like a total")), (3, true), "{text}\n{document:#}");
        for line in counts.lines() {
            assert!(told(&document).contains(line), "{text}\n{document:#}");
        }
        // Whoever knows better says so.
        let (exit, document) = read(folder.path(), "x.csv", &format!("whole = true\n{keys}"));
        assert_eq!(exit, 0, "{document:#}");
    }
    let named = "columns = { customer = \"C\", service = \"S\", count = \"N\" }\nfill_down = [\"C\"]";
    let sound: [(&str, &str, &str); 4] = [
        ("C,S,N\nA,E3,6\n,E5,4\nB,E3,4\n,E5,14\n", named, "A: E3 6, E5 4\nB: E3 4, E5 14\n"),
        ("C,Site,N\nA,S1,10\nA,S2,5\nA,S3,15\n", summed, "A: X 30\n"),
        ("C,Site,N\nA,,1\nA,,1\nA,,2\nB,S1,4\n", summed, "A: X 4\nB: X 4\n"),
        ("C,N\nA,6\n,4\nB,4\n,5\n", &alone, "A: X 10\nB: X 9\n"),
    ];
    for (text, keys, counts) in sound {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("x.csv"), text).expect("written");
        let (exit, document) = read(folder.path(), "x.csv", keys);
        assert_eq!((exit, told(&document).as_str()), (0, counts), "{text}\n{document:#}");
    }
    // Nor is it proposed to add such rows up.
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("x.csv"), "C,S,N\nA,E3,6\nA,E3,4\nA,E3,10\nB,E3,4\n").expect("written");
    let (exit, document) = read(folder.path(), "x.csv", PLAIN);
    assert_eq!(exit, 3, "{document:#}");
    assert!(!document["findings"].to_string().contains("parts of one count"), "{document:#}");
}
