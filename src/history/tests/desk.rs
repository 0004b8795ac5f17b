//! People, sessions and deeds of the desk.

use chrono::{DateTime, TimeDelta, Utc};

use crate::history::desk::events::{DeskEvent, EventFilter};
use crate::history::desk::password_attempts::{Attempt, FREE};
use crate::history::desk::people::Role;
use crate::history::desk::sessions::SessionPart;
use crate::history::store::open::History;
use crate::history::tests::{Place, noon};

fn beside(place: &Place) -> History {
    History::open_beside(&place.state).unwrap().unwrap()
}

fn is_counted(history: &mut History, subject: &str, now: DateTime<Utc>) -> bool {
    matches!(history.attempt(&[subject], now).unwrap(), Attempt::Counted(_))
}

/// Otherwise who comes in by password and code waits for their own password; or a right password lets guess on.
#[test]
fn an_attempt_that_is_taken_back_leaves_what_was_there() {
    let place = Place::new();
    let mut history = beside(&place);
    let now = noon();
    for _ in 0..FREE {
        assert!(is_counted(&mut history, "account dana", now));
    }
    let later = now + TimeDelta::minutes(1);
    let Attempt::Counted(right) = history.attempt(&["account dana", "address x"], later).unwrap() else {
        panic!("it waits longer than a minute")
    };
    history.take_attempt_back(&right).unwrap();
    assert!(is_counted(&mut history, "account dana", later), "the right one began a wait");
    let until = later + TimeDelta::minutes(2);
    assert_eq!(history.attempt(&["account dana"], later).unwrap(), Attempt::Wait(until), "those before are forgotten");
}

/// Otherwise a clock that was wrong once keeps people out until it would have been right.
#[test]
fn attempts_of_a_clock_that_was_ahead_keep_nobody_out() {
    let place = Place::new();
    let mut history = beside(&place);
    for _ in 0..FREE {
        assert!(is_counted(&mut history, "account dana", noon() + TimeDelta::days(300)));
    }
    assert!(is_counted(&mut history, "account dana", noon()));
}

/// Otherwise a password could be guessed by a program, or somebody who mistypes be kept out for a day.
#[test]
fn waiting_grows_and_is_forgotten() {
    let place = Place::new();
    let mut history = beside(&place);
    let mut now = noon();
    for _ in 0..FREE {
        assert!(is_counted(&mut history, "account dana", now));
    }
    for minutes in [1, 2, 4, 8, 15, 15] {
        let until = now + TimeDelta::minutes(minutes);
        assert_eq!(history.attempt(&["account dana"], now).unwrap(), Attempt::Wait(until));
        assert!(is_counted(&mut history, "account priya", now), "others do not wait");
        history.forgive(&["account priya"]).unwrap();
        now = until;
        assert!(is_counted(&mut history, "account dana", now));
    }
    now += TimeDelta::days(1);
    assert!(is_counted(&mut history, "account dana", now));
    assert!(is_counted(&mut history, "account dana", now), "a day forgives");
}

/// Otherwise a sign-in that began before a password was taken away would end after it, with a session.
#[test]
fn a_session_begins_only_with_the_password_that_is_there() {
    let place = Place::new();
    let mut history = beside(&place);
    let (now, ends) = (noon(), noon() + TimeDelta::hours(12));
    assert!(history.add_person("dana", Role::Operator, now).unwrap());
    assert!(!history.add_person("dana", Role::Admin, now).unwrap());
    assert!(history.invite("dana", [1; 32], ends).unwrap());
    assert_eq!(history.choose_password(&[2; 32], "hash", now).unwrap(), None);
    assert_eq!(history.choose_password(&[1; 32], "hash", ends).unwrap(), None, "a link that is over");
    assert_eq!(history.choose_password(&[1; 32], "hash", now).unwrap().as_deref(), Some("dana"));
    assert!(!history.begin_session(SessionPart::Whole, ("dana", "other"), &[3; 32], (now, ends)).unwrap());
    assert!(history.begin_session(SessionPart::Whole, ("dana", "hash"), &[3; 32], (now, ends)).unwrap());
    assert_eq!(history.session_owner(&[3; 32], now).unwrap().map(|owner| owner.role), Some(Role::Operator));
    assert_eq!(history.session_owner(&[3; 32], ends).unwrap(), None, "a session that is over");
    history.invite("dana", [4; 32], ends).unwrap();
    assert_eq!(history.session_owner(&[3; 32], now).unwrap(), None);
    assert!(
        !history.begin_session(SessionPart::Whole, ("dana", "hash"), &[5; 32], (now, ends)).unwrap(),
        "the password was taken away"
    );
}

/// Otherwise whoever did something could take it out of the audit.
#[test]
fn deeds_are_only_ever_added() {
    let place = Place::new();
    let mut history = beside(&place);
    let event = DeskEvent {
        at: noon(),
        person: "dana".to_owned(),
        address: "192.0.2.9".to_owned(),
        deed: "accepted".to_owned(),
        about: "a7kx Acme".to_owned(),
        refused: false,
        said: "retired".to_owned(),
    };
    history.note_desk_event(&event).unwrap();
    history.note_desk_event(&DeskEvent { person: "priya".to_owned(), ..event.clone() }).unwrap();
    assert_eq!(
        history.desk_events(&EventFilter { text: "DANA", ..EventFilter::default() }, None, 10).unwrap(),
        [(1, event.clone())]
    );
    assert_eq!(history.desk_events(&EventFilter::default(), Some(2), 10).unwrap(), [(1, event)]);
    for sql in [
        "UPDATE desk_events SET said = ''",
        "DELETE FROM desk_events",
        "REPLACE INTO desk_events SELECT * FROM desk_events",
    ] {
        assert!(history.connection.execute(sql, []).is_err(), "{sql}");
    }
}
