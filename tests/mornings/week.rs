//! Monday's mail, in text and in HTML.

use recount::history::store::open::History;
use recount::reconcile::model::ids::IntegrationName;
use recount::report::brief::digest_week::Week;
use recount::report::digest::{WeekLinks, digest};
use recount::report::lines;
use recount::report::open_items::{open_items, waiting};

use crate::snapshots::snapshot_settings;
use crate::support::Night;

/// What waits, what moved, and which nights are missing, for whoever looks at it once a week.
#[test]
fn a_week_says_what_waits_and_what_moved() {
    let night = Night::demo();
    night.recount(&["plan"]).exits(3);
    night.recount(&["apply", &night.plan()]).exits(3);
    night.fault(r#"[{"then": {"status": 401}}]"#);
    night.run().exits(13);
    let history = History::open_existing(&night.path("state")).expect("the history").expect("runs");
    let name = IntegrationName::new("mailprotector");
    let nights = history.nights_before(&name, None, 10).expect("nights");
    let run = history.run(nights.last().expect("a night").run).expect("readable").expect("a run");
    let changed = lines(&run).iter().filter(|line| line.outcome.as_str() == "updated").cloned().collect();
    let week = Week { integration: name.clone(), nights, changed };
    let open = waiting(&open_items([&name].into_iter(), &history).expect("items"), |_| false, &history).expect("items");
    let links = WeekLinks { link: Some("https://recount.example.com/nights/{run}"), records: None };
    let brief = digest(&[week], &open, links, crate::support::now().fixed_offset());
    super::everything_told::page_kept("week", &brief.html);
    let all = format!(
        "── subject\n{}\n\n── text\n{}\n── HTML\n{}\n",
        brief.subject,
        brief.text,
        super::everything_told::broken(&brief.html)
    );
    let mut settings = snapshot_settings();
    settings.add_filter(r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) \d{1,2} [A-Z][a-z]{2} \d{4}", "DAY");
    settings.bind(|| insta::assert_snapshot!("morning_week", all));
}
