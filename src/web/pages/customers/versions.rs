//! The versions of the files that are edited here: who changed what.

use std::collections::BTreeSet;

use maud::{Markup, html};

use crate::history::desk::file_versions::FileVersion;
use crate::reconcile::model::display_text::{escaped, shown};
use crate::report::numbers_and_dates;
use crate::web::desk::visit::Visit;
use crate::web::pages::frame::{RailEntry, frame};
use crate::web::pages::page_pieces;
use crate::web::site::PageError;

/// Versions that are listed of a file.
const LISTED: usize = 30;
/// Lines of a version that are listed.
const LINES: usize = 20;

pub(crate) fn page(visit: &Visit) -> Result<Markup, PageError> {
    let asked = visit.part("integration");
    let files = visit.site.host.edited_files();
    let of_it: Vec<&(String, String)> =
        files.iter().filter(|(integration, _)| integration.as_str() == asked).map(|(_, file)| file).collect();
    if of_it.is_empty() {
        return Err(PageError::Nothing);
    }
    let history = visit.desk.history()?;
    let mut sections = Vec::new();
    for (title, file) in of_it {
        let versions = history.file_versions(file, LISTED)?;
        sections.push(section(visit, title, &versions));
    }
    let main = html! {
        header.head { div { p.over { (shown(asked)) } h1 { "Versions" } p.lead { "Each edit on the desk or by a command keeps the version before it." } } }
        @for section in sections { (section) }
    };
    Ok(frame(visit, RailEntry::Customers, "Versions", &main))
}

fn section(visit: &Visit, title: &str, versions: &[FileVersion]) -> Markup {
    html! {
        section aria-label=(title) {
            div.sec { h2 { (title) " " span.count { (versions.len()) } } p { "newest first" } }
            @if versions.is_empty() { (page_pieces::empty("Nobody has edited it yet", "")) } @else { div.sheet { table {
                thead { tr { th scope="col" { "when" } th scope="col" { "who" } th scope="col" { "what" } } }
                tbody { @for (at, version) in versions.iter().enumerate() { tr {
                    td.nb { (numbers_and_dates::minute(visit.desk.zone.local(version.at))) }
                    td { @if version.who.is_empty() { "found as it was" } @else { (version.who) } }
                    td { (difference(versions.get(at + 1), version)) }
                } } }
            } } }
        }
    }
}

/// Lines that one of the two has alone.
fn difference(before: Option<&FileVersion>, after: &FileVersion) -> Markup {
    let Some(before) = before else { return html! { "the first that is kept" } };
    let (old, new) = (text(before), text(after));
    let (had, has): (BTreeSet<&str>, BTreeSet<&str>) = (old.lines().collect(), new.lines().collect());
    let out: Vec<&str> = old.lines().filter(|line| !has.contains(line)).collect();
    let added: Vec<&str> = new.lines().filter(|line| !had.contains(line)).collect();
    let more = (out.len() + added.len()).saturating_sub(LINES);
    let each = out.into_iter().map(|line| ('−', line)).chain(added.into_iter().map(|line| ('+', line)));
    html! {
        @for (sign, line) in each.take(LINES) { div { code { (sign) " " (escaped(line)) } } }
        @if more > 0 { div.small.soft { "and " (more) " more lines" } }
    }
}

fn text(version: &FileVersion) -> String {
    String::from_utf8_lossy(&version.content).into_owned()
}
