//! The conversation with a mail server: the connection is encrypted before anything is said, unless the server is on this host,
//! then signed in, and one message goes to everybody whom the server takes.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, TlsParameters};
use lettre::transport::smtp::commands::{self, Data, Rcpt};
use lettre::transport::smtp::extension::{ClientId, MailBodyParameter, MailParameter};
use lettre::{Address, Message};
use secrecy::ExposeSecret as _;

use crate::alerts::error::NotifyError;
use crate::alerts::mail::{Mail, Privacy};
use crate::error_chain::error_chain;
use crate::report::brief::Brief;

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

    fn failed(&self, error: &Error) -> NotifyError {
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

/// Sends it, and gives the receivers that the server refused, with why.
///
/// # Errors
/// When nobody got it, as far as is known.
async fn deliver(connection: &mut AsyncSmtpConnection, message: &Message) -> Result<Vec<String>, Error> {
    let (envelope, bytes) = (message.envelope(), message.formatted());
    let mut parameters = Vec::new();
    let is_plain = |address: &Address| AsRef::<str>::as_ref(address).is_ascii();
    if !envelope.to().iter().chain(envelope.from()).all(is_plain) {
        parameters.push(MailParameter::SmtpUtfEight);
    }
    if !bytes.is_ascii() {
        parameters.push(MailParameter::Body(MailBodyParameter::EightBitMime));
    }
    connection.command(commands::Mail::new(envelope.from().cloned(), parameters)).await?;
    let mut refused = Vec::new();
    for to in envelope.to() {
        match connection.command(Rcpt::new(to.clone(), Vec::new())).await {
            Ok(_) => {}
            // A leaver's mailbox does not keep the message from the others.
            Err(error) if is_refusal(&error) && refused.len() + 1 < envelope.to().len() => {
                refused.push(format!("{to} ({})", error_chain(&error)));
            }
            Err(error) => return Err(error),
        }
    }
    connection.command(Data).await?;
    connection.message(&bytes).await?;
    Ok(refused)
}

/// An answer about this receiver, and not the end of the conversation.
fn is_refusal(error: &Error) -> bool {
    error.is_permanent() || error.is_transient()
}
