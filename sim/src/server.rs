//! Sockets: the listener, its connections, TLS, and how a connection is really reset.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::server::TlsStream;
use tokio_rustls::{TlsAcceptor, rustls};

use crate::delivery;
use crate::delivery::Ending;
use crate::faults::{Armed, Faults};
use crate::http::Request;
use crate::ledger::Recorded;
use crate::state::State;
use crate::world::World;

/// A running simulated ConnectWise. Dropping it closes its port and every connection.
pub struct Sim {
    state: Arc<State>,
    address: SocketAddr,
    accepting: JoinHandle<()>,
}

/// What https needs: a certificate chain and its key, both as PEM text.
#[derive(Clone)]
pub struct Tls {
    /// The certificate, and those above it.
    pub certificates: String,
    /// The private key.
    pub key: String,
}

impl Sim {
    /// Starts on a free port of 127.0.0.1, over http.
    ///
    /// # Errors
    /// When the world makes no sense, or no port can be had.
    pub async fn start(world: World, faults: Faults) -> io::Result<Self> {
        Self::start_on((Ipv4Addr::LOCALHOST, 0).into(), world, faults, None, None).await
    }

    /// Starts on an address; every answer takes at least `latency`; with `tls` over https.
    ///
    /// # Errors
    /// When the world makes no sense, the address cannot be had, or certificate and key do not fit.
    pub async fn start_on(
        address: SocketAddr,
        world: World,
        faults: Faults,
        latency: Option<Duration>,
        tls: Option<Tls>,
    ) -> io::Result<Self> {
        world.check()?;
        let acceptor = tls.map(|tls| acceptor(&tls)).transpose()?;
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let scheme = if acceptor.is_some() { "https" } else { "http" };
        let state = Arc::new(State::new(world, faults, latency, scheme));
        let accepting = tokio::spawn(accept(listener, Arc::clone(&state), acceptor));
        Ok(Self { state, address, accepting })
    }

    /// The base URL, such as `http://127.0.0.1:40123`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("{}://{}", self.state.scheme, self.address)
    }

    /// Every request since the start, or since [`Sim::clear_requests`].
    #[must_use]
    pub fn requests(&self) -> Vec<Recorded> {
        self.state.ledger().requests()
    }

    /// Those of the requests that asked for a change.
    #[must_use]
    pub fn writes(&self) -> Vec<Recorded> {
        self.state.ledger().writes()
    }

    /// The world as it is now.
    #[must_use]
    pub fn world(&self) -> World {
        self.state.read().snapshot()
    }

    /// Changes the world, as people in ConnectWise would.
    pub fn edit(&self, edit: impl FnOnce(&mut World)) {
        self.state.edit(edit);
    }

    /// Replaces the faults; their counting starts anew.
    pub fn set_faults(&self, faults: Faults) {
        *self.state.faults() = Armed::new(faults);
    }

    /// Forgets the requests; the next one has index 1.
    pub fn clear_requests(&self) {
        self.state.ledger().clear();
    }

    /// Stops, and waits until the port is closed.
    pub async fn shutdown(mut self) {
        self.accepting.abort();
        // The only outcome after an abort is that it was aborted.
        let _ = (&mut self.accepting).await;
    }
}

impl Drop for Sim {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, state: Arc<State>, acceptor: Option<TlsAcceptor>) {
    // Dropped with this task, and every connection with it.
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => drop(connections.spawn(connection(stream, Arc::clone(&state), acceptor.clone()))),
                // Out of file handles, most likely: give the others a chance to close.
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

/// Serves one connection. Its errors are the peer's own affair: it sees them as a closed connection.
async fn connection(stream: TcpStream, state: Arc<State>, acceptor: Option<TlsAcceptor>) {
    if stream.set_nodelay(true).is_err() {
        return;
    }
    match acceptor {
        None => converse(stream, state).await,
        Some(acceptor) => {
            if let Ok(stream) = acceptor.accept(stream).await {
                converse(stream, state).await;
            }
        }
    }
}

async fn converse<S: AsyncRead + AsyncWrite + Unpin + Socket>(mut stream: S, state: Arc<State>) {
    let mut buffer = Vec::with_capacity(4096);
    loop {
        let Ok(Some(request)) = Request::read(&mut stream, &mut buffer, state.scheme).await else {
            return;
        };
        match delivery::serve(&mut stream, &state, request).await {
            Ok(Ending::Keep) => {}
            Ok(Ending::Close) => {
                // The peer may be gone already, which is just as well.
                let _ = stream.shutdown().await;
                return;
            }
            Ok(Ending::Reset) => return stream.reset(),
            Err(_) => return,
        }
    }
}

/// A stream that knows the socket below it.
trait Socket {
    fn socket(&self) -> &TcpStream;

    /// Closes with RST instead of FIN: what is unsent is thrown away.
    fn reset(self)
    where
        Self: Sized,
    {
        // If it cannot be set the connection is closed in order, which a test of resets would notice.
        let _ = self.socket().set_zero_linger();
    }
}

impl Socket for TcpStream {
    fn socket(&self) -> &TcpStream {
        self
    }
}

impl Socket for TlsStream<TcpStream> {
    fn socket(&self) -> &TcpStream {
        self.get_ref().0
    }
}

fn acceptor(tls: &Tls) -> io::Result<TlsAcceptor> {
    let unreadable = |what: &str| io::Error::new(io::ErrorKind::InvalidData, format!("the {what} is not PEM"));
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(tls.certificates.as_bytes()).collect();
    let certificates = certificates.map_err(|_| unreadable("certificate"))?;
    let key = PrivateKeyDer::from_pem_slice(tls.key.as_bytes()).map_err(|_| unreadable("private key"))?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(certificates, key))
        .map_err(|cause| io::Error::new(io::ErrorKind::InvalidInput, cause))?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}
