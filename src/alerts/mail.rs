//! Mail: one message over SMTP. The connection is encrypted before anything is said, unless the server is on this host.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use lettre::Message;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};

use crate::alerts::error::NotifyError;
use crate::alerts::smtp::deliver;
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

/// Of one command; `alerts_within` ends the whole of it before.
const ANSWER_WITHIN: Duration = Duration::from_secs(60);
/// Of the goodbye, on which nothing depends.
const GOODBYE_WITHIN: Duration = Duration::from_millis(500);

impl Mail {
    /// Sends it, and gives the receivers that the server refused while it took others.
    pub(crate) async fn send(&self, brief: &Brief) -> Result<Vec<String>, NotifyError> {
        let message = self.message(brief)?;
        let mut connection = self.connected().await?;
        let delivered = deliver(&mut connection, &message).await;
        // Who took the message has it, whether the goodbye is answered or not.
        let _ = tokio::time::timeout(GOODBYE_WITHIN, connection.abort()).await;
        let refused = delivered.map_err(|error| self.failed(&error))?;
        Ok(refused.into_iter().map(|said| self.without_password(said)).collect())
    }

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

    /// Encrypted and signed in, as configured.
    async fn connected(&self) -> Result<AsyncSmtpConnection, NotifyError> {
        let failed = |error| self.failed(&error);
        let (server, me) = ((self.server.as_str(), self.port), ClientId::default());
        let wrapped = if self.privacy == Privacy::Implicit { Some(self.tls()?) } else { None };
        let connection = AsyncSmtpConnection::connect_tokio1(server, Some(ANSWER_WITHIN), &me, wrapped, None);
        let mut connection = connection.await.map_err(failed)?;
        if self.privacy == Privacy::Starttls {
            connection.starttls(self.tls()?, &me).await.map_err(failed)?;
        }
        if let Some((user, password)) = &self.login {
            let credentials = Credentials::new(user.clone(), password.expose_secret().to_owned());
            connection.auth(&[Mechanism::Plain, Mechanism::Login], &credentials).await.map_err(failed)?;
        }
        Ok(connection)
    }

    fn tls(&self) -> Result<TlsParameters, NotifyError> {
        let mut parameters = TlsParameters::builder(self.server.clone());
        if let Some(path) = &self.ca_file {
            let failed = |why: String| NotifyError::CaFile { path: path.clone(), why };
            let pem = std::fs::read(path).map_err(|error| failed(error.to_string()))?;
            let certificate = Certificate::from_pem(&pem).map_err(|error| failed(error_chain(&error)))?;
            parameters = parameters.add_root_certificate(certificate);
        }
        parameters.build_rustls().map_err(|error| self.failed(&error))
    }

    fn failed(&self, error: &lettre::transport::smtp::Error) -> NotifyError {
        let why = self.without_password(error_chain(error));
        NotifyError::Failed { host: format!("{}:{}", self.server, self.port), why }
    }

    /// A server's words without what signs in there: some repeat the command that they do not know.
    fn without_password(&self, said: String) -> String {
        let Some((user, password)) = &self.login else { return said };
        let password = password.expose_secret();
        let sent = [format!("\0{user}\0{password}"), password.to_owned()].map(|secret| STANDARD_NO_PAD.encode(secret));
        let secrets = sent.iter().map(String::as_str).chain([password]).filter(|secret| !secret.is_empty());
        secrets.fold(said, |said, secret| said.replace(secret, "[redacted]"))
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
