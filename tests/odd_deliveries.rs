//! Deliveries that are whole to look at and are not: what is left out of them, or would count twice, is said or refused;
//! through the real program.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::shapes::{put_book, read, told};
use crate::support::Night;

const PLAIN: &str = "columns = { customer = \"C\", service = \"S\", count = \"N\" }";

/// The messages of findings with this code.
fn said(document: &Value, code: &str) -> Vec<String> {
    let findings = document["findings"].as_array().expect("findings");
    let of_it = findings.iter().filter(|finding| finding["code"] == code);
    of_it.map(|finding| finding["message"].as_str().expect("a message").to_owned()).collect()
}

/// One file of this text, read.
fn read_text(folder: &Path, name: &str, text: &str, keys: &str) -> (i32, Value) {
    fs::write(folder.join(name), text).expect("written");
    read(folder, name, keys)
}

/// A total of the first of two lists ends the data, and the customers of the second would be billed nothing.
#[test]
fn counts_behind_the_row_that_ends_the_data_are_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let stop = "stop = { column = \"C\", is = [\"Total\"] }";
    let plain = format!("{stop}\n{PLAIN}");
    let dropped = format!("drop = [{{ column = \"C\", like = [\"Grand*\"] }}]\n{plain}");
    let wide = format!("{stop}\ncolumns = {{ customer = \"C\" }}\nwide = [\"A\", \"B\"]");
    let rows = format!("{stop}\ncount_by = \"rows\"\ncolumns = {{ customer = \"C\", service = {{ fixed = \"A\" }} }}");
    let end = "behind the one that ends the data (\"C\" is \"Total\")";
    let cases = [
        (
            &plain,
            "Total,,9\n\nCedar,E3,7\nDelta,E5,2\n",
            format!("not read: 2 rows {end}, 2 of them like counts; the first of those is line 5, \"Cedar\""),
        ),
        (
            &plain,
            "Total,,9\nNote,,\nTotal,,9\nCedar,E3,\"1,250\"\n",
            format!("not read: 2 rows {end}, 1 of them like counts; the first of those is line 6, \"Cedar\""),
        ),
        (&plain, "Total,,9\nGrand total,,9\nReport of November\n", String::new()),
        (
            &plain,
            "Total,,9\na\nb\nc\n\"open",
            format!("not read: 3 rows {end}; none of them reads like a count, and the first is line 4"),
        ),
        (&dropped, "Total,,9\nGrand total,all,9\n", String::new()),
        (&rows, "Total,2,\nReport,14,\nby Ann,,\n", String::new()),
        (
            &rows,
            "Total,2,\nCedar,E3,7\n",
            format!("not read: 1 row {end}, 1 of them like counts; the first of those is line 4, \"Cedar\""),
        ),
    ];
    for (keys, behind, told_of) in cases {
        let (exit, document) = read_text(folder.path(), "e.csv", &format!("C,S,N\nAcme,E3,5\n{behind}"), keys);
        let expected: Vec<String> = Some(told_of).filter(|text| !text.is_empty()).into_iter().collect();
        assert_eq!((exit, said(&document, "rows-behind-end")), (0, expected), "{keys}\n{behind}\n{document:#}");
        assert_eq!(document["rows"], 1, "{behind}");
    }
    let (_, document) = read_text(folder.path(), "e.csv", "C,A,B\nAcme,1,2\nTotal,1,2\nNote,,\nCedar,,4\n", &wide);
    assert!(said(&document, "rows-behind-end")[0].ends_with("line 5, \"Cedar\""), "{document:#}");
    assert_eq!(told(&document), "Acme: A 1, B 2\n");
}

/// Each file ends with a total of its own; a line is told as the file has it.
#[test]
fn counts_behind_the_end_of_one_of_several_files_are_told_with_the_file() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("m-1.csv"), "C,S,N\nAcme,E3,5\nTotal,,5\nprinted on paper,,\n").expect("written");
    fs::write(folder.path().join("m-2.csv"), "C,S,N\nBirch,E3,5\nTotal,,5\nCedar,E3,1\n").expect("written");
    let keys = format!("files = \"all\"\nstop = {{ column = \"C\", is = [\"Total\"] }}\n{PLAIN}");
    let (_, document) = read(folder.path(), "m-*.csv", &keys);
    let told = said(&document, "rows-behind-end");
    assert!(told[0].contains("2 rows") && told[0].ends_with("m-2.csv, line 4, \"Cedar\""), "{told:?}");
}

