//! Telling people and machines of a run: mail, webhook, ping.
//!
//! What is told stands in a [`Brief`]; here it only leaves the host. No error shows an address or a secret, and nothing
//! here can hold up a night: whoever calls gives each [`Channel`] its time.

pub mod alert;
pub mod engine;
pub mod error;
mod http_post;
pub mod mail;
mod ping;
mod smtp;
mod webhook;
pub(crate) mod webhook_payloads;

use std::path::PathBuf;
use std::time::Duration;

use url::Url;

use crate::alerts::error::NotifyError;
use crate::report::brief::Brief;

/// One way to tell.
#[derive(Debug, Clone)]
pub enum Channel {
    /// E-mail.
    Mail(mail::Mail),
    /// A POST of JSON.
    Webhook(Webhook),
    /// A dead man's switch.
    Ping(Ping),
}

/// A POST of JSON.
#[derive(Clone)]
pub struct Webhook {
    /// Where to; may hold a token.
    pub url: Url,
    /// In which shape.
    pub shape: PayloadShape,
    /// An authority of one's own, in PEM.
    pub ca_file: Option<PathBuf>,
}

/// What a webhook is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PayloadShape {
    /// recount's own, documented in docs/alerts.md.
    Json,
    /// Slack's incoming webhooks.
    Slack,
    /// Microsoft Teams' workflows: an Adaptive Card.
    Teams,
}

/// A dead man's switch: it is told before each run and after it, and cries when it hears nothing.
#[derive(Clone)]
pub struct Ping {
    /// Where to; may hold a token.
    pub url: Url,
    /// An authority of one's own, in PEM.
    pub ca_file: Option<PathBuf>,
}

impl std::fmt::Debug for Webhook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Webhook({})", http_post::host(&self.url))
    }
}

impl std::fmt::Debug for Ping {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Ping({})", http_post::host(&self.url))
    }
}

impl Channel {
    /// Tells of a run that begins; only a ping wants to know. `id` names the run where it has no number yet.
    ///
    /// # Errors
    /// When it is not known to have arrived.
    pub async fn start(&self, id: &str, within: Duration) -> Result<(), NotifyError> {
        match self {
            Channel::Ping(ping) => in_time(within, ping.start(id)).await,
            Channel::Mail(_) | Channel::Webhook(_) => Ok(()),
        }
    }

    /// Tells what is in the brief. `id` is the one that [`Channel::start`] was given. Gives the receivers that were refused
    /// while others were told: nobody, as a rule.
    ///
    /// # Errors
    /// When it is not known to have arrived anywhere.
    pub async fn tell(&self, brief: &Brief, id: &str, within: Duration) -> Result<Vec<String>, NotifyError> {
        match self {
            Channel::Mail(mail) => in_time(within, mail.send(brief)).await,
            Channel::Webhook(webhook) => in_time(within, webhook.send(brief)).await.map(|()| Vec::new()),
            Channel::Ping(ping) => in_time(within, ping.end(brief, id)).await.map(|()| Vec::new()),
        }
    }
}

async fn in_time<T>(within: Duration, work: impl Future<Output = Result<T, NotifyError>>) -> Result<T, NotifyError> {
    tokio::time::timeout(within, work).await.unwrap_or(Err(NotifyError::TooLate(within)))
}
