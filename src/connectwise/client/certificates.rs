//! Why a server's certificate is not trusted: told by the refusal itself, or by a second look at what the server shows.
//!
//! The second look is a handshake that is always broken off: nothing is ever sent to a server that is not trusted.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::net::TcpStream;
use tokio_rustls::rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use tokio_rustls::rustls::crypto::{CryptoProvider, aws_lc_rs};
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::{CertificateError, DigitallySignedStruct, SignatureScheme};
use tokio_rustls::{TlsConnector, rustls};
use url::Url;

use crate::connectwise::client::unreachable_cause::CertificateFault;

const LOOK_MAX: Duration = Duration::from_secs(10);

/// What is wrong with the certificate of the server that this URL leads to, after this refusal.
pub(crate) async fn fault(error: &rustls::Error, url: &Url) -> CertificateFault {
    let rustls::Error::InvalidCertificate(refused) = error else { return CertificateFault::Other };
    match refused {
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            CertificateFault::OtherName
        }
        CertificateError::Expired
        | CertificateError::ExpiredContext { .. }
        | CertificateError::NotValidYet
        | CertificateError::NotValidYetContext { .. } => CertificateFault::Expired,
        CertificateError::UnknownIssuer | CertificateError::Other(_) => of_chain(&shown(url).await),
        _ => match of_chain(&shown(url).await) {
            CertificateFault::SelfSigned => CertificateFault::SelfSigned,
            _ => CertificateFault::Other,
        },
    }
}

/// The chain is shown from the server's own certificate upwards.
fn of_chain(chain: &[CertificateDer<'_>]) -> CertificateFault {
    match chain {
        [own, ..] if is_self_signed(own) => CertificateFault::SelfSigned,
        [_] => CertificateFault::Incomplete,
        [] => CertificateFault::Other,
        _ => CertificateFault::UnknownAuthority,
    }
}

/// The certificates that a server shows; none where it cannot be asked.
async fn shown(url: &Url) -> Vec<CertificateDer<'static>> {
    let onlooker = Arc::new(Onlooker { provider: Arc::new(aws_lc_rs::default_provider()), seen: Mutex::default() });
    // However it ends: what was seen is what counts.
    let _ = tokio::time::timeout(LOOK_MAX, look(url, Arc::clone(&onlooker))).await;
    std::mem::take(&mut *onlooker.seen.lock().unwrap_or_else(PoisonError::into_inner))
}

async fn look(url: &Url, onlooker: Arc<Onlooker>) -> Option<()> {
    let (host, port) = (url.host_str()?.trim_matches(['[', ']']).to_owned(), url.port_or_known_default()?);
    let name = ServerName::try_from(host.clone()).ok()?;
    let config = rustls::ClientConfig::builder_with_provider(Arc::clone(&onlooker.provider))
        .with_safe_default_protocol_versions()
        .ok()?
        .dangerous()
        .with_custom_certificate_verifier(onlooker)
        .with_no_client_auth();
    let stream = TcpStream::connect((host, port)).await.ok()?;
    TlsConnector::from(Arc::new(config)).connect(name, stream).await.ok().map(drop)
}

/// Looks at certificates and refuses every one.
#[derive(Debug)]
struct Onlooker {
    provider: Arc<CryptoProvider>,
    seen: Mutex<Vec<CertificateDer<'static>>>,
}

impl ServerCertVerifier for Onlooker {
    fn verify_server_cert(
        &self,
        own: &CertificateDer<'_>,
        above: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let chain = std::iter::once(own).chain(above).map(|one| one.clone().into_owned());
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = chain.collect();
        Err(rustls::Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure))
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _certificate: &CertificateDer<'_>,
        _signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Err(rustls::Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure))
    }

    fn verify_tls13_signature(
        &self,
        _message: &[u8],
        _certificate: &CertificateDer<'_>,
        _signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Err(rustls::Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure))
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// Whether a certificate names itself as its issuer.
fn is_self_signed(certificate: &[u8]) -> bool {
    issuer_and_subject(certificate).is_some_and(|(issuer, subject)| issuer == subject)
}

/// `Certificate { { [0] version, serial, algorithm, issuer, validity, subject, … }, … }` (RFC 5280), in DER.
fn issuer_and_subject(certificate: &[u8]) -> Option<(&[u8], &[u8])> {
    let (_, certificate, _) = element(certificate)?;
    let (_, signed, _) = element(certificate)?;
    let rest = match element(signed)? {
        (version, _, rest) if version.first() == Some(&0xA0) => rest,
        _ => signed,
    };
    let (_serial, _, rest) = element(rest)?;
    let (_algorithm, _, rest) = element(rest)?;
    let (issuer, _, rest) = element(rest)?;
    let (_validity, _, rest) = element(rest)?;
    let (subject, _, _) = element(rest)?;
    Some((issuer, subject))
}

/// The first element of DER bytes: whole, its content, and what follows.
fn element(bytes: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let first = usize::from(*bytes.get(1)?);
    // A short length is the byte itself; a long one is in as many bytes as it says.
    let (head, length) = if first < 0x80 {
        (2, first)
    } else {
        let digits = bytes.get(2..2 + (first & 0x7F).min(4))?;
        (2 + digits.len(), digits.iter().fold(0, |length, digit| (length << 8) + usize::from(*digit)))
    };
    let end = head.checked_add(length)?;
    Some((bytes.get(..end)?, bytes.get(head..end)?, bytes.get(end..)?))
}
