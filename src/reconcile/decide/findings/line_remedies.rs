//! What can be done about a line that is held.

use std::collections::BTreeMap;

use crate::reconcile::decide::permitted_answers::may_be_accepted;
use crate::reconcile::matching::placement::Place;
use crate::reconcile::model::display_text::shown;
use crate::reconcile::model::ids::{AdditionId, CustomerName, IntegrationName};
use crate::reconcile::model::mapping::Mapping;
use crate::reconcile::model::past::Past;
use crate::reconcile::model::plan::finding::{Finding, finding};
use crate::reconcile::model::plan::handle;
use crate::reconcile::model::plan::line::Line;
use crate::reconcile::model::plan::outcome::AnswerVerb;
use crate::reconcile::model::plan::reason_code::{Code, Severity};
use crate::reconcile::model::plan::remedy::Remedy;

/// What to do about a line that is held for a reason of its own; `None` for reasons that are somebody else's matter.
pub(crate) fn line_fix(code: Code, line: &Line, mapping: &Mapping) -> Option<Remedy> {
    if may_be_accepted(code) {
        return Some(answers(line));
    }
    let fix = match code {
        Code::LineMissing => Remedy::in_connectwise("add it").or(Remedy::settings("set create_lines = true")),
        Code::LineAmbiguous => ambiguous_fix(line, mapping),
        Code::InDoubtAmbiguous => end_all_but_one(),
        Code::IncludedTwice => Remedy::from("remove `included` from the service or its policy")
            .or(Remedy::in_connectwise("take lessIncluded out of the addition")),
        Code::LineUnmarked => Remedy::in_connectwise("write the item's name into its serial number, or end it"),
        Code::LineForeign => Remedy::in_connectwise("end it if the item is gone; else correct its serial number")
            .or(Remedy::command(format!("recount {} {}", AnswerVerb::Ignore, line.handle))),
        Code::LineAfterEnd => Remedy::in_connectwise("bill what was used until then by hand")
            .or("correct the agreement's end, or its next invoice date".into()),
        Code::LineUnreadable => Remedy::in_connectwise("look at the addition"),
        Code::InDoubt => a_later_run_looks(),
        _ => line_fix_in_words(code)?.into(),
    };
    Some(fix)
}

/// What to do about a line that the mapping no longer wants. There is nothing to accept where nobody can say what would be set,
/// nor where the addition has the product of a neighbour: once that one counts it, the answer is taken and never followed.
pub(crate) fn left_behind_fix(line: &Line, past: &Past) -> Remedy {
    let typed = |verb: AnswerVerb| Remedy::command(format!("recount {verb} {}", line.handle));
    match line.live.and_then(|live| past.neighbours_products.get(&live.addition)) {
        _ if line.wanted.is_none() => typed(AnswerVerb::Ignore),
        Some(neighbour) => typed(AnswerVerb::Keep)
            .or(typed(AnswerVerb::Ignore))
            .noting(format!("it is of a product that {neighbour} bills on this agreement, and is left to that one")),
        None => answers(line),
    }
}

/// What to do about a customer who is not in the export: its lines end with it, unless they bill another one as well.
pub(crate) fn missing_customer_fix(
    integration: &IntegrationName,
    places: &BTreeMap<CustomerName, Place>,
    customer: &CustomerName,
) -> Remedy {
    let agreement = |name| places.get(name).and_then(Place::agreement).map(|(_, agreement)| agreement);
    let mut others = places.keys().filter(|other| *other != customer && agreement(*other) == agreement(customer));
    let note = match others.next() {
        Some(other) => format!(
            "if it has left; its lines bill {} as well, and are not to be ended: they follow what that one uses then",
            shown(other.as_str())
        ),
        None => "if it has left; then accept its lines that are left behind, or end them in ConnectWise".to_owned(),
    };
    skipped_from_now_on(integration, customer).noting(note)
}

/// The command that takes a customer out of what is billed, also where it has a row.
pub(crate) fn skipped_from_now_on(integration: &IntegrationName, customer: &CustomerName) -> Remedy {
    Remedy::command(format!("recount map ignore {} --replace", handle::of_customer(integration, customer)))
}

