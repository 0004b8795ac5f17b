//! Service tickets: each is on the disk before it is asked for, so that no crash opens a second one.

use chrono::{DateTime, Utc};
use rusqlite::{Row, params};

use crate::history::store::column_values::{integer, maybe_time, time, time_text, word};
use crate::history::store::error::StoreError;
use crate::history::store::open::History;
use crate::history::store::rows::rows;
use crate::history::store::run_lock::RunLock;
use crate::reconcile::model::ids::{CustomerName, IntegrationName, RunId, TicketId, TicketRef};
use crate::reconcile::model::ticket_kind::TicketKind;
use crate::reconcile::words::words;

/// One ticket of one matter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TicketRecord {
    /// Our number of it; 0 until it is stored.
    pub number: i64,
    /// Whose matter.
    pub integration: IntegrationName,
    /// What kind of matter.
    pub kind: TicketKind,
    /// The matter's handle; empty for one of the whole night.
    pub handle: String,
    /// How often the matter came up, from 1.
    pub occurrence: i64,
    /// By which ConnectWise finds it.
    pub reference: TicketRef,
    /// The run that asked for it.
    pub run: RunId,
    /// The board that it was asked for on, and in which ConnectWise; `None` in old histories.
    pub place: Option<String>,
    /// That ConnectWise: its host, and the login company; `None` in old histories.
    pub site: Option<String>,
    /// Its summary.
    pub about: String,
    /// What is known of it.
    pub state: TicketState,
    /// ConnectWise's number, once it is known.
    pub ticket: Option<TicketId>,
    /// When it was about to be asked for.
    pub intended_at: DateTime<Utc>,
    /// When the last text was about to be put on it.
    pub noted_at: DateTime<Utc>,
    /// The run that found the matter settled.
    pub settled_run: Option<RunId>,
    /// When it was done with.
    pub ended_at: Option<DateTime<Utc>>,
    /// Why it ended as it did, or why it is not known.
    pub why: Option<String>,
    /// The matter's reason and, a line each, its commands, as the last text on it named them; `None` in old histories, and
    /// empty where nobody knows what it says.
    pub told: Option<String>,
}

words! {
    /// What is known of a ticket.
    TicketState {
        /// It was about to be asked for; whether ConnectWise has it has to be looked up.
        Intended = "intended",
        /// ConnectWise has it.
        Open = "open",
        /// A person closed or deleted it while the matter goes on: nothing more is done, and no second one is opened.
        Dismissed = "dismissed",
        /// The matter is settled, and the ticket closed.
        Closed = "closed",
        /// The matter is settled, and the ticket left as it is.
        Left = "left",
        /// ConnectWise does not have it.
        Dropped = "dropped",
    }
}

/// One thing that a run did about tickets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TicketEvent {
    /// What.
    pub what: TicketAction,
    /// To which ticket.
    pub ticket: Option<TicketId>,
    /// A sentence, or the matter.
    pub said: String,
}

words! {
    /// What a run did about a ticket.
    TicketAction {
        /// Opened it.
        Opened = "opened",
        /// Found it again, instead of opening another.
        Found = "found",
        /// Added a note.
        Noted = "noted",
        /// Closed it, or found it closed.
        Closed = "closed",
        /// Left it to people.
        Left = "left",
        /// Could not do what it should.
        Trouble = "trouble",
    }
}

impl History {
    /// The tickets that are not done with, oldest first: of one integration, or of all.
    pub fn live_tickets(&self, integration: Option<&IntegrationName>) -> Result<Vec<TicketRecord>, StoreError> {
        let sql = format!("SELECT * FROM tickets WHERE {LIVE} AND (?1 IS NULL OR integration = ?1) ORDER BY number");
        self.rows(&sql, [integration.map(IntegrationName::as_str)], record)
    }

    /// The last ticket of a matter that is done with: that of its last occurrence.
    pub fn last_ticket(
        &self,
        integration: &IntegrationName,
        kind: TicketKind,
        handle: &str,
    ) -> Result<Option<TicketRecord>, StoreError> {
        let sql = "SELECT * FROM tickets WHERE integration = ?1 AND kind = ?2 AND handle = ?3
                   AND state IN ('closed', 'left') ORDER BY occurrence DESC, number DESC LIMIT 1";
        let matter = params![integration.as_str(), kind.as_str(), handle];
        self.first(sql, matter, record)
    }

    /// Whether the last ticket of a matter that was asked for is none: ConnectWise did not take it.
    pub fn was_dropped(
        &self,
        integration: &IntegrationName,
        kind: TicketKind,
        handle: &str,
    ) -> Result<bool, StoreError> {
        let sql =
            "SELECT * FROM tickets WHERE integration = ?1 AND kind = ?2 AND handle = ?3 ORDER BY number DESC LIMIT 1";
        let matter = params![integration.as_str(), kind.as_str(), handle];
        let last = self.first(sql, matter, record)?;
        Ok(last.is_some_and(|last| last.state == TicketState::Dropped))
    }

