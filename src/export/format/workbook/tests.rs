use std::io::Write as _;

use proptest::prelude::*;
use rust_xlsxwriter::{ExcelDateTime, Format, Formula, Workbook, XlsxError as WriteError};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::*;

fn book(fill: impl FnOnce(&mut Workbook) -> Result<(), WriteError>) -> Vec<u8> {
    let mut workbook = Workbook::new();
    fill(&mut workbook).expect("a sheet");
    workbook.save_to_buffer().expect("into memory")
}

/// What `read` makes of the rows of the one sheet, and the signs that there is more.
fn read_with<T>(
    bytes: &[u8],
    wanted: Option<&Sheet>,
    has_more: &dyn Fn(Rows<'_, '_>) -> bool,
    read: impl Fn(Rows<'_, '_>, Vec<UnreadPart>) -> Result<T, Faults>,
) -> Result<T, Faults> {
    let (beside, mut got) = (Beside { wanted, belongs: &|_| true, has_more }, None);
    with_rows(bytes, beside, 1 << 26, &mut |sheet| {
        let SheetRead::Rows { rows, unread, .. } = sheet else { panic!("not passed over") };
        got = Some(read(*rows, unread)?);
        Ok(())
    })?;
    Ok(got.expect("a sheet"))
}

fn rows(bytes: &[u8], wanted: Option<&Sheet>) -> Result<Vec<(u64, Vec<String>)>, Faults> {
    read_with(bytes, wanted, &|_| false, |mut rows, _| {
        let mut read = Vec::new();
        while rows.advance()? {
            read.push((rows.line(), rows.values().iter().map(|value| value.text.clone()).collect()));
        }
        Ok(read)
    })
}

fn told(bytes: &[u8], wanted: Option<&Sheet>) -> String {
    let rows = rows(bytes, wanted).expect("a workbook");
    rows.iter().map(|(number, cells)| format!("{number}: {}\n", cells.join("|"))).collect()
}

fn refused(bytes: &[u8], wanted: Option<&Sheet>) -> String {
    rows(bytes, wanted).expect_err("no workbook").to_string()
}

#[test]
fn every_kind_of_cell_is_the_text_that_a_person_sees() {
    let bytes = book(|book| {
        let day = Format::new().set_num_format("dd/mm/yyyy");
        let sheet = book.add_worksheet();
        sheet.write(1, 0, "Account")?.write(1, 2, "Count")?;
        sheet.write(3, 0, " Zürich\nAG ")?.write(3, 1, 0.1 + 0.2)?.write(3, 2, 25)?.write(3, 3, true)?;
        sheet.write_with_format(4, 0, ExcelDateTime::from_ymd(2026, 7, 1)?, &day)?;
        sheet.write_with_format(4, 1, ExcelDateTime::from_ymd(2026, 7, 1)?.and_hms(12, 30, 0)?, &day)?;
        sheet.write_formula(4, 2, Formula::new("=1/0").set_result("#DIV/0!"))?;
        sheet.write_formula(4, 3, Formula::new("=B4*2").set_result("0.6"))?;
        sheet.write_blank(6, 0, &day)?;
        sheet.merge_range(7, 0, 7, 2, "merged", &Format::new())?;
        Ok(())
    });
    let expected = "2: Account||Count\n4:  Zürich\nAG |0.3|25|TRUE\n5: 2026-07-01|2026-07-01 12:30:00|#DIV/0!|0.6\n8: merged|merged|merged\n";
    assert_eq!(told(&bytes, None), expected);
}

/// A report that is laid out over more columns than it has: each name would stand twice, and nobody could be billed.
#[test]
fn a_column_that_merged_cells_alone_reach_into_is_the_width_of_another() {
    let bytes = book(|book| {
        let (sheet, plain) = (book.add_worksheet(), Format::new());
        sheet.merge_range(0, 0, 0, 4, "Usage report", &plain)?;
        sheet.merge_range(1, 0, 1, 1, "Customer", &plain)?.write(1, 2, "Product")?;
        sheet.merge_range(1, 3, 1, 4, "Seats", &plain)?;
        sheet.merge_range(2, 0, 3, 1, "Alder", &plain)?.write(2, 2, "E3")?.write(2, 3, 10)?.write(2, 4, 1)?;
        sheet.write(3, 2, "E5")?.write(3, 3, 2)?;
        Ok(())
    });
    let expected = "1: Usage report||Usage report|Usage report|Usage report\n2: Customer||Product|Seats|Seats\n3: Alder||E3|10|1\n4: Alder||E5|2\n";
    assert_eq!(told(&bytes, None), expected);
}

