//! The four numbers and the verdict are the same in every form: a person who reads the mail decides as one who reads the
//! page does.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use regex::Regex;

use super::{finding, line, run};
use crate::support::Night;
use recount::history::run_record::RunRecord;
use recount::history::store::open::History;
use recount::reconcile::model::plan::outcome::{Outcome, RunVerdict};
use recount::reconcile::model::plan::reason_code::{Code, Severity};
use recount::report::brief::{Brief, BriefExtras};
use recount::report::format::html::RunPageInputs;
use recount::report::format::json::Document;
use recount::report::format::paint::Paint;
use recount::report::format::text::View;
use recount::report::format::{csv, html, markdown, text};
use recount::report::report_model::ReportVerdict;

/// To decide, changed, failed, unknown, explained, lines.
type Numbers = [usize; 6];

/// What the HTML form says of this run alone.
pub(super) fn page(run: &RunRecord) -> String {
    let (lines, customers) = (BTreeMap::new(), BTreeSet::new());
    html::run_page::page(&RunPageInputs {
        run,
        undos: &[],
        nights: &[],
        lines: &lines,
        customers: &customers,
        records: None,
    })
}

/// Otherwise whoever pastes what a report advises would run every answer of it.
#[test]
fn each_answer_has_its_line_in_every_form() {
    let run = run(
        vec![line(1, "Acme", Outcome::Held, Code::LineStep, 3, 30)],
        vec![finding(Severity::Decide, "Acme", Some("h1".to_owned()))],
        RunVerdict::Decide,
    );
    let plain = text::render(&run, View { paint: Paint::PLAIN, whole: true, known: &[], is_older: false });
    let brief = Brief::of(&run, BriefExtras::default());
    for text in [&plain, &brief.text] {
        for answer in ["→ recount accept h1", "→ recount keep h1"] {
            assert!(text.lines().any(|line| line.trim() == answer), "{text}");
        }
    }
    for page in [page(&run), brief.html] {
        assert!(
            page.contains("<code>recount accept h1</code>") && page.contains("<code>recount keep h1</code>"),
            "{page}"
        );
    }
    assert!(markdown::render(&run).contains("| recount accept h1<br>recount keep h1 |"));
    let (runs, one_text) = ([run], "recount accept h1; or recount keep h1");
    let document = serde_json::to_string(&Document::new(&runs, None)).expect("a document");
    assert!(document.contains(one_text) && csv::render(&runs[0]).contains(one_text), "{document}");
}

