//! What a damaged, hostile or merely odd export comes to.

use std::fs;
use std::fs::File;
use std::path::{Path, PathBuf};

use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;

use crate::export::count::duplicate_rows::Duplicates;
use crate::export::error::ExportError;
use crate::export::locate::one_file;
use crate::export::locate::one_file::Export;
use crate::export::read::bytes_to_counts::read_bytes;
use crate::export::settings::{ExportLocation, ExportSettings};
use crate::reconcile::model::export::counts::{Cell, Counts};

fn settings() -> ExportSettings {
    ExportSettings::new(PathBuf::from("x.csv"), "Account", "Product", "Quantity")
}

fn counts(text: impl AsRef<[u8]>) -> Result<Counts, ExportError> {
    read_bytes(Path::new("x.csv"), text, &settings().layout)
}

fn read(settings: &ExportSettings, now: DateTime<Utc>) -> Result<Export, ExportError> {
    let ExportLocation::Path(pattern) = &settings.source else { panic!("{settings:?} is no file") };
    one_file::read(pattern, &settings.layout, now)
}

/// Customer, service, count and lines of everything that was counted.
fn told(counts: &Counts) -> Vec<(String, String, String, Vec<u64>)> {
    let cells = counts.customers.iter().flat_map(|(customer, of)| of.cells().map(move |cell| (customer, cell)));
    let told = cells.filter_map(|(customer, (service, cell))| match cell {
        Cell::Counted { count, lines, .. } => {
            Some((customer.to_string(), service.to_string(), count.to_string(), lines.to_vec()))
        }
        Cell::Duplicate { .. } | Cell::OutOfRange { .. } => None,
    });
    told.collect()
}

#[test]
#[expect(clippy::too_many_lines, reason = "one list of damages")]
fn a_damaged_file_is_refused_by_line_and_column() {
    let long = "x".repeat(5000);
    let header = "Account,Product,Quantity\n";
    let cases: &[(Vec<u8>, &str)] = &[
        (b"".to_vec(), "x.csv: it is empty"),
        (b" \n\n , ,\n".to_vec(), "x.csv: it is empty"),
        (header.into(), "x.csv: it holds only a header; an export without rows is never taken for zero"),
        (format!("{header}Acme,EDR\n").into(), "x.csv, line 2: expected 3 cells as in the header, found 2: `Acme,EDR`"),
        (
            format!("{header}\nAcme,EDR,5,\u{202e}6\r\n").into(),
            "x.csv, line 3: expected 3 cells as in the header, found 4: `Acme,EDR,5,\\u{202e}6`",
        ),
        (
            format!("{header}Acme,EDR,5\nAcme,\"Backup,1\n").into(),
            "x.csv, line 3, column `Product`: a quote opens here and is never closed: `\"Backup,1\\n`",
        ),
        (
            format!("{header}Acme,EDR,\"5\" seats\n").into(),
            "x.csv, line 2, column `Quantity`: text follows a closing quote: ` seats\\n`",
        ),
        (
            b"Account,\"Pro\"duct,Quantity\n".to_vec(),
            "x.csv, line 1, column 2: text follows a closing quote: `duct,Quantity\\n`",
        ),
        (
            b"Account,Product,quantity\nA,B,1\n".to_vec(),
            "x.csv, line 1: there is no column `Quantity` (did you mean `quantity`?); \
             the columns are `Account`, `Product`, `quantity`",
        ),
        (
            b"Consumption Statement: July\n\nAccount,Product,Quantity\n".to_vec(),
            "x.csv: the header is not the first row: the columns stand on line 3",
        ),
        (
            b"Consumption Statement: July\n\nAccount,Product,Qty\n".to_vec(),
            "x.csv, line 1: there is no column `Account`; the columns are `Consumption Statement: July`; \
             line 1: there is no column `Product`; line 1: there is no column `Quantity`",
        ),
        (
            b"Account;Product;Quantity\nA;B;1\n".to_vec(),
            "x.csv, line 1: the header is one cell, `Account;Product;Quantity`: set delimiter = \";\"",
        ),
        (
            b"Account\t\"Product\"\tQuantity\nA\tB\t1\n".to_vec(),
            "x.csv, line 1: the header is one cell, `Account\\t\"Product\"\\tQuantity`: set delimiter = \"tab\"",
        ),
        (
            b"Account,Product,Quantity,Account\nA,B,1,C\n".to_vec(),
            "x.csv, line 1: the column `Account` appears 2 times",
        ),
        (
            b"Account,Product,Quantity\nZ\xfcrich,EDR,5\n".to_vec(),
            "x.csv, line 2, character 2: it is not UTF-8: byte 0xfc at offset 26; if Windows wrote it, set \
             encoding = \"windows-1252\", else save it as UTF-8",
        ),
        (
            format!("{header}Acme,EDR,5\nAc\0me,EDR,5\n").into(),
            "x.csv, line 3, character 3: it holds a NUL byte at offset 38, so it is damaged",
        ),
        (
            format!("{header}Acme,{long},5\n").into(),
            "x.csv, line 2, column `Product`: a cell of 5000 bytes, more than 4096, begins with \
             `xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…xxxxxxxxxxxxxxxxxxx`",
        ),
        (",".repeat(5000).replace(',', "a,").into_bytes(), "x.csv, line 1: it has 5001 columns, more than 4096"),
    ];
    for (bytes, message) in cases {
        let error = counts(bytes).expect_err(message);
        assert_eq!(error.to_string(), format!("the export {message}"));
    }
}

