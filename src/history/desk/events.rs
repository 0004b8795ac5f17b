//! What was done on the desk, and what was refused there.

use chrono::{DateTime, Utc};
use rusqlite::{Row, params};

use crate::history::store::column_values::{integer, time, time_text};
use crate::history::store::error::StoreError;
use crate::history::store::open::History;
use crate::history::store::rows::first;

/// One deed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeskEvent {
    /// When.
    pub at: DateTime<Utc>,
    /// Who, as signed in; at a sign-in as typed.
    pub person: String,
    /// From which address.
    pub address: String,
    /// What was asked for, in a word.
    pub deed: String,
    /// What it is about.
    pub about: String,
    /// Whether it was refused.
    pub refused: bool,
    /// The note of an answer; why it was refused.
    pub said: String,
}

/// Which deeds are asked for.
#[derive(Debug, Clone, Copy, Default)]
pub struct EventFilter<'a> {
    /// With this text in them.
    pub text: &'a str,
    /// Only those that were refused.
    pub refused: bool,
    /// Before this instant.
    pub until: Option<DateTime<Utc>>,
}

impl History {
    /// Notes a deed.
    pub fn note_desk_event(&mut self, event: &DeskEvent) -> Result<(), StoreError> {
        let DeskEvent { at, person, address, deed, about, refused, said } = event;
        self.execute(
            "INSERT INTO desk_events (event, at, person, address, deed, about, refused, said)
                 VALUES ((SELECT coalesce(max(event), 0) + 1 FROM desk_events), ?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            params![time_text(*at), person, address, deed, about, refused, said],
        )
        .map(drop)
    }

    /// Deeds that pass, newest first, older than this number; with their numbers.
    pub fn desk_events(
        &self,
        filter: &EventFilter<'_>,
        before: Option<i64>,
        limit: usize,
    ) -> Result<Vec<(i64, DeskEvent)>, StoreError> {
        let EventFilter { text, refused, until } = filter;
        let sql = "SELECT * FROM desk_events WHERE event < coalesce(?2, event + 1) AND (?1 = ''
                       OR instr(lower(person || ' ' || deed || ' ' || about || ' ' || said), lower(?1)) > 0)
                       AND refused >= ?4 AND at < coalesce(?5, at || 'x')
                   ORDER BY event DESC LIMIT ?3";
        let bounds = params![text, before, integer(limit), refused, until.map(time_text)];
        self.rows(sql, bounds, event)
    }

    /// The last deed of this kind about this.
    pub fn last_desk_event(&self, deed: &str, about: &str) -> Result<Option<DeskEvent>, StoreError> {
        self.read(|connection| {
            let sql = "SELECT * FROM desk_events WHERE deed = ?1 AND about = ?2 ORDER BY event DESC LIMIT 1";
            let found = first(connection, sql, params![deed, about], event)?;
            Ok(found.map(|(_, event)| event))
        })
    }
}

fn event(row: &Row<'_>) -> Result<(i64, DeskEvent), StoreError> {
    let event = DeskEvent {
        at: time(row, "at")?,
        person: row.get("person")?,
        address: row.get("address")?,
        deed: row.get("deed")?,
        about: row.get("about")?,
        refused: row.get("refused")?,
        said: row.get("said")?,
    };
    Ok((row.get("event")?, event))
}
