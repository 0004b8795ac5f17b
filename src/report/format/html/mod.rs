//! The HTML reports: one file for each run, and the pages that lead to it. No script, nothing loaded from elsewhere;
//! every text goes through the template, which escapes it.

pub mod customer_page;
pub mod index_page;
pub mod month_tables;
pub mod ready_to_invoice;
pub mod run_page;
pub mod trends_page;

pub(crate) mod html_pieces;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::history::lines_over_nights::LineNight;
use crate::history::run_record::{RunRecord, RunSummary};
use crate::reconcile::model::ids::{CustomerName, RunId};
use crate::reconcile::model::record_links::RecordLinks;

/// The style sheet of reports and desk.
pub const STYLE: &str = include_str!("style.css");

/// What only the kept pages have, beside it.
const KEPT_STYLE: &str = include_str!("kept.css");

/// Both, as small as they go without another tool: a page is kept for each night and customer.
static KEPT: LazyLock<String> = LazyLock::new(|| without_comments(&format!("{STYLE}{KEPT_STYLE}")));

fn without_comments(css: &str) -> String {
    let parts = css.split("/*").enumerate();
    let kept = parts.map(|(at, part)| if at == 0 { part } else { part.split_once("*/").map_or("", |(_, rest)| rest) });
    let kept: String = kept.collect();
    kept.lines().map(str::trim).filter(|line| !line.is_empty()).collect()
}

/// Nothing may be loaded, run, sent or framed; the style is in the file itself.
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";

/// What the pages of one run are drawn from.
#[derive(Debug)]
pub struct RunPageInputs<'a> {
    /// The run.
    pub run: &'a RunRecord,
    /// Undos that were carried out since, as far as the page is about them; the lines are as these left them.
    pub undos: &'a [RunSummary],
    /// The last runs of its integration that may have written, oldest first, up to the run and these undos.
    pub nights: &'a [RunSummary],
    /// What became of lines in these nights, by handle; of as many lines as are worth a drawing.
    pub lines: &'a BTreeMap<String, Vec<LineNight>>,
    /// The customers that have a page of their own by now.
    pub customers: &'a BTreeSet<CustomerName>,
    /// Where records open in ConnectWise.
    pub records: Option<&'a RecordLinks>,
}

impl RunPageInputs<'_> {
    fn runs(&self) -> Vec<RunId> {
        self.nights.iter().map(|night| night.run).collect()
    }

    fn of_line(&self, handle: &str) -> &[LineNight] {
        self.lines.get(handle).map(Vec::as_slice).unwrap_or_default()
    }
}

/// Where the page of a run is: its number stands between.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Links {
    /// Before the number.
    pub before: &'static str,
    /// After it.
    pub after: &'static str,
    /// What asks a page that does not list every line for one of them by its handle, where it has to be asked.
    pub line: Option<&'static str>,
    /// The page on which open items are answered, where there is one.
    pub held: Option<&'static str>,
    /// The page on which a run is begun, where there is one.
    pub run: Option<&'static str>,
}

impl Links {
    /// Beside the page.
    pub const KEPT: Links = Links { before: "", after: ".html", line: None, held: None, run: None };
    /// A folder above it.
    pub const KEPT_ABOVE: Links = Links { before: "../", after: ".html", line: None, held: None, run: None };
    /// On the desk.
    pub const DESK: Links =
        Links { before: "/nights/", after: "", line: Some("?line="), held: Some("/"), run: Some("/integrations") };
}

/// Which page the navigation leads from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Index,
    Ready,
    Trends,
    Run,
    /// One folder down.
    Customer,
}

fn document(place: Place, title: &str, main: &Markup) -> String {
    let up = if place == Place::Customer { "../" } else { "" };
    let links = [
        (Place::Index, "index.html", "Runs"),
        (Place::Ready, "ready.html", "Ready to invoice"),
        (Place::Trends, "trends.html", "Trends"),
    ];
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="referrer" content="no-referrer";
                meta name="robots" content="noindex";
                meta name="color-scheme" content="light dark";
                title { (title) }
                style { (PreEscaped(KEPT.as_str())) }
            }
            body {
                a.skip href="#main" { "Skip to the report" }
                div.page.kept {
                    nav.top aria-label="Reports" {
                        b { "recount" }
                        @for (to, file, name) in links {
                            a href={ (up) (file) } aria-current=[(to == place).then_some("page")] { (name) }
                        }
                    }
                    main #main { (main) }
                    footer.foot { "Quantities only: this page holds no amounts of money. Days and times are those of the integration's zone." }
                }
            }
        }
    };
    page.into_string()
}
