//! TLS of the desk: certificate and key from files, read again when they were renewed.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::server::TlsStream;

use crate::web::peer::Peer;

/// A handshake that takes longer is nobody's who wants to read a page.
const HANDSHAKE_MOST: Duration = Duration::from_secs(10);
/// Handshakes that wait to be served.
const WAITING: usize = 64;
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

/// Connections whose handshake is done. A slow one holds up nobody else.
pub(crate) struct TlsListener {
    ready: mpsc::Receiver<(TlsStream<TcpStream>, SocketAddr)>,
    address: SocketAddr,
}

impl TlsListener {
    /// Takes connections of this listener from now on.
    pub(crate) fn over(listener: TcpListener, files: TlsFiles) -> io::Result<Self> {
        let address = listener.local_addr()?;
        let acceptor = files.acceptor().map_err(io::Error::other)?;
        let (sender, ready) = mpsc::channel(WAITING);
        tokio::spawn(take(listener, files, acceptor, sender));
        Ok(Self { ready, address })
    }
}

async fn take(
    mut listener: TcpListener,
    files: TlsFiles,
    mut acceptor: TlsAcceptor,
    sender: mpsc::Sender<(TlsStream<TcpStream>, SocketAddr)>,
) {
    let mut known = files.changed_at();
    let mut looked = tokio::time::Instant::now();
    loop {
        let (stream, peer) = tokio::select! {
            accepted = Listener::accept(&mut listener) => accepted,
            () = sender.closed() => return,
        };
        if looked.elapsed() >= LOOK_EVERY {
            looked = tokio::time::Instant::now();
            let now = files.changed_at();
            if now != known {
                acceptor = renewed(&files, acceptor);
                known = now;
            }
        }
        let (acceptor, sender) = (acceptor.clone(), sender.clone());
        tokio::spawn(async move {
            if let Ok(Ok(stream)) = tokio::time::timeout(HANDSHAKE_MOST, acceptor.accept(stream)).await {
                // Nobody serves any more: the connection ends with it.
                let _ = sender.send((stream, peer)).await;
            }
        });
    }
}

/// The new files, if they can be used; else the old ones go on.
fn renewed(files: &TlsFiles, old: TlsAcceptor) -> TlsAcceptor {
    match files.acceptor() {
        Ok(acceptor) => {
            tracing::info!("the desk's certificate was renewed");
            acceptor
        }
        Err(error) => {
            tracing::error!("the desk's certificate was changed and cannot be used; the old one goes on: {error}");
            old
        }
    }
}

impl Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        match self.ready.recv().await {
            Some(connection) => connection,
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.address)
    }
}

impl Connected<IncomingStream<'_, TlsListener>> for Peer {
    fn connect_info(stream: IncomingStream<'_, TlsListener>) -> Self {
        Self(*stream.remote_addr())
    }
}