/// All forms of one run say the same.
fn agrees(run: &RunRecord) {
    let plain = text::render(run, View { paint: Paint::PLAIN, whole: true, known: &[], is_older: false });
    let (page, markdown) = (page(run), markdown::render(run));
    let expected = of_page(&page);
    let cards = Regex::new(r#"OPEN ITEMS<span class="count">([\d ]+)<"#).expect("a pattern").captures(&page);
    assert_eq!(cards.map_or(0, |cards| number(&cards[1])), expected[0], "each matter has its card");
    assert_eq!(of_sentence(&markdown), Some(expected), "{markdown}");
    if let Some(said) = of_sentence(&plain) {
        assert_eq!(said, expected, "{plain}");
    } else if plain.contains("nothing to decide") {
        let quiet = Regex::new(r"([\d ]+) lines? explained · 0 (?:changed|would change)").expect("a pattern");
        let lines = number(&quiet.captures(&plain).expect("a quiet night")[1]);
        assert_eq!([0, 0, 0, 0, lines, lines], expected, "{plain}");
    }
    // On the terminal, what does not fit in the first line goes on in the second.
    let verdict = ReportVerdict::of(run).words.split(": ").next().unwrap_or_default().to_owned();
    for (form, text) in [("text", &plain), ("html", &page), ("markdown", &markdown)] {
        assert!(text.contains(&verdict), "{form} lacks {verdict}: {text}");
    }
    if run.end.is_some() {
        of_document(run, expected);
        of_rows(run, expected);
    }
}

fn of_sentence(text: &str) -> Option<Numbers> {
    let sentence = r"to decide (\d+) · (?:would change|changed) (\d+)(?: \(.*?\))? · failed (\d+)(?: · unknown (\d+))? · explained ([\d ]+)/([\d ]+)";
    let found = Regex::new(sentence).expect("a pattern").captures(text)?;
    Some(std::array::from_fn(|at| found.get(at + 1).map_or(0, |number_text| number(number_text.as_str()))))
}

fn of_page(page: &str) -> Numbers {
    let names = ["to-decide", "changed", "failed", "unknown", "explained", "lines"];
    names.map(|name| {
        let pattern = Regex::new(&format!(r#" id="n-{name}">([\d ]+)<"#)).expect("a pattern");
        pattern.captures(page).map_or(0, |found| number(&found[1]))
    })
}

fn number(text: &str) -> usize {
    text.replace(' ', "").parse().expect("a number")
}

/// What only would change is none of the changes, neither in JSON nor in CSV.
fn of_document(run: &RunRecord, expected: Numbers) {
    let document = serde_json::to_value(Document::new(std::slice::from_ref(run), None)).expect("JSON");
    let totals = &document["runs"][0]["totals"];
    let names = ["to_decide", "changed", "failed", "unknown", "explained", "lines"];
    let found: Numbers = names.map(|name| totals[name].as_u64().and_then(|n| n.try_into().ok()).expect("a number"));
    assert_eq!(found, done(run, expected), "{totals}");
}

fn of_rows(run: &RunRecord, expected: Numbers) {
    let text = csv::render(run);
    let mut rows = ::csv::Reader::from_reader(text.trim_start_matches('\u{feff}').as_bytes());
    let rows: Vec<::csv::StringRecord> = rows.records().map(|row| row.expect("a row")).collect();
    let count = |is: &dyn Fn(&::csv::StringRecord) -> bool| rows.iter().filter(|row| is(row)).count();
    let outcome = |words: &'static [&'static str]| count(&move |row| &row[0] == "line" && words.contains(&&row[15]));
    let kept = run.planned.as_ref().map_or(0, |planned| planned.lines.len());
    let changed = count(&|row| &row[0] == "line" && &row[4] == "changed");
    assert_eq!(changed, outcome(&["updated", "created"]), "who filters for it counts what was written: {text}");
    let [_, _, _, _, explained, lines] = expected;
    let found = [
        count(&|row| &row[0] == "finding" && &row[4] == "decide"),
        outcome(&["updated", "created"]),
        outcome(&["failed"]),
        outcome(&["unknown"]),
        // Of an older night the unchanged lines are only counted.
        count(&|row| &row[0] == "line" && !row[16].is_empty()) + lines - kept,
        count(&|row| &row[0] == "line") + lines - kept,
    ];
    assert_eq!(found, done(run, expected), "{text}");
    assert_eq!(explained, lines);
}

fn done(run: &RunRecord, mut expected: Numbers) -> Numbers {
    if recount::report::report_model::Report::of(run).numbers.would {
        expected[1] = 0;
    }
    expected
}

/// Every run of an installation, as its history tells it.
pub(crate) fn agree(night: &Night) {
    let Ok(Some(history)) = History::open_existing(&night.path("state")) else { return };
    for summary in history.runs(100).expect("the runs") {
        agrees(&history.run(summary.run).expect("readable").expect("a run"));
    }
}

proptest! {
    #[test]
    fn whatever_a_run_did_all_forms_say_the_same(
        lines in prop::collection::vec((0..Outcome::ALL.len(), 0..Code::ALL.len(), 0_u32..50, 0_u32..50), 0..12),
        findings in prop::collection::vec((0..3_usize, prop::option::of(0..12_usize)), 0..8),
        verdict in 0..RunVerdict::ALL.len(),
        planned: bool,
        ended: bool,
    ) {
        let severities = [Severity::Decide, Severity::Warning, Severity::Info];
        let lines = lines.into_iter().enumerate().map(|(number, (outcome, reason, was, wanted))| {
            line(number, "Acme & <b>", Outcome::ALL[outcome], Code::ALL[reason], was, wanted)
        });
        let findings = findings.into_iter().map(|(severity, line)| {
            finding(severities[severity], "Acme", line.map(|number| format!("h{number}")))
        });
        let lines = if planned { lines.collect() } else { Vec::new() };
        let mut run = run(lines, findings.collect(), RunVerdict::ALL[verdict]);
        run.planned = run.planned.filter(|_| planned);
        run.end = run.end.filter(|_| ended);
        agrees(&run);
    }
}

/// Who reads the report would send an invoice of 3 where 4 are used, and nobody would know that somebody said so.
#[test]
fn a_report_names_what_an_answer_keeps_by_whom_and_until_when() {
    let night = Night::new();
    night.approve();
    night.export("Account,Product,Quantity\nAcme,CloudFilter,300\nBorealis,CloudFilter,5\n");
    night.config("guards", "max_units_up = \"100000%\"");
    let said = night.run();
    let run = said.first_run();
    let line = run["lines"].as_array().into_iter().flatten().find(|line| line["outcome"] == "held");
    let handle = line.expect("held")["handle"].as_str().expect("a handle").to_owned();
    night.recount(&["keep", &handle, "--until", "2999-12-31", "--note", "asked Acme"]).exits(0);
    let quiet = night.recount(&["run"]).exits(0);
    assert!(quiet.out.contains("1 line kept by an answer: recount held --all"), "{}", quiet.out);
    night.export("Account,Product,Quantity\nAcme,CloudFilter,300\nBorealis,CloudFilter,6\n");
    night.recount(&["run"]).exits(0);
    let report = night.recount(&["report"]).exits(0).out;
    let said = report.split("KEPT BY AN ANSWER").nth(1).unwrap_or_else(|| panic!("no section: {report}"));
    let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
    for part in [&*handle, "3 → 300", "kept by ", "until Tue 31 Dec 2999", "asked Acme"] {
        assert!(said.contains(part), "{part} is not in {said}");
    }
}

/// "– → 7" of a line that bills 3: whoever looks at the invoice would believe that nothing is billed.
#[test]
fn a_line_whose_product_cannot_be_billed_shows_what_is_billed() {
    for (product, trouble) in [("", "product-missing"), ("inactive", "product-inactive")] {
        let night = Night::new();
        night.approve();
        night.export("Account,Product,Quantity\nAcme,CloudFilter,4\nBorealis,CloudFilter,5\n");
        night.sim().edit(|world| {
            let found = world.catalog.iter_mut().find(|found| found.identifier == "MP-CLOUDFILTER").expect("it");
            match product {
                "" => {
                    found.identifier = "RENAMED".to_owned();
                    world.additions.iter_mut().for_each(|line| line.product = "RENAMED".to_owned());
                }
                _ => found.inactive = true,
            }
        });
        let said = night.run().exits(3);
        let run = said.first_run();
        let lines = run["lines"].as_array().into_iter().flatten().filter(|line| line["reason"] == trouble);
        let shown: Vec<_> = lines.map(|line| (line["addition_id"].clone(), line["was"].clone())).collect();
        assert_eq!(shown, [(100.into(), 3.into()), (200.into(), 5.into())], "{}", said.out);
        // What somebody sets meanwhile is an edit by hand still.
        night.sim().edit(|world| world.addition_mut(200).expect("the line").quantity = 9.into());
        night.run().exits(3);
        night.sim().edit(|world| {
            let found = world.catalog.iter_mut().find(|found| found.id == 500).expect("it");
            (found.identifier, found.inactive) = ("MP-CLOUDFILTER".to_owned(), false);
            world.additions.iter_mut().for_each(|line| line.product = "MP-CLOUDFILTER".to_owned());
        });
        let said = night.run().exits(3);
        assert!(said.codes().contains(&"human-edit".to_owned()), "{}", said.out);
    }
}

/// "The customer is in the export, so that counts as 0": it is in the export, is billed elsewhere, and nobody counted 0.
#[test]
fn what_a_line_left_behind_was_billed_for_is_no_count_of_zero_whatever_was_answered() {
    for (verb, more) in [("keep", vec![]), ("ignore", vec![]), ("accept", vec!["--to", "0"])] {
        let night = Night::new();
        night.approve();
        night.config("guards", "max_units_down = \"100%\"");
        night.run().exits(0);
        night.write("customers.csv", "customer,company_id,agreement_id,note\nAcme,1,10,\nBorealis,,,\n");
        let said = night.run().exits(3);
        let run = said.first_run();
        let line = run["lines"].as_array().into_iter().flatten().find(|line| line["reason"] == "line-left-behind");
        let handle = line.expect("left behind")["handle"].as_str().expect("a handle").to_owned();
        night.recount(&[&[verb, handle.as_str()], more.as_slice()].concat()).exits(0);
        night.run().exits(0);
        let why = night.recount(&["why", &handle]).exits(0).out;
        let why = why.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(why.contains("was billed here; no row of the export is for this line now"), "{verb}: {why}");
        assert!(!why.contains("counts as 0"), "{verb}: {why}");
    }
}