#[test]
fn an_odd_but_whole_file_is_read() {
    for text in [
        "Account,Product,Quantity\nAcme Ltd,EDR,5\n",
        "\u{feff}Account,Product,Quantity\r\nAcme Ltd,EDR,5\r\n",
        "Account,Product,Quantity\rAcme Ltd,EDR,5\r",
        "\n\n Account , Product,Quantity \n,,,,\n  \n\"Acme\n Ltd\",\" EDR \",\" 5 \"\n , ,\n",
        "Note,Quantity,Product,Account\n\"a \"\"q\"\", b\",5,EDR,Acme\u{a0}Ltd\n",
        "Account,Product,Quantity\nAcme Ltd,EDR,\"5\"",
        "Account,Product,Quantity,Note\nAcme Ltd,EDR,5,cut of",
    ] {
        let counts = counts(text).expect(text);
        let told: Vec<_> = told(&counts).into_iter().map(|(c, s, n, _)| (c, s, n)).collect();
        assert_eq!(told, [("Acme Ltd".into(), "EDR".into(), "5".into())], "{text:?}");
        assert_eq!(counts.rows, 1, "{text:?}");
    }
}

#[test]
fn a_quote_inside_an_unquoted_cell_is_text() {
    let counts = counts("Account,Product,Quantity\nAcme,15\" screen,2\n").expect("read");
    assert_eq!(told(&counts)[0].1, "15\" screen");
}

#[test]
fn lines_are_those_an_editor_shows() {
    let text = "Account,Product,Quantity\n\"Acme\nLtd\",EDR,5\n\n\nBorealis,EDR,N/A\n,EDR,1\nCedar,EDR,3\n";
    for end in ["\n", "\r\n", "\r"] {
        let counts = counts(text.replace('\n', end)).expect("read");
        assert_eq!(counts.rejected[0].line, 6, "{end:?}");
        assert_eq!(counts.nameless, [7], "{end:?}");
        assert_eq!(told(&counts)[0].3, [2], "{end:?}");
        assert_eq!(told(&counts)[1].3, [8], "{end:?}");
    }
}

#[test]
fn a_last_row_without_line_end_is_read_and_told_to_the_guards() {
    let open = counts("Account,Product,Quantity\nAcme,EDR,5\nBorealis,EDR,1").expect("read");
    assert_eq!((told(&open).len(), open.open_end), (2, true));
    assert!(!counts("Account,Product,Quantity\rAcme,EDR,5\r").expect("read").open_end);
}

#[test]
fn the_row_limit_is_a_limit() {
    let mut settings = settings();
    settings.layout.max_rows = 1;
    let text = "Account,Product,Quantity\nA,B,1\n,,\nA,C,1\n";
    let error = read_bytes(Path::new("x.csv"), text.as_bytes(), &settings.layout).expect_err("two rows");
    assert_eq!(error.line(), Some(4));
}

#[test]
fn a_file_that_is_longer_than_it_said_was_still_being_written() {
    // The kernel's own files say that they are empty, and are not.
    let settings = from("/proc/self/status".into());
    let error = read(&settings, DateTime::<Utc>::MAX_UTC).expect_err("it grew");
    assert!(matches!(&error, ExportError::StillWritten { .. }), "{error}");
}

#[test]
fn only_a_regular_file_of_bounded_size_is_opened() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    fs::write(at("good.csv"), "Account,Product,Quantity\nAcme,EDR,5\n").expect("written");
    File::options().write(true).open(at("good.csv")).expect("open").set_modified(midnight().into()).expect("dated");
    std::os::unix::fs::symlink(at("good.csv"), at("link.csv")).expect("a link");
    std::os::unix::net::UnixListener::bind(at("socket.csv")).expect("a socket");
    let made = std::process::Command::new("mkfifo").arg(at("pipe.csv")).status().expect("mkfifo runs");
    assert!(made.success());
    let path = from;
    let export = read(&path(at("good.csv")), midnight() + TimeDelta::hours(1)).expect("a good file");
    assert_eq!((export.counts.rows, export.modified_at, export.sha256.len()), (1, midnight(), 64));
    let others =
        [("link.csv", "a symbolic link"), ("socket.csv", "a socket"), ("", "a folder"), ("pipe.csv", "a named pipe")];
    for (name, kind) in others {
        let error = read(&path(at(name)), midnight()).expect_err(kind);
        assert!(error.to_string().contains(kind), "{error}");
    }
    let error = read(&path("/dev/null".into()), midnight()).expect_err("a device");
    assert!(error.to_string().contains("a device"), "{error}");
    let small = {
        let mut small = path(at("good.csv"));
        small.layout.max_bytes = 10;
        small
    };
    assert!(matches!(read(&small, midnight()), Err(ExportError::TooBig { bytes: 36, max: 10, .. })));
}

