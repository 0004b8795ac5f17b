//! What `recount read` shows: an export's counts, without anything of ConnectWise.

use std::collections::HashMap;
use std::fmt::Write as _;

use serde::{Serialize, Serializer};
use unicode_width::UnicodeWidthStr as _;

use crate::reconcile::model::display_text::shown;
use crate::reconcile::model::export::counts::{Cell, Counts, CustomerCounts};
use crate::reconcile::model::plan::finding::Finding;
use crate::reconcile::model::plan::reason_code::Code;
use crate::reconcile::model::quantity::Quantity;
use crate::report::exit_codes::Exit;
use crate::report::format::json::each_finding;
use crate::report::format::text::{ways, wrapped};
use crate::report::numbers_and_dates::plural;

/// Bytes of a table that are printed at once.
const PIECE: usize = 1 << 16;
/// Names are cut beyond this many columns of a terminal.
const NAME_MAX: usize = 34;

/// One export, read.
#[derive(Debug)]
pub struct Counted<'a> {
    /// The file.
    pub path: &'a str,
    /// The profile that it was read with; none where the configuration says everything itself.
    pub profile: Option<&'a str>,
    /// What it says.
    pub counts: &'a Counts,
    /// What is to be said about its rows.
    pub findings: &'a [Finding],
    /// The first rows that could not be read, with the cell at fault marked.
    pub drawn: &'a str,
}

/// The JSON form.
#[derive(Debug, Serialize)]
pub struct Document<'a> {
    path: &'a str,
    profile: Option<&'a str>,
    rows: usize,
    kept: usize,
    #[serde(serialize_with = "each_customer")]
    customers: &'a Counts,
    #[serde(serialize_with = "each_finding")]
    findings: &'a [Finding],
}

impl<'a> Counted<'a> {
    /// As a document. What counts nothing is left out, and so is a customer with nothing left.
    pub fn document(&self) -> Document<'a> {
        let Self { path, profile, counts, findings, drawn: _ } = *self;
        let Counts { rows, kept, .. } = *counts;
        Document { path, profile, rows, kept, customers: counts, findings }
    }

    /// A part of an export is refused, as by a night. Something is to be decided where a count is not known; rows that were
    /// left out on purpose, or that belong to nobody, are only said.
    pub fn exit(&self) -> Exit {
        if self.findings.iter().any(|finding| finding.code == Code::ExportPartUnread) {
            return Exit::Refused;
        }
        let unknown =
            [Code::RowMalformed, Code::RowDuplicate, Code::CountNegative, Code::TooLarge, Code::ExportFileTwice];
        let is_nobody = self.counts.rows > 0 && self.counts.kept == 0;
        let is_unknown = self.findings.iter().any(|finding| unknown.contains(&finding.code));
        if is_unknown || is_nobody { Exit::Decide } else { Exit::Done }
    }

    /// As a table, which is printed piece by piece: of a million lines only a few are in memory.
    pub fn tell(&self, print: &mut dyn FnMut(&str)) {
        let all = || customers(self.counts);
        let profile = self.profile.map(|profile| format!(" as {profile}")).unwrap_or_default();
        let Counts { rows, kept, .. } = self.counts;
        let (read, customers) = (plural(*rows, "row"), plural(all().count(), "customer"));
        let others = match self.counts.files.len() {
            0 | 1 => String::new(),
            files => format!(" and {}", plural(files - 1, "more file")),
        };
        let path = shown(self.path);
        let mut text = format!("{path}{others}{profile}: {read}, {kept} kept, {customers}\n\n");
        let width = all().map(|(customer, _)| cut(customer).width()).max().unwrap_or(0);
        let (service_names, blank) = (shown_services(self.counts), " ".repeat(width));
        for (customer, of) in all() {
            let mut padded = cut(customer);
            pad(&mut padded, width);
            let mut name = &padded;
            for (service, count) in services(of) {
                let service = service_names.get(service).map_or("", String::as_str);
                let _ = writeln!(text, "  {name}  {service}  {count:>7}");
                name = &blank;
            }
            if text.len() > PIECE {
                print(&text);
                text.clear();
            }
        }
        if !self.findings.is_empty() {
            text.push('\n');
        }
        self.findings.iter().for_each(|finding| finding_text(&mut text, finding));
        text.push_str(self.drawn);
        print(&text);
    }
}

fn finding_text(text: &mut String, finding: &Finding) {
    let Finding { code, customer, service, message, fix, .. } = finding;
    let about = [customer.as_ref().map(|name| shown(name.as_str())), service.as_ref().map(|name| shown(name.as_str()))];
    let about: Vec<String> = about.into_iter().flatten().chain([message.clone()]).collect();
    wrapped(text, &format!("{code}  {}", about.join(": ")), "  ", "    ");
    ways(text, fix, "    ", "      ");
}

/// Exact counts of a customer by service, without what is none.
fn services(of: &CustomerCounts) -> impl Iterator<Item = (&str, Quantity)> + Clone {
    of.cells().filter_map(|(service, cell)| match cell {
        Cell::Counted { count, .. } if !count.is_zero() => Some((service.as_str(), *count)),
        _ => None,
    })
}

/// The names of all services, as they are shown: made once, because a million lines name the same few.
fn shown_services(counts: &Counts) -> HashMap<&str, String> {
    let mut names = HashMap::new();
    for (service, _) in counts.customers.values().flat_map(services) {
        names.entry(service).or_insert_with(|| cut(service));
    }
    let width = names.values().map(|name| name.width()).max().unwrap_or(0);
    names.values_mut().for_each(|name| pad(name, width));
    names
}

/// The customers that have any.
fn customers(counts: &Counts) -> impl Iterator<Item = (&str, &CustomerCounts)> {
    let customers = counts.customers.iter().map(|(customer, of)| (customer.as_str(), of));
    customers.filter(|(_, of)| services(of).next().is_some())
}

/// One after another: a map of a million counts would take as much again as the counts.
fn each_customer<S: Serializer>(counts: &&Counts, out: S) -> Result<S::Ok, S::Error> {
    out.collect_map(customers(counts).map(|(customer, of)| (customer, EachService(of))))
}

struct EachService<'a>(&'a CustomerCounts);

impl Serialize for EachService<'_> {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.collect_map(services(self.0))
    }
}

fn cut(name: &str) -> String {
    let name = shown(name);
    if name.width() <= NAME_MAX {
        return name;
    }
    let mut short = String::new();
    for letter in name.chars() {
        if short.width() + 1 >= NAME_MAX {
            break;
        }
        short.push(letter);
    }
    short + "…"
}

fn pad(name: &mut String, width: usize) {
    let missing = width.saturating_sub(name.width());
    name.extend(std::iter::repeat_n(' ', missing));
}
