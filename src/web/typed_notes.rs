//! Notes that somebody typed before they had to sign in again. They are kept in memory for an hour, so that none stands in an
//! address: those land in the logs of proxies, and a note may hold a customer's name.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

use crate::web::access::browser_tokens::Token;

/// How long one is kept.
const LASTS: TimeDelta = TimeDelta::hours(1);
/// As many are kept; then the oldest goes. Its person has read it on the page that asked to sign in.
const MOST: usize = 200;

/// The notes of one door.
#[derive(Clone, Default)]
pub(crate) struct TypedNotes(Arc<Mutex<VecDeque<TypedNote>>>);

struct TypedNote {
    key: String,
    at: DateTime<Utc>,
    note: String,
}

impl TypedNotes {
    /// Keeps a note, and says by which key an address finds it. Nothing is kept of an empty one.
    pub(crate) fn keep(&self, note: &str, at: DateTime<Utc>) -> Option<String> {
        let key = Token::random().ok().filter(|_| !note.is_empty())?.reveal().to_owned();
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|one| is_young(one, at));
        if kept.len() >= MOST {
            kept.pop_front();
        }
        kept.push_back(TypedNote { key: key.clone(), at, note: note.to_owned() });
        Some(key)
    }

    /// The note of this key, if it is still kept.
    pub(crate) fn of(&self, key: &str, now: DateTime<Utc>) -> Option<String> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter().find(|one| one.key == key && is_young(one, now)).map(|one| one.note.clone())
    }
}

fn is_young(one: &TypedNote, now: DateTime<Utc>) -> bool {
    now.signed_duration_since(one.at) < LASTS
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Otherwise whoever sends forms without a session fills the memory, or reads tomorrow what was typed today.
    #[test]
    fn a_note_is_kept_for_an_hour_and_never_too_many() {
        let (notes, at) = (TypedNotes::default(), "2026-11-29T20:00:00Z".parse::<DateTime<Utc>>().unwrap());
        assert_eq!(notes.keep("", at), None);
        let first = notes.keep("asked Acme", at).unwrap();
        assert_eq!(notes.of(&first, at + TimeDelta::minutes(59)).as_deref(), Some("asked Acme"));
        assert_eq!(notes.of(&first, at + LASTS), None);
        assert_eq!(notes.of("", at), None);
        for _ in 1..MOST {
            notes.keep("another", at).unwrap();
        }
        assert!(notes.of(&first, at).is_some());
        let last = notes.keep("the last", at).unwrap();
        assert_eq!((notes.of(&first, at), notes.of(&last, at).as_deref()), (None, Some("the last")));
    }
}
