use super::*;
use crate::export::damage_places::Fault;

fn read(text: &str, shape: RecordsShape<'_>) -> Result<Vec<(u64, Vec<String>)>, Fault> {
    let mut records = Records::open(text, shape)?;
    let mut rows = Vec::new();
    while records.advance()? {
        rows.push((records.line(), (0..records.len()).map(|index| records.cell(index).to_owned()).collect()));
    }
    Ok(rows)
}

fn rows(text: &str, shape: RecordsShape<'_>) -> Vec<(u64, String)> {
    let rows = read(text, shape).expect(text);
    rows.into_iter().map(|(line, cells)| (line, cells.join("|"))).collect()
}

fn owned(rows: &[(u64, &str)]) -> Vec<(u64, String)> {
    rows.iter().map(|(line, cells)| (*line, (*cells).to_owned())).collect()
}

#[test]
fn records_are_rows_with_their_lines_and_absent_keys_are_empty() {
    let said = owned(&[(1, "a|b|c"), (2, "1|x|"), (4, "|y|2.50")]);
    let array = "[\n {\"a\": 1, \"b\": \"x\"},\n\n {\"c\": 2.50, \"b\": \"y\", \"a\": null}]";
    assert_eq!(rows(array, RecordsShape::Undeclared), said);
    assert_eq!(rows(array, RecordsShape::Array(None)), said);
    let lines = "\n{\"a\": 1, \"b\": \"x\"}\r\n \n{\"c\": 2.50, \"b\": \"y\", \"a\": null}";
    assert_eq!(rows(lines, RecordsShape::Undeclared), said);
    assert_eq!(rows(lines, RecordsShape::Lines), said);
    let inside = "{\"count\": 2, \"data\": {\"sites\":\n[{\"a\": 1, \"b\": \"x\"},\n\n{\"c\": 2.50, \"b\": \"y\"}]}}";
    assert_eq!(rows(inside, RecordsShape::Array(Some("data.sites"))), said);
}

#[test]
fn a_number_keeps_its_digits_and_a_string_of_digits_is_text() {
    let text = "{\"a\": 3.25e-05, \"b\": \"1,5\", \"c\": 12345678901234567890.10, \"d\": true, \"e\": [1, \"x\"]}";
    let mut records = Records::open(text, RecordsShape::Lines).expect("a record");
    assert!(records.advance().expect("names") && records.advance().expect("a record"));
    let values: Vec<_> = (0..records.len()).map(|index| (records.cell(index), records.is_number(index))).collect();
    let expected =
        [("3.25e-05", true), ("1,5", false), ("12345678901234567890.10", true), ("true", false), ("[1, \"x\"]", false)];
    assert_eq!(values, expected);
}

#[test]
fn objects_inside_a_record_are_reached_with_dots() {
    let text = "[{\"customer\": {\"name\": \"A\\u00fc\\nB\", \"at\": {\"id\": 7}}, \"n\": 1, \"no\": {}}]";
    assert_eq!(rows(text, RecordsShape::Undeclared), owned(&[(1, "customer.name|customer.at.id|n"), (1, "Aü\nB|7|1")]));
}

#[test]
fn what_is_no_list_of_records_is_refused_by_line() {
    let deep = format!("[{}1{}]", "{\"a\":".repeat(200), "}".repeat(200));
    let wide = format!("[{{{}}}]", (0..5000).map(|n| format!("\"k{n}\":1")).collect::<Vec<_>>().join(","));
    let cases = [
        (" \n", RecordsShape::Undeclared, ": it is empty"),
        ("[]", RecordsShape::Undeclared, ": it holds no record; an export without rows is never taken for zero"),
        ("[\n{\"a\":1},\n{\"b\":2,\"b\":3}]", RecordsShape::Undeclared, ", line 3: the key `b` appears twice"),
        ("{\"a\":{\"b\":1},\"a.b\":1}", RecordsShape::Lines, ", line 1: the key `a.b` appears twice"),
        ("[{\"a\":1},\n7]", RecordsShape::Undeclared, ", line 2: expected a record, an object, and found a number"),
        ("[{\"a\":1},\n{\"é\":}]", RecordsShape::Undeclared, ", line 2, character 6: it is not JSON: `expected value`"),
        (
            "{\"a\":1}\n{\"a\":1",
            RecordsShape::Undeclared,
            ", line 2, character 6: it is not JSON: `EOF while parsing an object`",
        ),
        (
            "{\"a\":1}\n\n{\"a\":1} x",
            RecordsShape::Lines,
            ", line 3, character 9: it is not JSON: `trailing characters`",
        ),
        (
            "{\"data\":{\"sites\":[{}],\"users\":[{}]}}",
            RecordsShape::Undeclared,
            ": it is an object and no list of records: set records = to one of its lists; there are lists of records at \
             `data.sites`, `data.users`",
        ),
        (
            "{\"data\":{\"sites\":[{}],\"n\":[]}}",
            RecordsShape::Array(Some("data.site")),
            ": there is no list of records at `data.site` (did you mean `data.sites`?); there are lists of records at \
             `data.sites`",
        ),
        (
            "{\"d\":[],\"d\":[{}]}",
            RecordsShape::Array(Some("d")),
            ": there is no list of records at `d` (did you mean `d`?)",
        ),
        (deep.as_str(), RecordsShape::Undeclared, ", line 1: it has objects inside objects, more than 32 deep"),
        (wide.as_str(), RecordsShape::Undeclared, ", line 1: it has 4097 columns, more than 4096"),
        ("{\"a\":\"\\ud800\"}", RecordsShape::Lines, ", line 1"),
    ];
    for (text, shape, expected) in cases {
        let Fault { place, damage, .. } = read(text, shape).expect_err(text);
        let said = format!("{place}: {damage}");
        assert!(said.starts_with(expected), "{text:.60}\n{said}\n{expected}");
    }
}

proptest::proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "[\\[\\]{}\":,a1\\\\n.e \\n-]{0,40}") {
        for shape in [RecordsShape::Undeclared, RecordsShape::Lines, RecordsShape::Array(None), RecordsShape::Array(Some("a"))] {
            let _ = read(&text, shape);
        }
    }
}