#[test]
fn a_sheet_is_found_by_name_by_number_or_as_the_first_that_shows() {
    let bytes = book(|book| {
        book.add_worksheet().set_name("Hidden")?.set_hidden(true).write(0, 0, "h")?;
        book.add_worksheet().set_name("July  2026")?.set_active(true).write(0, 0, "j")?;
        Ok(())
    });
    assert_eq!(told(&bytes, None), "1: j\n");
    assert_eq!(told(&bytes, Some(&Sheet::Name("July 2026".into()))), "1: j\n");
    assert_eq!(told(&bytes, Some(&Sheet::Number(1))), "1: h\n");
    assert_eq!(
        refused(&bytes, Some(&Sheet::Name("july 2026".into()))),
        ": there is no sheet `july 2026` (did you mean `July  2026`?); the sheets are `Hidden`, `July  2026`"
    );
    for number in [0, 3] {
        assert!(refused(&bytes, Some(&Sheet::Number(number))).contains(&format!("no sheet `number {number}`")));
    }
}

/// One stray cell in the last corner costs other readers hundreds of gigabytes.
#[test]
fn a_cell_in_the_last_corner_costs_nothing() {
    let bytes = book(|book| {
        book.add_worksheet().write(0, 0, "Account")?.write(1, 0, "Acme")?.write(1_048_575, 16_383, 1)?;
        Ok(())
    });
    assert_eq!(told(&bytes, None), "1: Account\n2: Acme\n");
}

#[test]
fn a_workbook_that_was_cut_off_anywhere_is_refused() {
    let bytes = book(|book| {
        book.add_worksheet().write(0, 0, "Account")?.write(1, 0, "Acme")?;
        Ok(())
    });
    for cut in (4..bytes.len()).step_by(7) {
        assert!(refused(&bytes[..cut], None).starts_with(": it is not a complete workbook"), "{cut}");
    }
}

/// The parts of a workbook, with one of them replaced.
fn forged(part: &str, content: &[u8]) -> Vec<u8> {
    let whole = book(|book| {
        book.add_worksheet().write(0, 0, "Account")?;
        Ok(())
    });
    let mut from = zip::ZipArchive::new(Cursor::new(whole.as_slice())).expect("an archive");
    let mut to = ZipWriter::new(Cursor::new(Vec::new()));
    for index in 0..from.len() {
        let mut entry = from.by_index(index).expect("a part");
        let mut bytes = Vec::new();
        std::io::copy(&mut entry, &mut bytes).expect("into memory");
        let name = entry.name().expect("a name").into_owned();
        to.start_file(&name, SimpleFileOptions::default()).expect("a part");
        to.write_all(if name == part { content } else { &bytes }).expect("into memory");
    }
    to.finish().expect("into memory").into_inner()
}

#[test]
fn a_zip_bomb_is_refused_before_anything_of_it_is_held() {
    let bomb = forged("xl/sharedStrings.xml", &vec![b' '; 80 << 20]);
    assert!(bomb.len() < 1 << 20, "{}", bomb.len());
    assert_eq!(refused(&bomb, None), ": unpacked it is far longer than max_bytes = 67108864");
}

