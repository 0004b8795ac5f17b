//! Words of a state, and marks instead of numbers, as vendors come to write them: through the real program.

use std::fs;

use serde_json::Value;

use crate::shapes::{read, told};

const PLAIN: &str = "columns = { customer = \"C\", service = \"S\", count = \"N\" }";

fn of(text: &str, keys: &str) -> (i32, Value) {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("x.csv"), text).expect("written");
    read(folder.path(), "x.csv", keys)
}

fn finding(document: &Value, code: &str) -> String {
    let findings = document["findings"].as_array().cloned().unwrap_or_default();
    let found = findings.iter().find(|finding| finding["code"] == code);
    found.map(|found| found["message"].as_str().expect("text").to_owned()).unwrap_or_default()
}

/// The vendor began to write `PAID`, and every customer's count fell to the rows of before.
#[test]
fn a_state_in_other_capitals_is_the_same_state() {
    let rows = "C,S,N,Status\nA,E3,10,Paid\nA,E5,4,PAID\nB,E3,5,trial\n";
    for filter in
        ["keep = [{ column = \"Status\", is = [\"Paid\"] }]", "drop = [{ column = \"Status\", is = [\"Trial\"] }]"]
    {
        let (exit, document) = of(rows, &format!("{filter}\n{PLAIN}"));
        assert_eq!((exit, told(&document).as_str()), (0, "A: E3 10, E5 4\n"), "{filter}: {document:#}");
    }
    // Of customers and services upper and lower case tell two apart.
    let named = format!("drop = [{{ column = \"C\", is = [\"b\"] }}]\n{PLAIN}");
    assert_eq!(told(&of(rows, &named).1), "A: E3 10, E5 4\nB: E3 5\n");
}

/// A list of devices that were Online and Offline was read by a profile that keeps `Paid`: 0 customers, and all was well.
#[test]
fn a_filter_that_keeps_nobody_is_told_with_the_words_that_stand_there() {
    let rows = "C,S,N,Status\nA,E3,10,Online\nB,E3,5,Offline\n";
    let (exit, document) = of(rows, &format!("keep = [{{ column = \"Status\", is = [\"Paid\"] }}]\n{PLAIN}"));
    let said = finding(&document, "rows-excluded");
    assert_eq!(exit, 3, "{document:#}");
    assert!(said.contains("\"Online\", \"Offline\"") && said.contains("nobody is counted"), "{said}");
}

/// 24 cells said `Enabled` instead of `Yes`, 20 became 14, and nothing named them.
#[test]
fn a_mark_in_another_word_is_told_or_held() {
    let counted =
        "columns = { customer = \"C\", service = { fixed = \"EDR\" }, count = { column = \"N\", is = [\"Yes\"] } }";
    let (exit, document) = of("C,N\nA,Yes\nB,error\nC,No\nD,\n", counted);
    assert_eq!((exit, told(&document).as_str()), (0, "A: EDR 1\n"), "{document:#}");
    assert_eq!(finding(&document, "mark-unclear"), "1 cell of \"N\" says \"error\": none counts");
    let (exit, document) = of("C,N\nA,Yes\nB,Enabled\n", counted);
    assert_eq!((exit, finding(&document, "row-malformed").contains("\"Enabled\" says yes")), (3, true), "{document:#}");

    let present =
        "columns = { customer = \"C\", service = { fixed = \"EDR\" }, count = { column = \"N\", present = true } }";
    for absent in ["error", "unprotected", "Deleted", "0 GB", "0/5", "kein", "geen", "aucun", "ninguno", "brak"] {
        let (exit, document) = of(&format!("C,N\nA,Standard\nB,{absent}\n"), present);
        assert_eq!((exit, told(&document).as_str()), (3, "A: EDR 1\n"), "{absent}: {document:#}");
    }
    let (exit, document) = of("C,N\nA,Standard\nB,Trial\n", present);
    assert_eq!((exit, told(&document).as_str()), (0, "A: EDR 1\nB: EDR 1\n"), "{document:#}");
    assert_eq!(finding(&document, "mark-unclear"), "1 cell of \"N\" says \"Trial\": each counts one");
    let wide = "wide = [\"N\", \"M\"]\nis = [\"Yes\"]\ncolumns = { customer = \"C\" }";
    let (_, document) = of("C,N,M\nA,Yes,Basic\nB,Yes,Yes\n", wide);
    assert_eq!(finding(&document, "mark-unclear"), "1 cell of \"M\" says \"Basic\": none counts");
}

/// -3 users, and three thousand, were billed as 3 and as 1.
#[test]
fn a_match_that_leaves_a_sign_or_an_exponent_beside_it_reads_nothing() {
    let keys = "columns = { customer = \"C\", service = \"S\", count = { column = \"N\", match = '(\\d+)' } }";
    for cell in ["(3) users", "3- users", "1e3 users"] {
        let (exit, document) = of(&format!("C,S,N\nA,E3,{cell}\nB,E3,4 users\n"), keys);
        assert_eq!((exit, told(&document).as_str()), (3, "B: E3 4\n"), "{cell}: {document:#}");
    }
}

/// `10 GB` was no plain number, and nothing said which pattern reads it.
#[test]
fn a_number_with_its_unit_is_asked_about_with_the_pattern_that_reads_it() {
    let (_, document) = of("C,S,N\nA,E3,10 GB\nB,E3,4 GB\n", PLAIN);
    let findings = document["findings"].as_array().expect("findings");
    let asked = findings.iter().find(|finding| finding["code"] == "export-proposal").expect("a proposal");
    let fix = asked["fix"].as_str().expect("a fix");
    let keys =
        fix.split_once("set ").and_then(|(_, keys)| Some(keys.split_once(" }")?.0)).expect("keys").to_owned() + " }";
    let columns = format!("columns = {{ customer = \"C\", service = \"S\", {keys} }}");
    let (exit, document) = of("C,S,N\nA,E3,10 GB\nB,E3,4 GB\n", &columns);
    assert_eq!((exit, told(&document).as_str()), (0, "A: E3 10\nB: E3 4\n"), "{columns}: {document:#}");
}

/// 1.250 licences of a German file were billed as one and a quarter, and nothing asked.
#[test]
fn points_that_may_stand_between_thousands_are_asked_about() {
    let keys = format!("delimiter = \";\"\n{PLAIN}");
    let asked = |text: &str, keys: &str| finding(&of(text, keys).1, "export-proposal");
    let german = "C;S;N\nA;E3;1.250\nB;E3;2.500\nD;E3;980\n";
    assert!(asked(german, &keys).contains("between thousands"), "{:#}", of(german, &keys).1);
    let declared = format!("decimal = \",\"\nthousands = \".\"\n{keys}");
    assert_eq!(told(&of(german, &declared).1), "A: E3 1250\nB: E3 2500\nD: E3 980\n");
    for sound in ["C;S;N\nA;E3;1.5\nB;E3;2.500\n", "C;S;N\nA;E3;0.512\nB;E3;2.500\n", "C;S;N\nA;E3;12\n"] {
        assert_eq!(asked(sound, &keys), "", "{sound}");
    }
}
