//! Vendors' files in their real shapes, through the real program: `recount read` and `recount profiles`.
//!
//! The samples are invented data in shapes that were seen; `FILE.expected.json` says what there is to count.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rust_decimal::Decimal;
use serde_json::Value;

/// Says this, in an empty folder without a configuration.
fn recount(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_recount"))
        .current_dir(folder)
        .env_remove("RECOUNT_CONFIG")
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .expect("started");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    (output.status.code().unwrap_or(-1), text(output.stdout), text(output.stderr))
}

fn samples() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/exports");
    let files = fs::read_dir(folder).expect("the samples").map(|entry| entry.expect("an entry").path());
    let mut samples: Vec<PathBuf> = files.filter(|path| !path.to_string_lossy().ends_with(".expected.json")).collect();
    samples.sort();
    assert!(samples.len() >= 29, "{samples:?}");
    samples
}

/// Numbers by value: `3.25e-05` and `0.0000325` are one count.
fn customers(document: &str) -> BTreeMap<String, BTreeMap<String, Decimal>> {
    let document: Value = serde_json::from_str(document).unwrap_or_else(|error| panic!("{error}\n{document}"));
    let number = |value: &Value| {
        let text = value.to_string();
        text.parse().or_else(|_| Decimal::from_scientific(&text)).expect("a number")
    };
    let object = |value: &Value| value.as_object().expect("an object").clone();
    let services = |value: &Value| object(value).iter().map(|(name, count)| (name.clone(), number(count))).collect();
    object(&document["customers"]).iter().map(|(name, of)| (name.clone(), services(of))).collect()
}

/// What an operator gets for naming a file and nothing else.
#[test]
fn every_sample_is_recognised_and_counted_to_the_unit() {
    let folder = tempfile::tempdir().expect("a folder");
    for sample in samples() {
        let expected = fs::read_to_string(format!("{}.expected.json", sample.display())).expect("beside it");
        let file = sample.to_str().expect("UTF-8");
        let (exit, out, err) = recount(folder.path(), &["read", file, "--json"]);
        assert_eq!((exit, err.as_str()), (0, ""), "{file}\n{out}");
        assert_eq!(customers(&out), customers(&expected), "{file}");
        let profile = serde_json::from_str::<Value>(&out).expect("JSON")["profile"].clone();
        let named = ["read", file, "--json", "--profile", profile.as_str().expect("chosen")];
        assert_eq!(recount(folder.path(), &named).1, out, "{file}");
        let (exit, table, _) = recount(folder.path(), &["read", file]);
        assert!(exit == 0 && table.contains(&format!(" as {}: ", profile.as_str().expect("chosen"))), "{table}");
    }
}

/// A download that broke off between two rows looks whole; what is missing would be taken off the invoices.
#[test]
fn an_export_without_its_last_row_is_told_of() {
    let folder = tempfile::tempdir().expect("a folder");
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/exports/csp_reseller_statement.csv");
    let whole = fs::read(sample).expect("the sample");
    let total = whole.windows(6).position(|bytes| bytes == b"\nTotal").expect("it has a total") + 1;
    for (bytes, told) in [(&whole[..], false), (&whole[..total], true)] {
        fs::write(folder.path().join("statement.csv"), bytes).expect("written");
        let (exit, out, _) = recount(folder.path(), &["read", "statement.csv"]);
        assert_eq!((exit, out.contains("export-end-missing")), (0, told), "{out}");
    }
}

