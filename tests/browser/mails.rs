//! The mails of the golden mornings (`snapshots/morning_*.snap`) as a phone shows them.

use std::path::Path;

use crate::chrome::browse;

/// A mail, and the heading of its HTML in the snapshot.
const MAILS: [(&str, &str); 6] = [
    ("quiet", "── mail, HTML"),
    ("ordinary", "── mail, HTML"),
    ("held", "── mail, HTML"),
    ("refused", "── mail, HTML"),
    ("crashed", "── mail, HTML"),
    ("week", "── HTML"),
];
const PHONE: u32 = 390;
/// What is beyond the edge, and links that a thumb misses (WCAG 2.2: 24 by 24).
const WRONG: &str = "const found = [];
    const wide = document.documentElement.scrollWidth - innerWidth;
    if (wide > 0) found.push('scrolls sideways by ' + wide);
    for (const link of document.querySelectorAll('a')) {
        const inText = link.parentElement.textContent.trim() !== link.textContent.trim();
        const { width, height } = link.getBoundingClientRect();
        if (!inText && (width < 24 || height < 24)) found.push(width + ' by ' + height + ': ' + link.textContent);
    }
    return found";

fn html(name: &str, heading: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../snapshots/morning_{name}.snap"));
    let snapshot = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let (_, html) = snapshot.split_once(&format!("\n{heading}\n")).unwrap_or_else(|| panic!("{name} has no {heading}"));
    html.split("\n── ").next().expect("its end").to_owned()
}

/// Mails are read at half past seven, on a phone, on the way to work.
#[test]
fn the_mail_of_every_morning_fits_a_phone() {
    let folder = tempfile::tempdir().expect("a folder");
    browse(&format!("file://{}", folder.path().display()), async |chrome| {
        let mut found = Vec::new();
        for (name, heading) in MAILS {
            std::fs::write(folder.path().join(format!("{name}.html")), html(name, heading)).expect("written");
            chrome.window(PHONE, 844).await;
            chrome.open(&format!("/{name}.html")).await;
            assert!(chrome.count("h1").await > 0, "{name} shows no heading");
            let wrong = chrome.run(WRONG).await;
            found.extend(wrong.as_array().expect("a list").iter().map(|one| format!("{name}: {one}")));
            chrome.shot(&format!("mail-{name}-{PHONE}")).await;
        }
        assert!(found.is_empty(), "{found:#?}");
    });
}