/// A saved answer that is the first page of three bills a third.
#[test]
fn an_answer_that_says_that_it_is_not_all_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let keys = "columns = { customer = \"n\", service = { fixed = \"A\" }, count = \"q\" }";
    let parts = [
        ("content", r#""last":false,"number":0"#),
        ("rows", r#""nextPageUrl":"https://v.example/2""#),
        ("data", r#""recordsTotal":45,"recordsFiltered":45"#),
        ("docs", r#""numFound":45"#),
        ("data", r#""partial":true"#),
        ("data", r#""complete":"false""#),
        ("data", r#""page":{"isLast":false}"#),
        ("data", r#""meta":{"remaining":44}"#),
    ];
    for (records, says) in parts {
        let text = format!("{{\"{records}\":[{{\"n\":\"Acme\",\"q\":1}}],{says}}}");
        let keys = format!("records = \"{records}\"\n{keys}");
        let (exit, document) = read_text(folder.path(), "e.json", &text, &keys);
        assert_eq!((exit, said(&document, "export-part-unread").len()), (11, 1), "{text}\n{document:#}");
        assert_eq!(read_text(folder.path(), "e.json", &text, &format!("whole = true\n{keys}")).0, 0, "{text}");
    }
    let xml = |around: &str| format!("<R><P>{around}</P><C><n>Acme</n><q>1</q></C></R>");
    let keys = format!("records = \"R.C\"\n{keys}");
    for (around, exit) in
        [("<Next>https://v.example/2</Next>", 11), ("<TotalRecords>45</TotalRecords>", 11), ("<Next/>", 0)]
    {
        let (read, document) = read_text(folder.path(), "e.xml", &xml(around), &keys);
        assert_eq!(read, exit, "{around}\n{document:#}");
    }
}

/// A day that is taken for a month makes an old row the newest: which is meant nobody can see in the file.
#[test]
fn dates_that_may_be_read_in_two_ways_are_asked_about_with_both() {
    let folder = tempfile::tempdir().expect("a folder");
    let latest = format!("latest = \"D\"\n{PLAIN}");
    let forms = |year: &str, time: &str| {
        let day = |text: &str| format!("{text}{year}{time}");
        format!("C,S,N,D\nA,x,1,{0}\nA,x,2,{1}\nB,x,2,{1}\n", day("01/10/"), day("02/09/"))
    };
    for (text, both) in [
        (forms("2026", ""), ["%d/%m/%Y", "%m/%d/%Y"]),
        (forms("2026", " 10:00"), ["%d/%m/%Y", "%m/%d/%Y"]),
        (forms("26", ""), ["%d/%m/%y", "%m/%d/%y"]),
    ] {
        for keys in [PLAIN, &latest] {
            let (_, document) = read_text(folder.path(), "e.csv", &text, keys);
            let advice = document["findings"].to_string();
            assert!(both.iter().all(|form| advice.contains(form)) && advice.contains("choose"), "{keys}\n{advice}");
        }
    }
    let only = "C,S,N,D\nA,x,1,01/10/2026\nA,x,2,01/13/2026\n";
    let (_, document) = read_text(folder.path(), "e.csv", only, &latest);
    let advice = document["findings"].to_string();
    assert!(advice.contains("%m/%d/%Y") && !advice.contains("choose"), "{advice}");
    let set = format!("date_format = \"%d/%m/%Y\"\n{latest}");
    let (exit, document) = read_text(folder.path(), "e.csv", &forms("2026", " 23:59"), &set);
    assert_eq!((exit, told(&document).as_str()), (0, "A: x 1\n"), "{document:#}");
}

/// The report of a region without customers this month is a sheet with a heading, and the other regions are billed.
#[test]
fn a_sheet_of_several_with_only_a_header_is_no_rows_and_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let keys = format!("sheet = \"*\"\n{PLAIN}");
    let book = |name: &str, sheets: &[(&str, &str)]| put_book(&folder.path().join(name), sheets);
    book("e.xlsx", &[("East", "C,S,N\nAcme,E3,5\n"), ("West", "C,S,N\n"), ("Cover", "Hello\n"), ("Blank", "")]);
    let (exit, document) = read(folder.path(), "e.xlsx", &keys);
    assert_eq!((exit, told(&document).as_str()), (0, "Acme: E3 5\n"), "{document:#}");
    let passed = said(&document, "rows-excluded");
    assert!(passed.contains(&"passed over: sheet \"West\" holds only a header".to_owned()), "{passed:?}");
    assert_eq!(passed.len(), 3, "{passed:?}");
    book("e.xlsx", &[("East", "C,S,N\n"), ("West", "C,S,N\n")]);
    let (exit, document) = read(folder.path(), "e.xlsx", &keys);
    assert!(exit == 11 && document.to_string().contains("holds only a header"), "nothing is never zero: {document:#}");
    book("n-1.xlsx", &[("East", "C,S,N\nAcme,E3,5\n")]);
    book("n-2.xlsx", &[("East", "C,S,N\n"), ("West", "C,S,N\n")]);
    let (exit, document) = read(folder.path(), "n-*.xlsx", &format!("files = \"all\"\n{keys}"));
    assert!(exit == 11 && document.to_string().contains("holds only a header"), "a file of its own: {document:#}");
}

/// Names of sheets, and their cells.
type Sheets<'a> = &'a [(&'a str, &'a str)];

/// A summary sheet among the lists, or a sheet that was copied: each customer would be billed twice over.
#[test]
fn a_sheet_that_says_once_more_what_others_say_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let sum = format!("sheet = \"*\"\nduplicates = \"sum\"\n{PLAIN}");
    let rows = "sheet = \"*\"\ncount_by = \"rows\"\ncolumns = { customer = \"C\", service = \"S\" }";
    let most = format!("sheet = \"*\"\nduplicates = \"max\"\n{PLAIN}");
    let (east, west) = ("C,S,N\nAcme,E3,5\nBirch,E3,2\n", "C,S,N\nAcme,E3,1\nCedar,E5,4\n");
    let all = "C,S,N\nAcme,E3,6\nBirch,E3,2\nCedar,E5,4\n";
    let nearly = "C,S,N\nAcme,E3,6\nBirch,E3,2\nCedar,E5,4\nDelta,E5,1\n";
    let devices = "C,S,N\nAcme,E3,1\nAcme,E3,1\nBirch,E3,1\n";
    let cases: &[(&str, Sheets<'_>, &str)] = &[
        (
            &sum,
            &[("All", all), ("East", east), ("West", west)],
            "sheet \"All\" looks like a summary of the others: 3 of its 3 counts",
        ),
        (
            &sum,
            &[("East", east), ("West", west), ("All", nearly)],
            "sheet \"All\" looks like a summary of the others: 3 of its 4 counts",
        ),
        (
            &sum,
            &[("East", east), ("East (2)", east), ("West", west)],
            "sheet \"East (2)\" and sheet \"East\" say the same, 2 counts",
        ),
        (rows, &[("All", "C,S,N\nAcme,E3,2\nBirch,E3,1\n"), ("East", devices)], "sheet \"All\" looks like a summary"),
        (&sum, &[("East", east), ("West", west)], ""),
        (&most, &[("All", all), ("East", east), ("West", west)], ""),
    ];
    for (keys, sheets, told_of) in cases {
        put_book(&folder.path().join("e.xlsx"), sheets);
        let (exit, document) = read(folder.path(), "e.xlsx", keys);
        let found = said(&document, "export-file-twice");
        let is_told =
            if told_of.is_empty() { found.is_empty() } else { found.len() == 1 && found[0].starts_with(told_of) };
        assert!(
            is_told && exit == if told_of.is_empty() { 0 } else { 3 },
            "{exit} {sheets:?}\n{found:?}\n{document:#}"
        );
    }
    put_book(&folder.path().join("e.xlsx"), &[("All", all), ("East", east), ("West", west)]);
    let (_, document) = read(folder.path(), "e.xlsx", &sum.replace("duplicates = \"sum\"\n", ""));
    let advice = document["findings"].to_string();
    assert!(!advice.contains("duplicates = ") && advice.contains("says once more what the others say"), "{advice}");
}

/// On a first night nothing was accepted that a doubled count could be held against. Where a person has approved it, it is what
/// the vendor writes.
#[test]
fn a_delivery_that_comes_twice_on_a_first_night_is_asked_about() {
    let night = Night::new();
    fs::remove_file(night.path("exports/mail-1.csv")).expect("removed");
    night.config("export", "files = \"all\"\nduplicates = \"sum\"");
    let put =
        |name: &str, text: &str| fs::write(night.path(&format!("exports/mail-{name}.csv")), text).expect("written");
    put("1", "Account,Product,Quantity\nAcme,CloudFilter,3\nBorealis,CloudFilter,5\n");
    put("1 (1)", "Account,Product,Quantity\r\nAcme,CloudFilter,3\r\nBorealis,CloudFilter,5\r\n");
    let held = night.recount(&["plan"]);
    assert!(
        held.out.contains("mail-1.csv and mail-1 (1).csv say the same, 2 counts")
            || held.out.contains("mail-1 (1).csv and mail-1.csv say the same, 2 counts"),
        "{}",
        held.out
    );
    let held = night.run().exits(11);
    assert!(held.codes().contains(&"export-file-twice".to_owned()), "{}", held.out);
    night.recount(&["plan"]);
    night.recount(&["apply", &night.plan()]).exits(0);
    let after = night.run().exits(0);
    assert!(!after.codes().contains(&"export-file-twice".to_owned()), "{}", after.out);
}