#[test]
fn a_sheet_whose_rows_or_cells_are_out_of_order_is_refused() {
    let sheet = |rows: &str| {
        let xml = format!(
            "<worksheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\"><sheetData>{rows}</sheetData></worksheet>"
        );
        forged("xl/worksheets/sheet1.xml", xml.as_bytes())
    };
    let row = |number: u32, cells: &str| format!("<row r=\"{number}\">{cells}</row>");
    let cell = |at: &str| format!("<c r=\"{at}\"><v>1</v></c>");
    assert_eq!(told(&sheet(&row(2, &cell("B2"))), None), "2: |1\n");
    let swapped = sheet(&(row(3, &cell("A3")) + &row(2, &cell("A2"))));
    assert_eq!(refused(&swapped, None), ", line 3: the sheet's row 2 follows it");
    let swapped = sheet(&row(2, &(cell("B2") + &cell("A2"))));
    assert_eq!(refused(&swapped, None), ", line 2: the row's cells are not in order");
    assert!(refused(&sheet("<row r=\"1\"><c r=\"A1\"><v>1"), None).contains("not a complete workbook"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_sheet_makes_it_panic(inside in "(<row r=\"[0-9a]{0,2}\">|</row>|<c r=\"[A-C]{0,4}[0-9]{0,8}\" t=\"[sbne]{0,2}\">|</c>|<v>|</v>|<is>|<t>|</t>|[0-9e.-]{0,3}){0,12}") {
        let xml = format!("<worksheet><dimension ref=\"A1:XFD99\"/><sheetData>{inside}</sheetData></worksheet>");
        let _ = rows(&forged("xl/worksheets/sheet1.xml", xml.as_bytes()), None);
    }
}

/// A program writes formulas without results: nothing is not zero.
#[test]
fn a_formula_that_nothing_has_computed_is_unreadable_and_not_empty() {
    let sheet = r#"<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData><row r="1"><c r="A1"><f>SUM(B1:B2)</f><v></v></c><c r="B1"><f>1+1</f><v>2</v></c><c r="C1" t="str"><f>""</f><v></v></c></row></sheetData></worksheet>"#;
    let whole = book(|book| book.add_worksheet().write(0, 0, "x").map(drop));
    let mut archive = zip::ZipArchive::new(Cursor::new(whole)).expect("an archive");
    let mut bytes = Cursor::new(Vec::new());
    let mut writer = ZipWriter::new(&mut bytes);
    for at in 0..archive.len() {
        let mut file = archive.by_index(at).expect("a file");
        let (name, mut text) = (file.name().expect("a name").into_owned(), Vec::new());
        std::io::Read::read_to_end(&mut file, &mut text).expect("read");
        writer.start_file(&name, SimpleFileOptions::default()).expect("begun");
        let text = if name.ends_with("sheet1.xml") { sheet.as_bytes().to_vec() } else { text };
        writer.write_all(&text).expect("written");
    }
    writer.finish().expect("whole");
    let bytes = bytes.into_inner();
    assert_eq!(told(&bytes, None), "1: =SUM(B1:B2)|2\n");
    let uncomputed = read_with(&bytes, None, &|_| false, |mut rows, _| {
        rows.advance()?;
        Ok((rows.is_uncomputed(0), rows.is_uncomputed(1)))
    });
    assert_eq!(uncomputed.expect("a workbook"), (true, false));
}

/// `XlsxWriter` and its kin put a 0 behind every formula that they did not compute: each was a line set to 0, or a customer
/// called 0.
#[test]
fn a_zero_that_is_still_to_be_computed_is_no_result() {
    let bytes = book(|book| {
        let sheet = book.add_worksheet();
        sheet.write_formula(0, 0, Formula::new("=5+5"))?.write_formula(0, 1, Formula::new("=1+1").set_result("2"))?;
        sheet.write(0, 2, 0).map(drop)
    });
    assert_eq!(told(&bytes, None), "1: =5+5|2|0\n");
    let uncomputed = read_with(&bytes, None, &|_| false, |mut rows, _| {
        rows.advance()?;
        Ok([0, 1, 2].map(|index| rows.is_uncomputed(index)))
    });
    assert_eq!(uncomputed.expect("a workbook"), [true, false, false]);
}

/// The first of two sheets is half of every bill.
#[test]
fn another_sheet_that_shows_and_has_more_of_the_same_is_told() {
    let bytes = book(|book| {
        for (name, hidden) in [("One", false), ("Two", false), ("Old", true)] {
            let sheet = book.add_worksheet().set_name(name)?.set_hidden(hidden);
            sheet.write(0, 0, "Account")?.write(1, 0, "Acme")?;
        }
        Ok(())
    });
    let has_more = |mut rows: Rows<'_, '_>| rows.advance().is_ok_and(|more| more);
    let unread = read_with(&bytes, None, &has_more, |_, unread| Ok(unread)).expect("a workbook");
    assert_eq!(unread, [UnreadPart::Sheet { name: "Two".into() }]);
}
