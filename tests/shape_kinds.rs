//! Files of the kinds that vendors have in ways of their own: read as they are meant, or asked about; through the real
//! program.

use std::fs;

use rust_xlsxwriter::{Format, Workbook};

use crate::shapes::{read, told};

const PLAIN: &str = "columns = { customer = \"C\", service = \"S\", count = \"N\" }";
const NUMBERED: &str =
    "header = \"none\"\ncolumns = { customer = { number = 1 }, service = { number = 2 }, count = { number = 3 } }";

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
    for (name, text, keys, counts) in cases {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join(name), text).expect("written");
        let (exit, document) = read(folder.path(), name, keys);
        assert_eq!((exit, told(&document).as_str()), (0, *counts), "{text}\n{keys}\n{document:#}");
    }
}

/// Three of twelve customers beside "quota exceeded" were the whole bill.
#[test]
fn an_answer_that_says_an_error_is_not_the_whole() {
    let keys = "records = \"items\"\ncolumns = { customer = \"n\", service = { fixed = \"S\" }, count = \"q\" }";
    for (said, exit, code) in [
        (r#"{"items":[{"n":"A","q":3}],"error":"quota exceeded"}"#, 11, "export-part-unread"),
        (r#"{"items":[{"n":"A","q":3}],"error":null}"#, 0, "\"findings\":[]"),
        (r#"{"items":[{"n":"A","q":3}],"errors":[]}"#, 0, "\"findings\":[]"),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("x.json"), said).expect("written");
        let (found, document) = read(folder.path(), "x.json", keys);
        assert!(found == exit && document.to_string().contains(code), "{said}: {found} {document:#}");
    }
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