    /// The customer of an open item, as a run found it; `None` if it is about none, or the run's findings are pruned.
    pub fn customer_of_item(&self, run: RunId, handle: &str) -> Result<Option<CustomerName>, StoreError> {
        let sql = "SELECT customer FROM findings WHERE run = ?1 AND handle = ?2 ORDER BY position LIMIT 1";
        let found: Option<Option<String>> = self.first(sql, params![run.0, handle], |row| Ok(row.get(0)?))?;
        Ok(found.flatten().map(|name| CustomerName::new(&name)))
    }

    /// Puts a ticket on the disk before it is asked for, and gives its number.
    ///
    /// # Errors
    /// When it cannot be stored; then it must not be asked for. A matter that has a live one takes no second.
    pub fn intend_ticket(&mut self, _lock: &RunLock, new: &TicketRecord) -> Result<i64, StoreError> {
        self.write(|transaction| {
            transaction.execute(
                "INSERT INTO tickets (integration, kind, handle, occurrence, reference, run, about, state, ticket,
                                      intended_at, noted_at, place, site, told)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
                params![
                    new.integration.as_str(),
                    new.kind.as_str(),
                    new.handle,
                    new.occurrence,
                    new.reference.as_str(),
                    new.run.0,
                    new.about,
                    new.state.as_str(),
                    new.ticket.map(|ticket| ticket.0),
                    time_text(new.intended_at),
                    time_text(new.noted_at),
                    new.place,
                    new.site,
                    new.told,
                ],
            )?;
            Ok(transaction.last_insert_rowid())
        })
    }

    /// Stores what is known of a ticket by now.
    pub fn keep_ticket(&mut self, record: &TicketRecord) -> Result<(), StoreError> {
        let TicketRecord { number, state, ticket, noted_at, settled_run, ended_at, why, told, .. } = record;
        self.execute(
            "UPDATE tickets SET state = ?2, ticket = ?3, noted_at = ?4, settled_run = ?5, ended_at = ?6, why = ?7,
                                    told = ?8
                 WHERE number = ?1",
            params![
                number,
                state.as_str(),
                ticket.map(|ticket| ticket.0),
                time_text(*noted_at),
                settled_run.map(|run| run.0),
                ended_at.map(time_text),
                why,
                told,
            ],
        )
        .map(drop)
    }

    /// Stores what a run did about tickets.
    pub fn log_tickets(&mut self, run: RunId, events: &[TicketEvent]) -> Result<(), StoreError> {
        self.write(|transaction| {
            let told = "SELECT coalesce(max(position) + 1, 0) FROM ticket_events WHERE run = ?1";
            let told: i64 = transaction.query_row(told, [run.0], |row| row.get(0))?;
            let mut insert = transaction.prepare_cached(
                "INSERT INTO ticket_events (run, position, event, ticket, said) VALUES (?1, ?2, ?3, ?4, ?5)",
            )?;
            for (position, TicketEvent { what, ticket, said }) in events.iter().enumerate() {
                let ticket = ticket.map(|ticket| ticket.0);
                insert.execute(params![run.0, told + integer(position), what.as_str(), ticket, said])?;
            }
            Ok(())
        })
    }

    /// What the newest run of an integration that did anything about tickets did.
    pub fn ticket_events(
        &self,
        integration: &IntegrationName,
    ) -> Result<Option<(RunId, Vec<TicketEvent>)>, StoreError> {
        let sql = "SELECT max(e.run) FROM ticket_events AS e JOIN runs AS r ON r.run = e.run WHERE r.integration = ?1";
        self.read(|connection| {
            let run: Option<i64> = connection.query_row(sql, [integration.as_str()], |row| row.get(0))?;
            let Some(run) = run else { return Ok(None) };
            let sql = "SELECT * FROM ticket_events WHERE run = ?1 ORDER BY position";
            Ok(Some((RunId(run), rows(connection, sql, [run], event)?)))
        })
    }
}

const LIVE: &str = "state IN ('intended', 'open', 'dismissed')";

fn record(row: &Row<'_>) -> Result<TicketRecord, StoreError> {
    Ok(TicketRecord {
        number: row.get("number")?,
        integration: IntegrationName::new(&row.get::<_, String>("integration")?),
        kind: word(row, "kind", TicketKind::from_word)?,
        handle: row.get("handle")?,
        occurrence: row.get("occurrence")?,
        reference: TicketRef::new(&row.get::<_, String>("reference")?),
        run: RunId(row.get("run")?),
        place: row.get("place")?,
        site: row.get("site")?,
        about: row.get("about")?,
        state: word(row, "state", TicketState::from_word)?,
        ticket: row.get::<_, Option<i64>>("ticket")?.map(TicketId),
        intended_at: time(row, "intended_at")?,
        noted_at: time(row, "noted_at")?,
        settled_run: row.get::<_, Option<i64>>("settled_run")?.map(RunId),
        ended_at: maybe_time(row, "ended_at")?,
        why: row.get("why")?,
        told: row.get("told")?,
    })
}

fn event(row: &Row<'_>) -> Result<TicketEvent, StoreError> {
    Ok(TicketEvent {
        what: word(row, "event", TicketAction::from_word)?,
        ticket: row.get::<_, Option<i64>>("ticket")?.map(TicketId),
        said: row.get("said")?,
    })
}
