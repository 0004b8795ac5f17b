//! One form for days, times and numbers, on everything that a person reads.

use regex::Regex;

use super::everything_told::Morning;
use crate::support::Night;

/// Otherwise one morning would show a day in four ways, and whoever reads two of them beside each other would doubt both.
#[test]
fn days_times_and_numbers_have_one_form_everywhere() {
    let night = Night::demo();
    let config = std::fs::read_to_string(night.path("recount.toml")).expect("the configuration");
    let mail = "[integration.mailprotector]\n";
    night.write("recount.toml", config.replace(mail, &format!("{mail}zone = \"Australia/Sydney\"\n")));
    let morning = Morning::of(night);
    let night = &morning.night;
    night.recount(&["plan"]).exits(3);
    night.recount(&["apply", &night.plan()]).exits(3);
    let export = std::fs::read_to_string(night.path("exports/mail-1.csv")).expect("the export");
    night.export(export.replace("Acme Dental,CloudFilter,45", "Acme Dental,CloudFilter,47"));
    night.recount(&["keep", "fc4yg", "--until", "2031-12-31", "--note", "asked"]).exits(0);
    morning.forget();
    let run = night.recount(&["run"]).exits(3);
    let mut all = morning.everything("forms", &run);
    for typed in [
        &["status"][..],
        &["integrations"],
        &["history"],
        &["history", "--customer", "Acme Dental"],
        &["held", "--all"],
        &["why", "fc4yg"],
        &["report"],
        &["tickets"],
        &["diff", "2", "3"],
        &["report", "--format", "markdown", "mailprotector"],
    ] {
        all += &night.recount(typed).out;
    }
    for page in ["3.html", "index.html", "ready.html", "trends.html"] {
        all += &std::fs::read_to_string(night.path("state/reports").join(page)).expect("a page");
    }
    let styles =
        Regex::new(r#"(?s)<style>.*?</style>|<polyline[^>]*>| style="[^"]*"| viewBox="[^"]*"| transform="[^"]*""#)
            .expect("a pattern");
    let all = styles.replace_all(&all, "").replace("recount keep fc4yg --until 2031-12-31", "");
    // What the vendor wrote is shown as it is.
    let all = all.replace("1,050", "");
    // A line may end within a day, and columns may stand close.
    let spaced = Regex::new(r"\b\d{1,3} \d{3}\b").expect("a pattern");
    assert_eq!(all.lines().find(|line| spaced.is_match(line)), None, "a number with a blank in it");
    let all = all.split_whitespace().collect::<Vec<_>>().join(" ");
    one_form(&all);
    let sydney = crate::support::now() + chrono::TimeDelta::hours(11);
    let day = sydney.format("%a %-d %b %Y").to_string();
    assert!(all.contains(&day), "{day} in Sydney: {all}");
}

fn one_form(text: &str) {
    let pattern = |pattern: &str| Regex::new(pattern).expect("a pattern");
    let months = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)";
    let whole = pattern(&format!(r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) \d{{1,2}} {months} \d{{4}}"));
    assert!(whole.find_iter(text).count() > 20, "days are shown: {text}");
    let rest = whole.replace_all(text, "");
    for (what, other) in [
        ("a day in another form", format!(r"\b\d{{1,2}} {months}\b|\b{months} \d{{1,2}}\b")),
        ("a day as programs write it", r"\b20\d\d-\d\d-\d\d\b".to_owned()),
        ("a time as programs write it", r"T\d\d:\d\d:\d\d|\d\dZ\b".to_owned()),
        ("a number with separators", r"\b\d{1,3}(?:[,\u{2009}\u{202f}\u{a0}']\d{3})+\b".to_owned()),
    ] {
        let found = pattern(&other).find(&rest);
        let around = found.map(|found| {
            let (from, to) = (found.start().saturating_sub(80), (found.end() + 80).min(rest.len()));
            String::from_utf8_lossy(&rest.as_bytes()[from..to]).into_owned()
        });
        assert_eq!(around, None, "{what}");
    }
}
