//! Five nights as the terminal tells them, at 80 columns and without colour.

use std::fmt::Write as _;

use unicode_width::UnicodeWidthStr as _;

use crate::snapshots::snapshot_settings;
use crate::support::BUSY;
use crate::support::Night;
use crate::support::Said;
use crate::support::wait_until;

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
    let mut settings = snapshot_settings();
    settings.add_filter(r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) \d{1,2} [A-Z][a-z]{2} \d{4}", "TODAY");
    settings.add_filter(r"\b(plan|apply) [0-9a-f]{8}\b", "$1 PLAN");
    settings.add_filter(r"\bhead [0-9a-f]{8}…", "head HEAD…");
    settings.add_filter(r"127\.0\.0\.1:\d+", "HOST");
    settings.bind(|| insta::assert_snapshot!("five_nights", told));
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
