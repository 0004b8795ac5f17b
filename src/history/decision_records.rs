//! The table of decisions: answers are only ever added, and the last one to each matter counts.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use rusqlite::{Connection, Row, Transaction, params};

use crate::history::plan_lines;
use crate::history::run_record::{LineRecord, are_former};
use crate::history::store::column_values::{
    count, integer, line_key, maybe_day, maybe_quantity, maybe_time, named, named_text, time, time_text, word,
};
use crate::history::store::decision_chain;
use crate::history::store::error::StoreError;
use crate::history::store::open::History;
use crate::history::store::rows::{first, rows};
use crate::history::store::run_lock::RunLock;
use crate::reconcile::model::decision::{Decision, DecisionSubject, Decisions, SeenLine};
use crate::reconcile::model::ids::{AdditionId, AgreementId, CustomerName, IntegrationName, RunId, ServiceName};
use crate::reconcile::model::past::ExportStamp;
use crate::reconcile::model::plan::finding::{Finding, finding};
use crate::reconcile::model::plan::line::LineKey;
use crate::reconcile::model::plan::outcome::AnswerVerb;
use crate::reconcile::model::plan::reason_code::{Code, Severity};

impl History {
    /// Stores an answer to a matter of an integration, as the report of `run` showed it. A [`AnswerVerb::Reopen`] takes the
    /// last one back.
    ///
    /// # Errors
    /// When it cannot be stored; then nothing was decided.
    #[expect(clippy::too_many_arguments, reason = "all that is stored of one answer")]
    pub fn decide(
        &mut self,
        _lock: &RunLock,
        integration: &IntegrationName,
        run: RunId,
        matter: &DecisionSubject,
        decision: &Decision,
    ) -> Result<(), StoreError> {
        let Decision { handle, verb, until, note, who, at, reason, seen, named, within, spent: _, unmapped: _ } =
            decision;
        let (kind, agreement, product, customer, service) = columns_of(matter);
        let item = match matter {
            DecisionSubject::Line(_, _, item) | DecisionSubject::LeftBehind(_, _, item, _) => item.as_deref(),
            _ => None,
        };
        self.write(|transaction| {
            transaction
                .prepare_cached(
                    "INSERT INTO decisions (decision, integration, kind, agreement, product, customer, service, handle, verb,
                            until, note, who, at, run, reason, addition, was, wanted, item, within, named, journal)
                 VALUES ((SELECT coalesce(max(decision), 0) + 1 FROM decisions), ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9,
                         ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, (SELECT coalesce(max(seq), 0) FROM journal))",
                )?
                .execute(params![
                    integration.as_str(),
                    kind,
                    agreement,
                    product,
                    customer,
                    service,
                    handle,
                    verb.as_str(),
                    until.map(|day| day.to_string()),
                    note,
                    who,
                    time_text(at.to_utc()),
                    run.0,
                    reason.as_str(),
                    seen.and_then(|seen| seen.addition).map(|id| id.0),
                    seen.and_then(|seen| seen.was).map(|units| units.to_string()),
                    seen.and_then(|seen| seen.wanted).map(|units| units.to_string()),
                    item,
                    within.map(|units| units.to_string()),
                    named.as_ref().map(named_text),
                ])?;
            decision_chain::append(transaction, run, at.to_utc())
        })
    }

    /// Ends every accepted step, so that it is asked anew: a history that was put back cannot know which were taken since.
    pub fn ask_anew(&mut self, _lock: &RunLock) -> Result<(), StoreError> {
        self.execute(
            "INSERT OR IGNORE INTO lapsed_answers SELECT decision, run FROM decisions WHERE verb = 'accept'",
            [],
        )
        .map(drop)
    }

    /// The last answer to each matter of an integration.
    pub fn decisions(&self, integration: &IntegrationName) -> Result<Decisions, StoreError> {
        self.read(|connection| decisions(connection, integration, None))
    }

    /// How many items were answered since an instant: an answer that was given and taken back again is none.
    pub fn answers_since(&self, integration: &IntegrationName, since: DateTime<Utc>) -> Result<usize, StoreError> {
        self.read(|connection| {
            let last = |of: &str| {
                format!(
                    "coalesce((SELECT verb FROM decisions WHERE integration = d.integration AND handle = d.handle {of}
                               ORDER BY decision DESC LIMIT 1), 'reopen')"
                )
            };
            let sql = format!(
                "SELECT count(DISTINCT handle) AS answers FROM decisions AS d WHERE integration = ?1 AND at >= ?2
                 AND NOT ({} = 'reopen' AND {} = 'reopen')",
                last(""),
                last("AND at < ?2")
            );
            connection
                .query_row(&sql, params![integration.as_str(), time_text(since)], |row| Ok(count(row, "answers")))?
        })
    }

    /// Every answer to a handle, newest first, those that were taken back as well.
    pub fn answers_to(&self, handle: &str, limit: usize) -> Result<Vec<Decision>, StoreError> {
        let sql = format!("{ANSWERS} WHERE handle = ?1 ORDER BY decision DESC LIMIT ?2");
        self.rows(&sql, params![handle, integer(limit)], decision)
    }
}

