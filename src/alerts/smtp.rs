//! One message in one conversation with a mail server: it goes to everybody whom the server takes.

use lettre::transport::smtp::Error;
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::{MailBodyParameter, MailParameter};
use lettre::{Address, Message};

use crate::error_chain::error_chain;

/// Sends it, and gives the receivers that the server refused, with why.
///
/// # Errors
/// When nobody got it, as far as is known.
pub(crate) async fn deliver(connection: &mut AsyncSmtpConnection, message: &Message) -> Result<Vec<String>, Error> {
    let (envelope, bytes) = (message.envelope(), message.formatted());
    let mut parameters = Vec::new();
    let is_plain = |address: &Address| AsRef::<str>::as_ref(address).is_ascii();
    if !envelope.to().iter().chain(envelope.from()).all(is_plain) {
        parameters.push(MailParameter::SmtpUtfEight);
    }
    if !bytes.is_ascii() {
        parameters.push(MailParameter::Body(MailBodyParameter::EightBitMime));
    }
    connection.command(Mail::new(envelope.from().cloned(), parameters)).await?;
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