fn from(path: PathBuf) -> ExportSettings {
    ExportSettings { source: ExportLocation::Path(path), ..settings() }
}

fn midnight() -> DateTime<Utc> {
    DateTime::from_timestamp(1_750_000_000, 0).expect("a time")
}

fn cell() -> impl Strategy<Value = String> {
    proptest::sample::select(vec![
        "Acme", "Acme Ltd", "EDR", "Backup", "12", "7", "x,\"y\"", "a\nb", "Zürich", "N/A", "",
    ])
    .prop_map(str::to_owned)
}

/// A whole file with any quoting that RFC 4180 allows.
fn whole_file() -> impl Strategy<Value = String> {
    let rows = proptest::collection::vec((cell(), cell(), cell(), any::<bool>()), 1..6);
    (rows, proptest::sample::select(vec!["\n", "\r\n", "\r"])).prop_map(|(rows, end)| {
        let mut text = format!("Account,Product,Quantity{end}");
        for (customer, service, count, quoted) in rows {
            let cells = [customer, service, count].map(|cell| match quoted || cell.contains([',', '"', '\n']) {
                true => format!("\"{}\"", cell.replace('"', "\"\"").replace('\n', end)),
                false => cell,
            });
            text.push_str(&(cells.join(",") + end));
        }
        text
    })
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), delimiter in any::<u8>()) {
        let mut settings = settings();
        settings.layout.delimiter = Some(delimiter);
        let _ = read_bytes(Path::new("x.csv"), &bytes, &settings.layout);
        let mut behind_header = b"Account,Product,Quantity\n".to_vec();
        behind_header.extend(bytes);
        let _ = read_bytes(Path::new("x.csv"), &behind_header, &settings.layout);
    }

    #[test]
    fn a_file_that_is_cut_anywhere_never_says_another_number(text in whole_file()) {
        let full = counts(&text).map(|full| (full.rows, full));
        for end in 0..text.len() {
            let Ok(cut) = counts(&text.as_bytes()[..end]) else { continue };
            let Ok((rows, full)) = &full else { continue };
            // The guards hold such a file, unless this vendor's never end in a line break.
            if cut.open_end {
                continue;
            }
            prop_assert!(cut.rows <= *rows);
            for (customer, service, count, _) in told(&cut) {
                let whole = full.customers.get(customer.as_str()).and_then(|counted| counted.get(service.as_str()));
                let same = match whole.expect("what the cut file has, the whole one has, too") {
                    Cell::Counted { count: whole, .. } => whole.to_string() == count,
                    Cell::Duplicate { counts, .. } => counts.iter().any(|whole| whole.to_string() == count),
                    Cell::OutOfRange { .. } => false,
                };
                prop_assert!(same, "{customer}, {service}: {count} at {end}");
            }
        }
    }

    #[test]
    fn line_ends_change_neither_counts_nor_line_numbers(text in whole_file()) {
        let plain = text.replace("\r\n", "\n").replace('\r', "\n");
        let [lf, crlf, cr] = ["\n", "\r\n", "\r"].map(|end| counts(plain.replace('\n', end)));
        match (lf, crlf, cr) {
            (Ok(lf), Ok(crlf), Ok(cr)) => {
                prop_assert_eq!(&told(&lf), &told(&crlf));
                prop_assert_eq!(told(&lf), told(&cr));
                prop_assert_eq!(lf.nameless, cr.nameless);
            }
            (lf, crlf, cr) => prop_assert!(lf.is_err() && crlf.is_err() && cr.is_err()),
        }
    }

    #[test]
    fn the_order_of_rows_never_matters(
        rows in proptest::collection::vec((0..4_u8, 0..3_u8, 0..50_u8), 1..20).prop_shuffle(),
        sum in any::<bool>(),
    ) {
        let duplicates = if sum { Duplicates::Sum } else { Duplicates::Max };
        let mut settings = settings();
        settings.layout.duplicates = duplicates;
        let read = |rows: &[(u8, u8, u8)]| {
            let rows = rows.iter().map(|(customer, service, count)| format!("c{customer},s{service},{count}\n"));
            let text = format!("Account,Product,Quantity\n{}", rows.collect::<String>());
            let counts = read_bytes(Path::new("x.csv"), text.as_bytes(), &settings.layout).expect("whole");
            told(&counts).into_iter().map(|(c, s, n, _)| (c, s, n)).collect::<Vec<_>>()
        };
        let mut sorted = rows.clone();
        sorted.sort_unstable();
        prop_assert_eq!(read(&rows), read(&sorted));
    }
}