/// Answers, each with whether it has lapsed, and when what it was shown was changed last.
const ANSWERS: &str = "SELECT *, decision IN (SELECT decision FROM lapsed_answers) AS lapsed,
    (SELECT shown.changed_at FROM lines AS shown WHERE shown.run = d.run AND shown.handle = d.handle) AS changed_at,
    (SELECT shown.sources FROM lines AS shown WHERE shown.run = d.run AND shown.handle = d.handle) AS sources
    FROM decisions AS d";

/// See [`History::decisions`]; for a run without the accepted steps that another ConnectWise than its own showed.
pub(super) fn decisions(
    connection: &Connection,
    integration: &IntegrationName,
    of: Option<RunId>,
) -> Result<Decisions, StoreError> {
    let mut statement = connection.prepare_cached(&format!(
        "{ANSWERS} WHERE integration = ?1
             AND NOT (verb = 'accept' AND coalesce((SELECT seen.site <> own.site FROM runs AS seen, runs AS own
                                                    WHERE seen.run = d.run AND own.run = ?2), 0))
         ORDER BY decision"
    ))?;
    let (mut answers, mut begun_after) = (Decisions::default(), BTreeMap::new());
    for row in statement.query_and_then(params![integration.as_str(), of.map(|run| run.0)], |row| {
        Ok::<_, StoreError>((matter(row)?, decision(row)?, row.get("journal")?))
    })? {
        let (matter, decision, journal) = row?;
        match decision.verb {
            AnswerVerb::Reopen => _ = answers.0.remove(&matter),
            _ => {
                begun_after.insert(matter.clone(), journal);
                answers.add(matter, decision);
            }
        }
    }
    // Of an accepted step that is over it is told that it was taken; what was kept or ignored is open again.
    answers.0.retain(|_, decision| decision.verb == AnswerVerb::Accept || !decision.spent);
    for (matter, decision) in answers.0.iter_mut().filter(|(_, decision)| decision.verb == AnswerVerb::Accept) {
        let journal = begun_after.get(matter).copied().unwrap_or_default();
        decision.spent = decision.spent || written_since(connection, integration, matter, journal)?;
    }
    Ok(answers)
}

/// See [`crate::reconcile::model::past::Past::let_be`].
pub(super) fn let_be(
    connection: &Connection,
    integration: &IntegrationName,
) -> Result<BTreeMap<LineKey, BTreeSet<AdditionId>>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT DISTINCT agreement, product, item, addition, named FROM decisions
         WHERE integration = ?1 AND kind = 'line' AND reason = 'line-left-behind'",
    )?;
    let mut let_be: BTreeMap<LineKey, BTreeSet<AdditionId>> = BTreeMap::new();
    for answered in statement.query_and_then([integration.as_str()], |row| {
        Ok::<_, StoreError>((line_key(row)?.folded().into_owned(), left_addition(row)?))
    })? {
        let (key, addition) = answered?;
        let_be.entry(key).or_default().extend(addition);
    }
    Ok(let_be)
}

