//! The HTML pages: safe, readable for everybody, small enough, and no link leads nowhere.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use regex::Regex;

use super::numbers::page;
use super::{finding, line, run};
use crate::support::Night;
use recount::history::run_record::LineRecord;
use recount::reconcile::model::plan::outcome::{Outcome, RunVerdict};
use recount::reconcile::model::plan::reason_code::{Code, Severity};

/// The folder that a person opens in the morning.
#[test]
fn a_morning_s_pages_are_whole_and_lead_somewhere() {
    let night = Night::demo();
    night.recount(&["plan"]).exits(3);
    night.recount(&["apply", &night.plan()]).exits(3);
    night.recount(&["run"]).exits(3);
    let reports = night.path("state/reports");
    let pages = pages(&reports);
    for name in ["1.html", "2.html", "3.html", "index.html", "ready.html", "trends.html"] {
        assert!(pages.iter().any(|page| page.ends_with(name)), "{name} is not among {pages:?}");
    }
    assert!(pages.iter().any(|page| page.parent().is_some_and(|folder| folder.ends_with("customers"))));
    for path in &pages {
        let text = fs::read_to_string(path).expect("a page");
        well_made(&path.display().to_string(), &text);
        leads_somewhere(path, &text);
    }
    let index = fs::read_to_string(reports.join("index.html")).expect("the index");
    assert!(index.contains("<p>healthy</p>"), "{index}");
    let parts = fs::read_dir(&reports).expect("the folder").flatten();
    let parts: Vec<_> = parts.filter(|entry| entry.path().extension().is_some_and(|end| end == "part")).collect();
    assert!(parts.is_empty(), "nothing half written is left: {parts:?}");
}