/// A vendor adds a column, or renames one: the operator has to see which.
#[test]
fn a_file_that_fits_no_profile_is_told_what_it_lacks() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).expect("written");
    write("keeper.csv", "\nTitle\n\ncompany,product,licenses\nAcme,Business,5\n");
    let (exit, _, err) = recount(folder.path(), &["read", "keeper.csv"]);
    assert_eq!(exit, 2, "{err}");
    assert!(err.contains("the nearest is keeper-csv: it lacks column \"max_licenses\""), "{err}");
    write("other.csv", "a,b\n1,2\n");
    let (exit, _, err) = recount(folder.path(), &["read", "other.csv"]);
    assert!(exit == 2 && err.contains("no profile fits other.csv"), "{err}");
    let (exit, _, err) = recount(folder.path(), &["read", "keeper.csv", "--profile", "keeper-cvs"]);
    assert!(exit == 2 && err.contains("did you mean keeper-csv?"), "{err}");
    let (exit, _, err) = recount(folder.path(), &["read", "gone.csv"]);
    assert!(exit == 11 && err.contains("no regular file matches gone.csv"), "{err}");
    fs::create_dir(folder.path().join("profiles")).expect("made");
    write("profiles/twin.toml", &fs::read_to_string("profiles/msp360.toml").expect("the shipped one"));
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/exports/msp360_usage_history.csv");
    let (exit, _, err) = recount(folder.path(), &["read", sample.to_str().expect("UTF-8")]);
    assert!(exit == 2 && err.contains("fits several profiles: msp360, twin"), "{err}");
}

/// A damaged file says the same to a person and to a program.
#[test]
fn a_damaged_file_is_refused_in_words_and_in_json() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("bad.csv"), "Company,Type,Endpoint,Status\nAcme,Server,x,Paid\nAcme,\"Server\n")
        .expect("written");
    let (exit, _, err) = recount(folder.path(), &["read", "bad.csv", "--profile", "msp360"]);
    assert!(exit == 11 && err.contains("bad.csv, line 3, column `Type`: a quote opens here"), "{err}");
    let (exit, out, _) = recount(folder.path(), &["read", "bad.csv", "--profile", "msp360", "--json"]);
    let document: Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!((exit, document["exit_code"].as_i64()), (11, Some(11)));
    assert_eq!(document["findings"][0]["code"], "export-unusable");
    assert!(err.contains(document["findings"][0]["message"].as_str().expect("said")), "{out}\n{err}");
}

/// The first of several pages would bill everybody on the others nothing.
#[test]
fn a_first_page_of_several_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let profile = "title = \"Ours\"\nformat = \"json\"\nrecords = \"orgs\"\n\
                   columns = { customer = \"name\" }\nwide = [\"agents\"]\n";
    fs::create_dir(folder.path().join("profiles")).expect("made");
    fs::write(folder.path().join("profiles/ours.toml"), profile).expect("written");
    let page = |total: u32| format!("{{\"orgs\": [{{\"name\": \"Acme\", \"agents\": 7}}], \"total\": {total}}}");
    for (total, exit, codes) in [(1, 0, 0), (45, 11, 1)] {
        fs::write(folder.path().join("orgs.json"), page(total)).expect("written");
        let (found, out, err) = recount(folder.path(), &["read", "orgs.json", "--profile", "ours", "--json"]);
        let document: Value = serde_json::from_str(&out).unwrap_or_else(|_| panic!("{out}{err}"));
        assert_eq!((found, document["findings"].as_array().map(Vec::len)), (exit, Some(codes)), "{out}");
        assert!(out.contains("export-part-unread") == (exit == 11), "{out}");
    }
}

#[test]
fn the_profiles_are_listed_with_the_operators_own() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir(folder.path().join("profiles")).expect("made");
    let own = "title = \"Ours\"\ncolumns = { customer = \"A\", service = \"B\", count = \"C\" }\n";
    fs::write(folder.path().join("profiles/ours.toml"), own).expect("written");
    let (exit, out, _) = recount(folder.path(), &["profiles"]);
    assert!(
        exit == 0 && out.contains("ours") && out.contains("Ours (your own)") && out.contains("pax8-invoice"),
        "{out}"
    );
    let (_, out, _) = recount(folder.path(), &["profiles", "--json"]);
    let document: Value = serde_json::from_str(&out).expect("JSON");
    let shipped = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("profiles")).expect("the folder").count();
    assert_eq!(document["profiles"].as_array().expect("a list").len(), shipped + 1);
}
