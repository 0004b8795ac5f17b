//! Mail: the server and the receivers as they are configured, and the message with its headers. It is sent by [`super::smtp`].

use std::path::PathBuf;
use std::time::SystemTime;

use lettre::Message;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use secrecy::SecretString;
use sha2::{Digest as _, Sha256};

use crate::alerts::error::NotifyError;
use crate::error_chain::error_chain;
use crate::report::brief::{Brief, Event};

/// A mail server, and who writes to whom.
#[derive(Debug, Clone)]
pub struct Mail<S = SecretString> {
    /// Its name, or its address.
    pub server: String,
    /// Its port.
    pub port: u16,
    /// How the connection is kept private.
    pub privacy: Privacy,
    /// An authority of one's own, in PEM.
    pub ca_file: Option<PathBuf>,
    /// Who signs in, with which password, or where it is.
    pub login: Option<(String, S)>,
    /// The sender.
    pub from: String,
    /// The receivers.
    pub to: Vec<String>,
}

/// How the connection is kept private.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Privacy {
    /// TLS from the first byte (port 465).
    Implicit,
    /// STARTTLS, which has to succeed before anything else is said (port 587).
    Starttls,
    /// None: for a server on this host.
    None,
}

impl Mail {
    /// The message as it is sent.
    pub fn message(&self, brief: &Brief) -> Result<Message, NotifyError> {
        let from = mailbox(&self.from)?;
        let domain = from.email.domain().to_owned();
        let thread = format!("<{}@{domain}>", thread(brief));
        let mut message = Message::builder()
            .from(from)
            .subject(brief.subject.clone())
            .date(SystemTime::from(brief.at))
            .message_id(Some(format!("<{}@{domain}>", identity(brief))))
            // Nobody has the first message of a thread: readers sort by the reference all the same.
            .in_reply_to(thread.clone())
            .references(thread)
            .raw_header(HeaderValue::new(
                HeaderName::new_from_ascii_str("Auto-Submitted"),
                "auto-generated".to_owned(),
            ));
        for to in &self.to {
            message = message.to(mailbox(to)?);
        }
        let body = MultiPart::alternative_plain_html(brief.text.clone(), brief.html.clone());
        message.multipart(body).map_err(|error| NotifyError::Form(error_chain(&error)))
    }
}

fn mailbox(text: &str) -> Result<Mailbox, NotifyError> {
    text.parse().map_err(|error| NotifyError::Form(format!("{text:?} is not an address: {error}")))
}

/// One thread for each integration and month.
fn thread(brief: &Brief) -> String {
    let about = match brief.event {
        Event::Run => brief.integration.as_str(),
        Event::Weekly | Event::Test => brief.event.as_str(),
    };
    format!("recount.{}.{}", brief.at.format("%Y-%m"), digest(&[about]))
}

/// A message that is sent twice has one identity, so readers show it once.
fn identity(brief: &Brief) -> String {
    let run = brief.run.map(|run| run.to_string()).unwrap_or_default();
    let at = brief.at.to_rfc3339();
    format!("recount.{}", digest(&[brief.event.as_str(), &brief.integration, &run, &at, &brief.subject]))
}

/// Names do not stand in a header by themselves.
fn digest(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.len().to_le_bytes());
        hash.update(part);
    }
    hex::encode(&hash.finalize()[..12])
}