/// Ends the answers that an export which was accepted no longer asks for: the same step of a later day is another question.
/// Gives what is told of those that this run followed still.
pub(super) fn lapse(
    transaction: &Transaction<'_>,
    integration: &IntegrationName,
    run: RunId,
    lines: &[LineRecord],
) -> Result<Vec<Finding>, StoreError> {
    let mut told = Vec::new();
    let answers = decisions(transaction, integration, Some(run))?;
    let open = answers.0.iter().filter(|(_, decision)| !decision.spent);
    let shown: BTreeMap<DecisionSubject, &LineRecord> =
        lines.iter().filter_map(|line| Some((DecisionSubject::line(&line.key()?), line))).collect();
    let mut insert = transaction.prepare_cached(
        "INSERT OR IGNORE INTO lapsed_answers
         SELECT max(decision), ?3 FROM decisions WHERE integration = ?1 AND handle = ?2 AND verb = ?4
             AND (reason = 'line-left-behind') = ?5 AND (NOT ?5 OR addition IS ?6)
         HAVING max(decision) IS NOT NULL",
    )?;
    for (matter, decision) in open {
        let line = shown.get(&matter.as_line()).copied();
        // What was said of a line waits while an addition is asked about that was it before.
        let is_line = matches!(matter, DecisionSubject::Line(..));
        if is_line && line.is_some_and(|line| line.reason == Code::LineLeftBehind && !line.is_unwanted()) {
            continue;
        }
        let is_left = decision.reason == Code::LineLeftBehind;
        let over = match decision.verb {
            AnswerVerb::Accept => !line.is_some_and(|line| decision.is_asked_by(line.was, line.wanted)),
            _ if decision.unmapped && is_left && line.is_some_and(is_wanted) => true,
            _ => match line.filter(|line| is_past(decision, line)) {
                Some(line) if decision.needs_two_nights(line.outcome) => {
                    was_past_before(transaction, integration, run, decision)?
                }
                past => past.is_some(),
            },
        };
        if over {
            let addition = decision.seen.and_then(|seen| seen.addition).map(|id| id.0);
            let (verb, handle) = (decision.verb.as_str(), &decision.handle);
            insert.execute(params![integration.as_str(), handle, run.0, verb, is_left, addition])?;
            let followed = line.filter(|line| matches!(line.reason, Code::Kept | Code::Ignored));
            told.extend(followed.map(|line| {
                let about = finding(Severity::Warning, Code::DecisionExpired, String::new());
                decision.ends_after(&about.about_line(&line.handle, &line.sources), (line.was, line.wanted))
            }));
        }
    }
    Ok(told)
}

fn is_past(decision: &Decision, line: &LineRecord) -> bool {
    decision.is_past(line.addition, line.wanted, (line.outcome, line.reason))
}

/// Whether the mapping wants a line.
fn is_wanted(line: &LineRecord) -> bool {
    line.sources.iter().any(|source| !source.is_former)
}

/// Whether the export of the night before did not ask for what was answered either: a mistyped count of one night ends no
/// answer. The unchanged lines of an older night are not kept.
fn was_past_before(
    transaction: &Transaction<'_>,
    integration: &IntegrationName,
    run: RunId,
    decision: &Decision,
) -> Result<bool, StoreError> {
    let mut accepted = transaction.prepare_cached(
        "SELECT run, export_path, export_sha256, export_modified_at FROM runs
         WHERE integration = ?1 AND run <= ?2
             AND (run = ?2 OR accepted = 1 AND command <> 'plan' AND undoes IS NULL)
         ORDER BY run DESC",
    )?;
    let mut nights = accepted.query_and_then(params![integration.as_str(), run.0], |row| {
        let (path, sha256) = (row.get("export_path")?, row.get("export_sha256")?);
        let stamp = ExportStamp { path, sha256, modified_at: time(row, "export_modified_at")? };
        Ok::<_, StoreError>((row.get::<_, i64>("run")?, stamp))
    })?;
    let Some((_, own)) = nights.next().transpose()? else { return Ok(false) };
    let before = nights.find(|night| night.as_ref().map_or(true, |(_, stamp)| own.is_of_another_night(stamp)));
    let Some((before, _)) = before.transpose()? else { return Ok(false) };
    let line = "SELECT * FROM lines WHERE run = ?1 AND handle = ?2";
    let line = first(transaction, line, params![before, decision.handle], plan_lines::line)?;
    Ok(line.is_none_or(|line| is_past(decision, &line)))
}

