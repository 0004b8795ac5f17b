//! Who may hold on to this process: few connections at a time, none for long. A night needs descriptors and threads of
//! its own, and no number of idle visitors may take them.

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::ConnectInfo;
use axum::http::Request;
use axum::{Extension, Router};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{sleep, timeout};

use crate::web::peer_address::Peer;
use crate::web::slow_connections::{SentBody, Visitor, WaitingRoom};
use crate::web::tls::TlsDoor;

/// How much visitors may take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Connections at a time. Whoever comes beyond them gets the place of who keeps the desk waiting longest, or waits.
    pub(crate) connections: usize,
    /// How long a request's header may take to come, the first as well as each later one of its connection.
    pub(crate) header: Duration,
    /// How long a connection may last, whatever it does.
    pub(crate) connection: Duration,
}

impl Limits {
    /// Enough for a few people and whatever monitoring asks.
    pub(crate) const USUAL: Self =
        Self { connections: 64, header: Duration::from_secs(10), connection: Duration::from_secs(120) };
}

/// What is in flight when the server is told to stop may still be answered for so long.
const LAST_WORDS: Duration = Duration::from_secs(5);
/// How long somebody stands before a full desk until it is looked anew who waits.
const LOOK_AGAIN: Duration = Duration::from_millis(50);
/// The wait after a connection could not be taken: the system is out of something, and asking at once would spin.
const TAKE_AGAIN: Duration = Duration::from_secs(1);

/// Serves until `stop` is ready, and then what is in flight.
pub(crate) async fn serve(
    listener: TcpListener,
    pages: Router,
    limits: Limits,
    tls: Option<Arc<TlsDoor>>,
    stop: impl Future<Output = ()>,
) {
    let places = Arc::new(Semaphore::new(limits.connections));
    let room = WaitingRoom::default();
    let (closing, closed) = watch::channel(false);
    let mut stop = pin!(stop);
    loop {
        let (stream, peer, place) = tokio::select! {
            biased;
            () = &mut stop => break,
            taken = next(&listener, &places, &room) => match taken {
                Ok(Some(taken)) => taken,
                Ok(None) => break,
                Err(error) => {
                    tracing::warn!("no connection can be taken: {error}");
                    sleep(TAKE_AGAIN).await;
                    continue;
                }
            },
        };
        let pages = pages.clone().layer(Extension(ConnectInfo(Peer(peer))));
        let (tls, closed, visitor) = (tls.clone(), closed.clone(), room.enter());
        tokio::spawn(async move {
            let served = async {
                match tls {
                    None => visit(stream, pages, (limits, &visitor), closed).await,
                    Some(tls) => {
                        if let Ok(Ok(stream)) = timeout(limits.header, tls.acceptor().accept(stream)).await {
                            visit(stream, pages, (limits, &visitor), closed).await;
                        }
                    }
                }
            };
            tokio::select! {
                () = served => {}
                () = visitor.sent_away() => {}
            }
            drop(place);
        });
    }
    let _ = closing.send(true);
    let all = u32::try_from(limits.connections).unwrap_or(u32::MAX);
    // Whoever has not finished by then is cut off.
    let _ = timeout(LAST_WORDS, places.acquire_many(all)).await;
}

/// The next connection, once there is a place for it: where all are taken, that of who waits longest. `None` when there are
/// no places any more.
async fn next(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
    room: &WaitingRoom,
) -> io::Result<Option<(TcpStream, SocketAddr, OwnedSemaphorePermit)>> {
    let (stream, peer) = listener.accept().await?;
    loop {
        if places.available_permits() == 0 {
            room.make_room();
        }
        // Where all of them are served at this moment, one may wait at the next.
        if let Ok(place) = timeout(LOOK_AGAIN, Arc::clone(places).acquire_owned()).await {
            return Ok(place.ok().map(|place| (stream, peer, place)));
        }
    }
}

/// One connection, to its end.
async fn visit(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    pages: Router,
    (limits, visitor): (Limits, &Arc<Visitor>),
    mut closed: watch::Receiver<bool>,
) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(limits.header);
    let pages = TowerToHyperService::new(pages);
    let service = service_fn(|request: Request<Incoming>| {
        let answer = pages.call(request.map(|body| SentBody::new(body, Arc::clone(visitor))));
        async move {
            let answer = answer.await;
            visitor.waits();
            answer
        }
    });
    let mut connection = pin!(http.serve_connection(TokioIo::new(stream), service));
    let closed = async move { drop(closed.wait_for(|closed| *closed).await) };
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = sleep(limits.connection) => return,
        () = closed => {
            connection.as_mut().graceful_shutdown();
            connection.as_mut().await
        }
    };
    if let Err(error) = ended {
        tracing::debug!("a visitor's connection ended: {error}");
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use axum::routing::get;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::sync::oneshot;

    use super::*;

    const FEW: Limits = Limits { connections: 3, header: Duration::from_secs(10), connection: Duration::from_secs(60) };

    async fn address(listener: &TcpListener) -> SocketAddr {
        listener.local_addr().expect("an address")
    }

    async fn ask(to: SocketAddr) -> String {
        let mut stream = TcpStream::connect(to).await.expect("a connection");
        stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await.expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("an answer");
        answer
    }

    /// 1,100 connections that said nothing took every descriptor, and the night with them.
    #[tokio::test(start_paused = true)]
    async fn those_who_say_nothing_hold_few_places_and_none_for_long() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a listener");
        let to = address(&listener).await;
        let pages = Router::new().route("/", get(|| async { "here" }));
        tokio::spawn(serve(listener, pages, FEW, None, pending()));
        let mut idle = Vec::new();
        for said in [&b""[..], b"GET / HTTP/1.1\r\n", b"G"].iter().cycle().take(9) {
            let mut stream = TcpStream::connect(to).await.expect("a connection");
            stream.write_all(said).await.expect("sent");
            idle.push(stream);
        }
        // The clock of the test goes on whenever nothing else does.
        assert!(ask(to).await.ends_with("here"));
    }

    /// Otherwise sixty open connections keep everybody from the desk, for as long as somebody cares to renew them.
    #[tokio::test]
    async fn those_who_keep_the_desk_waiting_make_room() {
        const PATIENT: Limits =
            Limits { connections: 3, header: Duration::from_secs(3600), connection: Duration::from_secs(3600) };
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a listener");
        let to = address(&listener).await;
        let pages = Router::new().route("/", get(|| async { "here" }).post(|body: String| async move { body }));
        tokio::spawn(serve(listener, pages, PATIENT, None, pending()));
        let mut idle = Vec::new();
        let trickle = b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nname=";
        let answered = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n";
        for said in [&b""[..], b"GET / HTTP/1.1\r\n", trickle, answered].iter().cycle().take(20) {
            let mut stream = TcpStream::connect(to).await.expect("a connection");
            stream.write_all(said).await.expect("sent");
            idle.push(stream);
        }
        assert!(ask(to).await.ends_with("here"));
    }

    /// Otherwise a stop would wait for whoever keeps a connection open.
    #[tokio::test(start_paused = true)]
    async fn a_stop_does_not_wait_for_idle_visitors() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a listener");
        let to = address(&listener).await;
        let (stop, stopped) = oneshot::channel::<()>();
        let pages = Router::new().route("/", get(|| async { "here" }));
        let served = tokio::spawn(serve(listener, pages, FEW, None, async move { drop(stopped.await) }));
        let _idle = TcpStream::connect(to).await.expect("a connection");
        assert!(ask(to).await.ends_with("here"));
        stop.send(()).expect("the server listens");
        served.await.expect("it ends");
    }
}
