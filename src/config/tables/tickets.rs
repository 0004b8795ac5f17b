//! `[integration.NAME.tickets]` and `[[integration.NAME.tickets]]`.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chrono::TimeDelta;

use crate::config::toml_document::{Field, Section};
use crate::config::values::optional;
use crate::export::read::alike_names::alike;
use crate::reconcile::model::ids::{CompanyId, CustomerName};
use crate::reconcile::model::ticket_kind::TicketKind;
use crate::tickets::board::BoardNames;
use crate::tickets::settings::{DESCRIPTION, FIELDS, NOTE, SUMMARY, TicketCustomers, TicketSettings};
use crate::tickets::text_template::{BadToken, Template, Token};

/// A person who works on tickets is not helped by a hundred of one night.
const MAX_NEW: usize = 20;
const TIME_LIMIT: Duration = Duration::from_secs(60);
const WEEK: TimeDelta = TimeDelta::days(7);
/// Board, status, type, priority and source names are no longer (ConnectWise's API description).
const NAME_MAX: usize = 50;

/// Reads the table, or each of several.
pub(in crate::config) fn all(field: &Field<'_>, connectwise: &[&str]) -> Option<Vec<TicketSettings>> {
    if field.value().as_array().is_none() {
        return Some(vec![settings(field.table()?, connectwise)?]);
    }
    let tables = field.list()?;
    tables.iter().map(|field| field.table().and_then(|section| settings(section, connectwise))).collect()
}

/// Reads one table; `connectwise` are the names it may refer to.
fn settings(section: Section<'_>, connectwise: &[&str]) -> Option<TicketSettings> {
    let desk = desk(&section);
    let connectwise = optional(section.get("connectwise"), |field| known(field, connectwise));
    let company = section.required("company").and_then(|field| field.whole(1, i64::MAX)).map(CompanyId);
    let switch = |key, usual| section.get(key).map_or(Some(usual), |field| field.boolean());
    let company_of_customer = switch("company_of_customer", true);
    let close = switch("close", true);
    let notify = switch("notifications", false);
    let kinds = section.get("kinds").map_or(Some(TicketKind::ALL.iter().copied().collect()), |field| kinds(&field));
    let customers = section.get("customers").map_or(Some(TicketCustomers::All), |field| customers(&field));
    let note_every = section.get("note_every").map_or(Some(Some(WEEK)), |field| note_every(&field));
    let max_new = section.get("max_new").map_or(Some(MAX_NEW), |field| field.whole(1, 1000));
    let limit = section.get("time_limit").map_or(Some(TIME_LIMIT), |field| field.duration(Duration::from_millis(1)));
    let visible =
        section.get("visibility").map_or(Some(false), |field| field.word(&[("internal", false), ("discussion", true)]));
    let fields = section.get("fields").map_or(Some(BTreeMap::new()), |field| fields(&field));
    let summary = template(section.get("summary"), SUMMARY);
    let description = template(section.get("description"), DESCRIPTION);
    let note = template(section.get("note"), NOTE);
    if let (Some(BoardNames { closing_status: None, .. }), Some(true)) = (&desk, close) {
        section.error("`closing_status` is missing; write it, or close = false to leave settled tickets open");
    }
    section.finish(&[]);
    Some(TicketSettings {
        desk: desk?,
        connectwise: connectwise?,
        company: company?,
        company_of_customer: company_of_customer?,
        kinds: kinds?,
        customers: customers?,
        close: close?,
        note_every: note_every?,
        max_new: max_new?,
        time_limit: limit?,
        visible: visible?,
        notify: notify?,
        fields: fields?,
        summary: summary?,
        description: description?,
        note: note?,
    })
}

fn desk(section: &Section<'_>) -> Option<BoardNames> {
    let board = section.required("board").and_then(|field| name(&field));
    let word = |key| optional(section.get(key), name);
    let (status, closing_status) = (word("status"), word("closing_status"));
    let (priority, kind, source) = (word("priority"), word("type"), word("source"));
    let (sub_type, item) = (word("sub_type"), word("item"));
    for (key, value, of) in [("sub_type", &sub_type, &kind), ("item", &item, &sub_type)] {
        if let (Some(Some(_)), Some(None)) = (value, of) {
            let of = if key == "item" { "sub_type" } else { "type" };
            section.error(format!("`{key}` is one of a `{of}`; write that as well"));
        }
    }
    Some(BoardNames {
        board: board?,
        status: status?,
        closing_status: closing_status?,
        priority: priority?,
        kind: kind?,
        sub_type: sub_type?,
        item: item?,
        source: source?,
    })
}

