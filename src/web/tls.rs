//! TLS of the desk: certificate and key from files, read again when they were renewed.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// How often the files are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(60);

/// The files of a certificate and of its key, in PEM.
#[derive(Debug, Clone)]
pub struct TlsFiles {
    /// The certificate, and those that lead up to its authority.
    pub cert: PathBuf,
    /// The private key.
    pub key: PathBuf,
}

/// Why there is no TLS.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read, or holds nothing that is needed.
    #[error("{path} holds no certificate or key that can be used")]
    Unusable {
        /// Which.
        path: PathBuf,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl TlsFiles {
    fn acceptor(&self) -> Result<TlsAcceptor, TlsError> {
        let unusable = |path: &Path, source: Box<dyn std::error::Error + Send + Sync>| TlsError::Unusable {
            path: path.to_owned(),
            source,
        };
        let chain = CertificateDer::pem_file_iter(&self.cert).and_then(Iterator::collect::<Result<Vec<_>, _>>);
        let chain = chain.map_err(|error| unusable(&self.cert, error.into()))?;
        let key = PrivateKeyDer::from_pem_file(&self.key).map_err(|error| unusable(&self.key, error.into()))?;
        let provider = Arc::new(aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let config = config.and_then(|config| config.with_no_client_auth().with_single_cert(chain, key));
        let mut config = config.map_err(|error| unusable(&self.cert, error.into()))?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(TlsAcceptor::from(Arc::new(config)))
    }

    fn changed_at(&self) -> [Option<SystemTime>; 2] {
        [&self.cert, &self.key].map(|path| std::fs::metadata(path).and_then(|file| file.modified()).ok())
    }
}

/// What a connection is greeted with: the certificate as it stood in its files within the last minute.
pub(crate) struct TlsDoor {
    files: TlsFiles,
    known: Mutex<KnownCertificate>,
}

struct KnownCertificate {
    acceptor: TlsAcceptor,
    changed_at: [Option<SystemTime>; 2],
    looked: Instant,
}

impl TlsDoor {
    /// The door of these files.
    pub(crate) fn of(files: TlsFiles) -> Result<Self, TlsError> {
        let (changed_at, acceptor) = (files.changed_at(), files.acceptor()?);
        Ok(Self { files, known: Mutex::new(KnownCertificate { acceptor, changed_at, looked: Instant::now() }) })
    }

    /// The newest certificate that can be used.
    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.looked.elapsed() >= LOOK_EVERY {
            known.looked = Instant::now();
            let changed_at = self.files.changed_at();
            if changed_at != known.changed_at {
                known.changed_at = changed_at;
                self.renew(&mut known.acceptor);
            }
        }
        known.acceptor.clone()
    }

    /// Takes the new files, if they can be used; else the old ones go on.
    fn renew(&self, acceptor: &mut TlsAcceptor) {
        match self.files.acceptor() {
            Ok(renewed) => *acceptor = renewed,
            Err(error) => {
                tracing::error!("the desk's certificate was changed and cannot be used; the old one goes on: {error}");
            }
        }
    }
}