/// Whether a write of the line that was begun behind this row of the journal was applied.
fn written_since(
    connection: &Connection,
    integration: &IntegrationName,
    matter: &DecisionSubject,
    journal: i64,
) -> Result<bool, StoreError> {
    let (DecisionSubject::Line(agreement, ..) | DecisionSubject::LeftBehind(agreement, ..)) = matter else {
        return Ok(false);
    };
    let left = if let DecisionSubject::LeftBehind(.., left) = matter { *left } else { None };
    let sql = "SELECT agreement, product, item FROM writes
               WHERE integration = ?1 AND agreement = ?2 AND write > ?3 AND outcome = 'applied'
                   AND (?4 IS NULL OR addition = ?4)";
    let of = params![integration.as_str(), agreement.0, journal, left.map(|id| id.0)];
    let written: Vec<_> = rows(connection, sql, of, line_key)?;
    Ok(written.iter().any(|written| matter.is_of_line(written)))
}

type Columns<'a> = (&'static str, Option<i64>, Option<&'a str>, Option<&'a str>, Option<&'a str>);

fn columns_of(matter: &DecisionSubject) -> Columns<'_> {
    match matter {
        // Told apart by the reason.
        DecisionSubject::Line(agreement, product, _) | DecisionSubject::LeftBehind(agreement, product, ..) => {
            ("line", Some(agreement.0), Some(product), None, None)
        }
        DecisionSubject::Customer(customer) => ("customer", None, None, Some(customer.as_str()), None),
        DecisionSubject::Service(service) => ("service", None, None, None, Some(service.as_str())),
        DecisionSubject::Product(product) => ("product", None, Some(product), None, None),
        DecisionSubject::Duplicate(customer, service) => {
            ("duplicate", None, None, Some(customer.as_str()), Some(service.as_str()))
        }
        DecisionSubject::Nameless => ("nameless", None, None, None, None),
    }
}

fn matter(row: &Row<'_>) -> Result<DecisionSubject, StoreError> {
    let kind: String = row.get("kind")?;
    let customer = || Ok::<_, StoreError>(CustomerName::new(&row.get::<_, String>("customer")?));
    let service = || Ok::<_, StoreError>(ServiceName::new(&row.get::<_, String>("service")?));
    Ok(match kind.as_str() {
        "line" => {
            let (agreement, product, item) =
                (AgreementId(row.get("agreement")?), row.get("product")?, row.get("item")?);
            match word(row, "reason", Code::from_word)? {
                Code::LineLeftBehind => DecisionSubject::LeftBehind(agreement, product, item, left_addition(row)?),
                _ => DecisionSubject::Line(agreement, product, item),
            }
        }
        "customer" => DecisionSubject::Customer(customer()?),
        "service" => DecisionSubject::Service(service()?),
        "product" => DecisionSubject::Product(row.get("product")?),
        "duplicate" => DecisionSubject::Duplicate(customer()?, service()?),
        "nameless" => DecisionSubject::Nameless,
        _ => return Err(StoreError::Unreadable { column: "kind", value: kind }),
    })
}

/// The addition that an answer about what a line left behind is about: of one that could not be read, the one that it names.
fn left_addition(row: &Row<'_>) -> Result<Option<AdditionId>, StoreError> {
    let live = row.get::<_, Option<i64>>("addition")?.map(AdditionId);
    Ok(named(row)?.unwrap_or_default().own(live))
}

fn decision(row: &Row<'_>) -> Result<Decision, StoreError> {
    let kind: String = row.get("kind")?;
    let seen = SeenLine {
        addition: row.get::<_, Option<i64>>("addition")?.map(AdditionId),
        was: maybe_quantity(row, "was")?,
        wanted: maybe_quantity(row, "wanted")?,
        changed_at: maybe_time(row, "changed_at")?,
    };
    Ok(Decision {
        handle: row.get("handle")?,
        verb: word(row, "verb", AnswerVerb::from_word)?,
        until: maybe_day(row, "until")?,
        note: row.get("note")?,
        who: row.get("who")?,
        at: time(row, "at")?.fixed_offset(),
        reason: word(row, "reason", Code::from_word)?,
        seen: (kind == "line").then_some(seen),
        within: maybe_quantity(row, "within")?,
        named: named(row)?,
        unmapped: row.get::<_, Option<String>>("sources")?.is_some() && are_former(&plan_lines::sources(row)?),
        spent: row.get("lapsed")?,
    })
}