/// What to do about several additions of one product: a pin needs a row of `customers.csv` to stand in.
fn ambiguous_fix(line: &Line, mapping: &Mapping) -> Remedy {
    let has_row = line.sources.iter().any(|source| mapping.customers.contains_key(&source.customer));
    let named = || line.named.0.keys();
    // One that is pinned and not live is meant no more, and to pin it again changes nothing.
    let is_open = |addition: &&AdditionId| !mapping.pins.contains(*addition);
    if let (Some(pin), None) = (named().next(), named().nth(1))
        && mapping.pins.contains(pin)
    {
        let out = format!("take `addition_id` {pin} out where it stands: in the customer's row of customers.csv, or");
        return mapping.edit_services(&out);
    }
    let any_open = named().any(|addition| is_open(&addition));
    let additions = named().filter(|_| has_row).filter(|addition| !any_open || is_open(addition));
    let pins = additions.map(|addition| Remedy::command(format!("recount map pin {} {addition}", line.handle)));
    match pins.take(PINS).collect::<Vec<_>>() {
        pins if pins.is_empty() => end_all_but_one(),
        pins => Remedy::any_of(pins).or(Remedy::in_connectwise("end all but one")),
    }
}

/// Additions of which one may be pinned that are printed, each with its command.
const PINS: usize = 4;

/// The answers to a step, as they are typed. An accepted step is named: by the time somebody types it, it may be another.
pub(in crate::reconcile) fn answers(line: &Line) -> Remedy {
    let handle = &line.handle;
    let to = line.wanted.map(|to| format!(" --to {to}")).unwrap_or_default();
    let others = [AnswerVerb::Keep, AnswerVerb::Ignore].map(|verb| format!("recount {verb} {handle}"));
    let typed = std::iter::once(format!("recount {} {handle}{to}", AnswerVerb::Accept)).chain(others);
    Remedy::any_of(typed.map(Remedy::command))
}

/// What to do where several lines could be ours.
pub fn end_all_but_one() -> Remedy {
    Remedy::in_connectwise("end all but one").or("pin the right one with addition_id".into())
}

/// What to do about an addition that ConnectWise confirmed as a new line, and that is not where it was sent.
pub fn put_where_it_was_sent(addition: AdditionId) -> Remedy {
    Remedy::in_connectwise(format!("put addition {addition} where it was sent, or end it"))
}

/// What to do about a line in doubt.
pub fn a_later_run_looks() -> Remedy {
    Remedy::nothing("a later run looks again")
}

pub(crate) fn line_fix_in_words(code: Code) -> Option<&'static str> {
    Some(match code {
        Code::LineNotYetEffective => "nothing, if it may begin on that day; else correct its effective date",
        Code::LineBeforeBilling => "nothing, if it may wait; else correct the agreement's billing start",
        Code::TooLarge => "look whether `columns` names the count, or divide what is said of its service",
        Code::ItemsDiffer => "count by item in the export's settings (count_by), or bill the service in one line",
        Code::ItemAmbiguous => "correct the items in the export, or fold their case in its settings",
        Code::ItemUnusable => "correct the item in the export, or bill the service in one line",
        _ => return None,
    })
}

/// What ignores a service.
pub(crate) const NOT_ASSIGNED: &str = "`not_assigned = true` ignores it on purpose";

/// What to do about a service that the configuration does not name.
pub fn name_service(mapping: &Mapping) -> Remedy {
    mapping
        .edit_services(mapping.services_file.as_ref().map_or("add it under services", |_| "add it"))
        .noting(NOT_ASSIGNED)
}

/// It waits, and for nobody: a night that ends well with it says so.
pub(in crate::reconcile) fn written_by_the_next_run(line: &Line) -> Finding {
    let told = finding(Severity::Warning, Code::SuccessorWaits, line.detail.clone());
    Finding { fix: Remedy::nothing("the next run writes it"), ..told.about_line(&line.handle, &line.sources) }
}
