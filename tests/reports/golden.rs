//! Five nights as the terminal tells them, at 80 columns and without colour.

use std::fmt::Write as _;

use unicode_width::UnicodeWidthStr as _;

use crate::snapshots::snapshot_settings;
use crate::support::{BUSY, Night, Said, wait_until};

/// An operator's eye knows these by heart; a change to them is a change to every morning.
#[test]
fn five_nights_on_the_terminal() {
    let mut told = String::new();
    for (name, night) in [
        ("quiet", quiet as fn() -> Said),
        ("ordinary", ordinary),
        ("held", held),
        ("crashed", crashed),
        ("unreachable", unreachable),
    ] {
        let Said { out, exit, .. } = night();
        fits(&out);
        let _ = writeln!(told, "── {name} [{exit}]\n{out}");
    }
    settings().bind(|| insta::assert_snapshot!("five_nights", told));
}

fn settings() -> insta::Settings {
    let mut settings = snapshot_settings();
    settings.add_filter(r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) \d{1,2} [A-Z][a-z]{2} \d{4} \d\d:\d\d UTC", "TIME");
    settings.add_filter(r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) \d{1,2} [A-Z][a-z]{2} \d{4}", "TODAY");
    settings.add_filter(r"\b(plan|apply) [0-9a-f]{8}\b", "$1 PLAN");
    settings.add_filter(r"\bhead [0-9a-f]{8}…", "head HEAD…");
    settings.add_filter(r"127\.0\.0\.1:\d+", "HOST");
    settings.add_filter(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "TIME");
    settings.add_filter(&crate::support::today().to_string(), "TODAY");
    settings.add_filter(r"\b[0-9a-f]{8} → [0-9a-f]{8}\b", "HASH → HASH");
    settings
}

/// One step from any number to its reason, and from one night to another.
#[test]
fn one_line_and_what_differed() {
    let night = Night::busy();
    night.run().exits(0);
    night.export("Account,Product,Quantity\nAcme,CloudFilter,9\nAcme,Archive,2\nBorealis,CloudFilter,6\n");
    let run = night.run().exits(0).first_run();
    let lines = run["lines"].as_array().expect("lines");
    let line = lines.iter().find(|line| line["outcome"] == "updated").expect("a changed line");
    let handle = line["handle"].as_str().expect("a handle");
    let mut told = String::new();
    for typed in ["why HANDLE", "history --customer acme --service CloudFilter", "diff 3 4", "diff 4 4"] {
        let filled = typed.replace("HANDLE", handle);
        let said = night.recount(&filled.split(' ').collect::<Vec<_>>()).exits(0);
        fits(&said.out);
        let _ = writeln!(told, "$ recount {typed}\n{}", said.out);
    }
    settings().bind(|| insta::assert_snapshot!("one_line", told));
    night.recount(&["history", "--customer", "Acmee"]).exits(2);
    night.recount(&["diff", "3", "99"]).exits(2);
    for typed in [&["why", handle][..], &["history", "--customer", "Acme"], &["diff", "3", "4"]] {
        let document = night.recount(&[typed, &["--json"]].concat()).exits(0).json();
        assert_eq!(document["schema"], 1, "{document}");
    }
}

/// Each form can be asked for, into a file or a pipe; a build server finds the summary where it looks for it.
#[test]
fn every_form_can_be_asked_for() {
    let night = Night::busy();
    let summary = night.path("summary.md");
    night.recount_with("GITHUB_STEP_SUMMARY", &summary, &["run"]).exits(0);
    night.recount_with("GITHUB_STEP_SUMMARY", &summary, &["run"]).exits(0);
    let summary = std::fs::read_to_string(summary).expect("a summary");
    assert_eq!(summary.matches("## ✅ recount · mail · OK").count(), 2, "{summary}");
    for (form, begins) in [
        ("text", "recount  "),
        ("json", "{"),
        ("html", "<!DOCTYPE html>"),
        ("markdown", "## "),
        ("csv", "\u{feff}kind,run,"),
    ] {
        let piped = night.recount(&["report", "3", "--format", form]).exits(0).out;
        assert!(piped.starts_with(begins), "{form}: {piped}");
        night.recount(&["report", "3", "--format", form, "-o", "kept"]).exits(0);
        assert_eq!(std::fs::read_to_string(night.path("kept")).expect("a file"), piped, "{form}");
    }
    let page = night.recount(&["report", "--customer", "borealis"]).exits(0).out;
    assert!(std::path::Path::new(page.trim()).exists() || night.path(page.trim()).exists(), "{page}");
    night.recount(&["report", "--customer", "Borealiss"]).exits(2);
}

