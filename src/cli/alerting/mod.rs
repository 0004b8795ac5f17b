//! Telling of runs: which alert is due after which run, sent within its time, and noted.
//!
//! An alert is sent after its run is recorded. If the process ends between the two, or nobody answers, there is no note
//! that it was told, and the next run of that integration says so in its own message. So nothing is told twice, and a
//! bad night is never lost.

mod due;
mod weekly;

use std::time::Duration;

use chrono::{DateTime, Utc};
use futures_util::future::join_all;
use secrecy::SecretString;
use sha2::{Digest as _, Sha256};

use crate::alerts::mail::Mail;
use crate::alerts::{Channel, Ping, Webhook};
use crate::cli::alerting::due::Due;
use crate::cli::error::Trouble;
use crate::cli::{clock, session};
use crate::config::secrets;
use crate::config::settings::Config;
use crate::config::tables::alerts::{AlertConfig, AlertKind, Each, MailConfig};
use crate::history::alerts::{AlertOutcome, AlertRecord};
use crate::history::record::RunRecord;
use crate::history::store::error::StoreError;
use crate::history::store::open::History;
use crate::reconcile::model::display_text::escaped;
use crate::reconcile::model::ids::IntegrationName;
use crate::report::brief::Brief;

/// The alerts of a configuration, for one run after another.
pub(super) struct Alerts<'a> {
    config: &'a Config,
}

/// What names a run before it has a number, and the time that is left for its alerts.
pub(super) struct Told {
    id: String,
    left: Duration,
}

/// Of the time that a run's alerts have, this part may go by before it begins.
const START_SHARE: u32 = 5;

impl<'a> Alerts<'a> {
    pub(super) fn of(config: &'a Config) -> Self {
        Self { config }
    }

    /// Tells the dead man's switches that a run begins.
    pub(super) async fn before(&self, integration: &IntegrationName) -> Told {
        let id = run_id(integration, clock::now());
        let within = self.config.alerts_within;
        let pings = self.about(integration).filter(|(_, alert)| matches!(alert.kind, AlertKind::Ping { .. }));
        let first = within / START_SHARE;
        let sent = pings.map(|(name, alert)| {
            let id = &id;
            async move {
                let ended = match channel(alert) {
                    Ok(channel) => channel.start(id, first).await.map_err(|error| error.to_string()),
                    Err(error) => Err(error),
                };
                (name, ended)
            }
        });
        let mut any = false;
        for (name, ended) in join_all(sent).await {
            any = true;
            if let Err(error) = ended {
                tracing::warn!(alert = name, "alert {name} was not told that a run begins: {}", escaped(&error));
            }
        }
        Told { id, left: if any { within - first } else { within } }
    }

    /// Tells of a run that is recorded. `last` is set for the last run of the command, which sends what is due weekly.
    pub(super) async fn after(&self, run: &RunRecord, told: &Told, history: &mut History, last: bool) {
        match self.due(run, history, last) {
            Ok(due) => self.send(run, &due, told, history).await,
            Err(error) => {
                tracing::warn!("nobody is told of run {}: {}", run.run, session::chain(&error));
            }
        }
    }

    /// Tells of a run that could not be recorded.
    pub(super) async fn of_trouble(&self, integration: &IntegrationName, told: &Told, trouble: &Trouble) {
        let Trouble { exit, message, fix, .. } = trouble;
        let brief = &Brief::of_trouble(integration, *exit, message, fix, clock::now());
        let sent = self.about(integration).filter(|(_, alert)| alert.each != Each::Never);
        let sent = sent.map(|(name, alert)| async move { (name, tell(alert, brief, told).await) });
        for (name, ended) in join_all(sent).await {
            if let Err(error) = ended {
                tracing::warn!(alert = name, "alert {name} failed: {}", escaped(&error));
            }
        }
    }

