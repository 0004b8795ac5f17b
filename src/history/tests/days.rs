//! Counts of days: what a peak or an average is made of, and the lines of items beside those of totals.

use chrono::NaiveDate;

use super::*;
use crate::history::store::error::StoreError;
use crate::reconcile::matching::names_of_counts::{CountName, InExports, NameSpan, NamesOfCounts, Stood};
use crate::reconcile::model::ids::ItemName;
use crate::reconcile::model::past::CountedDays;

fn day(day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 3, day).unwrap()
}

fn counted(counts: &[(&str, &[(u32, u32)])]) -> CountedDays {
    let of = |counts: &[(u32, u32)]| counts.iter().map(|(at, count)| (day(*at), units(*count))).collect();
    let own = |counts: &[(u32, u32)]| [(ServiceName::new("EDR"), of(counts))].into();
    counts.iter().map(|(customer, counts)| (CustomerName::new(customer), own(counts))).collect()
}

/// Otherwise a night without an export would be a day without units, and pull the average down.
#[test]
fn a_day_is_counted_once_and_a_missing_day_is_not_none() {
    let mut place = Place::new();
    let of =
        |customer: &str, count: Option<u32>| (CustomerName::new(customer), ServiceName::new("EDR"), count.map(units));
    let mut runs = 1..;
    let mut count = |at: u32, counts: &[(&str, Option<u32>)]| {
        let counts: Vec<_> = counts.iter().map(|(customer, count)| of(customer, *count)).collect();
        let (run, names) = (RunId(runs.next().unwrap()), NamesOfCounts::default());
        place.history.count_day((&mail(), run, "site"), day(at), &counts, &names).unwrap();
    };
    count(1, &[("Acme", Some(5)), ("Borealis", Some(1))]);
    count(2, &[("Acme", Some(9)), ("Borealis", None)]);
    // The last export of a day counts.
    count(2, &[("Acme", Some(7)), ("Borealis", None)]);
    count(5, &[("Acme", Some(7)), ("Borealis", Some(2))]);
    let read = |first, today| place.history.counted(&mail(), day(first), day(today)).unwrap();
    assert_eq!(read(1, 6), counted(&[("Acme", &[(1, 5), (2, 7), (5, 7)]), ("Borealis", &[(1, 1), (5, 2)])]));
    assert_eq!(read(1, 5), counted(&[("Acme", &[(1, 5), (2, 7)]), ("Borealis", &[(1, 1)])]), "today is the run's own");
    assert_eq!(read(3, 6), counted(&[("Acme", &[(5, 7)]), ("Borealis", &[(5, 2)])]), "a change of before still holds");
    assert_eq!(place.history.counted(&IntegrationName::new("other"), day(1), day(6)).unwrap(), CountedDays::new());
}

/// The names stand with the counts of the day, are those of one ConnectWise, and go when nothing asks for them any more.
#[test]
fn names_of_lines_are_kept_by_change_until_they_are_long_gone() {
    let mut place = Place::new();
    let span = |service: &str, first: u32| NameSpan {
        name: CountName { integration: mail(), customer: "Acme".into(), service: service.into() },
        line: key(10, "edr"),
        first: day(first),
    };
    let stood = |gone: Option<u32>| Stood { gone: gone.map(day), terms: "× 2".to_owned() };
    let seen = |gone: Option<u32>| InExports { first: day(1), gone: gone.map(day) };
    let names = |spans: &[(NameSpan, Stood)], gone| NamesOfCounts {
        spans: spans.iter().cloned().collect(),
        customers: [("Acme".into(), seen(gone))].into(),
    };
    let first = names(&[(span("S", 1), stood(None))], None);
    place.history.count_day((&mail(), RunId(1), "site"), day(1), &[], &first).unwrap();
    assert_eq!(place.history.names_of_counts(&mail(), "site").unwrap(), first);
    assert!(place.history.names_of_counts(&mail(), "sandbox").unwrap().spans.is_empty());
    let next = names(&[(span("S", 1), stood(Some(3))), (span("T", 3), stood(None))], Some(3));
    place.history.count_day((&mail(), RunId(2), "site"), day(3), &[], &next).unwrap();
    assert_eq!(place.history.names_of_counts(&mail(), "site").unwrap(), next);
    let at = |on: u32| day(on).and_hms_opt(12, 0, 0).unwrap().and_utc();
    place.history.prune_lines(&place.lock, at(3)).unwrap();
    assert_eq!(place.history.names_of_counts(&mail(), "site").unwrap(), next, "a peak may ask for it");
    place.history.prune_lines(&place.lock, at(4)).unwrap();
    let left = place.history.names_of_counts(&mail(), "site").unwrap();
    assert_eq!(left.spans.into_keys().collect::<Vec<_>>(), [span("T", 3)]);
    assert!(left.customers.is_empty());
}