fn pages(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("the reports").map(|entry| entry.expect("an entry").path());
    let mut found = Vec::new();
    for path in entries {
        if path.is_dir() {
            found.extend(pages(&path));
        } else if path.extension().is_some_and(|end| end == "html") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// Reading aloud, at any size, from a disk, without loading or running anything.
fn well_made(name: &str, page: &str) {
    assert!(page.starts_with("<!DOCTYPE html><html lang=\"en\">"), "{name}: {}", &page[..80]);
    for needed in [
        "default-src 'none'",
        "<title>",
        "width=device-width",
        "<main id=\"main\">",
        "prefers-color-scheme",
        "@media print",
    ] {
        assert!(page.contains(needed), "{name} lacks {needed}");
    }
    let all = |pattern: &str| -> Vec<String> {
        Regex::new(pattern).expect("a pattern").captures_iter(page).map(|found| found[1].to_owned()).collect()
    };
    for banned in [
        "<script",
        "javascript:",
        " src=",
        " onclick",
        " style=",
        "@import",
        "url(",
        "<link",
        "<iframe",
        "http://",
        "https://",
    ] {
        assert!(!page.contains(banned), "{name} has {banned}");
    }
    assert_eq!(all("(<h1)[ >]").len(), 1, "{name}: one first heading");
    let levels: Vec<u32> = all(r"<h([1-6])[ >]").iter().map(|level| level.parse().expect("a digit")).collect();
    assert_eq!(levels.first(), Some(&1), "{name}: {levels:?}");
    assert!(levels.windows(2).all(|pair| pair[1] <= pair[0] + 1), "{name}: a heading is left out: {levels:?}");
    let bare: Vec<String> = all(r"(<th(?: [^>]*)?>)").into_iter().filter(|th| !th.contains("scope=")).collect();
    assert!(bare.is_empty(), "{name}: {bare:?}");
    let ids = all(r#" id="([^"]*)""#);
    let once: BTreeSet<&String> = ids.iter().collect();
    assert_eq!(once.len(), ids.len(), "{name}: an id stands twice: {ids:?}");
    assert!(all(r"(<svg [^>]*>)").iter().all(|svg| svg.contains("aria-label=")), "{name}: a drawing without words");
    let labelled = all(r#" aria-labelledby="([^"]*)""#);
    assert!(labelled.iter().all(|label| once.contains(label)), "{name}: {labelled:?} of {ids:?}");
}

fn leads_somewhere(path: &Path, page: &str) {
    for found in Regex::new(r#" href="([^"]*)""#).expect("a pattern").captures_iter(page) {
        let (file, _) = found[1].split_once('#').unwrap_or((&found[1], ""));
        if !file.is_empty() {
            let target = path.parent().expect("a folder").join(file);
            assert!(target.exists(), "{} leads to {file}, which is not there", path.display());
        }
    }
}

/// A customer may be called anything. In a browser that must stay a name.
#[test]
fn a_hostile_name_stays_text() {
    let name = "<script>alert(1)</script>\" onload=x ' & \u{202e}gnp";
    let lines = vec![
        line(1, name, Outcome::Updated, Code::CountChanged, 1, 2),
        line(2, name, Outcome::Held, Code::LineStep, 1, 90),
        line(3, name, Outcome::Unchanged, Code::Equal, 1, 1),
    ];
    let run = run(lines, vec![finding(Severity::Decide, name, None)], RunVerdict::Decide);
    let page = page(&run);
    well_made("a hostile page", &page);
    assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;&quot; onload=x"), "{page}");
    assert!(!page.contains('\u{202e}'));
}

/// A page of a large installation still opens on a telephone, and can be sent by mail.
#[test]
fn twenty_thousand_lines_fit_in_two_mebibytes() {
    let outcomes = [
        (Outcome::Updated, Code::CountChanged),
        (Outcome::Held, Code::LineStep),
        (Outcome::Skipped, Code::CustomerSkipped),
        (Outcome::Held, Code::HumanEdit),
        (Outcome::Unchanged, Code::Equal),
    ];
    let name = "A customer with a name as long as a name may be shown <&\">";
    for share in [1, outcomes.len()] {
        let lines: Vec<LineRecord> = (0..20_000)
            .map(|number| {
                let (outcome, reason) = outcomes[number % share];
                line(number, name, outcome, reason, 1_000_000, 2_000_000)
            })
            .collect();
        let findings = (0..4000).map(|number| finding(Severity::Decide, name, Some(format!("h{number}"))));
        let page = page(&run(lines, findings.collect(), RunVerdict::Decide));
        assert!(page.len() < 2 * 1024 * 1024, "{} bytes", page.len());
        assert!(page.contains("7-lines.csv"), "the rest is named");
    }
}

/// Who sees less well reads the morning's report, too: 4.5 to 1 in both themes (WCAG 2.2, 1.4.3).
#[test]
fn every_text_stands_out_from_its_ground_in_both_themes() {
    let page = page(&run(Vec::new(), Vec::new(), RunVerdict::Ok));
    let themes: Vec<BTreeMap<String, [u8; 3]>> = page
        .split(":root {")
        .skip(1)
        .map(|block| {
            let colour = Regex::new(r"--([a-z-]+): #([0-9a-f]{6})").expect("a pattern");
            let block = block.split('}').next().expect("a block");
            colour.captures_iter(block).map(|found| (found[1].to_owned(), rgb(&found[2]))).collect()
        })
        .collect();
    assert_eq!(themes.len(), 3, "light, dark, print");
    let pairs = [
        ("ink", "paper"),
        ("ink", "card"),
        ("ink", "code"),
        ("soft", "paper"),
        ("soft", "card"),
        ("soft", "code"),
        ("soft", "ask-bg"),
        ("soft", "bad-bg"),
        ("link", "paper"),
        ("link", "card"),
        ("good", "good-bg"),
        ("good", "card"),
        ("ask", "ask-bg"),
        ("ask", "card"),
        ("bad", "bad-bg"),
        ("bad", "card"),
    ];
    for theme in &themes {
        for (text, ground) in pairs {
            let contrast = contrast(theme[text], theme[ground]);
            assert!(contrast >= 4.5, "{text} on {ground}: {contrast:.2}");
        }
    }
}

fn rgb(hex: &str) -> [u8; 3] {
    [0, 2, 4].map(|at| u8::from_str_radix(&hex[at..at + 2], 16).expect("a colour"))
}

fn contrast(a: [u8; 3], b: [u8; 3]) -> f64 {
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

fn luminance(colour: [u8; 3]) -> f64 {
    let [red, green, blue] = colour.map(|part| {
        let part = f64::from(part) / 255.0;
        if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
    });
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}
