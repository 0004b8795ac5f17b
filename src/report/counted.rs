//! What `recount read` shows: an export's counts, without anything of ConnectWise.

use std::collections::BTreeMap;

use serde::Serialize;
use unicode_width::UnicodeWidthStr as _;

use crate::reconcile::code::Code;
use crate::reconcile::counts::Cell;
use crate::reconcile::counts::Counts;
use crate::reconcile::exit::Exit;
use crate::reconcile::plan::Finding;
use crate::reconcile::quantity::Quantity;
use crate::reconcile::shown::shown;
use crate::report::json::each_finding;
use crate::report::text::wrapped;

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
}

/// The JSON form.
#[derive(Debug, Serialize)]
pub struct Document<'a> {
    schema: u8,
    exit_code: u8,
    path: &'a str,
    profile: Option<&'a str>,
    rows: usize,
    kept: usize,
    customers: BTreeMap<&'a str, BTreeMap<&'a str, Quantity>>,
    #[serde(serialize_with = "each_finding")]
    findings: &'a [Finding],
}

impl<'a> Counted<'a> {
    /// As a document. What counts nothing is left out, and so is a customer with nothing left.
    pub fn document(&self) -> Document<'a> {
        let Self { path, profile, counts, findings } = *self;
        let (exit_code, customers) = (self.exit().code(), customers(counts));
        Document { schema: 1, exit_code, path, profile, rows: counts.rows, kept: counts.kept, customers, findings }
    }

    /// As a document that says only why there is none.
    pub fn refused(&self, exit: Exit) -> Document<'a> {
        Document { exit_code: exit.code(), ..self.document() }
    }

    /// Something is to be decided where a count is not known; rows that were left out on purpose, or that belong to
    /// nobody, are only said.
    pub fn exit(&self) -> Exit {
        let unknown = [Code::RowMalformed, Code::RowDuplicate, Code::CountNegative, Code::TooLarge];
        if self.findings.iter().any(|finding| unknown.contains(&finding.code)) { Exit::Decide } else { Exit::Done }
    }

    /// As a table.
    pub fn text(&self) -> String {
        let customers = customers(self.counts);
        let profile = self.profile.map(|profile| format!(" as {profile}")).unwrap_or_default();
        let Counts { rows, kept, .. } = self.counts;
        let mut text =
            format!("{}{profile}: {rows} rows, {kept} kept, {} customers\n\n", shown(self.path), customers.len());
        let width = |names: &mut dyn Iterator<Item = &str>| names.map(|name| cut(name).width()).max().unwrap_or(0);
        let widths =
            [width(&mut customers.keys().copied()), width(&mut customers.values().flat_map(BTreeMap::keys).copied())];
        for (customer, services) in &customers {
            let mut customer = *customer;
            for (service, count) in services {
                let (name, service) = (padded(customer, widths[0]), padded(service, widths[1]));
                text.push_str(&format!("  {name}  {service}  {:>7}\n", count.to_string()));
                customer = "";
            }
        }
        if !self.findings.is_empty() {
            text.push('\n');
        }
        self.findings.iter().for_each(|finding| told(&mut text, finding));
        for row in &self.counts.rejected {
            row.mark.iter().for_each(|mark| text.push_str(&mark.drawn(row.line)));
        }
        text
    }
}

fn told(text: &mut String, finding: &Finding) {
    let Finding { code, customer, service, message, fix, .. } = finding;
    let about = [customer.as_ref().map(|name| shown(name.as_str())), service.as_ref().map(|name| shown(name.as_str()))];
    let about: Vec<String> = about.into_iter().flatten().chain([message.clone()]).collect();
    wrapped(text, &format!("{code}  {}", about.join(": ")), "  ", "    ");
    if !fix.is_empty() {
        wrapped(text, &format!("→ {fix}"), "    ", "      ");
    }
}

/// Exact counts by customer and service, without what is none.
fn customers(counts: &Counts) -> BTreeMap<&str, BTreeMap<&str, Quantity>> {
    let counted = counts.customers.iter().map(|(customer, of)| {
        let cells = of.services.iter().filter_map(|(service, cell)| match cell {
            Cell::Counted { count, .. } if *count != Quantity::ZERO => Some((service.as_str(), *count)),
            _ => None,
        });
        (customer.as_str(), cells.collect::<BTreeMap<_, _>>())
    });
    counted.filter(|(_, services)| !services.is_empty()).collect()
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

fn padded(name: &str, width: usize) -> String {
    let name = cut(name);
    let missing = width.saturating_sub(name.width());
    name + &" ".repeat(missing)
}