/// Otherwise the items of one product would be one line to the guards, and to the last guard against a second creation.
#[test]
fn items_of_a_product_are_told_apart_in_every_table() {
    let mut place = Place::new();
    let of = |item: &str, was, wanted| {
        let number = i64::try_from(item.len()).unwrap();
        LineRecord {
            handle: item.to_owned(),
            agreement: Some(AgreementId(10)),
            addition: Some(AdditionId(100 + number)),
            item: Some(ItemName::new(item)),
            ..line(1, was, wanted)
        }
    };
    let item = |item: &str| LineKey { item: Some(ItemName::new(item)), ..key(10, "FILTER") };
    let run = place.night(RunCommand::Run, &plan(0, vec![of("a.com", 1, 0), of("bb.com", 1, 0), of("ccc.com", 1, 1)]));
    let next = place.begin(RunCommand::Run);
    let past = place.history.past(&mail(), next).unwrap();
    assert_eq!(past.zero_before.into_keys().collect::<Vec<_>>(), [item("a.com"), item("bb.com")]);
    let seen = past.accepted.unwrap().lines;
    assert_eq!(seen.get(&item("ccc.com")), Some(&AdditionId(107)));
    assert_eq!(place.history.run(run).unwrap().unwrap().planned.unwrap().lines[0].item, Some(ItemName::new("a.com")));
    let creation = |key: LineKey| Intent {
        key,
        kind: IntentKind::Create {
            product: ProductId(7),
            quantity: units(1),
            effective_on: day(1),
            before: Vec::new(),
        },
    };
    place.write(next, &creation(item("a.com")));
    place.write(next, &creation(item("bb.com")));
    let again = place.history.intent(&place.lock, next, &creation(item("A.com")), noon());
    assert!(matches!(again, Err(StoreError::CreationOpen { .. })), "{again:?}");
    let open = place.history.open_writes(&mail()).unwrap();
    assert_eq!(open.iter().map(|open| open.intent.key.clone()).collect::<Vec<_>>(), [item("a.com"), item("bb.com")]);
    assert_eq!(place.history.verify_journal().unwrap().rows, 2);
}

/// Otherwise a vendor that changes the case of its names would make every line a new one: what a person ended would be
/// created anew, and the second night of a zero would be the first for ever.
#[test]
fn an_item_that_is_respelled_is_the_item_of_the_night_before() {
    let mut place = Place::new();
    let of = |item: &str, addition, wanted| LineRecord {
        handle: item.to_owned(),
        agreement: Some(AgreementId(10)),
        addition,
        item: Some(ItemName::new(item)),
        ..line(1, 1, wanted)
    };
    let there = |id| Some(AdditionId(id));
    let item = |item: &str| LineKey { item: Some(ItemName::new(item)), ..key(10, "FILTER") };
    let past = |place: &mut Place| {
        let next = place.begin(RunCommand::Run);
        place.history.past(&mail(), next).unwrap()
    };
    place.night(RunCommand::Run, &plan(0, vec![of("A.com", there(101), 0), of("B.com", there(102), 1)]));
    place.night(RunCommand::Run, &plan(24, vec![of("a.COM", there(101), 0), of("b.com", None, 1)]));
    let known = past(&mut place);
    assert_eq!(known.ours, [(item("b.com"), AdditionId(102))].into(), "ended, not respelled");
    let first = &known.zero_before[&item("a.com")];
    assert_eq!((known.zero_before.len(), first.modified_at), (1, noon()));
    place.night(RunCommand::Run, &plan(48, vec![of("a.com", there(101), 1)]));
    assert!(past(&mut place).zero_before.is_empty(), "it is used again");
}