fn name(field: &Field<'_>) -> Option<String> {
    let text = field.text()?;
    if text.chars().count() > NAME_MAX {
        field.error(format!("`{}` is a name of ConnectWise, which has at most {NAME_MAX} characters", field.key));
        return None;
    }
    Some(text.to_owned())
}

fn known(field: &Field<'_>, known: &[&str]) -> Option<String> {
    let name = field.text()?;
    if !known.contains(&name) {
        field.error(format!("there is no [connectwise.{name}]"));
        return None;
    }
    Some(name.to_owned())
}

fn kinds(field: &Field<'_>) -> Option<BTreeSet<TicketKind>> {
    let words: Vec<_> = TicketKind::ALL.iter().map(|kind| (kind.as_str(), *kind)).collect();
    field.list()?.iter().map(|field| field.word(&words)).collect()
}

fn customers(field: &Field<'_>) -> Option<TicketCustomers> {
    let section = field.table()?;
    let names = |field: &Field<'_>| -> Option<BTreeSet<CustomerName>> {
        field.list()?.iter().map(|field| field.text().map(CustomerName::new)).collect()
    };
    let only = section.get("only").map(|field| names(&field).map(TicketCustomers::Only));
    let except = section.get("except").map(|field| names(&field).map(TicketCustomers::Except));
    section.finish(&[]);
    match (only, except) {
        (Some(one), None) | (None, Some(one)) => one,
        _ => {
            field.error("`customers` takes one of `only` and `except`, each a list of names");
            None
        }
    }
}

fn fields(field: &Field<'_>) -> Option<BTreeMap<String, Template>> {
    let section = field.table()?;
    let known = |name: &str| FIELDS.iter().any(|(field, _)| *field == name);
    let one = |field: Field<'_>| {
        if !known(&field.key) {
            let names: Vec<&str> = FIELDS.iter().map(|(name, _)| *name).collect();
            field.error(format!(
                "`{}` is no field that a ticket may be given; there are {}",
                field.key,
                names.join(", ")
            ));
            return None;
        }
        let key = field.key.clone();
        template(Some(field), "").map(|template| (key, template))
    };
    section.entries().into_iter().map(one).collect()
}

/// A duration, or `"never"`; `None` if it is neither.
fn note_every(field: &Field<'_>) -> Option<Option<TimeDelta>> {
    if field.value().as_str() == Some("never") {
        return Some(None);
    }
    let every = field.duration(Duration::ZERO)?;
    TimeDelta::from_std(every).ok().map(Some)
}

fn template(field: Option<Field<'_>>, usual: &str) -> Option<Template> {
    let Some(field) = field else {
        return Some(Template::parse(usual).expect("the program's own templates are tested"));
    };
    let Some(text) = field.value().as_str() else {
        field.mistyped("a string");
        return None;
    };
    if text.trim().is_empty() || text.chars().any(|c| c.is_control() && c != '\n' && c != '\r') {
        field.error(format!("`{}` is empty, or holds a control character", field.key));
        return None;
    }
    match Template::parse(text) {
        Ok(template) => Some(template),
        Err(bad) => {
            field.error_at(&bad.text, explained(&field.key, &bad));
            None
        }
    }
}

fn explained(key: &str, bad: &BadToken) -> String {
    if bad.open {
        return format!("a `[` in `{key}` has no end; `[[` is a bracket");
    }
    let names = || Token::ALL.iter().map(|token| token.as_str());
    let meant = alike(bad.text.trim_matches(['[', ']']), names()).map(|meant| format!("did you mean [{meant}]? "));
    let all: Vec<String> = Token::ALL.iter().map(ToString::to_string).collect();
    format!("no such token in `{key}`; {}there are {}; `[[` is a bracket", meant.unwrap_or_default(), all.join(" "))
}
