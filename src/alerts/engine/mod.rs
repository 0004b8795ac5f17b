//! Telling of runs: which alert is due after which run, sent within its time, and noted.
//!
//! An alert is sent after its run is recorded. If the process ends between the two, or nobody answers, there is no note
//! that it was told, and the next run of that integration says so in its own message. So nothing is told twice, and a
//! bad night is never lost.

mod due_alert;
mod weekly_digest;

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use futures_util::StreamExt as _;
use futures_util::future::join_all;
use futures_util::stream::FuturesUnordered;
use sha2::{Digest as _, Sha256};

use crate::alerts::Channel;
use crate::alerts::alert::{Alert, RunFilter};
use crate::alerts::engine::due_alert::DueAlert;
use crate::error_chain::error_chain;
use crate::history::alert_records::{AlertOutcome, AlertRecord};
use crate::history::run_record::RunRecord;
use crate::history::store::error::StoreError;
use crate::history::store::open::History;
use crate::reconcile::model::display_text::escaped;
use crate::reconcile::model::ids::IntegrationName;
use crate::reconcile::model::record_links::RecordLinks;
use crate::report::brief::Brief;
use crate::report::digest::WeekLinks;
use crate::report::item_tickets::with_tickets;
use crate::zone::Zone;

/// All alerts, for one run after another.
pub struct Alerts<'a> {
    /// Each of them.
    pub alerts: Vec<Alert<'a>>,
    /// The integrations that are on: Monday's digest is about them.
    pub integrations: Vec<&'a IntegrationName>,
    /// How long alerts may delay one run, all of them together.
    pub within: Duration,
    /// The clock.
    pub clock: &'a dyn Fn() -> DateTime<Utc>,
    /// Where records open in ConnectWise, by integration.
    pub records: BTreeMap<IntegrationName, RecordLinks>,
    /// Whose weeks count.
    pub zone: &'a Zone,
}

/// What names a run before it has a number, and the time that is left for its alerts.
pub struct AnnouncedRun {
    id: String,
    left: Duration,
}

/// Of the time that a run's alerts have, this part may go by before it begins.
const START_SHARE: u32 = 5;