/// A row that cannot be read would be taken for a customer who left.
#[test]
fn why_tells_an_unreadable_row_from_a_customer_who_is_gone() {
    let night = Night::busy();
    night.config("guards", r#"max_malformed = "50%""#);
    night.run().exits(0);
    night.export("Account,Product,Quantity\nAcme,CloudFilter,many\nAcme,Archive,2\nBorealis,CloudFilter,12\n");
    let run = night.run().exits(3).first_run();
    let why = |product: &str| {
        let lines = run["lines"].as_array().expect("lines");
        let line = lines.iter().find(|line| line["customers"][0] == "Acme" && line["product"] == product);
        let handle = line.unwrap_or_else(|| panic!("no {product}: {run:#}"))["handle"].as_str().expect("a handle");
        night.recount(&["why", handle]).exits(0).out.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let (unreadable, readable) = (why("MP-CLOUDFILTER"), why("MP-ARCHIVE"));
    assert!(unreadable.contains("no readable row for Acme · CloudFilter"), "{unreadable}");
    assert!(unreadable.contains("line 2, column \"Quantity\": \"many\""), "{unreadable}");
    assert!(!unreadable.contains("not in the export"), "{unreadable}");
    assert!(readable.contains("line 3: Acme · Archive, not counted because another row"), "{readable}");
}

/// The open matters of all integrations but one would be seen by nobody.
#[test]
fn a_report_is_of_every_integration_that_is_on() {
    let night = Night::busy();
    let table = |name: &str, mode: &str| {
        format!(
            "\n[integration.{name}]\nconnectwise = \"main\"\nmode = \"{mode}\"\ncustomers = \"customers.csv\"\n\
             [integration.{name}.export]\npath = \"none-*.csv\"\n\
             columns = {{ customer = \"Account\", service = \"Product\", count = \"Quantity\" }}\n\
             [integration.{name}.services]\n\"Backup\" = {{ product = \"BACKUP-{name}\" }}\n"
        )
    };
    night.append(&(table("backup", "observe") + &table("unused", "off")));
    night.run().exits(11);
    let said = night.recount(&["report"]).exits(0).out;
    assert!(said.contains("  mail run ") && said.contains("  backup run "), "{said}");
    let of = |arguments: &[&str]| -> Vec<String> {
        let document = night.recount(&[&["report", "--json"], arguments].concat()).exits(0).json();
        let runs = document["runs"].as_array().expect("runs").iter();
        runs.map(|run| run["integration"].as_str().expect("a name").to_owned()).collect()
    };
    assert_eq!(of(&[]), ["backup", "mail"]);
    assert_eq!(of(&["backup"]), ["backup"]);
    assert_eq!(of(&["2"]), ["mail"]);
    let sheet = night.recount(&["report", "--format", "csv"]).exits(0).out;
    assert_eq!(sheet.matches("kind,run,").count(), 1, "one sheet: {sheet}");
    assert!(sheet.contains(",mail,") && sheet.contains(",backup,"), "{sheet}");
    let wrong = night.recount(&["report", "backups"]).exits(2).err;
    assert!(
        wrong.contains("neither the number of a run nor an integration") && wrong.contains("backup, mail"),
        "{wrong}"
    );
    night.recount(&["report", "--format", "html"]).exits(2);
    night.recount(&["report", "mail", "--format", "html"]).exits(0);
}

/// The history holds all of it; a full or read-only folder of reports is no reason not to bill.
#[test]
fn a_report_that_cannot_be_kept_changes_no_run() {
    let night = Night::busy();
    std::fs::remove_dir_all(night.path("state/reports")).expect("removed");
    night.write("state/reports", "in the way");
    let said = night.run().exits(0);
    assert_eq!(said.first_run()["totals"]["changed"], 3);
    assert!(said.err.contains("cannot be kept"), "{}", said.err);
}

fn fits(out: &str) {
    for line in out.lines() {
        assert!(line.width() <= 80, "{} columns: {line}", line.width());
        assert!(!line.contains('\u{1b}'), "colour, where nobody asked: {line:?}");
    }
}

/// An old console shows a question mark for each sign that it does not know.
#[test]
fn an_ascii_terminal_gets_ascii_of_the_same_width() {
    let night = Night::demo();
    let plan = night.recount(&["plan", "--ascii"]).exits(3);
    assert!(plan.out.is_ascii(), "{}", plan.out);
    assert!(plan.out.contains("20 > 0") && plan.out.contains("? "), "{}", plan.out);
    fits(&plan.out);
    let report = night.recount(&["report"]).out;
    assert_eq!(plan.out.lines().count(), report.lines().count());
    for (ascii, signs) in plan.out.lines().zip(report.lines()) {
        assert_eq!(ascii.width(), signs.width(), "{ascii}\n{signs}");
    }
}

fn quiet() -> Said {
    let night = Night::new();
    night.approve();
    night.recount(&["run"]).exits(0)
}

fn ordinary() -> Said {
    let night = Night::demo();
    night.recount(&["plan"]).exits(3);
    night.recount(&["apply", &night.plan()]).exits(3)
}

fn held() -> Said {
    let night = Night::new();
    night.export(BUSY);
    night.recount(&["run"]).exits(10)
}

/// The power is lost while a creation is under way; this is the next night.
fn crashed() -> Said {
    let night = Night::busy();
    night.fault(r#"[{"when": {"method": "POST"}, "then": {"connection": "hold", "applied": true}}]"#);
    let run = night.start(&["run"]);
    wait_until("the creation", || night.sent("POST").iter().any(|post| post.applied > 0));
    night.heard(run.kill());
    night.no_faults();
    night.recount(&["run"])
}

fn unreachable() -> Said {
    let night = Night::busy();
    night.fault(
        r#"[{"when": {"path": "/company/companies"}, "then": {"status": 429, "headers": {"Retry-After": "3600"}}}]"#,
    );
    night.recount(&["run"]).exits(12)
}
