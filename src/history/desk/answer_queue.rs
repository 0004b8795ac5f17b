//! Answers that were given while a run held the lock. They wait here for its end.

use chrono::{DateTime, NaiveDate, Utc};
use rusqlite::{Row, params};

use crate::history::store::column_values::{maybe_day, time, time_text, word};
use crate::history::store::error::StoreError;
use crate::history::store::open::History;
use crate::reconcile::model::decision::answer_as_shown;
use crate::reconcile::model::plan::outcome::AnswerVerb;

/// An answer that waits for the end of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueuedAnswer {
    /// When it was given.
    pub at: DateTime<Utc>,
    /// By whom.
    pub who: String,
    /// What.
    pub verb: AnswerVerb,
    /// To what.
    pub handle: String,
    /// What the page showed of it.
    pub shown: Option<String>,
    /// The last day on which it holds.
    pub until: Option<NaiveDate>,
    /// Why.
    pub note: String,
}

impl QueuedAnswer {
    /// What a page shows of it, and the form that takes it back carries.
    pub fn as_shown(&self) -> String {
        answer_as_shown(self.verb, self.at, &self.who)
    }
}

impl History {
    /// Lets answers wait.
    pub fn queue_answers(&mut self, answers: &[QueuedAnswer]) -> Result<(), StoreError> {
        self.write(|transaction| {
            for QueuedAnswer { at, who, verb, handle, shown, until, note } in answers {
                transaction.execute(
                    "INSERT INTO queued_answers (at, who, verb, handle, shown, until, note)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                    params![time_text(*at), who, verb.as_str(), handle, shown, until.map(|day| day.to_string()), note],
                )?;
            }
            Ok(())
        })
    }

    /// Those that wait, in the order in which they were given, with their numbers.
    pub fn queued_answers(&self) -> Result<Vec<(i64, QueuedAnswer)>, StoreError> {
        let sql = "SELECT * FROM queued_answers ORDER BY answer";
        self.rows(sql, [], queued)
    }

    /// Forgets one that was stored, refused or taken back.
    pub fn forget_queued(&mut self, answer: i64) -> Result<(), StoreError> {
        self.execute("DELETE FROM queued_answers WHERE answer = ?1", [answer]).map(drop)
    }
}

fn queued(row: &Row<'_>) -> Result<(i64, QueuedAnswer), StoreError> {
    let answer = QueuedAnswer {
        at: time(row, "at")?,
        who: row.get("who")?,
        verb: word(row, "verb", AnswerVerb::from_word)?,
        handle: row.get("handle")?,
        shown: row.get("shown")?,
        until: maybe_day(row, "until")?,
        note: row.get("note")?,
    };
    Ok((row.get("answer")?, answer))
}