impl Alerts<'_> {
    /// Tells the dead man's switches that a run begins.
    pub async fn before(&self, integration: &IntegrationName) -> AnnouncedRun {
        let id = run_id(integration, (self.clock)());
        let within = self.within;
        let pings = self.about(integration).filter(|alert| alert.source.is_ping());
        let first = within / START_SHARE;
        let sent = pings.map(|alert| {
            let id = &id;
            async move {
                let ended = match channel(alert) {
                    Ok(channel) => channel.start(id, first).await.map_err(|error| error.to_string()),
                    Err(error) => Err(error),
                };
                (alert.name, ended)
            }
        });
        let mut any = false;
        for (name, ended) in join_all(sent).await {
            any = true;
            if let Err(error) = ended {
                tracing::warn!("alert {name} could not report that a run begins: {}", escaped(&error));
            }
        }
        AnnouncedRun { id, left: if any { within - first } else { within } }
    }

    /// Tells of a run that is recorded. `last` is set for the last run of the command, which sends what is due weekly.
    pub async fn after(&self, run: &RunRecord, announced: &AnnouncedRun, history: &mut History, last: bool) {
        match self.due(run, history, last) {
            Ok(due) => self.send(run, &due, announced, history).await,
            Err(error) => {
                tracing::warn!("no alert is sent for run {}: {}", run.run, error_chain(&error));
            }
        }
    }

    /// Tells of a run that could not be recorded: what happened, and what to do.
    pub async fn unrecorded(&self, integration: &IntegrationName, announced: &AnnouncedRun, brief: &Brief) {
        let sent = self.about(integration).filter(|alert| alert.rules.each != RunFilter::Never);
        let sent = sent.map(|alert| async move { (alert.name, tell(alert, brief, announced).await) });
        for (name, ended) in join_all(sent).await {
            match ended {
                Ok(refused) => _ = told_some(name, &refused),
                Err(error) => tracing::warn!("alert {name} failed: {}", escaped(&error)),
            }
        }
    }

    fn about<'b>(&'b self, integration: &'b IntegrationName) -> impl Iterator<Item = &'b Alert<'b>> {
        self.alerts.iter().filter(|alert| alert.rules.is_about(integration))
    }

    fn due(&self, run: &RunRecord, history: &History, last: bool) -> Result<Vec<DueAlert<'_>>, StoreError> {
        let mut due = Vec::new();
        for alert in &self.alerts {
            if alert.rules.is_about(&run.integration) {
                let links = self.records.get(&run.integration);
                let records = links.map(|links| with_tickets(links, &run.integration, history)).transpose()?;
                due.push(due_alert::of_run(alert, run, history, records.as_ref())?);
            }
            if alert.rules.weekly && last {
                let of = |(name, links): (&IntegrationName, &RecordLinks)| {
                    with_tickets(links, name, history).map(|links| (name.clone(), links))
                };
                let records = self.records.iter().map(of).collect::<Result<BTreeMap<_, _>, StoreError>>()?;
                let links = WeekLinks { link: alert.rules.link.as_deref(), records: Some(&records) };
                let now = self.zone.local((self.clock)());
                due.extend(weekly_digest::due(alert, &self.integrations, history, links, now)?);
            }
        }
        Ok(due)
    }

    async fn send(&self, run: &RunRecord, due: &[DueAlert<'_>], announced: &AnnouncedRun, history: &mut History) {
        // Who is cut off while a server hangs has noted what was due, and whom it has told.
        for due in due {
            let (outcome, detail) = match due.brief {
                None => (AlertOutcome::NotDue, ""),
                Some(_) => (AlertOutcome::Failed, "cut off before it was known to be delivered"),
            };
            self.note(run, due, (outcome, detail.to_owned()), history);
        }
        let tell_one = |due| async move { (due, tell_due(due, announced).await) };
        let mut sent: FuturesUnordered<_> = due.iter().filter(|due| due.brief.is_some()).map(tell_one).collect();
        while let Some((due, ended)) = sent.next().await {
            let name = due.alert.name;
            let ended = match ended {
                Ok(refused) => (AlertOutcome::Sent, told_some(name, &refused)),
                Err(error) => {
                    let error = escaped(&error);
                    tracing::warn!("alert {name} of run {} failed: {error}", run.run);
                    (AlertOutcome::Failed, error)
                }
            };
            self.note(run, due, ended, history);
        }
    }

    fn note(
        &self,
        run: &RunRecord,
        due: &DueAlert<'_>,
        (outcome, detail): (AlertOutcome, String),
        history: &mut History,
    ) {
        let (alert, digest, at) = (due.alert.name.to_owned(), due.digest, (self.clock)());
        let record = AlertRecord { alert, run: run.run, digest, at, outcome, detail };
        if let Err(error) = history.record_alert(&record) {
            let (name, outcome) = (due.alert.name, outcome.as_str());
            tracing::warn!("cannot record that alert {name} is {outcome}: {error}");
        }
    }
}

async fn tell_due(due: &DueAlert<'_>, announced: &AnnouncedRun) -> Result<Vec<String>, String> {
    match &due.brief {
        Some(brief) => tell(&due.alert, brief, announced).await,
        None => Ok(Vec::new()),
    }
}

/// Whom a message did not reach that reached others; empty if it reached all.
fn told_some(name: &str, refused: &[String]) -> String {
    if refused.is_empty() {
        return String::new();
    }
    let refused = escaped(&refused.join("; "));
    tracing::warn!("alert {name} did not reach everybody: the server refused {refused}");
    format!("the server refused {refused}")
}

/// Sends one test, and says what became of it: the receivers that were refused.
///
/// # Errors
/// Why it is not known to have arrived.
pub async fn test(alert: &Alert<'_>, within: Duration, now: DateTime<Utc>) -> Result<Vec<String>, String> {
    let announced = AnnouncedRun { id: run_id(&IntegrationName::new(alert.name), now), left: within };
    tell(alert, &Brief::test(alert.name, now), &announced).await
}

async fn tell(alert: &Alert<'_>, brief: &Brief, announced: &AnnouncedRun) -> Result<Vec<String>, String> {
    channel(alert)?.tell(brief, &announced.id, announced.left).await.map_err(|error| error.to_string())
}

fn channel(alert: &Alert<'_>) -> Result<Channel, String> {
    alert.source.channel().map_err(|error| error_chain(&*error))
}

/// A UUID, because such services take nothing else (healthchecks.io documentation).
fn run_id(integration: &IntegrationName, now: DateTime<Utc>) -> String {
    let mut hash = Sha256::new();
    hash.update(integration.as_str());
    hash.update(now.to_rfc3339());
    hash.update(std::process::id().to_le_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash.finalize()[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid().to_string()
}
