//! Which nights were told, and which were not.

use crate::history::alert_records::{AlertOutcome, AlertRecord};
use crate::history::tests::{Place, end, line, mail, noon, plan};
use crate::reconcile::model::ids::RunId;
use crate::reconcile::model::plan::outcome::{Outcome, RunCommand};

fn note(place: &mut Place, run: RunId, outcome: AlertOutcome) {
    let (alert, detail) = ("office".to_owned(), String::new());
    let record = AlertRecord { alert, run, digest: false, at: noon(), outcome, detail };
    place.history.record_alert(&record).unwrap();
}

/// Otherwise a bad night whose message was lost would never be told, or a new alert would begin with old news.
#[test]
fn a_night_without_a_note_is_untold_once_the_alert_is_in_use() {
    let mut place = Place::new();
    let night = |place: &mut Place| place.night(RunCommand::Run, &plan(0, vec![line(1, 3, 3)]));
    let untold = |place: &Place, run| {
        let nights = place.history.untold_nights("office", &mail(), run).unwrap();
        nights.into_iter().map(|(night, _)| night.run).collect::<Vec<_>>()
    };
    let first = night(&mut place);
    let second = night(&mut place);
    assert_eq!(untold(&place, second), [], "the alert is new");
    note(&mut place, second, AlertOutcome::NotDue);
    let third = night(&mut place);
    assert_eq!(untold(&place, third), [], "there was nothing to tell");
    note(&mut place, third, AlertOutcome::Failed);
    let fourth = night(&mut place);
    assert_eq!(untold(&place, fourth), [third], "nobody took it");
    note(&mut place, fourth, AlertOutcome::Failed);
    let fifth = night(&mut place);
    assert_eq!(untold(&place, fifth), [fourth, third], "nor the next one");
    note(&mut place, fourth, AlertOutcome::Sent);
    assert_eq!(untold(&place, fifth), [], "it told both");
    let sixth = night(&mut place);
    assert_eq!(untold(&place, sixth), [fifth], "cut off before the alert");
    assert!(first < second);
}

/// A look proves nothing, so it is no night.
#[test]
fn plans_are_no_nights_and_lines_are_counted_by_outcome() {
    let mut place = Place::new();
    let run = place.night(RunCommand::Run, &plan(0, vec![line(1, 3, 3), line(2, 3, 3), line(3, 3, 0)]));
    place.night(RunCommand::Plan, &plan(0, vec![line(1, 3, 3)]));
    let open = place.begin(RunCommand::Apply);
    let nights: Vec<RunId> =
        place.history.nights_before(&mail(), None, 9).unwrap().into_iter().map(|night| night.run).collect();
    assert_eq!(nights, [open, run]);
    let outcomes = place.history.outcomes(run).unwrap();
    assert_eq!((outcomes[&Outcome::Unchanged], outcomes[&Outcome::Held]), (2, 1));
    assert_eq!(place.history.unmapped(&mail()).unwrap(), Some(0));
    place.history.end_run(open, &[], &end()).unwrap();
}