    fn about<'b>(&'b self, integration: &'b IntegrationName) -> impl Iterator<Item = (&'b str, &'b AlertConfig)> {
        let all = self.config.alerts.iter().map(|(name, alert)| (name.as_str(), alert));
        all.filter(|(_, alert)| is_about(alert, integration))
    }

    fn due(&self, run: &RunRecord, history: &History, last: bool) -> Result<Vec<Due<'_>>, StoreError> {
        let mut due = Vec::new();
        for (name, alert) in &self.config.alerts {
            if is_about(alert, &run.integration) {
                due.push(due::of_run(name, alert, run, history)?);
            }
            if alert.weekly && last {
                due.extend(weekly::due(self.config, name, alert, history, clock::now())?);
            }
        }
        Ok(due)
    }

    async fn send(&self, run: &RunRecord, due: &[Due<'_>], told: &Told, history: &mut History) {
        let sent = due.iter().map(|due| async move {
            match &due.brief {
                Some(brief) => Some(tell(due.alert, brief, told).await),
                None => None,
            }
        });
        let ended = join_all(sent).await;
        for (due, ended) in due.iter().zip(ended) {
            let (outcome, detail) = match ended {
                None => (AlertOutcome::NotDue, String::new()),
                Some(Ok(())) => (AlertOutcome::Sent, String::new()),
                Some(Err(error)) => (AlertOutcome::Failed, escaped(&error)),
            };
            if outcome == AlertOutcome::Failed {
                tracing::warn!(
                    alert = due.name,
                    run.id = run.run.0,
                    "alert {} of run {} failed: {detail}",
                    due.name,
                    run.run
                );
            }
            let (alert, digest, at) = (due.name.to_owned(), due.digest, clock::now());
            let record = AlertRecord { alert, run: run.run, digest, at, outcome, detail };
            if let Err(error) = history.record_alert(&record) {
                tracing::warn!(
                    alert = due.name,
                    "that alert {} is {} is not kept: {error}",
                    due.name,
                    outcome.as_str()
                );
            }
        }
    }
}

/// Sends one test, and says what became of it.
pub(super) async fn test(name: &str, alert: &AlertConfig, within: Duration) -> Result<(), String> {
    let now = clock::now();
    let told = Told { id: run_id(&IntegrationName::new(name), now), left: within };
    tell(alert, &Brief::test(name, now), &told).await
}

async fn tell(alert: &AlertConfig, brief: &Brief, told: &Told) -> Result<(), String> {
    channel(alert)?.tell(brief, &told.id, told.left).await.map_err(|error| error.to_string())
}

fn is_about(alert: &AlertConfig, integration: &IntegrationName) -> bool {
    alert.integrations.is_empty() || alert.integrations.iter().any(|name| name == integration.as_str())
}

/// Whether everything that it needs can be read: a password that is not there is noticed on the night that it is for.
pub(super) fn ready(alert: &AlertConfig) -> Result<(), String> {
    channel(alert).map(drop)
}

/// The way to tell, with its secrets read now.
fn channel(alert: &AlertConfig) -> Result<Channel, String> {
    let AlertConfig { folder, kind, .. } = alert;
    match kind {
        AlertKind::Mail(mail) => {
            let MailConfig { server, port, tls, ca_file, login, from, to } = mail.clone();
            let password = |source: &_| secrets::read(source, folder);
            let login: Option<Result<(String, SecretString), _>> =
                login.map(|(user, source)| password(&source).map(|password| (user, password)));
            let login = login.transpose().map_err(|error| session::chain(&error))?;
            Ok(Channel::Mail(Mail { server, port, privacy: tls, ca_file, login, from, to }))
        }
        AlertKind::Webhook { url, shape, ca_file } => {
            let url = url.url(folder).map_err(|error| session::chain(&error))?;
            Ok(Channel::Webhook(Webhook { url, shape: *shape, ca_file: ca_file.clone() }))
        }
        AlertKind::Ping { url, ca_file } => {
            let url = url.url(folder).map_err(|error| session::chain(&error))?;
            Ok(Channel::Ping(Ping { url, ca_file: ca_file.clone() }))
        }
    }
}

/// A UUID, because such services take nothing else (healthchecks.io documentation).
fn run_id(integration: &IntegrationName, now: DateTime<Utc>) -> String {
    let mut hash = Sha256::new();
    hash.update(integration.as_str());
    hash.update(now.to_rfc3339());
    hash.update(std::process::id().to_le_bytes());
    let mut bytes: [u8; 16] = [0; 16];
    bytes.iter_mut().zip(hash.finalize()).for_each(|(byte, random)| *byte = random);
    // Version 8: made as its maker likes (RFC 9562).
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}
